"""Rules of security groups: allowed and revoked.

Takes a group's id and one permission with one peer; gives the changed snapshot and the call.
Implements: R-SG-2
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from msgspec.structs import replace as changed

from reach.changes.call import Call
from reach.changes.edit import breadth, the, with_record
from reach.changes.setting import ChangeOf
from reach.snapshot.records import IpPermission, SecurityGroup
from reach.snapshot.snapshot import Snapshot

_PEERS = ("ip_ranges", "ipv6_ranges", "prefix_list_ids", "user_id_group_pairs")
_HAS = "cidr_ip", "cidr_ipv6", "prefix_list_id", "group_id"
_NAMES = "CidrIp", "CidrIpv6", "PrefixListId", "GroupId"
_LISTS = "IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"


@dataclass(frozen=True, slots=True)
class RuleOfGroup:
    """One permission of a group, with one peer; ``shown`` says it in words."""

    resource: str
    name: str
    egress: bool
    permission: IpPermission
    shown: str

    @property
    def direction(self) -> str:
        return "outbound" if self.egress else "inbound"

    def call(self, verb: str) -> Call:
        way = "Egress" if self.egress else "Ingress"
        parameters = {"GroupId": self.resource, "IpPermissions": [_printed(self.permission)]}
        return Call(f"{verb}SecurityGroup{way}", parameters)


@dataclass(frozen=True, slots=True)
class AllowRule(ChangeOf[RuleOfGroup]):
    """A group gets a rule."""

    redirects: ClassVar[bool] = False

    @property
    def words(self) -> str:
        return f"allow {self.setting.direction} {self.setting.shown}"

    @property
    def call(self) -> Call:
        return self.setting.call("Authorize")

    def apply(self, snapshot: Snapshot) -> Snapshot:
        rule, group = self.setting, the(snapshot, SecurityGroup, self.setting.resource)
        return _with(snapshot, group, rule.egress, (*_of(group, rule.egress), rule.permission))


@dataclass(frozen=True, slots=True)
class RevokeRule(ChangeOf[RuleOfGroup]):
    """A group loses a rule."""

    redirects: ClassVar[bool] = False

    @property
    def breadth(self) -> int:
        permission = self.setting.permission
        blocks = [each.cidr_ip for each in permission.ip_ranges]
        blocks += [each.cidr_ipv6 for each in permission.ipv6_ranges]
        ports = permission.from_port, permission.to_port
        return breadth(permission.ip_protocol, ports, blocks[0] if blocks else None)

    @property
    def words(self) -> str:
        return f"no longer allow {self.setting.direction} {self.setting.shown}"

    @property
    def call(self) -> Call:
        return self.setting.call("Revoke")

    def apply(self, snapshot: Snapshot) -> Snapshot:
        rule, group = self.setting, the(snapshot, SecurityGroup, self.setting.resource)
        left = (_less(each, rule.permission) for each in _of(group, rule.egress))
        kept = tuple(each for each in left if any(getattr(each, name) for name in _PEERS))
        return _with(snapshot, group, rule.egress, kept)


def single_peers(permission: IpPermission) -> list[tuple[str, IpPermission]]:
    """A permission peer by peer: what the peer is called, and the permission with it alone."""
    nothing = changed(permission, **dict.fromkeys(_PEERS, ()))
    found = []
    for listed, has in zip(_PEERS, _HAS, strict=True):
        for peer in getattr(permission, listed):
            shown = getattr(peer, has)
            if shown:
                found.append((shown, changed(nothing, **{listed: (peer,)})))
    return found


def _of(group: SecurityGroup, egress: bool) -> tuple[IpPermission, ...]:
    return group.ip_permissions_egress if egress else group.ip_permissions


def _with(
    snapshot: Snapshot, group: SecurityGroup, egress: bool, rules: tuple[IpPermission, ...]
) -> Snapshot:
    listed = "ip_permissions_egress" if egress else "ip_permissions"
    return with_record(snapshot, group.group_id, changed(group, **{listed: rules}))


def _less(permission: IpPermission, gone: IpPermission) -> IpPermission:
    """The permission without the peers of another one that is for the same packets."""
    if _packets(permission) != _packets(gone):
        return permission
    left = {
        name: tuple(peer for peer in getattr(permission, name) if peer not in getattr(gone, name))
        for name in _PEERS
    }
    return changed(permission, **left)


def _packets(permission: IpPermission) -> tuple[str, int | None, int | None]:
    return permission.ip_protocol, permission.from_port, permission.to_port


def _printed(permission: IpPermission) -> dict[str, Any]:
    """The permission as the API takes it."""
    told: dict[str, Any] = {"IpProtocol": permission.ip_protocol}
    if permission.from_port is not None:
        told["FromPort"] = permission.from_port
    if permission.to_port is not None:
        told["ToPort"] = permission.to_port
    for listed, has, name, key in zip(_PEERS, _HAS, _NAMES, _LISTS, strict=True):
        peers = getattr(permission, listed)
        if peers:
            told[key] = [{name: getattr(peer, has), **_owner(peer)} for peer in peers]
    return told


def _owner(peer: object) -> dict[str, str]:
    """Whose group it is, which a group of another account needs."""
    user = getattr(peer, "user_id", None)
    return {"UserId": user} if user else {}
