"""Sequences that are made when somebody first looks at them, as many are never looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar, overload

T = TypeVar("T", covariant=True)


class Later(Sequence[T]):
    """What ``make()`` gives, which is kept once it is made; equal to a tuple of the same.

    Whether there is anything at all is told of the first, where ``make`` gives one after the other.
    """

    def __init__(self, make: Callable[[], Iterable[T]]) -> None:
        self._make: Callable[[], Iterable[T]] | None = make
        self._made: tuple[T, ...] = ()

    def _all(self) -> tuple[T, ...]:
        make = self._make
        if make is not None:
            self._made = tuple(make())
            self._make = None
        return self._made

    def begun(self) -> Iterator[T]:
        """All of it, of which nothing is kept if it is made one after the other: for whoever does
        not go on to the end."""
        make = self._make
        if make is None:
            return iter(self._made)
        some = make()
        if isinstance(some, Iterator):
            return some
        self._made, self._make = tuple(some), None
        return iter(self._made)

    def __bool__(self) -> bool:
        return any(True for _ in self.begun())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Later | tuple) and self._all() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def __reduce__(self) -> tuple[type[tuple[T, ...]], tuple[tuple[T, ...]]]:
        """To another process as what it is: how it is worked out stays here."""
        return tuple, (self._all(),)

    def __len__(self) -> int:
        return len(self._all())

    def __iter__(self) -> Iterator[T]:
        return iter(self._all())

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[T, ...]: ...

    def __getitem__(self, place: int | slice) -> T | tuple[T, ...]:
        return self._all()[place]
