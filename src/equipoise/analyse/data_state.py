"""The state of the data: how long after it happened a thing was recorded, which scans are overdue, when anybody was last heard of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from statistics import median

from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.patient import Patient
from equipoise.trial.said_numbers import NOTHING, median_range, share
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

#: Days without a contact after which a patient in follow-up is told apart: 8 weeks; and the grace of a scan whose file states no window.
SILENT, GRACE = 56, 14


def lag_table(snap: Snapshot) -> Table | None:
    """By kind of event of patients: days from the day on which it happened to its record. None for nothing, and where all came at once."""
    lags: dict[str, list[int]] = defaultdict(list)
    for e in snap.events:
        if e.patient:
            lags[e.kind].append((e.recorded.date() - e.happened).days)
    if not lags or len({e.recorded for e in snap.events if e.patient}) < 2:
        return None
    rows: list[list[Cell]] = [
        [kind, len(days), median_range(days), _tenth(days), share(sum(d > 7 for d in days), len(days))]
        for kind, days in sorted(lags.items(), key=lambda item: (-median(item[1]), item[0]))
    ]
    heads = ["What was recorded", "Records", "Days, median (range)", "9 in 10 within", "Later than a week"]
    notes = ("From the day on which it happened to the day of its record (UTC); of the records in force at the cut-off.",)  # fmt: skip
    return Table("How long it took to record", heads, rows, notes=notes)


def _tenth(days: Sequence[int]) -> int:
    return sorted(days)[max(-(-9 * len(days) // 10) - 1, 0)]


def overdue_visit(trial: Trial, p: Patient, cutoff: date) -> date | None:
    """The day of the first planned scan that is overdue at the cut-off; None of who needs no more scans, or is in time.

    Scans are due while the patient is alive, has not progressed, withdrawn or been lost, and has had no other treatment.
    """
    a = trial.assessments
    over = (p.died, p.withdrawn, p.lost, p.next_therapy, p.study_ended)
    if a is None or p.randomised is None or p.first_progression is not None or any(e is not None for e in over):
        return None
    origin = p.randomised.happened
    grace = a.window.days if a.window is not None else GRACE
    done = max((x.happened for x in p.every_assessment if not x.baseline), default=None)
    seen = a.nearest_visit((done - origin).days) if done is not None else 0
    due = origin + timedelta(days=a.day_of(seen + 1))
    return due if due + timedelta(days=grace) < cutoff else None


def _sites(snap: Snapshot) -> Iterator[tuple[str, list[Patient]]]:
    by: dict[str, list[Patient]] = defaultdict(list)
    for p in snap.randomised:
        by[p.site or NOTHING].append(p)
    yield from sorted(by.items())


def sites_table(trial: Trial, snap: Snapshot) -> Table | None:
    """By site: patients, overdue scans, and who has not been heard of for 8 weeks. None where nobody is in the trial."""
    if not snap.randomised:
        return None
    rows: list[list[Cell]] = []
    for site, patients in _sites(snap):
        rows.append([_named(trial, site), *_counts(trial, patients, snap.cutoff)])
    rows.append(["All sites", *_counts(trial, snap.randomised, snap.cutoff)])
    heads = ["Site", "Patients", "In follow-up", "Scans overdue", "Days overdue, median (range)", "Last contact over 8 weeks ago"]  # fmt: skip
    a = trial.assessments
    grace = "its window" if a is not None and a.window is not None else f"{GRACE} days"
    notes = (
        f"Overdue: a planned scan whose day passed by more than {grace}, of patients alive and without progression, other treatment or loss.",
        "Last contact: the last record of any kind that says that the patient was alive; of patients in follow-up.",
    )
    return Table("Scans and contacts by site", heads, rows, notes=notes)


def _named(trial: Trial, site: str) -> str:
    known = trial.site_by_name.get(site)
    return f"{site} {known.label}".strip() if known is not None and known.label != site else site


def _counts(trial: Trial, patients: Sequence[Patient], cutoff: date) -> list[Cell]:
    there = [p for p in patients if p.died is None and p.withdrawn is None and p.lost is None]
    late = [(cutoff - due).days for p in patients if (due := overdue_visit(trial, p, cutoff)) is not None]
    silent = [p for p in there if p.last_contact is not None and (cutoff - p.last_contact).days > SILENT]
    return [len(patients), len(there), share(len(late), len(there)), median_range(late), share(len(silent), len(there))]


def corrections_table(snap: Snapshot) -> Table | None:
    """What was corrected or taken back by the cut-off, by kind; None for nothing."""
    kinds = {e.number: e.kind for e in snap.known}
    back = Counter(kinds.get(e.corrects, "") for e in snap.known if e.kind == "voided" and e.corrects is not None)
    mended = Counter(e.kind for e in snap.known if e.corrects is not None and e.kind != "voided")
    if not back and not mended:
        return None
    rows: list[list[Cell]] = [[kind, mended[kind], back[kind]] for kind in sorted({*back, *mended})]
    return Table("Corrections", ["What was recorded", "Corrected", "Taken back"], rows)
