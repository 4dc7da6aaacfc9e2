"""Whole commands from cold: interpreter, loading, all of the answer, and the end of the process.

    question(estate, limit, expected=...)   survey(estate, limit, words, ...)  -> figures

What comes out is looked at: a verdict that is not as it is known to be is told, and so is what was
planted in the estate and not found.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.alone import Ended, Limit, alone
from bench.grow import Size, possible
from bench.questions import WHOLE_ESTATE

TIMES = 3  # a command that is quick is run so often, and the median counts
QUICK = 2.0  # seconds
ANSWERED = (0, 1, 3)  # the exit statuses of answers
SOMETHING = "something"
OUTSIDE = ("internet", "0.0.0.0/0", "::/0")

Found = dict[str, Any]


def run(words: Sequence[str], estate: Path, limit: Limit) -> Found:
    """The figures of a command on an estate, and what it printed."""
    runs = [_once(words, estate, limit)]
    while len(runs) < TIMES and "failure" not in runs[-1] and runs[-1]["seconds"] < QUICK:
        runs.append(_once(words, estate, limit))
    if "failure" in runs[-1]:
        return runs[-1]
    middle = statistics.median_low(each["seconds"] for each in runs)
    return next(each for each in runs if each["seconds"] == middle)


def _once(words: Sequence[str], estate: Path, limit: Limit) -> Found:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        report = Path(folder) / "stages.json"
        command = [sys.executable, "-m", "bench.staged", str(report), str(time.monotonic())]
        done = alone([*command, *words, "--snapshot", str(estate)], limit=limit)
        told = _told(report)
    stages = dict(told["seconds"])
    found: Found = {"memory": done.memory, "processor": done.processor, "stages": stages}
    failure = _failure(done, told["in"])
    if failure:
        return {**found, "failure": failure}
    stages["other"] = max(0.0, done.seconds - sum(stages.values()))
    return {**found, "seconds": done.seconds, "out": done.out}


def _told(report: Path) -> dict[str, Any]:
    """How far the stages are; nothing if the command ended before its first one."""
    try:
        told: dict[str, Any] = json.loads(report.read_text())
    except (OSError, json.JSONDecodeError):
        return {"seconds": {}, "in": "start"}
    return told


def _failure(done: Ended, stage: str) -> str:
    """Why there is no answer.  A traceback leaves status 1 too, so it takes an answer to be one."""
    if done.status is None:
        return f"{done.words} ({stage})" if stage else done.words
    if done.status not in ANSWERED or not done.out.strip():
        return f"exit status {done.status}: {done.words}"
    return ""


# --- questions ------------------------------------------------------------------------------------


def question(estate: Path, limit: Limit, *, text: str = WHOLE_ESTATE, expected: str = "") -> Found:
    """One question, whose verdict may be known."""
    found = run([*text.split(), "--format", "json"], estate, limit)
    if "failure" in found:
        return found
    verdict = json.loads(found.pop("out"))["verdict"]
    found["verdict"] = verdict
    if expected and verdict != expected:
        found["wrong"] = [f"`{text}` is {verdict}, and should be {expected}"]
    return found


# --- surveys --------------------------------------------------------------------------------------


def exposure(estate: Path, size: Size, limit: Limit) -> Found:
    """All that the internet reaches, by end point; what is planted has to be among it."""
    found = _surveyed(["exposure"], estate, limit)
    if "failure" not in found:
        told = found.pop("told")
        found["wrong"] += _unseen(planted(size), told)
    return found


def matrix(estate: Path, limit: Limit, *, by: str, packet: str = "port 22") -> Found:
    """Who reaches whom."""
    found = _surveyed(["matrix", *packet.split(), "--by", by], estate, limit)
    found.pop("told", None)
    return found


def isolated(estate: Path, limit: Limit) -> Found:
    """Production and test of a clean twin, in both directions: nothing gets through."""
    found = _surveyed(["isolated", "tag:Stage=prod", "tag:Stage=test"], estate, limit)
    if "failure" not in found:
        for way in (found["told"]["there"], found.pop("told")["back"]):
            if way["standing"] == SOMETHING:
                found["wrong"].append(f"`{way['question']}`: something gets through")
    return found


def _surveyed(words: list[str], estate: Path, limit: Limit) -> Found:
    """The figures of a survey, and all that it told as ``told``."""
    found = run([*words, "--format", "json"], estate, limit)
    if "failure" in found:
        return found
    told = json.loads(found.pop("out"))
    ways = [told["there"], told["back"]] if "there" in told else [told]
    found |= {
        "told": told,
        "standing": " and ".join(dict.fromkeys(way["standing"] for way in ways)),
        "gaps": sorted({gap["text"] for way in ways for gap in way["gaps"]}),
        "accesses": sum(len(way["accesses"]) for way in ways),
        "open": sum(len(way["open"]) for way in ways),
        "wrong": [f"not proved: {way['proof']}" for way in ways if not way["complete"]],
    }
    return found


def planted(size: Size) -> list[tuple[str, int]]:
    """The instance and the port of everything planted that the internet reaches."""
    named = [each.question.split() for each in possible(size) if each.name in size.violations]
    instances = [word for word in named if word[1] in OUTSIDE and word[3].startswith("i-")]
    return [(word[3], int(word[5])) for word in instances]


def _unseen(known: Iterable[tuple[str, int]], told: Found) -> list[str]:
    """What is known to be reached, and is not among what was told."""
    members = {
        group["key"]: {member["resource"] for member in group["members"]}
        for group in told["destinations"]
    }
    seen: dict[str, list[Found]] = {}
    for access in told["accesses"]:
        for member in members[access["destination"]]:
            seen.setdefault(member, []).extend(access["services"])
    return [
        f"{instance} is reached on port {port}, and it is not told"
        for instance, port in known
        if not any(_is_of(service, port) for service in seen.get(instance, ()))
    ]


def _is_of(service: Found, port: int) -> bool:
    """Whether a port of TCP is among a service's."""
    return _within(6, service["protocol"]) and _within(port, service["destination_port"])


def _within(number: int, ranges: Iterable[str]) -> bool:
    ends = (each.partition("-") for each in ranges)
    return any(int(low) <= number <= int(high or low) for low, _, high in ends)
