"""Which way a recorded probe takes, read off the lab: what an edit must touch to be on it.

    way_of(lab, probe) -> Way, or None where it is not plain

Only ways that are plain: one route at the source, no appliance, no second translation.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from tests.edits.lab import Interface, Item, Lab, Probe, routes_towards, target

INTERNET = "8.8.8.8"


@dataclass(frozen=True)
class Way:
    """A probe on its way.

    ``kind`` is neighbour (one subnet), local (one VPC), peering, transit, outbound (to a public
    address by an internet gateway), nat (by a NAT gateway) or inbound (from the internet).
    ``source`` is None for the internet, ``destination`` for one that is not in the lab; ``route``
    is what the source's table has for the destination, None where no table is asked.
    """

    lab: Lab
    probe: Probe
    kind: str
    source: Interface | None
    destination: Interface | None
    route: Item | None

    @property
    def is_direct(self) -> bool:
        """Whether an instance of the lab gets the packet as it left another one."""
        kinds = ("neighbour", "local", "peering", "transit")
        return self.kind in kinds and _is_host(self.destination)

    @property
    def leaves_a_subnet(self) -> bool:
        return self.kind != "neighbour"

    @property
    def to_balancer(self) -> bool:
        return self.destination is not None and self.destination.kind == "network_load_balancer"


_KINDS = {"pcx-": "peering", "tgw-": "transit", "igw-": "outbound", "nat-": "nat"}


def way_of(lab: Lab, probe: Probe) -> Way | None:
    source, destination = lab.interface(probe.source), lab.interface(probe.destination)
    if probe.source == probe.destination or (source is None) is not (probe.source == INTERNET):
        return None
    if source is None:
        public = destination is not None and probe.destination == destination.public
        return Way(lab, probe, "inbound", None, destination, None) if public else None
    if not _is_host(source) or probe.source != source.address:
        return None
    private = ip_address(probe.destination).is_private
    if private and destination is None:
        return None
    if private and destination and source.vpc == destination.vpc:
        kind = "neighbour" if source.subnet == destination.subnet else "local"
        return Way(lab, probe, kind, source, destination, None)
    route = next(iter(routes_towards(lab.table(source.subnet), probe.destination)), None)
    kind = _KINDS.get(target(route)[:4], "") if route else ""
    if not kind or private is not (kind in ("peering", "transit")):
        return None
    return Way(lab, probe, kind, source, destination, route)


def _is_host(interface: Interface | None) -> bool:
    return interface is not None and interface.kind == "interface"
