"""A bazaar with what bazaars have not: kinds, fields and states that only single tests had.

    e = Fair(seed)              e.drawn -> the names of the parts that it has beside a medley's

Two parts of a bazaar's and four of its own, which lead into one another by routes that overlap.
What a bazaar of a seed is stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.estate import Id
from tests.estates import access, cloudwan, firewall, private, public_access, transit
from tests.wares import BLOCKS, HEALTH, Wares

OWN = 4
TUPLES = (
    *("pass tcp 10.0.0.0/16 any -> any 22", "drop tcp any any -> any 443"),
    *("drop ip 10.0.1.0/24 any -> 10.2.0.0/16 any", "pass icmp any any -> any any"),
    *(
        "reject tcp any any <> any 80:90",
        "alert udp any any -> any 53",
        "pass tcp $HOME any -> any any",
    ),
)
DOMAINS = ("ALLOWLIST", "DENYLIST", "REJECTLIST", "ALERTLIST")
STRICTLY: tuple[list[str], ...] = (
    *(["aws:drop_strict"], ["aws:drop_established"], ["aws:alert_established"], []),
    ["aws:drop_established", "aws:alert_established"],
)


class Fair(Wares):
    """The medley of a seed, two parts of a bazaar's and four more."""

    def __init__(self, seed: int, parts: int = OWN) -> None:
        super().__init__(seed, 2)
        self.rng = Random(f"fair/{seed}")
        self.drawn += self._made(self._wares(), parts)
        self._open_up()
        self.ends = self._ends()

    def _wares(self) -> dict[str, Callable[[], None]]:
        return {
            "inspected backbone": self._inspected_backbone,
            "listed backbone": self._listed_backbone,
            "kept clients": self._kept_clients,
            "redirects": self._redirects,
            "many protocols": self._many_protocols,
            "enforced service": self._enforced_service,
            "foreign service": self._foreign_service,
            "structured firewall": self._structured_firewall,
            "firewall on a gateway": self._firewall_on_a_gateway,
            "delegated": self._delegated,
            "broken": self._broken,
            "private IPv6": self._private_ipv6,
            "references across": self._references_across,
            "tables of a gateway": self._tables_of_a_gateway,
            "transit interface": self._transit_interface,
            "half a line": self._half_a_line,
            "groups of people": self._groups_of_people,
            "leaving only": self._leaving_only,
            "more lattice": self._more_lattice,
            "named resources": self._named_resources,
            "more endpoints": self._more_endpoints,
            "within the VPC": self._within_the_vpc,
            "second block": self._second_block,
            "far peering": self._far_peering,
            "more services": self._more_services,
            "classic": self._classic,
            "many appliances": self._many_appliances,
        }

    def _open_up(self) -> None:
        """Let some hosts take anything, so that it is the way that decides."""
        for host in self.hosts:
            if host.scope[0] == host.vpc.scope[0] and self.chance(0.4):
                self.wear(host, self.open_group(host.vpc))

    # ------------------------------ backbones

    def _core(self, **more: object) -> cloudwan.Backbone:
        references = self.rng.choice([None, True, False])
        return cloudwan.core_network(self, "prod", "dev", references=references, **more)  # type: ignore[arg-type]

    def _on_backbone(self, cn: Id) -> list[Id]:
        """Attachments of V1 and V2, and the routes to each other."""
        found = []
        state = self.rng.choice(["AVAILABLE"] * 4 + ["PENDING_ATTACHMENT_ACCEPTANCE"])
        for vpc, segment in ((self.v1, "prod"), (self.v2, self._some("prod", "dev"))):
            place = self._corner(vpc, table=self.ta if vpc is self.v1 else self.t2)
            found.append(
                cloudwan.attach(
                    self,
                    cn,
                    vpc,
                    [place],
                    segment,
                    appliance=self.chance(0.3),
                    state=state if vpc is self.v2 else "AVAILABLE",
                    references=self.rng.choice([None, True, False]),
                )
            )
        for table, block in ((self._table(), "10.2.0.0/16"), (self.t2, "10.0.0.0/16")):
            self.route(table, block, cn.arn)
        self.names += [str(cn), *map(str, found)]
        return found

    def _inspected_backbone(self) -> None:
        """What goes from one segment to another goes by an appliance."""
        rng = self.rng
        via = rng.choice(
            [
                cloudwan.send_via("prod", "look", mode=self._some("dual-hop", "single-hop")),
                cloudwan.send_via("prod", "look", "dev"),
                cloudwan.send_to("prod", "look"),
            ]
        )
        actions = [via]
        if self.chance(0.5):
            actions.append(cloudwan.share("prod", "dev"))
        cn = self._core(groups=["look"], actions=actions)
        self._on_backbone(cn)
        guard = cloudwan.inspect(self, cn, "look", "10.7")
        self.hosts.append(guard)

    def _listed_backbone(self) -> None:
        """Tables that get-network-routes tells."""
        cn = self._core(actions=[cloudwan.share("prod", "dev", but=["x"])], edges=["us-east-1"])
        one, two = self._on_backbone(cn)
        for segment in ("prod", "dev"):
            routes: list[tuple[str, Id | None]] = [("10.0.0.0/16", one)]
            if self.chance(0.8):
                routes.append(("10.2.0.0/16", two))
            if self.chance(0.4):
                routes.append((self._some("10.2.0.0/24", "10.0.1.0/24"), None))
            cloudwan.listed(self, cn, segment, "us-east-1", routes)

    # ------------------------------ what stands in the way

    def _structured_firewall(self) -> None:
        """Rules of five fields, domain lists, variables, another endpoint of the same firewall."""
        rng = self.rng
        strict = self.chance(0.5)
        home = ["10.0.0.0/16"] if self.chance(0.5) else []
        every = [
            firewall.five_tuples(
                self,
                *rng.sample(TUPLES, rng.randint(1, 3)),
                strict=strict,
                variables={"HOME": ["10.0.0.0/24", "10.2.0.0/16"]},
                first=100,
            ),
            firewall.domains(self, rng.choice(DOMAINS), ".example.com", home=home, strict=strict),
            firewall.stateful(
                self,
                "pass tcp $HOME_NET any -> any $WEB (sid:7;)",
                'drop tls any any -> any any (tls.sni; content:"x"; sid:8;)',
                strict=strict,
                variables={"HOME_NET": ["10.0.0.0/16"]},
                ports={"WEB": ["22", "80:90"]},
            ),
        ]
        rules = firewall.policy(
            self,
            stateful=rng.sample(every, rng.randint(1, 3)),
            strict=strict,
            otherwise=rng.choice(STRICTLY) if strict else [],
            home=home,
        )
        place, other = self._room("10.0.10.0/24"), self._room("10.0.11.0/24")
        made = firewall.firewall(
            self, {place: "10.0.10.9"}, rules, "tuples", self._some("READY", "READY", "CREATING")
        )
        own = made.endpoints[0]
        if self.chance(0.5):
            own = firewall.associate(self, made, other, "10.0.11.9")
        self._behind(own)

    def _firewall_on_a_gateway(self) -> None:
        """A transit gateway between V1 and V2 that sends what it gets to a firewall."""
        tgw = transit.transit_gateway(self, "guarded")
        inner = transit.table(self, tgw)
        lines = self.rng.sample(TUPLES[:5], 2)
        rules = firewall.policy(self, stateful=[firewall.five_tuples(self, *lines, first=200)])
        guard = firewall.on_gateway(self, tgw, rules, "gate").endpoints[0]
        transit.associate(self, guard, inner)
        for vpc, table in ((self.v1, self.ta), (self.v2, self.t2)):
            into = [inner, tgw.table] if self.chance(0.3) else [inner]
            transit.attach(self, tgw, vpc, [self._corner(vpc, "a", table)], into=into)
        transit.static(self, tgw.table, "0.0.0.0/0", guard)
        self.route(self._table(), self._some("10.2.0.0/16", "10.2.0.0/24"), tgw)
        self.route(self.t2, "10.0.0.0/16", tgw)
        self.names += [str(tgw), str(guard)]

    def _many_appliances(self) -> None:
        """A Gateway Load Balancer with targets by address, one zone of two, or none."""
        rng = self.rng
        hub = self.vpc("10.11.0.0/16", name="guards")
        one, two = self.subnet(hub, "10.11.0.0/24", "a"), self.subnet(hub, "10.11.1.0/24", "b")
        guards = [self.instance(f"g{n}", s, self._at(s, 41)) for n, s in enumerate((one, two))]
        chosen = rng.choice([[guards[0].ip, guards[1].ip], [guards[1].ip], []])
        gwlb = firewall.appliances(
            self,
            {one: "10.11.0.40", two: "10.11.1.40"} if self.chance(0.5) else {one: "10.11.0.40"},
            chosen,
            "guards",
            kind="ip",
            cross_zone=self.chance(0.5),
            health=rng.choice(HEALTH),
            listener=self.chance(0.9),
        )
        place = self._room("10.0.12.0/24")
        self._behind(self.endpoint_balancer(place, "10.0.12.9", gwlb.service))
        self.names += [str(guards[0]), str(gwlb)]

    def _leaving_only(self) -> None:
        """Block Public Access with exclusions that let out only, or switched off again."""
        public_access.block(
            self, self._some("block-bidirectional", "block-ingress", "off", "block-bidirectional")
        )
        holder = self.rng.choice([self.v1, self.sa, self.sb, self.sn])
        public_access.exclude(self, holder, self._some("allow-egress", "allow-bidirectional"))

    # ------------------------------ interfaces, states

    def _delegated(self) -> None:
        """Prefixes of an interface, one that nobody uses, an instance without metadata."""
        place = self._corner(self.v1, "a", self._table())
        prefixes = [f"{self._at(place, 64)}/28"]
        worn = self._worn_of(self.v1)
        crowd = self.instance(
            "crowd",
            place,
            self._at(place, 5),
            worn,
            prefixes=prefixes,
            secondary={self._at(place, 6): "198.51.100.66"},
            metadata=self.chance(0.5),
        )
        spare = self.interface(place, self._at(place, 7), worn)
        self.hosts.append(crowd)
        self.route(self._table(), self._some(*BLOCKS), spare)
        self.names += [self._at(place, 65), prefixes[0], str(spare), "198.51.100.66"]

    def _broken(self) -> None:
        """What was there once, and what is not yet."""
        old = self.nat(self.sn, "10.0.9.20", "198.51.100.71", state="deleted")
        pending = self.peering(self.v1, self.v2, self._some("pending-acceptance", "deleted"))
        lost = self.igw(None)
        halves = [str(old), str(pending), str(lost), "tgw-0123456789abcdef0"]
        for target in self.rng.sample(halves, 2):
            block = self._some("9.0.0.0/8", "10.2.0.0/24", "192.168.0.0/16", "0.0.0.0/0")
            self.route(self._table(), block, target, state=self._some("blackhole", "active"))
        self.names += [str(old), str(pending), str(lost)]

    def _private_ipv6(self) -> None:
        """V6, whose IPv6 addresses are private, over a peering with V1."""
        six = "fd00:10:6::/56"
        vpc = self.vpc("10.6.0.0/16", ipv6=six, name="v6", ipv6_private=True)
        place = self.subnet(vpc, "10.6.0.0/24", "a", "fd00:10:6::/64", ipv6_private=True)
        host = self.instance("b6", place, "10.6.0.5", ipv6="fd00:10:6::5")
        pcx = self.peering(self.v1, vpc)
        self.route(vpc.table, "10.0.0.0/16", pcx)
        self.route(self._table(), "10.6.0.0/16", pcx)
        if self.six:
            self.route(vpc.table, self.SIX, pcx)
            self.route(self._table(), six, pcx)
        if self.chance(0.5):
            self.route(vpc.table, "::/0", self.eigw(vpc))
        self.hosts.append(host)
        self.names += ["fd00:10:6::5", str(vpc)]

    def _references_across(self) -> None:
        """Groups that name one of the other VPC, in both directions."""
        rng = self.rng
        for vpc, other in ((self.v1, self.v2), (self.v2, self.v1)):
            named = rng.choice(self.groups[str(other)])
            for egress in (False, True):
                if self.chance(0.6):
                    rule = f"{self._some('tcp/22', 'all', 'icmp', 'tcp/80-90')} {named}"
                    self.permit(rng.choice(self.groups[str(vpc)]), rule, egress)

    def _second_block(self) -> None:
        """A VPC of two blocks, the second of which overlaps with none."""
        vpc = self.vpc("10.12.0.0/16", "100.64.0.0/16", name="two blocks")
        one, two = self.subnet(vpc, "10.12.0.0/24", "a"), self.subnet(vpc, "100.64.0.0/24", "b")
        made = [self.instance(f"s{n}", s, self._at(s, 5)) for n, s in enumerate((one, two))]
        pcx = self.peering(self.v1, vpc)
        for block in self.rng.sample(["10.12.0.0/16", "100.64.0.0/16"], 1):
            self.route(self._table(), block, pcx)
        self.route(vpc.table, "10.0.0.0/16", pcx)
        self.hosts += made

    def _within_the_vpc(self) -> None:
        """Routes that are narrower than the local one, to a middlebox."""
        place = self._corner(self.v1, "a")
        box = self.instance("box", place, self._at(place, 5), check=self.chance(0.3))
        for table, block in ((self.ta, "10.0.1.0/24"), (self.tb, "10.0.0.0/24")):
            if self.chance(0.7):
                self.route(table, block, box.eni)
        if self.chance(0.4):
            self.route(self._edge(), "10.0.0.0/24", box.eni)
        self.names.append(str(box))

    def _far_peering(self) -> None:
        """A peering with another Region, and one with another account."""
        where = [("eu-west-1", None), (None, "444455556666")]
        for number, (region, account) in enumerate(self.rng.sample(where, 1), 13):
            vpc = self.vpc(f"10.{number}.0.0/16", name="far", region=region, account=account)
            place = self.subnet(vpc, f"10.{number}.0.0/24", "a")
            group = self.group(vpc, [f"tcp/22 {self.rng.choice(self.groups[str(self.v1)])}"])
            worn = [group] if self.chance(0.5) else None
            self.hosts.append(self.instance("far", place, f"10.{number}.0.5", worn))
            pcx = self.peering(self.v1, vpc)
            self.route(self._table(), f"10.{number}.0.0/16", pcx)
            self.route(vpc.table, "10.0.0.0/8", pcx)

    # ------------------------------ lines

    def _tables_of_a_gateway(self) -> None:
        """A transit gateway of several tables: lists, blackholes, equal ways, a peering beside."""
        rng = self.rng
        tgw = transit.transit_gateway(self, "tables", references=rng.choice([None, True, False]))
        second = transit.table(self, tgw)
        made = []
        state = rng.choice(["available"] * 4 + ["pendingAcceptance"])
        for vpc, table in ((self.v1, self.ta), (self.v2, self.t2)):
            made.append(
                transit.attach(
                    self,
                    tgw,
                    vpc,
                    [self._corner(vpc, None, table) for _ in range(rng.choice([1, 1, 2]))],
                    table=rng.choice([tgw.table, second]),
                    into=rng.choice([[tgw.table], [second], [tgw.table, second], []]),
                    appliance=self.chance(0.3),
                    state=state if vpc is self.v2 else "available",
                    associated=self.chance(0.95),
                )
            )
        entries = self.prefix_list(rng.choice(BLOCKS), "10.2.0.0/24", name="of a gateway")
        transit.listed(self, tgw.table, entries, rng.choice([None, *made]))
        for table in (tgw.table, second):
            block = rng.choice(["10.0.0.0/16", "10.0.1.0/24", "10.2.0.0/16", "0.0.0.0/0"])
            transit.static(self, table, block, rng.choice([None, *made]))
        if self.chance(0.3):
            routes = [transit.found("10.0.0.0/16", made[0]), transit.found("10.2.0.0/16", made[1])]
            more = transit.found("10.0.1.0/24", kind="static", state="blackhole")
            transit.searched(self, second, [*routes, *([more] if self.chance(0.5) else [])])
        beside = transit.transit_gateway(self, "beside")
        one, two = transit.peer(
            self, tgw, beside, state=self._some("available", "pendingAcceptance")
        )
        transit.static(self, beside.table, "10.0.0.0/8", two)
        transit.static(self, tgw.table, "10.14.0.0/16", one)
        self.route(self._table(), rng.choice(["10.2.0.0/16", "10.0.0.0/8"]), tgw)
        self.route(self.t2, "10.0.0.0/16", tgw)
        self.names += [str(tgw), str(beside), *map(str, made), str(one)]

    def _transit_interface(self) -> None:
        """A transit gateway on-premises by Direct Connect."""
        rng = self.rng
        tgw = transit.transit_gateway(self, "lines")
        own = transit.attach(self, tgw, self.v1, [self._corner(self.v1, "b", self.tb)])
        dx = private.dx_gateway(
            self, name="depot", state=self._some("available", "available", "deleted")
        )
        private.associate(self, dx, tgw, *rng.choice([["10.0.0.0/16"], ["10.0.0.0/24"], []]))
        vif = private.virtual_interface(self, dx, kind="transit", up=self.chance(0.8))
        line = transit.attachment(
            self,
            tgw,
            "direct-connect-gateway",
            str(dx),
            into=[tgw.table] if self.chance(0.5) else (),
        )
        if self.chance(0.7):
            transit.static(self, tgw.table, "192.168.0.0/16", line)
        self.route(self._table(), "192.168.0.0/16", tgw)
        self.names += [str(tgw), str(dx), str(vif), str(own), "on-premises", "192.168.1.1"]

    def _half_a_line(self) -> None:
        """VPN connections of which a tunnel, or all, are down; static and learned routes."""
        rng = self.rng
        known = self.scope(self.home)["VpnGateways"]
        vgw = self.ids[known[0]["VpnGatewayId"]] if known else private.gateway(self, self.v1)
        up = rng.choice([(True, False), (False, False), (True, True), None])
        static = rng.choice([None, ["192.168.0.0/16"], ["192.168.128.0/17", "10.2.0.0/16"]])
        vpn = private.connection(self, vgw, static=static, up=up, accepted=rng.choice([0, 1]))
        for block in rng.sample(["192.168.0.0/16", "192.168.128.0/17", "0.0.0.0/0"], 2):
            private.learn(self, vgw, self._table(), block)
        self.names += [str(vgw), str(vpn), "on-premises", "192.168.200.1"]

    def _groups_of_people(self) -> None:
        """A Client VPN endpoint whose rules are of groups, and whose clients go further."""
        rng = self.rng
        one, two = self._corner(self.v1, "a", self.ta), self._corner(self.v1, "b", self.tb)
        vpn = access.client_vpn(
            self,
            {one: self._at(one, 9), two: self._at(two, 9)},
            "172.24.0.0/22",
            self._worn(self.sa),
            traffic=rng.choice(["ipv4", "ipv4", "dual-stack"]),
            public={one: "198.51.100.80"} if self.chance(0.5) else None,
            name="people",
        )
        for block, group in (("10.0.0.0/16", "staff"), ("10.2.0.0/16", None), ("0.0.0.0/0", "ops")):
            if self.chance(0.7):
                status = self._some("active", "active", "revoking", "authorizing")
                access.vpn_rule(self, vpn, block, group, status)
        access.vpn_route(self, vpn, self._some("10.2.0.0/16", "0.0.0.0/0"), rng.choice([one, two]))
        access.connect_endpoint(self, one, self._at(one, 19), preserve=True, name="door")
        self.names += [str(vpn), f"{vpn}/staff", "172.24.0.9", "door"]
