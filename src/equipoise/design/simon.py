"""Simon's two-stage design for one arm and a rate, with early stopping for futility.

Stage one enrols n1 patients; with at most r1 successes the trial stops. Otherwise it goes on to n patients, and the
null hypothesis (rate ≤ p0) is rejected with more than r successes. Simon 1989, doi:10.1016/0197-2456(89)90015-9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from pydantic import Field

from equipoise.design.simon_search import lower_hull, search_frontier, smallest_r
from equipoise.numerics.binomial import exceeds, rejection
from equipoise.trial.decision import Action, Continue, Declare, Stop, Verdict
from equipoise.trial.design import Characteristics, Look, Quantity
from equipoise.trial.evidence import Evidence
from equipoise.trial.exhibits import Curve, LineFigure, Mark, Table
from equipoise.trial.part import Part
from equipoise.trial.problem import BadInput, Problem

KIND = "simon"
REFERENCE = "Simon R. Optimal two-stage designs for phase II clinical trials. Control Clin Trials 1989;10:1-10. doi:10.1016/0197-2456(89)90015-9"
NMAX = 1000


class Spec(Part):
    """Simon's two-stage design as a trial file states it: sizes stated, or computed from the hypotheses."""

    kind: Literal["simon"]
    sizes: Literal["stated", "optimal", "minimax"] = Field(
        description="'stated': n1 and n as given. 'optimal', 'minimax': computed from the hypotheses."
    )
    p0: float = Field(gt=0, lt=1, description="Rate of no interest, as with the standard treatment.")
    p1: float = Field(gt=0, lt=1, description="Rate worth finding; above p0.")
    alpha: float = Field(gt=0, lt=1, description="One-sided type I error.")
    power: float = Field(gt=0, lt=1, description="Power at p1.")
    n1: int | None = Field(default=None, ge=1, description="Patients of the first stage.")
    n: int | None = Field(default=None, ge=2, description="Patients in all.")
    r1: int | None = Field(default=None, ge=0, description="Stop with r1 or fewer successes of n1.")
    r: int | None = Field(default=None, ge=0, description="Reject the null with more than r successes of n.")


@dataclass(frozen=True)
class Behaviour:
    """Exact behaviour at a true rate: probability of stopping early (PET), of rejecting, expected number (EN)."""

    rate: float
    pet: float
    reject: float
    en: float


@dataclass(frozen=True)
class SimonTwoStage:
    """A two-stage design. ``power`` is the power asked for; what is attained is in ``numbers``.

    >>> d = SimonTwoStage(r1=17, n1=39, r=42, n=80, p0=0.44, p1=0.58, alpha=0.05, power=0.80)
    >>> round(d.behaviour(0.44).reject, 5), round(d.behaviour(0.58).reject, 4)
    (0.04865, 0.8008)
    """

    r1: int
    n1: int
    r: int
    n: int
    p0: float
    p1: float
    alpha: float
    power: float

    def __post_init__(self) -> None:
        problems = [
            *_hypothesis_problems(self.p0, self.p1, self.alpha, self.power),
            *_size_problems(asdict(self)),
        ]
        if problems:
            raise BadInput("design", problems)

    @property
    def looks(self) -> tuple[Look, Look]:
        """Two looks: after n1 and after n patients of the tested arm."""
        return Look(1, self.n1), Look(2, self.n)

    def behaviour(self, rate: float) -> Behaviour:
        """Exact behaviour at ``rate`` (probability, 0 to 1)."""
        pet = 1.0 - float(exceeds(self.n1, rate)[self.r1])
        reject = float(rejection(self.n1, self.r1, self.n, rate)[self.r])
        return Behaviour(rate, pet, reject, self.n1 + (1 - pet) * (self.n - self.n1))

    def characteristics(self, rate: float) -> Characteristics:
        """Exact behaviour in the common form."""
        b = self.behaviour(rate)
        return Characteristics(
            f"rate {rate:g}",
            "exact binomial enumeration",
            Quantity(b.reject),
            Quantity(b.pet),
            Quantity(b.en),
        )

    def verdict(self, evidence: Evidence) -> Verdict:
        """Look 1: stop if successes ≤ r1. Look 2: the null is rejected if successes > r.

        At the end fewer or more patients than n may have been evaluated; the boundary is then the smallest r at which
        the exact type I error of the two stages is ≤ alpha at the number attained. Raises BadInput for a first look on
        other than n1 patients: its cohort is fixed.
        """
        if evidence.look == 1:
            return self._first(evidence)
        if evidence.look == 2:
            return self._final(evidence)
        raise BadInput("evidence", [Problem("no-such-look", "look", str(evidence.look), "1 or 2")])

    def _first(self, evidence: Evidence) -> Verdict:
        if evidence.n != self.n1:
            raise BadInput(
                "evidence",
                [Problem("cohort", "n", str(evidence.n), f"the first look is on n1 = {self.n1} patients")],
            )
        x, distance = evidence.successes, evidence.successes - self.r1
        if x <= self.r1:
            action: Action = Stop("futility")
            because = f"{x} successes among {self.n1} patients; {self.r1} or fewer stop the trial (r1 = {self.r1})."
        else:
            action = Continue()
            because = f"{x} successes among {self.n1} patients; more than r1 = {self.r1} were needed to go on."
        return Verdict(action, (because,), distance, "successes above r1")

    def _final(self, evidence: Evidence) -> Verdict:
        if evidence.n <= self.n1:
            raise BadInput(
                "evidence",
                [Problem("cohort", "n", str(evidence.n), f"more than the first stage's {self.n1} patients")],
            )
        r, cautions = self.r, []
        if evidence.n != self.n:
            attained = self.attained(evidence.n)
            r = attained.r
            a, power = attained.behaviour(self.p0).reject, attained.behaviour(self.p1).reject
            cautions.append(
                f"{evidence.n} patients could be evaluated, {self.n} were planned: the boundary is r = {r} instead of "
                f"{self.r}, with exact type I error {a:.4f} and power {power:.4f}."
            )
        x = evidence.successes
        if x > r:
            action: Action = Declare(f"a rate above {self.p0:g}")
            because = (
                f"{x} successes among {evidence.n} patients; more than r = {r} reject a rate of {self.p0:g} or less."
            )
        else:
            action = Stop("the hurdle was not cleared")
            because = f"{x} successes among {evidence.n} patients; more than r = {r} were needed to reject a rate of {self.p0:g} or less."
        return Verdict(action, (because,), x - r, "successes above r", tuple(cautions))

    def attained(self, n: int) -> SimonTwoStage:
        """This design with ``n`` patients evaluated at the end, and the smallest r that keeps alpha exactly."""
        size = rejection(self.n1, self.r1, n, self.p0)
        r = int(np.argmax(size <= self.alpha))
        return SimonTwoStage(self.r1, self.n1, r, n, self.p0, self.p1, self.alpha, self.power)

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """Where the boundaries do not keep the errors that are stated with them."""
        found = []
        alpha, power = self.behaviour(self.p0).reject, self.behaviour(self.p1).reject
        if alpha > self.alpha:
            found.append(f"The exact type I error is {alpha:.4f}, above the stated alpha of {self.alpha:g}.")
        if power < self.power:
            found.append(f"The exact power at {self.p1:g} is {power:.4f}, below the stated {self.power:g}.")
        return tuple(found)

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        null, target = self.behaviour(self.p0), self.behaviour(self.p1)
        return (
            f"Simon's two-stage design tests the null hypothesis that the true rate is at most {self.p0:.0%} against the "
            f"alternative that it is at least {self.p1:.0%}. In the first stage {self.n1} evaluable patients are enrolled in "
            f"the tested arm; with {self.r1} or fewer successes the trial stops for futility. Otherwise enrolment goes on "
            f"to {self.n} patients, and the null hypothesis is rejected with more than {self.r} successes. The exact "
            f"one-sided type I error is {null.reject:.4f} and the exact power {target.reject:.4f}; under the null "
            f"hypothesis the trial stops early with probability {null.pet:.4f} and expects {null.en:.1f} patients in the "
            f"tested arm (Simon 1989)."
        )

    def numbers(self) -> Mapping[str, float | int | str]:
        """Boundaries, sizes, and the exact EN and PET at p0, type I error and power."""
        null = self.behaviour(self.p0)
        return {
            "r1": self.r1,
            "n1": self.n1,
            "r": self.r,
            "n": self.n,
            "en0": null.en,
            "pet0": null.pet,
            "alpha": null.reject,
            "power": self.behaviour(self.p1).reject,
        }

    def curve(self) -> LineFigure:
        """Probability of declaring and of stopping early against the true rate."""
        low, high = max(0.0, self.p0 - 0.25), min(1.0, self.p1 + 0.2)
        rates = np.linspace(low, high, 121).tolist()
        found = [self.behaviour(p) for p in rates]
        return LineFigure(
            "Operating characteristics, exact",
            "True rate in the tested arm",
            "Probability",
            [
                Curve("Null hypothesis rejected", rates, [b.reject for b in found]),
                Curve("Stopped at the first look", rates, [b.pet for b in found], dashed=True),
            ],
            [Mark(f"p0 = {self.p0:g}", x=self.p0), Mark(f"p1 = {self.p1:g}", x=self.p1)],
            caption="Exact probabilities by binomial enumeration, against the true rate in the tested arm.",
            y_range=(0.0, 1.0),
        )


@dataclass(frozen=True)
class Admissible:
    """An admissible design and the weights q on the maximum size for which it is the best."""

    design: SimonTwoStage
    weight: tuple[float, float]


@dataclass(frozen=True)
class SimonDesigns:
    """The answer to a search: optimal, minimax, and every admissible design from minimax to optimal."""

    optimal: SimonTwoStage
    minimax: SimonTwoStage
    admissible: tuple[Admissible, ...]

    def as_json(self) -> dict[str, Any]:
        """The documented shape of ``equipoise design simon --json``."""
        return {
            "optimal": dict(self.optimal.numbers()),
            "minimax": dict(self.minimax.numbers()),
            "admissible": [{**a.design.numbers(), "weight": list(a.weight)} for a in self.admissible],
        }

    def table(self) -> Table:
        """The designs side by side."""
        rows = []
        for a in self.admissible:
            d, x = a.design, a.design.numbers()
            name = "minimax" if d == self.minimax else "optimal" if d == self.optimal else "admissible"
            if self.minimax == self.optimal:
                name = "optimal and minimax"
            rows.append(
                [
                    name, f"{d.r1}/{d.n1}", f"{d.r}/{d.n}", f"{x['en0']:.2f}", f"{x['pet0']:.4f}", f"{x['alpha']:.4f}",
                    f"{x['power']:.4f}", f"{a.weight[0]:.4f} to {a.weight[1]:.4f}",
                ]
            )  # fmt: skip
        d = self.minimax
        return Table(
            f"Simon's two-stage designs: p0 = {d.p0:g}, p1 = {d.p1:g}, alpha ≤ {d.alpha:g} one-sided, power ≥ {d.power:g}",
            ["Design", "r1/n1", "r/n", "EN(p0)", "PET(p0)", "Type I error", "Power", "Best for weight on n"],
            rows,
            notes=(
                "Stop with r1 or fewer successes of n1; reject p0 with more than r of n. All figures exact. "
                "Admissible after Jung et al. 2004: best for q·n + (1 - q)·EN(p0).",
            ),
        )


def search(p0: float, p1: float, alpha: float, power: float, nmax: int = NMAX) -> SimonDesigns:
    """Optimal, minimax and all admissible designs up to ``nmax`` patients. Raises BadInput with all problems.

    ``alpha`` is one-sided. For Simon's first example, 0.05 against 0.25 at 10 % and 90 %:

    >>> d = search(0.05, 0.25, 0.10, 0.90)
    >>> (d.optimal.r1, d.optimal.n1, d.optimal.r, d.optimal.n), (d.minimax.r1, d.minimax.n1, d.minimax.r, d.minimax.n)
    ((0, 9, 2, 24), (0, 13, 2, 20))
    """
    problems = list(_hypothesis_problems(p0, p1, alpha, power))
    if not isinstance(nmax, int) or not 2 <= nmax <= NMAX:
        problems.append(Problem("out-of-range", "nmax", str(nmax), f"a whole number from 2 to {NMAX}"))
    if problems:
        raise BadInput("design", problems)
    frontier = search_frontier(p0, p1, alpha, power, nmax)

    def design(f: Any) -> SimonTwoStage:
        return SimonTwoStage(f.r1, f.n1, f.r, f.n, p0, p1, alpha, power)

    admissible = tuple(Admissible(design(f), weight) for f, weight in lower_hull(frontier.designs))
    return SimonDesigns(design(frontier.optimal), design(frontier.minimax), admissible)


def from_spec(table: Mapping[str, Any]) -> SimonTwoStage:
    """The design that a trial file's [design] table states. Raises BadInput with all its problems."""
    problems = list(_hypothesis_problems(*(table.get(k) for k in ("p0", "p1", "alpha", "power"))))
    given = {k: table.get(k) for k in ("n1", "n", "r1", "r")}
    sizes = table.get("sizes")
    if sizes == "stated":
        problems.extend(
            Problem("missing", k, "nothing", "required when sizes = 'stated'") for k in ("n1", "n") if given[k] is None
        )
        if (given["r1"] is None) != (given["r"] is None):
            problems.append(Problem("half-boundary", "r1, r", "one of the two", "both, or neither to have them found"))
        problems.extend(_size_problems(given))
    elif sizes in ("optimal", "minimax"):
        problems.extend(
            Problem(
                "not-stated",
                k,
                str(v),
                f"nothing: with sizes = {sizes!r} it is computed",
                "use sizes = 'stated'",
            )
            for k, v in given.items()
            if v is not None
        )
    else:
        problems.append(Problem("not-a-choice", "sizes", repr(sizes), "'stated', 'optimal' or 'minimax'"))
    if problems:
        raise BadInput("design", problems)
    p0, p1, alpha, power = (float(table[k]) for k in ("p0", "p1", "alpha", "power"))
    if sizes != "stated":
        found = search(p0, p1, alpha, power)
        return found.optimal if sizes == "optimal" else found.minimax
    n1, n = int(table["n1"]), int(table["n"])
    if given["r1"] is None:
        return with_sizes(n1, n, p0, p1, alpha, power)
    return SimonTwoStage(int(table["r1"]), n1, int(table["r"]), n, p0, p1, alpha, power)


def with_sizes(n1: int, n: int, p0: float, p1: float, alpha: float, power: float) -> SimonTwoStage:
    """The boundaries of least EN(p0) for given sizes. Raises BadInput if none keeps both errors."""
    for r1 in range(n1 - 1, -1, -1):
        r = smallest_r(n1, r1, n, p0, p1, alpha, power)
        if r is not None:
            return SimonTwoStage(r1, n1, r, n, p0, p1, alpha, power)
    raise BadInput(
        "design",
        [
            Problem(
                "no-boundaries", "n1, n", f"{n1}, {n}", f"sizes at which some boundaries keep alpha {alpha:g} and power {power:g}",
                "raise n, or ask `equipoise design simon`",
            )
        ],
    )  # fmt: skip


def _hypothesis_problems(p0: Any, p1: Any, alpha: Any, power: Any) -> Iterator[Problem]:
    bad = False
    for name, value in (("p0", p0), ("p1", p1), ("alpha", alpha), ("power", power)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
            yield Problem("out-of-range", name, str(value), "a probability between 0 and 1")
            bad = bad or name in ("p0", "p1")
    if not bad and p1 <= p0:
        yield Problem(
            "p1-not-above-p0",
            "p1",
            f"{p1:g}",
            f"the rate worth finding must exceed p0 = {p0:g} and stay below 1",
        )


def _size_problems(given: Mapping[str, Any]) -> Iterator[Problem]:
    sizes = {k: given.get(k) for k in ("n1", "n", "r1", "r")}
    for name, value in sizes.items():
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int) or value < (0 if name[0] == "r" else 1)
        ):
            yield Problem(
                "not-a-count",
                name,
                str(value),
                "a whole number, " + ("0" if name[0] == "r" else "1") + " or more",
            )
            sizes[name] = None
    n1, n, r1, r = sizes["n1"], sizes["n"], sizes["r1"], sizes["r"]
    if n1 is not None and n is not None and n1 >= n:
        yield Problem("n1-not-below-n", "n1", str(n1), f"the first stage must be smaller than the whole (n = {n})")
    if r1 is not None and n1 is not None and r1 >= n1:
        yield Problem("r1-not-below-n1", "r1", str(r1), f"below n1 = {n1}")
    if r is not None and n is not None and r >= n:
        yield Problem("r-not-below-n", "r", str(r), f"below n = {n}")
    if r is not None and r1 is not None and r < r1:
        yield Problem("r-below-r1", "r", str(r), f"at least r1 = {r1}")
