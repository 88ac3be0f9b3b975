"""Pruned and pooled: cohorts that do poorly are left out, the others are tested as one; all of them are declared, or none.

Chen et al. 2016, Stat Biopharm Res 8:248-257, doi:10.1080/19466315.2016.1193044; with binomial counts and one level alpha* for whatever
is left, as Zhou et al. 2019, Contemp Clin Trials 85:105807, doi:10.1016/j.cct.2019.105807. To prune by the data that are then pooled raises
the error, to prune all lowers it: alpha* is found so that the exact probability that anything is declared where all are null is at most alpha.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from equipoise.design.basket.cohorts import BasketCohort, joint

#: Levels differ by counts; what differs by less is the same.
SAME = 1e-12


@dataclass(frozen=True)
class PrunedAndPooled:
    """``level`` is alpha*: what is left is declared where the pooled count is as improbable under the null as that."""

    cohorts: tuple[BasketCohort, ...]
    level: float
    name: str = "pruned-and-pooled"

    @classmethod
    def at(cls, cohorts: Sequence[BasketCohort], alpha: float) -> PrunedAndPooled:
        """The largest alpha* by which the family's error where all are null is at most ``alpha``."""
        asked = cls(tuple(cohorts), 0.0)
        p = joint([c.chances(c.p0) for c in cohorts]).ravel()
        values = asked.p_values.ravel()
        order = np.argsort(values, kind="stable")
        found, total = 0.0, 0.0
        levels, starts = np.unique(values[order], return_index=True)
        for level, mass in zip(levels, np.add.reduceat(p[order], starts), strict=True):
            total += mass
            if total > alpha + SAME or level >= 1.0:
                break
            found = float(level)
        return cls(tuple(cohorts), found)

    @cached_property
    def alive(self) -> NDArray[np.bool_]:
        """For every combination of ends which cohorts are left: the last axis is the cohort."""
        axes = [np.array([e.alive for e in c.ends]) for c in self.cohorts]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)

    @cached_property
    def p_values(self) -> NDArray[np.float64]:
        """The exact p-value of the pooled count of what is left; 1 where nothing is. Null rates may differ between cohorts."""
        left = self.alive
        total = sum(
            np.meshgrid(
                *[np.array([e.x for e in c.ends]) * [e.alive for e in c.ends] for c in self.cohorts], indexing="ij"
            )
        )
        found = np.ones(left.shape[:-1])
        codes = left @ (1 << np.arange(len(self.cohorts)))
        for code in np.unique(codes):
            if code == 0:
                continue
            law = np.ones(1)
            for i, c in enumerate(self.cohorts):
                if code >> i & 1:
                    law = np.convolve(law, BasketCohort(c.n, c.p0, c.p1).chances(c.p0))
            tail = np.minimum(np.cumsum(law[::-1])[::-1], 1.0)
            here = codes == code
            found[here] = tail[np.asarray(total)[here]]
        return found

    @cached_property
    def declared(self) -> NDArray[np.bool_]:
        """For every combination of ends which cohorts are declared."""
        return self.alive & (self.p_values <= self.level + SAME)[..., None]

    def boundary(self, left: int) -> int:
        """The least pooled count that declares where the first ``left`` cohorts are left."""
        law = np.ones(1)
        for c in self.cohorts[:left]:
            law = np.convolve(law, BasketCohort(c.n, c.p0, c.p1).chances(c.p0))
        tail = np.cumsum(law[::-1])[::-1]
        return int(np.argmax(tail <= self.level + SAME)) if (tail <= self.level + SAME).any() else len(law)

    def in_words(self) -> str:
        """The rule for the protocol."""
        counts = ", ".join(f"{self.boundary(k)} of {k}" for k in range(1, len(self.cohorts) + 1))
        return (
            f"Cohorts that pass their first stage are pooled. All of them are declared if the exact one-sided p-value of the pooled responses "
            f"is at most {self.level:.4g}; with cohorts alike, least responses by cohorts left: {counts}."
        )
