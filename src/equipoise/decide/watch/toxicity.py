"""A rule on the rate of an event in one arm: patients in the order in which they came under watch, each with the event or without.

The shelf's rules are exact for patients taken in turn, each of whom is known. Here some are still followed. Counting those with
the event early, and leaving the others out until they are known, would count too many events: an early record is one of harm
(Ivanova, Qaqish & Schell 2005, doi:10.1111/j.1541-0420.2005.00311.x, hold the number with the event against that of patients *with full
follow-up*; waiting for everybody costs the time that matters most). So the rule is asked of each of its looks, on the first m
watched: x of them have had the event so far, the others none. It speaks once x reaches its boundary at some m. Those still followed
can only add to x: had all been waited for, it would have spoken at that m too, or before. So over a whole trial it speaks exactly as often as the shelf says,
and never later than the rule that waits.

Where the rule may also end early with an acceptable rate, it could have ended so before m: it then speaks only once that is settled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from equipoise.analyse.editions import editions, pooled
from equipoise.decide.ruling import DECLARE, STOP
from equipoise.decide.watch.at_risk import at_risk
from equipoise.decide.watch.watch import Reading, codes_of, one_arm
from equipoise.trial.decision import Verdict
from equipoise.trial.design import Design
from equipoise.trial.evidence import ToxicityEvidence
from equipoise.trial.problem import Problem
from equipoise.trial.safety import SafetyRule
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class _Asked:
    """What a rule says at one of its looks of each number of events."""

    design: Design[ToxicityEvidence]
    look: int
    n: int

    def __call__(self, x: int) -> Verdict:
        return self.design.verdict(ToxicityEvidence(self.look, "", self.n, x))


@lru_cache(maxsize=256)
def boundary_of(design: Any) -> tuple[tuple[int, int, int], ...]:
    """Of each look its patients, the least number with the event that speaks (one more than its patients: none does), and the largest
    at which the rate is held acceptable early (-1: never; at the last look it ends anyway)."""
    found = []
    for look in design.looks:
        codes = codes_of(_Asked(design, look.number, look.n), look.n)
        stops, ends = np.flatnonzero(codes == STOP), np.flatnonzero(codes == DECLARE)
        least = int(stops[0]) if len(stops) else look.n + 1
        early = int(ends[-1]) if len(ends) and look.n < design.looks[-1].n else -1
        found.append((look.n, least, early))
    return tuple(found)


class ToxicityWatch:
    """Makes ToxicityEvidence: patients with the event among the first so many of an arm that are watched."""

    def problems(self, rule: SafetyRule, parts: Mapping[str, Any], where: str) -> Iterator[Problem]:
        """One arm; and an end of follow-up where the rule may end early with an acceptable rate."""
        yield from one_arm(rule, where)
        design: Any = rule.design
        if rule.within is None and any(early >= 0 for _, _, early in boundary_of(design)):
            yield Problem(
                "no-window", f"{where}.within", "nothing",
                "how long a patient is followed for the event: this rule may end with an acceptable rate, and nobody would be known to be free of it",
            )  # fmt: skip

    def boundary(self, rule: SafetyRule) -> Sequence[tuple[int, int]] | None:
        """Patients, and those with the event; None for a rule that may end early with an acceptable rate."""
        design: Any = rule.design
        looks = boundary_of(design)
        return None if any(early >= 0 for _, _, early in looks) else [(m, least) for m, least, _ in looks]

    def read(self, trial: Trial, snap: Snapshot, rule: SafetyRule) -> Reading:
        """Where the rule stands: see above."""
        design: Any = rule.design
        (arm,) = rule.arms
        group = at_risk(trial, snap, rule, arm)
        looks = boundary_of(design)
        planned = looks[-1][0]
        first = group[:planned]
        passed = np.cumsum([r.event is not None for r in first], dtype=np.int64).tolist()
        followed = np.cumsum([r.followed for r in first], dtype=np.int64).tolist()
        at, speaks, ended, unsettled = 0, False, False, False
        for k, (m, least, early) in enumerate(looks, 1):
            if m > len(first):
                break
            at, x, waited = k, passed[m - 1], followed[m - 1]
            if x >= least and not unsettled:
                speaks = True
            elif x <= early:
                ended, unsettled = not waited and not unsettled, True
            if speaks or ended:
                break
        n, least, _ = looks[at - 1] if at else (len(first), looks[0][1], -1)
        x = passed[n - 1] if n else 0
        if at:
            speaks_from = f"it speaks from {least} on" if least <= n else "no number makes it speak there"
            because = [f"{x} of {n} patients had the event; {speaks_from}."]
            if followed[n - 1] and not speaks:
                because.append(f"{_of(followed[n - 1])} still followed.")
        else:
            because = [f"{x} of {n} patients watched had the event; the rule looks first on {looks[0][0]}."]
        counted = editions(trial, (r.event for r in first))
        in_reach = at == 0 or least <= n
        return Reading(
            speaks,
            ended or (not speaks and at == len(looks) and not followed[n - 1]),
            because,
            pooled(counted, f"patients of the safety rule {rule.name}"),
            events=sum(r.event is not None for r in group),
            watched=len(group),
            distance=float(least - x) if in_reach else None,
            unit="patients with the event below the boundary",
            counts={
                "arm": arm,
                "watched": len(group),
                "events": sum(r.event is not None for r in group),
                "followed": sum(r.followed for r in group),
                "at": n,
                "events_at": x,
                "boundary_at": least if in_reach else None,
                "planned": planned,
                "beyond_planned": len(group) - len(first),
                "editions": counted,
                "with_event": [r.patient for r in group if r.event is not None],
            },
            path=[(float(m), float(x)) for m, x in enumerate([0, *passed])],
            boundary=[(float(m), float(b)) for m, b, _ in looks if b <= m],
            axes=("Patients watched, in the order in which they came", "With the event"),
        )


def _of(n: int) -> str:
    return "One of them is" if n == 1 else f"{n} of them are"
