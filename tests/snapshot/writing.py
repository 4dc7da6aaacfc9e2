"""Small snapshots for these tests: JSON objects in, files or loaded snapshots out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reach.snapshot.core import SECTIONS
from reach.snapshot.load import assemble
from reach.snapshot.record import Record, content
from reach.snapshot.section import Section
from reach.snapshot.snapshot import Snapshot


def write(folder: Path, files: Mapping[str, Any]) -> Path:
    """Write each value as JSON (or a text or bytes as it is) under its name in ``folder``."""
    for name, value in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_bytes(value))
    return folder


def read(files: Mapping[str, Any], sections: Mapping[str, Section] = SECTIONS) -> Snapshot:
    """The snapshot of these files, without a disk, in the order given."""
    return assemble(((name, as_bytes(value)) for name, value in files.items()), sections)


def as_bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value)).encode()


def said(snapshot: Snapshot, kind: type[Record]) -> list[tuple[object, ...]]:
    """What a snapshot says of a type, without where it stood."""
    return [content(record) for record in snapshot.records(kind)]


def vpc(name: str = "vpc-1", cidr: str = "10.0.0.0/16", **more: Any) -> dict[str, Any]:
    return {"VpcId": name, "CidrBlock": cidr, **more}


def subnet(name: str = "subnet-1", vpc: str = "vpc-1", **more: Any) -> dict[str, Any]:
    return {"SubnetId": name, "VpcId": vpc, "CidrBlock": "10.0.1.0/24", **more}
