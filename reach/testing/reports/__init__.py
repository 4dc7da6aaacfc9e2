"""What CI reads of a run: a document for each kind of reader.

    render(session, "sarif", where) -> text

Takes a session whose results are complete; gives text that ends with a newline.  Names and tags
come from strangers: each kind writes them so that its reader takes them for text.  Must not know
where the text goes, nor how a case is asked.
"""

from __future__ import annotations

from reach.testing.reports.words import NOWHERE, Where
from reach.testing.session import Session

__all__ = ["NOWHERE", "Where", "render"]


def render(session: Session, kind: str, where: Where = NOWHERE) -> str:
    """A report of one kind.  Raises SuiteError where it needs what nobody told."""
    # Each kind is imported when it is asked for.
    match kind:
        case "asff":
            from reach.testing.reports import asff

            return asff.render(session, where)
        case "github":
            from reach.testing.reports import github

            return github.render(session)
        case "json":
            from reach.render.json import dumps

            return dumps(session.to_dict())
        case "junit":
            from reach.testing.reports import junit

            return junit.render(session)
        case "markdown":
            from reach.testing.reports import markdown

            return markdown.render(session)
        case "sarif":
            from reach.testing.reports import sarif

            return sarif.render(session)
        case _:
            raise ValueError(f"{kind!r} is no kind of report")
