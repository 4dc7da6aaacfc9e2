"""What is modelled, read off the docstrings of those who model it, and what is left out and why.

    components_told() -> Told, Told, ...      engine_rules() -> rule -> modules      LEFT_OUT

A component's docstring opens with a sentence, explains, and ends in ``Implements:`` (the numbers of
the reference's rules) and ``Not modelled:``.  Modules of the engine that encode a rule say so in
the same way.  Must not know what any rule says.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reach.components import components

_RULE = re.compile(r"R-[A-Z0-9]+-\d+")
_FLOW_LOGS = "flow logs are evidence of what happened, not a part of the network"
_ANALYZERS = "is about AWS's own analyzers, not about the network"

# Rules of the reference that nothing here implements, each with the reason.
LEFT_OUT: Mapping[str, str] = {
    "R-SG-26": "ICMP errors of open connections: a snapshot holds no connections",
    "R-NAT-15": "how many connections fit is capacity, not reachability",
    "R-PCX-9": "is about which address a name means; questions are about addresses",
    "R-CVPN-6": "is about the client's own routing table",
    "R-DNSFW-1": "sees the names in queries, not packets",
    "R-LAT-4": "is about who may call a service, not about packets",
    "R-SSM-3": "is about permissions, not about packets",
    "R-CF-1": "no describe call of the network shows a CloudFront VPC origin",
    "R-VGW-10": "sites that reach each other by one gateway show in no call: undecided",
    "R-RES-4": "tunnel endpoints are not modelled: what enters one is undecided",
    "R-SHARE-5": "is about who may create what; a snapshot shows what there is",
    "R-EPH-2": "is a client's own choice; any port of 1024-65535 is asked about (R-EPH-5)",
    "R-EPH-4": "is advice for network ACLs; any port of 1024-65535 is asked about (R-EPH-5)",
    **{f"R-FL-{number}": _FLOW_LOGS for number in range(1, 13)},
    **{f"R-RA-{number}": _ANALYZERS for number in range(1, 7)},
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a component says of itself; ``calls`` are those whose answers it reads."""

    name: str
    summary: str
    text: str
    implements: tuple[str, ...]
    not_modelled: str
    calls: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def components_told() -> tuple[Told, ...]:
    """Every component, by name."""
    return tuple(_told(name) for name in components())


def _told(name: str) -> Told:
    module = importlib.import_module(f"reach.aws.{name}")
    body, implements, not_modelled = _parts(module.__doc__ or "")
    summary, _, text = body.partition("\n\n")
    component = components()[name]
    calls = (section.call for section in component.sections)
    return Told(
        name,
        " ".join(summary.split()),
        " ".join(text.split()),
        tuple(_RULE.findall(implements)),
        " ".join(not_modelled.split()),
        tuple(dict.fromkeys(calls)),
    )


def _parts(docstring: str) -> tuple[str, str, str]:
    """What stands before, under Implements and under Not modelled."""
    body, _, rest = docstring.partition("Implements:")
    implements, _, not_modelled = rest.partition("Not modelled:")
    return body.strip(), implements, not_modelled


def engine_rules() -> Mapping[str, tuple[str, ...]]:
    """Rules that modules outside ``reach/aws`` implement, with those modules."""
    found: dict[str, list[str]] = {}
    for module, docstring in _engine():
        for rule in _RULE.findall(_parts(docstring)[1]):
            found.setdefault(rule, []).append(module)
    return {rule: tuple(modules) for rule, modules in sorted(found.items())}


def _engine() -> Iterator[tuple[str, str]]:
    """The docstrings of the engine's modules, read without importing them."""
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        if path.parent.name != "aws":
            text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            yield path.relative_to(root).with_suffix("").as_posix().replace("/", "."), text
