"""Small estates drawn at random with something of everything, and the ends that one can ask about.

    e = Medley(seed)            e.load()            e.ends -> words of a question, ...

Two subnets of V1 and more beside, V2 over a peering, V3 over a transit gateway, IPv6 in half of
them; balancers, NAT, PrivateLink, Client VPN, Instance Connect, a line on-premises and an appliance
by chance.  Groups and network ACLs are drawn from rules that nearly let the same through.
"""

from __future__ import annotations

from random import Random

from tests.estate import Id, Pair
from tests.estates import access, balancers, private, privatelink, public_access

PROTOCOLS = (
    *("tcp/22", "tcp/22", "tcp/80-90", "tcp/443", "tcp", "udp/53", "icmp/8", "icmp", "icmp/3/4"),
    *("icmpv6/128", "icmpv6", "47", "50", "all", "all"),
)
PEERS = (
    *("any", "any", "0.0.0.0/0", "::/0", "10.0.0.0/8", "10.0.0.0/24", "10.0.1.0/24"),
    *("10.0.0.21/32", "10.2.0.0/16", "10.3.0.0/16", "2600:1f18:1a00:100::/56", "self"),
    *("2600:1f18:1a00:101::/64", "172.20.0.0/22", "192.168.0.0/16", "198.51.100.0/24"),
)
PACKETS = (
    *("port 22", "port 22", "port 443", "port 80-85", "port 53/udp", "port 85", "icmp"),
    *("icmp 3/4", "icmp 8/0", "icmp 0", "icmp 128", "icmp 13", "protocol 47", "protocol 50"),
    *("protocol 58", "protocol 1", "protocol 6", ""),
)
SIX = "2600:1f18:1a00:10{}::{:x}"
V3_SIX = "2600:1f18:3c00:300::/56"
MAPPED = ("PublicIp", "CarrierIp", "CustomerOwnedIp")


class Medley(Pair):
    """The pair and all that a seed gives it."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = Random(f"medley/{seed}")
        super().__init__(ipv6=rng.random() < 0.6)
        self.names: list[str] = []
        self.hosts: list[Id] = [self.a, self.b]
        self._connect()
        self.groups = {str(vpc): self._groups(vpc) for vpc in self.vpcs}
        self._people()
        self._filter()
        for part in (
            *(self._network_balancer, self._application_balancer, self._classic_balancer),
            *(self._service, self._endpoints, self._clients, self._line, self._appliance),
            self._block,
        ):
            if rng.random() < 0.35:
                part()
        self.ends = self._ends()

    def chance(self, of: float) -> bool:
        return self.rng.random() < of

    # ------------------------------ connections

    def _connect(self) -> None:
        rng = self.rng
        self.natted(*([self.tb] if self.chance(0.6) else []))
        self.online(self.ta)
        self.peered(back=self.chance(0.9))
        self.vpcs, self.subnets = [self.v1, self.v2], [self.sa, self.sb, self.s2]
        if self.six and self.chance(0.5):
            self.route(self.tb, "::/0", self.eigw(self.v1))
        if self.chance(0.5):
            self._transit()
        if self.chance(0.3):
            self.route(self.tb, "9.0.0.0/8", rng.choice([str(self.gateway), str(self.pcx)]))

    def _transit(self) -> None:
        self.v3 = self.vpc("10.3.0.0/16", ipv6=V3_SIX if self.six else None, name="v3")
        s3 = self.subnet(self.v3, "10.3.0.0/24", "a", V3_SIX[:-2] + "64" if self.six else None)
        t3 = self.table(self.v3, [s3])
        tgw = private.transit_gateway(self, name="hub")
        for vpc, table, subnet in ((self.v1, self.ta, self.sa), (self.v3, t3, s3)):
            private.attach_vpc(self, tgw, vpc, subnet)
            self.route(table, "10.3.0.0/16" if vpc is self.v1 else "10.0.0.0/8", tgw)
        if self.chance(0.5):
            self.route(self.tb, "10.3.0.0/16", tgw)
        self.vpcs.append(self.v3)
        self.subnets.append(s3)
        self.names.append(str(tgw))

    # ------------------------------ filters

    def _rules(self, known: list[Id]) -> list[str]:
        rng, found = self.rng, []
        for _ in range(rng.randint(0, 3)):
            protocol, peer = rng.choice(PROTOCOLS), rng.choice([*PEERS, *known[-2:]])
            six = ":" in peer or peer == "any"
            four = ":" not in peer
            if protocol.startswith("icmpv6") and not six:
                peer = "::/0"
            if protocol.partition("/")[0] == "icmp" and not four:
                peer = "0.0.0.0/0"
            found.append(f"{protocol} {peer}")
        return list(dict.fromkeys(found))

    def _groups(self, vpc: Id) -> list[Id]:
        made: list[Id] = [self.open_group(vpc)]
        for number in range(4):
            egress = self._rules(made) if self.chance(0.4) else None
            name = f"{vpc.record['CidrBlock']}-{number}"
            made.append(self.group(vpc, self._rules(made), egress, name=name))
        return made

    def _worn(self, subnet: Id) -> list[Id]:
        return self.rng.sample(self.groups[str(subnet.vpc)], self.rng.choice([1, 1, 2]))

    def _filter(self) -> None:
        for subnet in self.subnets:
            if self.chance(0.35):
                self.acl(subnet.vpc, [subnet], self._lines(), self._lines())

    def _lines(self) -> list[str]:
        rng, found = self.rng, []
        for number in range(10, 10 + 10 * rng.randint(0, 3), 10):
            cidr = rng.choice([peer for peer in PEERS if "/" in peer])
            protocol = rng.choice(["tcp/22", "tcp/1024-65535", "udp", "icmp", "all", "47"])
            if ":" in cidr and protocol == "icmp":
                protocol = "icmpv6"
            found.append(f"{number} {rng.choice(['allow', 'deny'])} {protocol} {cidr}")
        if self.chance(0.85):
            found += ["100 allow all 0.0.0.0/0", "101 allow all ::/0"]
        return found

    # ------------------------------ who is there

    def _people(self) -> None:
        rng = self.rng
        for host, subnet in ((self.a, self.sa), (self.b, self.sb), (self.b2, self.s2)):
            if self.chance(0.6):
                self.wear(host, *self._worn(subnet))
        self.hosts.append(self.b2)
        for number, subnet in enumerate(self.subnets):
            net = subnet.record["CidrBlock"].rpartition(".")[0]
            block = subnet.record["Ipv6CidrBlockAssociationSet"]
            for last in range(20, 20 + rng.randint(1, 3)):
                six = block[0]["Ipv6CidrBlock"].replace("::/64", f"::{last}") if block else None
                public = f"198.51.100.{30 + 10 * number + last}" if self.chance(0.4) else None
                self.hosts.append(
                    self.instance(
                        f"h{number}-{last}",
                        subnet,
                        f"{net}.{last}",
                        self._worn(subnet),
                        public=public if subnet.vpc is self.v1 else None,
                        ipv6=six if six and self.chance(0.7) else None,
                        state=rng.choice([*["running"] * 9, "stopped"]),
                        tags=rng.choice([{}, {"Stage": "prod"}, {"Stage": "test"}]),
                        secondary={f"{net}.{last + 100}": None} if self.chance(0.15) else None,
                    )
                )
        if self.chance(0.3):
            host = self.hosts[-1] if self.chance(0.5) else self.a
            self.interface(self.sb, "10.0.1.99", self._worn(self.sb), on=host)

    def _network_balancer(self) -> None:
        rng = self.rng
        public = {self.sa: "198.51.100.40"} if self.chance(0.5) else None
        groups = self._worn(self.sa) if self.chance(0.5) else ()
        nodes = {self.sa: "10.0.0.40", self.sb: "10.0.1.40"}
        front = balancers.balancer(
            self, "network", "front", nodes, groups, public, cross_zone=self.chance(0.6)
        )
        inner = [host for host in self.hosts if host.vpc is self.v1]
        targets = rng.sample(inner, rng.choice([1, 1, 2]))
        port = rng.choice([22, 85, 8443])
        preserve = rng.choice([True, False])
        to = balancers.target_group(self, self.v1, "to", "TCP", port, targets, preserve=preserve)
        balancers.listen(self, front, "TCP", rng.choice([443, 22]), to)
        self.names += ["front", str(front.nodes[0]), front.nodes[1].ip]
        if self.chance(0.3):
            balancers.accelerator(
                self, "world", ["75.2.60.5"], [("TCP", 443, 443)], [(front, False)]
            )
            self.names += ["world", "75.2.60.5"]

    def _application_balancer(self) -> None:
        rng = self.rng
        public = {self.sa: "198.51.100.42"} if self.chance(0.5) else None
        nodes = {self.sa: "10.0.0.42", self.sb: "10.0.1.42"}
        front = balancers.balancer(self, "application", "site", nodes, self._worn(self.sa), public)
        targets = rng.sample([host for host in self.hosts if host.vpc is self.v1], 1)
        to = balancers.target_group(self, self.v1, "pages", "HTTP", rng.choice([80, 85]), targets)
        balancers.listen(self, front, "HTTP", rng.choice([80, 443]), to)
        self.names += ["site", front.nodes[0].ip]

    def _classic_balancer(self) -> None:
        targets = self.rng.sample([host for host in self.hosts if host.vpc is self.v1], 2)
        nodes = {self.sa: "10.0.0.44", self.sb: "10.0.1.44"}
        front = balancers.classic(
            self, "old", nodes, [("TCP", 443, 22)], targets, self._worn(self.sa), cross_zone=True
        )
        self.names += ["old", front.nodes[1].ip]

    def _service(self) -> None:
        """A service of V2, and an endpoint of V1 or of V2 itself to it."""
        front = privatelink.front(self, {self.s2: "10.2.0.60"}, {self.b2: 22}, cross_zone=True)
        service = privatelink.endpoint_service(self, [front])
        place, ip = self.rng.choice([(self.sa, "10.0.0.61"), (self.s2, "10.2.0.61")])
        made = privatelink.endpoint_to(self, {place: ip}, service, groups=self._worn(place))
        self.names += [str(made), ip, str(service)]

    def _endpoints(self) -> None:
        self.endpoint_gateway(self.v1, [self.ta, self.tb])
        made = self.endpoint_interface({self.sb: "10.0.1.70"}, groups=self._worn(self.sb))
        self.names += [str(made), "10.0.1.70", "52.216.1.10"]

    def _clients(self) -> None:
        vpn = access.client_vpn(self, {self.sa: "10.0.0.90"}, groups=self._worn(self.sa))
        access.vpn_rule(self, vpn, self.rng.choice(["10.0.0.0/16", "10.0.1.0/24", "0.0.0.0/0"]))
        eice = access.connect_endpoint(
            self, self.sb, "10.0.1.91", self._worn(self.sb), preserve=self.chance(0.5)
        )
        self.names += [str(vpn), str(eice)]

    def _line(self) -> None:
        vgw = private.gateway(self, self.v1)
        private.connection(self, vgw, static=["192.168.0.0/16"])
        self.route(self.ta, "192.168.0.0/16", vgw)
        self.names += ["on-premises", "192.168.1.1"]

    def _appliance(self) -> None:
        zone = self.subnet(self.v1, "10.0.5.0/24", "a")
        table = self.table(self.v1, [zone])
        self.online(table)
        made = self.instance("appliance", zone, "10.0.5.20", check=False, public="198.51.100.30")
        self.route(self.tb, self.rng.choice(["10.0.0.0/24", "10.2.0.0/16", "0.0.0.0/0"]), made.eni)
        self.names.append(str(made))

    def _block(self) -> None:
        public_access.block(self, self.rng.choice(["block-bidirectional", "block-ingress"]))
        if self.chance(0.5):
            public_access.exclude(self, self.rng.choice([self.v1, self.sa]))

    # ------------------------------ ends

    def _ends(self) -> list[str]:
        """What a question may be asked about, as its words."""
        found = ["internet", "0.0.0.0/0", "any", "private", "public", "8.8.8.8", "10.0.0.0/24"]
        found += ["10.0.0.0/16", "tag:Stage=prod", "tag:Stage=test", "10.0.1.0/25"]
        found += ["::/0", "2600:1f18:1a00:100::/64", "2606:4700::1"] if self.six else []
        for host in self.hosts:
            found += [str(host), str(host), str(host.eni), host.ip]
            if host.eni.record["Ipv6Addresses"]:
                found.append(host.ip6)
            mapped = host.eni.record.get("Association", {})
            found += [mapped[key] for key in MAPPED if key in mapped]
        found += map(str, (*self.subnets, *self.vpcs, *self.subnets))
        found += (str(group) for some in self.groups.values() for group in some[:3])
        return [*found, *self.names, *self.names, *self.names]
