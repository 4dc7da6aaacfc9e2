"""Columns of ids in order, in a fifth of the time that comparing them as texts takes.

    order(names) -> places        find(sorted_names, names) -> places        repeats(names, places)
    distinct(numbers) -> numbers        ranks(numbers) -> which, first

AWS's ids end in hexadecimal digits and begin alike, so that what tells them apart is one number of
64 bits, which has the order of the texts.  Names of other kinds are compared as what they are.  The
answers are the same.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]
Names = npt.NDArray[np.bytes_]
_FEW, _MOST = 5_000, 1 << 24
_NO_DIGIT = 255
_DIGITS = np.full(256, _NO_DIGIT, np.uint8)
_DIGITS[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16, dtype=np.uint8)


def order(names: Names) -> Rows:
    """Where the first name is, the second, and so on; of equal ones those first that come first."""
    told = names != b""
    keys = _keys(names[told]) if len(names) > _FEW else None
    if keys is None:
        return np.argsort(names, kind="stable")
    rest = np.flatnonzero(told)
    found: Rows = np.concatenate((np.flatnonzero(~told), rest[np.argsort(keys, kind="stable")]))
    return found


def find(sorted_names: Names, names: Names) -> Rows:
    """Where each name is; -1 of those that are not there."""
    if not len(sorted_names):
        return np.full(len(names), -1, np.int64)
    told = names != b""
    several = np.concatenate((sorted_names, names[told])) if len(names) > _FEW else None
    keys = _keys(several) if several is not None and sorted_names[0] else None
    if keys is None:
        at = np.searchsorted(sorted_names, names)
    else:
        known, wanted = keys[: len(sorted_names)], keys[len(sorted_names) :]
        turn = np.argsort(wanted)  # so that neighbours are looked for next to each other
        there = np.empty(len(turn), np.int64)
        there[turn] = np.searchsorted(known, wanted[turn])
        at = np.zeros(len(names), np.int64)
        at[told] = there
    at = np.minimum(at, len(sorted_names) - 1)
    found: Rows = np.where(sorted_names[at] == names, at, -1)
    return found


def repeats(names: Names, places: Rows) -> Rows:
    """How often each name is there, in whose ``order`` they are told."""
    ordered = names[places]
    first = np.concatenate(([True], ordered[1:] != ordered[:-1]))[: len(names)]
    which = np.cumsum(first) - 1
    found = np.empty(len(names), np.int64)
    found[places] = np.bincount(which)[which] if len(names) else 0
    return found


def distinct(numbers: Rows) -> Rows:
    """Each number once, in order."""
    ordered = np.sort(numbers)
    if not len(ordered):
        return ordered
    found: Rows = ordered[np.concatenate(([True], np.diff(ordered) != 0))]
    return found


def ranks(numbers: Rows) -> tuple[Rows, Rows]:
    """Which of the distinct numbers each is, in their order, and where each is first."""
    if not len(numbers):
        return numbers, numbers
    lowest = int(numbers.min())
    span = int(numbers.max()) - lowest + 1
    if span > _MOST:
        _, first, which = np.unique(numbers, return_index=True, return_inverse=True)
        return which, first
    shifted = numbers - lowest
    there = np.zeros(span, np.bool_)
    there[shifted] = True
    which = (np.cumsum(there) - 1)[shifted]
    first = np.empty(int(np.count_nonzero(there)), np.int64)
    first[which[::-1]] = np.arange(len(numbers) - 1, -1, -1)  # what is written last stays
    return which, first


def _keys(names: Names) -> npt.NDArray[np.uint64] | None:
    """Numbers in the order of the names; None if 64 bits are too few for what differs."""
    if not len(names):
        return np.zeros(0, np.uint64)
    letters = np.ascontiguousarray(names).view(np.uint8).reshape(len(names), -1)
    letters = np.ascontiguousarray(letters.T)
    low, high = letters.min(axis=1), letters.max(axis=1)
    places = np.flatnonzero(low != high)
    if len(places) > 16:
        return None
    keys = np.zeros(len(names), np.uint64)
    for place in places.tolist():
        digits = _DIGITS[letters[place]]
        if digits.max() == _NO_DIGIT:
            return None
        keys <<= np.uint64(4)
        keys |= digits
    return keys
