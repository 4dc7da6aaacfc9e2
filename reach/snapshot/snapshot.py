"""The snapshot: what AWS said, by type and id, with a record of what it was not asked.

Takes what the loader made; gives records, the calls that are there, gaps and diagnostics.
Unchanging once made.  Must not know files, nor what any record means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar, cast

from reach.snapshot import whereabouts
from reach.snapshot.calls import Calls, Gap
from reach.snapshot.errors import Diagnostic
from reach.snapshot.record import Record, Scope
from reach.snapshot.section import Section

__all__ = ["Gap", "Scope", "Snapshot"]

AnyRecord = TypeVar("AnyRecord", bound=Record)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One or more accounts and Regions as the describe calls returned them.

    ``ignored`` names the top-level keys that no section reads and that hold something, with the
    files that hold them.  ``derived`` keeps what others worked out from it, as long as it lives.
    """

    path: str
    files: tuple[str, ...]
    sections: Mapping[str, Section]
    calls: Calls
    diagnostics: tuple[Diagnostic, ...]
    ignored: Mapping[str, tuple[str, ...]]
    contents: Mapping[type[Record], Mapping[str, Record]] = field(repr=False)
    derived: dict[str, object] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        """Short enough for a session: what it holds is for :func:`reach.inventory.take`."""
        count = sum(map(len, self.contents.values()))
        return f"<Snapshot {self.path!r}: {count:,} objects in {len(self.files):,} files>"

    def records(self, kind: type[AnyRecord]) -> tuple[AnyRecord, ...]:
        """Every record of a type, by id.  Empty also when the call was not made: see ``has``."""
        return self.lasting(kind)

    def lasting(self, kind: type[AnyRecord]) -> tuple[AnyRecord, ...]:
        """The same, for what of a record cannot be edited alone: who is whose, and of which type.
        Who asks is made of nothing else (:mod:`reach.editable`)."""
        found = self._tuples.get(kind)
        if found is None:
            found = self._tuples[kind] = tuple(self.contents.get(kind, {}).values())
        return cast("tuple[AnyRecord, ...]", found)

    def get(self, kind: type[AnyRecord], name: str) -> AnyRecord | None:
        """The record of that id."""
        return cast("AnyRecord | None", self.contents.get(kind, {}).get(name))

    def has(self, kind: type[Record], account: str = "", region: str = "") -> bool:
        """Whether the call was made, iff it was in every scope that the account and Region mean.

        An empty account or Region means all.  A call that answered with an empty list was made.
        """
        section = self._sections.get(kind)
        return section is not None and self.calls.has(section.key, Scope(account, region))

    def is_cut_short(self, kind: type[Record], scope: Scope) -> bool:
        """Whether the call's answer for the scope says that there is more than it holds."""
        section = self._sections.get(kind)
        return section is not None and self.calls.is_cut_short(section.key, scope)

    def section_of(self, kind: type[Record]) -> Section:
        """The section that reads records of a type.  Raises KeyError if none does."""
        return self._sections[kind]

    @property
    def scopes(self) -> tuple[Scope, ...]:
        return self.calls.scopes

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """The calls that were not made and the answers that were cut short."""
        return self.calls.gaps()

    def id_of(self, record: Record) -> str:
        """The id by which ``get`` finds a record."""
        return str(getattr(record, self.sections[record.page.section].id))

    def scope_of(self, record: Record) -> Scope:
        """The scope of the folder in which the record was seen."""
        return record.page.scope

    def account_of(self, record: Record) -> str:
        """The account, from the folder, the owner, the ARN, else from the VPC; else ''."""
        return whereabouts.account_of(record) or self._through_vpc(record).account

    def region_of(self, record: Record) -> str:
        """The Region, from the folder, the ARN, the zone, else from the VPC's subnets; else ''."""
        return whereabouts.region_of(record) or self._through_vpc(record).region

    def _through_vpc(self, record: Record) -> Scope:
        return self._vpcs.get(getattr(record, "vpc_id", None) or "", Scope())

    @cached_property
    def _vpcs(self) -> dict[str, Scope]:
        """What the records in a VPC tell of the VPC's own account and Region."""
        found: dict[str, Scope] = {}
        for kind in self.contents:
            for record in self.contents[kind].values():
                vpc = getattr(record, "vpc_id", None)
                if isinstance(vpc, str):
                    known = found.get(vpc, Scope())
                    region = known.region or whereabouts.region_of(record)
                    account = known.account or whereabouts.account_of(record)
                    found[vpc] = Scope(account, region)
        return found

    @cached_property
    def _tuples(self) -> dict[type[Record], tuple[Record, ...]]:
        return {}

    @cached_property
    def _sections(self) -> dict[type[Record], Section]:
        return {section.record: section for section in self.sections.values()}
