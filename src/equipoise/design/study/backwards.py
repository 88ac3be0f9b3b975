"""Designs read backwards: the hypotheses for which published sizes are Simon's optimal, minimax or an admissible design.

A paper or an announcement often gives n1 and n and leaves the hypotheses unsaid. Every p0 and p1 on a grid of whole
percents is tried with the usual pairs of errors. This reconstructs; it does not prove what the authors had in mind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from equipoise.design.one_rate.simon import SimonTwoStage, search
from equipoise.design.one_rate.simon_search import Tables, best_of_size, best_single_stage_power, smallest_n
from equipoise.design.spec import MOST_COUNT, Entries, Probability, between, first_stage
from equipoise.trial.exhibits import Table
from equipoise.trial.problem import Problem

#: (alpha, power) as protocols state them.
ERRORS = (
    (0.05, 0.80),
    (0.05, 0.90),
    (0.10, 0.80),
    (0.10, 0.90),
    (0.05, 0.85),
    (0.10, 0.85),
    (0.025, 0.80),
    (0.025, 0.90),
)
#: With more patients than this many times the least possible, no design is optimal, minimax or admissible in practice.
_FAR = 4.0


@dataclass(frozen=True)
class Explanation:
    """Hypotheses that explain the sizes: the design, and what it is for them."""

    design: SimonTwoStage
    role: str
    weight: tuple[float, float]

    def as_json(self) -> dict[str, Any]:
        """The documented shape of ``equipoise design explain --json``."""
        d = self.design
        return {
            "role": self.role, "p0": d.p0, "p1": d.p1, "asked": {"alpha": d.alpha, "power": d.power}, **d.numbers(),
            "weight": list(self.weight),
        }  # fmt: skip


class _Asked(Entries):
    """The sizes, and the ranges of p0 and p1 - p0 that are looked through."""

    n1: int = Field(ge=1, le=MOST_COUNT)
    n: int = Field(ge=2, le=500)
    p0: tuple[Probability, Probability]
    delta: tuple[Probability, Probability]

    @between("n1", "n")
    def _n1_below_n(self) -> Iterator[Problem]:
        return first_stage(self, "n1", "n")

    @between("p0", "delta")
    def _from_smaller_to_larger(self) -> Iterator[Problem]:
        for name, (low, high) in (("p0", self.p0), ("delta", self.delta)):
            if low > high:
                yield Problem("empty-range", name, f"{low:g} to {high:g}", "from the smaller to the larger")


def explain(
    n1: int,
    n: int,
    r1: int | None = None,
    r: int | None = None,
    p0: tuple[float, float] = (0.01, 0.95),
    delta: tuple[float, float] = (0.10, 0.20),
    errors: Sequence[tuple[float, float]] = ERRORS,
) -> list[Explanation]:
    """All hypotheses on the grid, p0 and p1 - p0 by 0.01 in their ranges. Raises BadInput with all problems.

    What the announcement of the NORTH trial leaves unsaid, looked for near its historical rate:

    >>> [(e.design.p0, e.design.p1, e.role) for e in explain(39, 80, p0=(0.43, 0.45), delta=(0.14, 0.14))]
    [(0.44, 0.58, 'minimax')]
    """
    _Asked.read({"n1": n1, "n": n, "p0": p0, "delta": delta})
    found = []
    for a, b in _grid(p0, delta):
        for alpha, power in errors:
            if not _could_be(n1, n, a, b, alpha, power):
                continue
            designs = search(a, b, alpha, power)
            for admissible in designs.admissible:
                d = admissible.design
                if (d.n1, d.n) != (n1, n) or (r1 not in (None, d.r1)) or (r not in (None, d.r)):
                    continue
                roles = [w for w, other in (("minimax", designs.minimax), ("optimal", designs.optimal)) if d == other]
                found.append(Explanation(d, " and ".join(roles) or "admissible", admissible.weight))
    return found


def _grid(p0: tuple[float, float], delta: tuple[float, float]) -> Iterator[tuple[float, float]]:
    for a in range(round(100 * p0[0]), round(100 * p0[1]) + 1):
        for d in range(round(100 * delta[0]), round(100 * delta[1]) + 1):
            if a + d < 100:
                yield a / 100, (a + d) / 100


def _could_be(n1: int, n: int, p0: float, p1: float, alpha: float, power: float) -> bool:
    """Cheap conditions first: n can reach the power and is not far beyond what is needed; n1 is best at this n."""
    if best_single_stage_power(n, p0, p1, alpha) < power:
        return False
    least = smallest_n(p0, p1, alpha, power, n)
    if least is None or n > _FAR * least + 20:
        return False
    tables = Tables.up_to(-(-n // 64) * 64, p0, p1, power)
    best = best_of_size(n, tables.bound(n), tables, float("inf"), (p0, p1, alpha, power))
    return best is not None and best.n1 == n1


def explain_table(n1: int, n: int, found: Sequence[Explanation]) -> Table:
    """The explanations as a table."""
    rows = [
        [
            f"{e.design.p0:.2f} against {e.design.p1:.2f}", f"{e.design.alpha:g}, {e.design.power:g}", e.role,
            f"{e.design.r1}/{e.design.n1}, {e.design.r}/{e.design.n}", f"{x['alpha']:.4f}", f"{x['power']:.4f}", f"{x['en0']:.2f}",
        ]
        for e in found
        for x in [e.design.numbers()]
    ]  # fmt: skip
    return Table(
        f"Hypotheses for which n1 = {n1} and n = {n} are a Simon design",
        ["p0 against p1", "alpha, power asked", "It is then", "Boundaries", "Exact alpha", "Exact power", "EN(p0)"],
        rows,
        notes=(
            f"{len(rows)} found on a grid of whole percents. A reconstruction: it does not prove what the authors assumed.",
        ),
    )
