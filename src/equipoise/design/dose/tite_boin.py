"""BOIN that decides while patients are pending (TITE-BOIN), in its two forms.

With n treated at the dose, y DLTs, c pending who were followed for shares s of the window (S their sum), the rate compared with λe and λd is

    imputation (2018)   (y + (c - S) p/(1 - p)) / n    with p = (y + φ/2)/(n - c + 1)
    ess (2020)          y / (n - c + S), by the effective sample size

Yuan, Lin, Li, Nie & Warren 2018, doi:10.1158/1078-0432.CCR-18-0246; Lin & Yuan 2020, doi:10.1093/biostatistics/kxz007. R's TITEgBOIN
ships the second under the first's name. Doses are eliminated by all n, pending ones included, and before anybody is waited for.
``suspend``: wait while more than half at the dose are pending, or until two are answered (simFastBOIN with ess), or never for that.
``wait_at_lowest``: where the lowest dose's rate would go down, wait for who is pending (TITEgBOIN).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from equipoise.design.dose.boin import Boin
from equipoise.design.dose.counts import Counts, treated
from equipoise.design.dose.dose_design import DoseVerdict, End, Give, Seen
from equipoise.design.dose.interval import DOWN, UP
from equipoise.design.dose.meanwhile import Meanwhile, Wait, no_end_meanwhile
from equipoise.design.dose.rules import most_cautious


@dataclass(frozen=True, kw_only=True)
class TiteBoin(Boin):
    """BOIN in time; see the module."""

    tite: Literal["imputation", "ess"]
    suspend: Literal["over half", "two answered", "no"] = "over half"
    wait_at_lowest: bool = True

    @property
    def in_time(self) -> bool:
        """It decides while patients are pending."""
        return True

    def step(self, state: Counts, dose: int, seen: Seen) -> Counts:
        """The counts after a cohort; what is out follows from them, for patients may still have come to a dose before it was."""
        after = treated(state, dose, seen)
        return replace(after, out=self.out_of(after.n, after.dlt))

    def verdict(self, state: Counts) -> DoseVerdict:
        """The next dose, with nobody pending."""
        found = self.meanwhile(state, Meanwhile())
        assert isinstance(found, DoseVerdict)  # with nobody pending nobody is waited for
        return found

    def effective(self, n: int, dlt: int, pending: int, followed: float) -> tuple[float, float]:
        """Patients and DLTs whose ratio is the rate; ``followed``: the sum of the pending ones' shares."""
        if self.tite == "ess":
            return n - pending + followed, dlt
        p = (dlt + self.target / 2) / (n - pending + 1)
        return n, dlt + (pending - followed) * p / (1 - p)

    def suspended(self, n: int, pending: int) -> bool:
        """Whether too few at the dose are answered."""
        if self.suspend == "over half":
            return 2 * pending > n
        return self.suspend == "two answered" and pending > 0 and n - pending < 2

    def meanwhile(self, state: Counts, known: Meanwhile) -> DoseVerdict | Wait:
        """The next dose, the end, or that the trial waits."""
        whole = replace(state, n=tuple(a + b for a, b in zip(state.n, known.counts(self.doses), strict=True)))
        whole = replace(whole, out=self.out_of(whole.n, whole.dlt))
        at = state.at
        if at == 0:
            return super().verdict(state)
        if whole.out == 1:
            n, y = whole.of(1)
            return DoseVerdict(End("too toxic", declares=False), (f"Dose 1, the lowest, is eliminated ({y} of {n}).",))
        found = self._in_time(whole, known)
        if isinstance(found, Wait):
            return found
        to, because, bound = found
        base = DoseVerdict(Give(to, self._size(whole)), because, bound)
        return no_end_meanwhile(most_cautious(base, (r.asked(whole, to) for r in self.rules)), len(known.pending))

    def _in_time(self, whole: Counts, known: Meanwhile) -> Wait | tuple[int, tuple[str, ...], tuple[str, ...]]:
        at, (n, y) = whole.at, whole.of(whole.at)
        pending, followed = known.at(at)
        if at >= whole.out or pending == 0:
            return self._next(whole)
        told = f"{y} of {n} at dose {at} with a DLT, {pending} pending, followed for {followed:.2f} windows in all"
        if self.suspended(n, pending):
            return Wait(f"{told}: too few are answered.")
        people, dlts = self.effective(n, y, pending, followed)
        if people <= 0:
            return Wait(f"{told}: nobody was followed.")
        move = self.by_rate(people, dlts)
        low, high = self.lambda_e, self.lambda_d
        word = {UP: f"≤ λe = {low:.4f}: escalate", DOWN: f"≥ λd = {high:.4f}: de-escalate"}.get(
            move, "between λe and λd: stay"
        )
        because = f"{told}: rate {dlts / people:.3f} {word}."
        if move == DOWN and at == 1 and self.wait_at_lowest:
            return Wait(f"{because} There is no lower dose, and the pending are waited for.")
        return self._moved(whole, move, because)

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        how = (
            "with the DLTs of pending patients imputed by their follow-up (Yuan and others 2018)"
            if self.tite == "imputation"
            else "with pending patients counted by the share of the window followed (Lin & Yuan 2020)"
        )
        waits = {
            "over half": " Nobody is treated while more than half of the patients at the dose are pending.",
            "two answered": " Nobody is treated until two patients at the dose are answered.",
            "no": "",
        }[self.suspend]
        lowest = (
            " Where the lowest dose would be de-escalated, pending patients are waited for."
            if self.wait_at_lowest
            else ""
        )
        return f"{super().describe()} The rate is asked while patients are pending, {how}.{waits}{lowest}"
