"""What the workers of the tests' cluster know besides: chores."""

from __future__ import annotations

from reach.jobs import parcel

parcel.KINDS["chore"] = "tests.jobs.chores:Chore"
