"""Rules that no row of section 23 covers, and what real networks showed."""

from __future__ import annotations

import pytest

from tests.estate import Estate, Id, Pair, dump, said, tell
from tests.traps.rows import (
    ACL,
    BAD_STATE,
    CHECKED,
    EIP_A,
    EIP_B,
    GROUP,
    IN_S3,
    NET,
    NET6,
    NO_EXIT,
    NO_ROUTE,
    REFERENCE_LOST,
    allow,
    bastion,
    deny,
    may,
    nat_over_peering,
    unknown,
    verdict,
    virtual_gateway,
)

# ------------------------------ 22b: what real networks showed


class TestObserved:
    def test_to_itself(self) -> None:
        """R-OBS-1: to an own private address, of any of its interfaces, no route, ACL or group
        counts."""
        e = Pair()
        shut = e.group(e.v1, ingress=[], egress=[])
        e.wear(e.a, shut)
        e.acl(e.v1, [e.sa, e.sb], ingress=[], egress=[])
        other = e.interface(e.sb, "10.0.1.6", [shut], on=e.a)
        allow(e, f"can {e.a} reach 10.0.0.5 port 22")
        allow(e, f"can 10.0.0.5 reach {other} port 22")
        allow(e, "can 10.0.1.6 reach 10.0.0.5 icmp")

    def test_to_its_own_public_address(self) -> None:
        """R-OBS-2: a real trip out and back in, with its own public address as the source."""
        e = Pair()
        e.online(e.ta)
        e.public(e.a, EIP_A)
        g = e.group(e.v1, ingress=["tcp/22 10.0.0.0/16"])
        e.wear(e.a, g)
        deny(e, f"can {e.a} reach {EIP_A} port 22", *GROUP)
        e.permit(g, f"tcp/22 {EIP_A}/32")
        allow(e, f"can {e.a} reach {EIP_A} port 22")
        e.acl(e.v1, [e.sa], ingress=["100 allow all 10.0.0.0/16"])
        deny(e, f"can {e.a} reach {EIP_A} port 22", *ACL)

    def test_an_address_of_nobody(self) -> None:
        """R-OBS-3: what only a deleted resource names answers nothing and is not a host on the
        internet."""
        e = Pair()
        e.online(e.ta)
        e.public(e.a, EIP_A)
        e.nat(e.sb, "10.0.1.9", public="203.0.113.99", state="deleted")
        deny(e, f"can {e.a} reach 203.0.113.99 port 443")
        allow(e, f"can {e.a} reach 203.0.113.98 port 443")
        deny(e, f"can 203.0.113.99 reach {e.a} port 443")

    def test_in_by_the_igw_out_by_the_nat(self) -> None:
        """R-OBS-4: a reply that arrives at a NAT gateway without a connection for it is dropped."""
        e = Pair()
        e.natted(e.ta)
        e.public(e.a, EIP_A)
        deny(e, f"can 0.0.0.0/0 reach {EIP_A} port 22")
        allow(e, f"can 0.0.0.0/0 reach {EIP_A} port 22", one_way=True)
        allow(e, f"can {e.a} reach {NET} port 22")

    def test_several_interfaces(self) -> None:
        """R-OBS-5: an instance answers and sends by the interface that owns the address."""
        e = Pair()
        e.online(e.tb)
        e.interface(e.sb, "10.0.1.6", on=e.a, public=EIP_A)
        allow(e, f"can 0.0.0.0/0 reach {EIP_A} port 22")
        allow(e, f"can {e.a} reach {NET} port 443")
        allow(e, f"can 10.0.1.6 reach {NET} port 443")
        deny(e, f"can 10.0.0.5 reach {NET} port 443", *NO_ROUTE)

    @pytest.mark.parametrize("packet", ["port 443", "port 53/udp", "icmp"])
    def test_nat_addresses_answer_nothing(self, packet: str) -> None:
        """R-OBS-7: private or public, a NAT gateway's own addresses answer nothing that is not a
        reply."""
        e = Pair()
        e.natted(e.ta, public="198.51.100.20")
        deny(e, f"can 0.0.0.0/0 reach 198.51.100.20 {packet}")
        deny(e, f"can {e.a} reach 198.51.100.20 {packet}")
        deny(e, f"can {e.a} reach 10.0.9.9 {packet}")

    def test_a_service_answers_its_ports(self) -> None:
        """R-OBS-8, R-VPCE-5: S3 and an interface endpoint answer their ports; S3 answers ping, the
        endpoint does not."""
        e = Pair()
        e.endpoint_gateway(e.v1, [e.ta])
        e.endpoint_interface({e.sb: "10.0.1.40"})
        allow(e, f"can {e.a} reach {IN_S3} port 443")
        allow(e, f"can {e.a} reach {IN_S3} icmp")
        deny(e, f"can {e.a} reach {IN_S3} port 22")
        allow(e, f"can {e.a} reach 10.0.1.40 port 443")
        deny(e, f"can {e.a} reach 10.0.1.40 port 22")
        deny(e, f"can {e.a} reach 10.0.1.40 icmp")

    def test_s3_over_the_internet_answers_the_same(self) -> None:
        """R-OBS-8: the ports are the service's whatever the way to it."""
        e = Pair()
        e.service_list("s3")
        e.natted(e.ta)
        allow(e, f"can {e.a} reach {IN_S3} port 443")
        deny(e, f"can {e.a} reach {IN_S3} port 22")
        allow(e, f"can {e.a} reach {NET} port 22")

    def test_echo_reply_is_type_0(self) -> None:
        """R-OBS-9: an ACL that names types must see the reply as type 0."""
        e = Pair()
        e.acl(
            e.v1,
            [e.sa],
            ingress=["100 allow icmp/0 0.0.0.0/0"],
            egress=["100 allow icmp/8 0.0.0.0/0"],
        )
        allow(e, f"can {e.a} reach {e.b} icmp")
        deny(e, f"can {e.b} reach {e.a} icmp", *ACL)
        e.acl(
            e.v1,
            [e.sa],
            ingress=["100 allow icmp/8 0.0.0.0/0"],
            egress=["100 allow icmp/8 0.0.0.0/0"],
        )
        deny(e, f"can {e.a} reach {e.b} icmp", *ACL)

    def test_two_views_of_a_shared_subnet(self) -> None:
        """R-OBS-10, R-SHARE-1: the participant sees subnet and tables, the owner's view completes
        them."""
        guest = "222233334444"
        e = Pair()
        e.peered()
        e.online(e.ta, e.tb)
        e.share(e.sa, guest)
        p = e.instance(
            "p",
            e.sa,
            "10.0.0.77",
            [e.group(e.v1, account=guest)],
            public="198.51.100.77",
            account=guest,
        )
        for destination in (e.a, e.b, e.b2, NET):
            allow(e, f"can {p} reach {destination} port 443")
        for source in (e.a, e.b, e.b2, "0.0.0.0/0"):
            allow(e, f"can {source} reach {p} port 22")
        e.acl(e.v1, [e.sa], ingress=[], egress=[])
        deny(e, f"can {p} reach {e.b} port 443", *ACL)
        allow(e, f"can {p} reach {e.a} port 443")


# ------------------------------ 1: interfaces


class TestInterfaces:
    def test_delegated_prefixes(self) -> None:
        """R-ENI-2: a delegated prefix is the interface's own, as destination and as source, IPv4
        and IPv6."""
        e = Pair(ipv6=True)
        e.instance("node", e.sb, "10.0.1.9", prefixes=["10.0.1.16/28", "2600:1f18:1a00:101:7::/80"])
        allow(e, f"can {e.a} reach 10.0.1.21 port 22")
        allow(e, f"can 10.0.1.31 reach {e.a} port 22")
        allow(e, f"can {e.a} reach 2600:1f18:1a00:101:7::1 port 22")
        deny(e, f"can {e.a} reach 10.0.1.32 port 22")

    def test_secondary_addresses(self) -> None:
        """R-ENI-3: one public address per private one; each maps to its own."""
        e = Pair()
        e.online(e.tb)
        e.instance(
            "two", e.sb, "10.0.1.9", secondary={"10.0.1.10": "198.51.100.10", "10.0.1.11": None}
        )
        allow(e, "can 0.0.0.0/0 reach 198.51.100.10 port 22")
        allow(e, f"can {e.a} reach 10.0.1.11 port 22")
        allow(e, f"can 10.0.1.10 reach {NET} port 443")
        deny(e, f"can 10.0.1.11 reach {NET} port 443", *NO_EXIT)
        deny(e, f"can 10.0.1.9 reach {NET} port 443", *NO_EXIT)

    @pytest.mark.parametrize("state", ["stopped", "stopping", "pending", "shutting-down"])
    def test_an_instance_that_does_not_run(self, state: str) -> None:
        """R-ENI-8: it neither sends nor receives."""
        e = Pair()
        off = e.instance("off", e.sb, "10.0.1.9", state=state)
        deny(e, f"can {e.a} reach {off} port 22", *BAD_STATE)
        deny(e, f"can {off} reach {e.a} port 22", *BAD_STATE)

    def test_an_interface_on_nothing(self) -> None:
        """R-ENI-8: an interface that is attached to nothing neither sends nor receives, in the same
        subnet or another."""
        e = Pair()
        loose = e.interface(e.sb, "10.0.1.9")
        for other in (e.a, e.b):
            deny(e, f"can {other} reach {loose} port 22", *BAD_STATE)
            deny(e, f"can {loose} reach {other} port 22", *BAD_STATE)

    def test_shielded_from_the_internet(self) -> None:
        """R-ENI-10: DenyAllIgwTraffic keeps out the gateway, not the peer."""
        e = Pair(ipv6=True)
        e.peered()
        e.online(e.tb)
        allow(e, f"can ::/0 reach {e.b} port 443")
        e.b.eni.record["DenyAllIgwTraffic"] = True
        deny(e, f"can ::/0 reach {e.b} port 443")
        allow(e, f"can {e.b2} reach {e.b.ip6} port 443")

    def test_private_ipv6_inside(self) -> None:
        """R-ENI-11: a private IPv6 block is not advertised, but it works inside the VPC."""
        e = Estate()
        v1 = e.vpc("10.0.0.0/16", ipv6="fd00:1a00:1:100::/56", ipv6_private=True)
        sa = e.subnet(v1, "10.0.0.0/24", ipv6="fd00:1a00:1:100::/64", ipv6_private=True)
        sb = e.subnet(v1, "10.0.1.0/24", ipv6="fd00:1a00:1:101::/64", ipv6_private=True)
        e.route(v1.table, "::/0", e.igw(v1))
        a = e.instance("a", sa, "10.0.0.5", ipv6="fd00:1a00:1:100::5")
        b = e.instance("b", sb, "10.0.1.5", ipv6="fd00:1a00:1:101::5")
        allow(e, f"can {a} reach {b.ip6} port 443")
        deny(e, f"can {a} reach {NET6} port 443")

    def test_private_ipv6_and_egress_only(self) -> None:
        """R-ENI-11: nor through an egress-only gateway."""
        e = Estate()
        v1 = e.vpc("10.0.0.0/16", ipv6="2600:1f18:1a00:100::/56", ipv6_private=True)
        sa = e.subnet(v1, "10.0.0.0/24", ipv6="2600:1f18:1a00:100::/64", ipv6_private=True)
        e.route(v1.table, "::/0", e.eigw(v1))
        a = e.instance("a", sa, "10.0.0.5", ipv6="2600:1f18:1a00:100::5")
        deny(e, f"can {a} reach {NET6} port 443")

    def test_reserved_addresses(self) -> None:
        """R-PIPE-7: a subnet's reserved addresses belong to no resource."""
        e = Pair()
        for reserved in ("10.0.1.0", "10.0.1.3", "10.0.1.255"):
            deny(e, f"can {e.a} reach {reserved} port 22")


# ------------------------------ 2: security groups


class TestGroups:
    def test_all_protocols(self) -> None:
        """R-SG-7: -1 is every protocol and port."""
        e = Pair()
        e.wear(e.b, e.group(e.v1, ingress=["-1 10.0.0.0/24"]))
        for packet in ("port 1", "port 65535/udp", "icmp", "protocol 47", "protocol 132", ""):
            allow(e, f"can {e.a} reach {e.b} {packet}".rstrip())

    def test_numbers_as_strings(self) -> None:
        """R-SG-7: a number that is none of the four ignores ports; the four as numbers mean the
        four."""
        e = Pair()
        e.wear(e.b, e.group(e.v1, ingress=["132 0.0.0.0/0"]))
        allow(e, f"can {e.a} reach {e.b} protocol 132", one_way=True)
        deny(e, f"can {e.a} reach {e.b} port 22", *GROUP)
        e.wear(e.b, e.group(e.v1, ingress=["6/22 0.0.0.0/0"]))
        allow(e, f"can {e.a} reach {e.b} port 22")
        deny(e, f"can {e.a} reach {e.b} port 23", *GROUP)

    def test_ports_are_destination_ports(self) -> None:
        """R-SG-8: the range constrains the first packet's destination port, on both sides."""
        e = Pair()
        e.wear(e.a, e.group(e.v1, ingress=[], egress=["tcp/20-25 10.0.1.0/24"]))
        e.wear(e.b, e.group(e.v1, ingress=["tcp/22-90 10.0.0.0/24"], egress=[]))
        for port, expected in (
            (19, "unreachable"),
            (21, "unreachable"),
            (22, "reachable"),
            (25, "reachable"),
            (26, "unreachable"),
        ):
            verdict(e, f"can {e.a} reach {e.b} port {port}", expected)

    def test_icmp_types_and_codes(self) -> None:
        """R-SG-9: FromPort is the type, ToPort the code, -1 any."""
        e = Pair()
        e.wear(e.b, e.group(e.v1, ingress=["icmp/3/4 0.0.0.0/0", "icmp/11 0.0.0.0/0"]))
        allow(e, f"can {e.a} reach {e.b} icmp 3/4", one_way=True)
        allow(e, f"can {e.a} reach {e.b} icmp 3", one_way=True)
        allow(e, f"can {e.a} reach {e.b} icmp 11/1", one_way=True)
        deny(e, f"can {e.a} reach {e.b} icmp 3/3", *GROUP, one_way=True)
        deny(e, f"can {e.a} reach {e.b} icmp", *GROUP)

    def test_families_are_apart(self) -> None:
        """R-SG-10: 0.0.0.0/0 never covers IPv6, ::/0 never IPv4."""
        e = Pair(ipv6=True)
        e.wear(e.b, e.group(e.v1, ingress=["tcp/22 0.0.0.0/0", "tcp/80 ::/0"]))
        allow(e, f"can {e.a} reach {e.b.ip} port 22")
        deny(e, f"can {e.a} reach {e.b.ip6} port 22", *GROUP)
        deny(e, f"can {e.a} reach {e.b.ip} port 80", *GROUP)
        allow(e, f"can {e.a} reach {e.b.ip6} port 80")

    def test_prefix_lists_of_each_family(self) -> None:
        """R-SG-11: a list is of one family; its entries stand as if written out."""
        e = Pair(ipv6=True)
        six = e.prefix_list("2600:1f18:1a00:100::/64", name="six")
        e.wear(e.b, e.group(e.v1, ingress=[f"tcp/22 {six}"]))
        allow(e, f"can {e.a} reach {e.b.ip6} port 22")
        deny(e, f"can {e.a} reach {e.b.ip} port 22", *GROUP)

    @pytest.mark.parametrize("six", [False, True], ids=["IPv4", "IPv6"])
    def test_references_across_a_peering(self, six: bool) -> None:
        """R-SG-12, R-SG-15, U-11: a reference matches, in and out, over an active peering of one
        Region."""
        e = Pair(ipv6=six)
        e.peered()
        ga, g2 = e.group(e.v1), e.group(e.v2)
        e.wear(e.a, ga)
        e.wear(e.b2, g2)
        e.wear(e.b2, e.group(e.v2, ingress=[f"tcp/80 {ga}"]))
        destination = e.b2.ip6 if six else e.b2.ip
        allow(e, f"can {e.a} reach {destination} port 80")
        deny(e, f"can {e.b} reach {destination} port 80", *GROUP)
        e.wear(e.b2, g2)
        e.wear(e.b, e.group(e.v1, egress=[f"tcp/80 {g2}"]))
        allow(e, f"can {e.b} reach {destination} port 80")

    def test_references_stay_in_their_region(self) -> None:
        """R-SG-16, R-PCX-8: packets cross Regions, group references do not."""
        e = Pair()
        e.peered(region="us-west-2")
        allow(e, f"can {e.a} reach {e.b2} port 80")
        ga = e.group(e.v1)
        e.wear(e.a, ga)
        e.wear(e.b2, e.group(e.v2, ingress=[f"tcp/80 {ga}"]))
        deny(e, f"can {e.a} reach {e.b2} port 80", *REFERENCE_LOST)

    def test_references_across_accounts(self) -> None:
        """R-SG-16: a reference names the other account's group."""
        e = Pair()
        e.peered(account="444455556666")
        ga = e.group(e.v1)
        e.wear(e.a, ga)
        e.wear(e.b2, e.group(e.v2, ingress=[f"tcp/80 {ga}"]))
        allow(e, f"can {e.a} reach {e.b2} port 80")
        deny(e, f"can {e.b} reach {e.b2} port 80", *GROUP)

    def test_a_middlebox_takes_the_identity(self) -> None:
        """R-SG-19: routed through a NAT gateway, the client's group is no longer known."""
        e = Pair()
        e.route(e.ta, "10.0.1.0/24", e.natted())
        ga = e.group(e.v1)
        e.wear(e.a, ga)
        e.wear(e.b, e.group(e.v1, ingress=[f"tcp/22 {ga}"]))
        deny(e, f"can {e.a} reach {e.b} port 22", *REFERENCE_LOST)

    def test_a_guest_that_translates_has_groups_of_its_own(self) -> None:
        """R-SG-12, R-SG-21: what leaves with the appliance's own address is from a member of the
        appliance's groups, as if it had sent it for itself; passed on unchanged it is not."""
        e = Pair()
        sp = e.subnet(e.v1, "10.0.5.0/24", name="sp")
        guest = e.instance("guest", sp, "10.0.5.9", check=False)
        worn = e.group(e.v1)
        e.wear(guest, worn)
        e.route(e.ta, "10.0.1.0/24", guest.eni)
        e.wear(e.b, e.group(e.v1, ingress=[f"tcp/22 {worn}", "tcp/80 10.0.0.0/24"]))
        answer = may(e, f"can {e.a} reach {e.b} port 22")
        assert any("with its own address as source" in text for text in said(answer))
        e.route(e.tb, "10.0.0.0/24", guest.eni)
        assert any("unchanged" in t for t in said(may(e, f"can {e.a} reach {e.b} port 80")))
        ga = e.group(e.v1)
        e.wear(e.a, ga)
        e.wear(e.b, e.group(e.v1, ingress=[f"tcp/22 {ga}"]))
        deny(e, f"can {e.a} reach {e.b} port 22", *REFERENCE_LOST)

    def test_the_groups_of_a_guest_beyond_a_peering(self) -> None:
        """R-SG-15, R-SG-16: the peer's rule may name the group of a NAT instance."""
        e = Pair()
        e.peered()
        sp = e.subnet(e.v1, "10.0.5.0/24", name="sp")
        guest = e.instance("guest", sp, "10.0.5.9", check=False)
        worn = e.group(e.v1)
        e.wear(guest, worn)
        e.route(e.table(e.v1, [sp]), "10.2.0.0/16", e.pcx)
        e.route(e.ta, "10.2.0.0/16", guest.eni)
        e.wear(e.b2, e.group(e.v2, ingress=[f"tcp/22 {worn}"]))
        may(e, f"can {e.a} reach {e.b2} port 22")
        deny(e, f"can {e.b} reach {e.b2} port 22", *GROUP)

    def test_a_group_used_in_another_vpc(self) -> None:
        """R-SG-30, R-SG-31: an associated group's CIDR rules hold for members in the other VPC."""
        e = Pair()
        e.peered()
        g = e.group(e.v1, ingress=["tcp/22 10.0.0.0/24"])
        e.associate_group(g, e.v2)
        e.wear(e.b2, g)
        allow(e, f"can {e.a} reach {e.b2} port 22")
        deny(e, f"can {e.b} reach {e.b2} port 22", *GROUP)

    def test_no_rules_at_all(self) -> None:
        """R-SG-3: no egress rules, nothing can be initiated; the replies still pass."""
        e = Pair()
        e.wear(e.b, e.group(e.v1, egress=[]))
        deny(e, f"can {e.b} reach {e.a} port 22", *GROUP)
        allow(e, f"can {e.a} reach {e.b} port 22")


# ------------------------------ 3: network ACLs


class TestAcls:
    def test_families_are_apart(self) -> None:
        """R-NACL-3: IPv4 entries never match IPv6 packets."""
        e = Pair(ipv6=True)
        e.acl(e.v1, [e.sb], ingress=["100 allow all 0.0.0.0/0"])
        allow(e, f"can {e.a} reach {e.b.ip} port 22")
        deny(e, f"can {e.a} reach {e.b.ip6} port 22", *ACL)

    def test_icmpv6_types(self) -> None:
        """R-NACL-5: with an IPv6 CIDR the type counts; the echo reply is 129."""
        e = Pair(ipv6=True)
        e.acl(
            e.v1,
            [e.sb],
            ingress=["100 allow icmpv6/128 ::/0"],
            egress=["100 allow icmpv6/129 ::/0"],
        )
        allow(e, f"can {e.a} reach {e.b.ip6} icmp")
        e.acl(e.v1, [e.sb], ingress=["100 allow icmpv6/129 ::/0"])
        deny(e, f"can {e.a} reach {e.b.ip6} icmp", *ACL)

    def test_icmp_types_and_codes(self) -> None:
        """R-NACL-5: IcmpTypeCode -1 is any."""
        e = Pair()
        e.acl(e.v1, [e.sb], ingress=["90 deny icmp/3/4 0.0.0.0/0", "100 allow icmp/3 0.0.0.0/0"])
        allow(e, f"can {e.a} reach {e.b} icmp 3/1", one_way=True)
        deny(e, f"can {e.a} reach {e.b} icmp 3/4", *ACL, one_way=True)
        deny(e, f"can {e.a} reach {e.b} icmp", *ACL, one_way=True)

    def test_direction_and_sides(self) -> None:
        """R-NACL-4: in matches the source, out the destination; the port is always the
        destination's."""
        e = Pair()
        e.acl(
            e.v1,
            [e.sa],
            ingress=["1 allow tcp/1024-65535 10.0.1.5/32"],
            egress=["1 allow tcp/22 10.0.1.5/32"],
        )
        allow(e, f"can {e.a} reach {e.b} port 22")
        deny(e, f"can {e.a} reach {e.b} port 23", *ACL)
        e.acl(
            e.v1,
            [e.sa],
            ingress=["1 allow tcp/22 10.0.1.5/32"],
            egress=["1 allow tcp/1024-65535 10.0.1.5/32"],
        )
        allow(e, f"can {e.b} reach {e.a} port 22")
        deny(e, f"can {e.a} reach {e.b} port 22", *ACL)

    def test_not_inside_a_subnet(self) -> None:
        """R-NACL-8: between two interfaces of one subnet the ACL is never evaluated."""
        e = Pair()
        twin = e.instance("a2", e.sa, "10.0.0.6")
        e.acl(e.v1, [e.sa], ingress=[], egress=[])
        allow(e, f"can {e.a} reach {twin} port 22")

    def test_some_source_ports(self) -> None:
        """R-EPH-5: reachable means for some source port, and the answer says when it is not for
        all."""
        e = Pair()
        assert not any(
            "source port" in text.lower()
            for text in said(allow(e, f"can {e.a} reach {e.b} port 22"))
        )
        e.acl(e.v1, [e.sb], egress=["100 allow tcp/32768-61000 0.0.0.0/0"])
        answer = allow(e, f"can {e.a} reach {e.b} port 22")
        assert any("source port" in text.lower() for text in said(answer)), tell(answer)
        e.acl(e.v1, [e.sb], egress=["100 allow tcp/1-1023 0.0.0.0/0"])
        deny(e, f"can {e.a} reach {e.b} port 22", *ACL)

    def test_fresh_source_ports_after_nat(self) -> None:
        """R-EPH-5, R-NAT-2: the far side of a NAT gateway has a source port of its own."""
        e = Pair()
        e.natted(e.ta)
        e.acl(
            e.v1, [e.sn], ingress=["90 allow all 10.0.0.0/16", "100 allow tcp/2000-2999 0.0.0.0/0"]
        )
        e.acl(e.v1, [e.sa], ingress=["100 allow tcp/40000-40999 0.0.0.0/0"])
        allow(e, f"can {e.a} reach {NET} port 443")


# ------------------------------ 4: route tables


class TestRoutes:
    def test_only_associated_counts(self) -> None:
        """R-RT-1: an association that is not `associated` leaves the subnet in the main table."""
        e = Pair()
        e.route(e.v1.table, "0.0.0.0/0", e.online())
        e.public(e.a, EIP_A)
        deny(e, f"can {e.a} reach {NET} port 443", *NO_ROUTE)
        e.ta.record["Associations"][0]["AssociationState"]["State"] = "disassociated"
        allow(e, f"can {e.a} reach {NET} port 443")

    def test_prefix_list_beats_propagated(self) -> None:
        """R-RT-5: a prefix-list route beats a propagated one of equal prefix."""
        e = Pair()
        e.peered()
        e.ta.record["Routes"] = [r for r in e.ta.record["Routes"] if r.get("GatewayId") == "local"]
        e.route(e.ta, "10.2.0.0/16", virtual_gateway(e), origin="EnableVgwRoutePropagation")
        e.route(e.ta, e.prefix_list("10.2.0.0/16"), e.pcx)
        allow(e, f"can {e.a} reach {e.b2} port 80")

    def test_longest_prefix(self) -> None:
        """R-RT-4: the longest prefix wins, whatever its target."""
        e = Pair()
        nat = e.natted(e.ta)
        e.public(e.a, EIP_A)
        gateway = e.online()
        e.route(e.ta, "8.8.0.0/16", gateway)
        answer = allow(e, f"can {e.a} reach {NET} port 443")
        assert gateway in dump(answer)
        assert nat not in dump(answer)

    def test_local_beats_propagated(self) -> None:
        """R-RT-6: a propagated route inside the VPC loses to local."""
        e = Pair()
        e.route(e.ta, "10.0.1.0/24", virtual_gateway(e), origin="EnableVgwRoutePropagation")
        allow(e, f"can {e.a} reach {e.b} port 22")

    def test_a_blackhole_wins(self) -> None:
        """R-RT-11: a blackhole wins by its prefix and drops; there is no fallback."""
        e = Pair()
        e.online(e.ta)
        e.public(e.a, EIP_A)
        e.route(
            e.ta,
            "8.8.8.0/24",
            e.nat(e.sb, "10.0.1.9", public="198.51.100.21", state="deleted"),
            state="blackhole",
        )
        deny(e, f"can {e.a} reach {NET} port 443", "BAD_STATE_ROUTE")
        allow(e, "can " + e.a + " reach 1.1.1.1 port 443")

    def test_secondary_cidrs_are_local(self) -> None:
        """R-RT-7: every CIDR of the VPC is local."""
        e = Estate()
        v1 = e.vpc("10.0.0.0/16", "100.64.0.0/16")
        a = e.instance("a", e.subnet(v1, "10.0.0.0/24"), "10.0.0.5")
        b = e.instance("b", e.subnet(v1, "100.64.1.0/24"), "100.64.1.5")
        allow(e, f"can {a} reach {b} port 22")
        allow(e, f"can {b} reach {a} port 22")

    def test_prefix_list_routes(self) -> None:
        """R-RT-9: one route per current entry."""
        e = Pair()
        e.public(e.a, EIP_A)
        e.route(e.ta, e.prefix_list("8.8.8.0/24", "1.1.1.0/24"), e.online())
        allow(e, f"can {e.a} reach {NET} port 443")
        deny(e, f"can {e.a} reach 9.9.9.9 port 443", *NO_ROUTE)

    def test_edge_table_with_local_only(self) -> None:
        """R-RT-19: an edge table that redirects nothing changes nothing."""
        e = Pair()
        e.public(e.b, EIP_B)
        e.table(e.v1, edge=e.online(e.tb))
        allow(e, f"can 0.0.0.0/0 reach {e.b} port 443")

    def test_edge_table_to_an_appliance(self) -> None:
        """R-RT-20, R-ENI-6: looked up by the private destination; through the appliance and back by
        it, a may."""
        e, appliance = bastion()
        answer = may(e, f"can 0.0.0.0/0 reach {EIP_B} port 443")
        assert appliance.eni in dump(answer)

    def test_edge_target_needs_a_public_address(self) -> None:
        """R-RT-21: coming from an internet gateway the target interface needs a public address."""
        e, _ = bastion(public=None)
        deny(e, f"can 0.0.0.0/0 reach {EIP_B} port 443", "INGRESS_RTB_NO_PUBLIC_IP")

    def test_edge_target_must_run(self) -> None:
        """R-RT-21: and a running instance."""
        e, _ = bastion(state="stopped")
        deny(e, f"can 0.0.0.0/0 reach {EIP_B} port 443", *BAD_STATE)

    def test_edge_target_with_the_check_on(self) -> None:
        """R-ENI-7: and the source/destination check off."""
        e, _ = bastion(check=True)
        deny(e, f"can 0.0.0.0/0 reach {EIP_B} port 443", *CHECKED)

    def test_redirected_in_direct_out(self) -> None:
        """R-RT-22: a subnet whose inbound traffic is redirected may not answer straight out.

        SG(B) admits the client only: an appliance that hid it behind its own address (R-ENI-6)
        would get its answers by the local route.
        """
        e, _ = bastion(through=False)
        e.wear(e.b, e.group(e.v1, ingress=[f"tcp/443 {NET}/32"]))
        deny(e, f"can {NET} reach {EIP_B} port 443", "INGRESS_RTB_TRAFFIC_REDIRECTION", *GROUP)
        deny(e, f"can {e.b} reach {NET} port 443", "INGRESS_RTB_TRAFFIC_REDIRECTION")
        e, _ = bastion()
        e.wear(e.b, e.group(e.v1, ingress=[f"tcp/443 {NET}/32"]))
        may(e, f"can {NET} reach {EIP_B} port 443")

    def test_edge_table_leaves_other_subnets_alone(self) -> None:
        """R-RT-20: only the destinations that its routes name are redirected."""
        e, appliance = bastion()
        e.online(e.ta)
        e.public(e.a, EIP_A)
        answer = allow(e, f"can 0.0.0.0/0 reach {EIP_A} port 443")
        assert appliance.eni not in dump(answer)


# ------------------------------ 5 to 7: gateways


class TestGateways:
    def test_a_detached_igw(self) -> None:
        """R-IGW-1: a gateway on another VPC, or on none, serves nobody here."""
        e = Pair()
        e.public(e.a, EIP_A)
        e.route(e.ta, "0.0.0.0/0", e.igw(None))
        deny(
            e,
            f"can {e.a} reach {NET} port 443",
            *BAD_STATE,
            *NO_ROUTE,
            *NO_EXIT,
            "GATEWAY_REJECTS_SPOOFED_TRAFFIC",
        )
        deny(e, f"can 0.0.0.0/0 reach {e.a} port 443")

    def test_ipv6_needs_no_mapping(self) -> None:
        """R-IGW-5: an IPv6 address, a route and open filters are enough, both ways."""
        e = Pair(ipv6=True)
        e.online(e.ta)
        allow(e, f"can ::/0 reach {e.a} port 443")
        allow(e, f"can {e.a} reach ::/0 port 443")
        deny(e, f"can ::/0 reach {e.b} port 443", *NO_ROUTE)

    def test_spoofed_private_sources_stay_out(self) -> None:
        """R-IGW-4: nobody on the internet sends from a private address."""
        e = Pair()
        e.online(e.ta)
        e.public(e.a, EIP_A)
        private = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
        e.wear(e.a, e.group(e.v1, ingress=[f"all {cidr}" for cidr in private]))
        refused = [f"IGW_SOURCE_ADDRESS_NOT_IN_RFC{number}_INGRESS" for number in (1918, 6598)]
        deny(e, f"can 0.0.0.0/0 reach {e.a} port 22", *GROUP, *refused)

    def test_the_peer_cannot_use_the_igw(self) -> None:
        """R-IGW-8, R-PCX-3: a default route into a peering gives no internet."""
        e = Pair()
        e.peered()
        e.online(e.ta, e.tb)
        e.public(e.b2, EIP_B)
        e.route(e.t2, "0.0.0.0/0", e.pcx)
        deny(e, f"can {e.b2} reach {NET} port 443", "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR")

    def test_hairpin(self) -> None:
        """R-IGW-10: between two public addresses of one VPC the packet goes out and back in."""
        e = Pair()
        e.online(e.ta, e.tb)
        e.public(e.a, EIP_A)
        e.public(e.b, EIP_B)
        e.wear(e.b, e.group(e.v1, ingress=[f"tcp/22 {EIP_A}/32"]))
        allow(e, f"can {e.a} reach {EIP_B} port 22")
        deny(e, f"can {e.a} reach 10.0.1.5 port 22", *GROUP)

    def test_nat_is_egress_only(self) -> None:
        """R-NAT-4: nothing comes in by a NAT gateway."""
        e = Pair()
        e.natted(e.ta)
        deny(e, f"can 0.0.0.0/0 reach {e.a} port 443")
        allow(e, f"can {e.a} reach 0.0.0.0/0 port 443")

    @pytest.mark.parametrize("state", ["pending", "failed", "deleting", "deleted"])
    def test_nat_must_be_available(self, state: str) -> None:
        """R-NAT-1."""
        e = Pair()
        nat = e.natted(e.ta)
        nat.record["State"] = state
        deny(e, f"can {e.a} reach {NET} port 443", *BAD_STATE)

    def test_nat_serves_its_own_vpc(self) -> None:
        """R-NAT-7: not a peer."""
        e = Pair()
        e.peered()
        e.natted(e.ta, e.tb)
        e.route(e.t2, "0.0.0.0/0", e.pcx)
        deny(
            e,
            f"can {e.b2} reach {NET} port 443",
            "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR",
            "NGW_REQUIRES_SOURCE_IN_VPC",
        )

    def test_nat_over_a_peering_returns_to_sender(self) -> None:
        """R-NAT-8: the peer answers a NAT gateway without a return route; only ACLs can stop it."""
        e, _ = nat_over_peering("tcp/80 10.0.9.9/32")
        allow(e, f"can {e.a} reach {e.b2} port 80")
        deny(e, f"can {e.b2} reach {e.a} port 80")
        e.acl(e.v2, [e.s2], egress=[])
        deny(e, f"can {e.a} reach {e.b2} port 80", *ACL)

    def test_nat_inside_the_vpc(self) -> None:
        """R-NAT-11: a subnet's CIDR routed to a NAT gateway, more specific than local: B sees the
        NAT's address."""
        e = Pair()
        nat = e.natted()
        e.route(e.ta, "10.0.1.0/24", nat)
        e.wear(e.b, e.group(e.v1, ingress=["tcp/22 10.0.9.9/32"]))
        answer = allow(e, f"can {e.a} reach {e.b} port 22")
        assert nat in dump(answer)
        e.wear(e.b, e.group(e.v1, ingress=["tcp/22 10.0.0.5/32"]))
        deny(e, f"can {e.a} reach {e.b} port 22", *GROUP)

    def regional(self, automatic: bool) -> Pair:
        """A in zone a, which the regional NAT gateway covers; B in zone b, which it does not."""
        e = Pair()
        nat = e.regional_nat(e.v1, {"a": "198.51.100.60"}, e.online(), automatic)
        e.route(e.ta, "0.0.0.0/0", nat)
        e.route(e.tb, "0.0.0.0/0", nat)
        return e

    @pytest.mark.parametrize("automatic", [False, True], ids=["manual", "automatic"])
    def test_regional_nat(self, automatic: bool) -> None:
        """R-NAT-12: no subnet, no ACL of its own, its own table; from a zone that it covers."""
        e = self.regional(automatic)
        allow(e, f"can {e.a} reach {NET} port 443")
        deny(e, f"can 0.0.0.0/0 reach {e.a} port 443")
        deny(e, "can 0.0.0.0/0 reach 198.51.100.60 port 443")

    def test_regional_nat_by_hand_in_another_zone(self) -> None:
        """R-NAT-13, U-1: in manual mode a zone that is not covered is unreachable."""
        e = self.regional(automatic=False)
        deny(e, f"can {e.b} reach {NET} port 443", "REGIONAL_NGW_ROUTE_AZ_RESTRICTION")

    def test_regional_nat_by_itself_in_another_zone(self) -> None:
        """R-NAT-13, U-1: in automatic mode it is a may."""
        e = self.regional(automatic=True)
        may(e, f"can {e.b} reach {NET} port 443")

    def test_egress_only(self) -> None:
        """R-EIGW-1: out and the replies back, nothing in."""
        e = Pair(ipv6=True)
        e.route(e.ta, "::/0", e.eigw(e.v1))
        allow(e, f"can {e.a} reach {NET6} port 443")
        allow(e, f"can {e.a} reach {NET6} icmp")
        deny(e, f"can ::/0 reach {e.a} port 443")
        deny(e, f"can {NET6} reach {e.a.ip6} port 443")

    @pytest.mark.parametrize("state", ["detached", "blackhole"])
    def test_egress_only_out_of_order(self, state: str) -> None:
        """R-EIGW-2: detached or deleted, it carries nothing."""
        e = Pair(ipv6=True)
        eigw = e.eigw(e.v1, state="detached" if state == "detached" else "attached")
        e.route(e.ta, "::/0", eigw, state="blackhole" if state == "blackhole" else "active")
        deny(e, f"can {e.a} reach {NET6} port 443", *BAD_STATE)


# ------------------------------ 9: peering


class TestPeering:
    def test_across_accounts_and_regions(self) -> None:
        """R-PCX-8: the same in one account, in two, and between Regions."""
        for account, region in ((None, None), ("444455556666", None), (None, "eu-west-1")):
            e = Pair(ipv6=True)
            e.peered(account=account, region=region)
            allow(e, f"can {e.a} reach {e.b2.ip} port 80")
            allow(e, f"can {e.b2} reach {e.a.ip6} port 80")

    def test_a_narrow_route_back(self) -> None:
        """R-PCX-2: routes may be narrower than the peer's CIDR."""
        e = Pair()
        e.peered(back=False)
        e.route(e.t2, "10.0.0.0/24", e.pcx)
        allow(e, f"can {e.a} reach {e.b2} port 80")
        deny(e, f"can {e.b} reach {e.b2} port 80", *NO_ROUTE)

    @pytest.mark.parametrize("status", ["deleted", "rejected", "expired", "failed", "provisioning"])
    def test_only_active_forwards(self, status: str) -> None:
        """R-PCX-1: whatever the route's state says."""
        e = Pair()
        e.second()
        pcx = e.peering(e.v1, e.v2, status=status)
        e.route(e.ta, "10.2.0.0/16", pcx)
        e.route(e.t2, "10.0.0.0/16", pcx)
        deny(e, f"can {e.a} reach {e.b2} port 80", *BAD_STATE)

    def test_the_other_side_is_not_in_the_snapshot(self) -> None:
        """R-SHARE-4: beyond a peering into an account that was not described nothing is known."""
        e = Pair()
        e.peered(account="999988887777")
        del e.scopes["999988887777", "us-east-1"]
        unknown(e, f"can {e.a} reach 10.2.0.5 port 80")
        allow(e, f"can {e.a} reach {e.b} port 80")

    def test_endpoints_of_the_peer(self) -> None:
        """R-PCX-4, R-PCX-5, R-GWEP-2: a peer's interface endpoint yes, its gateway endpoint no."""
        e = Pair()
        e.peered()
        e.endpoint_interface({e.sb: "10.0.1.40"})
        e.endpoint_gateway(e.v1, [e.ta, e.tb])
        e.route(e.t2, e.service_list("s3"), e.pcx)
        allow(e, f"can {e.b2} reach 10.0.1.40 port 443")
        deny(e, f"can {e.b2} reach {IN_S3} port 443", "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR")


# ------------------------------ 12: endpoints to AWS services


class TestEndpoints:
    def test_gateway_only_in_its_tables(self) -> None:
        """R-GWEP-1: a table that is not associated knows nothing of it."""
        e = Pair()
        e.endpoint_gateway(e.v1, [e.ta])
        allow(e, f"can {e.a} reach {IN_S3} port 443")
        deny(e, f"can {e.b} reach {IN_S3} port 443", *NO_ROUTE)

    def test_gateway_protocols(self) -> None:
        """R-GWEP-4: TCP and echo pass, nothing else."""
        e = Pair()
        e.endpoint_gateway(e.v1, [e.ta])
        allow(e, f"can {e.a} reach {IN_S3} icmp")
        deny(
            e,
            f"can {e.a} reach {IN_S3} port 443/udp",
            "VPCE_GATEWAY_PROTOCOL_RESTRICTION",
            one_way=True,
        )
        deny(
            e,
            f"can {e.a} reach {IN_S3} protocol 47",
            "VPCE_GATEWAY_PROTOCOL_RESTRICTION",
            one_way=True,
        )

    def test_gateway_of_another_service(self) -> None:
        """R-GWEP-1: each service has its own list."""
        e = Pair()
        e.service_list("s3")
        e.endpoint_gateway(e.v1, [e.ta], service="dynamodb")
        allow(e, f"can {e.a} reach 52.94.0.10 port 443")
        deny(e, f"can {e.a} reach {IN_S3} port 443", *NO_ROUTE)

    def test_gateway_never_initiates(self) -> None:
        """R-GWEP-2: the service does not call into the VPC by it."""
        e = Pair()
        e.endpoint_gateway(e.v1, [e.ta])
        deny(e, f"can {IN_S3} reach {e.a} port 443")

    def test_an_aws_list_that_two_calls_show(self) -> None:
        """describe-managed-prefix-lists shows the AWS lists too, with entries of their own: one
        list, no clash."""
        e = Pair()
        e.endpoint_gateway(e.v1, [e.ta])
        listed = e.service_list("s3")
        shown = {
            "AddressFamily": "IPv4",
            "OwnerId": "AWS",
            "PrefixListId": str(listed),
            "State": "create-complete",
        }
        shown |= {
            "PrefixListName": "com.amazonaws.us-east-1.s3",
            "PrefixListArn": f"arn:aws:ec2:us-east-1:aws:prefix-list/{listed}",
        }
        e.add("PrefixLists (managed)", shown)
        entries = [{"Cidr": cidr} for cidr in listed.record["Cidrs"]]
        e.add("ManagedPrefixListEntries", {"PrefixListId": str(listed), "Entries": entries})
        allow(e, f"can {e.a} reach {IN_S3} port 443")

    @pytest.mark.parametrize(
        "state", ["pendingAcceptance", "rejected", "failed", "deleting", "expired"]
    )
    def test_endpoint_must_be_available(self, state: str) -> None:
        """R-VPCE-2."""
        e = Pair()
        e.endpoint_interface({e.sb: "10.0.1.40"}, state=state)
        deny(e, f"can {e.a} reach 10.0.1.40 port 443", *BAD_STATE)

    def test_endpoint_group_and_acl(self) -> None:
        """R-VPCE-3, R-NACL-9: its groups and its subnet's ACL filter clients."""
        e = Pair()
        gate = e.group(e.v1, ingress=["tcp/443 10.0.0.0/24"])
        e.endpoint_interface({e.sb: "10.0.1.40"}, groups=[gate])
        allow(e, f"can {e.a} reach 10.0.1.40 port 443")
        deny(e, f"can {e.b} reach 10.0.1.40 port 443", *GROUP)
        e.acl(e.v1, [e.sb], ingress=["100 deny tcp/443 10.0.0.0/24", "200 allow all 0.0.0.0/0"])
        deny(e, f"can {e.a} reach 10.0.1.40 port 443", *ACL)

    def test_endpoint_never_initiates(self) -> None:
        """R-VPCE-4: the service can never call into the consumer's VPC."""
        e = Pair()
        vpce = e.endpoint_interface({e.sb: "10.0.1.40"})
        deny(e, f"can {vpce} reach {e.a} port 443", "VPCE_INTRA_VPC_TRAFFIC")


# ------------------------------ 17: what no filter sees


class TestServiceTraffic:
    def test_ipv6_forms(self) -> None:
        """R-EXM-1: the IPv6 addresses of the resolver, metadata and time."""
        e = Pair(ipv6=True)
        e.wear(e.a, e.group(e.v1, ingress=[], egress=[]))
        e.acl(e.v1, [e.sa], ingress=[], egress=[])
        allow(e, f"can {e.a} reach fd00:ec2::253 port 53/udp")
        allow(e, f"can {e.a} reach fd00:ec2::123 port 123/udp")

    def test_a_public_resolver_is_filtered(self) -> None:
        """R-EXM-3: the exemption is for the Amazon resolver only."""
        e = Pair()
        e.natted(e.ta)
        allow(e, f"can {e.a} reach {NET} port 53/udp")
        e.wear(e.a, e.group(e.v1, ingress=[], egress=[]))
        deny(e, f"can {e.a} reach {NET} port 53/udp", *GROUP)

    def test_not_from_a_peer(self) -> None:
        """R-EXM-4: a VPC's resolver answers nobody outside it."""
        e = Pair()
        e.peered()
        deny(e, f"can {e.b2} reach 10.0.0.2 port 53/udp")
        allow(e, f"can {e.b2} reach 10.2.0.2 port 53/udp")

    def test_metadata_switched_off(self) -> None:
        """R-EXM-5: HttpEndpoint=disabled."""
        e = Pair()
        off = e.instance("off", e.sa, "10.0.0.9", metadata=False)
        allow(e, f"can {e.a} reach 169.254.169.254 port 80")
        deny(e, f"can {off} reach 169.254.169.254 port 80")


# ------------------------------ what lies behind a guest


def with_guest(check: bool = False) -> tuple[Pair, Id]:
    """V1 with an appliance in SP, to which nothing is routed yet."""
    e = Pair()
    sp = e.subnet(e.v1, "10.0.5.0/24", name="sp")
    e.table(e.v1, [sp], name="tp")
    return e, e.instance("guest", sp, "10.0.5.9", check=check)


class TestBehindAGuest:
    """R-ENI-6: a private block that is routed to an interface with the check off leads somewhere,
    to a software VPN's networks or to containers; nothing that AWS says tells where."""

    @pytest.mark.parametrize("listed", [True, False])
    def test_a_private_block(self, listed: bool) -> None:
        """Neither reached nor out of reach, there and from there."""
        e, guest = with_guest()
        block = e.prefix_list("192.168.0.0/16") if listed else "192.168.0.0/16"
        e.route(e.ta, block, guest.eni)
        unknown(e, f"can {e.a} reach 192.168.1.1 port 22", guest.eni)
        unknown(e, f"can {e.a} reach 192.168.1.0/24 port 22", guest.eni)
        unknown(e, f"can 192.168.1.1 reach {e.a} port 22", guest.eni)
        deny(e, f"can {e.a} reach 192.169.1.1 port 22", *NO_ROUTE)
        deny(e, f"can {e.b} reach 192.168.1.1 port 22", *NO_ROUTE)
        deny(e, f"can 172.16.0.1 reach {e.a} port 22", "NO_SOURCE_OR_DESTINATION")

    def test_past_what_denies(self) -> None:
        """A group without a rule for it and the check on keep it from the guest for certain."""
        e, guest = with_guest()
        e.route(e.ta, "192.168.0.0/16", guest.eni)
        e.wear(e.a, e.group(e.v1, egress=["tcp/443 any"]))
        deny(e, f"can {e.a} reach 192.168.1.1 port 22", *GROUP)
        unknown(e, f"can {e.a} reach 192.168.1.1 port 443", guest.eni)
        e, guest = with_guest(check=True)
        e.route(e.ta, "192.168.0.0/16", guest.eni)
        deny(e, f"can {e.a} reach 192.168.1.1 port 22", *CHECKED)
        deny(e, f"can 192.168.1.1 reach {e.a} port 22", "NO_SOURCE_OR_DESTINATION")

    def test_a_default_route_tells_nothing(self) -> None:
        """It is for the internet, where no private address is (R-IGW-4)."""
        e, guest = with_guest()
        e.route(e.ta, "0.0.0.0/0", guest.eni)
        deny(e, f"can {e.a} reach 192.168.1.1 port 22")
        deny(e, f"can 192.168.1.1 reach {e.a} port 22", "NO_SOURCE_OR_DESTINATION")

    def test_the_blocks_of_vpcs_are_elsewhere(self) -> None:
        """A block that holds a VPC's as well: what is in the VPC is not behind the guest."""
        e, guest = with_guest()
        e.second()
        e.route(e.ta, "10.0.0.0/8", guest.eni)
        deny(e, f"can {e.a} reach {e.b2} port 22")
        unknown(e, f"can {e.a} reach 10.9.0.1 port 22", guest.eni)
        e.route(e.ta, "10.0.1.0/24", guest.eni)
        may(e, f"can {e.a} reach {e.b} port 22")
