"""`equipoise decide --safety` as a process: what it prints, what it records, and how it refuses."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from equipoise.conduct.conduct import Conduct
from equipoise.files.bundled import find_trial
from equipoise.files.log_file import read_log, write_new_log
from equipoise.files.trial_file import read_trial
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.trial.trial import Trial
from helpers import recorded


@pytest.fixture(scope="module")
def log(plan: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A NORTH in which patients die of adverse events."""
    path = tmp_path_factory.mktemp("safety") / "north.jsonl"
    write_new_log(path, run(plan("toxic"), 0, detail=True).log)
    return path


def test_it_says_counts_boundary_distance_and_what_follows(equipoise: Any, log: Path) -> None:
    early = equipoise("decide", "north", "--log", log, "--safety", "--cutoff", "2012-09-10")
    assert early.status == 0, early.err
    assert "IS SILENT" in early.out
    assert "Distance to the boundary: 2 " in early.out
    late = equipoise("decide", "north", "--log", log, "--safety", "--cutoff", "2012-12-05", "--json")
    (rule,) = late.json["rules"]
    assert late.json["speaks"] is True
    assert (rule["name"], rule["does"], rule["speaks"], rule["action"]) == ("toxic-death", "caution", True, None)
    assert rule["counts"]["events_at"] >= rule["counts"]["boundary_at"]
    assert rule["distance"] <= 0
    assert rule["boundary"][0] == [3, 3]
    assert rule["counts"]["events"] == len(rule["counts"]["with_event"])


def test_it_is_recorded_and_a_decision_says_it(equipoise: Any, log: Path, tmp_path: Path, north: Trial) -> None:
    mine = tmp_path / "mine.jsonl"
    mine.write_bytes(log.read_bytes())
    asked = equipoise("decide", "north", "--log", mine, "--safety", "--cutoff", "2012-12-05", "--record", "--by", "dm")
    assert asked.status == 0, asked.err
    last = read_log(mine).log
    event = last[len(last) - 1]
    assert event.kind == "safety look"
    assert event.data["speaks"] is True
    assert event.data["cutoff"] == "2012-12-05"
    assert event.data["head"] in last.hashes()[: event.number - 1]
    assert Conduct(north, last).standing.enrolment == Conduct(north, read_log(log).log).standing.enrolment
    look = equipoise("decide", "north", "--log", mine, "--look", 1, "--cutoff", "2013-08-25", "--json")
    assert look.status == 0, look.err
    assert any("Safety rule toxic-death" in c for c in look.json["cautions"])
    assert equipoise("conduct", "verify", "north", "--log", mine).status == 0


@pytest.mark.parametrize(
    ("trial", "options", "said"),
    [
        ("north", (), "--look, --safety"),
        ("north", ("--look", 1, "--safety"), "--look, --safety"),
        ("north", ("--safety", "--record"), "give --by"),
        ("merkel", ("--safety",), "safety"),
    ],
)
def test_what_it_refuses(equipoise: Any, log: Path, trial: str, options: tuple[object, ...], said: str) -> None:
    answer = equipoise("decide", trial, "--log", log, "--cutoff", "2012-12-05", *options)
    assert answer.status == 2
    assert said in answer.err
    assert "Traceback" not in answer.err


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The group-sequential example with overall survival watched for harm, and a log in which the tested arm dies sooner."""
    folder = tmp_path_factory.mktemp("harm")
    text = find_trial("kinds/group-sequential").read_text()
    rule = """
[[safety]]
name = "survival"
label = "Death"
rule = { kind = "safety-survival", margin = 1.3, benefit = 0.8, deaths = [20, 50, 120], allocation = "2:1" }
between = ["T", "C"]
does = "caution"

[[sites]]"""
    file, log = folder / "trial.toml", folder / "log.jsonl"
    file.write_text(text.replace("[[sites]]", rule.lstrip(), 1).replace('"monitoring", ', '"monitoring", "safety", '))
    trial = read_trial(file)
    *_, truth = own_scenarios(trial)
    harm = truth.model_copy(update={"arms": {"T": truth.arms["C"], "C": truth.arms["T"]}})
    write_new_log(log, run(Plan.of(trial, harm, seed=7), 1, detail=True).log)
    return file, log


def test_overall_survival_is_watched_for_harm_beside_a_design(
    equipoise: Any, beside: tuple[Path, Path], tmp_path: Path
) -> None:
    file, log = beside
    checked = equipoise("check", file)
    assert checked.status == 0, checked.err
    assert "looked at 20, 50, 120 deaths; when it speaks" in " ".join(checked.out.split())
    last = [e["happened"] for e in recorded(log) if e["kind"] == "safety look"][-1]
    said = equipoise("decide", file, "--log", log, "--safety", "--cutoff", last)
    assert said.status == 0, said.err
    words = " ".join(said.out.split())
    assert "Safety rule survival" in words
    assert "The observed hazard ratio is" in words
    (rule,) = equipoise("decide", file, "--log", log, "--safety", "--cutoff", last, "--json").json["rules"]
    counts = rule["counts"]
    assert rule["kind"] == "safety-survival"
    assert rule["speaks"] == (counts["hazard_ratio"] >= counts["threshold"])
    assert rule["distance"] == pytest.approx(math.log(counts["threshold"] / counts["hazard_ratio"]))
    assert [d for d, _ in rule["boundary"]] == sorted({20, 50, 120, counts["events"]})
    assert counts["events"] == counts["events_tested"] + counts["events_control"]
    report = equipoise("report", file, "--log", log, "--cutoff", last, "--out", tmp_path)
    assert report.status == 0, report.err
    page = (tmp_path / "report.html").read_text()
    assert "Threshold: the rule speaks from this hazard ratio on" in page
    assert "Observed hazard ratio" in page
    simulated = equipoise("simulate", file, "--replicates", 4, "--seed", 1, "--json")
    assert simulated.status == 0, simulated.err


def test_the_report_draws_the_boundary(equipoise: Any, log: Path, tmp_path: Path) -> None:
    answer = equipoise("report", "north", "--log", log, "--cutoff", "2013-08-25", "--out", tmp_path)
    assert answer.status == 0, answer.err
    page = (tmp_path / "report.html").read_text()
    assert "Safety rules" in page
    assert "Boundary: the rule speaks at this many" in page
    assert "Looks at safety rules, as recorded" in page
