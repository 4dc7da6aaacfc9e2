"""A capture from its beginning to its manifest.

    capture(path, sections, targets, tool=..., now=...) -> Outcome

Puts the parts together: accounts, plan, readings, dispatch and folder.  Answers are filed by this
thread alone.  What is read a second time is compared with what was filed, so that a network that
changed in between is noticed.  Raises CaptureError where nothing can be captured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError

from reach.snapshot.capture.accounts import Absent, Account, found
from reach.snapshot.capture.answers import Reason, Refused, ask
from reach.snapshot.capture.dispatch import Dispatch, Given
from reach.snapshot.capture.filing import check, content_of, differing, items_of
from reach.snapshot.capture.folder import Entry, Folder, folder_of
from reach.snapshot.capture.plan import Plan, Step, plan_of
from reach.snapshot.capture.reading import Lack, Reading, Request, Result, Stored
from reach.snapshot.capture.targets import CaptureError, Targets
from reach.snapshot.errors import SnapshotError
from reach.snapshot.manifest import COMPLETE
from reach.snapshot.record import Scope
from reach.snapshot.section import Section

Connect = Callable[[Targets], tuple[list[Account], list[Absent]]]
_ACTIVE = 8  # accounts and Regions that are read at the same time: their clients are large


class Watch(Protocol):
    """Who is told how far it is."""

    def begin(self, phase: str, calls: int) -> None: ...

    def done(self, scope: Scope, operation: str, status: str) -> None: ...


@dataclass(frozen=True)
class Outcome:
    """What became of it, in numbers and in the manifest's words.

    A gap is ``whole`` where an account or a Region gave nothing at all.
    """

    path: str
    files: int
    scopes: int
    gaps: tuple[Entry, ...]
    changed: tuple[Entry, ...]


@dataclass(eq=False)
class _Capture:
    """One run: what is known of each call, by scope and operation."""

    folder: Folder
    sections: Mapping[str, Section]
    plan: Plan
    targets: Targets
    accounts: Mapping[str, Account]
    watch: Watch
    entries: dict[tuple[Scope, str], Entry] = field(default_factory=dict)
    changed: list[Entry] = field(default_factory=list)

    # ---------------------------------------------------------------- reading

    def read(self, scopes: Sequence[Scope]) -> None:
        """Ask for everything that is not filed yet."""
        readings = []
        total = 0
        for scope in scopes:
            steps = self.plan.of(everywhere=not scope.region)
            stored = self._stored(scope, steps)
            total += sum(step.operation not in stored for step in steps if step.key)
            readings.append(partial(Reading, steps, scope, stored))
        self.watch.begin("reading", total)
        self._run(readings, self._file)

    def recheck(self, scopes: Sequence[Scope]) -> None:
        """Ask again, and compare with what was filed."""
        if self.targets.recheck == "none":
            return
        readings = []
        total = 0
        for scope in scopes:
            steps = self.plan.of(everywhere=not scope.region)
            if self.targets.recheck == "lists":
                steps = tuple(step for step in steps if step.key and not step.parents)
            total += sum(1 for step in steps if step.key)
            readings.append(partial(Reading, steps, scope, {}))
        self.watch.begin("checking for changes", total)
        self._run(readings, self._compare)

    def _run(
        self, readings: Sequence[Callable[[], Reading]], give: Callable[[Scope, Result], None]
    ) -> None:
        """A few accounts and Regions at a time, each until nothing of it is open."""
        waiting = list(reversed(readings))
        active: dict[Scope, Reading] = {}
        workers, in_flight = self.targets.workers, self.targets.in_flight
        with Dispatch(self._ask, workers=workers, in_flight=in_flight) as dispatch:
            while waiting or active:
                while waiting and len(active) < _ACTIVE:
                    reading = waiting.pop()()
                    active[reading.scope] = reading
                    self._advance(reading, dispatch, give)
                for request, given in dispatch.wait():
                    reading = active[request.scope]
                    result = reading.take(request, given)
                    if result is not None:
                        give(reading.scope, result)
                        self._advance(reading, dispatch, give)
                for scope in [s for s, each in active.items() if each.is_over]:
                    del active[scope]
                    self.accounts[scope.account].forget(scope.region)

    def _advance(
        self, reading: Reading, dispatch: Dispatch, give: Callable[[Scope, Result], None]
    ) -> None:
        sent, done = reading.advance()
        dispatch.add(sent)
        for result in done:
            give(reading.scope, result)

    def _ask(self, request: Request) -> Given:
        """In a thread of its own."""
        account, service = self.accounts[request.scope.account], request.step.call.service
        if not account.offers(service):
            return Reason("unreachable", "NotInPartition", f"not offered in {account.partition}")
        try:
            client = account.client(service, request.scope.region)
            return ask(client, request.step.call, request.parameters)
        except Refused as refused:
            return refused.reason
        except BotoCoreError as error:  # the client itself cannot be made
            return Reason(
                "unknown", type(error).__name__, "this botocore does not know the service"
            )

    def _stored(self, scope: Scope, steps: Sequence[Step]) -> Stored:
        stored: dict[str, Callable[[], Sequence[Any]]] = {}
        for step in steps:
            name = _name(scope, step)
            entry = self.folder.done.get(name) if step.key else None
            if entry is not None and entry["status"] == COMPLETE:
                self.entries[scope, step.operation] = entry
                stored[step.operation] = partial(self._items, step, name)
        return stored

    def _items(self, step: Step, name: str) -> Sequence[Any]:
        return items_of(step, self.folder.read(name))

    # ---------------------------------------------------------------- filing

    def _file(self, scope: Scope, result: Result) -> None:
        step = result.step
        entry = _entry(scope, result)
        self.changed += [_gone(entry, lack) for lack in result.lacks if lack.reason.kind == "gone"]
        if not step.key:
            if result.lacks:
                self.entries[scope, step.operation] = entry
            return
        name = _name(scope, step)
        if result.answered:
            text = content_of(result)
            try:
                check(name, text, self.sections)
            except SnapshotError as error:
                reason = Reason("unreadable", "Refused", f"{error.pointer or ''} {error.message}")
                entry = {**entry, "status": "absent", "gaps": [reason.to_dict()]}
        if entry["status"] == "absent":
            self.folder.discard(name)
        else:
            entry = {**entry, "file": name, "sha256": self.folder.write(name, text)}
            self.folder.record(entry)
        self.entries[scope, step.operation] = entry
        self.watch.done(scope, step.operation, entry["status"])

    def _compare(self, scope: Scope, result: Result) -> None:
        step = result.step
        entry = self.entries.get((scope, step.operation)) if step.key else None
        self.watch.done(scope, step.operation, "complete")
        if entry is None or entry["status"] != COMPLETE:
            return
        about = {key: entry[key] for key in ("operation", "account", "region")}
        if result.lacks:
            code = result.lacks[0].reason.code
            self.changed.append({**about, "message": f"could not be read again: {code}"})
            return
        filed = self.folder.read(entry["file"])
        ids = differing(filed, content_of(result), self.sections)
        if ids:
            self.changed.append({**about, "ids": list(ids)})


def capture(
    path: Path,
    sections: Mapping[str, Section],
    targets: Targets,
    *,
    tool: str,
    now: Callable[[], str],
    watch: Watch,
    resume: bool = False,
    connect: Connect = found,
) -> Outcome:
    """Read every account and Region that ``targets`` mean into a folder."""
    plan = plan_of(sections)
    accounts, absent = connect(targets)
    if not accounts:
        raise CaptureError(
            "; ".join(f"{a.account}: {a.reason.code}" for a in absent) or "no account"
        )
    scopes: list[Scope] = []
    for account in accounts:
        on, off = account.regions()
        scopes += [Scope(account.number, region) for region in ("", *on)]
        absent += off
    closed = [Scope(each.account, each.region) for each in absent if each.was_asked_for]
    head = {"tool": tool, "asked": targets.to_dict()}
    with Folder.open(path, head, resume=resume, now=now()) as folder:
        numbers = {account.number: account for account in accounts}
        run = _Capture(folder, sections, plan, targets, numbers, watch)
        run.read(scopes)
        run.recheck(scopes)
        told = _manifest(run, [*scopes, *closed], absent, now())
        folder.finish(told)
    return _outcome(path, told)


def _name(scope: Scope, step: Step) -> str:
    return f"{folder_of(scope)}/{step.file}"


def _entry(scope: Scope, result: Result) -> Entry:
    return {
        "operation": result.step.operation,
        "account": scope.account,
        "region": scope.region,
        "status": result.status,
        "requests": result.requests,
        "items": len(result.items),
        "gaps": [lack.to_dict() for lack in result.lacks],
    }


def _gone(entry: Entry, lack: Lack) -> Entry:
    about = {key: entry[key] for key in ("operation", "account", "region")}
    named = " ".join(str(v) for v in lack.parameters.values() if isinstance(v, str))
    return {**about, "message": f"{named or 'it'} was gone when asked about: {lack.reason.code}"}


def _manifest(run: _Capture, scopes: Sequence[Scope], absent: Sequence[Absent], to: str) -> Entry:
    calls = [run.entries[key] for key in sorted(run.entries)]
    gaps = [
        {
            "operation": each.operation,
            "account": each.account,
            "region": each.region,
            **each.reason.to_dict(),
        }
        for each in absent
    ]
    return {
        "status": COMPLETE,
        "window": {"from": run.folder.begun, "to": to},
        "scopes": [{"account": each.account, "region": each.region} for each in sorted(scopes)],
        "calls": calls,
        "gaps": sorted(gaps, key=_by_place),
        "changed": sorted(run.changed, key=_by_place),
    }


def _by_place(entry: Entry) -> tuple[str, ...]:
    return tuple(str(entry[key]) for key in ("account", "region", "operation"))


def _outcome(path: Path, told: Entry) -> Outcome:
    lost = [
        {
            **gap,
            "whole": False,
            "operation": call["operation"],
            "account": call["account"],
            "region": call["region"],
        }
        for call in told["calls"]
        for gap in call["gaps"]
    ]
    files = sum(1 for call in told["calls"] if call.get("file"))
    gaps = (*({**gap, "whole": True} for gap in told["gaps"]), *lost)
    return Outcome(str(path), files, len(told["scopes"]), gaps, tuple(told["changed"]))
