"""A baseline: an earlier run, against which only what is new fails.

    read_baseline(path) -> Baseline        baseline.known(result) -> Result

A baseline is what ``reach test --format json`` printed.  It knows what failed by its fingerprint,
with the verdict that it had.  It forgives failures only: what is undecided, refused or crashed is
not known to be as it was.  Must not know the command line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reach.errors import SuiteError
from reach.testing.case import Outcome, Result

_FAILED = (Outcome.FAILS, Outcome.KNOWN)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What failed: fingerprints with what was expected and what was the verdict."""

    failed: frozenset[tuple[str, str, str]]

    def known(self, result: Result) -> Result:
        """The result, as known if it fails as it did."""
        key = (result.case.fingerprint, result.case.expect.value, result.verdict)
        if result.outcome is Outcome.FAILS and key in self.failed:
            return replace(result, outcome=Outcome.KNOWN)
        return result


NOTHING = Baseline(frozenset())


def read_baseline(path: str) -> Baseline:
    """Raises SuiteError for what is no earlier run."""
    import orjson

    try:
        told = orjson.loads(Path(path).read_bytes())
    except OSError as error:
        raise SuiteError(error.strerror or str(error), path) from None
    except (orjson.JSONDecodeError, ValueError) as error:
        raise SuiteError(f"is no baseline: it is not JSON: {error}", path) from None
    results = told.get("results") if isinstance(told, dict) else None
    if not isinstance(results, list) or told.get("format") != 1:
        words = "is no baseline: write one with reach test --report json=FILE"
        raise SuiteError(words, path)
    return Baseline(frozenset(_failed(results, path)))


def _failed(results: list[Any], path: str) -> list[tuple[str, str, str]]:
    found = []
    for each in results:
        try:
            key = (each["fingerprint"], each["expected"], each["verdict"] or "")
            outcome = Outcome(each["outcome"])
        except (LookupError, TypeError, ValueError):
            raise SuiteError("is no baseline: a result in it is not one", path) from None
        if outcome in _FAILED:
            found.append(key)
    return found
