"""What every record is: one typed, read-only JSON object that remembers where it stood.

Takes and gives nothing itself; the types in ``records`` (and those of components) derive from
:class:`Record`, their inner objects from :class:`Part`.  Only declared fields are decoded.  Must
not know any AWS object, nor how files are found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from operator import attrgetter, is_
from typing import Annotated, Any, NamedTuple, get_args

import msgspec
from msgspec.structs import force_setattr

Id = Annotated[str, msgspec.Meta(min_length=1)]
# -1 stands for "any" (R-SG-7, R-SG-9); ICMP types and codes use the same two fields.
Port = Annotated[int, msgspec.Meta(ge=-1, le=65535)]
Icmp = Annotated[int, msgspec.Meta(ge=-1, le=255)]


class _Unprinted(tuple[Any, ...]):
    """No list at all, which an empty one is not: equal to itself alone."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    __hash__ = tuple.__hash__

    def __reduce__(self) -> str:
        return "UNPRINTED" if self is UNPRINTED else "LEFT_OUT"


# In place of a list that AWS always prints, where an answer lacks it: what it holds is not known.
UNPRINTED = _Unprinted()
# The same of one that many leave out where it is empty.
LEFT_OUT = _Unprinted()
is_unprinted: Callable[[object], bool] = partial(is_, UNPRINTED)


class Scope(NamedTuple):
    """Where calls were made; an empty string is "not said by the folder"."""

    account: str = ""
    region: str = ""

    def covers(self, other: Scope) -> bool:
        """Whether an answer kept here may speak for ``other``."""
        return self.account in ("", other.account) and self.region in ("", other.region)


class Part(msgspec.Struct, rename="pascal", frozen=True, gc=False, omit_defaults=True):
    """A JSON object inside a record: snake_case here, PascalCase in the file."""


class Page(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One list of one file, shared by the records that were read from it."""

    file: str = ""
    account: str = ""
    region: str = ""
    section: str = ""
    base: str = ""

    @property
    def scope(self) -> Scope:
        return Scope(self.account, self.region)


NOWHERE = Page()


class Record(Part, kw_only=True, eq=False, frozen=True):
    """One object of a section.  Equal only to itself; ``same_content`` compares what was said.

    ``page`` and ``place`` are provenance.  They are fields so as to cost 16 bytes a record; no
    AWS key begins with a space, and ``stamp`` overwrites them after decoding in any case.
    """

    page: Page = msgspec.field(default=NOWHERE, name=" page")
    place: int | str = msgspec.field(default="", name=" place")

    @property
    def pointer(self) -> str:
        """The JSON pointer of this object in its file."""
        return self.page.base if self.place == "" else f"{self.page.base}/{self.place}"


PROVENANCE = frozenset({"page", "place"})


class Tag(Part, frozen=True):
    key: str = ""
    value: str = ""


class Tagged(Record, kw_only=True, frozen=True):
    """A record with ``Tags``."""

    tags: tuple[Tag, ...] = ()

    @property
    def name(self) -> str:
        """The value of the Name tag, or nothing."""
        return name_among(self.tags)


def name_among(tags: Iterable[Tag]) -> str:
    return next((tag.value for tag in tags if tag.key == "Name"), "")


def is_associated(state: str) -> bool:
    """Whether a word says so, in whichever letters; so does none, as it was not printed."""
    return state.lower() in ("associated", "")


def stamp(record: Record, page: Page, place: int | str) -> None:
    """Say where a freshly decoded record stood."""
    force_setattr(record, "page", page)
    force_setattr(record, "place", place)


def content(record: Record) -> tuple[object, ...]:
    """What was said, without where it stood."""
    fields = type(record).__struct_fields__
    return tuple(getattr(record, name) for name in fields if name not in PROVENANCE)


def same_content(one: Record, other: Record) -> bool:
    return type(one) is type(other) and content(one) == content(other)


def unprinted(part: msgspec.Struct, *names: str) -> Iterator[str]:
    """Where in a record, or in some of its fields, a list is lacking that AWS always prints.

    As JSON pointers below it: ``IpPermissions/0/IpRanges``.
    """
    for name, printed, holds in _lists(type(part)):
        if names and name not in names:
            continue
        value = getattr(part, name)
        if value is UNPRINTED:
            yield printed
        elif holds and isinstance(value, tuple):
            for number, each in enumerate(value):
                yield from (f"{printed}/{number}/{inner}" for inner in unprinted(each))
        elif holds and value is not None:
            yield from (f"{printed}/{inner}" for inner in unprinted(value))


def may_lack(records: Sequence[msgspec.Struct]) -> bool:
    """Whether it is worth to look for such lists in records of one type, one by one."""
    fields = _lists(type(records[0])) if records else ()
    return any(
        holds or any(map(is_unprinted, map(attrgetter(name), records))) for name, _, holds in fields
    )


@cache
def _lists(kind: type[msgspec.Struct]) -> tuple[tuple[str, str, bool], ...]:
    """The fields that a list may be lacking from: name, printed name, whether from inside them."""
    found = []
    for field in msgspec.structs.fields(kind):
        inner = (field.type, *get_args(field.type))
        parts = (each for each in inner if isinstance(each, type) and each is not kind)
        holds = any(issubclass(each, msgspec.Struct) and _lists(each) for each in parts)
        if field.default is UNPRINTED or holds:
            found.append((field.name, field.encode_name, holds))
    return tuple(found)


def where(record: Record) -> str:
    """File and pointer in one phrase."""
    return f"{record.page.file}: {record.pointer}"
