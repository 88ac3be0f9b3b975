"""A comparison of doses, after any dose-finding design: the dose that it declares and those next below it, at random.

When the design ends with a dose, ``n`` patients are randomised to it and to each of the doses below it, ``doses`` in all or as many as there are. One is
picked and, where ``p0`` and ``alpha`` are stated, given to ``further`` more and tested, as ``dose_comparison`` has it: only the comparison's own patients
count, so whatever was declared, the level is kept over every truth of the doses that are compared, those that are not picked included. Where the
lowest dose is declared it is compared with none: it has its n, and is tested at a boundary of its own.

That doses be compared at random after one was found: FDA, Optimizing the Dosage of Human Prescription Drugs and Biological Products for the Treatment of
Oncologic Diseases, guidance of August 2024 (Project Optimus).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from pydantic import Field

from equipoise.design.dose import dose_comparison
from equipoise.design.dose.counts import FourCounts
from equipoise.design.dose.dose_comparison import DoseComparison
from equipoise.design.dose.dose_design import DoseDesign, DoseVerdict, End, Give, Seen
from equipoise.design.dose.exact import DoseCharacteristics, DoseTruth, check_truth
from equipoise.design.dose.exact_behaviour import characteristics
from equipoise.design.dose.levels import gone, shape_of
from equipoise.design.dose.meanwhile import Meanwhile, Wait, asked, in_time
from equipoise.trial.problem import BadInput, Problem

_DOSES = {1: "one dose", 2: "two doses", 3: "three doses"}


class Spec(dose_comparison.Spec):
    """How the dose that was found is compared with those below it; ``kind`` may be left out."""

    doses: int = Field(default=2, ge=2, le=4, description="How many doses are compared, the declared one and below.")


@dataclass(frozen=True, slots=True)
class ComparedState:
    """``base``: the design's own state until it ended with a dose, then None. ``high``: that dose, 0 before; ``own``: the comparison's counts, from the lowest
    compared dose on; ``begun``: whether it has a patient. ``n``, ``dlt``: of all, of the design and of the comparison."""

    base: Any
    n: tuple[int, ...]
    dlt: tuple[int, ...]
    at: int
    cohorts: int
    out: int
    high: int = 0
    own: FourCounts | None = None
    begun: bool = False


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A design with the comparison that follows it; see the module."""

    base: Any
    spec: Spec
    doses: int

    #: Patients of the comparison come while others are pending.
    in_time = True
    #: Its doses are given by lot, once the design has ended.
    lot_later = True

    @property
    def of_response(self) -> bool:
        """Responses count, in the comparison at least."""
        return True

    @property
    def timeless(self) -> bool:
        """Whether nothing that is decided depends on how fast patients come."""
        return not in_time(self.base) or bool(getattr(self.base, "timeless", False))

    @property
    def waits_for_response(self) -> bool:
        """Whether the design itself decides by responses; the comparison always does."""
        return bool(self.base.of_response and getattr(self.base, "waits_for_response", True))

    @property
    def asks_when(self) -> bool:
        """Whether the design asks on which day a DLT came."""
        return bool(getattr(self.base, "asks_when", False))

    @property
    def asks_how_long(self) -> bool:
        """Whether it matters for how long somebody who is pending was followed."""
        return in_time(self.base)

    @property
    def cautions(self) -> tuple[str, ...]:
        """The design's, and the comparison's."""
        return (*self.base.cautions, *self.of(self.spec.doses).cautions)

    @cached_property
    def _each(self) -> tuple[DoseComparison, ...]:
        """The comparison of one dose, of two, and so on."""
        said = self.spec.model_dump(exclude={"kind", "doses"})
        return tuple(DoseComparison(doses=k, **said) for k in range(1, self.spec.doses + 1))

    def of(self, doses: int) -> DoseComparison:
        """The comparison of so many doses."""
        return self._each[doses - 1]

    def lowest(self, high: int) -> int:
        """The lowest dose that is compared where ``high`` was declared."""
        return max(high - self.spec.doses + 1, 1)

    def _inner(self, state: ComparedState) -> DoseComparison:
        return self.of(state.high - self.lowest(state.high) + 1)

    def gone(self, state: ComparedState) -> tuple[int, ...]:
        """The doses that the design has eliminated."""
        return gone(self.base, state.base) if not state.high else tuple(range(state.out, self.doses + 1))

    # -- the four functions -----------------------------------------------------------------------------------------

    def start(self) -> ComparedState:
        """Nobody is treated."""
        return self._of(self.base.start())

    def _of(self, base: Any) -> ComparedState:
        """The state while the design is at work; once it has ended with a dose, that one and those below it are compared, and what else it knew is let go."""
        out = getattr(base, "out", self.doses + 1)
        state = ComparedState(base, tuple(base.n), tuple(base.dlt), base.at, base.cohorts, out)
        action = self.base.verdict(base).action if base.at else None
        high = self.base.recommend(base) if isinstance(action, End) and action.declares else 0
        if not high:
            return state
        return replace(state, base=None, high=high, own=self.of(high - self.lowest(high) + 1).start())

    def step(self, state: ComparedState, dose: int, seen: Seen) -> ComparedState:
        """The state after patients at a dose. Of the comparison only those at the doses that are compared count for it."""
        if state.own is None:
            told = seen if self.base.of_response else Seen(seen.none + seen.response, seen.toxic + seen.both)
            return self._of(self.base.step(state.base, dose, told))
        i = dose - 1
        n = (*state.n[:i], state.n[i] + seen.n, *state.n[i + 1 :])
        dlt = (*state.dlt[:i], state.dlt[i] + seen.dlt, *state.dlt[i + 1 :])
        after = replace(state, n=n, dlt=dlt, at=dose, begun=True)
        low = self.lowest(state.high)
        if not low <= dose <= state.high:
            return after
        own = self._inner(state).step(state.own, dose - low + 1, seen)
        return replace(after, own=own, cohorts=state.cohorts - state.own.cohorts + own.cohorts)

    def verdict(self, state: ComparedState) -> DoseVerdict:
        """The design's, and then the comparison's."""
        if state.own is None:
            found: DoseVerdict = self.base.verdict(state.base)
            return found
        return self._named(state, self._inner(state).verdict(state.own))

    def _named(self, state: ComparedState, found: DoseVerdict) -> DoseVerdict:
        """What the comparison says of its doses, said of the design's."""
        assert state.own is not None, "asked of the comparison"
        low, why, because = self.lowest(state.high), "", found.because
        if not state.own.stage:
            which = f"Doses {low} to {state.high} are compared" if low < state.high else f"No dose is below dose {low}"
            why = f"The design declared dose {state.high}. {which}."
        elif not state.own.stage.startswith("0:"):
            picked, responses = map(int, state.own.stage.split(":"))
            why, because = f"Dose {low + picked - 1} was picked, with {responses} responses.", because[1:]
        action = found.action
        if isinstance(action, Give):
            action = Give(low + action.dose - 1, action.size)
        return replace(found, action=action, because=(why, *because) if why else because)

    def meanwhile(self, state: ComparedState, known: Meanwhile) -> DoseVerdict | Wait:
        """As the design has it while it is at work. The comparison begins when everybody is answered, and its patients come while others are pending."""
        if state.own is None:
            return asked(self.base, state.base, known)
        if not state.begun:
            return Wait(f"Doses are compared when {len(known.pending)} who are pending are known.")
        found = self._inner(state).meanwhile(state.own, self._known(state, known))
        return found if isinstance(found, Wait) else self._named(state, found)

    def _known(self, state: ComparedState, known: Meanwhile) -> Meanwhile:
        """Who is pending at the doses that are compared, by their places among these."""
        low = self.lowest(state.high)
        return Meanwhile(tuple((d - low + 1, s) for d, s in known.pending if low <= d <= state.high), known.dlts)

    def places(self, state: ComparedState, known: Meanwhile) -> tuple[int, ...]:
        """Before a dose is picked: how many are still to be randomised to each."""
        assert state.own is not None, "asked of the comparison"
        room = self._inner(state).places(state.own, self._known(state, known))
        low = self.lowest(state.high)
        return ((0,) * (low - 1) + room + (0,) * self.doses)[: self.doses]

    def recommend(self, state: ComparedState) -> int:
        """The picked dose, where that is tested once it is declared. Before one is picked the design's; none while it is still to be tested."""
        if state.own is None:
            return int(self.base.recommend(state.base))
        if not state.own.stage and self.spec.p0 is None:
            return state.high
        chosen = self._inner(state).recommend(state.own)
        return self.lowest(state.high) + chosen - 1 if chosen else 0

    # -- behaviour --------------------------------------------------------------------------------------------------

    def exactly(self, truth: DoseTruth, most_states: int = 2_000_000) -> DoseCharacteristics:
        """Exact behaviour: the design's, and after each dose that it declares the comparison's, which asks nothing of what was before. Raises BadInput as
        the design's does."""
        check_truth(self, truth)
        of_design = truth if self.base.of_response else DoseTruth(truth.dlt)
        exactly = getattr(self.base, "exactly", None)
        before = (
            characteristics(self.base, of_design, most_states) if exactly is None else exactly(of_design, most_states)
        )
        patients, dlts, select = np.array(before.patients), np.array(before.dlts), np.zeros(self.doses)
        cohorts, why = before.cohorts, {"no dose to compare": before.select_none}
        for high, p in enumerate(before.select, 1):
            if p <= 0:
                continue
            low = self.lowest(high)
            here = slice(low - 1, high)
            found = self.of(high - low + 1).exactly(DoseTruth(truth.dlt[here], truth.response[here]))
            select[here] += p * np.array(found.select)
            patients[here] += p * np.array(found.patients)
            dlts[here] += p * np.array(found.dlts)
            cohorts += p * found.cohorts
            for name, q in found.ends.items():
                why[name] = why.get(name, 0.0) + p * q
        return DoseCharacteristics(
            "exact", truth, tuple(select.tolist()), float(1 - select.sum()), tuple(patients.tolist()), tuple(dlts.tolist()), cohorts,
            {k: p for k, p in why.items() if p > 1e-14}, before.states,
        )  # fmt: skip

    # -- read aloud -------------------------------------------------------------------------------------------------

    def numbers(self) -> Mapping[str, Any]:
        """The design's, and the comparison's: of as many doses as are compared."""
        return {**self.base.numbers(), "comparison": [each.numbers() for each in self._each]}

    def describe(self) -> str:
        """The design's paragraph, and the comparison's."""
        k = self.spec.doses
        below = "the dose below it" if k == 2 else f"the {k - 1} doses below it"
        said = f"{self.base.describe()} The declared dose is then compared with {below}. {self.of(k).describe()}"
        needs = ""
        if self.spec.p0 is not None:
            each = (f"{c.boundary} responses of {c.n + c.further} for {_DOSES[c.doses]}" for c in self._each[:-1])
            needs = f", with its own boundary: {', '.join(each)}"
        fewer = (
            "Where the lowest dose is declared it is compared with none, given to as many and judged"
            if k == 2
            else "Where fewer doses are below it, these are compared"
        )
        return f"{said} {fewer} in the same way{needs}."


def compared(base: DoseDesign[Any], table: Mapping[str, Any]) -> Compared:
    """A design with the comparison that a table states. Raises BadInput with all that is wrong with it."""
    spec, problems = None, list[Problem]()
    try:
        spec = Spec.read(table, "comparison")
    except BadInput as bad:
        problems += bad.problems
    for wrong, code, given, allowed in (
        (hasattr(base, "beside"), "comparison-of-backfill", "with backfill", "without: who is backfilled may be answered after the comparison began"),
        (len(shape_of(base)) > 1, "comparison-of-two-drugs", "of two drugs", "a design of one drug: which doses are next below one of two drugs nothing says"),
        (hasattr(base, "places"), "comparison-of-comparison", "of a comparison", "nothing: this design compares doses itself"),
    ):  # fmt: skip
        if wrong:
            problems.append(Problem(code, "comparison", given, allowed))
    if spec is not None and spec.doses > base.doses:
        problems.append(Problem("comparison-doses", "doses", str(spec.doses), f"at most {base.doses}, the design's"))
    if problems or spec is None:
        raise BadInput("comparison", problems)
    return Compared(base=base, spec=spec, doses=base.doses)
