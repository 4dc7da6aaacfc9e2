"""Network Firewall: endpoints in the way of packets, a stateless and a stateful engine behind them.

A firewall has an endpoint in each of its subnets, and more by associations, or is attached to a
transit gateway (R-NFW-1, R-TGW-19).  Routes lead into an endpoint that is READY; what the firewall
passes comes out there, headers unchanged and the sender's groups forgotten (R-GWLBE-1, R-SG-19),
and what an attachment brought goes back into its gateway by it.

The stateless engine is first (R-NFW-2): groups and rules by ascending priority, the first match
passes, drops or forwards, else the default action (R-NFW-3); each packet for itself, so replies are
matched afresh (R-NFW-4).  Of TCP flags a header shows only that the packet opens a connection or
answers one: a rule about others *may* match.

The stateful engine sees flows: it judges the packet that opens one (R-NFW-9), passes the replies of
those that it admitted, and has to see both ways, at one endpoint (R-NFW-5, R-NFW-12).  By action
(pass, drop, reject, then alert, R-NFW-6) or in strict order with default actions (R-NFW-7).  What a
rule says of content, an application's protocol or a domain *may* match (R-NFW-10); of TCP such a
rule meets no opening packet, so drop_strict needs a rule for the handshake, and a flow whose later
packets are dropped is not answered (R-NFW-8), though its first packet arrives.  Managed groups of
AWS *may* drop.  A group, a policy or a list that the snapshot does not hold leaves it undecided.

Implements: R-NFW-1 R-NFW-2 R-NFW-3 R-NFW-4 R-NFW-5 R-NFW-6 R-NFW-7 R-NFW-8 R-NFW-9 R-NFW-10
R-NFW-11 R-NFW-12 R-NFW-13 R-NFW-14 R-TGW-19 R-SG-19 R-SG-20
Not modelled: fragments, rule groups of Next Generation policies, proxy mode, internet gateway
firewalls (undecided); whether a change of rules has reached every endpoint.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Set
from dataclasses import replace
from functools import partial

from reach.aim import Visit
from reach.component import Component, End, Entry, Lowering, Target, node_name
from reach.firewalling.ordered import Item, Names, first_match, perhaps, settled
from reach.firewalling.stateful import (
    CUT,
    HANDSHAKE,
    REST,
    Default,
    Ruling,
    default_of,
    later_items,
    opening_items,
    rulings,
    strange_word,
)
from reach.firewalling.stateless import (
    CODE,
    PASSED,
    Direction,
    looks_at_flags,
    stateless_default,
    stateless_items,
)
from reach.gone import first, held, nth
from reach.network.address import Prefix
from reach.network.field import TCP
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    FORGET,
    Action,
    Choose,
    Filter,
    Forward,
    Option,
    Origin,
    Route,
    Rule,
    Stage,
    Unmodelled,
)
from reach.snapshot.firewall_calls import (
    ENDPOINT_ASSOCIATION,
    FIREWALL,
    FIREWALL_POLICY,
    RULE_GROUP,
)
from reach.snapshot.firewall_records import (
    Firewall,
    FirewallEndpointAssociation,
    FirewallPolicy,
    RuleGroup,
)
from reach.snapshot.firewalls import FirewallPlace, firewall_places, is_firewalls, status_of
from reach.snapshot.index import subnet_blocks
from reach.snapshot.records import (
    EgressOnlyInternetGateway,
    InternetGateway,
    Subnet,
    Vpc,
    VpcEndpoint,
)
from reach.snapshot.section import Section
from reach.states import FIREWALL_ENDPOINT, refused

_NAME = "network_firewall"
_QUIET = Origin("", "")
_UNSUPPORTED = "UNSUPPORTED_COMPONENT"
# How the firewall of an internet gateway treats a subnet: not at all; or with an address of its
# own for what has no public one (API reference of Network Security Manager, IgwFirewallConfig).
_SPARED, _OPENED = ("exclude", "az-unsupported"), ("flexible", "outbound-only")
_TCP = HeaderSpace.where(protocol=Ranges.of(TCP))
# Lists of rules: what they are for, and the two of the stateless engine.
_STATELESS, _ANSWERS, _OPENING, _LATER = "stateless", "answers", "opening", HANDSHAKE


def _place(lowering: Lowering, place_id: str) -> FirewallPlace:
    return firewall_places(lowering.snapshot)[place_id]


def _known(lowering: Lowering, place_id: str) -> tuple[Firewall, FirewallPolicy]:
    """The firewall and its policy; both are in the snapshot, or no node of theirs is made."""
    firewall = held(lowering.snapshot.get(Firewall, _place(lowering, place_id).arn))
    arn = firewall.firewall.firewall_policy_arn or ""
    return firewall, held(lowering.snapshot.get(FirewallPolicy, arn))


# ------------------------------------------------------------------- in and out


def _in(lowering: Lowering, place_id: str, _: str) -> tuple[Stage, ...]:
    """A packet that a route, or a gateway's attachment, brings."""
    place = _place(lowering, place_id)
    firewall = lowering.snapshot.get(Firewall, place.arn)
    if firewall is None:
        words = f"is an endpoint of {place.arn}, which is not in the snapshot"
        return (Unmodelled(lowering.missing(Firewall, place_id, words)),)
    subnet = lowering.snapshot.get(Subnet, place.subnet)
    vpc_id = (subnet.vpc_id or "") if subnet is not None else ""
    state = (
        *_ready(lowering, firewall, place),
        *lowering.slot("encryption.gateway_load_balancer", vpc_id),
    )
    if firewall.firewall.proxy_settings is not None:
        words = "is in proxy mode, which is not modelled yet"
        origin = Origin(place.arn, words, code="UNSUPPORTED_COMPONENT", name=firewall.name)
        return (*state, Unmodelled(origin))
    arn = firewall.firewall.firewall_policy_arn or ""
    policy = lowering.snapshot.get(FirewallPolicy, arn)
    if policy is None:
        words = "the policy of this firewall is not known"
        return (*state, Unmodelled(lowering.missing(FirewallPolicy, arn or place.arn, words)))
    strange = strange_word(policy)
    if strange:
        words = f"what its policy does is not known: {strange}"
        return (*state, Unmodelled(Origin(arn, words, code="UNKNOWN_RESOURCE", name=policy.name)))
    return (
        *state,
        FORGET,
        *_told_apart(lowering, place, policy),
        *_from(lowering, place_id, _STATELESS, 0),
    )


def _ready(lowering: Lowering, firewall: Firewall, place: FirewallPlace) -> tuple[Stage, ...]:
    """R-NFW-1: READY takes traffic; SCALING is a change of the capacity of one that does."""
    status = status_of(lowering.snapshot, place)
    if status in ("READY", "SCALING", ""):
        return ()
    words = f"is {status} at {firewall.name}"
    origin = Origin(place.id, words, "state", "BAD_STATE", firewall.name)
    return (refused(status, FIREWALL_ENDPOINT, origin),)


def _told_apart(
    lowering: Lowering, place: FirewallPlace, policy: FirewallPolicy
) -> tuple[Stage, ...]:
    """Where rules look at flags, replies to what came by any endpoint are matched as answers."""
    if not looks_at_flags(lowering, policy):
        return ()
    session = f"{_NAME} {place.arn} flags"
    answers = node_name(_NAME, place.id, "rules", f"{_ANSWERS} 0")
    return (
        Filter((), Rule(ANYTHING, Action.PERMIT, _QUIET), session),
        Forward((Route(ANYTHING, answers, _QUIET, session=session),)),
    )


def _onward(lowering: Lowering, place_id: str) -> str:
    """R-GWLBE-1: out of the endpoint onto its subnet's wire; R-TGW-19: back into the gateway."""
    place = _place(lowering, place_id)
    if place.transit_gateway:
        return node_name("transit_gateway", place_id, "in", f"{place.transit_gateway} -")
    return node_name("subnet", _subnet_of(lowering, place_id), "emit", "endpoint")


def _subnet_of(lowering: Lowering, endpoint_id: str) -> str:
    place = firewall_places(lowering.snapshot).get(endpoint_id)
    if place is not None and place.subnet:
        return place.subnet
    endpoint = lowering.snapshot.get(VpcEndpoint, endpoint_id)
    return next(iter(endpoint.subnet_ids), "") if endpoint is not None else ""


# ------------------------------------------------------------------- lists of rules


def _items(lowering: Lowering, place_id: str, which: str) -> tuple[Item, ...]:
    """One of the lists of rules of a firewall; the same for all its endpoints."""
    key = f"{_NAME} {which} {_place(lowering, place_id).arn}"
    return lowering.memo(key, partial(_made, lowering, place_id, which))


def _made(lowering: Lowering, place_id: str, which: str) -> tuple[Item, ...]:
    policy = _known(lowering, place_id)[1]
    if which in (_STATELESS, _ANSWERS):
        direction = Direction.OPENING if which == _STATELESS else Direction.ANSWERING
        return settled(stateless_items(lowering, policy, direction), (ANYTHING,))
    given = _rulings(lowering, place_id)
    later = later_items(given)
    passes = default_of(policy) is Default.PASS
    if which == _LATER:
        return settled(later, () if passes else (ANYTHING,))
    against = [space for item in later if item.drops or item.doubt for space in item.spaces]
    return settled(opening_items(given), against if passes else (ANYTHING,))


def _rulings(lowering: Lowering, place_id: str) -> tuple[Ruling, ...]:
    key = f"{_NAME} rulings {_place(lowering, place_id).arn}"
    return lowering.memo(key, lambda: rulings(lowering, *_known(lowering, place_id)))


def _otherwise(lowering: Lowering, place_id: str, which: str) -> Item:
    """What becomes of what no rule of a list matches."""
    policy = _known(lowering, place_id)[1]
    if which in (_STATELESS, _ANSWERS):
        return stateless_default(policy)
    default = default_of(policy)
    words = f"{default.value}: drops what no stateful rule passes"
    origin = Origin(policy.policy_arn, words, "stateful default", CODE, policy.name)
    if which == _OPENING:
        strict = default is Default.STRICT
        return Item((ANYTHING,), "" if strict else REST, origin if strict else _QUIET)
    if default is Default.PASS:
        return Item((ANYTHING,), PASSED, _QUIET)
    if default is Default.APPLICATION:
        return Item((ANYTHING,), "application", _QUIET)
    return Item((ANYTHING,), f"{CUT} {REST}", origin, stops=True)


def _names(lowering: Lowering, place_id: str, which: str) -> Names:
    def outcome(said: str) -> str:
        match said.partition(" ")[0]:
            case "stateful" | "default" | "application" | "cut":
                part, _, argument = said.partition(" ")
                return node_name(_NAME, place_id, part, argument)
            case "established":
                return node_name(_NAME, place_id, "rules", f"{_LATER} 0")
            case _:
                return _onward(lowering, place_id)

    return Names(
        outcome,
        lambda number: node_name(_NAME, place_id, "rules", f"{which} {number}"),
        lambda number: node_name(_NAME, place_id, "perhaps", f"{which} {number}"),
    )


def _from(lowering: Lowering, place_id: str, which: str, start: int) -> tuple[Stage, ...]:
    items = _items(lowering, place_id, which)
    otherwise = _otherwise(lowering, place_id, which)
    return first_match(items, start, otherwise, _names(lowering, place_id, which))


def _rules(lowering: Lowering, place_id: str, argument: str) -> tuple[Stage, ...]:
    which, start = argument.split(" ")
    return _from(lowering, place_id, which, int(start))


def _perhaps(lowering: Lowering, place_id: str, argument: str) -> tuple[Stage, ...]:
    which, number = argument.split(" ")
    items = _items(lowering, place_id, which)
    return perhaps(items, int(number), _names(lowering, place_id, which))


# ------------------------------------------------------------------- the stateful engine


def _session(place_id: str) -> str:
    return f"{_NAME} {place_id}"


def _stateful(lowering: Lowering, place_id: str, _: str) -> tuple[Stage, ...]:
    """Replies of what was admitted here pass; anything else is a flow that opens."""
    firewall, policy = _known(lowering, place_id)
    name = firewall.name
    passes = Origin(place_id, "lets the reply of an admitted flow pass", name=name)
    words = "its stateful engine has not seen the flow that this answers (R-NFW-12, R-NFW-5)"
    refused = Origin(place_id, words, "reply", CODE, name)
    words = "its stateful engine does not see the reply, which takes another way (R-NFW-12)"
    unseen = Origin(place_id, words, "reply", CODE, name)
    anything = Rule(ANYTHING, Action.PERMIT, _QUIET)
    reply = Route(ANYTHING, _onward(lowering, place_id), _QUIET, session=_session(place_id))
    return (
        Filter(
            (anything,),
            Rule(ANYTHING, Action.DENY, refused),
            _session(place_id),
            passes,
            opening=True,
            binds=unseen,
        ),
        Forward((reply,)),
        *_weighed(place_id, policy, 0),
        *_from(lowering, place_id, _OPENING, 0),
    )


def _assumptions(policy: FirewallPolicy) -> Iterator[tuple[HeaderSpace, Origin]]:
    """What a policy does besides its rules and that no call tells the outcome of."""
    body = policy.firewall_policy
    inspection = body.tls_inspection_configuration_arn
    if inspection:
        words = "assumed: if it is TLS, TLS inspection lets it pass"
        yield _TCP, Origin(inspection, words, name=policy.name)
    validation = body.route53_resolved_ip_validation
    if validation is not None and validation.action != "ALERT":
        words = "assumed: Route 53 Resolver has answered with the destination, as the policy asks"
        yield ANYTHING, Origin(policy.policy_arn, words, name=policy.name)


def _weighed(place_id: str, policy: FirewallPolicy, number: int) -> tuple[Stage, ...]:
    """The next assumption, for the packets that it is about."""
    return tuple(
        Forward((Route(space, node_name(_NAME, place_id, "assume", str(place)), _QUIET),))
        for place, (space, _) in enumerate(_assumptions(policy))
        if place >= number
    )


def _assume(lowering: Lowering, place_id: str, number: str) -> tuple[Stage, ...]:
    policy = _known(lowering, place_id)[1]
    _, origin = nth([*_assumptions(policy)], int(number))
    onward = node_name(_NAME, place_id, "assumed", str(int(number) + 1))
    return (Choose((Option(onward, origin),)),)


def _assumed(lowering: Lowering, place_id: str, number: str) -> tuple[Stage, ...]:
    policy = _known(lowering, place_id)[1]
    return (
        *_weighed(place_id, policy, int(number)),
        *_from(lowering, place_id, _OPENING, 0),
    )


def _rest(lowering: Lowering, place_id: str, _: str) -> tuple[Stage, ...]:
    """An opening packet that no rule matches: of TCP the later packets are judged as well."""
    policy = _known(lowering, place_id)[1]
    default = default_of(policy)
    names = _names(lowering, place_id, _OPENING)
    judged = default is not Default.PASS or _items(lowering, place_id, _LATER)
    later = Route(_TCP, names.outcome(HANDSHAKE if judged else PASSED), _QUIET)
    if default is Default.ESTABLISHED:
        words = f"{default.value}: drops what no stateful rule passes, but for TCP's handshake"
        refused = Origin(policy.policy_arn, words, "stateful default", CODE, policy.name)
        only_tcp = Filter(
            (Rule(_TCP, Action.PERMIT, _QUIET),), Rule(ANYTHING, Action.DENY, refused)
        )
        return (only_tcp, Forward((later, Route(ANYTHING, names.outcome(""), _QUIET)), _QUIET))
    others = "application" if default is Default.APPLICATION else PASSED
    return (Forward((later, Route(ANYTHING, names.outcome(others), _QUIET)), _QUIET),)


def _application(lowering: Lowering, place_id: str, _: str) -> tuple[Stage, ...]:
    """The page on evaluation order does not say of which packets these default actions are."""
    policy = _known(lowering, place_id)[1]
    words = "assumed: drop_established_app_layer drops nothing of it, though no rule passes it"
    origin = Origin(policy.policy_arn, words, "stateful default", name=policy.name)
    return (Choose((Option(_onward(lowering, place_id), origin),)),)


def _cut(lowering: Lowering, place_id: str, which: str) -> tuple[Stage, ...]:
    """R-NFW-8: this packet passes, and no later one does: the flow is never answered."""
    if which == REST:
        origin = _otherwise(lowering, place_id, _LATER).origin
    else:
        said = f"{CUT} {which}"
        items = _items(lowering, place_id, _LATER)
        origin = first(item.origin for item in items if item.outcome == said)
    passes = Rule(ANYTHING, Action.PERMIT, _QUIET)
    onward = Route(ANYTHING, _onward(lowering, place_id), _QUIET)
    return (Filter((), passes, binds=origin), Forward((onward,), _QUIET))


# ------------------------------------------------------------------- how packets get here


def _enter(lowering: Lowering, endpoint_id: str, subnet: str, vpc: str) -> Entry | None:
    place = firewall_places(lowering.snapshot).get(endpoint_id)
    endpoint = lowering.snapshot.get(VpcEndpoint, endpoint_id)
    if place is None and (endpoint is None or not is_firewalls(lowering.snapshot, endpoint)):
        return None
    part = "unseen" if place is None else "in"
    own = _subnet_of(lowering, endpoint_id)
    return Entry(node_name(_NAME, endpoint_id, part), own, guarded=True)


def _attached(lowering: Lowering, resource: str, attachment: str) -> str | None:
    """R-TGW-19: what a transit gateway hands to a firewall that is attached to it."""
    attachment_id = attachment.partition(" ")[0]
    known = attachment_id in firewall_places(lowering.snapshot)
    return node_name(_NAME, attachment_id, "in" if known else "unseen")


def _unseen(lowering: Lowering, place_id: str, _: str) -> tuple[Stage, ...]:
    words = "is of a firewall that is not in the snapshot"
    return (Unmodelled(lowering.missing(Firewall, place_id, words)),)


def _at_gateway(lowering: Lowering, gateway_id: str, side: str) -> tuple[Stage, ...]:
    """A firewall of an internet gateway inspects all that crosses it, with no route.

    Subnets may be left out.  Those that it opens may get out by it without a public address, as it
    translates (EC2 API, NetworkFirewallAssociation and NetworkFirewallConnectivityType).  In
    monitor mode it denies nothing.  ``side`` of a packet is its end in the VPC.
    """
    gateway = lowering.snapshot.get(InternetGateway, gateway_id) or lowering.snapshot.get(
        EgressOnlyInternetGateway, gateway_id
    )
    attachments = gateway.attachments if gateway is not None else ()
    vpcs = {each.vpc_id for each in attachments if each.vpc_id}
    stages: list[Stage] = []
    for vpc_id, origin, enforces in _crossings(lowering, gateway_id, vpcs):
        spared, opened = (
            HeaderSpace.where(**{side: _treated(lowering, vpc_id, treatments)})
            for treatments in (_SPARED, _OPENED)
        )
        if side == "source" and not opened.is_empty:
            beyond = node_name(_NAME, gateway_id, "translates")
            stages.append(Forward((Route(opened, beyond, _QUIET),)))
        passes, may = Rule(spared, Action.PERMIT, _QUIET), Rule(opened, Action.DOUBT, origin)
        if enforces:
            stages.append(Filter((passes,), replace(may, match=ANYTHING)))
        else:
            stages.append(Filter((may,), replace(passes, match=ANYTHING)))
    return tuple(stages)


def _crossings(
    lowering: Lowering, gateway_id: str, vpcs: Set[str]
) -> Iterator[tuple[str, Origin, bool]]:
    """The firewalls at a gateway by their VPC, and whether they deny, as either call shows it."""
    at: dict[tuple[str, str], bool] = {}
    for vpc_id in sorted(vpcs):
        vpc = lowering.snapshot.get(Vpc, vpc_id)
        for each in vpc.network_firewall_associations if vpc is not None else ():
            at[vpc_id, each.firewall_arn] = each.firewall_mode != "monitor"
    for firewall in lowering.snapshot.records(Firewall):
        vpc_id = firewall.firewall.vpc_id or ""
        if firewall.firewall.igw_firewall_configuration is not None and vpc_id in vpcs:
            at.setdefault((vpc_id, firewall.firewall_arn), True)
    for (vpc_id, arn), enforces in at.items():
        words = f"inspects what crosses {gateway_id}; such firewalls are not modelled yet"
        known = lowering.snapshot.get(Firewall, arn)
        name = known.name if known is not None else ""
        yield vpc_id, Origin(arn, words, code=_UNSUPPORTED, name=name), enforces


def _treated(lowering: Lowering, vpc_id: str, treatments: Container[str | None]) -> Ranges:
    """The addresses of the subnets that such a firewall treats in these ways."""
    own = lowering.index.subnets_by_vpc.get(vpc_id, ())
    chosen = (each for each in own if each.network_firewall_connectivity_type in treatments)
    return Ranges.prefixes(Prefix.parse(b) for each in chosen for b in subnet_blocks(each))


def _translates(lowering: Lowering, gateway_id: str, _: str) -> tuple[Stage, ...]:
    words = "a firewall there lets out what has no public address, which is not modelled yet"
    return (Unmodelled(Origin(gateway_id, words, code=_UNSUPPORTED)),)


def _end(lowering: Lowering, endpoint_id: str) -> End | None:
    """As a destination: whoever is reached by way of it.  It opens no connections (R-GWLBE-2)."""
    entry = _enter(lowering, endpoint_id, "", "")
    if entry is None:
        return None
    words = "is in the way of packets and sends none of its own"
    mute = Origin(endpoint_id, words, code="VPCE_INTRA_VPC_TRAFFIC")
    return End(endpoint_id, goals=None, through=(entry.node,), nobody=mute)


def _passed(lowering: Lowering, arn: str) -> Visit | None:
    """A firewall, and all those that use a policy, in their endpoints and attachments.

    One of an internet gateway, which is not modelled, is none.
    """
    users = {
        each.firewall_arn: each.firewall.igw_firewall_configuration
        for each in lowering.snapshot.records(Firewall)
        if arn in (each.firewall_arn, each.firewall.firewall_policy_arn)
    }
    places = firewall_places(lowering.snapshot).values()
    if not users or any(at_gateway is not None for at_gateway in users.values()):
        return None
    return Visit(resources=frozenset(place.id for place in places if place.arn in users))


def _called(lowering: Lowering) -> Iterator[tuple[str, str]]:
    for place in firewall_places(lowering.snapshot).values():
        firewall = lowering.snapshot.get(Firewall, place.arn)
        yield place.arn, place.id
        if firewall is not None and firewall.name:
            yield firewall.name, place.id


def _label(lowering: Lowering, place_id: str, part: str, _: object) -> tuple[str, str] | None:
    place = firewall_places(lowering.snapshot).get(place_id)
    firewall = lowering.snapshot.get(Firewall, place.arn) if place is not None else None
    return (place_id, firewall.name) if firewall is not None else None


COMPONENT = Component(
    name=_NAME,
    reads=(Firewall, FirewallPolicy, RuleGroup, FirewallEndpointAssociation),
    sections=(
        Section(
            "NetworkFirewalls",
            Firewall,
            "firewall_arn",
            "network-firewall.DescribeFirewall",
            bare=(("Firewall", "FirewallStatus"),),
            asked=(FIREWALL,),
        ),
        Section(
            "NetworkFirewallPolicies",
            FirewallPolicy,
            "policy_arn",
            "network-firewall.DescribeFirewallPolicy",
            bare=(("FirewallPolicyResponse", "FirewallPolicy"),),
            asked=(FIREWALL_POLICY,),
        ),
        Section(
            "NetworkFirewallRuleGroups",
            RuleGroup,
            "group_arn",
            "network-firewall.DescribeRuleGroup",
            bare=(("RuleGroupResponse",),),
            asked=(RULE_GROUP,),
        ),
        Section(
            "NetworkFirewallEndpointAssociations",
            FirewallEndpointAssociation,
            "association_arn",
            "network-firewall.DescribeVpcEndpointAssociation",
            bare=(("VpcEndpointAssociation",),),
            asked=(ENDPOINT_ASSOCIATION,),
        ),
    ),
    nodes={
        "in": _in,
        "rules": _rules,
        "perhaps": _perhaps,
        "stateful": _stateful,
        "assume": _assume,
        "assumed": _assumed,
        "default": _rest,
        "application": _application,
        "cut": _cut,
        "unseen": _unseen,
        "translates": _translates,
    },
    slots={
        "internet_gateway.in": partial(_at_gateway, side="destination"),
        "internet_gateway.out": partial(_at_gateway, side="source"),
        "egress_only_internet_gateway.out": partial(_at_gateway, side="source"),
    },
    targets=(Target("gateway_id", "vpce-", _enter),),
    attached={"network-function": _attached},
    names=_called,
    ends={"vpce-": _end},
    places={"arn:": _passed},
    label=_label,
)
