"""What ``reach exposure``, ``matrix``, ``isolated`` and ``reach merge`` do: asked, joined, shown.

    run(asked, path, form, how, cached, progress) -> status        run_merge(files, form) -> status

Takes what was asked and options; gives the exit status.  Light to import: what asks and shows is
imported when it is needed.  Must not know how anything is found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from reach import console
from reach.jobs.arguments import cluster_of
from reach.jobs.memory import free
from reach.survey.arguments import Divided, refuse
from reach.uncollected import uncollected

if TYPE_CHECKING:
    from reach.jobs.cluster import Cluster
    from reach.jobs.crew import Workers
    from reach.survey.asked import Asked
    from reach.survey.findings import Isolation, Survey

_FOUND = 1
Progress = Callable[[str, int, int], None]
# Bytes of JSON from which a shard is worth several processes; and what each holds of a snapshot, in
# bytes for each byte of it and besides.
_LARGE = 4 << 20
_HELD, _BESIDES = 8, 256 << 20


@uncollected()
def run(asked: Asked, path: str, form: str, how: Divided, cached: bool, progress: Progress) -> int:
    """Ask a survey and show it; its status.  ``cached``: a large snapshot is kept beside its files.

    A shard of one says nothing by itself, and has no status of its own.
    """
    from reach.snapshot.files import find

    refuse(how, form)
    # What is asked is understood, or not, before anything is read.
    asked.question(0)
    size = find(path).size
    asked = asked.of_size(size)
    by, others = _by(how, size)
    if how.shard is not None:
        from reach.survey.shards import asked_shard

        told = asked_shard(asked, path, how.shard, by, cached, progress)
        console.wipe()
        console.put_json(told)
        return 0
    if others is not None:
        import reach
        from reach.snapshot.processors import processors
        from reach.survey.here import begun_here

        load = partial(reach.load, path, cache=cached)
        copies = processors() if how.processes is None else 1
        asked, found = begun_here(asked, load, path, others, cached, progress, copies=copies)
    else:
        from reach.survey.fan_out import PORTIONS, fan_out, jobs_of

        found = fan_out(jobs_of(asked, path, PORTIONS, cached), by, progress)
    return _shown(asked, found.told(asked), form, is_done=not found.lapses)


@uncollected()
def run_merge(files: Sequence[str], form: str) -> int:
    """Join the shards of a survey and show it; the whole's status."""
    from reach.survey.shards import merged

    asked, found, told = merged(files)
    return _shown(asked, told, form, is_done=not found.lapses)


# ------------------------------------------------------------------------------- by whom


def _by(how: Divided, size: int) -> tuple[Workers | Cluster, Workers | None]:
    """Who does it; where it is best begun in this process, who may help later.

    ``size`` is that of the snapshot in bytes of JSON.
    """
    from reach.jobs.crew import Workers
    from reach.jobs.job import Limits
    from reach.snapshot.processors import processors

    limits = Limits(how.portion_seconds, how.portion_memory)
    cluster = cluster_of(how, limits)
    if cluster is not None:
        return cluster, None
    if how.processes is not None:
        return Workers(how.processes, limits), None if how.processes else Workers()
    if limits.are_any:
        return Workers(processors(), limits), None
    some = Workers(min(processors(), _fitting(size)))
    # What is divided already is not small, unless its snapshot is.
    return (Workers() if size < _LARGE else some), some


def _fitting(size: int) -> int:
    """How many processes fit beside each other that hold a snapshot of so many bytes."""
    return max(1, free() // (_BESIDES + _HELD * size))


# ------------------------------------------------------------------------------- shown


def _shown(asked: Asked, told: Survey | Isolation, form: str, is_done: bool) -> int:
    console.wipe()
    if form == "json":
        console.put_json(told.parts())
        return _status(asked, told, is_done)
    from reach.render import surveys

    if form == "csv":
        console.put(surveys.table(told))
    else:
        colour = console.colour()
        console.put(surveys.text(told, colour=colour, width=console.width()))
    return _status(asked, told, is_done)


def _status(asked: Asked, told: Survey | Isolation, is_done: bool) -> int:
    """A matrix is no question with a yes or no: it is settled, or not; unproved if so asked."""
    from reach.survey.findings import Standing, Survey

    if asked.kind == "matrix" and isinstance(told, Survey):
        proved = told.complete or not asked.prove
        settled = proved and not (told.open or told.gaps)
        return 0 if is_done and settled else console.UNDECIDED
    known = {Standing.NOTHING: 0, Standing.SOMETHING: _FOUND}
    return known.get(told.standing, console.UNDECIDED)
