"""A second enumeration, written from the papers alone: every sequence of cohorts walked to its end, nothing merged, no design of ours asked.

A sequence is what each cohort's patients had, one after the other; six to eight cohorts have 4,096 to 65,536. The rules are read from the papers
(see each function), the arithmetic is other than the product's: incomplete beta functions by sums of binomials, isotonic estimates by
scipy, posteriors by Gauss–Hermite.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from math import comb, exp, log

import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from equipoise.design.dose import dose_shelf
from equipoise.design.dose.exact import DoseCharacteristics, DoseTruth
from equipoise.design.dose.exact import characteristics as one_by_one
from equipoise.design.dose.exact_behaviour import characteristics

TRUTHS = [(0.05, 0.15, 0.30, 0.45, 0.60), (0.30, 0.42, 0.50, 0.60, 0.70), (0.02, 0.04, 0.06, 0.09, 0.25)]
Counts = tuple[tuple[int, ...], tuple[int, ...]]
#: Patients and DLTs by dose, the dose given last (from 0) → the next dose, or None and the dose named (-1: none).
Decides = Callable[[tuple[int, ...], tuple[int, ...], int, list[int]], tuple[int | None, int]]


def walked(
    decides: Decides, truth: tuple[float, ...], cohort: int = 3
) -> tuple[list[float], list[float], list[float], int]:
    """Chances of no dose and of each, expected patients, expected DLTs, and how many sequences there were."""
    doses = len(truth)
    select, patients, dlts, sequences = [0.0] * (doses + 1), [0.0] * doses, [0.0] * doses, 0

    def on(n: tuple[int, ...], y: tuple[int, ...], at: int, last: list[int], p: float) -> None:
        nonlocal sequences
        to, named = decides(n, y, at, last)
        if to is None:
            sequences += 1
            select[named + 1] += p
            for d in range(doses):
                patients[d] += p * n[d]
                dlts[d] += p * y[d]
            return
        for k in range(cohort + 1):
            q = comb(cohort, k) * truth[to] ** k * (1 - truth[to]) ** (cohort - k)
            n2 = tuple(m + cohort * (d == to) for d, m in enumerate(n))
            y2 = tuple(m + k * (d == to) for d, m in enumerate(y))
            on(n2, y2, to, [*last, k], p * q)

    on((0,) * doses, (0,) * doses, -1, [], 1.0)
    return select, patients, dlts, sequences


@cache
def above(rate: float, n: int, y: int) -> float:
    """P(p > rate) after y of n and a uniform prior: that of at most y successes in n + 1 trials at that rate."""
    return sum(comb(n + 1, k) * rate**k * (1 - rate) ** (n + 1 - k) for k in range(y + 1))


def interval(move: Callable[[int, int], int], target: float, cohorts: int, least: int = 3) -> Decides:
    """Escalation by intervals with elimination at 0.95: Liu & Yuan 2015, section 2; the dose named by isotonic regression, Yan and others 2020."""

    def out(n: tuple[int, ...], y: tuple[int, ...]) -> int:
        return next((d for d in range(len(n)) if n[d] >= least and above(target, n[d], y[d]) > 0.95), len(n))

    def named(n: tuple[int, ...], y: tuple[int, ...]) -> int:
        tried = [d for d in range(out(n, y)) if n[d]]
        if not tried:
            return -1
        p = np.array([(y[d] + 0.05) / (n[d] + 0.1) for d in tried])
        w = np.array([(n[d] + 0.1) ** 2 * (n[d] + 1.1) / ((y[d] + 0.05) * (n[d] - y[d] + 0.05)) for d in tried])
        off = np.abs(isotonic_regression(p, weights=w).x + 1e-10 * np.arange(len(p)) - target)
        return tried[int(np.flatnonzero(off <= off.min() + 1e-13)[0])]

    def decides(n: tuple[int, ...], y: tuple[int, ...], at: int, last: list[int]) -> tuple[int | None, int]:
        if at < 0:
            return 0, -1
        if out(n, y) == 0:
            return None, -1
        if len(last) == cohorts:
            return None, named(n, y)
        step = move(n[at], y[at])
        if at >= out(n, y):
            return out(n, y) - 1, -1
        if step > 0:
            return (at + 1 if at + 1 < out(n, y) else at), -1
        return max(at + step, 0), -1

    return decides


def boin(target: float) -> Callable[[int, int], int]:
    """λ from log likelihood ratios at 0.6 and 1.4 times the target."""
    low, high = 0.6 * target, 1.4 * target
    up = log((1 - low) / (1 - target)) / log(target * (1 - low) / (low * (1 - target)))
    down = log((1 - target) / (1 - high)) / log(high * (1 - target) / (target * (1 - high)))
    return lambda n, y: 1 if y / n <= up else -1 if y / n >= down else 0


def keyboard(target: float) -> Callable[[int, int], int]:
    """The strongest key among those as wide as the target key, target ± 0.05: Yan, Mandrekar & Yuan 2017. The ends that are left over
    count by their density too."""
    width = 0.10
    cuts = [target - 0.05]
    while cuts[0] - width > 1e-9:
        cuts.insert(0, cuts[0] - width)
    place = len(cuts) - 1
    while cuts[-1] + width < 1 - 1e-9:
        cuts.append(cuts[-1] + width)
    if cuts[0] > 1e-9:
        cuts, place = [0.0, *cuts], place + 1
    if cuts[-1] < 1 - 1e-9:
        cuts.append(1.0)

    def move(n: int, y: int) -> int:
        weigh = [(above(a, n, y) - above(b, n, y)) / (b - a) for a, b in pairwise(cuts)]
        strongest = max(k for k, w in enumerate(weigh) if w >= max(weigh) * (1 - 1e-9))
        return (strongest < place) - (strongest > place)

    return move


def three_plus_three(deescalate: bool) -> Decides:
    """Storer 1989; Korn and others 1994: three, three more after one DLT, at most one of six."""

    def too_toxic(n: int, y: int) -> bool:
        return y >= 2

    def decides(n: tuple[int, ...], y: tuple[int, ...], at: int, last: list[int]) -> tuple[int | None, int]:
        if at < 0:
            return 0, -1
        if too_toxic(n[at], y[at]):
            below = at - 1
            if below < 0:
                return None, -1
            return (below, -1) if deescalate and n[below] < 6 else (None, below)
        if n[at] == 3 and y[at] == 1:
            return at, -1
        if at + 1 == len(n):
            return None, at
        if n[at + 1] and too_toxic(n[at + 1], y[at + 1]):
            return (at, -1) if deescalate and n[at] < 6 else (None, at)
        return at + 1, -1

    return decides


def crm(target: float, skeleton: tuple[float, ...], cohorts: int) -> Decides:
    """p = s^exp(θ), θ normal with variance 1.34; no dose is skipped upwards, no escalation after a cohort whose rate is at least the target
    (Cheung's dfcrm). The dose named: the next one, or the highest below it that was given."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(180)
    theta = nodes * 1.34**0.5
    s = np.array(skeleton)[:, None]
    log_p = np.exp(theta)[None, :] * np.log(s)
    with np.errstate(divide="ignore"):
        log_q = np.log(-np.expm1(log_p))

    @cache
    def closest(n: tuple[int, ...], y: tuple[int, ...]) -> int:
        none = np.array(n) - np.array(y)
        terms = [m * row for m, row in zip([*y, *none.tolist()], [*log_p, *log_q], strict=True) if m]
        w = weights * np.exp(sum(terms))
        mean = float(w @ theta / w.sum())
        off = [abs(a ** exp(mean) - target) for a in skeleton]
        return off.index(min(off))

    def decides(n: tuple[int, ...], y: tuple[int, ...], at: int, last: list[int]) -> tuple[int | None, int]:
        if at < 0:
            return 0, -1
        to = min(closest(n, y), at + 1)
        if to > at and last[-1] / 3 >= target:
            to = at
        if len(last) == cohorts:
            return None, max(d for d in range(to + 1) if n[d])
        return to, -1

    return decides


def agrees(found: DoseCharacteristics, walk: tuple[list[float], list[float], list[float], int], least: int) -> None:
    select, patients, dlts, sequences = walk
    assert sequences >= least
    assert (found.select_none, *found.select) == pytest.approx(select, abs=1e-11)
    assert found.patients == pytest.approx(patients, abs=1e-10)
    assert found.dlts == pytest.approx(dlts, abs=1e-10)


@pytest.mark.independent
@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize(("kind", "move", "least"), [("boin", boin, 3), ("keyboard", keyboard, 1)])
def test_intervals(
    kind: str, move: Callable[[float], Callable[[int, int], int]], least: int, truth: tuple[float, ...]
) -> None:
    walk = walked(interval(cache(move(0.3)), 0.3, 6, least), truth)
    design = dose_shelf.build(kind, {"target": 0.3, "doses": 5, "cohorts": 6})
    for way in (characteristics, one_by_one):
        agrees(way(design, DoseTruth(truth)), walk, 500)


@pytest.mark.independent
@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("deescalate", [False, True])
def test_three_plus_three(deescalate: bool, truth: tuple[float, ...]) -> None:
    """Up to ten cohorts at five doses."""
    design = dose_shelf.build("a-plus-b", {"doses": 5, "deescalate": deescalate})
    agrees(characteristics(design, DoseTruth(truth)), walked(three_plus_three(deescalate), truth), 100)


@pytest.mark.independent
@pytest.mark.parametrize("truth", TRUTHS)
def test_crm(truth: tuple[float, ...]) -> None:
    skeleton = (0.08, 0.16, 0.25, 0.35, 0.46)
    walk = walked(crm(0.25, skeleton, 6), truth)
    design = dose_shelf.build("crm", {"target": 0.25, "skeleton": skeleton, "cohorts": 6})
    for way in (characteristics, one_by_one):
        agrees(way(design, DoseTruth(truth)), walk, 4**6)


@pytest.mark.independent
def test_eight_cohorts() -> None:
    walk = walked(interval(cache(boin(0.25)), 0.25, 8), TRUTHS[0])
    agrees(
        characteristics(dose_shelf.build("boin", {"target": 0.25, "doses": 5, "cohorts": 8}), DoseTruth(TRUTHS[0])),
        walk,
        10_000,
    )
    skeleton = (0.05, 0.12, 0.20, 0.30, 0.42)
    walk = walked(crm(0.2, skeleton, 8), TRUTHS[1])
    agrees(
        characteristics(
            dose_shelf.build("crm", {"target": 0.2, "skeleton": skeleton, "cohorts": 8}), DoseTruth(TRUTHS[1])
        ),
        walk,
        4**8,
    )
