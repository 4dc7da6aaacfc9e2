"""Grow an AWS estate of any size, as the JSON that the describe calls of the AWS CLI print.

    python -m bench.grow OUT --interfaces 10000 --vpcs 40
    python -m bench.grow OUT --interfaces 1000000 --vpcs 600 --mixed --violations 8 --compact

The same arguments give the same bytes.  ``unrelated`` adds VPCs that are peered with nothing and
leaves every object of the others as it was, so that what they cost can be measured.  A mixed estate
may have violations planted, whose answer key is written beside it.  Takes numbers, gives describe
JSON; must not know the library that will read it.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from bench.estate import balancers, place, privatelink
from bench.estate.endpoints import endpoints
from bench.estate.filters import APP, filters
from bench.estate.interfaces import interfaces
from bench.estate.mixed import MixedVpc, plan_mixed
from bench.estate.network import Pairs, frame
from bench.estate.plan import Vpc, plan
from bench.estate.transit import LISTS as TRANSIT_LISTS
from bench.estate.transit import transit
from bench.estate.violations import Halves, Violation, chosen, halves_of, parts, room, violation

# A file is named after its call; the two calls on prefix lists answer under the same key.
KEYS = {"ManagedPrefixLists": "PrefixLists"}
PUBLIC_ACCESS = "VpcBlockPublicAccessOptions"
MIXED_LISTS = (*TRANSIT_LISTS, *balancers.LISTS, *privatelink.LISTS, *place.UNUSED)
BUFFER = 1 << 17  # bytes of each open file
LARGE = 50_000  # interfaces from which on the command writes with as many processes as there are


@dataclass(frozen=True, slots=True)
class Size:
    """How large an estate is to be, and which of its variants.

    ``exposed`` opens port 22 to the internet at the first VPC's bastions; without it no public
    address of the estate has that port open over IPv4.  With ``on_transit`` no VPC is peered; all
    are on the transit gateways of two Regions.  With ``mixed`` some are, some are peered, there are
    load balancers and PrivateLink, and ``violations`` may be named that are planted; the estate of
    the same size without them is the clean twin.  ``rules`` are added to every security group and
    ``entries`` to every network ACL that is a tier's own, which is all that they change.
    """

    interfaces: int
    vpcs: int = 0  # 0: forty for each ten thousand interfaces
    seed: int = 0
    unrelated: int = 0
    exposed: bool = False
    on_transit: bool = False
    mixed: bool = False
    violations: tuple[str, ...] = ()
    rules: int = 0
    entries: int = 0

    def __post_init__(self) -> None:
        if self.mixed and (self.exposed or self.on_transit):
            raise ValueError("a mixed estate is neither exposed nor on transit gateways alone")
        unknown = set(self.violations) - set(room(self.vpcs_related) if self.mixed else ())
        if unknown:
            raise ValueError(f"no room for {', '.join(sorted(unknown))} in this estate")

    @property
    def vpcs_related(self) -> int:
        """The number of VPCs, those aside that have nothing to do with the others."""
        most = 600 if self.mixed else self.interfaces
        return self.vpcs or min(most, max(1, round(self.interfaces / 250)))

    @property
    def lists(self) -> tuple[str, ...]:
        """The calls whose answer is a list."""
        if self.mixed:
            return (*place.LISTS, *MIXED_LISTS)
        return (*place.LISTS, *TRANSIT_LISTS) if self.on_transit else place.LISTS

    def vpcs_planned(self) -> list[Vpc]:
        """The VPCs of an estate of this size."""
        if self.mixed:
            return [*self.vpcs_mixed()]
        planned = plan(
            self.interfaces,
            self.vpcs_related,
            self.seed,
            self.unrelated,
            self.exposed,
            self.on_transit,
        )
        return [replace(vpc, rules=self.rules, entries=self.entries) for vpc in planned]

    def vpcs_mixed(self) -> list[MixedVpc]:
        """The same of a mixed estate."""
        planted = map(parts, self.violations)
        planned = plan_mixed(self.interfaces, self.vpcs_related, self.seed, self.unrelated, planted)
        return [replace(vpc, rules=self.rules, entries=self.entries) for vpc in planned]

    def by_folder(self) -> dict[str, list[Vpc]]:
        """The same by folder: one for each account and Region that has any."""
        folders: dict[str, list[Vpc]] = {}
        for vpc in self.vpcs_planned():
            folders.setdefault(vpc.folder, []).append(vpc)
        return folders


# --- the answer key -------------------------------------------------------------------------------


def possible(size: Size) -> tuple[Violation, ...]:
    """Every violation that a mixed estate has room for, planted or not, with its question."""
    vpcs = size.vpcs_planned()
    return tuple(violation(name, vpcs) for name in room(size.vpcs_related))


def halves(size: Size) -> Halves:
    """Production and test of a mixed estate, and the ways between them that are planted.

    Without violations there are none: the two are isolated in both directions.
    """
    return halves_of(size.vpcs_mixed())


def key(size: Size) -> dict[str, Any]:
    """The answer key of a mixed estate, as JSON: what is planted, and what each question gives."""
    found = []
    for one in possible(size):
        is_planted = one.name in size.violations
        verdict = one.violated if is_planted else one.clean
        found.append({**asdict(one), "planted": is_planted, "verdict": verdict})
    split = halves(size)
    return {
        "size": asdict(size),
        "violations": found,
        "halves": {**asdict(split), "isolated": not split.ways},
    }


# --- growing --------------------------------------------------------------------------------------


def folder_contents(planned: list[Vpc], every: list[Vpc]) -> Pairs:
    """Everything that an account has in a Region, as (section, object)."""
    first = planned[0]
    yield from place.place(first)
    yield from transit(every, first.account, first.region)
    for vpc in planned:
        yield from contents(vpc)


def contents(vpc: Vpc) -> Pairs:
    """Everything in one VPC, as (section, object)."""
    yield from frame(vpc)
    yield from filters(vpc)
    yield from endpoints(vpc)
    served: list[dict[str, Any]] = []
    for section, record in interfaces(vpc):
        if section == "Reservations" and len(served) < balancers.MOST:
            served += serving(vpc, record["Instances"][0])
        yield section, record
    yield from balancers.balancers(vpc, served)
    yield from privatelink.privatelink(vpc)


def serving(vpc: Vpc, instance: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The instance, if it runs and is of the app group, which load balancers forward to."""
    groups = [group["GroupId"] for group in instance["SecurityGroups"]]
    if vpc.group(APP) in groups and instance["State"]["Name"] == "running":
        yield instance


def grow(
    interfaces: int,
    vpcs: int = 0,
    seed: int = 0,
    *,
    unrelated: int = 0,
    exposed: bool = False,
    on_transit: bool = False,
    mixed: bool = False,
    violations: tuple[str, ...] = (),
) -> dict[str, dict[str, Any]]:
    """The estate in memory: folder -> section -> what the call returned.  See :class:`Size`."""
    size = Size(interfaces, vpcs, seed, unrelated, exposed, on_transit, mixed, violations)
    estate: dict[str, dict[str, Any]] = {}
    every = size.vpcs_planned()
    for folder, planned in size.by_folder().items():
        sections: dict[str, Any] = {section: [] for section in size.lists}
        for section, record in folder_contents(planned, every):
            sections[section].append(record)
        estate[folder] = sections | {PUBLIC_ACCESS: place.public_access(planned[0])}
    return estate


def write(out: Path, size: Size, *, compact: bool = False, processes: int = 1) -> int:
    """Write the estate under ``out`` object by object, and say how many bytes that took.

    ``compact`` leaves out all indentation, for one line an object.  With several processes each
    writes folders of its own; the bytes are the same.
    """
    planned = size.by_folder()
    largest = sorted(planned, key=lambda each: -sum(vpc.interfaces for vpc in planned[each]))
    one = partial(write_folder, out, size, compact)
    if processes == 1:
        return sum(map(one, planned))
    with ProcessPoolExecutor(processes) as pool:
        return sum(pool.map(one, largest))


def write_folder(out: Path, size: Size, compact: bool, folder: str) -> int:
    """Write what one account has in one Region."""
    option = 0 if compact else orjson.OPT_INDENT_2
    every = size.vpcs_planned()
    vpcs = [vpc for vpc in every if vpc.folder == folder]
    directory = out / folder
    directory.mkdir(parents=True)
    with ExitStack() as stack:
        files = {
            section: List(
                stack.enter_context((directory / f"{section}.json").open("wb", BUFFER)),
                KEYS.get(section, section),
                option,
            )
            for section in size.lists
        }
        for section, record in folder_contents(vpcs, every):
            files[section].add(record)
        written = sum(file.close() for file in files.values())
    text = orjson.dumps({PUBLIC_ACCESS: place.public_access(vpcs[0])}, option=option)
    return written + (directory / f"{PUBLIC_ACCESS}.json").write_bytes(text)


@dataclass(slots=True)
class List:
    """One file with one list, written as its objects come."""

    file: BinaryIO
    key: str
    option: int
    written: int = field(default=0)
    begun: bool = field(default=False)

    def add(self, record: dict[str, Any]) -> None:
        text = orjson.dumps(record, option=self.option)
        self._write(b",\n" if self.begun else b'{\n  "%s": [\n' % self.key.encode())
        self._write(text)
        self.begun = True

    def close(self) -> int:
        self._write(b"\n]}\n" if self.begun else b'{\n  "%s": []\n}\n' % self.key.encode())
        return self.written

    def _write(self, text: bytes) -> None:
        self.written += self.file.write(text)


def main() -> None:
    """Write an estate, and say what it came to."""
    parser = argparse.ArgumentParser(description="Grow an AWS estate as describe JSON.")
    parser.add_argument("out", type=Path, help="folder to write; must not exist")
    parser.add_argument("--interfaces", type=int, default=10_000)
    parser.add_argument("--vpcs", type=int, default=0, help="default: 40 per 10,000 interfaces")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--unrelated", type=int, default=0, help="further VPCs, peered with none")
    parser.add_argument("--exposed", action="store_true", help="open port 22 of one VPC's bastions")
    parser.add_argument("--transit", action="store_true", help="transit gateways, no peerings")
    parser.add_argument(
        "--mixed",
        action="store_true",
        help="transit gateways and peerings, load balancers, PrivateLink; up to 600 VPCs",
    )
    parser.add_argument(
        "--violations",
        default="",
        metavar="WHICH",
        help="of a mixed estate: all, a number of them, or names; OUT.key.json is their key",
    )
    parser.add_argument("--rules", type=int, default=0, help="more in every security group")
    parser.add_argument("--entries", type=int, default=0, help="more in every tier's network ACL")
    parser.add_argument("--compact", action="store_true", help="no indentation")
    parser.add_argument(
        "--processes",
        type=int,
        default=0,
        help=f"default: one, and from {LARGE:,} interfaces on one for each processor",
    )
    given = parser.parse_args()
    if given.out.exists():
        parser.error(f"{given.out} exists already")
    try:
        size = size_of(given)
        size.vpcs_planned()
    except ValueError as error:
        parser.error(str(error))
    processes = given.processes or (os.cpu_count() or 1 if size.interfaces >= LARGE else 1)
    start = time.perf_counter()
    written = write(given.out, size, compact=given.compact, processes=processes)
    each = f"{written / size.interfaces:,.0f} bytes an interface"
    print(f"{written / 1e6:,.1f} MB in {time.perf_counter() - start:.1f} s, {each}")
    if size.mixed:
        beside = given.out.with_name(f"{given.out.name}.key.json")
        beside.write_bytes(orjson.dumps(key(size), option=orjson.OPT_INDENT_2))
        print(f"{len(size.violations)} violations; the key: {beside}")


def size_of(given: argparse.Namespace) -> Size:
    """The size that the command's arguments say."""
    plain = Size(
        given.interfaces,
        given.vpcs,
        given.seed,
        given.unrelated,
        given.exposed,
        given.transit,
        given.mixed,
        rules=given.rules,
        entries=given.entries,
    )
    if given.violations and not given.mixed:
        raise ValueError("violations are planted in a mixed estate only: add --mixed")
    return replace(plain, violations=chosen(given.violations, plain.vpcs_related))


if __name__ == "__main__":
    main()
