"""Sensitivity: one endpoint under several rules and assessors, side by side, and the patients whose result changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from equipoise.analyse.endpoints import Observed
from equipoise.analyse.follow_up import caution_of
from equipoise.analyse.populations import members_by_arm
from equipoise.analyse.survival import AtLandmark, SurvivalResult, analyse_survival, curve_of, observations, ticks_to
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.exhibits import Cell, SurvivalFigure, Table
from equipoise.trial.named_rules import NAMED_RULES
from equipoise.trial.said_numbers import p_value
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

#: The rules that stand in the trial file.
AS_STATED = "as stated"


@dataclass(frozen=True)
class Under:
    """The endpoint under one set of rules, by one assessor. ``reasons``: arm → why events and censorings, with counts.

    ``caution``: where nobody counts, is followed or has an event under these rules; '' otherwise.
    """

    rules: str
    assessor: str
    source: str
    result: SurvivalResult
    reasons: Mapping[str, Mapping[str, int]]
    observed: Mapping[str, Observed]
    caution: str = ""

    @property
    def name(self) -> str:
        """What the column is called."""
        return f"{self.rules}, {self.assessor}"


@dataclass(frozen=True, slots=True)
class Change:
    """One patient whose result is not that under the first rules. Days are since the origin."""

    patient: str
    arm: str
    rules: str
    days: int
    event: bool
    reason: str
    source: int | None
    first_days: int
    first_event: bool
    first_reason: str
    first_source: int | None


@dataclass(frozen=True)
class Sensitivity:
    """All of it; everything is held against the first."""

    trial: str
    endpoint: str
    label: str
    cutoff: date
    under: Sequence[Under]
    changes: Sequence[Change]
    #: what was recorded and is in no endpoint
    losses: Sequence[str] = ()


def variant(endpoint: TimeToEvent, rules: str, assessor: str) -> TimeToEvent:
    """The endpoint with events and censoring by named rules and another assessor."""
    given = endpoint.model_dump() | {"assessor": assessor}
    if rules != AS_STATED:
        given |= {"rules": rules, "events": (), "censoring": (), "estimand": None}
    # Tuples of parts become tables in a dump, and are read again as they were.
    return TimeToEvent.model_validate(given)


def sensitivity(
    trial: Trial, snap: Snapshot, endpoint: TimeToEvent, rules: Sequence[str], assessors: Sequence[str]
) -> Sensitivity:
    """The endpoint under each of ``rules`` ('as stated' or a named set) by each assessor, in that order."""
    under = []
    for assessor in assessors:
        for name in rules:
            changed = variant(endpoint, name, assessor)
            by_arm = observations(trial, snap, changed)
            reasons = {
                arm: dict(Counter(("event: " if o.event else "censored: ") + _short(o.reason) for o in group))
                for arm, group in by_arm.items()
            }
            source = NAMED_RULES[name].source if name in NAMED_RULES else "the trial file"
            observed = {o.patient: o for group in by_arm.values() for o in group}
            caution = caution_of(changed, by_arm, {arm.name: arm.label for arm in trial.arms})
            result = analyse_survival(trial, snap, changed)
            under.append(Under(name, assessor, source, result, reasons, observed, caution))
    return Sensitivity(trial.id, endpoint.name, endpoint.label, snap.cutoff, under, list(_changes(under)), snap.losses)


def _short(reason: str) -> str:
    return "missed assessments" if "missed before" in reason else reason


def _changes(under: Sequence[Under]) -> Sequence[Change]:
    first = under[0].observed
    return [
        Change(
            o.patient, o.arm, u.name, o.days, o.event, o.reason, o.source, f.days, f.event, f.reason, f.source
        )
        for u in under[1:]
        for name, o in u.observed.items()
        if (f := first.get(name)) is not None and (f.days, f.event, f.reason) != (o.days, o.event, o.reason)
    ]  # fmt: skip


def side_by_side(trial: Trial, found: Sensitivity) -> Table:
    """Events, medians, the landmark and the comparison, a column for each set of rules."""
    rows: list[list[Cell]] = []
    for arm in trial.arms:
        results = [u.result.arms[arm.name] for u in found.under]
        rows.append([arm.label])
        rows.append(["Events / patients", *(f"{a.events} / {a.n}" for a in results)])
        rows.append(["Median, months", *(_number(a.median_months) for a in results)])
        if any(a.landmark is not None for a in results):
            rates = [_rate(a.landmark) for a in results]
            day = next(a.landmark.day for a in results if a.landmark is not None)
            rows.append([f"Event-free on day {day}", *rates])
        every = list(dict.fromkeys(r for u in found.under for r in sorted(u.reasons[arm.name])))
        rows += [[f"  {reason}", *(u.reasons[arm.name].get(reason, 0) for u in found.under)] for reason in every]
    for name in found.under[0].result.comparisons:
        compared = [u.result.comparisons.get(name) for u in found.under]
        rows.append([name])
        rows.append(
            [
                "Hazard ratio (95 % CI)",
                *(f"{c.hr:.2f} ({c.hr_ci[0]:.2f} to {c.hr_ci[1]:.2f})" if c and c.estimable else "–" for c in compared),
            ]
        )
        rows.append(["Log-rank p, two-sided", *(p_value(c.p) if c else "–" for c in compared)])
    notes = [f"{u.name}: {u.source}." for u in found.under]
    return Table(
        f"{found.label} under {len(found.under)} sets of rules",
        ["", *(u.name for u in found.under)],
        rows,
        notes=(*dict.fromkeys(notes), "Kaplan–Meier; Cox model, Efron's ties; log-rank. A hazard ratio below 1 favours the first arm.",
               *(f"Caution: {u.name}: {u.caution}" for u in found.under if u.caution), *(f"Caution: {text}" for text in found.losses)),
    )  # fmt: skip


def changes_table(found: Sensitivity) -> Table:
    """The patients whose result changes, and why."""
    first = found.under[0].name
    rows: list[list[Cell]] = [
        [
            c.patient,
            c.arm,
            _told(c.first_days, c.first_event, c.first_reason),
            c.rules,
            _told(c.days, c.event, c.reason),
        ]
        for c in found.changes
    ]
    return Table(
        f"Patients whose {found.endpoint} is not that under {first}", ["Patient", "Arm", first, "Under", "It is"], rows
    )


def overlay(trial: Trial, snap: Snapshot, endpoint: TimeToEvent, found: Sensitivity, arm: str) -> SurvivalFigure:
    """One arm's Kaplan–Meier curve under each set of rules; sets that give every patient the same are one curve."""
    members = [p.name for p in members_by_arm(trial, snap, endpoint.population)[arm]]
    several = len({u.assessor for u in found.under}) > 1
    curves: dict[tuple[tuple[str, int, bool], ...], tuple[str, list[Observed]]] = {}
    for u in found.under:
        group = [u.observed[name] for name in members if name in u.observed]
        same = tuple((o.patient, o.days, o.event) for o in group)
        called = u.name if several else u.rules
        names = f"{curves[same][0]} = {called}" if same in curves else called
        curves[same] = (names, group)
    ticks = ticks_to(max((o.days for u in found.under for o in u.observed.values()), default=0))
    # Bands of the same patients under other rules would only hide one another.
    arms = [replace(c, lower=c.survival, upper=c.survival) for c in (curve_of(n, g, ticks) for n, g in curves.values())]
    return SurvivalFigure(
        f"{found.label} under {len(found.under)} sets of rules: {trial.arm_by_name[arm].label}",
        "Months since " + endpoint.origin,
        "Probability",
        arms,
        ticks,
        caption="Kaplan–Meier estimates of the same patients under each set of rules; ticks are censored patients.",
    )


def _told(days: int, event: bool, reason: str) -> str:
    return f"{'event' if event else 'censored'} on day {days}: {reason}"


def _rate(at: AtLandmark | None) -> str:
    if at is None:
        return "–"
    return "nobody followed so far" if at.beyond else f"{100 * at.survival:.1f}%"


def _number(x: float) -> str:
    return "NR" if x != x else f"{x:.1f}"
