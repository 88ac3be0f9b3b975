"""The baseline table, by arm or pooled: n (%) of categories, median and range of numbers, and who is missing. CONSORT 2025 item 23, ICH E3 11.2.

No test compares the arms: differences at baseline of randomised arms are by chance (CONSORT 2025).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from equipoise.analyse.groups import Group
from equipoise.trial.baseline import Baseline
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.patient import Patient
from equipoise.trial.problem import Problem
from equipoise.trial.protocol_parts import Factor
from equipoise.trial.said_numbers import median_range, share
from equipoise.trial.trial import Trial

#: From this share of patients without it on a variable says little of a group.
HALF = 0.5
Value = str | int | float | None
#: Name, title, whether it is a number, levels, and what was recorded of a patient.
Variable = tuple[str, str, bool, Sequence[str], Callable[[Patient], Value]]


def variables(trial: Trial, groups: Sequence[Group]) -> list[Variable]:
    """Age and sex where screening asks for them, the factors and markers, and [[baseline]], in the file's order."""
    people = [p for g in groups for p in g.patients]
    found: list[Variable] = list(_of_screening(people))
    named = {b.factor: b for b in trial.baseline if b.factor}
    for f in trial.recorded_factors:
        if f.name not in named:
            found.append((f.name, f.label or f.name, False, _levels(f, people), _factor(f.name)))
    by_name = {f.name: f for f in trial.recorded_factors}
    for b in trial.baseline:
        if b.factor:
            levels: Sequence[str] = _levels(by_name[b.factor], people)
            found.append((b.name, b.title, False, levels, _factor(b.factor)))
        else:
            found.append((b.name, b.title, b.kind == "number", b.levels, _recorded(b)))
    return found


def baseline_table(trial: Trial, groups: Sequence[Group]) -> Table | None:
    """A column a group; None where nothing is recorded at baseline, or nobody is there."""
    asked = variables(trial, groups)
    if not asked or not any(g.n for g in groups):
        return None
    rows: list[list[Cell]] = []
    for _, title, numeric, levels, of in asked:
        values = [[of(p) for p in g.patients] for g in groups]
        told = [[v for v in column if v is not None] for column in values]
        missing = [len(v) - len(t) for v, t in zip(values, told, strict=True)]
        rows.append([title])
        if numeric:
            numbers = [[float(v) for v in t if not isinstance(v, str)] for t in told]
            rows.append(["Median (range)", *(median_range(n, _digits(n)) for n in numbers)])
        else:
            rows += [[level, *(share(t.count(level), len(t)) for t in told)] for level in levels]
        if any(missing):
            rows.append(["Missing", *(f"{m} of {len(v)}" if m else "0" for m, v in zip(missing, values, strict=True))])
    lacking = [f"Caution. {text}" for text in half_missing(trial, groups)]
    notes = (
        "Percentages are of those of whom it is recorded. No test compares the arms: they were formed by chance.",
        *lacking,
    )
    return Table("Baseline characteristics", ["", *(g.head for g in groups)], rows, notes=notes)


def half_missing(trial: Trial, groups: Sequence[Group]) -> Iterator[str]:
    """Variables that at least half of a group lack, in words."""
    for name, title, _, _, of in variables(trial, groups):
        for g in groups:
            lack = sum(of(p) is None for p in g.patients)
            if g.n and lack >= HALF * g.n:
                yield f"{title} ({name}) is not recorded of {lack} of {g.n} patients ({g.label})."


def baseline_lacking(trial: Trial, groups: Sequence[Group]) -> list[Problem]:
    """The same as problems, for a document that must not go out so."""
    return [
        Problem(
            "baseline-missing", f"baseline {name}", f"{lack} of {g.n} patients ({g.label}) without it",
            "more than half of each arm with it", "conduct correct the enrolments, or take it out of [[baseline]] by an amendment",
        )
        for name, _, _, _, of in variables(trial, groups)
        for g in groups
        if g.n and (lack := sum(of(p) is None for p in g.patients)) >= HALF * g.n
    ]  # fmt: skip


def _of_screening(people: Sequence[Patient]) -> Iterator[Variable]:
    """Age and sex as they were told at screening; nothing where nobody was asked."""
    if any(_age(p) is not None for p in people):
        yield "age", "Age, years (by year of birth)", True, (), _age
    sexes = sorted({str(s) for p in people if (s := _sex(p)) is not None})
    if sexes:
        yield "sex", "Sex", False, sexes, _sex


def _age(p: Patient) -> int | None:
    born = p.screened.data.get("birth_year") if p.screened is not None else None
    entered = p.enrolled or p.randomised
    return entered.happened.year - int(born) if born is not None and entered is not None else None


def _sex(p: Patient) -> str | None:
    said = p.screened.data.get("sex") if p.screened is not None else None
    return str(said) if said else None


def _factor(name: str) -> Callable[[Patient], Value]:
    return lambda p: p.enrolled.data["factors"].get(name) if p.enrolled is not None else None


def _recorded(b: Baseline) -> Callable[[Patient], Value]:
    return lambda p: (p.enrolled.data.get("baseline") or {}).get(b.name) if p.enrolled is not None else None


def _levels(f: Factor, people: Sequence[Patient]) -> list[str]:
    """The factor's levels, and any that an older definition had."""
    of = _factor(f.name)
    others = {str(v) for p in people if (v := of(p)) is not None} - set(f.levels)
    return [*f.levels, *sorted(others)]


def _digits(values: Sequence[float]) -> int:
    """As many decimals as were recorded, two at most."""
    return max((min(len(f"{v:.10g}".partition(".")[2]), 2) for v in values), default=0)
