"""RECIST 1.1's tables 1 to 3, as a public page reproduces them (second hand; the paper itself was not at hand)."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest

from equipoise.analyse.best_overall import Assessed, BestRule, best_overall
from equipoise.analyse.criteria.recist11 import Recist11
from printed import named, rows

NON_TARGET = ("CR", "NON-CR/NON-PD", "NE", "PD")
#: The tables' words → what a record says.
WORDS = {
    "any": NON_TARGET,
    "non-PD": NON_TARGET[:3],
    "non-PD or not all evaluated": NON_TARGET[:3],
    "non-CR/non-PD": ("NON-CR/NON-PD",),
    "not all evaluated": ("NE",),
    "not evaluated": ("NE",),
    "unequivocal PD": ("PD",),
    "NE": ("NE",),
    "yes": (True,),
    "no": (False,),
    "yes or no": (False, True),
    "": ("",),
}
TARGET = ("CR", "PR", "SD", "NE", "PD")


def words(said: str, every: tuple[str, ...]) -> tuple[str | bool, ...]:
    return every if said == "any" else WORDS.get(said) or (said,)


@pytest.mark.published
@pytest.mark.parametrize("row", rows("recist11_tables_1_2"), ids=named)
def test_tables_1_and_2(row: dict[str, str]) -> None:
    overall = {"non-CR/non-PD": "NON-CR/NON-PD"}.get(row["overall"], row["overall"])
    cases = itertools.product(words(row["target"], TARGET), words(row["non_target"], NON_TARGET), WORDS[row["new"]])
    for target, other, new in cases:
        assert Recist11().overall(str(target), str(other), bool(new)) == overall, (target, other, new)


def test_the_rows_say_something_of_every_response() -> None:
    """So that a row cannot be held against nothing: each expands into at least one case, and all responses come up."""
    table = rows("recist11_tables_1_2")
    assert {r["overall"] for r in table} >= {"CR", "PR", "PD", "NE"}
    assert all(words(r["target"], TARGET) and words(r["non_target"], NON_TARGET) for r in table)


START = date(2012, 6, 1)


def course(*codes: str, first: int) -> list[Assessed]:
    return [Assessed(START + timedelta(days=first + 28 * i), code) for i, code in enumerate(codes)]


@pytest.mark.published
@pytest.mark.parametrize("row", rows("recist11_table_3", agree="yes"), ids=named)
def test_table_3(row: dict[str, str]) -> None:
    """Confirmation after 28 days, stable disease from day 84: time points at days 84 and 112, and at 42 and 70."""
    rule = BestRule(confirm_after=28, stable_from=84)
    for first, column in ((84, "met"), (42, "not_met")):
        assert best_overall(course(row["first"], row["next"], first=first), START, rule).response == row[column]
