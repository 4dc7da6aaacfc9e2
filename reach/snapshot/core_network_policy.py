"""The document of a core network's policy: segments, and what is done with their routes.

    read_policy(text) -> PolicyDocument, or None if it is no such document

https://docs.aws.amazon.com/network-manager/latest/cloudwan/cloudwan-policies-json.html.  Only what
something reads.  Must not know what any of it does to a packet.
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
