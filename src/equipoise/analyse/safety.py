"""Adverse events by arm: patients with each term, at any grade and at grade 3 or worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from equipoise.analyse.editions import UNSAID, editions, pooled
from equipoise.trial.exhibits import Table
from equipoise.trial.patient import Patient
from equipoise.trial.said_numbers import share
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class ArmSafety:
    """Counts of patients (not of events) on one arm who were given any treatment. ``editions``: of CTCAE, with the events graded by each."""

    arm: str
    treated: int
    any_event: int
    severe: int
    serious: int
    fatal: int
    by_term: dict[str, tuple[int, int]]
    editions: dict[str, int] = field(default_factory=dict)


def safety(trial: Trial, snap: Snapshot) -> Sequence[ArmSafety]:
    """Adverse events by arm, among patients with at least one dose; in an arm without drugs, among all.

    A patient counts once for a term, at its worst grade. Severe is grade 3 or worse, fatal grade 5 (CTCAE).
    """
    return [
        _counted(trial, arm.name, [p for p in snap.on_arm(arm.name) if p.doses or not arm.regimen])
        for arm in trial.arms
    ]


def safety_by_level(trial: Trial, snap: Snapshot) -> Sequence[ArmSafety]:
    """The same by dose level, of who is assigned to it and was given anything; levels to which nobody is are left out."""
    on: dict[str, list[Patient]] = {x.label: [] for x in trial.dose_levels}
    for patient in snap.patients.values():
        if patient.assigned is not None and patient.doses and patient.assigned.data["level"] in on:
            on[patient.assigned.data["level"]].append(patient)
    return [_counted(trial, label, treated) for label, treated in on.items() if treated]


def _counted(trial: Trial, name: str, treated: Sequence[Patient]) -> ArmSafety:
    worst: dict[str, list[int]] = {}
    per_patient = []
    for patient in treated:
        grades: dict[str, int] = {}
        for event in patient.adverse_events:
            grades[event.data["term"]] = max(grades.get(event.data["term"], 0), event.data["grade"])
        for term, grade in grades.items():
            worst.setdefault(term, []).append(grade)
        serious = any(e.data.get("serious") for e in patient.adverse_events)
        per_patient.append((max(grades.values(), default=0), serious))
    return ArmSafety(
        name,
        len(treated),
        sum(g > 0 for g, _ in per_patient),
        sum(g >= 3 for g, _ in per_patient),
        sum(s for _, s in per_patient),
        sum(g == 5 for g, _ in per_patient),
        {t: (len(g), sum(x >= 3 for x in g)) for t, g in sorted(worst.items())},
        editions(trial, (e for p in treated for e in p.adverse_events)),
    )


def _together(arms: Sequence[ArmSafety]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for a in arms:
        found.update(a.editions)
    return dict(sorted(found.items()))


def editions_pooled(arms: Sequence[ArmSafety]) -> tuple[str, ...]:
    """The caution where the arms' events were graded by more than one edition of CTCAE."""
    return pooled(_together(arms))


def _grading(arms: Sequence[ArmSafety]) -> str:
    """'CTCAE 5'; 'CTCAE' where no edition, or more than one, is said."""
    found = _together(arms)
    return f"CTCAE {next(iter(found))}" if len(found) == 1 and UNSAID not in found else "CTCAE"


def safety_table(trial: Trial, arms: Sequence[ArmSafety], by: str = "arm") -> Table:
    """Adverse events by arm, or by dose level (``by``), as a table, the most frequent first."""

    columns = ["Patients with"]
    for a in arms:
        label = trial.arm_by_name[a.arm].label if by == "arm" else a.arm
        columns += [f"{label} (n = {a.treated}), any grade", f"{label}, grade ≥ 3"]
    rows: list[list[str]] = [["any adverse event"]]
    for a in arms:
        rows[0] += [share(a.any_event, a.treated), share(a.severe, a.treated)]
    terms = {t: sum(a.by_term.get(t, (0, 0))[0] for a in arms) for a in arms for t in a.by_term}
    for term in sorted(terms, key=lambda t: (-terms[t], t)):
        row = [term]
        for a in arms:
            every, severe = a.by_term.get(term, (0, 0))
            row += [share(every, a.treated), share(severe, a.treated)]
        rows.append(row)
    for title, attribute in (("a serious adverse event", "serious"), ("a fatal adverse event", "fatal")):
        row = [title]
        for a in arms:
            row += [share(getattr(a, attribute), a.treated), ""]
        rows.append(row)
    return Table(
        f"Adverse events by {by}",
        columns,
        rows,
        notes=(
            f"Patients with at least one dose; each counts once for a term, at its worst grade ({_grading(arms)}).",
            *editions_pooled(arms),
        ),
    )
