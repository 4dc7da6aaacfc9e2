"""Differences in reachability: what is gained and lost between two snapshots, and nothing else.

What a difference says is checked from outside: each witness is asked of both snapshots by the
question language, and of small networks every flow that one can name is asked of both.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import Result
from msgspec.structs import replace

import reach
from reach.changes.edit import with_record
from reach.comparing.difference import Difference, Line
from reach.comparing.flows import Search
from reach.comparing.markdown import markdown
from reach.comparing.report import difference as on_paper
from reach.network.header_text import header_dict
from reach.render.paper import Paper
from reach.snapshot.records import SecurityGroup
from tests.estate import Estate, Id, Pair
from tests.estates.public_access import block
from tests.terminal import call

Sketch = Callable[[Estate, Id, Id, Id], Any]
HOSTS = ("a", "b", "c")
ROOT = Path(__file__).resolve().parents[1]


def network(change: Sketch | None = None) -> Estate:
    """Three instances in two subnets; `change` gets the estate, its VPC, and b's group and subnet.

    a has a public address; b and c share a group that takes https from anywhere.
    """
    e = Estate()
    v = e.vpc("10.0.0.0/16")
    sa, sb = e.subnet(v, "10.0.0.0/24"), e.subnet(v, "10.0.1.0/24", az="b")
    group = e.group(v, ingress=["tcp/443 0.0.0.0/0"], name="web")
    e.instance("a", sa, "10.0.0.5", public="198.51.100.7")
    e.instance("b", sb, "10.0.1.5", groups=[group], public="198.51.100.8")
    e.instance("c", sb, "10.0.1.6", groups=[group])
    e.route(v.table, "0.0.0.0/0", e.igw(v))
    if change is not None:
        change(e, v, group, sb)
    return e


def opened(e: Estate, _: Id, group: Id, __: Id) -> None:
    """Port 22 from anywhere."""
    e.permit(group, "tcp/22 0.0.0.0/0")


def grown(e: Estate, _: Id, group: Id, subnet: Id) -> None:
    """A fourth instance, in the same group and subnet."""
    e.instance("d", subnet, "10.0.1.7", groups=[group])


def compared(one: Estate, other: Estate, **how: Any) -> Difference:
    return reach.diff(one.load(), other.load(), **how)


def told(lines: Iterable[Line]) -> set[tuple[str, str, str]]:
    """Lines as text: who, to whom, protocol and ports; hosts by their names."""
    from reach.comparing.words import packets

    def names(line: Line, side: str) -> str:
        ends = line.sources if side == "from" else line.destinations
        return " ".join(sorted(end.name.rpartition(" ")[2] or end.resource for end in ends))

    return {(names(line, "from"), names(line, "to"), packets(line.packets)) for line in lines}


def asked(snapshot: reach.Snapshot, line: Line, one_way: bool = False) -> str:
    """The witness of a line, asked of a snapshot: this very packet, from and to these ends."""
    steps, packet = line.witness.forward, header_dict(line.witness.packet)
    source = steps[0].resource
    exact = {
        "source": packet["source"],
        "destination": packet["destination"],
        "protocol": packet["protocol"],
    }
    for name in ("source_port", "destination_port"):
        if name in packet:
            exact[f"{name.replace('_', '-')}"] = str(packet[name])
    text = f"can {source} reach {packet['destination']}"
    try:
        return str(reach.ask(snapshot, text, one_way=one_way, at_source=exact).verdict)
    except reach.QuestionError as error:
        unknown = f"{source} is not in the snapshot" in str(error)
        return "unreachable" if unknown else f"no question: {error}"


def holds(one: Estate, other: Estate, found: Difference) -> None:
    """Every witness is reachable where it should be, and in the other snapshot it is not."""
    before, after = one.load(), other.load()
    for line in found.gained:
        assert (asked(before, line), asked(after, line)) == ("unreachable", "reachable"), line
    for line in found.lost:
        assert (asked(before, line), asked(after, line)) == ("reachable", "unreachable"), line


# ------------------------------------------------------------------- laws


def test_what_goes_out_by_nat64_is_one_line() -> None:
    """Not an address after the other, without an end."""
    both = [Pair(ipv6=True), Pair(ipv6=True)]
    for e in both:
        nat = e.natted()
    e.route(e.tb, "64:ff9b::/96", nat)
    for found in (compared(*both).gained, compared(*both[::-1]).lost):
        lines = told(found)
        assert lines == {("b", "a internet", "tcp; udp")}
    assert compared(*both).complete


def test_a_snapshot_differs_in_nothing_from_itself() -> None:
    """diff(A, A) is nothing, proved, and says why."""
    snapshot = network().load()
    found = reach.diff(snapshot, snapshot)
    assert found.is_nothing
    assert (found.records, found.told) == (0, 0)


@pytest.mark.parametrize("change", [opened, grown])
def test_lost_is_gained_the_other_way(change: Sketch) -> None:
    """What A -> B gains is what B -> A loses."""
    one, other = network(), network(change)
    there, back = compared(one, other), compared(other, one)
    assert told(there.gained) == told(back.lost) != set()
    assert told(there.lost) == told(back.gained)


def test_an_opened_port_is_told_with_its_members_and_its_rule() -> None:
    """One rule of a group of two is one line for those inside, and one for the internet."""
    one, other = network(), network(opened)
    found = compared(one, other)
    assert told(found.gained) == {("a b c", "b c", "tcp 22"), ("internet", "b", "tcp 22")}
    assert not found.lost
    assert not found.undecided
    assert found.complete
    assert {each.because[0].text for each in found.gained} == {
        "allows inbound tcp 22 from 0.0.0.0/0"
    }
    holds(one, other, found)


def test_only_what_a_wider_rule_adds_is_gained() -> None:
    """tcp 22 from 10.0.0.0/24 made tcp 22 from 10.0.0.0/16: those of 10.0.1.0/24 gain it."""
    one = network(lambda e, _, group, __: e.permit(group, "tcp/22 10.0.0.0/24"))
    other = network(lambda e, _, group, __: e.permit(group, "tcp/22 10.0.0.0/16"))
    found = compared(one, other)
    assert told(found.gained) == {("b c", "b c", "tcp 22")}
    assert not found.lost
    assert found.complete


def test_forty_interfaces_are_one_line() -> None:
    """Groups, subnets and addresses of many: still one line for the internet."""

    def many(rules: list[str]) -> Estate:
        e = Estate()
        v = e.vpc("10.0.0.0/16")
        group = e.group(v, ingress=["tcp/443 10.0.0.0/8", *rules], egress=[])
        for place in range(4):
            subnet = e.subnet(v, f"10.0.{place}.0/24", az="abcd"[place])
            for host in range(10):
                name = f"h{place}{host}"
                public = f"198.51.100.{place * 10 + host + 10}"
                e.instance(name, subnet, f"10.0.{place}.{host + 10}", groups=[group], public=public)
        e.route(v.table, "0.0.0.0/0", e.igw(v))
        return e

    found = compared(many([]), many(["tcp/22 0.0.0.0/0"]))
    (line,) = found.gained
    assert [end.resource for end in line.sources] == ["internet"]
    assert len(line.destinations) == 40
    assert found.complete


def test_text_and_order_change_nothing() -> None:
    """Tags, descriptions, the order of rules and of files are nobody's business."""
    one = network(opened)
    other = network(opened)
    for sections in other.scopes.values():
        for key, records in sections.items():
            records.reverse()
            for record in records:
                if key in ("SecurityGroups", "Vpcs", "Subnets"):
                    record["Tags"] = [{"Key": "Name", "Value": "another"}]
                if key == "SecurityGroups":
                    record["IpPermissions"].reverse()
                    for permission in record["IpPermissions"]:
                        for each in permission["IpRanges"]:
                            each["Description"] = "why not"
    found = compared(one, other)
    assert found.is_nothing
    assert found.records == 0
    assert found.told > 0


def test_a_rule_that_another_one_makes_needless_changes_nothing() -> None:
    """Records differ and no flow does."""
    other = network(lambda e, _, group, __: e.permit(group, "tcp/443 10.0.0.0/24"))
    found = compared(network(), other)
    assert found.is_nothing
    assert found.records == 1


# ------------------------------------------------------------------- what comes and goes


def test_a_new_interface_gains_what_it_can_and_nobody_else_changes() -> None:
    """A class that grows keeps its old members out of it."""
    one, other = network(), network(grown)
    found = compared(one, other)
    assert {("d", "b c", "tcp 443"), ("a b c", "d", "tcp 443")} <= told(found.gained)
    everyone = {name for line in told(found.gained) for name in line[:2]}
    assert all("d" in line[0].split() or "d" in line[1].split() for line in told(found.gained)), (
        everyone
    )
    assert not found.lost
    assert found.complete
    holds(one, other, found)


def test_the_first_of_a_class_that_leaves_takes_only_its_own_flows() -> None:
    """Its class is called after it; those who stay are not lost with it."""

    def without_b(e: Estate, _: Id, __: Id, ___: Id) -> None:
        for sections in e.scopes.values():
            for key in ("NetworkInterfaces", "Reservations"):
                gone = ("10.0.1.5",)
                sections[key][:] = [r for r in sections[key] if not names(r, gone)]
            for address in sections["Addresses"]:  # what was its own is nobody's now
                if address.get("PrivateIpAddress") == "10.0.1.5":
                    for key in address.keys() - {"AllocationId", "PublicIp", "Domain"}:
                        del address[key]

    def names(record: Any, texts: tuple[str, ...]) -> bool:
        return any(f'"{text}"' in json.dumps(record) for text in texts)

    found = compared(network(), network(without_b))
    assert not found.gained
    assert found.complete
    assert ("a c", "b", "tcp 443") in told(found.lost)
    assert all("b" in (*line[0].split(), *line[1].split()) for line in told(found.lost))


def test_group_sets_that_are_numbered_anew_change_nothing() -> None:
    """A group set that sorts before the others renumbers them; who refers to them is the same."""

    def referring(more: bool) -> Estate:
        e = Estate()
        v = e.vpc("10.0.0.0/16")
        s = e.subnet(v, "10.0.0.0/24")
        groups = [e.group(v, ingress=[], egress=["tcp 10.0.0.0/16"]) for _ in range(6)]
        e.permit(groups[0], f"tcp/22 {groups[1]}")
        for number, group in enumerate(groups):
            worn = [*groups[2:4]] if more and number == 5 else [group]
            e.instance(f"h{number}", s, f"10.0.0.{number + 10}", groups=worn)
        return e

    found = compared(referring(False), referring(True))
    assert found.complete
    assert not found.gained
    assert not found.lost


def test_replies_of_what_a_guest_translates_need_no_rule() -> None:
    """A NAT instance whose group takes another port: only whom it lets in gains, and replies of
    what it sent out for others passed before (R-SG-22)."""

    def translating(more: bool) -> Estate:
        e = Estate()
        v = e.vpc("10.0.0.0/16")
        inner, outer = e.subnet(v, "10.0.0.0/24"), e.subnet(v, "10.0.1.0/24", az="b")
        group = e.group(v, ingress=["all 10.0.0.0/24"], name="nat")
        e.instance("a", inner, "10.0.0.5")
        nat = e.instance(
            "nat", outer, "10.0.1.9", groups=[group], public="198.51.100.9", check=False
        )
        e.route(e.table(v, [inner]), "0.0.0.0/0", nat.eni)
        e.route(v.table, "0.0.0.0/0", e.igw(v))
        if more:
            e.permit(group, "tcp/2222 203.0.113.0/24")
        return e

    one, other = translating(False), translating(True)
    assert one.ask("can a reach internet port 443").verdict == "reachable"
    found = compared(one, other)
    assert told(found.gained) == {("internet", "nat", "tcp 2222")}
    assert not found.lost
    assert found.complete
    holds(one, other, found)


# ------------------------------------------------------------------- what is not known


def two() -> Estate:
    """An instance in each of two subnets, and no way out."""
    e = Estate()
    v = e.vpc("10.0.0.0/16")
    for host, place in (("a", "10.0.0"), ("b", "10.0.1")):
        group = e.group(v, ingress=["tcp/443 0.0.0.0/0"], name=host)
        e.instance(host, e.subnet(v, f"{place}.0/24"), f"{place}.5", groups=[group])
    return e


def test_a_call_that_one_snapshot_lacks_leaves_its_part_open() -> None:
    """Without network ACLs after: what was reachable is undecided, and never lost."""
    found = compared(two(), two().drop("NetworkAcls"))
    assert not found.gained
    assert not found.lost
    assert not found.is_nothing
    assert not found.is_decided
    assert any(each.resource == "describe-network-acls" for each in found.gaps)
    assert {(line.was.value, line.now.value) for line in found.undecided} == {
        ("reachable", "undecided")
    }


def test_what_neither_snapshot_tells_is_noted_and_compared_no_further() -> None:
    """The same call is lacking in both: the same snapshot, so nothing changed."""
    found = compared(network().drop("NetworkAcls"), network().drop("NetworkAcls"))
    assert found.is_nothing


def test_a_rule_behind_what_nobody_knows_is_undecided() -> None:
    """The ACLs are not known in both: what the new rule would open is open."""
    found = compared(network().drop("NetworkAcls"), network(opened).drop("NetworkAcls"))
    assert not found.lost
    assert {(line.was.value, line.now.value) for line in found.undecided} == {
        ("unreachable", "undecided")
    }
    # Inside one subnet no ACL is met (R-NACL-8).
    assert told(found.gained) == {("b c", "b c", "tcp 22")}


# ------------------------------------------------------------------- against questions


def flows(names: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Every question of a small network: who, whom, which packet."""
    for source, destination in permutations([*names, "internet"], 2):
        if destination != "internet":
            for packet in ("port 22", "port 443", "port 53/udp", "icmp"):
                yield source, destination, packet


PORTS = ("tcp/22", "tcp/443", "tcp", "udp/53", "icmp", "all")
PEERS = ("10.0.0.0/24", "10.0.1.0/24", "10.0.0.5/32", "0.0.0.0/0")


def random_pair(seed: int) -> tuple[Estate, Estate]:
    """A random network, and the same with one random edit."""
    rng = Random(f"diff/{seed}")
    rules = [f"{rng.choice(PORTS)} {rng.choice(PEERS)}" for _ in range(rng.randint(0, 3))]
    entries = [
        f"{number} {rng.choice(('allow', 'deny'))} {rng.choice(PORTS)} {rng.choice(PEERS)}"
        for number in (90, 95)
    ]

    def made(e: Estate, v: Id, group: Id, subnet: Id) -> None:
        for rule in rules:
            e.permit(group, rule)
        e.acl(v, [subnet], ingress=[*entries, "100 allow all 0.0.0.0/0"])

    one, other = network(made), network(made)
    edit(other, rng)
    return one, other


def edit(e: Estate, rng: Random) -> None:
    """One thing changed: a rule or an entry more or less, a route less."""
    sections = next(iter(e.scopes.values()))
    kind = rng.choice(("rule", "less", "entry", "route", "egress"))
    group = next(g for g in sections["SecurityGroups"] if g["GroupName"] == "web")
    acl = next(a for a in sections["NetworkAcls"] if len(a["Entries"]) > 4)
    if kind == "rule":
        rule = f"{rng.choice(PORTS)} {rng.choice(PEERS)}"
        e.permit(e.ids[group["GroupId"]], rule, egress=False)
    elif kind == "less":
        group["IpPermissions"].pop(rng.randrange(len(group["IpPermissions"])))
    elif kind == "entry":
        own = [each for each in acl["Entries"] if each["RuleNumber"] in (90, 95)]
        chosen = rng.choice(own)
        chosen["RuleAction"] = "deny" if chosen["RuleAction"] == "allow" else "allow"
    elif kind == "egress":
        group["IpPermissionsEgress"].clear()
    else:
        for table in sections["RouteTables"]:
            table["Routes"] = [r for r in table["Routes"] if r.get("GatewayId") == "local"]


@pytest.mark.parametrize(
    "seed", [*range(6), *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(6, 12))]
)
def test_random_edits_change_what_questions_say_that_they_change(seed: int) -> None:
    """Every question whose verdict changes has its line, and lines only speak of such questions."""
    one, other = random_pair(seed)
    found = compared(one, other)
    assert found.complete
    holds(one, other, found)
    agrees(one, other, found)


def agrees(one: Estate, other: Estate, found: Difference) -> None:
    """Every question whose verdict changes has a line that speaks of its ends."""
    gained, lost = pairs(found.gained), pairs(found.lost)
    snapshots = one.load(), other.load()
    for source, destination, packet in flows(HOSTS):
        text = f"can {source} reach {destination} {packet}"
        verdicts = [str(reach.ask(each, text).verdict) for each in snapshots]
        if verdicts == ["unreachable", "reachable"]:
            assert (source, destination) in gained, text
        if verdicts == ["reachable", "unreachable"]:
            assert (source, destination) in lost, text


def pairs(lines: Iterable[Line]) -> set[tuple[str, str]]:
    """Who and whom lines speak of."""
    return {
        (source.name.rpartition(" ")[2] or source.resource, end.name.rpartition(" ")[2])
        for line in lines
        for source in line.sources
        for end in line.destinations
    }


def test_a_difference_that_leaves_out_a_place_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A seeded omission: with what nodes differ in ignored, the questions disagree."""
    from reach.comparing import differing, spots

    one, other = network(), network(opened)
    agrees(one, other, compared(one, other))
    for module in (differing, spots):
        monkeypatch.setattr(module, "more", lambda before, after: ())
    with pytest.raises(AssertionError):
        agrees(one, other, compared(one, other))


def test_a_flow_that_was_there_before_is_never_gained(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded excess: with every node taken to differ, only what changed is told all the same."""
    from reach.comparing import differing
    from reach.comparing.nodes import Spot
    from reach.network.header_space import ANYTHING

    monkeypatch.setattr(differing, "more", lambda before, after: (Spot(0, ANYTHING),))
    one, other = network(), network(opened)
    found = compared(one, other)
    assert {line[2] for line in told(found.gained)} == {"tcp 22"}
    assert not found.lost


# ------------------------------------------------------------------- told


def test_it_reads_well_on_eighty_columns() -> None:
    """No line is wider, and the head says what there is."""
    paper = Paper(colour=False, width=80)
    on_paper(paper, compared(network(), network(opened)))
    assert max(map(len, paper.text.splitlines())) <= 80
    assert paper.text.startswith("2 gained\n")
    assert "nothing else changed, proved" in paper.text


def test_markdown_is_safe_with_hostile_names_and_short_enough() -> None:
    """A name with markup is text, whatever it says."""
    other = network(opened)
    for sections in other.scopes.values():
        for group in sections["SecurityGroups"]:
            group["GroupName"] = "<script>|`*[x](y)@all"
    text = markdown(compared(network(), other))
    assert not any(markup in text for markup in ("<script>", "@all", "[x]"))
    assert len(text) < 60_000


def test_json_is_plain_data() -> None:
    """It can be written and has the members that the page promises."""
    found = compared(network(), network(opened)).to_dict()
    again = json.loads(json.dumps(found))
    assert again["complete"] is True
    assert {line["now"] for line in again["gained"]} == {"reachable"}


# ------------------------------------------------------------------- the command


def test_the_command_ends_as_the_difference_does(tmp_path: Path) -> None:
    """0 nothing, 1 gained or lost, 3 undecided, 2 for what cannot be read; a packed one as well."""
    written = {"before": network(), "same": network(), "after": network(opened), "few": two()}
    at = {name: str(estate.write(tmp_path / name)) for name, estate in written.items()}
    lacking = str(two().drop("NetworkAcls").write(tmp_path / "lacking"))

    def run(*arguments: str) -> Result:
        return call("diff", *arguments)

    assert run(at["before"], at["same"]).exit_code == 0
    assert run(at["before"], at["after"]).exit_code == 1
    assert run(at["before"], at["after"], "--only", "lost").exit_code == 0
    assert run(at["few"], lacking).exit_code == 3
    assert run(at["before"], str(tmp_path / "nowhere")).exit_code == 2
    told = run(at["before"], at["after"], "--format", "json")
    assert len(json.loads(told.stdout)["gained"]) == 2
    assert run(at["before"], at["after"], "--format", "markdown").stdout.startswith("### ")


def test_what_is_wrong_with_one_of_two_names_it(tmp_path: Path) -> None:
    """Files of one name are in both: a file alone would not say which is meant."""
    whole = str(network().write(tmp_path / "whole"))
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "v.json").write_text('{"Vpcs": [{"VpcId": 5}]}')
    for pair in ((whole, str(broken)), (str(broken), whole)):
        told = call("diff", *pair)
        assert (told.exit_code, told.stdout) == (2, "")
        assert told.stderr == f"error: {broken}: v.json: /Vpcs/0/VpcId: expected str, got int\n"
    nowhere = str(tmp_path / "nowhere")
    assert call("diff", whole, nowhere).stderr.count(nowhere) == 1


def test_what_is_left_out_is_not_said_to_be_nothing(tmp_path: Path) -> None:
    """Of one side told alone nothing is said about the other one, in any form."""
    at = {"before": network(), "after": network(opened)}
    before, after = (str(estate.write(tmp_path / name)) for name, estate in at.items())
    for form in ("text", "markdown"):
        for first, second, only in ((before, after, "lost"), (after, before, "gained")):
            said = call("diff", first, second, "--only", only, "--format", form).stdout
            assert f"nothing {only}" in said
            assert f"othing else was {only}, proved; what was " in said
            assert "nothing changed" not in said
            assert "no flow does" not in said
        said = call("diff", before, after, "--only", "gained", "--format", form).stdout
        assert "2 gained" in said
        assert "othing else was gained, proved; what was lost is not told" in said
    told = json.loads(call("diff", after, before, "--only", "gained", "--format", "json").stdout)
    assert (told["only"], told["lost"]) == ("gained", [])
    assert json.loads(call("diff", before, after, "--format", "json").stdout)["only"] == ""


def test_all_of_one_version_is_not_told_with_some_of_the_other() -> None:
    """Everybody by IPv4 and a block by IPv6 have one cause (Block Public Access): the block's
    addresses would be taken for all."""
    snapshots = []
    for mode in ("block-bidirectional", "off"):
        e = Pair(ipv6=True)
        e.online(e.ta)
        e.public(e.a, "198.51.100.7")
        e.wear(e.a, e.group(e.v1, ["tcp/443 0.0.0.0/0", "tcp/443 2001:db8:77::/48"], name="both"))
        block(e, mode)
        snapshots.append(e.load())
    found = reach.diff(*snapshots)
    inward = [line for line in found.gained if line.sources[0].resource == "internet"]
    told = {(line.sources[0].addresses, line.destinations[0].addresses) for line in inward}
    assert told == {
        ((), ("10.0.0.5",)),
        (("2001:db8:77::/48",), ("2600:1f18:1a00:100::5",)),
    }


def test_of_flows_that_a_balancer_divides_each_is_told() -> None:
    """Whoever can pick among targets reaches each of them, and loses each.

    The rule that let flows in is why; that a request meets the balancer's rule is assumed of both
    snapshots, and so no reason.
    """
    one = reach.load(ROOT / "samples" / "application_load_balancer" / "snapshot")
    cast = next(g for g in one.records(SecurityGroup) if g.group_name == "cast")
    found = reach.diff(one, with_record(one, one.id_of(cast), replace(cast, ip_permissions=())))
    assert found.complete
    assert told(found.lost) == {
        ("internet", "opera play", "tcp 443"),
        ("opera play rehearsal", "opera play", "tcp 443"),
        ("box-office box-office", "opera", "tcp 8081"),
        ("box-office box-office", "play", "tcp 8080"),
    }
    for line in found.lost:
        assert {each.resource for each in line.because} == {f"{cast.group_id} (cast)"}


def test_only_what_is_shown_is_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve hosts send to twelve by a new rule: sets tell so, and a few packets are walked."""
    walked: list[Any] = []
    real = Search._walked

    def spy(search: Search, *given: Any) -> Any:
        walked.append(given)
        return real(search, *given)

    monkeypatch.setattr(Search, "_walked", spy)
    made = []
    for rules in ([], ["tcp/22 10.0.0.0/8"]):
        e = Estate()
        v = e.vpc("10.0.0.0/16")
        group = e.group(v, ingress=rules, name="all")
        for number in range(12):
            subnet = e.subnet(v, f"10.0.{number}.0/24", name=f"s{number}")
            e.instance(f"h{number}", subnet, f"10.0.{number}.5", groups=[group])
        made.append(e)
    found = compared(*made)
    (line,) = found.gained
    assert (len(line.sources), len(line.destinations)) == (12, 12)
    assert 1 <= len(walked) < 12
