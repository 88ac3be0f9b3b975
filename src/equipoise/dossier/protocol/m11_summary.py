"""M11's section 1: synopsis, schema, schedule of activities."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.analyse.estimands import estimands_table
from equipoise.trial.epochs import EPOCHS, elements, groups
from equipoise.trial.exhibits import Table
from equipoise.trial.objectives import objectives_of
from equipoise.trial.protocol import Protocol
from equipoise.trial.schedule import schedule_of
from equipoise.trial.trial import Trial
from equipoise.trial.written import Grid, Piece, Said

#: Visits in one table of the schedule: more do not fit on a page.
_ABREAST = 9


def overall(t: Trial) -> Iterator[Piece]:
    """1.1.2: the trial in rows."""
    p, r = t.protocol or Protocol(), t.randomisation
    none = "not stated"
    age = none
    if p.age is not None:
        age = f"{p.age.least:g} years" if p.age.least is not None else "no lower limit"
        age += f" to {p.age.most:g} years" if p.age.most is not None else " and older"
    controls = [g for g in groups(t) if not g.tested]
    rows: list[list[str]] = [
        ["Intervention model", "parallel groups" if len(groups(t)) > 1 else "single group"],
        ["Population diagnosis or condition", p.indication.name if p.indication else t.population],
        ["Population age", age],
        ["Sex", p.sex or none],
        ["Healthy volunteers", {True: "yes", False: "no", None: none}[p.healthy]],
        ["Control type", ", ".join(g.label for g in controls) if controls else ("history" if t.history else "none")],
        ["Intervention assignment", "randomised" if r is not None else "all to one arm" if len(t.arms) == 1 else none],
        ["Stratification", ", ".join(f.label or f.name for f in t.factors) or "no"],
        ["Blinding", (r.blinding if r is not None else None) or "open label"],
        ["Number of arms", str(len(groups(t)))],
        ["Number of participants", str(t.target_enrolment)],
        ["Sites", f"{len(t.sites)} planned" if t.sites else none],
        ["Countries", ", ".join(p.countries) or none],
        ["Dose finding", "yes" if t.phase1 is not None else "no"],
        ["Duration of the trial", str(p.planned_duration) if p.planned_duration else none],
        ["Committees", "see 11.4"],
    ]
    yield Grid(Table("Overall design", ["Item", "This trial"], rows), "protocol, arms, randomisation")


def primary_and_secondary(t: Trial) -> Iterator[Piece]:
    """1.1.1: objectives, endpoints, estimands."""
    rows = [
        [o.level, o.text, ", ".join(t.endpoint_by_name[n].label for n in o.endpoints)]
        for o in objectives_of(t)
        if o.level != "exploratory"
    ]
    yield Grid(
        Table("Objectives and endpoints", ["Level", "Objective", "Endpoints"], rows), "protocol.objectives, endpoints"
    )
    table = estimands_table(t)
    if table is not None:
        yield Grid(table, "endpoints.estimand")


def schema(t: Trial) -> Iterator[Piece]:
    """1.2: arms by epochs."""
    found = elements(t)
    rows = [[g.label, *(found[g.code, e].name for e in EPOCHS)] for g in groups(t)]
    yield Grid(Table("Arms by epochs", ["Arm", *(e.capitalize() for e in EPOCHS)], rows), "arms")
    for e in {e.code: e for e in found.values()}.values():
        yield Said(f"{e.name}: begins with: {_lower(e.starts)}; ends with: {_lower(e.ends)}.", "arms", "bullet")


def schedule(t: Trial) -> Iterator[Piece]:
    """1.3: visits and activities."""
    schedule = schedule_of(t)
    of = "visits, activities" if schedule.stated else "arms.regimen, assessments"
    visits = schedule.visits
    for i in range(0, len(visits), _ABREAST):
        some = visits[i : i + _ABREAST]
        rows = [["Day", *(_window(v.day, v.early.days if v.early else 0, v.late.days if v.late else 0) for v in some)]]
        rows += [[a.name, *("X" if v.name in a.at else "" for v in some)] for a in schedule.activities]
        part = f", part {i // _ABREAST + 1}" if len(visits) > _ABREAST else ""
        yield Grid(Table(f"Schedule of activities{part}", ["Activity", *(v.label or v.name for v in some)], rows), of)
    for note in schedule.notes:
        yield Said(note, of, "note")
    if not schedule.stated:
        yield Said(
            "The trial file states no visits of its own: these are the ones that its regimens and assessments ask for.",
            of,
            "note",
        )


def _window(day: int, early: int, late: int) -> str:
    return f"{day}" + (f" (-{early}/+{late})" if early or late else "")


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]
