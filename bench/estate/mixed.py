"""The VPCs of a mixed estate: some on transit gateways, some peered around hubs or in rings.

They come in periods of eighteen, each with six on the transit gateway of one Region or the other,
six that are peered, and six more on transit gateways.  A VPC is production, test or shared:
production and test never meet, neither by a table of a transit gateway nor by a peering nor by the
internet, which test has neither way in nor, but by a hub that keeps it off the estate's own public
addresses, way out.  Takes numbers, gives planned VPCs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from bench.estate.plan import ACCOUNTS, REGIONS, SIZES, WORDS, Vpc
from bench.estate.site import NOTHING, Site
from bench.estate.sites import site

PERIOD = 18
LARGEST = 600  # VPCs that are related
SMALLEST = 20  # interfaces of a VPC
RUN = range(6, 12)  # the places in a period whose VPCs are peered
STAR = 6  # the place of a star's hub
HUBS = (0, 4)  # the VPCs that have the way out, one a Region
FAR = (4, 5, 12, 13, 14)  # the places that lie in the other Region
REMOTE = 11  # the place of a VPC that is peered from a third Region
# Which places are production, in periods whose peered VPCs are production and in those of test.
PRODUCTION = (
    frozenset((1, 3, 6, 7, 8, 9, 10, 11, 13)),
    frozenset((1, 3, 4, 5, 12, 14, 15, 16, 17)),
)
NETWORK = ACCOUNTS[0]
PRODUCTION_ACCOUNTS = (
    "210987654321",
    "321098765432",
    "432109876543",
    "543210987654",
    "654321098765",
)
TEST_ACCOUNTS = ("765432109876", "876543210987", "987654321098", "109876543210")


@dataclass(frozen=True)
class MixedVpc(Vpc):
    """One VPC of a mixed estate of ``total`` VPCs, with the faults that its period has."""

    total: int = 0
    faults: frozenset[str] = frozenset()

    @property
    def is_related(self) -> bool:
        return self.index < self.total

    @cached_property
    def name(self) -> str:
        return f"{WORDS[self.index % len(WORDS)]}-{stage(self.index, self.total)}-{self.index}"

    @cached_property
    def segment(self) -> str:
        return self.stage

    @property
    def is_hub(self) -> bool:
        return self.is_related and self.index in HUBS

    @property
    def is_guarded(self) -> bool:
        return True

    @cached_property
    def site(self) -> Site:
        if not self.is_related:
            return NOTHING
        return site(self, *divmod(self.index, PERIOD), self.total, self.faults)

    def account_of(self, index: int) -> str:
        if stage(index, self.total) == "shared":
            return NETWORK
        accounts = TEST_ACCOUNTS if stage(index, self.total) == "test" else PRODUCTION_ACCOUNTS
        return accounts[index % len(accounts)]

    @cached_property
    def region(self) -> str:
        return self.region_of(self.index)

    def region_of(self, index: int) -> str:
        if index % PERIOD == REMOTE:
            return REGIONS[2][0]
        return REGIONS[(index // PERIOD // 2 + (index % PERIOD in FAR)) % 2][0]

    def block_of(self, index: int) -> tuple[int, int]:
        """128 blocks of /16, then 512 of /18, all of 10.0.0.0/8 and none twice."""
        if index < 128:
            return 0x0A000000 + (index << 16), 16
        if index >= 640:
            raise ValueError("a mixed estate has at most 640 VPCs")
        return 0x0A800000 + ((index - 128) << 14), 18

    @cached_property
    def inside(self) -> str:
        return "10.0.0.0/8"

    @property
    def is_peered(self) -> bool:
        return self.index % PERIOD in RUN

    @property
    def has_internet(self) -> bool:
        """Hubs, and of production what is peered and one in ten of the others."""
        edge = self.is_peered or self.index % PERIOD in (12, 13)
        return self.is_hub or (edge and self.stage == "prod")

    @property
    def has_nat(self) -> bool:
        return self.is_hub or (self.is_peered and self.has_internet)

    @property
    def has_egress6(self) -> bool:
        return self.six is not None and self.stage != "test"

    def public_address(self, number: int) -> str:
        """The last ones are for what is given."""
        if number >= 960:
            raise ValueError("too many public addresses in one VPC: ask for more VPCs")
        return super().public_address(number)


def stage(index: int, total: int) -> str:
    """Whether a VPC is production, test, shared, or has nothing to do with the others."""
    if index >= total:
        return "other"
    if index % PERIOD == 0 or index in HUBS:
        return "shared"
    return "prod" if index % PERIOD in PRODUCTION[index // PERIOD % 2] else "test"


def peers(index: int, total: int) -> tuple[int, ...]:
    """The VPCs it is peered with: a star in periods of production, else a ring."""
    place = index % PERIOD - RUN.start
    first = index - place
    count = min(len(RUN), total - first)
    if index % PERIOD not in RUN:
        return ()
    if index // PERIOD % 2 == 0:
        places = set(range(1, count)) if place == 0 else {0}
    else:
        places = {(place + step) % count for step in (-1, 1)} - {place}
    return tuple(first + other for other in sorted(places))


def is_on_transit(index: int) -> bool:
    """All that are not peered, and the hubs of stars."""
    is_star = index // PERIOD % 2 == 0 and index % PERIOD == STAR
    return is_star or index % PERIOD not in RUN


def plan_mixed(
    interfaces: int, vpcs: int, seed: int, unrelated: int, planted: Iterable[tuple[str, int]]
) -> list[MixedVpc]:
    """The VPCs of a mixed estate, then ``unrelated`` ones; ``planted`` are faults by period."""
    if not 1 <= vpcs <= LARGEST or interfaces < SMALLEST * vpcs:
        raise ValueError(
            f"{interfaces} interfaces in {vpcs} VPCs: a mixed estate has at most {LARGEST} VPCs, "
            f"and at least {SMALLEST} interfaces in each"
        )
    share = interfaces // vpcs
    even = share < SMALLEST / min(SIZES)  # too few interfaces for sizes that differ
    sizes = [share if even else int(share * SIZES[i % len(SIZES)]) for i in range(vpcs)]
    sizes[-1] += interfaces - sum(sizes)
    by_period: dict[int, set[str]] = {}
    for kind, period in planted:
        by_period.setdefault(period, set()).add(kind)
    related = [
        MixedVpc(
            seed=seed,
            index=index,
            interfaces=size,
            peers=peers(index, vpcs),
            exposed=False,
            transit=is_on_transit(index),
            total=vpcs,
            faults=frozenset(by_period.get(index // PERIOD, ())),
        )
        for index, size in enumerate(sizes)
    ]
    return related + [
        MixedVpc(seed, index, share, (), False, total=vpcs)
        for index in range(vpcs, vpcs + unrelated)
    ]
