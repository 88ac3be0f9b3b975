"""CRM that decides while patients are pending (TITE-CRM): who has no DLT yet counts by a weight, likelihood p^y (1 - w p)^(1 - y).

Linear: w is the share of the window followed. Adaptive: with the m DLTs seen so far at shares u1 ≤ … ≤ um, u0 = 0 and u(m+1) = 1, one followed for
u in [uk, u(k+1)) has w = (k + (u - uk)/(u(k+1) - uk))/(m + 1). A DLT and a whole window weigh 1. Cheung & Chappell 2000,
doi:10.1111/j.0006-341X.2000.01177.x; both as in R's dfcrm. ``answered_first``: patients at the dose who must be answered before it is
escalated; dfcrm asks for none. Coherence asks the last cohort's rate among those answered.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from equipoise.design.dose.counts import Counts
from equipoise.design.dose.crm import Crm, ModelTooToxic
from equipoise.design.dose.crm_model import Real
from equipoise.design.dose.dose_design import DoseVerdict, Give
from equipoise.design.dose.meanwhile import Meanwhile, Wait, no_end_meanwhile
from equipoise.design.dose.rules import most_cautious


@dataclass(frozen=True, kw_only=True)
class TiteCrm(Crm):
    """CRM in time; see the module."""

    tite: Literal["linear", "adaptive"]
    answered_first: int = 0

    @property
    def in_time(self) -> bool:
        """It decides while patients are pending."""
        return True

    @property
    def asks_when(self) -> bool:
        """Whether the day of each DLT is asked for."""
        return self.tite == "adaptive"

    def weight(self, share: float, dlts: Sequence[float] = ()) -> float:
        """The weight of one followed for a share of the window without a DLT."""
        if self.tite == "linear" or not dlts:
            return share
        cuts = [0.0, *sorted(dlts), 1.0]
        k = min(bisect_right(cuts, share), len(cuts) - 1) - 1
        width = cuts[k + 1] - cuts[k]
        within = (share - cuts[k]) / width if width > 0 else 0.0
        return (k + within) / (len(cuts) - 1)

    def _density(self, state: Counts, known: Meanwhile) -> tuple[Real, Real]:
        pending = [(dose, self.weight(share, known.dlts)) for dose, share in known.pending]
        return self.crm.density(state.dlt, [n - y for n, y in zip(state.n, state.dlt, strict=True)], pending)

    def ptox(self, state: Counts, known: Meanwhile | None = None) -> tuple[float, ...]:
        """The rates of all doses as known meanwhile; the skeleton before the first patient."""
        if known is None or not known.pending:
            return super().ptox(state)
        theta, w = self._density(state, known)
        return self.crm.rates(self.crm.estimate(theta, w))

    def meanwhile(self, state: Counts, known: Meanwhile) -> DoseVerdict | Wait:
        """The next dose, the end, or that the trial waits."""
        if not known.pending:
            return self.verdict(state)
        whole = replace(state, n=tuple(a + b for a, b in zip(state.n, known.counts(self.doses), strict=True)))
        theta, w = self._density(state, known)
        to, because, bound = self._placed(whole, self.crm.rates(self.crm.estimate(theta, w)))
        answered = state.of(state.at)[0]
        if to > state.at and answered < self.answered_first:
            said = (
                f"{answered} at dose {state.at} are answered, {self.answered_first} are needed before it is escalated."
            )
            to, because, bound = state.at, (*because, said), (*bound, "answered first")
        base = DoseVerdict(Give(to, self._size(whole)), because, bound)
        said_by = [r.said(theta, w) if isinstance(r, ModelTooToxic) else r.asked(whole, to) for r in self._rules]
        return no_end_meanwhile(most_cautious(base, said_by), len(known.pending))

    def numbers(self) -> Mapping[str, Any]:
        """The model and its conventions."""
        return {**super().numbers(), "tite": self.tite, "answered_first": self.answered_first}

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        how = (
            "the share of the window"
            if self.tite == "linear"
            else "the share of the DLTs seen so far that came within the follow-up (adaptive weights)"
        )
        first = (
            f" A dose is escalated only after {self.answered_first} patients there are answered."
            if self.answered_first
            else ""
        )
        return f"{super().describe()} Pending patients count with a weight, {how} (TITE-CRM; Cheung & Chappell 2000).{first}"
