"""Real trials that somebody else wrote down: each from its file to its published numbers, a decision and a report."""

from __future__ import annotations

import csv
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from equipoise.conduct.conduct import replay
from equipoise.design import shelf
from equipoise.files.bundled import find_trial
from equipoise.files.scenario_file import scenarios_of
from equipoise.files.trial_file import read_toml, trial_from
from equipoise.files.trial_folder import read_folder
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.trial.foresight import foresight
from equipoise.trial.trial import Trial
from helpers import FIXTURES, tried

TRIALS = ["e2511", "myeloma", "optimalttf2", "create", "lines"]
ORACLES = list(csv.DictReader((FIXTURES / "ten" / "oracles.csv").read_text().splitlines()))
#: By how much a simulated probability may be off the design's own, of which patients who leave are no part.
OFF = {"e2511": 0.02, "lines": 0.02, "optimalttf2": 0.04}


def oracle(trial: str, quantity: str) -> list[float]:
    """The numbers of the oracle whose quantity begins so."""
    (found,) = [o["value"] for o in ORACLES if o["trial"] == trial and o["quantity"].startswith(quantity)]
    return [float(v) for v in re.findall(r"\d+\.?\d*", found)]


def cohort(trial: str) -> tuple[str, ...]:
    return ("--cohort", "IMT") if trial == "create" else ()


def shown(equipoise: Any, trial: str) -> Any:
    answer = equipoise("design", "show", trial, *cohort(trial), "--json")
    assert answer.status == 0, answer.err
    return answer.json


@cache
def plans(trial: str) -> tuple[Plan, ...]:
    """Under null and target."""
    file = find_trial(trial)
    found = read_folder(file).trial
    found = found.cohort("IMT") if found.divided else found
    return tuple(Plan.of(found, scenario(), 2012) for _, scenario in scenarios_of(found, file, []))


@pytest.mark.parametrize("trial", TRIALS)
def test_check_finds_nothing_wrong_and_says_what_is_assumed(equipoise: Any, trial: str) -> None:
    answer = equipoise("check", trial)
    assert answer.status == 0, answer.err
    assert "No problems." in answer.out
    assert "Read with it: scenarios null, target." in answer.out
    found = read_folder(find_trial(trial)).trial
    assert found.sources
    assert found.assumptions


@pytest.mark.published
def test_e2511_s_events_and_power(equipoise: Any) -> None:
    n = shown(equipoise, "e2511")["design"]
    assert [n["events"]] == oracle("e2511", "events for HR")
    assert [round(n["power"], 4)] == oracle("e2511", "power at HR")
    assert [read_folder(find_trial("e2511")).trial.target_enrolment] == oracle("e2511", "patients")


@pytest.mark.published
@pytest.mark.parametrize(
    ("trial", "errors"), [("myeloma", "type I error; power; PET"), ("create", "type I error; power")]
)
def test_one_arm_s_sizes_boundaries_and_errors(equipoise: Any, trial: str, errors: str) -> None:
    n = shown(equipoise, trial)["design"]
    assert [n["r1"], n["n1"], n["r"], n["n"]] == oracle(trial, "design")
    of = ["alpha", "power", "pet0"]
    expected = oracle(trial, errors)
    assert [round(n[k], 4) for k in of[: len(expected)]] == expected


@pytest.mark.published
def test_create_s_cohorts_together(equipoise: Any) -> None:
    family = equipoise("check", "create", "--json").json["family"]
    found = [family["any_declared_all_null"], family["all_declared_all_target"]]
    assert found == pytest.approx(oracle("create", "six cohorts"), abs=3e-4), "the oracle has powers of rounded numbers"


@pytest.mark.published
def test_optimalttf2_s_stages_boundaries_and_errors(equipoise: Any) -> None:
    n = shown(equipoise, "optimalttf2")["design"]
    first, _, last, _, expected = oracle("optimalttf2", "look; end; expected")
    assert (n["n1_tested"], n["n1_control"], n["n_tested"], n["n_control"]) == (first, first, last, last)
    assert (n["a1"], n["a"]) == tuple(oracle("optimalttf2", "boundaries"))[:2]
    assert round(n["en0"]) == expected
    assert round(n["en0"], 1) == 69.8
    found = [n["alpha"], n["largest_alpha"], n["power"], n["pet0"]]
    assert [round(v, 4) for v in found] == oracle("optimalttf2", "type I error at 0.40")


def test_a_window_that_ends_before_the_next_contact_is_told() -> None:
    """Contacts every 3 months come on day 364 and 455; eight weeks after day 365 is day 421. It cost three points of power, unseen."""
    raw = read_toml(find_trial("optimalttf2"), "a trial")
    assert not any("window closes" in text for text in foresight(trial_from(raw, "optimalttf2")))
    short = [{**e, "window": "8 weeks"} if e["name"] == "OS12" else e for e in raw["endpoints"]]
    (said,) = foresight(trial_from({**raw, "endpoints": tuple(short)}, "short"))
    assert "day 455, and the window closes on day 421" in said


@pytest.mark.published
def test_what_jung_s_search_says_of_optimalttf2_s_hypotheses() -> None:
    spec = {"kind": "jung", "criterion": "minimax", "p0": 0.4, "p1": 0.6, "power": 0.8}
    at_16 = shelf.build("jung", {**spec, "alpha": 0.16}).numbers()
    assert (at_16["n1_tested"], at_16["n_tested"], at_16["a1"], at_16["a"]) == (26, 42, 0, 5)
    at_15 = shelf.build("jung", {**spec, "alpha": 0.15}).numbers()
    assert [at_15["n_tested"]] == oracle("optimalttf2", "least n an arm")


@pytest.mark.published
def test_lines_ends_by_exact_enumeration(equipoise: Any) -> None:
    by_truth = {(a["response"], a["toxicity"]): a["characteristics"] for a in shown(equipoise, "lines")["at"]}
    rows = {
        (0.35, 0.10): "declared, toxic",
        (0.20, 0.10): "the same at 0.20, 0.10",
        (0.35, 0.30): "the same at 0.35, 0.30",
        (0.20, 0.30): "the same at 0.20, 0.30",
    }
    assert set(by_truth) == set(rows)
    for truth, row in rows.items():
        c = by_truth[truth]
        ends = [c["more"][f"P({k})"]["value"] for k in ("stop for toxicity", "stop for futility", "ends without")]
        assert [round(v, 4) for v in [c["declare"]["value"], *ends]] == oracle("lines", row)
        (where,) = [o["where from"] for o in ORACLES if o["trial"] == "lines" and o["quantity"].startswith(row)]
        assert round(c["expected_n"]["value"], 2) == float(where.split()[-1])


def within(found: Any, exact: Any, n: int, off: float) -> bool:
    """Within four Monte-Carlo errors, of which a count of n may miss one, and what else it may be off."""
    error = (max(exact["value"] * (1 - exact["value"]), 1 / n) / n) ** 0.5
    return bool(abs(found["value"] - exact["value"]) <= 4 * error + off)


def simulated(equipoise: Any, trial: str, n: int, *options: str) -> None:
    answer = equipoise("simulate", trial, *cohort(trial), "--replicates", n, *options, "--json")
    assert answer.status == 0, answer.err
    done = {s["scenario"]: (s, exact) for s, exact in zip(answer.json["summaries"], answer.json["exact"], strict=True)}
    assert set(done) == {"null", "target"}
    for summary, exact in done.values():
        assert summary["done"] == n
        for what in ("declare", "stop_early"):
            assert within(summary["characteristics"][what], exact[what], n, OFF.get(trial, 0.0)), what
    chance = [done[s][0]["characteristics"]["declare"]["value"] for s in ("null", "target")]
    assert chance[0] < chance[1]


@pytest.mark.thorough
@pytest.mark.parametrize("trial", [pytest.param(t, marks=pytest.mark.slow) if t == "e2511" else t for t in TRIALS])
def test_thirty_replicates_by_the_reference(equipoise: Any, trial: str) -> None:
    simulated(equipoise, trial, 30, "--engine", "reference")


@pytest.mark.slow
@pytest.mark.parametrize("trial", TRIALS)
def test_three_hundred_replicates_of_each_scenario(equipoise: Any, trial: str) -> None:
    simulated(equipoise, trial, 300)


@pytest.mark.thorough
@pytest.mark.parametrize("trial", tried(TRIALS, {"e2511"}))
def test_one_trial_is_conducted_to_its_decision(equipoise: Any, trial: str, tmp_path: Path) -> None:
    """Its log could have been given order by order; each look is decided twice, with the same bytes; a report is written."""
    answer = equipoise("demo", trial, *cohort(trial), "--replicates", 2, "--out", tmp_path, "--json")
    assert answer.status == 0, answer.err
    (log,) = tmp_path.glob("*.log.jsonl")
    decisions = answer.json["decisions"]
    assert decisions[-1]["action"]["name"] in {"declare", "stop"}
    for decided in decisions:
        asked = ("decide", trial, *cohort(trial), "--log", log, "--look", decided["look"])
        one, other = (equipoise(*asked, "--cutoff", decided["cutoff"], "--json") for _ in range(2))
        assert one.status == 0, one.err
        assert one.out == other.out
        assert one.json["action"] == decided["action"]
    report = tmp_path / "again"
    answer = equipoise("report", trial, *cohort(trial), "--log", log, "--out", report)
    assert answer.status == 0, answer.err
    assert read_folder(find_trial(trial)).trial.title in (report / "report.html").read_text()


@pytest.mark.parametrize("trial", TRIALS)
def test_what_was_simulated_could_have_been_conducted(trial: str) -> None:
    virtual = run(plans(trial)[1], 1, detail=True)
    assert replay(plans(trial)[1].trial, list(virtual.log)) == []
    assert virtual.looks[-1].decision.action.name in {"declare", "stop"}


def test_create_with_eligibility_confirmed_by_central_pathology() -> None:
    """The bundled file leaves the review out; with it each cohort still runs to its decision, and the ineligible give up their places."""
    raw = read_toml(find_trial("create"), "a trial")
    raw["eligibility_review"] = {"by": "central pathology", "within": "6 weeks", "ineligible": "replace"}
    trial: Trial = trial_from(raw, "reviewed").cohort("IMT")
    (_, scenario), *_ = scenarios_of(trial, find_trial("create"), [])
    plan = Plan.of(trial, scenario().model_copy(update={"ineligible": 0.3}), 2012)
    virtual = run(plan, 1, detail=True)
    found = [e.data["eligible"] for e in virtual.log if e.kind == "eligibility reviewed"]
    assert False in found
    assert replay(trial, list(virtual.log)) == []
    assert virtual.looks[-1].decision.action.name in {"declare", "stop"}


@pytest.mark.process
def test_a_real_trial_by_the_command_line_itself(equipoise_process: Any) -> None:
    answer = equipoise_process("check", "e2511", "--json")
    assert answer.status == 0, answer.err
    assert json.loads(answer.out)["fingerprint"] == read_folder(find_trial("e2511")).trial.fingerprint
