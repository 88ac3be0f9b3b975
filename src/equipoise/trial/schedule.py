"""The schedule of activities: the visits and activities of the trial file or, where it states none, those that its rules ask for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from equipoise.trial.arm import STRETCH, Treatment
from equipoise.trial.duration import Duration
from equipoise.trial.endpoint import Outcome
from equipoise.trial.protocol import Activity, Visit
from equipoise.trial.trial import Trial

#: Cycles and assessments beyond which visits are not written one by one: they go on in the same way.
WRITTEN_OUT = 12
#: Ends the name of an activity that is a drug's administration.
GIVEN = " given"
_CYCLE_DAY = re.compile(r"CYCLE (\d+) DAY (\d+)")
_SCREENING, _END, _FOLLOW_UP = "SCREENING", "END OF TREATMENT", "FOLLOW-UP"


@dataclass(frozen=True)
class Schedule:
    """Visits × activities. ``stated``: by the trial file; else ``notes`` say what was left open."""

    visits: tuple[Visit, ...]
    activities: tuple[Activity, ...]
    stated: bool
    notes: tuple[str, ...] = ()

    def marks(self, activity: Activity) -> tuple[bool, ...]:
        """At which of the visits it is done."""
        return tuple(v.name in activity.at for v in self.visits)

    def number(self, visit: Visit) -> float:
        """VISITNUM, as the visits of patients have it: 1000 + cycle + day / 1000 for a dosing day, else its place."""
        found = _CYCLE_DAY.fullmatch(visit.name)
        return 1000 + int(found[1]) + int(found[2]) / 1000 if found is not None else float(self.visits.index(visit) + 1)


def schedule_of(t: Trial) -> Schedule:
    """The trial's schedule of activities."""
    if t.visits:
        return Schedule(t.visits, t.activities, True)
    visits, notes = _visits(t)
    done = tuple(a for a in _activities(t, visits) if a.at)
    return Schedule(tuple(visits), done, False, tuple(notes))


def _treatments(t: Trial) -> Iterator[Treatment]:
    for arm in t.arms:
        yield from arm.regimen


def dosing_days(x: Treatment) -> tuple[int, ...]:
    """The days of a cycle that are visits: those that are named one by one, the first of a stretch."""
    return tuple(a for a, _ in x.stretches) if len(x.days) < STRETCH else x.days[:1]


def _visits(t: Trial) -> tuple[list[Visit], list[str]]:
    """Screening; the dosing days of each cycle; the planned assessments until treatment ends; its end; follow-up."""
    notes: list[str] = []
    days: dict[tuple[int, int], int] = {}
    for x in _treatments(t):
        for cycle in range(1, min(x.cycles, WRITTEN_OUT) + 1):
            for day in dosing_days(x):
                days[cycle, day] = (cycle - 1) * x.cycle_length.days + day
        if x.cycles > WRITTEN_OUT:
            notes.append(f"{x.drug}: cycles {WRITTEN_OUT + 1} to {x.cycles} as those before.")
        if x.may_continue:
            notes.append(f"{x.drug} alone may go on after cycle {x.cycles}, by the same schedule.")
    treated = [
        Visit(name=f"CYCLE {c} DAY {d}", label=f"Cycle {c}, day {d}", epoch="treatment", day=on)
        for (c, d), on in sorted(days.items(), key=lambda item: (item[1], item[0]))
    ] or [Visit(name="DAY 1", label="Day 1", epoch="treatment", day=1)]
    end = max((_last_day(x) for x in _treatments(t)), default=1)
    found = [*treated, *_assessments(t, end)]
    found.sort(key=lambda v: (v.day, v.name))
    after = t.assessments.follow_up_every.days if t.assessments else 28
    last = max(end, found[-1].day)
    if t.assessments is not None:
        notes.append(
            f"Assessments by {t.assessments.criterion} go on every {t.assessments.every} until progression; then contacts every "
            f"{t.assessments.follow_up_every}."
        )
    else:
        notes.append("The file states no assessments: follow-up is shown four weeks after the end of treatment.")
    return [
        Visit(name=_SCREENING, label="Screening", epoch="screening", day=-1),
        *found,
        Visit(name=_END, label="End of treatment", epoch="treatment", day=last + 1),
        Visit(name=_FOLLOW_UP, label="Follow-up", epoch="follow-up", day=last + 1 + after),
    ], list(dict.fromkeys(notes))


def _last_day(x: Treatment) -> int:
    return (min(x.cycles, WRITTEN_OUT) - 1) * x.cycle_length.days + x.days[-1]


def _assessments(t: Trial, end: int) -> Iterator[Visit]:
    a = t.assessments
    if a is None:
        return
    for i in range(1, WRITTEN_OUT + 1):
        day = a.day_of(i) + 1  # day 1 is the first, so that six weeks later is day 43
        if day > end and i > 1:
            return
        window = Duration(a.window.exact_days, a.window.text) if a.window is not None else None
        yield Visit(
            name=f"ASSESSMENT {i}",
            label=f"Tumour assessment {i}",
            epoch="treatment",
            day=day,
            early=window,
            late=window,
        )


def _activities(t: Trial, visits: Iterable[Visit]) -> Iterator[Activity]:
    names = [v.name for v in visits]
    dosing = [n for n in names if _CYCLE_DAY.fullmatch(n)] or ["DAY 1"]
    scans = [n for n in names if n.startswith("ASSESSMENT ")]
    yield Activity(name="Informed consent", at=(_SCREENING,))
    yield Activity(name="Eligibility criteria", at=(_SCREENING,))
    yield Activity(name="Randomisation" if t.randomisation is not None else "Enrolment", at=(dosing[0],))
    drugs: dict[str, Treatment] = {x.drug: x for x in _treatments(t)}
    for drug in drugs:
        at = [n for n in dosing if (m := _CYCLE_DAY.fullmatch(n)) and _given(t, drug, int(m[1]), int(m[2]))]
        yield Activity(name=f"{drug}{GIVEN}", at=tuple(at))
    if t.assessments is not None:
        yield Activity(name=f"Tumour assessment ({t.assessments.criterion})", at=(_SCREENING, *scans))
    for e in t.endpoints:
        if isinstance(e, Outcome):
            yield Activity(name=e.label, at=(_END,))
    yield Activity(name="Adverse events", at=(*dosing, _END))
    yield Activity(name="Survival status and further treatment", at=(_END, _FOLLOW_UP))


def _given(t: Trial, drug: str, cycle: int, day: int) -> bool:
    return any(x.drug == drug and cycle <= x.cycles and day in dosing_days(x) for x in _treatments(t))
