"""Everything between two sides of a question at once, proved complete.

    survey(ground, question, backend, by="vpc") -> Survey

The algebra proposes (:mod:`reach.survey.spread`), the symbolic twin proves that it left nothing out
(:mod:`reach.survey.closure`), and every proposal is replayed, refuted or said to be open
(:mod:`reach.survey.confirm`).  So nothing that is listed is a guess, and nothing is missing.  The
only place that composes these; must not know how an answer is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from reach.aim import Start
from reach.answer import Remark, Witness
from reach.errors import Defect
from reach.evidence import remarks, witness
from reach.gaps import openings
from reach.lower import Ground
from reach.network.address import is_ipv4
from reach.network.header_space import Ranges
from reach.network.stage import Origin
from reach.question import Question
from reach.resolve import Resolved, resolve
from reach.survey.candidates import Pair, candidates
from reach.survey.closure import holes
from reach.survey.confirm import Confirmed, Confirming
from reach.survey.findings import Access, Open, Survey
from reach.survey.grouping import Grouping
from reach.survey.senders import Senders
from reach.survey.spread import Spread, spread
from reach.tracking import untold
from reach.uncollected import uncollected
from solver import Backend, Budget

PROOF_BUDGET = Budget(milliseconds=60_000)
Progress = Callable[[str, int, int], None]
# Destinations of at most so many blocks are left as they are; others join if so near to each other:
# a /20 of IPv4, of which an address has 96 bits to itself, or a /56 of IPv6.
_FEW = 32
_NEAR_FOUR, _NEAR_SIX = 1 << 108, 1 << 72
# What every path comes by: no way in that would be worth a word.
_PLAIN = ("network interface", "subnet", "vpc", "instance", "internet", "elastic ip")


def silent(stage: str, done: int, total: int) -> None:
    """Nobody waits for it."""


@dataclass
class _Clock:
    """The time that each stage takes."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


@uncollected()
def survey(
    ground: Ground,
    question: Question,
    backend: Backend,
    *,
    kind: str = "matrix",
    by: str = "endpoint",
    sources_by: str = "",
    prove: bool = True,
    progress: Progress = silent,
) -> Survey:
    """Who of one side of a question reaches whom of the other, by groups.

    The question is asked of every pair of groups; its packet, ways and ``one_way`` hold for each.
    Without ``prove`` completeness is not proved, and the survey says so.  Raises QuestionError, and
    Defect if the algebra left something out.
    """
    clock = _Clock()
    to_whom = Grouping(ground, by)
    from_whom = to_whom if sources_by in ("", by) else Grouping(ground, sources_by)
    groupings = from_whom, to_whom
    with clock.stage("resolve"):
        resolved = resolve(ground, question)
        aim = resolved.aim
        starts = groupings[0].sources(map(_widened, aim.starts))
        senders = Senders.of(ground.network, starts)
    with clock.stage("spread"):
        progress("spreading what everybody sends", 0, len(senders.each))
        found = spread(ground.network, senders)
    complete, proof = False, "completeness was not proved: it was not asked for"
    with clock.stage("prove"):
        if prove:
            complete, proof = _proved(ground, senders, found, backend, progress)
    with clock.stage("confirm"):
        groups = groupings[1].destinations(aim, found.arrivals)
        proposed = candidates(aim, senders, found, groups, ground.aliases)
        confirming = Confirming(ground.network, aim, senders, ground.aliases, backend)
        told = confirming.every(
            proposed, lambda done: progress("replaying what was found", done, len(proposed))
        )
    empty = Survey(
        kind=kind,
        question=str(question),
        packet=str(question.packet),
        source=resolved.source.words,
        destination=resolved.destination.words,
        by=by,
        one_way=question.one_way,
        complete=complete,
        proof=proof,
        gaps=remarks((*resolved.gaps, *openings(ground), *untold(question))),
        notes=tuple(_notes(resolved)),
        seconds=clock.seconds,
    )
    return _filled(empty, ground, told, groupings, _unsettled(resolved))


def _widened(start: Start) -> Start:
    """A start that may send to what lies between its destinations as well, where these are many.

    What is sent there is delivered to nobody who was asked about, and what it comes by does not
    count (:mod:`reach.survey.candidates`); a few blocks are quickly compared.
    """
    ends = start.space.by_name.get("destination")
    if ends is None or len(ends.intervals) <= _FEW:
        return start
    blocks = [ends.intervals[0]]
    for low, high in ends.intervals[1:]:
        near = low - blocks[-1][1] <= (_NEAR_FOUR if is_ipv4(low) else _NEAR_SIX)
        if near and is_ipv4(low) is is_ipv4(blocks[-1][0]):
            blocks[-1] = (blocks[-1][0], high)
        else:
            blocks.append((low, high))
    return replace(start, space=start.space.narrowed("destination", Ranges(tuple(blocks))))


def _proved(
    ground: Ground, senders: Senders, found: Spread, backend: Backend, progress: Progress
) -> tuple[bool, str]:
    """Whether the algebra's sets are complete; a hole in them is a fault of ours."""
    if not found.complete:
        return False, "what everybody sends spreads too far to be followed"
    progress("proving that nothing is left out", 0, len(found.cells))
    missing = holes(ground.network, senders, found, backend, PROOF_BUDGET)
    if not missing:
        sets = sum(map(len, found.cells.values()))
        words = (
            f"proved: {sets:,} sets of packets at {len(found.cells):,} places hold all that "
            f"{len(senders.each):,} senders can start and are closed under every step; each access "
            "was replayed, every other pair refuted"
        )
        return True, words
    (hole, *_) = missing
    if hole.words.startswith("the solver gave up"):
        return False, f"completeness was not proved: {hole.words}"
    raise Defect(f"the survey's algebra left something out at {hole.node}: {hole.words}")


def _filled(
    empty: Survey,
    ground: Ground,
    told: Mapping[Pair, Confirmed],
    groupings: tuple[Grouping, Grouping],
    unsettled: tuple[Origin, ...],
) -> Survey:
    """The survey with what was found of each pair, and who the groups are.

    Where it is ``unsettled`` what the ends are, nothing that was found is more than open.
    """
    accesses: list[Access] = []
    left_open: list[Open] = []
    for (source, destination), confirmed in sorted(told.items()):
        hangs_on = list(confirmed.open)
        if unsettled and confirmed.shown:
            hangs_on += unsettled
        else:
            accesses += _accesses(ground, source, destination, confirmed)
        if hangs_on:
            left_open.append(Open(source, destination, remarks(hangs_on)))
    pairs = [(each.source, each.destination) for each in accesses]
    pairs += [(each.source, each.destination) for each in left_open]
    return replace(
        empty,
        sources={source: groupings[0].group(source) for source, _ in pairs},
        destinations={destination: groupings[1].group(destination) for _, destination in pairs},
        accesses=tuple(accesses),
        open=tuple(left_open),
    )


def _unsettled(resolved: Resolved) -> tuple[Origin, ...]:
    """What has to be known first of the ends, for what reaches them to count."""
    ends = (resolved.source, resolved.destination)
    if any(end.uncertain for end in ends):
        return resolved.gaps
    return tuple(end.among for end in ends if end.among is not None)


def _notes(resolved: Resolved) -> Iterator[Remark]:
    if resolved.nobody is not None:
        yield Remark(resolved.nobody.words, resolved.nobody.resource)
    for end in (resolved.source, resolved.destination):
        for origin in end.notes:
            yield Remark(origin.words, origin.resource)


def _accesses(
    ground: Ground, source: str, destination: str, confirmed: Confirmed
) -> Iterator[Access]:
    """What was shown of a pair, all services of one way together."""
    paths = [witness(ground, each.proof) for each in confirmed.shown]
    together: dict[tuple[str, ...], list[int]] = {}
    for number, path in enumerate(paths):
        together.setdefault(_ways(path), []).append(number)
    for ways, numbers in together.items():
        services = dict.fromkeys(s for n in numbers for s in confirmed.shown[n].services)
        traces = (
            trace
            for n in numbers
            for trace in (confirmed.shown[n].proof.forward, confirmed.shown[n].proof.reply)
            if trace is not None
        )
        assumed = remarks(o for trace in traces for o in trace.choices if o.words)
        yield Access(source, destination, tuple(services), paths[numbers[0]], ways, assumed)


def _ways(path: Witness) -> tuple[str, ...]:
    """The gateways, balancers and connections that a packet comes by."""
    last = path.forward[-1].resource
    passed = (s.resource for s in path.forward[1:] if s.kind not in _PLAIN)
    return tuple(dict.fromkeys(each for each in passed if each != last))
