"""Cloud WAN core networks, their attachments and routes as the networkmanager calls print them.

Only the fields that something reads; ids are required, a default means "not printed".
``core_attachments`` joins the two calls that tell of attachments.  Must not know what a field does
to a packet: that is for the components.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from msgspec import structs

from reach.snapshot.record import UNPRINTED, Id, Part, Record, Scope, Tag, Tagged
from reach.snapshot.records import RouteTable
from reach.snapshot.snapshot import Snapshot


class CoreNetwork(Tagged, frozen=True):
    core_network_id: Id
    core_network_arn: str = ""
    owner_account_id: str = ""
    state: str = ""

    @property
    def owner_id(self) -> str:
        return self.owner_account_id


class CoreNetworkPart(Part, frozen=True):
    core_network_id: Id
    core_network_arn: str = ""
    state: str = ""


class CoreNetworkDetails(Record, frozen=True):
    """One get-core-network answer."""

    core_network: CoreNetworkPart

    @property
    def key(self) -> str:
        return self.core_network.core_network_id


class CoreNetworkPolicyPart(Part, frozen=True):
    core_network_id: Id
    policy_version_id: int = 0
    alias: str = ""
    policy_document: str = ""


class CoreNetworkPolicy(Record, frozen=True):
    """One get-core-network-policy answer: a version of the policy, as a document in a string."""

    core_network_policy: CoreNetworkPolicyPart

    @property
    def key(self) -> str:
        policy = self.core_network_policy
        return f"{policy.core_network_id} {policy.policy_version_id} {policy.alias}"


# Attachments (R-CWAN-1)


class CoreNetworkAttachmentPart(Part, frozen=True):
    attachment_id: Id
    core_network_id: str = ""
    core_network_arn: str = ""
    owner_account_id: str = ""
    attachment_type: str = ""
    state: str = ""
    edge_location: str = ""
    resource_arn: str = ""
    segment_name: str = ""
    network_function_group_name: str = ""
    nat_gateway_support: str = ""
    tags: tuple[Tag, ...] = ()


class CoreNetworkAttachment(Tagged, frozen=True):
    attachment_id: Id
    core_network_id: str = ""
    core_network_arn: str = ""
    owner_account_id: str = ""
    attachment_type: str = ""
    state: str = ""
    edge_location: str = ""
    resource_arn: str = ""
    segment_name: str = ""
    network_function_group_name: str = ""
    nat_gateway_support: str = ""

    @property
    def owner_id(self) -> str:
        return self.owner_account_id


class VpcAttachmentOptions(Part, frozen=True):
    ipv6_support: bool = False
    appliance_mode_support: bool = False
    security_group_referencing_support: bool | None = None


class VpcAttachmentPart(Part, frozen=True):
    attachment: CoreNetworkAttachmentPart
    subnet_arns: tuple[str, ...] = UNPRINTED
    options: VpcAttachmentOptions = VpcAttachmentOptions()


class CoreNetworkVpcAttachment(Record, frozen=True):
    """One get-vpc-attachment answer."""

    vpc_attachment: VpcAttachmentPart

    @property
    def key(self) -> str:
        return self.vpc_attachment.attachment.attachment_id


class CoreNetworkPeering(Tagged, frozen=True):
    peering_id: Id
    core_network_id: str = ""
    state: str = ""
    edge_location: str = ""
    resource_arn: str = ""


# Routes (R-CWAN-4)


class CoreNetworkDestination(Part, frozen=True):
    core_network_attachment_id: str = ""
    segment_name: str = ""
    network_function_group_name: str = ""
    edge_location: str = ""
    resource_id: str = ""


class CoreNetworkRoute(Part, frozen=True):
    destination_cidr_block: str | None = None
    prefix_list_id: str = ""
    destinations: tuple[CoreNetworkDestination, ...] = ()
    state: str = "ACTIVE"
    type: str = ""


class SegmentEdge(Part, frozen=True):
    core_network_id: str = ""
    segment_name: str = ""
    edge_location: str = ""


class FunctionGroupEdge(Part, frozen=True):
    core_network_id: str = ""
    network_function_group_name: str = ""
    edge_location: str = ""


class CoreNetworkRoutes(Record, frozen=True):
    """One get-network-routes answer: the table of a segment or a function group at one edge."""

    core_network_segment_edge: SegmentEdge | None = None
    core_network_network_function_group: FunctionGroupEdge | None = None
    network_routes: tuple[CoreNetworkRoute, ...] = UNPRINTED
    next_token: str | None = None

    @property
    def key(self) -> str:
        segment, group = self.core_network_segment_edge, self.core_network_network_function_group
        if segment is not None:
            domain = segment_domain(segment.segment_name)
            return table_key(segment.core_network_id, domain, segment.edge_location)
        if group is not None:
            domain = group_domain(group.network_function_group_name)
            return table_key(group.core_network_id, domain, group.edge_location)
        return "of a transit gateway"


def table_key(core_network_id: str, domain: str, edge: str) -> str:
    """Which table: of which segment or function group, at which edge location."""
    return f"{core_network_id} {domain} {edge}"


def segment_domain(name: str) -> str:
    return f"segment:{name}"


def group_domain(name: str) -> str:
    return f"group:{name}"


# What the two calls about attachments say together


@dataclass(frozen=True)
class CoreAttachment:
    """An attachment: what list-attachments says, else get-vpc-attachment, and that one's detail.

    A field that the one does not print is the other's; a VPC is attached at the edge of its Region.
    """

    about: CoreNetworkAttachmentPart
    vpc: VpcAttachmentPart | None

    @property
    def id(self) -> str:
        return self.about.attachment_id

    @property
    def core_network_id(self) -> str:
        return self.about.core_network_id or last_of_arn(self.about.core_network_arn)

    @property
    def resource_id(self) -> str:
        return last_of_arn(self.about.resource_arn)

    @property
    def subnet_ids(self) -> tuple[str, ...]:
        return tuple(map(last_of_arn, self.vpc.subnet_arns)) if self.vpc else ()

    @property
    def translates(self) -> bool:
        """Whether it translates addresses, as either call says; only the owner is told."""
        detail = self.vpc.attachment.nat_gateway_support if self.vpc else ""
        return not {self.about.nat_gateway_support, detail} <= {"", "DISABLED"}

    @property
    def domain(self) -> str:
        """The segment or the function group it belongs to; '' while it belongs to none."""
        if self.about.network_function_group_name:
            return group_domain(self.about.network_function_group_name)
        return segment_domain(self.about.segment_name) if self.about.segment_name else ""


def last_of_arn(arn: str) -> str:
    """The id at the end of an ARN."""
    return arn.rpartition("/")[2]


def core_attachments(snapshot: Snapshot) -> Mapping[str, CoreAttachment]:
    """Every attachment of every core network, by id."""
    found: dict[str, CoreAttachment] = {}
    for detail in snapshot.records(CoreNetworkVpcAttachment):
        part = detail.vpc_attachment
        found[detail.key] = CoreAttachment(part.attachment, part)
    for listed in snapshot.records(CoreNetworkAttachment):
        known = found.get(listed.attachment_id)
        about = _about(listed, known.about if known else None)
        found[listed.attachment_id] = CoreAttachment(about, known.vpc if known else None)
    placed = ((name, replace(each, about=_placed(each.about))) for name, each in found.items())
    return dict(sorted(placed))


def _about(
    listed: CoreNetworkAttachment, detail: CoreNetworkAttachmentPart | None
) -> CoreNetworkAttachmentPart:
    names = CoreNetworkAttachmentPart.__struct_fields__
    said = {name: getattr(listed, name) or getattr(detail, name, "") for name in names}
    return CoreNetworkAttachmentPart(**{**said, "tags": listed.tags})


def _placed(about: CoreNetworkAttachmentPart) -> CoreNetworkAttachmentPart:
    if about.edge_location or about.attachment_type != "VPC":
        return about
    region = (about.resource_arn.split(":") + [""] * 4)[3]
    return structs.replace(about, edge_location=region)


def was_asked(snapshot: Snapshot, kind: type[Record]) -> bool:
    """Whether a call was made and not cut short.  A core network is global: anywhere will do."""
    key = snapshot.section_of(kind).key
    made = any(section == key for section, _ in snapshot.calls.made)
    return made and not snapshot.is_cut_short(kind, Scope())


def mentioned_core_networks(snapshot: Snapshot) -> tuple[str, ...]:
    """Every core network that a route, an attachment or a list of them names."""
    found = {each.core_network_id for each in snapshot.records(CoreNetwork)}
    found |= {each.core_network_id for each in core_attachments(snapshot).values()}
    for table in snapshot.records(RouteTable):
        found |= {last_of_arn(route.core_network_arn or "") for route in table.routes}
    return tuple(sorted(found - {""}))


def is_seen_whole(snapshot: Snapshot, core_network_id: str, account: str = "") -> bool:
    """Whether its owner was asked for its attachments, or ``account``, which sees its own."""
    if not was_asked(snapshot, CoreNetworkAttachment):
        return False
    owner = _owner(snapshot, core_network_id)
    key = snapshot.section_of(CoreNetworkAttachment).key
    askers = {scope.account for section, scope in snapshot.calls.made if section == key}
    known = {"", owner, account} if account else {"", owner}
    return not (owner or account) or bool(askers & known)


def live_policy(snapshot: Snapshot, core_network_id: str) -> str | None:
    """The document of the policy in force; None where no answer shows it, or two differ on it."""
    policies = [each.core_network_policy for each in snapshot.records(CoreNetworkPolicy)]
    own = [each for each in policies if each.core_network_id == core_network_id]
    live = [each for each in own if each.alias == "LIVE"] or [e for e in own if not e.alias]
    documents = {each.policy_document for each in live}
    return documents.pop() if len(documents) == 1 else None


def _owner(snapshot: Snapshot, core_network_id: str) -> str:
    """The account of a core network, from itself or from an ARN of it."""
    known = snapshot.get(CoreNetwork, core_network_id)
    if known is not None and known.owner_account_id:
        return known.owner_account_id
    arns = (each.core_network_arn for each in snapshot.records(CoreNetworkAttachment))
    own = (arn.split(":")[4] for arn in arns if last_of_arn(arn) == core_network_id)
    return next(own, "")
