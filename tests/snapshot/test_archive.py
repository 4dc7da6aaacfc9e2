"""A snapshot as one .tar.zst: the same as its folder, and no way out of it."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
import zstandard
from click.testing import CliRunner

import reach
from reach.cli import cli
from reach.snapshot.archive import pack, unpack
from reach.snapshot.errors import SnapshotError
from reach.snapshot.files import find
from tests.estate import Pair, write_files

TEXT = b'{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]}'


def archive(out: Path, *members: tuple[tarfile.TarInfo, bytes], tail: bytes = b"") -> Path:
    """An archive of members as they are given, whatever they say."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        for member, text in members:
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    out.write_bytes(zstandard.ZstdCompressor().compress(held.getvalue()) + tail)
    return out


def plain(name: str, text: bytes = TEXT) -> tuple[tarfile.TarInfo, bytes]:
    return tarfile.TarInfo(name), text


def refused(path: Path) -> str:
    with pytest.raises(SnapshotError) as caught:
        reach.load(path)
    assert caught.value.file == path.name
    return caught.value.message


# ------------------------------ the same as the folder


def test_it_is_the_same_snapshot(tmp_path: Path) -> None:
    """Files, scopes, gaps, objects and answers."""
    e = Pair()
    folder = write_files(e.files(), tmp_path / "s")
    pack(find(folder).documents(), tmp_path / "s.tar.zst")
    one, other = reach.load(folder), reach.load(tmp_path / "s.tar.zst")
    assert (one.files, one.scopes, one.gaps) == (other.files, other.scopes, other.gaps)
    question = f"can {e.a} reach {e.b} port 22"
    told, retold = (reach.ask(each, question).to_dict() for each in (one, other))
    assert told["verdict"] == "reachable"
    assert told["witness"] == retold["witness"]


def test_equal_files_give_equal_bytes(tmp_path: Path) -> None:
    """Whenever they were written, and in whatever order."""
    texts = [("b.json", b"{}"), ("a/a.json", TEXT)]
    pack(texts, tmp_path / "1.tar.zst")
    pack(texts[::-1], tmp_path / "2.tar.zst")
    one, two = ((tmp_path / f"{n}.tar.zst").read_bytes() for n in (1, 2))
    assert one == two
    assert unpack(tmp_path / "1.tar.zst", "1") == dict(texts)


def test_any_tar_will_do(tmp_path: Path) -> None:
    """One that tar made of a folder: its folders, hidden and other files are passed over."""
    folder = tarfile.TarInfo("./s")
    folder.type = tarfile.DIRTYPE
    members = [plain("./s/a.json"), plain("./s/._a.json", b"?"), plain("./s/notes.txt", b"?")]
    path = archive(tmp_path / "s.tar.zst", (folder, b""), *members)
    assert reach.load(path).files == ("s/a.json",)


# ------------------------------ what is refused


@pytest.mark.parametrize("name", ["/etc/a.json", "../a.json", "a/../../b.json", "a\\b.json"])
def test_a_way_out(name: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "s.tar.zst", plain(name))
    assert refused(path) == f"holds {name!r}, which leads out of the snapshot"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_what_is_no_plain_file(kind: bytes, tmp_path: Path) -> None:
    member = tarfile.TarInfo("a.json")
    member.type, member.linkname = kind, "/etc/passwd"
    path = archive(tmp_path / "s.tar.zst", (member, b""))
    assert refused(path) == "holds 'a.json', which is no plain file"


def test_a_name_twice(tmp_path: Path) -> None:
    path = archive(tmp_path / "s.tar.zst", plain("a.json"), plain("./a.json", b"{}"))
    assert refused(path) == "holds 'a.json' twice; one of them would be lost"


def test_nothing_in_it(tmp_path: Path) -> None:
    assert refused(archive(tmp_path / "s.tar.zst")) == "holds no *.json file"


def test_cut_off_anywhere(tmp_path: Path) -> None:
    """A part of a network must not pass for the whole of it."""
    whole = archive(tmp_path / "s.tar.zst", plain("a.json"), plain("b.json", b"{}")).read_bytes()
    for length in range(4, len(whole), 3):
        (tmp_path / "cut.tar.zst").write_bytes(whole[:length])
        assert refused(tmp_path / "cut.tar.zst").startswith("is no whole .tar.zst: ")


def test_something_after_its_end(tmp_path: Path) -> None:
    path = archive(tmp_path / "s.tar.zst", plain("a.json"), tail=b"more")
    assert refused(path).startswith("is no whole .tar.zst: ")


def test_a_bomb(tmp_path: Path) -> None:
    """It is not unpacked to its end."""
    path = archive(tmp_path / "s.tar.zst", plain("a.json", b" " * (1 << 22)))
    assert path.stat().st_size < 2000
    with pytest.raises(SnapshotError, match="unpacks to more than 1,000,000 bytes"):
        unpack(path, "s.tar.zst", largest=1_000_000)
    with pytest.raises(SnapshotError, match="has more than 0 members"):
        unpack(path, "s.tar.zst", most=0)


# ------------------------------ the command


def test_the_command(tmp_path: Path) -> None:
    """Never over a file that is there; what it wrote is verified as any snapshot."""
    folder, out = write_files(Pair().files(), tmp_path / "s"), tmp_path / "s.tar.zst"
    words = ["pack", str(folder), str(out)]
    assert CliRunner().invoke(cli, words).exit_code == 0
    assert CliRunner().invoke(cli, words).exit_code == 2
    assert CliRunner().invoke(cli, ["pack", str(folder), str(tmp_path / "s.zip")]).exit_code == 2
    assert CliRunner().invoke(cli, ["verify", str(out)]).exit_code == 3
