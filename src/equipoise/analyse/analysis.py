"""Analysis: every endpoint of a trial on one snapshot, with the tables that show it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from equipoise import __version__
from equipoise.analyse.populations import Membership, all_memberships
from equipoise.analyse.rates import RateResult, analyse_landmark, analyse_outcome, analyse_response
from equipoise.analyse.safety import ArmSafety, safety
from equipoise.analyse.survival import ArmSurvival, SurvivalResult, analyse_survival
from equipoise.trial.decision import Fingerprints
from equipoise.trial.endpoint import Landmark, Outcome, TimeToEvent
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies.recist11 import CR, PD, PR, SD, VOCABULARY


@dataclass(frozen=True)
class Analysis:
    """All endpoints by name, in the order of the trial file."""

    trial: str
    cutoff: date
    known_on: date
    randomised: Mapping[str, int]
    endpoints: Mapping[str, SurvivalResult | RateResult]
    safety: Sequence[ArmSafety]
    populations: Mapping[str, Sequence[Membership]]
    fingerprints: Fingerprints


def analyse(trial: Trial, snap: Snapshot) -> Analysis:
    """Analyse every endpoint of the trial on what the snapshot holds."""
    endpoints: dict[str, SurvivalResult | RateResult] = {}
    for endpoint in trial.endpoints:
        if isinstance(endpoint, TimeToEvent):
            endpoints[endpoint.name] = analyse_survival(trial, snap, endpoint)
        elif isinstance(endpoint, Landmark):
            endpoints[endpoint.name] = analyse_landmark(trial, snap, endpoint)
        elif isinstance(endpoint, Outcome):
            endpoints[endpoint.name] = analyse_outcome(trial, snap, endpoint)
        else:
            endpoints[endpoint.name] = analyse_response(trial, snap, endpoint)
    return Analysis(
        trial.id,
        snap.cutoff,
        snap.known_on,
        {arm.name: len(snap.on_arm(arm.name)) for arm in trial.arms},
        endpoints,
        safety(trial, snap),
        all_memberships(trial, snap),
        Fingerprints(trial.fingerprint, snap.head, f"equipoise {__version__}"),
    )


def p_value(p: float) -> str:
    """A p-value as it is read: four decimals, or a bound."""
    return "–" if math.isnan(p) else "< 0.0001" if p < 0.0001 else f"{p:.4f}"


def number(x: float, digits: int = 1) -> str:
    """A number, or NR: not reached."""
    return "NR" if math.isnan(x) else f"{x:.{digits}f}"


def _chi2(x: float) -> str:
    """A test statistic; a dash where nothing could be tested."""
    return "–" if math.isnan(x) else f"{x:.3f}"


def times_table(trial: Trial, analysis: Analysis) -> Table:
    """Time-to-event endpoints by arm, in months."""
    rows: list[list[Cell]] = []
    for result in analysis.endpoints.values():
        if not isinstance(result, SurvivalResult):
            continue
        rows.append([result.label])
        rows.extend([trial.arm_by_name[name].label, *_times_cells(a)] for name, a in result.arms.items())
    return Table(
        "Time-to-event endpoints by arm",
        ["", "Patients", "Events", "Median, months (95 % CI)", "Event-free at landmark (95 % CI)", "Follow-up, months"],
        rows,
        notes=(
            "Kaplan–Meier; log-log intervals. Months are days / 30.4375. NR: not reached. Follow-up: median by reversed "
            "Kaplan–Meier. On a flat stretch at exactly one half the median is its middle (R's convention).",
        ),
    )


def _times_cells(a: ArmSurvival) -> list[Cell]:
    landmark = ""
    if a.landmark is not None and a.landmark.beyond:
        landmark = f"nobody followed to day {a.landmark.day}"
    elif a.landmark is not None:
        low, high = a.landmark.ci
        landmark = (
            f"{100 * a.landmark.survival:.1f}% ({number(100 * low)} to {number(100 * high)}), day {a.landmark.day}"
        )
    median = f"{number(a.median_months)} ({number(a.median_ci_months[0])} to {number(a.median_ci_months[1])})"
    return [a.n, a.events, median, landmark, number(a.follow_up_median / 30.4375)]


def comparisons_table(trial: Trial, analysis: Analysis) -> Table:
    """The randomised comparisons."""
    rows: list[list[Cell]] = []
    for result in analysis.endpoints.values():
        if not isinstance(result, SurvivalResult):
            continue
        for c in result.comparisons.values():
            hr = "not estimable: events in one arm only"
            if c.estimable:
                hr = f"{c.hr:.2f} ({c.hr_ci[0]:.2f} to {c.hr_ci[1]:.2f})"
            names = f"{trial.arm_by_name[c.tested].label} against {trial.arm_by_name[c.control].label}"
            rows.append([result.label, names, hr, _chi2(c.logrank_chi2), p_value(c.p)])
        if result.all_arms is not None:
            rows.append([result.label, "All arms", "", _chi2(result.all_arms.logrank_chi2), p_value(result.all_arms.p)])
    return Table(
        "Randomised comparisons",
        ["Endpoint", "Arms", "Hazard ratio (95 % CI)", "Log-rank chi²", "p"],
        rows,
        notes=(
            "Hazard ratio below 1 favours the first arm; Cox model, Efron's ties, Wald interval. p: log-rank, two-sided.",
        ),
    )


def rates_table(trial: Trial, analysis: Analysis) -> Table:
    """Rate endpoints by arm."""
    rows: list[list[Cell]] = []
    notes = ["Exact (Clopper–Pearson) intervals."]
    for result in analysis.endpoints.values():
        if not isinstance(result, RateResult):
            continue
        rows.append([f"{result.label} ({result.policy})"])
        for name, a in result.arms.items():
            left = ", ".join(f"{k} {v}" for k, v in a.left_out.items() if v)
            shown = f"{100 * a.rate:.1f}% ({100 * a.ci[0]:.1f} to {100 * a.ci[1]:.1f})" if a.n else "–"
            rows.append([trial.arm_by_name[name].label, f"{a.successes}/{a.n}", shown, left or "none"])
    return Table("Rates by arm", ["", "Successes", "Rate (95 % CI)", "Left out"], rows, notes=notes)


def response_table(trial: Trial, analysis: Analysis) -> Table | None:
    """Best overall response by arm, from complete response to not evaluable; None without such an endpoint."""
    result = next((r for r in analysis.endpoints.values() if isinstance(r, RateResult) and r.kind == "response"), None)
    if result is None:
        return None
    rows: list[list[Cell]] = []
    for word in VOCABULARY.words:
        counts = [a.by_category.get(word.code, 0) for a in result.arms.values()]
        if any(counts) or word.code in (CR, PR, SD, PD):
            totals = [sum(a.by_category.values()) for a in result.arms.values()]
            shares = [f"{k} ({100 * k / n:.0f}%)" if n else "0" for k, n in zip(counts, totals, strict=True)]
            rows.append([word.label, *shares])
    columns = ["Best response", *(trial.arm_by_name[a].label for a in result.arms)]
    return Table("Best overall response", columns, rows, notes=(f"{_taken(trial)}; {result.policy}.",))


def _taken(trial: Trial) -> str:
    a = trial.assessments
    if a is None or (a.responses == "as recorded" and not a.words):
        return "As recorded at assessments"
    if a.responses == "from lesions":
        return f"Derived from the lesions by {a.criterion}"
    return f"Recorded by {a.criterion}, read by the trial file's map ({a.read_as})"
