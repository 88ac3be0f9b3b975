"""What changed between two cuts of one log: which records, and how each endpoint's numbers moved with them, step by step, so that the steps add up.

The way from the first cut to the second is gone in a fixed order. What was taken back is taken back; what was corrected is corrected;
what had happened by the first cut-off and was recorded later comes in; then the cut-off moves with nothing new; then what happened
since comes in; then the trial as it was amended is asked. Each step's change is what it adds to those before it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from equipoise.analyse.analysis import Analysis, analyse
from equipoise.analyse.binary import status_of
from equipoise.analyse.data import cut
from equipoise.analyse.survival import SurvivalResult, observations
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

#: The steps in their order: name, and what a reader is told.
STEPS = {
    "removed": "taken back",
    "corrected": "corrected",
    "late": "recorded late",
    "time": "the cut-off moved",
    "since": "happened since",
    "definition": "defined anew",
}
#: Numbers are held to so many decimals; their differences then add up to the last digit.
DECIMALS = 6


@dataclass(frozen=True)
class RecordChange:
    """An event that was not known at the first cut and is at the second. ``how``: a step's name, or 'made and unmade' for what came and went between.

    ``of``: the number of the event that it corrects or takes back.
    """

    number: int
    kind: str
    patient: str
    happened: date
    recorded: date
    by: str
    why: str
    how: str
    of: int | None


@dataclass(frozen=True)
class Moved:
    """A number of an endpoint at the first cut and after each step, None where it is not there (not reached, nobody)."""

    endpoint: str
    arm: str
    statistic: str
    values: tuple[Decimal | None, ...]

    @property
    def changes(self) -> tuple[Decimal | None, ...]:
        """What each step changed; None where a number is missing on either side."""
        pairs = zip(self.values, self.values[1:], strict=False)
        return tuple(None if a is None or b is None else b - a for a, b in pairs)

    @property
    def whole(self) -> Decimal | None:
        """From the first cut to the second."""
        first, last = self.values[0], self.values[-1]
        return None if first is None or last is None else last - first

    @property
    def still(self) -> bool:
        """True where nothing moved at any step."""
        return len(set(self.values)) == 1


@dataclass(frozen=True)
class Derived:
    """What an endpoint says of a patient, that it did not say at the first cut; ``source``: the number of the event that decides."""

    patient: str
    arm: str
    endpoint: str
    before: str
    after: str
    source: int | None


@dataclass(frozen=True)
class Changes:
    """All that changed."""

    trial: str
    first: date
    second: date
    records: Sequence[RecordChange]
    moved: Sequence[Moved]
    derived: Sequence[Derived]


def changes(before: Trial, after: Trial, log: Log, first: date, second: date) -> Changes:
    """From ``first`` to ``second``, each as known on its own day; the trial as it was defined at each. ``first`` is before ``second``."""
    old, new = log.known_by(first), log.known_by(second)
    stages = [cut(before, Log(old), first, first, fingerprint=False)]
    stages += [
        cut(before, Log(some), on, second, fingerprint=False)
        for some, on in _subsets(old, new, first, second)
    ]  # fmt: skip
    stages.append(cut(after, Log(new), second, second, fingerprint=False))
    trials = [*[before] * (len(stages) - 1), after]
    analyses = [analyse(t, s) for t, s in zip(trials, stages, strict=True)]
    return Changes(
        after.id, first, second, list(_records(old, new, first)), list(_moved(after, analyses)),
        list(_derived(before, after, stages[0], stages[-1])),
    )  # fmt: skip


def _subsets(
    old: Sequence[Event], new: Sequence[Event], first: date, second: date
) -> Iterator[tuple[list[Event], date]]:
    """What is known after each step but the last, and the cut-off it is taken at."""
    known = {e.number for e in old}
    later = [e for e in new if e.number not in known]
    voided = [e for e in later if e.kind == "voided" and e.corrects in known]
    corrected = [e for e in later if e.kind != "voided" and e.corrects is not None and e.corrects in known]
    # What was corrected and taken back afterwards is taken back with the corrections, for it is their number that the voiding names.
    by_number = {e.number for e in corrected}
    chained = [e for e in later if e.corrects in by_number]
    past = [e for e in later if e.happened <= first or e.kind == "voided"]
    yield _sorted([*old, *voided]), first
    yield _sorted([*old, *voided, *corrected, *chained]), first
    with_late = _sorted([*old, *voided, *corrected, *chained, *past])
    yield with_late, first
    yield with_late, second
    yield list(new), second


def _sorted(events: Sequence[Event]) -> list[Event]:
    return sorted({e.number: e for e in events}.values(), key=lambda e: e.number)


def _records(old: Sequence[Event], new: Sequence[Event], first: date) -> Iterator[RecordChange]:
    known = {e.number for e in old}
    unmade = {e.corrects for e in new if e.kind == "voided"}
    for e in new:
        if e.number in known:
            continue
        if e.corrects is not None and e.corrects in known:
            how = "removed" if e.kind == "voided" else "corrected"
        elif e.corrects is not None or e.number in unmade:
            how = "made and unmade"
        else:
            how = "late" if e.happened <= first else "since"
        yield RecordChange(e.number, e.kind, e.patient, e.happened, e.recorded.date(), e.by, e.why, how, e.corrects)


def _decimal(x: float | int | None) -> Decimal | None:
    if x is None or not math.isfinite(x):
        return None
    return round(Decimal(x), DECIMALS)


def _moved(trial: Trial, analyses: Sequence[Analysis]) -> Iterator[Moved]:
    tables = [_numbers(a) for a in analyses]
    for key in dict.fromkeys(k for table in tables for k in table):
        found = Moved(*key, tuple(table.get(key) for table in tables))
        if not found.still:
            yield found


def _numbers(a: Analysis) -> dict[tuple[str, str, str], Decimal | None]:
    """Endpoint, arm (or two), statistic → its number."""
    found: dict[tuple[str, str, str], float | int | None] = {}
    for name, result in a.endpoints.items():
        if isinstance(result, SurvivalResult):
            for arm, s in result.arms.items():
                found |= {
                    (name, arm, "n"): s.n,
                    (name, arm, "events"): s.events,
                    (name, arm, "median, months"): s.median_months,
                }
                if s.landmark is not None and not s.landmark.beyond:
                    found[name, arm, f"event-free at day {s.landmark.day}"] = s.landmark.survival
            for pair, c in result.comparisons.items():
                found[name, pair, "hazard ratio"] = c.hr if c.estimable else None
        else:
            for arm, r in result.arms.items():
                found |= {
                    (name, arm, "n"): r.n,
                    (name, arm, "successes"): r.successes,
                    (name, arm, "rate"): r.rate if r.n else None,
                }
    return {key: _decimal(x) for key, x in found.items()}


def _derived(before: Trial, after: Trial, first: Snapshot, second: Snapshot) -> Iterator[Derived]:
    then, now = _said(before, first), _said(after, second)
    for (endpoint, patient), (arm, said, source) in now.items():
        was = then.get((endpoint, patient))
        if was is None or was[1] != said:
            yield Derived(patient, arm, endpoint, was[1] if was is not None else "not in it", said, source)
    for (endpoint, patient), (arm, said, _) in then.items():
        if (endpoint, patient) not in now:
            yield Derived(patient, arm, endpoint, said, "not in it any more", None)


def _said(trial: Trial, snap: Snapshot) -> dict[tuple[str, str], tuple[str, str, int | None]]:
    """Endpoint and patient → arm, what it says, by which event. How long a patient without an event was followed is no news of him."""
    found: dict[tuple[str, str], tuple[str, str, int | None]] = {}
    for e in trial.endpoints:
        if isinstance(e, TimeToEvent):
            for arm, group in observations(trial, snap, e).items():
                for o in group:
                    said = f"event: {o.reason}, day {o.days}" if o.event else f"no event: {o.reason}"
                    found[e.name, o.patient] = arm, said, o.source
            continue
        for p in snap.randomised:
            status = status_of(p, e, trial, snap.cutoff)
            if status is not None:
                found[e.name, p.name] = p.arm, status.status, status.source
    return found
