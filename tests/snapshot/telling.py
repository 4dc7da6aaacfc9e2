"""Everything that a snapshot says, as plain data that can be compared."""

from __future__ import annotations

from typing import Any

from reach.snapshot.record import content
from reach.snapshot.snapshot import Snapshot


def everything(snapshot: Snapshot) -> dict[str, Any]:
    """All of it: records in their order, each with where it stood, and all that is said besides."""
    return {
        "path": snapshot.path,
        "files": snapshot.files,
        "sections": list(snapshot.sections),
        "folders": list(snapshot.calls.folders.items()),
        "made": snapshot.calls.made,
        "cut": list(snapshot.calls.cut.items()),
        "gaps": snapshot.gaps,
        "scopes": snapshot.scopes,
        "diagnostics": snapshot.diagnostics,
        "ignored": list(snapshot.ignored.items()),
        "contents": [
            (
                kind.__name__,
                [(name, content(each), each.page, each.place) for name, each in records.items()],
            )
            for kind, records in snapshot.contents.items()
        ],
    }
