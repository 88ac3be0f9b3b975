"""Cohorts in a trial file: what each holds, what the whole keeps, and every problem at once."""

from __future__ import annotations

import copy
import pickle
import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import trial_from
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial

RAW = tomllib.loads(find_trial("create").read_text())
RAW["assumptions"] = RAW["sources"] = []
NORTH = tomllib.loads(find_trial("north").read_text())
Change = Callable[[dict[str, Any]], object]


def read(*changes: Change, of: dict[str, Any] = RAW) -> Trial:
    raw = copy.deepcopy(of)
    for change in changes:
        change(raw)
    return trial_from(raw, "t.toml")


def cohort(i: int, **entries: Any) -> Change:
    return lambda raw: raw["cohorts"][i].update(entries)


def problems(*changes: Change, of: dict[str, Any] = RAW) -> dict[str, Any]:
    with pytest.raises(BadInput) as caught:
        read(*changes, of=of)
    assert len({(p.code, p.where) for p in caught.value.problems}) == len(caught.value.problems), "each is told once"
    return {p.where: p for p in caught.value.problems}


def test_a_cohort_is_the_trial_as_it_sees_it() -> None:
    trial = read(cohort(1, design={"n1": 10, "n": 30}, monitoring={"while_waiting": "continue"}, share=2.0))
    imt, alcl = trial.cohort("IMT"), trial.cohort("ALCL")
    assert (imt.monitored.design.numbers()["n1"], alcl.monitored.design.numbers()["n1"]) == (10, 12)
    assert imt.monitored.design.numbers()["r"] == 5, "what it does not say is the trial's"
    assert (imt.monitored.monitoring.while_waiting, alcl.monitored.monitoring.while_waiting) == ("continue", "pause")
    assert imt.monitored.monitoring.endpoint == "ORR"
    assert imt.fingerprint == alcl.fingerprint == trial.fingerprint
    assert (imt.target_enrolment, trial.target_enrolment) == (35, 210)
    assert sum(s.rate for v in trial.views.values() for s in v.sites) == pytest.approx(sum(s.rate for s in trial.sites))
    assert imt.sites[0].rate == pytest.approx(2 * alcl.sites[0].rate)
    assert alcl.assessments is not None
    assert alcl.assessments.glossary["PMR"].code == "PR"
    assert imt.assessments == trial.assessments
    assert [imt.own_cohort, imt.whole] == [trial.cohorts[1], trial]
    assert pickle.loads(pickle.dumps(imt)).fingerprint == trial.fingerprint


def test_a_cohort_that_was_changed_has_another_fingerprint() -> None:
    trial = read()
    changed = trial.cohort("IMT").model_copy(update={"target_enrolment": 30})
    assert changed.cohort_name == "IMT"
    assert changed.fingerprint not in (trial.fingerprint, trial.cohort("ALCL").fingerprint)


def test_each_entry_of_a_cohort_is_in_the_fingerprint() -> None:
    marks = {read().fingerprint}
    for change in (
        cohort(0, label="other"), cohort(0, share=2.0), cohort(0, counts={}), cohort(0, design={"r": 6}),
        cohort(0, monitoring={"readout_delay": "5 weeks"}), cohort(0, population="Adults"),
        lambda raw: raw["markers"][0].update(levels=["altered", "not altered", "unknown"]),
    ):  # fmt: skip
        marks.add(read(change).fingerprint)
    assert len(marks) == 8


def test_a_trial_without_cohorts_keeps_its_fingerprint() -> None:
    """Held here so that nothing that is not said ever enters it."""
    known = {"north": "7d0c6afa4fa7", "merkel": "aa01ef743d65", "colon": "b9f8722406aa", "myeloma": "48934e470beb"}
    for name, mark in known.items():
        trial = trial_from(tomllib.loads(find_trial(name).read_text()), name)
        assert trial.fingerprint.startswith(mark)
        assert (trial.divided, trial.views, trial.one()) == (False, {}, trial)


def test_another_kind_of_design_takes_nothing_from_the_trial_s() -> None:
    fleming = {"kind": "fleming", "p0": 0.1, "p1": 0.3, "alpha": 0.1, "power": 0.9, "sizes": [15, 25]}
    view = read(cohort(2, design=fleming)).cohort("PRCC")
    assert view.design_table is not None
    assert set(view.design_table) == set(fleming)


def test_no_design_of_the_trial_but_one_of_each() -> None:
    def own(raw: dict[str, Any]) -> None:
        design, monitoring = raw.pop("design"), raw.pop("monitoring")
        for c in raw["cohorts"]:
            c.update(design=design, monitoring=monitoring)

    assert read(own).cohort("IMT").monitored.looks == read().cohort("IMT").monitored.looks
    missing = problems(
        own, lambda raw: raw["cohorts"][3].pop("design"), lambda raw: raw["cohorts"][4].pop("monitoring")
    )
    assert {"cohorts[3].design", "monitoring"} == set(missing)
    assert missing["cohorts[3].design"].code == "no-design"


def test_all_problems_at_once() -> None:
    found = problems(
        cohort(1, name="ALCL"),
        cohort(0, design={"n1": 40}),
        cohort(1, monitoring={"endpoint": "ORX"}),
        cohort(2, counts={"markr": "altered"}),
        cohort(3, counts={"marker": "alterd"}),
        cohort(4, arms=["CRX"]),
        cohort(5, assessments={"criterion": "Lugano"}, share=1.0),
        cohort(0, rate=1.0),
        lambda raw: raw.update(target_enrolment=200),
    )
    assert set(found) == {
        "cohorts[1].name", "cohorts[0].design.n1", "cohorts[1].monitoring.endpoint", "cohorts[2].counts.markr",
        "cohorts[3].counts.marker", "cohorts[4].arms", "cohorts[5].assessments.criterion", "cohorts[0].rate", "target_enrolment",
    }  # fmt: skip
    assert "did you mean 'ORR'" in found["cohorts[1].monitoring.endpoint"].next_step
    assert "= 210" in found["target_enrolment"].allowed


def test_what_the_cohorts_share_is_told_once_and_where_it_stands() -> None:
    found = problems(lambda raw: raw["design"].update(p0=1.1), lambda raw: raw["monitoring"].update(endpoint="ORX"))
    assert set(found) == {"design.p0", "monitoring.endpoint"}


def test_an_unreadable_cohort_hides_no_problem_of_another() -> None:
    found = problems(cohort(0, target_enrolment="35"), cohort(1, design={"n1": 40}))
    assert set(found) == {"cohorts[0].target_enrolment", "cohorts[1].design.n1"}


def test_no_cohorts_at_all() -> None:
    assert "at least one" in problems(lambda raw: raw.update(cohorts=[]))["cohorts"].allowed


def by_ecog(raw: dict[str, Any]) -> None:
    """NORTH in two strata, each with its own design: the levels of a factor tell whose."""
    raw["assumptions"] = raw["sources"] = []
    raw.pop("safety", None)  # rules beside a design go with no cohorts yet
    common = {"monitoring": {"control_cohort": [10, 20]}, "design": {"n1": 20, "r1": 9, "n": 40, "r": 21}}
    raw["cohorts"] = [
        {"name": "fit", "target_enrolment": 60, "of": {"ecog": "0-1"}, "share": 3.0, **common},
        {"name": "frail", "target_enrolment": 60, "of": {"ecog": "2"}, "share": 1.0, **common},
    ]


def test_a_stratum_is_a_cohort_by_a_factor_s_level() -> None:
    frail = read(by_ecog, of=NORTH).cohort("frail")
    assert [f.levels for f in frail.factors] == [("2",), ("normal", "raised")]
    assert frail.monitored.planned(1) == {"IMGN901": 20, "CE": 10}


def test_strata_exclude_each_other_and_all_are_told_by_levels() -> None:
    same = problems(by_ecog, cohort(1, of={"ecog": "0-1"}), of=NORTH)
    assert same["cohorts[1].of"].code == "cohorts-overlap"
    other = problems(by_ecog, cohort(1, of={"ldh": "raised"}), of=NORTH)
    assert other["cohorts[1].of"].code == "cohorts-overlap", "ecog 0-1 with ldh raised would be in both"
    assert "no `of` in frail" in problems(by_ecog, cohort(1, of={}), of=NORTH)["cohorts"].given
    assert "settled" in problems(by_ecog, cohort(1, counts={"ecog": "2"}), of=NORTH)["cohorts[1].counts.ecog"].allowed


def test_controls_of_each_cohort_are_fewer_than_it_has() -> None:
    found = problems(by_ecog, cohort(0, monitoring={"control_cohort": [20, 70]}), of=NORTH)
    assert "fewer than the trial's 60" in found["cohorts[0].monitoring.control_cohort"].allowed


def test_a_trial_taken_from_a_table_has_no_cohorts() -> None:
    raw = tomllib.loads(find_trial("colon").read_text())
    raw["cohorts"] = [{"name": "a", "target_enrolment": raw["target_enrolment"]}]
    with pytest.raises(BadInput, match="a table of patients names no cohort"):
        trial_from(raw, "colon")
