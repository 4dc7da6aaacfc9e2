"""By end point, who is told together is treated alike by everybody else, too."""

from __future__ import annotations

import pytest

import reach
from reach.asking import ground_of
from reach.options import DEFAULTS
from tests.estate import Pair


class Row(Pair):
    """Three hosts in SA with the same groups, of which one has a public address."""

    def __init__(self) -> None:
        super().__init__()
        self.online(self.ta)
        self.alike = self.group(self.v1, ["tcp/443 any"], name="alike")
        self.hosts = [
            self.instance(f"n{n}", self.sa, f"10.0.0.{n}", [self.alike], public=public)
            for n, public in ((20, None), (21, "198.51.100.21"), (22, None))
        ]

    def names(self, group: reach.survey.findings.Group) -> set[str]:
        return {each.name for each in group.members}


def test_they_are_one_class() -> None:
    row = Row()
    ground = ground_of(row.load(), DEFAULTS)
    assert len(ground.alike(str(row.hosts[0].eni))) == 3


def test_only_who_has_a_public_address_is_told_as_exposed() -> None:
    row = Row()
    told = reach.exposure(row.load(), packet="port 443")
    assert [row.names(told.destinations[a.destination]) for a in told.accesses] == [{"n21"}]
    assert told.complete


@pytest.mark.parametrize("by", ["rule", "list", "acl"])
def test_only_who_is_in_a_block_is_told_as_reaching(by: str) -> None:
    """In a rule of the one who is reached, in a prefix list, in the ACL of its subnet."""
    row = Row()
    peer = "10.0.0.22/31"
    if by == "list":
        peer = str(row.prefix_list(peer))
    server = row.instance(
        "server",
        row.sb,
        "10.0.1.20",
        [row.group(row.v1, ["tcp/22 any" if by == "acl" else f"tcp/22 {peer}"], name="ssh")],
    )
    if by == "acl":
        row.acl(row.v1, [row.sb], ingress=[f"90 allow tcp/22 {peer}"])
    told = reach.matrix(row.load(), packet="port 22", by="endpoint")
    sources = [
        row.names(told.sources[each.source])
        for each in told.accesses
        if each.destination == f"network_interface/{server.eni}"
        and row.names(told.sources[each.source]) & {"n20", "n21", "n22"}
    ]
    assert sources == [{"n22"}]


def test_who_is_alike_in_everything_is_told_together() -> None:
    row = Row()
    told = reach.matrix(row.load(), packet="port 443", by="endpoint")
    sets = {frozenset(row.names(each)) for each in told.destinations.values()}
    assert frozenset({"n20", "n22"}) in sets
    assert frozenset({"n21"}) in sets
