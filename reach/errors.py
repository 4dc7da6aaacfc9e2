"""Errors by whose fault they are.

    Exception
      SnapshotError   the snapshot's: file, JSON pointer, what would be right
                      (reach.snapshot.errors)
      QuestionError   the asker's: what was not understood, and what was meant, perhaps
      SuiteError      a suite file's: file and line, what would be right
      ClusterError    the cluster's: nobody is there, or nobody who could do it
      RefusedError    a worker's that was given a job which it cannot begin
      SolverError     the backend's (solver.problems)
      Defect          ours: an answer that did not survive its replay; never shown as a verdict

Undecided is a verdict, not an error.
"""

from __future__ import annotations

from collections.abc import Sequence


class QuestionError(Exception):
    """The asker's fault.  ``candidates`` are what may have been meant."""

    def __init__(self, message: str, candidates: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.candidates = tuple(candidates)

    def __str__(self) -> str:
        if not self.candidates:
            return self.message
        return "\n".join([self.message, *(f"  {each}" for each in self.candidates)])


class SuiteError(Exception):
    """A suite file's fault.  Reads "file:line: what was wrong; what would be right"."""

    def __init__(self, message: str, file: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.message, self.file, self.line = message, file, line

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return f"{where}{self.message}"


class ClusterError(Exception):
    """The cluster's fault, or that of whoever says where it is."""


class RefusedError(Exception):
    """A job that cannot be begun here: this is not the snapshot, or not the version."""


class Defect(Exception):  # noqa: N818 - the word for it, as in the tree above
    """Our fault: two of our readings of the network disagree."""
