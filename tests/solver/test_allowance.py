"""An allowance: what several checks may spend together."""

from solver import Allowance


def test_an_allowance_is_spent_by_time_and_never_grants_nothing() -> None:
    """A budget is what is left, or a share of it; at least a millisecond, for 0 may mean no
    limit to a backend."""
    now = [100.0]
    allowance = Allowance(10, clock=lambda: now[0])
    assert allowance.budget().milliseconds == 10_000
    assert allowance.budget(share=0.25).milliseconds == 2_500
    now[0] = 104.0
    assert (allowance.budget().milliseconds, allowance.is_spent) == (6_000, False)
    now[0] = 110.0
    assert (allowance.budget().milliseconds, allowance.is_spent) == (1, True)
    now[0] = 500.0
    assert (allowance.budget().milliseconds, allowance.is_spent) == (1, True)
