"""Which VPCs an estate has, and everything about each that the families have to agree on.

A VPC follows from the seed and its index.  All that it takes from its neighbours is whether they
exist (its peers); identifiers and CIDRs of a peer follow from the peer's index in turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from ipaddress import IPv6Address
from random import Random

from bench.estate.site import NOTHING, Site

ACCOUNTS = ("111122223333", "444455556666", "777788889999", "123456789012")
REGIONS = (("us-east-1", "use1"), ("us-west-2", "usw2"), ("eu-west-1", "euw1"))
ZONES = "abc"
CLUSTER = 8  # VPCs that may be peered with each other
SIZES = (1.0, 0.4, 1.6, 0.7, 1.3)  # one VPC's interfaces over the average; they repeat
TIERS = ("public", "app", "data", "isolated")
SHARES = {"public": 0.15, "app": 0.50, "data": 0.30, "isolated": 0.05}
WORDS = ("orders", "billing", "search", "ledger", "identity", "media", "claims", "fleet", "risk")
STAGES = ("prod", "staging", "dev")
SERVICES = ("ssm", "secretsmanager", "ecr.api", "logs", "sts")
RESERVED = 16  # low addresses of a subnet that hosts do not take: AWS's own, and service interfaces
GIVEN_NUMBER = 9_000_000  # from here on, the numbers of hosts whose place is given
HUB = 0  # the VPC that has the way out, where all are on transit gateways
PUBLIC = 0x2CC00000  # 44.192.0.0: each VPC owns 1,024 public addresses from here on


@dataclass(frozen=True, slots=True)
class Subnet:
    """One subnet: which tier and zone it serves, and where its addresses begin."""

    id: str
    tier: str
    zone: int
    address: int
    length: int
    address6: int | None
    hosts: int

    @property
    def cidr(self) -> str:
        """The IPv4 block, as AWS writes it."""
        return f"{dotted(self.address)}/{self.length}"

    @property
    def size(self) -> int:
        """The number of addresses, AWS's own five among them."""
        return 1 << (32 - self.length)


@dataclass(frozen=True)
class Vpc:
    """One VPC as planned.

    ``exposed`` lets the internet in on port 22, at one instance.  One on ``transit`` is attached to
    a transit gateway, in one of two Regions, and has its way out by the hub.
    """

    seed: int
    index: int
    interfaces: int
    peers: tuple[int, ...]
    exposed: bool
    transit: bool = False
    rules: int = 0  # further ones in each of its groups
    entries: int = 0  # further ones in each ACL that is a tier's own

    @cached_property
    def id(self) -> str:
        return vpc_id(self.seed, self.index)

    @cached_property
    def name(self) -> str:
        word, stage = WORDS[self.index % len(WORDS)], STAGES[self.index // 4 % len(STAGES)]
        return f"{word}-{stage}-{self.index}"

    @property
    def stage(self) -> str:
        return self.name.split("-")[1]

    @cached_property
    def segment(self) -> str:
        """Which table of its transit gateway it is associated with."""
        if self.is_hub or self.random("transit").random() < 0.1:
            return "shared"
        return "prod" if self.stage == "prod" else "test"

    @property
    def is_hub(self) -> bool:
        """True iff others that are on transit gateways have their way out by it."""
        return self.transit and self.index == HUB

    @property
    def is_guarded(self) -> bool:
        """True iff the tables of its transit gateway drop what is private and no route is for."""
        return False

    @property
    def site(self) -> Site:
        """What it has beside what chance gives it."""
        return NOTHING

    @cached_property
    def account(self) -> str:
        return self.account_of(self.index)

    def account_of(self, index: int) -> str:
        """Which account VPC ``index`` of the same estate belongs to."""
        return account(index)

    def region_of(self, index: int) -> str:
        """Which Region a peer lies in."""
        return region(index)

    def block_of(self, index: int) -> tuple[int, int]:
        """The IPv4 block of VPC ``index`` of the same estate."""
        return block(index)

    def cidr_of(self, index: int) -> str:
        """The same as AWS writes it."""
        address, length = self.block_of(index)
        return f"{dotted(address)}/{length}"

    @cached_property
    def inside(self) -> str:
        """The private range that its block is taken from."""
        return inside(self.index)

    @cached_property
    def region(self) -> str:
        if self.transit:
            return REGIONS[self.index // len(ACCOUNTS) % 2][0]
        return self.region_of(self.index)

    @cached_property
    def folder(self) -> str:
        """Where a capture of this VPC's account and Region is kept."""
        return f"accounts/{self.account}/{self.region}"

    @cached_property
    def created(self) -> str:
        return f"2024-{self.index % 12 + 1:02}-{self.index % 28 + 1:02}T09:14:22+00:00"

    @cached_property
    def cidr(self) -> str:
        return self.cidr_of(self.index)

    @cached_property
    def six(self) -> int | None:
        """Where the IPv6 /56 begins, in every third VPC."""
        return block6(self.index)

    @property
    def has_internet(self) -> bool:
        if self.transit:
            return self.index == HUB
        return self.index % 10 != 9 or self.exposed

    @property
    def has_nat(self) -> bool:
        return self.has_internet and self.interfaces >= 4

    @property
    def has_egress6(self) -> bool:
        """True iff it has an egress-only internet gateway."""
        return self.six is not None

    @property
    def has_storage_endpoint(self) -> bool:
        return self.index % 2 == 0

    @property
    def has_isolated_tier(self) -> bool:
        return self.index % 4 == 3

    @cached_property
    def services(self) -> tuple[str, ...]:
        """The AWS services it has interface endpoints for, three interfaces each."""
        wanted = self.random("services").choice((0, 0, 1, 2, 3))
        room = max(0, self.interfaces - self.site.interfaces - 12) // 9
        return SERVICES[: min(wanted, room)]

    @cached_property
    def groups(self) -> int:
        """How many security groups it has beside the default one: five to twenty-five."""
        return min(25, 4 + round(self.random("groups").paretovariate(0.9)))

    @cached_property
    def subnets(self) -> tuple[Subnet, ...]:
        """Three zones of each tier, every tier on a boundary of four blocks."""
        address, length = self.block_of(self.index)
        tiers = TIERS if self.has_isolated_tier else TIERS[:3]
        hosts = self._hosts(tiers)
        return tuple(
            Subnet(
                id=self.identify("subnet", tier, zone),
                tier=tier,
                zone=zone,
                address=address + ((number * 4 + zone) << (28 - length)),
                length=length + 4,
                address6=None if self.six is None else self.six + ((number * 4 + zone) << 64),
                hosts=hosts[tier] // 3 + (zone < hosts[tier] % 3),
            )
            for number, tier in enumerate(tiers)
            for zone in range(3)
        )

    def _hosts(self, tiers: tuple[str, ...]) -> dict[str, int]:
        left = self.interfaces - self.has_nat - 3 * len(self.services) - 3 * self.transit
        left -= self.site.interfaces
        counts = {tier: int(left * SHARES[tier]) for tier in tiers}
        counts["public"] = max(counts["public"], min(1, left))
        counts["app"] += left - sum(counts.values())
        room = (1 << (28 - self.block_of(self.index)[1])) * 13 // 16 - RESERVED
        if max(counts.values()) > 3 * room:
            raise ValueError(f"{self.interfaces} interfaces do not fit into one VPC: ask for more")
        return counts

    def random(self, family: str) -> Random:
        return Random(f"{self.seed}/{self.index}/{family}")

    def identify(self, kind: str, *numbers: object) -> str:
        return identify(kind, self.seed, self.index, *numbers)

    def group(self, number: int | str) -> str:
        """The id of security group ``number``, or of one that has a name; 0 is the default one."""
        return identify("sg", self.seed, self.index, number)

    def peering(self, peer: int) -> str:
        return identify("pcx", self.seed, *sorted((self.index, peer)))

    def public_address(self, number: int) -> str:
        if number >= 1024:
            raise ValueError("one VPC has at most 1,024 public addresses: ask for more VPCs")
        return dotted(PUBLIC + self.index * 1024 + number)

    def subnet(self, tier: str, zone: int) -> Subnet:
        """The one subnet of a tier in a zone."""
        return next(one for one in self.subnets if (one.tier, one.zone) == (tier, zone))

    def fixture(self, kind: str, name: str) -> str:
        """The id of the instance, or of the interface, of something whose place is given."""
        place = [one.name for one in self.site.fixtures].index(name)
        return self.identify(kind, GIVEN_NUMBER + place)

    def given_public_address(self, number: int) -> str:
        """A public address for something whose place is given: the last of its VPC's."""
        return dotted(PUBLIC + self.index * 1024 + 1023 - number)

    def given_address(self, subnet: Subnet, number: int) -> int:
        """An address for something whose place is given: above all hosts, below delegations."""
        if number >= subnet.size // 16:
            raise ValueError("too much is given in one subnet")
        return subnet.address + subnet.size * 13 // 16 + number

    def zone(self, zone: int) -> str:
        return f"{self.region}{ZONES[zone]}"

    def zone_id(self, zone: int) -> str:
        return f"{dict(REGIONS)[self.region]}-az{zone + 1}"

    def arn(self, resource: str) -> str:
        return f"arn:aws:ec2:{self.region}:{self.account}:{resource}"

    def tags(self, role: str) -> list[dict[str, str]]:
        return [{"Key": "Name", "Value": f"{self.name}-{role}"}]


def plan(
    interfaces: int, vpcs: int, seed: int, unrelated: int, exposed: bool, transit: bool = False
) -> list[Vpc]:
    """The VPCs of an estate: ``vpcs`` in peered clusters, then ``unrelated`` ones on their own.

    The first ``vpcs`` are the same whatever ``unrelated`` is.  Sizes are uneven and add up to
    ``interfaces``; an unrelated VPC is of average size.  With ``transit`` none are peered.
    """
    if vpcs < 1 or interfaces < vpcs:
        raise ValueError(f"{interfaces} interfaces in {vpcs} VPCs: at least one VPC, and one each")
    share = interfaces // vpcs
    sizes = [max(1, int(share * SIZES[index % len(SIZES)])) for index in range(vpcs)]
    sizes[-1] = max(1, sizes[-1] + interfaces - sum(sizes))
    return [
        Vpc(
            seed,
            index,
            size,
            () if transit else peers(index, vpcs),
            exposed and index == 0,
            transit,
        )
        for index, size in enumerate(sizes)
    ] + [Vpc(seed, index, share, (), False) for index in range(vpcs, vpcs + unrelated)]


def peers(index: int, vpcs: int) -> tuple[int, ...]:
    """The VPCs it is peered with: even clusters are stars around their first, odd ones rings."""
    first = index - index % CLUSTER
    count = min(CLUSTER, vpcs - first)
    place = index - first
    if first // CLUSTER % 2 == 0:
        places = set(range(1, count)) if place == 0 else {0}
    else:
        places = {(place + step) % count for step in (-1, 1)} - {place}
    return tuple(first + other for other in sorted(places))


def account(index: int) -> str:
    """Which account VPC ``index`` belongs to."""
    return ACCOUNTS[index % len(ACCOUNTS)]


def region(index: int) -> str:
    """Which Region VPC ``index`` lies in."""
    return REGIONS[index // len(ACCOUNTS) % len(REGIONS)][0]


def vpc_id(seed: int, index: int) -> str:
    """The id of VPC ``index``."""
    return identify("vpc", seed, index)


def block(index: int) -> tuple[int, int]:
    """The IPv4 block of VPC ``index``, as (first address, prefix length).

    192 blocks of /16, then 576 of /18.  After those they repeat, as they do in large estates; two
    VPCs that are peered never have the same one.
    """
    index %= 768
    if index < 192:
        return 0x0A000000 + (index << 16), 16  # 10.0.0.0 to 10.191.255.255
    if index < 448:
        return 0x0AC00000 + ((index - 192) << 14), 18  # 10.192.0.0/10
    if index < 512:
        return 0xAC100000 + ((index - 448) << 14), 18  # 172.16.0.0/12
    return 0x64400000 + ((index - 512) << 14), 18  # 100.64.0.0/10


def inside(index: int) -> str:
    """The private range that the block of VPC ``index`` is taken from."""
    address, _ = block(index)
    return {0x0A: "10.0.0.0/8", 0xAC: "172.16.0.0/12", 0x64: "100.64.0.0/10"}[address >> 24]


def block6(index: int) -> int | None:
    """The first address of the IPv6 /56 of VPC ``index``, which every third has."""
    return None if index % 3 else (0x26001F18 << 96) | (index << 72)


def identify(kind: str, *numbers: object) -> str:
    """An id such as AWS gives: the kind and seventeen hexadecimal digits."""
    key = "/".join(map(str, (kind, *numbers)))
    return f"{kind}-0{blake2b(key.encode(), digest_size=8).hexdigest()}"


def dotted(address: int) -> str:
    """An IPv4 address as people write it."""
    return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


def coloned(address: int) -> str:
    """An IPv6 address as people write it."""
    return str(IPv6Address(address))
