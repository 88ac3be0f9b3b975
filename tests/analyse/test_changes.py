"""What changed between two cuts: by hand, and that the steps add up to the last digit whatever happened."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from equipoise.analyse.analysis import analyse
from equipoise.analyse.changes import STEPS, Changes, changes
from equipoise.analyse.changes_tables import moved_table, tables
from equipoise.analyse.data import cut
from equipoise.conduct.conduct import Conduct
from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.desk import changes as desk_changes
from equipoise.simulate.run import run
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import moment

FIRST, SECOND = date(2013, 1, 31), date(2013, 6, 30)


def d(n: int) -> date:
    return date(2012, 6, 1) + timedelta(days=n)


@pytest.fixture
def by_hand(north: Trial) -> tuple[Trial, Log]:
    """Three patients. After the first cut one death is taken back, one moves to an earlier day, one that was before comes late, and one is new."""
    c = Conduct.open(north, moment(date(2012, 3, 30)), "t", PermutedBlocks(north, "a seed for tests only"))
    c.activate("S01", d(0), moment(d(0)), "t")
    for p in ("P1", "P2", "P3", "P4"):
        c.screen(p, "S01", d(0), moment(d(0)), "t")
        c.enrol(p, d(0), moment(d(0)), "t", {"ecog": "0-1", "ldh": "raised"})
        c.randomise(p, d(0), moment(d(0)), "t")
    died = {
        p: c.order("died", d(n), moment(d(n)), "t", patient=p, data={"cause": "disease"})
        for p, n in (("P1", 100), ("P2", 200))
    }
    later = moment(FIRST + timedelta(days=3))
    c.correct(died["P1"].number, later, "t", "he lives", void=True)
    c.correct(died["P2"].number, later, "t", "a slip", on=d(150))
    c.order("died", d(50), later, "t", patient="P3", data={"cause": "disease"})
    c.order("died", d(300), moment(SECOND - timedelta(days=1)), "t", patient="P4", data={})
    return c.trial, c.log


def found(trial: Trial, log: Log) -> Changes:
    return changes(trial, trial, log, FIRST, SECOND)


def test_each_step_by_hand(by_hand: tuple[Trial, Log]) -> None:
    trial, log = by_hand
    c = found(trial, log)
    how = {(r.kind, r.patient): (r.how, r.of) for r in c.records}
    assert how["voided", "P1"][0] == "removed"
    assert how["died", "P2"][0] == "corrected"
    assert how["died", "P3"] == ("late", None)
    assert how["died", "P4"] == ("since", None)
    events: dict[str, Decimal] = dict.fromkeys(STEPS, Decimal(0))
    for m in c.moved:
        if m.endpoint == "OS" and m.statistic == "events":
            for step, change in zip(STEPS, m.changes, strict=True):
                events[step] += change or 0
    assert events == {"removed": -1, "corrected": 0, "late": 1, "time": 0, "since": 1, "definition": 0}
    os = {x.patient: (x.before, x.after) for x in c.derived if x.endpoint == "OS"}
    assert os["P1"] == ("event: death, day 100", "no event: no event by the cut-off")
    assert os["P2"] == ("event: death, day 200", "event: death, day 150")
    assert os["P3"][1] == "event: death, day 50"
    source = {x.patient: x.source for x in c.derived if x.endpoint == "OS"}
    late = next(e.number for e in log if e.kind == "died" and e.patient == "P3")
    assert source["P3"] == late
    assert [t.title for t in tables(trial, c)][1] == moved_table(trial, c).title


@pytest.mark.thorough
@pytest.mark.parametrize("replicate", [0, 3])
def test_the_steps_add_up_to_what_the_two_analyses_say(plan: Any, replicate: int) -> None:
    p = plan("target")
    virtual = run(p, replicate, detail=True)
    log = Log(virtual.log)
    first, second = virtual.looks[0].cutoff, virtual.looks[-1].cutoff
    # Some of what was recorded is put right between the two cuts.
    conduct = Conduct(p.trial, Log(log.known_by(first)))
    some = [e for e in conduct.log if e.kind == "died"][:3] + [
        e for e in conduct.log if e.kind == "assessed" and e.data["response"] == "PD"
    ][:3]
    for e in some:
        conduct.correct(e.number, moment(first + timedelta(days=1)), "t", "checked", void=True)
    c = changes(p.trial, p.trial, conduct.log, first, second)
    assert c.moved
    both = [analyse(p.trial, cut(p.trial, conduct.log, on, on)) for on in (first, second)]
    for m in c.moved:
        told = [x for x in m.changes if x is not None]
        if len(told) == len(STEPS):
            assert sum(told) == m.whole  # exactly
        for value, a in zip((m.values[0], m.values[-1]), both, strict=True):
            if m.statistic in ("n", "events", "successes"):
                assert value == getattr(a.endpoints[m.endpoint].arms[m.arm], m.statistic)
    assert {r.how for r in c.records} >= {"removed"}


def test_two_cuts_the_wrong_way_about_are_refused() -> None:
    for first in (SECOND, FIRST):
        with pytest.raises(BadInput) as bad:
            desk_changes.in_order(first, FIRST)
        assert [p.code for p in bad.value.problems] == ["dates-out-of-order"]
