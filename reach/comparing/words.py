"""The words in which a difference is told, the same on every sheet.

Takes the parts of a :class:`~reach.comparing.difference.Difference`; gives plain text.  Must not
know how anything was found, nor any format.
"""

from __future__ import annotations

from collections.abc import Iterable

from reach.comparing.difference import Difference, Line
from reach.network.field import ICMP, ICMPV6, format_protocol
from reach.network.header_space import HeaderSpace, Ranges, values_told

_MOST_VALUES = 4
_OTHERS = "other protocols"


def packets(spaces: Iterable[HeaderSpace]) -> str:
    """Packets in short: ``tcp 22, 443; udp``."""
    ports: dict[str, list[str]] = {}
    for space in spaces:
        name, values = _kind(space)
        known = ports.setdefault(name, [])
        known += [each for each in values if each not in known]
    return "; ".join(" ".join((name, ", ".join(values))).strip() for name, values in ports.items())


def _kind(space: HeaderSpace) -> tuple[str, list[str]]:
    protocols = space.by_name.get("protocol")
    name = _protocols(protocols) if protocols is not None else "any packet"
    single = protocols.single if protocols is not None else None
    if single in (ICMP, ICMPV6):
        types = values_told("icmp_type", space.by_name.get("icmp_type", Ranges(())))
        return name, [f"type {each}" for each in types]
    ports = space.by_name.get("destination_port")
    told = values_told("destination_port", ports) if ports is not None else []
    if len(told) > _MOST_VALUES:
        told = [*told[:_MOST_VALUES], f"{len(told) - _MOST_VALUES} more"]
    own = space.by_name.get("source_port")
    if own is not None:
        told = told or ["any port"]
        told[-1] += f" from ports {', '.join(values_told('source_port', own)[:_MOST_VALUES])}"
    return name, told


def _protocols(values: Ranges) -> str:
    if values.single is not None:
        name = format_protocol(values.single)
        return name if not name.isdigit() else f"protocol {name}"
    told = values_told("protocol", values)
    return _OTHERS if len(told) > _MOST_VALUES else f"protocols {', '.join(told)}"


def verdict(told: Difference) -> str:
    """The whole in a sentence."""
    if told.is_nothing and not told.only:
        return f"nothing changed in reachability: {_why_nothing(told)}"
    if told.is_nothing:
        return f"nothing {told.only}"
    counts = (
        (len(told.gained), "gained"),
        (len(told.lost), "lost"),
        (len(told.undecided), "undecided"),
    )
    shown = [f"{count} {name}" for count, name in counts if count]
    if not shown:
        done = f"been {told.only}" if told.only else "changed"
        return f"nothing is known to have {done}, but not everything could be compared"
    return ", ".join(shown)


def _why_nothing(told: Difference) -> str:
    if told.records:
        records = "1 record differs" if told.records == 1 else f"{told.records:,} records differ"
        return f"{records}, and no flow does"
    if told.told:
        return "only tags, descriptions and the order of things differ"
    return "the snapshots say the same"


def closing(told: Difference) -> str:
    """What is known of everything else, and what was left out."""
    left_out = {"gained": "; what was lost is not told", "lost": "; what was gained is not told"}
    return f"{_everything_else(told)}{left_out.get(told.only, '')}"


def _everything_else(told: Difference) -> str:
    if not told.complete:
        return f"there may be more: {told.reason}"
    done = f"was {told.only}" if told.only else "changed"
    if told.gaps or told.undecided:
        return f"of all that both snapshots tell, nothing else {done}, proved"
    return f"nothing else {done}, proved"


def stood(line: Line) -> str:
    """How the flows of an undecided line stood and stand."""
    return f"{line.was} before, {line.now} after"
