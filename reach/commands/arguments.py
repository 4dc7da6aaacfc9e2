"""Options that several commands have, and what their values are.

    @with_snapshot      load_snapshot(path) -> Snapshot      asked(path, ask) -> Snapshot, answer
    @with_options       chosen(options) -> {name: value}

Gives decorators of commands, and reads what they take.  Must not know any command.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from reach.snapshot.snapshot import Snapshot

_Command = Callable[..., Any]
T = TypeVar("T")
_NO_CACHE = "reach.no_cache"


def with_snapshot(command: _Command, required: bool = True, cached: bool = True) -> _Command:
    if cached:
        command = click.option(
            "--no-cache",
            is_flag=True,
            expose_value=False,
            callback=_note_no_cache,
            help="Keep nothing beside a large snapshot, and read the JSON itself.  "
            "[env var: REACH_NO_CACHE]",
        )(command)
    return click.option(
        "--snapshot",
        metavar="PATH",
        required=required,
        envvar="REACH_SNAPSHOT",
        show_envvar=True,
        help="The folder (or .tar.zst, or file) of describe JSON to ask.",
    )(command)


def _note_no_cache(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    """The commands need not hand it on."""
    ctx.meta[_NO_CACHE] = value


with_snapshot_if_any = partial(with_snapshot, required=False)
with_uncached_snapshot = partial(with_snapshot, cached=False)


def with_format(command: _Command) -> _Command:
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Text for people or one JSON object.",
    )(command)


def with_aws_format(command: _Command) -> _Command:
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json", "aws"]),
        default="text",
        show_default=True,
        help="Text for people, one JSON object, or the JSON of describe-network-insights-analyses.",
    )(command)


def with_options(command: _Command) -> _Command:
    return click.option(
        "--option",
        "options",
        metavar="NAME=VALUE",
        multiple=True,
        help="How AWS is read where its documentation is open; see reach options.",
    )(command)


def load_snapshot(path: str) -> Snapshot:
    import reach

    return reach.load(path, cache=is_cached())


def asked(path: str, ask: Callable[[Snapshot], T]) -> tuple[Snapshot, T]:
    """A snapshot and what is asked of it, told only once its cache is known to be right."""
    from reach import components

    return components.asked(path, ask, cache=is_cached())


def is_cached() -> bool:
    """Whether a large snapshot may be kept beside its files."""
    ctx = click.get_current_context(silent=True)
    return not (ctx and ctx.meta.get(_NO_CACHE))


def chosen(options: tuple[str, ...]) -> dict[str, str]:
    from reach.options import Options

    return dict(Options.parse(options))


def read_json(file: Any) -> dict[str, Any]:
    import orjson

    try:
        told = orjson.loads(file.read())
    except orjson.JSONDecodeError as error:
        raise click.UsageError(f"{file.name} is not JSON: {error}.") from None
    if not isinstance(told, dict):
        raise click.UsageError(f"{file.name} is no answer: an object is expected.")
    return told
