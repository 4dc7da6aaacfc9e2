"""What hangs on the hub: production, test, shared services, a sandbox; in America two more.

Subnets of a tier are in zones a and b.  The last /27 of each VPC is the transit gateway's.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.estate import Id, Record
from tests.estates.balancers import Balancer, balancer, listen, target_group
from tests.estates.company.place import PROD, SHARED, TEST, US, Company, Spoke
from tests.estates.privatelink import endpoint_service, endpoint_to, front

SIX = "2a05:d018:4a1b:c0{}::/64"
S3_IN_IRELAND = ("52.218.0.0/17", "52.92.0.0/17", "3.5.64.0/21")
REDIRECT: Record = {
    "RedirectConfig": {
        "Host": "#{host}",
        "Path": "/#{path}",
        "Port": "443",
        "Protocol": "HTTPS",
        "Query": "#{query}",
        "StatusCode": "HTTP_301",
    },
    "Type": "redirect",
}


@dataclass
class Spokes:
    prod: Spoke
    test: Spoke
    shared: Spoke
    sandbox: Spoke


@dataclass
class America:
    prod: Spoke
    analytics: Spoke


def build_spokes(e: Company) -> Spokes:
    shared = _shared(e)
    monitoring = e.groups(shared.vpc, "monitoring-sg", "Monitoring", [], ["all 0.0.0.0/0"])
    _tools(e, shared, monitoring)
    prod, deploy = _prod(e, monitoring)
    test = _test(e, deploy)
    sandbox = _sandbox(e)
    service = _artifacts(e, shared)
    _artifact_endpoints(e, service, prod, test, sandbox)
    return Spokes(prod, test, shared, sandbox)


# ------------------------------ production


def _prod(e: Company, monitoring: Id) -> tuple[Spoke, Id]:
    """The shop: balancer, application, database; and who rolls out releases."""
    prod = e.spoke(
        "prod-eu",
        "10.16.0.0/16",
        PROD,
        {
            "public": ["10.16.0.0/24", "10.16.1.0/24"],
            "app": ["10.16.10.0/24", "10.16.11.0/24"],
            "data": ["10.16.20.0/24", "10.16.21.0/24"],
            "endpoint": ["10.16.30.0/28", "10.16.30.16/28"],
            "tgw": ["10.16.255.0/28", "10.16.255.16/28"],
        },
        ipv6="2a05:d018:4a1b:c000::/56",
        six={
            "public": [SIX.format("00"), SIX.format("01")],
            "app": [SIX.format("10"), SIX.format("11")],
        },
    )
    igw = e.igw(prod.vpc, name="prod-eu-igw")
    for block in ("0.0.0.0/0", "::/0"):
        e.route(prod.tables["public"], block, igw)
    eigw = _name(e.eigw(prod.vpc), "prod-eu-eigw")
    e.route(prod.tables["app"], "::/0", eigw)
    e.service_list("s3", *S3_IN_IRELAND, scope=prod.vpc.scope)
    _name(e.endpoint_gateway(prod.vpc, [prod.tables["app"], prod.tables["data"]]), "prod-s3")
    deploy = e.groups(prod.vpc, "prod-deploy-sg", "Rolls out releases", [], ["all 0.0.0.0/0"])
    e.host("prod-deploy-1", prod.at("app"), "10.16.10.20", deploy)
    app = _shop(e, prod, monitoring)
    _database(e, prod, app)
    return prod, deploy


def _shop(e: Company, prod: Spoke, monitoring: Id) -> Id:
    """The shop's balancer, in both address families, and its application."""
    doors = e.groups(
        prod.vpc, "prod-alb-sg", "Shop: public entrance", ["tcp/443 any", "tcp/80 any"], []
    )
    admins = e.prefix_list("10.210.0.0/24", name="dublin-admins", vpc=prod.vpc)
    app = e.groups(
        prod.vpc,
        "prod-app-sg",
        "Shop: application",
        [
            f"tcp/8080 {doors}",
            "tcp/8443 10.200.0.0/16 10.32.0.0/16",
            f"tcp/9100 {monitoring}",
            "tcp/8081 10.0.0.0/8",
            f"tcp/22 {admins}",
            "icmp/8 10.200.0.0/16",
        ],
        ["all any"],
    )
    e.permit(doors, f"tcp/8080 {app}", egress=True)
    hosts = [
        e.host("prod-app-1", prod.at("app"), "10.16.10.10", app, ipv6="2a05:d018:4a1b:c010::10"),
        e.host(
            "prod-app-2", prod.at("app", "b"), "10.16.11.10", app, ipv6="2a05:d018:4a1b:c011::10"
        ),
    ]
    shop = balancer(
        e,
        "application",
        "prod-shop",
        {prod.at("public"): "10.16.0.40", prod.at("public", "b"): "10.16.1.40"},
        groups=[doors],
        public={prod.at("public"): "198.51.100.40", prod.at("public", "b"): "198.51.100.41"},
        ipv6={
            prod.at("public"): "2a05:d018:4a1b:c000::40",
            prod.at("public", "b"): "2a05:d018:4a1b:c001::40",
        },
    )
    listen(e, shop, "HTTPS", 443, target_group(e, prod.vpc, "prod-shop-app", "HTTP", 8080, hosts))
    listen(e, shop, "HTTP", 80, REDIRECT)
    return app


def _database(e: Company, prod: Spoke, app: Id) -> None:
    """Orders and their replica, behind a network ACL that knows the application and no backup."""
    acl = e.acl(
        prod.vpc,
        prod.of_tier("data"),
        ingress=[
            "100 allow tcp/5432 10.16.10.0/23",
            "110 allow tcp/5432 10.16.20.0/23",
            "120 allow tcp/5432 10.18.20.0/24",
            "130 allow tcp/1024-65535 10.16.20.0/23",
        ],
        egress=["100 allow tcp/1024-65535 10.16.10.0/23", "110 allow tcp/1024-65535 10.16.20.0/23"],
    )
    _name(acl, "prod-data-acl")
    data = e.groups(
        prod.vpc, "prod-data-sg", "Orders", [f"tcp/5432 {app} 10.18.20.0/24", "tcp/5432 self"], []
    )
    e.permit(data, "tcp/5432 self", egress=True)
    e.host("prod-orders-db", prod.at("data"), "10.16.20.10", data)
    e.host("prod-orders-replica", prod.at("data", "b"), "10.16.21.10", data)


# ------------------------------ test


def _test(e: Company, deploy: Id) -> Spoke:
    """The shop on trial.  A route to a peering that was deleted has stayed behind."""
    test = e.spoke(
        "test-eu",
        "10.17.0.0/16",
        TEST,
        {
            "app": ["10.17.10.0/24", "10.17.11.0/24"],
            "endpoint": ["10.17.30.0/28", "10.17.30.16/28"],
            "tgw": ["10.17.255.0/28", "10.17.255.16/28"],
        },
    )
    e.route(test.tables["app"], "10.19.0.0/16", e.fresh("pcx"), state="blackhole")
    app = e.groups(
        test.vpc,
        "test-app-sg",
        "Shop on trial",
        [
            "tcp/8443 10.16.0.0/16 10.200.0.0/16",
            f"tcp/9443 {deploy}",
            "tcp/22 10.210.0.0/24",
        ],
        ["all 0.0.0.0/0"],
    )
    build = e.groups(test.vpc, "test-build-sg", "Builds", [], ["all 0.0.0.0/0"])
    e.host("test-app-1", test.at("app"), "10.17.10.10", app)
    e.host("test-build-1", test.at("app", "b"), "10.17.11.20", build)
    return test


def _sandbox(e: Company) -> Spoke:
    """Experiments, cut off since the incident of last year."""
    sandbox = e.spoke(
        "sandbox-eu",
        "10.19.0.0/16",
        TEST,
        {"app": ["10.19.10.0/24"], "tgw": ["10.19.255.0/28"]},
    )
    group = e.groups(
        sandbox.vpc, "sandbox-sg", "Experiments", ["all 10.0.0.0/8"], ["all 0.0.0.0/0"]
    )
    e.host("sandbox-1", sandbox.at("app"), "10.19.10.10", group)
    return sandbox


# ------------------------------ shared services


def _shared(e: Company) -> Spoke:
    """What all use.  One subnet is shared with the test account, for its runners."""
    return e.spoke(
        "shared-eu",
        "10.18.0.0/16",
        SHARED,
        {
            "service": ["10.18.10.0/24", "10.18.11.0/24"],
            "tools": ["10.18.20.0/24", "10.18.21.0/24"],
            "runners": ["10.18.30.0/24"],
            "tgw": ["10.18.255.0/28", "10.18.255.16/28"],
        },
    )


def _tools(e: Company, shared: Spoke, monitoring: Id) -> None:
    backup = e.groups(shared.vpc, "backup-sg", "Backups", [], ["all 0.0.0.0/0"])
    e.host("shared-monitor-1", shared.at("tools"), "10.18.20.10", monitoring)
    e.host("shared-backup-1", shared.at("tools"), "10.18.20.20", backup)
    runners = e.group(
        shared.vpc, ["tcp/22 10.210.0.0/24"], ["all 0.0.0.0/0"], name="runners-sg", account=TEST
    )
    runners.record["Description"] = "Runners of the test account"
    e.instance("test-runner-1", shared.at("runners"), "10.18.30.10", groups=[runners], account=TEST)
    e.share(shared.at("runners"), TEST)


def _artifacts(e: Company, shared: Spoke) -> Id:
    """Packages for everybody, by PrivateLink."""
    doors = e.groups(
        shared.vpc,
        "artifacts-nlb-sg",
        "Artifacts: entrance",
        ["tcp/443 10.16.0.0/15 10.210.0.0/16"],
        [],
    )
    inner = e.groups(
        shared.vpc, "artifacts-sg", "Artifacts", [f"tcp/8443 {doors}"], ["all 0.0.0.0/0"]
    )
    e.permit(doors, f"tcp/8443 {inner}", egress=True)
    hosts = {
        e.host("shared-artifacts-1", shared.at("service"), "10.18.10.10", inner): 8443,
        e.host("shared-artifacts-2", shared.at("service", "b"), "10.18.11.10", inner): 8443,
    }
    nodes = {shared.at("service"): "10.18.10.40", shared.at("service", "b"): "10.18.11.40"}
    nlb: Balancer = front(e, nodes, hosts, groups=[doors], name="artifacts")
    allowed = [f"arn:aws:iam::{account}:root" for account in (PROD, TEST)]
    return endpoint_service(e, [nlb], allowed=allowed, name="artifacts-service")


def _artifact_endpoints(e: Company, service: Id, prod: Spoke, test: Spoke, sandbox: Spoke) -> None:
    """An endpoint in each spoke; nobody has accepted the sandbox's."""
    named = {"prod": prod, "test": test}
    for name, spoke in named.items():
        block = spoke.vpc.record["CidrBlock"]
        group = e.groups(
            spoke.vpc, f"{name}-endpoint-sg", "Interface endpoints", [f"tcp/443 {block}"], []
        )
        base = block.split(".")[1]
        places = {
            spoke.at("endpoint"): f"10.{base}.30.4",
            spoke.at("endpoint", "b"): f"10.{base}.30.20",
        }
        _name(endpoint_to(e, places, service, groups=[group]), f"{name}-artifacts")
    places = {sandbox.at("app"): "10.19.10.60"}
    group = e.groups(
        sandbox.vpc, "sandbox-endpoint-sg", "Interface endpoints", ["tcp/443 10.19.0.0/16"], []
    )
    waiting = endpoint_to(e, places, service, groups=[group], state="pendingAcceptance")
    _name(waiting, "sandbox-artifacts")


def _name(made: Id, name: str) -> Id:
    made.record["Tags"] = [{"Key": "Name", "Value": name}]
    return made


# ------------------------------ America


def build_america(e: Company) -> America:
    """The shop for America; and analytics, whose table was never told of Europe."""
    tiers = {"app": ["10.{}.10.0/24"], "tgw": ["10.{}.255.0/28"]}

    def blocks(second: int) -> dict[str, list[str]]:
        return {tier: [each.format(second) for each in given] for tier, given in tiers.items()}

    prod = e.spoke("prod-us", "10.32.0.0/16", PROD, blocks(32), region=US)
    app = e.groups(prod.vpc, "prod-us-app-sg", "Shop", ["tcp/443 10.16.0.0/16"], ["all 0.0.0.0/0"])
    e.host("prod-us-app-1", prod.at("app"), "10.32.10.10", app)
    analytics = e.spoke("analytics-us", "10.33.0.0/16", PROD, blocks(33), region=US)
    group = e.groups(
        analytics.vpc,
        "analytics-sg",
        "Reports",
        ["tcp/443 10.16.0.0/16 10.32.0.0/16"],
        ["all 0.0.0.0/0"],
    )
    e.host("analytics-us-1", analytics.at("app"), "10.33.10.10", group)
    return America(prod, analytics)
