"""Amendments: what changed and why, when it was in force at which site, who was treated under which definition, and at what dose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise
from statistics import fmean

from equipoise.conduct.definitions import Definitions, Edition
from equipoise.trial.arm import Treatment
from equipoise.trial.changes import SHOWN, Change, changes, in_words
from equipoise.trial.event import Event
from equipoise.trial.exhibits import Cell, Exhibit, Paragraph, Table
from equipoise.trial.patient import Patient
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

#: What the report tells in its last sections: what is assumed, and from where the rest is.
_TOLD_ELSEWHERE = ("assumptions", "sources")


def amendments(snap: Snapshot, found: Definitions | None) -> list[Exhibit]:
    """Nothing where the trial was not amended by the cut-off. ``found``: the definitions as they were known then."""
    if found is None:
        return []
    made = [(a, b) for a, b in pairwise(found.editions) if b.on <= snap.cutoff]
    shown: list[Exhibit] = []
    for before, after in made:
        shown += _amendment(snap, found, before, after)
    if made:
        doses = _doses(snap, found)
        shown += [doses] if doses is not None else []
        shown.append(
            Paragraph(
                "Each event is judged, and each dose held against its plan, as the trial was defined at that site on that day.",
                "note",
            )
        )
    return shown


def _amendment(snap: Snapshot, found: Definitions, before: Edition, after: Edition) -> Iterator[Exhibit]:
    trial = found.trial_of(after)
    mark = " †" if trial.assumed("amendments") else ""
    named = f" Changes that were named as meant: {', '.join(after.allowed)}." if after.allowed else ""
    yield Paragraph(f"Amended on {after.on}{mark}: {after.why}{named}")
    notes = [f"{a.because}" for a in trial.assumed("amendments")]
    yield Table(
        f"What changed on {after.on}", ["Entry", "Before", "After"], _changes(before, after),
        notes=[f"† assumed: {text}" for text in notes],
    )  # fmt: skip
    yield _sites(snap, found, after, trial, mark) if found.per_site(after) else _everywhere(snap, found, after)


def _changes(before: Edition, after: Edition) -> list[list[Cell]]:
    if not before.text or not after.text:
        return [["not known: the log was opened before definitions were kept in it", "", ""]]
    found = (entry for c in changes(before.text, after.text) for entry in _entries(c))
    made = [c for c in found if not c.path.startswith(_TOLD_ELSEWHERE)]
    rows: list[list[Cell]] = [[c.path, in_words(c.old), in_words(c.new)] for c in made[:SHOWN]]
    return rows + ([[f"and {len(made) - SHOWN} more", "", ""]] if len(made) > SHOWN else [])


def _entries(c: Change) -> Iterator[Change]:
    """A table that is new, or is gone, entry by entry."""
    old, new = c.old or {}, c.new or {}
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in {**old, **new}:
            yield Change(f"{c.path}.{name}", old.get(name), new.get(name))
    else:
        yield c


def _sites(snap: Snapshot, found: Definitions, after: Edition, trial: Trial, mark: str) -> Table:
    """Each site that has approved, or has patients: when, and who was randomised and treated before and after."""
    people = snap.randomised
    names = [s.name for s in trial.sites if s.name in after.approved or any(p.site == s.name for p in people)]
    rows = [
        _counted(snap, found, after, name, _approval(after, name, snap.cutoff), [p for p in people if p.site == name])
        for name in names
    ]
    rows.append(_counted(snap, found, after, "All", "", people))
    entered = found.trial.entered.capitalize()
    columns = [
        "Site",
        f"Approved{mark}",
        f"{entered} before",
        f"{entered} since",
        "Dosed before only",
        "Dosed before and since",
        "Dosed since only",
    ]
    return Table(f"Where and when the amendment of {after.on} came into force", columns, rows)


def _approval(after: Edition, site: str, cutoff: date) -> str:
    day = after.approved.get(site)
    return str(day) if day is not None and day <= cutoff else "not yet"


def _everywhere(snap: Snapshot, found: Definitions, after: Edition) -> Table:
    row = _counted(snap, found, after, "All", str(after.on), snap.randomised)
    entered = found.trial.entered.capitalize()
    columns = [
        "Sites",
        "In force from",
        f"{entered} before",
        f"{entered} since",
        "Dosed before only",
        "Dosed before and since",
        "Dosed since only",
    ]
    return Table(f"The amendment of {after.on} came into force everywhere on its day", columns, [row])


def _counted(
    snap: Snapshot, found: Definitions, after: Edition, name: str, when: str, people: list[Patient]
) -> list[Cell]:
    """How many were randomised, and how many had doses, before the amendment and since."""

    def since(site: str, day: date) -> bool:
        edition = found.edition_at(site, day)
        return edition is not None and edition.number >= after.number

    entered = [since(p.site, p.randomised.happened) for p in people if p.randomised is not None]
    dosed = [{since(p.site, d.happened) for d in p.doses} for p in people]
    return [
        name,
        when,
        entered.count(False),
        entered.count(True),
        dosed.count({False}),
        dosed.count({False, True}),
        dosed.count({True}),
    ]


def planned(found: Definitions, patient: Patient, dose: Event) -> Treatment | None:
    """What was planned of a dose at the patient's site on its day; None for a drug that the arm then did not have."""
    arm = found.at(patient.site, dose.happened).arm_by_name.get(patient.arm)
    return next((t for t in arm.regimen if t.drug == dose.data["drug"]), None) if arm is not None else None


def _doses(snap: Snapshot, found: Definitions) -> Table | None:
    """Doses given under each definition, of the drugs whose planned dose was amended; None where none was."""
    every = [found.trial_of(e) for e in found.editions if e.on <= snap.cutoff or e is found.editions[0]]
    given: dict[tuple[str, str, float], list[tuple[str, float]]] = {}
    for p in snap.randomised:
        for d in p.doses:
            plan = planned(found, p, d)
            if plan is not None and plan.dose is not None and d.data.get("dose") is not None:
                given.setdefault((p.arm, plan.drug, plan.dose), []).append((p.name, float(d.data["dose"])))
    rows: list[list[Cell]] = []
    for arm in found.trial.arms:
        regimens = [t for trial in every for a in trial.arms if a.name == arm.name for t in a.regimen]
        for drug in dict.fromkeys(t.drug for t in regimens):
            plans = [t for t in regimens if t.drug == drug]
            stated = list(dict.fromkeys(t.dose for t in plans if t.dose is not None))
            if len(stated) < 2:
                continue
            for amount in stated:
                of = given.get((arm.name, drug, amount), [])
                mean = fmean(x for _, x in of) if of else None
                rows.append([
                    arm.label, drug, f"{amount:g} {plans[0].unit}", len({name for name, _ in of}), len(of),
                    f"{mean:.1f}" if mean is not None else "–", f"{100 * mean / amount:.1f} %" if mean is not None else "–",
                ])  # fmt: skip
    if not rows:
        return None
    notes = [
        "Relative dose: the mean dose given, of the dose that was planned at the patient's site on that day. A patient dosed under both counts in both."
    ]
    columns = ["Arm", "Drug", "Planned in force", "Patients", "Doses", "Mean dose", "Relative dose"]
    return Table("Doses under each definition", columns, rows, notes=notes)
