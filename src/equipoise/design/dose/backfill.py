"""Backfill, of a dose-finding design: who comes while a cohort is waited for is given a lower dose that has been cleared.

Zhao, Yuan, Korn & Freidlin 2024 (BF-BOIN), doi:10.1158/1078-0432.CCR-23-2585; the same at the lowest conflicting dose: 2026, doi:10.1007/s43441-026-00994-0. A dose
below the current one is open where it has fewer than ``cap`` patients and, with ``needs_response``, a response was seen at it or below. It is closed, with all above it,
while its own DLT rate and the rate pooled with the dose above it both call for de-escalation; it may open again. The highest open dose is given. Who cannot be
backfilled is turned away.

``counts``: whether backfilled patients who are answered count in the design's decisions and its choice. They never count in its number of patients. ``conflict``: where the
design would stay or escalate and a lower dose's own numbers call for de-escalation, the doses from there to the current one are pooled and decide: from the 'highest' such
dose (2024), the 'lowest' (2026), or never ('ignored'). On 'de-escalate' the next dose is the highest whose rate pooled from that dose on does not call for it, else the dose
below. A response is seen when the patient's window is over, or with a DLT.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from equipoise.design.dose.a_plus_b import APlusB
from equipoise.design.dose.blrm import Blrm
from equipoise.design.dose.counts import Counts
from equipoise.design.dose.crm import Crm
from equipoise.design.dose.dose_design import BACKFILL, DoseDesign, DoseVerdict, Give, Seen
from equipoise.design.dose.interval import DOWN, IntervalDesign
from equipoise.design.dose.meanwhile import Meanwhile, Wait, in_time, no_end_meanwhile
from equipoise.design.dose.rules import most_cautious
from equipoise.design.spec import Entries, Probability
from equipoise.trial.problem import BadInput, Problem


class Spec(Entries):
    """How patients are backfilled."""

    cap: int = Field(default=10, ge=1, le=200, description="A dose with so many patients is backfilled no more.")
    needs_response: bool = Field(default=True, description="Only a dose at or below which a response was seen.")
    counts: bool = Field(default=True, description="Backfilled patients count in decisions and the choice of the dose.")
    conflict: Literal["highest", "lowest", "ignored"] = Field(
        default="highest", description="From which lower dose that calls for de-escalation on rates are pooled."
    )
    close_at: Probability | None = Field(
        default=None, description="DLT rate that closes a dose (default: what the design itself de-escalates at)."
    )


@dataclass(frozen=True, slots=True)
class BesideCounts(Counts):
    """Counts, of the cohorts and, where they count, of who was backfilled. ``beside``, ``beside_dlt``: who was backfilled; ``responses``: of all."""

    beside: tuple[int, ...] = ()
    beside_dlt: tuple[int, ...] = ()
    responses: tuple[int, ...] = ()
    counted: bool = True

    @property
    def patients(self) -> int:
        """Patients of the cohorts."""
        return sum(self.n) - (sum(self.beside) if self.counted else 0)

    def everybody(self, dose: int) -> tuple[int, int]:
        """Patients and DLTs at a dose, with who was backfilled."""
        n, y = self.n[dose - 1], self.dlt[dose - 1]
        return (n, y) if self.counted else (n + self.beside[dose - 1], y + self.beside_dlt[dose - 1])


@dataclass(frozen=True, kw_only=True)
class Backfilled:
    """A design with backfill; see the module."""

    base: Any
    spec: Spec
    doses: int

    #: Who comes while others are pending may be treated.
    in_time = True
    #: A response opens a dose once it is seen; no cohort is held up for one.
    waits_for_response = False

    @property
    def of_response(self) -> bool:
        """Responses open doses."""
        return self.spec.needs_response

    @property
    def cautions(self) -> tuple[str, ...]:
        """The design's own."""
        said: tuple[str, ...] = self.base.cautions
        return said

    def start(self) -> BesideCounts:
        """Nobody is treated."""
        none = (0,) * self.doses
        return _with(self.base.start(), none, none, none, counted=self.spec.counts)

    def step(self, state: BesideCounts, dose: int, seen: Seen) -> BesideCounts:
        """The state after a cohort of the design's own."""
        after = self.base.step(state, dose, seen)
        responses = _plus(state.responses, dose, seen.responses)
        return _with(after, state.beside, state.beside_dlt, responses, counted=state.counted)

    def beside(self, state: BesideCounts, dose: int, seen: Seen) -> BesideCounts:
        """The state after patients who were backfilled: what the design decides by counts them, but not as its last cohort."""
        after: Counts = state
        if self.spec.counts:
            counted = self.base.step(state, dose, seen)
            after = Counts(counted.n, counted.dlt, state.at, counted.out, state.cohorts, state.stage)
        beside, beside_dlt = _plus(state.beside, dose, seen.n), _plus(state.beside_dlt, dose, seen.dlt)
        return _with(after, beside, beside_dlt, _plus(state.responses, dose, seen.responses), counted=state.counted)

    # -- decisions --------------------------------------------------------------------------------------------------

    def verdict(self, state: BesideCounts) -> DoseVerdict:
        """The design's, unless a lower dose's numbers say otherwise."""
        found: DoseVerdict = self.base.verdict(state)
        design = self.base
        if self.spec.conflict == "ignored" or not self.spec.counts or not isinstance(design, IntervalDesign):
            return found
        if not isinstance(found.action, Give):
            return found
        at = state.at
        if at == 0 or found.action.dose < at or at >= state.out:
            return found
        lower = [b for b in range(1, at) if self._too_high(*state.everybody(b))]
        if not lower:
            return found
        start = max(lower) if self.spec.conflict == "highest" else min(lower)
        n, y = self._pooled(state, start, at)
        move = design.move(n, y)
        to = min(max(at + move, 1), found.action.dose)
        if move == DOWN:
            fits = [k for k in range(start, at) if not self._too_high(*self._pooled(state, start, k))]
            to = max([*fits, start - 1, 1])
        why = f"Dose {start} has {state.of(start)[1]} of {state.of(start)[0]} with a DLT: pooled up to dose {at}, {y} of {n}: dose {to}."
        bound = ("conflict",) if to != found.action.dose else ()
        base = DoseVerdict(Give(to, found.action.size), (*found.because, why), (*found.bound, *bound))
        return most_cautious(base, (r.asked(state, to) for r in design.rules))

    def _pooled(self, state: BesideCounts, low: int, high: int) -> tuple[int, int]:
        each = [state.everybody(d) for d in range(low, high + 1)]
        return sum(n for n, _ in each), sum(y for _, y in each)

    def _too_high(self, n: int, dlt: int) -> bool:
        """Whether these numbers call for de-escalation."""
        if n == 0:
            return False
        if self.spec.close_at is not None:
            return dlt >= self.spec.close_at * n - 1e-12
        return bool(self.base.move(n, dlt) == DOWN)

    def open_dose(self, state: BesideCounts, pending: tuple[int, ...]) -> int:
        """The highest dose that is open; 0 for none. ``pending``: who is followed at each dose."""
        closed = next(
            (
                b
                for b in range(1, state.at)
                if self._too_high(*state.everybody(b)) and self._too_high(*self._pooled(state, b, b + 1))
            ),
            state.at,
        )
        for b in range(min(closed, state.out, state.at) - 1, 0, -1):
            seen = not self.spec.needs_response or sum(state.responses[:b]) > 0
            if seen and state.everybody(b)[0] + pending[b - 1] < self.spec.cap and state.everybody(b)[0] > 0:
                return b
        return 0

    def meanwhile(self, state: BesideCounts, known: Meanwhile) -> DoseVerdict | Wait:
        """Who is pending at the current dose or above is waited for, and an open dose is given meanwhile."""
        pending = known.counts(self.doses)
        if not sum(pending[max(state.at, 1) - 1 :]):
            return no_end_meanwhile(self.verdict(state), sum(pending))
        dose = self.open_dose(state, pending)
        if dose:
            why = f"{sum(pending)} are pending: the next patient is backfilled at dose {dose}."
            return DoseVerdict(Give(dose, 1), (why,), (BACKFILL,), BACKFILL)
        return Wait(f"The design waits for {sum(pending)} who are pending; no dose is open for backfill.")

    def recommend(self, state: BesideCounts) -> int:
        """The design's choice."""
        return int(self.base.recommend(state))

    def numbers(self) -> Mapping[str, Any]:
        """The design's, and what opens a dose."""
        return {**self.base.numbers(), "backfill": self.spec.model_dump()}

    def describe(self) -> str:
        """The design's paragraph, and how patients are backfilled."""
        s = self.spec
        seen = " and a response was seen at it or below" if s.needs_response else ""
        closes = f"of {s.close_at:g} or more" if s.close_at is not None else "that call for de-escalation"
        count = "count in its decisions" if s.counts else "do not count in its decisions"
        said = (
            f"{self.base.describe()} Who comes while a cohort is waited for is given the highest dose below the current one that is open (Zhao and others 2024): it has fewer "
            f"than {s.cap} patients{seen}. A dose, with all above it, is closed while its own DLT rate and the rate pooled with the next dose are both rates {closes}. "
            f"Backfilled patients {count}, and not in its number of patients."
        )
        if s.conflict == "ignored":
            return said
        return (
            f"{said} Where a lower dose's rate calls for de-escalation and the current dose's does not, the doses from the {s.conflict} such dose to the current one are pooled "
            "and decide."
        )


def _with(
    known: Counts, beside: tuple[int, ...], beside_dlt: tuple[int, ...], responses: tuple[int, ...], *, counted: bool
) -> BesideCounts:
    """A design's own state with what it does not know."""
    own = known.n, known.dlt, known.at, known.out, known.cohorts, known.stage
    return BesideCounts(*own, beside, beside_dlt, responses, counted)


def _plus(counts: tuple[int, ...], dose: int, more: int) -> tuple[int, ...]:
    return (*counts[: dose - 1], counts[dose - 1] + more, *counts[dose:])


def backfilled(base: DoseDesign[Any], table: Mapping[str, Any]) -> Backfilled:
    """A design with the backfill that a table states. Raises BadInput for an entry, or a design that cannot have it."""
    problems = []
    try:
        spec = Spec.read(table, "backfill")
    except BadInput as bad:
        spec = Spec()
        problems = list(bad.problems)
    may: tuple[type[Any], ...] = (IntervalDesign, Crm, Blrm) if spec.counts else (IntervalDesign, Crm, Blrm, APlusB)
    if not isinstance(base, may) or in_time(base):
        allowed = "a design of one drug that waits for its cohorts and decides from DLT rates: boin, keyboard, mtpi, i3plus3, table, crm, blrm"
        step = "backfilled patients need not count: counts=false" if isinstance(base, APlusB) else ""
        problems.insert(0, Problem("no-backfill", "backfill", "this design", allowed, step))
    elif not isinstance(base, IntervalDesign) and spec.close_at is None and not problems:
        allowed = "a DLT rate that closes a dose: this design has no boundary of its own"
        problems.append(Problem("close-at", "close_at", "nothing", allowed))
    if problems:
        raise BadInput("backfill", problems)
    return Backfilled(base=base, spec=spec, doses=base.doses)
