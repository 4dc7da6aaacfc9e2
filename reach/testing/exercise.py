"""What an answer exercises of its snapshot: the lines that decide a packet of its evidence.

    exercised_by(snapshot, answer) -> lines

Of a reachable answer those that let the witness or its reply pass.  Of an unreachable one those
that decide any packet of its certificate, for it speaks of all of them; without a certificate,
those on the blocked ways that it shows.  An undecided answer shows nothing.  Must not know cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reach.answer import Answer, Step, Verdict
from reach.asking import ground_behind
from reach.certificate import Certificate
from reach.flood import Branch, Memory, Outcome, Reading, minus, uncovered
from reach.network.header_space import HeaderSpace
from reach.network.node import Network
from reach.network.stage import Action, Filter, Forward, Origin, Stage
from reach.snapshot.snapshot import Snapshot
from reach.testing.case import Line
from reach.testing.lines import line_of


def exercised_by(snapshot: Snapshot, answer: Answer) -> frozenset[Line]:
    match answer.verdict:
        case Verdict.UNDECIDED:
            return frozenset()
        case Verdict.REACHABLE:
            witness = answer.witness
            steps = (*witness.forward, *witness.reply) if witness is not None else ()
            return _lines(_met(steps))
        case Verdict.UNREACHABLE if answer.certificate is not None:
            network = ground_behind(snapshot, answer).network
            return _lines(_decided(network, answer.certificate))
        case Verdict.UNREACHABLE:
            way = answer.blocked_path
            return _lines(_met((*way.forward, *way.reply) if way is not None else ()))


def _lines(origins: Iterable[Origin]) -> frozenset[Line]:
    found = (line_of(origin) for origin in origins)
    return frozenset(line for line in found if line is not None)


def _met(steps: Iterable[Step]) -> Iterator[Origin]:
    for step in steps:
        yield from step.passed
        yield from step.denied


def _decided(network: Network, certificate: Certificate) -> Iterator[Origin]:
    """Whatever decides a packet of a certificate: there, and of replies back."""
    for part in certificate.parts:
        there = _Noting(network)
        for cell in part.forward:
            for space in cell.spaces:
                there.push(cell.node, cell.tag, space)
        back = _Noting(network, before=there.memory)
        for cell in part.reply:
            for space in cell.spaces:
                back.push(cell.node, cell.tag, space)
        yield from there.noted
        yield from back.noted


class _Noting(Reading):
    """A reading that notes which rules and routes decide the packets that come by."""

    def __init__(self, network: Network, *, before: Memory | None = None) -> None:
        super().__init__(network, before=before)
        self.noted: dict[Origin, None] = {}

    def _stage(self, stage: Stage, branch: Branch, outcome: Outcome) -> Iterable[Branch]:
        _, space = branch
        match stage:
            case Filter():
                rules = [(rule.match, rule.origin) for rule in stage.rules]
                ordered = any(rule.action is Action.DENY for rule in stage.rules)
                for new in self._afresh(stage, space):
                    self._note(rules, new, ordered)
            case Forward():
                routes = [(route.match, route.origin) for route in stage.routes]
                self._note(routes, space, ordered=True)
            case _:
                pass
        return super()._stage(stage, branch, outcome)

    def _afresh(self, stage: Filter, space: HeaderSpace) -> Iterator[HeaderSpace]:
        """The packets on which the rules decide: not the replies that a session lets pass."""
        if not stage.session or self._before is None:
            yield space
        elif not stage.opening:
            yield from uncovered(space, self._before.awaited(stage.session))

    def _note(
        self, lines: Iterable[tuple[HeaderSpace, Origin]], space: HeaderSpace, ordered: bool
    ) -> None:
        """The first that matches a packet decides on it; where none denies, all that match do."""
        rest: tuple[HeaderSpace, ...] = (space,)
        for match, origin in lines:
            if any(not (piece & match).is_empty for piece in rest):
                self.noted[origin] = None
                if ordered:
                    rest = tuple(left for piece in rest for left in minus(piece, match))
            if not rest:
                return
