"""Section 23: the rows about Gateway Load Balancers and Network Firewall."""

from __future__ import annotations

from tests.aws.ground import dropped, ground, packet, sent
from tests.estate import Pair, codes
from tests.estates.firewall import (
    Guarded,
    Inspected,
    appliances,
    domains,
    firewall,
    policy,
    stateful,
    stateless,
)
from tests.traps.rows import ACL, EIP_A, EIP_B, GROUP, NET, allow, deny, may, row

FIREWALL = "FIREWALL_RULES_RESTRICTION"


@row("T-40")
def the_acl_between_servers_and_an_endpoint_in_their_subnet() -> None:
    """GWLBE in the servers' own subnet, NACL out denies 443: server→net:443 via GWLBE DENY (unlike
    T-24).  The table of that subnet leads back to the endpoint in any case: the control is who
    denies."""
    e = Guarded()
    e.route(e.ta, "0.0.0.0/0", e.endpoint_balancer(e.sa, "10.0.0.9"))
    found = deny(e, f"can {e.a} reach {NET} port 443")
    assert not codes(found) & ACL
    denies = ["100 deny tcp/443 0.0.0.0/0", "200 allow all 0.0.0.0/0"]
    acl = e.acl(e.v1, [], egress=denies)
    e.put_in_acl(acl, e.sa)
    deny(e, f"can {e.a} reach {NET} port 443", *ACL)
    assert dropped(sent(ground(e), e.a, packet(e.a.ip, NET)))[0] == acl


@row("T-53")
def an_edge_table_and_a_direct_way_out() -> None:
    """IGW edge table 10.0.1.0/24→GWLBE; SB table still 0/0→igw: net→B:443 DENY (asymmetric); with
    SB 0/0→GWLBE ALLOW/MAY."""
    e = Guarded()
    own = e.endpoint_balancer(e.sf, "10.0.7.9")
    e.public(e.b, EIP_B)
    e.online(e.tb)
    e.route(e.te, "10.0.1.0/24", own)
    deny(e, f"can internet reach {e.b} port 443", "INGRESS_RTB_TRAFFIC_REDIRECTION")
    may(e, f"can internet reach {e.b} port 443", one_way=True)
    e.route(e.tb, "0.0.0.0/0", own)
    may(e, f"can internet reach {e.b} port 443")


@row("T-109")
def stateful_appliances_in_two_zones() -> None:
    """stateful appliances in 2 AZs of inspection VPC, appliance mode off, A AZ-a, B2 AZ-b: A→B2
    MAY; guaranteed=false; mode on: ALLOW.  What an instance remembers nobody can tell; a firewall
    that sees half a flow is known to refuse it."""
    for appliance in (False, True):
        e = Inspected(appliance)
        for zone, room in e.rooms.items():
            place = f"10.9.1{'ab'.index(zone)}.9"
            e.inspect(zone, e.instance(f"appliance-{zone}", room, place, check=False).eni)
        may(e, f"can {e.a} reach {e.c2} port 443")
    e = Inspected()
    e.fire(policy(e))
    allow(e, f"can {e.a} reach {e.b2} port 443")
    deny(e, f"can {e.a} reach {e.c2} port 443", FIREWALL)
    allow(e, f"can {e.a} reach {e.c2} port 443", one_way=True)
    e = Inspected(appliance=True)
    e.fire(policy(e))
    allow(e, f"can {e.a} reach {e.c2} port 443")


@row("T-143")
def appliances_that_take_no_geneve() -> None:
    """GWLB appliances' SG lacks UDP 6081: A→net via GWLBE DENY."""
    e = Guarded()
    provider = e.vpc("10.50.0.0/16", name="provider")
    subnet = e.subnet(provider, "10.50.0.0/24")
    group = e.group(provider, ingress=["tcp/80 any"])
    appliance = e.instance("appliance", subnet, "10.50.0.5", groups=[group])
    gwlb = appliances(e, {subnet: "10.50.0.40"}, [appliance])
    e.behind(e.endpoint_balancer(e.sf, "10.0.7.9", gwlb.service))
    deny(e, f"can {e.a} reach {NET} port 443", *GROUP)
    e.permit(group, "udp/6081 10.50.0.0/16")
    may(e, f"can {e.a} reach {NET} port 443")


@row("T-151")
def a_pass_is_evaluated_first() -> None:
    """NFW default action order: "drop tcp any any" and "pass tcp any any 443": A→net:443 ALLOW
    (pass evaluated first)."""
    e = Guarded()
    drop, passes = "drop tcp any any -> any any (sid:1;)", "pass tcp any any -> any 443 (sid:2;)"
    e.fire(policy(e, [stateful(e, drop, passes)]))
    allow(e, f"can {e.a} reach {NET} port 443")
    deny(e, f"can {e.a} reach {NET} port 80", FIREWALL)
    e = Guarded()
    e.fire(policy(e, [stateful(e, drop, passes, strict=True)], strict=True))
    deny(e, f"can {e.a} reach {NET} port 443", FIREWALL)


@row("T-152")
def a_stateless_rule_for_one_direction() -> None:
    """NFW stateless: pass A→net:443 only; default drop: A→net:443 DENY (reply unmatched)."""
    there = "10 pass tcp 10.0.0.0/24 any -> any 443"
    e = Guarded()
    e.fire(policy(e, stateless=[stateless(e, there)], default="aws:drop"))
    deny(e, f"can {e.a} reach {NET} port 443", FIREWALL)
    allow(e, f"can {e.a} reach {NET} port 443", one_way=True)
    e = Guarded()
    back = "20 pass tcp any 443 -> 10.0.0.0/24 any"
    e.fire(policy(e, stateless=[stateless(e, there, back)], default="aws:drop"))
    allow(e, f"can {e.a} reach {NET} port 443")


@row("T-154")
def a_domain_list_and_other_vpcs() -> None:
    """domain allowlist, HOME_NET default, client in spoke VPC via TGW: spoke→not-listed.com passes
    unless HOME_NET extended.  Then whether the name is listed is a may."""
    for home in ((), ("10.0.0.0/8",)):
        e = Inspected(appliance=True)
        listed = domains(e, "ALLOWLIST", "listed.example.org", home=home)
        e.fire(policy(e, [listed]))
        answer = allow(e, f"can {e.a} reach {e.b2} port 443")
        named = [a for a in answer.assumptions if a.resource == listed]
        assert bool(named) is bool(home)
        assert all("listed.example.org" in each.text for each in named)


@row("T-155")
def two_endpoints_of_a_firewall() -> None:
    """NFW endpoint in AZ-a forward, AZ-b on return: A→net DENY/MAY (half flows)."""
    e = Pair()
    rooms = [e.subnet(e.v1, f"10.0.{n}.0/24", zone) for n, zone in ((7, "a"), (8, "b"))]
    gateway = e.online(*(e.table(e.v1, [room]) for room in rooms))
    e.public(e.a, EIP_A)
    places = dict(zip(rooms, ("10.0.7.9", "10.0.8.9"), strict=True))
    one, other = firewall(e, places, policy(e)).endpoints
    edge = e.table(e.v1, edge=gateway)
    e.route(e.ta, "0.0.0.0/0", one)
    e.route(edge, "10.0.0.0/24", other)
    deny(e, f"can {e.a} reach {NET} port 443", FIREWALL)
    e.route(edge, "10.0.0.0/24", one)
    allow(e, f"can {e.a} reach {NET} port 443")
