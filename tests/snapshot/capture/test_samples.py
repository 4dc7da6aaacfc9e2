"""Every sample, captured again: what its files tell comes out as it went in.

The plan says by which names an answer is asked for and filed.  Here each sample answers for AWS:
the captured snapshot has to tell of every object that the sample tells of, in the same words.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import reach
from reach.components import sections
from reach.snapshot.capture.binding import values
from reach.snapshot.capture.plan import Step, plan_of
from reach.snapshot.capture.run import capture
from reach.snapshot.capture.targets import Targets
from reach.snapshot.record import content
from reach.snapshot.snapshot import Snapshot
from tests.snapshot.capture.world import Quiet, World, empty, refused, service_model

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
# The world of this test is one account's: what there is once in each account is asked for once,
# and the estate has it in several.
NAMES = sorted(
    path.parent.name for path in SAMPLES.glob("*/snapshot") if path.parent.name != "estate"
)
PLAN = plan_of(sections())

# Lists that are asked for their ids alone: where the ids stand in what the sample holds.
IDS = {
    "ecs.ListClusters": ("tasks", {"": "clusterArn"}),
    "ecs.ListTasks": ("tasks", {"": "taskArn"}),
    "eks.ListClusters": ("EksClusters", {"": "cluster.name"}),
    "network-firewall.ListFirewalls": (
        "NetworkFirewalls",
        {"FirewallArn": "Firewall.FirewallArn"},
    ),
    "network-firewall.ListVpcEndpointAssociations": (
        "NetworkFirewallEndpointAssociations",
        {"VpcEndpointAssociationArn": "VpcEndpointAssociation.VpcEndpointAssociationArn"},
    ),
    "vpc-lattice.ListResourceConfigurations": ("ResourceConfigurations", {"id": "id"}),
    "vpc-lattice.ListResourceGateways": ("ResourceGateways", {"id": "id"}),
    "vpc-lattice.ListServices": ("LatticeServices", {"id": "id"}),
    "vpc-lattice.ListTargetGroups": ("LatticeTargetGroups", {"id": "id"}),
    "vpc-lattice.ListListeners": ("LatticeListeners", {"id": "id"}),
    "vpc-lattice.ListRules": ("LatticeRules", {"id": "id"}),
    "vpc-lattice.ListServiceNetworkVpcAssociations": (
        "ServiceNetworkVpcAssociations",
        {"id": "id"},
    ),
}


def raw(sample: Path) -> dict[str, list[dict[str, Any]]]:
    """The objects of a sample by section, also those that have a file to themselves."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in sorted(sample.rglob("*.json")):
        told = json.loads(path.read_text())
        for section in sections().values():
            if any(set(keys) <= told.keys() for keys in section.bare):
                found[section.key].append(told)
            elif section.key in told:
                found[section.key] += told[section.key]
    for each in found["Listeners"]:  # made by hand, two services' listeners have one key
        found["AcceleratorListeners"] += [each] if ":accelerator/" in each["ListenerArn"] else []
    return found


class Sample(World):
    """An AWS that says what a sample holds, in one Region."""

    held: dict[str, list[dict[str, Any]]]

    def answer(self, operation: str, region: str, parameters: dict[str, Any]) -> dict[str, Any]:
        super().answer(operation, region, parameters)  # are they botocore's?
        step = PLAN.by_operation[operation]
        shape = service_model(step.call.service).operation_model(step.call.name).output_shape
        answer = empty(shape)
        answer.pop("failures", None)
        if not step.key:
            return {**answer, (step.call.take or step.call.hold): list(self._ids(step))}
        items = [each for each in self.held[step.key] if _is_of(each, step, parameters)]
        if step.call.take:
            return {**answer, step.call.take: items}
        if not items:
            raise refused("NotFound")
        if operation == "ec2.DescribeVpcAttribute":
            name = parameters["Attribute"][0].upper() + parameters["Attribute"][1:]
            return {"VpcId": parameters["VpcId"], name: items[0].get(name, {})}
        return {**answer, **items[0]}

    def _ids(self, step: Step) -> Iterator[Any]:
        key, names = IDS.get(step.operation, ("", {}))
        for item in self.held.get(key, ()):
            for name, path in names.items():
                for value in values(item, path):
                    yield value if not name else {name: value}


def _is_of(item: dict[str, Any], step: Step, parameters: dict[str, Any]) -> bool:
    """Whether an item speaks of the parents that are asked about."""
    text = json.dumps(item)
    bound = {name.partition(".")[0] for per in step.call.per for name in per.values}
    asked = [text for name in bound & parameters.keys() for text in _texts(parameters[name])]
    if isinstance(parameters.get("tasks"), list):
        return any(each in text for each in parameters["tasks"])
    return all(json.dumps(each)[1:-1] in text for each in asked)


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    return [value] if isinstance(value, str) else []


def told(snapshot: Snapshot) -> set[tuple[str, str]]:
    """Every object of the sections that a capture asks for."""
    return {
        (section.key, str(sorted(map(str, content(record)))))
        for section in sections().values()
        if section.calls
        for record in snapshot.records(section.record)
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_comes_out_as_it_went_in(name: str, tmp_path: Path) -> None:
    """No object is lost on the way, and none is another."""
    sample = SAMPLES / name / "snapshot"
    world = Sample()
    world.held = raw(sample)
    capture(
        tmp_path / "s",
        sections(),
        Targets(regions=("eu-west-1",), recheck="none"),
        tool="t",
        now=lambda: "now",
        watch=Quiet(),
        connect=world.connect,
    )
    before, after = told(reach.load(sample)), told(reach.load(tmp_path / "s"))
    assert before - after == set()
