"""Which calls a snapshot holds the answers of, for which account and Region, and how completely.

Takes the decoded files; gives :class:`Calls`.  A missing call is not an empty list: absence is told
from emptiness here.  Must not know what any answer says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Literal

from reach.snapshot.decode import MORE_FLAG, Document
from reach.snapshot.record import Record, Scope, where
from reach.snapshot.section import Section

Answer = tuple[str, Scope]


@dataclass(frozen=True, slots=True)
class Gap:
    """A call that was not made, or whose answer was cut short."""

    operation: str
    account: str
    region: str
    reason: Literal["absent", "cut short"]
    where: str


@dataclass(frozen=True)
class Calls:
    """The answers that are there.  ``cut`` says where each incomplete one broke off."""

    sections: Mapping[str, Section]
    folders: Mapping[Scope, str]
    made: frozenset[Answer]
    cut: Mapping[Answer, str]

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        """The narrowest scopes: one that only speaks for others is left out."""
        return tuple(
            scope
            for scope in sorted(self.folders)
            if not any(scope != other and scope.covers(other) for other in self.folders)
        )

    def has(self, key: str, asked: Scope) -> bool:
        """Whether the section's call was made everywhere that ``asked`` means.

        An empty account or Region means all of them.  False where nothing is meant.
        """
        known = self._had.get((key, asked))
        if known is None:
            meant = [scope for scope in self.scopes if _meets(scope, asked)]
            known = bool(meant) and all(self._answered(key, scope) for scope in meant)
            self._had[key, asked] = known
        return known

    def is_cut_short(self, key: str, asked: Scope) -> bool:
        """Whether an answer that speaks for any of what ``asked`` means was cut short."""
        return any(each == key and _meets(scope, asked) for each, scope in self.cut)

    @cached_property
    def _had(self) -> dict[Answer, bool]:
        return {}

    def _answered(self, key: str, scope: Scope) -> bool:
        account, region = scope
        wider = (scope, Scope(account), Scope("", region), Scope())
        return any((key, each) in self.made for each in wider)

    def gaps(self) -> tuple[Gap, ...]:
        """What is missing, by scope and call."""
        found = [
            Gap(section.operation, *scope, "absent", self.folders[scope])
            for scope in self.scopes
            for section in self.sections.values()
            if not self._answered(section.key, scope)
            and not self._answered(section.covered_by, scope)
        ]
        found += [
            Gap(self.sections[key].operation, *scope, "cut short", place)
            for (key, scope), place in self.cut.items()
        ]
        return tuple(sorted(found, key=_by_scope))


def calls_of(
    documents: Sequence[Document],
    sections: Mapping[str, Section],
    asked: Mapping[Scope, str] = MappingProxyType({}),
) -> Calls:
    """What calls the files are the answers of.  ``asked`` are scopes that may have no files."""
    folders = dict(asked)
    answers: dict[Answer, list[Document]] = {}
    for document in documents:
        folders.setdefault(document.scope, document.file.rpartition("/")[0] or ".")
        for key in document.records:
            answers.setdefault((key, document.scope), []).append(document)
    cut = {}
    for (key, scope), pages in answers.items():
        place = _broken_page(sections[key], pages) or _broken_item(sections[key], pages)
        if place:
            cut[key, scope] = place
    return Calls(sections, folders, frozenset(answers), cut)


def _meets(scope: Scope, asked: Scope) -> bool:
    """Whether a scope is, or may be, among those asked for."""
    return all(not one or not two or one == two for one, two in zip(scope, asked, strict=True))


def _by_scope(gap: Gap) -> tuple[str, ...]:
    return gap.account, gap.region, gap.operation, gap.reason, gap.where


def _broken_page(section: Section, pages: Sequence[Document]) -> str:
    """Where the pages say that there is more, unless a last page of each call is there too."""
    last = [page for page in pages if not page.more]
    for page in pages:
        if page.more == MORE_FLAG or (page.more and not _goes_on(section, page, last)):
            return f"{page.file}: /{page.more}"
    return ""


def _goes_on(section: Section, page: Document, last: Sequence[Document]) -> bool:
    """Whether a page leads to one of the last pages.

    Where several calls print the key, to one of its own; a page that has nothing may be of any.
    """
    own = _attribute_of_its_call(section, page)
    if not own:
        return len(last) > len(section.also)
    calls = [_attribute_of_its_call(section, each) for each in last]
    return own in calls or calls.count("") > len(section.also)


def _attribute_of_its_call(section: Section, page: Document) -> str:
    """Which of the attributes that tell a section's calls apart a page shows; "": not just one."""
    records = page.records[section.key]
    shown = [name for name in section.apart if any(getattr(each, name) for each in records)]
    return shown[0] if len(shown) == 1 else ""


def _broken_item(section: Section, pages: Sequence[Document]) -> str:
    """The same for answers that stand in a list under their parents' ids."""
    if not section.more:
        return ""
    items = [item for page in pages for item in page.records[section.key]]
    whole = {getattr(item, section.id) for item in items if not _more(section, item)}
    for item in items:
        more = _more(section, item)
        if more is True or (more and getattr(item, section.id) not in whole):
            return where(item)
    return ""


def _more(section: Section, item: Record) -> object:
    return next(filter(None, (getattr(item, name) for name in section.more)), None)
