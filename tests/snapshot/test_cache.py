"""The cache of a snapshot is believed of the very bytes that it was made from, and else is no more.

``told`` is what a load with the cache says; ``was_recalled`` tells whether it came from there.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import reach
from reach.components import sections
from reach.snapshot import cache, fingerprint, large, load, seal
from reach.snapshot.archive import pack
from reach.snapshot.errors import SnapshotError
from reach.snapshot.extract import extract
from reach.snapshot.files import find
from reach.snapshot.records import NetworkInterface, Vpc
from tests.snapshot.telling import everything
from tests.snapshot.test_large import CASES, SAMPLES
from tests.snapshot.writing import subnet, vpc, write

FILES = {
    "111122223333/eu-west-1/vpcs.json": {"Vpcs": [vpc(), vpc("vpc-2", "10.1.0.0/16")]},
    "111122223333/eu-west-1/subnets.json": {"Subnets": [subnet(), subnet("subnet-2", "vpc-9")]},
    "444455556666/eu-west-1/vpcs.json": {"Vpcs": [vpc("vpc-3"), vpc("vpc-2", "10.1.0.0/16")]},
}
VPCS = "111122223333/eu-west-1/vpcs.json"


@pytest.fixture(autouse=True)
def at_any_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cache for what is small too, and a key of this test's own."""
    monkeypatch.setattr(load, "SOME", 0)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("REACH_NO_CACHE", raising=False)


@pytest.fixture
def recalled(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each load that looked for a cache: whether it was believed."""
    found: list[bool] = []
    recall = cache.recall

    def noted(*given: Any) -> Any:
        snapshot = recall(*given)
        found.append(snapshot is not None)
        return snapshot

    monkeypatch.setattr(cache, "recall", noted)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "snapshot", FILES)


def told(path: Path) -> dict[str, Any]:
    return everything(reach.load(path, cache=True))


def plainly(path: Path) -> dict[str, Any]:
    return everything(load.load(path, sections()))


def kept(folder: Path) -> Path:
    return folder / ".reach-cache" / "snapshot"


# --- it is the same -------------------------------------------------------------------------------


def test_with_and_without_are_the_same(folder: Path, recalled: list[bool]) -> None:
    """The first time, the second, and without: the same records, remarks and gaps."""
    assert told(folder) == told(folder) == plainly(folder)
    assert recalled == [False, True]


@pytest.mark.parametrize(
    "name", ["nat_gateway", "transit_gateway", "network_firewall", "vpc_endpoint"]
)
def test_samples_are_the_same(name: str, tmp_path: Path, recalled: list[bool]) -> None:
    """With all that they hold."""
    folder = tmp_path / name
    shutil.copytree(SAMPLES / name / "snapshot", folder)
    assert told(folder) == told(folder) == plainly(folder)
    assert recalled == [False, True]


@pytest.mark.parametrize("name", CASES)
def test_what_is_unusual_is_the_same(name: str, tmp_path: Path) -> None:
    """Repetitions, gaps and captures are kept as they are; what is wrong is not kept."""
    write(tmp_path / "s", CASES[name])

    def outcome() -> dict[str, Any] | str:
        try:
            return told(tmp_path / "s")
        except SnapshotError as error:
            return str(error)

    first = outcome()
    assert outcome() == first
    if isinstance(first, dict):
        assert first == plainly(tmp_path / "s")
    else:
        assert not kept(tmp_path / "s").exists()


def test_answers_are_the_same(tmp_path: Path, recalled: list[bool]) -> None:
    """A question is answered alike, to the byte."""
    folder = tmp_path / "s"
    shutil.copytree(SAMPLES / "nat_gateway" / "snapshot", folder)
    source = reach.load(folder).records(NetworkInterface)[0].network_interface_id
    question = f"can {source} reach internet port 443"
    answers = [
        reach.ask(snapshot, question).to_dict()
        for snapshot in (
            reach.load(folder),
            reach.load(folder, cache=True),
            reach.load(folder, cache=True),
        )
    ]
    assert answers[0] == answers[1] == answers[2]
    assert recalled == [False, True]


def test_one_file_and_an_archive_have_caches(tmp_path: Path, recalled: list[bool]) -> None:
    """Beside them, each under its own name."""
    one = write(tmp_path / "a", {"vpcs.json": {"Vpcs": [vpc()]}}) / "vpcs.json"
    packed = tmp_path / "a" / "all.tar.zst"
    pack(find(write(tmp_path / "b", FILES)).documents(), packed)
    for path in (one, packed):
        assert told(path) == told(path) == plainly(path)
    assert recalled == [False, True] * 2
    names = {each.name for each in (tmp_path / "a" / ".reach-cache").iterdir()}
    assert names == {".gitignore", "CACHEDIR.TAG", "vpcs.json", "all.tar.zst"}


# --- when it is not believed ----------------------------------------------------------------------


def same_size(folder: Path) -> None:
    """Another content of the same size, at the same time by all that the file system says."""
    path = folder / VPCS
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"10.1.0.0", b"10.2.0.0"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    other = folder / "444455556666/eu-west-1/vpcs.json"
    other.write_bytes(other.read_bytes().replace(b"10.1.0.0", b"10.2.0.0"))


def appended(folder: Path) -> None:
    with (folder / VPCS).open("ab") as file:
        file.write(b"\n")


def removed(folder: Path) -> None:
    (folder / VPCS).unlink()


def added(folder: Path) -> None:
    write(folder, {"more.json": {"Vpcs": [vpc("vpc-4")]}})


def renamed(folder: Path) -> None:
    (folder / VPCS).rename(folder / "111122223333/eu-west-1/other.json")


def moved(folder: Path) -> None:
    (folder / "111122223333").rename(folder / "777788889999")


def exchanged(folder: Path) -> None:
    """Two files change places."""
    one, two = folder / VPCS, folder / "444455556666/eu-west-1/vpcs.json"
    text = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(text)


def linked(folder: Path) -> None:
    """A link to a folder, which is remarked on."""
    (folder / "again").symlink_to(folder / "111122223333", target_is_directory=True)


CHANGES = (same_size, appended, removed, added, renamed, moved, exchanged, linked)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_any_change_of_files_is_seen(
    change: Callable[[Path], None], folder: Path, recalled: list[bool]
) -> None:
    """The cache is of other files: they are read, and it is written anew."""
    told(folder)
    change(folder)
    expected = plainly(folder)
    assert told(folder) == expected
    assert told(folder) == expected
    assert recalled == [False, False, True]


def test_a_file_that_is_wrong_now_is_complained_of(folder: Path) -> None:
    """What was kept before it became wrong is not answered from."""
    told(folder)
    (folder / VPCS).write_bytes(b'{"Vpcs": [')
    with pytest.raises(SnapshotError, match="is not JSON"):
        told(folder)


def test_what_changes_while_it_is_read_is_not_kept_as_it_was_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch, recalled: list[bool]
) -> None:
    """What is hashed are the bytes that were decoded, and not the file at another time."""
    real = extract

    def changed_afterwards(name: str, *given: Any) -> Any:
        found = real(name, *given)
        if name == max(FILES):
            same_size(folder)
        return found

    monkeypatch.setattr(large, "extract", changed_afterwards)
    told(folder)
    monkeypatch.setattr(large, "extract", real)
    assert told(folder) == plainly(folder)
    assert recalled == [False, False]


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("sys.version", "3.99.0 (another)"),
        ("msgspec.__version__", "99.0"),
        ("reach.snapshot.fingerprint._program", lambda: "another text"),
    ],
)
def test_of_another_making_it_is_not_believed(
    where: str, value: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, recalled: list[bool]
) -> None:
    """Another Python, another decoder, or any other line of this program."""
    told(folder)
    monkeypatch.setattr(where, value)
    assert told(folder) == plainly(folder)
    assert told(folder) == plainly(folder)
    assert recalled == [False, False, True]


def test_the_program_is_all_of_its_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module more, or one character changed, is another program."""
    monkeypatch.setattr(fingerprint, "_PACKAGE", tmp_path)
    found = []
    for text in ({"a.py": "1"}, {"a.py": "2"}, {"b/c.py": ""}):
        write(tmp_path, text)
        fingerprint._program.cache_clear()
        found.append(fingerprint.making({}))
    fingerprint._program.cache_clear()
    assert len({*found}) == 3


def test_without_its_text_there_is_no_cache(
    folder: Path, monkeypatch: pytest.MonkeyPatch, recalled: list[bool]
) -> None:
    """A program whose text cannot be read is known to be of no making."""
    monkeypatch.setattr(fingerprint, "_program", lambda: "")
    assert told(folder) == told(folder) == plainly(folder)
    assert recalled == [False, False]


def test_other_sections_are_another_making() -> None:
    """Which sections are read is part of it."""
    few = dict(list(sections().items())[:3])
    assert fingerprint.making(few) != fingerprint.making(sections())


# --- when it was spoilt ---------------------------------------------------------------------------


def spoilt(text: bytes) -> Iterator[bytes]:
    """Cut anywhere, with any byte changed, with more behind, or nothing of the kind."""
    step = max(1, len(text) // 40)
    yield from (text[:end] for end in range(0, len(text), step))
    for place in range(0, len(text), step):
        yield text[:place] + bytes([text[place] ^ 0x10]) + text[place + 1 :]
    yield text[:-1] + bytes([text[-1] ^ 1])
    yield text + b"\0"
    yield b"\0" * len(text)
    yield b"reach"


def test_a_spoilt_cache_is_as_none(folder: Path, recalled: list[bool]) -> None:
    """Never another answer and never a complaint; afterwards it is whole again."""
    expected = told(folder)
    text = kept(folder).read_bytes()
    tried = 0
    for each in spoilt(text):
        kept(folder).write_bytes(each)
        assert told(folder) == expected
        assert kept(folder).read_bytes() == text
        tried += 1
    assert recalled == [False] * (tried + 1)
    assert tried > 80


def test_what_another_user_sealed_is_not_believed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recalled: list[bool]
) -> None:
    """A whole cache that came with the snapshot, of another network under these files' hashes."""
    expected = told(folder)
    own = kept(folder).read_bytes()
    start = len(cache._MAGIC) + seal.SIZE
    forged = own[start:].replace(b"vpc-9", b"vpc-1")
    assert forged != own[start:]
    msgspec.msgpack.decode(forged, type=cache._Kept)
    stranger = b"k" * seal.SIZE
    kept(folder).write_bytes(cache._MAGIC + seal.seal(stranger, forged) + forged)
    assert told(folder) == expected
    assert recalled == [False, False]


def test_a_forgery_under_the_own_key_would_be_believed(folder: Path, recalled: list[bool]) -> None:
    """The control of the one before: it is the seal alone that keeps such a file out."""
    expected = told(folder)
    key = seal.own_key()
    assert key is not None
    own = kept(folder).read_bytes()
    start = len(cache._MAGIC) + seal.SIZE
    forged = own[start:].replace(b"vpc-9", b"vpc-1")
    kept(folder).write_bytes(cache._MAGIC + seal.seal(key, forged) + forged)
    assert told(folder) != expected
    assert recalled == [False, True]


def test_one_snapshots_cache_is_not_anothers(folder: Path, tmp_path: Path) -> None:
    """Put beside other files it is not believed, though this user sealed it."""
    told(folder)
    other = write(tmp_path / "other", {VPCS: {"Vpcs": [vpc(cidr="10.9.0.0/16")]}})
    shutil.copytree(folder / ".reach-cache", other / ".reach-cache")
    assert told(other) == plainly(other)


def test_a_cache_moves_with_its_files(folder: Path, recalled: list[bool]) -> None:
    """It is about what they hold, not about where they lie."""
    told(folder)
    there = folder.rename(folder.with_name("elsewhere"))
    assert told(there) == plainly(there)
    assert recalled == [False, True]


# --- where it cannot be ---------------------------------------------------------------------------


def test_it_is_safe_to_delete(folder: Path, recalled: list[bool]) -> None:
    """Its folder, at any time: a snapshot that was loaded from it does not need it."""
    told(folder)
    snapshot = reach.load(folder, cache=True)
    shutil.rmtree(folder / ".reach-cache")
    assert everything(snapshot) == plainly(folder)
    assert told(folder) == plainly(folder)
    assert recalled == [False, True, False]


def test_where_nothing_can_be_written_there_is_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that may only be read."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refused)
    monkeypatch.setattr(seal, "own_key", lambda: b"k" * seal.SIZE)
    assert told(folder) == plainly(folder)
    assert not kept(folder).exists()


@pytest.mark.parametrize("at", [".reach-cache", ".reach-cache/snapshot"])
def test_something_else_in_its_place_stays(at: str, folder: Path, tmp_path: Path) -> None:
    """A file where the folder should be, a folder where the file should be: there is no cache."""
    if at == ".reach-cache":
        (folder / at).write_text("mine")
    else:
        (folder / at).mkdir(parents=True)
    assert told(folder) == told(folder) == plainly(folder)
    assert (folder / at).is_dir() or (folder / at).read_text() == "mine"


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    """Nothing is written, or read, where somebody's link leads."""
    (tmp_path / "theirs").mkdir()
    (folder / ".reach-cache").symlink_to(tmp_path / "theirs", target_is_directory=True)
    assert told(folder) == told(folder) == plainly(folder)
    assert list((tmp_path / "theirs").iterdir()) == []


def test_a_pipe_in_its_place_is_not_waited_for(folder: Path) -> None:
    """It is not opened, and gives way to a cache."""
    (folder / ".reach-cache").mkdir()
    os.mkfifo(kept(folder))
    assert told(folder) == plainly(folder)
    assert stat.S_ISREG(kept(folder).lstat().st_mode)


def test_a_huge_file_in_its_place_is_not_read(folder: Path) -> None:
    """It is larger than any cache of these files would be."""
    told(folder)
    with kept(folder).open("wb") as file:
        file.truncate(1 << 36)
    assert told(folder) == plainly(folder)
    assert kept(folder).stat().st_size < 1 << 20


def test_no_key_is_no_cache(folder: Path, tmp_path: Path) -> None:
    """Where the user's state cannot be kept, nothing is believed and nothing written."""
    (tmp_path / "state").write_text("in the way")
    assert told(folder) == plainly(folder)
    assert not (folder / ".reach-cache").exists()


@pytest.mark.parametrize("mode", [0o644, 0o620])
def test_a_key_that_others_can_read_is_no_key(mode: int, folder: Path, tmp_path: Path) -> None:
    told(folder)
    (tmp_path / "state" / "reach" / "cache-key").chmod(mode)
    assert seal.own_key() is None
    assert told(folder) == plainly(folder)


def test_a_key_is_made_once_and_is_the_users_alone(tmp_path: Path) -> None:
    """And nothing else is left beside it."""
    key = seal.own_key()
    assert key == seal.own_key()
    (path,) = (tmp_path / "state" / "reach").iterdir()
    assert (stat.S_IMODE(path.stat().st_mode), path.read_bytes()) == (0o600, key)


# --- who asks for it ------------------------------------------------------------------------------


def test_nothing_is_written_unless_it_is_asked_for(folder: Path, tmp_path: Path) -> None:
    """``reach.load(path)`` leaves a folder as it was, and makes no key."""
    reach.load(folder)
    assert not (folder / ".reach-cache").exists()
    assert not (tmp_path / "state").exists()


def test_the_environment_turns_it_off(
    folder: Path, monkeypatch: pytest.MonkeyPatch, recalled: list[bool]
) -> None:
    """Whoever asks for it; what is there is not believed either."""
    monkeypatch.setenv("REACH_NO_CACHE", "1")
    told(folder)
    assert not (folder / ".reach-cache").exists()
    assert recalled == []


def test_it_is_no_part_of_the_snapshot(folder: Path, tmp_path: Path) -> None:
    """Not of its files, nor of an archive; its folder is marked as what tools leave alone."""
    before = find(folder).found.keys()
    told(folder)
    write(folder, {".reach-cache/stray.json": {"Vpcs": [vpc("vpc-666")]}})
    assert find(folder).found.keys() == before
    assert "vpc-666" not in {each.vpc_id for each in reach.load(folder).records(Vpc)}
    assert (folder / ".reach-cache" / ".gitignore").read_bytes() == b"*\n"
    tag = (folder / ".reach-cache" / "CACHEDIR.TAG").read_bytes()
    assert tag.startswith(b"Signature: 8a477f597d28d172789f06886806bc55")


def test_small_snapshots_have_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read as fast as a cache is not kept in one."""
    monkeypatch.setattr(load, "SOME", 1 << 20)
    told(folder)
    assert not (folder / ".reach-cache").exists()


# --- at once --------------------------------------------------------------------------------------

LOAD = """
import sys
from reach.snapshot import load
load.SOME = 0
import reach
from reach.snapshot.records import Vpc
for _ in range(6):
    print(len(reach.load(sys.argv[1], cache=True).records(Vpc)))
"""


def test_several_processes_at_once_leave_one_that_is_whole(
    folder: Path, recalled: list[bool]
) -> None:
    """Each is right, and what is left is believed; no draft is left."""
    command = [sys.executable, "-c", LOAD, str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
        for _ in range(3)
    ]
    assert [each.communicate()[0].split() for each in running] == [["3"] * 6] * 3
    assert told(folder) == plainly(folder)
    assert recalled == [True]
    names = {each.name for each in (folder / ".reach-cache").iterdir()}
    assert names == {".gitignore", "CACHEDIR.TAG", "snapshot"}


def test_a_writer_that_is_interrupted_leaves_the_old_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, recalled: list[bool]
) -> None:
    """What takes the place of a cache is written beside it first."""
    told(folder)
    old = kept(folder).read_bytes()
    added(folder)

    def interrupted(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", interrupted)
    assert told(folder) == plainly(folder)
    assert kept(folder).read_bytes() == old
    assert len(list((folder / ".reach-cache").iterdir())) == 3
