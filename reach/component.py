"""The contract of an AWS component: what one file in ``reach/aws/`` says about itself.

A component is a kind of AWS thing (a NAT gateway, a peering).  Its file defines ``COMPONENT``,
found by file name.  It owns the nodes named ``<component>/<id>/<part>``, contributes stages to the
slots of other components' nodes, says which route targets and interfaces are its own, what it
announces to the internet, and how its ids are read as ends of a question.  No component imports
another: they meet in node names, slots and records.

Takes records and gives neutral stages.  Must not know the engines, rendering or the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from reach.aim import Start, Visit
from reach.network.address import Prefix
from reach.network.field import Header
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Origin, Route, Stage
from reach.snapshot.errors import Diagnostic
from reach.snapshot.index import Index
from reach.snapshot.records import NetworkInterface, Record
from reach.snapshot.section import Section
from reach.snapshot.snapshot import Snapshot
from reach.trace import Hop

if TYPE_CHECKING:
    from reach.changes import Change, Removal

T = TypeVar("T")
R = TypeVar("R", bound=Record)
_NOWHERE = Ranges(())
JOINS = "joins"  # the table of who is joined to whom, by VPC


def node_name(component: str, resource: str, part: str, argument: str = "") -> str:
    """The name of a node: ``component/resource/part`` and, for some parts, an argument."""
    name = f"{component}/{resource}/{part}"
    return f"{name} {argument}" if argument else name


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a packet goes that a route sends to a target.

    ``subnet`` is the subnet of the target's own interface, if it stands in one: its network ACL
    lies between (R-NACL-9).  A ``guarded`` one is filtered even for senders of its own subnet.
    ``keeps`` are the destinations for which a packet that goes there keeps its sender's groups, as
    a rule on the way out sees it (R-SG-12, R-SG-15), or gets nowhere.
    """

    node: str
    subnet: str = ""
    guarded: bool = False
    keeps: Ranges = _NOWHERE


@dataclass(frozen=True, slots=True)
class Join:
    """Groups of two VPCs may name each other: on the way in, and ``outbound`` also on the way out.

    Whether a packet still carries its sender's groups is for the nodes between them.
    """

    one: str
    other: str
    outbound: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A line to the networks on-premises: a VPN connection, a virtual interface.

    What hosts beyond send comes in at ``node``.  ``beyond`` are the addresses known to lie there,
    ``perhaps`` those that lie beyond this line or beyond another one, ``gap`` says that there may
    be others, ``to_internet`` that everything else is sent there too, a default route.  It is not
    ``up`` when it is known to carry nothing.
    """

    resource: str
    node: str
    beyond: Ranges
    gap: Origin | None = None
    to_internet: bool = False
    perhaps: Ranges = _NOWHERE
    up: bool = True


@dataclass(frozen=True, slots=True)
class Uplink:
    """What a virtual private gateway can send over: a VPN connection, Direct Connect.

    ``node`` takes what is sent over it: ``prefixes``, and ``perhaps`` what it or another uplink has
    told the gateway of.  ``gap`` says that it may take others as well.  Of equal prefixes the lower
    ``rank`` wins, and before that what is ``up``.
    """

    resource: str
    node: str
    prefixes: tuple[Prefix, ...] = ()
    perhaps: tuple[Prefix, ...] = ()
    gap: Origin | None = None
    rank: int = 0
    up: bool = True


@dataclass(frozen=True, slots=True)
class Denial:
    """What an explanation tells: ``origin`` denies ``header``, at the last of ``hops``.

    ``lacking`` is the thing that a missing route was supposed to lead to.  ``asked`` are conditions
    on the packet as it leaves its source that nothing there meets: then there are no hops.
    """

    origin: Origin
    header: Header
    lacking: str = ""
    hops: tuple[Hop, ...] = ()
    asked: HeaderSpace = ANYTHING


@dataclass(frozen=True, slots=True)
class Denied:
    """A packet that a setting denies: why, its header there, and all that should pass instead.

    ``wanted`` holds the header; its addresses are one prefix, its ports one span.  ``lacking`` is
    the route that the packet would need, if it is a route that is lacking.
    """

    origin: Origin
    header: Header
    wanted: HeaderSpace
    lacking: Origin | None = None


@dataclass(frozen=True, slots=True)
class Mending:
    """How the settings of a component are changed: of things whose ids begin with ``prefix``.

    ``admit`` gives what lets a denied packet pass, ``remove`` what takes away a rule or a route
    that let one pass; nothing where that cannot be done.  Of equally many changes those of a lower
    ``rank`` are preferred.  ``otherwise`` tells whether a denial may go away by a change of another
    thing as well; None: none does.
    """

    prefix: str
    rank: int
    admit: Callable[[Lowering, Denied], tuple[Change, ...]]
    remove: Callable[[Lowering, Origin], tuple[Removal, ...]]
    otherwise: Callable[[Lowering, Denied], bool] | None = None


@dataclass(frozen=True)
class End:
    """A source or a destination of a question, resolved.

    ``starts`` are where its flows begin, ``goals`` the owners that stand for it with what may be
    delivered there (None: whoever it is delivered to), ``addresses`` what a packet to it may be
    sent to (None: not known, anything), ``through`` nodes of which the flow must visit one.
    ``as_sent`` says that ``addresses`` hold all that a packet may be sent to, translations counted.
    ``sender`` is set where one thing is named and all its flows have that sender: who may be asked
    about itself.  A set of things has none, however few are in it (decision 65).
    ``nobody`` says why nothing starts or arrives there, ``gap`` why more may than is known; it is
    ``uncertain`` when even what is known may not be what it seems.  ``may_send`` says that as a
    source it may do more than is modelled (made when asked for, as it is of sources alone),
    ``may_take`` that it may as a destination.  ``but`` are owners that do not count as it.
    ``passing`` are nodes that stand for it beside the goals: what comes by one of them and is then
    delivered, to whomever, has reached it (a load balancer).
    ``sends`` are addresses for which it stands as a source: whoever sends from them is meant.
    ``among`` says that it is only one, nobody knows which, of the things that stand for it: what
    reaches some of them is undecided.  ``notes`` are what an answer about it says besides.
    """

    words: str
    starts: Sequence[Start] = ()
    goals: Mapping[str, HeaderSpace] | None = field(default_factory=dict)
    addresses: Ranges | None = None
    through: tuple[str, ...] = ()
    nobody: Origin | None = None
    gap: Origin | None = None
    as_sent: bool = False
    sender: str = ""
    uncertain: bool = False
    may_send: Sequence[Origin] = ()
    may_take: Origin | None = None
    passing: tuple[str, ...] = ()
    but: tuple[str, ...] = ()
    sends: Ranges | None = None
    among: Origin | None = None
    notes: tuple[Origin, ...] = ()


class Lowering(Protocol):
    """What a component may ask while it lowers: the snapshot, joins over it, its peers' stages."""

    @property
    def snapshot(self) -> Snapshot: ...

    @property
    def index(self) -> Index: ...

    def memo(self, key: str, make: Callable[[], T]) -> T:
        """``make()``, once per snapshot."""
        ...

    def table(self, key: str, make: Callable[[Lowering], Mapping[str, T]]) -> Mapping[str, T]:
        """``make(lowering)``, once per snapshot: of many records what each of them is looked up by.

        What is made of one thing that stands there need not be made anew when others change; all of
        what stands there must be equal where it means the same.
        """
        ...

    def later(self, make: Callable[[], tuple[T, ...]]) -> Sequence[T]:
        """``make()``, when somebody first looks at it: what hardly anybody does."""
        ...

    def option(self, name: str) -> str:
        """How AWS is read where its documentation leaves it open (``reach.options``)."""
        ...

    @property
    def apart(self) -> frozenset[str] | None:
        """The interfaces that are to be a node each (:mod:`reach.reduce`); None: all of them."""
        ...

    @property
    def only(self) -> HeaderSpace:
        """The packets, by protocol and port, that the filters of interfaces are about."""
        ...

    @property
    def by_subnet(self) -> bool:
        """Whether hosts of a subnet wear all groups that any of them does (:mod:`reach.reduce`)."""
        ...

    def telling(self, groups: Iterable[str]) -> tuple[str, ...]:
        """Of the groups of an interface those that stand for all of them, in order."""
        ...

    @property
    def by_class(self) -> bool:
        """Whether even few hosts are to start where their likes do, so as to be compared."""
        ...

    def slot(self, name: str, resource: str) -> tuple[Stage, ...]:
        """The stages that components contribute to a slot of ``resource``."""
        ...

    def entry(self, target: str, resource: str, subnet: str, vpc: str) -> Entry:
        """Where a route goes; ``target`` is the route's field, ``subnet`` the one it leaves."""
        ...

    def could_route(self, vpc: str) -> tuple[tuple[str, str, HeaderSpace], ...]:
        """What routes of a VPC could lead to: the route's field, the id, and for which packets."""
        ...

    def attached(self, kind: str, resource: str, attachment: str) -> str:
        """The node that takes what leaves by an attachment of a transit gateway."""
        ...

    def receivers(self, interfaces: Sequence[NetworkInterface]) -> Mapping[str, Ranges]:
        """The nodes that receive for some interfaces, each with the addresses of those."""
        ...

    def interface_node(self, interface: NetworkInterface) -> str:
        """The node that receives what is sent to an interface's own address."""
        ...

    def hosts(
        self, interfaces: Sequence[NetworkInterface], words: str, addresses: Ranges | None = None
    ) -> End:
        """Interfaces as an end of a question, narrowed to some of their addresses."""
        ...

    def senders(self, interface: NetworkInterface) -> tuple[Start, ...] | None:
        """The flows that a service opens by an interface of its own; None: nobody can tell."""
        ...

    def end(self, text: str) -> End | None:
        """An id or keyword as an end of a question; None if no component knows it."""
        ...

    def links(self) -> tuple[Link, ...]:
        """Every line to the networks on-premises."""
        ...

    def uplinks(self, gateway: str) -> tuple[Uplink, ...]:
        """What a virtual private gateway can send over."""
        ...

    def joined(self, vpc: str, *, outbound: bool) -> frozenset[str]:
        """The VPCs whose groups a rule of this VPC may name, itself among them."""
        ...

    def announcements(self) -> tuple[Route, ...]:
        """What the internet sends in, best first."""
        ...

    def identity(self, vpc: str, groups: Iterable[str]) -> int:
        """The number of a set of groups in a VPC; 0 when there is no such sender."""
        ...

    def identities(self) -> Mapping[int, tuple[str, frozenset[str]]]:
        """All senders' group sets, by number."""
        ...

    def senders_with(self, group: str) -> tuple[tuple[int, str], ...]:
        """The numbers of the senders' group sets that hold a group, each with its VPC."""
        ...

    @property
    def loners(self) -> Mapping[str, Loner]:
        """The interfaces that stand apart since classes were made out, by id."""
        ...

    def loner(self, interface_id: str) -> Loner | None:
        """An interface as it is since it stands apart; None: as its class says."""
        ...

    def loners_of(self, class_id: str) -> Sequence[Loner]:
        """Those of a class that stand apart since it was made out."""
        ...

    def paired_in(self, vpc: str) -> Sequence[Loner]:
        """Those in a VPC that have put public addresses on or off since; '' is any VPC."""
        ...

    def freed(self) -> tuple[Ranges, Ranges]:
        """Of the public addresses that these have put on or off those that are no host's on the
        internet now, and those that are one's."""
        ...

    @property
    def newcomers(self) -> Sequence[NetworkInterface]:
        """What has come since classes were made out: interfaces, and records of those that have
        got more addresses with these alone; some have gone again."""
        ...

    def own(self, key: str, make: Callable[[], T]) -> T:
        """``make()``, once for this very lowering, of what no other one shares."""
        ...

    def has(self, kind: type[Record], near: Record) -> bool:
        """Whether the call that lists ``kind`` was made in the scope of ``near``."""
        ...

    def missing(self, kind: type[Record], resource: str, words: str) -> Origin:
        """The origin of a gap: the call that lists ``kind`` is not there, about ``resource``."""
        ...


@dataclass(frozen=True, slots=True)
class Loner:
    """An interface that is not as its class was made out: it stands apart in nodes of its own.

    ``interface`` wears the groups that it wears, and has all addresses that it has had since; its
    nodes let pass what is from and to those that it ``holds``.  One that holds none is not there.
    ``number`` is its identity, which no other sender has; its class keeps its name.  One that
    ``came`` since is a class by itself.  ``beside`` is what no table of interfaces tells of: one
    that came, or a record of the other ones' later addresses.  ``pairs`` are its own and public
    addresses that it has put on or off since, ``paired`` those of them that count now; of the
    public ones those that are ``free`` are a host's on the internet now.
    """

    interface: NetworkInterface
    number: int
    holds: Ranges
    came: bool = False
    beside: NetworkInterface | None = None
    pairs: frozenset[tuple[int, int]] = frozenset()
    paired: frozenset[tuple[int, int]] = frozenset()
    free: frozenset[int] = frozenset()

    @property
    def is_there(self) -> bool:
        return bool(self.holds)


@dataclass(frozen=True, slots=True)
class Target:
    """A route field that names this component's things, by the prefix of their ids.

    ``enter(lowering, id, subnet, vpc)`` says where such a route goes from a subnet of a VPC.
    ``could(lowering, vpc)`` gives the things that a route of this VPC could lead to, with the
    packets that they are for: what an explanation may suppose.  Of several that would do it
    supposes one that ``hides`` nobody's address before one that does.
    """

    field: str
    prefix: str
    enter: Callable[[Lowering, str, str, str], Entry | None]
    could: Callable[[Lowering, str], Iterable[tuple[str, HeaderSpace]]] | None = None
    hides: bool = False


@dataclass(frozen=True, kw_only=True)
class Component:
    """One kind of AWS thing.  ``summary`` and the rules are read off the module's docstring.

    ``nodes``: part of a node name -> stages, from (lowering, id, argument).
    ``slots``: slot name -> stages contributed to it, from (lowering, id).
    ``targets``: route fields that name it.  ``interface_types``: interfaces that are its own;
    ``interface_node`` names the node that receives for one.  ``announce``: routes at the internet.
    ``sections``: what it reads beyond the core.  ``joins``: VPCs whose groups may name each other.
    ``group_sets``: VPC and groups of senders that may have no interface in the snapshot.
    ``telling``: of the groups of an interface those that say all that they say of the packets
    that a network is about.
    ``attached``: kind of a transit attachment -> the node that takes what leaves by one, from
    (lowering, resource, attachment).  ``links``: its lines to networks on-premises.
    ``uplinks``: those of a virtual private gateway, from (lowering, id).
    ``names``: names and ARNs of its own things, each with an id
    that ``ends`` reads.
    ``ends``: id prefix or keyword -> reading it as an end.  ``hosts``: interfaces as an end.
    ``places``: id prefix -> what a packet has to visit to pass a thing that is no end.
    ``receivers``: the nodes that receive for interfaces, each with their addresses.
    ``senders``: flows that a service opens by its interface (None: not its own, or not known).
    ``outside``: hosts beyond a boundary, by the addresses that they send from.
    ``openings``: gaps that could have opened another way and are met on no path.
    ``fronts``: addresses of its own things that no interface has, with the node that takes what is
    sent there and passes it on.
    ``aliases``: addresses that are translated to given ones.  ``by_address_only``: owners
    that only their very address means.  ``unseen``: where some of
    these private addresses may be beyond what the snapshot holds.  ``lint``: what is wrong in a
    snapshot beyond its form.  ``label``: who a node is for one header.  ``besides``: what AWS
    would say as well of a denial: the route that does not hold it, the listener of another port.
    ``mending``: how its settings are changed.  ``alike``: the interfaces that share the nodes of
    one, itself among them.  ``faces``: part of a node that they share -> the field whose address
    tells which of them is meant.
    """

    name: str
    reads: tuple[type[Record], ...] = ()
    sections: tuple[Section, ...] = ()
    nodes: Mapping[str, Callable[[Lowering, str, str], tuple[Stage, ...]]] = field(
        default_factory=dict
    )
    slots: Mapping[str, Callable[[Lowering, str], tuple[Stage, ...]]] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    interface_types: tuple[str, ...] = ()
    interface_node: Callable[[Lowering, NetworkInterface], str | None] | None = None
    announce: Callable[[Lowering], Iterable[Route]] | None = None
    attached: Mapping[str, Callable[[Lowering, str, str], str | None]] = field(default_factory=dict)
    links: Callable[[Lowering], Iterable[Link]] | None = None
    uplinks: Callable[[Lowering, str], Iterable[Uplink]] | None = None
    joins: Callable[[Lowering], Iterable[Join]] | None = None
    group_sets: Callable[[Lowering], Iterable[tuple[str, frozenset[str]]]] | None = None
    telling: Callable[[Lowering, frozenset[str]], Iterable[str]] | None = None
    names: Callable[[Lowering], Iterable[tuple[str, str]]] | None = None
    ends: Mapping[str, Callable[[Lowering, str], End | None]] = field(default_factory=dict)
    places: Mapping[str, Callable[[Lowering, str], Visit | None]] = field(default_factory=dict)
    hosts: Callable[[Lowering, Sequence[NetworkInterface], str, Ranges | None], End] | None = None
    senders: Callable[[Lowering, NetworkInterface], tuple[Start, ...] | None] | None = None
    outside: Callable[[Lowering], Iterable[End]] | None = None
    openings: Callable[[Lowering], Iterable[Origin]] | None = None
    aliases: Callable[[Lowering, Ranges], Ranges] | None = None
    by_address_only: tuple[str, ...] = ()
    fronts: Callable[[Lowering], Iterable[tuple[Ranges, str]]] | None = None
    unseen: Callable[[Lowering, Ranges], Origin | None] | None = None
    lint: Callable[[Lowering], Iterable[Diagnostic]] | None = None
    label: Callable[[Lowering, str, str, Header], tuple[str, str] | None] | None = None
    besides: Callable[[Lowering, Denial], Iterable[Origin]] | None = None
    mending: Mending | None = None
    receivers: Callable[[Lowering, Sequence[NetworkInterface]], Mapping[str, Ranges]] | None = None
    alike: Callable[[Lowering, str], Sequence[NetworkInterface]] | None = None
    faces: Mapping[str, str] = field(default_factory=dict)
