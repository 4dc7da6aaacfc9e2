"""What is said of a snapshot that was looked through: what is wrong, what it lacks, how it stands.

Plain frozen data with a stable JSON form.  Must not know how anything was found, nor how it is
printed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from reach.snapshot.errors import Severity

FORMAT = 1


class Kind(StrEnum):
    """What a finding is about."""

    UNREADABLE = "unreadable"  # a file, or two that say different things: it cannot be loaded
    MANIFEST = "manifest"  # what the capture says of itself
    HASH = "hash"  # a file that is not what was captured
    CHANGE = "change"  # the network changed while it was read
    REFERENCE = "reference"  # a name of something that is not there
    CONTRADICTION = "contradiction"  # addresses that cannot all be as they are told
    FORM = "form"  # said twice, read by nobody, lacking, or in a form or word that tells nothing
    LINT = "lint"  # what AWS would not have accepted, or does not carry out


class Standing(StrEnum):
    """``wrong`` as soon as one finding counts; ``gaps`` if all there is are calls that lack."""

    SOUND = "sound"
    WRONG = "wrong"
    GAPS = "gaps"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing, in words, with its place in the files."""

    kind: Kind
    severity: Severity
    message: str
    file: str = ""
    pointer: str = ""
    resource: str = ""

    @property
    def counts(self) -> bool:
        """Whether a snapshot with it is wrong.

        A lint is the network's fault and not the snapshot's; a note is nobody's.
        """
        return self.severity != "note" and self.kind is not Kind.LINT


@dataclass(frozen=True, slots=True)
class Gap:
    """A call that gave nothing, or not everything, in one account and Region.

    ``why`` is what AWS said, if a manifest tells; an empty ``call`` stands for all of them.
    """

    call: str
    account: str
    region: str
    reason: str
    why: str = ""
    where: str = ""


@dataclass(frozen=True)
class Verified:
    """``manifests`` are the files in which captures tell of themselves, with who wrote each."""

    path: str
    files: int
    objects: int
    hashed: int
    manifests: tuple[str, ...]
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]

    @property
    def standing(self) -> Standing:
        if any(each.counts for each in self.findings):
            return Standing.WRONG
        return Standing.GAPS if self.gaps else Standing.SOUND

    def to_dict(self) -> dict[str, Any]:
        """The stable JSON form."""
        return {
            "format": FORMAT,
            "path": self.path,
            "standing": self.standing.value,
            "files": self.files,
            "objects": self.objects,
            "hashed": self.hashed,
            "manifests": list(self.manifests),
            "findings": [{**asdict(each), "counts": each.counts} for each in self.findings],
            "gaps": [asdict(each) for each in self.gaps],
        }
