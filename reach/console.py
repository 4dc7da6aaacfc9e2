"""The console: errors become statuses and messages on stderr, text goes to stdout whole.

Status 2 is usage or bad input, 70 a defect of ours, 74 a full disk, 130 an interrupt, 141 a reader
that went away.  Takes what commands raise and say; must not know any command, nor how anything is
answered.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from reach.frames import write

if TYPE_CHECKING:
    from reach.render.paper import Paper

REACHABLE, UNREACHABLE, BAD_INPUT, UNDECIDED = 0, 1, 2, 3
DEFECT, IO_ERROR, INTERRUPTED, CLOSED_PIPE = 70, 74, 130, 141
_WIDTHS = (60, 120)
_MUCH = 1 << 20  # characters that are written at once
_PIPED_WIDTH = 100

# ------------------------------------------------------------------------------- errors


def _input_errors() -> tuple[type[Exception], ...]:
    """Evaluated only when something was raised, so that help and usage import nothing."""
    from reach.errors import ClusterError, QuestionError, RefusedError, SuiteError
    from reach.snapshot.capture.targets import CaptureError
    from reach.snapshot.errors import SnapshotError

    return SnapshotError, QuestionError, SuiteError, ClusterError, RefusedError, CaptureError


def _defects() -> tuple[type[Exception], ...]:
    from reach.errors import Defect
    from solver import SolverError

    return Defect, SolverError


def say(kind: str, message: str) -> None:
    """One message on stderr; only its line breaks are believed."""
    from reach.render.paper import visible

    wipe()
    lines = [visible(line) for line in message.split("\n")]
    click.echo(f"{kind}: " + "\n".join(lines), err=True)


class Commands(click.Group):
    """The group: finds its command among options and quoted questions, and ends in a status."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, self._command_first(args))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            status = INTERRUPTED
        except BrokenPipeError:
            forget_stdout()
            status = CLOSED_PIPE
        except OSError as error:
            forget_stdout()
            about = error.filename if isinstance(error.filename, str) else ""
            say("error", ": ".join(filter(None, (about, error.strerror))) or str(error))
            status = IO_ERROR
        except _input_errors() as error:
            say("error", str(error))
            status = BAD_INPUT
        except _defects() as error:
            say("defect", f"{error}\nThis is a fault of reach, not an answer; please report it.")
            status = DEFECT
        return ctx.exit(status)

    def _command_first(self, args: list[str]) -> list[str]:
        """Options may stand before the command, and a whole question may be one word."""
        before: list[str] = []
        rest = list(args)
        while rest and rest[0].startswith("-") and len(rest[0]) > 1:
            option = rest.pop(0)
            if option in ("--help", "-h", "--version"):
                return args
            if option == "--":
                break
            before.append(option)
            taken = self._values_of_options().get(option, 0)
            before += rest[:taken]
            del rest[:taken]
        if not rest:
            return args
        return [*_question(rest[0]), *before, *rest[1:]]

    def _values_of_options(self) -> dict[str, int]:
        """How many values each option takes that takes any."""
        params = [p for c in self.commands.values() for p in c.params]
        options = [p for p in params if isinstance(p, click.Option) and not p.is_flag]
        return {name: option.nargs for option in options for name in option.opts}


def _question(word: str) -> list[str]:
    """A command as it is; a question quoted as one word as its words."""
    if not re.match(r"\s*can\s", word, re.IGNORECASE):
        return [word]
    try:
        first, *words = shlex.split(word)
    except ValueError as error:
        raise click.UsageError(f"The question is not closed: {error}.") from None
    return [first.lower(), *words]


# ------------------------------------------------------------------------------- output


def open_what_is_closed() -> None:
    """Whoever closed stdout or stderr wants the status alone, and no file in their place."""
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is not None:
            continue
        opened = os.open(os.devnull, os.O_RDWR)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
        setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))


def forget_stdout() -> None:
    """Nobody reads any more: what is still buffered must not fail at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def put(text: str) -> None:
    """Text on stdout, as UTF-8 whatever the locale, and at once."""
    sys.stdout.flush()
    write(sys.stdout.buffer, text.encode("utf-8", "backslashreplace"))


def colour() -> bool:
    """NO_COLOR wins over being forced; else only a terminal gets colour."""
    if os.environ.get("NO_COLOR"):
        return False
    if any(
        os.environ.get(name, "0") not in ("", "0") for name in ("CLICOLOR_FORCE", "FORCE_COLOR")
    ):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def width() -> int:
    columns = shutil.get_terminal_size((_PIPED_WIDTH, 24)).columns
    return max(_WIDTHS[0], min(columns, _WIDTHS[1]))


def paper() -> Paper:
    from reach.render.paper import Paper

    return Paper(colour=colour(), width=width())


def wipe() -> None:
    """Take a line of progress away before anything else is said."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


_PATIENCE = 2  # seconds for which nobody wonders


@contextmanager
def waiting(doing: str, patience: float = _PATIENCE) -> Iterator[None]:
    """What takes longer than that says on a terminal that it goes on, and for how long by now."""
    if not sys.stderr.isatty():
        yield
        return
    from threading import Event, Thread

    done = Event()

    def tell() -> None:
        seconds = pause = patience
        while not done.wait(pause):
            sys.stderr.write(f"\r\x1b[K{doing}, {seconds:.0f} s")
            sys.stderr.flush()
            pause = 1
            seconds += pause

    teller = Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
        wipe()


def put_json(data: dict[str, Any]) -> None:
    """Data in which iterators may stand for lists, written while it is made."""
    from reach.render.json import pieces

    written: list[str] = []
    size = 0
    for piece in pieces(data):
        written.append(piece)
        size += len(piece)
        if size > _MUCH:
            put("".join(written))
            written, size = [], 0
    put("".join(written))
