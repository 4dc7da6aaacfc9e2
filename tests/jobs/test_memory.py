"""How much memory there is: what the machine has, or what a container may take."""

from __future__ import annotations

from pathlib import Path

import pytest

from reach.jobs import memory


def test_a_container_may_take_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that it has read can be put aside; without a bound, the machine's memory counts."""
    monkeypatch.setattr(memory, "_available", lambda: 9 << 30)
    monkeypatch.setattr(memory, "_GROUP", tmp_path)
    assert memory.free() == 9 << 30
    (tmp_path / "memory.current").write_text(f"{3 << 30}\n")
    (tmp_path / "memory.stat").write_text(f"anon 5\ninactive_file {1 << 29}\n")
    for most, wanted in (("max", 9 << 30), (f"{4 << 30}", 3 << 29), (f"{1 << 30}", 0)):
        (tmp_path / "memory.max").write_text(f"{most}\n")
        assert memory.free() == wanted


def test_it_is_said_before_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free", lambda: 1 << 30)
    memory.ensure_room()
    monkeypatch.setattr(memory, "free", lambda: 1 << 20)
    with pytest.raises(memory.NoRoom, match="more memory than there is"):
        memory.ensure_room()
