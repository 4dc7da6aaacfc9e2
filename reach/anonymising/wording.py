"""One text of one field under other names: what it is is told by its form, else it is a name.

    words.told(text, field, holder)

Addresses, ids, ARNs and account numbers keep their form; AWS's own words stay; anything else is
somebody's name.  Must not know files, nor how a name is found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from reach.anonymising.addresses import Addresses
from reach.anonymising.aliases import ACCOUNT, NAME, VARIABLE, Aliases
from reach.anonymising.vocabulary import (
    ARN_WORDS,
    AWS_BEGINNINGS,
    AWS_FIELDS,
    AWS_WORDS,
    BALANCER_KINDS,
    BALANCERS,
    ID_KINDS,
    NAMING,
    POLICY_WORDS,
    RULES,
    TELLING,
)
from reach.network.address import Prefix, cover, format_address, parse_address

_ID = re.compile(r"([a-z][a-z0-9]*(?:-[a-z0-9]*[a-z][a-z0-9]*)*)-([0-9a-z]+)")
_IDS = re.compile(r"(?<![0-9a-z-])[a-z][a-z0-9-]*-[0-9a-f]{8,17}(?![0-9a-z])")
_ACCOUNT = re.compile(r"\d{12}")
_NUMBER = re.compile(r"\d{1,5}")  # a port, a version; longer ones may be somebody's
_HEALTH = re.compile(r"[A-Z]+:\d+")
_ENDPOINT_SERVICE = re.compile(r"(.*\.vpce\.[^.]+\.)(vpce-svc-[0-9a-z]+)")
_SWITCH = re.compile(r"true|false|on|off|\d+|[a-z_]*(?:zone|append|preserve|remove|monitor)[a-z_]*")
# In a rule: a comment, an option that only describes, a quoted text, a variable, an address.
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_DESCRIBING = re.compile(r"\b(?:metadata|reference)\s*:[^;]*;\s*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_VARIABLE = re.compile(r"([$@])([A-Za-z0-9_]+)")
_ADDRESS = re.compile(
    r"(?<![\w:.])(?:\d+\.\d+\.\d+\.\d+|[0-9a-fA-F]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*)"
    r"(?:/\d+|\s*-\s*\d+\.\d+\.\d+\.\d+)?(?![\w:.])"
)


class Words:
    """Every text of one snapshot.  With ``learning`` names are only seen, and nothing changes."""

    def __init__(self, aliases: Aliases, addresses: Addresses) -> None:
        self.aliases, self.addresses, self.learning = aliases, addresses, True

    def told(self, text: str, field: str, holder: str) -> str:
        """The text of a field of a holder, the record's type."""
        if field in AWS_FIELDS:
            return text
        if field in ("next_token", "next_marker"):
            return "more"
        if field in RULES:
            return self._rules(text)
        known: dict[tuple[str, str], Callable[[str], str]] = {
            ("description", "NetworkInterface"): self._description,
            ("key", "Attribute"): _as_it_is,
            ("name", "AttachmentDetail"): _as_it_is,
            ("name", "InstanceState"): _as_it_is,
            ("value", "Attribute"): self._setting,
            ("value", "Switch"): _as_it_is,
            ("value", "Tag"): self._tagged,
            ("target", "ClassicHealthCheck"): self._health,
            ("group", "Task"): self._group,
            ("policy_document", "CoreNetworkPolicyPart"): self._policy,
        }
        special = known.get((field, holder))
        if special is not None:
            return special(text)
        return "" if field == "description" else self.any(text)

    def any(self, text: str) -> str:
        """A text whose form tells what it is."""
        if text in AWS_WORDS or not any(map(str.isalnum, text)):
            return text
        if _ACCOUNT.fullmatch(text):
            return self._alias(ACCOUNT, text)
        address = self.address(text)
        if address is not None:
            return address
        if text.startswith("arn:"):
            return self._arn(text)
        service = _ENDPOINT_SERVICE.fullmatch(text)
        if service is not None:
            return service[1] + self.any(service[2])
        if text.startswith(AWS_BEGINNINGS) or _NUMBER.fullmatch(text):
            return text
        known = _ID.fullmatch(text)
        if known is not None and known[1] in ID_KINDS:
            return self._alias(known[1], text)
        return self._alias(NAME, text)

    def address(self, text: str) -> str | None:
        """An address or a CIDR; None for anything else.  Host bits are kept as they are said."""
        host, slash, bits = text.partition("/")
        if not (":" in host or "." in host) or (slash and not bits.isdecimal()):
            return None
        try:
            value = parse_address(host)
        except ValueError:
            return None
        if slash:
            try:
                return str(self.addresses.prefix(Prefix.parse(text)))
            except ValueError:
                pass
        return format_address(self.addresses.address(value)) + slash + bits

    def variable(self, name: str) -> str:
        """A variable of a firewall's rules, without what marks it as one."""
        return name if name in AWS_WORDS else self._alias(VARIABLE, name)

    def ranges(self, first: str, last: str) -> list[tuple[str, str]]:
        """The addresses from one to another: afterwards they need not stand together."""
        # An IPv4 address leaves its low bits zero, and the last one of a range has them all.
        high = Prefix.parse(last).high
        moved = (self.addresses.prefix(each) for each in cover(parse_address(first), high))
        return [(format_address(each.low), format_address(each.high)) for each in moved]

    def _alias(self, kind: str, text: str) -> str:
        if self.learning:
            self.aliases.see(kind, text)
            return text
        return self.aliases.of(kind, text)

    def _arn(self, text: str) -> str:
        parts = text.split(":", 5)
        if len(parts) < 6 or parts[4] == "aws-managed":
            return text if len(parts) == 6 else self._alias(NAME, text)
        *head, account, resource = parts
        account = self._alias(ACCOUNT, account) if _ACCOUNT.fullmatch(account) else account
        pieces = re.split(r"([:/])", resource)
        names, marks = pieces[::2], pieces[1::2]
        told = [self._piece(names, at) for at in range(len(names))]
        tail = "".join(map(str.__add__, told, [*marks, ""]))
        return ":".join([*head, account, tail])

    def _piece(self, names: list[str], at: int) -> str:
        """One part of what an ARN names: kinds stand before what they are the kind of."""
        name, balanced = names[at], names[0] in BALANCERS
        if at == 0 and len(names) > 1 and name in ARN_WORDS:
            return name
        if balanced and at == 1 and name in BALANCER_KINDS:
            return name
        if not balanced and at % 2 == 0 and at < len(names) - 1 and name in ARN_WORDS:
            return name
        return self.any(name)

    def _description(self, text: str) -> str:
        """Of an interface: what AWS says of its own ones (R-ENI-9), and nothing else."""
        if text.startswith("ELB "):
            kind, *rest = text.removeprefix("ELB ").split("/")
            kind = kind if rest and kind in BALANCER_KINDS else self.any(kind)
            return "ELB " + "/".join([kind, *map(self.any, rest)])
        for beginning in NAMING:
            if text.startswith(beginning):
                return beginning + self.any(text.removeprefix(beginning))
        beginning = next(filter(text.startswith, TELLING), "")
        ids = (each[0] for each in _IDS.finditer(text))
        return " ".join(filter(None, (beginning, *map(self.any, ids))))

    def _setting(self, text: str) -> str:
        return text if _SWITCH.fullmatch(text) else self.any(text)

    def _tagged(self, text: str) -> str:
        return self._alias(NAME, text) if _NUMBER.fullmatch(text) else self.any(text)

    def _health(self, text: str) -> str:
        found = _HEALTH.match(text)
        return found[0] if found else ""

    def _group(self, text: str) -> str:
        kind, colon, name = text.partition(":")
        return f"{kind}{colon}{self.any(name)}" if name else self.any(text)

    def _rules(self, text: str) -> str:
        text = _DESCRIBING.sub("", _COMMENT.sub("", text))
        text = _QUOTED.sub(lambda found: f'"{self.any(found[1])}"', text)
        text = _VARIABLE.sub(lambda found: found[1] + self.variable(found[2]), text)
        return _ADDRESS.sub(self._in_rules, text)

    def _in_rules(self, found: re.Match[str]) -> str:
        first, dash, last = found[0].partition("-")
        if not dash:
            return self.address(found[0]) or found[0]
        high = Prefix.parse(last.strip()).high
        moved = map(self.addresses.prefix, cover(parse_address(first.strip()), high))
        return f"[{','.join(map(str, moved))}]"

    def _policy(self, text: str) -> str:
        """A core network's policy: its own words are known by where they stand."""
        try:
            document = json.loads(text)
        except ValueError:
            return ""
        return json.dumps(self._clause(document, ""))

    def _clause(self, value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {each: self._clause(inner, each) for each, inner in value.items()}
        if isinstance(value, list):
            return [self._clause(each, key) for each in value]
        if not isinstance(value, str) or key in POLICY_WORDS or value == "blackhole":
            return value
        return "" if key == "description" else self.any(value)


def _as_it_is(text: str) -> str:
    return text
