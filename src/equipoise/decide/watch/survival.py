"""A rule on overall survival: the hazard ratio between two arms at the deaths that have come, against the rule's own threshold there.

The rule looks at its planned numbers of deaths. From the first of them on it is asked at the deaths attained, whatever their number: of
planned numbers that were passed between two cut-offs the highest is the look, at all the deaths there are, and its threshold depends on
nothing else. It is compared unrounded, and no other rule is asked. Before the first planned number it is silent; where the observed
ratio already reaches the rule's own threshold at the deaths there are, a caution says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from equipoise.analyse.endpoints import Observed
from equipoise.analyse.survival import observations
from equipoise.decide.evidence.hazard_ratio import log_hazard_ratio
from equipoise.decide.watch.watch import Reading, tested_and_control
from equipoise.trial.arm import Arm
from equipoise.trial.endpoint import Endpoint, TimeToEvent
from equipoise.trial.evidence import HazardRatioEvidence
from equipoise.trial.population import ITT
from equipoise.trial.problem import Problem
from equipoise.trial.safety import SafetyRule
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def times_to_death(endpoints: Sequence[Endpoint]) -> dict[str, TimeToEvent]:
    """The endpoints of a file that are a time to death and to nothing else, by their names."""
    return {e.name: e for e in endpoints if isinstance(e, TimeToEvent) and set(e.events) == {"death"}}


def watched_endpoint(rule: SafetyRule, endpoints: Sequence[Endpoint]) -> TimeToEvent | None:
    """The endpoint that the rule names, or the only time to death of the file; None where there is none, or several."""
    found = times_to_death(endpoints)
    if rule.endpoint is not None:
        return found.get(rule.endpoint)
    return next(iter(found.values())) if len(found) == 1 else None


@dataclass(frozen=True)
class _Deaths:
    """The times to death of the tested and the control arm."""

    snap: Snapshot
    endpoint: TimeToEvent
    tested: Sequence[Observed]
    control: Sequence[Observed]

    @cached_property
    def days(self) -> Sequence[date]:
        """The day of each death of both arms, in order."""
        return sorted(o.on for o in (*self.tested, *self.control) if o.event)

    @cached_property
    def log_hr(self) -> float:
        """Of the Cox model, tested over control; infinite where nothing can be compared."""
        return log_hazard_ratio(self.snap, self.endpoint, self.tested, self.control)

    def by(self, day: date) -> _Deaths:
        """The same times, followed to a day."""
        tested, control = (
            [
                o._replace(on=min(o.on, day), event=o.event and o.on <= day)
                for o in group
                if o.origin <= day
            ]
            for group in (self.tested, self.control)
        )  # fmt: skip
        return _Deaths(self.snap, self.endpoint, tested, control)


class SurvivalWatch:
    """Makes HazardRatioEvidence: deaths of both arms, and the hazard ratio between them."""

    def problems(self, rule: SafetyRule, parts: Mapping[str, Any], where: str) -> Iterator[Problem]:
        """Two arms allocated as the rule says, and overall survival; what the endpoint says already is not said again."""
        yield from tested_and_control(rule, parts, where)
        own = f"nothing: {rule.rule.get('kind')} watches an endpoint"
        for name, because in (
            ("counts", f"{own}, and its event is death"), ("within", own), ("looks", f"{own} at its own numbers of deaths"),
            ("among", f"{own}, of all who are randomised"),
        ):  # fmt: skip
            if name in rule.model_fields_set and getattr(rule, name) not in (None, "randomised"):
                yield Problem(f"safety-{name}", f"{where}.{name}", _stated(getattr(rule, name)), because)
        arms: tuple[Arm, ...] = parts.get("arms") or ()
        design: Any = rule.design
        shares = [a.share for name in rule.arms for a in arms if a.name == name]
        if len(shares) == 2 and design.tested * shares[1] != design.control * shares[0]:
            yield Problem(
                "allocation", f"{where}.rule.allocation", f"{design.tested}:{design.control}",
                f"the arms' shares, {shares[0]}:{shares[1]}", f'say allocation = "{shares[0]}:{shares[1]}"',
            )  # fmt: skip
        yield from _endpoint_problems(rule, parts, where)

    def boundary(self, rule: SafetyRule) -> Sequence[tuple[int, int]] | None:
        """None: a hazard ratio is no count."""
        return None

    def read(self, trial: Trial, snap: Snapshot, rule: SafetyRule) -> Reading:
        """Where the rule stands: see above."""
        endpoint = watched_endpoint(rule, trial.endpoints)
        assert endpoint is not None, "the doorway asks for one"
        by_arm = observations(trial, snap, endpoint)
        seen = _Deaths(snap, endpoint, *(by_arm[arm] for arm in rule.arms))
        design: Any = rule.design
        d, planned = len(seen.days), rule.planned
        look = sum(n <= d for n in planned)
        last = look == len(planned)
        cautions, because = (
            [*_not_counted(snap, rule, seen)],
            [f"{d} deaths have come; the rule looks first at {planned[0]}."],
        )
        speaks = ended = False
        if look:
            said = design.verdict(HazardRatioEvidence(look, seen.log_hr, d, _looks_before(snap, rule, look, d)))
            speaks, ended = said.action.name == "stop", said.action.name == "declare"
            because, cautions = [*said.because], [*said.cautions, *cautions]
        threshold = design.log_threshold(d, last) if d else math.inf
        if not look and math.isfinite(seen.log_hr) and seen.log_hr >= threshold:
            cautions.insert(
                0,
                f"At {d} deaths the observed hazard ratio, {math.exp(seen.log_hr):.4f}, already reaches the rule's own threshold there, "
                f"{math.exp(threshold):.4f}.",
            )
        at = f"at {d} deaths"
        return Reading(
            speaks,
            ended,
            because,
            cautions,
            events=d,
            watched=len(seen.tested) + len(seen.control),
            distance=threshold - seen.log_hr if math.isfinite(threshold - seen.log_hr) else None,
            unit="log hazard ratio below the threshold",
            counts={
                "between": list(rule.arms),
                "endpoint": endpoint.name,
                "watched": len(seen.tested) + len(seen.control),
                "watched_tested": len(seen.tested),
                "watched_control": len(seen.control),
                "events": d,
                "events_tested": sum(o.event for o in seen.tested),
                "events_control": sum(o.event for o in seen.control),
                "look": look,
                "at": d,
                "log_hazard_ratio": seen.log_hr,
                "hazard_ratio": _ratio(seen.log_hr),
                "threshold": _ratio(threshold),
                "planned": planned[-1],
                "beyond_planned": 0,
                "with_event": [o.patient for o in (*seen.tested, *seen.control) if o.event],
            },
            path=_path(seen, planned),
            boundary=_thresholds(design, planned, d),
            axes=("Deaths in both arms", "Hazard ratio, tested over control"),
            seen=f"hazard ratio {_ratio(seen.log_hr):.4f} {at}" if not math.isnan(seen.log_hr) else at,
            needed=f"hazard ratio {_ratio(threshold):.4f} {at}" if look else f"first at {planned[0]} deaths",
        )


def _endpoint_problems(rule: SafetyRule, parts: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """The endpoint is overall survival of all who are randomised."""
    if "endpoints" not in parts:
        return
    endpoints: Sequence[Endpoint] = parts["endpoints"]
    found = times_to_death(endpoints)
    endpoint = watched_endpoint(rule, endpoints)
    if endpoint is None:
        can = ", ".join(found) or "none is defined"
        names = [e.name for e in endpoints]
        given = "nothing" if rule.endpoint is None else repr(rule.endpoint)
        code = "safety-endpoint" if rule.endpoint is None or rule.endpoint in names else "unknown-endpoint"
        yield Problem(
            code, f"{where}.endpoint", given, f"overall survival, a time to event whose only event is death: {can}"
        )
        return
    if endpoint.origin != "randomisation":
        yield Problem(
            "safety-origin", f"endpoints.{endpoint.name}.origin", repr(endpoint.origin),
            f"'randomisation': the safety rule {rule.name} compares all who are randomised",
        )  # fmt: skip
    if endpoint.population != ITT:
        yield Problem(
            "safety-population", f"endpoints.{endpoint.name}.population", repr(endpoint.population),
            f"{ITT!r}: the safety rule {rule.name} compares all who are randomised",
        )  # fmt: skip


def _stated(value: Any) -> str:
    return f"{value}" if not isinstance(value, str) else repr(value)


def _looks_before(snap: Snapshot, rule: SafetyRule, look: int, deaths: int) -> tuple[int, ...]:
    """The deaths at each planned look before this one that the log holds. One on more deaths than there are now (a death was taken
    back since) is held to have been on as many as now."""
    taken: dict[int, int] = {}
    for e in snap.events:
        if e.kind == "safety look" and e.data["rule"] == rule.name:
            taken[sum(n <= e.data["events"] for n in rule.planned)] = min(e.data["events"], deaths)
    return tuple(d for k, d in sorted(taken.items()) if 0 < k < look)


def _not_counted(snap: Snapshot, rule: SafetyRule, seen: _Deaths) -> Iterator[str]:
    """Deaths that the endpoint's own censoring leaves out: harm must not be lost unsaid."""
    counted = {o.patient for o in (*seen.tested, *seen.control) if o.event}
    for arm in rule.arms:
        out = sum(p.died is not None and p.name not in counted for p in snap.on_arm(arm))
        if out:
            were = "death is" if out == 1 else "deaths are"
            yield f"{out} {were} recorded on arm {arm} that {seen.endpoint.name} does not count: they came after it was censored."


def _path(seen: _Deaths, planned: Sequence[int]) -> list[tuple[float, float]]:
    """The observed hazard ratio on the day of each planned number of deaths, and now: of the data as they are known now."""
    found: dict[int, float] = {}
    for n in planned:
        if n < len(seen.days):
            then = seen.by(seen.days[n - 1])
            found[len(then.days)] = then.log_hr
    if seen.days:
        found[len(seen.days)] = seen.log_hr
    return [(float(n), math.exp(v)) for n, v in sorted(found.items()) if abs(v) < 700]


def _thresholds(design: Any, planned: Sequence[int], deaths: int) -> list[tuple[float, float]]:
    """The threshold at each planned number of deaths, and at those that have come."""
    at = sorted({*planned, deaths} if deaths >= planned[0] else planned)
    return [(float(n), design.threshold(n, n >= planned[-1])) for n in at]


def _ratio(log_hr: float) -> float:
    return math.exp(log_hr) if log_hr < 700 else math.inf
