"""docs/stores.md: its commands are given as they stand there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers import ROOT, Answer
from postgres import APPLICATION, OWNER, Server

PAGE = (ROOT / "docs" / "stores.md").read_text()
BLOCKS = [block.strip().splitlines() for block in re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)]


def given(lines: list[str], equipoise: Callable[..., Answer], folder: Path) -> list[Answer]:
    answers = [equipoise(*line.split()[1:], cwd=folder) for line in lines if line.startswith("equipoise")]
    assert [a.status for a in answers] == [0] * len(answers), [a.err for a in answers]
    return answers


def test_sqlite_as_the_page_has_it(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    (begun,) = (b for b in BLOCKS if "conduct verify" in b[-1])
    assert "2 events, chain whole" in given(begun, equipoise, tmp_path)[-1].out


def test_a_move_as_the_page_has_it(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    given(["equipoise conduct open north --log north.jsonl --by dm"], equipoise, tmp_path)
    (moved,) = (b for b in BLOCKS if "conduct move" in b[0])
    given(moved, equipoise, tmp_path)
    assert "1 events carried" not in PAGE
    assert equipoise("conduct", "verify", "north", "--log", "sqlite:///north.db", cwd=tmp_path).status == 0


def test_postgresql_as_the_page_has_it(equipoise: Callable[..., Answer], tmp_path: Path, postgres: Server) -> None:
    (begun,) = (b for b in BLOCKS if any("prepare" in line for line in b))
    database = postgres.database()
    lines = [line.replace("localhost/north", f"127.0.0.1:{postgres.port}/{database}") for line in begun]
    assert all(f"{role}@" in PAGE for role in (OWNER, APPLICATION))
    given(lines, equipoise, tmp_path)
    postgres.give_back(database)


@pytest.mark.parametrize("name", re.findall(r"`(tests/[\w/.]+)`", PAGE))
def test_what_the_page_names_is_there(name: str) -> None:
    assert (ROOT / name).exists()
