"""Which group an end point is told in: by itself, its subnet, groups, tag, VPC or account.

    Grouping(ground, by).sources(starts)  .destinations(aim)  .groups  -> labels and Groups

Takes a lowered snapshot for who has which interface; gives labels for senders and
:class:`~reach.survey.candidates.Groups` for who can be reached.  What is no interface (the
internet, hosts on-premises) is a group of its own.  Must not know how a survey is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from urllib.parse import unquote

from reach.aim import Aim, Start
from reach.answer import EndPoint
from reach.errors import QuestionError
from reach.flood import whole
from reach.interfaces.classes import classes
from reach.lower import Ground
from reach.network.address import format_address
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.snapshot.index import private_addresses
from reach.snapshot.records import Instance, NetworkInterface
from reach.survey.candidates import Groups
from reach.survey.findings import Group
from reach.survey.parts import Parts
from reach.survey.senders import Labels

NOBODY_KNOWN = "whoever has that address"
_NOTHING = Ranges(())
_AT_ONCE = 1000
BY = ("endpoint", "subnet", "group", "vpc", "account", "tag:KEY")


class Grouping:
    """Labels for everybody in a snapshot.  Raises QuestionError if ``by`` is none of :data:`BY`."""

    def __init__(self, ground: Ground, by: str, whole: Ground | None = None) -> None:
        if by not in BY and not (by.startswith("tag:") and by[4:]):
            raise QuestionError(f"{by!r} is nothing to group by:", BY)
        self._ground = ground
        self._whole = ground if whole is None else whole
        self.by = by

    def sources(self, starts: Iterable[Start]) -> Iterator[tuple[Labels, Start]]:
        """Every start with its groups; one whose members are in several is split."""
        for start in starts:
            by_label = self._split(start.owner)
            if len(by_label) == 1:
                yield next(iter(by_label)), start
                continue
            for labels, addresses in by_label.items():
                space = start.space & HeaderSpace.where(source=addresses)
                if not space.is_empty:
                    yield labels, replace(start, space=space)

    def destinations(self, aim: Aim, reached: Iterable[str] | None) -> Groups:
        """Of everybody that an aim is about those who are reached (None: all), by group."""
        found: dict[str, dict[str, Ranges]] = {}
        for owner, space in _asked_about(aim, reached):
            ends = space.by_name.get("destination", whole("destination"))
            by_label = self._split(owner)
            for labels, addresses in by_label.items():
                met = ends if len(by_label) == 1 else ends & addresses
                for label in labels:
                    found.setdefault(label, {})[owner] = met
        return Groups(found, NOBODY_KNOWN if aim.goals is None else "")

    def group(self, label: str) -> Group:
        """A group by its label."""
        known = self._groups.get(label)
        if known is None:
            known = self._groups[label] = self._group(label)
        return known

    @cached_property
    def _groups(self) -> dict[str, Group]:
        return {}

    def _group(self, label: str) -> Group:
        behind = self._in(label)
        told = [(self._end_point(each), self._is_private(each)) for each in _each(behind)]
        members = tuple(member for member, _ in told)
        name = self._ground.name_of(label)
        words = f"{label} {name}".strip() if name and self.by != "endpoint" else label
        if self.by == "endpoint" and members:
            first = f"{members[0].resource} {members[0].name}".strip()
            words = first if len(members) == 1 else f"{first} and {len(members) - 1} alike"
        elif not behind and "/" in words:
            words = unquote(words.split("/")[0 if words.startswith("internet") else 1])
        return Group(label, words, members, bool(told) and all(is_so for _, is_so in told))

    def _is_private(self, interface: NetworkInterface) -> bool:
        """Whether it is in a private subnet (R-DEF-1)."""
        owner = self._owner(interface)
        known = self._known_private.get(owner)
        if known is None:
            known = self._known_private[owner] = owner in self._private
        return known

    @cached_property
    def _private(self) -> Mapping[str, HeaderSpace]:
        end = self._ground.end("private")
        return end.goals if end is not None and end.goals is not None else {}

    @cached_property
    def _known_private(self) -> dict[str, bool]:
        return {}

    # ---------------------------------------------------------------- who is in a group

    def _in(self, label: str) -> Sequence[NetworkInterface]:
        """The interfaces of a group."""
        index = self._ground.index
        match self.by:
            case "endpoint":
                return self._parts.members(label) or self._behind(label)
            case "subnet" if label in index.interfaces_by_subnet:
                return index.interfaces_by_subnet[label]
            case "vpc" if label in index.interfaces_by_vpc:
                return index.interfaces_by_vpc[label]
            case "group" if label in index.interfaces_by_group:
                return index.interfaces_by_group[label]
            case _:
                return self._labelled.get(label, ())

    @cached_property
    def _labelled(self) -> Mapping[str, tuple[NetworkInterface, ...]]:
        found: dict[str, list[NetworkInterface]] = {}
        for each in self._ground.index.interfaces:
            for label in self._labels(self._owner(each), each):
                found.setdefault(label, []).append(each)
        return {label: tuple(some) for label, some in found.items()}

    def _owner(self, interface: NetworkInterface) -> str:
        return self._ground.interface_node(interface).rpartition("/")[0]

    def _behind(self, owner: str) -> Sequence[NetworkInterface]:
        """The interfaces behind an owner of packets."""
        if owner in self._services:
            return self._services[owner]
        return self._ground.behind(owner)

    @cached_property
    def _services(self) -> Mapping[str, tuple[NetworkInterface, ...]]:
        found: dict[str, list[NetworkInterface]] = {}
        for interface in classes(self._ground).services():
            found.setdefault(self._owner(interface), []).append(interface)
        return {owner: tuple(some) for owner, some in found.items()}

    @property
    def _are_told_together(self) -> bool:
        """Whether hosts that share an owner are in the same groups: they are of one subnet, and in
        a network that is no slice they have the same groups (``kinds``)."""
        of_class = ("subnet", "vpc", "account", "group")
        return self.by in (of_class[:3] if self._whole is not self._ground else of_class)

    @cached_property
    def _parts(self) -> Parts:
        return Parts(self._whole)

    def _split(self, owner: str) -> Mapping[Labels, Ranges]:
        """An owner's members by their labels, with the addresses of each part if there are some."""
        parts = self._parted(owner)
        if len(parts) == 1:
            return dict.fromkeys(parts, _NOTHING)
        return {
            labels: Ranges.of(*(own for each in some for own in private_addresses(each)))
            for labels, some in parts.items()
        }

    def _parted(self, owner: str) -> Mapping[Labels, Sequence[NetworkInterface]]:
        members = self._behind(owner)
        if not members:
            return {(owner,): ()}
        if owner not in self._services and self._are_told_together:
            return {self._labels(owner, members[0]): members}
        if self.by == "endpoint":
            parts = self._parts.split(owner, members)
            return {(label,): some for label, some in parts.items()}
        found: dict[Labels, list[NetworkInterface]] = {}
        for each in members:
            found.setdefault(self._labels(owner, each), []).append(each)
        return found

    def _labels(self, owner: str, interface: NetworkInterface) -> Labels:
        """The groups that an interface is in; one that is in none says so."""
        match self.by:
            case "endpoint":
                return (self._parts.label(interface),)
            case "subnet":
                return (interface.subnet_id or "no subnet",)
            case "vpc":
                return (interface.vpc_id or "no VPC",)
            case "account":
                return (self._ground.snapshot.account_of(interface) or "no account",)
            case "group":
                return tuple(each.group_id for each in interface.groups) or ("no group",)
            case _:
                return (self._tag(interface),)

    def _tag(self, interface: NetworkInterface) -> str:
        """The value of a tag of the instance, or else of the interface itself."""
        key = self.by[4:]
        instance_id = interface.attachment.instance_id if interface.attachment else None
        instance = self._ground.snapshot.get(Instance, instance_id) if instance_id else None
        for record in (instance, interface):
            for tag in record.tags if record is not None else ():
                if tag.key == key:
                    return f"{key}={tag.value}"
        return f"no {key}"

    def _end_point(self, interface: NetworkInterface) -> EndPoint:
        instance_id = interface.attachment.instance_id if interface.attachment else None
        resource = instance_id or interface.network_interface_id
        instance = self._ground.snapshot.get(Instance, instance_id) if instance_id else None
        known = instance if instance_id else interface
        # Nearly everybody's name is here; to ask every call for it takes long for very many.
        name = known.name if known is not None else ""
        addresses = tuple(format_address(each) for each in private_addresses(interface))
        return EndPoint(resource, name or self._ground.name_of(resource), addresses)


def _each(interfaces: Sequence[NetworkInterface]) -> Iterator[NetworkInterface]:
    """Some interfaces, of which very many are not kept: each is looked at once."""
    for at in range(0, len(interfaces), _AT_ONCE):
        yield from interfaces[at : at + _AT_ONCE]


def _asked_about(aim: Aim, reached: Iterable[str] | None) -> Iterable[tuple[str, HeaderSpace]]:
    """The owners that an aim is about, with where they are sent to; those that are reached."""
    if aim.goals is None:
        return dict.fromkeys(reached or (), ANYTHING).items()
    if reached is None:
        return aim.goals.items()
    return {owner: aim.goals[owner] for owner in reached if owner in aim.goals}.items()
