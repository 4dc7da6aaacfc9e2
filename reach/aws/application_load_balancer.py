"""Application Load Balancers: HTTP listeners that end the client's connection and open their own.

A node stands in each enabled subnet while the balancer is active (R-LB-1).  Its groups filter
clients on the way in and targets on the way out (R-ALB-1).  A listener tries its rules by priority;
what looks at the content of a request is a *may*, a source address is not.  The action forwards to
a target of a group (R-LB-3), or answers the client itself: a redirect, a fixed response, a sign-in.
The target sees the node's own address and a fresh port (R-LB-2, R-EPH-3), and the balancer's groups
as sender (R-SG-21); its reply returns to the node and goes to the client by the node's own subnet,
so targets need no way to the internet, and an internet-facing balancer does (R-LB-7).  Nodes use
targets of all enabled zones unless the group says otherwise (R-LB-4).  A node answers a ping if its
groups let it in, and forwards none (R-ALB-2; AWS: "Security groups for your Application Load
Balancer").

Without describe-rules the default action is taken, as an assumption; where other target groups say
that the balancer uses them, a rule that is not known may lead there: undecided.

Implements: R-LB-1 R-LB-2 R-LB-3 R-LB-4 R-LB-5 R-LB-6 R-LB-7 R-ALB-1 R-ALB-2 R-ALB-3 R-ALB-4
R-SG-21 R-EPH-1 R-EPH-3 R-ENI-9 R-ENI-10
Not modelled: which request a client sends; functions as targets are reached at the balancer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reach.balancing.joins import balancers
from reach.balancing.kind import Kind, Known
from reach.balancing.listening import (
    AnyListener,
    active,
    all_targets,
    balancer_end,
    besides,
    forwards_to,
    group,
    listener,
    names,
    nobody_registered,
    node_at,
    pick,
    to_groups,
    to_listeners,
    to_targets,
    unknown_balancer,
    untold_targets,
)
from reach.balancing.node import QUIET, Node
from reach.balancing.parts import nodes_of_parts
from reach.balancing.picking import entering, nowhere
from reach.balancing.sending import answers_itself, emit, no_address, proxied, returning
from reach.component import Component, Lowering
from reach.gone import held, nth
from reach.network.address import Prefix
from reach.network.field import ICMP, ICMPV6
from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Choose,
    Forward,
    Option,
    Route,
    Stage,
    Translate,
    Unmodelled,
)
from reach.snapshot.balancer_records import (
    Action,
    BalancerRule,
    Condition,
    ListenerRules,
    LoadBalancer,
    Rule,
    TargetGroup,
)
from reach.snapshot.balancer_sections import ELBV2
from reach.snapshot.balancers import APPLICATION
from reach.snapshot.records import NetworkInterface

_NAME = "application_load_balancer"
_TYPE = "application"
_DEFAULT = "default"
_PINGS = (
    HeaderSpace.where(protocol=Ranges.of(ICMP), icmp_type=Ranges.of(8)),
    HeaderSpace.where(protocol=Ranges.of(ICMPV6), icmp_type=Ranges.of(128)),
)
# Values with which a condition looks at nothing.
_ANY_VALUE = {"path-pattern": ("*", "/*"), "host-header": ("*",)}
AnyRule = BalancerRule | Rule


def _at(lowering: Lowering, interface_id: str) -> Node:
    return node_at(lowering, _NAME, interface_id)[0]


def _known(lowering: Lowering, interface_id: str) -> tuple[Node, LoadBalancer]:
    at, balancer = node_at(lowering, _NAME, interface_id)
    balancer = held(balancer)
    return at, balancer


def _admit(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    """What is sent to the node's own address: replies first, then clients."""
    at, balancer = node_at(lowering, _NAME, interface_id)
    if balancer is None:
        return unknown_balancer(lowering, at)
    replies = (
        Route(ANYTHING, at.part("reply"), QUIET, session=at.session),
        Route(ANYTHING, at.part("home"), QUIET, session=at.opened),
    )
    pings = tuple(Route(ping, at.part("itself"), QUIET) for ping in _PINGS)
    return (
        *lowering.slot("network_interface.state", interface_id),
        *active(at, balancer),
        Forward(replies),
        *lowering.slot("network_interface.ingress", interface_id),
        Forward(pings),
        *to_listeners(lowering, at, balancer, lambda arn: at.part("listener", arn)),
    )


# ------------------------------------------------------------------- rules


def _listener(lowering: Lowering, interface_id: str, arn: str) -> tuple[Stage, ...]:
    at, balancer = _known(lowering, interface_id)
    if balancers(lowering).rules(arn) is not None:
        return (Forward((Route(ANYTHING, at.part("rules", f"{arn} 0"), QUIET),), QUIET),)
    words = "assumed: no rule takes the request before the default action (there is no answer of"
    origin = at.says(f"{words} describe-rules)", "listener")
    options = [Option(at.part("action", f"{arn} {_DEFAULT}"), origin)]
    if _hidden_groups(lowering, balancer):
        options.append(Option(at.part("unseen", arn), at.says("assumed: a rule takes it")))
    return (Choose(tuple(options)),)


def _hidden_groups(lowering: Lowering, balancer: LoadBalancer) -> list[str]:
    """Target groups that say that the balancer uses them, where no known action does."""
    used = {arn for each in _actions(lowering, balancer) for arn in forwards_to(each)}
    own = balancers(lowering).groups_of(balancer)
    return [each.target_group_arn for each in own if each.target_group_arn not in used]


def _unseen(lowering: Lowering, interface_id: str, arn: str) -> tuple[Stage, ...]:
    at = _at(lowering, interface_id)
    words = f"which rules the listener {arn.rpartition('/')[2]} of {at.name} has is not known"
    return (Unmodelled(lowering.missing(ListenerRules, at.balancer, words)),)


def _tried(lowering: Lowering, arn: str) -> list[AnyRule]:
    """The rules that are tried before the default action."""
    known = balancers(lowering).rules(arn) or ()
    return [rule for rule in known if not rule.is_default and rule.priority != _DEFAULT]


def _rules(lowering: Lowering, interface_id: str, argument: str) -> tuple[Stage, ...]:
    """The rules from one on.

    Those that look at content may each take the request; one that looks at the source address
    takes all from there.
    """
    arn, first = argument.split(" ")
    at, rules = _at(lowering, interface_id), _tried(lowering, arn)
    number = int(first)
    run = number
    while run < len(rules) and _looks_at_content(rules[run]) and _sources(rules[run]) is None:
        run += 1
    after = "action" if run == len(rules) else "rules"
    onward = at.part(after, f"{arn} {_DEFAULT if run == len(rules) else run}")
    if run > number:
        taken = [_takes(at, arn, n, rules[n]) for n in range(number, run)]
        passed = at.says("assumed: the request meets none of the rules that are tried first")
        return (Choose((*taken, Option(onward, passed))),)
    if run == len(rules):
        return (Forward((Route(ANYTHING, onward, QUIET),), QUIET),)
    rule, rest = nth(rules, run), at.part("rules", f"{arn} {run + 1}")
    part = "perhaps" if _looks_at_content(rule) else "action"
    match = HeaderSpace.where(source=_sources(rule))
    met = Route(match, at.part(part, f"{arn} {run}"), at.says(f"rule {rule.priority} takes it"))
    return (Forward((met, Route(ANYTHING, rest, QUIET)), QUIET),)


def _takes(at: Node, arn: str, number: int, rule: AnyRule) -> Option:
    words = f"assumed: the request meets rule {rule.priority} ({_shown(rule)})"
    return Option(at.part("action", f"{arn} {number}"), at.says(words, f"rule {rule.priority}"))


def _perhaps(lowering: Lowering, interface_id: str, argument: str) -> tuple[Stage, ...]:
    """A rule whose source address matches, and that looks at the content as well."""
    arn, first = argument.split(" ")
    at, number = _at(lowering, interface_id), int(first)
    rule = nth(_tried(lowering, arn), number)
    passed = at.says(f"assumed: the request does not meet rule {rule.priority}")
    rest = at.part("rules", f"{arn} {number + 1}")
    return (Choose((_takes(at, arn, number, rule), Option(rest, passed))),)


def _values(condition: Condition) -> tuple[str, ...]:
    configs = (
        condition.source_ip_config,
        condition.path_pattern_config,
        condition.host_header_config,
    )
    told = next((each.values for each in configs if each is not None and each.values), ())
    return condition.values or told


def _looks_at_content(rule: AnyRule) -> bool:
    return any(
        _blocks(condition) is None
        and not set(_values(condition)) & set(_ANY_VALUE.get(condition.field, ()))
        for condition in rule.conditions
    )


def _blocks(condition: Condition) -> Ranges | None:
    """The client addresses that a condition asks for; None if it asks for none, or in a way that
    is not understood: then the rule may match any."""
    if condition.field != "source-ip":
        return None
    try:
        return Ranges.prefixes(map(Prefix.parse, _values(condition)))
    except ValueError:
        return None


def _sources(rule: AnyRule) -> Ranges | None:
    """The client addresses that a rule asks for; None if it does not."""
    found: Ranges | None = None
    for condition in rule.conditions:
        named = _blocks(condition)
        if named is not None:
            found = named if found is None else found & named
    return found


def _shown(rule: AnyRule) -> str:
    parts = (f"{each.field} {', '.join(_values(each))}".strip() for each in rule.conditions)
    return "; ".join(parts)


# ------------------------------------------------------------------- actions


def _actions_of(lowering: Lowering, balancer: LoadBalancer, argument: str) -> list[Action]:
    """A rule's actions, or the listener's default ones, in their order."""
    arn, number = argument.split(" ")
    if number == _DEFAULT:
        found = listener(lowering, balancer, arn).default_actions
    else:
        found = nth(_tried(lowering, arn), int(number)).actions
    return sorted(found, key=lambda action: action.order or 0)


def _action(lowering: Lowering, interface_id: str, argument: str) -> tuple[Stage, ...]:
    """What checks the client comes before what is done for it."""
    at, balancer = _known(lowering, interface_id)
    actions = _actions_of(lowering, balancer, argument)
    last = at.part("last", argument)
    if not any(_checks_client(action) for action in actions[:-1]):
        return (Forward((Route(ANYTHING, last, QUIET),), QUIET),)
    known = at.says("assumed: the client is signed in")
    unknown = at.says("assumed: the client is not signed in, and the balancer answers it")
    return (Choose((Option(last, known), Option(at.part("itself"), unknown))),)


def _checks_client(action: Action) -> bool:
    if action.type == "jwt-validation":
        return True
    if not action.type.startswith("authenticate-"):
        return False
    config = action.authenticate_oidc_config or action.authenticate_cognito_config
    return config is None or config.on_unauthenticated_request != "allow"


def _last(lowering: Lowering, interface_id: str, argument: str) -> tuple[Stage, ...]:
    at, balancer = _known(lowering, interface_id)
    actions = _actions_of(lowering, balancer, argument)
    done = actions[-1] if actions else Action()
    if done.type in ("redirect", "fixed-response"):
        return (answers_itself(at, f"answers the client itself ({done.type})"),)
    if done.type == "forward" or (not done.type and forwards_to(done) != ("",)):
        return (to_groups(at, forwards_to(done), lambda arn: at.part("group", arn)),)
    return (Unmodelled(at.says(f"takes the action {done.type!r}, which is not known")),)


def _itself(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    return (answers_itself(_at(lowering, interface_id), "answers the client itself"),)


# ------------------------------------------------------------------- on to a target


def _group(lowering: Lowering, interface_id: str, arn: str) -> tuple[Stage, ...]:
    at, balancer = _known(lowering, interface_id)
    of = group(lowering, arn)
    if isinstance(of, TargetGroup) and of.target_type == "lambda":
        return (_function(lowering, at, of),)
    return (to_targets(lowering, at, balancer, arn, lambda n: at.part("target", f"{arn} {n}")),)


def _function(lowering: Lowering, at: Node, of: TargetGroup) -> Stage:
    """A function is called, not sent a packet: the client's connection ends at the balancer."""
    targets = balancers(lowering).targets(of)
    if targets is None:
        return Unmodelled(untold_targets(lowering, of))
    if not targets:
        return Forward((), nobody_registered(at, of.target_group_arn))
    return answers_itself(at, f"answers with what the function {targets[0].id} returns")


def _target(lowering: Lowering, interface_id: str, argument: str) -> tuple[Stage, ...]:
    """R-ALB-1, R-LB-2: a connection of the balancer's own."""
    arn, number = argument.split(" ")
    at, balancer = _known(lowering, interface_id)
    found = pick(lowering, at, balancer, arn, int(number))
    if not found.is_placed:
        return (nowhere(found),)
    return (
        *entering(found),
        Translate(proxied(at, found), no_address(at), at.session),
        *lowering.slot("network_interface.egress", interface_id),
        emit(at),
    )


def _reply(lowering: Lowering, interface_id: str, _: str) -> tuple[Stage, ...]:
    at = _at(lowering, interface_id)
    return returning(lowering, at, at.session)


# ------------------------------------------------------------------- all targets, ends


def _actions(lowering: Lowering, balancer: LoadBalancer) -> Iterator[Action]:
    """Every action that is known of any listener."""
    known: Sequence[AnyListener] = balancers(lowering).listeners(balancer.load_balancer_arn) or ()
    for each in known:
        yield from each.default_actions
        for rule in balancers(lowering).rules(each.listener_arn) or ():
            yield from rule.actions


def _targets(lowering: Lowering, interface: NetworkInterface) -> Known | None:
    """Everything that a node may send to; None if that is not known."""
    balancer = balancers(lowering).balancer_of(interface)
    if balancer is None:
        return None
    known = balancers(lowering).listeners(balancer.load_balancer_arn)
    if known is None:
        return None
    arns = [arn for each in _actions(lowering, balancer) for arn in forwards_to(each)]
    if any(balancers(lowering).rules(each.listener_arn) is None for each in known):
        arns += _hidden_groups(lowering, balancer)
    return all_targets(lowering, balancer, arns)


_KIND = Kind(_NAME, APPLICATION, _at, _targets)

COMPONENT = Component(
    name=_NAME,
    sections=ELBV2,
    reads=(LoadBalancer, TargetGroup),
    nodes={
        "admit": _admit,
        "listener": _listener,
        "unseen": _unseen,
        "rules": _rules,
        "perhaps": _perhaps,
        "action": _action,
        "last": _last,
        "itself": _itself,
        "group": _group,
        "target": _target,
        "reply": _reply,
        "open": _KIND.open,
        "home": _KIND.home,
        "answer": _KIND.answer,
    },
    interface_types=("interface", "load_balancer"),
    interface_node=_KIND.interface_node,
    senders=_KIND.senders,
    names=lambda lowering: names(lowering, _TYPE),
    places=nodes_of_parts(_NAME, _TYPE),
    ends={"arn:": lambda lowering, arn: balancer_end(lowering, _TYPE, arn)},
    aliases=_KIND.aliases,
    label=_KIND.label,
    besides=lambda lowering, denial: besides(lowering, denial, _TYPE),
)
