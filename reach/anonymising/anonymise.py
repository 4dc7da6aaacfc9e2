"""A whole snapshot under other names: its files, their folders and its manifest.

    anonymise(path, key) -> Anonymous      write(anonymous, folder)

Reads every file twice: once to see all names, once to tell it with other ones.  A file is called
after what it holds and stands under its account and Region; what no component reads is left out.
Must not know questions or the engines.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from reach.anonymising.addresses import Addresses
from reach.anonymising.aliases import Aliases
from reach.anonymising.retelling import retell
from reach.anonymising.wording import Words
from reach.components import load, sections
from reach.manage import SERVICE_ADDRESSES
from reach.network.address import Prefix
from reach.snapshot import manifest as captured
from reach.snapshot.attribute_path import printed_names
from reach.snapshot.decode import MORE_FLAG, Document, decode
from reach.snapshot.files import find
from reach.snapshot.index import subnet_blocks, vpc_blocks
from reach.snapshot.manifest import Changed, Lost, Manifest
from reach.snapshot.record import Record, Scope
from reach.snapshot.records import ManagedPrefixListEntries, PrefixList, Subnet, Vpc
from reach.snapshot.section import Section
from reach.snapshot.snapshot import Snapshot

_GRAMMAR = frozenset({"can", "reach", "port", "icmp", "protocol", "internet", "any"})
_AWS = "com.amazonaws."
# Where Global Accelerator sends from, as far as answers rest on it (reach.aws.global_accelerator).
_ACCELERATOR = ("13.248.118.1",)
# Whom answers show by preference for anybody on the internet (reach.foreseen): addresses that are
# nobody's (RFC 5737, RFC 3849).
_EXAMPLES = ("203.0.113.7", "203.0.113.9", "2001:db8::7", "2001:db8::9")


@dataclass(frozen=True)
class Anonymous:
    """The new files by name, the names they were given, and what was left out."""

    files: Mapping[str, bytes]
    words: Words
    unread: tuple[str, ...]

    def question(self, text: str) -> str:
        """A question on the old snapshot, asked of the new one; its own words stay."""
        return " ".join(map(self._asked, text.split()))

    def _asked(self, word: str) -> str:
        if word in _GRAMMAR:
            return word
        if word in self._names or word.startswith("arn:") or self.words.address(word) is not None:
            return self.words.any(word)
        # cache:NAME, tag:KEY=VALUE, ID/GROUP
        pieces = re.split(r"([:/=])", word)
        return "".join(map(self._piece, pieces))

    def _piece(self, piece: str) -> str:
        known = piece in self._names or self.words.address(piece) is not None
        return self.words.any(piece) if known else piece

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(name for names in self.words.aliases.table().values() for name in names)


def anonymise(path: str | os.PathLike[str], key: bytes) -> Anonymous:
    """Raises SnapshotError where the snapshot cannot be loaded."""
    snapshot = load(path)
    blocks = [Prefix.parse(each) for each in _blocks(snapshot)]
    words = Words(Aliases(key), Addresses(key, _services(snapshot), blocks))
    for _ in _told(path, words):
        pass
    words.learning = False
    return Anonymous(dict(_told(path, words)), words, tuple(sorted(snapshot.ignored)))


def write(anonymous: Anonymous, folder: Path) -> None:
    """Raises OSError where the folder cannot be made, or is there and not empty."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(0, f"{folder} is not empty; a new folder is expected")
    for name, text in anonymous.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)


def _blocks(snapshot: Snapshot) -> Iterator[str]:
    for vpc in snapshot.records(Vpc):
        yield from vpc_blocks(vpc)
    for subnet in snapshot.records(Subnet):
        yield from subnet_blocks(subnet)


def _services(snapshot: Snapshot) -> Iterator[Prefix]:
    """The addresses of AWS's services: what its own prefix lists hold, and what answers rest on."""
    own = set()
    for listed in snapshot.records(PrefixList):
        if listed.owner_id == "AWS" or (listed.prefix_list_name or "").startswith(_AWS):
            own.add(listed.prefix_list_id)
            yield from map(Prefix.parse, listed.cidrs)
    for entries in snapshot.records(ManagedPrefixListEntries):
        if entries.prefix_list_id in own:
            yield from (Prefix.parse(each.cidr) for each in entries.entries if each.cidr)
    yield from map(Prefix.parse, (*SERVICE_ADDRESSES, *_ACCELERATOR, *_EXAMPLES))


def _told(path: str | os.PathLike[str], words: Words) -> Iterator[tuple[str, bytes]]:
    """Each new file: those of records in the order of the old names, then a manifest."""
    known = sections()
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    digests: dict[str, str] = {}
    manifests: dict[str, Manifest] = {}
    for name, text in find(path).documents():
        if captured.is_manifest(text):
            manifests[name] = captured.read(name, text)
            continue
        document = decode(name, text, known)
        told = _content(document, known, words)
        names[name] = _name(document, counts, words)
        written = _dumps(told)
        digests[name] = captured.sha256(written)
        yield names[name], written
    if manifests:
        entries = _Manifests(names, digests, words).told(manifests)
        yield captured.NAME, _dumps({captured.KEY: entries})


def _dumps(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _content(document: Document, known: Mapping[str, Section], words: Words) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for key, records in document.records.items():
        if records and records[0].page.base == "":  # an answer without a list around it
            told |= retell(records[0], words)
        else:
            told[key] = [_item(known[key], record, words) for record in records]
    if document.more:
        told[document.more] = True if document.more == MORE_FLAG else "more"
    return told


def _item(section: Section, record: Record, words: Words) -> dict[str, Any]:
    told = retell(record, words)
    if section.nested is None:
        return told
    kind = section.nested.item
    printed = printed_names(kind)
    around = {
        printed[name]: words.told(str(getattr(record, name)), name, kind.__name__)
        for name in section.nested.inherit
        if getattr(record, name)
    }
    return {**around, printed[section.nested.field]: [told]}


def _name(document: Document, counts: Counter[str], words: Words) -> str:
    """A file's name says what it holds, and its folder where that was asked."""
    what = "-".join(sorted(document.records)) or "nothing"
    stem = "/".join(filter(None, (*_scope(document.scope, words), what)))
    counts[stem] += 1
    return f"{stem}.json" if counts[stem] == 1 else f"{stem}-{counts[stem]}.json"


def _scope(scope: Scope, words: Words) -> Scope:
    account = words.any(scope.account) if scope.account else ""
    return Scope(account, scope.region)


@dataclass(frozen=True)
class _Manifests:
    """What captures told of themselves, as one: without AWS's messages, which name people."""

    names: Mapping[str, str]
    digests: Mapping[str, str]
    words: Words

    def told(self, manifests: Mapping[str, Manifest]) -> dict[str, Any]:
        every = [manifests[name] for name in sorted(manifests)]
        places = {Scope(each.account, each.region) for one in every for each in one.scopes}
        return {
            "format": captured.FORMAT,
            "status": captured.COMPLETE,
            "tool": "; ".join(sorted({one.tool for one in every if one.tool})),
            "scopes": [self._place(each.account, each.region) for each in sorted(places)],
            "calls": [call for name in sorted(manifests) for call in self._calls(name, manifests)],
            "gaps": [self._lost(each) for one in every for each in one.gaps],
            "changed": [self._changed(each) for one in every for each in one.changed],
        }

    def _place(self, account: str, region: str) -> dict[str, str]:
        return _scope(Scope(account, region), self.words)._asdict()

    def _calls(self, name: str, manifests: Mapping[str, Manifest]) -> Iterator[dict[str, Any]]:
        prefix = name.removesuffix(captured.NAME)
        for call in manifests[name].calls:
            file = prefix + call.file
            kept = {"file": self.names.get(file, ""), "sha256": self.digests.get(file, "")}
            yield {
                "operation": call.operation,
                **self._place(call.account, call.region),
                "status": call.status,
                **(kept if file in self.names else {}),
                "gaps": [{"reason": each.reason, "code": each.code} for each in call.gaps],
            }

    def _lost(self, lost: Lost) -> dict[str, str]:
        place = self._place(lost.account, lost.region)
        return {"operation": lost.operation, **place, "reason": lost.reason, "code": lost.code}

    def _changed(self, changed: Changed) -> dict[str, Any]:
        ids = [self.words.any(each) for each in changed.ids]
        place = self._place(changed.account, changed.region)
        return {"operation": changed.operation, **place, "ids": ids}
