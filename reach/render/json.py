"""JSON: one object that ends with a newline, in a stable order of keys.

Takes an answer, or any object of plain data; gives text.  Characters that could play tricks on a
terminal are written as JSON escapes, so that the text is safe to look at and says the same.  Must
not know what the data means.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import orjson

from reach.answer import Answer


def render(answer: Answer) -> str:
    """The stable, versioned form of an answer."""
    return dumps(answer.to_dict())


def dumps(data: Mapping[str, object]) -> str:
    try:
        text = orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    except orjson.JSONEncodeError:
        # Half a character, as a file name may have it, is written as an escape as well.
        text = json.dumps(data, indent=2) + "\n"
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(c if c.isprintable() or c == "\n" else _escape(c) for c in text)


def _escape(character: str) -> str:
    """One character as JSON writes it in ASCII: UTF-16 units of four digits."""
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
