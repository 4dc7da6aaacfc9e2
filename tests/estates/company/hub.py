"""The network account: transit gateways, inspection, egress, the firewall and the company's lines.

Every route table of a transit gateway is written as a search for all its routes prints it, beside
what propagates into it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.estate import Id
from tests.estates.company.place import NETWORK, US, Company, Spoke
from tests.estates.company.spokes import America, Spokes
from tests.estates.firewall import Firewall, firewall, five_tuples, policy, stateful
from tests.estates.private import (
    associate,
    connection,
    customer_gateway,
    dx_gateway,
    virtual_interface,
)
from tests.estates.transit import attach, attachment, found, peer, propagate, table, transit_gateway

FRANKFURT, DUBLIN, CORK = "10.200.0.0/16", "10.210.0.0/16", "10.211.0.0/16"
EUROPE, AMERICA = "10.16.0.0/12", "10.32.0.0/12"


@dataclass
class Hub:
    """Gateways, with their tables by name; the VPCs in between; the attachments by name."""

    eu: Id
    us: Id
    inspection: Spoke
    egress: Spoke
    fire: Firewall
    tables: dict[str, Id] = field(default_factory=dict)
    attached: dict[str, Id] = field(default_factory=dict)


def build_hub(e: Company) -> Hub:
    eu = transit_gateway(e, "tgw-eu", references=True)
    us = transit_gateway(e, "tgw-us", region=US)
    inspection, fire = _inspection(e)
    hub = Hub(eu, us, inspection, _egress(e), fire)
    names = ("spokes", "shared", "inspected", "egress", "lines", "america")
    hub.tables = {name: table(e, eu, f"from-{name}") for name in names}
    hub.tables |= {name: table(e, us, f"from-{name}") for name in ("spokes-us", "europe")}
    for tgw in (eu, us):
        _without_defaults(e, tgw)
    return hub


def _without_defaults(e: Company, tgw: Id) -> None:
    """The company switches the default table off, and deletes it."""
    options = tgw.record["Options"]
    for key in ("AssociationDefaultRouteTableId", "PropagationDefaultRouteTableId"):
        del options[key]
    for key in ("DefaultRouteTableAssociation", "DefaultRouteTablePropagation"):
        options[key] = "disable"
    calls = e.scope(tgw.scope)
    for key in (
        "TransitGatewayRouteTables",
        "TransitGatewayStaticRoutes",
        "TransitGatewayPropagations",
        "TransitGatewayRouteTableAssociations",
    ):
        calls[key] = [r for r in calls[key] if r["TransitGatewayRouteTableId"] != tgw.table]


# ------------------------------ inspection and egress


def _inspection(e: Company) -> tuple[Spoke, Firewall]:
    """A firewall with an endpoint in each zone; what comes in by a zone is led to its endpoint."""
    inspection = e.spoke(
        "inspection-eu",
        "10.30.0.0/24",
        NETWORK,
        {"tgw": ["10.30.0.0/28", "10.30.0.16/28"], "firewall": ["10.30.0.32/28", "10.30.0.48/28"]},
        zonal=["tgw"],
    )
    places = {inspection.at("firewall"): "10.30.0.36", inspection.at("firewall", "b"): "10.30.0.52"}
    fire = firewall(e, places, _rules(e), name="inspection-eu-firewall")
    for zone, own in zip("ab", fire.endpoints, strict=True):
        own.record["Tags"].append({"Key": "Name", "Value": f"inspection-eu-{zone}"})
        e.route(inspection.tables[f"tgw-{zone}"], "0.0.0.0/0", own)
    return inspection, fire


def _rules(e: Company) -> Id:
    """In strict order: who may never meet, who may, the sites, the internet.  The rest drops."""
    separate = five_tuples(
        e,
        "drop ip 10.17.0.0/16 any -> 10.16.0.0/16 any",
        "drop ip 10.17.0.0/16 any -> 10.32.0.0/12 any",
        "drop ip 10.210.0.0/16 any -> 10.17.0.0/16 any",
        strict=True,
        name="separate-environments",
        first=100,
    )
    inside = five_tuples(
        e,
        "pass tcp 10.16.0.0/16 any -> 10.17.0.0/16 8443",
        "pass tcp 10.16.0.0/16 any -> 10.17.0.0/16 9443",
        "pass tcp 10.16.0.0/16 any -> 10.32.0.0/12 443",
        "pass tcp 10.32.0.0/16 any -> 10.16.0.0/16 8443",
        "pass tcp 10.18.0.0/16 any -> 10.33.0.0/16 443",
        strict=True,
        name="between-spokes",
        first=200,
    )
    sites = five_tuples(
        e,
        "pass tcp 10.200.0.0/16 any -> 10.16.0.0/12 8443",
        "pass icmp 10.200.0.0/16 any -> 10.16.0.0/16 any",
        "pass tcp 10.210.0.0/24 any -> 10.16.0.0/15 22",
        "pass tcp 10.210.0.0/24 any -> 10.18.30.0/24 22",
        "pass tcp 10.210.0.0/16 any -> 10.18.0.0/16 443",
        "pass tcp 10.16.0.0/16 any -> 10.200.0.0/16 1521",
        "pass tcp 10.32.0.0/16 any -> 10.200.0.0/16 1521",
        "pass tcp 10.18.0.0/16 any -> 10.211.0.0/16 9100",
        strict=True,
        name="sites",
        first=300,
    )
    outside = stateful(
        e,
        "pass tcp 10.16.0.0/16 any -> $EXTERNAL_NET 443"
        ' (msg:"production calls out"; sid:400; rev:1;)',
        "pass tls 10.17.0.0/16 any -> $EXTERNAL_NET 443"
        ' (tls.sni; content:"registry.example.org"; endswith;'
        ' msg:"test fetches packages"; sid:401; rev:1;)',
        strict=True,
        name="internet",
    )
    return policy(
        e,
        [separate, inside, sites, outside],
        strict=True,
        otherwise=["aws:drop_established", "aws:alert_established"],
        home=["10.0.0.0/8"],
        name="inspection-eu-policy",
    )


def _egress(e: Company) -> Spoke:
    """A NAT gateway in each zone, for everybody."""
    egress = e.spoke(
        "egress-eu",
        "10.29.0.0/24",
        NETWORK,
        {"tgw": ["10.29.0.0/28", "10.29.0.16/28"], "public": ["10.29.0.32/28", "10.29.0.48/28"]},
        zonal=["tgw"],
    )
    e.route(egress.tables["public"], "0.0.0.0/0", e.igw(egress.vpc, name="egress-eu-igw"))
    addresses = {"a": ("10.29.0.40", "198.51.100.10"), "b": ("10.29.0.56", "198.51.100.11")}
    for zone, (private, public) in addresses.items():
        nat = e.nat(egress.at("public", zone), private, public, name=f"egress-eu-nat-{zone}")
        e.route(egress.tables[f"tgw-{zone}"], "0.0.0.0/0", nat)
    return egress


# ------------------------------ what hangs on it


def connect(e: Company, hub: Hub, spokes: Spokes, america: America) -> None:
    """Attach everything, lead the VPCs to their gateway, and fill the gateways' tables."""
    eu = {"prod": spokes.prod, "test": spokes.test, "sandbox": spokes.sandbox}
    for name, spoke in eu.items():
        _attach(e, hub, name, spoke, "spokes")
    _attach(e, hub, "shared", spokes.shared, "shared")
    _attach(e, hub, "inspection", hub.inspection, "inspected", appliance=True)
    _attach(e, hub, "egress", hub.egress, "egress")
    _attach(e, hub, "prod-us", america.prod, "spokes-us")
    _attach(e, hub, "analytics-us", america.analytics, "spokes-us")
    ends = peer(
        e, hub.eu, hub.us, (hub.tables["america"], hub.tables["europe"]), name="tgw-eu-to-tgw-us"
    )
    hub.attached["america"], hub.attached["europe"] = ends
    _lines(e, hub)
    _lead(e, hub, spokes, america)
    _fill(e, hub)


def _attach(
    e: Company, hub: Hub, name: str, spoke: Spoke, associated: str, appliance: bool = False
) -> None:
    tgw = hub.us if spoke.vpc.scope[1] == US else hub.eu
    hub.attached[name] = attach(
        e,
        tgw,
        spoke.vpc,
        spoke.of_tier("tgw"),
        table=hub.tables[associated],
        into=[],
        appliance=appliance,
        references=True,
        name=f"{name}-attachment",
    )


def _lead(e: Company, hub: Hub, spokes: Spokes, america: America) -> None:
    """Routes of the VPCs to their gateway."""
    for table_, block in (
        (spokes.prod.tables["public"], "10.0.0.0/8"),
        (spokes.prod.tables["app"], "0.0.0.0/0"),
        (spokes.prod.tables["data"], "10.0.0.0/8"),
        (spokes.test.tables["app"], "0.0.0.0/0"),
        (spokes.sandbox.tables["app"], "0.0.0.0/0"),
        (spokes.shared.tables["service"], "0.0.0.0/0"),
        (spokes.shared.tables["tools"], "0.0.0.0/0"),
        (spokes.shared.tables["runners"], "10.210.0.0/16"),
        (hub.inspection.tables["firewall"], "0.0.0.0/0"),
        (hub.egress.tables["public"], "10.0.0.0/8"),
    ):
        e.route(table_, block, hub.eu)
    for block in (EUROPE, FRANKFURT):
        e.route(america.prod.tables["app"], block, hub.us)
    e.route(america.analytics.tables["app"], "10.32.0.0/16", hub.us)
    e.route(america.prod.tables["app"], "10.33.0.0/16", hub.us)


def _lines(e: Company, hub: Hub) -> None:
    """Frankfurt's data centre by Direct Connect, the office in Dublin and a warehouse by VPN."""
    dx = dx_gateway(e, name="frankfurt-dc")
    for number, vlan in (("1", 310), ("2", 311)):
        vif = virtual_interface(e, dx, kind="transit", name=f"frankfurt-dc-{number}")
        vif.record.update(location="EqFR5", vlan=vlan, asn=64620)
    associate(e, dx, hub.eu, "10.16.0.0/16", "10.18.0.0/16")
    lines = hub.tables["lines"]
    hub.attached["frankfurt"] = attachment(
        e, hub.eu, "direct-connect-gateway", dx, table=lines, name="frankfurt-attachment"
    )
    sites: Mapping[str, tuple[str, str, Sequence[bool], Sequence[str]]] = {
        "dublin": (DUBLIN, "203.0.113.10", (True, False), ("198.51.100.60", "198.51.100.61")),
        "cork": (CORK, "203.0.113.50", (False, False), ("198.51.100.62", "198.51.100.63")),
    }
    names = {"dublin": "dublin-office", "cork": "cork-warehouse"}
    for site, (block, device, up, outside) in sites.items():
        customer = customer_gateway(e, device, name=f"{names[site]}-router")
        vpn = connection(
            e,
            hub.eu,
            static=[block],
            up=up,
            customer=customer,
            outside=outside,
            name=f"{names[site]}-vpn",
        )
        hub.attached[site] = attachment(
            e, hub.eu, "vpn", vpn, table=lines, name=f"{names[site]}-attachment"
        )


# ------------------------------ the gateways' tables

PROPAGATED = {
    "spokes": ["shared"],
    "shared": ["prod", "test"],
    "inspected": ["prod", "test", "shared", "frankfurt"],
    "spokes-us": ["prod-us", "analytics-us"],
    "europe": ["prod-us", "analytics-us"],
}
STATIC: Mapping[str, Mapping[str, str | None]] = {
    "spokes": {"0.0.0.0/0": "inspection", "172.16.0.0/12": None, "192.168.0.0/16": None},
    "shared": {"0.0.0.0/0": "inspection"},
    "inspected": {
        "0.0.0.0/0": "egress",
        "10.19.0.0/16": None,
        DUBLIN: "dublin",
        CORK: "cork",
        AMERICA: "america",
    },
    "egress": {"10.0.0.0/8": "inspection"},
    "lines": {EUROPE: "inspection", AMERICA: "inspection"},
    "america": {EUROPE: "inspection", FRANKFURT: "inspection"},
    "spokes-us": {EUROPE: "europe", FRANKFURT: "europe"},
}
BLOCKS = {
    "prod": "10.16.0.0/16",
    "test": "10.17.0.0/16",
    "shared": "10.18.0.0/16",
    "prod-us": "10.32.0.0/16",
    "analytics-us": "10.33.0.0/16",
    "frankfurt": FRANKFURT,
}


def _fill(e: Company, hub: Hub) -> None:
    """Each table as a search prints it, in the order of destinations."""
    for name, of in hub.tables.items():
        calls = e.scope(of.scope)
        key = "TransitGatewayStaticRoutes"
        calls[key] = [each for each in calls[key] if each["TransitGatewayRouteTableId"] != of]
        routes = []
        for block, through in STATIC.get(name, {}).items():
            if through is None:
                blackhole = found(block, kind="static", state="blackhole")
                del blackhole["TransitGatewayAttachments"]
                routes.append(blackhole)
            else:
                routes.append(found(block, hub.attached[through], kind="static"))
        for source in PROPAGATED.get(name, []):
            propagate(e, hub.attached[source], of)
            routes.append(found(BLOCKS[source], hub.attached[source]))
        answer = {
            "AdditionalRoutesAvailable": False,
            "Routes": sorted(routes, key=lambda route: str(route["DestinationCidrBlock"])),
            "TransitGatewayRouteTableId": str(of),
        }
        calls.setdefault("TransitGatewayRoutes", []).append(answer)
