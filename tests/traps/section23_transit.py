"""Section 23: the rows about transit gateways."""

from __future__ import annotations

from tests.estate import Id, Pair
from tests.estates.transit import (
    associate,
    attach,
    joined,
    peer,
    static,
    transit_gateway,
)
from tests.traps.rows import ACL, GROUP, NO_ROUTE, REFERENCE_LOST, allow, deny, row, unknown

ASTRAY = "TGW_ROUTE_AZ_RESTRICTION"
BLACKHOLE = "TGW_RTB_BAD_STATE_ROUTE"
NO_TRANSIT_ROUTE = "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"


@row("T-4")
def transit_references_are_for_the_way_in_only() -> None:
    """V1,V2 on one TGW, referencing enabled everywhere; SG(A) egress only to SG(B2): A→B2:80
    DENY."""
    e = Pair()
    joined(e, references=True)
    gb = e.group(e.v2)
    e.wear(e.b2, gb)
    ga = e.group(e.v1, egress=[f"tcp/80 {gb}"])
    e.wear(e.a, ga)
    deny(e, f"can {e.a} reach {e.b2} port 80", *GROUP)
    e.permit(ga, "tcp/80 10.2.0.0/16", egress=True)
    allow(e, f"can {e.a} reach {e.b2} port 80")


@row("T-5")
def references_have_three_switches() -> None:
    """SG(A) egress open, SG(B2) ingress from SG(A); V2 attachment option disabled: A→B2:80 DENY;
    enabled on TGW and both attachments: ALLOW."""
    for gateway in (True, False):
        for one in (True, False, None):
            for two in (True, False, None):
                e = Pair()
                hub = joined(e, references=gateway)
                for attached, said in ((hub.one, one), (hub.two, two)):
                    switch(e, attached, said)
                ga = e.group(e.v1)
                e.wear(e.a, ga)
                e.wear(e.b2, e.group(e.v2, ingress=[f"tcp/80 {ga}"]))
                question = f"can {e.a} reach {e.b2} port 80"
                if gateway and one is not False and two is not False:
                    allow(e, question)
                else:
                    deny(e, question, *REFERENCE_LOST)


def switch(e: Pair, attached: str, said: bool | None) -> None:
    """Security group referencing of an attachment: on, off, or not printed (on by default)."""
    for record in e.scope(e.home)["TransitGatewayVpcAttachments"]:
        if record["TransitGatewayAttachmentId"] == attached and said is not None:
            value = "enable" if said else "disable"
            record["Options"]["SecurityGroupReferencingSupport"] = value


@row("T-7")
def references_end_at_a_peering_of_gateways() -> None:
    """V1-TGW1-peering-TGW2-V2; SG(B2) ingress from SG(A): A→B2:80 DENY."""
    for region in ("us-east-1", "eu-west-1"):
        e, gb = over_peering(region)
        deny(e, f"can {e.a} reach {e.b2} port 80", *REFERENCE_LOST)
        e.permit(gb, "tcp/80 10.0.0.0/24")
        allow(e, f"can {e.a} reach {e.b2} port 80")


def over_peering(region: str) -> tuple[Pair, Id]:
    e = Pair()
    e.second(region=region)
    one = transit_gateway(e, references=True)
    two = transit_gateway(e, region=region, references=True)
    attach(e, one, e.v1, [e.sa], references=True)
    attach(e, two, e.v2, [e.s2], references=True)
    here, there = peer(e, one, two)
    static(e, one.table, "10.2.0.0/16", here)
    static(e, two.table, "10.0.0.0/16", there)
    e.route(e.ta, "10.2.0.0/16", one)
    e.route(e.t2, "10.0.0.0/16", two)
    ga = e.group(e.v1)
    e.wear(e.a, ga)
    gb = e.group(e.v2, ingress=[f"tcp/80 {ga}"])
    e.wear(e.b2, gb)
    return e, gb


@row("T-8")
def a_reference_of_a_deleted_peering_is_stale() -> None:
    """Same-Region peering deleted; SG(B2) still lists SG(A); V1,V2 joined by a TGW without
    referencing: A→B2:80 DENY."""
    e = Pair()
    e.peered()
    e.pcx.record["Status"]["Code"] = "deleted"
    for table in (e.ta, e.tb, e.t2):
        table.record["Routes"] = table.record["Routes"][:1]
    joined(e, references=False)
    ga = e.group(e.v1)
    e.wear(e.a, ga)
    gb = e.group(e.v2, ingress=[f"tcp/80 {ga}"])
    e.wear(e.b2, gb)
    deny(e, f"can {e.a} reach {e.b2} port 80", *REFERENCE_LOST)
    e.permit(gb, "tcp/80 10.0.0.0/24")
    allow(e, f"can {e.a} reach {e.b2} port 80")


@row("T-32")
def both_rules_of_the_attachment_subnet_on_the_way_out() -> None:
    """TGW attachment subnet is SA; NACL(SA) out allow all, in deny all: A→B2 via TGW DENY at
    once."""
    e = Pair()
    joined(e, [e.sa])
    e.acl(e.v1, [e.sa], ingress=[])
    deny(e, f"can {e.a} reach {e.b2} port 80", *ACL, one_way=True)
    e.acl(e.v1, [e.sa], ingress=["100 allow all 10.0.0.0/24"])
    # What comes out of the gateway into the instance's own subnet is not evaluated (R-NACL-13).
    allow(e, f"can {e.a} reach {e.b2} port 80")
    allow(e, f"can {e.b2} reach {e.a} port 80", one_way=True)


def beside() -> tuple[Pair, Id]:
    """The attachment's subnet T is another one of zone a."""
    e = Pair()
    t = e.subnet(e.v1, "10.0.8.0/28", "a", name="t")
    joined(e, [t])
    return e, t


@row("T-34")
def the_attachment_subnet_filters_one_way_each() -> None:
    """Attachment subnet T≠SA; NACL(T) in allow, out deny: A→B2 fwd ALLOW, B2→A fwd DENY."""
    e, t = beside()
    e.acl(e.v1, [t], egress=[])
    allow(e, f"can {e.a} reach {e.b2} port 80", one_way=True)
    deny(e, f"can {e.b2} reach {e.a} port 80", *ACL, one_way=True)


@row("T-35")
def replies_pass_the_rules_inward_of_the_attachment_subnet() -> None:
    """Attachment subnet T≠SA; NACL(T) in deny, out allow: B2→A fwd ALLOW, TCP DENY."""
    e, t = beside()
    e.acl(e.v1, [t], ingress=[])
    allow(e, f"can {e.b2} reach {e.a} port 80", one_way=True)
    deny(e, f"can {e.b2} reach {e.a} port 80", *ACL)


@row("T-103")
def any_subnet_of_the_zone_may_send() -> None:
    """Attachment in AZ-a subnet T; A in another AZ-a subnet: A→B2 ALLOW."""
    e, _ = beside()
    answer = allow(e, f"can {e.a} reach {e.b2} port 80")
    assert [note.resource for note in answer.notes] == ["transit-gateway-sender"]
    deny(e, f"can {e.b} reach {e.b2} port 80", ASTRAY)  # zone b has no subnet of it
    allow(e, f"can {e.b2} reach {e.b} port 80", one_way=True)


@row("T-104")
def no_association_no_way() -> None:
    """V1 attachment associated with no TGW table: A→B2 DENY."""
    e = Pair()
    hub = joined(e)
    associate(e, hub.one, None)
    deny(e, f"can {e.a} reach {e.b2} port 80", "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION")
    associate(e, hub.one, hub.tgw.table)
    allow(e, f"can {e.a} reach {e.b2} port 80")


@row("T-106")
def a_blackhole_wins_over_what_is_propagated() -> None:
    """TGW table: static blackhole 10.2.0.0/16 and propagated 10.2.0.0/16: A→B2 DENY."""
    e = Pair()
    hub = joined(e)
    static(e, hub.tgw.table, "10.2.0.0/16")
    deny(e, f"can {e.a} reach {e.b2} port 80", BLACKHOLE)
    static(e, hub.tgw.table, "10.2.0.0/16", hub.two)
    allow(e, f"can {e.a} reach {e.b2} port 80")


@row("T-107")
def a_longer_prefix_wins_over_a_blackhole() -> None:
    """TGW table: blackhole 10.2.0.0/16 and propagated 10.2.1.0/24: A→10.2.1.5 ALLOW."""
    e = Pair()
    e.second("10.2.1.0/24", "10.2.1.5", within="10.2.1.0/25")
    hub = joined(e)
    for table in (e.ta, e.tb):
        e.route(table, "10.2.0.0/16", hub.tgw)
    static(e, hub.tgw.table, "10.2.0.0/16")
    allow(e, f"can {e.a} reach 10.2.1.5 port 80")
    deny(e, f"can {e.a} reach 10.2.2.5 port 80", BLACKHOLE)


@row("T-110")
def the_first_of_two_equal_blocks_is_propagated() -> None:
    """Two VPCs with equal CIDR attached, both "propagating": only the first's route exists."""
    for later in ("2024-05-02T00:00:00+00:00", "2024-04-30T00:00:00+00:00"):
        e = Pair()
        hub = joined(e)
        v3 = e.vpc("10.2.0.0/16", name="v3")
        s3 = e.subnet(v3, "10.2.0.0/24", "a")
        b3 = e.instance("b3", s3, "10.2.0.5")
        e.route(v3.table, "10.0.0.0/16", hub.tgw)
        attach(e, hub.tgw, v3, [s3], created=later)
        first, second = (e.b2, b3) if later > "2024-05-01" else (b3, e.b2)
        allow(e, f"can {e.a} reach {first} port 80")
        deny(e, f"can {e.a} reach {second} port 80")
    e = Pair()
    hub = joined(e)
    v3 = e.vpc("10.2.0.0/16", name="v3")
    attach(e, hub.tgw, v3, [e.subnet(v3, "10.2.0.0/24", "a")])
    unknown(e, f"can {e.a} reach {e.b2} port 80", "10.2.0.0/16")  # attached at the same time


@row("T-112")
def the_reply_needs_a_way_of_its_own() -> None:
    """V2's subnet table lacks 10.0.0.0/16→tgw: A→B2:80 fwd ALLOW, TCP DENY."""
    e = Pair()
    hub = joined(e, back=False)
    allow(e, f"can {e.a} reach {e.b2} port 80", one_way=True)
    deny(e, f"can {e.a} reach {e.b2} port 80", *NO_ROUTE)
    e.route(e.t2, "10.0.0.0/16", hub.tgw)
    allow(e, f"can {e.a} reach {e.b2} port 80")


@row("T-113")
def six_passes_without_ipv6_support() -> None:
    """Ipv6Support=disable, static IPv6 TGW routes: A6→B2 6 ALLOW."""
    e = Pair(ipv6=True)
    hub = joined(e)
    question = f"can {e.a} reach {e.b2.ip6} port 80"
    deny(e, question, NO_TRANSIT_ROUTE)  # nothing of IPv6 is propagated (R-TGW-6)
    static(e, hub.tgw.table, "2600:1f18:2b00:200::/56", hub.two)
    static(e, hub.tgw.table, e.SIX, hub.one)
    allow(e, question)


@row("T-179")
def zones_are_compared_by_id() -> None:
    """TGW attachment in acct X us-east-1a (use1-az2); A in acct Y us-east-1a (use1-az4): A→TGW
    DENY."""
    e = Pair()
    there = e.subnet(e.v1, "10.0.7.0/24", "a", name="of-x")
    there.record["AvailabilityZoneId"] = "use1-az2"
    e.sa.record["AvailabilityZoneId"] = "use1-az4"
    e.sb.record["AvailabilityZoneId"] = "use1-az2"
    joined(e, [there])
    deny(e, f"can {e.a} reach {e.b2} port 80", ASTRAY)
    allow(e, f"can {e.b} reach {e.b2} port 80")  # us-east-1b, the same zone under another name
