"""The baseline of E2511's virtual patients: drawn by the scenario, in Table 1, in SDTM and back, in ADSL."""

from __future__ import annotations

from functools import cache

import pytest

from equipoise.analyse.baseline import baseline_table
from equipoise.analyse.data import cut
from equipoise.analyse.groups import by_arm
from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.scenario_file import read_scenario
from equipoise.files.trial_file import read_trial
from equipoise.simulate.baseline_truth import EACH, BaselineTruth, baseline_of
from equipoise.simulate.plan import Plan, scenario_problems
from equipoise.simulate.run import SimulatedTrial, run
from equipoise.standards.adam.build import to_adam
from equipoise.standards.sdtm.baseline import baseline_names
from equipoise.standards.sdtm.from_log import from_log
from equipoise.standards.sdtm.to_log import to_log
from equipoise.trial.baseline import Baseline
from equipoise.trial.log import Log

TRIAL = read_trial(find_trial("e2511"))
SCENARIO = read_scenario(find_scenario(find_trial("e2511"), "target"))


@cache
def conducted() -> SimulatedTrial:
    return run(Plan.of(TRIAL, SCENARIO, 7, "continue"), 0, detail=True)


def told(log: Log) -> dict[str, object]:
    return {e.patient: e.data.get("baseline") for e in log if e.kind == "enrolled"}


def test_values_lie_within_the_quartiles_and_shares_are_kept() -> None:
    us = [(i + 0.5) / 4000 for i in range(4000)]
    age = TRIAL.baseline[0]
    values = sorted(float(SCENARIO.baseline["age"].value(age, u)) for u in us)
    assert (values[0], values[-1]) == (38, 84)
    assert [values[1000 * k] for k in (1, 2, 3)] == [59, 66, 72]
    ecog = [SCENARIO.baseline["ecog"].value(TRIAL.baseline[1], u) for u in us]
    assert ecog.count("0") == 1200
    n = sum(b.asked for b in TRIAL.baseline)
    nobody = baseline_of(TRIAL, {"age": BaselineTruth(quartiles=(1, 2, 3, 4, 5), missing=0.5)}, [0.4] * (EACH * n))
    assert nobody == {}


def test_a_truth_of_another_kind_or_of_nothing_is_told_all_at_once() -> None:
    wrong = {"age": BaselineTruth(levels=(0.5, 0.5)), "ecog": BaselineTruth(levels=(0.5, 0.6)), "height": BaselineTruth(), "weight": BaselineTruth(quartiles=(5, 4, 3, 2, 1))}  # fmt: skip
    found = scenario_problems(TRIAL, SCENARIO.model_copy(update={"baseline": wrong}))
    assert [p.where for p in found] == ["baseline.age.quartiles", "baseline.ecog.levels", "baseline.height", "baseline.weight.quartiles"]  # fmt: skip


@pytest.mark.thorough
def test_table_1_by_arm_and_sdtm_and_back_and_adsl() -> None:
    log = conducted().log
    given = told(log)
    assert len(given) == 128
    assert all(v and "age" in v and "ecog" in v for v in given.values())  # type: ignore[operator]
    assert 0 < sum("weight" not in v for v in given.values()) < 20  # type: ignore[operator]
    snap = cut(TRIAL, log, max(e.happened for e in log))
    table = baseline_table(TRIAL, by_arm(TRIAL, snap))
    assert table is not None
    titles = [row[0] for row in table.rows if len(row) == 1]
    assert titles == ["Sex", "Serum lactate dehydrogenase", "Age, years", "ECOG performance status", "Brain metastases, treated", "Weight, kg"]  # fmt: skip
    domains = from_log(TRIAL, log)
    back, left = to_log(domains, TRIAL)
    assert told(back) == given
    assert "QNAM BL" not in repr(left)
    dm = domains["DM"]
    ages = {u: float(a) for u, a in zip(dm.text("USUBJID"), dm.columns["AGE"], strict=True) if a == a}
    assert set(ages.values()) == {float(v["age"]) for v in given.values()}  # type: ignore[index]
    assert set(dm.text("SEX")) <= {"F", "M", "U"}
    adsl = next(d for d in to_adam(TRIAL, snap) if d.name == "ADSL")
    names = [v.name for v in adsl.variables][-4:]
    assert names == ["BLAGE", "BLECOG", "BLBRAIN", "BLWEIGHT"]
    assert sorted(x for x in adsl.columns["BLAGE"] if x == x) == sorted(float(v["age"]) for v in given.values())  # type: ignore[index]


def test_names_in_sdtm_are_eight_letters_and_differ() -> None:
    some = tuple(Baseline(name=n, kind="number", unit="kg") for n in ("weight_one", "weight_onf", "weight_ong"))
    found = baseline_names(TRIAL.model_copy(update={"baseline": some}))
    assert list(found) == ["BLWEIGHT", "BLWEIGH2", "BLWEIGH3"]
