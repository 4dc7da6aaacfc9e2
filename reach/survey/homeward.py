"""Whether what answers a proposal ever gets home, for many senders at once.

    Homeward(network, senders, begins).lost(pairs, backend) -> [bool, ...]
    beginnings(network, nodes) -> owner -> nodes

A reply may get lost far from both ends: in a route table that knows no way back.  Compiled from
where each flow starts, there and back, that is as large as all senders and receivers together.
Here it is one way, from where packets are delivered, and every session on the way lets pass
whatever comes: more gets home than can, so what does not is refuted.  Believes that the closed sets
of a survey hold all deliveries, as its proof says.  Knows the neutral network only; must not know
AWS, nor where candidates come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import solver
from reach.aim import Aim, Start
from reach.compile import compile
from reach.constraints import Constraints
from reach.decide import BUDGET
from reach.flood import hull
from reach.network.header_space import HeaderSpace
from reach.network.node import Network, Node
from reach.network.stage import (
    Case,
    Deliver,
    Filter,
    Forward,
    Origin,
    Restore,
    Stage,
    Translate,
    Unmodelled,
)
from reach.survey.candidates import Candidate
from reach.survey.senders import NOBODY, Senders
from reach.symbolic import Symbolic
from solver import FALSE, Backend, Term, Unsat

_Begun = Mapping[str, Sequence[HeaderSpace]]


class Homeward:
    """A network as replies see it that every session lets pass; ``begins`` says where those of an
    owner begin."""

    def __init__(
        self, network: Network, senders: Senders, begins: Callable[[str], Sequence[str]]
    ) -> None:
        self._network = network
        self._senders = senders
        self._begins = begins
        self._lenient = Network(lambda name: _cut_short(network, lenient(network.node(name))))

    def lost(self, pairs: Sequence[Sequence[Candidate]], backend: Backend) -> list[bool]:
        """Of pairs, each its candidates, whether it is proved that no reply of any gets home.

        They are of ends that packets are delivered to, and not of nodes that they come by.
        """
        begun = [self._begun(some) for some in pairs]
        alike: dict[tuple[str, ...], list[int]] = {}
        for number, starts in enumerate(begun):
            alike.setdefault(tuple(sorted(starts)), []).append(number)
        found = [False] * len(pairs)
        for numbers in alike.values():
            told = self._lost([begun[number] for number in numbers], backend)
            for number, is_lost in zip(numbers, told, strict=True):
                found[number] = is_lost
        return found

    def _lost(self, pairs: Sequence[_Begun], backend: Backend) -> list[bool]:
        """The same of pairs whose replies begin at the same nodes: one problem for all of them."""
        some = [space for begun in pairs for spaces in begun.values() for space in spaces]
        if not some:
            return [False] * len(pairs)
        # Of one set, so that what lies behind several of them is one place.
        every = hull(some)
        starts = tuple(Start(node, every, "") for node in pairs[0])
        constraints = compile(self._lenient, Aim(starts, None, two_way=False, to_itself=True))
        home = solver.or_(constraints.arrives, constraints.may_arrive)
        if home is FALSE:
            return [True] * len(pairs)
        session = backend.open()
        session.add(*constraints.assertions)
        terms = _terms(constraints, pairs)

        def is_lost(term: Term) -> bool:
            return isinstance(session.check([home, term], budget=BUDGET, core=False), Unsat)

        if is_lost(solver.any_of(terms)):
            return [True] * len(pairs)
        return [len(pairs) > 1 and is_lost(term) for term in terms]

    def _begun(self, some: Sequence[Candidate]) -> _Begun:
        """Where replies of candidates are, past the node at which they begin, and which ones."""
        found: dict[str, list[HeaderSpace]] = {}
        for each in some:
            reply = self._reply(each)
            for node in self._begins(each.owner):
                for further, space in self._past(node, reply):
                    found.setdefault(further, []).append(space)
        return found

    def _past(self, node: str, space: HeaderSpace) -> Iterator[tuple[str, HeaderSpace]]:
        """A node further, by any route that may be taken; here, if that is not all there is to it.

        Who sends a reply is told apart at the first node and nowhere else, so many become one.
        """
        further: list[tuple[str, HeaderSpace]] = []
        for stage in lenient(self._network.node(node)).stages:
            match stage:
                case Filter():
                    pass  # passes no more than comes to it
                case Translate(cases=cases) if all(map(_writes_identity_only, cases)):
                    space = space.without("identity")
                case Forward(routes=routes):
                    met = (r.next for r in routes if r.next and r.match.overlaps(space))
                    further += ((each, space) for each in met)
                case _:
                    further = [(node, space)]
                    break
        yield from dict.fromkeys(further)

    def _reply(self, candidate: Candidate) -> HeaderSpace:
        """What may answer the packets of a candidate: their ends exchanged (R-OBS-9)."""
        told = candidate.space.by_name
        source = told.get("source")
        if candidate.from_own and not candidate.senders & self._anywhere:
            own = self._senders.addresses(candidate.senders)
            source = own if source is None else own & source
        return HeaderSpace.where(
            source=told.get("destination"),
            destination=source,
            protocol=told.get("protocol"),
            source_port=told.get("destination_port"),
            destination_port=told.get("source_port"),
            identity=NOBODY,
        )

    @cached_property
    def _anywhere(self) -> int:
        """The senders that are not narrow: what they send from is told, or may be anything."""
        wide = (1 << n for n, sender in enumerate(self._senders.each) if sender.own is None)
        return sum(wide)


def beginnings(network: Network, nodes: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """Where replies begin, by the owner that packets are delivered to at some nodes."""
    found: dict[str, list[str]] = {}
    for node in nodes:
        for stage in network.node(node).stages:
            if isinstance(stage, Deliver):
                begins = found.setdefault(stage.owner, [])
                if stage.reply not in begins:
                    begins.append(stage.reply)
    return found


def _terms(constraints: Constraints, pairs: Iterable[_Begun]) -> list[Term]:
    """For each pair that what begins is one of its replies."""
    symbolic = Symbolic()
    begun = {start.node: (chosen, version) for chosen, start, version in constraints.starts}
    return [
        solver.any_of(
            solver.and_(begun[node][0], symbolic.matches(space, begun[node][1]))
            for node, some in each.items()
            for space in some
        )
        for each in pairs
    ]


def _writes_identity_only(case: Case) -> bool:
    return all(rewrite.field == "identity" for rewrite in case.rewrites)


def _cut_short(network: Network, node: Node) -> Node:
    """A node from which packets are handed to whom they are for counts as being there: it is one
    place, and behind it there are many."""
    for stage in node.stages:
        if isinstance(stage, Forward):
            first = next((route.next for route in stage.routes if route.next), "")
            if first and any(isinstance(each, Deliver) for each in network.node(first).stages):
                return Node(node.name, (Deliver(node.name, node.name, Origin("", "")),))
    return node


def lenient(node: Node) -> Node:
    """A node that lets pass what a session may let pass, whatever it remembers.

    What a session would turn into something else, or send elsewhere, is not known here.
    """
    stages: list[Stage] = []
    for stage in node.stages:
        match stage:
            case Filter(session=session) if session:
                continue
            case Restore(otherwise=origin):
                return Node(node.name, (*stages, Unmodelled(origin)))
            case Forward(routes=routes) if any(route.session for route in routes):
                return Node(node.name, (*stages, Unmodelled(Origin("", "a session may decide"))))
            case _:
                stages.append(stage)
    return Node(node.name, tuple(stages))
