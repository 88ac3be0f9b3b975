"""Simon's two-stage design for one arm and a rate, with early stopping for futility.

Stage one enrols n1 patients; with at most r1 successes the trial stops. Otherwise it goes on to n patients, and the
null hypothesis (rate ≤ p0) is rejected with more than r successes. Simon 1989, doi:10.1016/0197-2456(89)90015-9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Literal

from pydantic import Field

from equipoise.design import checks
from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.design.one_rate.simon_search import Constraints, lower_hull, search_frontier, smallest_r
from equipoise.numerics.sequential.staged_binomial import Stages
from equipoise.trial.exhibits import Table
from equipoise.trial.part import Part
from equipoise.trial.problem import BadInput, Problem

KIND = "simon"
TITLE = "Simon's two stages: optimal, minimax, admissible, constrained"
FAMILY = "one arm, a rate"
REFERENCE = "Simon R. Optimal two-stage designs for phase II clinical trials. Control Clin Trials 1989;10:1-10. doi:10.1016/0197-2456(89)90015-9"
EXAMPLE = {"sizes": "minimax", "p0": 0.44, "p1": 0.58, "alpha": 0.05, "power": 0.80}
NMAX = 1000
#: Most patients that a search goes up to, whatever is asked for: its tables grow with the square.
MOST = 2000


class Spec(Part):
    """Simon's two-stage design as a trial file states it: sizes stated, or computed from the hypotheses."""

    kind: Literal["simon"]
    sizes: Literal["stated", "optimal", "minimax"] = Field(
        description="'stated': n1 and n as given. 'optimal', 'minimax': computed from the hypotheses, n1 held if given."
    )
    p0: float = Field(gt=0, lt=1, description="Rate of no interest, as with the standard treatment.")
    p1: float = Field(gt=0, lt=1, description="Rate worth finding; above p0.")
    alpha: float = Field(gt=0, lt=1, description="One-sided type I error.")
    power: float = Field(gt=0, lt=1, description="Power at p1.")
    nmax: int = Field(default=NMAX, ge=2, le=MOST, description="Largest number of patients in all, for computed sizes.")
    min_pet: float = Field(default=0.0, ge=0, lt=1, description="Least PET(p0), for computed sizes.")
    n1: int | None = Field(default=None, ge=1, description="Patients of the first stage.")
    n: int | None = Field(default=None, ge=2, description="Patients in all.")
    r1: int | None = Field(default=None, ge=0, description="Stop with r1 or fewer successes of n1.")
    r: int | None = Field(default=None, ge=0, description="Reject the null with more than r successes of n.")


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
        checks.raise_if([*checks.hypotheses(self.p0, self.p1, self.alpha, self.power), *size_problems(asdict(self))])

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
) -> SimonDesigns:
    """Optimal, minimax and all admissible designs up to ``nmax`` patients. Raises BadInput with all problems.

    ``alpha`` is one-sided. ``n1`` holds the first stage fixed; ``min_pet`` asks for a least PET(p0). For Simon's first
    example, 0.05 against 0.25 at 10 % and 90 %:

    >>> d = search(0.05, 0.25, 0.10, 0.90)
    >>> (d.optimal.r1, d.optimal.n1, d.optimal.r, d.optimal.n), (d.minimax.r1, d.minimax.n1, d.minimax.r, d.minimax.n)
    ((0, 9, 2, 24), (0, 13, 2, 20))
    """
    problems = [*checks.hypotheses(p0, p1, alpha, power), *checks.count("nmax", nmax, 2, MOST)]
    if n1 is not None:
        problems += checks.count("n1", n1, 1)
    if isinstance(n1, int) and isinstance(nmax, int) and n1 >= nmax:
        problems.append(Problem("n1-not-below-n", "n1", str(n1), f"the first stage must be smaller than nmax = {nmax}"))
    if not 0 <= min_pet < 1:
        problems.append(Problem("out-of-range", "min_pet", f"{min_pet:g}", "a probability from 0 to below 1"))
    checks.raise_if(problems)
    frontier = search_frontier(p0, p1, alpha, power, nmax, Constraints(n1, min_pet))

    def design(f: Any) -> SimonTwoStage:
        return SimonTwoStage(f.r1, f.n1, f.r, f.n, p0, p1, alpha, power)

    admissible = tuple(Admissible(design(f), weight) for f, weight in lower_hull(frontier.designs))
    return SimonDesigns(
        design(frontier.optimal), design(frontier.minimax), admissible, frontier.searched_to, frontier.proved
    )


def from_spec(table: Mapping[str, Any]) -> SimonTwoStage:
    """The design that a trial file's [design] table states. Raises BadInput with all its problems."""
    problems = list(checks.hypotheses(*(table.get(k) for k in ("p0", "p1", "alpha", "power"))))
    given = {k: table.get(k) for k in ("n1", "n", "r1", "r")}
    sizes = table.get("sizes")
    if sizes == "stated":
        problems.extend(
            Problem("missing", k, "nothing", "required when sizes = 'stated'") for k in ("n1", "n") if given[k] is None
        )
        if (given["r1"] is None) != (given["r"] is None):
            problems.append(Problem("half-boundary", "r1, r", "one of the two", "both, or neither to have them found"))
        problems.extend(size_problems(given))
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
            if v is not None and k != "n1"
        )
    else:
        problems.append(Problem("not-a-choice", "sizes", repr(sizes), "'stated', 'optimal' or 'minimax'"))
    checks.raise_if(problems)
    p0, p1, alpha, power = (float(table[k]) for k in ("p0", "p1", "alpha", "power"))
    if sizes != "stated":
        values = checks.stated(Spec, table)
        found = search(p0, p1, alpha, power, values["nmax"], given["n1"], float(values["min_pet"]))
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


def size_problems(given: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with n1, n, r1 and r, as far as each is given."""
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
