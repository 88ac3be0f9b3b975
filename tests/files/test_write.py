"""Files appear whole or not at all, and what a killed run leaves is cleared by the next of its kind, and by no other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from equipoise.files import folder_swap
from equipoise.files.folder_swap import all_or_none
from equipoise.files.write import clear, hold, whole, write_text


def _old(path: Path) -> Path:
    os.utime(path, (time.time() - 60, time.time() - 60))
    return path


def test_a_text_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "one")
    with pytest.raises(ZeroDivisionError), whole(path) as file:
        file.write(b"half" * (1 // 0))
    assert path.read_text() == "one"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_what_a_killed_run_left_of_a_file_goes_with_the_next(tmp_path: Path) -> None:
    mine = _old_file(tmp_path / ".a.txt.123.part")
    others = [
        _old_file(tmp_path / n)
        for n in (".b.txt.123.part", ".a.txt.part", "a.txt.123.part", ".a.txt.x.part", "notes.part")
    ]
    write_text(tmp_path / "a.txt", "one")
    assert not mine.exists()
    assert all(o.exists() for o in others)


def _old_file(path: Path) -> Path:
    path.write_text("patients' data")
    return _old(path)


def test_what_is_in_use_or_young_or_a_link_stays(tmp_path: Path) -> None:
    held, young, link = (tmp_path / f".a.txt.{i}.part" for i in (1, 2, 3))
    _old_file(held)
    young.write_text("")
    target = tmp_path / "elsewhere"
    target.mkdir()
    link.symlink_to(target)
    with held.open() as file:
        assert hold(file.fileno())
        assert clear(tmp_path, r"\.a\.txt\.\d+\.part") == []
    assert clear(tmp_path, r"\.a\.txt\.\d+\.part") == [held]
    assert young.exists()
    assert target.exists()
    assert clear(tmp_path / "no such folder", ".*") == []


def test_a_folder_is_replaced_at_once_and_other_files_stay(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with all_or_none(out, "export") as beside:
        (beside / "a.csv").write_text("old")
        (beside / "b.csv").write_text("old")
    assert out.stat().st_mode & 0o777 == 0o777 & ~folder_swap._umask()
    (out / "notes.txt").write_text("mine")
    out.chmod(0o750)
    with all_or_none(out, "export") as beside:
        (beside / "a.csv").write_text("new")
        (beside / "b.csv").write_text("new")
        assert {p.read_text() for p in out.glob("*.csv")} == {"old"}
    assert {p.name: p.read_text() for p in out.iterdir()} == {"a.csv": "new", "b.csv": "new", "notes.txt": "mine"}
    assert out.stat().st_mode & 0o777 == 0o750
    with pytest.raises(ZeroDivisionError), all_or_none(out, "export") as beside:
        (beside / "a.csv").write_text("half" * ((beside / "b.csv").write_text("new") // 0))
    assert (out / "a.csv").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("why", ["no exchange", "a folder within", "a link", "working folder", "a link to it"])
def test_where_folders_cannot_be_exchanged_files_are_replaced(
    why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    (out / "sub").mkdir(parents=True) if why == "a folder within" else out.mkdir()
    (out / "a.csv").write_text("old")
    (out / "notes.txt").write_text("mine")
    asked = out
    if why == "no exchange":
        monkeypatch.setattr(folder_swap, "_AT_HERE", -1)  # EBADF
        monkeypatch.setattr(folder_swap, "_EXCHANGE", 1 << 20)
    elif why == "a link":
        (out / "link").symlink_to(out / "notes.txt")
    elif why == "working folder":
        monkeypatch.chdir(out)
        asked = Path()
    elif why == "a link to it":
        asked = tmp_path / "other"
        asked.symlink_to(out)
    number = out.stat().st_ino
    with all_or_none(asked, "export") as beside:
        (beside / "a.csv").write_text("new")
    assert out.stat().st_ino == number
    assert (out / "a.csv").read_text() == "new"
    assert (out / "notes.txt").read_text() == "mine"
    assert not list(tmp_path.glob(".export-*"))


_KILLED = """
import os, signal, sys
from pathlib import Path
from equipoise.files import folder_swap
from equipoise.files.folder_swap import all_or_none
out, at = Path(sys.argv[1]), int(sys.argv[2])
count = 0
def trace(event, args):
    global count
    if event in ("os.rename", "os.link", "os.chmod", "open", "os.remove", "shutil.rmtree", "os.rmdir", "ctypes.dlopen") and str(out.parent) in str(args):
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(trace)
with all_or_none(out, "export") as beside:
    for name in "abc":
        (beside / f"{name}.csv").write_text("new")
print("whole")
"""


@pytest.mark.process
def test_killed_anywhere_an_export_leaves_all_or_nothing_and_the_next_clears_it(tmp_path: Path) -> None:
    seen = set()
    for at in range(1, 40):
        out = tmp_path / str(at) / "out"
        with all_or_none(out, "export") as beside:
            for name in "abc":
                (beside / f"{name}.csv").write_text("old")
        (out / "notes.txt").write_text("mine")
        done = subprocess.run([sys.executable, "-c", _KILLED, str(out), str(at)], capture_output=True, check=False)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        found = {p.read_text() for p in out.glob("*.csv")}
        assert len(found) == 1
        assert (out / "notes.txt").read_text() == "mine"
        seen |= found
        for left in out.parent.glob(".export-*"):
            _old(left)
        with all_or_none(out, "export") as beside:
            (beside / "a.csv").write_text("newer")
        assert [p.name for p in out.parent.iterdir()] == ["out"]
        assert sorted(p.name for p in out.iterdir()) == ["a.csv", "b.csv", "c.csv", "notes.txt"]
        if done.returncode == 0:
            break
    else:
        raise AssertionError("it was killed each time")
    assert seen == {"old", "new"}
