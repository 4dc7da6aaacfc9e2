"""JSON: one object that ends with a newline, in a stable order of keys.

Takes an answer, or any object of plain data; gives text.  Characters that could play tricks on a
terminal are written as JSON escapes, so that the text is safe to look at and says the same.  Must
not know what the data means.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from reach.answer import Answer


def render(answer: Answer) -> str:
    """The stable, versioned form of an answer."""
    return dumps(answer.to_dict())


def dumps(data: object) -> str:
    try:
        text = orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    except orjson.JSONEncodeError:
        # Half a character, as a file name may have it, is written as an escape as well.
        text = json.dumps(data, indent=2) + "\n"
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(c if c.isprintable() or c == "\n" else _escape(c) for c in text)


def pieces(data: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """The same text as ``dumps`` of data in which iterators stand for lists: each of what they give
    is made when its text is, and not kept."""
    begun = "{\n"
    for key, value in data.items():
        yield f"{begun}{indent}  {_shifted(key, '')}: "
        begun = ",\n"
        if isinstance(value, Iterator):
            yield from _list(value, indent + "  ")
        elif isinstance(value, dict) and any(isinstance(e, Iterator) for e in value.values()):
            yield from pieces(value, indent + "  ")
        else:
            yield _shifted(value, indent + "  ")
    yield "{}" if not data else "\n" + indent + "}"
    if not indent:
        yield "\n"


def _list(values: Iterator[Any], indent: str) -> Iterator[str]:
    begun = "[\n"
    for value in values:
        yield f"{begun}{indent}  {_shifted(value, indent + '  ')}"
        begun = ",\n"
    yield "[]" if begun == "[\n" else f"\n{indent}]"


def _shifted(value: object, indent: str) -> str:
    """The text of a value that stands further to the right; lines end between values only."""
    return dumps(value).removesuffix("\n").replace("\n", "\n" + indent)


def _escape(character: str) -> str:
    """One character as JSON writes it in ASCII: UTF-16 units of four digits."""
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
