"""The stateful engine: rules in the order in which they count, and what becomes of the rest.

By action (R-NFW-6): all that passes, then all that drops or rejects, whatever their groups; alerts
decide nothing.  In strict order (R-NFW-7): groups by ascending priority, rules as they are listed.
A pass of one packet passes the rest of its flow (R-NFW-11).

A flow is judged by the packet that opens it, and a TCP flow, unless that was passed, once more by
its later packets: those may be dropped though the first was not (R-NFW-8).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from reach.component import Lowering
from reach.firewalling.ordered import Item
from reach.firewalling.stateless import CODE, PASSED, are_ordered
from reach.firewalling.variables import Variables
from reach.network.field import TCP
from reach.network.header_space import HeaderSpace, Ranges
from reach.network.stage import Origin
from reach.snapshot.firewall_records import (
    DomainList,
    Firewall,
    FirewallPolicy,
    RuleGroup,
    StatefulReference,
    StatefulRule,
)
from reach.suricata.signature import (
    Head,
    Options,
    Reading,
    Signature,
    Verb,
    When,
    parse,
    rules,
    signature,
)

HANDSHAKE = "established"  # the opening packet passes, and later ones are judged for themselves
REST = "default"
CUT = "cut"
_ANYTHING = (HeaderSpace(),)
_TCP = HeaderSpace.where(protocol=Ranges.of(TCP))
_QUOTED = 160
_KINDS = ("STATEFUL", "STATEFUL_DOMAIN", "")
# What the rules of a domain list do; those that alert decide nothing.
_LISTS = {"ALLOWLIST": "pass", "DENYLIST": "drop", "REJECTLIST": "reject", "ALERTLIST": ""}
_WAYS = {"ANY": "<>", "FORWARD": "->"}


class Default(Enum):
    """What the policy does with what no rule matches."""

    PASS = "pass"
    STRICT = "drop_strict"
    ESTABLISHED = "drop_established"
    APPLICATION = "drop_established_app_layer"


@dataclass(frozen=True, slots=True)
class Ruling:
    """A rule and who says so; without a signature, that nobody can tell what stands there.

    ``assumed`` are words for a group whose rules no call tells: it may drop anything.
    """

    origin: Origin
    signature: Signature | None = None
    assumed: str = ""


_ORDERS = ("default_action_order", "strict_order")
# The API's FirewallPolicy.
_STATELESS = ("aws:pass", "aws:drop", "aws:forward_to_sfe")
_STATEFUL = tuple(
    f"aws:{does}_{what}"
    for does in ("drop", "alert")
    for what in (
        *("strict", "established"),
        *("established_app_layer", "established_app_layer_to_server"),
    )
)


def is_strict(policy: FirewallPolicy) -> bool:
    options = policy.firewall_policy.stateful_engine_options
    return options is not None and options.rule_order == "STRICT_ORDER"


def strange_word(policy: FirewallPolicy) -> str:
    """What a policy says in a word that AWS does not have there; '' if it says no such thing."""
    body = policy.firewall_policy
    options = body.stateful_engine_options
    order = (options.rule_order if options is not None else None) or _ORDERS[0]
    if order.lower() not in _ORDERS:
        return f"its rule order is {order!r}"
    if not body.stateless_default_actions:
        return "it has no stateless default actions, which AWS always prints"
    said = (
        *(each for each in body.stateless_default_actions if each not in _STATELESS),
        *(each for each in body.stateful_default_actions if each not in _STATEFUL),
    )
    # Custom actions have names of their own.
    word = next((each for each in said if each.startswith("aws:")), "")
    if word:
        return f"a default action of it is {word!r}"
    if not any(each in _STATELESS for each in body.stateless_default_actions):
        return "its stateless default actions are none of AWS's own"
    stateless = [each.priority for each in body.stateless_rule_group_references]
    stateful = [each.priority for each in body.stateful_rule_group_references]
    if not are_ordered(stateless) or (is_strict(policy) and not are_ordered(stateful)):
        return "in which order its rule groups count: each has a priority of its own"
    return ""


def default_of(policy: FirewallPolicy) -> Default:
    """Default actions count in strict order only; those that alert decide nothing."""
    actions = policy.firewall_policy.stateful_default_actions if is_strict(policy) else ()
    if "aws:drop_strict" in actions:
        return Default.STRICT
    if "aws:drop_established" in actions:
        return Default.ESTABLISHED
    if any(action.startswith("aws:drop_established_app_layer") for action in actions):
        return Default.APPLICATION
    return Default.PASS


def rulings(lowering: Lowering, firewall: Firewall, policy: FirewallPolicy) -> tuple[Ruling, ...]:
    """All rules that decide anything, in the order in which they count."""
    references = [*policy.firewall_policy.stateful_rule_group_references]
    strict = is_strict(policy)
    if strict:
        references.sort(key=lambda each: each.priority or 0)
    groups = [tuple(_of_group(lowering, firewall, policy, each)) for each in references]
    if strict:
        return tuple(ruling for group in groups for ruling in group)
    across = lowering.option("firewall-priority") == "across-groups"
    placed = [
        ((_class(ruling), 0 if across else place, _priority(ruling)), ruling)
        for place, group in enumerate(groups)
        for ruling in group
    ]
    return tuple(ruling for _, ruling in sorted(placed, key=lambda pair: pair[0]))


def _class(ruling: Ruling) -> int:
    """R-NFW-6: what passes goes first; what nobody can tell may pass as well."""
    if ruling.signature is None:
        return 2 if ruling.assumed else 1
    return 0 if ruling.signature.verb is Verb.PASS else 2


def _priority(ruling: Ruling) -> int:
    return ruling.signature.priority if ruling.signature is not None else 0


# ------------------------------------------------------------------- rule groups


def _of_group(
    lowering: Lowering, firewall: Firewall, policy: FirewallPolicy, each: StatefulReference
) -> Iterator[Ruling]:
    arn = each.resource_arn
    group = lowering.snapshot.get(RuleGroup, arn)
    override = (each.override.action if each.override is not None else None) or ""
    only_alerts = override == "DROP_TO_ALERT"
    if override and not only_alerts:
        words = f"what the override {override!r} does to its rules is not known"
        yield Ruling(Origin(arn, words, code="UNKNOWN_RESOURCE"))
        return
    if group is None or group.rule_group is None:
        if not _is_managed(arn):
            gap = lowering.missing(RuleGroup, arn, "the rules of this group are not known")
            yield Ruling(gap)
        elif not only_alerts:
            words = "assumed: no rule of this managed group drops it"
            yield Ruling(Origin(arn, words, name=arn.rpartition("/")[2]), assumed=words)
        return
    if group.rule_group_response.type not in _KINDS:
        words = f"is a group of type {group.rule_group_response.type}, which is not modelled yet"
        yield Ruling(Origin(arn, words, code="UNSUPPORTED_COMPONENT", name=group.name))
        return
    if not group.rule_group.rules_source.says_stateful:
        yield Ruling(Origin(arn, "prints no stateful rules", name=group.name))
        return
    variables = Variables(lowering, firewall, policy, group.rule_group)
    for ruling in _of_source(group, variables, strict=is_strict(policy)):
        read = ruling.signature
        alerts = read is not None and read.verb is Verb.ALERT
        if not alerts and not (only_alerts and read is not None and read.verb is Verb.DROP):
            yield ruling


def _is_managed(arn: str) -> bool:
    """A group of AWS's or of a vendor's; its ARN names no account, and no call prints its rules."""
    parts = arn.split(":")
    return len(parts) > 4 and not parts[4].isdigit()


def _of_source(group: RuleGroup, variables: Variables, *, strict: bool) -> Iterator[Ruling]:
    assert group.rule_group is not None
    source = group.rule_group.rules_source
    for text in rules(source.rules_string or ""):
        yield _written(group, variables, text)
    for number, rule in enumerate(source.stateful_rules or (), 1):
        head, options = _structured(rule)
        sid = dict(options).get("sid", "")
        locator = f"rule sid {sid}" if sid else f"stateful rule {number}"
        read = _read(group, variables, head, options, f"{head}", locator)
        yield replace(read, origin=replace(read.origin, record=rule))
    if source.rules_source_list is not None:
        listed = source.rules_source_list
        if listed.generated_rules_type not in _LISTS or not listed.target_types:
            words = f"what its list of domains does is not known: {listed.generated_rules_type!r}"
            yield Ruling(Origin(group.group_arn, words, "domain list", name=group.name))
        for head, options, shown in _generated(listed, strict=strict):
            yield _read(group, variables, head, options, shown, "domain list")


def _written(group: RuleGroup, variables: Variables, text: str) -> Ruling:
    try:
        head, options = parse(text)
    except ValueError as error:
        words = f"a rule cannot be read ({error}): {text[:_QUOTED]}"
        return Ruling(Origin(group.group_arn, words, name=group.name))
    sid = dict(options).get("sid", "")
    return _read(group, variables, head, options, text, f"rule sid {sid}" if sid else "rule")


def _structured(rule: StatefulRule) -> tuple[Head, Options]:
    """R-NFW-9: a 5-tuple rule is Suricata's in other words."""
    header = rule.header
    way = _WAYS.get(header.direction.upper(), header.direction or "''")
    ends = (header.source, header.source_port, way, header.destination, header.destination_port)
    head = Head(rule.action.lower(), header.protocol.lower(), *ends)
    options = ((each.keyword.lower(), ",".join(each.settings)) for each in rule.rule_options)
    return head, tuple(options)


def _generated(listed: DomainList, *, strict: bool) -> Iterator[tuple[Head, Options, str]]:
    """R-NFW-10: what a domain list becomes: from HOME_NET, and for HTTP and TLS only.

    An allow list denies what it does not hold in the order by action only.
    """
    kinds = {"TLS_SNI": "tls", "HTTP_HOST": "http"}
    protocols = [kinds.get(each, "ip") for each in listed.target_types]
    ends = ("$HOME_NET", "any", "->", "$EXTERNAL_NET", "any")
    action = _LISTS.get(listed.generated_rules_type)
    if not action:
        return
    domains = ", ".join(listed.targets)
    about = (("content", domains),)
    for protocol in protocols:
        head = Head(action, protocol, *ends)
        yield head, about, f"{head}, to {domains}"
    if action == "pass" and not strict:
        for protocol in protocols:
            if protocol != "ip":
                head = Head("drop", protocol, *ends)
                yield head, about, f"{head}, to others than {domains}"


def _read(
    group: RuleGroup,
    variables: Variables,
    head: Head,
    options: Options,
    text: str,
    locator: str,
) -> Ruling:
    try:
        read = signature(head, options, variables.address, variables.port, text)
    except ValueError as error:
        words = f"a rule cannot be read ({error}): {text[:_QUOTED]}"
        return Ruling(Origin(group.group_arn, words, locator, name=group.name))
    code = CODE if read.verb is Verb.DROP else ""
    does = "drops" if read.verb is Verb.DROP else "passes"
    return Ruling(Origin(group.group_arn, f"{does}: {head}", locator, code, group.name), read)


# ------------------------------------------------------------------- as ordered rules


def opening_items(given: Iterable[Ruling]) -> tuple[Item, ...]:
    """What becomes of the packet that opens a flow."""
    found: list[Item] = []
    for ruling in given:
        read = ruling.signature
        if read is None:
            found.append(_untold(ruling))
            continue
        for reading in read.readings:
            if reading.when is When.LATER:
                continue
            passes = HANDSHAKE if reading.when is When.HANDSHAKE else PASSED
            outcome = passes if read.verb is Verb.PASS else ""
            found.append(_item(ruling, read, reading, outcome))
    return tuple(found)


def later_items(given: Iterable[Ruling]) -> tuple[Item, ...]:
    """What becomes of the later packets of a TCP flow that no rule has passed as a whole."""
    found: list[Item] = []
    for ruling in given:
        read = ruling.signature
        if read is None:
            found.append(_untold(ruling))
            continue
        for reading in read.readings:
            spaces = tuple(space & _TCP for space in reading.spaces)
            narrowed = replace(reading, spaces=tuple(s for s in spaces if not s.is_empty))
            if reading.when is When.HANDSHAKE or not narrowed.spaces:
                continue
            if read.verb is Verb.PASS:
                found.append(_item(ruling, read, narrowed, PASSED))
            else:
                cut = _item(ruling, read, narrowed, f"{CUT} {len(found)}")
                found.append(replace(cut, stops=True))
    return tuple(found)


def _untold(ruling: Ruling) -> Item:
    if ruling.assumed:
        return Item(_ANYTHING, "", ruling.origin, certain=False)
    return Item(_ANYTHING, PASSED, ruling.origin, doubt=True)


def _item(ruling: Ruling, read: Signature, reading: Reading, outcome: str) -> Item:
    origin = ruling.origin
    if read.missing:
        gap = replace(origin, words=f"{origin.words}: {read.unknown}", code="")
        return Item(reading.spaces, PASSED, gap, doubt=True)
    if reading.certain:
        return Item(reading.spaces, outcome, origin)
    text = read.text if len(read.text) <= _QUOTED else f"{read.text[:_QUOTED]}..."
    why = f" ({read.unknown})" if read.unknown else ""
    no = replace(origin, words=f"assumed: this rule does not match{why}: {text}", code="")
    yes = f"assumed: this rule matches{why}: {text}"
    return Item(reading.spaces, outcome, no, certain=False, matches=yes)
