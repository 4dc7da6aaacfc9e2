"""Entries of network ACLs: added, replaced and deleted.

Takes an ACL's id and an entry; gives the changed snapshot and the call.
Implements: R-NACL-2
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from msgspec.structs import replace as changed

from reach.changes.call import Call
from reach.changes.edit import breadth, the, with_record
from reach.changes.setting import ChangeOf
from reach.network.field import format_protocol
from reach.snapshot.records import NetworkAcl, NetworkAclEntry
from reach.snapshot.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class AclEntry:
    """An entry of an ACL; ``shown`` says what it is for, in words."""

    resource: str
    name: str
    entry: NetworkAclEntry
    shown: str

    @property
    def direction(self) -> str:
        return "outbound" if self.entry.egress else "inbound"

    @property
    def where(self) -> str:
        return f"{self.direction} rule {self.entry.rule_number}"

    def is_at(self, other: NetworkAclEntry) -> bool:
        """Whether another entry has its number and direction: that is its key."""
        mine = (self.entry.rule_number, self.entry.egress)
        return mine == (other.rule_number, other.egress)

    def written(self, verb: str) -> Call:
        return Call(
            f"{verb}NetworkAclEntry", {"NetworkAclId": self.resource, **_printed(self.entry)}
        )


@dataclass(frozen=True, slots=True)
class AddEntry(ChangeOf[AclEntry]):
    """An ACL gets an entry, under a number that is free."""

    redirects: ClassVar[bool] = False

    @property
    def words(self) -> str:
        return f"add {self.setting.where}: {self.setting.entry.rule_action} {self.setting.shown}"

    @property
    def call(self) -> Call:
        return self.setting.written("Create")

    def apply(self, snapshot: Snapshot) -> Snapshot:
        return _with(snapshot, self.setting, add=True)


@dataclass(frozen=True, slots=True)
class ReplaceEntry(ChangeOf[AclEntry]):
    """An entry of an ACL becomes another one of the same number."""

    redirects: ClassVar[bool] = True

    @property
    def words(self) -> str:
        return f"make {self.setting.where} {self.setting.entry.rule_action} {self.setting.shown}"

    @property
    def call(self) -> Call:
        return self.setting.written("Replace")

    def apply(self, snapshot: Snapshot) -> Snapshot:
        return _with(snapshot, self.setting, add=True)


@dataclass(frozen=True, slots=True)
class RemoveEntry(ChangeOf[AclEntry]):
    """An ACL loses an entry."""

    redirects: ClassVar[bool] = False

    @property
    def breadth(self) -> int:
        entry = self.setting.entry
        ports = (entry.port_range.from_port, entry.port_range.to_port) if entry.port_range else None
        return breadth(entry.protocol, ports, entry.cidr_block or entry.ipv6_cidr_block)

    @property
    def words(self) -> str:
        gone = self.setting
        return f"delete {gone.where}, which {gone.entry.rule_action}s {gone.shown}"

    @property
    def call(self) -> Call:
        parameters = {
            "NetworkAclId": self.setting.resource,
            "Egress": self.setting.entry.egress,
            "RuleNumber": self.setting.entry.rule_number,
        }
        return Call("DeleteNetworkAclEntry", parameters)

    def apply(self, snapshot: Snapshot) -> Snapshot:
        return _with(snapshot, self.setting, add=False)


def _with(snapshot: Snapshot, entry: AclEntry, *, add: bool) -> Snapshot:
    acl = the(snapshot, NetworkAcl, entry.resource)
    others = tuple(each for each in acl.entries if not entry.is_at(each))
    entries = (*others, entry.entry) if add else others
    return with_record(snapshot, acl.network_acl_id, changed(acl, entries=entries))


def _printed(entry: NetworkAclEntry) -> dict[str, Any]:
    """The entry as the API takes it.  The CLI takes the names of protocols as well."""
    told: dict[str, Any] = {
        "Egress": entry.egress,
        "RuleNumber": entry.rule_number,
        "Protocol": "-1" if entry.protocol == "-1" else format_protocol(int(entry.protocol)),
    }
    if told["Protocol"] == "icmpv6":
        told["Protocol"] = entry.protocol
    if entry.port_range is not None:
        told["PortRange"] = {"From": entry.port_range.from_port, "To": entry.port_range.to_port}
    if entry.icmp_type_code is not None:
        told["IcmpTypeCode"] = {
            "Type": entry.icmp_type_code.type,
            "Code": entry.icmp_type_code.code,
        }
    if entry.cidr_block:
        told["CidrBlock"] = entry.cidr_block
    if entry.ipv6_cidr_block:
        told["Ipv6CidrBlock"] = entry.ipv6_cidr_block
    return {**told, "RuleAction": entry.rule_action}
