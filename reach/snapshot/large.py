"""Snapshots that take long to read: from their cache, or by several processes.

    load(listing, sections, cache, crew) -> Snapshot, or None where it is better read one by one

    ahead(listing, sections) -> Likely, or None where there is no likely cache

Gives the same snapshot as ``load`` does, or nothing.  Must not know any section by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from reach.snapshot import cache as kept
from reach.snapshot import fingerprint
from reach.snapshot.crew import Crew, read_all
from reach.snapshot.extract import Extract, Hashed, extract
from reach.snapshot.files import Listing
from reach.snapshot.fingerprint import Content
from reach.snapshot.join import join
from reach.snapshot.section import Section
from reach.snapshot.snapshot import Snapshot
from reach.uncollected import uncollected


def load(
    listing: Listing, sections: Mapping[str, Section], cache: bool, crew: Crew | None
) -> Snapshot | None:
    """Raises SnapshotError for what is wrong with the whole."""
    place = kept.place_of(listing) if cache else None
    with uncollected() as work:
        known = kept.recall(place, listing, sections) if place else None
        if known is not None:
            work.of = known
            return known
        before = _archive(listing) if place else ()
        hashed = Hashed(kept=place is not None, captured=listing.is_captured)
        extracts = _extracts(listing, sections, crew, hashed)
        contents = before or tuple(Content(e.file, e.size, e.hash) for e in extracts)
        found = join(extracts, sections, listing.root, listing.diagnostics, listing.is_captured)
        del extracts
        if place and found is not None and before == _archive(listing):
            kept.keep(place, listing, sections, found, contents)
        work.of = found
    return found


def ahead(listing: Listing, sections: Mapping[str, Section]) -> kept.Likely | None:
    """What a cache says, before it is known to be of these files."""
    place = kept.place_of(listing)
    with uncollected():
        return kept.likely(place, listing, sections) if place else None


def _archive(listing: Listing) -> tuple[Content, ...]:
    """What an archive holds: that of a folder is hashed file by file, as each is read."""
    with suppress(OSError):
        if listing.is_archive:
            return fingerprint.contents(listing.found)
    return ()


def _extracts(
    listing: Listing, sections: Mapping[str, Section], crew: Crew | None, hashed: Hashed
) -> list[Extract]:
    """By several processes if there are some, else here."""
    told = None
    if crew is not None and not listing.is_archive:
        told = read_all(listing, crew, fingerprint.making(sections), hashed)
    if told is None:
        told = [extract(name, text, sections, hashed) for name, text in listing.documents()]
    return told
