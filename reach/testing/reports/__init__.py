"""What CI reads of a run: a document for each kind of reader.

    render(session, "sarif", where) -> text

Takes a session whose results are complete; gives text that ends with a newline.  Names and tags
come from strangers: each kind writes them so that its reader takes them for text.  Must not know
where the text goes, nor how a case is asked.
"""

from __future__ import annotations

from dataclasses import dataclass

from reach.testing.session import Session


@dataclass(frozen=True, slots=True)
class Where:
    """The account and the Region of what the snapshots do not place."""

    account: str = ""
    region: str = ""


NOWHERE = Where()


def render(session: Session, kind: str, where: Where = NOWHERE) -> str:
    """A report of one kind.  Raises SuiteError where it needs what nobody told."""
    # Each kind is imported when it is asked for.
    match kind:
        case "json":
            from reach.render.json import dumps

            return dumps(session.to_dict())
        case _:
            raise ValueError(f"{kind!r} is no kind of report")
