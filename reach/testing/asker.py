"""Questions in Python tests: ``snapshot.can("internet", "i-0abc", port=22) == "unreachable"``.

    Asker(snapshot).can(source, destination, port=22) -> Told

Takes a loaded snapshot; gives answers that compare with the words of verdicts, and only with them.
Must not know pytest.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from reach.answer import Answer, Verdict

if TYPE_CHECKING:
    from reach.snapshot.snapshot import Snapshot

Ports = int | str | range | tuple[int, int]
_WORDS = ", ".join(repr(verdict.value) for verdict in Verdict)


class Told:
    """An answer to compare with "reachable", "unreachable" or "undecided".

    What is undecided equals "undecided" alone, and differs from nothing: it may be either, so
    neither ``== "unreachable"`` nor ``!= "reachable"`` holds of it.  It is no truth value, and a
    word that no verdict has is an error, for such a check would hold or fail whatever the network.
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    @property
    def verdict(self) -> Verdict:
        return self.answer.verdict

    def __eq__(self, other: object) -> bool:
        return self.verdict is _verdict(other)

    def __ne__(self, other: object) -> bool:
        return self.verdict is not Verdict.UNDECIDED and self.verdict is not _verdict(other)

    def __bool__(self) -> bool:
        raise TypeError(f"an answer is neither true nor false: compare it with {_WORDS}")

    def __repr__(self) -> str:
        return f"<{self.verdict.value}: {self.answer.question}>"


def _verdict(other: object) -> Verdict:
    if isinstance(other, Told):
        return other.verdict
    try:
        return Verdict(str(other) if isinstance(other, str) else "")
    except ValueError:
        raise ValueError(f"{other!r} is no verdict: compare with {_WORDS}") from None


class Asker:
    """A snapshot to ask; ``loaded`` is what :func:`reach.load` gave."""

    def __init__(self, loaded: Snapshot) -> None:
        self.loaded = loaded

    def can(
        self,
        source: str,
        destination: str = "any",
        *,
        port: Ports | None = None,
        protocol: int | str | None = None,
        icmp: bool | int | str | None = None,
        **how: Any,
    ) -> Told:
        """Whether a packet can get from here to there; ``how`` as of :func:`reach.ask`.

        ``port`` is 22, "22-25", "53/udp", range(22, 26) or (22, 25); ``icmp`` is True for an echo
        request, a type, or "TYPE/CODE".  Raises QuestionError for what is not understood.
        """
        words = ["can", shlex.quote(source), "reach", shlex.quote(destination)]
        if port is not None:
            words += ["port", _ports(port)]
        if protocol is not None:
            words += ["protocol", str(protocol)]
        if icmp is not None and icmp is not False:
            words += ["icmp"] if icmp is True else ["icmp", str(icmp)]
        return self.ask(" ".join(words), **how)

    def ask(self, question: str, **how: Any) -> Told:
        """The answer to a question in its text form."""
        import reach

        return Told(reach.ask(self.loaded, question, **how))


def _ports(port: Ports) -> str:
    match port:
        case range() if port.step == 1 and len(port):
            return f"{port.start}-{port.stop - 1}"
        case range():
            raise ValueError(f"{port!r} is no range of ports that follow each other")
        case (low, high):
            return f"{low}-{high}"
        case _:
            return str(port)
