"""Samples of virtual patients: only where the file asks for them, by the patient's own model, and no decision hangs on them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from equipoise.analyse.concentrations import measured
from equipoise.analyse.data import cut
from equipoise.drug.disposition import Course, Doses, macro
from equipoise.files.bundled import find_trial
from equipoise.files.scenario_file import read_scenario
from equipoise.files.trial_file import read_trial
from equipoise.simulate.exposure_model import Responses
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import SimulatedTrial, run
from equipoise.simulate.scenario import Scenario
from sampled import PLAN, sampled_north


@cache
def strong() -> Scenario:
    return read_scenario(find_trial("north").parent / "scenarios" / "exposure" / "strong.toml")


@cache
def with_samples() -> SimulatedTrial:
    return run(Plan.of(sampled_north(), strong(), 2012), 0, detail=True)


def test_each_concentration_is_that_of_the_patients_own_model() -> None:
    plan = Plan.of(sampled_north(), strong(), 2012)
    assert plan.exposed is not None
    log = with_samples().log
    responses = Responses(plan.exposed, 2012, 0)
    found = measured(sampled_north(), cut(sampled_north(), log, max(e.happened for e in log)))
    assert len(found) == len([p for p in cut(sampled_north(), log, max(e.happened for e in log)).randomised if p.arm == "IMGN901"])  # fmt: skip
    for m in found[:20]:
        own = responses.patient(int(m.patient[1:]) - 1)
        _, covariates = responses.of(int(m.patient[1:]) - 1)
        assert m.dose is not None
        amount = m.dose * covariates["bsa"]
        course = Course(macro(*own.disposition()), Doses.of([0.0], [[amount]], own.drug.infusion.hours / 24))
        for p in m.points:
            expected = float(course.concentration([p.planned / 24])[0, 0])
            if p.value is None:
                assert expected < PLAN.limit  # type: ignore[operator]
            elif p.planned < 168:  # day 8's dose comes at the same moment as the last
                assert p.value == pytest.approx(expected, rel=1e-3)
        if m.clearance is not None:
            assert m.clearance[0] == pytest.approx(own.parameters["CL"][0] / 24 / covariates["bsa"], rel=0.1)


def test_the_decisions_are_those_of_the_trial_without() -> None:
    bare = run(Plan.of(read_trial(find_trial("north")), strong(), 2012), 0, detail=True)
    assert [x.decision.action for x in bare.looks] == [x.decision.action for x in with_samples().looks]
    other = [(e.patient, e.kind, e.happened) for e in with_samples().log if e.kind not in ("sampled", "opened")]
    assert other == [(e.patient, e.kind, e.happened) for e in bare.log if e.kind != "opened"]


def test_without_a_model_of_the_drug_nothing_is_measured() -> None:
    plain = read_scenario(find_trial("north").parent / "scenarios" / "target.toml")
    log = run(Plan.of(sampled_north(), plain, 2012), 0, detail=True).log
    assert not [e for e in log if e.kind == "sampled"]


def test_below_the_limit_says_so() -> None:
    events = [e for e in with_samples().log if e.kind == "sampled"]
    before = [e for e in events if e.data["hours"] == 0]
    assert all(e.data["below_limit"] for e in before)
    assert np.all([e.data["concentration"] >= 0.1 for e in events if "concentration" in e.data])
