"""Every table of tests/fixtures/phase1 is held against by some test, or it is said why not."""

from __future__ import annotations

from pathlib import Path

from helpers import FIXTURES

HERE = Path(__file__)
TESTS = FIXTURES.parent
#: What nothing of ours answers.
NOT_OURS = {"pipe_example": "PIPE, a combination design, is not on the shelf"}


def test_each_table_is_held_against() -> None:
    read = "".join(p.read_text() for p in TESTS.rglob("test_*.py") if p != HERE)
    tables = {p.stem for p in (FIXTURES / "phase1").glob("*.csv")}
    assert len(tables) >= 40
    assert {t for t in tables if f'"{t}"' not in read and f'"{t}.csv"' not in read} == set(NOT_OURS)
