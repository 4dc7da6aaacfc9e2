"""The surveys that people ask for: exposure, matrix, isolated.

    exposure(snapshot) -> Survey        matrix(snapshot, by="vpc") -> Survey
    isolated(snapshot, "tag:Stage=prod", "tag:Stage=test") -> Isolation

Each is a question between two sides, asked of everybody on them at once.  Must not know how a
survey is made, nor how it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reach.asking import backend_of_thread
from reach.snapshot.snapshot import Snapshot
from reach.survey.asked import Asked
from reach.survey.findings import Isolation, Survey
from reach.survey.survey import Prepared, Progress, fulfil, silent, with_groups


def exposure(
    snapshot: Snapshot,
    source: str = "internet",
    destination: str = "any",
    packet: str = "",
    *,
    by: str = "endpoint",
    one_way: bool = False,
    prove: bool = True,
    options: Mapping[str, str] | None = None,
    reductions: Iterable[str] | None = None,
    progress: Progress = silent,
) -> Survey:
    """All that ``source`` reaches: end points, services, a path each, and by which way in.

    ``source`` and ``destination`` are ends of a question, ``packet`` its clauses ("port 22"; any
    packet if empty).  End points are told together that every rule treats alike, or ``by``
    ``"subnet"``, ``"group"``, ``"vpc"``, ``"account"`` or ``"tag:KEY"``.  The reply has to get back
    unless ``one_way``.  Without ``prove`` it is quicker, and completeness is not proved.
    ``reductions`` names the passes that make the network smaller (:data:`reach.reduce.PASSES`; all
    if None): what is told is the same.

    Raises QuestionError if an end, the packet, the grouping or a pass is not understood, Defect if
    two readings of the network disagree, SolverError if the backend fails.
    """
    how = by, one_way, prove, tuple((options or {}).items()), _passes(reductions)
    (told,) = _surveys(snapshot, Asked("exposure", source, destination, packet, *how), progress)
    return told


def matrix(
    snapshot: Snapshot,
    source: str = "any",
    destination: str = "any",
    packet: str = "",
    *,
    by: str = "vpc",
    one_way: bool = False,
    prove: bool = True,
    options: Mapping[str, str] | None = None,
    reductions: Iterable[str] | None = None,
    progress: Progress = silent,
) -> Survey:
    """Who reaches whom with which services, between groups of both sides.

    As :func:`exposure`; the sources are grouped ``by`` the same as the destinations.
    """
    how = by, one_way, prove, tuple((options or {}).items()), _passes(reductions)
    (told,) = _surveys(snapshot, Asked("matrix", source, destination, packet, *how), progress)
    return told


def isolated(
    snapshot: Snapshot,
    one: str,
    other: str,
    packet: str = "",
    *,
    by: str = "endpoint",
    one_way: bool = False,
    options: Mapping[str, str] | None = None,
    reductions: Iterable[str] | None = None,
    progress: Progress = silent,
) -> Isolation:
    """Whether nothing gets from either side to the other: both directions proved, or every way.

    As :func:`exposure`.  With ``one_way`` a packet that arrives counts even if no reply gets back.
    """
    how = by, one_way, True, tuple((options or {}).items()), _passes(reductions)
    there, back = _surveys(snapshot, Asked("isolated", one, other, packet, *how), progress)
    return Isolation(one, other, there, back)


def _passes(reductions: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if reductions is None else tuple(reductions)


def _surveys(snapshot: Snapshot, asked: Asked, progress: Progress) -> list[Survey]:
    """A survey for each way of what is asked."""
    return [
        _survey(asked.prepare(snapshot, way, progress), asked, progress)
        for way in range(asked.ways)
    ]


def _survey(ready: Prepared, asked: Asked, progress: Progress) -> Survey:
    told = fulfil(ready, backend_of_thread(), prove=asked.prove, progress=progress)
    return with_groups(told, ready)
