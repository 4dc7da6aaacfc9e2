"""A real cluster on this machine: a Dask scheduler and its workers, one of them under a nanny.

    with cluster(folder) as address: ...        with cluster(folder, certificates(folder)) as ...

Ports are the system's choice; whoever enters finds all workers there.  With certificates there is
one worker.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reach.jobs.cluster import Tls

ROOT = Path(__file__).resolve().parents[2]
_PRELOAD = Path(__file__).with_name("preload.py")
_PATIENCE = 60


@contextmanager
def cluster(folder: Path, tls: Tls | None = None) -> Iterator[str]:
    """The scheduler's address."""
    told = folder / "scheduler.json"
    here = ["--host", "127.0.0.1"] if tls is None else ["--host", "tls://127.0.0.1"]
    named = ["--scheduler-file", str(told), "--no-dashboard"]
    who = [] if tls is None else _options(tls)
    with ExitStack() as started:
        started.enter_context(_running(folder, "scheduler", *here, "--port", "0", *named, *who))
        kinds = ["--nanny", "--no-nanny"] if tls is None else ["--no-nanny"]
        for nanny in kinds:
            # It waits for the scheduler's file by itself.
            worker = ["worker", *here, *named, *who, nanny, "--nthreads", "1"]
            space = folder / nanny.strip("-")
            space.mkdir()
            options = ["--preload", str(_PRELOAD), "--local-directory", str(space)]
            started.enter_context(_running(folder, *worker, *options))
        _wait_for(len(kinds), told, tls)
        yield str(json.loads(told.read_text())["address"])


def _options(tls: Tls) -> list[str]:
    return ["--tls-ca-file", tls.ca_file, "--tls-cert", tls.cert, "--tls-key", tls.key]


@contextmanager
def _running(folder: Path, *words: str) -> Iterator[None]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (folder / "log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        child.terminate()
        try:
            child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_for(workers: int, told: Path, tls: Tls | None) -> None:
    """Until the scheduler says that so many are there."""
    import distributed

    security: Any = None
    if tls is not None:
        security = distributed.Security(
            tls_ca_file=tls.ca_file, tls_client_cert=tls.cert, tls_client_key=tls.key
        )
    with distributed.Client(
        scheduler_file=str(told), security=security, timeout=_PATIENCE, set_as_default=False
    ) as client:
        client.wait_for_workers(workers, timeout=_PATIENCE)


# ------------------------------ who is who


def certificates(folder: Path, name: str = "us") -> Tls:
    """An authority of our own, and a key that it vouches for."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    def signed(subject: str, key: Any, by: Any, ca: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named(f"authority of {name}"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .sign(by, hashes.SHA256())
        )

    authority, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    pem = serialization.Encoding.PEM
    secret = serialization.PrivateFormat.PKCS8
    contents = {
        "ca.pem": signed(f"authority of {name}", authority, authority, True).public_bytes(pem),
        "cert.pem": signed(name, own, authority, False).public_bytes(pem),
        "key.pem": own.private_bytes(pem, secret, serialization.NoEncryption()),
    }
    files = {file: folder / f"{name}-{file}" for file in contents}
    for file, content in contents.items():
        files[file].write_bytes(content)
    return Tls(*(str(path) for path in files.values()))
