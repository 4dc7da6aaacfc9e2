"""Work whose results stay: while it is done, nobody looks for cycles among them.

    with uncollected(): ...        @uncollected()

Records, nodes, header spaces and terms are made by the million, are kept, and hold no cycles that
are worth finding; Python's collector walks over all of them again and again as they grow, which
takes a quarter of the time of a question about 100,000 interfaces.  May be nested, and entered by
several threads: the last one out leaves the collector as it was before the first.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_inside = 0
_was = True


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing is collected by search for cycles until the last one is out."""
    global _inside, _was
    with _lock:
        if not _inside:
            _was = gc.isenabled()
            gc.disable()
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside and _was:
                gc.enable()
