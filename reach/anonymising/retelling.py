"""Records as AWS would print them, with every text in them retold; only what is read is kept.

    retell(record, words) -> plain data

Takes a record as it was decoded; what no record declares is not there any more.  Must not know
what any text means.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from reach.anonymising.wording import Words
from reach.snapshot.ingress_pools import PoolAddressRange
from reach.snapshot.record import PROVENANCE

_VARIABLES = ("ip_sets", "port_sets", "rule_variables", "ip_set_references")


def retell(record: msgspec.Struct, words: Words) -> dict[str, Any]:
    """One object: the members that say anything, in the order of their declaration."""
    told = {}
    for name, printed, default in _members(type(record)):
        value = getattr(record, name)
        if name not in PROVENANCE and value != default:
            told[printed] = _value(value, name, type(record).__name__, words)
    return told


def _value(value: Any, name: str, holder: str, words: Words) -> Any:
    if isinstance(value, str):
        return words.told(value, name, holder)
    if isinstance(value, msgspec.Struct):
        return retell(value, words)
    if isinstance(value, Mapping):
        return {
            words.variable(key) if name in _VARIABLES else key: _value(each, name, holder, words)
            for key, each in value.items()
        }
    if isinstance(value, tuple | list | frozenset):
        if value and all(isinstance(each, PoolAddressRange) for each in value):
            return _ranges(value, words)
        return [_value(each, name, holder, words) for each in value]
    return value


def _ranges(value: Any, words: Words) -> list[dict[str, str]]:
    return [
        {"FirstAddress": first, "LastAddress": last}
        for each in value
        for first, last in words.ranges(each.first_address, each.last_address)
    ]


@cache
def _members(kind: type[msgspec.Struct]) -> tuple[tuple[str, str, Any], ...]:
    return tuple(
        (each.name, each.encode_name, _default(each)) for each in msgspec.structs.fields(kind)
    )


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default
