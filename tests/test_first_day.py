"""What somebody meets who asks for the first time: whole questions, as they come back on paper.

Slips, names that are not unique, ends that are not there; nothing that is said may mislead.
"""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from threading import Event

import pytest

import reach
from reach import console
from reach.network.address import format_address
from reach.render import text
from tests.estate import Estate, Pair
from tests.terminal import call

ROOT = Path(__file__).parents[1]


def shown(answer: reach.Answer, width: int = 100) -> str:
    """The answer as it is printed."""
    return text.render(answer, colour=False, width=width)


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("can 192.168.77.7 reach {a}", "NO_SOURCE_OR_DESTINATION"),
        ("can {a} reach 2001:db8::1 port 443", "NO_SOURCE_OR_DESTINATION"),
        ("can internet reach {b} port 443", None),
    ],
)
def test_a_packet_is_shown_only_where_there_is_one(question: str, code: str | None) -> None:
    """Where nobody sends anything no header is made up for it, neither on paper nor as JSON."""
    pair = Pair()
    answer = pair.ask(question.format(a=pair.a, b=pair.b))
    assert answer.verdict == "unreachable"
    told = answer.to_dict()["explanations"]
    assert all((each["packet"] is None) is (code is not None) for each in told)
    assert "protocol 0" not in shown(answer)
    assert ("on the way" in shown(answer)) is (code is None)
    if code is not None:
        assert [each["code"] for each in told] == [code]


def replaced() -> Pair:
    """Instance ``a`` was terminated and another one of its Name stands in its place."""
    pair = Pair()
    old = pair.instance("a", pair.sa, None, state="terminated")
    pair.scope(old.scope)["NetworkInterfaces"].remove(old.eni.record)
    return pair


@pytest.mark.parametrize("question", ["can a reach b port 22", "can b reach a port 22"])
def test_a_name_means_what_is_there(question: str) -> None:
    """AWS lists a terminated instance for an hour, beside the one that has its Name now."""
    pair = replaced()
    answer = pair.ask(question)
    assert answer.verdict == "reachable"
    assert str(pair.a) in (answer.source.split()[0], answer.destination.split()[0])
    assert reach.can_manage(pair.load(), "a").instance == str(pair.a)
    assert reach.describe(pair.load(), "a").id == str(pair.a)


def test_what_is_gone_is_meant_where_nothing_else_has_its_name() -> None:
    """Alone it is what the name means; of several dead ones none is chosen."""
    pair = replaced()
    gone = pair.instance("c", pair.sa, None, state="terminated")
    pair.scope(gone.scope)["NetworkInterfaces"].remove(gone.eni.record)
    answer = pair.ask("can c reach b port 22")
    assert answer.verdict == "unreachable"
    assert "terminated" in answer.explanations[0].text
    again = pair.instance("c", pair.sa, None, state="terminated")
    pair.scope(again.scope)["NetworkInterfaces"].remove(again.eni.record)
    with pytest.raises(reach.QuestionError, match="several things") as error:
        pair.ask("can c reach b port 22")
    assert sorted(error.value.candidates) == sorted(
        f"{each} Instance, terminated" for each in (gone, again)
    )


@pytest.mark.parametrize("state", ["running", "stopped", "shutting-down", "hibernated"])
def test_no_other_state_gives_a_name_away(state: str) -> None:
    """What may come back, or what nobody knows the word for, still bears its Name; the addresses
    tell the two apart."""
    pair = Pair()
    other = pair.instance("a", pair.sa, "10.0.0.6")
    other.record["State"] = {"Code": 16, "Name": state}
    with pytest.raises(reach.QuestionError, match="several things") as error:
        pair.ask("can a reach b port 22")
    assert sorted(error.value.candidates) == sorted(
        [f"{pair.a} Instance, 10.0.0.5", f"{other} Instance, 10.0.0.6"]
    )


def test_a_terminated_instance_with_an_interface_keeps_its_name() -> None:
    """Then what AWS says of it is not of one piece, and nothing is made of it."""
    pair = Pair()
    pair.instance("a", pair.sa, "10.0.0.6", state="terminated")
    with pytest.raises(reach.QuestionError, match="several things"):
        pair.ask("can a reach b port 22")


SETS = ("any", "private", "tag:Name=a", "10.0.0.0/24", "{sa}", "{v1}", "{g}")


@pytest.mark.parametrize("other", SETS)
def test_a_set_does_not_reach_itself_by_its_only_member(other: str) -> None:
    """However few are in it: nobody asks that of a set, and one more member changes nothing."""
    pair = Pair()
    closed = pair.group(pair.v1, ingress=["tcp/443 any"])
    for each in (pair.a, pair.b):
        pair.wear(each, closed)
    for each in (pair.b.eni, pair.b):
        key = "NetworkInterfaces" if each is pair.b.eni else "Reservations"
        kept = [r for r in pair.scope(each.scope)[key] if str(each) not in str(r)]
        pair.scope(each.scope)[key][:] = kept
    named = other.format(sa=pair.sa, v1=pair.v1, g=closed)
    for _ in range(2):
        for source, destination in ((pair.a, named), (named, pair.a), (named, named)):
            answer = pair.ask(f"can {source} reach {destination} port 22")
            assert answer.verdict == "unreachable", (source, destination)
        pair.wear(pair.instance("a", pair.sa, "10.0.0.9"), closed)
    assert pair.ask(f"can {pair.a} reach {pair.a} port 22").verdict == "reachable"
    assert pair.ask(f"can {pair.a} reach 10.0.0.5 port 22").verdict == "reachable"
    assert pair.ask(f"can 10.0.0.5 reach {pair.a.eni} port 22").verdict == "reachable"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("can a reach 10.0.0.300", "'10.0.0.300', and it is no IP address either"),
        ("can a reach 2001:db8:::1", "'2001:db8:::1', and it is no IP address either"),
        ("can INTERNET reach a", "'INTERNET'; did you mean internet?"),
        ("can a reach 10.0.1.5:443", "'10.0.1.5:443'; did you mean 10.0.1.5 port 443?"),
        ("can a reach [2001:db8::1]:443", "did you mean 2001:db8::1 port 443?"),
        ("can a reach ip-10-0-1-5.ec2.internal", "did you mean 10.0.1.5?"),
        ("can a reach www.example.com", "names of hosts are not looked up"),
        ("can a reach b port 22 tcp", "did you mean port 22/tcp?"),
    ],
)
def test_a_slip_is_told_as_what_was_meant_perhaps(question: str, said: str) -> None:
    """Addresses with a port, names of hosts, keywords in capitals: one sentence is enough."""
    with pytest.raises(reach.QuestionError) as error:
        Pair().ask(question)
    assert said in str(error.value)
    assert error.value.candidates == ()


def test_a_tag_in_other_letters_is_shown_as_it_is_written() -> None:
    """Tags are told apart by the case of their letters, and people do not remember it."""
    pair = Pair()
    pair.instance("c", pair.sa, "10.0.0.9", tags={"Tier": "web", "tier": "db"})
    with pytest.raises(reach.QuestionError, match="the nearest are:") as error:
        pair.ask("can tag:TIER=Web reach b")
    assert error.value.candidates == ("tag:Tier=web",)
    with pytest.raises(reach.QuestionError) as error:
        pair.ask("can tag:Rank=Web reach b")
    assert error.value.candidates == ()


def test_capitals_do_not_hide_what_was_meant() -> None:
    """AWS takes neither an id nor a Name in other letters; the one that is near is told."""
    pair = Pair()
    host = pair.instance("web-1", pair.sa, "10.0.0.9")
    for meant in (str(host), "web-1"):
        with pytest.raises(reach.QuestionError, match="the nearest are:") as error:
            pair.ask(f"can {meant.upper()} reach b")
        assert error.value.candidates == (meant,)


def test_blanks_around_an_end_are_no_part_of_it() -> None:
    """They come with what is copied from a table; a Name that has them is meant with them."""
    pair = Pair()
    asked = pair.load()
    for end in (str(pair.b), "10.0.1.5", "b", "10.0.1.0/24"):
        answer = reach.ask(asked, reach.Question(f" {pair.a}", f"{end} "))
        assert answer.verdict == "reachable"
    odd = pair.instance("b ", pair.sa, "10.0.0.9")
    for end, meant in (("b ", odd), (" b", pair.b)):
        assert str(meant) in reach.ask(pair.load(), reach.Question(end, "a")).source


def test_a_session_shows_what_there_is_in_a_line() -> None:
    """What a session echoes is read by people; and what it completes is what is public."""
    loaded = Pair().load()
    assert len(repr(loaded)) < 200
    assert repr(loaded).startswith("<Snapshot ")
    assert dir(reach) == sorted(reach.__all__)


def test_a_destination_that_is_left_out_is_listed_if_a_list_is_asked_for() -> None:
    """It is any; unasked it is not listed, for that takes times as long."""
    snapshot = ("--snapshot", str(ROOT / "samples" / "two_tier" / "snapshot"))
    spelt = call("can", "internet", "reach", "any", "port", "443", *snapshot).stdout
    assert "What is reached\n" in spelt
    short = ("can", "internet", "reach", "port", "443", *snapshot)
    assert call(*short, "--list", "100").stdout == spelt
    assert "What is reached\n" not in call(*short).stdout
    assert "What is reached\n" not in call(*short, "--list", "0").stdout


class Terminal(StringIO):
    """A stderr that somebody looks at; ``shown`` once something was written."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        written = super().write(text)
        self.shown.set()
        return written


def test_what_takes_long_says_that_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, on a line that is taken away; nothing of it elsewhere, or before that."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with console.waiting("asking", patience=0):
        assert terminal.shown.wait(30)
    said = terminal.getvalue()
    assert said.startswith("\r\x1b[Kasking, 0 s")
    assert said.endswith("\r\x1b[K")
    quick = Terminal()
    monkeypatch.setattr("sys.stderr", quick)
    with pytest.raises(reach.QuestionError), console.waiting("asking", patience=600):
        raise reach.QuestionError("no")
    assert quick.getvalue() == "\r\x1b[K"
    piped = StringIO()
    monkeypatch.setattr("sys.stderr", piped)
    with console.waiting("asking", patience=0):
        pass
    assert piped.getvalue() == ""


def test_a_name_of_what_is_no_end_is_not_said_to_be_nobodys() -> None:
    """A route table has a Name, and no packet starts or ends there: then that is what is wrong."""
    pair = Pair()
    with pytest.raises(reach.QuestionError, match="'ta' is the Name of what is no end") as error:
        pair.ask("can ta reach b")
    assert error.value.candidates == (f"{pair.ta} RouteTable",)


def test_sets_are_told_by_id_and_name_and_empty_ones_as_empty() -> None:
    """As instances are; and nobody has to guess why nothing is sent by a group without members."""
    pair = Pair()
    empty = pair.group(pair.v1, name="spare")
    bare = pair.subnet(pair.v1, "10.0.7.0/24", "a", name="bare")
    for thing, name, other in ((empty, "spare", "security group"), (bare, "bare", "subnet")):
        for question in (f"can {thing} reach {pair.b} port 22", f"can {pair.b} reach {thing}"):
            answer = pair.ask(question)
            assert answer.verdict == "unreachable", other
            assert f"{thing} {name}" in (answer.source, answer.destination)
            told = answer.explanations[0]
            assert (told.resource, told.text) == (thing, "has no interface in it")
    assert pair.ask(f"can {pair.sa} reach {pair.v1} port 22").source == f"{pair.sa} sa"
    assert pair.ask("can sa reach v1 port 22").source == f"{pair.sa} sa"


@pytest.mark.parametrize("block", ["10.1.0.0/16", "172.31.0.0/16", "192.168.0.0/16"])
def test_the_straight_way_is_shown_where_there_is_one(block: str) -> None:
    """Two hosts of a VPC, both with public addresses: nobody means the way out and in again first,
    whichever of the addresses is the higher number; nor is that what a fix should open."""
    e = Estate()
    vpc = e.vpc(block)
    head = block.rsplit(".", 2)[0]
    subnet = e.subnet(vpc, f"{head}.0.0/24")
    e.route(vpc.table, "0.0.0.0/0", e.igw(vpc))
    open_to_all = e.group(vpc, ["tcp/443 any"])
    one = e.instance("one", subnet, f"{head}.0.5", groups=[open_to_all], public="198.51.100.5")
    two = e.instance("two", subnet, f"{head}.0.6", groups=[open_to_all], public="54.0.0.6")
    for source, other in ((one, two), (two, one)):
        witness = e.ask(f"can {source} reach {other} port 443").witness
        assert format_address(witness.packet.destination) == other.ip
        told = e.ask(f"can {source} reach {other} port 22").to_dict()["explanations"]
        assert [each["packet"]["destination"] for each in told] == [other.ip]
    told = reach.ask(e.load(), f"can {one} reach {two} port 22", fix=True).fix
    assert told is not None
    assert [edit.text for edit in told.edits] == [f"allow inbound tcp 22 from {one.ip}/32"]
    public = e.ask("can internet reach two port 443").witness
    assert format_address(public.packet.destination) == "54.0.0.6"
