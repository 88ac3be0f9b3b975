"""Arms of a library as rates at one landmark: published ones, and medians turned into rates under a stated shape."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from scipy.special import expit, logit, ndtri

from equipoise.history.halves import halved
from equipoise.history.library import UNVERIFIED, HistoricalArm, HistoryLibrary, PublishedMedian, PublishedRate
from equipoise.history.library_check import counted_twice
from equipoise.history.one_arm import exact_interval
from equipoise.trial.check import near
from equipoise.trial.duration import Duration
from equipoise.trial.problem import BadInput, Problem

Made = TypeVar("Made")


@dataclass(frozen=True)
class Shape:
    """Weibull shape by which a median becomes a rate: 1 is exponential, above 1 a rising hazard. ``sd`` is its doubt."""

    value: float = 1.0
    sd: float = 0.0

    def __str__(self) -> str:
        name = "exponential" if self.value == 1 else f"Weibull shape {self.value:g}"
        return name + (f" ± {self.sd:g}" if self.sd else "")


@dataclass(frozen=True)
class Choice:
    """Which arms are asked for, and of what. ``endpoints`` are taken as one; ``at`` is None for response.

    ``until``: published in this year or before. ``unverified``: take numbers from memory too. ``shape`` None: published
    rates only. Without ``arms`` all trial arms and cohorts of ``treatments`` are asked for, no pooled analyses.
    """

    endpoints: tuple[str, ...]
    at: Duration | None
    arms: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    treatments: tuple[str, ...] = ()
    until: int | None = None
    unverified: bool = False
    shape: Shape | None = None

    def __str__(self) -> str:
        return " or ".join(self.endpoints) + (f" at {self.at}" if self.at is not None else "")


@dataclass(frozen=True)
class ArmRate:
    """One arm's rate: on the logit scale with its variance, and as counts for the binomial model.

    ``how`` says where it comes from; ``converted`` where that is a median. ``lower`` and ``upper`` at 95 %. ``halved``: none or all
    succeeded, and the logit has half a patient added on each side; the counts have not.
    """

    arm: str
    trial: str
    published: int
    n: int
    rate: float
    lower: float
    upper: float
    logit: float
    variance: float
    successes: float
    of: float
    how: str
    converted: bool
    verified: str
    halved: bool = False


@dataclass(frozen=True)
class LeftOut:
    """An arm that was not taken, and why."""

    arm: str
    why: str


def choose(library: HistoryLibrary, choice: Choice) -> tuple[list[ArmRate], list[LeftOut]]:
    """The rates of the arms asked for, and what was left out. Raises BadInput for unknown or doubly counted arms."""
    return arms_by(library, choice, _rate)


def arms_by(
    library: HistoryLibrary, choice: Choice, made: Callable[[HistoricalArm, Choice], Made | LeftOut]
) -> tuple[list[Made], list[LeftOut]]:
    """The arms asked for, as ``made`` makes them, and what was left out. Raises BadInput for unknown or doubly counted arms."""
    names = [a.name for a in library.arms]
    unknown = [n for n in (*choice.arms, *choice.without) if n not in names]
    treatments = sorted({a.treatment for a in library.arms})
    problems = [Problem("unknown-arm", "arms", repr(n), "an arm of the library", near(n, names)) for n in unknown] + [
        Problem("unknown-treatment", "treatment", repr(t), f"one of {', '.join(treatments)}", near(t, treatments))
        for t in choice.treatments
        if t not in treatments
    ]
    asked = [a for a in library.arms if (a.name in choice.arms if choice.arms else a.kind != "pooled analysis")]
    taken: list[Made] = []
    out: list[LeftOut] = []
    kept: list[HistoricalArm] = []
    for arm in asked:
        if arm.name in choice.without:
            out.append(LeftOut(arm.name, "left out as asked"))
        elif choice.treatments and arm.treatment not in choice.treatments:
            out.append(LeftOut(arm.name, f"treatment: {arm.treatment}"))
        elif choice.until is not None and arm.published > choice.until:
            out.append(LeftOut(arm.name, f"published {arm.published}"))
        elif arm.n is None or (arm.n_grade == UNVERIFIED and not choice.unverified):
            out.append(LeftOut(arm.name, "number of patients unverified"))
        else:
            found = made(arm, choice)
            if isinstance(found, LeftOut):
                out.append(found)
            else:
                taken.append(found)
                kept.append(arm)
    problems += counted_twice(kept)
    if problems:
        raise BadInput(library.id, problems)
    return taken, out


def _rate(arm: HistoricalArm, choice: Choice) -> ArmRate | LeftOut:
    """A published rate before a median; verified numbers only, unless asked otherwise."""
    unverified = False
    for endpoint in choice.endpoints:
        for r in arm.rates:
            same = (r.at is None) == (choice.at is None) and (
                r.at is None or choice.at is None or r.at.days == choice.at.days
            )
            if r.endpoint == endpoint and same:
                if arm.grade(r) == UNVERIFIED and not choice.unverified:
                    unverified = True
                else:
                    return published(arm, r)
    for endpoint in choice.endpoints:
        for m in arm.medians:
            if m.endpoint == endpoint and choice.at is not None:
                if arm.grade(m) == UNVERIFIED and not choice.unverified:
                    unverified = True
                elif choice.shape is not None:
                    return converted(arm, m, choice.at, choice.shape)
                else:
                    return LeftOut(arm.name, "only a median, and medians are not converted")
    return LeftOut(arm.name, f"{choice}: {'unverified' if unverified else 'not published, or not found'}")


def published(arm: HistoricalArm, r: PublishedRate) -> ArmRate:
    """A published rate: variance of the logit from its interval, or binomial of its n (nobody censored before).

    Where none or all succeeded (no rate between 0 and 1) the counts are as they are, and the logit is ``halved``.
    """
    n = r.n or arm.n
    assert n is not None
    if not 0 < r.rate < 1:
        x = float(round(r.rate * n))
        value, variance = halved(x, n)
        how = f"published; {'all' if x else 'none'} of {n}: half a patient on each side of the logit"
        limits = exact_interval(x, n)
        return ArmRate(
            arm.name, arm.trial, arm.published, n, r.rate, *limits, value, variance, x, float(n), how, converted=False,
            verified=arm.grade(r), halved=True,
        )  # fmt: skip
    variance = 1 / (n * r.rate * (1 - r.rate))
    how = "published; binomial variance"
    if r.lower is not None and r.upper is not None and 0 < r.lower < r.upper < 1:
        z = float(ndtri((1 + r.conf_level) / 2))
        variance = (float(logit(r.upper) - logit(r.lower)) / (2 * z)) ** 2
        how = "published; variance from its interval"
    return _arm_rate(arm, n, float(logit(r.rate)), variance, how, converted=False, verified=arm.grade(r))


@dataclass(frozen=True)
class OfLogMedian:
    """The variance of a log median: by its ``interval``, by ``n``, or by n because the interval is too ``narrow``."""

    value: float
    by: Literal["interval", "n", "narrow"]


def log_median_variance(m: PublishedMedian, n: int, shape: float) -> OfLogMedian:
    """By the published interval, but never below 1/(k ln 2)² / n; that too where there is no interval.

    The latter is the large-sample variance of a sample median under the same curve, nobody censored before it. Scans on fixed
    days make many progress together and intervals of medians narrow (219 patients: 5.5 to 5.7 months): under a smooth curve
    such an interval would be worth thousands of patients.
    """
    least = 1 / (shape * math.log(2)) ** 2 / n
    if m.lower is None or m.upper is None:
        return OfLogMedian(least, "n")
    z = float(ndtri((1 + m.conf_level) / 2))
    stated = (math.log(m.upper.exact_days / m.lower.exact_days) / (2 * z)) ** 2
    return OfLogMedian(stated, "interval") if stated >= least else OfLogMedian(least, "narrow")


def converted(arm: HistoricalArm, m: PublishedMedian, at: Duration, shape: Shape) -> ArmRate:
    """A median as a rate: S(t) = exp(-ln 2 · (t/m)^k).

    The variance of log m is ``log_median_variance``. Doubt of k adds (ln t/m)² sd² on the log cumulative hazard.
    """
    assert arm.n is not None
    k = shape.value
    ratio = math.log(at.exact_days / m.value.exact_days)
    found = log_median_variance(m, arm.n, k)
    by = {
        "interval": " with its interval",
        "n": ", variance from n",
        "narrow": ", variance from n: its interval is narrower than that",
    }
    of_log_median, how = found.value, f"median {m.value}{by[found.by]}, {shape}"
    hazard = math.log(2) * math.exp(k * ratio)
    rate = math.exp(-hazard)
    of_log_hazard = k**2 * of_log_median + ratio**2 * shape.sd**2
    variance = (hazard / (1 - rate)) ** 2 * of_log_hazard
    value = float(logit(rate))
    return _arm_rate(arm, arm.n, value, variance, how, converted=True, verified=arm.grade(m))


def _arm_rate(
    arm: HistoricalArm, n: int, value: float, variance: float, how: str, *, converted: bool, verified: str
) -> ArmRate:
    rate, half = float(expit(value)), 1.959963984540054 * math.sqrt(variance)
    exact = how.startswith("published; binomial")
    of = float(n) if exact else 1 / (variance * rate * (1 - rate))
    return ArmRate(
        arm.name, arm.trial, arm.published, n, rate, float(expit(value - half)), float(expit(value + half)), value, variance,
        float(round(rate * n)) if exact else rate * of, of, how, converted, verified,
    )  # fmt: skip


def implied_shapes(
    arms: Sequence[HistoricalArm], endpoints: Sequence[str], *, unverified: bool = False
) -> list[tuple[str, str, float]]:
    """Weibull shapes that arms with a median and a rate imply: (arm, landmark, shape). What a conversion assumes, seen."""
    found = []
    for arm in arms:
        for m in arm.medians:
            for r in arm.rates:
                known = unverified or UNVERIFIED not in (arm.grade(m), arm.grade(r))
                apart = r.at is not None and abs(math.log(r.at.exact_days / m.value.exact_days)) > 0.05
                if m.endpoint == r.endpoint and m.endpoint in endpoints and r.at and apart and known and 0 < r.rate < 1:
                    hazard = -math.log(r.rate) / math.log(2)
                    k = math.log(hazard) / math.log(r.at.exact_days / m.value.exact_days)
                    found.append((arm.name, str(r.at), k))
    return found
