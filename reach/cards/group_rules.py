"""The rules of a security group: what each allows, and what it can still do, proved.

    standing(group, direction, lines, proving)      removable(group, lines, proving)

A rule is *usable* if a packet gets past it into or out of a member: inbound, it comes as far as the
group; outbound, it arrives somewhere as well.  It is *shadowed* if other rules of the group allow
all that it allows (R-SG-1, R-SG-2: rules only allow, their order means nothing), *dead* if no
packet can come to it.  Replies need no rule (R-SG-22), so they make none usable.  Must not know
rendering.

Implements: R-SG-1 R-SG-2 R-SG-12 R-SG-18 R-SG-19 R-SG-22 R-SG-30
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from reach.cards.card import Line, Standing
from reach.cards.covering import Spaces, possible
from reach.cards.hidden import hidden_from_group, hidden_members
from reach.cards.proving import Proving, Question, refused, shadowed, used
from reach.cards.senders import Senders, everybody, of_interfaces
from reach.cards.watch import Decisions, watch
from reach.lower import Ground
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.stage import Action, Filter, Origin, Rule, Stage
from reach.snapshot.index import private_addresses
from reach.snapshot.lattice_records import ResourceGateway, ServiceNetworkVpcAssociation
from reach.snapshot.records import NetworkInterface, SecurityGroup, UserIdGroupPair

Union = tuple[HeaderSpace, ...]


@dataclass(frozen=True)
class Group:
    """A group with who is in it: interfaces, and ``holders`` that have none in a VPC."""

    ground: Ground
    record: SecurityGroup
    members: tuple[NetworkInterface, ...]
    holders: tuple[ServiceNetworkVpcAssociation | ResourceGateway, ...]

    @property
    def id(self) -> str:
        return self.record.group_id

    @property
    def vpcs(self) -> tuple[str, ...]:
        """R-SG-30: every VPC in which the group is, or is worn."""
        known = [self.record.vpc_id or "", *(each.vpc_id or "" for each in self.members)]
        known += [each.vpc_id for each in self.holders]
        return tuple(dict.fromkeys(filter(None, known)))

    def places(self, direction: str) -> tuple[str, ...]:
        """Where the group's rules may allow other packets than elsewhere: VPCs, and on the way out
        subnets (R-SG-19); of those where they allow the same, one."""
        found: dict[object, str] = {}
        for vpc in self.vpcs:
            for place in self._within(vpc) if direction == "outbound" else (vpc,):
                found.setdefault((vpc, self._filter(place, direction)), place)
        return tuple(found.values())

    def _within(self, vpc: str) -> tuple[str, ...]:
        """A VPC, unless it is interfaces alone that wear the group there: then their subnets."""
        own = [each.subnet_id for each in self.members if each.vpc_id == vpc]
        if not own or not all(own) or any(each.vpc_id == vpc for each in self.holders):
            return (vpc,)
        return tuple(f"{vpc}/{subnet}" for subnet in dict.fromkeys(own))

    def _filter(self, place: str, direction: str) -> tuple[Rule, ...]:
        slot = "groups.egress" if direction == "outbound" else "groups.ingress"
        stages = self.ground.slot(slot, f"{self.id} {place} {self.id}")
        return tuple(rule for each in stages if isinstance(each, Filter) for rule in each.rules)

    def rules(self, place: str, direction: str) -> Mapping[str, list[Rule]]:
        """The group's rules as they are in a place, by where in the group they come from."""
        found: dict[str, list[Rule]] = {}
        for rule in self._filter(place, direction):
            found.setdefault(rule.origin.locator, []).append(rule)
        return found

    def permits(self, place: str, direction: str) -> dict[str, Union]:
        """What each rule allows in a place; nothing if all that it names are nobody there."""
        return {
            key: tuple(
                rule.match
                for rule in rules
                if rule.action is Action.PERMIT and not rule.match.is_empty
            )
            for key, rules in self.rules(place, direction).items()
        }

    def spaces(self, direction: str) -> dict[str, Union]:
        """What each rule allows in any of the places."""
        found: dict[str, dict[HeaderSpace, None]] = {}
        for place in self.places(direction):
            for key, spaces in self.permits(place, direction).items():
                found.setdefault(key, {}).update(dict.fromkeys(spaces))
        return {key: tuple(spaces) for key, spaces in found.items()}


def standing(
    group: Group, direction: str, lines: Mapping[str, Line], proving: Proving
) -> dict[str, Line]:
    """The lines of a direction with their standing."""
    own = {key: line for key, line in lines.items() if line.direction == direction}
    spaces = group.spaces(direction)
    at_once = {key: _at_once(group, line, spaces.get(key, ())) for key, line in own.items()}
    settled = {key: line for key, line in at_once.items() if line is not None}
    left = {key: line for key, line in own.items() if key not in settled}
    covers = _covers(group, direction, left, proving)
    told = _used(group, direction, left, {key: spaces[key] for key in left}, proving)
    settled |= {key: shadowed(line, covers.get(key)) for key, line in told.items()}
    return {key: settled[key] for key in own}


# ------------------------------------------------------------------- what needs no network


def _at_once(group: Group, line: Line, spaces: Union) -> Line | None:
    """Nobody is in the group, or whom the rule names is nobody, or is not known."""
    if not group.members and not group.holders:
        hidden = hidden_members(group.ground, group.record)
        return _unless(line, "nobody is in this group", hidden)
    places, direction = group.places(line.direction), line.direction
    rules = [r for place in places for r in group.rules(place, direction).get(line.key, ())]
    for rule in rules:
        if rule.action is Action.DOUBT:
            return line.stands(Standing.UNDECIDED, rule.origin.words)
    if not spaces:
        return _of_nobody(group, line, rules)
    if not possible(spaces):
        return line.stands(Standing.DEAD, "no packet is like this: not of this IP version")
    return None


def _of_nobody(group: Group, line: Line, rules: Iterable[Rule]) -> Line:
    """R-SG-12, R-SG-18: the rule matches no one."""
    for rule in rules:
        if rule.action is Action.DENY:
            return line.stands(Standing.DEAD, rule.origin.words)
    pair = _pair(group.record, line.peer)
    if pair is None:
        return line.stands(Standing.DEAD, f"{line.peer} has no entries")
    if pair.peering_status not in (None, "", "active"):
        words = f"a stale reference: the peering to {line.peer} is {pair.peering_status}"
        return line.stands(Standing.DEAD, words)
    ground = group.ground
    named = ground.snapshot.get(SecurityGroup, line.peer)
    if named is None:
        words = f"{line.peer} is not in the snapshot: who is in it is not known"
        return line.stands(Standing.UNDECIDED, words)
    members = ground.index.interfaces_by_group.get(line.peer, ())
    homes = ", ".join(sorted({each.vpc_id or "" for each in members}))
    words = f"nobody is in {line.peer}"
    if homes:
        words = f"{line.peer} is worn only in {homes}, which nothing joins to this VPC for a rule"
    if line.direction == "outbound" and _is_joined(group, members):
        words = f"no way from a subnet of the group to who is in {line.peer} keeps group references"
    return _unless(line, words, hidden_members(ground, named))


def _is_joined(group: Group, members: Iterable[NetworkInterface]) -> bool:
    """Whether some members are where an outbound rule of the group may name them (R-SG-15)."""
    scopes = [group.ground.joined(vpc, outbound=True) for vpc in group.vpcs]
    return any(each.vpc_id in scope for each in members for scope in scopes)


def _pair(record: SecurityGroup, peer: str) -> UserIdGroupPair | None:
    permissions = (*record.ip_permissions, *record.ip_permissions_egress)
    pairs = (pair for permission in permissions for pair in permission.user_id_group_pairs)
    return next((pair for pair in pairs if pair.group_id == peer), None)


def _unless(line: Line, words: str, gaps: tuple[Origin, ...]) -> Line:
    """Dead, if nothing may be hidden."""
    return refused(line.stands(Standing.DEAD, words), gaps)


# ------------------------------------------------------------------- what others allow as well


def _covers(
    group: Group, direction: str, lines: Iterable[str], proving: Proving
) -> dict[str, tuple[str, ...]]:
    """The lines all of whose packets others allow, with these; it has to be so in every place."""
    found: dict[str, dict[str, None]] = {key: {} for key in lines}
    for place in group.places(direction):
        permits: Mapping[str, Spaces] = group.permits(place, direction)
        for key in list(found):
            others = {other: spaces for other, spaces in permits.items() if other != key}
            by = proving.covered(permits.get(key, ()), others)
            if by is None:
                del found[key]
            else:
                found[key] |= dict.fromkeys(by)
    return {key: tuple(by) for key, by in found.items() if by}


def removable(group: Group, lines: Mapping[str, Line], proving: Proving) -> tuple[str, ...]:
    """Shadowed lines that can go together: what then is left allows all that each allows.

    One after the other: those that went before were covered by what was left then, and so are
    still if what goes now is covered by the rest.
    """
    gone: list[str] = []
    for key, line in lines.items():
        if line.standing is Standing.SHADOWED:
            places = group.places(line.direction)
            kept = [group.permits(place, line.direction) for place in places]
            own = [permits.get(key, ()) for permits in kept]
            left = [
                {other: each for other, each in permits.items() if other not in (*gone, key)}
                for permits in kept
            ]
            pairs = zip(own, left, strict=True)
            if all(proving.covered(spaces, others) is not None for spaces, others in pairs):
                gone.append(key)
    return tuple(gone)


# ------------------------------------------------------------------- whether packets come


def _used(
    group: Group,
    direction: str,
    lines: Mapping[str, Line],
    spaces: Mapping[str, Union],
    proving: Proving,
) -> dict[str, Line]:
    if not lines:
        return {}
    watched = watch(group.ground.network, lambda stage: _decisions(stage, group.id, direction))
    hints = {key: _from_members(group.ground, spaces[key]) for key in lines}
    told = used(lines, spaces, watched, _questions(group, direction), proving, hints)
    return {key: _checked(group, line, spaces[key], proving) for key, line in told.items()}


def _from_members(ground: Ground, spaces: Union) -> Union:
    """The same, a group being told by the addresses of who is in it."""
    sets = ground.identities()
    found = []
    for space in spaces:
        numbers = space.by_name.get("identity")
        if numbers is not None:
            wanted = {sender for number, sender in sets.items() if number in numbers}
            own = (a for each in _worn(ground, wanted) for a in private_addresses(each))
            met = space & HeaderSpace.where(source=Ranges.of(*own))
            found.append(met.without("identity"))
        else:
            found.append(space)
    return tuple(found)


def _worn(
    ground: Ground, senders: Collection[tuple[str, frozenset[str]]]
) -> tuple[NetworkInterface, ...]:
    """The interfaces with one of these sets of groups in its VPC."""
    return tuple(
        each
        for each in ground.snapshot.records(NetworkInterface)
        if (each.vpc_id or "", frozenset(g.group_id for g in each.groups)) in senders
    )


def _decisions(stage: Stage, group_id: str, direction: str) -> Decisions | None:
    """What the group's rules decide in a filter of whoever wears it."""
    if not isinstance(stage, Filter) or not stage.session.startswith("security_group "):
        return None
    made = tuple(
        ((rule.origin.locator,), rule.match)
        for rule in stage.rules
        if rule.origin.resource == group_id
        and rule.action is Action.PERMIT
        and rule.origin.locator.startswith(direction)
    )
    return Decisions(made) if made else None


def _questions(group: Group, direction: str) -> Iterator[Question]:
    """Whose flows are asked for: those that members send, those to them, those that pass them."""
    ground = group.ground
    end = ground.end(group.id)
    outbound = direction == "outbound"
    if outbound and group.members:
        yield Question(of_interfaces(ground, group.members), None, delivered=True)
    if end is not None and end.addresses and (end.passing or not outbound):
        yield Question(everybody(ground), ground.aliases(end.addresses), delivered=outbound)
    if group.holders or any(not each.source_dest_check for each in group.members):
        yield Question(everybody(ground), None, delivered=outbound, anywhere=True)


def _checked(group: Group, line: Line, spaces: Union, proving: Proving) -> Line:
    """A dead line with its reason, unless something may be hidden."""
    hidden = hidden_from_group(group.ground, group.record, group.members, line.direction, spaces)
    settled = refused(line, hidden)
    if settled.standing is not Standing.DEAD:
        return settled
    return _because(group, line, spaces, proving)


def _because(group: Group, line: Line, spaces: Union, proving: Proving) -> Line:
    """Why no packet comes: nobody sends one, or what stands in the way."""
    ground = group.ground
    if line.direction == "outbound":
        senders = of_interfaces(ground, group.members)
        return replace(line, reason=proving.what_stops(senders, spaces, None))
    senders = _who_may(ground, spaces)
    if not senders.starts:
        words = f"nobody sends from {line.peer}: no interface, no host outside that can be seen"
        return replace(line, reason=words)
    return replace(line, reason=proving.what_stops(senders, spaces, ground.end(group.id)))


def _who_may(ground: Ground, spaces: Union) -> Senders:
    """The senders whom a rule may mean: by the group that they are in, or by address."""
    sets = ground.identities()
    meant = [space.by_name["identity"] for space in spaces if "identity" in space.by_name]
    if meant:
        wanted = {sender for number, sender in sets.items() if any(number in m for m in meant)}
        return of_interfaces(ground, _worn(ground, wanted))
    senders = everybody(ground)
    sources = [HeaderSpace.where(source=space.by_name.get("source")) for space in spaces]
    able = tuple(
        replace(start, space=start.space & source)
        for source in sources
        for start in senders.starts
        if start.space.overlaps(source)
    )
    return replace(senders, starts=able)
