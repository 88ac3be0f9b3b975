"""Adverse events as a safety reviewer reads them: an overview, each class and term at its worst grade, rates, and differences between arms.

A patient counts once for a term, at its worst grade (CTCAE). Of patients with at least one dose; in an arm without drugs, of all. ICH E3 12.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from equipoise.analyse.deaths import SOON, since_last_dose
from equipoise.analyse.groups import Group
from equipoise.numerics.counts.proportions import risk_difference
from equipoise.trial.event import Event
from equipoise.trial.exhibits import Cell, DotFigure, DotRow, Table
from equipoise.trial.patient import Patient
from equipoise.trial.said_numbers import NOTHING, share
from equipoise.trial.snapshot import Snapshot

#: CTCAE: severe is of this grade or worse, fatal of this.
SEVERE, FATAL = 3, 5
#: A term is compared that so large a share of any group had, and so many of them at most.
_COMPARED, _MOST = 0.05, 20
#: What a record of the end of treatment says where an adverse event was the reason.
_STOPPED = ("toxicity", "adverse event")
NO_CLASS = "No class recorded"
_YEAR = 365.25


def stopped_for_toxicity(p: Patient) -> bool:
    """True where the recorded reason for the end of treatment is toxicity or an adverse event."""
    ended = p.treatment_ended
    return ended is not None and any(word in str(ended.data["reason"]).lower() for word in _STOPPED)


def years_watched(p: Patient, snap: Snapshot) -> float:
    """Years from the first dose (entry, without drugs) to death or the last contact, the first day counted; at most to the cut-off."""
    begun = p.doses[0] if p.doses else p.randomised
    if begun is None:
        return 0.0
    last = p.died.happened if p.died is not None else p.last_contact or begun.happened
    return max((min(last, snap.cutoff) - begun.happened).days + 1, 0) / _YEAR


def _has(test: Callable[[Event], object]) -> Callable[[Patient], bool]:
    return lambda p: any(test(e) for e in p.adverse_events)


def _related(e: Event) -> bool:
    return bool(e.data.get("related"))


def _grade(e: Event) -> int:
    return int(e.data["grade"])


def overview_table(groups: Sequence[Group]) -> Table:
    """Patients with any event, and with those that matter most. ``groups``: of treated patients."""
    told: dict[str, Callable[[Patient], bool]] = {
        "Any adverse event": _has(lambda e: True),
        "of grade 3 or worse": _has(lambda e: _grade(e) >= SEVERE),
        "of grade 5": _has(lambda e: _grade(e) == FATAL),
        "A serious adverse event": _has(lambda e: e.data.get("serious")),
    }
    judged = any("related" in e.data for g in groups for p in g.patients for e in p.adverse_events)
    if judged:
        told |= {
            "A related adverse event": _has(_related),
            "related, of grade 3 or worse": _has(lambda e: _related(e) and _grade(e) >= SEVERE),
            "related and serious": _has(lambda e: _related(e) and e.data.get("serious")),
        }
    told["Treatment ended for toxicity"] = stopped_for_toxicity
    told[f"Died within {SOON} days of the last dose"] = lambda p: (
        (days := since_last_dose(p)) is not None and days <= SOON
    )
    rows: list[list[Cell]] = [
        [name, *(share(sum(map(test, g.patients)), g.n) for g in groups)] for name, test in told.items()
    ]
    notes = [
        "Patients with at least one dose.",
        "Ended for toxicity: as the reason for the end of treatment was recorded; the log ties it to no single event.",
    ]
    if not judged:
        notes.append("Whether an event was related to treatment is not recorded.")
    return Table("Adverse events: overview", ["Patients with", *(g.head for g in groups)], rows, notes=notes)


@dataclass(frozen=True)
class _Worst:
    grade: int
    related: bool
    serious: bool


def _worst(events: Iterable[Event], of: Callable[[Event], str]) -> dict[str, _Worst]:
    """One patient's events by term (or class): the worst grade, and whether any was related or serious."""
    found: dict[str, _Worst] = {}
    for e in events:
        was = found.get(of(e), _Worst(0, False, False))
        found[of(e)] = _Worst(
            max(was.grade, _grade(e)), was.related or _related(e), was.serious or bool(e.data.get("serious"))
        )
    return found


def _class(e: Event) -> str:
    return str(e.data.get("organ_class") or NO_CLASS)


def _term(e: Event) -> str:
    return str(e.data["term"])


def by_grade_table(group: Group) -> Table:
    """One group: by system organ class and term, patients by worst grade; the most frequent first."""
    per_class = [_worst(p.adverse_events, _class) for p in group.patients]
    classes = sorted({c for found in per_class for c in found}, key=lambda c: (-sum(c in f for f in per_class), c))
    rows: list[list[Cell]] = []
    for name in classes:
        if classes != [NO_CLASS]:
            rows += [[name], ["Any term", *_by_grade([f[name] for f in per_class if name in f], group.n)]]
        per_term = [_worst((e for e in p.adverse_events if _class(e) == name), _term) for p in group.patients]
        terms = sorted({t for f in per_term for t in f}, key=lambda t: (-sum(t in f for f in per_term), t))
        rows += [[t, *_by_grade([f[t] for f in per_term if t in f], group.n)] for t in terms]
    heads = ["Class and term", "Any grade", *(f"Grade {g}" for g in range(1, 6)), "Related", "Serious"]
    notes = ["A patient counts once in a row, at its worst grade; percentages of patients with at least one dose."]
    if classes == [NO_CLASS]:
        notes.append("No class is recorded (adverse-event --organ-class).")
    return Table(f"Adverse events by worst grade: {group.head}", heads, rows, notes=notes)


def _by_grade(found: Sequence[_Worst], n: int) -> list[Cell]:
    shown: list[Cell] = [share(len(found), n)]
    shown += [share(k, n) if (k := sum(w.grade == g for w in found)) else "" for g in range(1, 6)]
    return [*shown, *(share(k, n) if (k := sum(map(is_so, found))) else "" for is_so in (lambda w: w.related, lambda w: w.serious))]  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """A term (or a kind of event) in two groups: patients with it, and the difference of the shares, first less second, with its 95 % interval."""

    name: str
    with_it: tuple[int, int]
    of: tuple[int, int]
    events: tuple[int, int]
    difference: float
    lower: float
    upper: float


def compared(first: Group, second: Group, *, severe: bool = False) -> list[Compared]:
    """The terms that at least 5 % of either group had, at any grade or (``severe``) at 3 or worse; the most frequent first, 20 at most.

    Miettinen & Nurminen's interval (1985, doi:10.1002/sim.4780040211), one term at a time: no correction for many terms.
    """
    if not first.n or not second.n:
        return []
    least = SEVERE if severe else 0
    per = [[_worst((e for e in p.adverse_events if _grade(e) >= least), _term) for p in g.patients] for g in (first, second)]  # fmt: skip
    found = []
    for term in sorted({t for group in per for f in group for t in f}):
        x1, x2 = (sum(term in f for f in group) for group in per)
        if max(x1 / first.n, x2 / second.n) < _COMPARED:
            continue
        events = tuple(
            sum(_term(e) == term and _grade(e) >= least for p in g.patients for e in p.adverse_events)
            for g in (first, second)
        )
        d = risk_difference(x1, first.n, x2, second.n)
        found.append(Compared(term, (x1, x2), (first.n, second.n), (events[0], events[1]), d.estimate, d.lower, d.upper))  # fmt: skip
    return sorted(found, key=lambda c: (-sum(c.with_it), c.name))[:_MOST]


def rates_of(found: Sequence[Compared], first: Group, second: Group, snap: Snapshot) -> Table:
    """The compared terms: patients, events a patient-year, and the difference of the shares with its interval."""
    years = [sum(years_watched(p, snap) for p in g.patients) for g in (first, second)]
    rows: list[list[Cell]] = [
        [
            c.name, share(c.with_it[0], first.n), _rate(c.events[0], years[0]), share(c.with_it[1], second.n), _rate(c.events[1], years[1]),
            f"{100 * c.difference:+.1f} ({100 * c.lower:+.1f} to {100 * c.upper:+.1f})",
        ]
        for c in found
    ]  # fmt: skip
    heads = [
        "Patients with", first.head, "a year", second.head, "a year", "Difference, points (95 % CI)",
    ]  # fmt: skip
    notes = (
        f"A year: events per patient-year, from the first dose to death or the last contact ({years[0]:.1f} and {years[1]:.1f} patient-years).",
        f"Difference: {first.label} less {second.label}, of patients; Miettinen–Nurminen, each term by itself, no correction for many. "
        "Terms that at least 5 % of either arm had.",
    )
    return Table(f"Adverse events compared: {first.label} and {second.label}", heads, rows, notes=notes)


def dot_figure(found: Sequence[Compared], first: Group, second: Group) -> DotFigure:
    """Shares by arm on the left, differences with their intervals on the right."""
    rows = [
        DotRow(c.name, (c.with_it[0] / c.of[0], c.with_it[1] / c.of[1]), c.difference, c.lower, c.upper) for c in found
    ]
    return DotFigure(
        "Adverse events, the most frequent",
        "Patients, %",
        "Difference, points",
        (first.label, second.label),
        rows,
        caption=f"Left: share of patients with the term, any grade. Right: difference with its 95 % interval (Miettinen–Nurminen); right of 0 "
        f"more with {first.label}.",
    )


def _rate(events: int, years: float) -> str:
    return f"{events / years:.2f}" if years > 0 else NOTHING
