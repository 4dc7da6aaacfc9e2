"""Answers as text for people, as JSON for programs, or in the shape of AWS's own analyses.

Takes an :class:`~reach.answer.Answer` and the name of a form; gives a string that ends with a
newline.  Sees answers and the network's words only; must not know how an answer was found, where
the string goes, nor any AWS component.
"""

from __future__ import annotations

from reach.answer import Answer

FORMS = ("text", "json", "aws")
WIDTH = 100


def render(answer: Answer, form: str = "text", *, colour: bool = False, width: int = WIDTH) -> str:
    """``answer`` in one of FORMS.  Colour and width matter to text only."""
    # Each form is imported when it is asked for: a cold command pays for one of them.
    if form == "json":
        from reach.render import json

        return json.render(answer)
    if form == "aws":
        from reach.render import aws

        return aws.render(answer)
    if form == "text":
        from reach.render import text

        return text.render(answer, colour=colour, width=width)
    raise ValueError(f"{form!r} is not a form: {', '.join(FORMS)}")
