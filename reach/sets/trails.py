"""What a set of flows under way remembers of how its headers were when they began.

    Trail        Memory.awaited(session, trail, reply) -> what is let pass        .restored(...)

A set is a product of headers as they are now, and a trail: of each field that was rewritten the
values that it had at first.  Of all other fields a flow has now what it had at first.  So a set and
its trail are the pairs of what a flow was and what it is, and not only two sets of headers: a
reply is put back for the very flow that it answers.  Sessions remember such pairs.  Of what may be
chosen on the way there a set knows by which options it came: what was remembered behind one of them
is not known to those that took another one.

Knows the neutral network only; must not know AWS, terms or a solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from reach.flood import minus, mirrored, on_the_wire, whole
from reach.network.field import ICMP_ANSWERS
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.spans import Spans

OTHER_END = {
    "source": "destination",
    "destination": "source",
    "source_port": "destination_port",
    "destination_port": "source_port",
}
ENDS = frozenset(OTHER_END)  # the fields that may be rewritten; others are for a solver
Options = frozenset[int]  # of a choice, by their numbers
Chosen = tuple[tuple[str, Options], ...]
_NONE: Options = frozenset()
_ASKED = {
    protocol: {answer: kind for kind, answer in kinds.items()}
    for protocol, kinds in ICMP_ANSWERS.items()
}


@dataclass(frozen=True, slots=True)
class Delivered:
    """Where what is answered was delivered; ``ending`` is its destination there if that is not the
    one that it was sent to.  The reply does not say of an ICMP message which ``codes`` it had."""

    node: str
    owner: str
    ending: Ranges | None
    codes: Ranges | None


@dataclass(frozen=True, slots=True)
class Trail:
    """``counts``: it came by a place that counts.  ``doubted``: it passed a rule of unknown effect.
    ``chosen``: the options on the way there, by any of which it came.  ``was``: the first values of
    the fields that were rewritten, and are not put back.  ``by``: the sessions of its translations.
    ``to``: of a reply, unless its header says it."""

    counts: bool = False
    doubted: bool = False
    chosen: Chosen = ()
    was: HeaderSpace = ANYTHING
    by: frozenset[str] = frozenset()
    to: Delivered | None = None

    @property
    def is_unchanged(self) -> bool:
        """Whether the header is what it was at first."""
        return not self.was.fields

    def with_count(self) -> Trail:
        return self if self.counts else replace(self, counts=True)

    def by_option(self, choice: str, number: int) -> Trail:
        """The same of those that take one more option."""
        return replace(self, chosen=(*self.chosen, (choice, frozenset((number,)))))

    def but_options(self, place: int) -> tuple[Trail, Options]:
        """The same with nothing said of one choice; and what was said."""
        if place >= len(self.chosen):
            return self, _NONE
        return self.with_options(place, _NONE), self.chosen[place][1]

    def with_options(self, place: int, options: Iterable[int]) -> Trail:
        if place >= len(self.chosen):
            return self
        own = (self.chosen[place][0], frozenset(options))
        return replace(self, chosen=(*self.chosen[:place], own, *self.chosen[place + 1 :]))


PLAIN = Trail()
Moving = tuple[Trail, HeaderSpace]


@dataclass(frozen=True, slots=True)
class _Remembered:
    """Flows that passed a stage: with what trail, and how a reply to them is there.

    Of a translation's also how they were before it, and which fields it rewrote.
    """

    trail: Trail
    reply: HeaderSpace
    before: HeaderSpace | None = None
    was_before: HeaderSpace = ANYTHING
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class Memory:
    """What the stages of the way there remember, by session."""

    _admitted: dict[str, dict[_Remembered, None]] = field(default_factory=dict)
    _translated: dict[str, dict[_Remembered, None]] = field(default_factory=dict)
    _found: dict[str, Spans[_Remembered]] = field(default_factory=dict)

    def admit(self, session: str, trail: Trail, space: HeaderSpace) -> None:
        reply = mirrored(on_the_wire(space))
        if reply is not None:
            entry = _Remembered(_as_kept(trail), reply)
            self._admitted.setdefault(session, {})[entry] = None

    def translate(
        self, session: str, before: Moving, after: Moving, fields: tuple[str, ...]
    ) -> None:
        reply = mirrored(on_the_wire(after[1]))
        if reply is not None:
            wire = on_the_wire(before[1])
            entry = _Remembered(_as_kept(after[0]), reply, wire, before[0].was, fields)
            self._translated.setdefault(session, {})[entry] = None

    def rewritten(self, session: str) -> frozenset[str]:
        """The fields that a session's translations have rewritten."""
        entries = self._translated.get(session, ())
        return frozenset(name for entry in entries for name in entry.fields)

    def awaited(self, session: str, trail: Trail, reply: HeaderSpace) -> Iterator[Moving]:
        """The replies that a session lets pass, of some."""
        for entry in self._meeting(session, reply):
            met = _met(trail, reply, entry)
            if met is not None:
                yield met

    def besides(self, session: str, trail: Trail, reply: HeaderSpace) -> list[Moving] | None:
        """The replies that a session does not know, of some; None where a product does not say."""
        left: list[Moving] = [(trail, reply)]
        for entry in self._meeting(session, reply):
            rest: list[Moving] = []
            for own, space in left:
                met = _met(own, space, entry)
                if met is None:
                    rest.append((own, space))
                    continue
                if _fields(met[0].was) != _fields(own.was):
                    return None
                rest += ((own, piece) for piece in minus(space, met[1]))
                rest += ((replace(own, was=was), met[1]) for was in minus(own.was, met[0].was))
                others = by_others(own.chosen, met[0].chosen)
                rest += ((replace(met[0], chosen=each), met[1]) for each in others)
            left = rest
        return left

    def restored(self, session: str, trail: Trail, reply: HeaderSpace) -> Iterator[Moving]:
        """The replies as they were before a session's translation."""
        for entry in self._meeting(session, reply):
            met = None if entry.before is None else _met(trail, reply, entry)
            if met is not None:
                back = _put_back(*met, entry)
                if back is not None:
                    yield back

    def _meeting(self, session: str, reply: HeaderSpace) -> Iterable[_Remembered]:
        """Asked only once the way there is complete."""
        known = self._found.get(session)
        if known is None:
            entries = (*self._admitted.get(session, ()), *self._translated.get(session, ()))
            known = self._found[session] = Spans(
                (entry.reply.by_name.get("destination"), entry) for entry in entries
            )
        return dict.fromkeys(known.meeting(reply.by_name.get("destination")))


def _as_kept(trail: Trail) -> Trail:
    """All that tells one flow that is remembered from another one."""
    return Trail(chosen=trail.chosen, was=trail.was)


def _fields(space: HeaderSpace) -> list[str]:
    return [name for name, _ in space.fields]


def _met(trail: Trail, reply: HeaderSpace, entry: _Remembered) -> Moving | None:
    """The replies to flows that are remembered, of some: of the very flows, as they were there."""
    known = entry.trail
    chosen = by_both(trail.chosen, known.chosen)
    if chosen is None:
        return None
    met = reply & entry.reply
    if met.is_empty:
        return None
    mine, theirs = trail.was.by_name, known.was.by_name
    was: dict[str, Ranges] = {}
    for name in {**mine, **theirs}:
        if name in mine and name in theirs:
            was[name] = mine[name] & theirs[name]
            if not was[name]:
                return None
        else:
            # One of them says that the flow had this at first, the other what it had at first.
            met = _narrowed(met, OTHER_END[name], (mine.get(name) or theirs[name]))
            if met.is_empty:
                return None
    return settled(replace(trail, chosen=chosen, was=HeaderSpace.where(**was)), met)


def by_both(chosen: Chosen, first: Chosen) -> Chosen | None:
    """The options of a whole way that are options of its beginning, too; None if there are none."""
    if chosen[: len(first)] == first:
        return chosen
    found: list[tuple[str, Options]] = []
    for (mark, options), (known, others) in zip(chosen, first, strict=False):
        found.append((mark, options & others))
        if mark != known or not found[-1][1]:
            return None
    return (*found, *chosen[len(first) :]) if len(chosen) >= len(first) else None


def by_others(chosen: Chosen, some: Chosen) -> Iterator[Chosen]:
    """The options of a way without ``some`` of them."""
    for place, ((mark, options), (_, taken)) in enumerate(zip(chosen, some, strict=True)):
        if options != taken:
            yield (*some[:place], (mark, options - taken), *chosen[place + 1 :])


def _put_back(trail: Trail, met: HeaderSpace, entry: _Remembered) -> Moving | None:
    """Replies that a translation gave as replies to what it took."""
    assert entry.before is not None
    was, earlier = dict(trail.was.by_name), entry.was_before.by_name
    back = met
    for name, values in entry.before.fields:
        if name in ENDS and name not in entry.fields:
            back = _narrowed(back, OTHER_END[name], values)
    for name in entry.fields:
        if name not in ENDS:
            continue
        other = OTHER_END[name]
        values = entry.before.by_name.get(name, whole(name))
        if name in earlier:
            # Rewritten before, too: what it was in between hangs on nothing.
            if name not in was:
                was[name] = met.by_name.get(other, whole(other)) & earlier[name]
        elif name in was:
            values &= was.pop(name)
        else:
            values &= met.by_name.get(other, whole(other))
        back = back.narrowed(other, values)
    if back.is_empty or not all(was.values()):
        return None
    return settled(replace(trail, was=HeaderSpace.where(**was)), back)


def _narrowed(space: HeaderSpace, name: str, values: Ranges) -> HeaderSpace:
    known = space.by_name.get(name)
    return space.narrowed(name, values if known is None else known & values)


def settled(trail: Trail, reply: HeaderSpace) -> Moving:
    """A reply whose one value is what it was at first: nothing that anybody needs to know."""
    same = [
        name
        for name, values in trail.was.fields
        if values.single is not None and values == reply.by_name.get(OTHER_END[name])
    ]
    return (replace(trail, was=trail.was.without(*same)) if same else trail), reply


def turned(trail: Trail, reply: HeaderSpace) -> HeaderSpace:
    """The flows that replies may answer, as they began; the code of a message is not told."""
    by = reply.by_name
    protocol = by.get("protocol")
    asked = _ASKED.get(protocol.single or 0) if protocol is not None else None
    answers = by.get("icmp_type")
    kinds = (k for a, k in (asked or {}).items() if answers is None or a in answers)
    return began(
        trail,
        HeaderSpace.where(
            source=by.get("destination"),
            destination=by.get("source"),
            protocol=protocol,
            source_port=by.get("destination_port"),
            destination_port=by.get("source_port"),
            icmp_type=Ranges.of(*kinds) if asked else None,
            icmp_code=trail.to.codes if trail.to is not None else None,
        ),
    )


def began(trail: Trail, space: HeaderSpace) -> HeaderSpace:
    """Flows as they were at first."""
    for name, values in trail.was.fields:
        space = space.narrowed(name, values)
    return space.without("identity")


def home(trail: Trail, reply: HeaderSpace) -> HeaderSpace:
    """The flows of which these are the very replies: everything is as it was at first."""
    flow = turned(replace(trail, was=ANYTHING), reply)
    for name, values in trail.was.fields:
        flow = _narrowed(flow, name, values)
    return flow
