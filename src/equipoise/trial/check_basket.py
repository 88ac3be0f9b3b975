"""What must hold of [basket]: cohorts that it decides, and entries that its model has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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
