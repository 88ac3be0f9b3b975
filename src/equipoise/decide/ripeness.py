"""Is a look ripe? One small rule, asked by `decide`, by the simulator's loop and by forecasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from equipoise.trial.trial import Trial
from equipoise.trial.when import Reached


class ArmStanding(NamedTuple):
    """How an arm stands for a look: places planned and taken, members that count, and of them those still waited for; and how many
    of its patients have had the event, for a look on events."""

    planned: int
    filled: int
    members: int
    pending: int
    events: int = 0

    @property
    def complete(self) -> bool:
        """True when as many places as planned are taken."""
        return self.filled >= self.planned


class TrialStanding(NamedTuple):
    """How a trial stands on a day: how many have come onto an arm, the day of the last one (None: nobody), whether no more come, and
    the days on which patients came onto the tested arm, in order."""

    today: date
    entered: int
    last_entry: date | None
    over: bool
    entries: Sequence[date] = ()


def unripe(trial: Trial, look: int, arms: Mapping[str, ArmStanding], standing: TrialStanding) -> list[str]:
    """Why look ``look`` (from 1) cannot be taken yet, in sentences; empty once it is ripe.

    A look on patients: its cohorts are enrolled and nobody in them is waited for. The last look may be taken on fewer patients, but only
    once enrolment is over and the last patient has been followed for as long as the protocol says. A look on events or on patients
    enrolled: see ``_unripe_by_time``.
    """
    if not trial.monitored.by_cohort:
        return _unripe_by_time(trial, look, arms, standing)
    final = trial.monitored.is_final(look)
    because: list[str] = []
    # Cohorts are told of arm by arm, below; here all else that the look waits for.
    most = max((arm.planned for arm in arms.values()), default=0)
    known = Reached(standing.today, evaluable=max(most, trial.monitored.look(look).n))
    later = trial.monitored.when(look, trial.start).missing(known)
    if later:
        because.append(f"look {look} is taken {later}")
    for name, c in arms.items():
        label = trial.arm_by_name[name].label
        if not c.complete and not (final and standing.over):
            if standing.over:
                because.append(f"{label}: {c.members} patients count, {c.planned} are needed, and enrolment is over")
            else:
                because.append(f"{label}: {c.members} of the {c.planned} patients of this look are enrolled")
        if c.pending:
            because.append(f"{label}: {c.pending} of {c.members} patients are still to be followed")
    until = followed_until(trial, look, standing)
    if final and not standing.over:
        because.append(f"{standing.entered} of {trial.target_enrolment} patients are {trial.entered}")
    elif until is not None and standing.today < until:
        because.append(f"the last patient {trial.entered} is still to be followed, until {until}")
    return because


def _unripe_by_time(trial: Trial, look: int, arms: Mapping[str, ArmStanding], standing: TrialStanding) -> list[str]:
    """Of a look on events, or on patients enrolled and followed: until these have come.

    Once enrolment is over and the last patient has been followed for as long as the protocol says, no more is waited for: then the
    last look is taken on what there is, and no earlier one is taken any more.
    """
    if all_followed(trial, look, standing):
        return [] if trial.monitored.is_final(look) else ["nothing more is waited for: the last look is next"]
    reached = Reached(standing.today, events=sum(a.events for a in arms.values()), entries=standing.entries)
    missing = trial.monitored.when(look, trial.start).missing(reached)
    return [missing] if missing else []


def all_followed(trial: Trial, look: int, standing: TrialStanding) -> bool:
    """True once no more patients come and the last has been followed for as long as the protocol says."""
    until = followed_until(trial, look, standing)
    return standing.over and until is not None and standing.today >= until


def followed_until(trial: Trial, look: int, standing: TrialStanding) -> date | None:
    """The day until which the last patient is to be followed; None where the look does not wait for it."""
    m = trial.monitored
    if standing.last_entry is None or (m.by_cohort and not m.is_final(look)):
        return None
    return standing.last_entry + timedelta(days=m.monitoring.final_follow_up.days)
