"""Whole curves of several arms pooled: survival at a grid of times, and Weibull curves as pairs of parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.special import expit, stdtrit

from equipoise.history.halves import as_log_hazard, halved
from equipoise.history.random_effects import Tau2Method, pool
from equipoise.numerics.times.survival import KaplanMeier, kaplan_meier
from equipoise.numerics.times.weibull import fit_weibull, pool_pairs
from equipoise.trial.exhibits import Cell, Curve, LineFigure, Table
from equipoise.trial.problem import BadInput, Problem


@dataclass(frozen=True)
class PooledPoint:
    """Survival at one time: the mean of ``arms`` arms with its interval, and the next arm's interval, at 95 %.

    ``weibull`` and its limits are from the pooled Weibull curve; NaN where there is none.
    """

    time: float
    arms: int
    survival: float
    lower: float
    upper: float
    prediction: tuple[float, float]
    tau: float
    weibull: float
    weibull_prediction: tuple[float, float]


@dataclass(frozen=True)
class PooledCurves:
    """Curves pooled. ``moved`` is by how much the pooled points had to be moved at most so that they fall."""

    arms: Sequence[str]
    points: Sequence[PooledPoint]
    moved: float
    shape: float
    scale: float
    shape_spread: float
    method: str
    cautions: Sequence[str]


def grid_problems(grid: Sequence[float]) -> list[Problem]:
    """Times are above 0 and grow."""
    if grid and min(grid) > 0 and all(b > a for a, b in pairwise(grid)):
        return []
    return [Problem("grid", "--grid", ", ".join(f"{t:g}" for t in grid) or "nothing", "times above 0 that grow")]


def pool_curves(
    arms: Mapping[str, tuple[NDArray[np.float64], NDArray[np.int64]]],
    grid: Sequence[float],
    method: Tau2Method = "REML",
) -> PooledCurves:
    """Pool arms of individual times at ``grid``, on log(-log S) with Greenwood's variance, each time by itself.

    The interval is Hartung & Knapp's, not narrower than the normal's; the next arm's is t with k - 2 degrees. The pooled
    points are made to fall by isotonic regression. Beside it (log scale, log shape) of Weibull curves are pooled as pairs.
    Raises BadInput for fewer than 2 arms or times not above 0 in order.
    """
    problems = []
    if len(arms) < 2:
        problems.append(Problem("too-few-arms", "curves", f"{len(arms)}", "2 arms or more"))
    problems += grid_problems(grid)
    if problems:
        raise BadInput("history curves", problems)
    cautions: list[str] = []
    weibull = _weibull(arms, cautions)
    found: list[PooledPoint] = []
    kms = {name: kaplan_meier(t, e) for name, (t, e) in arms.items()}
    for time in grid:
        hazards = {name: _log_hazard(km, time) for name, km in kms.items()}
        followed = {name: h for name, h in hazards.items() if h is not None}
        lost = [name for name in kms if name not in followed]
        if len(followed) < 2:
            cautions.append(f"At {time:g} fewer than 2 arms have patients at risk: left out.")
            continue
        if lost:
            cautions.append(f"At {time:g} nobody is followed any more in {', '.join(lost)}: not in that point.")
        whole = [name for name, h in followed.items() if h.halved]
        if whole:
            cautions.append(
                f"At {time:g} all or none survived in {', '.join(whole)}: half a patient is added on each side, for log(-log S)."
            )
        p = pool([h.value for h in followed.values()], [h.variance for h in followed.values()], method, "HKSJ-wider")
        s = [_from_log_hazard(x) for x in (p.mean, p.interval[1], p.interval[0], p.prediction[1], p.prediction[0])]
        w = weibull.at(time) if weibull is not None else (math.nan, math.nan, math.nan)
        found.append(PooledPoint(time, p.k, s[0], s[1], s[2], (s[3], s[4]), math.sqrt(p.tau2), w[0], (w[1], w[2])))
    if not found:
        raise BadInput(
            "history curves", [Problem("grid", "--grid", str(list(grid)), "times at which 2 arms or more are followed")]
        )
    falling = np.asarray(isotonic_regression([p.survival for p in found], increasing=False).x)
    moved = float(np.abs(falling - [p.survival for p in found]).max())
    return PooledCurves(
        list(arms), [_moved(p, float(s)) for p, s in zip(found, falling, strict=True)], moved,
        math.exp(weibull.mean[1]) if weibull is not None else math.nan,
        math.exp(weibull.mean[0]) if weibull is not None else math.nan,
        math.sqrt(weibull.between[1, 1]) if weibull is not None else math.nan,
        f"log(-log S), {method}, each time by itself" + ("; Weibull pairs by restricted likelihood" if weibull is not None else ""), cautions,
    )  # fmt: skip


@dataclass(frozen=True)
class _LogHazard:
    """log(-log S) of one arm with its variance. ``halved``: all or none survived, and half a patient was added on each side."""

    value: float
    variance: float
    halved: bool


def _log_hazard(km: KaplanMeier, time: float) -> _LogHazard | None:
    """That of one arm at a time; None where nobody is followed so far and some were alive when last seen."""
    at = km.at(time)
    if at.survival == 0:
        value, variance = halved(0, int(km.n_risk[0]))
    elif at.n_risk == 0:
        return None
    elif at.survival == 1:
        value, variance = halved(at.n_risk, at.n_risk)
    else:
        h = -math.log(at.survival)
        return _LogHazard(math.log(h), (at.std_err / (at.survival * h)) ** 2, halved=False)
    return _LogHazard(*as_log_hazard(float(expit(value)), variance), halved=True)


def _moved(p: PooledPoint, survival: float) -> PooledPoint:
    return PooledPoint(p.time, p.arms, survival, p.lower, p.upper, p.prediction, p.tau, p.weibull, p.weibull_prediction)


def _from_log_hazard(x: float) -> float:
    return math.exp(-math.exp(x)) if math.isfinite(x) else math.nan


@dataclass(frozen=True, eq=False)
class _Weibull:
    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    between: NDArray[np.float64]
    k: int

    def at(self, time: float) -> tuple[float, float, float]:
        """Survival of the mean curve, and the next arm's 95 % interval (t with k - 2 degrees on the log hazard)."""
        shape = math.exp(self.mean[1])
        log_hazard = shape * (math.log(time) - self.mean[0])
        slope = np.array([-shape, log_hazard])
        sd = math.sqrt(float(slope @ (self.covariance + self.between) @ slope))
        half = float(stdtrit(self.k - 2, 0.975)) * sd
        return _from_log_hazard(log_hazard), _from_log_hazard(log_hazard + half), _from_log_hazard(log_hazard - half)


def _weibull(arms: Mapping[str, tuple[NDArray[np.float64], NDArray[np.int64]]], cautions: list[str]) -> _Weibull | None:
    pairs, covariances = [], []
    for name, (time, event) in arms.items():
        # a patient with an event on the first day has been there for some of it
        t = np.where(time > 0, time, time[time > 0].min() / 2 if (time > 0).any() else 1.0)
        try:
            f = fit_weibull(t, event)
        except ValueError as error:
            cautions.append(f"{name}: no Weibull curve ({error}).")
            continue
        pairs.append([f.log_scale, f.log_shape])
        covariances.append(f.covariance)
    if len(pairs) < 3:
        cautions.append("Fewer than 3 arms have a Weibull curve: none is pooled.")
        return None
    p = pool_pairs(pairs, covariances)
    return _Weibull(p.mean, p.covariance, p.between, len(pairs))


def curves_tables(c: PooledCurves) -> list[Table]:
    """The pooled curve as a table."""
    rows: list[list[Cell]] = [
        [
            f"{p.time:g}", p.arms, f"{p.survival:.3f}", _range((p.lower, p.upper)), _range(p.prediction), f"{p.tau:.3f}",
            *(() if math.isnan(c.shape) else (f"{p.weibull:.3f}", _range(p.weibull_prediction))),
        ]
        for p in c.points
    ]  # fmt: skip
    fitted = (
        ""
        if math.isnan(c.shape)
        else f" Pooled Weibull: shape {c.shape:.3f} (spread of its log between arms {c.shape_spread:.3f}), scale {c.scale:.3f}."
    )
    notes = [
        f"Method: {c.method}.{fitted}",
        *(["The next arm's interval needs 3 arms or more at that time."] if _unpredicted(c) else []),
        *([f"Points were moved by {c.moved:.4f} at most so that the curve falls."] if c.moved > 0 else []),
        *(f"Caution. {x}" for x in c.cautions),
    ]
    heads = ["Time", "Arms", "Survival", "95 % interval", "Next arm", "τ"]
    if fitted:
        heads += ["Weibull", "Next arm, Weibull"]
    return [Table(f"{len(c.arms)} curves pooled", heads, rows, notes)]


def _range(limits: tuple[float, float]) -> str:
    return "–" if any(map(math.isnan, limits)) else f"{limits[0]:.3f}–{limits[1]:.3f}"


def _unpredicted(c: PooledCurves) -> bool:
    return any(math.isnan(p.prediction[0]) for p in c.points)


def curves_figure(c: PooledCurves) -> LineFigure:
    """The pooled curve from 1 on, with the interval of the next arm; with that of the mean where there is none."""
    x = [0.0, *(p.time for p in c.points)]
    few = _unpredicted(c)
    band = [(p.lower, p.upper) if few else p.prediction for p in c.points]
    of = "95 % interval of the mean" if few else "95 % prediction interval of the next arm"
    mean = Curve(
        f"Mean of the arms, {of}", x, [1.0, *(p.survival for p in c.points)], [1.0, *(b[0] for b in band)],
        [1.0, *(b[1] for b in band)],
    )  # fmt: skip
    curves = [mean]
    if not math.isnan(c.shape):
        curves.append(Curve("Pooled Weibull", x, [1.0, *(p.weibull for p in c.points)], dashed=True))
    return LineFigure(
        f"{len(c.arms)} curves pooled", "Time", "Survival", curves, y_range=(0.0, 1.0),
        caption=f"Band: {of}, at each time by itself.",
    )  # fmt: skip
