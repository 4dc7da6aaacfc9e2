"""Portions of surveys: all of them together are the survey, whoever did them and died of it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import reach
from reach.errors import Defect, QuestionError, RefusedError
from reach.jobs import memory
from reach.jobs.crew import Workers, alone
from reach.jobs.job import Bench, Done, Limits, Lost, Refused, Said, Spent
from reach.render import surveys
from reach.survey import here
from reach.survey.asked import Asked
from reach.survey.fan_out import Found, fan_out, jobs_of
from reach.survey.findings import Isolation, Standing, Survey
from reach.survey.job import Piece, PortionJob
from reach.survey.joining import Lapse, NotWhole, joined
from reach.survey.portion import Portion, What
from reach.survey.retold import survey_from
from tests.estate import Pair
from tests.survey.deadly import Deadly, looks_at

SAMPLES = Path(__file__).parents[2] / "samples"
BALANCED = str(SAMPLES / "network_load_balancer" / "snapshot")
MATRIX = Asked("matrix", "any", "any", "port 25", by="endpoint")
EVERY = (
    MATRIX,
    Asked("exposure", "internet", "any", "", by="subnet"),
    Asked("isolated", "internet", "letters", "port 25"),
    Asked("exposure", "internet", "any", "port 119", prove=False),
    Asked("matrix", "any", "any", "protocol 47", by="vpc"),
)
Told = Survey | Isolation


@cache
def balanced() -> Any:
    return reach.load(BALANCED)


@cache
def whole(asked: Asked) -> Told:
    """The survey that nobody divides."""
    how: Any = {"packet": asked.packet, "by": asked.by}
    if asked.kind != "isolated":
        how["prove"] = asked.prove
    ask: Callable[..., Told] = getattr(reach, asked.kind)
    return ask(balanced(), asked.source, asked.destination, **how)


def shown(told: Told) -> tuple[str, str, str]:
    """Every form of it."""
    text = surveys.text(told, colour=True, width=80)
    return text, json.dumps(told.to_dict()), surveys.table(told)


@cache
def pieces(asked: Asked, portions: int) -> tuple[Piece, ...]:
    """All portions, done in any order by one who keeps what he prepared."""
    jobs = jobs_of(asked, BALANCED, portions)
    random.Random(portions).shuffle(jobs)
    return tuple(done.value for _, done in alone(jobs, Bench(lambda _: balanced())))


# ------------------------------ the law


@pytest.mark.parametrize("portions", [1, 2, 5, 64])
@pytest.mark.parametrize("asked", EVERY, ids=lambda asked: f"{asked.kind} {asked.packet}")
def test_the_portions_of_a_survey_are_the_survey(asked: Asked, portions: int) -> None:
    """As text, JSON and CSV, byte for byte, in whatever order they come, also as plain data."""
    found = list(pieces(asked, portions))
    assert shown(joined(asked, found, [])) == shown(whole(asked))
    random.Random(1).shuffle(found)
    sent = [PortionJob.tell(each) for each in found]
    job = jobs_of(asked, BALANCED, portions)[0]
    heard = [job.hear(json.loads(json.dumps(each))) for each in sent]
    assert shown(joined(asked, [e for e in heard if isinstance(e, Piece)], [])) == shown(
        whole(asked)
    )


@settings(derandomize=True, deadline=None)
@given(some.integers(1, 90), some.integers(0, 200))
def test_portions_tile_all_places_and_pairs(of: int, count: int) -> None:
    """None twice, none left out, in order, none larger than another by more than one."""
    each = [Portion(number, of) for number in range(of)]
    told = [part.of_pairs(range(count)) for part in each]
    assert [number for part in told for number in part] == list(range(count))
    assert told == [part.of_places(range(count)) for part in each]
    assert len({len(part) for part in told}) <= 2
    for part in each:
        assert not replace(part, what=What.PAIRS).of_places(range(count))
        assert not replace(part, what=What.PROOF).of_pairs(range(count))
        assert Portion.from_dict(part.to_dict()) == part


@pytest.mark.parametrize("asked", EVERY, ids=lambda asked: f"{asked.kind} {asked.packet}")
def test_a_survey_is_read_as_it_was_told(asked: Asked) -> None:
    told = whole(asked)
    for each in (told,) if isinstance(told, Survey) else (told.there, told.back):
        read = survey_from(json.loads(json.dumps(each.to_dict())))
        assert shown(read) == shown(each)
    assert Asked.from_dict(json.loads(json.dumps(asked.to_dict()))) == asked


def test_gaps_are_read_as_they_were_told() -> None:
    """Of a snapshot that lacks a call, with the command that would tell."""
    e = Pair()
    e.drop("NetworkInterfaces")
    told = reach.exposure(e.load())
    assert told.gaps[0].collect
    assert shown(survey_from(told.to_dict())) == shown(told)


def missing(found: list[Piece]) -> list[Piece]:
    return found[1:]


def twice(found: list[Piece]) -> list[Piece]:
    return [*found, found[0]]


def of_another_proposal(found: list[Piece]) -> list[Piece]:
    return [replace(found[0], proposal="another"), *found[1:]]


def of_another_question(found: list[Piece]) -> list[Piece]:
    return [replace(found[0], survey=replace(found[0].survey, by="vpc")), *found[1:]]


def of_none(found: list[Piece]) -> list[Piece]:
    return []


@pytest.mark.parametrize(
    "seeded", [missing, twice, of_another_proposal, of_another_question, of_none]
)
def test_what_is_not_the_whole_is_never_told(
    seeded: Callable[[list[Piece]], list[Piece]],
) -> None:
    found = seeded(list(pieces(MATRIX, 5)))
    with pytest.raises(NotWhole):
        joined(MATRIX, found, [])
    with pytest.raises(Defect, match="do not make a whole"):
        Found(found).told(MATRIX)


# ------------------------------ what is not survived


@dataclass(frozen=True)
class Scripted:
    """Does jobs here, but for those of which ``fate`` says what becomes of them."""

    fate: Callable[[PortionJob], Said | None]

    def do(self, jobs: Sequence[PortionJob]) -> Iterator[tuple[int, Said]]:
        bench = Bench(lambda _: balanced())
        for number, job in enumerate(jobs):
            yield number, self.fate(job) or Done(job.run(bench))


def done(
    fate: Callable[[PortionJob], Said | None], asked: Asked = MATRIX, portions: int = 3
) -> tuple[Told, list[PortionJob]]:
    """What is told where this happens, and all that was tried."""
    tried: list[PortionJob] = []

    def noted(job: PortionJob) -> Said | None:
        tried.append(job)
        return fate(job)

    by: Any = Scripted(noted)
    return fan_out(jobs_of(asked, BALANCED, portions), by).told(asked), tried


PAIRS = pieces(MATRIX, 1)[0].pairs


@pytest.mark.parametrize("said", [Lost("it died"), Spent("it took more than 1 second")])
def test_the_guilty_pair_alone_is_open(said: Lost | Spent) -> None:
    """With its reason; all else is as it would be, and the survey is not complete."""
    all_pairs = list(pieces(MATRIX, 1)[0].survey.pairs)
    for guilty in range(PAIRS):

        def fate(job: PortionJob, pair: int = guilty) -> Said | None:
            return said if looks_at(job.portion, pair, PAIRS) else None

        told, _ = done(fate)
        assert isinstance(told, Survey)
        (left,) = told.open
        assert [each.text for each in left.gaps] == [f"nobody found out: {said.reason}"]
        pair = (left.source, left.destination)
        others = whole(MATRIX).to_dict()["accesses"]
        kept = [each for each in others if (each["source"], each["destination"]) != pair]
        assert [each.to_dict() for each in told.accesses] == kept
        assert sorted([*told.pairs]) == sorted({*all_pairs, pair})
        assert {*told.sources, *told.destinations} == {end for each in told.pairs for end in each}
        assert not told.complete
        words = f"not complete: 1 of {PAIRS} pairs were not looked at to the end: {said.reason}"
        assert told.proof == words


def test_places_that_are_not_proved_are_told() -> None:
    """The pairs beside them are looked at all the same."""
    told, _ = done(
        lambda job: (
            Spent("it took long") if job.portion.proves and job.portion.number == 1 else None
        )
    )
    assert isinstance(told, Survey)
    count = pieces(MATRIX, 1)[0].places
    part = len(Portion(1, 3).of_places(range(count)))
    assert told.proof == f"not complete: {part} of {count} places were not proved: it took long"
    assert not told.complete
    assert [each.to_dict() for each in told.accesses] == whole(MATRIX).to_dict()["accesses"]
    assert told.open == ()


def test_where_nobody_can_prepare_it_nothing_is_tried_for_long() -> None:
    """Nothing is known then, which is no answer, and least of all a good one."""
    for asked in (MATRIX, EVERY[2]):
        told, tried = done(lambda job: Lost("it died"), asked, portions=64)
        assert len(tried) == 9
        assert told.standing == "undecided"
        for each in (told,) if isinstance(told, Survey) else (told.there, told.back):
            assert each.proof == "not complete: nothing was found out: it died"
            assert not each.complete


def test_where_nothing_gets_done_in_time_all_pairs_are_open() -> None:
    """After a few tries of portions and of pairs all of them are named, and none is omitted."""
    late = Spent("it took more than 1 second")
    told, tried = done(lambda job: None if job.portion.what is What.NAMES else late, portions=64)
    assert isinstance(told, Survey)
    assert len([job for job in tried if job.portion.what is not What.NAMES]) <= 6
    assert told.accesses == ()
    proposed = MATRIX.prepare(balanced(), 0).pairs
    assert [(each.source, each.destination) for each in told.open] == sorted(proposed)
    assert {gap.text for each in told.open for gap in each.gaps} == {
        "nobody found out: it took more than 1 second"
    }
    assert not told.complete


def test_where_hope_comes_back_all_is_done() -> None:
    """The first ones fail, though it can be prepared: then it is their own fault."""
    told, tried = done(
        lambda job: (
            Lost("it died")
            if job.portion.number < 3 and job.portion.of == 64 and job.portion.what is What.ALL
            else None
        ),
        portions=64,
    )
    assert shown(told) == shown(whole(MATRIX))
    assert len({job.portion for job in tried}) == len(tried)


def test_pairs_that_nobody_can_name_are_counted() -> None:
    told, _ = done(
        lambda job: Lost("it died") if job.portion.number == 2 and job.portion.of == 3 else None
    )
    assert isinstance(told, Survey)
    assert not told.complete
    assert "could not even be named: it died" in told.proof


def test_faults_are_told_as_they_are_by_one_process() -> None:
    with pytest.raises(QuestionError, match="nothing in the snapshot is called 'nowhere'"):
        done(lambda job: None, replace(MATRIX, source="nowhere"))
    with pytest.raises(RefusedError, match="another snapshot"):
        done(lambda job: Refused("another snapshot"))
    gone = jobs_of(MATRIX, str(SAMPLES / "none"), 2)
    with pytest.raises(reach.SnapshotError, match="none: cannot be read"):
        fan_out(gone, Workers())


def test_a_defect_is_raised_wherever_it_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hole in the proof is no gap in a survey: nothing else is said."""

    def faulty(*given: Any, **how: Any) -> Survey:
        raise Defect("the survey's algebra left something out")

    monkeypatch.setattr("reach.survey.job.fulfil", faulty)
    with pytest.raises(Defect, match="left something out"):
        done(lambda job: None)


# ------------------------------ real processes


def deadly(pair: int, once: str = "") -> list[PortionJob]:
    each = [(job.portion, job.way) for job in jobs_of(MATRIX, BALANCED, 3)]
    return [Deadly(MATRIX, BALANCED, way, part, True, pair, PAIRS, once) for part, way in each]


def test_a_process_that_dies_costs_the_guilty_pair_alone() -> None:
    found = fan_out(deadly(1), Workers(1))
    (lapse,) = found.lapses
    assert lapse == Lapse(
        0, Portion(1, PAIRS, What.PAIRS), "the process that asked it was ended by SIGKILL"
    )
    told = found.told(MATRIX)
    assert isinstance(told, Survey)
    assert len(told.open) == 1
    assert not told.complete


def test_a_process_that_is_killed_costs_nothing(tmp_path: Path) -> None:
    """Half-way, once, by somebody else: what it had is done again."""
    found = fan_out(deadly(2, str(tmp_path / "died")), Workers(2))
    assert (tmp_path / "died").exists()
    assert found.lapses == []
    assert shown(found.told(MATRIX)) == shown(whole(MATRIX))


@pytest.mark.skipif(sys.platform != "linux", reason="others do not tell, or do not limit")
def test_what_takes_too_much_memory_is_told() -> None:
    """Here to prepare it does, and that is no answer."""
    told = fan_out(jobs_of(MATRIX, BALANCED, 4), Workers(1, Limits(memory=8 << 20))).told(MATRIX)
    assert isinstance(told, Survey)
    assert told.standing == "undecided"
    assert told.proof.endswith("nothing was found out: it took more than 8 MiB of memory")


# ------------------------------ begun here


def test_copies_are_as_many_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may come to hold as much again as this process does now; one is always there."""
    work = here._Here(MATRIX, 1, lambda *_: None, 4)
    for free, held, wanted in ((10, 4, 3), (3, 4, 1), (100, 4, 4), (100, 0, 4)):
        monkeypatch.setattr(here, "free", lambda free=free: free)
        monkeypatch.setattr(here, "held", lambda held=held: held)
        assert work._fitting() == wanted


@pytest.mark.parametrize("asked", [MATRIX, EVERY[2]], ids=lambda asked: asked.kind)
def test_what_is_begun_here_is_ended_by_others(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From after its first portion, or not at all: it is the same survey."""
    monkeypatch.setattr(here, "can_copy", lambda: False)
    monkeypatch.setattr(here, "_PAIRS", 1)
    monkeypatch.setattr(here, "_PLACES", 8)
    given: list[PortionJob] = []

    def noted(jobs: Sequence[PortionJob], by: object, progress: object) -> Found:
        given.extend(jobs)
        return fan_out(jobs, Workers())

    monkeypatch.setattr(here, "fan_out", noted)
    for worth in (False, True):
        monkeypatch.setattr(here._Here, "_is_worth", lambda *_, worth=worth: worth)
        _, found = here.begun_here(asked, balanced, BALANCED, Workers(2), copies=2)
        assert shown(found.told(asked)) == shown(whole(asked))
        assert bool(given) is worth


def test_what_copies_do_is_the_survey() -> None:
    """All ways and portions, and shares of those who send, each process with what it began with."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.survey.copied"],
        cwd=SAMPLES.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    said = "True True\n" * len(EVERY) + "in shares True\n" * len(EVERY)
    assert (done.stdout, done.returncode) == (said, 0), done.stderr


@pytest.mark.parametrize("asked", [MATRIX, EVERY[2]], ids=lambda asked: asked.kind)
def test_what_a_copy_dies_of_is_done_by_others(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Be it a few portions or a whole way."""
    monkeypatch.setattr(here, "can_copy", lambda: True)
    monkeypatch.setattr(here, "_PAIRS", 1)
    monkeypatch.setattr(here, "_PLACES", 8)
    given: list[PortionJob] = []

    def some_die(tasks: Sequence[Any], number: int, told: object) -> dict[int, Any]:
        return {which: task() for which, task in enumerate(tasks) if which != 1}

    def noted(jobs: Sequence[PortionJob], by: object, progress: object) -> Found:
        given.extend(jobs)
        return fan_out(jobs, Workers())

    monkeypatch.setattr(here, "in_copies", some_die)
    monkeypatch.setattr(here, "fan_out", noted)
    _, found = here.begun_here(asked, balanced, BALANCED, Workers(2), copies=2)
    assert shown(found.told(asked)) == shown(whole(asked))
    assert given


def test_what_is_wrong_with_a_survey_is_raised_whoever_finds_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A way that a copy does is refused as one that is done here."""
    monkeypatch.setattr(here, "can_copy", lambda: True)
    monkeypatch.setattr(
        here, "in_copies", lambda tasks, *_: {which: task() for which, task in enumerate(tasks)}
    )
    asked = Asked("isolated", "internet", "nobody-of-that-name")
    with pytest.raises(QuestionError, match="nobody-of-that-name"):
        here.begun_here(asked, balanced, BALANCED, Workers(2), copies=2)


@pytest.mark.parametrize("asked", [MATRIX, EVERY[2]], ids=lambda asked: asked.kind)
def test_what_there_is_no_room_for_is_undecided(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so while it still can; as much of it as there was room for counts for nothing."""
    monkeypatch.setattr(here, "can_copy", lambda: False)
    for enough in (0, 1):  # how often there still is some
        looks = iter([1 << 40] * enough)
        monkeypatch.setattr(memory, "free", lambda looks=looks: next(looks, 5 << 20))
        _, found = here.begun_here(asked, balanced, BALANCED, Workers(), copies=1)
        told = found.told(asked)
        surveys = (told.there, told.back) if isinstance(told, Isolation) else (told,)
        assert told.standing is Standing.UNDECIDED
        for each in surveys:
            assert not each.complete
            assert "it takes more memory than there is" in each.proof
            assert "0.0 GB are left; ask of less at once" in each.proof


def test_what_is_left_is_not_told_by_the_first_portion() -> None:
    """It finds out what the others know by then; nor by one that happens to take long."""
    assert here._expected([5.0]) == 0.0
    assert here._expected([5.0, 0.2]) == 0.2
    assert here._expected([5.0, 0.2, 0.3, 4.0]) == 0.3
    assert here._expected([5.0, 4.0, 4.0]) == 4.0


def test_what_does_not_take_long_stays_here() -> None:
    """Others have to prepare it first; and one helper is none."""
    work = here._Here(MATRIX, 2, lambda *_: None, 2)
    work.began -= 60
    assert work._is_worth(left=12, prepared=1)
    assert not work._is_worth(left=3, prepared=1)
    assert not replace(work, others=1)._is_worth(left=900, prepared=1)
    assert not here._Here(MATRIX, 2, lambda *_: None, 2)._is_worth(900, 1)
