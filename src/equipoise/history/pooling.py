"""Rates of several arms pooled: their mean, how much trials differ, and where the next trial's control rate may lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from scipy.special import expit, logit

from equipoise.history.binomial_normal import BinomialNormal, fit_binomial_normal
from equipoise.history.library import HistoryLibrary
from equipoise.history.next_trial import NextRate, Priors, bayes_binomial, bayes_normal, from_pooled
from equipoise.history.one_arm import OneArmRate, exact_interval
from equipoise.history.random_effects import MeanInterval, Pooled, Tau2Method, pool
from equipoise.history.rates import ArmRate, Choice, LeftOut, Shape, choose, implied_shapes
from equipoise.trial.problem import BadInput, Problem

PredictionBy = Literal["bayes", "bayes-binomial", "t"]


@dataclass(frozen=True)
class Prediction:
    """The next trial's control rate: median, mean and 95 % interval; ``tau`` the spread of logits between trials."""

    method: str
    median: float
    mean: float
    lower: float
    upper: float
    tau: float


@dataclass(frozen=True)
class PooledRates:
    """Arms pooled: the mean rate with its interval, heterogeneity, and the predictions that history allows.

    ``rate`` is at the mean logit. ``pooled`` are the numbers on the logit scale. ``sensitivity`` gives the median and
    interval predicted under other shapes, where medians were converted, and of one arm what a spread between trials would add.
    ``binomial``: the mean by counts, where none or all succeeded in an arm and the logit scale needs half a patient.
    The first of ``predictions`` is the one that is shown alone.
    """

    library: str
    what: str
    arms: Sequence[ArmRate]
    left_out: Sequence[LeftOut]
    rate: float
    lower: float
    upper: float
    pooled: Pooled
    predictions: Sequence[Prediction]
    sensitivity: Sequence[tuple[str, Prediction]]
    shapes: Sequence[tuple[str, str, float]]
    cautions: Sequence[str]
    binomial: BinomialNormal | None = None

    @property
    def of_arms(self) -> str:
        """'5 arms of ed-sclc'."""
        return f"{len(self.arms)} arm{'s' if len(self.arms) > 1 else ''} of {self.library}"

    @property
    def have(self) -> str:
        """'have a mean of', or what one arm has."""
        return "have a mean of" if len(self.arms) > 1 else "alone has"


def pool_library(
    library: HistoryLibrary,
    choice: Choice,
    method: Tau2Method = "REML",
    interval: MeanInterval = "HKSJ-wider",
    priors: Priors | None = None,
) -> PooledRates:
    """Pool the arms asked for; of one arm the rate is its own. Raises BadInput for arms counted twice, or for none."""
    arms, out = choose(library, choice)
    _some(library, choice, arms, out)
    if len(arms) == 1:
        return _alone(library, choice, arms[0], out, priors)
    found = pool([a.logit for a in arms], [a.variance for a in arms], method, interval)
    first = by_default(arms)
    predictions = [
        predict(arms, b, priors) for b in (first, "bayes" if first == "bayes-binomial" else "bayes-binomial")
    ]
    if len(arms) > 2:
        predictions.append(summed(from_pooled(found)))
    names = {a.arm for a in arms}
    shapes = implied_shapes(
        [a for a in library.arms if a.treatment in {b.treatment for b in library.arms if b.name in names}],
        choice.endpoints,
    )
    return PooledRates(
        library.id, str(choice), arms, out, float(expit(found.mean)), float(expit(found.interval[0])),
        float(expit(found.interval[1])), found, predictions, _sensitivity(library, choice, arms, priors), shapes,
        _cautions(choice, arms, shapes), _by_counts(arms),
    )  # fmt: skip


def _alone(
    library: HistoryLibrary, choice: Choice, arm: ArmRate, out: Sequence[LeftOut], priors: Priors | None
) -> PooledRates:
    """One arm: its own rate with the exact interval, and what it would be were trials to differ as the prior of τ says."""
    lower, upper = exact_interval(arm.successes, arm.of)
    mean, nan = arm.logit, math.nan
    ends = (float(logit(lower)), float(logit(upper)))
    shapes = implied_shapes([a for a in library.arms if a.name == arm.arm], choice.endpoints)
    return PooledRates(
        library.id, str(choice), [arm], out, arm.rate, lower, upper,
        Pooled(1, mean, math.sqrt(arm.variance), ends, (nan, nan), nan, nan, 0.0, 0.0, 1.0, nan, 0.95, "common", "binomial"),
        [predict([arm], None, priors)],
        [
            (f"trials that differ: {priors or Priors()}", summed(bayes_binomial([arm.successes], [arm.of], priors))),
            *_sensitivity(library, choice, [arm], priors),
        ],
        shapes, _cautions(choice, [arm], shapes),
    )  # fmt: skip


def _by_counts(arms: Sequence[ArmRate]) -> BinomialNormal | None:
    """The mean by counts where an arm's logit needs half a patient; None where none does, or where every arm's would: there is none."""
    if not any(a.halved for a in arms) or all(a.halved for a in arms):
        return None
    return fit_binomial_normal([a.successes for a in arms], [a.of for a in arms])


def by_default(arms: Sequence[ArmRate]) -> PredictionBy:
    """'bayes' from logits; from counts where none or all succeeded in an arm, whose logit is infinite."""
    return "bayes-binomial" if any(a.halved for a in arms) else "bayes"


def prediction_of(
    arms: Sequence[ArmRate], by: PredictionBy | None = None, priors: Priors | None = None
) -> NextRate | OneArmRate:
    """The distribution of the next trial's control rate: 'bayes' from logits, 'bayes-binomial' from counts, or 't'.

    None: ``by_default``. Of one arm it is the arm's own binomial rate, however it is asked for.
    """
    by = by or by_default(arms)
    if len(arms) == 1:
        return OneArmRate(arms[0].successes, arms[0].of)
    if by == "bayes":
        return bayes_normal([a.logit for a in arms], [a.variance for a in arms], priors)
    if by == "bayes-binomial":
        return bayes_binomial([a.successes for a in arms], [a.of for a in arms], priors)
    found = pool([a.logit for a in arms], [a.variance for a in arms], "REML", "HKSJ-wider")
    if len(arms) < 3:
        raise BadInput("history", [Problem("too-few-arms", "arms", str(len(arms)), "3 or more for a prediction by t")])
    return from_pooled(found)


def predict(arms: Sequence[ArmRate], by: PredictionBy | None = None, priors: Priors | None = None) -> Prediction:
    """The next trial's control rate in numbers."""
    return summed(prediction_of(arms, by, priors))


def summed(next_rate: NextRate | OneArmRate) -> Prediction:
    """A distribution's median, mean and 95 % interval."""
    q = next_rate.quantile
    return Prediction(next_rate.method, q(0.5), next_rate.mean(), q(0.025), q(0.975), next_rate.tau_mean)


def _sensitivity(
    library: HistoryLibrary, choice: Choice, arms: Sequence[ArmRate], priors: Priors | None
) -> list[tuple[str, Prediction]]:
    if choice.shape is None or not any(a.converted for a in arms):
        return []
    found = []
    for k in (1.0, 1.5, 2.0):
        other, _ = choose(library, replace(choice, shape=Shape(k)))
        found.append((f"medians as {Shape(k)}", predict(other, None, priors)))
    return found


def _some(library: HistoryLibrary, choice: Choice, arms: Sequence[ArmRate], out: Sequence[LeftOut]) -> None:
    if not arms:
        why = "; ".join(f"{o.arm}: {o.why}" for o in out[:4])
        raise BadInput(
            library.id,
            [
                Problem(
                    "too-few-arms", "arms", f"none with {choice}", "1 arm or more",
                    f"{why}{' …' if len(out) > 4 else ''}",
                )
            ],
        )  # fmt: skip


def _cautions(choice: Choice, arms: Sequence[ArmRate], shapes: Sequence[tuple[str, str, float]]) -> list[str]:
    found = []
    changed = sum(a.converted for a in arms)
    if changed:
        text = (
            f"{changed} of {len(arms)} rates are medians converted as {choice.shape}: an assumption, not a publication."
        )
        if shapes:
            low, high = min(s[2] for s in shapes), max(s[2] for s in shapes)
            text += f" Arms of the library with both imply shapes of {low:.1f} to {high:.1f}."
        found.append(text)
    narrow = [a.arm for a in arms if "narrower" in a.how]
    if narrow:
        found.append(
            f"{', '.join(narrow)}: the median's interval is narrower than so many patients can give under that shape, as where many "
            "progress on one scan day. n counts instead."
        )
    halves = [f"{a.arm} ({a.successes:g} of {a.of:g})" for a in arms if a.halved]
    if halves and len(arms) > 1:
        found.append(
            f"None or all succeeded in {', '.join(halves)}, whose logit is infinite: for the mean and the predictions from logits half a "
            "patient is added on each side; the binomial ones, which come first, and borrowing take the counts as they are."
            + (
                " A mean by counts there is not: no rate is most likely where it is so in every arm."
                if len(halves) == len(arms)
                else ""
            )
        )
    if len(arms) == 1:
        found.append(
            "One arm says nothing of how much trials differ: the next rate is this arm's own, with its binomial doubt only (exact interval). "
            "The next trial's may well lie outside."
        )
    elif len(arms) < 5:
        found.append(f"{len(arms)} arms say little of how much trials differ: the prediction leans on the prior of τ.")
    if any(a.verified == "from memory: unverified" for a in arms):
        found.append("Numbers from memory were taken in, as asked: unverified.")
    return found
