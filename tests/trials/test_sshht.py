"""ssHHT, a phase I by the CRM of 1990: its printed course by the next dose of a history, and conducted patient by patient through a log."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from typing import Any

import pytest

from equipoise.analyse.data import cut
from equipoise.conduct.conduct import Conduct
from equipoise.desk import doses
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from helpers import FIXTURES, moment

COURSE = list(csv.DictReader((FIXTURES / "ten" / "sshht_course.csv").read_text().splitlines()))
#: The vignette prints two digits, of a program of its own; the largest difference is this.
PRINTED, OURS = 0.0075, 0.0006
CRM = (
    "--target", "0.33", "--skeleton", "0.05,0.10,0.15,0.33,0.50", "--model", "logistic", "--prior", "exponential", "--skips", "1",
    "--coherent", "no", "--cohorts", "6",
)  # fmt: skip


def agrees(ptox: Any, row: dict[str, str]) -> None:
    """Five printed probabilities, and another program's of the same model to three digits."""
    assert ptox == pytest.approx([float(row[f"printed_{k}"]) for k in range(1, 6)], abs=PRINTED)
    assert ptox == pytest.approx([float(row[f"ours_{k}"]) for k in range(1, 6)], abs=OURS)


def letters(row: dict[str, str]) -> str:
    y = int(row["dlt"])
    return "T" * y + "N" * (int(row["patients"]) - y)


@pytest.mark.published
def test_the_thirty_printed_probabilities_come_back(equipoise: Any) -> None:
    history, compared = [], 0
    for row in COURSE:
        history.append(f"{row['level']}{letters(row)}")
        found = equipoise("design", "next", "crm", " ".join(history), *CRM, "--json").json
        agrees(found["ptox"], row)
        compared += 5
        if row["next_level_given"].startswith("stop"):
            assert (found["action"], found["recommend"]) == ("declare", 4)
        else:
            assert found["dose"] == int(row["next_level_given"])
    assert compared == 30
    assert history == ["1NNN", "3TNN", "4TNN", "4NNN", "4TNN", "4TTN"]


@pytest.mark.published
def test_conducted_patient_by_patient() -> None:
    """Each patient is assigned to the level that the design gave, followed for the window, and what is known decides."""
    trial = read_trial(find_trial("sshht"))
    assert trial.phase1 is not None
    window = trial.phase1.window.days
    c = Conduct.open(trial, moment(trial.start), "t")
    c.activate("S01", trial.start, moment(trial.start), "t")
    on, count = date(2002, 1, 10), 0

    def order(kind: str, happened: date, patient: str, **data: Any) -> None:
        c.order(kind, happened, moment(happened), "t", patient=patient, data=data)

    def stands(day: date) -> doses.Doses:
        return doses.take(trial, cut(trial, c.log, day, day))

    assert (stands(on).next.action, stands(on).next.dose) == ("start", 1)
    for row in COURSE:
        level = trial.dose_levels[int(row["level"]) - 1]
        asked = stands(on).next
        assert (asked.dose, asked.size) == (int(row["level"]), 3)
        names = []
        for letter in letters(row):
            count += 1
            name = f"P{count:02}"
            c.screen(name, "S01", on, moment(on), "t")
            c.enrol(name, on, moment(on), "t")
            order("assigned", on, name, level=level.label)
            order("treated", on, name, drug=level.drug, cycle=1, day=1, dose=level.dose, unit=level.unit)
            names.append((name, letter))
        # Nobody's window is over: the last of them is waited for.
        assert stands(on).next.action == "wait"
        for name, letter in names:
            if letter == "T":
                order("adverse event", on + timedelta(days=12), name, term="hypotension", grade=4, related=True)
        on += timedelta(days=window + 1)
        for name, _ in names:
            order("contact", on, name)
        found = stands(on)
        assert not found.waits_for
        agrees(found.as_json()["next"]["ptox"], row)
    assert found.history == "1NNN 3TNN 4TNN 4NNN 4TNN 4TTN"
    assert (found.next.action, found.next.recommend) == ("declare", 4)
    assert found.as_json()["recommend"]["label"] == "DL4"
    assert count == trial.target_enrolment
