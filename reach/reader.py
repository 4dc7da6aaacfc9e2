"""A process that reads files of a snapshot for another one.

Started by :func:`reach.components.crew`; takes names of files on its standard input and gives on
its standard output what they come to.  Must not know what it reads.
"""

from __future__ import annotations

import sys

from reach.components import sections
from reach.snapshot.crew import serve
from reach.snapshot.fingerprint import making


def main() -> None:
    """Read until nobody asks any more."""
    known = sections()
    serve(making(known), known, sys.stdin.buffer, sys.stdout.buffer)
