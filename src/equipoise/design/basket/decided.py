"""A basket decided: what a trial's cohorts say together, once each has had its last look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from equipoise.design.basket.behaviour import Basket
from equipoise.design.basket.cohorts import End
from equipoise.design.basket.stated import said_of
from equipoise.trial.decision import Decision, NotRipe, Stop
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Decided:
    """What the cohorts say together: of each its patients, responses, whether its first stage let it go on, and whether it is declared.

    ``waiting``: cohorts that have not ended, and why; while there are any, nothing is declared and the others are empty.
    """

    model: str
    rule: str
    cohorts: Mapping[str, tuple[int, int, bool, bool]]
    certainty: Mapping[str, float]
    mean: Mapping[str, float]
    waiting: Mapping[str, str]

    def in_words(self) -> str:
        """The decision in a sentence."""
        if self.waiting:
            each = "; ".join(f"{name}: {why.rstrip('.')}" for name, why in self.waiting.items())
            return f"The cohorts are decided together when all have ended. Waited for are {each}."
        declared = [name for name, (*_, yes) in self.cohorts.items() if yes]
        pruned = [name for name, (_, _, alive, _) in self.cohorts.items() if not alive]
        said = f"Declared: {', '.join(declared) or 'none'}."
        return said + (f" Ended by the first stage: {', '.join(pruned)}." if pruned else "")

    def table(self) -> Table:
        """A row a cohort."""
        rows: list[list[Cell]] = []
        for name, (n, x, alive, declared) in self.cohorts.items():
            sure = f"{self.certainty[name]:.4f}" if name in self.certainty else "–"
            mean = f"{100 * self.mean[name]:.1f}%" if name in self.mean else "–"
            rows.append(
                [name, f"{x}/{n}", mean, sure, "declared" if declared else "pruned" if not alive else "not declared"]
            )
        return Table(
            f"The cohorts together: {self.model}",
            ["Cohort", "Responses", "Rate, with what is lent", "P(rate > p0)", "Decision"],
            rows,
            notes=(self.rule,),
        )

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "model": self.model, "rule": self.rule, "waiting": dict(self.waiting),
            "cohorts": {
                name: {
                    "n": n, "responses": x, "pruned": not alive, "declared": declared, "certainty": self.certainty.get(name),
                    "rate": self.mean.get(name),
                }
                for name, (n, x, alive, declared) in self.cohorts.items()
            },
        }  # fmt: skip


def decided_together(trial: Trial, basket: Basket, take: Callable[[str, int], Decision | NotRipe]) -> Decided:
    """What ``basket``, the trial's own, says of the cohorts; ``take``: takes a cohort's look. Until all have ended nothing is declared."""
    ends: list[End] = []
    waiting: dict[str, str] = {}
    for name, view in trial.views.items():
        at = take(name, 1)
        stopped = isinstance(at, Decision) and isinstance(at.action, Stop)
        if not stopped:
            at = take(name, len(view.monitored.looks))
        if not isinstance(at, Decision):
            waiting[name] = at.because[0] if at.because else "its last look is not ripe"
            continue
        (counts,) = (e for e in at.evidence.values() if "successes" in e)
        ends.append(End(int(counts["n"]), int(counts["successes"]), not stopped))
    if waiting:
        return Decided(basket.name, basket.in_words(), {}, {}, {}, waiting)
    said, names = said_of(basket, ends), list(trial.views)
    return Decided(
        basket.name, basket.in_words(),
        {n: (e.n, e.x, e.alive, yes) for n, e, yes in zip(names, ends, said.declared, strict=True)},
        dict(zip(names, said.certainty, strict=False)), dict(zip(names, said.mean, strict=False)), {},
    )  # fmt: skip
