"""What one edited rule costs a resident estate: the whole difference in reachability, proved.

    python -m bench.resident SNAPSHOT [--edits 40]
    resident(snapshot, limit) -> figures

In a process of its own that tells of each edit as it is done, so that what does not finish is told
as well.  Every edit is one of the same estate.  The clock is here, and only here.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.alone import Limit, alone

EDITS = 40
# A rule for one host, one for a subnet.  Then what many flows come by: a rule less, one for
# everybody inside, an entry that denies a port, each a few times.
NARROW = ("for a host", "for a subnet")
WIDE = ("less", "for all inside", "entry")
PORTS = (22, 443, 5432, 8080)


def resident(snapshot: Path, limit: Limit, edits: int = EDITS) -> dict[str, Any]:
    """The time to make the estate and that of its edits, by kind; ``reach.diff`` of one, cold."""
    command = [sys.executable, "-m", "bench.resident", str(snapshot), "--edits", str(edits)]
    done = alone(command, limit=limit)
    told = [json.loads(line) for line in done.out.splitlines()]
    return {**summary(told, done.failure), "memory": done.memory}


def summary(told: list[dict[str, Any]], failure: str) -> dict[str, Any]:
    """Figures of what was told, narrow edits together and the others by themselves."""
    found: dict[str, Any] = {}
    for line in told:
        found |= {key: line[key] for key in ("load", "make", "cold") if key in line}
    edits = [line for line in told if "kind" in line]
    times = sorted(line["seconds"] for line in edits if line["kind"] in NARROW)
    if len(times) > 1:
        cuts = statistics.quantiles(times, n=20, method="inclusive")
        found |= {"p50": statistics.median(times), "p95": cuts[18], "edits": len(times)}
    for kind in WIDE:
        wide = [line["seconds"] for line in edits if line["kind"] == kind]
        if wide:
            found[kind] = statistics.median(wide)
    found["changed"] = sum(bool(line["changed"]) for line in edits)
    found["open"] = sum(not line["complete"] for line in edits)
    return found | ({"failure": failure} if failure else {})


def work(path: Path, count: int) -> Iterator[dict[str, Any]]:
    """Do the job in this process."""
    import reach

    start = time.perf_counter()
    snapshot = reach.load(path, cache=True)
    yield {"load": time.perf_counter() - start}
    start = time.perf_counter()
    estate = reach.Estate(snapshot)
    yield {"make": time.perf_counter() - start}
    rng = random.Random("edits")
    kinds = [NARROW[number % len(NARROW)] for number in range(count)]
    for kind in (*NARROW, *kinds, "cold", *WIDE, *WIDE):  # the first to warm up
        if kind == "cold":
            yield from differences(path, rng)
            continue
        record = edited(snapshot, kind, rng)
        start = time.perf_counter()
        found = estate.edit(record).difference
        seconds = time.perf_counter() - start
        changed = len(found.gained) + len(found.lost)
        yield {"kind": kind, "seconds": seconds, "changed": changed, "complete": found.complete}


def differences(path: Path, rng: random.Random) -> Iterator[dict[str, Any]]:
    """The same of two snapshots that were just loaded."""
    import reach

    one, other = reach.load(path, cache=True), reach.load(path, cache=True)
    record = edited(other, "for a host", rng)
    other = edited_snapshot(other, record)
    start = time.perf_counter()
    reach.diff(one, other)
    yield {"cold": time.perf_counter() - start}


def edited_snapshot(snapshot: Any, record: Any) -> Any:
    from reach.changes.edit import with_record

    return with_record(snapshot, snapshot.id_of(record), record)


def edited(snapshot: Any, kind: str, rng: random.Random) -> Any:
    """A random group or ACL that is in use, with one rule more or less."""
    from msgspec.structs import replace

    from reach.snapshot import records

    hosts = snapshot.records(records.NetworkInterface)
    host, peer, port = rng.choice(hosts), rng.choice(hosts), rng.choice(PORTS)
    address = peer.private_ip_address or "10.0.0.1"
    subnet = address.rpartition(".")[0] + ".0/24"
    block = {"for a host": f"{address}/32", "for all inside": "10.0.0.0/8"}.get(kind, subnet)
    if kind == "entry":
        acl = rng.choice(snapshot.records(records.NetworkAcl))
        entry = records.NetworkAclEntry(
            rule_number=1,
            protocol="6",
            rule_action="deny",
            egress=False,
            cidr_block=block,
            port_range=records.PortRange(from_port=port, to_port=port),
        )
        return replace(acl, entries=(entry, *acl.entries))
    worn = [each.group_id for each in host.groups]
    group = snapshot.get(records.SecurityGroup, rng.choice(worn)) if worn else None
    if group is None:
        return edited(snapshot, kind, rng)
    if kind == "less" and group.ip_permissions:
        gone = rng.randrange(len(group.ip_permissions))
        left = [each for n, each in enumerate(group.ip_permissions) if n != gone]
        return replace(group, ip_permissions=tuple(left))
    rule = records.IpPermission(
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        ip_ranges=(records.IpRange(cidr_ip=block),),
    )
    return replace(group, ip_permissions=(*group.ip_permissions, rule))


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what an edited rule costs.")
    parser.add_argument("snapshot", type=Path)
    parser.add_argument("--edits", type=int, default=EDITS)
    given = parser.parse_args()
    for told in work(given.snapshot, given.edits):
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
