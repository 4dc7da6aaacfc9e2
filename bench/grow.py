"""Grow an AWS estate of any size, as the JSON that the describe calls of the AWS CLI print.

    python -m bench.grow OUT --interfaces 10000 --vpcs 40

The same arguments give the same bytes.  ``unrelated`` adds VPCs that are peered with nothing and
leaves every object of the others as it was, so that what they cost can be measured.  Takes numbers,
gives describe JSON; must not know the library that will read it.
"""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from bench.estate import place
from bench.estate.endpoints import endpoints
from bench.estate.filters import filters
from bench.estate.interfaces import interfaces
from bench.estate.network import Pairs, frame
from bench.estate.plan import Vpc, plan
from bench.estate.transit import LISTS as TRANSIT_LISTS
from bench.estate.transit import transit

# A file is named after its call; the two calls on prefix lists answer under the same key.
KEYS = {"ManagedPrefixLists": "PrefixLists"}
PUBLIC_ACCESS = "VpcBlockPublicAccessOptions"


@dataclass(frozen=True, slots=True)
class Size:
    """How large an estate is to be, and which of its variants.

    ``exposed`` opens port 22 to the internet at the first VPC's bastions; without it no public
    address of the estate has that port open over IPv4.  With ``on_transit`` no VPC is peered; all
    are on the transit gateways of two Regions.
    """

    interfaces: int
    vpcs: int = 0  # 0: forty for each ten thousand interfaces
    seed: int = 0
    unrelated: int = 0
    exposed: bool = False
    on_transit: bool = False

    @property
    def lists(self) -> tuple[str, ...]:
        """The calls whose answer is a list."""
        return (*place.LISTS, *TRANSIT_LISTS) if self.on_transit else place.LISTS

    def vpcs_planned(self) -> list[Vpc]:
        """The VPCs of an estate of this size."""
        vpcs = self.vpcs or max(1, round(self.interfaces / 250))
        return plan(self.interfaces, vpcs, self.seed, self.unrelated, self.exposed, self.on_transit)

    def by_folder(self) -> dict[str, list[Vpc]]:
        """The same by folder: one for each account and Region that has any."""
        folders: dict[str, list[Vpc]] = {}
        for vpc in self.vpcs_planned():
            folders.setdefault(vpc.folder, []).append(vpc)
        return folders


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
    yield from interfaces(vpc)


def grow(
    interfaces: int,
    vpcs: int = 0,
    seed: int = 0,
    *,
    unrelated: int = 0,
    exposed: bool = False,
    on_transit: bool = False,
) -> dict[str, dict[str, Any]]:
    """The estate in memory: folder -> section -> what the call returned.  See :class:`Size`."""
    size = Size(interfaces, vpcs, seed, unrelated, exposed, on_transit)
    estate: dict[str, dict[str, Any]] = {}
    every = size.vpcs_planned()
    for folder, planned in size.by_folder().items():
        sections: dict[str, Any] = {section: [] for section in size.lists}
        for section, record in folder_contents(planned, every):
            sections[section].append(record)
        estate[folder] = sections | {PUBLIC_ACCESS: place.public_access(planned[0])}
    return estate


def write(out: Path, size: Size) -> int:
    """Write the estate under ``out`` object by object, and say how many bytes that took."""
    written, every = 0, size.vpcs_planned()
    for folder, vpcs in size.by_folder().items():
        with ExitStack() as stack:
            directory = out / folder
            directory.mkdir(parents=True)
            files = {
                section: List(
                    stack.enter_context((directory / f"{section}.json").open("wb")),
                    KEYS.get(section, section),
                )
                for section in size.lists
            }
            for section, record in folder_contents(vpcs, every):
                files[section].add(record)
            written += sum(file.close() for file in files.values())
        options = {PUBLIC_ACCESS: place.public_access(vpcs[0])}
        text = orjson.dumps(options, option=orjson.OPT_INDENT_2)
        written += (directory / f"{PUBLIC_ACCESS}.json").write_bytes(text)
    return written


@dataclass(slots=True)
class List:
    """One file with one list, written as its objects come."""

    file: BinaryIO
    key: str
    written: int = field(default=0)
    begun: bool = field(default=False)

    def add(self, record: dict[str, Any]) -> None:
        text = orjson.dumps(record, option=orjson.OPT_INDENT_2)
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
    given = parser.parse_args()
    size = Size(
        given.interfaces, given.vpcs, given.seed, given.unrelated, given.exposed, given.transit
    )
    if given.out.exists():
        parser.error(f"{given.out} exists already")
    start = time.perf_counter()
    written = write(given.out, size)
    print(f"{written / 1e6:,.1f} MB in {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
