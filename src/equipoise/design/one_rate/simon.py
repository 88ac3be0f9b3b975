"""Simon's two-stage design for one arm and a rate, with early stopping for futility.

Stage one enrols n1 patients; with at most r1 successes the trial stops. Otherwise it goes on to n patients, and the
null hypothesis (rate ≤ p0) is rejected with more than r successes. Simon 1989, doi:10.1016/0197-2456(89)90015-9.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Literal

from pydantic import Field

from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.design.one_rate.simon_search import Constraints, lower_hull, search_frontier, smallest_r
from equipoise.design.spec import MOST_COUNT, Hypotheses, below, between, first_stage
from equipoise.design.stated import Spaced
from equipoise.numerics.sequential.staged_binomial import Stages
from equipoise.trial.exhibits import Table
from equipoise.trial.problem import BadInput, Problem

KIND = "simon"
TITLE = "Simon's two stages: optimal, minimax, admissible, constrained"
FAMILY = "one arm, a rate"
REFERENCE = "Simon R. Optimal two-stage designs for phase II clinical trials. Control Clin Trials 1989;10:1-10. doi:10.1016/0197-2456(89)90015-9"
EXAMPLE = {"sizes": "minimax", "p0": 0.44, "p1": 0.58, "alpha": 0.05, "power": 0.80}
NMAX = 1000
#: Most patients that a search goes up to, whatever is asked for: its tables grow with the square.
MOST = 2000


class TwoStages(Hypotheses):
    """Sizes and boundaries of two stages with a stop for futility, as far as they are stated."""

    n1: int | None = Field(default=None, ge=1, le=MOST_COUNT, description="Patients of the first stage.")
    n: int | None = Field(default=None, ge=2, le=MOST_COUNT, description="Patients in all.")
    r1: int | None = Field(default=None, ge=0, le=MOST_COUNT, description="Stop with r1 or fewer successes of n1.")
    r: int | None = Field(
        default=None, ge=0, le=MOST_COUNT, description="Reject the null with more than r successes of n."
    )

    @between("n1", "n")
    def _n1_below_n(self) -> Iterator[Problem]:
        return first_stage(self, "n1", "n")

    @between("r1", "n1")
    def _r1_below_n1(self) -> Iterator[Problem]:
        return below(self, "r1", "n1")

    @between("r", "n")
    def _r_below_n(self) -> Iterator[Problem]:
        return below(self, "r", "n")

    @between("r1", "r")
    def _r_from_r1(self) -> Iterator[Problem]:
        if self.r is not None and self.r1 is not None and self.r < self.r1:
            yield Problem("r-below-r1", "r", str(self.r), f"at least r1 = {self.r1}")


class Planned(TwoStages):
    """A design of two stages that has been planned: all of it is stated."""

    n1: int = Field(ge=1, le=MOST_COUNT, description="Planned patients of the first stage.")
    n: int = Field(ge=2, le=MOST_COUNT, description="Planned patients in all.")
    r1: int = Field(ge=0, le=MOST_COUNT, description="Planned: stop with r1 or fewer successes of n1.")
    r: int = Field(ge=0, le=MOST_COUNT, description="Planned: reject with more than r successes of n.")

    @property
    def plan(self) -> SimonTwoStage:
        """The design that was planned."""
        return SimonTwoStage(self.r1, self.n1, self.r, self.n, self.p0, self.p1, self.alpha, self.power)


class Constrained(Spaced, Hypotheses):
    """What a search may be told beside the hypotheses."""

    nmax: int = Field(default=NMAX, ge=2, le=MOST, description="Largest number of patients in all, for computed sizes.")
    min_pet: float = Field(default=0.0, ge=0, lt=1, description="Least PET(p0), for computed sizes.")
    n1: int | None = Field(default=None, ge=1, le=MOST_COUNT, description="Patients of the first stage.")

    @between("n1", "nmax")
    def _n1_below_nmax(self) -> Iterator[Problem]:
        return first_stage(self, "n1", "nmax")


class Spec(TwoStages, Constrained):
    """Simon's two-stage design as a trial file states it: sizes stated, or computed from the hypotheses."""

    kind: Literal["simon"]
    sizes: Literal["stated", "optimal", "minimax"] = Field(
        description="'stated': n1 and n as given. 'optimal', 'minimax': computed from the hypotheses, n1 held if given."
    )

    @between("sizes", "n1", "nmax")
    def _n1_below_nmax(self) -> Iterator[Problem]:
        return iter(()) if self.sizes == "stated" else super()._n1_below_nmax()

    @between("sizes", "r1", "r")
    def _boundaries_are_both_stated(self) -> Iterator[Problem]:
        if self.sizes == "stated" and (self.r1 is None) != (self.r is None):
            yield Problem("half-stated", "r1, r", "one of the two", "both, or neither to have them found")

    def problems(self, sound: Collection[str]) -> Iterator[Problem]:
        """What is wrong between the entries, and which of them ``sizes`` needs or forbids."""
        yield from super().problems(sound)
        if "sizes" not in sound:
            return
        if self.sizes == "stated":
            for k in ("n1", "n"):
                if k in sound and getattr(self, k) is None:
                    yield Problem("missing", k, "nothing", "required when sizes = 'stated'")
            return
        allowed = f"nothing: with sizes = {self.sizes!r} it is computed"
        for k in ("n", "r1", "r"):
            if k in sound and getattr(self, k) is not None:
                yield Problem("not-stated", k, str(getattr(self, k)), allowed, "use sizes = 'stated'")


@dataclass(frozen=True)
class SimonTwoStage(RateDesign):
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
        Planned.read(asdict(self))

    @cached_property
    def stages(self) -> Stages:
        """After n1 patients stop with r1 or fewer; after n reject with more than r."""
        return Stages((self.n1, self.n), (self.r1, self.r), (self.n1, self.r))

    def attained(self, n: int) -> SimonTwoStage:
        """This design with ``n`` patients evaluated at the end, and the smallest r that keeps alpha exactly."""
        return replace(self, n=n, r=self.attained_stages(n).high[-1])

    def describe(self) -> str:
        """The design as a paragraph of a protocol."""
        null, target = self.behaviour(self.p0), self.behaviour(self.p1)
        return (
            f"Simon's two-stage design tests the null hypothesis that the true rate is at most {100 * self.p0:g}% against the "
            f"alternative that it is at least {100 * self.p1:g}%. In the first stage {self.n1} evaluable patients are enrolled in "
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
    #: the last n tried; ``proved``: nothing beyond it can be better
    searched_to: int
    proved: bool

    def as_json(self) -> dict[str, Any]:
        """The documented shape of ``equipoise design simon --json``."""
        return {
            "optimal": dict(self.optimal.numbers()),
            "minimax": dict(self.minimax.numbers()),
            "admissible": [{**a.design.numbers(), "weight": list(a.weight)} for a in self.admissible],
            "searched_to": self.searched_to,
            "proved": self.proved,
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
                f"Every n up to {self.searched_to} was tried; no larger n can have a smaller EN(p0)."
                if self.proved
                else f"Every n up to nmax = {self.searched_to} was tried; a larger n could have a smaller EN(p0).",
            ),
        )


def search(
    p0: float,
    p1: float,
    alpha: float,
    power: float,
    nmax: int = NMAX,
    n1: int | None = None,
    min_pet: float = 0.0,
    least_gap: int = 1,
) -> SimonDesigns:
    """Optimal, minimax and all admissible designs up to ``nmax`` patients. Raises BadInput with all problems.

    ``alpha`` is one-sided. ``n1`` holds the first stage fixed; ``min_pet`` asks for a least PET(p0),
    ``least_gap`` for a second stage of so many patients or more. For Simon's first example, 0.05 against 0.25 at 10 % and 90 %:

    >>> d = search(0.05, 0.25, 0.10, 0.90)
    >>> (d.optimal.r1, d.optimal.n1, d.optimal.r, d.optimal.n), (d.minimax.r1, d.minimax.n1, d.minimax.r, d.minimax.n)
    ((0, 9, 2, 24), (0, 13, 2, 20))
    """
    Constrained.read(
        {
            "p0": p0, "p1": p1, "alpha": alpha, "power": power, "nmax": nmax, "min_pet": min_pet, "n1": n1, "least_gap": least_gap,
        }
    )  # fmt: skip
    frontier = search_frontier(p0, p1, alpha, power, nmax, Constraints(n1, min_pet, least_gap))

    def design(f: Any) -> SimonTwoStage:
        return SimonTwoStage(f.r1, f.n1, f.r, f.n, p0, p1, alpha, power)

    admissible = tuple(Admissible(design(f), weight) for f, weight in lower_hull(frontier.designs))
    return SimonDesigns(
        design(frontier.optimal), design(frontier.minimax), admissible, frontier.searched_to, frontier.proved
    )


def from_spec(spec: Spec) -> SimonTwoStage:
    """The design that a spec states. Raises BadInput if no sizes, or no boundaries, keep both errors."""
    hypotheses = (spec.p0, spec.p1, spec.alpha, spec.power)
    if spec.sizes != "stated":
        found = search(*hypotheses, spec.nmax, spec.n1, spec.min_pet, spec.least_gap)
        return found.optimal if spec.sizes == "optimal" else found.minimax
    assert spec.n1 is not None and spec.n is not None, "a stated spec has them"  # noqa: PT018
    if spec.r1 is None or spec.r is None:
        return with_sizes(spec.n1, spec.n, *hypotheses)
    return SimonTwoStage(spec.r1, spec.n1, spec.r, spec.n, *hypotheses)


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
