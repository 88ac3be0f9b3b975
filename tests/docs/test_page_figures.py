"""Figures in the pages of docs/ that are no tutorial: each stands in the page, and the command beside it answers with it today."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers import ROOT, Answer

DOCS = ROOT / "docs"
#: A page, the words of it, the command that they are of, and what stands in its answer. Spaces are as one.
CLAIMS = [
    ("designs.md", "finds n = 33 with 0.818", "design a-hern --p0 0.05 --p1 0.20 --alpha 0.025 --power 0.8", ["n 33", "power 0.8179", "n never below 39"]),
    ("designs.md", "34 have 0.700, and from 39 on it never falls below", "design a-hern --p0 0.05 --p1 0.20 --alpha 0.025 --power 0.8 --n 34", ["power 0.7004"]),
    ("designs.md", "takes 164 + 82 patients", "design jung --p0 0.44 --p1 0.58 --alpha 0.15 --power 0.8 --allocation 2:1", ["D ≥ 10 at 164+82"]),
    ("dose-finding.md", "declared if 10 of its 25 respond", "design dose-comparison --doses 2 --n 15 --further 10 --margin 0.1 --phi-t 0.35 --p0 0.2 --alpha 0.05 --truth 0.1,0.25 --response 0.4,0.45", ["at least 10 of its 25 patients respond"]),
    ("feasibility.md", "10.77 a month, between 2.25 and 27.00", "feasibility north", ["10.77", "2.25", "27.00"]),
    ("feasibility.md", "NORTH's first stage took 5.62 a month", "feasibility north", ["5.62"]),
]  # fmt: skip
#: Pages whose blocks other tests run, or take minutes.
ELSEWHERE = {"what-can-be-said.md", "history.md", "drug.md"}


def one(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("page", "words", "command", "answer"), CLAIMS, ids=lambda v: v[:40] if isinstance(v, str) else ""
)
def test_a_figure_is_today_s(
    page: str, words: str, command: str, answer: list[str], equipoise: Callable[..., Answer]
) -> None:
    assert one(words) in one((DOCS / page).read_text(encoding="utf-8"))
    done = equipoise(*shlex.split(command))
    assert done.status == 0, done.err
    for figure in answer:
        assert figure in one(done.out), (figure, done.out)


@pytest.mark.parametrize(
    "page",
    sorted(
        p.name for p in DOCS.glob("*.md") if "```console" in p.read_text(encoding="utf-8") and p.name not in ELSEWHERE
    ),
)
def test_every_block_of_a_page_is_answered_so(page: str, equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    for block in re.findall(r"```console\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.S):
        first, *expected = block.splitlines()
        assert first.startswith("$ equipoise ")
        done = equipoise(*shlex.split(first)[2:], cwd=tmp_path)
        assert done.status == 0, done.err
        for line in expected:
            assert one(line) in one(done.out), (first, line)


def shown() -> list[str]:
    """Indented commands of the page on finding a dose: each may be typed as it stands."""
    text = (DOCS / "dose-finding.md").read_text(encoding="utf-8").replace("\\\n", " ")
    found = re.findall(r"^    equipoise (design .*)$", text, re.M)
    return [c for c in found if not re.search(r"\bKIND\b|…|<|my-trial", c)]


@pytest.mark.thorough
@pytest.mark.parametrize("command", shown())
def test_a_command_that_is_shown_runs(command: str, equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    done = equipoise(*shlex.split(command.split("#")[0]), cwd=tmp_path)
    assert done.status == 0, done.err
