"""Disposition, deaths and deviations: tables counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

from equipoise.analyse.deaths import deaths_table
from equipoise.analyse.deviations import deviations_table
from equipoise.analyse.disposition import INDENT, disposition_table
from equipoise.files.bundled import find_trial
from equipoise.trial.exhibits import Table
from equipoise.trial.trial import Trial
from people_by_hand import dose, group, patient

ended = lambda day, reason: (day, "treatment ended", {"reason": reason})  # noqa: E731
A = group(
    "A",
    patient("1", dose(0), ended(40, "completed"), (90, "died", {"cause": "disease"})),
    patient("2", dose(0), ended(20, "toxicity")),
    patient("3", dose(0), ended(25, "progression"), (50, "died", {"cause": "disease"})),
    patient("4", dose(0), dose(21), (30, "died", {})),  # died on treatment: no record of its end
    patient("5", dose(0)),  # goes on
    patient("6", (3, "withdrawn", {"reason": "moved away"})),  # no dose
)
B = group(
    "B", patient("7", dose(0), (60, "lost", {})), patient("8", (0, "deviation", {"what": "late scan", "major": False}))
)


def rows(table: Table | None) -> dict[str, list[Any]]:
    assert table is not None
    return {str(r[0]): list(r[1:]) for r in table.rows if len(r) > 1}


@pytest.fixture(scope="module")
def north() -> Trial:
    from equipoise import desk

    return desk.opening.load_trial(str(find_trial("north")))


def test_disposition_counts_everybody_once(north: Trial) -> None:
    found = rows(disposition_table(north, [A, B]))
    assert found["Randomised"] == [6, 2]
    assert found["Received treatment"] == ["5 (83%)", "1 (50%)"]
    assert found["Did not receive treatment"] == ["1 (17%)", "1 (50%)"]
    assert found["On treatment at the cut-off"] == ["1 (17%)", "0 (0%)"]
    assert found["Completed treatment"] == ["1 (17%)", "0 (0%)"]
    assert found["Discontinued treatment"] == ["3 (50%)", "1 (50%)"]
    assert found[INDENT + "death"] == ["1 (17%)", "0 (0%)"]
    assert found[INDENT + "toxicity"] == ["1 (17%)", "0 (0%)"]
    assert found[INDENT + "lost to follow-up"] == ["0 (0%)", "1 (50%)"]
    assert found["Died"] == ["3 (50%)", "0 (0%)"]
    assert found[INDENT + "moved away"] == ["1 (17%)", "0 (0%)"]
    # Who received treatment goes on, completed it or stopped it: nobody twice, nobody left out.
    for arm, column in enumerate((A, B)):
        counted = [
            int(found[k][arm].split()[0])
            for k in ("On treatment at the cut-off", "Completed treatment", "Discontinued treatment")
        ]
        assert sum(counted) == sum(bool(p.doses) for p in column.patients)


def test_deaths_by_cause_and_time_since_the_last_dose() -> None:
    found = rows(deaths_table([A, B]))
    assert found["Died"] == ["3 (50%)", "0 (0%)"]
    assert found["disease"] == ["2 (33%)", "0 (0%)"]
    assert found["cause not recorded"] == ["1 (17%)", "0 (0%)"]
    assert found["Died within 30 days of it"] == ["1 (17%)", "0 (0%)"]  # day 30 after a dose on day 21
    assert found["Died later than 30 days"] == ["2 (33%)", "0 (0%)"]
    assert found["Days since it, median (range)"] == ["50 (9 to 90)", "–"]
    assert deaths_table([B]) is None


def test_deviations() -> None:
    assert deviations_table([A]) is None
    found = rows(deviations_table([A, B]))
    assert found == {
        "Any deviation": ["0 (0%)", "1 (50%)"], "A major deviation": ["0 (0%)", "0 (0%)"], "late scan": ["0 (0%)", "1 (50%)"],
    }  # fmt: skip
