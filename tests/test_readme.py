"""Every console block of the README and the guide is run, and every line it shows is found in what came."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest

from equipoise.design import shelf
from equipoise.design.dose import dose_shelf
from helpers import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    (path.name, command, lines)
    for path in DOCUMENTS
    for block in re.findall(r"```console\n(.*?)```", path.read_text(), flags=re.DOTALL)
    for command, *lines in [block.strip("\n").splitlines()]
]


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(("document", "command", "lines"), BLOCKS, ids=[b[1] for b in BLOCKS])
@pytest.mark.thorough
def test_the_shown_lines_come_out(document: str, command: str, lines: list[str], equipoise: Any) -> None:
    words = shlex.split(command.removeprefix("$ "))
    assert words[0] == "equipoise"
    answer = equipoise(*words[1:])
    assert answer.status == 0, answer.err
    came = {squeezed(line) for line in answer.out.splitlines()}
    for line in lines:
        assert squeezed(line) in came


def test_links_lead_somewhere() -> None:
    for path in [*DOCUMENTS, ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_shelf_is_counted_as_it_is() -> None:
    said = re.search(r"The shelf has (\d+) kinds of design and (\d+) that find", (ROOT / "README.md").read_text())
    assert said is not None
    assert (int(said[1]), int(said[2])) == (len(shelf.kinds()), len(dose_shelf.kinds()))
