"""How little a window of one cycle sees of a toxicity that comes with what was given in all, exactly.

The cumulative hazard after the share u of the full exposure is H u^k; k = 1 has no memory, above it what was given before counts. With the risk R of
all cycles, H = -ln(1 - R). R and k are a scenario's assumptions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import binom


@dataclass(frozen=True)
class Cumulative:
    """A toxicity with the risk ``risk`` after ``cycles`` full cycles, and the shape ``k``."""

    risk: float
    k: float
    cycles: int = 6

    def after(self, share: float) -> float:
        """Risk after a share of the full exposure; above 1 where more was given."""
        return -math.expm1(math.log1p(-self.risk) * share**self.k)

    def in_window(self, cycles: int = 1) -> float:
        """Risk within the first cycles."""
        return self.after(cycles / self.cycles)

    def seen(self, patients: int, at_least: int = 1, cycles: int = 1) -> float:
        """Chance that so many patients or more of ``patients`` have it within the window."""
        return float(binom.sf(at_least - 1, patients, self.in_window(cycles)))
