"""Balancers, PrivateLink, Lattice and services for a fair: kinds and fields that bazaars have not.

class Fair(Wares): ...      each part adds to the estate, and what can be asked about to its names
"""

from __future__ import annotations

from tests.bazaar import Bazaar
from tests.estate import Id
from tests.estates import balancers, privatelink, services

BLOCKS = ("10.0.0.0/24", "10.0.1.0/24", "10.2.0.0/16", "10.6.0.0/16", "192.168.0.0/16", "0.0.0.0/0")
HEALTH = ("healthy", "healthy", "unhealthy", "draining", "unused", "initial")


class Wares(Bazaar):
    """Parts of a fair that people come for."""

    corners = 0

    # ------------------------------ where things stand

    def _corner(self, vpc: Id, az: str | None = None, table: Id | None = None) -> Id:
        """A small subnet of its own, in the main table unless told."""
        self.corners += 1
        net = vpc.record["CidrBlock"].rpartition(".")[0].rpartition(".")[0]
        block = f"{net}.{200 + self.corners}.0/24"
        made = self.subnet(vpc, block, az or self.rng.choice("ab"))
        if table is not None:
            table.record["Associations"].append(
                self.association("rtbassoc", table, SubnetId=str(made))
            )
        return made

    def _at(self, subnet: Id, last: int) -> str:
        return f"{subnet.record['CidrBlock'].rpartition('.')[0]}.{last}"

    def _some(self, *choices: str) -> str:
        return self.rng.choice(choices)

    # ------------------------------ balancers

    def _targets(self, most: int = 3) -> list[object]:
        """Hosts of V1, some in another state or at another port."""
        inner = [host for host in self.hosts if host.vpc is self.v1 and host.record["State"]]
        some = self.rng.sample(inner, min(len(inner), self.rng.randint(1, most)))
        return [
            (host, self.rng.choice([None, None, 22, 85]), None, self.rng.choice(HEALTH))
            for host in some
        ]

    def _kept_clients(self) -> None:
        """An accelerator whose endpoints see the client."""
        rng = self.rng
        place = self._corner(self.v1, "a", self.ta)
        world = self.group(self.v1, ["all any"], name="world")
        eni = balancers.accelerator_interface(self, place, self._at(place, 9), world)
        host = rng.choice([each for each in self.hosts if each.vpc is self.v1])
        ends: list[tuple[str, bool]] = [(host, self.chance(0.8))]
        if self.chance(0.5):
            front = balancers.balancer(
                self,
                "application",
                "kept",
                {self.sa: "10.0.0.55", self.sb: "10.0.1.55"},
                self._worn(self.sa),
            )
            pages = balancers.target_group(self, self.v1, "kept", "HTTP", 80, self._targets())
            balancers.listen(self, front, "HTTP", 443, pages)
            ends = [(str(front), True)]
            self.names.append("kept")
        balancers.accelerator(
            self,
            "near",
            ["75.2.70.7"],
            [("TCP", 443, 443), (self._some("UDP", "TCP"), 50, 60)],
            ends,
            overrides={443: 22} if self.chance(0.3) else None,
            enabled=self.chance(0.9),
            dial=rng.choice([100.0, 100.0, 0.0]),
        )
        self.names += ["near", "75.2.70.7", str(eni)]

    def _redirects(self) -> None:
        """An Application Load Balancer of both families, with rules of all sorts."""
        rng = self.rng
        six = {self.sa: "2600:1f18:1a00:100::56"} if self.six else None
        public = {self.sa: "198.51.100.56"} if self.chance(0.6) else None
        front = balancers.balancer(
            self,
            "application",
            "rules",
            {self.sa: "10.0.0.56", self.sb: "10.0.1.56"},
            self._worn(self.sa),
            public,
            six,
            state=rng.choice(["active", "active", "active_impaired", "provisioning"]),
        )
        to = [
            balancers.target_group(self, self.v1, f"pages{n}", "HTTP", port, self._targets())
            for n, port in enumerate((80, 85))
        ]
        address = self._some(self.b2.ip, self.b.ip, "192.168.1.1", "10.9.9.9")
        to.append(
            balancers.target_group(
                self, self.v1, "by-address", "HTTP", 22, [(address, None, "all")], kind="ip"
            )
        )
        away = {
            "Type": "redirect",
            "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
        }
        listed = [
            balancers.rule(self, None, "10", [balancers.source(rng.choice(BLOCKS))], to[0]),
            balancers.rule(self, None, "20", [balancers.path("/x/*")], to[2]),
            balancers.rule(self, None, "30", [balancers.source("10.2.0.0/16")], away),
        ]
        rules = rng.sample(listed, rng.randint(0, 3))
        last = rng.choice([away, balancers.forward((to[0], 1), (to[1], rng.choice([0, 1])))])
        balancers.listen(self, front, "HTTP", 80, last, rules=rules)
        if self.chance(0.6):
            balancers.listen(self, front, "HTTPS", 443, to[1], rules=rules[:1])
        self.names += ["rules", "10.0.0.56", str(front.nodes[1])]

    def _many_protocols(self) -> None:
        """A Network Load Balancer of several protocols, and groups for both families."""
        rng = self.rng
        six = {self.sa: "2600:1f18:1a00:100::57"} if self.six else None
        front = balancers.balancer(
            self,
            "network",
            "many",
            {self.sa: "10.0.0.57", self.sb: "10.0.1.57"},
            self._worn(self.sa) if self.chance(0.5) else (),
            {self.sb: "198.51.100.57"} if self.chance(0.5) else None,
            six,
            cross_zone=self.chance(0.5),
        )
        for port, protocol in rng.sample(
            [(22, "TCP"), (53, "UDP"), (85, "TCP_UDP"), (443, "TLS")], rng.randint(1, 3)
        ):
            kind = "TCP" if protocol == "TLS" else protocol
            to = balancers.target_group(
                self,
                self.v1,
                f"many{port}",
                kind,
                rng.choice([port, 22, 53]),
                self._targets(),
                preserve=None if "UDP" in protocol else rng.choice([None, True, False]),
                cross_zone=rng.choice([None, "true", "false"]),
            )
            balancers.listen(self, front, protocol, port, to)
        self.names += ["many", "10.0.1.57", str(front.nodes[0])]

    def _classic(self) -> None:
        """A classic balancer open to the world, each zone for itself."""
        front = balancers.classic(
            self,
            "plain",
            {self.sa: "10.0.0.58", self.sb: "10.0.1.58"},
            [("HTTP", 80, 85), ("TCP", 443, 22)],
            [host for host in self.hosts if host.vpc is self.v1][:2],
            self._worn(self.sa),
            {self.sa: "198.51.100.58"},
            cross_zone=self.rng.choice([True, False, None]),
        )
        self.names += ["plain", "198.51.100.58", str(front.nodes[1])]

    # ------------------------------ PrivateLink, Lattice

    def _enforced_service(self) -> None:
        """A service of V1 whose balancer has groups, and endpoints of V2 to it."""
        rng = self.rng
        front = privatelink.front(
            self,
            {self.sa: "10.0.0.59"},
            {rng.choice([h for h in self.hosts if h.vpc is self.v1]): rng.choice([22, 443])},
            groups=self._worn(self.sa),
            enforced=self.chance(0.5),
            name="enforced",
        )
        made = privatelink.endpoint_service(
            self,
            [front],
            allowed=rng.choice([["*"], ["arn:aws:iam::111122223333:root"], []]),
        )
        state = rng.choice(["available", "available", "pendingAcceptance", "rejected"])
        to = privatelink.endpoint_to(self, {self.s2: "10.2.0.59"}, made, state=state)
        self.names += [str(made), str(to), "10.2.0.59", "enforced"]

    def _foreign_service(self) -> None:
        """An endpoint to a service of somebody else."""
        name = "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"
        to = privatelink.endpoint_to(self, {self.sb: "10.0.1.60"}, name, groups=self._worn(self.sb))
        if self.chance(0.7):
            zones = self.rng.choice([["us-east-1a"], ["us-east-1a", "us-east-1b"]])
            privatelink.offered(self, name, owner="777788889999", zones=zones)
        self.names += [str(to), "10.0.1.60"]

    def _more_lattice(self) -> None:
        """Services with rules, addresses and balancers as targets; a VPC without groups."""
        rng = self.rng
        network = privatelink.service_network(self)
        privatelink.associate(
            self,
            network,
            self.v2,
            rng.sample(self.groups[str(self.v2)], rng.choice([0, 1])),
            status=rng.choice(["ACTIVE", "ACTIVE", "CREATE_FAILED"]),
            routed=self.chance(0.9),
        )
        host = rng.choice([each for each in self.hosts if each.vpc is self.v1])
        groups = [
            privatelink.target_group(self, self.v1, {host.ip: 22}, kind="IP"),
            privatelink.target_group(
                self, host.vpc, {host: 443}, status=self._some("HEALTHY", "UNHEALTHY")
            ),
        ]
        made = privatelink.lattice_service(
            self, network, {443: groups[:1], 80: []}, name="stall", status="ACTIVE"
        )
        if self.chance(0.6):
            privatelink.rule(self, made, 443, groups[1:])
        self.names += [str(made), str(network), "169.254.171.2"]

    def _named_resources(self) -> None:
        """A resource by domain name, one of a group, and a network with it."""
        rng = self.rng
        gateway = privatelink.gateway(
            self,
            {self.sb: "10.0.1.63"},
            self._worn(self.sb),
            self._some("ACTIVE", "ACTIVE", "CREATE_FAILED"),
        )
        ip, dns = rng.choice([(None, "db.example"), (self.b.ip, None), (self.b2.ip, None)])
        made = privatelink.resource(
            self, gateway, ports=["22", "80-90"], name="named", ip=ip, dns=dns
        )
        end = privatelink.resource_endpoint(self, {self.s2: "10.2.0.63"}, made, self._worn(self.s2))
        network = privatelink.service_network(self)
        privatelink.join(self, network, made)
        privatelink.associate(self, network, self.v1, rng.sample(self.groups[str(self.v1)], 1))
        self.names += [str(end), str(made), str(gateway), "10.2.0.63", str(network)]

    def _more_endpoints(self) -> None:
        """DynamoDB and S3 in V2, and interface endpoints that are not ready or have a policy."""
        self.endpoint_gateway(self.v2, [self.t2], "dynamodb")
        if self.chance(0.5):
            self.endpoint_gateway(
                self.v2, [self.t2], "s3", state=self._some("available", "pending", "deleting")
            )
        state = self._some("available", "available", "pending", "failed")
        made = self.endpoint_interface(
            {self.s2: "10.2.0.64"}, "sqs", self._worn(self.s2), state, private_dns=self.chance(0.5)
        )
        if self.chance(0.3):
            switches = self.scope(self.home)["VpcAttributes"]
            switches[0]["EnableDnsSupport"]["Value"] = False
        self.names += [str(made), "10.2.0.64", "52.94.5.10", "10.0.0.2", "169.254.169.253"]

    # ------------------------------ services

    def _more_services(self) -> None:
        """Tasks on instances, things that are not there yet."""
        host = self._anyone()
        task = services.task(self, "old", self.sa, None, service="on-hosts")
        late = services.task(self, "old", self.sb, "10.0.1.81", status="PENDING")
        db = services.database(self, "late", self.sb, None, status="creating", among=[self.sa])
        services.cache(self, "bare", self.sa, None)
        self.names += [task.arn, late.arn, db.arn, "bare", str(host)]
