"""mTPI, the modified toxicity probability interval design: of three intervals, below, around and above the target, the one of the largest
unit probability mass says where to go.

Ji, Liu, Li & Bekele 2010, doi:10.1177/1740774510382799. The unit probability mass is the posterior probability of an interval divided
by its length; the prior is uniform. A tie stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from equipoise.design.dose.dose_spec import interval_entries
from equipoise.design.dose.interval import DOWN, STAY, UP, IntervalDesign, Move
from equipoise.design.dose.keyboard import MarginSpec
from equipoise.design.dose.keys import heaviest, weights

DOSE_KIND = "mtpi"
TITLE = "Modified toxicity probability interval design (mTPI)"
FAMILY = "model-assisted"
REFERENCE = (
    "Ji Y, Liu P, Li Y, Bekele BN. A modified toxicity probability interval method for dose-finding trials. "
    "Clin Trials 2010;7:653-663. doi:10.1177/1740774510382799"
)
EXAMPLE = {"target": 0.30, "doses": 5, "cohort": 3, "cohorts": 10}


class Spec(MarginSpec):
    """mTPI: the target interval."""

    kind: Literal["mtpi"]
    eliminate_from: int = Field(default=3, ge=1, description="Patients at a dose from which it may be eliminated.")


@dataclass(frozen=True, kw_only=True)
class Mtpi(IntervalDesign):
    """mTPI with its target interval."""

    below: float = 0.05
    above: float = 0.05

    def _masses(self, n: int, dlt: int) -> list[float]:
        return weights((0.0, self.target - self.below, self.target + self.above, 1.0), n, dlt)

    def move(self, n: int, dlt: int) -> Move:
        """Where the largest unit probability mass lies."""
        found = heaviest(self._masses(n, dlt))
        return STAY if len(found) > 1 else (UP, STAY, DOWN)[found[0]]

    def why(self, n: int, dlt: int, move: Move) -> str:
        """The three masses."""
        low, on, high = self._masses(n, dlt)
        word = {UP: "escalate", STAY: "stay", DOWN: "de-escalate"}[move]
        return f"{dlt} of {n} at this dose: unit masses {low:.3g} below, {on:.3g} around, {high:.3g} above the target: {word}."

    def own_numbers(self) -> Mapping[str, Any]:
        """The target interval."""
        return {"interval": [self.target - self.below, self.target + self.above]}

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        return (
            f"{self.opening('the modified toxicity probability interval design (mTPI; Ji and others 2010)')} Of the intervals below, from "
            f"{self.target - self.below:g} to {self.target + self.above:g}, and above, the one with the largest posterior probability a "
            f"length says whether to escalate, stay or de-escalate. {self.closing()}"
        )


def from_spec(spec: Spec) -> Mtpi:
    """The design that a spec states."""
    return Mtpi(**interval_entries(spec), below=spec.below, above=spec.above, eliminate_from=spec.eliminate_from)
