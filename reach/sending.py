"""Where flows start, made of each sender when somebody looks: very many are known all at once.

    Sending(senders, sent)   a sequence of starts: what ``sent`` says of each sender, in their order
    sending.of(sender)       of one sender alone, or of one that stands for several
    after(starts, change)    the same starts, each of them changed

What is sent never hangs on other senders, nor of an interface on its node, and what it sends from
one address not on its others: so interfaces that differ in these alone can be asked about as one.
Knows the neutral network only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from reach.aim import Start
from reach.later import Later

Change = Callable[[Start], Iterable[Start]]


class Sending(Later[Start]):
    """``senders`` are starts themselves: of everything that each may send."""

    def __init__(self, senders: Sequence[Start], sent: Change) -> None:
        super().__init__(lambda: self._sent(senders))
        self.senders, self.of = senders, sent

    def begun(self) -> Iterator[Start]:
        """Nor are all senders made for whoever does not go on to the end."""
        some = self.senders
        return self._sent(some.begun() if isinstance(some, Later) else some)

    def _sent(self, senders: Iterable[Start]) -> Iterator[Start]:
        return (start for sender in senders for start in self.of(sender))


def after(starts: Sequence[Start], change: Change) -> Sending:
    """Of none of them it is looked at more than its own start."""
    if not isinstance(starts, Sending):
        return Sending(starts, change)
    of = starts.of
    return Sending(starts.senders, lambda sender: (e for s in of(sender) for e in change(s)))
