"""Rates of several arms pooled: their mean, how much trials differ, and where the next trial's control rate may lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scipy.special import expit

from equipoise.history.library import HistoryLibrary
from equipoise.history.next_trial import NextRate, Priors, bayes_binomial, bayes_normal, from_pooled
from equipoise.history.random_effects import MeanInterval, Pooled, Tau2Method, pool
from equipoise.history.rates import ArmRate, Choice, LeftOut, choose, implied_shapes
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
    interval predicted under other shapes, where medians were converted.
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


def pool_library(
    library: HistoryLibrary,
    choice: Choice,
    method: Tau2Method = "REML",
    interval: MeanInterval = "HKSJ-wider",
    priors: Priors | None = None,
) -> PooledRates:
    """Pool the arms asked for. Raises BadInput for arms counted twice, or fewer than 2."""
    arms, out = choose(library, choice)
    _enough(library, choice, arms, out)
    found = pool([a.logit for a in arms], [a.variance for a in arms], method, interval)
    predictions = [predict(arms, "bayes", priors), predict(arms, "bayes-binomial", priors)]
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
        _cautions(choice, arms, shapes),
    )  # fmt: skip


def prediction_of(arms: Sequence[ArmRate], by: PredictionBy = "bayes", priors: Priors | None = None) -> NextRate:
    """The distribution of the next trial's control rate: 'bayes' from logits, 'bayes-binomial' from counts, or 't'."""
    if by == "bayes":
        return bayes_normal([a.logit for a in arms], [a.variance for a in arms], priors)
    if by == "bayes-binomial":
        return bayes_binomial([a.successes for a in arms], [a.of for a in arms], priors)
    found = pool([a.logit for a in arms], [a.variance for a in arms], "REML", "HKSJ-wider")
    if len(arms) < 3:
        raise BadInput("history", [Problem("too-few-arms", "arms", str(len(arms)), "3 or more for a prediction by t")])
    return from_pooled(found)


def predict(arms: Sequence[ArmRate], by: PredictionBy = "bayes", priors: Priors | None = None) -> Prediction:
    """The next trial's control rate in numbers."""
    return summed(prediction_of(arms, by, priors))


def summed(next_rate: NextRate) -> Prediction:
    """A distribution's median, mean and 95 % interval."""
    q = next_rate.quantile
    return Prediction(next_rate.method, q(0.5), next_rate.mean(), q(0.025), q(0.975), next_rate.tau_mean)


def _sensitivity(
    library: HistoryLibrary, choice: Choice, arms: Sequence[ArmRate], priors: Priors | None
) -> list[tuple[str, Prediction]]:
    from dataclasses import replace

    from equipoise.history.rates import Shape

    if choice.shape is None or not any(a.converted for a in arms):
        return []
    found = []
    for k in (1.0, 1.5, 2.0):
        other, _ = choose(library, replace(choice, shape=Shape(k)))
        found.append((str(Shape(k)), predict(other, "bayes", priors)))
    return found


def _enough(library: HistoryLibrary, choice: Choice, arms: Sequence[ArmRate], out: Sequence[LeftOut]) -> None:
    if len(arms) < 2:
        why = "; ".join(f"{o.arm}: {o.why}" for o in out[:4])
        raise BadInput(
            library.id,
            [
                Problem(
                    "too-few-arms", "arms", f"{len(arms)} with {choice}", "2 arms or more",
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
    if len(arms) < 5:
        found.append(f"{len(arms)} arms say little of how much trials differ: the prediction leans on the prior of τ.")
    if any(a.verified == "from memory: unverified" for a in arms):
        found.append("Numbers from memory were taken in, as asked: unverified.")
    return found
