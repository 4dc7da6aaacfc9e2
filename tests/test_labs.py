"""Recorded reality: every probe of every lab, asked of the configuration saved with it.

`open`, `closed` and `ok` mean that the packet arrived and its reply came back, `filtered` and
`lost` that they did not. Every verdict has to be decided and right. Exceptions stand in
labs_ledger.yaml, each with its reason.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.estate import tell

LABS = Path(__file__).resolve().parents[2] / "shared" / "labs"
LEDGER = Path(__file__).with_name("labs_ledger.yaml")

NAMES = (
    "aws_demo",
    "aws_multi_account_vpc_peering",
    "aws_multi_account_vpc_peering_tgw",
    "aws_nlb_targets_instance",
    "aws_nlb_targets_instance_nacl_test",
    "aws_tgw_multi_az_intra_region",
    "aws_tgw_peering",
    "aws_traffic_in_igw_out_ngw",
)
PROBES = 1545
ARRIVED = {"open", "closed", "ok"}
LOST = {"filtered", "lost"}

needs_labs = pytest.mark.skipif(not LABS.is_dir(), reason=f"the recorded labs are absent: {LABS}")


@dataclass(frozen=True)
class Probe:
    """One recorded attempt; `port` is None for an echo."""

    source: str
    destination: str
    protocol: str
    port: int | None
    observed: str

    @property
    def question(self) -> str:
        packet = "icmp" if self.protocol == "icmp" else f"port {self.port}/{self.protocol}"
        return f"can {self.source} reach {self.destination} {packet}"

    @property
    def expected(self) -> str:
        return "reachable" if self.observed in ARRIVED else "unreachable"

    @property
    def key(self) -> tuple[str, str, str, int | None]:
        return self.source, self.destination, self.protocol, self.port


def probes(lab: str) -> list[Probe]:
    lines = (LABS / lab / "probes.jsonl").read_text().splitlines()
    return [Probe(**({"port": None} | json.loads(line))) for line in lines]


@cache
def snapshot(lab: str) -> Any:
    """A lab's configuration, loaded once; the path is the lab's, the configuration is below it."""
    import reach

    return reach.load(LABS / lab)


@cache
def ledger() -> list[dict[str, Any]]:
    return [dict(entry) for entry in YAML(typ="safe").load(LEDGER.read_text()) or []]


def test_the_ledger_gives_reasons() -> None:
    """Every entry names one probe of one lab, and why."""
    fields = {"lab", "source", "destination", "protocol", "reason"}
    for entry in ledger():
        assert set(entry) - {"port"} == fields, entry
        assert entry["lab"] in NAMES, entry
        assert entry["protocol"] in ("tcp", "icmp"), entry
        assert ("port" in entry) == (entry["protocol"] != "icmp"), entry
        assert len(str(entry["reason"])) > 20, entry
    named = [tuple(str(entry.get(f)) for f in ("lab", *fields, "port")) for entry in ledger()]
    assert len(named) == len(set(named))


@needs_labs
def test_the_labs_are_whole() -> None:
    """Eight labs, 1,545 probes, no outcome that we cannot read."""
    assert sorted(path.name for path in LABS.iterdir() if path.is_dir()) == sorted(NAMES)
    every = [probe for lab in NAMES for probe in probes(lab)]
    assert len(every) == PROBES
    assert {probe.observed for probe in every} <= ARRIVED | LOST
    assert {probe.protocol for probe in every} == {"tcp", "icmp"}


@needs_labs
@pytest.mark.parametrize("lab", NAMES)
def test_lab(lab: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every probe of a lab is answered as it was observed."""
    import reach

    excused = {
        (e["source"], e["destination"], e["protocol"], e.get("port")): e
        for e in ledger()
        if e["lab"] == lab
    }
    counts: Counter[str] = Counter()
    failures: list[str] = []
    for probe in probes(lab):
        answer = reach.ask(snapshot(lab), probe.question)
        if answer.verdict == probe.expected:
            outcome = "right"
        elif answer.verdict == "undecided":
            outcome = "undecided"
        else:
            outcome = "wrong"
        bad = outcome != "right"
        entry = excused.pop(probe.key, None)
        if entry and bad:
            outcome = "on the ledger"
        elif entry:
            failures.append(f"{probe.question}: no longer needed on the ledger ({entry['reason']})")
        elif bad:
            failures.append(f"{probe.question}: observed {probe.observed}\n  {tell(answer)}")
        counts[outcome] += 1
    failures += [f"the ledger names no such probe: {entry}" for entry in excused.values()]
    with capsys.disabled():
        told = ", ".join(
            f"{counts[c]} {c}" for c in ("right", "undecided", "wrong", "on the ledger")
        )
        print(f"\n{lab}: {told}")
    shown = "\n".join(failures[:20])
    assert not failures, f"{len(failures)} of {sum(counts.values())} probes of {lab}:\n{shown}"
