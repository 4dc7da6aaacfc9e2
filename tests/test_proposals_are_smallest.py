"""No smaller change does: fixes and cuts against a slow search of everything that could be changed.

Small random networks, each from a seed.  The search tries every set of removals (and, for fixes,
of additions that are wider than any fix would be) in order of size, on the records themselves, and
asks the whole question each time.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from random import Random

import pytest

import reach
from reach.components import sections
from reach.snapshot.load import assemble
from tests.estate import Estate, Record

Filters = dict[str, list[Record]]
Change = Callable[[Filters], None]
FILTERS = ("SecurityGroups", "NetworkAcls")

PORTS = ("tcp/22", "tcp/20-30", "tcp", "tcp/443", "all")
PEERS = ("10.0.0.0/24", "10.0.0.5/32", "10.0.0.0/16", "0.0.0.0/0")


def network(seed: int) -> tuple[Estate, str]:
    """Two subnets with ACLs, an instance in each with one or two groups, and one question."""
    rng = Random(f"proposals/{seed}")

    def rules(most: int) -> list[str]:
        return [f"{rng.choice(PORTS)} {rng.choice(PEERS)}" for _ in range(rng.randint(0, most))]

    def entries() -> list[str] | None:
        if rng.random() < 0.4:
            return None
        actions = ("allow", "allow", "deny")
        return [
            f"{10 * n} {rng.choice(actions)} {rng.choice(PORTS)} {rng.choice(PEERS)}"
            for n in range(1, rng.randint(1, 3) + 1)
        ]

    e = Estate(salt=str(seed))
    v = e.vpc("10.0.0.0/16")
    sa, sb = e.subnet(v, "10.0.0.0/24"), e.subnet(v, "10.0.1.0/24", az="b")
    e.acl(v, [sa], ingress=entries(), egress=entries())
    e.acl(v, [sb], ingress=entries(), egress=entries())
    out = [e.group(v, ingress=[], egress=distinct(rules(2) or ["all 0.0.0.0/0"]))]
    into = [e.group(v, ingress=distinct(rules(3)), egress=[]) for _ in range(rng.randint(1, 2))]
    a = e.instance("a", sa, "10.0.0.5", groups=out)
    b = e.instance("b", sb, "10.0.1.5", groups=into)
    return e, f"can {a} reach {b} port 22"


def distinct(rules: list[str]) -> list[str]:
    """AWS takes no rule twice."""
    return list(dict.fromkeys(rules))


@dataclass(frozen=True)
class Records:
    """What the calls printed: the two that matter here as records, all others as they were."""

    filters: dict[str, list[Record]]
    others: dict[str, bytes]

    @staticmethod
    def of(e: Estate) -> Records:
        filters: dict[str, list[Record]] = {}
        others = {}
        for name, text in e.files().items():
            told = json.loads(text)
            if told.keys() & set(FILTERS):
                filters |= told
            else:
                others[name] = text.encode()
        return Records(filters, others)

    def verdict(self, question: str, changes: Iterable[Change] = ()) -> str:
        """What is said of a question once some changes are made."""
        changed = copy.deepcopy(self.filters)
        for change in changes:
            change(changed)
        texts = {**self.others, "filters.json": json.dumps(changed).encode()}
        return str(reach.ask(assemble(texts.items(), sections()), question).verdict)


def removals(records: Records) -> Iterator[Change]:
    """Each permit of a group or an ACL, as what takes it away."""
    for number, group in enumerate(records.filters["SecurityGroups"]):
        for way in ("IpPermissions", "IpPermissionsEgress"):
            for rule in group[way]:
                yield partial(remove, "SecurityGroups", number, way, rule)
    for number, acl in enumerate(records.filters["NetworkAcls"]):
        for entry in acl["Entries"]:
            if entry["RuleAction"] == "allow":
                yield partial(remove, "NetworkAcls", number, "Entries", entry)


def additions(records: Records) -> Iterator[Change]:
    """A permit of everything in each place where one could be added, before all that denies."""
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    for number, _ in enumerate(records.filters["SecurityGroups"]):
        for way in ("IpPermissions", "IpPermissionsEgress"):
            yield partial(add, "SecurityGroups", number, way, everything)
    for number, _ in enumerate(records.filters["NetworkAcls"]):
        for egress in (False, True):
            yield partial(add, "NetworkAcls", number, "Entries", permit_all(egress))


def remove(call: str, number: int, listed: str, gone: Record, new: Filters) -> None:
    new[call][number][listed].remove(gone)


def add(call: str, number: int, listed: str, more: Record, new: Filters) -> None:
    new[call][number][listed].append(more)


def permit_all(egress: bool) -> Record:
    return {
        "RuleNumber": 1,
        "Protocol": "-1",
        "RuleAction": "allow",
        "Egress": egress,
        "CidrBlock": "0.0.0.0/0",
    }


def does_any(
    records: Records, question: str, changes: list[Change], size: int, wished: str
) -> bool:
    """Whether any so many of these changes do; fewer cannot, if none of that size does."""
    return any(
        records.verdict(question, chosen) == wished for chosen in combinations(changes, size)
    )


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 5, 6])
def test_no_smaller_change_does(seed: int) -> None:
    """One change less is too few, whichever they are."""
    check(seed)


@pytest.mark.deep
@pytest.mark.parametrize("seed", [4, *range(7, 200)])
def test_no_smaller_change_does_in_many(seed: int) -> None:
    """The same, of many networks."""
    check(seed)


def check(seed: int) -> None:
    e, question = network(seed)
    records = Records.of(e)
    answer = reach.ask(e.load(), question, fix=True, cut=True)
    if answer.verdict == "unreachable":
        told, changes, wished = answer.fix, list(additions(records)), "reachable"
    else:
        told, changes, wished = answer.cut, list(removals(records)), "unreachable"
    assert told is not None
    assert told.standing == "verified"
    assert told.verdict == wished
    assert told.smallest
    assert not does_any(records, question, changes, len(told.edits) - 1, wished)
