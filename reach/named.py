"""Things that people call by a name of their own: functions, databases, caches, tasks, clusters.

    FUNCTION = Named("lambda:", Function, lambda f: f.function_name, lambda f: f.function_arn)
    FUNCTION.names(lowering)        # (name, id) and (ARN, id), for Component.names
    FUNCTION.find(lowering, id)     # the record of an id

An id is the prefix and the name; and the ARN instead where several accounts or Regions use one
name.  ``standing`` makes an end of the interfaces of such a thing.  Must not know any component.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from reach.component import End, Lowering
from reach.network.header_space import Ranges
from reach.network.stage import Origin
from reach.snapshot.record import Record
from reach.snapshot.records import NetworkInterface

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Named(Generic[R]):
    """One kind of things with names."""

    prefix: str
    kind: type[R]
    name: Callable[[R], str]
    arn: Callable[[R], str]

    def _by_id(self, lowering: Lowering) -> Mapping[str, R]:
        def make() -> dict[str, R]:
            shared: dict[str, list[R]] = {}
            for each in lowering.snapshot.records(self.kind):
                shared.setdefault(self.name(each), []).append(each)
            return {
                self.prefix + (name if len(same) == 1 else self.arn(each)): each
                for name, same in shared.items()
                for each in same
            }

        return lowering.memo(f"named {self.prefix}", make)

    def all(self, lowering: Lowering) -> Iterator[tuple[str, R]]:
        """Every thing with its id."""
        return iter(self._by_id(lowering).items())

    def find(self, lowering: Lowering, id_: str) -> R | None:
        """The thing that an id means."""
        return self._by_id(lowering).get(id_)

    def names(self, lowering: Lowering) -> Iterator[tuple[str, str]]:
        """What each thing is called, with its id."""
        for id_, each in self._by_id(lowering).items():
            yield self.name(each), id_
            if self.arn(each):
                yield self.arn(each), id_
            if id_ != self.prefix + self.name(each):
                yield self.prefix + self.name(each), id_


def standing(
    lowering: Lowering,
    words: str,
    interfaces: Sequence[NetworkInterface],
    *,
    lacking: str = "",
    notes: Sequence[str] = (),
    addresses: Ranges | None = None,
) -> End:
    """Interfaces as an end of that name; ``lacking`` says which may be missing from them."""
    end = lowering.hosts(tuple(interfaces), words, addresses)
    said = f"{words}: {lacking} is not known"
    gap = lowering.missing(NetworkInterface, words, said) if lacking else None
    return replace(end, gap=gap, notes=tuple(Origin(words, note) for note in notes))


def is_of_place(lowering: Lowering, record: Record, interface: NetworkInterface) -> bool:
    """Whether a thing and an interface are of one account and Region, as far as both are known."""
    snapshot = lowering.snapshot
    pairs = (
        (snapshot.account_of(record), snapshot.account_of(interface)),
        (snapshot.region_of(record), snapshot.region_of(interface)),
    )
    return all(not one or not other or one == other for one, other in pairs)
