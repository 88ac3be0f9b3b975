"""Patients out of a published Kaplan–Meier curve: the times that give back its steps and its numbers at risk.

After Guyot, Ades, Ouwens & Welton (2012, doi:10.1186/1471-2288-12-9): between two numbers at risk the censored are spread
evenly, and their number is changed until the number at risk at the end comes out. The number of events at each digitised
point is rounded against the curve rebuilt so far, so that rounding does not add up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Monotone:
    """A digitised curve made to fall: points in the order of time, and how much had to be moved.

    ``largest_rise`` is by how much the points as read rose at most from one to a later one; ``moved`` how many points
    were moved, ``largest_move`` by how much at most (probabilities).
    """

    time: Array
    survival: Array
    largest_rise: float
    moved: int
    largest_move: float


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Reconstructed patients and what was achieved.

    ``time`` and ``event`` have one entry a patient, in the order of time. ``max_error`` and ``rms_error`` compare the
    rebuilt curve with the digitised one at its points. ``at_risk`` are the rebuilt numbers at the times of the table;
    ``censored`` the censored between them. ``censoring`` says what the last stretch rests on.
    """

    time: Array
    event: NDArray[np.int64]
    max_error: float
    rms_error: float
    at_risk: tuple[int, ...]
    censored: tuple[int, ...]
    censoring: str

    @property
    def events(self) -> int:
        """Events in all."""
        return int(self.event.sum())


def monotone(time: ArrayLike, survival: ArrayLike) -> Monotone:
    """The falling curve nearest in least squares to digitised points (m,) (isotonic regression), within 0 and 1."""
    t, s = (np.asarray(a, dtype=np.float64) for a in (time, survival))
    order = np.lexsort((-s, t))
    t, s = t[order], s[order]
    rise = float((s - np.minimum.accumulate(s)).max())
    falling = np.clip(np.asarray(isotonic_regression(s, increasing=False).x), 0.0, 1.0)
    move = np.abs(falling - s)
    return Monotone(t, falling, rise, int((move > 1e-12).sum()), float(move.max()))


def reconstruct(
    time: ArrayLike,
    survival: ArrayLike,
    n: int,
    risk_time: ArrayLike | None = None,
    risk_n: ArrayLike | None = None,
    events: int | None = None,
    along: bool = False,
) -> Reconstruction:
    """Individual times from a falling curve (m,) of ``n`` patients, in the unit of ``time``.

    ``risk_time`` (r,) and ``risk_n`` are the table of numbers at risk, from time 0 on, with ``risk_n[0]`` = n. ``events``
    is the published total: it settles the censoring after the last number at risk. Without it that censoring goes on at
    the pace of before; without a table and a total nobody is censored before the end. ``along``: the points were read
    along the curve and not at its corners, so an event lies between two of them, and is put in the middle; else it is put
    at the first point after it, and comes late by half the spacing. Raises ValueError for a curve that rises or leaves 0
    to 1, numbers at risk that grow or do not begin with n, or more events than patients.
    """
    t, s = (np.asarray(a, dtype=np.float64) for a in (time, survival))
    starts = np.asarray([0.0] if risk_time is None else risk_time, dtype=np.float64)
    given = np.asarray([n] if risk_n is None else risk_n, dtype=np.int64)
    if t.shape != s.shape or t.ndim != 1 or not len(t) or (np.diff(t) < 0).any() or t[0] < 0:
        raise ValueError("time, survival: must be (m,) each, times from 0 on in order")
    if (np.diff(s) > 0).any() or s.max() > 1 or s.min() < 0:
        raise ValueError("survival: must fall, within 0 and 1")
    if starts.shape != given.shape or starts[0] != 0 or given[0] != n or (np.diff(starts) <= 0).any():
        raise ValueError("risk_time, risk_n: must begin with time 0 and n, in the order of time")
    if (np.diff(given) > 0).any() or given.min() < 0:
        raise ValueError("risk_n: must not grow")
    if events is not None and not 0 <= events <= n:
        raise ValueError(f"events: got {events}; 0 to n = {n}")
    end = max(float(t[-1]), float(starts[-1]))
    ends = [*starts[1:], end]
    level, at_risk, done = 1.0, n, 0
    censored: list[int] = []
    times: list[Array] = []
    flags: list[NDArray[np.int64]] = []
    steps = np.concatenate([t[:1], (t[1:] + t[:-1]) / 2]) if along else t
    rebuilt = np.empty(len(t))
    reached = [n]
    says = "numbers at risk"
    for i, (start, stop) in enumerate(zip(starts, ends, strict=True)):
        last = i == len(ends) - 1
        here = (t >= start) & ((t < stop) if not last else (t <= stop))
        points, heights = t[here], s[here]

        stretch = partial(_stretch, points, heights, float(start), float(stop), at_risk, level)
        if not last:
            found = _match(stretch, partial(_left_over, int(given[i + 1])), at_risk)
        elif events is not None:
            found = _match(stretch, partial(_events_missing, events - done), at_risk)
            says = "numbers at risk, and the total of events after the last" if len(ends) > 1 else "the total of events"
        else:
            pace = sum(censored) / start if start > 0 else 0.0
            found = stretch(min(round(pace * (stop - start)), at_risk))
            says = (
                "numbers at risk, and the same pace of censoring after the last"
                if len(ends) > 1
                else "nothing: nobody is taken as censored before the end"
            )
        times += [np.repeat(np.maximum(steps[here], start), found.deaths), found.censor_times]
        flags += [np.ones(found.events, dtype=np.int64), np.zeros(len(found.censor_times), dtype=np.int64)]
        rebuilt[here] = found.curve
        censored.append(len(found.censor_times))
        level, at_risk, done = found.level, found.left, done + found.events
        reached.append(at_risk)
    times.append(np.full(at_risk, end))
    flags.append(np.zeros(at_risk, dtype=np.int64))
    all_times, all_flags = np.concatenate(times), np.concatenate(flags)
    order = np.lexsort((1 - all_flags, all_times))
    error = np.abs(rebuilt - s)
    return Reconstruction(
        all_times[order], all_flags[order], float(error.max()), float(np.sqrt((error**2).mean())),
        tuple(reached[: len(starts)]), tuple(censored), says,
    )  # fmt: skip


@dataclass(frozen=True)
class _Stretch:
    """One stretch between numbers at risk, rebuilt with a number of censored patients."""

    deaths: NDArray[np.int64]
    censor_times: Array
    curve: Array
    level: float
    left: int

    @property
    def events(self) -> int:
        return int(self.deaths.sum())


def _stretch(points: Array, heights: Array, start: float, stop: float, at_risk: int, level: float, c: int) -> _Stretch:
    """``c`` censored, spread evenly, and at each point the whole number of events that comes nearest to the curve."""
    censor_times = start + (np.arange(c) + 0.5) / max(c, 1) * (stop - start)
    gone = np.searchsorted(censor_times, points, side="left")
    deaths = np.zeros(len(points), dtype=np.int64)
    curve = np.empty(len(points))
    dead = 0
    for k, height in enumerate(heights):
        left = at_risk - dead - int(gone[k])
        if left > 0 and level > 0:
            deaths[k] = min(left, max(0, round(left * (1 - height / level))))
            level *= 1 - deaths[k] / left
            dead += int(deaths[k])
        curve[k] = level
    left = at_risk - dead - c
    if left < 0:  # fewer were left than were to be censored: the rest is not censored
        censor_times = censor_times[: c + left]
        left = 0
    return _Stretch(deaths, censor_times, curve, level, left)


def _left_over(wanted: int, x: _Stretch) -> int:
    return x.left - wanted


def _events_missing(wanted: int, x: _Stretch) -> int:
    return wanted - x.events


def _match(stretch: Callable[[int], _Stretch], off: Callable[[_Stretch], int], most: int) -> _Stretch:
    """The stretch whose number censored brings ``off`` nearest to 0; ``off`` rises or falls as more are censored."""
    low, high = 0, most
    best = stretch(0)
    if off(best) == 0:
        return best
    sign = 1 if off(best) >= off(stretch(most)) else -1
    while low <= high:
        c = (low + high) // 2
        tried = stretch(c)
        if abs(off(tried)) < abs(off(best)):
            best = tried
        if off(tried) == 0:
            return tried
        if sign * off(tried) > 0:
            low = c + 1
        else:
            high = c - 1
    return best
