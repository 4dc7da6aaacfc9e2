"""Portions of a survey as the survey: the same as if nobody had divided it.

    joined(asked, pieces, lapses) -> Survey | Isolation

A :class:`Lapse` is a portion that was not done: its pairs are open, with its reason, and the survey
is not complete.  Every place and every pair has to be in exactly one of them, of one proposal; else
there is no whole, and :class:`NotWhole` is raised.  Pure, and whatever the order: must not know
who did the portions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reach.answer import Remark
from reach.survey.asked import Asked
from reach.survey.findings import Group, Isolation, Open, Survey, pair_of
from reach.survey.job import Piece
from reach.survey.portion import Portion, What


class NotWhole(Exception):  # noqa: N818 - what it says of the pieces
    """Pieces that are not of one survey, or not all of it."""


@dataclass(frozen=True, slots=True)
class Lapse:
    """A portion of one way that was not done, and why."""

    way: int
    portion: Portion
    reason: str

    def to_dict(self) -> dict[str, Any]:
        return {"way": self.way, "portion": self.portion.to_dict(), "reason": self.reason}

    @staticmethod
    def from_dict(told: Mapping[str, Any]) -> Lapse:
        """Raises LookupError, TypeError or ValueError for what is none."""
        return Lapse(int(told["way"]), Portion.from_dict(told["portion"]), str(told["reason"]))


def joined(asked: Asked, pieces: Iterable[Piece], lapses: Iterable[Lapse]) -> Survey | Isolation:
    """The whole of which these are all portions.  Raises NotWhole if they are not."""
    some, left = list(pieces), list(lapses)
    return asked.told(
        [
            _Way(
                [each for each in some if each.way == way],
                sorted((each for each in left if each.way == way), key=_in_order),
            ).whole(asked, way)
            for way in range(asked.ways)
        ]
    )


def _in_order(lapse: Lapse) -> tuple[float, str, str]:
    return lapse.portion.number / lapse.portion.of, lapse.portion.what, lapse.reason


@dataclass(frozen=True)
class _Way:
    """The portions of one way."""

    pieces: Sequence[Piece]
    lapses: Sequence[Lapse]

    def whole(self, asked: Asked, way: int) -> Survey:
        if not self.pieces:
            return _unknown(asked, way, self.lapses)
        first = self.pieces[0]
        if any(_proposal(each) != _proposal(first) for each in self.pieces):
            raise NotWhole("portions of two surveys: what was proposed is not the same")
        done = [each.portion for each in self._done]
        if len({*done}) < len(done):
            raise NotWhole("a portion is there twice")
        self._check_places(first.places)
        self._check_pairs(first.pairs)
        return self._filled(first.survey, asked.prove)

    # ---------------------------------------------------------------- tiling

    @property
    def _done(self) -> list[Piece]:
        return [each for each in self.pieces if each.portion.what is not What.NAMES]

    @property
    def _portions(self) -> Iterator[Portion]:
        yield from (each.portion for each in self._done)
        yield from (each.portion for each in self.lapses)

    def _check_places(self, count: int) -> None:
        each = (p.of_places(range(count)) for p in self._portions)
        _check("places", count, (number for some in each for number in some))

    def _check_pairs(self, count: int) -> None:
        each = (p.of_pairs(range(count)) for p in self._portions)
        _check("pairs", count, (number for some in each for number in some))

    # ---------------------------------------------------------------- filling

    def _filled(self, head: Survey, prove: bool) -> Survey:
        done = [each.survey for each in self._done]
        accesses = [access for each in done for access in each.accesses]
        left_open = [each for survey in done for each in survey.open]
        lapsed, unnamed = self._lapsed()
        left_open += lapsed
        complete, proof = self._proof(prove, unnamed)
        told = replace(
            head,
            complete=complete,
            proof=proof,
            accesses=tuple(sorted(accesses, key=pair_of)),
            open=tuple(sorted(left_open, key=pair_of)),
            seconds=_seconds(done or [head]),
        )
        every = [each.survey for each in self.pieces]
        sources = _groups(each.sources for each in every)
        destinations = _groups(each.destinations for each in every)
        return replace(
            told,
            sources={source: sources[source] for source, _ in told.pairs},
            destinations={destination: destinations[destination] for _, destination in told.pairs},
        )

    def _lapsed(self) -> tuple[list[Open], int]:
        """The pairs of portions that were not done, by name, and how many nobody could name."""
        count = self.pieces[0].pairs
        names: dict[int, Open] = {}
        for each in self.pieces:
            if each.portion.what is What.NAMES:
                numbers = each.portion.of_pairs(range(count))
                names |= zip(numbers, each.survey.open, strict=True)
        found: list[Open] = []
        unnamed = 0
        for lapse in self.lapses:
            gap = Remark(f"nobody found out: {lapse.reason}")
            for number in lapse.portion.of_pairs(range(count)):
                if number in names:
                    found.append(replace(names[number], gaps=(gap,)))
                else:
                    unnamed += 1
        return found, unnamed

    def _proof(self, prove: bool, unnamed: int) -> tuple[bool, str]:
        if self.lapses:
            return False, self._unproved(prove, unnamed)
        ordered = sorted(self._done, key=lambda each: each.portion.number / each.portion.of)
        words = [each.survey.proof for each in ordered if not each.survey.complete]
        if words:
            return False, words[0]
        return True, next((each.survey.proof for each in ordered if each.portion.proves), "")

    def _unproved(self, prove: bool, unnamed: int) -> str:
        """What was not done, in words."""
        first = self.pieces[0]
        places = sum(len(each.portion.of_places(range(first.places))) for each in self.lapses)
        pairs = sum(len(each.portion.of_pairs(range(first.pairs))) for each in self.lapses)
        parts = []
        if places and prove:
            parts.append(f"{places:,} of {first.places:,} places were not proved")
        if pairs:
            parts.append(f"{pairs:,} of {first.pairs:,} pairs were not looked at to the end")
        if unnamed:
            parts.append(f"{unnamed:,} of these could not even be named")
        reasons = dict.fromkeys(each.reason for each in self.lapses)
        return f"not complete: {', '.join(parts) or 'a portion was not done'}: {'; '.join(reasons)}"


def _unknown(asked: Asked, way: int, lapses: Sequence[Lapse]) -> Survey:
    """A survey of which nothing is known, and why."""
    if not lapses:
        raise NotWhole("there is nothing of it")
    question = asked.question(way)
    return Survey(
        kind=asked.kind,
        question=str(question),
        packet=str(question.packet),
        source=question.source,
        destination=question.destination,
        by=asked.by,
        one_way=asked.one_way,
        complete=False,
        proof=f"not complete: nothing was found out: {lapses[0].reason}",
    )


def _proposal(piece: Piece) -> tuple[object, ...]:
    head = replace(
        piece.survey,
        complete=False,
        proof="",
        sources={},
        destinations={},
        accesses=(),
        open=(),
        seconds={},
    )
    return piece.places, piece.pairs, piece.proposal, head


def _check(what: str, count: int, numbers: Iterable[int]) -> None:
    if sorted(numbers) != list(range(count)):
        raise NotWhole(f"of {count:,} {what} each has to be in one portion, and is not")


def _groups(some: Iterable[Mapping[str, Group]]) -> dict[str, Group]:
    return {key: group for each in some for key, group in each.items()}


def _seconds(done: Sequence[Survey]) -> dict[str, float]:
    """What it took all together; what is prepared is so once."""
    found = dict(done[0].seconds)
    for each in done[1:]:
        for name in ("prove", "confirm"):
            found[name] = found.get(name, 0.0) + each.seconds.get(name, 0.0)
    return found
