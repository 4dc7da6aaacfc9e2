"""The plan: every call that a component reads, once, in an order, in botocore's own words."""

from __future__ import annotations

import pytest

from reach.components import sections
from reach.snapshot.call import Call, Per
from reach.snapshot.capture.binding import bind, requests
from reach.snapshot.capture.plan import Plan, plan_of
from reach.snapshot.record import Record
from reach.snapshot.section import Section
from tests.snapshot.capture.world import service_model

PLAN = plan_of(sections())


@pytest.mark.parametrize("key", sorted(sections()))
def test_every_section_is_asked_for(key: str) -> None:
    """A section is asked for, or another one keeps the same answers and is."""
    section = sections()[key]
    other = sections().get(section.covered_by)
    assert section.calls or (other is not None and other.calls)


def test_each_operation_is_planned_once() -> None:
    """No operation is in the plan twice, and no file is."""
    assert len({step.operation for step in PLAN.steps}) == len(PLAN.steps)
    files = [step.file.lower() for step in PLAN.steps if step.file]
    assert len(set(files)) == len(files)


def test_parents_come_first() -> None:
    """Whoever names the parents of a call stands before it, and is asked in the same place."""
    places = {step.operation: number for number, step in enumerate(PLAN.steps)}
    for step in PLAN.steps:
        for parent in step.parents:
            assert places[parent] < places[step.operation]
            assert PLAN.by_operation[parent].is_global == step.is_global


@pytest.mark.parametrize("operation", sorted(PLAN.operations))
def test_the_plan_speaks_botocores_words(operation: str) -> None:
    """The operation is there, only reads, and its answer has the member that is taken or held."""
    call = PLAN.by_operation[operation].call
    found = service_model(call.service).operation_model(call.name)
    assert call.name.startswith(("Describe", "Get", "List", "Search"))
    assert bool(call.take) != bool(call.hold)
    members = found.output_shape.members
    if call.take:
        assert members[call.take].type_name == "list"
    else:
        assert call.hold in members
    taken = found.input_shape.members if found.input_shape else {}
    given = {name for each in call.given for name in each}
    bound = {name.split(".")[0] for per in call.per for name in per.values}
    assert given | bound <= set(taken)


def test_two_ways_to_ask_are_refused() -> None:
    """One operation, two calls: one of the two would be lost."""
    asked = [Call("ec2.DescribeVpcs", take="Vpcs"), Call("ec2.DescribeVpcs", hold="Vpcs")]
    found = {
        name: Section(name, Record, "id", call.operation, asked=(call,))
        for name, call in zip("ab", asked, strict=True)
    }
    with pytest.raises(ValueError, match=r"ec2\.DescribeVpcs is asked in two ways"):
        plan_of(found)


def test_a_parent_that_nobody_asks_is_refused() -> None:
    """A call whose parents nobody names could never be made."""
    call = Call("ec2.GetX", take="Xs", per=(Per("ec2.DescribeY", {"Y": "Y"}),))
    with pytest.raises(ValueError, match=r"ec2\.DescribeY"):
        plan_of({"Xs": Section("Xs", Record, "id", "ec2.GetX", asked=(call,))})


def test_the_plan_is_the_same_whatever_the_order() -> None:
    """The order in which sections are declared changes nothing."""
    backwards = plan_of(dict(reversed(list(sections().items()))))
    assert [step.operation for step in backwards.steps] == [s.operation for s in PLAN.steps]
    assert isinstance(backwards, Plan)


# --- parameters -----------------------------------------------------------------------------------


def bound(per: Per, item: object, account: str = "1") -> list[dict[str, object]]:
    return list(bind(per, item, account))


def test_one_request_for_each_value_of_a_list() -> None:
    """``[]`` asks once for each member; "" is the item itself."""
    per = Per("x", {"Arn": "Groups[].Arn"})
    assert bound(per, {"Groups": [{"Arn": "a"}, {"Arn": "b"}]}) == [{"Arn": "a"}, {"Arn": "b"}]
    assert bound(Per("x", {"name": ""}), "web") == [{"name": "web"}]


def test_a_path_to_nowhere_asks_nothing() -> None:
    """Where the item lacks what a parameter wants there is nobody to ask about."""
    assert bound(Per("x", {"Arn": "Groups[].Arn"}), {"Groups": []}) == []
    assert bound(Per("x", {"Arn": "Arn"}), {"Arn": ""}) == []
    assert bound(Per("x", {"Arn": "A.Arn", "Name": "Name"}), {"Name": "n"}) == []


def test_paths_that_begin_alike_go_in_step() -> None:
    """An edge is asked about with its own segment, never with another's."""
    per = Per(
        "x",
        {"Id": "Net.Id", "T.Segment": "Net.Segs[].Name", "T.Edge": "Net.Segs[].Edges[]"},
    )
    net = {"Id": "n", "Segs": [{"Name": "a", "Edges": ["1", "2"]}, {"Name": "b", "Edges": ["3"]}]}
    assert bound(per, {"Net": net}) == [
        {"Id": "n", "T": {"Segment": "a", "Edge": "1"}},
        {"Id": "n", "T": {"Segment": "a", "Edge": "2"}},
        {"Id": "n", "T": {"Segment": "b", "Edge": "3"}},
    ]


def test_only_some_items() -> None:
    """``only`` leaves out the others; ``{account}`` is whoever asks."""
    per = Per("x", {"Id": "Id"}, only=("Type", "VPC"))
    assert bound(per, {"Id": "1", "Type": "VPC"}) == [{"Id": "1"}]
    assert bound(per, {"Id": "1", "Type": "CONNECT"}) == []
    own = Per("x", {"Id": "Id"}, only=("Owner", "{account}"))
    assert bound(own, {"Id": "1", "Owner": "7"}, "7") == [{"Id": "1"}]
    assert bound(own, {"Id": "1", "Owner": "8"}, "7") == []


def test_what_is_deleted_is_not_asked_about() -> None:
    """AWS lists for a while what is deleted; asking about it would fail, and be a gap."""
    per = Per("x", {"Id": "Id"}, unless=("Status.Code", "deleted"))
    assert bound(per, {"Id": "1", "Status": {"Code": "available"}}) == [{"Id": "1"}]
    assert bound(per, {"Id": "1", "Status": {"Code": "deleted"}}) == []
    assert bound(per, {"Id": "1"}) == [{"Id": "1"}]


@pytest.mark.parametrize("operation", sorted(PLAN.operations))
def test_states_are_botocores(operation: str) -> None:
    """The state that is left out is at that path in the parent's answer, and is one of its values.

    Where botocore lists none, AWS's documentation of the shape does.
    """
    for per in PLAN.by_operation[operation].call.per:
        if per.unless is None:
            continue
        path, value = per.unless
        parent = PLAN.by_operation[per.operation].call
        found = service_model(parent.service).operation_model(parent.name).output_shape
        shape = found.members[parent.take].member
        for step in path.split("."):
            shape = shape.members[step]
        assert value in (shape.enum or ["deleted"])


def test_values_are_collected_into_lists() -> None:
    """With ``batch`` many values go into one request, and no more than that."""
    per = Per("x", {"cluster": "cluster", "tasks": "tasks[]"}, batch=2)
    assert bound(per, {"cluster": "c", "tasks": ["1", "2", "3"]}) == [
        {"cluster": "c", "tasks": ["1", "2"]},
        {"cluster": "c", "tasks": ["3"]},
    ]


def test_what_is_always_given_multiplies() -> None:
    """Two sets of fixed parameters ask twice about each parent; without parents, once each."""
    both = ({"A": "x"}, {"A": "y"})
    call = Call("s.X", take="X", given=both, per=(Per("s.Y", {"Id": "Id"}),))
    assert requests(call, [{"Id": "1"}]) == [{"A": "x", "Id": "1"}, {"A": "y", "Id": "1"}]
    assert requests(Call("s.X", take="X", given=both), []) == [{"A": "x"}, {"A": "y"}]
    assert requests(call, []) == []
