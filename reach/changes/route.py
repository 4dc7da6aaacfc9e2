"""Routes of route tables: created, replaced and deleted.

Takes a table's id and a route; gives the changed snapshot and the call.
Implements: R-RT-3
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msgspec.structs import replace as changed

from reach.changes.call import Call
from reach.changes.edit import breadth, the, with_record
from reach.changes.setting import ChangeOf
from reach.snapshot.records import Route, RouteTable
from reach.snapshot.snapshot import Snapshot

_STATIC = "CreateRoute"


@dataclass(frozen=True, slots=True)
class TableRoute:
    """A destination (a CIDR or a prefix list) of a table, and where it leads.

    ``field`` is the route's attribute that names the ``target``.
    """

    resource: str
    name: str
    destination: str
    field: str
    target: str

    @property
    def key(self) -> dict[str, str]:
        """The table and the destination, as the API takes them."""
        return {"RouteTableId": self.resource, _pascal(_destination(self.destination)): self.shown}

    @property
    def shown(self) -> str:
        return self.destination

    @property
    def record(self) -> Route:
        told = {_destination(self.destination): self.destination, self.field: self.target}
        return Route(**told, origin=_STATIC, state="active")

    def written(self, verb: str) -> Call:
        # A Gateway Load Balancer endpoint is printed as a gateway and given by a name of its own.
        is_endpoint = self.target.startswith("vpce-")
        name = "VpcEndpointId" if is_endpoint else _pascal(self.field)
        return Call(f"{verb}Route", {**self.key, name: self.target})


@dataclass(frozen=True, slots=True)
class AddRoute(ChangeOf[TableRoute]):
    """A table gets a route to a destination that it has none for."""

    redirects: ClassVar[bool] = True

    @property
    def words(self) -> str:
        return f"route {self.setting.destination} to {self.setting.target}"

    @property
    def call(self) -> Call:
        return self.setting.written("Create")

    def apply(self, snapshot: Snapshot) -> Snapshot:
        return _with(snapshot, self.setting, add=True)


@dataclass(frozen=True, slots=True)
class ReplaceRoute(ChangeOf[TableRoute]):
    """A route of a table leads elsewhere; ``before`` says where it led."""

    redirects: ClassVar[bool] = True
    before: str

    @property
    def words(self) -> str:
        return f"route {self.setting.destination} to {self.setting.target}, not to {self.before}"

    @property
    def call(self) -> Call:
        return self.setting.written("Replace")

    def apply(self, snapshot: Snapshot) -> Snapshot:
        return _with(snapshot, self.setting, add=True)


@dataclass(frozen=True, slots=True)
class RemoveRoute(ChangeOf[TableRoute]):
    """A table loses a route."""

    redirects: ClassVar[bool] = True

    @property
    def breadth(self) -> int:
        return breadth("-1", None, self.setting.destination)

    @property
    def words(self) -> str:
        return f"delete the route {self.setting.destination} to {self.setting.target}"

    @property
    def call(self) -> Call:
        return Call("DeleteRoute", self.setting.key)

    def apply(self, snapshot: Snapshot) -> Snapshot:
        return _with(snapshot, self.setting, add=False)


def is_static(route: Route) -> bool:
    """Whether somebody created it, so that one can replace and delete it; not a local route."""
    return route.origin in (_STATIC, None, "") and route.gateway_id != "local"


def destination_of(route: Route) -> str:
    return (
        route.destination_cidr_block
        or route.destination_ipv6_cidr_block
        or route.destination_prefix_list_id
        or ""
    )


def _with(snapshot: Snapshot, route: TableRoute, *, add: bool) -> Snapshot:
    table = the(snapshot, RouteTable, route.resource)
    others = tuple(
        each
        for each in table.routes
        if destination_of(each) != route.destination or not is_static(each)
    )
    routes = (*others, route.record) if add else others
    return with_record(snapshot, table.route_table_id, changed(table, routes=routes))


def _destination(text: str) -> str:
    if text.startswith("pl-"):
        return "destination_prefix_list_id"
    return "destination_ipv6_cidr_block" if ":" in text else "destination_cidr_block"


def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
