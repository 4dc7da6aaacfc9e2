"""Shares of those who send: what is found of one after the other is what is found of all."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from reach.aim import Start
from reach.jobs.crew import Workers
from reach.network.header_space import HeaderSpace, Ranges
from reach.survey import asked as asked_module
from reach.survey import here
from reach.survey.asked import Asked
from reach.survey.findings import Isolation, Standing, Survey
from reach.survey.share import divided
from reach.survey.survey import fulfil
from tests.crowds import Crowd
from tests.survey.test_portions import BALANCED, EVERY, MATRIX, balanced, whole

Told = Survey | Isolation
BY = ("endpoint", "subnet", "group", "vpc", "account", "tag:Name")


def found(told: Told) -> list[Mapping[str, Any]]:
    """All that a survey says, but which packet it shows and what was proved of what."""
    surveys = (told,) if isinstance(told, Survey) else (told.there, told.back)
    return [_found(each) for each in surveys]


def _found(survey: Survey) -> Mapping[str, Any]:
    services: dict[tuple[str, str], set[HeaderSpace]] = {}
    for access in survey.accesses:
        pair = access.source, access.destination
        services.setdefault(pair, set()).update(access.services)
    return {
        "services": services,
        "open": {(each.source, each.destination, each.gaps) for each in survey.open},
        "groups": (survey.sources, survey.destinations),
        "gaps": (set(survey.gaps), set(survey.notes)),
        "standing": (survey.standing, survey.complete),
    }


def told_in_shares(asked: Asked, shares: int, load: Callable[[], Any], copies: int = 1) -> Told:
    asked = replace(asked, shares=shares)
    asked, done = here.begun_here(asked, load, BALANCED, Workers(), copies=copies)
    assert not done.lapses
    return done.told(asked)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What copies do is held against this by a process of its own (``copied``)."""
    monkeypatch.setattr(here, "can_copy", lambda: False)


# ------------------------------ the law


@pytest.mark.parametrize("shares", [2, 3, 40])
@pytest.mark.parametrize("asked", EVERY, ids=lambda asked: f"{asked.kind} {asked.packet}")
def test_the_shares_of_a_survey_are_the_survey(asked: Asked, shares: int) -> None:
    """Where there are more shares than senders, too: nobody is in some of them."""
    assert found(told_in_shares(asked, shares, balanced)) == found(whole(asked))


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("seed", range(4))
def test_of_crowds(seed: int, by: str) -> None:
    """However those who send are told: who is in several groups is in one share."""
    snapshot = Crowd(seed).load()
    asked = Asked("matrix", "any", "any", random.Random(seed).choice(["", "port 22"]), by=by)
    one = found(told_in_shares(asked, 1, lambda: snapshot))
    for shares in (2, 5):
        assert found(told_in_shares(asked, shares, lambda: snapshot)) == one


def test_what_is_proved_of_all_shares_is_proved() -> None:
    told = told_in_shares(MATRIX, 3, balanced)
    assert isinstance(told, Survey)
    assert told.complete
    assert told.proof.startswith("proved: of each of 3 shares of the senders")
    assert told.seconds.keys() == {"resolve", "spread", "prove", "confirm"}


def test_what_is_not_proved_of_one_share_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else that was found is lost by that."""
    done: list[Survey] = []

    def prove_but_one(*some: Any, **how: Any) -> Survey:
        done.append(fulfil(*some, **how))
        is_second = len(done) == 2
        return replace(done[-1], complete=False, proof="too long") if is_second else done[-1]

    monkeypatch.setattr(here, "fulfil", prove_but_one)
    told = told_in_shares(MATRIX, 3, balanced)
    assert isinstance(told, Survey)
    assert (told.complete, told.proof) == (False, "too long")
    both = found(told)[0], found(whole(MATRIX))[0]
    assert both[0]["services"] == both[1]["services"]


def test_nothing_in_some_share_is_not_nothing() -> None:
    """What one share has and the others have not is there."""
    asked = Asked("exposure", "any", "letters", "port 25")
    assert told_in_shares(asked, 4, balanced).standing is Standing.SOMETHING


def test_into_how_many_shares() -> None:
    """By the size of a snapshot; what is not sent to be stopped is not divided by who sends it."""
    asked = Asked("isolated", "any", "any")
    whole, share = asked_module._WHOLE, asked_module._SHARE
    sizes = (0, whole, whole + 1, 20 * share, 1 << 50)
    assert [asked.of_size(size).shares for size in sizes] == [1, 1, 3, 21, 256]
    assert [EVERY[1].of_size(size).shares for size in sizes] == [1] * 5


# ------------------------------ who is in which


def start(number: int) -> Start:
    where = HeaderSpace.where(source=Ranges.of(1000 + number))
    return Start(f"node/{number}/emit", where, owner=f"node/{number}")


@pytest.mark.parametrize("count", [1, 2, 7, 300])
@pytest.mark.parametrize("seed", range(5))
def test_everybody_is_in_one_share(seed: int, count: int) -> None:
    """In the order in which all are; nobody is split who has a group in common with others."""
    rng = random.Random(seed)
    starts = [
        (tuple(f"g{each}" for each in rng.sample(range(40), rng.choice([1, 1, 1, 2]))), start(n))
        for n in rng.sample(range(200), 120)
    ]
    shares = divided(starts, count)
    assert len(shares) == count
    assert shares == divided(starts, count)
    assert sorted(map(repr, starts)) == sorted(repr(each) for share in shares for each in share)
    places = {id(each[1]): place for place, each in enumerate(starts)}
    groups = [{label for labels, _ in share for label in labels} for share in shares]
    for number, share in enumerate(shares):
        order = [places[id(each)] for _, each in share]
        assert order == sorted(order)
        assert all(groups[number].isdisjoint(other) for other in groups[:number])


def test_shares_are_of_neighbours_and_about_as_large() -> None:
    starts = [((f"g{n}",), start(n)) for n in random.Random(1).sample(range(100), 100)]
    shares = divided(starts, 4)
    assert [len(share) for share in shares] == [25] * 4
    for number, share in enumerate(shares):
        assert {labels[0] for labels, _ in share} == {
            f"g{n}" for n in range(25 * number, 25 * number + 25)
        }
