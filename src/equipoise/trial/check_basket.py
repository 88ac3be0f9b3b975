"""What must hold of [basket]: cohorts that it decides, and entries that its model has."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from equipoise.trial.basket import MOST_ENDS
from equipoise.trial.cohort import TrialCohort
from equipoise.trial.problem import Problem


def check_basket(parts: Mapping[str, Any], raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Whether there are cohorts that [basket] can decide together, and it says what its model has."""
    plan = parts.get("basket")
    if plan is None:
        return
    if len(raw.get("cohorts") or ()) < 2:
        yield Problem("no-cohorts", "basket", plan.model, "a trial with two or more [[cohorts]]")
    own = {"similarity": {"epsilon", "tau"}, "exnex": {"weight", "mean", "sd", "spread", "own_mean", "own_sd"}}
    for name in sorted(plan.model_fields_set - {"model", "alpha"} - own.get(plan.model, set())):
        if getattr(plan, name) is not None:
            of = next(m for m, names in own.items() if name in names)
            yield Problem(
                "not-of-this-model", f"basket.{name}", f"with model = {plan.model!r}", f"model = {of!r}, or without it"
            )


def check_stages(parts: Mapping[str, Any], designs: Sequence[tuple[int, TrialCohort]]) -> Iterator[Problem]:
    """Whether each cohort has two stages that [basket] can decide upon, and they are few enough. ``designs``: those with sound rules, placed."""
    if parts.get("basket") is None:
        return
    sizes = []
    for i, c in designs:
        d = c.rules.design
        if not all(hasattr(d, key) for key in ("n1", "r1", "n", "p0", "p1")):
            kind = dict(c.rules.design_table)["kind"]
            yield Problem(
                "no-stages",
                f"cohorts[{i}].design",
                f"kind = {kind!r}, with [basket]",
                "two stages for one rate: kind = 'simon'",
            )
        else:
            sizes.append(d.n + 1)
    if len(sizes) == len(designs) and math.prod(sizes) > MOST_ENDS:
        allowed = f"at most {MOST_ENDS:,} combinations of how the cohorts end: fewer cohorts, or fewer patients in each"
        yield Problem("too-many", "basket", f"{math.prod(sizes):,} combinations", allowed)
