"""How far a trial has come, from its log: where the loop begins, with a new trial or with one that is under way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from equipoise.analyse.data import cut
from equipoise.analyse.standing import standing
from equipoise.analyse.status import Status
from equipoise.conduct.conduct import Conduct
from equipoise.decide.decide import standing_of
from equipoise.decide.enrolment import counting, stage_is_full
from equipoise.decide.evidence import maker_of
from equipoise.decide.ripeness import unripe
from equipoise.trial.decision import Decision, NotRipe
from equipoise.trial.event import Event
from equipoise.trial.log import Log, in_force
from equipoise.trial.snapshot import Snapshot, first_on_arm
from equipoise.trial.trial import Trial

#: Says what a look comes to by what was known on a day.
Ask = Callable[[Trial, Log, date, int], Decision | NotRipe]


@dataclass(frozen=True)
class Progress:
    """A trial at the end of a day. ``stage``: the look that is next, from 1; it is over beyond the last.

    ``order``: patients of each arm as they came. ``full_at``, ``full_on``: how many were in the trial when a stage's cohort
    was full, and that day. ``enrol``: patients of the tested arm that the last stage is to have, where an earlier look said
    so. ``awaited``: a look that is taken and not known yet: what it says, when that is known, how many were in the trial.
    """

    order: Mapping[str, Sequence[str]]
    status: Mapping[str, Status | None] = field(default_factory=dict)
    last_entry: date | None = None
    stage: int = 1
    enrol: int | None = None
    full_at: Mapping[int, int] = field(default_factory=dict)
    full_on: Mapping[int, date] = field(default_factory=dict)
    paused: bool = False
    closed: bool = False
    awaited: tuple[Decision, date, int] | None = None

    @classmethod
    def of(cls, conduct: Conduct, today: date, ask: Ask) -> Progress:
        """As the log tells it at the end of ``today``. A look that was ripe earlier, and is in no decision of the log, was taken then."""
        trial, log = conduct.trial, conduct.log
        order: dict[str, list[str]] = {arm.name: [] for arm in trial.arms}
        entries = entered(conduct)
        if not entries:
            return cls(order)
        for event in entries:
            order[event.data["arm"]].append(event.patient)
        m = trial.monitored
        status = {e.patient: standing(conduct.patients[e.patient], m, trial, today) for e in entries}
        stage, since = 1, trial.start
        for event in in_force(log):
            if event.kind == "decided" and "look" in event.data:
                goes_on = event.data["action"] == "continue"
                stage, since = (
                    (event.data["look"] + 1 if goes_on else len(trial.monitored.design.looks) + 1),
                    event.recorded.date(),
                )
        enrol = None
        if 1 < stage <= len(trial.monitored.design.looks) and hasattr(trial.monitored.design, "enrols"):
            at = maker_of(trial).gather(trial, cut(trial, log, today, fingerprint=False), stage).arms
            enrol = at[trial.monitored.tested.name].planned
        changes = [state for _, _, state in conduct.standing.states(trial.cohort_name)]
        full = _filled(trial, log, entries, stage, since) if m.by_cohort and not m.is_final(stage) else None
        return cls(
            order, status, max(e.happened for e in entries), stage, enrol,
            {stage: full[0]} if full else {}, {stage: full[1]} if full else {},
            changes[-1:] == ["paused"], "closed" in changes or len(entries) >= trial.target_enrolment,
            _awaited(trial, log, stage, since, today, ask),
        )  # fmt: skip


def entered(conduct: Conduct) -> list[Event]:
    """The events by which patients came onto their arms, in the order of their record, as ``Snapshot.randomised`` has them: before all those of
    phase I who count for phase II, whom no event of their own put on an arm."""
    found, first = (
        [p.randomised for p in conduct.patients.values() if p.randomised is not None],
        first_on_arm(conduct.log),
    )
    return sorted(found, key=lambda e: (e.patient in first, first.get(e.patient, e.number)))


def is_ripe(trial: Trial, snap: Snapshot, look: int) -> bool:
    """Whether a look can be taken on what is known. Raises BadInput for a look that there is not."""
    return not unripe(trial, look, maker_of(trial).gather(trial, snap, look).arms, standing_of(trial, snap))


def _filled(trial: Trial, log: Log, entries: Sequence[Event], stage: int, since: date) -> tuple[int, date] | None:
    """How many were in the trial when the stage's cohort was full, by what was known then, and the day; None: it never was."""
    if stage > len(trial.monitored.design.looks):
        return None
    planned = trial.monitored.planned(stage)
    for number, day in _days(entries, since):
        arms = [e.data["arm"] for e in entries if e.happened <= day]
        if all(arms.count(arm) >= n for arm, n in planned.items()):
            snap = cut(trial, log, day, fingerprint=False)
            found = {arm.name: _known_to_count(trial, snap, arm.name) for arm in trial.arms}
            if stage_is_full(trial, stage, found):
                return number, day
    return None


def _days(entries: Sequence[Event], since: date) -> Iterator[tuple[int, date]]:
    """How many were in the trial at the end of each day on which somebody came, from the day ``since`` on, that one too."""
    for day in sorted({since, *(e.happened for e in entries if e.happened > since)}):
        yield sum(e.happened <= day for e in entries), day


def _known_to_count(trial: Trial, snap: Snapshot, arm: str) -> int:
    m = trial.monitored
    patients = snap.on_arm(arm)
    status = {p.name: standing(p, m, trial, snap.cutoff) for p in patients}
    return len(counting([p.name for p in patients], status, m.policy))


def _awaited(
    trial: Trial, log: Log, stage: int, since: date, today: date, ask: Ask
) -> tuple[Decision, date, int] | None:
    """The look that could be taken on a day not long ago, and what it said then."""
    delay = timedelta(days=trial.monitored.monitoring.readout_delay.days)
    taken, day = None, today
    while stage <= len(trial.monitored.design.looks) and day >= max(since, today - delay):
        snap = cut(trial, log, day, fingerprint=False)
        if not is_ripe(trial, snap, stage):
            break
        taken, day = (day, len(snap.randomised)), day - timedelta(days=1)
    said = ask(trial, log, taken[0], stage) if taken is not None else None
    return (said, taken[0] + delay, taken[1]) if taken is not None and isinstance(said, Decision) else None
