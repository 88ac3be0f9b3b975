"""A trial under way: taken up from its log on any day it ends as it would have ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.simulate import accrual
from equipoise.simulate.from_scenario import FromScenario
from equipoise.simulate.happening import Happening
from equipoise.simulate.loop import Loop
from equipoise.simulate.plan import Plan
from equipoise.simulate.progress import Progress
from equipoise.simulate.run import SimulatedTrial, by_the_rule, run
from equipoise.simulate.source import Candidate, Life
from equipoise.trial.log import Log
from variants import scenario


class After(FromScenario):
    """The same sites and patients, those of later than a day."""

    def __init__(self, plan: Plan, replicate: int, day: date) -> None:
        super().__init__(plan, replicate, False)
        self.day = day
        self.come = sum(on <= day for on, _ in super().arrivals())

    def openings(self) -> Iterator[tuple[date, str]]:
        return ((on, site) for on, site in super().openings() if on > self.day)

    def arrivals(self) -> Iterator[tuple[date, str]]:
        return ((on, site) for on, site in super().arrivals() if on > self.day)

    def candidate(self, index: int) -> Candidate | None:
        return super().candidate(self.come + index)

    def life(self, index: int, who: Candidate, arm: str, site: str, day: date) -> Life:
        return super().life(self.come + index, who, arm, site, day)


def taken_up(plan: Plan, replicate: int, log: Log, day: date) -> tuple[Log, Loop]:
    """The trial taken up from what was known at the end of a day, and conducted to its end."""
    allocation = PermutedBlocks(plan.trial, plan.seed, replicate)
    conduct = Conduct(plan.trial, Log(log.known_by(day)), allocation)
    source, all_of_it = After(plan, replicate, day), FromScenario(plan, replicate, False)
    progress = Progress.of(conduct, day, by_the_rule)
    futures: dict[date, list[tuple[str, date, Happening]]] = defaultdict(list)
    sites = {event.patient: event.site for event in conduct.log if event.kind == "screened"}
    for event in conduct.log:
        if event.kind == "randomised":
            index = int(event.patient[1:]) - 1
            who = all_of_it.candidate(index)
            assert who is not None
            for thing in all_of_it.life(index, who, event.data["arm"], sites[event.patient], event.happened).happenings:
                due = event.happened + timedelta(days=max(thing.recorded, 1))
                if due > day:
                    futures[due].append((event.patient, event.happened + timedelta(days=thing.day), thing))
    loop = Loop(conduct, source, by_the_rule, progress, plan.waiting, plan.cap, futures)
    horizon = plan.trial.start + timedelta(days=accrual.horizon(plan.trial))
    assert loop.from_day(day + timedelta(days=1), horizon) is not None
    return conduct.log, loop


@pytest.mark.thorough
@pytest.mark.property
@pytest.mark.parametrize(("waiting", "cap"), [("continue", None), ("pause", None), ("cap", 9)])
def test_taken_up_from_its_log_it_ends_as_it_would_have(north: Any, waiting: Any, cap: int | None) -> None:
    """With many who leave, so that places are filled again; on days before the first patient, while a look is awaited, later."""
    plan = Plan.of(north, scenario(withdrawal_per_year=0.25, loss_per_year=0.1), 3, waiting, cap)
    whole: SimulatedTrial = run(plan, 1)
    first = whole.looks[0]
    days = [
        north.start + timedelta(days=3),
        north.start + timedelta(days=200),
        first.full_on,
        first.cutoff - timedelta(days=1),
        first.cutoff,
        first.cutoff + timedelta(days=9),
        first.readout - timedelta(days=1),
        first.readout,
        whole.ended - timedelta(days=40),
    ]
    for day in days:
        log, loop = taken_up(plan, 1, whole.log, day)
        assert log == whole.log, day
        expected = [x for x in whole.looks if x.readout > day]
        assert loop.looks == expected, day
