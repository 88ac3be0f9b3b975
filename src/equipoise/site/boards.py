"""The boards: patients by state, accrual against the plan. Made from what the reader sees, all arms together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from equipoise.site.shown import Shown
from equipoise.trial.patient import Patient

#: Days of a month, for rates that the trial file states a month.
_MONTH = 365.25 / 12
#: How a patient may stand who came onto an arm, in the order in which boards show them.
_AFTERWARDS = ("on study", "in follow-up", "withdrew", "lost to follow-up", "study ended", "died")


@dataclass(frozen=True)
class Row:
    """A patient on a list: the key of the address, the number, where he is, how he stands, and what comes next by the order's kind."""

    key: str
    patient: Patient
    state: str
    tag: str
    next: str


def state_of(patient: Patient, entered: str) -> tuple[str, str, str]:
    """How a patient stands, in words; how the words are coloured; and the kind of the order that comes next."""
    p = patient
    if p.died is not None:
        return "died", "", ""
    if p.withdrawn is not None:
        return "withdrew", "", ""
    if p.lost is not None:
        return "lost to follow-up", "", ""
    if p.study_ended is not None:
        return "study ended", "", ""
    if p.randomised is not None:
        if p.treatment_ended is not None or p.progressed:
            return "in follow-up", "", ""
        return "on study", "good", ""
    if p.enrolled is not None:
        return "enrolled, to be randomised", "wait", "randomised"
    if p.failed_criteria:
        return "not eligible", "bad", ""
    if p.screened is not None:
        return "eligible, to be enrolled", "wait", "enrolled"
    return "not screened", "", ""


def rows(shown: Shown) -> list[Row]:
    """The patients whom a reader sees, the newest first."""
    found = []
    for name, p in shown.patients.items():
        state, tag, coming = state_of(p, shown.trial.entered)
        found.append(Row(shown.key_of(name), p, state, tag, coming if coming and shown.may(coming) else ""))
    return sorted(found, key=lambda r: (_day(r.patient), r.patient.name), reverse=True)


def waiting(shown: Shown) -> list[Row]:
    """Those for whom the reader has the next order to give."""
    return [row for row in rows(shown) if row.next]


def states(shown: Shown) -> list[tuple[str, int]]:
    """How many stand where."""
    patients = shown.today.patients.values()
    counted: dict[str, int] = {"screened": sum(p.screened is not None for p in patients)}
    counted["not eligible"] = sum(bool(p.failed_criteria) and p.enrolled is None for p in patients)
    counted["enrolled"] = sum(p.enrolled is not None for p in patients)
    if shown.trial.randomisation is not None:
        counted["randomised"] = sum(p.randomised is not None for p in patients)
    stand = [state_of(p, "")[0] for p in patients if p.randomised is not None]
    return [*counted.items(), *((name, stand.count(name)) for name in _AFTERWARDS if name in stand)]


@dataclass(frozen=True)
class Accrual:
    """Patients who came onto the trial, by day, beside what was planned; as lines of a picture and in words."""

    real: str
    plan: str
    planned: float
    came: int
    target: int
    first: date
    last: date
    #: what the upper end of the picture is
    most: int
    width: int = 640
    height: int = 220


def accrual(shown: Shown) -> Accrual | None:
    """Accrual against the plan of the sites that the reader sees; None before anybody came."""
    days = sorted(p.randomised.happened for p in shown.today.patients.values() if p.randomised is not None)
    if not days:
        return None
    sites, first, last = shown.sites, shown.trial.start, max(_last(shown), days[-1])
    whole = len(sites) == len(shown.trial.sites)
    target = shown.trial.target_enrolment
    length = max(1, (last - first).days)

    def planned(day: date) -> float:
        opened = sum(max(0, (day - s.activation).days) * s.rate / _MONTH for s in sites)
        return min(float(target), opened)

    most = math.ceil(max(len(days), planned(last), 1.0))
    at = [(first + timedelta(days=length * i // 60)) for i in range(61)]
    plan = " ".join(f"{_x(d, first, length):.1f},{_y(planned(d), most):.1f}" for d in at)
    steps, came = [(first, 0)], 0
    for day in days:
        steps += [(day, came), (day, came + 1)]
        came += 1
    steps.append((last, came))
    real = " ".join(f"{_x(d, first, length):.1f},{_y(n, most):.1f}" for d, n in steps)
    return Accrual(real, plan, planned(last), came, target if whole else 0, first, last, most)


def enrolment_in_words(shown: Shown) -> str:
    """Whether enrolment is open, in the trial and in its cohorts."""
    said = {"open": "Enrolment is open", "paused": "Enrolment is paused", "closed": "Enrolment is closed"}
    cohorts = [f"{c}: {shown.enrolment(c)}" for c in shown.trial.cohort_names]
    return said[shown.enrolment()] + (f" ({', '.join(cohorts)})" if cohorts else "")


def _last(shown: Shown) -> date:
    days: Sequence[date] = [shown.log[len(shown.log) - 1].recorded.date()] if len(shown.log) else [shown.trial.start]
    return days[0]


def _day(p: Patient) -> date:
    event = p.randomised or p.enrolled or p.screened or p.last
    return event.happened if event is not None else date.min


def _x(day: date, first: date, length: int) -> float:
    return 46 + 580 * (day - first).days / length


def _y(count: float, most: float) -> float:
    return 190 - 170 * count / most
