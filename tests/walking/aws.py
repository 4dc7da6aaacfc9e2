"""A stand-in for the AWS CLI: `aws SERVICE COMMAND --option VALUE ...`, by botocore's own models.

As much of it as the page needs: each command is the operation of that name, each option the member
of that name, structures in the CLI's shorthand (`A=b,C=[{D=e}]`).  It prints what came back as
JSON.  Takes words; talks to wherever boto3's environment says.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from botocore import xform_name
from botocore.session import get_session

_WORD = re.compile(r"[^,\[\]{}=]+")


def main() -> None:
    service, name, *words = sys.argv[1:]
    told = call(service, name, words)
    told.pop("ResponseMetadata", None)
    print(json.dumps(told, indent=4))


def call(service: str, name: str, words: list[str]) -> Any:
    """What the operation answers."""
    client = get_session().create_client(service)
    operation = _named(client.meta.service_model.operation_names, name)
    shape = client.meta.service_model.operation_model(operation).input_shape
    parameters = arguments(shape, words)
    return getattr(client, xform_name(operation))(**parameters)


def arguments(shape: Any, words: list[str]) -> dict[str, Any]:
    """The parameters that options give, each of the type of its member."""
    given: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            option = given[_named(shape.members, word[2:])] = []
        else:
            option.append(word)
    return {name: _value(shape.members[name], said) for name, said in given.items()}


def _named(names: Any, wanted: str) -> str:
    (found,) = (each for each in names if xform_name(each, "-") == wanted)
    return str(found)


def _value(shape: Any, words: list[str]) -> Any:
    if shape.type_name == "list":
        return [_typed(shape.member, shorthand(word)) for word in words]
    (word,) = words
    return _typed(shape, shorthand(word) if shape.type_name == "structure" else word)


def _typed(shape: Any, told: Any) -> Any:
    """A value of shorthand as the member wants it: its numbers are text so far."""
    match shape.type_name:
        case "structure":
            return {name: _typed(shape.members[name], each) for name, each in told.items()}
        case "list":
            return [_typed(shape.member, each) for each in told]
        case "integer" | "long":
            return int(told)
        case "boolean":
            return told == "true"
        case _:
            return told


def shorthand(text: str) -> Any:
    """The CLI's own notation for lists and structures."""
    told, rest = _pairs(text) if "=" in text else (text, "")
    if rest:
        raise ValueError(f"{rest!r} is left over of {text!r}")
    return told


def _pairs(text: str) -> tuple[dict[str, Any], str]:
    told = {}
    while text and text[0] not in "}]":
        key, text = _word(text)
        told[key], text = _item(text.removeprefix("="))
        text = text.removeprefix(",")
    return told, text


def _item(text: str) -> tuple[Any, str]:
    if text.startswith("{"):
        told, rest = _pairs(text[1:])
        return told, rest.removeprefix("}")
    if not text.startswith("["):
        return _word(text)
    items, rest = [], text[1:]
    while not rest.startswith("]"):
        item, rest = _item(rest)
        items.append(item)
        rest = rest.removeprefix(",")
    return items, rest[1:]


def _word(text: str) -> tuple[str, str]:
    found = _WORD.match(text)
    if found is None:
        raise ValueError(f"a word is expected before {text!r}")
    return found[0], text[found.end() :]


if __name__ == "__main__":
    main()
