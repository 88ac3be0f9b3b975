"""One rate of one arm along the whole road: file, design, virtual patients, both looks, report, datasets and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from equipoise.analyse.analysis import analyse
from equipoise.analyse.data import cut
from equipoise.conduct.conduct import replay
from equipoise.decide.decide import decide
from equipoise.dossier.document import trial_document
from equipoise.dossier.findings import Findings
from equipoise.files.bundled import find_trial
from equipoise.files.plain import to_json
from equipoise.files.scenario_file import scenarios_of
from equipoise.files.trial_file import read_toml, trial_from
from equipoise.files.trial_folder import read_folder
from equipoise.report.page import render
from equipoise.simulate.own_truth import is_own
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.simulate.truth import rate_shown
from equipoise.trial.decision import Decision
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial

#: Trial → r1/n1, r/n, type I error, power: published sizes, exact errors by plain enumeration.
PUBLISHED = {
    "merkel": ("3/13", "12/43", 0.0496, 0.8002),
    "myeloma": ("0/13", "3/27", 0.0416, 0.8011),
    "create": ("1/12", "5/35", 0.0977, 0.9014),
}


@pytest.mark.published
@pytest.mark.parametrize("name", PUBLISHED)
def test_the_design_has_its_published_numbers(name: str) -> None:
    trial = read_folder(find_trial(name)).trial
    for one in trial.views.values() or [trial]:
        has_its_published_numbers(one, name)


def has_its_published_numbers(trial: Trial, name: str) -> None:
    n = trial.monitored.design.numbers()
    first, last, alpha, power = PUBLISHED[name]
    assert (f"{n['r1']}/{n['n1']}", f"{n['r']}/{n['n']}") == (first, last)
    assert (n["alpha"], n["power"]) == (pytest.approx(alpha, abs=5e-5), pytest.approx(power, abs=5e-5))


def plan_of(name: str, which: int = -1) -> Plan:
    file = find_trial(name)
    trial = read_folder(file).trial
    trial = trial.cohort("IMT") if trial.divided else trial
    return Plan.of(trial, scenarios_of(trial, file, [])[which][1](), 2012)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_whole_road(name: str) -> None:
    plan = plan_of(name)
    trial = plan.trial
    virtual = run(plan, 1, detail=True)
    assert replay(trial, list(virtual.log)) == [], "what was simulated could have been conducted"
    assert all(e.kind != "randomised" for e in virtual.log), "nothing pretends"
    looks = []
    for taken in virtual.looks:
        one, other = (decide(trial, cut(trial, virtual.log, taken.cutoff), taken.decision.look) for _ in range(2))
        assert isinstance(one, Decision)
        assert to_json(one) == to_json(other)
        assert one.action == taken.decision.action
        looks.append(one)
    snap = cut(trial, virtual.log, virtual.looks[-1].cutoff)
    page = render(trial_document(Findings(trial, snap, analyse(trial, snap), looks, virtual="a scenario"))).html
    assert trial.title in page
    assert "Enrolled" in page
    assert "Randomised comparison" not in page
    if name == "myeloma":
        assert "IMWG 2014" in page


def test_without_scenario_files_the_design_s_own_truths_are_simulated() -> None:
    """The rates that the scans show are the design's own: 0.20 and 0.40."""
    for which, rate in ((0, 0.20), (-1, 0.40)):
        plan = plan_of("merkel", which)
        assert is_own(plan.scenario)
        shown = rate_shown("DRUG", plan.courses["DRUG"], plan.trial, plan.scenario)
        assert shown == pytest.approx(rate, abs=1e-12)


def variant(**endpoint: Any) -> Trial:
    raw = read_toml(find_trial("merkel"), "a trial")
    raw["assumptions"] = ()
    raw["endpoints"] = (endpoint, *raw["endpoints"][1:])
    raw["monitoring"] = {**raw["monitoring"], "endpoint": endpoint["name"]}
    return trial_from(raw, "variant")


def test_the_own_truths_of_a_landmark_and_of_a_recorded_outcome_are_the_design_s() -> None:
    from equipoise.simulate.own_truth import own_scenarios

    common = {"role": "primary", "label": "x", "not_evaluable": "failure", "window": "8 weeks"}
    landmark = variant(name="PFS6", kind="landmark", of="PFS", landmark="6 months", **common)
    outcome = variant(name="pCR", kind="outcome", success=("yes",), failure=("no",), due="20 weeks", **common)
    for trial in (landmark, outcome):
        for scenario, rate in zip(own_scenarios(trial), (0.2, 0.4), strict=True):
            plan = Plan.of(trial, scenario, 1)
            assert rate_shown("DRUG", plan.courses["DRUG"], trial, scenario) == pytest.approx(rate, abs=1e-3)


@pytest.mark.parametrize(
    ("change", "where", "words"),
    [
        ({"monitoring": {"endpoint": "PFS"}}, "monitoring.endpoint", "a yes or a no of each patient"),
        ({"monitoring": {"endpoint": "ORX"}}, "monitoring.endpoint", "an endpoint of this file"),
        ({"assessments": None}, "assessments", "a response is read at assessments"),
        ({"second arm": True}, "arms", "this design looks at one tested arm"),
        ({"second arm": True}, "randomisation", "only a trial of one arm randomises nobody"),
        ({"design": {"kind": "simon", "sizes": "stated", "n1": 43, "r1": 3, "n": 13, "r": 12}}, "design.n1", ""),
    ],
)
def test_what_cannot_make_the_evidence_is_refused_in_words(change: dict[str, Any], where: str, words: str) -> None:
    raw = read_toml(find_trial("merkel"), "a trial")
    for key, value in change.items():
        if key == "second arm":
            raw["arms"] = (*raw["arms"], {**raw["arms"][0], "name": "B", "label": "B"})
        elif value is None:
            raw.pop(key)
        else:
            raw[key] = {**raw[key], **value}
    with pytest.raises(BadInput) as caught:
        trial_from(raw, "merkel")
    found = [p for p in caught.value.problems if p.where == where]
    assert found, caught.value
    assert any(words in p.allowed for p in found)


def test_problems_of_trial_scenarios_and_grids_come_at_once(tmp_path: Path) -> None:
    """A bad rate in the trial file hides no problem of a scenario's own, nor of a grid's."""
    text = find_trial("create").read_text()
    (tmp_path / "trial.toml").write_text(text.replace("p0 = 0.10", "p0 = 1.10"))
    (tmp_path / "scenarios").mkdir()
    truth = (find_trial("create").parent / "scenarios" / "null.toml").read_text()
    (tmp_path / "scenarios" / "null.toml").write_text(
        truth.replace("screening_failure = 0.15", "screening_failure = 1.5")
    )
    (tmp_path / "grids").mkdir()
    (tmp_path / "grids" / "g.toml").write_text("format = 1\nreplicates = 0\nseed = 1\n")
    with pytest.raises(BadInput) as caught:
        read_folder(tmp_path / "trial.toml")
    assert {p.where for p in caught.value.problems} == {
        "design.p0", "scenarios/null.toml: screening_failure", "grids/g.toml: replicates",
    }  # fmt: skip
    # A sound trial: the scenario is held against it.
    (tmp_path / "trial.toml").write_text(text)
    (tmp_path / "grids" / "g.toml").unlink()
    (tmp_path / "scenarios" / "null.toml").write_text(truth.replace('[arms."CRZ"]', '[arms."CRX"]'))
    with pytest.raises(BadInput, match=r"scenarios/null.toml: arms   got CRX; a truth for each arm: CRZ"):
        read_folder(tmp_path / "trial.toml")


def test_check_warns_of_what_hardly_anybody_wants() -> None:
    from equipoise.conduct.balance import balance_in_words
    from equipoise.trial.foresight import foresight

    raw = read_toml(find_trial("north"), "a trial")
    raw["assumptions"] = raw["sources"] = ()
    sound = trial_from(raw, "north")
    assert foresight(sound) == []
    text, cautions = balance_in_words(sound)
    assert text.startswith("Blocks of 3, 6 in 4 strata: the tested arm's number differs from its share by ")
    assert cautions == []
    raw["target_enrolment"] = 200
    raw["monitoring"] = {**raw["monitoring"], "final_follow_up": "1 month"}
    said = foresight(trial_from(raw, "north"))
    assert any("53 more are enrolled than the looks use" in s for s in said), said
    assert any("shorter than the landmark, 6 months" in s for s in said)
    # A file may state blocks of 100 at most: of a trial of 200 patients they are made larger here.
    large = trial_from(raw, "north")
    assert large.randomisation is not None
    blocks = large.randomisation.model_copy(update={"block_sizes": (300,)})
    large = large.model_copy(update={"randomisation": blocks})
    assert "larger than the trial of 200 patients" in balance_in_words(large)[1][0]
    raw["randomisation"]["block_sizes"] = (60,)
    assert "fewer than a block of 60 holds" in balance_in_words(trial_from(raw, "north"))[1][0]
    raw["sites"] = ()
    assert any("Nobody can be enrolled" in s for s in foresight(trial_from(raw, "north")))
