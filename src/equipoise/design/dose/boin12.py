"""BOIN12: a dose that is safe enough and works best, by a utility of both outcomes. Lin, Zhou, Yan, Li & Yuan 2020, doi:10.1200/PO.20.00257.

Utilities of a patient: 100 for a response without a DLT, ``u2`` for neither, ``u3`` for both, 0 for a DLT alone. x is their sum at a dose, over
100, and its desirability P(u > u_b) with u ~ beta(1 + x, 1 + n - x); u_b lies half way between 100 and the utility at the two limits. A dose
is admissible where P(DLT rate > φT) < ``c_t`` and P(response rate < φE) < ``c_e``. With y DLTs of n at dose d, λe and λd as in BOIN:

    n ≥ ``explore``, y/n < λd and d + 1 never given: d + 1      y/n ≥ λd: d - 1
    λe < y/n < λd and n ≥ ``n_star``: the better of d - 1, d    else: the best of d - 1, d, d + 1

Implementations part ways, and a parameter says which is meant. ``explore``: the paper's supplement has it from 9 patients on, the authors'
application lets it be switched off (0), R's escalation 0.2.3 has it always. ``tie_of_three``, ``tie_of_two``: which of equal desirabilities (the
application and escalation: the higher of three, the lower of two). ``choose``: the dose named at the end is that of the largest posterior
mean utility, (1 + x)/(2 + n), among those not above the isotonic MTD (the supplement), of the largest desirability there (escalation's
selector), or the next dose (escalation without it). ``inadmissible``: such a dose is 'never' given, and the trial stops where none is left; or
it is asked in the 'last branch' only (escalation, and the application's answers): a lowest dose that is too toxic is then given again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from pydantic import Field
from scipy.special import betainc, betaincc

from equipoise.design.dose.boin import usual_lambdas, without_lambda
from equipoise.design.dose.counts import FourCounts, nobody_of_four, treated_of_four
from equipoise.design.dose.dose_design import DoseVerdict, End, Give, Seen
from equipoise.design.dose.dose_spec import DoseSpec
from equipoise.design.dose.isotonic import chance_above, closest
from equipoise.design.dose.rules import DoseRule, EnoughAnywhere, EnoughPatients, most_cautious
from equipoise.design.spec import Probability, between
from equipoise.trial.problem import Problem

DOSE_KIND = "boin12"
TITLE = "BOIN12, the best dose by toxicity and response"
FAMILY = "efficacy and toxicity"
REFERENCE = (
    "Lin R, Zhou Y, Yan F, Li D, Yuan Y. BOIN12: Bayesian optimal interval phase I/II trial design for utility-based dose finding in "
    "immunotherapy and targeted therapies. JCO Precis Oncol 2020;4:1393-1402. doi:10.1200/PO.20.00257"
)
EXAMPLE = {"phi_t": 0.35, "phi_e": 0.25, "doses": 3, "cohorts": 10, "n_stop": 12}
_HAIR = 1e-12


class Spec(DoseSpec):
    """BOIN12: its two limits, its utilities, and its conventions."""

    kind: Literal["boin12"]
    phi_t: Probability = Field(description="Highest DLT rate that is tolerated.")
    phi_e: Probability = Field(description="Lowest response rate of interest.")
    u2: float = Field(default=40, ge=0, le=100, description="Utility of neither; a response without a DLT has 100.")
    u3: float = Field(default=60, ge=0, le=100, description="Utility of both; a DLT without a response has 0.")
    n_star: int = Field(default=6, ge=1, description="Patients from which, on target, nobody goes higher.")
    c_t: float = Field(default=0.95, ge=0.5, lt=1, description="Inadmissible if P(DLT rate > phi_t) reaches this.")
    c_e: float = Field(default=0.9, ge=0.5, lt=1, description="Inadmissible if P(response rate < phi_e) reaches this.")
    explore: int = Field(default=9, ge=0, description="Patients from which a next dose never given is tried; 0: never.")
    n_stop: int = Field(default=0, ge=0, le=1000, description="Patients at any dose that end the trial; 0: never.")
    tie_of_three: Literal["higher", "lower"] = Field(default="higher", description="Which of equals among three.")
    tie_of_two: Literal["higher", "lower"] = Field(default="lower", description="Which of equals among two.")
    choose: Literal["mean utility", "desirability", "next"] = Field(
        default="mean utility", description="What the dose named at the end is the largest of; or the next dose."
    )
    inadmissible: Literal["never", "last branch"] = Field(
        default="never", description="Whether an inadmissible dose is never given, or asked in the last branch only."
    )

    @between("phi_t")
    def _limits_exist(self) -> Iterator[Problem]:
        """1.4 φT is a probability."""
        yield from without_lambda("phi_t", self.phi_t)


@dataclass(frozen=True, kw_only=True)
class Boin12:
    """BOIN12 with its numbers; see the module."""

    phi_t: float
    phi_e: float
    doses: int
    cohort: int = 3
    cohorts: int = 10
    start_dose: int = 1
    u2: float = 40
    u3: float = 60
    n_star: int = 6
    c_t: float = 0.95
    c_e: float = 0.9
    explore: int = 9
    n_stop: int = 0
    tie_of_three: Literal["higher", "lower"] = "higher"
    tie_of_two: Literal["higher", "lower"] = "lower"
    choose: Literal["mean utility", "desirability", "next"] = "mean utility"
    inadmissible: Literal["never", "last branch"] = "never"

    @property
    def of_response(self) -> bool:
        """Responses count too."""
        return True

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a user must be told."""
        said = [
            "One DLT more may lead to a higher dose while the rate is below λd: a dose that disappoints is worth less than one not tried."
        ]
        if self.inadmissible == "last branch":
            said.append("A lowest dose that is too toxic is given again: no rule stops the trial there.")
        if self.choose == "next":
            said.append("At the end the next dose is named, or the highest below it that was given.")
        return tuple(said)

    @property
    def benchmark(self) -> float:
        """u_b of 100."""
        t, e = self.phi_t, self.phi_e
        at_limits = 100 * e * (1 - t) + self.u2 * (1 - t) * (1 - e) + self.u3 * t * e
        return at_limits + (100 - at_limits) / 2

    @cached_property
    def lambdas(self) -> tuple[float, float]:
        """λe and λd of BOIN at φT."""
        return usual_lambdas(self.phi_t)

    @cached_property
    def rules(self) -> tuple[DoseRule, ...]:
        """Enough patients, in all or at a dose."""
        enough = EnoughPatients(self.cohort * self.cohorts)
        return (enough, EnoughAnywhere(self.n_stop)) if self.n_stop else (enough,)

    @cached_property
    def _known(self) -> dict[tuple[int, int, int, int], tuple[float, bool, bool]]:
        return {}

    def judged(self, n: int, dlt: int, response: int, both: int) -> tuple[float, bool, bool]:
        """Desirability, and whether DLTs and responses leave the dose admissible."""
        key = (n, dlt, response, both)
        if key not in self._known:
            x = self.utility(n, dlt, response, both)
            # Sums of utilities that are equal must not differ by their last digits: a tie is a tie.
            desirability = round(float(betaincc(1 + x, 1 + n - x, self.benchmark / 100)), 12)
            safe = chance_above(self.phi_t, n, dlt) < self.c_t
            works = float(betainc(1 + response, 1 + n - response, self.phi_e)) < self.c_e
            self._known[key] = desirability, safe, works
        return self._known[key]

    def utility(self, n: int, dlt: int, response: int, both: int) -> float:
        """x: the patients' utilities, over 100."""
        alone = response - both
        neither = n - dlt - alone
        return (100 * alone + self.u2 * neither + self.u3 * both) / 100

    def _at(self, state: FourCounts, dose: int) -> tuple[float, bool, bool]:
        i = dose - 1
        return self.judged(state.n[i], state.dlt[i], state.responses[i], state.both[i])

    def start(self) -> FourCounts:
        """Nobody is treated."""
        return nobody_of_four(self.doses)

    @property
    def _asks_who_had_both(self) -> bool:
        """Not where u2 + u3 = 100: the utility does not ask, and fewer states are met."""
        return self.u2 + self.u3 != 100

    def alike(self, seen: Seen) -> Seen:
        """Of what leads to the same state one."""
        if self._asks_who_had_both:
            return seen
        both = max(seen.dlt + seen.responses - seen.n, 0)
        return Seen(seen.n - seen.dlt - seen.responses + both, seen.dlt - both, seen.responses - both, both)

    def step(self, state: FourCounts, dose: int, seen: Seen) -> FourCounts:
        """The counts after a cohort, and whether its dose is out as too toxic."""
        told = treated_of_four(state, dose, seen, who_had_both=self._asks_who_had_both)
        if self.inadmissible == "never" and dose < told.out and not self._at(told, dose)[1]:
            return replace(told, out=dose)
        return told

    def verdict(self, state: FourCounts) -> DoseVerdict:
        """The next dose, or the end."""
        if state.at == 0:
            base = DoseVerdict(Give(self.start_dose, self._size(state)), ("The first cohort.",))
            return most_cautious(base, (r.asked(state, self.start_dose) for r in self.rules))
        to, because = self._next(state)
        if to == 0:
            return DoseVerdict(End("no admissible dose", declares=False), (*because, "No dose is admissible."))
        base = DoseVerdict(Give(to, self._size(state)), because)
        return most_cautious(base, (r.asked(state, to) for r in self.rules))

    def _size(self, state: FourCounts) -> int:
        return min(self.cohort, max(self.cohort * self.cohorts - state.patients, 1))

    @cached_property
    def _nexts(self) -> dict[FourCounts, tuple[int, tuple[str, ...]]]:
        return {}

    def _next(self, state: FourCounts) -> tuple[int, tuple[str, ...]]:
        """The next dose, 0 if none is admissible, and why."""
        if state not in self._nexts:
            self._nexts[state] = self._asked(state)
        return self._nexts[state]

    def _asked(self, state: FourCounts) -> tuple[int, tuple[str, ...]]:
        at, (n, y) = state.at, state.of(state.at)
        low, high = self.lambdas
        told = f"{y} of {n} at dose {at} with a DLT, {state.responses[at - 1]} with a response"
        strict = self.inadmissible == "never"
        if n == 0:
            return at, ("Nobody at this dose can be counted: again.",)
        if strict and state.out <= at:
            return self._below(state, state.out), (f"{told}: dose {state.out} and those above are too toxic.",)
        too_high = y >= high * n - _HAIR
        fits = at < self.doses and at + 1 < state.out
        if self.explore and n >= self.explore and not too_high and fits and state.n[at] == 0:
            return at + 1, (f"{told}: dose {at + 1} was never given and is explored.",)
        if too_high:
            to = self._below(state, at) if strict else max(at - 1, 1)
            if strict and at == 1:
                to = 1 if self._admissible(state, 1) else 0
            return to, (f"{told}, {y / n:.3f} ≥ λd = {high:.4f}: {'de-escalate' if to < at else 'there is no lower dose'}.",)  # fmt: skip
        if y > low * n + _HAIR and n >= self.n_star:
            said = f"{told}, {y / n:.3f} between λe and λd after {n} ≥ {self.n_star}"
            to = self._best(state, [d for d in (at - 1, at) if d >= 1], self.tie_of_two)
            return to or (0 if strict else 1), (f"{said}: {self._words(state, (at - 1, at))}.",)
        around = [d for d in (at - 1, at, at + 1) if 1 <= d <= self.doses]
        return self._best(state, around, self.tie_of_three), (f"{told}: {self._words(state, around)}.",)

    def _admissible(self, state: FourCounts, dose: int) -> bool:
        _, safe, works = self._at(state, dose)
        return safe and works and dose < state.out

    def _below(self, state: FourCounts, dose: int) -> int:
        """The highest admissible dose below; 0 if there is none."""
        return next((d for d in range(dose - 1, 0, -1) if self._admissible(state, d)), 0)

    def _best(self, state: FourCounts, doses: Sequence[int], tie: str) -> int:
        """The admissible dose of the largest desirability; 0 if none is admissible."""
        sign = 1 if tie == "higher" else -1
        fit = [(self._at(state, d)[0], sign * d, d) for d in doses if self._admissible(state, d)]
        return max(fit)[2] if fit else 0

    def _words(self, state: FourCounts, doses: Sequence[int]) -> str:
        parts = []
        for d in doses:
            if d >= 1:
                fit = "" if self._admissible(state, d) else ", not admissible"
                parts.append(f"dose {d} {self._at(state, d)[0]:.3f}{fit}")
        return "desirability " + "; ".join(parts)

    def recommend(self, state: FourCounts) -> int:
        """The dose named if the trial ended now, as ``choose`` has it; it was given, and is admissible. 0: none."""
        if state.patients == 0:
            return 0
        if self.inadmissible == "never" and self._next(state)[0] == 0:
            return 0
        if self.choose == "next":
            to = self._next(state)[0]
            return next((d for d in range(to, 0, -1) if state.n[d - 1]), 0)
        mtd = closest(state.n, state.dlt, state.out, self.phi_t)
        given = [d for d in range(1, mtd + 1) if state.n[d - 1] and self._admissible(state, d)]

        def worth(d: int) -> tuple[float, int]:
            if self.choose == "desirability":
                return self._at(state, d)[0], -d
            i = d - 1
            x = self.utility(state.n[i], state.dlt[i], state.responses[i], state.both[i])
            return round((1 + x) / (2 + state.n[i]), 12), -d

        return max(given, key=worth, default=0)

    def numbers(self) -> Mapping[str, Any]:
        """The limits, the utilities, the benchmark and the conventions."""
        low, high = self.lambdas
        names = (
            "phi_t",
            "phi_e",
            "doses",
            "cohort",
            "cohorts",
            "u2",
            "u3",
            "n_star",
            "c_t",
            "c_e",
            "explore",
            "n_stop",
        )
        return {
            **{k: getattr(self, k) for k in names}, "start": self.start_dose, "lambda_e": low, "lambda_d": high, "benchmark": self.benchmark,
            "tie_of_three": self.tie_of_three, "tie_of_two": self.tie_of_two, "choose": self.choose, "inadmissible": self.inadmissible,
        }  # fmt: skip

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        low, high = self.lambdas
        explored = (
            f"With at least {self.explore} patients at a dose, a DLT rate below {high:.4f} there, and nobody yet at the next dose, that is given. "
            if self.explore
            else ""
        )
        named = {
            "mean utility": "the largest posterior mean utility among the doses given, admissible and not above the isotonic estimate of the MTD",
            "desirability": "the largest desirability among the doses given, admissible and not above the isotonic estimate of the MTD",
            "next": "the rule for the next dose",
        }[self.choose]
        more = "".join(f" {r.in_words()}" for r in self.rules if not isinstance(r, EnoughPatients))
        none = " The trial stops where no admissible dose is left." if self.inadmissible == "never" else ""
        return (
            f"Up to {self.cohort * self.cohorts} patients are treated in cohorts of {self.cohort}, from dose {self.start_dose} of {self.doses} on, by "
            f"BOIN12 (Lin and others 2020). The DLT rate may be at most {self.phi_t:g}, the response rate should be at least {self.phi_e:g}; a response "
            f"without a DLT has utility 100, neither {self.u2:g}, both {self.u3:g}, a DLT alone 0. A dose is admissible if the probability that its DLT "
            f"rate exceeds {self.phi_t:g} is below {self.c_t:g} and that its response rate is below {self.phi_e:g} is below {self.c_e:g}. Its desirability is "
            f"the probability that its mean utility exceeds {self.benchmark:.2f}. {explored}At a DLT rate of at least {high:.4f} the dose is "
            f"de-escalated. Between {low:.4f} and that, with at least {self.n_star} patients at the dose, the more desirable of it and the one below is "
            f"given; else the most desirable of it and its neighbours.{none}{more} At the end the dose is named by {named}."
        )


def from_spec(spec: Spec) -> Boin12:
    """The design that a spec states."""
    return Boin12(start_dose=spec.start, **spec.model_dump(exclude={"kind", "start"}))
