"""Snapshot -> Network: lets the components make nodes on demand.

    lower(snapshot) -> Ground

A :class:`Ground` is a snapshot with its network: it answers what a component may ask while it
lowers (:class:`reach.component.Lowering`) and keeps what was lowered, so that later questions about
the same snapshot find it warm.  Knows no AWS thing by name; must not know the engines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from operator import attrgetter
from typing import TypeVar, cast
from urllib.parse import quote, unquote

from reach.aim import Start, Visit
from reach.component import (
    JOINS,
    Component,
    Denial,
    End,
    Entry,
    Link,
    Loner,
    Lowering,
    Target,
    Uplink,
    node_name,
)
from reach.components import components
from reach.later import Later
from reach.network.field import INDEX, Header
from reach.network.header_space import ANYTHING, EVERYWHERE, HeaderSpace, Ranges
from reach.network.node import Network, Node
from reach.network.stage import Origin, Route, Stage, Unmodelled
from reach.options import DEFAULTS, Options
from reach.reduce import ALL, Reductions
from reach.snapshot.errors import Diagnostic
from reach.snapshot.index import Index
from reach.snapshot.records import NetworkInterface, Record
from reach.snapshot.snapshot import Snapshot

T = TypeVar("T")
_NOBODY: frozenset[str] = frozenset()
_WORD = re.compile(r"[\w-]+")


Sender = tuple[str, frozenset[str]]  # a VPC and a set of groups


@dataclass(frozen=True)
class Alignment:
    """What makes the nodes of two snapshots comparable by name; it changes no answer.

    ``senders`` are numbered as if they were there as well, and with ``by_class`` even few hosts
    start where their likes do.
    """

    senders: frozenset[Sender] = frozenset()
    by_class: bool = False


ALONE = Alignment()


class Ground:
    """A snapshot and the network it lowers to, as AWS is read by the options.

    ``reductions`` make the network smaller, and no answer another; ``alignment`` makes its nodes
    comparable with those of another snapshot.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        options: Options = DEFAULTS,
        reductions: Reductions = ALL,
        alignment: Alignment = ALONE,
        index: Index | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.options = options
        self.reductions = reductions
        self.alignment = alignment
        self.index = Index(snapshot) if index is None else index
        self.network = Network(self._make)
        self._memo: dict[str, object] = {}
        self._own: dict[str, object] = {}
        self._sliced: Ground | None = None

    def option(self, name: str) -> str:
        return self.options[name]

    @property
    def by_class(self) -> bool:
        return self.alignment.by_class

    @property
    def apart(self) -> frozenset[str] | None:
        return self.reductions.alone

    @property
    def only(self) -> HeaderSpace:
        return self.reductions.only

    @property
    def by_subnet(self) -> bool:
        return self.reductions.by_subnet

    def in_subnets(self) -> Ground:
        """The same with hosts that wear the groups of their subnets: more of it can happen."""
        together = replace(self.reductions, by_subnet=True)
        return self.own("in subnets", lambda: self._but(together))

    def slice(self, only: HeaderSpace) -> Ground:
        """The same about these packets alone; itself if that pass is off.  The last is kept."""
        sliced = self.reductions.slice(only)
        if sliced == self.reductions:
            return self
        if self._sliced is None or self._sliced.reductions != sliced:
            self._sliced = self._but(sliced)
        return self._sliced

    def of(self, snapshot: Snapshot) -> Ground:
        """Another snapshot, read the same way."""
        return Ground(snapshot, self.options, self.reductions)

    def setting_apart(self, ids: Iterable[str]) -> Ground:
        """The same with these a node each; itself if none of them shares one."""
        shared = {each for each in ids if len(self.alike(each)) > 1}
        if not shared:
            return self
        apart = replace(self.reductions, apart=self.reductions.apart | shared)
        return self.own(f"apart {apart}", lambda: self._but(apart))

    def _but(self, reductions: Reductions) -> Ground:
        return Ground(self.snapshot, self.options, reductions, self.alignment, self.index)

    def components(self) -> Mapping[str, Component]:
        return components()

    def id_of(self, record: Record) -> str:
        return self.snapshot.id_of(record)

    def name_of(self, resource: str) -> str:
        """The Name of an id, if any call that speaks of it gives it one."""
        return self.memo(f"name of {resource}", lambda: self._name_of(resource))

    def _name_of(self, resource: str) -> str:
        found = (self.snapshot.get(kind, resource) for kind in self.snapshot.contents)
        names = (str(getattr(record, "name", "")) for record in found if record is not None)
        return next(filter(None, names), "")

    def ids(self) -> Iterator[str]:
        """Every id in the snapshot."""
        for kind in self.snapshot.contents:
            for record in self.snapshot.records(kind):
                yield self.id_of(record)

    # ---------------------------------------------------------------- nodes

    def _make(self, name: str) -> Node:
        kind, resource, rest = name.split("/", 2)
        if kind == "unmodelled":
            return Node(name, (Unmodelled(self._beyond(unquote(resource))),))
        part, _, argument = rest.partition(" ")
        return Node(name, components()[kind].nodes[part](self, resource, argument))

    def _beyond(self, resource: str) -> Origin:
        """Why nothing is known of a thing: nobody knows its kind, or the snapshot lacks it.

        What is there, and is nobody's, is of a kind of its own: an interface of a service.
        """
        for component in components().values():
            for target in component.targets:
                if resource.startswith(target.prefix) and component.reads:
                    if self.snapshot.get(component.reads[0], resource) is not None:
                        return unmodelled(resource)
                    words, code = "is not in the snapshot", "UNKNOWN_DESTINATION"
                    return replace(self.missing(component.reads[0], resource, words), code=code)
        return unmodelled(resource)

    def slot(self, name: str, resource: str) -> tuple[Stage, ...]:
        return tuple(stage for attach in _attached(name) for stage in attach(self, resource))

    def entry(self, target: str, resource: str, subnet: str, vpc: str) -> Entry:
        for candidate in _targets(target):
            if resource.startswith(candidate.prefix):
                entered = candidate.enter(self, resource, subnet, vpc)
                if entered is not None:
                    return entered
        return Entry(node_name("unmodelled", quote(resource, safe=":"), "route"), keeps=EVERYWHERE)

    def could_route(self, vpc: str) -> tuple[tuple[str, str, HeaderSpace], ...]:
        return self.memo(f"could route {vpc}", lambda: tuple(self._could_route(vpc)))

    def _could_route(self, vpc: str) -> Iterator[tuple[str, str, HeaderSpace]]:
        targets = (target for each in components().values() for target in each.targets)
        for target in sorted(targets, key=attrgetter("hides")):
            for resource, match in target.could(self, vpc) if target.could else ():
                yield target.field, resource, match

    def attached(self, kind: str, resource: str, attachment: str) -> str:
        for component in components().values():
            if kind in component.attached:
                node = component.attached[kind](self, resource, attachment)
                if node is not None:
                    return node
        return node_name("unmodelled", quote(resource or attachment, safe=":"), "attachment")

    def interface_node(self, interface: NetworkInterface) -> str:
        for claim in _claimants(interface.interface_type):
            node = claim(self, interface)
            if node is not None:
                return node
        return node_name("unmodelled", interface.network_interface_id, "interface")

    def hosts(
        self, interfaces: Sequence[NetworkInterface], words: str, addresses: Ranges | None = None
    ) -> End:
        return _hosts()(self, interfaces, words, addresses)

    def receivers(self, interfaces: Sequence[NetworkInterface]) -> Mapping[str, Ranges]:
        return _receivers()(self, interfaces)

    def senders(self, interface: NetworkInterface) -> tuple[Start, ...] | None:
        for component in components().values():
            if component.senders is not None:
                found = component.senders(self, interface)
                if found is not None:
                    return found
        return None

    def outside(self) -> tuple[End, ...]:
        """Hosts beyond the boundaries that components know, the internet's not among them."""
        known = [c.outside for c in components().values() if c.outside is not None]
        return self.memo("outside", lambda: tuple(end for ends in known for end in ends(self)))

    def openings(self) -> tuple[Origin, ...]:
        """Gaps of components that could have opened another way, met on no path."""
        known = [c.openings for c in components().values() if c.openings is not None]
        return self.memo("openings", lambda: tuple(gap for gaps in known for gap in gaps(self)))

    def end(self, text: str) -> End | None:
        """An id or keyword as an end of a question; None if no component knows it."""
        asked = (
            read(self, text)
            for prefix, read, begins in _readers()
            if text == prefix or (begins and text.startswith(prefix))
        )
        return next((end for end in asked if end is not None), None)

    def place(self, resource: str) -> Visit | None:
        """What passing a thing that is no end of a question means; None if no component knows."""
        found = (
            read(self, resource)
            for component in components().values()
            for prefix, read in component.places.items()
            if resource.startswith(prefix)
        )
        return next((visit for visit in found if visit is not None), None)

    def fronts(self) -> tuple[tuple[Ranges, str], ...]:
        """Addresses that no interface has, with the nodes that pass on what is sent there."""
        known = [c.fronts for c in components().values() if c.fronts is not None]
        return self.memo("fronts", lambda: tuple(each for some in known for each in some(self)))

    def links(self) -> tuple[Link, ...]:
        return self.table("links", _links)["all"]

    def uplinks(self, gateway: str) -> tuple[Uplink, ...]:
        found = (c.uplinks(self, gateway) for c in components().values() if c.uplinks is not None)
        return tuple(uplink for each in found for uplink in each)

    def joined(self, vpc: str, *, outbound: bool) -> frozenset[str]:
        inbound, both = self._joins.get(vpc, (_NOBODY, _NOBODY))
        return (both if outbound else inbound) | {vpc}

    @property
    def _joins(self) -> Mapping[str, tuple[frozenset[str], frozenset[str]]]:
        return self.table(JOINS, _joined)

    @property
    def own_names(self) -> Mapping[str, tuple[str, ...]]:
        """What components call their things, beside Name tags: name or ARN -> ids."""
        return self.memo("own names", self._own_names)

    def _own_names(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, dict[str, None]] = {}
        for component in components().values():
            for name, resource in component.names(self) if component.names is not None else ():
                found.setdefault(name, {})[resource] = None
        return {name: tuple(ids) for name, ids in found.items()}

    def announcements(self) -> tuple[Route, ...]:
        return self.table("announcements", _announced)["all"]

    def aliases(self, addresses: Ranges) -> Ranges:
        """All that a packet may be sent to so that it can end up at one of ``addresses``."""
        found = new = addresses
        while new:
            fronts = (aliases(self, new).intervals for aliases in _translators())
            new = Ranges.union(span for spans in fronts for span in spans) - found
            found = found | new if new else found
        return found

    def label(self, node: str, header: Header) -> tuple[str, str] | None:
        """Who a node is for one header: an id and words, from the component that made it."""
        kind, resource, rest = node.split("/", 2)
        component = components().get(kind)
        if component is None or component.label is None:
            return None
        return component.label(self, resource, rest.partition(" ")[0], header)

    def alike(self, interface_id: str) -> Sequence[NetworkInterface]:
        for component in components().values():
            if component.alike is not None:
                found = component.alike(self, interface_id)
                if found:
                    return found
        return ()

    def behind(self, owner: str) -> Sequence[NetworkInterface]:
        """The interfaces whose packets have this owner; nothing where it is no class of theirs."""
        kind, _, name = owner.partition("/")
        component = components().get(kind)
        if component is None or component.alike is None:
            return ()
        alike = component.alike(self, name)
        is_named = len(alike) == 1 or (alike and alike[0].network_interface_id == name)
        return alike if is_named else ()

    def meant(self, node: str, header: Header) -> tuple[NetworkInterface, ...]:
        """Of a node that stands for several interfaces: whose name it has, and who is meant.

        Nothing of any other node, nor of a header whose address none of them has.
        """
        kind, resource, rest = node.split("/", 2)
        component = components().get(kind)
        field = component.faces.get(rest.partition(" ")[0]) if component is not None else None
        members = self.alike(resource) if field is not None else ()
        if field is None or len(members) < 2:
            return ()
        owners = self.index.owner_of_address(header[INDEX[field]])
        for owner in sorted(owners, key=_id):
            own = self.alike(owner.network_interface_id)
            if own and own[0] == members[0]:
                return members[0], owner
        return ()

    def told(self, node: str, header: Header, origin: Origin) -> Origin:
        """An origin at a node as it is of the one interface that a header is about."""
        pair = self.meant(node, header)
        if not pair or pair[0] == pair[1]:
            return origin
        others = dict(zip(_ids(pair[0]), _ids(pair[1]), strict=True))
        if origin.resource not in others:
            return origin
        words = _WORD.sub(lambda found: others.get(found[0], found[0]), origin.words)
        return replace(origin, resource=others[origin.resource], words=words, name="")

    def besides(self, denial: Denial) -> tuple[Origin, ...]:
        """What components say of a denial beside the origin that denies."""
        told = (c.besides(self, denial) for c in components().values() if c.besides is not None)
        return tuple(dict.fromkeys(origin for origins in told for origin in origins))

    # ---------------------------------------------------------------- identities and gaps

    def identity(self, vpc: str, groups: Iterable[str]) -> int:
        numbers = self.memo("identity numbers", self._numbers)
        return numbers.get((vpc, frozenset(self.telling(groups))), 0)

    def telling(self, groups: Iterable[str]) -> tuple[str, ...]:
        worn = frozenset(groups)
        if not self.is_sliced:
            return tuple(sorted(worn))
        known = self.memo("telling groups", dict[frozenset[str], tuple[str, ...]])
        told = known.get(worn)
        if told is None:
            told = known[worn] = tuple(sorted(_telling()(self, worn)))
        return told

    @property
    def is_sliced(self) -> bool:
        return self.only != ANYTHING

    def identities(self) -> Mapping[int, tuple[str, frozenset[str]]]:
        return self._identities

    def senders_with(self, group: str) -> tuple[tuple[int, str], ...]:
        return self.memo("senders by group", self._by_group).get(group, ())

    @property
    def loners(self) -> Mapping[str, Loner]:
        return {}

    def loner(self, interface_id: str) -> Loner | None:
        return None

    def loners_of(self, class_id: str) -> Sequence[Loner]:
        return ()

    def paired_in(self, vpc: str) -> Sequence[Loner]:
        return ()

    def freed(self) -> tuple[Ranges, Ranges]:
        return Ranges(()), Ranges(())

    @property
    def newcomers(self) -> Sequence[NetworkInterface]:
        return ()

    def _by_group(self) -> Mapping[str, tuple[tuple[int, str], ...]]:
        found: dict[str, list[tuple[int, str]]] = {}
        for number, (vpc, groups) in self._identities.items():
            for group in groups:
                found.setdefault(group, []).append((number, vpc))
        return {group: tuple(senders) for group, senders in found.items()}

    @property
    def own_senders(self) -> frozenset[Sender]:
        """The group sets of this snapshot's senders."""
        return self.memo("own senders", self._own_senders)

    def _own_senders(self) -> frozenset[Sender]:
        senders = set(self.index.group_sets)
        for component in components().values():
            if component.group_sets is not None:
                senders.update(component.group_sets(self))
        if not self.is_sliced:
            return frozenset(senders)
        return frozenset((vpc, frozenset(self.telling(groups))) for vpc, groups in senders)

    @property
    def _identities(self) -> Mapping[int, Sender]:
        return self.memo("identities", self._numbered)

    def _numbered(self) -> Mapping[int, Sender]:
        senders = self.own_senders | self.alignment.senders
        ordered = sorted(senders, key=lambda sender: (sender[0], sorted(sender[1])))
        return dict(enumerate(ordered, start=1))

    def _numbers(self) -> Mapping[Sender, int]:
        return {sender: number for number, sender in self._identities.items()}

    def has(self, kind: type[Record], near: Record) -> bool:
        scope = self.snapshot.scope_of(near)
        made = self.snapshot.has(kind, scope.account, scope.region)
        return made and not self.snapshot.is_cut_short(kind, scope)

    def missing(self, kind: type[Record], resource: str, words: str) -> Origin:
        tells = "is absent, cut short, or does not show it"
        told = f"{words}: {self.operation(kind)} {tells}"
        return Origin(resource, told, collect=self.snapshot.section_of(kind).command)

    def operation(self, kind: type[Record]) -> str:
        """The call that lists records of a kind, as the AWS CLI names it."""
        return self.snapshot.section_of(kind).call

    def table(self, key: str, make: Callable[[Lowering], Mapping[str, T]]) -> Mapping[str, T]:
        return self.memo(key, lambda: make(self))

    def memo(self, key: str, make: Callable[[], T]) -> T:
        if key not in self._memo:
            self._memo[key] = make()
        return cast("T", self._memo[key])

    def later(self, make: Callable[[], tuple[T, ...]]) -> Sequence[T]:
        return Later(make)

    def own(self, key: str, make: Callable[[], T]) -> T:
        """``make()``, once for this very ground: what was read off its network."""
        if key not in self._own:
            self._own[key] = make()
        return cast("T", self._own[key])

    def lint(self) -> tuple[Diagnostic, ...]:
        """What the components find wrong in the snapshot, beyond its form."""
        linters = [c.lint for c in components().values() if c.lint is not None]
        return self.memo("lint", lambda: tuple(d for lint in linters for d in lint(self)))


def unmodelled(resource: str) -> Origin:
    return Origin(resource, "is of a kind that is not modelled yet", code="UNSUPPORTED_COMPONENT")


def lower(
    snapshot: Snapshot,
    options: Options = DEFAULTS,
    reductions: Reductions = ALL,
    alignment: Alignment = ALONE,
) -> Ground:
    """The network of a snapshot; nodes are made when something first forwards to them."""
    return Ground(snapshot, options, reductions, alignment)


def _id(interface: NetworkInterface) -> str:
    return interface.network_interface_id


def _ids(interface: NetworkInterface) -> tuple[str, str]:
    """What an origin may call an interface by: itself, or its instance."""
    instance = interface.attachment.instance_id if interface.attachment else None
    return interface.network_interface_id, instance or interface.network_interface_id


@cache
def _attached(slot: str) -> tuple[Callable[..., tuple[Stage, ...]], ...]:
    return tuple(c.slots[slot] for c in components().values() if slot in c.slots)


@cache
def _targets(field: str) -> tuple[Target, ...]:
    return tuple(t for c in components().values() for t in c.targets if t.field == field)


@cache
def _claimants(kind: str) -> tuple[Callable[[Ground, NetworkInterface], str | None], ...]:
    return tuple(
        c.interface_node
        for c in components().values()
        if c.interface_node is not None and kind in c.interface_types
    )


@cache
def _hosts() -> Callable[[Ground, Sequence[NetworkInterface], str, Ranges | None], End]:
    (make,) = (c.hosts for c in components().values() if c.hosts is not None)
    return make


@cache
def _receivers() -> Callable[[Ground, Sequence[NetworkInterface]], Mapping[str, Ranges]]:
    (make,) = (c.receivers for c in components().values() if c.receivers is not None)
    return make


def _announced(lowering: Lowering) -> Mapping[str, tuple[Route, ...]]:
    announcers = [c.announce for c in components().values() if c.announce is not None]
    routes = [route for announce in announcers for route in announce(lowering)]
    return {"all": tuple(sorted(routes, key=_best_first))}


def _links(lowering: Lowering) -> Mapping[str, tuple[Link, ...]]:
    linkers = [c.links for c in components().values() if c.links is not None]
    return {"all": tuple(link for links in linkers for link in links(lowering))}


def _joined(lowering: Lowering) -> Mapping[str, tuple[frozenset[str], frozenset[str]]]:
    """Of each VPC those that it is joined to on the way in, and on the way out as well."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    for component in components().values():
        for join in component.joins(lowering) if component.joins is not None else ():
            for one, other in ((join.one, join.other), (join.other, join.one)):
                inbound, both = found.setdefault(one, (set(), set()))
                inbound.add(other)
                if join.outbound:
                    both.add(other)
    return {vpc: (frozenset(one), frozenset(both)) for vpc, (one, both) in found.items()}


@cache
def _telling() -> Callable[[Ground, frozenset[str]], Iterable[str]]:
    (tell,) = (c.telling for c in components().values() if c.telling is not None)
    return tell


@cache
def _translators() -> tuple[Callable[[Ground, Ranges], Ranges], ...]:
    return tuple(c.aliases for c in components().values() if c.aliases is not None)


@cache
def _readers() -> tuple[tuple[str, Callable[[Ground, str], End | None], bool], ...]:
    """How an end of a question is read: a word, or an id (``begins``) from how it begins."""
    return tuple(
        (prefix, read, prefix.endswith(("-", ":")))
        for component in components().values()
        for prefix, read in component.ends.items()
    )


def _best_first(route: Route) -> tuple[bool, bool, int]:
    """Replies of sessions first, then what leads somewhere, then the narrower announcement."""
    values = route.match.by_name.get("destination")
    return (not route.session, not route.next, 1 << 130 if values is None else values.count)
