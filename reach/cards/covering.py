"""Whether every packet of one header space lies in some others, and in which.

    covered(spaces, others, backend, allowance) -> Covered

By set algebra first: what is left of the spaces when the others are taken away, piece by piece.
Where that breaks into too many pieces a solver decides the residue.  Only headers that can exist
count (fields that a protocol does not have are 0, both ends are of one IP version).  Must not know
what the spaces are of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import solver
from reach.flood import minus, whole
from reach.network.address import ANY_IPV4, ANY_IPV6
from reach.network.field import FIELDS, ICMP, ICMPV6, TCP, UDP
from reach.network.header_space import HeaderSpace, Ranges
from reach.symbolic import Symbolic
from solver import Allowance, Backend, Unknown, Unsat

MOST_PIECES = 256
MOST_NAMED = 24
Spaces = Sequence[HeaderSpace]


@dataclass(frozen=True, slots=True)
class Covered:
    """``by``: the names of what covers, as few as were found; None: not covered.

    ``unproved`` iff nothing is known: it was not decided in time.
    """

    by: tuple[str, ...] | None = None
    unproved: bool = False


def _well_formed() -> Iterator[HeaderSpace]:
    zero = Ranges.of(0)
    ported = Ranges.of(TCP, UDP)
    rest = whole("protocol") - Ranges.of(TCP, UDP, ICMP, ICMPV6)
    for family, typed in ((ANY_IPV4, ICMP), (ANY_IPV6, ICMPV6)):
        ends = Ranges.prefixes((family,))
        portless = {"source_port": zero, "destination_port": zero}
        typeless = {"icmp_type": zero, "icmp_code": zero}
        for kind in (
            {"protocol": ported, **typeless},
            {"protocol": Ranges.of(typed), **portless},
            {"protocol": rest, **portless, **typeless},
        ):
            yield HeaderSpace.where(source=ends, destination=ends, **kind)


WELL_FORMED = tuple(_well_formed())


def possible(spaces: Spaces) -> list[HeaderSpace]:
    """The headers of these spaces that can exist, as products."""
    met = (space & kind for space in spaces for kind in WELL_FORMED)
    return [piece for piece in met if not piece.is_empty]


def covered(
    spaces: Spaces, others: Mapping[str, Spaces], backend: Backend, allowance: Allowance
) -> Covered:
    """covered(S, O)  =  every header of S that can exist lies in a space of O.

    Vacuously so, by nothing, if there is none in S.
    """
    pieces = possible(spaces)
    if not pieces:
        return Covered(by=())
    near = {
        name: each
        for name, each in others.items()
        if any(space.overlaps(other) for space in spaces for other in each)
    }
    for name, each in near.items():
        if without(pieces, each) == []:
            return Covered(by=(name,))
    left = pieces
    for each in near.values():
        rest = without(left, each)
        if rest is None:
            return _by_solver(pieces, near, backend, allowance)
        left = rest
        if not left:
            return Covered(by=_fewest(pieces, near))
    return Covered()


def without(pieces: Iterable[HeaderSpace], holes: Spaces) -> list[HeaderSpace] | None:
    """What lies in no hole, as products; None if these would be too many."""
    left = list(pieces)
    for hole in holes:
        left = [rest for piece in left for rest in minus(piece, hole)]
        if len(left) > MOST_PIECES:
            return None
    return left


def _fewest(pieces: Spaces, near: Mapping[str, Spaces]) -> tuple[str, ...]:
    """The names of some that cover and of which none can be left out (if they are not many)."""
    kept: dict[str, Spaces] = {}
    left = list(pieces)
    for name, each in near.items():
        after = without(left, each) or []
        if after != left:
            kept[name] = each
        left = after
    for name in list(kept) if len(kept) <= MOST_NAMED else ():
        others = [space for other, each in kept.items() if other != name for space in each]
        if without(pieces, others) == []:
            del kept[name]
    return tuple(kept)


def _by_solver(
    pieces: Spaces, near: Mapping[str, Spaces], backend: Backend, allowance: Allowance
) -> Covered:
    symbolic = Symbolic()
    version = tuple(symbolic.symbol(field.name, field.width) for field in FIELDS)
    inside = solver.any_of(symbolic.matches(piece, version) for piece in pieces)
    outside = {
        solver.not_(solver.any_of(symbolic.matches(space, version) for space in each)): name
        for name, each in near.items()
    }
    session = backend.open()
    session.add(inside, *symbolic.conditions)
    outcome = session.check(list(outside), budget=allowance.budget())
    if isinstance(outcome, Unknown):
        return Covered(unproved=True)
    if not isinstance(outcome, Unsat):
        return Covered()
    core = set(outcome.core)
    return Covered(by=tuple(name for term, name in outside.items() if term in core))
