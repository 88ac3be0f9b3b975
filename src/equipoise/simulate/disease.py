"""The course of the disease in an arm: first event, what it is, and death after progression, by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from equipoise.simulate.day_table import HORIZON, DayTable


@dataclass(frozen=True, eq=False)
class Course:
    """One arm in one stratum. ``death_share`` is the share of a day's first events that are deaths; (HORIZON + 1,)."""

    first: DayTable
    death_share: NDArray[np.float64]
    after: DayTable

    @cached_property
    def progressing(self) -> NDArray[np.float64]:
        """P(first event is progression, on day d), shape (HORIZON + 1,)."""
        return self.first.density * (1 - self.death_share)

    @cached_property
    def alive(self) -> NDArray[np.float64]:
        """P(alive after day d), shape (HORIZON + 1,)."""
        progressed = np.convolve(self.progressing, self.after.survival)[: HORIZON + 1]
        total: NDArray[np.float64] = self.first.survival + progressed
        return total

    def event_free_as_seen(self, landmark: int, last_scan: int) -> float:
        """P(no progression by the last scan, and alive after the landmark) [days]: what a full follow-up shows."""
        between = np.arange(last_scan + 1, landmark + 1)
        unseen = self.progressing[between] @ self.after.survival[landmark - between]
        return float(self.first.survival[landmark] + unseen)


@dataclass(frozen=True, eq=False)
class ArmCourse:
    """An arm's strata and their shares of the patients; sums over them are what is true of the arm."""

    strata: Sequence[Course]
    weight: NDArray[np.float64]

    @cached_property
    def distinct(self) -> list[tuple[Course, float]]:
        """Different courses and their shares of the patients."""
        found: dict[int, tuple[Course, float]] = {}
        for course, w in zip(self.strata, self.weight.tolist(), strict=True):
            found[id(course)] = (course, found.get(id(course), (course, 0.0))[1] + w)
        return list(found.values())

    @cached_property
    def event_free(self) -> NDArray[np.float64]:
        """P(no progression or death by day d), shape (HORIZON + 1,)."""
        total: NDArray[np.float64] = sum(w * c.first.survival for c, w in self.distinct)  # type: ignore[assignment]
        return total

    @cached_property
    def alive(self) -> NDArray[np.float64]:
        """P(alive after day d), shape (HORIZON + 1,)."""
        total: NDArray[np.float64] = sum(w * c.alive for c, w in self.distinct)  # type: ignore[assignment]
        return total

    def observed_success(self, landmark: int, last_scan: dict[int, float]) -> float:
        """P(event-free at the landmark as the scans show it), over the days of the last scan on or before it."""
        return sum(
            w * p * c.event_free_as_seen(landmark, day) for c, w in self.distinct for day, p in last_scan.items()
        )


def kendall_tau(course: ArmCourse) -> float:
    """Kendall's tau between the times of the first event and of death in an arm; good to 0.002.

    P(concordant) - P(discordant) of two patients, on grids of two weeks and of one, extrapolated to no grid at all.
    With one constant hazard each it has a closed form, to which this is held in the tests.
    """
    return 2 * _tau_on_grid(course, 7) - _tau_on_grid(course, 14)


def _tau_on_grid(course: ArmCourse, step: int) -> float:
    cells = HORIZON // step + 2
    joint = np.zeros((cells, cells))
    edges = np.arange(0, HORIZON + 1, step)
    for c, w in course.distinct:
        # First events and residual lives fall into cells; a residual life of r cells moves death by r cells. The last
        # cell is what lies beyond the horizon.
        first = -np.diff(np.append(c.first.survival[edges], 0.0), prepend=1.0)
        after = -np.diff(np.append(c.after.survival[edges], 0.0), prepend=1.0)
        share = np.append(c.death_share[edges], 0.0)
        for i, p in enumerate(w * first):
            room = cells - 1 - i
            joint[i, i] += p * share[i]
            joint[i, i : i + room] += p * (1 - share[i]) * after[:room]
            joint[i, -1] += p * (1 - share[i]) * after[room:].sum()
    # P(both times later) and P(first event later, death earlier) than in each cell.
    later = np.zeros_like(joint)
    later[:-1, :-1] = joint[::-1, ::-1].cumsum(0).cumsum(1)[::-1, ::-1][1:, 1:]
    crossed = np.zeros_like(joint)
    crossed[:-1, 1:] = joint[::-1].cumsum(0)[::-1].cumsum(1)[1:, :-1]
    return float(2 * (joint * (later - crossed)).sum())
