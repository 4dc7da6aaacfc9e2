"""Block Public Access as the calls tell it: which modes may be in force where.

Takes an index; gives, for a subnet or a VPC, the modes of which one is in force there: a single one
where the calls agree and tell all.  The options are an account's in a Region, and those of the
owner count (R-BPA-1, R-BPA-2); exclusions of a VPC are its subnets' too (R-BPA-5).  What
describe-vpcs and describe-subnets show of a place is the mode that is left there.  Says which modes
there may be; must not know what they do to a packet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import cast

from reach.snapshot.index import Index
from reach.snapshot.record import Id, Part, Record, Scope, Tagged
from reach.snapshot.records import Subnet, Vpc

OFF, INGRESS, BOTH = "off", "block-ingress", "block-bidirectional"
# What an allow-egress exclusion makes of block-bidirectional (U-2).
EGRESS = "block-bidirectional with an allow-egress exclusion"
_EVERY = frozenset((OFF, INGRESS, BOTH))
_EXCLUSION_MODES = ("allow-egress", "allow-bidirectional")
# AWS: VpcBlockPublicAccessExclusion.  One that is being made does not count yet; of one that is
# being changed or taken away it is not told what counts.
_COUNTS = ("create-complete", "update-complete", "")
_CHANGES = ("update-in-progress", "update-failed", "delete-in-progress", "disable-in-progress")
_SETTLED, _CHANGING = ("default-state", "update-complete", ""), "update-in-progress"
_ALLOWED = ("allowed", "not-allowed", "")
# "us-east-1-bos-1a": named after a place outside the Region's own zones.
_LOCAL_ZONE = re.compile(r"[a-z]+(?:-[a-z]+)+-\d+-.+")


class PublicAccessOptions(Part, frozen=True):
    aws_account_id: str = ""
    aws_region: str = ""
    state: str = ""
    internet_gateway_block_mode: str = OFF
    exclusions_allowed: str = "allowed"

    @property
    def strange_words(self) -> Iterator[str]:
        """What AWS does not have of a state, or of whether there may be exclusions."""
        if self.state not in (*_SETTLED, _CHANGING):
            yield self.state
        if self.exclusions_allowed not in _ALLOWED:
            yield self.exclusions_allowed


class VpcBlockPublicAccessOptions(Record, frozen=True):
    """The answer as a whole: one object for an account and Region."""

    vpc_block_public_access_options: PublicAccessOptions

    @property
    def scope(self) -> Scope:
        told = self.vpc_block_public_access_options
        return Scope(told.aws_account_id or self.page.account, told.aws_region or self.page.region)

    @property
    def key(self) -> str:
        return "/".join(self.scope)


class VpcBlockPublicAccessExclusion(Tagged, frozen=True):
    exclusion_id: Id
    resource_arn: str = ""
    internet_gateway_exclusion_mode: str = ""
    state: str = ""

    @property
    def excludes(self) -> str:
        """The VPC or subnet that its ARN names."""
        return self.resource_arn.rpartition("/")[2]


# ------------------------------------------------------------------- which modes may be in force


@dataclass(frozen=True)
class Account:
    """What calls tell of the owner of a VPC in its Region.

    ``told`` are the modes of its options (none: the call was not made), ``shown`` what its VPCs and
    subnets show, ``exclusions`` those of it by what they exclude (None: not known), ``odd``
    a word of its options that AWS does not have.
    """

    told: frozenset[str]
    shown: frozenset[str]
    exclusions: Mapping[str, tuple[VpcBlockPublicAccessExclusion, ...]] | None
    odd: str = ""

    @property
    def is_off(self) -> bool:
        """Whether nothing speaks of any mode but off."""
        if (self.told | self.shown) - {OFF, ""}:
            return False
        return bool(self.told) or "" not in self.shown or not self.exclusions


def _owner(index: Index, holder: Vpc | Subnet) -> Scope:
    owner = holder.owner_id or index.snapshot.account_of(holder)
    return Scope(owner, index.snapshot.region_of(holder))


def _same(one: Scope, other: Scope) -> bool:
    """Whether two scopes are one, as far as both say which they are."""
    return all(not a or not b or a == b for a, b in zip(one, other, strict=True))


def account_of(index: Index, vpc: Vpc) -> Account:
    """The owner of a VPC, read once for each Region."""
    scope = _owner(index, vpc)
    derived, key = index.snapshot.derived, f"public access {'/'.join(scope)}"
    known = derived.get(key)
    if not isinstance(known, Account):
        known = derived[key] = _read(index, scope)
    return known


def _read(index: Index, scope: Scope) -> Account:
    snapshot = index.snapshot
    answers = [
        answer.vpc_block_public_access_options
        for answer in snapshot.records(VpcBlockPublicAccessOptions)
        if _same(answer.scope, scope)
    ]
    told: frozenset[str] = frozenset()
    odd = next((word for each in answers for word in each.strange_words), "")
    for each in answers:
        # The mode that was in force before may be any.
        changing = each.state not in _SETTLED
        told |= _EVERY if changing else {each.internet_gateway_block_mode}
    shown = {
        mode for whose, modes in _shown(index).items() if _same(whose, scope) for mode in modes
    }
    allowed = {each.exclusions_allowed for each in answers}
    if allowed == {"not-allowed"}:
        return Account(told, frozenset(shown), {})
    if not allowed <= set(_ALLOWED):
        return Account(told, frozenset(shown), None, odd)
    kind = VpcBlockPublicAccessExclusion
    if not snapshot.has(kind, *scope) or snapshot.is_cut_short(kind, scope):
        return Account(told, frozenset(shown), None, odd)
    found: dict[str, tuple[VpcBlockPublicAccessExclusion, ...]] = {}
    for exclusion in snapshot.records(kind):
        found[exclusion.excludes] = (*found.get(exclusion.excludes, ()), exclusion)
    return Account(told, frozenset(shown), found, odd)


def _shown(index: Index) -> Mapping[Scope, Set[str]]:
    """What VPCs and subnets show, by whose they are; they are looked at once."""
    derived, key = index.snapshot.derived, "public access shown"
    if key not in derived:
        found: dict[Scope, set[str]] = {}
        holders: tuple[Vpc | Subnet, ...]
        holders = (*index.snapshot.records(Vpc), *index.snapshot.records(Subnet))
        for each in holders:
            found.setdefault(_owner(index, each), set()).add(shown_by(each))
        derived[key] = found
    return cast("Mapping[Scope, Set[str]]", derived[key])


def shown_by(holder: Vpc | Subnet) -> str:
    """The mode that a VPC or subnet shows as its own; '' if it shows none."""
    states = holder.block_public_access_states
    return (states.internet_gateway_block_mode if states else None) or ""


def _in_force(account: Account, shown: str) -> frozenset[str]:
    """The modes of the account, before exclusions; ``shown`` is what the place itself shows."""
    if account.told:
        # Two calls that contradict each other: the place is blocked, the account is off.
        return account.told | ({shown} if account.told == {OFF} and shown else frozenset())
    if shown:
        return frozenset((shown,))
    hinted = account.exclusions or account.shown - {OFF, ""}
    return _EVERY if hinted else frozenset((OFF,))


def modes_at(index: Index, vpc: Vpc, subnet: Subnet | None) -> frozenset[str]:
    """What may be in force for interfaces of a subnet, or for a VPC as such."""
    account = account_of(index, vpc)
    shown = shown_by(subnet or vpc) or shown_by(vpc)
    ids = [vpc.vpc_id, *([subnet.subnet_id] if subnet else [])]
    modes: frozenset[str] = frozenset()
    for mode in _in_force(account, shown):
        left = _left(account, mode, ids)
        # What a place shows counts its exclusions already, as far as AWS says.
        modes |= left if account.told else left | {mode}
    if subnet is not None and INGRESS in modes and _in_local_zone(index, subnet):
        # R-BPA-8: it is not supported there, and what that means no page read says.
        modes |= _EVERY
    return modes


def _left(account: Account, mode: str, ids: Iterable[str]) -> frozenset[str]:
    """What the exclusions of a place (those of its VPC are its own) may leave of a mode."""
    if mode == OFF:
        return frozenset((OFF,))
    weaker = EGRESS if mode == BOTH else mode
    if account.exclusions is None:
        return frozenset((mode, weaker, OFF))
    left: set[str] = set()
    for each in (e for name in ids for e in account.exclusions.get(name, ())):
        if each.state in (*_COUNTS, *_CHANGES):
            egress = each.internet_gateway_exclusion_mode == "allow-egress"
            left.add(weaker if egress else OFF)
        known = each.internet_gateway_exclusion_mode in _EXCLUSION_MODES
        if each.state in _CHANGES or not known:
            left |= {mode, weaker, OFF}
    return frozenset(left or {mode})


def modes_past_firewall(index: Index, vpc: Vpc, subnet: Subnet) -> frozenset[str]:
    """What may be in force past a firewall's endpoint in a subnet (R-BPA-6).

    An exclusion of the subnet does not help.  Whether one of the whole VPC does, and what
    block-ingress does to what a NAT gateway opened, no page read says.
    """
    account = account_of(index, vpc)
    own = shown_by(subnet) or shown_by(vpc)
    # A place that shows off may be an excluded one.
    shown = {own} if own not in ("", OFF) else account.shown | {own}
    modes: set[str] = set()
    for mode in frozenset[str]().union(*(_in_force(account, each) for each in shown)):
        modes.add(mode)
        if mode != OFF:
            modes.add(BOTH)
            if account.exclusions is None or account.exclusions.get(vpc.vpc_id):
                modes.add(OFF)
    return frozenset(modes)


def _in_local_zone(index: Index, subnet: Subnet) -> bool:
    zone = index.zone_of(subnet.subnet_id)
    named = _LOCAL_ZONE.fullmatch(subnet.availability_zone or "") is not None
    return named or index.parent_zone(zone) != zone
