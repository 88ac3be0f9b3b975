"""A history as a reader may write it: what it may not say, and what is against the design."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from equipoise.design.dose import dose_shelf
from equipoise.design.dose.history import answer
from equipoise.design.dose.levels import dose_of, level_of, not_above
from equipoise.trial.dose_outcomes import read_outcomes
from equipoise.trial.problem import BadInput

BOIN = {"target": 0.3, "doses": 5}
CRM = {"target": 0.25, "skeleton": (0.08, 0.16, 0.25)}
DRUGS = {"target": 0.3, "first": 2, "second": 3}


@pytest.mark.parametrize(
    ("kind", "said", "text", "cautions"),
    [
        ("boin", BOIN, "3NNN", ("Cohort 1 was given dose 3; the design gave dose 1.",)),
        ("boin", {**BOIN, "tite": "ess"}, "3NNN", ("Cohort 1 was given dose 3; the design gave dose 1.",)),
        ("boin", {**BOIN, "start": 3}, "3NNN", ()),
        ("boin", {**BOIN, "start": 3}, "2NNN", ()),
        ("crm", CRM, "2NNN", ("Cohort 1 was given dose 2; the design gave dose 1.",)),
        ("a-plus-b", {"doses": 4}, "1NNN 3NNN", ("Cohort 2 was given dose 3; the design gave dose 2.",)),
        ("boin-combination", DRUGS, "2.3NNN", ("Cohort 1 was given dose 2.3; the design gave dose 1.1.",)),
        # 1.3 comes before 2.1 in the list of combinations, and gives more of the second drug.
        ("boin-combination", DRUGS, "1.1NNN 2.1NTN 1.3NNN", ("Cohort 3 was given dose 1.3; the design gave dose 2.1.",)),
        ("dose-comparison", {"doses": 2, "n": 3}, "2NEN 1NNE", ()),
    ],
)  # fmt: skip
def test_a_dose_above_the_designs_is_said_of_any_cohort(
    kind: str, said: Mapping[str, Any], text: str, cautions: tuple[str, ...]
) -> None:
    assert answer(dose_shelf.build(kind, said), read_outcomes(text)).cautions == cautions


@pytest.mark.parametrize(
    ("said", "text", "given"),
    [
        ({}, "1NNN 2NNP:99", ["99 days"]),
        ({}, "1NNT:29 2NNP:28", ["28 days", "T:29"]),
        ({"tite": "ess"}, "1NNT:29", ["T:29"]),
        ({"tite": "ess"}, "1NNT:29 2NNP:28", ["28 days", "T:29"]),
    ],
)
def test_days_beyond_the_window_are_refused_whether_or_not_somebody_is_pending(
    said: Mapping[str, Any], text: str, given: list[str]
) -> None:
    design = dose_shelf.build("boin", {**BOIN, **said})
    with pytest.raises(BadInput) as e:
        answer(design, read_outcomes(text), 28)
    assert [p.given for p in e.value.problems] == given
    assert answer(design, read_outcomes("1NNT:28 2NNP:27"), 28).n[0] == 3


def test_combinations_are_lower_by_both_drugs() -> None:
    design = dose_shelf.build("boin-combination", DRUGS)
    for dose in range(1, 7):
        assert dose_of(design, level_of(design, dose)) == dose
        for other in range(1, 7):
            (a, b), (c, d) = level_of(design, dose), level_of(design, other)
            assert not_above(design, dose, other) == (a <= c and b <= d)
