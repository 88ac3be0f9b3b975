"""[[dose_modifications]] held against the arms and against each other: drugs that there are not, rules that change nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from equipoise.trial.arm import Arm, Treatment
from equipoise.trial.dose_modification import DoseModification
from equipoise.trial.problem import Problem, near


def modification_problems(parts: Mapping[str, Any], _raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Of each rule a drug of no arm, nothing that could be reduced, and another rule beside which it changes nothing."""
    rules: Sequence[DoseModification] = parts.get("dose_modifications") or ()
    arms: Sequence[Arm] = parts.get("arms") or ()
    given: dict[str, Treatment] = {t.drug: t for arm in arms for t in arm.regimen}
    for i, rule in enumerate(rules):
        where = f"dose_modifications[{i}]"
        if "arms" in parts:
            for j, drug in enumerate(rule.drugs):
                if drug not in given:
                    allowed = f"a drug of an arm's regimen: {', '.join(given) or 'none is stated'}"
                    yield Problem("unknown-drug", f"{where}.drugs[{j}]", repr(drug), allowed, near(drug, list(given)))
            if not given:
                yield Problem("unknown-drug", where, "a rule for every drug", "a drug in an arm's regimen: none is stated")  # fmt: skip
            elif rule.to is not None:
                meant = [given[d] for d in rule.drugs or given if d in given]
                if meant and not any(t.unit is not None for t in meant):
                    yield Problem(
                        "nothing-to-reduce", f"{where}.to", f"{rule.to:g} of {', '.join(t.drug for t in meant)}",
                        "a drug with a `dose`: what has none is held or stopped",
                    )  # fmt: skip
        first = next((r for r in rules[:i] if _same(r, rule)), None)
        over = next((r for r in rules if r is not rule and r.does == "stop" and r.covers(rule) and not _same(r, rule)), None)  # fmt: skip
        if first is not None:
            yield Problem("no-trigger", where, f"the same as {first.name!r}", "a rule that changes something", "leave one out")  # fmt: skip
        elif over is not None:
            yield Problem(
                "no-trigger", where, f"an event after which {over.name!r} stops what it modifies",
                "an event that leaves something to modify", f"a narrower event for {over.name!r}, or leave this one out",
            )  # fmt: skip


def _same(a: DoseModification, b: DoseModification) -> bool:
    """True if two rules say the same under two names."""
    return a.model_copy(update={"name": ""}) == b.model_copy(update={"name": ""})
