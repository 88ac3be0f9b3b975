"""Expansion, of any dose-finding design: so many more patients at the dose that it recommends, watched by a safety rule.

When the design ends with a dose, ``n`` more are treated there, in parts between the looks of a rule of the safety shelf (``rule``, from ``theta0`` on, calibrated to ``phi``);
the rule counts the expansion's patients at that dose alone, for whom it was calibrated. Where it stops, the dose below is expanded from the beginning, or the trial ends
without a dose, as ``when_stopped`` says; below the lowest there is none. The dose that has all its n is recommended.
Such cohorts: Iasonos & O'Quigley 2013, doi:10.1200/JCO.2012.47.9949.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from pydantic import Field

from equipoise.design import shelf
from equipoise.design.dose.dose_design import EXPAND, DoseDesign, DoseVerdict, End, Give, Seen
from equipoise.design.dose.exact import DoseCharacteristics, DoseTruth
from equipoise.design.dose.exact_behaviour import characteristics
from equipoise.design.dose.levels import gone
from equipoise.design.dose.meanwhile import Meanwhile, Wait, asked, in_time
from equipoise.design.safety.safety_rule import SafetyRule, upper_stages
from equipoise.design.spec import Entries, Error, Probability, between
from equipoise.numerics.sequential.staged_binomial import ends
from equipoise.trial.problem import Problem


class Spec(Entries):
    """How a recommended dose is expanded."""

    n: int = Field(ge=1, le=200, description="Further patients at the recommended dose.")
    rule: Literal["safety-bayes", "safety-pocock", "none"] = Field(
        default="safety-bayes", description="The safety rule that watches them."
    )
    theta0: Probability = Field(default=0.2, description="DLT rate that is acceptable.")
    theta1: Probability = Field(default=0.4, description="DLT rate that is too high; above theta0.")
    phi: Error = Field(default=0.1, description="Chance that the rule stops at theta0.")
    first: int = Field(default=3, ge=1, le=200, description="Patients at the rule's first look.")
    every: int = Field(default=3, ge=1, le=200, description="Patients between two looks, all of whom are waited for.")
    when_stopped: Literal["one lower", "no dose"] = Field(
        default="one lower",
        description="What follows where the rule stops: the dose below is expanded, or none is left.",
    )

    @between("n", "first")
    def _a_look(self) -> Iterator[Problem]:
        """The first look comes."""
        if self.first > self.n:
            yield Problem("first", "first", str(self.first), f"at most n, {self.n}")

    @between("theta0", "theta1", "rule")
    def _too_high(self) -> Iterator[Problem]:
        """theta0 < theta1."""
        if self.rule != "none" and not self.theta0 < self.theta1:
            yield Problem("theta1", "theta1", f"{self.theta1:g}", f"above theta0, {self.theta0:g}")


@dataclass(frozen=True, slots=True)
class ExpandedState:
    """``base``: the design's own state until it ended, then None (with backfill: until the expansion has a patient). ``dose``: the one that is expanded, 0 before; ``here``, ``here_dlt``: its
    expansion's patients and DLTs."""

    base: Any
    n: tuple[int, ...]
    dlt: tuple[int, ...]
    at: int
    cohorts: int
    out: int
    dose: int = 0
    here: int = 0
    here_dlt: int = 0


@dataclass(frozen=True, kw_only=True)
class Expanded:
    """A design with its expansion; see the module."""

    base: Any
    spec: Spec
    doses: int
    of_response: bool

    @property
    def cautions(self) -> tuple[str, ...]:
        """The design's, and that of an expansion that nobody watches."""
        said: tuple[str, ...] = self.base.cautions
        return (*said, "No rule watches the expansion.") if self.spec.rule == "none" else said

    @property
    def in_time(self) -> bool:
        """Whether the design decides while patients are pending; the expansion waits at its looks."""
        return in_time(self.base)

    @property
    def waits_for_response(self) -> bool:
        """Whether the design decides by responses."""
        return bool(getattr(self.base, "waits_for_response", True))

    @property
    def asks_when(self) -> bool:
        """Whether the design asks on which day a DLT came."""
        return bool(getattr(self.base, "asks_when", False))

    @cached_property
    def watch(self) -> SafetyRule | None:
        """The rule."""
        s = self.spec
        if s.rule == "none":
            return None
        table = {"theta0": s.theta0, "theta1": s.theta1, "n": s.n, "first": s.first, "cohort": s.every, "phi": s.phi}
        rule = shelf.build(s.rule, table)
        assert isinstance(rule, SafetyRule)
        return rule

    @cached_property
    def looks(self) -> tuple[int, ...]:
        """Expansion patients at a dose when everybody is waited for."""
        return self.watch.sizes if self.watch is not None else (self.spec.n,)

    def stops(self, n: int, dlt: int) -> bool:
        """Whether the rule stops a dose after so many of its expansion."""
        return self.watch is not None and n in self.looks and dlt >= self.watch.boundary_at(n)

    def gone(self, state: ExpandedState) -> tuple[int, ...]:
        """The doses that are eliminated: by the design, or by the rule."""
        return gone(self.base, state.base) if not state.dose else tuple(range(state.dose + 1, self.doses + 1))

    # -- the four functions -----------------------------------------------------------------------------------------

    def start(self) -> ExpandedState:
        """Nobody is treated."""
        return self._of(self.base.start())

    def _of(self, base: Any) -> ExpandedState:
        """The state while the design is at work; once it has ended with a dose, that dose is expanded and what else it knew is let go."""
        state = ExpandedState(base, base.n, base.dlt, base.at, base.cohorts, getattr(base, "out", self.doses + 1))
        action = self.base.verdict(base).action if base.at else None
        dose = self.base.recommend(base) if isinstance(action, End) and action.declares else 0
        return replace(state, base=None, dose=dose) if dose else state

    def step(self, state: ExpandedState, dose: int, seen: Seen) -> ExpandedState:
        """The state after patients at a dose. Of the expansion only those at the dose that is expanded count for its rule."""
        if not state.dose:
            return self._of(self.base.step(state.base, dose, seen))
        i = dose - 1
        n = (*state.n[:i], state.n[i] + seen.n, *state.n[i + 1 :])
        dlt = (*state.dlt[:i], state.dlt[i] + seen.dlt, *state.dlt[i + 1 :])
        after = replace(state, n=n, dlt=dlt, at=dose, cohorts=state.cohorts + 1)
        if dose != state.dose:
            return after
        here, here_dlt = state.here + seen.n, state.here_dlt + seen.dlt
        if self.stops(here, here_dlt):
            lower = state.dose - 1 if self.spec.when_stopped == "one lower" else 0
            # Nothing of a dose that was stopped is asked again; -1: no dose is left.
            return replace(after, dose=lower or -1, here=0, here_dlt=0, out=min(state.out, state.dose))
        return replace(after, here=here, here_dlt=here_dlt)

    def verdict(self, state: ExpandedState) -> DoseVerdict:
        """The design's, and then the expansion's."""
        if not state.dose:
            found: DoseVerdict = self.base.verdict(state.base)
            return found
        if state.dose < 0:
            return DoseVerdict(End("too toxic", declares=False), ("The expansion was stopped for toxicity; no lower dose is left.",), ("expansion",))  # fmt: skip
        told = f"Dose {state.dose} is expanded: {state.here} of {self.spec.n}, {state.here_dlt} with a DLT."
        if state.here >= self.spec.n:
            return DoseVerdict(End("expanded", declares=True), (told,))
        look = next(m for m in self.looks if m > state.here)
        return DoseVerdict(Give(state.dose, look - state.here), (told,), called=EXPAND)

    def meanwhile(self, state: ExpandedState, known: Meanwhile) -> DoseVerdict | Wait:
        """As the design has it while it is at work; the expansion waits at each look."""
        if not state.dose:
            return asked(self.base, state.base, known)
        return Wait(f"The expansion waits for {len(known.pending)} who are pending.")

    def recommend(self, state: ExpandedState) -> int:
        """The dose that is expanded, or the highest below it that was given; before that the design's; 0 where none is left."""
        if not state.dose:
            return int(self.base.recommend(state.base))
        return next((d for d in range(state.dose, 0, -1) if state.n[d - 1]), 0)

    # -- behaviour --------------------------------------------------------------------------------------------------

    def exactly(self, truth: DoseTruth, most_states: int = 2_000_000) -> DoseCharacteristics:
        """Exact behaviour: the design's, and from each dose that it recommends the expansion's, which asks nothing of what was before. Raises BadInput as
        the design's does."""
        before = characteristics(self.base, truth, most_states)
        patients, dlts = np.array(before.patients), np.array(before.dlts)
        cohorts, select, none = before.cohorts, np.zeros(self.doses), before.select_none
        at = np.array(before.select)
        stopped_out = 0.0
        for dose in range(self.doses, 0, -1):
            p = at[dose - 1]
            if p <= 0:
                continue
            stay, treated, parts = self._of_one(truth.dlt[dose - 1])
            select[dose - 1] = p * stay
            patients[dose - 1] += p * treated
            dlts[dose - 1] += p * treated * truth.dlt[dose - 1]
            cohorts += p * parts
            if dose > 1 and self.spec.when_stopped == "one lower":
                at[dose - 2] += p * (1 - stay)
            else:
                stopped_out += p * (1 - stay)
        why = {"no dose to expand": none, "too toxic in the expansion": stopped_out, "expanded": float(select.sum())}
        return DoseCharacteristics(
            "exact", truth, tuple(select.tolist()), none + stopped_out, tuple(patients.tolist()), tuple(dlts.tolist()), cohorts,
            {k: p for k, p in why.items() if p > 1e-14}, before.states,
        )  # fmt: skip

    def _of_one(self, rate: float) -> tuple[float, float, float]:
        """Of a dose's expansion: the chance that it is not stopped, the patients treated, and the parts in which they came, on average."""
        if self.watch is None:
            return 1.0, float(self.spec.n), 1.0
        found = ends(upper_stages(self.looks, self.watch.stops_at), rate)
        high = [float(p) for p in found.high]
        stay = 1 - sum(high)
        treated = sum(p * m for p, m in zip(high, self.looks, strict=True)) + stay * self.looks[-1]
        parts = sum(p * k for k, p in enumerate(high, 1)) + stay * len(self.looks)
        return stay, treated, parts

    # -- read aloud -------------------------------------------------------------------------------------------------

    def numbers(self) -> Mapping[str, Any]:
        """The design's, and the expansion's with its boundary at each look."""
        boundary = [] if self.watch is None else [
            {"n": m, "stop_if_at_least": b} for m, b in zip(self.looks, self.watch.stops_at, strict=True) if b <= m
        ]  # fmt: skip
        return {**self.base.numbers(), "expansion": {**self.spec.model_dump(), "boundary": boundary}}

    def describe(self) -> str:
        """The design's paragraph, and the expansion's sentences."""
        s = self.spec
        said = f"{self.base.describe()} The recommended dose is then given to {s.n} further patients."
        if self.watch is None:
            return said
        shown = ", ".join(f"{b} of {m}" for m, b in zip(self.looks, self.watch.stops_at, strict=True) if b <= m)
        after = (
            "the dose below is given in its place, to as many from the beginning"
            if s.when_stopped == "one lower"
            else "no dose is recommended"
        )
        return (
            f"{said} Their DLTs are watched ({s.rule}; the chance to stop at a rate of {s.theta0:g} is at most {s.phi:g}): at {shown or 'no number'} or more "
            f"{after}."
        )


@dataclass(frozen=True, kw_only=True)
class ExpandedBeside(Expanded):
    """The same of a design with backfill, whose backfilled patients may be answered after its last cohort: until the expansion has a patient, the
    dose that is expanded follows from them too. While a dose is expanded nobody is backfilled."""

    def _of(self, base: Any) -> ExpandedState:
        return replace(super()._of(base), base=base)

    def step(self, state: ExpandedState, dose: int, seen: Seen) -> ExpandedState:
        """The state after patients of a cohort, or of the expansion."""
        after = super().step(state, dose, seen)
        return replace(after, base=None) if state.dose and seen.n else after

    def beside(self, state: ExpandedState, dose: int, seen: Seen) -> ExpandedState:
        """The state after patients who were backfilled."""
        if state.base is not None:
            return self._of(self.base.beside(state.base, dose, seen))
        n, dlt = list(state.n), list(state.dlt)
        n[dose - 1] += seen.n
        dlt[dose - 1] += seen.dlt
        return replace(state, n=tuple(n), dlt=tuple(dlt))

    def open_dose(self, state: ExpandedState, pending: tuple[int, ...]) -> int:
        """The highest dose that is open for backfill; 0 for none."""
        return 0 if state.dose else int(self.base.open_dose(state.base, pending))


def expanded(base: DoseDesign[Any], table: Mapping[str, Any]) -> Expanded:
    """A design with the expansion that a table states. Raises BadInput with all that is wrong with it."""
    spec = Spec.read(table, "expansion")
    made = ExpandedBeside if hasattr(base, "beside") else Expanded
    return made(base=base, spec=spec, doses=base.doses, of_response=base.of_response)
