"""Time to response and duration of response, of those who respond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from equipoise.analyse.best_overall import confirmed_by, counted, first_responding, rule_of, up_to_progression
from equipoise.analyse.populations import members_by_arm
from equipoise.analyse.response import best_of, regards_next_therapy
from equipoise.analyse.shown import number
from equipoise.analyse.survival import SurvivalResult
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.endpoint import Endpoint, Response, TimeToEvent
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.patient import Patient
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies.recist11 import VOCABULARY


@dataclass(frozen=True)
class ArmResponseTimes:
    """Of ``n`` patients of the population ``responders`` responded. ``days`` from randomisation (or enrolment) to the first response,
    in increasing order; their median, NaN without any."""

    n: int
    responders: int
    median: float
    days: Sequence[int]


@dataclass(frozen=True)
class ResponseTimes:
    """Times to response by an endpoint's own rule: its assessor, and whether a response must be confirmed."""

    endpoint: str
    label: str
    confirmed: bool
    arms: Mapping[str, ArmResponseTimes]
    method: str = "responders only: median of the days to the first response that counts"


def analyse_response_times(trial: Trial, snap: Snapshot, endpoint: Endpoint) -> ResponseTimes | None:
    """None for an endpoint that is neither a rate of responses nor counted from the first response."""
    responds = isinstance(endpoint, Response) and {*endpoint.success} <= {*VOCABULARY.responses}
    if not responds and not (isinstance(endpoint, TimeToEvent) and endpoint.origin == "first response"):
        return None
    assert isinstance(endpoint, Response | TimeToEvent)
    arms = {}
    for name, group in members_by_arm(trial, snap, endpoint.population).items():
        days = sorted(
            (on - p.randomised.happened).days
            for p in group
            if p.randomised is not None and (on := responded_on(p, endpoint, snap.cutoff)) is not None
        )
        arms[name] = ArmResponseTimes(len(group), len(days), float(median(days)) if days else float("nan"), days)
    return ResponseTimes(endpoint.name, endpoint.label, endpoint.confirmed, arms)


def responded_on(patient: Patient, endpoint: Response | TimeToEvent, cutoff: date) -> date | None:
    """The day of the first response that counts for an endpoint; None for one who did not respond."""
    if isinstance(endpoint, TimeToEvent):
        first = first_responding(patient, endpoint.assessor, rule_of(endpoint))
        return None if first is None else first.counts_on
    best = best_of(patient, endpoint, cutoff)
    if best.response not in endpoint.success or patient.randomised is None:
        return None
    rule, origin = rule_of(endpoint), patient.randomised.happened
    usable = counted(patient, endpoint.assessor, regards_next_therapy(endpoint))
    course = up_to_progression([a for a in usable if a.on <= cutoff])
    for i, a in enumerate(course):
        sure = rule.confirm_after is None or confirmed_by(i, course, rule) is not None
        if a.response in endpoint.success and sure and rule.in_time(a, origin):
            return a.on
    return best.on


def response_times_table(trial: Trial, times: Sequence[ResponseTimes], endpoints: Mapping[str, object]) -> Table:
    """By arm: responders, time to response, and the duration where the endpoint is one."""
    durations = [isinstance(endpoints.get(t.endpoint), SurvivalResult) for t in times]
    rows: list[list[Cell]] = []
    for t in times:
        rows.append([f"{t.label} ({'confirmed' if t.confirmed else 'confirmation not required'})"])
        result = endpoints.get(t.endpoint)
        for name, a in t.arms.items():
            row: list[Cell] = [trial.arm_by_name[name].label, a.n, a.responders, _range(a)]
            if any(durations):
                row += _duration(result, name)
            rows.append(row)
    columns = ["", "Patients", "Responders", "Time to response, months: median (range)"]
    notes = ["Responders only, and by their response: arms are not compared. Time to response is from "
             f"{'randomisation' if trial.randomisation is not None else 'enrolment'}."]  # fmt: skip
    if any(durations):
        columns += ["Events after it", "Duration, months: median (95 % CI)"]
        notes.append("Duration: Kaplan–Meier from the first response that counts, log-log intervals; NR: not reached.")
    title = "Time to response and its duration" if any(durations) else "Time to response"
    return Table(title, columns, rows, notes=notes)


def _range(a: ArmResponseTimes) -> str:
    if not a.days:
        return "–"
    months = [number(d / DAYS_PER_MONTH) for d in (a.median, a.days[0], a.days[-1])]
    return f"{months[0]} ({months[1]} to {months[2]})"


def _duration(result: object, arm: str) -> list[Cell]:
    if not isinstance(result, SurvivalResult):
        return ["", ""]
    a = result.arms[arm]
    if not a.n:
        return ["–", "–"]
    low, high = a.median_ci_months
    return [f"{a.events}/{a.n}", f"{number(a.median_months)} ({number(low)} to {number(high)})"]
