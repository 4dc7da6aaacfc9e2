"""Regression suites: a file of questions on a snapshot, each with the verdict that it should get.

    load_suite(path) -> Suite        run(suite) -> Result, Result, ...

A suite is YAML 1.2 (`docs/suite.schema.json` has its form).  What is public of
:mod:`reach.testing`, under one name.
"""

from __future__ import annotations

from reach.testing.case import Case, Outcome, Result, Suite
from reach.testing.judging import run
from reach.testing.reading import CASE_KEYS, DEFAULT_KEYS, PORT_AT, SUITE_KEYS, load_suite

__all__ = [
    "CASE_KEYS",
    "DEFAULT_KEYS",
    "PORT_AT",
    "SUITE_KEYS",
    "Case",
    "Outcome",
    "Result",
    "Suite",
    "load_suite",
    "run",
]
