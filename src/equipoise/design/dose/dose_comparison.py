"""A randomised comparison of two to four doses, of which one is picked, and, where that is asked for, tested in the same trial.

n patients are randomised to each dose. Of the doses that are fit to be picked (P(DLT rate > ``phi_t``) < ``c_t``, uniform prior) the lowest is picked whose
response rate, or mean utility, is within ``margin`` of the largest: a higher dose must be better by more than that. With ``p0`` and ``alpha`` the picked
dose, if it has ``least`` responses, is given to ``further`` more patients and declared if all its responses reach a boundary. Picking the best and testing
it on the same patients finds too much: the boundary is the least at which no truth makes more than ``alpha`` false declarations, that is of a dose whose response
rate is at most p0, whatever the rates of the doses beside it are. That is searched over truths, not taken to be where all doses have the rate p0;
``guard`` 'any rule' takes a bound that holds however the dose is picked, and whether or not responses and DLTs go together.

That doses be compared at random before one is chosen: FDA, Optimizing the Dosage of Human Prescription Drugs and Biological Products for the Treatment of Oncologic
Diseases, guidance of August 2024 (Project Optimus). The rule of picking: a lower dose unless the higher is better by a margin, as in BARD, Yang and others 2025,
doi:10.1177/17407745251350596.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from pydantic import Field

from equipoise.design.dose.comparison_exact import Comparison, Dose, Worst
from equipoise.design.dose.counts import FourCounts, nobody_of_four, treated_of_four
from equipoise.design.dose.dose_design import EXPAND, RANDOMISE, DoseVerdict, End, Give, Seen
from equipoise.design.dose.exact import DoseCharacteristics, DoseTruth, check_truth
from equipoise.design.dose.isotonic import chance_above
from equipoise.design.dose.meanwhile import Meanwhile, Wait
from equipoise.design.spec import Entries, Error, Probability, between
from equipoise.numerics.counts.binomial import pmf
from equipoise.trial.problem import Problem

DOSE_KIND = "dose-comparison"
TITLE = "Doses compared at random, the picked one tested"
FAMILY = "dose comparison"
REFERENCE = (
    "FDA. Optimizing the dosage of human prescription drugs and biological products for the treatment of oncologic diseases. Guidance, August 2024; "
    "Yang P and others, BARD. Clin Trials 2025. doi:10.1177/17407745251350596"
)
EXAMPLE = {"doses": 2, "n": 15, "further": 10, "p0": 0.2, "alpha": 0.05, "margin": 0.1, "phi_t": 0.35}
_HAIR = 1e-9


class Spec(Entries):
    """A comparison of doses: how many patients, how one is picked, and how it is tested."""

    kind: Literal["dose-comparison"]
    doses: int = Field(default=2, ge=2, le=4, description="How many doses are compared.")
    n: int = Field(ge=2, le=100, description="Patients randomised to each dose.")
    further: int = Field(default=0, ge=0, le=200, description="Further patients given the picked dose.")
    pick: Literal["response", "utility"] = Field(default="response", description="What the picked dose has most of.")
    margin: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="A higher dose must be better than a lower one by more than this (utility: of 1).",
    )
    u2: float = Field(default=40, ge=0, le=100, description="Utility of neither; a response without a DLT has 100.")
    u3: float = Field(default=60, ge=0, le=100, description="Utility of both; a DLT without a response has 0.")
    phi_t: Probability | None = Field(
        default=None, description="Highest DLT rate that is tolerated (default: DLTs are not asked)."
    )
    c_t: float = Field(
        default=0.95, ge=0.5, lt=1, description="A dose is not picked if P(DLT rate > phi_t) reaches this."
    )
    p0: Probability | None = Field(default=None, description="Response rate that is not worth pursuing; with alpha.")
    alpha: Error | None = Field(default=None, description="Largest chance to declare a dose of no more than p0.")
    least: int = Field(default=0, ge=0, description="Responses that the picked dose needs among its first n to go on.")
    guard: Literal["this rule", "any rule"] = Field(
        default="this rule",
        description="Whether the level is kept by this rule of picking, or by a bound for all rules.",
    )
    together = ("p0", "alpha")

    @between("pick", "u2", "u3")
    def _of_two_sums(self) -> Iterator[Problem]:
        """The mean utility follows from how many responded and how many had a DLT."""
        if self.pick == "utility" and abs(self.u2 + self.u3 - 100) > 1e-9:
            given = f"{self.u2:g} and {self.u3:g}"
            yield Problem(
                "utility",
                "u2, u3",
                given,
                "two that add up to 100: then who had both does not matter, and sums are exact",
            )

    @between("n", "least")
    def _can_go_on(self) -> Iterator[Problem]:
        """The responses asked for can be had."""
        if self.least > self.n:
            yield Problem("least", "least", str(self.least), f"at most n, {self.n}")

    @between("doses", "n", "pick")
    def _in_time(self) -> Iterator[Problem]:
        """The sums end."""
        most = 30 if self.doses == 4 else 60 if self.pick == "utility" else 100
        if self.n > most:
            yield Problem("n", "n", str(self.n), f"at most {most} a dose for {self.doses} doses by {self.pick}")

    @between("p0", "alpha", "further", "least", "guard")
    def _only_tested(self) -> Iterator[Problem]:
        """What only a test asks for."""
        if self.p0 is None and self.alpha is None:
            for name, default in (("further", 0), ("least", 0), ("guard", "this rule")):
                if getattr(self, name) != default:
                    yield Problem(
                        "not-tested", name, str(getattr(self, name)), "only with p0 and alpha: else nothing is tested"
                    )


@dataclass(frozen=True, kw_only=True)
class DoseComparison:
    """A comparison of doses; see the module. ``stage`` of a state: the picked dose and its responses then, 'p:s'; '' before."""

    doses: int
    n: int
    further: int = 0
    pick: Literal["response", "utility"] = "response"
    margin: float = 0.0
    u2: float = 40
    u3: float = 60
    phi_t: float | None = None
    c_t: float = 0.95
    p0: float | None = None
    alpha: float | None = None
    least: int = 0
    guard: Literal["this rule", "any rule"] = "this rule"

    #: Patients come while others are pending, and what is decided does not depend on when.
    in_time = True
    at_random = True
    timeless = True

    @property
    def of_response(self) -> bool:
        """Responses count."""
        return True

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a user must be told."""
        said = []
        if self.phi_t is None:
            said.append("DLTs do not count: state phi_t.")
        if self.p0 is None:
            said.append("Nothing is tested: a dose is picked even if none works.")
        elif self.boundary > self.n + self.further:
            said.append(
                "No number of responses is enough to declare a dose at this level: more patients, or a higher alpha."
            )
        elif self.guard == "this rule" and self.asks_dlt != "no":
            said.append(
                "The level is kept where responses and DLTs are independent in a patient; guard 'any rule' keeps it however they go together."
            )
        return tuple(said)

    # -- picking and testing ----------------------------------------------------------------------------------------

    @property
    def asks_dlt(self) -> str:
        """Whether DLTs are asked, and for what: see ``Comparison``."""
        return "score" if self.pick == "utility" else "fit" if self.phi_t is not None else "no"

    def fit(self, n: int, dlt: int) -> bool:
        """Whether DLTs leave a dose fit to be picked."""
        return self.phi_t is None or chance_above(self.phi_t, n, dlt) < self.c_t

    def score(self, n: int, dlt: int, responses: int, both: int) -> float:
        """What the dose is picked by, a patient: the response rate, or the mean utility of 1."""
        if self.pick == "response":
            return responses / n
        alone = responses - both
        return (100 * alone + self.u2 * (n - dlt - alone) + self.u3 * both) / (100 * n)

    def picked(self, state: FourCounts) -> int:
        """The lowest of the doses that are fit whose score is within the margin of the largest; 0 if none is fit."""
        each = list(zip(state.n, state.dlt, state.responses, state.both, strict=True))
        scores = {d: self.score(*q) for d, q in enumerate(each, 1) if self.fit(q[0], q[1])}
        if not scores:
            return 0
        return min(d for d, x in scores.items() if x >= max(scores.values()) - self.margin - _HAIR)

    @cached_property
    def exact(self) -> Comparison:
        """The sums of this comparison."""
        s, t = np.meshgrid(np.arange(self.n + 1), np.arange(self.n + 1), indexing="ij")
        score = (
            s / self.n if self.pick == "response" else (s * (100 - self.u2) + (self.n - t) * self.u2) / (100 * self.n)
        )
        fit = np.array([[self.fit(self.n, y) for y in range(self.n + 1)]] * (self.n + 1))
        return Comparison(self.doses, self.n, self.further, Dose(score, fit), self.margin, self.least, self.asks_dlt)

    @cached_property
    def boundary(self) -> int:
        """Responses of the picked dose, of n + further, that declare it."""
        assert self.p0 is not None
        assert self.alpha is not None
        return self.exact.boundary(self.p0, self.alpha, self.guard == "any rule")

    @cached_property
    def worst(self) -> Worst | None:
        """The largest type I error at the boundary, and where; None where nothing is tested or nothing can be declared."""
        if self.p0 is None or self.boundary > self.n + self.further:
            return None
        return self.exact.worst(self.p0, self.boundary)

    # -- the four functions -----------------------------------------------------------------------------------------

    def start(self) -> FourCounts:
        """Nobody is treated."""
        return nobody_of_four(self.doses)

    def step(self, state: FourCounts, dose: int, seen: Seen) -> FourCounts:
        """The counts after patients at a dose; when every dose has its n, one is picked. ``cohorts``: how often all were waited for."""
        after = treated_of_four(state, dose, seen)
        if not after.stage and min(after.n) >= self.n:
            found = self.picked(after)
            after = replace(after, stage=f"{found}:{after.responses[found - 1] if found else 0}")
        return replace(after, cohorts=int(bool(after.stage)) + int(self.further > 0 and self._full(after)))

    @staticmethod
    def _told(state: FourCounts) -> tuple[int, int]:
        """The picked dose, and its responses when it was picked."""
        dose, responses = state.stage.split(":")
        return int(dose), int(responses)

    def _full(self, state: FourCounts) -> bool:
        """Whether the picked dose has all its patients."""
        dose = self._told(state)[0] if state.stage else 0
        return bool(dose) and state.n[dose - 1] >= self.n + self.further

    def verdict(self, state: FourCounts) -> DoseVerdict:
        """Whose turn it is, or the end."""
        if not state.stage:
            dose = next(d for d in range(1, self.doses + 1) if state.n[d - 1] < self.n)
            return DoseVerdict(
                Give(dose, self.n - state.n[dose - 1]),
                (f"{self.n} patients are randomised to each dose.",),
                called=RANDOMISE,
            )
        dose, responses = self._told(state)
        if not dose:
            return DoseVerdict(End("too toxic", declares=False), ("No dose is fit to be picked.",), ("too toxic",))
        why = f"Dose {dose} was picked, with {responses} responses."
        if self.p0 is None:
            return DoseVerdict(End("picked", declares=True), (why,))
        if responses < self.least:
            return DoseVerdict(
                End("too few responses", declares=False), (why, f"It needs {self.least} to go on."), ("least",)
            )
        if not self._full(state):
            return DoseVerdict(Give(dose, self.n + self.further - state.n[dose - 1]), (why,), called=EXPAND)
        total = f"{state.responses[dose - 1]} responses of {state.n[dose - 1]}, {self.boundary} are needed."
        if state.responses[dose - 1] >= self.boundary:
            return DoseVerdict(End("declared", declares=True), (why, total))
        return DoseVerdict(End("not better than p0", declares=False), (why, total))

    def meanwhile(self, state: FourCounts, known: Meanwhile) -> DoseVerdict | Wait:
        """Patients are randomised one by one, or given the picked dose, while others are pending."""
        pending = known.counts(self.doses)
        if not state.stage:
            room = self.places(state, known)
            if any(room):
                said = f"{self.n} patients are randomised to each dose; {sum(room)} places are left."
                return DoseVerdict(Give(room.index(max(room)) + 1, 1), (said,), called=RANDOMISE)
            return Wait(f"A dose is picked when {sum(pending)} who are pending are known.")
        found = self.verdict(state)
        if isinstance(found.action, Give):
            room_left = found.action.size - pending[found.action.dose - 1]
            return replace(found, action=Give(found.action.dose, 1)) if room_left > 0 else Wait("The last are pending.")
        return found

    def places(self, state: FourCounts, known: Meanwhile) -> tuple[int, ...]:
        """Before a dose is picked: how many are still to be randomised to each."""
        pending = known.counts(self.doses)
        return tuple(max(self.n - n - k, 0) for n, k in zip(state.n, pending, strict=True))

    def recommend(self, state: FourCounts) -> int:
        """The picked dose once it is declared, or picked where nothing is tested; before that none."""
        if not state.stage:
            return 0
        action = self.verdict(state).action
        return self._told(state)[0] if isinstance(action, End) and action.declares else 0

    # -- behaviour --------------------------------------------------------------------------------------------------

    def exactly(self, truth: DoseTruth, _most_states: int = 0) -> DoseCharacteristics:
        """Exact behaviour, by sums of binomials. Raises BadInput for a truth that does not fit."""
        check_truth(self, truth)
        picked, none = self.exact.picks(truth.response, truth.dlt)
        goes_on = picked[:, self.least :].sum(axis=1) if self.p0 is not None else np.zeros(self.doses)
        patients = self.n + goes_on * self.further
        why = {"too toxic": none}
        if self.p0 is None:
            select = picked.sum(axis=1)
            why["picked"] = float(select.sum())
        else:
            within = self.boundary <= self.n + self.further
            select = (
                self.exact.declares(truth.response, truth.dlt)[:, self.boundary] if within else np.zeros(self.doses)
            )
            few = float(picked.sum() - goes_on.sum())
            why |= {
                "too few responses": few,
                "declared": float(select.sum()),
                "not better than p0": float(goes_on.sum() - select.sum()),
            }
        cohorts = 1 + (float(goes_on.sum()) if self.further else 0.0)
        return DoseCharacteristics(
            "exact", truth, tuple(select.tolist()), float(1 - select.sum()), tuple(patients.tolist()),
            tuple((patients * np.array(truth.dlt)).tolist()), cohorts, {k: v for k, v in why.items() if v > 1e-14},
        )  # fmt: skip

    def numbers(self) -> Mapping[str, Any]:
        """Sizes, the rule, and of a test its boundary, its level with the truth where it is largest, and what it would be without the guard."""
        names = ("doses", "n", "further", "pick", "margin", "u2", "u3", "phi_t", "c_t", "p0", "alpha", "least", "guard")
        found: dict[str, Any] = {k: getattr(self, k) for k in names}
        if self.p0 is None or self.alpha is None:
            return found
        total = self.n + self.further
        alone = np.cumsum(pmf(total, self.p0)[::-1])[::-1]
        unguarded = next((c for c, e in enumerate(alone) if e <= self.alpha + 1e-12), None)
        found |= {
            "boundary": self.boundary if self.boundary <= total else None,
            "of": total,
            "unguarded_boundary": unguarded,
        }
        if self.worst is not None:
            at = {
                "response": list(self.worst.response),
                **({"dlt": list(self.worst.dlt)} if self.asks_dlt != "no" else {}),
            }
            found |= {
                "level": self.worst.error,
                "level_at": at,
                "level_of_any_rule": float(self.exact.any_rule(self.p0)[self.boundary]),
            }
        if unguarded is not None:
            found["level_unguarded"] = self.exact.worst(self.p0, unguarded).error
        return found

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        what = (
            "response rate"
            if self.pick == "response"
            else f"mean utility (a response without a DLT 100, neither {self.u2:g}, both {self.u3:g}, a DLT alone 0)"
        )
        margin = f" is within {self.margin:g} of the largest" if self.margin else " is the largest"
        fit = (
            ""
            if self.phi_t is None
            else f" A dose is not picked if the probability that its DLT rate exceeds {self.phi_t:g} is at least {self.c_t:g} (uniform prior)."
        )
        said = f"Patients are randomised equally between {self.doses} doses, {self.n} to each. The lowest dose is picked whose {what}{margin}.{fit}"
        if self.p0 is None:
            return f"{said} Nothing is tested."
        few = f" If it has fewer than {self.least} responses the trial ends." if self.least else ""
        more = f" It is given to {self.further} further patients." if self.further else ""
        if self.boundary > self.n + self.further or self.worst is None:
            return f"{said}{few}{more} No number of responses would declare it at a level of {self.alpha:g}."
        kept = (
            f"the largest chance to declare a dose whose response rate is at most {self.p0:g}, over all rates of all doses, is {self.worst.error:.4f} (exact sums, searched)"
            if self.guard == "this rule"
            else f"the chance to declare a dose whose response rate is at most {self.p0:g} is at most {self.exact.any_rule(self.p0)[self.boundary]:.4f} however the dose is picked"
        )
        return f"{said}{few}{more} It is declared if at least {self.boundary} of its {self.n + self.further} patients respond: {kept}, no more than {self.alpha:g}."


def from_spec(spec: Spec) -> DoseComparison:
    """The design that a spec states."""
    return DoseComparison(**spec.model_dump(exclude={"kind"}))
