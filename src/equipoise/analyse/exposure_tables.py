"""Exposure as tables: by arm or dose level, by patient, and why treatment ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from equipoise.analyse.exposure import DrugExposure, Exposure
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.said_numbers import share
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

#: Days: a delay of so many is told apart from one of a day or two.
A_WEEK = 7
#: A column's heading → the number of patients who might have been treated, and the exposures of those who were.
Groups = Mapping[str, tuple[int, Sequence[Exposure]]]
NOTES = (
    "Relative dose intensity: the amount given per unit of the time that actually elapsed, as a share of what the plan gives per unit of time (Hryniuk "
    "& Bush 1984). Cycles count whole from the first begun to the last; while no end of treatment is recorded, as far as doses were due by the last contact. Quartiles are by linear interpolation.",
    "Reduced: less than the plan in force on that day. Late: against the cycle before or the cycle's first day. Left out: due by the end of treatment, and not given.",
)


def arms(trial: Trial, snap: Snapshot, found: Sequence[Exposure]) -> Groups:
    """By arm, each with all who are on it."""
    return {a.label: (len(snap.on_arm(a.name)), [e for e in found if e.arm == a.name]) for a in trial.arms}


def levels(trial: Trial, snap: Snapshot, found: Sequence[Exposure]) -> Groups:
    """By dose level to which anybody is assigned, each with all who are."""
    on = Counter(p.assigned.data["level"] for p in snap.patients.values() if p.assigned is not None)
    return {
        f"{x.label}, {x}": (on[x.label], [e for e in found if e.level == x.label])
        for x in trial.dose_levels
        if on[x.label]
    }


def exposure_table(groups: Groups, title: str, who: str) -> Table:
    """A column a group; of patients who were given anything, then drug by drug. ``who``: what all patients of a group are, as 'Randomised'."""
    of = [list(found) for _, found in groups.values()]
    rows = _general(groups, who)
    for drug, unit in dict.fromkeys((d.drug, d.unit) for g in of for e in g for d in e.drugs):
        by = [[d for e in g for d in e.drugs if (d.drug, d.unit) == (drug, unit)] for g in of]
        rows.append([f"{drug}" if unit == "times" else f"{drug}, {unit}"])
        rows += [
            ["patients given it", *(_of_drug(g, lambda g: str(sum(d.given > 0 for d in g))) for g in by)],
            ["doses given, of those planned", *(_of_drug(g, _doses) for g in by)],
            ["amount given, median (range)", *(_of_drug(g, _amounts) for g in by)],
            ["relative dose intensity, %, median (quartiles)", *(_of_drug(g, _intensity) for g in by)],
            ["patients with it reduced", *(_of_drug(g, lambda g: share(sum(d.reduced > 0 for d in g), len(g))) for g in by)],
            ["patients with it left out", *(_of_drug(g, lambda g: share(sum(d.omitted > 0 for d in g), len(g))) for g in by)],
        ]  # fmt: skip
    beyond = sum(e.unplanned for g in of for e in g)
    more = (f"In nothing here, for the plan has not their drugs: {beyond} doses.",) if beyond else ()
    return Table(title, ["", *groups], rows, notes=(*NOTES, *more))


def general_table(groups: Groups, title: str, who: str) -> Table:
    """The same without a word of any drug, for columns whose arms are masked."""
    return Table(title, ["", *groups], _general(groups, who), notes=NOTES[1:])


def _general(groups: Groups, who: str) -> list[list[Cell]]:
    """Of all drugs together."""
    of = [list(found) for _, found in groups.values()]
    return [
        [who, *(n for n, _ in groups.values())],
        ["Given any treatment", *(share(len(e), n) for e, (n, _) in zip(of, groups.values(), strict=True))],
        ["Cycles begun, median (range)", *(_range([e.begun for e in g]) for g in of)],
        ["Weeks from first to last dose, median (range)", *(_range([e.days / 7 for e in g], 1) for g in of)],
        ["Patients with a dose reduced", *(_with(g, lambda e: e.reduced) for g in of)],
        ["Patients with a dose late, by a day or more", *(_with(g, lambda e: e.late) for g in of)],
        ["Patients with a dose late, by a week or more", *(_with(g, lambda e: e.late >= A_WEEK) for g in of)],
        ["Patients with a dose left out", *(_with(g, lambda e: e.omitted) for g in of)],
    ]


def ended_table(groups: Groups) -> Table:
    """Why treatment ended, the most frequent reason first."""
    ended = [e.ended for _, found in groups.values() for e in found]
    reasons = Counter(reason for reason in ended if reason is not None)
    rows: list[list[Cell]] = []
    for reason in [*sorted(reasons, key=lambda r: (-reasons[r], r)), None]:
        shown = "no end recorded" if reason is None else reason
        rows.append([shown, *(share(sum(e.ended == reason for e in f), len(f)) for _, f in groups.values())])
    heads = [f"{name} (n = {len(found)})" for name, (_, found) in groups.items()]
    return Table("Why treatment ended", ["Reason", *heads], rows, notes=("Of patients who were given any treatment.",))


def patients_table(found: Sequence[Exposure], drug: str, unit: str) -> Table:
    """A row a patient of a dose level, for the drug whose dose is found."""
    rows: list[list[Cell]] = [
        [
            f"{e.patient}, {e.level}", e.begun, f"{d.given} of {d.due}", f"{_told(d.delivered)} of {_amount(d.planned)}", _percent(d.rdi),
            d.reduced or "–", d.late or "–", d.omitted or "–", e.ended or "–",
        ]
        for e in found
        for d in e.drugs
        if d.drug == drug
    ]  # fmt: skip
    heads = ["Patient, level", "Cycles", "Doses", f"Amount, {unit}", "RDI, %", "Reduced", "Days late, at most", "Left out", "Treatment ended"]  # fmt: skip
    note = "RDI: relative dose intensity. Reduced, left out: doses. The other drugs by patient and cycle: equipoise exposure --json."
    return Table(f"Delivered dose of {drug} by patient", heads, rows, notes=(note,))


def cycles_table(e: Exposure) -> Table:
    """One patient, a row a drug and cycle."""
    rows: list[list[Cell]] = []
    for d in e.drugs:
        rows.append(
            [f"{d.drug}: relative dose intensity {_percent(d.rdi)} %, {d.elapsed_days} days for {d.planned_days}"]
        )
        rows += [
            [
                c.cycle, str(c.begun), f"{c.given} of {c.due}", f"{_told(c.delivered)} of {_amount(c.planned)} {d.unit}", c.reduced or "",
                f"{c.late} days" if c.late else "", c.omitted or "",
            ]
            for c in d.cycles
        ]  # fmt: skip
    return Table(
        f"Delivered dose of {e.patient}", ["Cycle", "First day", "Doses", "Amount", "Reduced", "Late", "Left out"], rows
    )


def _with(group: Sequence[Exposure], has: Callable[[Exposure], object]) -> str:
    return share(sum(bool(has(e)) for e in group), len(group))


def _range(values: Sequence[float], digits: int = 0) -> str:
    if not values:
        return "–"
    middle = float(np.median(values))
    shown = f"{middle:.{digits}f}" if digits else f"{middle:g}"
    return f"{shown} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def _of_drug(group: Sequence[DrugExposure], say: Callable[[Sequence[DrugExposure]], str]) -> str:
    """A dash for a group that the plan does not give the drug."""
    return say(group) if group else "–"


def _doses(group: Sequence[DrugExposure]) -> str:
    given, due = sum(d.given for d in group), sum(d.due for d in group)
    return f"{given:,} of {due:,} ({100 * given / due:.0f}%)" if due else f"{given:,}"


def _amounts(group: Sequence[DrugExposure]) -> str:
    told = [d.delivered for d in group if d.delivered is not None]
    if not told:
        return "not told"
    untold = f"; of {len(group) - len(told)} not told" if len(told) < len(group) else ""
    return f"{_amount(float(np.median(told)))} ({_amount(min(told))} to {_amount(max(told))}){untold}"


def _intensity(group: Sequence[DrugExposure]) -> str:
    told = [100 * d.rdi for d in group if d.rdi is not None]
    if not told:
        return "not told"
    low, middle, high = np.percentile(told, [25, 50, 75])
    untold = f"; of {len(group) - len(told)} not told" if len(told) < len(group) else ""
    return f"{_tenth(middle)} ({_tenth(low)} to {_tenth(high)}){untold}"


def _tenth(value: float) -> str:
    """To a tenth, and a whole number as such."""
    return f"{value:.1f}".removesuffix(".0")


def _percent(share: float | None) -> str:
    return "not told" if share is None else f"{100 * share:.1f}"


def _told(amount: float | None) -> str:
    return "not told" if amount is None else _amount(amount)


def _amount(value: float) -> str:
    """Four digits that say something, and no more behind the point than were recorded."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{round(value, 2):g}"
