"""The document of a core network's policy: segments, and what is done with their routes.

    read_policy(text) -> PolicyDocument, or None if it is no such document

https://docs.aws.amazon.com/network-manager/latest/cloudwan/cloudwan-policies-json.html.  Only what
something reads, and what it says of two segments (R-CWAN-2, R-CWAN-3, R-CWAN-5).  Must not know
what any of it does to a packet.
"""

from __future__ import annotations

import msgspec


class Clause(msgspec.Struct, rename="kebab", frozen=True, gc=False):
    """An object of the document: snake_case here, kebab-case there."""


class Configuration(Clause, frozen=True):
    security_group_referencing_support: bool = False


class PolicySegment(Clause, frozen=True):
    name: str
    isolate_attachments: bool = False
    allow_filter: tuple[str, ...] = ()
    deny_filter: tuple[str, ...] = ()


class AllBut(Clause, frozen=True):
    except_: tuple[str, ...] = msgspec.field(name="except", default=())


class EdgeOverride(Clause, frozen=True):
    edge_sets: tuple[tuple[str, ...], ...] = ()
    use_edge_location: str = ""
    use_edge: str = ""

    @property
    def edge(self) -> str:
        """``use-edge`` is its old name."""
        return self.use_edge_location or self.use_edge


class Via(Clause, frozen=True):
    network_function_groups: tuple[str, ...] = ()
    with_edge_overrides: tuple[EdgeOverride, ...] = ()


class WhenSentTo(Clause, frozen=True):
    segments: str | tuple[str, ...] = "*"


# What a segment action may do, and the one way to share (2021.12 and 2025.11).
_ACTIONS = ("share", "create-route", "send-to", "send-via", "associate-routing-policy")
_SHARED = ("attachment-route", "")


class SegmentAction(Clause, frozen=True):
    action: str
    segment: str = ""
    mode: str = ""
    share_with: str | tuple[str, ...] | AllBut = ()
    destination_cidr_blocks: tuple[str, ...] = ()
    destinations: str | tuple[str, ...] = ()
    when_sent_to: WhenSentTo = WhenSentTo()
    via: Via = Via()
    routing_policy_names: tuple[str, ...] = ()


class PolicyDocument(Clause, frozen=True):
    core_network_configuration: Configuration = Configuration()
    segments: tuple[PolicySegment, ...] = ()
    segment_actions: tuple[SegmentAction, ...] = ()
    attachment_routing_policy_rules: tuple[msgspec.Raw, ...] = ()

    @property
    def strange_word(self) -> str:
        """What an action says in a word that AWS does not have there; '' if none does."""
        for each in self.segment_actions:
            if each.action not in _ACTIONS:
                return f"an action of segment {each.segment} is {each.action!r}"
            if each.action == "share" and each.mode not in _SHARED:
                return f"the mode of a share of segment {each.segment} is {each.mode!r}"
        return ""

    @property
    def filters_routes(self) -> bool:
        """Whether routing policies (version 2025.11) change what is learned."""
        return bool(self.attachment_routing_policy_rules) or any(
            each.action == "associate-routing-policy" or each.routing_policy_names
            for each in self.segment_actions
        )


_document = msgspec.json.Decoder(PolicyDocument, strict=False)


def read_policy(text: str) -> PolicyDocument | None:
    """The document; None if the text is none."""
    try:
        return _document.decode(text)
    except msgspec.DecodeError:
        return None


# What a document says of two segments


def segment_of(document: PolicyDocument, name: str) -> PolicySegment:
    found = (each for each in document.segments if each.name == name)
    return next(found, PolicySegment(name))


def relation(
    document: PolicyDocument, name: str, other: str
) -> tuple[bool, tuple[SegmentAction, ...]]:
    """Whether a segment has direct routes to attachments of another (or its own), and what sends
    packets between them via a function group."""
    own = segment_of(document, name)
    if name == other:
        direct = not own.isolate_attachments
    else:
        shared = any(shares(each, name, other) for each in document.segment_actions)
        direct = shared and takes(own, other)
    vias = (each for each in document.segment_actions if sends_via(each, name, other))
    return direct, tuple(vias)


def shares(action: SegmentAction, one: str, other: str) -> bool:
    """R-CWAN-3: between the named segment and each it shares with, both ways."""
    if action.action != "share" or action.segment not in (one, other):
        return False
    with_whom = other if action.segment == one else one
    return includes(action.share_with, with_whom)


def includes(segments: str | tuple[str, ...] | AllBut, name: str) -> bool:
    """``"*"`` is every segment, ``{"except": [...]}`` every one but those."""
    if isinstance(segments, AllBut):
        return name not in segments.except_
    return segments == "*" or name in ((segments,) if isinstance(segments, str) else segments)


def takes(segment: PolicySegment, other: str) -> bool:
    """The filters of a segment decide what comes into it: "to share routes from one segment to the
    other, but not vice versa" (cloudwan-policy-network-actions-routes)."""
    if segment.allow_filter and other not in segment.allow_filter:
        return False
    return other not in segment.deny_filter


def sends_via(action: SegmentAction, one: str, other: str) -> bool:
    if action.action != "send-via" or action.segment not in (one, other):
        return False
    with_whom = other if action.segment == one else one
    return includes(action.when_sent_to.segments, with_whom)


def override(action: SegmentAction, one: str, other: str) -> str:
    """The edge that an override names for traffic between two edges (or within one)."""
    wanted = {one, other}
    for each in action.via.with_edge_overrides:
        if any(set(edges) == wanted for edges in each.edge_sets):
            return each.edge
    return ""


def serves(action: SegmentAction, segment: str) -> bool:
    if action.segment == segment:
        return True
    return action.action == "send-via" and includes(action.when_sent_to.segments, segment)
