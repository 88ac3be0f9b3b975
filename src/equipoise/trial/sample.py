"""[[samples]]: which concentrations are measured, when and down to which limit; and what a sample that was recorded says of its times.

A sample is of a dose: its cycle and day, and the hours after the dose's start at which it was planned (0: before the dose). When it was taken is said by
two clock times, of the sample and of the dose's start, so that the hours that really passed follow from both days and both times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Annotated, Any

from pydantic import Field

from equipoise.trial.event import Event
from equipoise.trial.part import MOST_NAME, MOST_TIMES, Part
from equipoise.trial.problem import Problem, near

#: Units of a concentration, as CDISC writes them (PKUNIT) → micrograms per millilitre in one of them; None where no mass says it.
CONCENTRATION_UNITS: Mapping[str, float | None] = {"ug/mL": 1.0, "ng/mL": 1e-3, "pg/mL": 1e-6, "nmol/L": None}
#: Hours after a dose at which a sample may be planned, at the most: a year.
MOST_HOURS = 366 * 24.0
#: Planned times of a plan, at the most.
_MOST_POINTS = 100
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")

Hours = Annotated[float, Field(ge=0, le=MOST_HOURS)]


class SamplePlan(Part):
    """What is measured of a drug, and when."""

    drug: str = Field(min_length=1, max_length=MOST_NAME, description="The drug, as the arms name it.")
    analyte: str = Field(
        min_length=1, max_length=40, description="What is measured: 'conjugate', 'DM1'; at most 40 letters."
    )
    specimen: str = Field(default="plasma", min_length=1, max_length=MOST_NAME, description="'plasma', 'serum' …")
    unit: str = Field(description="Unit of the concentration: ug/mL, ng/mL, pg/mL, nmol/L.")
    limit: float | None = Field(
        default=None, gt=0, le=1e9, description="Lower limit of quantification, in `unit`; left out: not known."
    )
    cycles: tuple[Annotated[int, Field(ge=1, le=MOST_TIMES)], ...] = Field(
        default=(1,), min_length=1, max_length=_MOST_POINTS, description="Cycles in which samples are taken."
    )
    day: int = Field(default=1, ge=1, le=MOST_TIMES, description="Day of the cycle whose dose the hours count from.")
    hours: tuple[Hours, ...] = Field(
        min_length=1,
        max_length=_MOST_POINTS,
        description="Planned hours after that dose's start, rising; 0: before it.",
    )


def sample_problems(parts: Mapping[str, Any], _raw: Mapping[str, Any]) -> Iterator[Problem]:
    """All that is wrong with [[samples]]: drugs that no arm gives, days without a dose, hours that do not rise, the same twice."""
    plans: Sequence[SamplePlan] = parts.get("samples") or ()
    given: dict[str, list[Any]] = {}
    for arm in parts.get("arms") or ():
        for t in arm.regimen:
            given.setdefault(t.drug, []).append(t)
    for i, plan in enumerate(plans):
        where = f"samples[{i}]"
        if plan.unit not in CONCENTRATION_UNITS:
            yield Problem("unit", f"{where}.unit", repr(plan.unit), f"one of {', '.join(CONCENTRATION_UNITS)}", near(plan.unit, list(CONCENTRATION_UNITS)))  # fmt: skip
        if any(b <= a for a, b in zip(plan.hours, plan.hours[1:], strict=False)):
            yield Problem("order", f"{where}.hours", ", ".join(f"{h:g}" for h in plan.hours), "hours that rise, each once")  # fmt: skip
        if "arms" in parts and plan.drug not in given:
            yield Problem("unknown-drug", f"{where}.drug", repr(plan.drug), f"a drug of an arm's regimen: {', '.join(given) or 'none is stated'}", near(plan.drug, list(given)))  # fmt: skip
        elif plan.drug in given:
            days = sorted({d for t in given[plan.drug] for d in t.days})
            if plan.day not in days:
                yield Problem("day-of-cycle", f"{where}.day", str(plan.day), f"{plan.drug} is given on day {', '.join(map(str, days))}")  # fmt: skip
            most = max(t.cycles for t in given[plan.drug])
            on = any(t.may_continue for t in given[plan.drug])
            late = [c for c in plan.cycles if c > most and not on]
            if late:
                yield Problem("too-many-cycles", f"{where}.cycles", ", ".join(map(str, late)), f"{plan.drug} is given for 1 to {most} cycles")  # fmt: skip
        same = next((j for j, p in enumerate(plans[:i]) if (p.drug, p.analyte, p.specimen, p.day) == (plan.drug, plan.analyte, plan.specimen, plan.day) and set(p.cycles) & set(plan.cycles)), None)  # fmt: skip
        if same is not None:
            yield Problem("twice", where, f"{plan.analyte} of {plan.drug} in the same cycle and day as samples[{same}]", "each once", "its hours may be listed together")  # fmt: skip


def is_clock(text: object) -> bool:
    """True for 'HH:MM' from 00:00 to 23:59."""
    return isinstance(text, str) and _CLOCK.fullmatch(text) is not None


def taken_at(day: date, clock: str) -> datetime:
    """A day and 'HH:MM'."""
    return datetime.combine(day, time.fromisoformat(clock))


def elapsed_hours(sample: Event, dose: date | None) -> float | None:
    """Hours from the dose's start to the sample as both clocks say; None where a clock time or the dose's day (``dose``) is not known."""
    at, dose_at = sample.data.get("at"), sample.data.get("dose_at")
    if dose is None or not is_clock(at) or not is_clock(dose_at):
        return None
    return (taken_at(sample.happened, str(at)) - taken_at(dose, str(dose_at))).total_seconds() / 3600


def same_sample(a: Event, b: Event) -> bool:
    """True of two samples of one analyte at one planned time."""
    return all(a.data.get(k) == b.data.get(k) for k in ("drug", "analyte", "specimen", "cycle", "day", "hours"))
