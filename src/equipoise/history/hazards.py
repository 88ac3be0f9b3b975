"""Published arms as hazards to borrow from: events and time at risk behind a median or a landmark rate, under a stated shape.

With a Weibull shape k that is known, t^k is exponential: S(t) = exp(-hazard · t^k). An arm then is worth as many events as its
published number is precise, 1 / variance of its log hazard, over the time at risk that gives this hazard.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import expit

from equipoise.history.halves import as_log_hazard
from equipoise.history.library import UNVERIFIED, HistoricalArm, HistoryLibrary, PublishedMedian, PublishedRate
from equipoise.history.rates import Choice, LeftOut, Shape, arms_by, log_median_variance, published
from equipoise.trial.duration import Duration
from equipoise.trial.endpoint import Landmark
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class ArmHazard:
    """One arm: ``hazard`` [1 / months^k], the ``events`` that it is worth and their ``exposure`` [months^k]. ``how``: from what."""

    arm: str
    trial: str
    n: int
    hazard: float
    events: float
    exposure: float
    how: str
    verified: str


@dataclass(frozen=True)
class PastTimes:
    """Arms to borrow from for times, the shape under which they were converted, and what a reader must believe."""

    arms: Sequence[ArmHazard]
    shape: float
    leans_on: Sequence[str]
    left_out: Sequence[LeftOut] = ()


def hazards(library: HistoryLibrary, choice: Choice) -> tuple[list[ArmHazard], list[LeftOut]]:
    """The arms asked for: a median before a rate, of the rates the one next to ``choice.at``; verified numbers unless asked otherwise.

    ``choice.shape`` None: rates only, exponential. Raises BadInput for unknown or doubly counted arms.
    """
    return arms_by(library, choice, _hazard)


def _hazard(arm: HistoricalArm, choice: Choice) -> ArmHazard | LeftOut:
    unverified = False
    shape = choice.shape.value if choice.shape is not None else 1.0
    for endpoint in choice.endpoints:
        for m in arm.medians if choice.shape is not None else ():
            if m.endpoint == endpoint:
                if arm.grade(m) == UNVERIFIED and not choice.unverified:
                    unverified = True
                else:
                    return of_median(arm, m, shape)
    for endpoint in choice.endpoints:
        known = [r for r in arm.rates if r.endpoint == endpoint and r.at is not None]
        unverified = unverified or any(arm.grade(r) == UNVERIFIED for r in known)
        known = [r for r in known if choice.unverified or arm.grade(r) != UNVERIFIED]
        if known:
            return of_rate(arm, min(known, key=lambda r: _apart(r.at, choice.at)), shape)
    return LeftOut(arm.name, f"{choice}: {'unverified' if unverified else 'neither median nor rate found'}")


def _apart(a: Duration | None, b: Duration | None) -> float:
    return abs(math.log(a.exact_days / b.exact_days)) if a is not None and b is not None else 0.0


def of_median(arm: HistoricalArm, m: PublishedMedian, shape: float) -> ArmHazard:
    """hazard = ln 2 / median^k. Variance of log hazard: k² that of log median, by its interval; else 1 / (n ln² 2).

    The latter is that of a sample median under the same curve with nobody censored before it: n patients are worth
    0.48 n events, whatever k. Under that curve no interval can be narrower; one that is counts no more.
    """
    assert arm.n is not None
    found = log_median_variance(m, arm.n, shape)
    by = {
        "interval": "by its interval",
        "n": "by n: those of a sample median, nobody censored before it",
        "narrow": f"by n: its interval is narrower than {arm.n} patients can give under this shape",
    }
    variance, how = shape**2 * found.value, f"median {m.value}; events {by[found.by]}"
    return _arm(arm, arm.n, math.log(2) / m.value.months**shape, variance, how, arm.grade(m))


def of_rate(arm: HistoricalArm, r: PublishedRate, shape: float) -> ArmHazard:
    """hazard = -ln S / t^k; variance of log hazard ((1 - S) / ln S)² that of logit S, by its interval or binomial of n.

    Where all or none survived, S is that of its logit with half a patient on each side.
    """
    assert r.at is not None
    found = published(arm, r)
    survival = float(expit(found.logit)) if found.halved else r.rate
    log_hazard, variance = as_log_hazard(survival, found.variance)
    by = "its interval" if "interval" in found.how else "n, nobody censored before"
    half = f", as {survival:.1%}: half a patient is added on each side" if found.halved else ""
    how = f"{r.rate:.1%} at {r.at}{half}; events by {by}"
    return _arm(arm, found.n, math.exp(log_hazard) / r.at.months**shape, variance, how, arm.grade(r))


def _arm(arm: HistoricalArm, n: int, hazard: float, variance: float, how: str, verified: str) -> ArmHazard:
    return ArmHazard(arm.name, arm.trial, n, hazard, 1 / variance, 1 / variance / hazard, how, verified)


def past_times(trial: Trial, library: HistoryLibrary, endpoint: str) -> PastTimes:
    """The arms that [history] from names, as events and time at risk of this endpoint.

    The endpoints of the library that the trial file takes as one are so taken for the monitored endpoint only. The shape is
    the trial file's, for all endpoints. Raises BadInput for arms that the library does not have, or that count patients twice.
    """
    assert trial.history is not None
    of = trial.history.library
    if of is None:
        return PastTimes((), 1.0, ())
    marks = [e for e in trial.endpoints if isinstance(e, Landmark) and e.of == endpoint]
    at = trial.time_to_event(endpoint).report_at or (marks[0].landmark if marks else None)
    monitored = trial.looked_at_landmark is not None and trial.looked_at_landmark.of == endpoint
    names = of.endpoints if monitored and of.endpoints else (endpoint,)
    shape = None if of.published_only else Shape(of.shape)
    return times_of(library, Choice(names, at, of.arms, of.without, of.treatments, of.until, of.unverified, shape))


def times_of(library: HistoryLibrary, choice: Choice) -> PastTimes:
    """The arms asked for as events and time at risk, with what a reader must believe. Raises BadInput as ``hazards`` does."""
    arms, left_out = hazards(library, choice)
    if not arms:
        return PastTimes((), 1.0, (), left_out)
    names, k = choice.endpoints, 1.0 if choice.shape is None else choice.shape.value
    events, patients = sum(a.events for a in arms), sum(a.n for a in arms)
    leans_on = [
        f"{len(arms)} arms of {library.id} with {patients} patients, {' or '.join(names)}, enter as {events:.0f} events: as many as "
        "their published numbers are precise"
    ]
    medians = sum(a.how.startswith("median") for a in arms)
    by = [f"{medians} from medians"] * bool(medians) + [f"{len(arms) - medians} from landmark rates"] * (
        medians < len(arms)
    )
    curve = "constant hazards" if k == 1 else f"Weibull hazards of stated shape {k:g}"
    leans_on.append(f"converted under {curve}: {' and '.join(by)}")
    narrow = sum("narrower" in a.how for a in arms)
    if narrow:
        leans_on.append(
            f"{narrow} of them with an interval narrower than n patients can give under that shape: n counts"
        )
    halves = [a.arm for a in arms if "half a patient" in a.how]
    if halves:
        leans_on.append(f"all or none survived in {', '.join(halves)}: half a patient is added on each side")
    guessed = sum("nobody censored" in a.how for a in arms)
    if guessed:
        leans_on.append(
            f"{guessed} of them without an interval: their precision is that of n patients, nobody censored before"
        )
    if len(names) > 1:
        leans_on.append(f"{' and '.join(names)} are taken as one")
    return PastTimes(arms, k, leans_on, left_out)


def conversions_table(question: str, past: PastTimes) -> Table:
    """Each arm as it enters: from what, events, time at risk, and how its number was verified."""
    unit = "patient-months" if past.shape == 1 else f"months^{past.shape:g}"
    rows: list[list[Cell]] = [
        [a.arm, a.n, a.how, f"{(math.log(2) / a.hazard) ** (1 / past.shape):.1f}", f"{a.events:.0f}", f"{a.exposure:.0f}", a.verified]
        for a in past.arms
    ]  # fmt: skip
    return Table(
        f"{question}: published arms as events and time at risk",
        ["Arm", "n", "From", "Median, months", "Events", f"At risk, {unit}", "Verified"], rows,
        ["Events: as many as the published number is precise, not those observed."],
    )  # fmt: skip
