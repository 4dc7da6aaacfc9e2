"""The retailer's estate is what AWS prints, and the sample of it is what the builder writes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reach.answer import Verdict
from reach.components import sections
from reach.suite import load_suite
from tests.estates.company import company

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "estate"
Answer = tuple[str, Any]
# "For an internet gateway, the state is available when attached to a VPC" (EC2 API reference,
# InternetGatewayAttachment), which the enumeration of attachment states lacks.
ATTACHED = "Attachments/0/State"


def answers() -> Iterator[tuple[Path, Answer]]:
    for path in sorted((SAMPLE / "snapshot").rglob("*.json")):
        ((key, value),) = json.loads(path.read_text()).items()
        yield path.relative_to(SAMPLE / "snapshot"), (key, value)


def misfits(value: Any, shape: Any, at: str) -> Iterator[str]:
    """Where a value is not what botocore's description of the call says, enumerations included."""
    match shape.type_name:
        case "structure":
            for key, member in value.items():
                if key not in shape.members:
                    yield f"{at}/{key} is no member"
                else:
                    yield from misfits(member, shape.members[key], f"{at}/{key}")
        case "list":
            for index, member in enumerate(value):
                yield from misfits(member, shape.member, f"{at}/{index}")
        case "map":
            for key, member in value.items():
                yield from misfits(member, shape.value, f"{at}/{key}")
        case "boolean" | "integer" | "long" as kind:
            if not isinstance(value, bool if kind == "boolean" else int):
                yield f"{at} is a {type(value).__name__}, not a {kind}"
        case _:
            allowed = {plain(word) for word in getattr(shape, "enum", ())}
            if at.endswith(ATTACHED):
                allowed.add("available")
            if not isinstance(value, str) or (allowed and plain(value) not in allowed):
                yield f"{at} is {value!r}"


def plain(word: str) -> str:
    """A word of an enumeration: AWS prints nat_gateway and available for natGateway, Available."""
    return word.lower().replace("_", "").replace("-", "")


def test_misfits_are_seen() -> None:
    """The check below can fail: on a foreign member, a wrong type and a word that is none."""
    session = pytest.importorskip("botocore.session").get_session()
    shape = session.get_service_model("ec2").operation_model("DescribeVpcs").output_shape
    good = {"Vpcs": [{"VpcId": "vpc-1", "IsDefault": False, "State": "available"}]}
    assert list(misfits(good, shape, "")) == []
    wrong = {"Vpcs": [{"Vpc": "vpc-1", "IsDefault": "no", "State": "there"}]}
    assert len(list(misfits(wrong, shape, ""))) == 3


def test_every_record_is_what_aws_prints() -> None:
    """Each answer of the sample is of the shape that botocore gives its call; answers about one
    parent have that parent's id beside it, and nothing else."""
    session = pytest.importorskip("botocore.session").get_session()
    known = sections()
    found: list[str] = []
    for path, (key, value) in answers():
        section = known[key]
        for operation in (section.operation, *section.also):
            service, name = operation.split(".")
            shape = session.get_service_model(service).operation_model(name).output_shape
            wrong = list(fits(key, value, shape, str(path)))
            if not wrong:
                break
        found += wrong
    assert found == []


def fits(key: str, value: Any, shape: Any, at: str) -> Iterator[str]:
    if key in shape.members:
        yield from misfits({key: value}, shape, at)
        return
    for index, item in enumerate(value):
        own = {name: member for name, member in item.items() if name in shape.members}
        beside = [name for name in item if name not in shape.members]
        if not own or len(beside) > 1 or not all(name.endswith(("Id", "Arn")) for name in beside):
            yield f"{at}/{index} has {beside} beside {sorted(own)}"
        yield from misfits(own, shape, f"{at}/{index}")


def test_the_sample_is_what_the_builder_writes(tmp_path: Path) -> None:
    """The same files, and in them the same resources."""
    company().save(tmp_path)
    built = {path.relative_to(tmp_path): path.read_text() for path in tmp_path.rglob("*.json")}
    written = {path: (SAMPLE / "snapshot" / path).read_text() for path, _ in answers()}
    common = built.keys() & written.keys()
    assert len(common) > 300
    assert [
        str(path) for path in sorted(common) if names(built[path]) != names(written[path])
    ] == []


def names(text: str) -> set[str]:
    """Every id in an answer."""
    return set(re.findall(r"\b[a-z-]+-0[0-9a-f]{16}\b", text))


def test_it_spans_accounts_and_regions() -> None:
    """Four accounts and two Regions, a folder for each pair that holds anything."""
    folders = {tuple(path.parts[1:3]) for path, _ in answers() if path.parts[0] == "accounts"}
    assert len({account for account, _ in folders}) == 4
    assert {region for _, region in folders} == {"eu-west-1", "us-east-1"}


def test_cases_are_many_and_argued() -> None:
    """At least 40 cases, at least half of them negative, each with a name and a reason."""
    cases = load_suite(SAMPLE / "cases.reach.yaml").cases
    expected = [case.expect for case in cases]
    assert len(cases) >= 44
    assert 2 * expected.count(Verdict.UNREACHABLE) >= len(cases)
    assert expected.count(Verdict.UNDECIDED) <= 1
    assert [case.ask for case in cases if not (case.name and case.why)] == []
