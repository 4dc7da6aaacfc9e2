"""Further paths of a question are further ones."""

from __future__ import annotations

import reach
from tests.estate import Pair


def test_no_path_is_told_twice() -> None:
    """Of two prefix lists AWS uses one: two paths of one length, each told once."""
    e = Pair()
    one = e.natted()
    other = e.nat(e.sn, "10.0.9.8", public="198.51.100.21", name="other")
    for nat in (one, other):
        e.route(e.ta, e.prefix_list("8.8.8.0/24", name=f"to-{nat}"), nat)
    answer = reach.ask(e.load(), f"can {e.a} reach 8.8.8.8 port 443", paths=9)
    gateways = [[s.resource for s in p.forward if s.kind == "nat gateway"] for p in answer.paths]
    assert sorted(gateways) == sorted([[one], [other]])
    assert answer.exhausted
