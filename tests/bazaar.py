"""A medley with what medleys have not: firewalls, services, backbones, lines, shops and gaps.

    e = Bazaar(seed)            e.drawn -> the names of the parts that it has beside a medley's

Three parts, drawn at random, stand beside what the medley of that seed has, and lead into one
another by routes that overlap.  What a medley of a seed is stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from tests.estate import MANAGED, Id
from tests.estates import (
    access,
    balancers,
    cloudwan,
    firewall,
    outposts,
    private,
    privatelink,
    public_access,
    services,
    transit,
)
from tests.medley import PROTOCOLS, Medley

PARTS = 3
BLOCKS = ("10.0.0.0/24", "10.0.1.0/24", "10.0.0.0/16", "10.2.0.0/16", "192.168.0.0/16", "0.0.0.0/0")
RULES = (
    *("pass tcp any any -> any 22 (sid:{};)", "drop tcp any any -> any any (sid:{};)"),
    *("pass tcp 10.0.1.0/24 any -> any any (sid:{};)", "drop icmp any any -> any any (sid:{};)"),
    *("pass ip any any -> 10.2.0.0/16 any (sid:{};)", "reject udp any any <> any 53 (sid:{};)"),
    *("alert tcp any any -> any any (sid:{};)", "drop ip 10.2.0.0/16 any -> any any (sid:{};)"),
)
PLAIN = (
    *("{} pass tcp any any -> any 22", "{} drop tcp any any -> any 443"),
    *("{} pass ip 10.0.0.0/16 any -> any any", "{} forward tcp any any -> any any"),
    *("{} drop icmp any any -> any any", "{} drop tcp any any -> any any SYN/SYN,ACK"),
)
# What an answer can do without, more or less: each may be missing from a snapshot.
CALLS = (
    *("NetworkAcls", "SecurityGroups", "InternetGateways", "NatGateways", "VpcPeeringConnections"),
    *("VpcEndpoints", "PrefixLists", MANAGED, "ManagedPrefixListEntries", "VpcAttributes"),
    *("Reservations", "Addresses", "LoadBalancers", "TargetGroups", "LoadBalancerTargetHealth"),
    *("LoadBalancerAttributes", "TargetGroupAttributes", "TransitGatewayRoutes", "RouteTables"),
    *("TransitGatewayAttachments", "VpnConnections", "CustomerGateways", "ServiceConfigurations"),
    *("SecurityGroupVpcAssociations", "VpcEndpointConnections", "EgressOnlyInternetGateways"),
    *("VpcBlockPublicAccessExclusions", "ClientVpnRoutes", "InstanceConnectEndpoints"),
)


class Bazaar(Medley):
    """The medley of a seed and three parts more."""

    def __init__(self, seed: int, parts: int = PARTS) -> None:
        super().__init__(seed)
        self.rng = Random(f"bazaar/{seed}")
        self._edges: Id | None = None
        self.drawn = self._made(self._parts(), parts)
        self.ends = self._ends()

    def _made(self, every: Mapping[str, Callable[[], None]], number: int) -> list[str]:
        """The names of so many of some parts, drawn and made in that order."""
        drawn = self.rng.sample(sorted(every), number)
        for name in drawn:
            every[name]()
        return drawn

    def _parts(self) -> dict[str, Callable[[], None]]:
        return {
            "firewall": self._firewall,
            "appliances": self._appliances,
            "functions": self._functions,
            "databases": self._databases,
            "containers": self._containers,
            "lists": self._lists,
            "backbone": self._backbone,
            "outpost": self._outpost,
            "direct connect": self._direct_connect,
            "route server": self._route_server,
            "far gateway": self._far_gateway,
            "lines of a gateway": self._lines_of_a_gateway,
            "lattice": self._lattice,
            "resources": self._resources,
            "carrier": self._carrier,
            "encrypted": self._encrypted,
            "pool": self._pool,
            "more NAT": self._more_nat,
            "lent groups": self._lent_groups,
            "shared": self._shared,
            "six only": self._six_only,
            "chained balancers": self._chained,
            "gap": self._gap,
        }

    def _anyone(self) -> Id:
        return self.rng.choice([host for host in self.hosts if host.vpc is self.v1])

    def _table(self) -> Id:
        return self.rng.choice([self.ta, self.tb, self.tb, self.tn])

    def _edge(self) -> Id:
        """The route table of the internet gateway, which has one at most."""
        if self._edges is None:
            self._edges = self.table(self.v1, edge=self.online())
        return self._edges

    # ------------------------------ what stands in the way

    def _room(self, block: str) -> Id:
        """A subnet of V1 that leads to the internet, for what others lead into."""
        room = self.subnet(self.v1, block, self.rng.choice("ab"))
        self.online(self.table(self.v1, [room]))
        self.subnets.append(room)
        return room

    def _behind(self, own: Id) -> None:
        """Lead some of what is sent into an endpoint, and perhaps what comes in."""
        rng = self.rng
        block = rng.choice(["0.0.0.0/0", "10.2.0.0/16", "10.0.0.0/24", "10.0.1.0/24"])
        self.route(self._table(), block, own)
        if self.chance(0.6):
            self.route(self.ta, rng.choice(["0.0.0.0/0", "10.0.1.0/24"]), own)
        if self.chance(0.5):
            self.route(self._edge(), "10.0.0.0/24", own)
        self.names.append(str(own))

    def _firewall(self) -> None:
        rng = self.rng
        strict = self.chance(0.4)
        lines = [
            line.format(number) for number, line in enumerate(rng.sample(RULES, rng.randint(1, 3)))
        ]
        groups = [firewall.stateful(self, *lines, strict=strict)] if self.chance(0.8) else []
        plain = [
            line.format(10 * number)
            for number, line in enumerate(rng.sample(PLAIN, rng.randint(1, 2)), 1)
        ]
        rules = firewall.policy(
            self,
            stateful=groups,
            stateless=[firewall.stateless(self, *plain)] if self.chance(0.5) else [],
            default=rng.choice(["aws:forward_to_sfe"] * 3 + ["aws:pass", "aws:drop"]),
            strict=strict,
            otherwise=rng.choice([["aws:drop_strict"], ["aws:drop_established"], []])
            if strict
            else [],
        )
        made = firewall.firewall(self, {self._room("10.0.7.0/24"): "10.0.7.9"}, rules)
        self._behind(made.endpoints[0])

    def _appliances(self) -> None:
        rng = self.rng
        place = self._room("10.0.6.0/24")
        hub = self.v1 if self.chance(0.5) else self.vpc("10.9.0.0/16", name="hub")
        home = place if hub is self.v1 else self.subnet(hub, "10.9.0.0/24", "a")
        net = home.record["CidrBlock"].rpartition(".")[0]
        guard = self.instance("guard", home, f"{net}.41")
        gwlb = firewall.appliances(
            self, {home: f"{net}.40"}, [guard], health=rng.choice(["healthy", "healthy", "unused"])
        )
        self._behind(self.endpoint_balancer(place, "10.0.6.9", gwlb.service))
        self.names += [str(guard), str(gwlb)]

    def _encrypted(self) -> None:
        kinds = ("InternetGateway", "NatGateway", "VpcPeering", "VpcLattice", "Lambda")
        for vpc in self.rng.sample(self.vpcs, self.rng.choice([1, 2])):
            excluded = [kind for kind in kinds if self.chance(0.6)]
            mode = self.rng.choice(["enforce", "enforce", "monitor"])
            public_access.encrypt(self, vpc, mode, *excluded)

    # ------------------------------ services with interfaces

    def _functions(self) -> None:
        place = self.rng.choice([self.sa, self.sb])
        net = place.record["CidrBlock"].rpartition(".")[0]
        made = services.function(self, "work", {place: f"{net}.30"}, self._worn(place))
        services.function(self, "idle", {})
        self.names += [made.arn, str(made.eni), "idle"]

    def _databases(self) -> None:
        public = "198.51.100.45" if self.chance(0.5) else None
        first = services.database(
            self, "one", self.sa, "10.0.0.46", self._worn(self.sa), 443, public
        )
        second = services.database(self, "two", self.sb, "10.0.1.46", self._worn(self.sb), 22)
        services.db_cluster(self, "both", first, second)
        proxy = services.db_proxy(self, "proxy", self.sb, "10.0.1.47")
        self.names += ["one", "two", "both", str(proxy), first.arn]

    def _containers(self) -> None:
        task = services.task(self, "prod", self.sa, "10.0.0.50", self._worn(self.sa), service="web")
        services.eks(self, "kube", {self.sa: "10.0.0.51", self.sb: "10.0.1.51"})
        node = services.node(self, "kube", "blue", self.sb, "10.0.1.52")
        hot = services.cache(self, "hot-1", self.sb, "10.0.1.53", self._worn(self.sb), "hot")
        services.replicas(self, "hot", hot)
        self.names += [task.arn, "kube", str(node), "hot", "hot-1"]

    def _lists(self) -> None:
        """Rules and routes by prefix lists, one of them empty, one that nobody knows."""
        rng = self.rng
        every = ("10.0.1.0/24", "10.2.0.0/16", "0.0.0.0/0", "198.51.100.0/24", "10.0.0.21/32")
        listed = [self.prefix_list(*rng.sample(every, n), name=f"list{n}") for n in (0, 1, 2)]
        listed.append(Id("pl-0123456789abcdef0"))
        for group in rng.sample([g for some in self.groups.values() for g in some[1:]], 3):
            way = self.chance(0.3)
            self.permit(group, f"{rng.choice(PROTOCOLS[:6])} {rng.choice(listed)}", egress=way)
        targets = [str(self.gateway), str(self.pcx), str(self._anyone().eni)]
        self.route(self._table(), rng.choice(listed), rng.choice(targets))

    # ------------------------------ what connects

    def _backbone(self) -> None:
        rng = self.rng
        shared = [cloudwan.share("prod", "dev")] if self.chance(0.6) else []
        if self.chance(0.4):
            shared.append(cloudwan.static("prod", "10.2.0.0/24"))
        cn = cloudwan.core_network(
            self, "prod", "dev", actions=shared, references=rng.choice([None, True, False])
        )
        where = rng.sample([self.v1, self.v2, *self.vpcs[2:]], 2)
        for vpc in where:
            subnet = next(each for each in self.subnets if each.vpc is vpc)
            made = cloudwan.attach(
                self,
                cn,
                vpc,
                [subnet],
                rng.choice(["prod", "dev"]),
                ipv6=self.six and self.chance(0.5),
            )
            self.names.append(str(made))
            for table in self.scope(vpc.scope)["RouteTables"]:
                if table["VpcId"] == vpc and self.chance(0.6):
                    other = where[0] if vpc is where[1] else where[1]
                    self.route(self.ids[table["RouteTableId"]], other.record["CidrBlock"], cn.arn)
        self.names.append(str(cn))

    def _outpost(self) -> None:
        lgw = outposts.local_gateway(self, coip=self.chance(0.5))
        outposts.associate(self, lgw, self.v1)
        outposts.leads(self, lgw, self.rng.choice(["0.0.0.0/0", "192.168.0.0/16"]))
        host = self._anyone()
        if "Association" not in host.eni.record and self.chance(0.6):
            outposts.customer(self, host, "10.50.0.5")
            self.names.append("10.50.0.5")
        outposts.leads(self, lgw, "10.50.0.0/28", host.eni if self.chance(0.5) else None)
        self.route(self._table(), self.rng.choice(["192.168.0.0/16", "10.50.0.0/16"]), lgw)
        self.names += [str(lgw), "on-premises", "192.168.1.1"]

    def _direct_connect(self) -> None:
        rng = self.rng
        known = self.scope(self.home)["VpnGateways"]
        vgw = self.ids[known[0]["VpnGatewayId"]] if known else private.gateway(self, self.v1)
        if self.chance(0.5):
            on = private.dx_gateway(self)
            private.associate(self, on, vgw, rng.choice(["10.0.0.0/16", "10.0.1.0/24"]))
        else:
            on = vgw
        vif = private.virtual_interface(self, on, up=self.chance(0.8))
        if self.chance(0.6):
            private.learn(self, vgw, self._table(), rng.choice(["192.168.0.0/16", "0.0.0.0/0"]))
        self.names += [str(vgw), str(vif), str(on), "on-premises"]

    def _route_server(self) -> None:
        host = self._anyone()
        place = self.sb if self.chance(0.7) else self.sa
        net = place.record["CidrBlock"].rpartition(".")[0]
        table = self._table()
        server = private.route_server(self, place, host, table, ip=f"{net}.200")
        for block in self.rng.sample(BLOCKS, 2):
            if block != "10.0.0.0/16":
                private.advertise(self, table, block, host)
        self.names += [str(server), str(server.eni)]

    def _hub(self) -> tuple[Id, Id]:
        """A transit gateway with V1 and V2 on it, and the attachment of V1."""
        references = self.rng.choice([None, True, False])
        tgw = transit.transit_gateway(self, "spine", references=references)
        own = transit.attach(
            self, tgw, self.v1, [self.sa], appliance=self.chance(0.3), ipv6=self.chance(0.5)
        )
        spare = transit.table(self, tgw)
        split = self.chance(0.4)
        transit.attach(
            self, tgw, self.v2, [self.s2], table=spare if split else None, into=[tgw.table, spare]
        )
        if split:
            transit.static(self, spare, "10.0.0.0/16", own)
            if self.chance(0.4):
                transit.static(self, spare, "10.0.1.0/24", None)
        self.route(self.ta, "10.2.0.0/16" if self.chance(0.5) else "10.2.0.0/24", tgw)
        self.route(self.t2, "10.0.0.0/16" if self.chance(0.5) else "10.0.1.0/24", tgw)
        self.names.append(str(tgw))
        return tgw, own

    def _far_gateway(self) -> None:
        """V4 in another Region, behind a peering of transit gateways."""
        tgw, own = self._hub()
        far = transit.transit_gateway(self, "far", region="eu-west-1")
        v4 = self.vpc("10.4.0.0/16", name="v4", region="eu-west-1")
        s4 = self.subnet(v4, "10.4.0.0/24", "a")
        their = transit.attach(self, far, v4, [s4])
        one, two = transit.peer(self, tgw, far)
        transit.static(self, tgw.table, "10.4.0.0/16", one)
        transit.static(self, far.table, self.rng.choice(["10.0.0.0/16", "10.0.0.0/8"]), two)
        self.route(v4.table, "10.0.0.0/8", far)
        self.route(self._table(), "10.4.0.0/16", tgw)
        self.hosts.append(self.instance("b4", s4, "10.4.0.5"))
        self.names += [str(far), str(their), str(own), "10.4.0.0/16"]

    def _lines_of_a_gateway(self) -> None:
        tgw, own = self._hub()
        if self.chance(0.5):
            vpn = private.connection(
                self, tgw, up=self.rng.choice([(True, True), (False, True), None])
            )
            line = transit.attachment(self, tgw, "vpn", vpn)
            transit.static(self, tgw.table, "192.168.0.0/16", line)
            self.names += [str(vpn), "on-premises"]
        else:
            vpn = access.transit_vpn(self, tgw)
            transit.associate(self, vpn.eni, tgw.table)
            access.vpn_rule(self, vpn, "10.0.0.0/8")
            access.vpn_route(self, vpn, "10.0.0.0/16", vpn.eni)
            transit.static(self, tgw.table, access.CLIENTS, vpn.eni)
            self.route(self._table(), access.CLIENTS, tgw)
            self.names.append(str(vpn))
        if self.chance(0.4):
            peer = private.connect(self, tgw, own, up=self.rng.choice([("up", "up"), ("down",)]))
            transit.associate(self, peer, tgw.table)
            transit.static(self, tgw.table, "192.168.128.0/17", peer)
            self.names += [str(peer), "on-premises"]
        self.route(self._table(), "192.168.0.0/16", tgw)
        self.names.append(str(own))

    def _more_nat(self) -> None:
        """A private NAT gateway and, perhaps, a regional one."""
        if self.chance(0.5):
            nat = self.nat(self.sa, "10.0.0.98")
            self.route(self.tb, self.rng.choice(["10.2.0.0/16", "0.0.0.0/0"]), nat)
        else:
            zones = {"a": "198.51.100.21", "b": "198.51.100.22"}
            nat = self.regional_nat(self.v1, zones, self.online())
            self.route(self.tb, "0.0.0.0/0", nat)
        self.names.append(str(nat))

    # ------------------------------ PrivateLink, Lattice

    def _lattice(self) -> None:
        rng = self.rng
        network = privatelink.service_network(self)
        for vpc in rng.sample([self.v1, self.v2], rng.choice([1, 2])):
            privatelink.associate(self, network, vpc, rng.sample(self.groups[str(vpc)], 1))
        target = rng.choice([self.b2, self._anyone()])
        to = privatelink.target_group(self, target.vpc, {target: rng.choice([80, 443])})
        made = privatelink.lattice_service(self, network, {443: [to] if self.chance(0.8) else []})
        if self.chance(0.4):
            end = privatelink.network_endpoint(
                self, {self.sb: "10.0.1.74"}, network, self._worn(self.sb)
            )
            self.names += [str(end), "10.0.1.74"]
        self.names += [str(made), str(network), "169.254.171.1"]

    def _resources(self) -> None:
        rng = self.rng
        gateway = privatelink.gateway(self, {self.s2: "10.2.0.70"}, self._worn(self.s2))
        ports = rng.choice([["22"], ["443"], ["20-90"]])
        made = privatelink.resource(self, gateway, ip=self.b2.ip, ports=ports)
        end = privatelink.resource_endpoint(self, {self.sa: "10.0.0.75"}, made, self._worn(self.sa))
        self.names += [str(end), str(made), str(gateway), "10.0.0.75"]

    def _chained(self) -> None:
        """A Network Load Balancer before an Application Load Balancer, or one by addresses."""
        rng = self.rng
        back = balancers.balancer(
            self,
            "application",
            "inner",
            {self.sa: "10.0.0.48", self.sb: "10.0.1.48"},
            self._worn(self.sa),
        )
        pages = balancers.target_group(self, self.v1, "inner", "HTTP", 80, [self._anyone()])
        rules = [balancers.rule(self, None, "10", [balancers.path("/x")], pages)]
        denied = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        balancers.listen(self, back, "HTTP", 80, denied, rules=rules)
        front = balancers.balancer(
            self, "network", "outer", {self.sa: "10.0.0.49", self.sb: "10.0.1.49"}, cross_zone=True
        )
        if self.chance(0.5):
            to = balancers.target_group(self, self.v1, "outer", "TCP", 80, [str(back)], kind="alb")
        else:
            address = rng.choice([self.b2.ip, self.b.ip, "192.168.1.1"])
            to = balancers.target_group(
                self, self.v1, "outer", "TCP", 80, [address], kind="ip", preserve=False
            )
        balancers.listen(self, front, "TCP", 443, to)
        self.names += ["inner", "outer", "10.0.0.49"]

    # ------------------------------ other edges

    def _carrier(self) -> None:
        cagw = access.carrier_gateway(self, self.v1)
        host = self._anyone()
        if "Association" not in host.eni.record:
            access.carrier_ip(self, host, "155.146.10.7")
            self.names.append("155.146.10.7")
        self.route(self._table(), "0.0.0.0/0", cagw)
        self.names.append(str(cagw))

    def _pool(self) -> None:
        edge = self._edge()
        public_access.pool_on(self, edge, "203.0.113.0/28", advertised=self.chance(0.8))
        self.route(edge, self.rng.choice(["203.0.113.0/28", "203.0.113.8/29"]), self._anyone().eni)
        self.names += ["203.0.113.9", "203.0.113.1"]

    # ------------------------------ who owns what

    def _lent_groups(self) -> None:
        """Groups of V1 that V2 may wear, and rules that name one over the peering."""
        rng = self.rng
        lent = rng.choice(self.groups[str(self.v1)])
        self.associate_group(lent, self.v2)
        self.wear(self.b2, lent)
        named = rng.choice(self.groups[str(self.v2)])
        self.permit(rng.choice(self.groups[str(self.v1)]), f"tcp/22 {named}")

    def _shared(self) -> None:
        """A participant's host in a subnet of V1."""
        other = "444455556666"
        self.share(self.sb, other)
        group = self.open_group(self.v1, other)
        self.hosts.append(self.instance("theirs", self.sb, "10.0.1.77", [group], account=other))

    def _six_only(self) -> None:
        """A subnet without IPv4, with DNS64 and its way by the NAT gateway."""
        if not self.six:
            return
        place = self.subnet(self.v1, None, "a", "2600:1f18:1a00:10a::/64")
        table = self.table(self.v1, [place])
        nat = self.scope(self.home)["NatGateways"][0]["NatGatewayId"]
        self.route(table, "64:ff9b::/96", nat)
        self.route(table, "::/0", str(self.gateway))
        made = self.instance(
            "six", place, None, self._worn_of(self.v1), ipv6="2600:1f18:1a00:10a::5"
        )
        self.names += [str(made), "2600:1f18:1a00:10a::5", str(place), "64:ff9b::a02:5"]

    def _worn_of(self, vpc: Id) -> list[Id]:
        return self.rng.sample(self.groups[str(vpc)], 1)

    def _gap(self) -> None:
        self.drop(*self.rng.sample(CALLS, self.rng.choice([1, 1, 2])))
