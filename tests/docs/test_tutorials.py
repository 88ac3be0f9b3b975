"""Tutorials run as they are printed: each line that begins with $ is a command, and what stands below it is in its answer."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers import ROOT, Answer

TUTORIALS = ROOT / "docs_site" / "tutorials"


def steps(text: str) -> list[tuple[str, list[str]]]:
    """Each command of a page with the lines that its answer must hold."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", text, re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(p.stem for p in TUTORIALS.glob("*.md")))
def test_every_command_answers_as_the_page_says(name: str, tmp_path: Path, equipoise: Callable[..., Answer]) -> None:
    text = (TUTORIALS / f"{name}.md").read_text()
    for table in re.findall(r"```csv\n(.*?)```", text, re.S):
        (tmp_path / "patients.csv").write_text(table)
    found = steps(text)
    assert found
    for command, expected in found:
        words = shlex.split(command)
        assert words[0] == "equipoise"
        done = equipoise(*words[1:], cwd=tmp_path)
        assert done.status == 0, (command, done.err)
        said = " ".join((done.out + done.err).split())
        for line in expected:
            assert " ".join(line.split()) in said, (command, line, said[:2000])


def test_the_pages_are_those_of_the_site() -> None:
    import sys

    sys.path.insert(0, str(ROOT / "docs_site"))
    try:
        from build import TUTORIALS as LISTED  # type: ignore[import-not-found]
    finally:
        sys.path.pop(0)
    assert {p.stem for p in TUTORIALS.glob("*.md")} == set(LISTED)
    for name, title in LISTED.items():
        assert (TUTORIALS / f"{name}.md").read_text().startswith(f"# {title}\n")
