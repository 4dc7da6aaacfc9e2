"""One setting that is changed, and what every change of one says of it.

    class RemoveRoute(ChangeOf[TableRoute]): ...        RemoveRoute(route).resource

Takes a setting that knows whose it is; gives the base of changes that are about it.  Must not know
what it sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic, Protocol, TypeVar


class Setting(Protocol):
    """Something that is set of a ``resource`` (its id), which may have a Name."""

    @property
    def resource(self) -> str: ...

    @property
    def name(self) -> str: ...


S = TypeVar("S", bound=Setting)


@dataclass(frozen=True, slots=True)
class ChangeOf(Generic[S]):
    """A change of one setting; it is of one kind only if it is of one class.

    One that ``redirects`` may open and close at once.
    """

    setting: S

    redirects: ClassVar[bool]

    @property
    def resource(self) -> str:
        return self.setting.resource

    @property
    def name(self) -> str:
        return self.setting.name
