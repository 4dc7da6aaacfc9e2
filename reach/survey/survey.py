"""Everything between two sides of a question at once, proved complete.

    prepare(ground, wanted) -> Prepared
    fulfil(prepared, backend, portion=Portion(3, 64)) -> Survey, yet without who its groups are
    with_groups(survey, prepared) -> Survey

The algebra proposes (:mod:`reach.survey.spread`), the symbolic twin proves that it left nothing out
(:mod:`reach.survey.closure`), and every proposal is replayed, refuted or said to be open
(:mod:`reach.survey.confirm`).  So nothing that is listed is a guess, and nothing is missing.  The
only place that composes these; must not know how an answer is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from reach import denote
from reach.answer import Remark, Witness
from reach.errors import Defect
from reach.evidence import remarks, witness
from reach.gaps import openings
from reach.lower import Ground
from reach.network.header_space import ANYTHING, HeaderSpace
from reach.network.node import Network
from reach.network.stage import Origin
from reach.question import Question
from reach.reduce import CLASSES, PLACES, SUBNETS
from reach.resolve import Resolved
from reach.survey import slices
from reach.survey.alike import Likeness
from reach.survey.beginning import Beginning, Wanted, aimed, beginning
from reach.survey.blocks import Known
from reach.survey.candidates import Pair, arriving, candidates, met_by
from reach.survey.closure import Hole, leading_out, not_begun
from reach.survey.confirm import Confirming
from reach.survey.confirmed import Confirmed
from reach.survey.findings import Access, Open, Survey
from reach.survey.grouping import Grouping
from reach.survey.homeward import Homeward, beginnings
from reach.survey.onward import Onward
from reach.survey.packets import Packets, listening
from reach.survey.places import by_place
from reach.survey.portion import WHOLE, Portion
from reach.survey.proposals import Proposals
from reach.survey.refined import Refined
from reach.survey.senders import Senders
from reach.survey.serving import Serving
from reach.survey.settling import Settling
from reach.survey.spread import Spread, spread
from reach.survey.whole import Whole
from reach.tracking import untold
from reach.uncollected import uncollected
from solver import Backend, Budget

PROOF_BUDGET = Budget(milliseconds=60_000)
Progress = Callable[[str, int, int], None]
_OF_VPCS = ("vpc", "account")
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


@dataclass(frozen=True)
class Prepared:
    """A survey of which everything is proposed, and nothing yet proved or confirmed.

    ``ground`` is what is surveyed, a slice of the ``whole``, and ``network`` what is proved of: its
    own, or one of the places in it.  ``empty`` is what it says of nobody; ``places`` are where it
    is proved that nothing is left out.  Of one network and question it is the same whoever prepares
    it, in the same order.
    """

    ground: Ground
    network: Network
    whole: Ground
    question: Question
    resolved: Resolved
    groupings: tuple[Grouping, Grouping]
    senders: Senders
    found: Spread
    proposed: Proposals
    empty: Survey
    hosts: int | None = None  # subnets whose hosts are each looked at as one; None: by themselves
    by_subnet: Ground | None = None  # whose the network is, if hosts wear their subnets' groups

    @cached_property
    def places(self) -> Sequence[str]:
        return tuple(self.found.cells)

    @cached_property
    def unbegun(self) -> tuple[Hole, ...]:
        """Who starts with what is not held: all of it, whichever portion asks first."""
        return not_begun(self.senders, self.found)

    @cached_property
    def known(self) -> Known:
        return Known(self.senders)

    @cached_property
    def likeness(self) -> Likeness:
        return Likeness(self.network, self.known, self.found)

    @cached_property
    def onward(self) -> Onward:
        return Onward(self.network, self.found.cells)

    @cached_property
    def homeward(self) -> Homeward:
        known = beginnings(self.network, self.found.cells)
        asked = self.asked_of_hosts
        if isinstance(asked, Refined):
            return Homeward(self.ground.network, asked.senders, partial(asked.begins, known))
        return Homeward(self.network, self.senders, lambda owner: known.get(owner, ()))

    @cached_property
    def proved(self) -> set[Hashable]:
        """The kinds of places at which it is proved by now: another of a kind needs no proof."""
        return set()

    @cached_property
    def asked_of_hosts(self) -> Proposals | Refined:
        """What is proposed of hosts as they are."""
        if self.by_subnet is None:
            return self.proposed
        return Refined(self.by_subnet, self.ground, self.proposed)

    @cached_property
    def packets(self) -> Packets:
        ports = listening(self.network, self.found.cells)
        return Packets(self.asked_of_hosts.senders, self.ground.aliases, ports)

    @cached_property
    def pairs(self) -> Sequence[Pair]:
        return self.proposed.pairs


@uncollected()
def look_up(ground: Ground, question: Question) -> None:
    """What both directions of a question ask of its ends, found out once for copies of the process
    that are about one of them each."""
    with _Clock().stage("resolve"):
        sliced = ground.slice(slices.asked(ground, question))
        denote.look_up(sliced, (question.source, question.destination))


@uncollected()
def begin(ground: Ground, wanted: Wanted, progress: Progress = silent) -> None:
    """Who sends, found out for every share of them.  Raises QuestionError."""
    sliced = ground.slice(slices.asked(ground, wanted.question))
    beginning(sliced, ground, wanted, _of_stage("finding out who sends", progress))


@uncollected()
def prepare(ground: Ground, wanted: Wanted, progress: Progress = silent) -> Prepared:
    """Everything that may be so, between the groups of both sides.  Raises QuestionError.

    The question is asked of every pair of groups; its packet, ways and ``one_way`` hold for each.
    """
    only: HeaderSpace | None = slices.asked(ground, wanted.question)
    told_apart = apart(ground, wanted, progress) if wanted.share.of == 1 else None
    if told_apart is not None:
        return told_apart
    is_by_subnet = _may_be_by_subnet(ground, wanted, only)
    while only is not None:
        exact = ground.slice(only)
        sliced = exact.in_subnets() if is_by_subnet else exact
        clock = _Clock()
        with clock.stage("resolve"):
            begun = beginning(sliced, ground, wanted, _of_stage("finding out who sends", progress))
            if is_by_subnet and begun.resolved.aim.to_itself:
                is_by_subnet = False
                continue
            starts = begun.starts[wanted.share.number]
            telling = _of_stage("finding out what they send", progress)
            senders = Senders.of(sliced.network, starts, telling)
        ready = _spread(sliced, ground, wanted, begun, senders, clock, progress)
        only = slices.beyond(sliced.network, ready.found, sliced.only)
    return replace(ready, ground=exact, by_subnet=sliced) if is_by_subnet else ready


def _may_be_by_subnet(ground: Ground, wanted: Wanted, only: HeaderSpace | None) -> bool:
    """Whether hosts of a subnet are first looked at as if they wore their groups together.

    Of what is smaller than a VPC, or of packets of every kind, that proposes much that is not so.
    """
    told = wanted.kind == "matrix" and wanted.by in _OF_VPCS and only != ANYTHING
    return told and {SUBNETS, CLASSES} <= ground.reductions.passes


def _of_stage(name: str, progress: Progress) -> Callable[[int], None]:
    """Tells how many there are by now, of nobody knows how many."""
    return lambda some: progress(name, some, 0)


def _spread(
    ground: Ground,
    whole: Ground,
    wanted: Wanted,
    begun: Beginning,
    senders: Senders,
    clock: _Clock,
    progress: Progress,
) -> Prepared:
    """All that is proposed in a slice."""
    question, resolved, groupings = wanted.question, begun.resolved, begun.groupings
    aim = resolved.aim
    with clock.stage("spread"):
        telling = _of_stage("spreading what everybody sends to", progress)
        found = spread(ground.network, senders, told=telling)
        # What gets as far as something unknown may be on its way to anybody.
        reached = None if found.unmodelled and aim.goals is not None else met_by(aim, found)
        groups = groupings[1].destinations(aim, reached)
        some = candidates(aim, found, groups, ground.aliases)
        proposed = Proposals(senders, some, aim.to_itself)
    empty = _empty(whole, wanted, resolved, clock)
    return Prepared(
        ground,
        ground.network,
        whole,
        question,
        resolved,
        groupings,
        senders,
        found,
        proposed,
        empty,
    )


@uncollected()
def apart(ground: Ground, wanted: Wanted, progress: Progress = silent) -> Prepared | None:
    """All of a survey, whatever its share, of hosts of a place as one, if nobody can be reached
    there; None where hosts have to be looked at.  Raises QuestionError.

    It is asked of isolation alone: of other surveys most reach somebody.
    """
    if wanted.kind != "isolated" or PLACES not in ground.reductions.passes:
        return None
    whole, ground = ground, ground.slice(slices.asked(ground, wanted.question))
    clock = _Clock()
    with clock.stage("resolve"):
        groupings, resolved, starts = aimed(ground, whole, wanted)
        some = by_place(ground, resolved.aim, starts)
        if some is None:
            return None
    with clock.stage("spread"):
        telling = _of_stage("spreading what everybody sends to", progress)
        found = spread(some.network, some.senders, told=telling)
    is_met = any(True for _ in arriving(resolved.aim, found))
    if not found.complete or found.unmodelled or is_met:
        return None
    if slices.beyond(some.network, found, ground.only) is not None:
        return None
    proposed = Proposals(some.senders, {}, to_itself=False)
    empty = _empty(whole, wanted, resolved, clock)
    return Prepared(
        ground,
        some.network,
        whole,
        wanted.question,
        resolved,
        groupings,
        some.senders,
        found,
        proposed,
        empty,
        hosts=some.count,
    )


def _empty(whole: Ground, wanted: Wanted, resolved: Resolved, clock: _Clock) -> Survey:
    """What a survey says of nobody."""
    question = wanted.question
    return Survey(
        kind=wanted.kind,
        question=str(question),
        packet=str(question.packet),
        source=resolved.source.words,
        destination=resolved.destination.words,
        by=wanted.by,
        one_way=question.one_way,
        complete=False,
        proof="",
        gaps=remarks((*resolved.gaps, *openings(whole), *untold(question))),
        notes=tuple(_notes(resolved)),
        seconds=clock.seconds,
    )


@uncollected()
def fulfil(
    ready: Prepared,
    backend: Backend,
    *,
    prove: bool = True,
    portion: Portion = WHOLE,
    progress: Progress = silent,
) -> Survey:
    """Who of one side reaches whom of the other; of a portion, what is so of its own pairs, and
    whether nothing is left out at its own places.

    Who the groups are is for ``with_groups``, which whoever prepared it can do as well.  Without
    ``prove`` completeness is not proved, and the survey says so.  Raises Defect if the algebra left
    something out.
    """
    clock = _Clock(dict(ready.empty.seconds))
    complete, proof = False, "completeness was not proved: it was not asked for"
    with clock.stage("prove"):
        if prove:
            complete, proof = _proved(ready, backend, portion, progress)
    with clock.stage("confirm"):
        told = _confirmed(ready, backend, portion.of_pairs(ready.pairs), progress)
    told_of = replace(ready.empty, complete=complete, proof=proof, seconds=clock.seconds)
    whole = Whole(ready.ground, ready.whole)
    return _filled(told_of, whole, told, _unsettled(ready.resolved))


def named(ready: Prepared, portion: Portion) -> Survey:
    """Nothing but which pairs are a portion's, in their order, as if each were open."""
    left_open = [Open(*pair, ()) for pair in portion.of_pairs(ready.pairs)]
    return with_groups(replace(ready.empty, open=tuple(left_open)), ready)


def _proved(
    ready: Prepared, backend: Backend, portion: Portion, progress: Progress
) -> tuple[bool, str]:
    """Whether the algebra's sets are complete; a hole in them is a fault of ours."""
    found = ready.found
    if not found.complete:
        return False, "what everybody sends spreads too far to be followed"
    places = portion.of_places(ready.places)
    progress("proving that nothing is left out", 0, len(places))
    kinds = ready.likeness.kinds(places)
    some = [node for kind, node in kinds.items() if kind not in ready.proved]
    network = ready.network
    likes = ready.likeness.likes
    missing = ready.unbegun or leading_out(
        network, ready.known, found, backend, PROOF_BUDGET, some, likes
    )
    if not missing:
        ready.proved.update(kinds)
        words = _proof(ready)
        return True, words
    (hole, *_) = missing
    if hole.is_given_up:
        return False, f"completeness was not proved: {hole.words}"
    raise Defect(f"the survey's algebra left something out at {hole.node}: {hole.words}")


def _proof(ready: Prepared) -> str:
    found = ready.found
    sets = _several(sum(map(len, found.cells.values())), "set")
    at, by = _several(len(found.cells), "place"), _several(len(ready.senders.each), "sender")
    if ready.hosts is not None:
        of = _several(ready.hosts, "subnet")
        whatever = f", the hosts of {of} each as one and whatever their own groups let them,"
        return (
            f"proved: {sets} of packets at {at} hold all that {by} can start"
            f"{whatever if ready.hosts else ''} and are closed under every step; nothing of it "
            "comes to a host"
        )
    if ready.by_subnet is not None:
        by += " (hosts of a subnet as if each wore the groups of all)"
    return (
        f"proved: {sets} of packets at {at} hold all that {by} can start and are closed under "
        "every step; each access was replayed, every other pair refuted"
    )


def _confirmed(
    ready: Prepared, backend: Backend, pairs: Sequence[Pair], progress: Progress
) -> Mapping[Pair, Confirmed]:
    network, aim, aliases = ready.ground.network, ready.resolved.aim, ready.ground.aliases
    packets, serving = ready.packets, Serving(network, aim)
    proposed = ready.asked_of_hosts
    settling = Settling(network, aim, proposed.senders, aliases, packets, serving, backend)
    confirming = Confirming(
        network, aim, packets, ready.onward, ready.homeward, serving, settling, backend
    )
    return confirming.every(
        proposed,
        pairs,
        lambda done: progress("replaying what was found", done, len(pairs)),
    )


def _filled(
    empty: Survey,
    whole: Whole,
    told: Mapping[Pair, Confirmed],
    unsettled: tuple[Origin, ...],
) -> Survey:
    """The survey with what was found of each pair.

    Where it is ``unsettled`` what the ends are, nothing that was found is more than open.
    """
    accesses: list[Access] = []
    left_open: list[Open] = []
    for (source, destination), confirmed in sorted(told.items()):
        hangs_on = list(confirmed.open)
        if unsettled and confirmed.shown:
            hangs_on += unsettled
        else:
            accesses += _accesses(whole, source, destination, confirmed)
        if hangs_on:
            left_open.append(Open(source, destination, remarks(hangs_on)))
    return replace(empty, accesses=tuple(accesses), open=tuple(left_open))


def with_groups(told: Survey, ready: Prepared) -> Survey:
    """The survey with who the groups are of which it says something."""
    pairs, (sources, destinations) = told.pairs, ready.groupings
    return replace(
        told,
        sources={source: sources.group(source) for source, _ in pairs},
        destinations={destination: destinations.group(destination) for _, destination in pairs},
    )


def _several(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


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
    whole: Whole, source: str, destination: str, confirmed: Confirmed
) -> Iterator[Access]:
    """What was shown of a pair, all services of one way together."""
    proofs = [whole.proof(each.proof) for each in confirmed.shown]
    paths = [witness(whole.ground, each) for each in proofs]
    together: dict[tuple[str, ...], list[int]] = {}
    for number, path in enumerate(paths):
        together.setdefault(_ways(path), []).append(number)
    for ways, numbers in together.items():
        services = dict.fromkeys(s for n in numbers for s in confirmed.shown[n].services)
        traces = (
            trace
            for n in numbers
            for trace in (proofs[n].forward, proofs[n].reply)
            if trace is not None
        )
        assumed = remarks(o for trace in traces for o in trace.choices if o.words)
        yield Access(source, destination, tuple(services), paths[numbers[0]], ways, assumed)


def _ways(path: Witness) -> tuple[str, ...]:
    """The gateways, balancers and connections that a packet comes by."""
    last = path.forward[-1].resource
    passed = (s.resource for s in path.forward[1:] if s.kind not in _PLAIN)
    return tuple(dict.fromkeys(each for each in passed if each != last))
