"""Law 2, by campaign: what a snapshot lost leaves an answer open, and never turns it round.

Every record of every sample is taken out of its list, which stays, one at a time: while another
answer names it, no case may flip.  So with whole calls, and with every field that is read: without
one a snapshot is refused with the place, or answered as before, or left open, or a default of
AWS's holds.  What may flip all the same is written down here, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.traps.damage import (
    SAMPLES,
    Damage,
    Sample,
    harm,
    samples,
    without_calls,
    without_records,
)

NAMES = sorted(p.name for p in SAMPLES.iterdir() if (p / "snapshot").is_dir())
# Without the call no VPC is taken as enforced (reach/aws/encryption_control.py): such a snapshot is
# older than encryption controls.
OLDER = {"VpcEncryptionControls"}
SHARE = 24


def of_name(name: str) -> Sample:
    return next(each for each in samples() if each.name == name)


def named(sample: Sample) -> Iterator[Damage]:
    return (damage for damage in without_records(sample) if damage.named)


def told(sample: Sample, lost: Callable[[Sample], Iterator[Damage]]) -> list[str]:
    flips = harm(sample, lost(sample))
    return [f"{sample.name} {flip}" for flip in flips if flip.lost not in OLDER]


def test_a_share_of_all_records() -> None:
    """One of so many, of every sample in turn."""
    at = 0
    flips: list[str] = []
    for sample in samples():
        if sample.name == "estate":
            continue
        chosen = []
        for damage in without_records(sample):
            at += 1
            if at % SHARE == 0 and damage.named:
                chosen.append(damage)
        flips += [f"{sample.name} {flip}" for flip in harm(sample, chosen)] if chosen else []
    assert flips == []
    assert at > 1700


RARE = ["local_gateway", "global_accelerator", "transit_gateway_vpc_attachment"]


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in RARE else pytest.mark.deep) for n in NAMES]
)
def test_records(name: str) -> None:
    """Each record that another answer names."""
    assert told(of_name(name), named) == []


CALLS = ["direct_connect_gateway", "local_gateway"]


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in CALLS else pytest.mark.deep) for n in NAMES]
)
def test_calls(name: str) -> None:
    """Each call that was made."""
    assert told(of_name(name), without_calls) == []
