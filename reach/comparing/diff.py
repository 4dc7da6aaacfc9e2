"""Two snapshots -> their difference in reachability: the one place that composes the stages.

    diff(before, after) -> Difference

Must not know rendering or the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reach.answer import Remark, Verdict
from reach.asking import backend_of_thread
from reach.comparing.aligned import Pair, aligned
from reach.comparing.difference import Difference, Line
from reach.comparing.differing import Differing
from reach.comparing.flows import Found
from reach.comparing.lines import is_open, lines
from reach.comparing.near import near
from reach.comparing.records import Changed, Missing, changed
from reach.evidence import remarks
from reach.gaps import openings
from reach.lower import Ground
from reach.options import Options
from reach.resolve import everyone
from reach.snapshot.records import NetworkInterface
from reach.snapshot.snapshot import Snapshot
from reach.uncollected import uncollected
from solver import Backend

MOST = 200


@uncollected()
def diff(
    before: Snapshot,
    after: Snapshot,
    *,
    one_way: bool = False,
    options: Mapping[str, str] | None = None,
    most: int = MOST,
    narrow: bool = True,
) -> Difference:
    """What changed in reachability from ``before`` to ``after``, each way with a witness.

    Every packet is compared, from everybody to everybody: the interfaces of either snapshot, the
    internet, on-premises.  A flow counts as gained iff its packet is delivered to an end in
    ``after``, and its reply comes back unless ``one_way``, and not in ``before``; lost is the
    reverse; where either snapshot leaves it open it is undecided.  At most ``most`` kinds of flows
    are told apart each way; with more the difference is not complete, and says so.  Where only
    what can be edited alone differs (:mod:`reach.editable`), or a few interfaces of instances wear
    other groups, have other addresses, come or go, only what is made of them is compared;
    without ``narrow`` everything is, and what comes out is the same.

    Raises QuestionError if an option cannot be understood, Defect if two readings of the network
    disagree, SolverError if the backend fails.
    """
    chosen = Options.of(options or {})
    differing = changed(before, after)
    plain = Difference(
        before=before.path,
        after=after.path,
        one_way=one_way,
        gained=(),
        lost=(),
        undecided=(),
        gaps=(),
        complete=True,
        compared=_compared(before, after, one_way),
        records=sum(len(each.ids) for each in differing.records.values()),
        told=differing.told,
        options=chosen.chosen,
    )
    if differing.is_nothing:
        return plain
    pair = aligned(before, after, differing, chosen, narrow=narrow)
    return _difference(plain, pair, differing, backend_of_thread(), most)


def _compared(before: Snapshot, after: Snapshot, one_way: bool) -> str:
    counts = [len(each.contents.get(NetworkInterface, {})) for each in (before, after)]
    shown = f"{counts[0]:,}" if counts[0] == counts[1] else f"{counts[0]:,} and {counts[1]:,}"
    replies = "" if one_way else " whose reply gets back"
    return f"every packet{replies}, between any of the {shown} interfaces and hosts beyond"


def _difference(
    plain: Difference, pair: Pair, differing: Changed, backend: Backend, most: int
) -> Difference:
    """Both ways, put together."""
    there, back = _further(pair, backend, most, two_way=not plain.one_way)
    gained = list(_settled(lines(pair, there.flows, turned=False), openings(pair.before)))
    lost = list(_settled(lines(pair.turned, back.flows, turned=True), openings(pair.after)))
    both = [*gained, *lost]
    reasons = dict.fromkeys(each.reason for each in (there, back) if each.reason)
    return replace(
        plain,
        gained=tuple(line for line in gained if not is_open(line)),
        lost=tuple(line for line in lost if not is_open(line)),
        undecided=tuple(line for line in both if is_open(line)),
        gaps=tuple(_gaps(pair, differing)),
        complete=there.complete and back.complete,
        reason="; ".join(reasons),
        notes=tuple(_notes(pair)),
    )


def _further(pair: Pair, backend: Backend, most: int, *, two_way: bool) -> tuple[Found, Found]:
    """What gets further after than before, and the reverse: near what was edited, if that is
    known to be all."""
    close = near(pair)
    if close is not None:
        there = close.further(pair, two_way=two_way, backend=backend, most=most)
        turned = close.turned
        back = there and turned.further(pair.turned, two_way=two_way, backend=backend, most=most)
        if there is not None and back is not None:
            return there, back
    spots = Differing.of(pair)
    there = spots.further(pair, two_way=two_way, backend=backend, most=most)
    return there, spots.turned.further(pair.turned, two_way=two_way, backend=backend, most=most)


def _settled(found: Iterable[Line], opened: tuple[object, ...]) -> Iterator[Line]:
    """Lines whose "unreachable" is undecided, if another way may exist in that snapshot."""
    for line in found:
        if opened and line.now is Verdict.UNREACHABLE:
            yield replace(line, now=Verdict.UNDECIDED)
        elif opened and line.was is Verdict.UNREACHABLE:
            yield replace(line, was=Verdict.UNDECIDED)
        else:
            yield line


# ------------------------------------------------------------------- what is not told


def _gaps(pair: Pair, differing: Changed) -> Iterator[Remark]:
    """What only one of two snapshots tells."""
    for missing in differing.missing:
        yield _missing(missing)
    known = [frozenset(_open(ground)) for ground in (pair.before, pair.after)]
    for told, others, words in (
        (known[1], known[0], "only since then"),
        (known[0], known[1], "only until then"),
    ):
        for text, resource in sorted(told - others):
            yield Remark(f"{text} ({words})", resource)


def _missing(missing: Missing) -> Remark:
    where = " ".join(filter(None, missing.scope)) or "the snapshot"
    side = "after" if missing.whole_before else "before"
    words = f"is not whole in {where} {side}, so what it tells cannot be compared"
    return Remark(words, missing.operation)


def _notes(pair: Pair) -> Iterator[Remark]:
    """What neither snapshot tells: it is taken to be the same."""
    shared = frozenset(_open(pair.before)) & frozenset(_open(pair.after))
    for text, resource in sorted(shared):
        yield Remark(f"open in both, and taken to be the same: {text}", resource)


def _open(ground: Ground) -> Iterator[tuple[str, str]]:
    """What stands against knowing all ways and all senders."""
    ends = everyone(ground)
    may_send = (origin for end in ends for origin in end.may_send)
    gaps = (*openings(ground), *(end.gap for end in ends), *may_send)
    for remark in remarks(gap for gap in gaps if gap is not None):
        yield remark.text, remark.resource
