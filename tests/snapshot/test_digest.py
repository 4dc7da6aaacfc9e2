"""The digest of a snapshot is of its content: the same for the same files, and no others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reach.snapshot.archive import pack
from reach.snapshot.digest import digest_of
from reach.snapshot.errors import SnapshotError
from reach.snapshot.files import find


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "saved"
    (made / "eu-west-1").mkdir(parents=True)
    (made / "vpcs.json").write_text('{"Vpcs": []}')
    (made / "eu-west-1" / "vpcs.json").write_text('{"Vpcs": []}')
    return made


def test_it_is_written_down(folder: Path) -> None:
    """So that another version of the same machine finds the same."""
    assert digest_of(folder) == "5ff6357139648d295e3774401919598ded64e62bb4c7c96e55c3ec2991527253"


def test_the_same_files_have_the_same(folder: Path, tmp_path: Path) -> None:
    """Wherever they lie, packed or not, and whatever lies beside them."""
    found = digest_of(folder)
    shutil.copytree(folder, tmp_path / "copy")
    (tmp_path / "copy" / "README.md").write_text("not read")
    (tmp_path / "copy" / ".cache.json").write_text("not read")
    assert digest_of(tmp_path / "copy") == found
    pack(find(folder).documents(), tmp_path / "saved.tar.zst")
    assert digest_of(tmp_path / "saved.tar.zst") == found


@pytest.mark.parametrize("change", ["byte", "name", "more", "fewer", "folder"])
def test_other_files_have_another(folder: Path, change: str) -> None:
    found = digest_of(folder)
    match change:
        case "byte":
            (folder / "vpcs.json").write_text('{"Vpcs":  []}')
        case "name":
            (folder / "vpcs.json").rename(folder / "vpc.json")
        case "more":
            (folder / "empty.json").write_text("{}")
        case "fewer":
            (folder / "vpcs.json").unlink()
        case "folder":
            (folder / "eu-west-1").rename(folder / "eu-west-2")
    assert digest_of(folder) != found


def test_where_there_is_nothing_there_is_no_digest(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError):
        digest_of(tmp_path / "none")
