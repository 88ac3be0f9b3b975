"""A family of designs that are decided apart, such as a trial's cohorts: what becomes of their errors together, exactly.

The designs look at different patients, so that they are independent: probabilities multiply. With six designs of type I error
0.0977 each, some null one is declared with probability 1 - (1 - 0.0977)^6 = 0.46.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from equipoise.trial.design import Characteristics, Design
from equipoise.trial.exhibits import Table

#: From the least to the most, over the choices of which designs meet a true effect: the same twice where it makes no difference.
Span = tuple[float, float]


@dataclass(frozen=True)
class OneOfFamily:
    """A design of the family: what is declared of it under its own null and its own target."""

    name: str
    null: Characteristics
    target: Characteristics


@dataclass(frozen=True)
class FamilyError:
    """What the family does where ``true`` of its designs meet their target and the others their null.

    ``any``: some design declares. ``false``: some that meets its null declares, the family's error. ``all_true``: all that meet
    their target declare. ``expected``: how many declare.
    """

    true: int
    any: Span
    false: Span
    all_true: Span
    expected: Span


@dataclass(frozen=True)
class Family:
    """The designs, and what they do together for each number of true effects: from none to all."""

    members: Sequence[OneOfFamily]
    errors: Sequence[FamilyError]

    @property
    def any_null(self) -> float:
        """P(any is declared) where all meet their null."""
        return self.errors[0].any[1]

    @property
    def all_target(self) -> float:
        """P(all are declared) where all meet their target."""
        return self.errors[-1].all_true[0]

    def in_words(self) -> str:
        """The two ends in a sentence."""
        return (
            f"Of {len(self.members)} cohorts, each decided on its own, any is declared with probability {self.any_null:.4f} where all "
            f"meet their null, and all with {self.all_target:.4f} where all meet their target (exact)."
        )

    def table(self) -> Table:
        """The errors by the number of true effects."""
        rows = [[str(e.true), *(_span(s) for s in (e.any, e.false, e.all_true, e.expected))] for e in self.errors]
        return Table(
            "The cohorts together, exact",
            ["Cohorts at their target", "P(any declared)", "P(any null one declared)", "P(all true ones declared)", "Declared, expected"],
            rows,
            notes=(
                "The other cohorts are at their null. Cohorts share no patients, so that their probabilities multiply. Where it matters "
                "which cohorts are the true ones, the least and the most.",
            ),
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "cohorts": {m.name: {"null": m.null.declare.value, "target": m.target.declare.value} for m in self.members},
            "any_declared_all_null": self.any_null,
            "all_declared_all_target": self.all_target,
            "errors": list(self.errors),
        }


def family_of(designs: Mapping[str, Design[Any]]) -> Family:
    """The family of these designs, by name: each at its null, the first of its truths, and at its target, the last."""
    members = []
    for name, design in designs.items():
        truths = list(design.truths().values())
        members.append(OneOfFamily(name, design.characteristics(truths[0]), design.characteristics(truths[-1])))
    pairs = [(m.null.declare.value, m.target.declare.value) for m in members]
    return Family(members, [_errors(pairs, k) for k in range(len(pairs) + 1)])


def _errors(pairs: Sequence[tuple[float, float]], k: int) -> FamilyError:
    """``pairs``: P(declare) at null and at target; ``k`` of them are at their target."""
    nulls, targets = sorted(a for a, _ in pairs), sorted(b for _, b in pairs)
    # Which k are true changes the product of (1 - b) by the ratio (1 - b)/(1 - a) of each: the extremes take the least and the most.
    silent = math.prod(1 - a for a, _ in pairs)
    ratios = sorted((1 - b) / (1 - a) if a < 1 else math.inf for a, b in pairs)
    gains = sorted(b - a for a, b in pairs)
    m = len(pairs) - k
    none = [silent * math.prod(part) for part in (ratios[:k], ratios[m:])] if silent > 0 else [0.0, 0.0]
    quiet = [math.prod(1 - a for a in part) for part in (nulls[k:], nulls[:m])]
    base = sum(nulls)
    return FamilyError(
        k,
        any=(1 - none[1], 1 - none[0]),
        false=(1 - quiet[1], 1 - quiet[0]),
        all_true=(math.prod(targets[:k]), math.prod(targets[m:])),
        expected=(base + sum(gains[:k]), base + sum(gains[m:])),
    )


def number_declared(chances: Sequence[float]) -> list[float]:
    """P(0, 1, 2 … are declared) for independent designs that declare with these probabilities (Poisson binomial)."""
    found = [1.0]
    for p in chances:
        found = [q * (1 - p) + r * p for q, r in zip([*found, 0.0], [0.0, *found], strict=True)]
    return found


def _span(span: Span) -> str:
    low, high = (f"{v:.4f}" for v in span)
    return low if low == high else f"{low} to {high}"
