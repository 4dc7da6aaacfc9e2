"""What can be wrong with a snapshot: an error that stops loading, or a remark that is kept.

Takes what was wrong, in words, with the file and the JSON pointer.  Gives
:class:`SnapshotError` (raised) and :class:`Diagnostic` (recorded in the snapshot).  Must not know
what was being read, nor who will show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
# What a remark is about: something AWS did not answer, a network that changed while it was read,
# a file that is not what was captured, a name of something that is not there, a list that an answer
# lacks and AWS always prints, a word that AWS does not have; "" is anything else.
About = Literal["", "gap", "change", "hash", "reference", "unprinted", "word"]


class SnapshotError(Exception):
    """The snapshot's fault.  Reads "file: pointer: what was wrong; what would be right"."""

    def __init__(self, message: str, file: str | None = None, pointer: str | None = None) -> None:
        super().__init__(message, file, pointer)
        self.message = message
        self.file = file
        self.pointer = pointer

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.pointer, self.message) if part)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A remark on a snapshot that was loaded all the same; nothing was dropped silently.

    ``named`` is the id of what is not there, where a ``resource`` names such.
    """

    severity: Severity
    message: str
    file: str | None = None
    pointer: str | None = None
    resource: str | None = None
    about: About = ""
    named: str = ""

    def __str__(self) -> str:
        words = (self.severity, self.file, self.pointer, self.message)
        return ": ".join(part for part in words if part)
