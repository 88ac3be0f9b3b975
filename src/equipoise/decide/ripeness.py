"""Is a look ripe? One small rule, asked by `decide`, by the simulator's loop and by forecasts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from equipoise.trial.trial import Trial
from equipoise.trial.when import Reached


class ArmStanding(NamedTuple):
    """How an arm stands for a look: places planned and taken, members that count, and of them those still waited for."""

    planned: int
    filled: int
    members: int
    pending: int

    @property
    def complete(self) -> bool:
        """True when as many places as planned are taken."""
        return self.filled >= self.planned


class TrialStanding(NamedTuple):
    """How a trial stands on a day: how many have come onto an arm, the day of the last one (None: nobody), and whether no more come."""

    today: date
    entered: int
    last_entry: date | None
    over: bool


def unripe(trial: Trial, look: int, arms: Mapping[str, ArmStanding], standing: TrialStanding) -> list[str]:
    """Why look ``look`` (from 1) cannot be taken yet, in sentences; empty once it is ripe.

    Its cohorts are enrolled and nobody in them is waited for. The last look may be taken on fewer patients, but only once
    enrolment is over and the last patient has been followed for as long as the protocol says.
    """
    final = trial.monitored.is_final(look)
    because: list[str] = []
    tested = arms[trial.monitored.tested.name]
    # Cohorts are told of arm by arm, below; here all else that the look waits for.
    known = Reached(standing.today, evaluable=max(tested.planned, trial.monitored.look(look).n))
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


def followed_until(trial: Trial, look: int, standing: TrialStanding) -> date | None:
    """At the last look: the day until which the last patient is to be followed."""
    if not trial.monitored.is_final(look) or standing.last_entry is None:
        return None
    return standing.last_entry + timedelta(days=trial.monitored.monitoring.final_follow_up.days)
