"""What many simulated trials say: probabilities with their Monte-Carlo errors, beside the exact ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from equipoise.simulate.lines import MILLIONTHS, spoke
from equipoise.simulate.own_truth import BECAUSE, MARK
from equipoise.simulate.plan import Plan
from equipoise.simulate.shown_truth import truth_shown
from equipoise.simulate.tally import Tally
from equipoise.simulate.truth import rate_shown
from equipoise.trial.design import Characteristics, Quantity
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.evidence import ArmsEvidence, HazardRatioEvidence, ToxicityEvidence, TwoArmEvidence
from equipoise.trial.exhibits import Table
from equipoise.trial.problem import BadInput

#: What a selection design says more of.
_CLEAR, _UNCLEAR = "P(that arm leads clearly)", "P(tied or ambiguous lead)"
Range = tuple[float, float]


@dataclass(frozen=True)
class SafetySaid:
    """How often safety rules speak, by their names; in how many trials any does; the month of the first to speak among those trials, with
    its middle 80 %; looks and events a trial; in how many trials a rule stops it."""

    by_rule: Mapping[str, Quantity]
    speaks: Quantity
    month: Quantity
    month_range: Range
    looks: Quantity
    events: Quantity
    stops: Quantity


@dataclass(frozen=True)
class Summary:
    """What the replicates of one scenario and one way of waiting say. Ranges hold 80 %: from 10 to 90 %.

    ``at_…``: randomised patients. ``bias``: mean of the last look's rate less the truth, where that is known; after a
    design that stops for low rates it is below 0. ``declared_against``: the trial declares and the randomised hazard
    ratio is 1 or more. ``stopped_against``: it does not, and the randomised comparison favours the tested arm at 5 %,
    two-sided. ``full_month``: when the first look's cohort is enrolled; ``look_month``, ``readout_month``: when it is ripe
    and when it is known; ``enrolment_month``: of the last randomisation. ``exposure_months``: time on study of all patients of the tested arm.
    """

    scenario: str
    label: str
    waiting: str
    seed: int
    asked: int
    done: int
    characteristics: Characteristics
    at_cohort_full: Quantity
    at_cutoff: Quantity
    at_readout: Quantity
    at_readout_range: Range
    on_study_at_readout: Quantity
    randomised: Quantity
    randomised_range: Range
    tested: Quantity
    spared: Quantity
    full_month: Quantity
    enrolment_month: Quantity
    months_range: Mapping[str, Range]
    exposure_months: Quantity
    look_month: Quantity
    readout_month: Quantity
    duration_months: Quantity
    duration_range: Range
    control_caution: Quantity
    declared_against: Quantity
    stopped_against: Quantity
    estimate: Quantity
    bias: Quantity | None
    log_hr: Quantity
    #: trials whose last look the design refuses; each ends with nothing shown
    unruled: Quantity
    safety: SafetySaid | None = None


def true_rate(plan: Plan) -> float | None:
    """The rate that the scenario makes the scans of the tested arm show, where that is known."""
    arm, m = plan.trial.monitored.tested.name, plan.trial.monitored
    return rate_shown(arm, plan.courses[arm], plan.trial, plan.scenario) if m.by_cohort else None


def exact_of(plan: Plan) -> Characteristics | None:
    """The design's own behaviour at the truth that the scenario makes the trial show, where that is known.

    None too where the design holds that truth to be beyond what it was made for.
    """
    truth = truth_shown(plan)
    try:
        found = None if truth is None else plan.design.characteristics(truth)
    except BadInput:
        return None
    if found is not None and _is_safety(plan) and found.ends_at:
        # A rule on safety counts a stop at its last look too; what is simulated is that the trial ends before it.
        return replace(found, stop_early=Quantity(sum(found.ends_at[:-1])))
    if found is None or plan.design.takes is not ArmsEvidence:
        return found
    # A design that selects counts how often the best arm is selected, ties broken; what is simulated is that any arm leads.
    return replace(found, declare=Quantity(1 - found.more[_UNCLEAR].value))


def _is_safety(plan: Plan) -> bool:
    """True of a trial whose design is a rule on safety."""
    m = plan.trial.monitored
    imbalance = m.design.takes is TwoArmEvidence and not m.by_cohort
    return imbalance or m.design.takes in (ToxicityEvidence, HazardRatioEvidence)


def summarise(plan: Plan, tally: Tally, asked: int) -> Summary:
    """Summary of the replicates that are there; ``asked`` says how many were meant."""
    looks = [look.n for look in plan.design.looks]
    by_cohort = plan.trial.monitored.by_cohort
    counts = tally.counts["looks"]
    ends_at = [float(counts[k]) / tally.n if k < len(counts) else 0.0 for k in range(1, len(looks) + 1)]
    expected = sum(n * p for n, p in zip(looks, ends_at, strict=True))
    variance = sum((n - expected) ** 2 * p for n, p in zip(looks, ends_at, strict=True))
    truth = true_rate(plan)
    estimate = tally.mean("estimate", MILLIONTHS)

    def months(name: str) -> Quantity:
        return tally.mean(name, DAYS_PER_MONTH)

    def middle(name: str, unit: float = 1.0) -> Range:
        return tally.quantile(name, 0.1) / unit, tally.quantile(name, 0.9) / unit

    return Summary(
        scenario=plan.scenario.id,
        label=plan.scenario.label,
        waiting=plan.waiting if plan.waiting != "cap" else f"cap {plan.cap}",
        seed=plan.seed,
        asked=asked,
        done=tally.n,
        characteristics=Characteristics(
            truth=plan.scenario.id,
            method=f"simulated, {tally.n} replicates, seed {plan.seed}",
            declare=tally.probability("declared"),
            stop_early=tally.probability("stopped_early"),
            expected_n=Quantity(expected, (variance / tally.n) ** 0.5) if by_cohort else tally.mean("randomised"),
            ends_at=ends_at,
            more={_CLEAR: tally.probability("selected_best")} if plan.design.takes is ArmsEvidence else {},
        ),
        at_cohort_full=tally.mean("cohort_full"),
        at_cutoff=tally.mean("at_cutoff"),
        at_readout=tally.mean("at_readout"),
        at_readout_range=middle("at_readout"),
        on_study_at_readout=tally.mean("on_study_at_readout"),
        randomised=tally.mean("randomised"),
        randomised_range=middle("randomised"),
        tested=tally.mean("tested"),
        spared=tally.mean("spared"),
        full_month=months("full_day"),
        enrolment_month=months("enrolment_day"),
        months_range={
            name: middle(column, DAYS_PER_MONTH)
            for name, column in (
                ("full", "full_day"),
                ("look", "look_day"),
                ("readout", "readout_day"),
                ("enrolment", "enrolment_day"),
                ("end", "duration"),
            )
        },
        exposure_months=months("exposure_days"),
        look_month=months("look_day"),
        readout_month=months("readout_day"),
        duration_months=months("duration"),
        duration_range=middle("duration", DAYS_PER_MONTH),
        control_caution=tally.probability("control_caution"),
        declared_against=tally.probability("declared_against"),
        stopped_against=tally.probability("stopped_against"),
        estimate=estimate,
        bias=Quantity(estimate.value - truth, estimate.mc_error) if truth is not None else None,
        log_hr=tally.mean("log_hr", MILLIONTHS),
        unruled=tally.probability("unruled"),
        safety=_safety_said(plan, tally),
    )


def _safety_said(plan: Plan, tally: Tally) -> SafetySaid | None:
    rules = plan.trial.safety
    if not rules:
        return None
    return SafetySaid(
        by_rule={rule.name: tally.probability(spoke(rule.name)) for rule in rules},
        speaks=tally.probability("safety_speaks"),
        month=tally.mean("safety_day", DAYS_PER_MONTH),
        month_range=(
            tally.quantile("safety_day", 0.1) / DAYS_PER_MONTH,
            tally.quantile("safety_day", 0.9) / DAYS_PER_MONTH,
        ),
        looks=tally.mean("safety_looks"),
        events=tally.mean("safety_events"),
        stops=tally.probability("safety_stopped"),
    )


def shown(q: Quantity, digits: int) -> str:
    """'0.546 ± 0.002': the value in ``digits`` decimals, the error in as many or, where it would be 0, in one figure."""
    error = q.mc_error or 0.0
    small = f"{error:.{digits}f}"
    if error > 0 and float(small) == 0:
        small = f"{error:.1g}" if error >= 1e-4 else "< 0.0001"
    return f"{q.value:.{digits}f}\u00a0±\u00a0{small}"


def ranged(q: Quantity, digits: int, low_high: Range) -> str:
    """'18.0 ± 0.01 (17 to 19)': with the middle 80 %."""
    return f"{shown(q, digits)} ({low_high[0]:.0f}\u00a0to\u00a0{low_high[1]:.0f})"


def safety_table(rows: Mapping[tuple[str, ...], Summary], axes: Sequence[str]) -> Table | None:
    """How often the safety rules speak and when; None for trials without."""
    there = {key: s.safety for key, s in rows.items() if s.safety is not None}
    if not there:
        return None
    names = list(dict.fromkeys(name for said in there.values() for name in said.by_rule))
    still = list(dict.fromkeys(key[0] for key in there))
    still = [name for name in still if all(said.events.value == 0 for key, said in there.items() if key[0] == name)]
    never = Quantity(0.0, 0.0)
    body = [
        [
            *key,
            *(_alike(said.by_rule.get(name, never), 3) for name in names),
            ranged(said.month, 1, said.month_range) if said.speaks.value > 0 else "–",
            _alike(said.events, 2),
            _alike(said.looks, 1),
            _alike(said.stops, 3),
        ]
        for key, said in there.items()
        if key[0] not in still
    ]
    return Table(
        "Safety rules beside the design",
        [
            "Scenario",
            *axes,
            *(f"P({name} speaks)" for name in names),
            "First speaks, month (10 to 90 %)",
            "Events",
            "Looks",
            "P(stops the trial)",
        ],
        body,
        notes=(
            *(
                [f"No event that counts came in any trial of {', '.join(still)}: there no rule speaks."]
                if still
                else []
            ),
            "First speaks: months since the trial's start, among the trials in which a rule speaks. Events: those that count, as known at "
            "each rule's last look. ± is the Monte-Carlo standard error; a number without it was the same in all trials.",
        ),
    )


def _alike(q: Quantity, digits: int) -> str:
    """A number with its error; without, where all trials gave the same."""
    return shown(q, digits) if q.mc_error else f"{q.value:g}"


def stop_label(summaries: Iterable[Summary]) -> str:
    """What ``stop_early`` is: with two looks a stop at the first, with more a stop at any before the last."""
    two = all(len(s.characteristics.ends_at) <= 2 for s in summaries)
    return "P(stop at look 1)" if two else "P(stop early)"


def stops_by_look(summaries: Iterable[Summary]) -> list[str]:
    """Where there are three looks or more, at which of them the trials of each summary stop, with its error."""
    found = []
    for s in summaries:
        ends = s.characteristics.ends_at[:-1]
        if len(ends) > 1:
            each = [shown(Quantity(p, (p * (1 - p) / s.done) ** 0.5), 3) for p in ends]
            told = "; ".join(f"{e} at look {k}" for k, e in enumerate(each, 1))
            found.append(f"{s.scenario}, {s.waiting}: stops {told}.")
        if s.unruled.value > 0:
            found.append(
                f"{s.scenario}, {s.waiting}: the design does not take what the last look brings in {shown(s.unruled, 4)} of the trials (such as "
                "one without any event); they end with nothing shown."
            )
    return found


def _exact_is(exact: Sequence[Characteristics | None]) -> str:
    """What the columns 'exact' are: the design's own computation, which for some kinds is an approximation."""
    methods = sorted({e.method for e in exact if e is not None})
    if not methods:
        return "Exact: –, for these scenarios are no truths that the design knows."
    if methods == ["exact binomial enumeration"]:
        return (
            "Exact: the design's binomial calculation at the scenario's rate of the monitored endpoint, with every planned patient "
            "evaluable."
        )
    return f"Exact: the design's own calculation at the scenario's truth, with every planned patient evaluable ({'; '.join(methods)})."


def interrupted(summaries: Sequence[Summary]) -> str:
    """What a reader is told where fewer trials came than were asked for; '' where all did."""
    short = [s for s in summaries if s.done < s.asked]
    if not short:
        return ""
    done, asked = sum(s.done for s in summaries), sum(s.asked for s in summaries)
    return f"Interrupted: what stands here is of the {done:,} simulated trials that were done, of {asked:,} that were asked for."


def summary_table(summaries: Sequence[Summary], exact: Sequence[Characteristics | None]) -> Table:
    """Simulated beside exact, and who was on study when the look read out."""
    rows = []
    for s, e in zip(summaries, exact, strict=True):
        c = s.characteristics
        rows.append(
            [
                f"{s.scenario} {MARK}" if MARK in s.label else s.scenario,
                s.waiting,
                str(s.done),
                shown(c.stop_early, 3),
                f"{e.stop_early.value:.3f}" if e else "–",
                shown(c.declare, 3),
                f"{e.declare.value:.3f}" if e else "–",
                shown(s.at_cohort_full, 1),
                ranged(s.at_readout, 1, s.at_readout_range),
                shown(s.readout_month, 1),
                shown(s.duration_months, 1),
            ]
        )
    return Table(
        "Simulated trials beside the exact design",
        [
            "Scenario",
            "Waiting",
            "Trials",
            stop_label(summaries),
            "exact",
            "P(declare)",
            "exact",
            "At full cohort",
            "At read-out (10 to 90 %)",
            "Read-out, month",
            "End, month",
        ],
        rows,
        notes=(
            *stops_by_look(summaries),
            *(f"{name}: {label}." for name, label in {s.scenario: s.label for s in summaries}.items()),
            *([BECAUSE] if any(MARK in s.label for s in summaries) else []),
            "Waiting: what enrolment does while the look is awaited. At full cohort, at read-out: patients in the trial by then. "
            f"± is the Monte-Carlo standard error. {_exact_is(exact)}",
            *([undone] if (undone := interrupted(summaries)) else []),
        ),
    )  # fmt: skip
