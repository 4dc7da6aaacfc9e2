"""The sample of stale rules: the standing of each, as its README says it."""

from __future__ import annotations

from pathlib import Path

import reach

SNAPSHOT = Path(__file__).resolve().parents[2] / "samples" / "stale_rules" / "snapshot"
GROUP, ACL, TABLE = "sg-006799dfb9d376b8c", "acl-0700320d0f2bb10e7", "rtb-01ddd6840676779f1"
GATE = "igw-0a2e0c43bb2914f44"


def told(resource: str) -> dict[str, tuple[str, str]]:
    """Each line with its standing, and with what shadows it or the reason that is given."""
    lines = reach.describe(reach.load(SNAPSHOT), resource).lines
    return {line.key: (str(line.standing), "; ".join(line.by) or line.reason) for line in lines}


def test_the_group() -> None:
    """Usable, shadowed by one and by two, dead for four reasons."""
    far = "no packet that it is for gets that far"
    assert told(GROUP) == {
        "inbound rule tcp 443 from 0.0.0.0/0": ("usable", ""),
        "inbound rule tcp 22 from 10.70.1.0/24": ("usable", ""),
        "inbound rule tcp 22 from sg-074c9cf38f5d5f11a": ("usable", ""),
        "inbound rule tcp 22 from 10.70.1.7/32": (
            "shadowed",
            "inbound rule tcp 22 from 10.70.1.0/24",
        ),
        "inbound rule tcp 8080-8090 from 10.70.0.0/16": ("usable", ""),
        "inbound rule tcp 8091-8099 from 10.70.0.0/16": ("usable", ""),
        "inbound rule tcp 8085-8095 from 10.70.1.0/24": (
            "shadowed",
            "inbound rule tcp 8080-8090 from 10.70.0.0/16; "
            "inbound rule tcp 8091-8099 from 10.70.0.0/16",
        ),
        "inbound rule tcp 5432 from sg-05ce9664f717b24e5": (
            "dead",
            "nobody is in sg-05ce9664f717b24e5",
        ),
        "inbound rule tcp 9000 from 10.99.0.0/16": (
            "dead",
            "nobody sends from 10.99.0.0/16: no interface, no host outside that can be seen",
        ),
        "inbound rule udp 514 from 10.70.1.0/24": (
            "dead",
            f"{far}: {ACL} inbound rule *: denies inbound all traffic from 0.0.0.0/0",
        ),
        "outbound rule tcp 443 to 0.0.0.0/0": ("usable", ""),
        "outbound rule tcp 5432 to 10.71.0.0/16": (
            "dead",
            f"{far}: {TABLE} route 10.71.0.0/16: is in state blackhole: pcx-0a1b2c3d4e5f60718 is "
            "gone",
        ),
    }


def test_the_acl() -> None:
    """A denial that comes too late, an entry for a network that is not there."""
    assert told(ACL) == {
        "inbound 100": ("usable", ""),
        "inbound 110": ("shadowed", "inbound 100"),
        "inbound 120": ("usable", ""),
        "inbound 130": ("dead", "no packet comes to it, and no reply"),
        "inbound *": ("usable", ""),
        "outbound 100": ("usable", ""),
        "outbound *": ("shadowed", "outbound 100"),
    }


def test_the_table() -> None:
    """A blackhole, and a block whose halves have routes of their own."""
    halves = f"198.51.100.0/25 -> {GATE}; 198.51.100.128/25 -> {GATE}"
    assert told(TABLE) == {
        "10.70.0.0/16 -> local": ("usable", ""),
        f"0.0.0.0/0 -> {GATE}": ("usable", ""),
        "10.71.0.0/16 -> pcx-0a1b2c3d4e5f60718": (
            "blackhole",
            "is in state blackhole: pcx-0a1b2c3d4e5f60718 is gone; packets come to it",
        ),
        f"198.51.100.0/24 -> {GATE}": ("shadowed", halves),
        f"198.51.100.0/25 -> {GATE}": ("usable", ""),
        f"198.51.100.128/25 -> {GATE}": ("usable", ""),
    }
