"""Three answers for times, by hazard ratios: one-sample log-rank, Cox, and hazards that borrow."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from equipoise.analyse.between_arms import arrays, compare
from equipoise.analyse.strata import strata_of
from equipoise.analyse.survival import observations
from equipoise.history.answers import Answer, Answers, in_words
from equipoise.history.hazards import PastTimes
from equipoise.numerics.borrowing.methods import Borrowing
from equipoise.numerics.borrowing.normal_mixture import NormalMixture
from equipoise.numerics.times.one_sample import one_sample_logrank
from equipoise.numerics.times.weibull import fit_weibull
from equipoise.trial.duration import DAYS_PER_MONTH
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

Array = NDArray[np.float64]


def hazard_answers(
    trial: Trial, snap: Snapshot, endpoint_name: str, events: Sequence[int], borrowing: Borrowing, level: float,
    past: PastTimes | None = None,
) -> Answers | None:  # fmt: skip
    """For times, by hazard ratios: one-sample log-rank, Cox, and hazards that borrow; None without history's curve.

    ``events``: the numbers of events behind each curve of this endpoint, in its order. Without them ``past``: the arms of a
    library; the hazards are then those of its Weibull shape, else constant. With neither nothing is borrowed.
    """
    endpoint = trial.time_to_event(endpoint_name)
    curves = [c for c in trial.history.curves if c.endpoint == endpoint_name] if trial.history else []
    by_arm = observations(trial, snap, endpoint)
    group = by_arm[trial.tested_arms[0].name]
    if not curves or not group:
        return None
    confidence = 1 - 2 * level
    percent = f"{100 * confidence:g} %"
    time, event = arrays(group)
    hazard = math.log(2) / curves[0].median.exact_days
    one = one_sample_logrank(time, event, time * hazard, conf_level=confidence)
    found = [
        Answer(
            f"history (median {curves[0].median.months:.1f} months)", "hazard ratio", one.smr, one.smr_ci,
            f"exact Poisson, {percent}", one.p_one_sided, "p, one-sample log-rank, one-sided", one.p_one_sided <= level,
            in_words(one.p_one_sided <= level),
            ("history's curve is exponential and known without error", "these patients are like history's"),
        )
    ]  # fmt: skip
    control = by_arm[trial.control_arms[0].name] if trial.control_arms else []
    both = compare(group, control, "", "", strata_of(snap, endpoint), endpoint.stratified_by) if control else None
    if both is None:
        return Answers(endpoint.label, level, found, "")
    z = math.log(both.hr) / both.log_hr_se if both.estimable else math.nan
    width = -NormalMixture.of((1, 0, 1)).quantile(level) * both.log_hr_se
    p = both.p / 2 if both.hr < 1 else 1 - both.p / 2
    found.append(
        Answer(
            f"concurrent controls ({len(control)})", "hazard ratio", both.hr, (both.hr * math.exp(-width), both.hr * math.exp(width)),
            f"Cox (Wald), {percent}", p, "p, log-rank, one-sided", not math.isnan(z) and p <= level, in_words(p <= level),
            ("randomisation, and nothing of history", "proportional hazards"),
        )
    )  # fmt: skip
    control_time, control_event = arrays(control)
    if not event.any() or not control_event.any() or not (events or (past is not None and past.arms)):
        return Answers(endpoint.label, level, found, "")
    if events or past is None:
        k, past = 1.0, None
        logs = [-math.log(c.median.exact_days / math.log(2)) for c in curves[: len(events)]]
        worths: Sequence[float] = events
        assumed: Sequence[str] = ("history's events as given",)
        what = "historical curve"
    else:
        # the library speaks in months
        k = past.shape
        logs = [math.log(a.hazard) - k * math.log(DAYS_PER_MONTH) for a in past.arms]
        worths, assumed, what = [a.events for a in past.arms], past.leans_on, "historical arm"
    prior = borrowing.log_hazard_prior(logs, [1 / math.sqrt(d) for d in worths])
    after = prior.posterior(*_log_hazard(control_time, control_event, k))
    at, se = _log_hazard(time, event, k)
    own = NormalMixture.of((1, at, se))
    gap = own.minus(after)
    better = gap.cdf(0.0)
    worth = str(prior.effective_size())
    found.append(
        Answer(
            f"both combined ({len(logs)} {what}{'s' if len(logs) > 1 else ''})", "hazard ratio", math.exp(gap.quantile(0.5)),
            (math.exp(gap.quantile(level)), math.exp(gap.quantile(1 - level))), f"posterior, {percent}", better,
            "P(hazard ratio below 1)", better >= 1 - level, in_words(better >= 1 - level),
            (f"{borrowing}: {worth}", *assumed, *_shape_said(k, (time, event), (control_time, control_event)),
                "log hazards taken as normal",
),
        )
    )  # fmt: skip
    return Answers(endpoint.label, level, found, f"{borrowing}: {worth}", past=past)


def _shape_said(assumed: float, *arms: tuple[Array, Array]) -> list[str]:
    """The shape that all hazards are taken to have, beside the one that this trial's arms show, each by itself, pooled."""
    named = "constant hazards in all arms" if assumed == 1 else f"hazards of Weibull shape {assumed:g} in all arms"
    try:
        # a time of 0 days is some time of that day
        fits = [fit_weibull(np.maximum(t, 0.5), e) for t, e in arms]
    except ValueError:
        return [named]
    w = np.array([1 / f.covariance[1, 1] for f in fits])
    centre, half = float(w @ [f.log_shape for f in fits] / w.sum()), 1.959963984540054 / math.sqrt(float(w.sum()))
    low, high = math.exp(centre - half), math.exp(centre + half)
    verdict = "" if low <= assumed <= high else f", which contradicts {assumed:g}"
    return [f"{named}: this trial's own times have shape {math.exp(centre):.2f} ({low:.2f} to {high:.2f}){verdict}"]


def _log_hazard(time: Array, event: Array, shape: float) -> tuple[float, float]:
    """The log hazard of t^shape by maximum likelihood [days], and its standard error."""
    count = float(event.sum())
    return math.log(count / float((time**shape).sum())), 1 / math.sqrt(count)
