"""The catalogue of explanation codes is AWS's list, and says of each what is so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import reach
from reach.answer import Answer
from reach.codes import CODES, Code
from reach.codes.page import page
from reach.options import Options
from reach.suite import load_suite
from tests.productions import PRODUCTIONS

ROOT = Path(__file__).resolve().parents[1]
# AWS: Reachability Analyzer guide, "Explanation codes": 71 of paths, 5 of the configuration, 13 of
# search filters.
LISTED = """
BAD_STATE
BAD_STATE_ATTACHMENT
BAD_STATE_ROUTE
BAD_STATE_VPN
CANNOT_ROUTE
COMPONENT_FILTER_RESTRICTION
COMPONENT_FILTER_RESTRICTION_REMOVED_COMPONENT
DISCONNECTED_VPCS
ELBV2_LISTENERS_MISMATCH
ELBV2_LISTENER_HAS_NO_TG
ELBV2_LISTENER_PORT_RESTRICTION
ELBV2_LISTENER_REQUIRES_TG_ACCEPT
ELBV2_NO_TARGETS_IN_AZ
ELBV2_SOURCE_ADDRESS_PRESERVATION
ELB_ACL_RESTRICTION
ELB_INSTALLED_AZ_RESTRICTION
ELB_LISTENERS_MISMATCH
ELB_LISTENER_PORT_RESTRICTION
ELB_NOT_CROSSZONE
ENI_ADDRESS_RESTRICTION
ENI_SG_RULES_MISMATCH
ENI_SOURCE_DEST_CHECK_RESTRICTION
FILTER_AT_DESTINATION_DESTINATION_ADDRESS
FILTER_AT_DESTINATION_DESTINATION_PORT_RANGE
FILTER_AT_DESTINATION_PROTOCOL
FILTER_AT_DESTINATION_SOURCE_ADDRESS
FILTER_AT_DESTINATION_SOURCE_PORT_RANGE
FILTER_AT_SOURCE_DESTINATION_ADDRESS
FILTER_AT_SOURCE_DESTINATION_PORT_RANGE
FILTER_AT_SOURCE_PROTOCOL
FILTER_AT_SOURCE_SOURCE_ADDRESS
FILTER_AT_SOURCE_SOURCE_PORT_RANGE
FIREWALL_RULES_RESTRICTION
GATEWAY_REJECTS_SPOOFED_TRAFFIC
GWLB_DESTINATION_PORT_RESTRICTION
GWLB_PROTOCOL_RESTRICTION
HIGHER_PRIORITY_ROUTE
IGW_DESTINATION_ADDRESS_IN_VPC_CIDRS
IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS
IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS
IGW_EXPECTS_PUBLIC_ADDRESS
IGW_NAT_REFLECTION
IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS
IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS
IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS
IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS
INGRESS_RTB_NO_PUBLIC_IP
INGRESS_RTB_TRAFFIC_REDIRECTION
MORE_SPECIFIC_ROUTE
NGW_DEST_ADDRESS_PRESERVATION
NGW_REQUIRES_SOURCE_IN_VPC
NGW_SOURCE_ADDRESS_REASSIGN
NO_PATH
NO_POSSIBLE_DESTINATION
NO_ROUTE_TO_DESTINATION
NO_SOURCE_OR_DESTINATION
PCX_REQUIRES_ADDRESS_IN_VPC_CIDR
PROTOCOL_RESTRICTION
REGIONAL_NGW_ROUTE_AZ_RESTRICTION
REMAP_EPHEMERAL_PORT
SG_HAS_NO_RULES
SG_REFERENCES_NOT_PRESERVED
SG_REFERENCING_SUPPORT
SUBNET_ACL_RESTRICTION
TARGET_ADDRESS_RESTRICTION
TARGET_PORT_RESTRICTION
TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION
TGW_ATTACH_VPC_AZ_RESTRICTION
TGW_BAD_STATE_VPN
TGW_ROUTE_AZ_RESTRICTION
TGW_RTB_BAD_STATE_ROUTE
TGW_RTB_CANNOT_ROUTE
TGW_RTB_HIGHER_PRIORITY_ROUTE
TGW_RTB_MORE_SPECIFIC_ROUTE
TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT
TGW_RTB_ROUTES_ARE_UNKNOWN
UNASSOCIATED_COMPONENT
UNKNOWN_DESTINATION
UNKNOWN_PEERED_SGS
UNKNOWN_RESOURCE
UNSUPPORTED_COMPONENT
VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS
VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS
VPCE_GATEWAY_EGRESS_SOURCE_ADDRESS_RESTRICTION
VPCE_GATEWAY_PROTOCOL_RESTRICTION
VPCE_INTRA_VPC_TRAFFIC
VPCE_SERVICE_NOT_INSTALLED_IN_AZ
VPC_BLOCK_PUBLIC_ACCESS_ENABLED
VPC_LOCAL_ROUTE_CIDR_RESTRICTION
"""
# What else is written in capitals where codes are: values that AWS's calls print.
OTHER_WORDS = {
    "DIRECT_CONNECT_GATEWAY",
    "DROP_TO_ALERT",
    "EXTERNAL_NET",
    "HOME_NET",
    "HTTP_HOST",
    "PENDING_NETWORK_UPDATE",
    "PENDING_TAG_ACCEPTANCE",
    "REACH_NO_CACHE",
    "SC_PAGE_SIZE",
    "SITE_TO_SITE_VPN",
    "STATEFUL_DOMAIN",
    "STRICT_ORDER",
    "TCP_QUIC",
    "TCP_UDP",
    "TLS_SNI",
    "TRANSIT_GATEWAY_ROUTE_TABLE",
}
SHOUTED = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
# Where no code is said: what AWS prints, the command line, suites, the catalogue, advice on codes.
ELSEWHERE = (
    "reach/snapshot/",
    "reach/cards/advice.py",
    "reach/codes/",
    "reach/cli.py",
    "reach/commands/",
    "reach/console.py",
    "reach/suite.py",
    "reach/testing/",
)

SHOWN = [code for code in CODES.values() if not code.never]


def named(code: Code) -> str:
    return code.name


@cache
def loaded(folder: str) -> Any:
    return reach.load(folder)


def answer_of(code: Code) -> Answer:
    """The answer that shows a code, as the catalogue says."""
    if code.test:
        made: Answer = PRODUCTIONS[code.name]()
        return made
    cases = load_suite(str(ROOT / "samples" / code.sample / "cases.reach.yaml")).cases
    (case,) = (each for each in cases if each.name == code.case)
    return reach.ask(
        loaded(case.snapshot),
        case.ask,
        one_way=case.one_way,
        port_at=case.port_at,
        options=dict(Options.parse(case.options)),
    )


def shown_by(answer: Answer) -> set[str]:
    """Codes of blockers, and those of what is left open."""
    blockers, gaps = answer.explanations, answer.gaps
    return {each.code for each in blockers} | {each.code for each in gaps}


def words_in(path: Path) -> Iterator[str]:
    """What is written in capitals in a module, docstrings aside."""
    for node in ast.walk(ast.parse(path.read_text())):
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str) and SHOUTED.fullmatch(value):
            yield value


@cache
def emitted() -> dict[str, str]:
    """Every word in capitals of the modules that may say a code, and one that says it."""
    found = {}
    for path in sorted((ROOT / "reach").rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        if not where.startswith(ELSEWHERE):
            found.update(dict.fromkeys(words_in(path), where))
    return found


def test_it_is_awss_list() -> None:
    """All 89 codes, and no others."""
    assert len(LISTED.split()) == 89
    assert sorted(CODES) == sorted(LISTED.split())


def test_it_lists_the_kinds() -> None:
    """As many of each kind as AWS has."""
    kinds = [code.kind for code in CODES.values()]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counts == {"path is not reachable": 71, "configuration": 5, "search filter": 13}


@pytest.mark.parametrize("code", CODES.values(), ids=named)
def test_each_is_told(code: Code) -> None:
    """One sentence, rules, and one of: a sample, a test, or why it never stands in an answer."""
    assert re.fullmatch(r"[A-Z]([^.]|\.\d)*\.", code.words)
    assert code.rules
    assert all(re.fullmatch(r"R-[A-Z]+-\d+", rule) for rule in code.rules.split())
    assert [bool(code.sample), code.test, bool(code.never)].count(True) == 1
    assert bool(code.sample) == bool(code.case)


@pytest.mark.parametrize("code", SHOWN, ids=named)
def test_each_is_shown_where_it_says(code: Code) -> None:
    """The sample or test that a code names is asked, and its answer shows the code."""
    answer = answer_of(code)
    assert code.name in shown_by(answer), (code.sample or "tests/productions.py", answer)
    told = [each for each in answer.explanations if each.code == code.name]
    for each in told:
        assert set(each.fields) <= set(code.members.split()), each


@pytest.mark.parametrize(
    ("sample", "ask", "code", "member"),
    [
        (
            "estate",
            "can 10.210.0.9 reach test-app-1 port 22",
            "FIREWALL_RULES_RESTRICTION",
            "FirewallStatefulRule",
        ),
        (
            "local_gateway",
            "can 192.168.10.7 reach report port 502",
            "NO_ROUTE_TO_DESTINATION",
            "Component",
        ),
    ],
)
def test_members_of_another_sample_are_listed(
    sample: str, ask: str, code: str, member: str
) -> None:
    """What comes with a code elsewhere than where it is shown."""
    snapshot = reach.load(ROOT / "samples" / sample / "snapshot")
    told = [each for each in reach.ask(snapshot, ask).explanations if each.code == code]
    assert member in {name for each in told for name in each.fields}
    assert member in CODES[code].members.split()


def test_every_production_is_named() -> None:
    """No network is kept for a code that the catalogue does not show by it."""
    assert sorted(PRODUCTIONS) == sorted(code.name for code in SHOWN if code.test)


def test_nothing_else_is_emitted() -> None:
    """What is written in capitals where codes are said is a code, or a word of AWS's calls."""
    strange = {w: at for w, at in emitted().items() if w not in CODES and w not in OTHER_WORDS}
    assert strange == {}
    assert sorted(OTHER_WORDS - set(emitted())) == []


def test_nothing_that_is_emitted_is_called_impossible() -> None:
    """No module says a code that can never stand in an answer."""
    never = {code.name for code in CODES.values() if code.never}
    assert never & set(emitted()) == set()


def test_the_page_is_as_generated() -> None:
    """docs/explanation-codes.md is what ``python -m reach.codes`` prints."""
    assert (ROOT / "docs" / "explanation-codes.md").read_text() == page()


@pytest.mark.deep
def test_members_are_as_told() -> None:
    """Over all samples and productions the members that come with a code are exactly those told."""
    found: dict[str, set[str]] = {}
    answers = (*_of_samples(), *(make() for make in PRODUCTIONS.values()))
    for told in (each for answer in answers for each in answer.explanations):
        found.setdefault(told.code, set()).update(told.fields)
    listed = {code.name: set(code.members.split()) for code in SHOWN if code.name in found}
    assert found == listed


def _of_samples() -> Iterator[Answer]:
    for suite in sorted((ROOT / "samples").glob("*/cases.reach.yaml")):
        for case in load_suite(str(suite)).cases:
            yield reach.ask(
                loaded(case.snapshot),
                case.ask,
                one_way=case.one_way,
                port_at=case.port_at,
                options=dict(Options.parse(case.options)),
            )
