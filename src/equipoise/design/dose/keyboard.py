"""The keyboard design, which is mTPI-2: the target interval is a key, the rest is cut into keys as wide, and the heaviest key says where to go.

Yan, Mandrekar & Yuan 2017, doi:10.1158/1078-0432.CCR-17-0220; Guo, Wang, Yang, Lynn & Ji 2017 (mTPI-2),
doi:10.1016/j.cct.2017.04.006. A key that the end of (0, 1) cuts short is weighed by its own length. Packages differ where two keys
weigh the same (``tie``) and in the number of patients from which a dose may be eliminated (``eliminate_from``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from equipoise.design.dose.dose_spec import IntervalSpec, interval_entries
from equipoise.design.dose.interval import DOWN, STAY, UP, IntervalDesign, Move
from equipoise.design.dose.keys import heaviest, keys, weights
from equipoise.design.spec import between
from equipoise.trial.problem import Problem

DOSE_KIND = "keyboard"
TITLE = "Keyboard design (mTPI-2)"
FAMILY = "model-assisted"
REFERENCE = (
    "Yan F, Mandrekar SJ, Yuan Y. Keyboard: a novel Bayesian toxicity probability interval design for phase I clinical trials. "
    "Clin Cancer Res 2017;23:3994-4003. doi:10.1158/1078-0432.CCR-17-0220"
)
EXAMPLE = {"target": 0.30, "doses": 5, "cohort": 3, "cohorts": 10}


class MarginSpec(IntervalSpec):
    """How far the target interval reaches to either side."""

    below: float = Field(default=0.05, gt=0, lt=1, description="How far below the target its interval reaches.")
    above: float = Field(default=0.05, gt=0, lt=1, description="How far above.")

    @between("target", "below", "above")
    def _inside(self) -> Iterator[Problem]:
        """The target interval lies within (0, 1)."""
        if not self.target - self.below > 0:
            yield Problem("below", "below", str(self.below), f"less than the target, {self.target:g}")
        if not self.target + self.above < 1:
            yield Problem(
                "above", "above", str(self.above), f"less than {1 - self.target:g}, so that rates above it are left"
            )


class Spec(MarginSpec):
    """Keyboard: the target key, and what a tie does."""

    kind: Literal["keyboard"]
    tie: Literal["down", "up", "stay"] = Field(
        default="down",
        description="Keys that weigh the same: the highest of them says where to go, the lowest, or stay.",
    )
    eliminate_from: int = Field(default=3, ge=1, description="Patients at a dose from which it may be eliminated.")


@dataclass(frozen=True, kw_only=True)
class Keyboard(IntervalDesign):
    """Keyboard with its target key."""

    below: float = 0.05
    above: float = 0.05
    tie: Literal["down", "up", "stay"] = "down"

    def move(self, n: int, dlt: int) -> Move:
        """Towards the target from the side on which the heaviest key lies."""
        cuts, place = keys(self.target - self.below, self.target + self.above)
        found = heaviest(weights(cuts, n, dlt))
        if len(found) > 1 and self.tie == "stay":
            return STAY
        key = found[0] if self.tie == "up" else found[-1]
        return UP if key < place else DOWN if key > place else STAY

    def why(self, n: int, dlt: int, move: Move) -> str:
        """The heaviest key."""
        cuts, _ = keys(self.target - self.below, self.target + self.above)
        found = heaviest(weights(cuts, n, dlt))
        k = found[0] if self.tie == "up" else found[-1]
        word = {UP: "below the target: escalate", STAY: "the target's: stay", DOWN: "above the target: de-escalate"}[
            move
        ]
        return f"{dlt} of {n} at this dose: the heaviest key is {cuts[k]:.3g} to {cuts[k + 1]:.3g}, {word}."

    def own_numbers(self) -> Mapping[str, Any]:
        """The target key."""
        return {"key": [self.target - self.below, self.target + self.above], "tie": self.tie}

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        return (
            f"{self.opening('the keyboard design (Yan, Mandrekar & Yuan 2017), which is mTPI-2')} The target key is "
            f"{self.target - self.below:g} to {self.target + self.above:g}; the dose is escalated if the key with the largest posterior "
            f"probability a length lies below it, de-escalated if above it, and else kept. {self.closing()}"
        )


def from_spec(spec: Spec) -> Keyboard:
    """The design that a spec states."""
    entries = interval_entries(spec)
    return Keyboard(**entries, below=spec.below, above=spec.above, tie=spec.tie, eliminate_from=spec.eliminate_from)
