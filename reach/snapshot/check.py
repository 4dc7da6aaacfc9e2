"""Whether the records of a snapshot make sense: their addresses, and whom they refer to.

Takes records and the paths that their section declares.  Raises for a malformed address or CIDR;
gives a warning for each reference to nothing.  All values of a path are looked at together, and
only when one of them is wrong is it searched for, to say where.  Must not know any record type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set

from reach.snapshot.address_text import complaints
from reach.snapshot.attribute_path import Place, Values, printed_names, trace
from reach.snapshot.errors import Diagnostic, SnapshotError
from reach.snapshot.ids import check_ids
from reach.snapshot.record import Part, Record, Scope
from reach.snapshot.section import Kind, Reference, Section

Names = tuple[str, ...]


def check_records(section: Section, values: Values) -> None:
    """Raise for the first thing that is wrong in records by themselves."""
    _check_addresses(section, values)
    _check_choices(section, values)
    check_ids(section, values)


def _check_addresses(section: Section, values: Values) -> None:
    """Raise for the first malformed address."""
    kinds: dict[Kind, set[str]] = {}
    for path, kind in section.addresses.items():
        kinds.setdefault(kind, set()).update(values.at(path))
    wrong = {kind: complaints(texts, kind) for kind, texts in kinds.items()}
    if any(wrong.values()):
        _raise_first(section, values.records, wrong)


def _raise_first(
    section: Section, records: Sequence[Record], wrong: dict[Kind, dict[str, str]]
) -> None:
    for record in records:
        for path, kind in section.addresses.items():
            for place in trace(record, path):
                if place.value in wrong[kind]:
                    pointer = record.pointer + place.pointer
                    raise SnapshotError(wrong[kind][place.value], record.page.file, pointer)


def _check_choices(section: Section, values: Values) -> None:
    """Raise for the first object that prints none of the attributes of which AWS prints one, or
    one of two that it prints together."""
    for paths, words, is_wrong in (
        (section.some_of, "lacks {} or {}, of which one is expected", _has_none),
        (section.together, "has one of {} and {}, which stand together", _has_half),
    ):
        for path, names in paths.items():
            if any(is_wrong(part, names) for part in values.at(path)):
                _raise_choice(values.records, path, names, words, is_wrong)


def _has_none(part: Part, names: Names) -> bool:
    return not any(getattr(part, name) for name in names)


def _has_half(part: Part, names: Names) -> bool:
    return len({getattr(part, name) is None for name in names}) > 1


def _raise_choice(
    records: Sequence[Record],
    path: str,
    names: Names,
    words: str,
    is_wrong: Callable[[Part, Names], bool],
) -> None:
    for record in records:
        for place in trace(record, path):
            if is_wrong(place.value, names):
                printed = printed_names(type(place.value))
                *first, last = (printed[name] for name in names)
                pointer = record.pointer + place.pointer
                message = words.format(", ".join(first), last)
                raise SnapshotError(message, record.page.file, pointer)


def dangling(
    section: Section,
    records: Sequence[Record],
    ids: Callable[[type[Record]], Set[str]],
    called: Callable[[type[Record]], Set[Scope]],
) -> Iterator[Diagnostic]:
    """A warning for each reference to nothing.

    ``ids`` gives those of a type, ``called`` the scopes in which the call that would have printed
    it was made: a missing call is a gap and no dangling reference.
    """
    asked = [each for each in section.references if called(each.target)]
    values = Values(records)
    for reference in asked:
        known, scopes = ids(reference.target), called(reference.target)
        missing = set(values.at(reference.path)).difference(known)
        if any(text.startswith(reference.prefix) for text in missing):
            for record in records:
                if record.page.scope in scopes:
                    yield from _missing(section, record, reference, missing)


def _missing(
    section: Section, record: Record, reference: Reference, missing: Set[str]
) -> Iterator[Diagnostic]:
    for place in trace(record, reference.path):
        named = place.value.startswith(reference.prefix) and place.value in missing
        if named and not _excused(place, reference):
            resource = str(getattr(record, section.id))
            yield Diagnostic(
                "warning",
                f"{resource} names {place.value}, which the snapshot does not hold",
                record.page.file,
                record.pointer + place.pointer,
                resource,
                "reference",
                place.value,
            )


def _excused(place: Place, reference: Reference) -> bool:
    if reference.unless is None:
        return False
    name, value = reference.unless
    return bool(getattr(place.holder, name) == value)
