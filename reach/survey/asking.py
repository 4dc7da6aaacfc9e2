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
from reach.lower import Ground
from reach.options import Options
from reach.question import Question, parse_words
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
    asked = _question(source, destination, packet, one_way)
    return survey(
        _ground(snapshot, options),
        asked,
        backend_of_thread(),
        kind="exposure",
        by=by,
        sources_by="endpoint",
        prove=prove,
        progress=progress,
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
    asked = _question(source, destination, packet, one_way)
    ground = _ground(snapshot, options)
    return survey(
        ground, asked, backend_of_thread(), kind="matrix", by=by, prove=prove, progress=progress
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
    ground, backend = _ground(snapshot, options), backend_of_thread()
    there, back = (
        survey(ground, asked, backend, kind="isolated", by=by, progress=progress)
        for asked in (
            _question(one, other, packet, one_way),
            _question(other, one, packet, one_way),
        )
    )
    return Isolation(one, other, there, back)


def _ground(snapshot: Snapshot, options: Mapping[str, str] | None) -> Ground:
    return ground_of(snapshot, Options.of(options or {}))


def _question(source: str, destination: str, packet: str, one_way: bool) -> Question:
    """Raises QuestionError if the packet is none, rather than to take it for part of an end."""
    words = [source, "reach", destination, *shlex.split(packet)]
    question = parse_words(words, one_way=one_way)
    if packet and question.destination != destination:
        raise QuestionError(f"{packet!r} is no packet; these are:", _PACKETS)
    return question
