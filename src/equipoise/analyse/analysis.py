"""Analysis: every endpoint of a trial on one snapshot, with the tables that show it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from equipoise import __version__
from equipoise.analyse.between_arms import Comparison, pairs
from equipoise.analyse.editions import pooled_in
from equipoise.analyse.follow_up import caution_of
from equipoise.analyse.incidence import overstated
from equipoise.analyse.populations import Membership, all_memberships
from equipoise.analyse.rates import ArmRate, RateResult, analyse_rate
from equipoise.analyse.responders import Responders, responders
from equipoise.analyse.safety import ArmSafety, editions_pooled, safety
from equipoise.analyse.survival import ArmSurvival, AtLandmark, SurvivalResult, in_full, observations
from equipoise.trial.decision import Fingerprints
from equipoise.trial.endpoint import Landmark, TimeToEvent, Toxicity
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.said_numbers import interval, number, p_value, share
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies import OURS


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
    responders: Sequence[Responders] = ()
    #: what a reader must know, by endpoint, and of 'adverse events': nobody, no events, nobody followed, one minus Kaplan–Meier where
    #: another event competes, or adverse events of more than one edition of CTCAE counted together
    cautions: Mapping[str, str] = field(default_factory=dict)
    #: what was recorded and is in no endpoint
    losses: Sequence[str] = ()


def analyse(trial: Trial, snap: Snapshot) -> Analysis:
    """Analyse every endpoint of the trial on what the snapshot holds."""
    endpoints: dict[str, SurvivalResult | RateResult] = {}
    cautions: dict[str, str] = {}
    for endpoint in trial.endpoints:
        if isinstance(endpoint, TimeToEvent):
            endpoints[endpoint.name] = in_full(trial, snap, endpoint)
            labels = {arm.name: arm.label for arm in trial.arms}
            said = (caution_of(endpoint, observations(trial, snap, endpoint), labels), overstated(endpoint))
            cautions[endpoint.name] = " ".join(filter(None, said))
        else:
            endpoints[endpoint.name] = rate = analyse_rate(trial, snap, endpoint)
            empty = [trial.arm_by_name[name].label for name, a in rate.arms.items() if not a.n]
            whom = f"nobody on {', '.join(empty)}" if len(empty) < len(rate.arms) else "nobody"
            cautions[endpoint.name] = f"{endpoint.label}: {whom} counts for it yet." if empty else ""
    by_arm = safety(trial, snap)
    both = editions_pooled(by_arm)
    return Analysis(
        trial.id,
        snap.cutoff,
        snap.known_on,
        {arm.name: len(snap.on_arm(arm.name)) for arm in trial.arms},
        endpoints,
        by_arm,
        all_memberships(trial, snap),
        Fingerprints(trial.fingerprint, snap.head, f"equipoise {__version__}"),
        responders(trial, snap),
        {
            **{name: text for name, text in cautions.items() if text},
            **({"adverse events": both[0]} if both else {}),
            **{e.name: text for e in trial.endpoints if isinstance(e, Toxicity) for text in pooled_in(trial, snap, e)},
        },
        snap.losses,
    )


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
            *(
                f"Caution. {analysis.cautions[name]}"
                for name, result in analysis.endpoints.items()
                if isinstance(result, SurvivalResult) and name in analysis.cautions
            ),
            "Kaplan–Meier; log-log intervals. Months are days / 30.4375. NR: not reached. Follow-up: median by reversed "
            "Kaplan–Meier. On a flat stretch at exactly one half the median is its middle (R's convention).",
            *_lost(analysis),
        ),
    )


def _times_cells(a: ArmSurvival) -> list[Cell]:
    landmark = f"{curve_at(a.landmark)}, day {a.landmark.day}" if a.landmark is not None else ""
    if a.landmark is not None and a.landmark.beyond:
        landmark = curve_at(a.landmark)
    median = f"{number(a.median_months)} {interval(*a.median_ci_months)}"
    return [a.n, a.events, median, landmark, number(a.follow_up_median / 30.4375)]


def curve_at(at: AtLandmark | None) -> str:
    """A Kaplan–Meier estimate at a landmark as it is read, in percent with its interval."""
    if at is None:
        return "–"
    if at.beyond:
        return f"nobody followed to day {at.day}"
    low, high = at.ci
    if math.isnan(low):  # log-log limits of 0 are not defined
        return f"{100 * at.survival:.1f}%"
    return f"{100 * at.survival:.1f}% ({number(100 * low)} to {number(100 * high)})"


def comparisons_table(trial: Trial, analysis: Analysis) -> Table:
    """The randomised comparisons."""
    rows: list[list[Cell]] = []
    for result in analysis.endpoints.values():
        if not isinstance(result, SurvivalResult):
            continue
        for c in result.comparisons.values():
            shown: list[Cell] = [_ratio(c), c.strata, _chi2(c.logrank_chi2), p_value(c.p)]
            rows.append([result.label, _against(trial, c.tested, c.control), *shown])
        rows.extend(
            [result.label, _against(trial, tested, control), f"not estimable: nobody on {nobody} yet", "–", "–", "–"]
            for tested, control, nobody in _empty(trial, result)
        )
        if result.all_arms is not None:
            together = result.all_arms
            rows.append(
                [result.label, "All arms", "", together.strata, _chi2(together.logrank_chi2), p_value(together.p)]
            )
        if not trial.control_arms and len(trial.tested_arms) > 1 and any(a.n for a in result.arms.values()):
            rows.append([result.label, "no control arm: no arm is compared with another", "–", "–", "–", "–"])
    notes = [
        "Hazard ratio below 1 favours the first arm; Cox model, Efron's ties, Wald interval. p: log-rank, two-sided. Stratified "
        "where the endpoint states it, both of them."
    ]
    notes += [
        f"{e.label}: of responders only, who are no randomised groups: not compared."
        for e in trial.endpoints
        if isinstance(e, TimeToEvent) and e.origin == "first response"
    ]
    return Table(
        "Randomised comparisons",
        ["Endpoint", "Arms", "Hazard ratio (95 % CI)", "Strata", "Log-rank chi²", "p"],
        rows,
        notes=notes,
    )


def _against(trial: Trial, tested: str, control: str) -> str:
    return f"{trial.arm_by_name[tested].label} against {trial.arm_by_name[control].label}"


def _ratio(c: Comparison) -> str:
    if not c.estimable:
        return f"not estimable: {c.not_estimable_because}"
    return f"{c.hr:.2f} ({c.hr_ci[0]:.2f} to {c.hr_ci[1]:.2f})"


def _empty(trial: Trial, result: SurvivalResult) -> list[tuple[str, str, str]]:
    """The comparisons that there are not because an arm is empty: tested, control, and the empty one's label."""
    if not any(a.n for a in result.arms.values()):
        return []
    found = []
    for tested, control in pairs(trial, trial.time_to_event(result.endpoint)):
        empty = next((name for name in (tested, control) if not result.arms[name].n), None)
        if empty is not None:
            found.append((tested, control, trial.arm_by_name[empty].label))
    return found


def rates_table(trial: Trial, analysis: Analysis) -> Table:
    """Rate endpoints by arm."""
    results = [r for r in analysis.endpoints.values() if isinstance(r, RateResult)]
    curves = any(a.kaplan_meier is not None for r in results for a in r.arms.values())
    rows: list[list[Cell]] = []
    notes = ["Exact (Clopper–Pearson) intervals."]
    for result in results:
        rows.append([f"{result.label} ({result.policy})"])
        rows.extend([trial.arm_by_name[name].label, *_rate_cells(a, curves)] for name, a in result.arms.items())
        notes.append(f"{result.label}: counted are {result.counted}.")
    if any(a.too_recent for r in results for a in r.arms.values()):
        notes.append(
            "Too recent: who came later than that, whether known already or not: failures are known at once and successes later, "
            "or the other way about. Pending though due: what would settle them was planned by the cut-off; neither successes nor "
            "failures."
        )
    if curves:
        notes.append("Kaplan–Meier: of all patients, at the landmark; log-log intervals.")
        read = dict.fromkeys(e.of for e in trial.endpoints if isinstance(e, Landmark))
        notes += [said for name in read if (said := overstated(trial.time_to_event(name)))]
    notes += [analysis.cautions[r.endpoint] for r in results if r.endpoint in analysis.cautions]
    notes += _lost(analysis)
    columns = ["", "Successes", "Rate (95 % CI)", *(["Kaplan–Meier (95 % CI)"] if curves else [])]
    columns += ["Too recent", "Pending though due", "Not evaluable"]
    return Table("Rates by arm", columns, rows, notes=notes)


def _rate_cells(a: ArmRate, curves: bool) -> list[Cell]:
    shown = f"{100 * a.rate:.1f}% ({100 * a.ci[0]:.1f} to {100 * a.ci[1]:.1f})" if a.n else "–"
    known = a.left_out["known early"]
    recent = f"{a.too_recent} ({known} known)" if known else a.too_recent
    curve: list[Cell] = [curve_at(a.kaplan_meier)] if curves else []
    return [f"{a.successes}/{a.n}", shown, *curve, recent, a.pending_due, a.not_evaluable]


def response_table(trial: Trial, analysis: Analysis) -> Table | None:
    """Best overall response by arm of those who count, from complete response to not evaluable; None without such an endpoint."""
    result = next((r for r in analysis.endpoints.values() if isinstance(r, RateResult) and r.kind == "response"), None)
    if result is None:
        return None
    rows: list[list[Cell]] = []
    words = trial.assessments.vocabulary if trial.assessments is not None else OURS
    always = {*words.responses, words.stable, *(w.code for w in words.words if w.progresses)}
    for word in words.words:
        counts = [a.counted_by_category.get(word.code, 0) for a in result.arms.values()]
        if any(counts) or word.code in always:
            totals = [sum(a.counted_by_category.values()) for a in result.arms.values()]
            shares = [share(k, n) for k, n in zip(counts, totals, strict=True)]
            rows.append([word.label, *shares])
    recent = [a.too_recent for a in result.arms.values()]
    if any(recent):
        rows.append(["Too recent to count", *recent])
    columns = ["Best response", *(trial.arm_by_name[a].label for a in result.arms)]
    notes = (f"{_taken(trial)}; {result.policy}.", f"Counted are {result.counted}.", *_lost(analysis))
    return Table("Best overall response", columns, rows, notes=notes)


def _lost(analysis: Analysis) -> list[str]:
    """What was recorded and is in no endpoint, as notes of a table."""
    return [f"Caution: {text}" for text in analysis.losses]


def _taken(trial: Trial) -> str:
    a = trial.assessments
    if a is None or (a.responses == "as recorded" and not a.read_by):
        return "As recorded at assessments"
    if a.responses != "as recorded":
        return f"Derived {a.responses.replace('from', 'from the')} by {a.criterion}"
    by = f"the map {a.map}" if a.map else "the trial file's map"
    return f"Recorded by {a.criterion}, read by {by} ({a.read_as})"
