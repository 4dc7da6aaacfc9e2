"""A retailer's estate: hub and spokes in two Regions, six VPCs, four accounts, lines to its sites.

    e = company()                                        # as samples/estate/README.md draws it
    python -m tests.estates.company                      # writes samples/estate/snapshot

`hub` is the network account's: transit gateways, inspection, egress, lines.  `spokes` are what the
others have: production, test, shared services, a sandbox.  Nothing is computed by what is tested.
"""

from __future__ import annotations

from tests.estates.company.hub import build_hub, connect
from tests.estates.company.place import Company
from tests.estates.company.spokes import build_america, build_spokes

__all__ = ["Company", "company"]


def company() -> Company:
    """The whole estate."""
    e = Company()
    hub = build_hub(e)
    spokes = build_spokes(e)
    connect(e, hub, spokes, build_america(e))
    e.finish()
    return e
