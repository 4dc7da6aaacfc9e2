"""An allowance: time that several checks share.

Gives each check a budget of what is left.  With the backends this is where a clock is read; what it
says decides only whether something is proved in time, never what is proved.  Must not know what is
checked.
"""

import time
from collections.abc import Callable

from solver.problems import Budget


class Allowance:
    """Seconds to spend, from now on."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    @property
    def is_spent(self) -> bool:
        return self._clock() >= self._end

    def budget(self, share: float = 1.0) -> Budget:
        """What is left, or a share of it, for one check."""
        left = max(0.0, self._end - self._clock()) * share
        return Budget(milliseconds=max(1, int(left * 1000)))
