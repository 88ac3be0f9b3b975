"""A Bayesian rule on response and toxicity of the same patients: futility, toxicity, and success at every look.

The two rates have independent beta priors. At a look on n patients, r with a response and t with a toxicity, asked in this
order, with levels of that look:

- declare, early too, if P(R > poor_response | r of n) ≥ efficacy_level and P(T < poor_toxicity | t of n) ≥ not_toxic_level;
- stop for toxicity if P(T > acceptable_toxicity | t of n) ≥ toxicity_level;
- stop for futility if P(R < target_response | r of n) ≥ futility_level;
- else go on, or end without an answer at the last look.

Monitoring of several outcomes by their posteriors is Thall, Simon & Estey 1995, doi:10.1002/sim.4780140404. The form with
two hypotheses for each rate is that of LINES, linsitinib in Ewing sarcoma (NCT02546544; R's EurosarcBayes). Behaviour is
exact: all pairs of counts are enumerated, at any odds ratio between response and toxicity.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field
from scipy.special import betainc

from equipoise.design.bayesian.pair_boundary import ENDS, Boundary
from equipoise.design.spec import MOST_WEIGHT, Entries, Probability, above, between, growing
from equipoise.design.truth import truth_of
from equipoise.numerics.counts.beta_binomial import beyond
from equipoise.numerics.sequential.staged_pairs import cells, pair_outcomes
from equipoise.trial.decision import Continue, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity, Truth
from equipoise.trial.evidence import PairEvidence
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.problem import BadInput, Problem

KIND = "bayes-two-endpoints"
TITLE = "Response and toxicity by their posteriors: futility, toxicity and early success"
FAMILY = "Bayesian"
REFERENCE = (
    "Thall PF, Simon RM, Estey EH. Bayesian sequential monitoring designs for single-arm clinical trials with multiple outcomes. "
    "Stat Med 1995;14:357-379. doi:10.1002/sim.4780140404"
)
#: LINES: a futility stop at all looks but the last, success from the third on.
EXAMPLE = {
    "looks": (10, 15, 20, 25, 30, 35, 40), "poor_response": 0.20, "target_response": 0.35, "acceptable_toxicity": 0.10,
    "poor_toxicity": 0.30, "futility_level": (0.95,) * 6 + (1.0,), "toxicity_level": (0.95,),
    "efficacy_level": (1.0, 1.0, 0.95, 0.95, 0.95, 0.95, 0.90), "not_toxic_level": (0.95,),
}  # fmt: skip

#: Posterior probabilities this close to a level reach it: they differ by rounding only.
TIE = 1e-12

Level = Annotated[float, Field(ge=0, le=1)]
_Said = tuple[Level | Literal["none"], ...] | Level | Literal["none"]


def _each(none: float) -> BeforeValidator:
    """One level for all looks, or one a look; 'none' is read as ``none``."""

    def read(said: Any) -> Any:
        one = said == "none" or (isinstance(said, float | int) and not isinstance(said, bool) and 0 <= said <= 1)
        if not one and not isinstance(said, tuple | list):
            return said  # no level: told at the entry itself
        return tuple(none if v == "none" else v for v in ((said,) if one else said))

    return BeforeValidator(read, json_schema_input_type=_Said)


_HOW = "One for all looks or one a look"


class Spec(Entries):
    """Looks, two hypotheses for each rate, and the levels of the posterior probabilities."""

    kind: Literal["bayes-two-endpoints"]
    looks: tuple[Annotated[int, Field(ge=1, le=300)], ...] = Field(
        min_length=1, description="Patients at each look, such as 10,20,30,40."
    )
    poor_response: Probability = Field(description="Response rate that is too low to be of interest.")
    target_response: Probability = Field(description="Response rate worth finding; above poor_response.")
    acceptable_toxicity: Probability = Field(description="Toxicity rate that is acceptable.")
    poor_toxicity: Probability = Field(description="Toxicity rate that is too high; above acceptable_toxicity.")
    futility_level: Annotated[tuple[Level, ...], _each(1.0)] = Field(
        min_length=1,
        description=f"Stop for futility if P(response rate < target_response) reaches this. {_HOW}; 0, 1 or 'none': no such stop.",
    )
    toxicity_level: Annotated[tuple[Level, ...], _each(1.0)] = Field(
        min_length=1,
        description=f"Stop for toxicity if P(toxicity rate > acceptable_toxicity) reaches this. {_HOW}; 0, 1 or 'none': no such stop.",
    )
    efficacy_level: Annotated[tuple[Level, ...], _each(1.0)] = Field(
        min_length=1,
        description=f"Declare only if P(response rate > poor_response) reaches this. {_HOW}; 0, 1 or 'none': not declared at that look.",
    )
    not_toxic_level: Annotated[tuple[Annotated[float, Field(ge=0, lt=1)], ...], _each(0.0)] = Field(
        min_length=1,
        description=f"Declare only if P(toxicity rate < poor_toxicity) reaches this. {_HOW}; 0 or 'none': not asked.",
    )
    response_a: float = Field(
        default=1.0, gt=0, le=MOST_WEIGHT, description="Prior beta parameter of a response (1 and 1: uniform)."
    )
    response_b: float = Field(default=1.0, gt=0, le=MOST_WEIGHT, description="Prior beta parameter of no response.")
    toxicity_a: float = Field(
        default=1.0, gt=0, le=MOST_WEIGHT, description="Prior beta parameter of a toxicity (1 and 1: uniform)."
    )
    toxicity_b: float = Field(default=1.0, gt=0, le=MOST_WEIGHT, description="Prior beta parameter of no toxicity.")

    @between("looks")
    def _looks_grow(self) -> Iterator[Problem]:
        return growing(self, "looks", "10,20,30,40")

    @between("poor_response", "target_response")
    def _target_above_poor(self) -> Iterator[Problem]:
        return above(self, "poor_response", "target_response", "the rate worth finding")

    @between("acceptable_toxicity", "poor_toxicity")
    def _poor_above_acceptable(self) -> Iterator[Problem]:
        return above(self, "acceptable_toxicity", "poor_toxicity", "the rate that is too high")

    @between("looks", "futility_level")
    def _futility_of_looks(self) -> Iterator[Problem]:
        return self._as_many("futility_level")

    @between("looks", "toxicity_level")
    def _toxicity_of_looks(self) -> Iterator[Problem]:
        return self._as_many("toxicity_level")

    @between("looks", "efficacy_level")
    def _efficacy_of_looks(self) -> Iterator[Problem]:
        return self._as_many("efficacy_level")

    @between("looks", "not_toxic_level")
    def _not_toxic_of_looks(self) -> Iterator[Problem]:
        return self._as_many("not_toxic_level")

    @between("efficacy_level")
    def _declares_somewhere(self) -> Iterator[Problem]:
        if not any(map(_asked, self.efficacy_level)):
            given = ", ".join(f"{v:g}" for v in self.efficacy_level)
            yield Problem("never-declares", "efficacy_level", given, "between 0 and 1 at one look at least")

    def _as_many(self, name: str) -> Iterator[Problem]:
        levels, looks = len(getattr(self, name)), len(self.looks)
        if levels not in (1, looks):
            yield Problem(
                "levels-not-of-looks", name, f"{levels} levels", f"one level, or one for each of the {looks} looks"
            )

    def levels(self, name: str) -> tuple[float, ...]:
        """One level a look."""
        said: tuple[float, ...] = getattr(self, name)
        return said if len(said) == len(self.looks) else said * len(self.looks)


def _asked(level: float) -> bool:
    """Is there such an end at this level?"""
    return 0 < level < 1


@dataclass(frozen=True)
class TwoEndpoints:
    """Hypotheses, looks, a level of each kind a look, and priors (a, b); boundaries follow.

    >>> d = from_spec(Spec.read(EXAMPLE))
    >>> c = d.characteristics(d.truths()["target"])
    >>> round(c.declare.value, 4), round(c.expected_n.value, 2)
    (0.6848, 24.16)
    """

    sizes: tuple[int, ...]
    poor_response: float
    target_response: float
    acceptable_toxicity: float
    poor_toxicity: float
    futility_level: tuple[float, ...]
    toxicity_level: tuple[float, ...]
    efficacy_level: tuple[float, ...]
    not_toxic_level: tuple[float, ...]
    response_prior: tuple[float, float] = (1.0, 1.0)
    toxicity_prior: tuple[float, float] = (1.0, 1.0)

    takes = PairEvidence

    @property
    def looks(self) -> tuple[Look, ...]:
        """Looks at numbers of patients."""
        return tuple(Look(k, n) for k, n in enumerate(self.sizes, 1))

    def truths(self) -> Mapping[str, Truth]:
        """Both poor (null), one poor, both good (target); the outcomes independent."""
        return {
            "null": {"response": self.poor_response, "toxicity": self.poor_toxicity},
            "low response": {"response": self.poor_response, "toxicity": self.acceptable_toxicity},
            "too toxic": {"response": self.target_response, "toxicity": self.poor_toxicity},
            "target": {"response": self.target_response, "toxicity": self.acceptable_toxicity},
        }

    def response_above_poor(self, r: Any, n: int) -> Any:
        """P(response rate > poor_response | r of n)."""
        a, b = self.response_prior
        return beyond(self.poor_response, a + r, b + n - r)

    def response_below_target(self, r: Any, n: int) -> Any:
        """P(response rate < target_response | r of n)."""
        a, b = self.response_prior
        return betainc(a + r, b + n - r, self.target_response)

    def toxicity_above_acceptable(self, t: Any, n: int) -> Any:
        """P(toxicity rate > acceptable_toxicity | t of n)."""
        a, b = self.toxicity_prior
        return beyond(self.acceptable_toxicity, a + t, b + n - t)

    def toxicity_below_poor(self, t: Any, n: int) -> Any:
        """P(toxicity rate < poor_toxicity | t of n)."""
        a, b = self.toxicity_prior
        return betainc(a + t, b + n - t, self.poor_toxicity)

    def boundary(self, look: int, n: int | None = None) -> Boundary:
        """The boundary of a look (from 1) with its levels, on the ``n`` attained (None: as planned)."""
        k = look - 1
        n = self.sizes[k] if n is None else n
        x = np.arange(n + 1)

        def reach(probabilities: Any, level: float) -> int:
            """At how many counts the level is reached: each probability goes one way along the counts."""
            return int((probabilities >= level - TIE).sum())

        responses, toxic, futile = n + 1, n + 1, -1
        if _asked(self.efficacy_level[k]):
            responses = n + 1 - reach(self.response_above_poor(x, n), self.efficacy_level[k])
        toxicities = reach(self.toxicity_below_poor(x, n), self.not_toxic_level[k]) - 1
        if _asked(self.toxicity_level[k]):
            toxic = n + 1 - reach(self.toxicity_above_acceptable(x, n), self.toxicity_level[k])
        if _asked(self.futility_level[k]):
            futile = reach(self.response_below_target(x, n), self.futility_level[k]) - 1
        return Boundary(n, responses, toxicities, toxic, futile)

    @cached_property
    def boundaries(self) -> tuple[Boundary, ...]:
        """The boundary of each look."""
        return tuple(self.boundary(k) for k in range(1, len(self.sizes) + 1))

    @cached_property
    def _regions(self) -> list[NDArray[np.intp]]:
        return [b.region(last=k == len(self.sizes)) for k, b in enumerate(self.boundaries, 1)]

    def characteristics(self, truth: Truth) -> Characteristics:
        """Exact behaviour; ``truth`` is {'response': rate, 'toxicity': rate}, with 'odds_ratio' between them (default 1).

        ``stop_early`` counts every end before the last look, early success among them.
        """
        response, toxicity, odds = truth_of(
            {"odds_ratio": 1.0, **truth}, response=(0.0, 1.0), toxicity=(0.0, 1.0), odds_ratio=(1e-6, 1e6)
        )
        found = pair_outcomes(self.sizes, self._regions, len(ENDS), cells(response, toxicity, odds))
        at, how = found.sum(axis=1), found.sum(axis=0)
        return Characteristics(
            ", ".join(f"{k.replace('_', ' ')} {v:g}" for k, v in truth.items()), "exact enumeration of both counts",
            Quantity(float(how[0])), Quantity(float(at[:-1].sum())), Quantity(float(at @ self.sizes)), tuple(at.tolist()),
            {
                "P(stop for toxicity)": Quantity(float(how[1])), "P(stop for futility)": Quantity(float(how[2])),
                "P(ends without)": Quantity(float(how[3])),
            },
        )  # fmt: skip

    def verdict(self, evidence: PairEvidence) -> Verdict:
        """Declare, stop, go on, or end without, by the posteriors on the patients there are and the look's levels.

        Fewer or more patients than planned are taken as they are, with a caution. Raises BadInput for no such look, for fewer
        patients than an earlier look was taken on, and for nobody at the last look.
        """
        if not 1 <= evidence.look <= len(self.sizes):
            raise BadInput("evidence", [Problem("no-such-look", "look", str(evidence.look), f"1 to {len(self.sizes)}")])
        k, n = evidence.look - 1, evidence.n
        last = evidence.look == len(self.sizes)
        least = max([int(last), *evidence.earlier])
        if n < least:
            raise BadInput("evidence", [Problem("cohort", "n", str(n), f"{least} patients or more")])
        r, t = evidence.responses, evidence.toxicities
        works, poor = float(self.response_above_poor(r, n)), float(self.response_below_target(r, n))
        toxic, safe = float(self.toxicity_above_acceptable(t, n)), float(self.toxicity_below_poor(t, n))
        levels = [v[k] for v in (self.efficacy_level, self.futility_level, self.toxicity_level, self.not_toxic_level)]
        efficacy, futility, toxicity, not_toxic = levels
        because = (
            f"{r} responses among {n}: P(rate > {self.poor_response:g}) = {works:.4f} ({_needs(efficacy, 'declares')}), "
            f"P(rate < {self.target_response:g}) = {poor:.4f} ({_needs(futility, 'stops for futility')}).",
            f"{t} toxicities: P(rate < {self.poor_toxicity:g}) = {safe:.4f} "
            f"({f'{not_toxic:g} is needed to declare' if not_toxic > 0 else 'not asked to declare'}), "
            f"P(rate > {self.acceptable_toxicity:g}) = {toxic:.4f} ({_needs(toxicity, 'stops for toxicity')}).",
        )
        cautions = self._attained(evidence) if n != self.sizes[k] else ()
        unit = "posterior probability on the good side of the level that decides"
        short = min(works - efficacy if _asked(efficacy) else -1.0, safe - not_toxic)
        end = int(self.boundary(evidence.look, n).region(last)[r, t])
        if end == 0:
            return Verdict(Declare("a treatment that works and is safe enough"), because, short, unit, cautions)
        if end == 1:
            return Verdict(Stop("safety"), because, toxicity - toxic, unit, cautions)
        if end == 2:
            return Verdict(Stop("futility"), because, futility - poor, unit, cautions)
        if end == 3:
            return Verdict(Stop("the end without an answer"), because, short, unit, cautions)
        spare = [v - p for v, p in ((toxicity, toxic), (futility, poor)) if _asked(v)]
        return Verdict(Continue(), because, min(spare, default=1.0), unit, cautions)

    def _attained(self, evidence: PairEvidence) -> tuple[str, ...]:
        """That another number than planned was attained, and what follows from looks so taken."""
        k, n = evidence.look - 1, evidence.n
        before = evidence.earlier if len(evidence.earlier) == k else tuple(min(m, n) for m in self.sizes[:k])
        sizes = (*before, n, *(max(m, n) for m in self.sizes[k + 1 :]))
        taken = dataclasses.replace(self, sizes=sizes)
        null, target = (taken.characteristics(self.truths()[name]).declare.value for name in ("null", "target"))
        return (
            f"{n} patients could be evaluated at this look, {self.sizes[k]} were planned: the posteriors are of those there are, the "
            f"levels are the look's. With looks so taken it is declared with probability {null:.4f} where both rates are poor and "
            f"{target:.4f} where both are good.",
        )

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """That no error rate is asked for; ends that are out of reach; counts at which two ends would hold."""
        null, low, toxic = (
            self.characteristics(self.truths()[k]).declare.value for k in ("null", "low response", "too toxic")
        )
        found = [
            f"The rule keeps no stated error: it declares with probability {null:.4f} where both rates are poor, {low:.4f} where only the "
            f"response is, {toxic:.4f} where only the toxicity is, the outcomes independent."
        ]
        if not any(b.declares for b in self.boundaries):
            found.append("No numbers of responses and toxicities declare at any look.")
        out = [
            f"{b.n}" for b, v in zip(self.boundaries, self.toxicity_level, strict=True) if _asked(v) and b.toxic > b.n
        ]
        if out:
            found.append(f"No number of toxicities stops at the looks on {', '.join(out)}.")
        out = [
            f"{b.n}" for b, v in zip(self.boundaries, self.futility_level, strict=True) if _asked(v) and b.futile < 0
        ]
        if out:
            found.append(f"No number of responses stops for futility at the looks on {', '.join(out)}.")
        both = [
            f"{b.n}" for b in self.boundaries if b.declares and (b.toxicities >= b.toxic or b.responses <= b.futile)
        ]
        if both:
            found.append(
                f"At the looks on {', '.join(both)} some counts would both declare and stop: there the rates lie between the two that were "
                "stated, and the rule declares."
            )
        return tuple(found)

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        (ra, rb), (ta, tb) = self.response_prior, self.toxicity_prior
        c = {name: self.characteristics(t) for name, t in self.truths().items()}
        target = c["target"]
        return (
            f"Response and toxicity of the same patients are monitored at looks on {_listed(self.sizes)} patients (after Thall, Simon & "
            f"Estey 1995), the rates having independent Beta({ra:g}, {rb:g}) and Beta({ta:g}, {tb:g}) priors. A response rate of "
            f"{100 * self.poor_response:g}% is too low and one of {100 * self.target_response:g}% is worth finding; a toxicity rate of "
            f"{100 * self.acceptable_toxicity:g}% is acceptable and one of {100 * self.poor_toxicity:g}% too high. Three things are asked at "
            f"each look, in this order. The treatment is declared to work and to be safe enough if P(response rate > "
            f"{self.poor_response:g}) reaches {self._by_look(self.efficacy_level)} and P(toxicity rate < {self.poor_toxicity:g}) reaches "
            f"{self._by_look(self.not_toxic_level)}. The trial stops for toxicity if P(toxicity rate > {self.acceptable_toxicity:g}) "
            f"reaches {self._by_look(self.toxicity_level)}. It stops for futility if P(response rate < {self.target_response:g}) reaches "
            f"{self._by_look(self.futility_level)}. In data: {'; '.join(b.words() for b in self.boundaries)}. The treatment is declared with "
            f"probability {target.declare.value:.4f} where both rates are good ({target.truth}), {c['low response'].declare.value:.4f} "
            f"where only the response is poor, {c['too toxic'].declare.value:.4f} where only the toxicity is and "
            f"{c['null'].declare.value:.4f} where both are, with {target.expected_n.value:.1f}, {c['low response'].expected_n.value:.1f}, "
            f"{c['too toxic'].expected_n.value:.1f} and {c['null'].expected_n.value:.1f} patients expected. All figures are exact, the "
            f"outcomes independent."
        )

    def _by_look(self, levels: Sequence[float]) -> str:
        """'0.95', or runs of looks: 'no level on 10 and 15, 0.95 on 20 to 35, 0.9 on 40'."""
        said = [f"{v:g}" if _asked(v) else "no level" for v in levels]
        if len(set(said)) == 1:
            return said[0]
        runs = [[n for n, _ in run] for _, run in groupby(zip(self.sizes, said, strict=True), key=lambda x: x[1])]
        words = [word for word, _ in groupby(said)]
        on = [f"{r[0]}" if len(r) == 1 else f"{r[0]} to {r[-1]}" for r in runs]
        return ", ".join(f"{word} on {sizes}" for word, sizes in zip(words, on, strict=True))

    def numbers(self) -> Mapping[str, float | int | str]:
        """The boundaries in data and the exact behaviour."""
        c = {name: self.characteristics(t) for name, t in self.truths().items()}
        return {
            "n": self.sizes[-1], "looks": len(self.sizes),
            "declare_with_responses_of_at_least": _over((b.responses, b.n, b.declares) for b in self.boundaries),
            "declare_with_toxicities_of_at_most": _over((b.toxicities, b.n, b.declares) for b in self.boundaries),
            "stop_with_toxicities_of_at_least": _over((b.toxic, b.n, b.toxic <= b.n) for b in self.boundaries),
            "stop_with_responses_of_at_most": _over((b.futile, b.n, b.futile >= 0) for b in self.boundaries),
            "declare_target": c["target"].declare.value, "declare_low_response": c["low response"].declare.value,
            "declare_too_toxic": c["too toxic"].declare.value, "declare_null": c["null"].declare.value,
            "en_target": c["target"].expected_n.value, "en_null": c["null"].expected_n.value,
        }  # fmt: skip

    def table(self) -> Table:
        """The boundaries of all looks."""

        def cell(count: int, there: bool) -> Cell:
            return count if there else "–"

        rows: list[list[Cell]] = [
            [
                b.n, cell(b.responses, b.declares), cell(b.toxicities, b.declares), cell(b.toxic, b.toxic <= b.n),
                cell(b.futile, b.futile >= 0),
            ]
            for b in self.boundaries
        ]  # fmt: skip
        columns = [
            "Patients", "Declare with responses of at least", "and toxicities of at most", "Stop with toxicities of at least",
            "Stop with responses of at most",
        ]  # fmt: skip
        return Table(
            "Boundaries in data", columns, rows, notes=("Asked from left to right. –: no such end at this look.",)
        )


def _needs(level: float, does: str) -> str:
    return f"{level:g} {does}" if _asked(level) else f"nothing {does} at this look"


def _listed(values: Sequence[object]) -> str:
    return ", ".join(map(str, values))


def _over(counts: Iterable[tuple[int, int, bool]]) -> str:
    """'7/20 9/25': a count at each look that has such an end."""
    return " ".join(f"{count}/{n}" for count, n, there in counts if there) or "none"


def from_spec(spec: Spec) -> TwoEndpoints:
    """The design that a spec states."""
    return TwoEndpoints(
        spec.looks, spec.poor_response, spec.target_response, spec.acceptable_toxicity, spec.poor_toxicity,
        spec.levels("futility_level"), spec.levels("toxicity_level"), spec.levels("efficacy_level"),
        spec.levels("not_toxic_level"), (spec.response_a, spec.response_b), (spec.toxicity_a, spec.toxicity_b),
    )  # fmt: skip
