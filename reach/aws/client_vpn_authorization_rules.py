"""Authorization rules of Client VPN endpoints: which clients may go where.

A rule opens a block to every client, or to a group of them.  The most specific rules that cover the
destination decide alone: a narrower rule for one group takes from another what a wider one gives
it, and 0.0.0.0/0 comes last (R-CVPN-4).  Without a rule nobody passes (R-CVPN-1).  Who asks without
a group passes a group's rule on the assumption that the client is in it.

Implements: R-CVPN-1 R-CVPN-4
Not modelled: who is in which group, the client connect handler of an endpoint.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote

from reach.component import Component, Lowering, node_name
from reach.network.address import Prefix
from reach.network.header_space import ANYTHING, to_prefix
from reach.network.stage import (
    Choose,
    Forward,
    Option,
    Origin,
    Route,
    Stage,
    deny_all,
    unknown_filter,
)
from reach.snapshot.call import per_id
from reach.snapshot.client_vpn_records import (
    ClientVpnAuthorizationRule,
    ClientVpnAuthorizationRules,
    ClientVpnEndpoint,
    ClientVpnRule,
)
from reach.snapshot.section import Reference, Section

_NAME = "client_vpn_authorization_rules"
_QUIET = Origin("", "")
_ANYBODY = "*"
# A rule on its way in or out may be in force already, or still.
_IN_FORCE = ("active", "")  # what is authorizing, revoking or unheard of may be or not


def _get(lowering: Lowering, endpoint_id: str) -> ClientVpnEndpoint:
    endpoint = lowering.snapshot.get(ClientVpnEndpoint, endpoint_id)
    assert endpoint is not None
    return endpoint


@dataclass(frozen=True, slots=True)
class _Grant:
    """What the authorization rules for one block say together."""

    prefix: Prefix
    everybody: bool
    groups: tuple[str, ...]
    changing: bool


def _grants(lowering: Lowering, endpoint_id: str) -> tuple[_Grant, ...] | None:
    """The most specific first; None where the rules are not known."""
    make = partial(_found_grants, lowering, _get(lowering, endpoint_id))
    return lowering.memo(f"{_NAME} grants {endpoint_id}", make)


def _found_grants(lowering: Lowering, endpoint: ClientVpnEndpoint) -> tuple[_Grant, ...] | None:
    by_prefix: dict[Prefix, list[ClientVpnRule | ClientVpnAuthorizationRule]] = {}
    rules = _rules(lowering, endpoint)
    if rules is None:
        return None
    for rule in rules:
        if rule.status.code != "failed":
            by_prefix.setdefault(Prefix.parse(rule.destination_cidr), []).append(rule)
    grants = (_grant(prefix, together) for prefix, together in by_prefix.items())
    return tuple(sorted(grants, key=lambda grant: (-grant.prefix.length, grant.prefix.value)))


def _grant(prefix: Prefix, rules: Iterable[ClientVpnRule | ClientVpnAuthorizationRule]) -> _Grant:
    settled = [rule for rule in rules if rule.status.code in _IN_FORCE]
    return _Grant(
        prefix,
        everybody=any(rule.access_all for rule in settled),
        groups=tuple(sorted({rule.access_group for rule in settled if rule.access_group})),
        changing=any(rule.status.code not in _IN_FORCE for rule in rules),
    )


def _rules(
    lowering: Lowering, endpoint: ClientVpnEndpoint
) -> Iterable[ClientVpnRule | ClientVpnAuthorizationRule] | None:
    """An endpoint's rules, from an answer under its id or from rules that name it."""
    endpoint_id = endpoint.client_vpn_endpoint_id
    answer = lowering.snapshot.get(ClientVpnAuthorizationRules, endpoint_id)
    if answer is not None:
        return None if answer.next_token else answer.authorization_rules
    if not lowering.has(ClientVpnAuthorizationRule, endpoint):
        return None
    # An empty answer does not say whose rules it is empty of.
    listed = lowering.snapshot.records(ClientVpnAuthorizationRule)
    return [rule for rule in listed if rule.client_vpn_endpoint_id == endpoint_id] or None


def _check(lowering: Lowering, endpoint_id: str, argument: str) -> tuple[Stage, ...]:
    """What a client sends.  ``argument``: by which way, and its group or ``*``."""
    way, _, _ = argument.partition(" ")
    endpoint = _get(lowering, endpoint_id)
    grants = _grants(lowering, endpoint_id)
    if grants is None:
        words = "its authorization rules are not known"
        unknown = lowering.missing(ClientVpnAuthorizationRules, endpoint_id, words)
        onward = Route(ANYTHING, _onward(endpoint_id, way), _QUIET)
        return (unknown_filter(unknown), Forward((onward,), _QUIET))
    words = "no authorization rule covers the destination"
    uncovered = Origin(endpoint_id, words, "authorization", "NO_PATH", endpoint.name)
    routes = (
        Route(
            to_prefix(grant.prefix),
            node_name(_NAME, endpoint_id, "authorized", f"{number} {argument}"),
            _QUIET,
        )
        for number, grant in enumerate(grants)
    )
    return (Forward(tuple(routes), uncovered),)


def _onward(endpoint_id: str, way: str) -> str:
    return node_name("client_vpn", endpoint_id, "leave", way)


def _authorized(lowering: Lowering, endpoint_id: str, argument: str) -> tuple[Stage, ...]:
    """R-CVPN-4: the most specific rules that cover the destination decide alone."""
    number, way, quoted = argument.split(" ")
    group, name = unquote(quoted), _get(lowering, endpoint_id).name
    grant = (_grants(lowering, endpoint_id) or ())[int(number)]
    locator = f"authorization {grant.prefix}"
    leave = _onward(endpoint_id, way)

    def says(words: str, code: str = "") -> Origin:
        return Origin(endpoint_id, words, locator, code, name)

    if grant.everybody or (quoted != _ANYBODY and group in grant.groups):
        words = "authorizes every client" if grant.everybody else f"authorizes group {group}"
        return (Forward((Route(ANYTHING, leave, says(words)),), _QUIET),)
    if quoted == _ANYBODY and grant.groups:
        words = "assumed: the client is in group"
        options = (Option(leave, says(f"{words} {each}")) for each in grant.groups)
        return (Choose(tuple(options)),)
    if grant.changing:
        doubt = unknown_filter(
            says("a rule for this is just coming or going, as far as its state tells")
        )
        return (doubt, Forward((Route(ANYTHING, leave, _QUIET),), _QUIET))
    refused = says(f"authorizes only {', '.join(grant.groups) or 'nobody'}", "NO_PATH")
    return (deny_all(refused), Forward((), refused))


_ENDPOINT = Reference("client_vpn_endpoint_id", ClientVpnEndpoint)

COMPONENT = Component(
    name=_NAME,
    reads=(ClientVpnAuthorizationRules, ClientVpnAuthorizationRule),
    sections=(
        Section(
            "ClientVpnAuthorizationRules",
            ClientVpnAuthorizationRules,
            "client_vpn_endpoint_id",
            "ec2.DescribeClientVpnAuthorizationRules",
            addresses={"authorization_rules[].destination_cidr": "CIDR"},
            references=(_ENDPOINT,),
            merge="extend",
            more=("next_token",),
            bare=(("ClientVpnEndpointId", "AuthorizationRules"),),
            covered_by="AuthorizationRules",
            asked=(
                per_id(
                    "ec2.DescribeClientVpnAuthorizationRules",
                    "ec2.DescribeClientVpnEndpoints",
                    "ClientVpnEndpointId",
                    hold="AuthorizationRules",
                    unless=("Status.Code", "deleted"),
                ),
            ),
        ),
        Section(
            "AuthorizationRules",
            ClientVpnAuthorizationRule,
            "key",
            "ec2.DescribeClientVpnAuthorizationRules",
            addresses={"destination_cidr": "CIDR"},
            references=(_ENDPOINT,),
            covered_by="ClientVpnAuthorizationRules",
            asked=(),
        ),
    ),
    nodes={"check": _check, "authorized": _authorized},
)
