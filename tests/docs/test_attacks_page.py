"""docs/attackers.md, second part: each attack of the field has its row, and the tests that the rows name are there."""

from __future__ import annotations

import re
from collections.abc import Sequence

from helpers import ROOT

_PART = (ROOT / "docs" / "attackers.md").read_text().split("## The attacks of the field, F1 to F26")[1]
ROWS: Sequence[Sequence[str]] = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in _PART.splitlines()
    if line.startswith(("| F", "| …"))
]


def test_every_attack_has_a_row() -> None:
    assert [row[0] for row in ROWS if row[0] != "…"] == [f"F{n}" for n in range(1, 27)]
    assert all(len(row) == 4 and all(row) for row in ROWS)


def test_the_tests_that_it_names_are_there() -> None:
    written = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }
    for attack, _, now, held in ROWS:
        named = re.findall(r"`(test_\w+)`", held)
        assert set(named) <= written, attack
        assert named or "not mended" in now, attack
