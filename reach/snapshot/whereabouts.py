"""Which account and Region a record belongs to, as far as it says so itself.

Takes a record; gives an account number or a Region name, or nothing.  The folder counts first,
then the ARN, the owner, the availability zone.  Must not know any record type.
"""

from __future__ import annotations

import re

from reach.snapshot.record import Record

# "us-east-1a" and, for Local and Wavelength Zones, "us-east-1-bos-1a" (R-AZ-1).
_ZONE = re.compile(r"([a-z]{2,4}(?:-[a-z]+)+-\d+)(?:[a-z]|-.*)")


def account_of(record: Record) -> str:
    return record.page.account or _owner(record) or _arn(record, 4)


def region_of(record: Record) -> str:
    return record.page.region or _arn(record, 3) or _zone(record)


def _owner(record: Record) -> str:
    owner = getattr(record, "owner_id", "")
    return owner if isinstance(owner, str) and owner.isdigit() else ""


def _arn(record: Record, part: int) -> str:
    """The fourth part of an ARN is the Region, the fifth the account."""
    for name in record.__struct_fields__:
        if name.endswith("_arn"):
            parts = str(getattr(record, name) or "").split(":")
            if len(parts) > part and parts[0] == "arn":
                return parts[part]
    return ""


def _zone(record: Record) -> str:
    zone = getattr(record, "availability_zone", None) or getattr(record, "zone_name", None) or ""
    match = _ZONE.fullmatch(zone) if isinstance(zone, str) else None
    return match.group(1) if match else ""
