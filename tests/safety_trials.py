"""Small trials with a safety rule, and logs in which events come and are recorded when a test says so."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.place import Place
from equipoise.files.trial_file import trial_from
from equipoise.trial.trial import Trial
from helpers import moment
from variants import NORTH

RULE: dict[str, Any] = NORTH["safety"][0]


def with_rules(*rules: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """NORTH's file with these rules in place of its own, each a change of its own one; None takes an entry away."""
    raw = copy.deepcopy(NORTH)
    raw["assumptions"] = [a for a in raw["assumptions"] if "safety" not in a["of"]]
    raw["safety"] = [{k: v for k, v in {**copy.deepcopy(RULE), **r}.items() if v is not None} for r in rules]
    return raw | changes


def trial_with(*rules: dict[str, Any]) -> Trial:
    """The trial of such a file."""
    return trial_from(with_rules(*rules), "variant")


#: A patient: the arm, the day of entry, the day of the event (None: none) and how many days later it is recorded.
Told = tuple[str, int, int | None, int]


class Given:
    """An allocation that a test gives."""

    def __init__(self, arms: Sequence[str]) -> None:
        self.arms = iter(arms)

    def give(self, place: Place) -> str:
        return next(self.arms)


def conducted(trial: Trial, patients: Sequence[Told]) -> Conduct:
    """A log of patients in this order (days of entry must not fall): each treated on the day of entry, some dying of it."""
    start = trial.start
    by_day: list[tuple[int, int, str, Any]] = []
    for i, (arm, day, event, late) in enumerate(patients):
        by_day.append((day, i, "enter", arm))
        if event is not None:
            by_day.append((event + late, i, "die", event))
    conduct = Conduct.open(trial, moment(start), "test", Given([arm for arm, *_ in patients]))
    conduct.activate("S01", start, moment(start), "test")
    factors = {f.name: f.levels[0] for f in trial.factors}
    for day, i, what, detail in sorted(by_day, key=lambda x: (x[0], x[2] == "die", x[1])):
        on, name = start + timedelta(days=day), f"P{i:03d}"
        if what == "enter":
            conduct.screen(name, "S01", on, moment(on), "test")
            conduct.enrol(name, on, moment(on), "test", factors)
            conduct.randomise(name, on, moment(on), "test")
            dose = {"drug": "carboplatin", "cycle": 1, "day": 1, "dose": 5.0, "unit": "AUC"}
            conduct.order("treated", on, moment(on), "test", patient=name, data=dose)
        else:
            happened = start + timedelta(days=detail)
            conduct.order("died", happened, moment(on), "test", patient=name, data={"cause": "adverse event"})
    return conduct
