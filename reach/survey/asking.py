"""The surveys that people ask for: exposure, matrix, isolated.

    exposure(snapshot) -> Survey        matrix(snapshot, by="vpc") -> Survey
    isolated(snapshot, "tag:Stage=prod", "tag:Stage=test") -> Isolation

Each is a question between two sides, asked of everybody on them at once.  Must not know how a
survey is made, nor how it is shown.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from reach.asking import backend_of_thread, ground_of
from reach.errors import QuestionError
from reach.options import Options
from reach.question import parse_words
from reach.snapshot.snapshot import Snapshot
from reach.survey.findings import Isolation, Survey
from reach.survey.survey import Progress, silent, survey

_PACKETS = ("port 22", "port 8000-8100/udp", "icmp", "protocol 47")


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
    progress: Progress = silent,
) -> Survey:
    """All that ``source`` reaches: end points, services, a path each, and by which way in.

    ``source`` and ``destination`` are ends of a question, ``packet`` its clauses ("port 22"; any
    packet if empty).  End points are told together that every rule treats alike, or ``by``
    ``"subnet"``, ``"group"``, ``"vpc"``, ``"account"`` or ``"tag:KEY"``.  The reply has to get back
    unless ``one_way``.  Without ``prove`` it is quicker, and completeness is not proved.

    Raises QuestionError if an end, the packet or the grouping is not understood, Defect if two
    readings of the network disagree, SolverError if the backend fails.
    """
    return _survey(
        snapshot,
        "exposure",
        source,
        destination,
        packet,
        by,
        "endpoint",
        one_way,
        prove,
        options,
        progress,
    )


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
    progress: Progress = silent,
) -> Survey:
    """Who reaches whom with which services, between groups of both sides.

    As :func:`exposure`; the sources are grouped ``by`` the same as the destinations.
    """
    return _survey(
        snapshot, "matrix", source, destination, packet, by, by, one_way, prove, options, progress
    )


def isolated(
    snapshot: Snapshot,
    one: str,
    other: str,
    packet: str = "",
    *,
    by: str = "endpoint",
    one_way: bool = False,
    options: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> Isolation:
    """Whether nothing gets from either side to the other: both directions proved, or every way.

    As :func:`exposure`.  With ``one_way`` a packet that arrives counts even if no reply gets back.
    """
    there, back = (
        _survey(
            snapshot, "isolated", source, destination, packet, by, by, one_way, True, options,
            progress,
        )
        for source, destination in ((one, other), (other, one))
    )  # fmt: skip
    return Isolation(one, other, there, back)


def _survey(
    snapshot: Snapshot,
    kind: str,
    source: str,
    destination: str,
    packet: str,
    by: str,
    sources_by: str,
    one_way: bool,
    prove: bool,
    options: Mapping[str, str] | None,
    progress: Progress,
) -> Survey:
    words = [source, "reach", destination, *shlex.split(packet)]
    question = parse_words(words, one_way=one_way)
    if packet and question.destination != destination:
        raise QuestionError(f"{packet!r} is no packet; these are:", _PACKETS)
    return survey(
        ground_of(snapshot, Options.of(options or {})),
        question,
        backend_of_thread(),
        kind=kind,
        by=by,
        sources_by=sources_by,
        prove=prove,
        progress=progress,
    )
