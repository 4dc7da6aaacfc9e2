"""What is to be captured: as it was asked for, and as a resumed capture has to be asked again.

Plain data without boto3.  Must not know AWS, nor files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

RECHECKS = ("lists", "all", "none")


class CaptureError(Exception):
    """The asker's fault, or that of the credentials: nothing was captured."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Which accounts and Regions, and how hard AWS may be asked.

    ``profiles`` are base credentials (none: the default ones); with ``role_arns`` the first of them
    only assumes.  ``organization`` adds ``role_name`` in each of its accounts.  ``recheck`` says
    what is read a second time to notice changes.  ``in_flight`` calls go to one service of one
    Region at a time.
    """

    profiles: tuple[str, ...] = ()
    role_arns: tuple[str, ...] = ()
    external_id: str = ""
    organization: bool = False
    role_name: str = ""
    regions: tuple[str, ...] = ()
    recheck: str = "lists"
    in_flight: int = 4
    workers: int = 16
    attempts: int = 8

    def to_dict(self) -> dict[str, Any]:
        """What decides which files there will be; not how fast."""
        return {
            "profiles": list(self.profiles),
            "role_arns": list(self.role_arns),
            "organization": self.organization,
            "role_name": self.role_name,
            "regions": sorted(self.regions),
            "recheck": self.recheck,
        }
