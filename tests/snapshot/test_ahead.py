"""What is asked of a cache before it is known to be right is withheld until it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from reach import components
from reach.errors import QuestionError
from reach.snapshot import cache, fingerprint, seal
from reach.snapshot.errors import SnapshotError
from reach.snapshot.files import find
from reach.snapshot.records import NetworkInterface, Vpc
from reach.snapshot.snapshot import Snapshot
from tests.crowds import Crowd
from tests.snapshot.test_cache import CHANGES, FILES, VPCS, kept, same_size
from tests.snapshot.test_cache import at_any_size as at_any_size
from tests.snapshot.writing import write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "snapshot", FILES)


def blocks(snapshot: Snapshot) -> list[tuple[str, str]]:
    return [(each.vpc_id, each.cidr_block or "") for each in snapshot.records(Vpc)]


FIRST = [("vpc-1", "10.0.0.0/16"), ("vpc-2", "10.1.0.0/16"), ("vpc-3", "10.0.0.0/16")]
EDITED = [("vpc-1", "10.0.0.0/16"), ("vpc-2", "10.2.0.0/16"), ("vpc-3", "10.0.0.0/16")]


def asked(folder: Path, cache: bool = True) -> tuple[list[list[tuple[str, str]]], object]:
    """All that whoever asks was told, and what was handed out in the end."""
    seen: list[list[tuple[str, str]]] = []

    def ask(snapshot: Snapshot) -> list[tuple[str, str]]:
        seen.append(blocks(snapshot))
        return seen[-1]

    snapshot, told = components.asked(folder, ask, cache=cache)
    assert blocks(snapshot) == told
    return seen, told


def test_without_a_cache_it_is_loading_and_asking(folder: Path) -> None:
    assert asked(folder) == ([FIRST], FIRST)
    assert kept(folder).exists()


def test_a_cache_that_is_right_is_asked_once(folder: Path) -> None:
    asked(folder)
    assert asked(folder) == ([FIRST], FIRST)


def test_what_a_stale_cache_says_is_dropped(folder: Path) -> None:
    """Files of the same names, sizes and times: it is asked, and what it said is not told."""
    asked(folder)
    same_size(folder)
    assert asked(folder) == ([FIRST, EDITED], EDITED)
    assert asked(folder) == ([EDITED], EDITED)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_any_change_of_files_is_seen(change: Callable[[Path], None], folder: Path) -> None:
    asked(folder)
    change(folder)
    assert asked(folder)[1] == blocks(components.load(folder))


def test_an_error_of_a_stale_cache_is_nobodys(folder: Path) -> None:
    """It says that there is no such thing, and there is."""
    asked(folder)
    same_size(folder)

    def ask(snapshot: Snapshot) -> str:
        if ("vpc-2", "10.2.0.0/16") not in blocks(snapshot):
            raise QuestionError("nothing has 10.2.0.0/16")
        return "there"

    assert components.asked(folder, ask, cache=True)[1] == "there"


def test_an_error_of_what_is_right_is_raised(folder: Path) -> None:
    asked(folder)

    def ask(snapshot: Snapshot) -> str:
        raise QuestionError("nothing is called so")

    with pytest.raises(QuestionError, match="nothing is called so"):
        components.asked(folder, ask, cache=True)


def test_files_that_are_wrong_now_are_complained_of(folder: Path) -> None:
    """As many bytes as before, and no JSON: what the cache said of them is not told."""
    asked(folder)
    path = folder / VPCS
    path.write_bytes(b"{" * path.stat().st_size)
    with pytest.raises(SnapshotError, match="is not JSON"):
        asked(folder)


@pytest.mark.parametrize(("small", "times"), [(-1, 2), (1 << 20, 1)])
def test_a_file_that_cannot_be_hashed_is_not_known_to_be_right(
    small: int, times: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a thread, when it was asked already; or at once, and then it is not asked."""
    asked(folder)
    real = fingerprint._content

    def failing(name: str, path: Path, some: bytearray) -> fingerprint.Content:
        if name == VPCS:
            raise OSError(5, "Input/output error")
        return real(name, path, some)

    monkeypatch.setattr(fingerprint, "_SMALL", small)
    monkeypatch.setattr(fingerprint, "_content", failing)
    assert asked(folder) == ([FIRST] * times, FIRST)


def test_who_interrupts_is_not_kept_waiting_for_a_hash(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupt is told at once, whatever the files hold."""
    asked(folder)
    monkeypatch.setattr(fingerprint.Begun, "end", lambda _: pytest.fail("waited"))

    def ask(snapshot: Snapshot) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        components.asked(folder, ask, cache=True)


def test_the_environment_turns_it_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept is not asked."""
    asked(folder)
    same_size(folder)
    monkeypatch.setenv("REACH_NO_CACHE", "1")
    assert asked(folder) == ([EDITED], EDITED)


# --- a spoilt cache -------------------------------------------------------------------------------


def pieces(folder: Path) -> list[bytes]:
    """What the cache of a crowd holds of records: names, blocks and columns, told by the cache."""
    text = kept(folder).read_bytes()
    told = msgspec.msgpack.decode(text[len(cache._MAGIC) + seal.SIZE :], type=cache._Kept)
    found = []
    for _, parts, columns in told.tables:
        found += [each for part in parts for each in (part.names, *part.blocks)]
        found += [columns] if columns else []
    return found


def test_a_byte_of_any_piece_is_seen_before_it_is_asked(tmp_path: Path) -> None:
    """What is sealed is all of it: a question is asked once, of the files."""
    folder = Crowd(1).write(tmp_path)

    def ask(snapshot: Snapshot) -> list[tuple[str, str | None]]:
        told.append(len(snapshot.records(NetworkInterface)))
        own = snapshot.records(NetworkInterface)
        return [(each.network_interface_id, each.private_ip_address) for each in own]

    told: list[int] = []
    expected = components.asked(folder, ask, cache=True)[1]
    whole = kept(folder).read_bytes()
    every = pieces(folder)
    assert len(every) > 10
    for piece in every:
        place = whole.index(piece) + len(piece) // 2
        spoilt = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        kept(folder).write_bytes(spoilt)
        told.clear()
        assert components.asked(folder, ask, cache=True)[1] == expected
        assert len(told) == 1
        assert kept(folder).read_bytes() == whole


# --- hashing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("small", [-1, 100, 1 << 20])
def test_hashes_are_the_same_whoever_makes_them(
    small: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By threads, at once, or some of each: written down here for one file."""
    write(folder, {"a.json": {}})
    files = find(folder).found
    monkeypatch.setattr(fingerprint, "_SMALL", small)
    monkeypatch.setattr(fingerprint, "_AT_ONCE", 7)
    monkeypatch.setattr(fingerprint, "_BESIDE", 5)
    found = fingerprint.contents(files)
    assert found == fingerprint.begun(files).end()
    assert [each.name for each in found] == sorted(files)
    assert [each.size for each in found] == [files[n].stat().st_size for n in sorted(files)]
    (empty,) = (each for each in found if each.name == "a.json")
    assert empty.hash.hex() == "6e46dd10defc9b56c29a6ec56b508c21f54c08192194e4df25bf36f0c9c3c279"


def test_no_thread_is_left(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "_SMALL", -1)
    before = threading.active_count()
    fingerprint.contents(find(folder).found)
    begun = fingerprint.begun(find(folder).found)
    begun.give_up()
    assert threading.active_count() == before
