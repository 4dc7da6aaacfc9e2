"""What was meant, perhaps, where an end of a question is called by something that nothing is.

    hint("www.example.com") -> "; names of hosts are not looked up: ..."
    otherwise_written("Tier", "web") -> ("tier", "web"), ("TIER", "web"), ...

Reads the text alone.  Must not know snapshots, nor decide anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

KEYWORDS = ("internet", "on-premises", "any", "public", "private")

_DOTTED = re.compile(r"\d+(\.\d+){3}(/\d+)?")
_WITH_PORT = re.compile(r"(\d+(?:\.\d+){3}|\[[0-9a-f:]+\]):(\d{1,5})", re.IGNORECASE)
_COLONS = re.compile(r"[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*(/\d+)?", re.IGNORECASE)
_HOST = re.compile(r"(https?://)?[a-z0-9_-]+(\.[a-z0-9_-]+)*\.[a-z]{2,}\.?(/.*)?", re.IGNORECASE)
# EC2 User Guide, "Instance hostname types": ip-10-0-0-5.ec2.internal, ec2-198-51-100-7.compute-1...
_OF_ADDRESS = re.compile(r"(?:ip|ec2)-(\d+)-(\d+)-(\d+)-(\d+)\..+", re.IGNORECASE)


def hint(text: str) -> str:
    """The rest of the sentence that nothing is called so; empty if there is nothing to say."""
    if text.lower() in KEYWORDS:
        return f"; did you mean {text.lower()}?"
    port = _WITH_PORT.fullmatch(text)
    if port is not None:
        return f"; did you mean {port[1].strip('[]')} port {port[2]}?"
    if _DOTTED.fullmatch(text) or _COLONS.fullmatch(text):
        return ", and it is no IP address either"
    address = _OF_ADDRESS.fullmatch(text)
    if address is not None:
        return f"; did you mean {'.'.join(address.groups())}?"
    if _HOST.fullmatch(text):
        return "; names of hosts are not looked up: give an address, or say internet"
    return ""


def otherwise_written(key: str, value: str) -> Iterator[tuple[str, str]]:
    """A tag in other cases: who types it seldom remembers which letters are large."""
    for other in dict.fromkeys((key, key.lower(), key.capitalize(), key.upper())):
        for same in dict.fromkeys((value, value.lower(), value.capitalize(), value.upper())):
            if (other, same) != (key, value):
                yield other, same
