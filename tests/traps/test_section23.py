"""Section 23 of the reference, row by row: from JSON to the verdict.

Each row is a function whose docstring is the row; its number is the test's id. A row that gives two
polarities is asked both ways, and where a row says DENY for one reason a control without that
reason is asked as well, so that no test passes because of something else.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tests.traps.rows import ROWS

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference" / "aws-semantics.md"
for module in sorted(Path(__file__).parent.glob("section23_*.py")):
    importlib.import_module(f"tests.traps.{module.stem}")

# Rows that need what is not modelled yet.
LATER = {
    "T-4": "transit gateway",
    "T-5": "transit gateway",
    "T-7": "transit gateway",
    "T-8": "transit gateway",
    "T-32": "transit gateway",
    "T-34": "transit gateway",
    "T-35": "transit gateway",
    "T-40": "gateway load balancer endpoint",
    "T-41": "network load balancer",
    "T-47": "virtual private gateway (until then undecided, below)",
    "T-53": "gateway load balancer endpoint (R-RT-22 with an appliance is below)",
    "T-73": "virtual private gateway",
    "T-74": "transit gateway",
    "T-88": "carrier gateway",
    "T-91": "virtual private gateway",
    "T-92": "virtual private gateway (until then undecided, below)",
    "T-94": "virtual private gateway",
    "T-103": "transit gateway",
    "T-104": "transit gateway",
    "T-106": "transit gateway",
    "T-107": "transit gateway",
    "T-109": "transit gateway",
    "T-110": "transit gateway",
    "T-112": "transit gateway",
    "T-113": "transit gateway",
    "T-115": "Cloud WAN",
    "T-116": "Cloud WAN",
    "T-121": "endpoint service",
    "T-122": "endpoint service",
    "T-131": "network load balancer",
    "T-133": "network load balancer",
    "T-134": "network load balancer",
    "T-136": "application load balancer",
    "T-137": "application load balancer",
    "T-139": "load balancer",
    "T-140": "load balancer",
    "T-142": "network load balancer",
    "T-143": "gateway load balancer",
    "T-145": "Global Accelerator",
    "T-146": "network load balancer",
    "T-148": "VPC Lattice",
    "T-149": "VPC Lattice",
    "T-151": "Network Firewall",
    "T-152": "Network Firewall",
    "T-154": "Network Firewall",
    "T-155": "Network Firewall",
    "T-157": "Block Public Access",
    "T-158": "Block Public Access",
    "T-163": "Block Public Access",
    "T-164": "Block Public Access, Instance Connect Endpoint",
    "T-166": "Block Public Access, Network Firewall",
    "T-167": "encryption controls",
    "T-169": "Instance Connect Endpoint",
    "T-170": "Instance Connect Endpoint",
    "T-175": "Client VPN",
    "T-176": "Client VPN",
    "T-179": "transit gateway",
    "T-181": "flow logs",
    "T-182": "BYOIP pool on an edge table, Block Public Access",
}


def _place(number: str) -> int:
    return int(number.removeprefix("T-"))


NUMBERS: list[str] = sorted(ROWS, key=_place)


@pytest.mark.parametrize("number", NUMBERS)
def test_row(number: str) -> None:
    ROWS[number]()


def reference_rows() -> list[str]:
    text = REFERENCE.read_text()
    section = text[text.index("## 23. ") : text.index("## 23b.")]
    return re.findall(r"^\| (T-\d+) \|", section, re.M)


@pytest.mark.skipif(not REFERENCE.exists(), reason=f"the reference is absent: {REFERENCE}")
def test_no_row_is_forgotten() -> None:
    """Every row of section 23 is tested or waits in LATER, and nothing else is."""
    rows = reference_rows()
    assert len(rows) > 100
    assert sorted(rows) == sorted({*ROWS, *LATER})
