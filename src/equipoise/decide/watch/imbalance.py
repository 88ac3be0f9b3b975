"""A rule on how the events fall between two arms: event by event, in the order in which they became known.

The trial saw them in that order, and a later record does not change it. The rule is asked at each of its looks, on the first d events of
both arms; it speaks once those of the tested arm reach its boundary at some d.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from equipoise.analyse.editions import editions, pooled
from equipoise.decide.ruling import STOP
from equipoise.decide.watch.at_risk import at_risk, in_order_of_record
from equipoise.decide.watch.watch import Reading, codes_of, tested_and_control
from equipoise.trial.decision import Verdict
from equipoise.trial.design import Design
from equipoise.trial.evidence import TwoArmEvidence
from equipoise.trial.problem import Problem
from equipoise.trial.safety import SafetyRule
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class _Asked:
    """What a rule says at a look on ``d`` events of each number in the tested arm; both arms large enough to have had them all."""

    design: Design[TwoArmEvidence]
    look: int
    d: int

    def __call__(self, x: int) -> Verdict:
        return self.design.verdict(TwoArmEvidence(self.look, self.d, x, self.d, self.d - x))


@lru_cache(maxsize=256)
def boundary_of(design: Any) -> tuple[tuple[int, int], ...]:
    """Of each look its events and the least number in the tested arm that speaks; one more than its events: none does."""
    found = []
    for look in design.looks:
        stops = np.flatnonzero(codes_of(_Asked(design, look.number, look.n), look.n) == STOP)
        found.append((look.n, int(stops[0]) if len(stops) else look.n + 1))
    return tuple(found)


class ImbalanceWatch:
    """Makes TwoArmEvidence: patients with the event in the tested and in the control arm."""

    def problems(self, rule: SafetyRule, parts: Mapping[str, Any], where: str) -> Iterator[Problem]:
        """Two arms, of which the first is tested and the second is not."""
        yield from tested_and_control(rule, parts, where)

    def boundary(self, rule: SafetyRule) -> Sequence[tuple[int, int]] | None:
        """Events of both arms, and those in the tested one."""
        design: Any = rule.design
        return boundary_of(design)

    def read(self, trial: Trial, snap: Snapshot, rule: SafetyRule) -> Reading:
        """Where the rule stands: see above."""
        tested, control = (at_risk(trial, snap, rule, arm) for arm in rule.arms)
        events = in_order_of_record([*tested, *control])
        passed = np.cumsum([e.arm == rule.arms[0] for e in events], dtype=np.int64).tolist()
        design: Any = rule.design
        looks, at, speaks = boundary_of(design), 0, False
        for k, (d, least) in enumerate(looks, 1):
            if d > len(events):
                break
            at = k
            if passed[d - 1] >= least:
                speaks = True
                break
        d, least = looks[at - 1] if at else (len(events), looks[0][1])
        x = passed[d - 1] if d else 0
        ended = not speaks and at == len(looks)
        if at:
            said = design.verdict(TwoArmEvidence(at, max(len(tested), 1), x, max(len(control), 1), d - x))
            speaks_from = f"it speaks from {least} on" if least <= d else "no number makes it speak there"
            because, cautions = (
                [f"{x} of {d} events are in the tested arm; {speaks_from}.", *said.because[1:]],
                said.cautions,
            )
        else:
            because, cautions = (
                [f"{d} events have come, {x} of them in the tested arm; the rule looks first at {looks[0][0]}."],
                (),
            )
        counted = editions(trial, (e.event for e in events))
        in_reach = at == 0 or least <= d
        return Reading(
            speaks,
            ended,
            because,
            (*cautions, *pooled(counted, f"patients of the safety rule {rule.name}")),
            events=len(events),
            watched=len(tested) + len(control),
            distance=float(least - x) if in_reach else None,
            unit="events in the tested arm below the boundary",
            counts={
                "between": list(rule.arms),
                "watched": len(tested) + len(control),
                "watched_tested": len(tested),
                "watched_control": len(control),
                "events": len(events),
                "at": d,
                "events_at": x,
                "boundary_at": least if in_reach else None,
                "planned": looks[-1][0],
                "beyond_planned": max(len(events) - looks[-1][0], 0),
                "editions": counted,
                "with_event": [e.patient for e in events],
            },
            path=[(float(k), float(x)) for k, x in enumerate([0, *passed])],
            boundary=[(float(k), float(b)) for k, b in looks if b <= k],
            axes=("Events in both arms, in the order in which they became known", "In the tested arm"),
        )
