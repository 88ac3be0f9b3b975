"""The first minutes: help in groups, the shipped documentation, completion, `python -m`, and tables that fit."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from equipoise.cli.completion import SHELLS
from equipoise.cli.main import COMMANDS, GROUPS
from equipoise.cli.text_table import in_parts, table_widths
from equipoise.trial.exhibits import Table
from helpers import ROOT, Answer

Equipoise = Callable[..., Answer]


def test_every_command_stands_in_one_group(equipoise: Equipoise) -> None:
    assert sum(map(len, GROUPS.values())) == len(COMMANDS)
    told = equipoise("--help").out
    files = {p.stem.replace("_", "-") for p in (ROOT / "src" / "equipoise" / "cli").glob("*.py") if "def command(" in p.read_text()}  # fmt: skip
    assert files == set(COMMANDS)
    for title, commands in GROUPS.items():
        assert f"{title}:" in told
        assert all(name in told for name in commands)


def test_every_page_of_the_documentation_is_a_topic(equipoise: Equipoise) -> None:
    pages = {p.stem for p in (ROOT / "docs").glob("*.md")}
    assert {t["topic"] for t in equipoise("guide", "--json").json} == pages
    assert equipoise("guide", "log").out == (ROOT / "docs" / "log.md").read_text()


def test_a_section_by_words_of_its_heading(equipoise: Equipoise) -> None:
    told = equipoise("guide", "guide", "cohorts").out
    assert told.startswith("## Cohorts, parts and strata\n")
    assert told.count("\n## ") == 0


@pytest.mark.parametrize(("words", "where"), [(["gide"], "TOPIC"), (["guide", "nonsense"], "SECTION")])
def test_what_there_is_is_said(words: list[str], where: str, equipoise: Equipoise) -> None:
    wrong = equipoise("guide", *words, "--json")
    assert wrong.status == 2
    assert [p["where"] for p in wrong.json["error"]["problems"]] == [where]


@pytest.mark.process
@pytest.mark.parametrize("shell", SHELLS)
def test_the_line_for_a_shell_is_the_library_s(shell: str, equipoise: Equipoise) -> None:
    line = equipoise("completion", shell, "--json").json["line"]
    assert f"_EQUIPOISE_COMPLETE={shell}_source equipoise" in line


@pytest.mark.process
def test_python_runs_the_package() -> None:
    done = subprocess.run([sys.executable, "-m", "equipoise", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()[0]) == (0, "equipoise,")


WIDE = Table(
    "T", ("Name", *(f"a heading {i}" for i in range(9))), tuple((f"row {i}", *["0.123 ± 0.004"] * 9) for i in range(3))
)


def test_a_table_too_wide_is_shown_in_parts_that_fit() -> None:
    parts = in_parts(WIDE, 60)
    assert len(parts) > 1
    assert [c for p in parts for c in p.columns[1:]] == list(WIDE.columns[1:])
    for part in parts:
        assert part.columns[0] == "Name"
        assert [row[0] for row in part.rows] == ["row 0", "row 1", "row 2"]
        widths = table_widths(part, 60 - 3 * len(part.columns) + 1)
        assert sum(w or 0 for w in widths) + 3 * len(widths) - 1 <= 60
    assert in_parts(WIDE, 400) == [WIDE]


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_line_is_wider_than_it_may_be_nor_padded(columns: int, equipoise: Equipoise) -> None:  # fmt: skip
    for words in (["design", "list"], ["simulate", "kinds/simon", "--replicates", 20], ["design", "simon", "--p0", 0.2, "--p1", 0.4, "--alpha", 0.05, "--power", 0.8]):  # fmt: skip
        lines = equipoise(*words, env={"COLUMNS": str(columns)}).out.splitlines()
        assert [line for line in lines if line != line.rstrip()] == []
        assert max(map(len, lines)) <= columns
