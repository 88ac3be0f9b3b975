"""Two outcomes of the same patients: response and toxicity, each a yes or a no."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from equipoise.analyse.binary import status_of
from equipoise.analyse.status import Status
from equipoise.decide.evidence.cohorts import (
    Cohorts,
    Parts,
    a_yes_or_no,
    cohorts_of,
    no_cohort_of_controls,
    one_tested_arm,
)
from equipoise.decide.evidence.earlier import taken_before
from equipoise.decide.ruling import Seen
from equipoise.numerics.counts.proportions import clopper_pearson
from equipoise.trial.endpoint import Binary, Endpoint
from equipoise.trial.evidence import PairEvidence
from equipoise.trial.problem import Problem
from equipoise.trial.protocol_parts import Monitoring
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Pair(Cohorts):
    """The cohort of a look, whose members have both outcomes."""

    def _successes(self, arm: str, endpoint: Binary) -> int:
        members = {m.patient for m in self.cohorts[arm].members}
        found: list[Status | None] = [
            status_of(p, endpoint, self.trial, self.snap.cutoff) for p in self.snap.on_arm(arm) if p.name in members
        ]
        return sum(s is not None and s.status == "success" for s in found)

    @cached_property
    def _counts(self) -> Mapping[str, tuple[int, int]]:
        m = self.trial.monitored
        assert m.toxicity is not None, "the doorway asks for one"
        return {arm: (self._successes(arm, m.binary), self._successes(arm, m.toxicity)) for arm in self.cohorts}

    def seen(self) -> Seen:
        """Responses and toxicities."""
        arm = self.trial.monitored.tested.name
        earlier = tuple(int(n) for (n,) in taken_before(self.snap, self.look))
        return Seen(PairEvidence(self.look, len(self.cohorts[arm].members), *self._counts[arm], earlier))

    def attained(self) -> Sequence[float]:
        """Patients."""
        return (len(self.cohorts[self.trial.monitored.tested.name].members),)

    def numbers(self) -> Mapping[str, Mapping[str, Any]]:
        """The cohort in numbers, and how many had the toxicity."""
        return {arm: self._with_toxicity(arm, dict(found)) for arm, found in super().numbers().items()}

    def _with_toxicity(self, arm: str, found: dict[str, Any]) -> dict[str, Any]:
        n, (responses, toxic) = found["n"], self._counts[arm]
        at, tox = (clopper_pearson(x, n) if n else None for x in (responses, toxic))
        found |= {
            "successes": responses,
            "failures": n - responses - found["not_evaluable_counted_as_failure"],
            "rate": responses / n if n else None,
            "rate_ci": [at.lower, at.upper] if at is not None else None,
        }
        return found | {
            "toxicities": toxic,
            "toxicity_rate": toxic / n if n else None,
            "toxicity_rate_ci": [tox.lower, tox.upper] if tox is not None else None,
        }


class PairMaker:
    """Makes PairEvidence: responses and toxicities among the first so many patients who have both outcomes."""

    def gather(self, trial: Trial, snap: Snapshot, look: int) -> Pair:
        """The look's cohort, as known at the cut-off."""
        return Pair(trial, snap, look, cohorts_of(trial, snap, trial.monitored.planned(look)))

    def problems(self, parts: Parts) -> Iterator[Problem]:
        """What the trial must have: two outcomes of each patient, in good time, and one tested arm."""
        yield from one_tested_arm(parts)
        yield from no_cohort_of_controls(parts, "this design looks at one arm's response and toxicity")
        yield from a_yes_or_no(parts)
        monitoring: Monitoring | None = parts.get("monitoring")
        if monitoring is None:
            return
        if monitoring.toxicity is None:
            yield Problem(
                "no-toxicity", "monitoring.toxicity", "nothing",
                "the endpoint whose successes are toxicities: this design looks at response and toxicity",
            )  # fmt: skip
            return
        yield from a_yes_or_no(parts, "toxicity")
        endpoints: tuple[Endpoint, ...] = parts.get("endpoints") or ()
        both = {e.name: e for e in endpoints if e.name in (monitoring.endpoint, monitoring.toxicity)}
        if monitoring.endpoint == monitoring.toxicity:
            yield Problem(
                "one-endpoint-twice", "monitoring.toxicity", repr(monitoring.toxicity), "another endpoint than monitoring.endpoint"
            )  # fmt: skip
        policies = {name: getattr(e, "not_evaluable", "failure") for name, e in both.items()}
        if {"replace", "exclude"} <= set(policies.values()):
            yield Problem(
                "two-policies", "endpoints", ", ".join(f"{name}: {p}" for name, p in policies.items()),
                "one policy for places: 'replace' or 'exclude' for both endpoints that the design looks at",
            )  # fmt: skip
