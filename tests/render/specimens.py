"""Answers made by hand, for tests of whatever shows answers.

The network in them: a web server behind an internet gateway, a database reached through a private
NAT gateway.  Nothing of it is lowered or proved; the renderers cannot tell.
"""

from __future__ import annotations

from dataclasses import replace

from reach.answer import Answer, Explanation, Remark, Step, Verdict, Witness
from reach.network.address import parse_address
from reach.network.field import TCP, Header
from reach.network.stage import Origin

QUIET = Origin("", "")
ACL = "acl-0c1"
SECURITY_GROUP = "sg-0e1"


def tcp(source: str, destination: str, identity: int = 0) -> Header:
    """A header from ends written ``10.0.0.5:50000``."""
    one, _, one_port = source.rpartition(":")
    two, _, two_port = destination.rpartition(":")
    ends = (parse_address(one), parse_address(two), TCP, int(one_port), int(two_port))
    return Header(*ends, identity=identity)


def acl(direction: str, number: int) -> Origin:
    words = f"allows {direction} 0.0.0.0/0"
    return Origin(ACL, words, f"{direction} rule {number}", name="public")


def group(direction: str, what: str, name: str = "web") -> Origin:
    return Origin(
        SECURITY_GROUP, f"allows {direction} {what}", f"{direction} rule {what}", name=name
    )


def step(
    resource: str,
    kind: str,
    name: str,
    before: Header,
    *passed: Origin,
    after: Header | None = None,
) -> Step:
    return Step(
        f"{kind}/{resource}/node",
        resource,
        kind,
        name,
        before,
        before if after is None else after,
        passed,
    )


OUTSIDE = tcp("203.0.113.7:50000", "198.51.100.7:22")
INSIDE = tcp("203.0.113.7:50000", "10.0.0.5:22")
BACK_INSIDE = tcp("10.0.0.5:22", "203.0.113.7:50000", identity=3)
BACK_OUTSIDE = tcp("198.51.100.7:22", "203.0.113.7:50000")

FORWARD = (
    step("internet", "internet", "", OUTSIDE, Origin("internet", "sends this in by igw-0a1")),
    step(
        "igw-0a1",
        "internet gateway",
        "main",
        OUTSIDE,
        QUIET,
        Origin("igw-0a1", "puts the private address in the destination", name="main"),
        after=INSIDE,
    ),
    step("vpc-0b1", "vpc", "prod", INSIDE, QUIET),
    step("subnet-0d1", "subnet", "public-a", INSIDE, acl("inbound", 100)),
    step("subnet-0d1", "subnet", "public-a", INSIDE, QUIET),
    step("eni-0f1", "network interface", "web-1", INSIDE, group("inbound", "tcp 22 from any")),
)
REPLY = (
    step("eni-0f1", "network interface", "web-1", BACK_INSIDE),
    step(
        "subnet-0d1",
        "subnet",
        "public-a",
        BACK_INSIDE,
        Origin("rtb-0a9", "routes to igw-0a1", "route 0.0.0.0/0", name="public"),
        acl("outbound", 100),
        after=BACK_INSIDE._replace(identity=0),
    ),
    step(
        "igw-0a1",
        "internet gateway",
        "main",
        BACK_INSIDE,
        Origin("igw-0a1", "puts the public address in the source", name="main"),
        after=BACK_OUTSIDE,
    ),
    step("internet", "internet", "", BACK_OUTSIDE),
)


def reachable() -> Answer:
    """A packet that is translated on its way in, and its reply on its way out."""
    return Answer(
        verdict=Verdict.REACHABLE,
        question="can internet reach i-0abc port 22",
        source="the internet",
        destination="i-0abc web-1",
        one_way=False,
        witness=Witness(OUTSIDE, FORWARD, REPLY),
        assumptions=(Remark("serves this zone from another one", "nat-0a5"),),
        notes=(Remark("not for every source port"), Remark("not for every source port")),
    )


def one_way() -> Answer:
    return Answer(
        verdict=Verdict.REACHABLE,
        question="can internet reach i-0abc port 22",
        source="the internet",
        destination="i-0abc web-1",
        one_way=True,
        witness=Witness(OUTSIDE, FORWARD),
    )


def unreachable() -> Answer:
    """Two blockers, one on each way, and the path on which they stand."""
    acl_words = "denies outbound what no rule allows"
    return Answer(
        verdict=Verdict.UNREACHABLE,
        question="can internet reach i-0abc port 22",
        source="the internet",
        destination="i-0abc web-1",
        one_way=False,
        explanations=(
            Explanation(
                "ENI_SG_RULES_MISMATCH",
                SECURITY_GROUP,
                "web",
                "inbound",
                "no inbound rule allows this",
                "forward",
                INSIDE,
            ),
            Explanation(
                "SUBNET_ACL_RESTRICTION",
                ACL,
                "public",
                "outbound rule *",
                acl_words,
                "reply",
                BACK_INSIDE,
            ),
        ),
        blocked_path=Witness(
            OUTSIDE, (*FORWARD[:2], replace(FORWARD[-1], passed=())), REPLY[:1] + REPLY[-2:]
        ),
    )


def undecided() -> Answer:
    gap = Remark("is of a kind that is not modelled yet", "tgw-0b7")
    packet = tcp("10.0.0.5:50000", "10.9.0.5:443")
    return Answer(
        verdict=Verdict.UNDECIDED,
        question="can i-0abc reach 10.9.0.5 port 443",
        source="i-0abc web-1",
        destination="10.9.0.5",
        one_way=False,
        witness=Witness(
            packet,
            (
                step("eni-0f1", "network interface", "web-1", packet, group("outbound", "all")),
                step("tgw-0b7", "unmodelled", "", packet),
            ),
        ),
        reason="a packet gets as far as what the snapshot does not settle",
        gaps=(gap, gap),
    )


def hostile() -> Answer:
    """Names that want to clear the screen, forge a verdict and turn the reading direction."""
    name = "a\x1b[2J\x1b[1;32mREACHABLE\r\nREACHABLE\u202e\x9b31m\u200b\x07"
    return Answer(
        verdict=Verdict.UNREACHABLE,
        question=f"can '{name}' reach any",
        source=name,
        destination=name,
        one_way=True,
        explanations=(Explanation("NO_PATH", f"igw-{name}", name, name, name, "forward", INSIDE),),
        blocked_path=Witness(
            INSIDE, (step(name, name, name, INSIDE, Origin(name, name, name, name=name)),)
        ),
        reason=name,
        assumptions=(Remark(name, name),),
        notes=(Remark(name, name),),
    )
