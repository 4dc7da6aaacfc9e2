"""Generated estates that are kept between runs, so that each is grown once.

    Estates(folder).path(size) -> the folder of the estate, grown now if it is not there yet

Before an estate is first given in a process, it is read once with reach's own cache: after that its
files are in the page cache, and reach's cache beside them is of the program as it is now.

An estate is named after its size and after the code that grows it: when that changes it is grown
anew, and what the old code made is removed.  One that is half grown is never taken for a whole one.
"""

from __future__ import annotations

import ast
import os
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from functools import cache
from hashlib import blake2b
from pathlib import Path

from bench.alone import Limit, alone
from bench.grow import LARGE, Size, possible, write

ROOT = Path(__file__).resolve().parent
KEPT = ROOT.parent / "build" / "estates"
CACHED = 1_000  # interfaces; far fewer than reach keeps a cache of
READ = "import reach, sys; reach.load(sys.argv[1], cache=True)"
PREPARING = Limit(seconds=900)


@dataclass(frozen=True, slots=True)
class Estates:
    """The estates in a folder."""

    folder: Path = KEPT
    _read: set[Path] = field(default_factory=set)

    def path(self, size: Size) -> Path:
        """The estate of a size."""
        made = self.folder / f"{stem(size)}-{making()}"
        if not made.is_dir():
            self._grow(size, made)
        if made not in self._read and size.interfaces >= CACHED:
            alone([sys.executable, "-c", READ, str(made)], limit=PREPARING)
        self._read.add(made)
        return made

    def is_kept(self, size: Size) -> bool:
        """Whether it is there already."""
        return (self.folder / f"{stem(size)}-{making()}").is_dir()

    def _grow(self, size: Size, made: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.glob(f"{stem(size)}-{'?' * len(making())}"):
            if not old.is_symlink():
                shutil.rmtree(old)
        processes = os.cpu_count() or 1 if size.interfaces >= LARGE else 1
        with tempfile.TemporaryDirectory(prefix="draft-", dir=self.folder) as draft:
            write(Path(draft) / "estate", size, compact=True, processes=processes)
            (Path(draft) / "estate").rename(made)


def stem(size: Size) -> str:
    """What an estate is, in a word that is a good name for a folder."""
    layout = "mixed" if size.mixed else "transit" if size.on_transit else "plain"
    told = asdict(size)
    parts = [layout, str(size.interfaces), str(size.vpcs_related)]
    parts += [
        f"{name}{int(told[name])}"
        for name in ("seed", "unrelated", "exposed", "rules", "entries")
        if told[name]
    ]
    return "-".join((*parts, *_planted(size)))


def _planted(size: Size) -> tuple[str, ...]:
    if not size.violations:
        return ()
    if set(size.violations) == {each.name for each in possible(size)}:
        return ("all",)
    return (blake2b(" ".join(size.violations).encode(), digest_size=4).hexdigest(),)


@cache
def making() -> str:
    """The code that grows estates, as eight digits; how it is laid out does not count."""
    sources = (ROOT / "grow.py", *sorted((ROOT / "estate").glob("*.py")))
    text = "".join(ast.dump(ast.parse(path.read_text())) for path in sources)
    return blake2b(text.encode(), digest_size=4).hexdigest()
