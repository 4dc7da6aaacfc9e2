"""Writes samples/estate/snapshot."""

from pathlib import Path

from tests.estates.company import company

ROOT = Path(__file__).resolve().parents[3]

if __name__ == "__main__":
    company().save(ROOT / "samples" / "estate" / "snapshot")
