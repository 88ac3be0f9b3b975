"""What is impossible of a sample of a drug's concentration: of what, after which dose, when, and what was measured."""

from __future__ import annotations

import math
from collections.abc import Iterator

from equipoise.conduct.regimen import regimen_of
from equipoise.trial.check import near
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.problem import Problem
from equipoise.trial.sample import CONCENTRATION_UNITS, MOST_HOURS, SamplePlan, elapsed_hours, is_clock, same_sample
from equipoise.trial.trial import Trial


def sampled_problems(event: Event, patient: Patient, trial: Trial) -> Iterator[Problem]:
    """All that is wrong with a sample, as its details and the patient's record up to it say."""
    yield from _result(event)
    yield from _times(event, patient)
    if not event.source:
        yield from _planned(event, patient, trial)
    twice = next((e for e in patient.samples if same_sample(e, event)), None)
    if twice is not None:
        yield _problem("sample-twice", event, f"this sample is recorded already, on {twice.happened}", "correct that event")  # fmt: skip


def _planned(event: Event, patient: Patient, trial: Trial) -> Iterator[Problem]:
    """Of a drug that the patient is given and that the trial file has measured, in its unit, after a dose that was given."""
    data = event.data
    if not trial.samples:
        yield _problem("no-samples", event, "[[samples]] in the trial file says what is measured, and when", "an amendment may add it")  # fmt: skip
        return
    plans = [p for p in trial.samples if p.drug == data["drug"]]
    plan = next((p for p in plans if p.analyte == data["analyte"]), None)
    if not plans:
        drugs = list(dict.fromkeys(p.drug for p in trial.samples))
        yield Problem("not-sampled", "drug", repr(data["drug"]), f"a drug of [[samples]]: {', '.join(drugs)}", near(data["drug"], drugs))  # fmt: skip
    elif plan is None:
        known = list(dict.fromkeys(p.analyte for p in plans))
        yield Problem("unknown-analyte", "analyte", repr(data["analyte"]), f"of {data['drug']}: {', '.join(known)}", near(data["analyte"], known))  # fmt: skip
    else:
        yield from _by_plan(event, plan)
    regimen = regimen_of(patient, trial)
    if regimen is None:
        return  # said of the allocation: he is on no arm, or at no level
    treatment = regimen.get(data["drug"])
    if treatment is None:
        of = "phase I" if patient.of_phase1 else f"arm {patient.arm}"
        yield Problem("drug-not-in-arm", "drug", repr(data["drug"]), f"a drug of {of}: {', '.join(regimen)}")
        return
    if data["day"] not in treatment.days:
        yield Problem("day-of-cycle", "day", str(data["day"]), f"{treatment.drug} is given on day {', '.join(map(str, treatment.days))}")  # fmt: skip
    elif data["hours"] > 0 and not any(_of_dose(d, event) for d in patient.doses):
        yield _problem(
            "no-dose", event, f"cycle {data['cycle']} day {data['day']} of {treatment.drug} is not recorded as given by that day",
            "conduct treat; a sample before the dose is at --hours 0",
        )  # fmt: skip


def _by_plan(event: Event, plan: SamplePlan) -> Iterator[Problem]:
    unit, specimen = event.data.get("unit"), event.data.get("specimen")
    if unit is not None and unit != plan.unit:
        yield Problem("unit", "unit", repr(unit), f"{plan.analyte} is measured in {plan.unit}", near(str(unit), [plan.unit]))  # fmt: skip
    if specimen is not None and specimen != plan.specimen:
        yield Problem("specimen", "specimen", repr(specimen), f"{plan.analyte} is measured in {plan.specimen}")


def _of_dose(dose: Event, sample: Event) -> bool:
    return all(dose.data[k] == sample.data[k] for k in ("drug", "cycle", "day"))


def _result(event: Event) -> Iterator[Problem]:
    """A concentration with its unit, or that it is below the limit, and no contradiction between them."""
    data = event.data
    value, below, limit, unit = (data.get(k) for k in ("concentration", "below_limit", "limit", "unit"))
    if not str(data["analyte"]).strip():
        yield Problem("missing", "analyte", "nothing", "what was measured")
    if value is None and not below:
        yield Problem("missing", "concentration", "nothing", "what was measured, or that it was below the limit", "--concentration NUMBER or --below-limit true")  # fmt: skip
    if value is not None and below:
        yield Problem("below-and-above", "concentration", f"{value} and below the limit", "one of them")
    if value is not None and not (math.isfinite(value) and 0 <= value <= 1e9):
        yield Problem("out-of-range", "concentration", str(value), "0 or more, in its unit")
    if limit is not None and not (math.isfinite(limit) and 0 < limit <= 1e9):
        yield Problem("out-of-range", "limit", str(limit), "above 0, in the sample's unit")
    elif limit is not None and value is not None and value < limit:
        yield Problem("below-the-limit", "concentration", f"{value} under the limit {limit}", "the limit or more", "--below-limit true says it is below")  # fmt: skip
    if below and limit is None and not event.source:
        yield Problem("missing", "limit", "nothing", "the limit that it was below", "--limit NUMBER")
    if unit is None:
        yield Problem("missing", "unit", "nothing", f"one of {', '.join(CONCENTRATION_UNITS)}")
    elif unit not in CONCENTRATION_UNITS and not event.source:
        yield Problem("unit", "unit", repr(unit), f"one of {', '.join(CONCENTRATION_UNITS)}", near(str(unit), list(CONCENTRATION_UNITS)))  # fmt: skip


def _times(event: Event, patient: Patient) -> Iterator[Problem]:
    data = event.data
    if data["cycle"] < 1:
        yield Problem("out-of-range", "cycle", str(data["cycle"]), "1 or more")
    if not 0 <= data["hours"] <= MOST_HOURS:
        yield Problem("out-of-range", "hours", str(data["hours"]), f"0, before the dose, to {MOST_HOURS:,.0f} hours after its start")  # fmt: skip
    for name in ("at", "dose_at"):
        if name in data and not is_clock(data[name]):
            yield Problem("not-a-time", name, repr(data[name]), "HH:MM, from 00:00 to 23:59")
    if "at" in data and "dose_at" not in data and data["hours"] > 0:
        yield Problem("missing", "dose-at", "nothing", "when the dose began, so that the time between follows", "--dose-at HH:MM")  # fmt: skip
    dose = next((d for d in patient.doses if _of_dose(d, event)), None)
    passed = elapsed_hours(event, dose.happened if dose is not None else None)
    if data["hours"] > 0 and dose is not None and event.happened < dose.happened:
        yield _problem("before-its-dose", event, f"the dose was given on {dose.happened}")
    elif passed is not None and data["hours"] > 0 and passed < 0:
        yield Problem("before-its-dose", "at", f"{data['at']}, {-passed:g} hours before the dose began", "after the dose, or --hours 0")  # fmt: skip
    elif passed is not None and data["hours"] == 0 and passed > 0:
        yield Problem("after-its-dose", "at", f"{data['at']}, {passed:g} hours after the dose began", "before the dose, or --hours above 0")  # fmt: skip


def _problem(code: str, event: Event, allowed: str, next_step: str = "") -> Problem:
    return Problem(code, event.patient, f"{event.kind!r} on {event.happened}", allowed, next_step)
