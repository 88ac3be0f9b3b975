"""Phase I hands two doses to a comparison, the comparison one dose to phase II: NORTH with such a part, in one file and log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from equipoise.analyse.data import cut
from equipoise.analyse.dose_limiting import dlt_statuses
from equipoise.conduct.conduct import Refused, replay
from equipoise.conduct.levels_remade import levels_remade
from equipoise.conduct.sealed import Sealed
from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.definition import trial_of
from equipoise.files.log_file import write_new_log
from equipoise.files.scenario_file import read_scenario
from equipoise.files.toml_out import toml_text
from equipoise.simulate.scenario import Scenario
from equipoise.simulate.whole import WholePlan, run_whole
from equipoise.trial.trial import Trial
from helpers import Answer
from parts_trials import Parts, raw, trial, undeclared
from sealed import secret_of

RESPONSE = {
    "name": "R6", "label": "Response at six weeks", "role": "secondary", "kind": "outcome",
    "success": ["CR", "PR"], "failure": ["SD", "PD"], "due": "6 weeks", "window": "4 weeks", "not_evaluable": "failure",
}  # fmt: skip


def compared(x: dict[str, Any]) -> None:
    """The declared dose and the one below it, four patients each; the higher must respond better by more than 0.1."""
    x["phase1"]["design"]["comparison"] = {"n": 4, "margin": 0.1, "phi_t": 0.5}
    x["phase1"]["response"] = "R6"
    x["endpoints"].append(RESPONSE)


@cache
def north() -> Trial:
    return trial(undeclared, compared)


def to_the_comparison() -> Parts:
    """3+3 has declared the highest level."""
    return Parts(north()).to_the_top()


def compared_patients(p: Parts, responds: Callable[[str, int], bool]) -> list[str]:
    """Eight patients on one day by lot, each with a cycle and, six weeks on, a result; the levels that they drew."""
    doses = {x.label: x.dose for x in p.trial.dose_levels}
    levels = [str(p.enrolled(f"R{k}").order("assigned", p.day, f"R{k}").data["level"]) for k in range(8)]
    for days, cycle, of_cycle in ((0, 1, 1), (7, 1, 8), (21, 2, 1)):
        for k, level in enumerate(levels):
            p.dose(f"R{k}", p.day + timedelta(days=days), cycle, of_cycle, doses[level])
    p.day += timedelta(days=42)
    counts: dict[str, int] = {}
    for k, level in enumerate(levels):
        counts[level] = counts.get(level, 0) + 1
        result = "PR" if responds(level, counts[level]) else "SD"
        p.order("outcome", p.day, f"R{k}", outcome="R6", result=result)
    return levels


def test_phase_one_hands_two_doses_to_a_comparison_and_that_one_to_phase_two() -> None:
    p = to_the_comparison()
    found = p.found()
    assert (found.next.action, found.next.places, found.next.recommend) == ("randomise", (0, 0, 4, 4), 4)
    assert not any(s.pending for s in found.patients)  # escalation waited for no response
    # Nobody chooses between the two, and nobody is given another.
    p.enrolled("Z")
    for level, code in (("DL4", "randomise"), ("DL2", "no-place")):
        with pytest.raises(Refused) as refused:
            p.order("assigned", p.day, "Z", level=level)
        assert code in {x.code for x in refused.value.problems}
    # Phase II waits for the comparison; the dose that phase I declared may be set before it ends only with a reason.
    with pytest.raises(Refused) as refused:
        p.set("DL4")
    assert {x.code for x in refused.value.problems} == {"no-reason"}
    levels = compared_patients(p, lambda level, k: level == "DL3" and k < 4)
    assert sorted(levels) == ["DL3"] * 4 + ["DL4"] * 4
    waited = cut(p.trial, p.c.log, p.day - timedelta(days=1))
    assert sum(s.pending for s in dlt_statuses(p.trial, waited)) == 8  # of the compared the response is waited for
    found = p.found()
    assert (found.next.action, found.next.dose, found.next.recommend) == ("declare", 3, 3)
    assert "Dose 3 was picked, with 3 responses." in found.next.because
    assert "E" in found.history
    event = p.set("DL3")
    assert (event.data["recommended"], event.data["dose"]) == ("DL3", 90)
    p.enrolled("first", p.day, None, ecog="0-1", ldh="normal")
    p.c.randomise("first", p.day, p.now, "t")
    assert replay(p.trial, list(p.c.log), trial_of) == []
    made = levels_remade(list(p.c.log), Sealed(p.trial, [secret_of(p.trial.id)]), lambda _: p.trial)
    assert (made.same, list(made.other), list(made.without)) == (8, [], [])


def test_a_late_toxicity_of_the_picked_dose_derives_the_past_again() -> None:
    """The three DLTs at DL3 became known after it was set: by what is known now another would have been picked, and the log is possible still."""
    p = to_the_comparison()
    levels = compared_patients(p, lambda level, k: level == "DL3" and k < 4)
    p.set("DL3")
    on = p.day - timedelta(days=35)
    for k in [k for k, level in enumerate(levels) if level == "DL3"]:
        p.order("adverse event", on, f"R{k}", term="neuropathy", grade=3, related=True)
    assert replay(p.trial, list(p.c.log), trial_of) == []
    found = p.found()
    assert (found.next.action, found.next.dose) == ("declare", 4)


@pytest.mark.slow
def test_the_report_shows_it(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    p = to_the_comparison()
    compared_patients(p, lambda level, k: level == "DL3" and k < 4)
    p.set("DL3")
    file, log = tmp_path / "north.toml", tmp_path / "log.jsonl"
    changed = raw(undeclared, compared)
    file.write_text(toml_text(changed))
    write_new_log(log, p.c.log)
    done = equipoise("report", file, "--log", log, "--out", tmp_path / "out", "--json")
    assert done.status == 0, done.err
    page = (tmp_path / "out" / "report.html").read_text()
    for said in ("At random", "DL3, 90 mg/m2, set on", "was picked, with 3 responses"):
        assert said in page, said
    asked = equipoise("doses", file, "--log", log, "--revisit", "--json")
    assert asked.status == 0, asked.err
    assert not any(r["differs"] for r in asked.json["past"])


@pytest.mark.slow
def test_both_parts_are_simulated_in_one_log() -> None:
    said = read_scenario(find_scenario(find_trial("north"), "late-neuropathy", "scenarios/whole"))
    assert said.phase1 is not None
    truth = said.phase1.model_copy(update={"response": {"DL1": 0.2, "DL2": 0.4, "DL3": 0.6, "DL4": 0.6}})
    of = trial(undeclared, compared, lambda x: x["phase1"].update(patients=60))
    done = run_whole(WholePlan.of(of, Scenario.model_validate(said.model_copy(update={"phase1": truth})), 2012), 0)
    assert replay(of, list(done.log), trial_of) == []
    kinds = [e.kind for e in done.log]
    lots = [e for e in done.log if e.data.get("at_random")]
    assert len(lots) >= 8
    assert kinds.count("dose set") == 1
    assert next(e for e in done.log if e.kind == "dose set").data["level"] in {e.data["level"] for e in lots}
    assert kinds.index("dose set") < kinds.index("randomised")
