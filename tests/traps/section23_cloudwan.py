"""Section 23: the rows about Cloud WAN."""

from __future__ import annotations

from tests.estates.cloudwan import joined, rewrite, share, static
from tests.traps.rows import NO_ROUTE, allow, deny, row


@row("T-115")
def an_isolated_segment() -> None:
    """Cloud WAN segment with isolate-attachments: V1→V2 same segment DENY unless static/shared."""
    e, _ = joined("p")
    allow(e, f"can {e.a} reach {e.b2} port 80")
    isolated = {"name": "p", "isolate-attachments": True}
    e, cn = joined(isolated)
    deny(e, f"can {e.a} reach {e.b2} port 80", *NO_ROUTE)
    there, back = static("p", "10.2.0.0/16", cn.two), static("p", "10.0.0.0/16", cn.one)
    rewrite(e, cn, segment_actions=[there, back])
    allow(e, f"can {e.a} reach {e.b2} port 80")
    e, _ = joined(isolated, "q", other="q", actions=[share("p", "q")])
    allow(e, f"can {e.a} reach {e.b2} port 80")


@row("T-116")
def sharing_is_not_transitive() -> None:
    """Cloud WAN segments p and q both shared with hub h: p→q DENY (sharing is not transitive)."""
    for hub in ([share("h", "p", "q")], [share("p", "h"), share("q", "h")]):
        e, _ = joined("p", "q", "h", other="q", actions=hub)
        deny(e, f"can {e.a} reach {e.b2} port 80", *NO_ROUTE)
        e, _ = joined("p", "q", "h", other="h", actions=hub)
        allow(e, f"can {e.a} reach {e.b2} port 80")
