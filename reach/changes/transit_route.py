"""Static routes of transit gateway route tables: created and deleted, and associations with them.

Takes a table's id, a destination and an attachment; gives the changed snapshot and the call.
Implements: R-TGW-3 R-TGW-4
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msgspec.structs import replace as changed

from reach.changes.call import Call
from reach.changes.edit import breadth, with_record
from reach.changes.setting import ChangeOf
from reach.snapshot.snapshot import Snapshot
from reach.snapshot.transit_records import (
    TransitGatewayAssociation,
    TransitGatewayAttachment,
    TransitGatewayRoute,
    TransitGatewayRouteAttachment,
    TransitGatewayRoutes,
    TransitGatewayStaticRoutes,
    TransitGatewayTableAssociation,
    TransitGatewayTableAssociations,
)


@dataclass(frozen=True, slots=True)
class TransitRoute:
    """A destination of a table, and the attachment of what ``leads_to`` that it goes out by."""

    resource: str
    name: str
    destination: str
    attachment: str
    leads_to: str = ""
    kind: str = "vpc"

    @property
    def key(self) -> dict[str, str]:
        return {
            "DestinationCidrBlock": self.destination,
            "TransitGatewayRouteTableId": self.resource,
        }

    @property
    def shown(self) -> str:
        leads_to = f" ({self.leads_to})" if self.leads_to else ""
        return f"{self.destination} to {self.attachment}{leads_to}"

    @property
    def record(self) -> TransitGatewayRoute:
        through = TransitGatewayRouteAttachment(self.attachment, self.leads_to, self.kind)
        return TransitGatewayRoute(self.destination, None, (through,), "static", "active")


@dataclass(frozen=True, slots=True)
class AddTransitRoute(ChangeOf[TransitRoute]):
    """A transit gateway's table gets a static route, or another one for a destination it has."""

    redirects: ClassVar[bool] = True
    replaces: bool = False

    @property
    def words(self) -> str:
        return f"route {self.setting.shown}"

    @property
    def call(self) -> Call:
        attachment = {"TransitGatewayAttachmentId": self.setting.attachment}
        verb = "Replace" if self.replaces else "Create"
        return Call(f"{verb}TransitGatewayRoute", {**self.setting.key, **attachment})

    def apply(self, snapshot: Snapshot) -> Snapshot:
        return _with(snapshot, self.setting, add=True)


@dataclass(frozen=True, slots=True)
class RemoveTransitRoute(ChangeOf[TransitRoute]):
    """A transit gateway's table loses a static route."""

    redirects: ClassVar[bool] = True

    @property
    def breadth(self) -> int:
        return breadth("-1", None, self.setting.destination)

    @property
    def words(self) -> str:
        return f"delete the static route {self.setting.shown}"

    @property
    def call(self) -> Call:
        return Call("DeleteTransitGatewayRoute", self.setting.key)

    def apply(self, snapshot: Snapshot) -> Snapshot:
        return _with(snapshot, self.setting, add=False)


@dataclass(frozen=True, slots=True)
class AssociateTransitTable:
    """An attachment that is associated with no table of its gateway is, with this one."""

    attachment: str
    gateway: str
    table_id: str
    name: str = ""

    redirects: ClassVar[bool] = True

    @property
    def resource(self) -> str:
        return self.attachment

    @property
    def words(self) -> str:
        return f"associate with {self.table_id}"

    @property
    def call(self) -> Call:
        parameters = {
            "TransitGatewayRouteTableId": self.table_id,
            "TransitGatewayAttachmentId": self.attachment,
        }
        return Call("AssociateTransitGatewayRouteTable", parameters)

    def apply(self, snapshot: Snapshot) -> Snapshot:
        """As both calls print it that tell of associations."""
        key = f"{self.attachment} {self.gateway}"
        attachment = snapshot.get(TransitGatewayAttachment, key)
        if attachment is not None:
            told = TransitGatewayAssociation(self.table_id, None, "associated")
            snapshot = with_record(snapshot, key, changed(attachment, association=told))
        listed = snapshot.get(TransitGatewayTableAssociations, self.table_id)
        if listed is not None:
            kind = attachment.resource_type if attachment is not None else "vpc"
            resource = attachment.resource_id if attachment is not None else ""
            new = TransitGatewayTableAssociation(self.attachment, resource, kind, "associated")
            more = changed(listed, associations=(*listed.associations, new))
            snapshot = with_record(snapshot, self.table_id, more)
        return snapshot


def _with(snapshot: Snapshot, route: TransitRoute, *, add: bool) -> Snapshot:
    """Both answers that may list the table's routes."""
    every = snapshot.get(TransitGatewayRoutes, route.resource)
    static = snapshot.get(TransitGatewayStaticRoutes, route.resource)
    for answer in (every, static):
        if answer is None:
            continue
        others = tuple(
            each
            for each in answer.routes
            if each.destination_cidr_block != route.destination or each.type != "static"
        )
        routes = (*others, route.record) if add else others
        snapshot = with_record(snapshot, route.resource, changed(answer, routes=routes))
    return snapshot
