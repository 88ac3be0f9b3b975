"""What needs an optional library that is missing says so before it begins, names it, and writes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from equipoise.cli.extras import EXTRAS
from helpers import FIXTURES, ROOT, Answer

#: What is imported → the libraries that bring it: `csp` is django-csp.
DISTRIBUTIONS = packages_distributions()
EVER = 1_000_000_000
GRID = f'format = 1\nscenarios = ["null"]\nreplicates = {EVER}\nseed = 7\n'
SIMON = ["--p0", 0.44, "--p1", 0.58, "--alpha", 0.05, "--power", 0.8]


def test_extras_are_those_that_can_be_installed() -> None:
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for extra, names in EXTRAS.items():
        stated = {line.split(">")[0].split("[")[0] for line in known[extra]}
        for name in names:
            assert stated & {library.lower() for library in DISTRIBUTIONS[name]}, name


def without(missing: list[str], folder: Path, *args: object) -> Answer:
    """The command in a process in which these cannot be imported. What began its work would be killed."""
    code = f"import sys; sys.modules.update(dict.fromkeys({missing})); from equipoise.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *map(str, args)],
        capture_output=True, text=True, cwd=folder, env={**os.environ, "COLUMNS": "160"}, timeout=60, check=False,
    )  # fmt: skip
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.mark.process
@pytest.mark.parametrize(
    ("missing", "args", "said"),
    [
        (["pyarrow"], ["simulate", "north", "--grid", "grid.toml", "--out", "out"], "--grid needs pyarrow: pip install 'equipoise[grid]'"),
        (["jinja2"], ["simulate", "north", "--grid", "grid.toml", "--out", "out"], "--grid needs jinja2: pip install 'equipoise[report]'"),
        (
            ["pyarrow", "distributed"],
            ["simulate", "north", "--grid", "grid.toml", "--out", "out", "--cluster", "local:2"],
            "--grid with --cluster needs pyarrow and distributed: pip install 'equipoise[grid,cluster]'",
        ),
        (["matplotlib"], ["simulate", "north", "--replicates", EVER, "--out", "out", "--page", "p.html"], "--page needs matplotlib: pip install 'equipoise[report]'"),
        (["jinja2", "matplotlib"], ["demo", "--replicates", EVER], "The report needs jinja2 and matplotlib: pip install 'equipoise[report]'"),
        (["jinja2"], ["report", "colon", "--out", "out"], "A report needs jinja2: pip install 'equipoise[report]'"),
        (["matplotlib"], ["design", "a-hern", *SIMON, "--figure", "f.svg"], "--figure needs matplotlib: pip install 'equipoise[report]'"),
        (["jinja2"], ["design", "compare", *SIMON, "--out", "out"], "--out needs jinja2: pip install 'equipoise[report]'"),
        (["matplotlib"], ["history", "pool", "ed-sclc", "--endpoint", "PFS", "--figure", "f.svg"], "--figure needs matplotlib"),
        (["matplotlib"], ["history", "hurdle", "north", "--figure", "f.svg"], "--figure needs matplotlib"),
        (["matplotlib"], ["control-check", "north", "--replicates", EVER, "--figure", "f.svg"], "--figure needs matplotlib"),
        (["matplotlib"], ["forecast", "north", "--log", "l.jsonl", "--look", 1, "--draws", EVER, "--figure", "f.svg"], "--figure needs matplotlib"),
        (["matplotlib"], ["sensitivity", "colon", "--endpoint", "OS", "--figure", "f.svg"], "--figure needs matplotlib"),
        (["matplotlib"], ["answers", "north", "--tested", "28/53", "--figure", "f.svg"], "--figure needs matplotlib"),
        (["pyarrow"], ["export", "north", "--log", "l.jsonl", "--as", "adam", "--format", "parquet", "--out", "out"], "--format needs pyarrow: pip install 'equipoise[grid]'"),
        (["pyarrow"], ["convert", "dm.csv", "dm.parquet"], "dm.parquet needs pyarrow: pip install 'equipoise[grid]'"),
        (["pyarrow"], ["convert", "rs.parquet", "rs.csv"], "rs.parquet needs pyarrow: pip install 'equipoise[grid]'"),
        (["pyarrow"], ["define", "."], "Parquet needs pyarrow: pip install 'equipoise[grid]'"),
        (["pyarrow"], ["import-sdtm", ".", "--log", "new.jsonl"], "Parquet needs pyarrow: pip install 'equipoise[grid]'"),
        (["pyarrow"], ["audit-response", "."], "Parquet needs pyarrow: pip install 'equipoise[grid]'"),
    ],
)  # fmt: skip
def test_a_missing_library_is_named_at_once(tmp_path: Path, missing: list[str], args: list[object], said: str) -> None:
    (tmp_path / "grid.toml").write_text(GRID)
    (tmp_path / "dm.csv").write_bytes(b"no table at all")
    (tmp_path / "rs.parquet").write_bytes(b"no table at all")
    before = sorted(tmp_path.rglob("*"))
    answer = without(missing, tmp_path, *args)
    assert answer.status == 1, answer.err
    assert answer.err.startswith(said)
    assert len(answer.err.splitlines()) == 1
    assert answer.out == ""
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.process
def test_without_numba_the_reference_takes_over_and_the_kernel_is_named(tmp_path: Path) -> None:
    asked = ["simulate", "north", "--scenario", "null"]
    library = "from equipoise.files import kernels; kernels.library = lambda kernel: None; "
    code = "import sys; sys.modules['numba'] = None; " + library + "from equipoise.cli.main import main; main()"

    def call(*args: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "error", "-c", code, *map(str, args)]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False)

    refused = call(*asked, "--replicates", EVER, "--engine", "compiled")
    assert refused.returncode == 1
    assert refused.stderr == "--engine compiled needs numba: pip install 'equipoise[fast]'\n"
    assert call(*asked, "--replicates", 2, "--workers", 1).returncode == 0


@pytest.mark.process
@pytest.mark.slow
def test_what_needs_no_library_works_without_any(tmp_path: Path) -> None:
    all_of_them = sorted({name for names in EXTRAS.values() for name in names} | {"llvmlite", "pandas"})
    dm = FIXTURES / "data" / "onco" / "sdtm" / "dm.xpt"
    for args in (
        ["check", "north"],
        ["design", "simon", *SIMON],
        ["analyse", "colon"],
        ["history", "show", "ed-sclc"],
        ["convert", dm, tmp_path / "dm.json"],
    ):
        answer = without(all_of_them, tmp_path, *args)
        assert answer.status == 0, (args, answer.err)


def test_the_slow_engine_says_that_it_is_slow(
    equipoise: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    from equipoise import desk

    monkeypatch.setattr(desk.simulate, "compiled", lambda: False)
    slow = equipoise("simulate", "merkel", "--replicates", 2)
    assert "Slow: without numba" in slow.err
    assert "Slow" not in equipoise("simulate", "merkel", "--replicates", 2, "--engine", "reference").err
