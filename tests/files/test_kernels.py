"""The cache of compiled kernels is named by what they are made of, and by nothing else."""

from __future__ import annotations

import ast
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

import equipoise
from equipoise.files import kernels
from equipoise.files.kernels import sources
from equipoise.simulate.replicates import Kernel, engine_here

SOURCE = Path(equipoise.__file__).parent


def test_the_name_covers_what_is_compiled_and_what_it_takes() -> None:
    found = {p.relative_to(SOURCE).as_posix() for p in sources()}
    kernel = [
        "trial", "patient", "enrolment", "cohort", "draws", "places", "layout", "two_groups", "looks", "asked", "comparison",
        "status", "changes", "landmark", "response", "outcome",
    ]  # fmt: skip
    assert {f"simulate/kernel/{n}.py" for n in kernel} | {
        "numerics/random/philox.py",
        "numerics/engine/compiled.py",
    } <= found
    # What a plan is made of, and what is done with the lines, compile nothing anew.
    assert not found & {
        "simulate/kernel/rows.py",
        "simulate/kernel/image.py",
        "simulate/kernel/image_of_looks.py",
        "simulate/kernel/answers.py",
        "simulate/truth.py",
        "simulate/planner.py",
        "simulate/run.py",
        "numerics/times/survival.py",
    }


def test_each_simulator_has_a_name_of_its_own() -> None:
    found = {p.relative_to(SOURCE).as_posix() for p in sources(kernels.DOSES)}
    assert found == {
        "design/dose/kernel/trial.py", "design/dose/kernel/places.py", "numerics/engine/compiled.py", "numerics/random/philox.py",
    }  # fmt: skip
    assert kernels._name(kernels.DOSES).startswith("doses-")
    assert kernels._name(kernels.TRIALS).startswith("trials-")


def test_what_kernels_take_from_elsewhere_stands_there_as_a_number() -> None:
    """The sources of a constant that were computed from a third module would not be in the name."""
    for path in sources():
        if path.parent.name != "simulate":
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
                names = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
                assert names <= {"np"}, f"{path.name}: {node.targets[0].id}"


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """Kernels are kept in a folder of their own; how often one is compiled. What is compiled is what is there already."""
    pytest.importorskip("numba")
    from equipoise.simulate.kernel import rows

    kept = kernels.bitcode()
    done: list[int] = []

    def compile_now() -> bytes:
        done.append(1)
        return kept

    monkeypatch.setattr(rows, "compile_now", compile_now)
    monkeypatch.setattr(kernels, "_beside", lambda _: tmp_path / "beside")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return done


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def test_what_was_compiled_once_is_not_compiled_again(compilations: list[int], tmp_path: Path) -> None:
    assert kernels.bitcode() == kernels.bitcode()
    assert compilations == [1]
    (file,) = _files(tmp_path)
    assert file.suffix == ".bitcode"
    assert file.parent == tmp_path / "cache" / "equipoise"


def test_what_lies_beside_the_source_is_taken_first(compilations: list[int], tmp_path: Path) -> None:
    content = kernels.bitcode()
    (file,) = _files(tmp_path)
    (tmp_path / "beside").mkdir()
    file.rename(tmp_path / "beside" / file.name)
    assert kernels.bitcode() == content
    assert compilations == [1]


@pytest.mark.parametrize("damage", ["cut off", "empty", "another thing"])
def test_a_damaged_file_is_made_again(compilations: list[int], tmp_path: Path, damage: str) -> None:
    content = kernels.bitcode()
    (file,) = _files(tmp_path)
    file.write_bytes(
        {"cut off": content[: len(content) // 2], "empty": b"", "another thing": b"name\nnot bitcode"}[damage]
    )
    assert kernels.bitcode() == content
    assert file.read_bytes() == content
    assert compilations == [1, 1]


def test_a_cache_that_cannot_be_written_only_costs_time(
    compilations: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert kernels.bitcode() == kernels.bitcode()
    assert compilations == [1, 1]


@pytest.fixture
def linked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The simulator as a library in a folder of its own."""
    pytest.importorskip("numba")
    if not any(map(shutil.which, (os.environ.get("CC", "cc"), "gcc", "clang"))):
        pytest.skip("No linker here: the simulator was not tried as a library")
    kept = kernels.bitcode()
    monkeypatch.setattr(kernels, "_beside", lambda _: tmp_path)
    monkeypatch.setattr(kernels, "bitcode", lambda _=None: kept)
    (tmp_path / "trials-of-yesterday.library").write_bytes(b"")
    assert kernels.put_beside(".library") == ""
    (path,) = tmp_path.glob("trials-*")
    return path


@pytest.mark.thorough
def test_a_library_needs_no_numba_and_gives_the_same_trials(
    linked: Path, monkeypatch: pytest.MonkeyPatch, plan: Any
) -> None:
    from equipoise.simulate.kernel import rows

    p = plan("history", "pause")
    assert kernels.ready()
    expected = Kernel(p).rows(0, 500, 24)
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "numba", None)
        without.setitem(sys.modules, "llvmlite", None)
        assert kernels.ready()
        assert engine_here() == "compiled"
        rows.SIMULATOR.forget()
        found = Kernel(p).rows(0, 500, 24)
    rows.SIMULATOR.forget()
    assert kernels.ready()
    assert [a.tobytes() for a in found] == [a.tobytes() for a in expected]
    stamp = linked.stat().st_mtime_ns
    assert kernels.put_beside(".library") == ""
    assert linked.stat().st_mtime_ns == stamp, "not linked again"


@pytest.mark.parametrize("content", [b"", b"no library"])
@pytest.mark.thorough
def test_a_damaged_library_is_none(linked: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    linked.write_bytes(content)
    monkeypatch.setitem(sys.modules, "numba", None)
    assert kernels.library() is None
    assert not kernels.ready()


def test_without_a_linker_it_is_said(compilations: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CC", "no-such-compiler")
    assert kernels.put_beside(".library").startswith("no linker here: none of no-such-compiler")
