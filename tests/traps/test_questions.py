"""The forms of a question."""

from __future__ import annotations

import pytest

from tests.estate import Pair
from tests.traps.rows import ACL, EIP_A, EIP_B, GROUP, allow, deny, verdict

# ------------------------------ the forms of a question


class Town(Pair):
    """A is public and tagged web, B private and tagged db, B2 in the peered V2.

    SG(web) lets in tcp/443 from everywhere and tcp/22 from 10/8; SG(db) lets in SA only, and echo
    from all of V1.
    """

    def __init__(self) -> None:
        super().__init__()
        self.peered()
        self.online(self.ta)
        self.public(self.a, EIP_A)
        self.a.record["Tags"].append({"Key": "Role", "Value": "web"})
        self.b.record["Tags"].append({"Key": "Role", "Value": "db"})
        inside = ("tcp/22", "tcp/3306", "udp/5000-5010", "47")
        rules = [f"{protocol} 10.0.0.0/24" for protocol in inside]
        out = ["tcp any", "udp any", "icmp any"]  # nothing that R-SG-27 would let back in
        self.web = self.group(self.v1, ["tcp/443 0.0.0.0/0", "tcp/22 10.0.0.0/8"], name="web")
        self.db = self.group(self.v1, [*rules, "icmp/8 10.0.0.0/16"], out, name="db")
        self.wear(self.a, self.web)
        self.wear(self.b, self.db)


@pytest.fixture(scope="module")
def town() -> Town:
    return Town()


ENDS = [
    ("{a} reach {b} port 3306", "reachable"),
    ("{a.eni} reach {b.eni} port 3306", "reachable"),
    ("10.0.0.5 reach 10.0.1.5 port 3306", "reachable"),
    ("10.0.0.0/24 reach 10.0.1.0/24 port 3306", "reachable"),
    ("10.0.1.0/24 reach 10.0.0.0/24 port 3306", "unreachable"),
    ("10.2.0.0/24 reach 10.0.1.0/24 port 3306", "unreachable"),
    ("{a.arn} reach {b.arn} port 3306", "reachable"),
    ("{a.eni.arn} reach {b.eni.arn} port 3306", "reachable"),
    ("a reach b port 3306", "reachable"),
    ("tag:Role=web reach tag:Role=db port 3306", "reachable"),
    ("{web} reach {db} port 3306", "reachable"),
    ("{db} reach {web} port 3306", "unreachable"),
    ("{sa} reach {sb} port 3306", "reachable"),
    ("{sa.arn} reach {sb} port 3306", "reachable"),
    ("{v1} reach {v2} port 80", "reachable"),
    ("{v2} reach {b} port 80", "unreachable"),
    ("any reach {b} port 3306", "reachable"),
    ("{a} reach {b} port 3307", "unreachable"),
    ("{b2} reach any port 443", "reachable"),
    ("0.0.0.0/0 reach port 443", "reachable"),
    ("0.0.0.0/0 reach port 22", "unreachable"),
    ("internet reach port 443", "reachable"),
    ("::/0 reach port 443", "unreachable"),
    ("internet reach {b} port 443", "unreachable"),
    ("8.8.8.8 reach {a} port 443", "reachable"),
    ("8.8.0.0/16 reach {a} port 443", "reachable"),
    ("8.8.8.8 reach 198.51.100.7 port 443", "reachable"),
    ("{gateway} reach {a} port 443", "reachable"),
    ("{gateway} reach {a} port 22", "unreachable"),
    ("{a} reach {gateway} port 443", "reachable"),
    ("{b} reach {gateway} port 443", "unreachable"),
    ("{a} reach internet port 443", "reachable"),
    ("{a} reach 8.8.8.8 port 443", "reachable"),
    ("{b} reach internet port 443", "unreachable"),
    ("198.51.100.7 reach {b} port 3306", "reachable"),  # a public address names its interface
    ("public reach private port 3306", "reachable"),
    ("private reach public port 22", "reachable"),
    ("private reach internet port 443", "unreachable"),
    ("public reach internet port 443", "reachable"),
    ("internet reach private port 22", "unreachable"),
    ("internet reach public port 443", "reachable"),
    ("{a} reach {b} port 20-25", "reachable"),
    ("{a} reach {b} port 23-25", "unreachable"),
    ("{a} reach {b} port 5005/udp", "reachable"),
    ("{a} reach {b} port 4990-5000/udp", "reachable"),
    ("{a} reach {b} port 5005/tcp", "unreachable"),
    ("{a} reach {b} port 5011/udp", "unreachable"),
    ("{a} reach {b} icmp", "reachable"),
    ("{a} reach {b} icmp 8", "reachable"),
    ("{a} reach {b} icmp 8/0", "reachable"),
    ("{a} reach {b} icmp 13", "unreachable"),
    ("{a} reach {b} protocol 47", "reachable"),
    ("{a} reach {b} protocol 50", "unreachable"),
    ("{a} reach {b}", "reachable"),
    ("{b2} reach {b} icmp", "unreachable"),
]


@pytest.mark.parametrize(("question", "expected"), ENDS, ids=[question for question, _ in ENDS])
def test_forms_of_a_question(town: Town, question: str, expected: str) -> None:
    """The contract's forms of ends and of packets."""
    verdict(town, f"can {question.format_map(vars(town))}", expected)


def test_public_and_private_by_routes() -> None:
    """R-DEF-1: a subnet is public by an active route to an internet gateway, whatever its other
    settings."""
    e = Pair()
    e.online(e.ta)
    e.public(e.a, EIP_A)
    e.public(e.b, EIP_B)
    e.sb.record["MapPublicIpOnLaunch"] = True
    allow(e, "can internet reach public port 22")
    deny(e, "can internet reach private port 22")
    e.route(e.tb, "8.0.0.0/7", e.gateway or "")
    allow(e, "can public reach 8.8.8.8 port 22")
    e.ta.record["Routes"][-1]["State"] = "blackhole"
    allow(e, f"can private reach {e.b} port 22")  # SA is private now, SB public
    deny(e, "can private reach internet port 22")


def test_one_way_is_a_question_of_its_own() -> None:
    """R-PIPE-1: one way asks for the forward packet only."""
    e = Pair()
    e.acl(e.v1, [e.sb], egress=[])
    allow(e, f"can {e.a} reach {e.b} port 22", one_way=True)
    deny(e, f"can {e.a} reach {e.b} port 22", *ACL)


def test_a_destination_by_id_means_any_way() -> None:
    """By address the packet goes to that address; by id it is the thing that counts."""
    e = Pair()
    e.online(e.ta, e.tb)
    e.public(e.a, EIP_A)
    e.public(e.b, EIP_B)
    e.wear(e.b, e.group(e.v1, ingress=[f"tcp/22 {EIP_A}/32"]))
    allow(e, f"can {e.a} reach {e.b} port 22")
    deny(e, f"can {e.a} reach 10.0.1.5 port 22", *GROUP)


def test_a_name_that_several_things_have() -> None:
    """An ambiguous name is refused with its candidates, an unknown one with the nearest."""
    import reach

    e = Pair()
    twin = e.instance("b", e.sb, "10.0.1.6")
    with pytest.raises(reach.QuestionError) as refused:
        e.ask(f"can {e.a} reach b port 22")
    assert e.b in str(refused.value)
    assert twin in str(refused.value)
    e.instance("database", e.sb, "10.0.1.7")
    with pytest.raises(reach.QuestionError, match="database"):
        e.ask(f"can {e.a} reach databse port 22")


@pytest.mark.parametrize(
    "question",
    ["can {a} reach '' port 22", "can '' reach {b} port 22", "can {a} reach {b} port ''"],
)
def test_an_empty_word_is_refused(question: str) -> None:
    """A variable that is not set is no "any": the asker has meant something by it."""
    import reach

    e = Pair()
    with pytest.raises(reach.QuestionError, match="a word of the question is empty"):
        e.ask(question.format(a=e.a, b=e.b))


def test_what_is_no_end_of_a_question() -> None:
    """A route table and a network ACL are in the snapshot, but nothing starts or ends there."""
    e = Pair()
    for thing in (e.ta, e.v1.acl):
        for question in (f"can {thing} reach {e.b} port 22", f"can {e.a} reach {thing} port 22"):
            answer = verdict(e, question, "undecided")
            assert "no packet starts or ends there" in answer.reason, answer.reason
