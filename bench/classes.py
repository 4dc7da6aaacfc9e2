"""How many interfaces are how many nodes, because every rule treats some of them alike.

python -m bench.classes SNAPSHOT        classes(snapshot, limit) -> figures
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from bench.alone import Limit, alone


def classes(snapshot: Path, limit: Limit) -> dict[str, Any]:
    """The number of interfaces, of nodes for them, and the one over the other."""
    done = alone([sys.executable, "-m", "bench.classes", str(snapshot)], limit=limit)
    if done.failure:
        return {"failure": done.failure}
    found: dict[str, Any] = json.loads(done.out)
    return found | {"seconds": done.seconds}


def work(snapshot: Path) -> dict[str, Any]:
    """Count in this process."""
    import reach
    from reach.shrinking.shrink import classes_of

    found = classes_of(reach.load(snapshot, cache=True))
    interfaces = sum(map(len, found))
    return {
        "interfaces": interfaces,
        "nodes": len(found),
        "factor": interfaces / len(found) if found else 1.0,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Count interfaces that are treated alike.")
    parser.add_argument("snapshot", type=Path)
    print(json.dumps(work(parser.parse_args().snapshot)))
