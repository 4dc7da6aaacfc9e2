"""The stateless engine: rule groups and their rules by ascending priority, first match (R-NFW-3).

A rule looks at one packet (R-NFW-4).  Ports count for TCP and UDP only, flags for TCP only; of the
flags a packet is known to have those with which a connection opens, or is answered, and then those
of its later packets: a rule that drops the first is certain, one that meets only some of them may
match.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum

from reach.component import Lowering
from reach.firewalling.ordered import Item
from reach.network.field import TCP, UDP, format_protocol
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import Origin
from reach.snapshot.firewall_records import (
    AddressDefinition,
    FirewallPolicy,
    FirewallPorts,
    MatchAttributes,
    RuleGroup,
    StatelessRule,
    TcpFlags,
)
from reach.suricata.expression import addresses

CODE = "FIREWALL_RULES_RESTRICTION"
PASSED, STATEFUL, DROPPED = "passed", "stateful", ""
_OUTCOMES = {"aws:pass": PASSED, "aws:forward_to_sfe": STATEFUL, "aws:drop": DROPPED}
_VERBS = {PASSED: "passes", STATEFUL: "forwards to the stateful engine", DROPPED: "drops"}
_PORTED = Ranges.of(TCP, UDP)
_ALL_FLAGS = frozenset(("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"))


class Direction(Enum):
    """The flags of a TCP connection's packets one way: of the first, and of the later ones."""

    OPENING = (frozenset({"SYN"}), frozenset({"ACK"}), frozenset({"PSH", "ACK"}))
    ANSWERING = (frozenset({"SYN", "ACK"}), frozenset({"ACK"}), frozenset({"PSH", "ACK"}))


def looks_at_flags(lowering: Lowering, policy: FirewallPolicy) -> bool:
    """Whether openings and answers are to be told apart."""
    return any(
        match.tcp_flags
        for _, group in _groups(lowering, policy)
        if group is not None
        for rule in _rules(group)
        if (match := rule.rule_definition.match_attributes) is not None
    )


def stateless_items(
    lowering: Lowering, policy: FirewallPolicy, direction: Direction
) -> tuple[Item, ...]:
    """All rules in order, for packets of one direction."""
    found: list[Item] = []
    for arn, group in _groups(lowering, policy):
        if group is None:
            words = "the rules of this group are not known"
            gap = lowering.missing(RuleGroup, arn, words)
            found.append(Item((ANYTHING,), PASSED, gap, doubt=True))
            continue
        odd = _odd(group)
        if odd:
            found.append(_untold(group, odd))
            continue
        for rule in sorted(_rules(group), key=lambda rule: rule.priority or 0):
            found += _items(group, rule, direction)
    return tuple(found)


def are_ordered(priorities: Sequence[int | None]) -> bool:
    """Whether things are in an order: each has a priority, and none that another one has."""
    return len(priorities) < 2 or (
        None not in priorities and len(set(priorities)) == len(priorities)
    )


def _odd(group: RuleGroup) -> str:
    """Why nobody can tell what a group's rules do as a whole; '' if one can."""
    assert group.rule_group is not None
    if group.rule_group_response.type not in ("STATELESS", ""):
        return f"is a group of type {group.rule_group_response.type}, not of stateless rules"
    if group.rule_group.rules_source.stateless_rules_and_custom_actions is None:
        return "prints no stateless rules"
    if not are_ordered([rule.priority for rule in _rules(group)]):
        return "the order of its rules is not known: each has a priority of its own"
    return ""


def _untold(group: RuleGroup, words: str, locator: str = "") -> Item:
    gap = Origin(group.group_arn, words, locator, "", group.name)
    return Item((ANYTHING,), PASSED, gap, doubt=True)


def stateless_default(policy: FirewallPolicy) -> Item:
    """What becomes of a packet that no rule matches."""
    outcome = _outcome(policy.firewall_policy.stateless_default_actions)
    words = f"{_VERBS[outcome]} what no stateless rule matches"
    code = "" if outcome else CODE
    origin = Origin(policy.policy_arn, words, "stateless default", code, policy.name)
    return Item((ANYTHING,), outcome, origin)


def _groups(lowering: Lowering, policy: FirewallPolicy) -> Iterator[tuple[str, RuleGroup | None]]:
    body = policy.firewall_policy
    for each in sorted(body.stateless_rule_group_references, key=lambda ref: ref.priority or 0):
        group = lowering.snapshot.get(RuleGroup, each.resource_arn)
        known = group is not None and group.rule_group is not None
        yield each.resource_arn, group if known else None


def _rules(group: RuleGroup) -> tuple[StatelessRule, ...]:
    assert group.rule_group is not None
    source = group.rule_group.rules_source.stateless_rules_and_custom_actions
    return source.stateless_rules if source is not None else ()


def _outcome(actions: Iterable[str]) -> str:
    """The one standard action; names of custom actions, which publish a metric, stand beside it."""
    return next((_OUTCOMES[action] for action in actions if action in _OUTCOMES), STATEFUL)


def _items(group: RuleGroup, rule: StatelessRule, direction: Direction) -> Iterator[Item]:
    actions, match = rule.rule_definition.actions, rule.rule_definition.match_attributes
    locator = f"stateless rule {rule.priority}"
    strange = [each for each in actions if each.startswith("aws:") and each not in _OUTCOMES]
    if match is None or strange or sum(each in _OUTCOMES for each in actions) != 1:
        shown = ", ".join(actions) if match is not None else "no attributes"
        yield _untold(group, f"what a rule does is not known ({shown or 'no action'})", locator)
        return
    outcome = _outcome(actions)
    try:
        flagged, plain = _spaces(match)
    except ValueError as error:
        yield _untold(group, f"a rule cannot be read ({error})", locator)
        return
    code = "" if outcome else CODE
    words = f"{_VERBS[outcome]} {_words(match)}"
    origin = Origin(group.group_arn, words, locator, code, group.name, record=rule)
    if plain:
        yield Item(plain, outcome, origin)
    met = [_has(match.tcp_flags, flags) for flags in direction.value]
    if not flagged or not any(met):
        return
    if all(met) or (met[0] and not outcome):
        yield Item(flagged, outcome, origin)
        return
    about = f"this rule ({words}) "
    no = Origin(group.group_arn, f"assumed: {about}does not match", locator, code, group.name)
    yield Item(flagged, outcome, no, certain=False, matches=f"assumed: {about}matches")


def _spaces(
    match: MatchAttributes,
) -> tuple[tuple[HeaderSpace, ...], tuple[HeaderSpace, ...]]:
    """The headers whose flags count as well, and those that need no more."""
    ends = HeaderSpace.where(
        source=_addresses(match.sources), destination=_addresses(match.destinations)
    )
    ports = HeaderSpace.where(
        source_port=_ports(match.source_ports), destination_port=_ports(match.destination_ports)
    )
    protocols = Ranges.of(*match.protocols) if match.protocols else Ranges.span(0, 255)
    if not match.protocols and not ports.fields and not match.tcp_flags:
        return (), (ends,)
    parts = []
    for wanted, narrowed in ((_PORTED, ends & ports), (Ranges.span(0, 255) - _PORTED, ends)):
        space = narrowed & HeaderSpace.where(protocol=protocols & wanted)
        if not space.is_empty:
            parts.append(space)
    if not match.tcp_flags:
        return (), tuple(parts)
    tcp = HeaderSpace.where(protocol=Ranges.of(TCP))
    others = HeaderSpace.where(protocol=Ranges.span(0, 255) - Ranges.of(TCP))
    return _within(parts, tcp), _within(parts, others)


def _within(spaces: Iterable[HeaderSpace], limit: HeaderSpace) -> tuple[HeaderSpace, ...]:
    narrowed = (space & limit for space in spaces)
    return tuple(space for space in narrowed if not space.is_empty)


def _addresses(given: tuple[AddressDefinition, ...]) -> Ranges | None:
    """None: any."""
    if not given:
        return None
    known = (addresses(each.address_definition).values for each in given)
    return Ranges.any_of(known)


def _ports(given: tuple[FirewallPorts, ...]) -> Ranges | None:
    return Ranges.union((p.from_port, p.to_port) for p in given) if given else None


def _has(fields: tuple[TcpFlags, ...], flags: frozenset[str]) -> bool:
    """Whether a packet with these flags matches one of the fields."""
    if not fields:
        return True
    return any(
        flags & (frozenset(each.masks) or _ALL_FLAGS) == frozenset(each.flags) for each in fields
    )


def _words(match: MatchAttributes) -> str:
    """``tcp from 10.0.0.0/8 to any port 443``."""
    what = "/".join(format_protocol(number) for number in match.protocols) or "any protocol"
    flags = " or ".join("+".join(each.flags) or "no flag" for each in match.tcp_flags)
    ends = []
    for way, given, ports in (
        ("from", match.sources, match.source_ports),
        ("to", match.destinations, match.destination_ports),
    ):
        shown = ", ".join(each.address_definition for each in given) or "any"
        ends.append(f"{way} {shown}{_shown(ports)}")
    return f"{what}{f' with {flags}' if flags else ''} {' '.join(ends)}"


def _shown(ports: tuple[FirewallPorts, ...]) -> str:
    spans = [
        f"{p.from_port}" if p.from_port == p.to_port else f"{p.from_port}-{p.to_port}"
        for p in ports
    ]
    return f" port {', '.join(spans)}" if spans else ""
