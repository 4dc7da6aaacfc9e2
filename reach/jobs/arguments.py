"""Options that say who does jobs and what one may take, and what their values are.

    @shard(words)  @memory(...)  *CLUSTER        cluster_of(how, limits) -> Cluster | None

Gives decorators of commands.  Light to import.  Must not know any command, nor what a job does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import click

from reach.jobs.shard import Shard

if TYPE_CHECKING:
    from reach.jobs.cluster import Cluster
    from reach.jobs.job import Limits

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Clustered(Protocol):
    """What the options of :data:`CLUSTER` were."""

    @property
    def cluster(self) -> str | None: ...

    @property
    def tls_ca_file(self) -> str | None: ...

    @property
    def tls_cert(self) -> str | None: ...

    @property
    def tls_key(self) -> str | None: ...


def _bytes(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,8})(MiB|GiB)", value)
    if found is None:
        words = f"{value!r} is no amount of memory: write 512MiB or 2GiB."
        raise click.BadParameter(words, ctx, param)
    return int(found[1]) << (20 if found[2] == "MiB" else 30)


def _part(ctx: click.Context, param: click.Parameter, value: str | None) -> Shard | None:
    try:
        return None if value is None else Shard.parse(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", ctx, param) from None


def _address(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.match(r"(tcp|tls)://.", value):
        words = f"{value!r} is no scheduler: write tls://HOST:PORT or tcp://HOST:PORT."
        raise click.BadParameter(words, ctx, param)
    return value


def shard(words: str) -> Decorator:
    return click.option("--shard", callback=_part, metavar="I/N", help=words)


def seconds(*names: str, words: str) -> Decorator:
    kind = click.FloatRange(min=0, min_open=True)
    return click.option(*names, type=kind, metavar="SECONDS", help=words)


def memory(name: str, words: str) -> Decorator:
    return click.option(name, callback=_bytes, metavar="SIZE", help=words)


CLUSTER: tuple[Decorator, ...] = (
    click.option(
        "--cluster",
        callback=_address,
        metavar="ADDRESS",
        help="Ask by the workers of a Dask scheduler: tls://HOST:PORT.",
    ),
    click.option(
        "--tls-ca-file", metavar="FILE", help="For tls://: who vouches for the scheduler."
    ),
    click.option("--tls-cert", metavar="FILE", help="For tls://: our certificate."),
    click.option("--tls-key", metavar="FILE", help="For tls://: its private key."),
)


def refuse_tls(how: Clustered) -> None:
    """Raise for options of TLS that do not go together."""
    tls = (how.tls_ca_file, how.tls_cert, how.tls_key)
    if any(tls) and not (how.cluster or "").startswith("tls://"):
        raise click.UsageError("--tls-ca-file, --tls-cert and --tls-key need --cluster tls://...")
    if any(tls) and not all(tls):
        raise click.UsageError("--tls-ca-file, --tls-cert and --tls-key go together.")


def cluster_of(how: Clustered, limits: Limits) -> Cluster | None:
    """The cluster that is named, if one is."""
    if how.cluster is None:
        return None
    from reach.jobs.cluster import Cluster, Tls

    tls = None
    if how.tls_ca_file and how.tls_cert and how.tls_key:
        tls = Tls(how.tls_ca_file, how.tls_cert, how.tls_key)
    return Cluster(how.cluster, limits, tls)
