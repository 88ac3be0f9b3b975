"""`equipoise feasibility`: page, JSON, figure, a scenario that `simulate` takes, and all problems of a funnel at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from equipoise.files.definition import trial_of
from equipoise.files.trial_file import read_trial
from helpers import ROOT

NORTH = ROOT / "trials" / "north" / "trial.toml"
FUNNEL = '[[funnel]]\nstep = "incidence"\ncount = 1200\nsource = "a register"\n'


def north_with(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "trial.toml"
    path.write_text(NORTH.read_text(encoding="utf-8") + "\n" + text, encoding="utf-8")
    return path


def test_a_page_json_and_a_figure(equipoise: Any, tmp_path: Path) -> None:
    page = equipoise("feasibility", "north", "--figure", tmp_path / "f.svg")
    assert page.status == 0, page.err
    for words in (
        "The funnel of north",
        "assumed: Not public",
        "The sites' promise, all open",
        "5.62",
        "62,000 persons",
        "funnel.toml",
    ):
        assert words in page.out
    assert (tmp_path / "f.svg").read_text().startswith("<?xml")
    found = equipoise("feasibility", "north", "--json").json
    q = found["per_month"]
    assert q["low"] < q["median"] < q["mean"] < q["high"]
    assert (q["level"], found["promised"], found["scenario"]) == (0.95, 9.0, None)
    assert q["within"] < 0.001 * q["high"]
    assert f"{q['mean']:.2f}" in page.out
    assert [m["patients"] for m in found["months"]] == [59, 120, 120]
    narrower = equipoise("feasibility", "north", "--level", 0.8, "--json").json["per_month"]
    assert q["low"] < narrower["low"] < narrower["high"] < q["high"]
    assert narrower["mean"] == q["mean"]


def test_the_page_of_the_documentation_has_these_numbers(equipoise: Any) -> None:
    text = (ROOT / "docs" / "feasibility.md").read_text(encoding="utf-8")
    found = equipoise("feasibility", "north", "--json").json
    q = found["per_month"]
    assert f"{q['mean']:.2f} a month, between {q['low']:.2f} and {q['high']:.2f}" in text
    assert (
        f"took {found['past'][0]['per_month']:.2f} a month, {100 * found['past'][0]['share']:.2f} % of its cases"
        in text
    )


def test_a_scenario_that_simulate_takes(equipoise: Any, tmp_path: Path) -> None:
    out = tmp_path / "slow.toml"
    made = equipoise("feasibility", "north", "--scenario-out", out, "--scenario", "null", "--json")
    assert made.status == 0, made.err
    assert made.json["scenario"]["from"] == "null"
    again = equipoise("feasibility", "north", "--scenario-out", out)
    assert again.status == 2
    assert "not there yet" in again.err
    simulated = equipoise("simulate", "north", "--scenario", out, "--replicates", 3, "--json")
    assert simulated.status == 0, simulated.err
    assert simulated.json["summaries"][0]["scenario"] == "null-funnel"
    assert f"pace = {made.json['scenario']['accrual']['pace']}" in out.read_text(encoding="utf-8")
    alone = equipoise("feasibility", "north", "--scenario", "null")
    assert alone.status == 2
    assert equipoise("feasibility", "north", "--scenario-out", tmp_path / "x.toml", "--scenario", "nul").status == 2


def test_a_funnel_in_the_trial_file_goes_before_one_beside_it_and_is_read_back_from_a_log(
    equipoise: Any, tmp_path: Path
) -> None:
    path = north_with(
        tmp_path,
        FUNNEL + '[[orphan]]\njurisdiction = "US"\nthreshold_persons = 200000\nlasting = "1 year"\nsource = "x"\n',
    )
    (tmp_path / "funnel.toml").write_text(FUNNEL.replace("1200", "2400"), encoding="utf-8")
    said = read_trial(path)
    assert said.fingerprint != read_trial(NORTH).fingerprint
    assert '"funnel"' not in read_trial(NORTH).definition
    assert '"orphan"' not in read_trial(NORTH).definition
    assert trial_of(said.definition) == said
    assert equipoise("feasibility", path, "--json").json["per_month"]["mean"] == 100
    other = equipoise("feasibility", path, "--funnel", tmp_path / "funnel.toml", "--json").json
    assert other["per_month"]["mean"] == 200
    assert other["cautions"] == ["The sites promise 9.0 a month, less than the funnel has at the lower end of its interval (200.0): sites are the limit."]  # fmt: skip


def test_no_funnel_is_told_with_what_to_write(equipoise: Any) -> None:
    answer = equipoise("feasibility", "merkel")
    assert answer.status == 2
    assert "[[funnel]]" in answer.err
    assert "incidence" in answer.err
    assert equipoise("feasibility", "north", "--funnel", "nowhere.toml").status == 2


BAD = """
[[funnel]]
step = "stagee"
share = 1.4
source = "x"

[[funnel]]
step = "eligible"
mean = 0.1
sd = 0.4

[[funnel]]
step = "eligible"
of = [12, 10]
source = "x"
assumed = "y"

[[funnel]]
step = "antigen"
count = 100
source = "x"

[[orphan]]
jurisdiction = "EU"
threshold_per_10000 = 5
source = "x"
"""


def test_all_problems_of_a_funnel_at_once(equipoise: Any, tmp_path: Path) -> None:
    told = equipoise("feasibility", north_with(tmp_path, BAD), "--json")
    assert told.status == 2
    problems = [(p["code"], p["where"]) for p in told.json["error"]["problems"]]
    assert problems == [
        ("not-a-choice", "funnel[0].step"),
        ("out-of-range", "funnel[0].share"),
        ("funnel-beta", "funnel[1].sd"),
        ("funnel-source", "funnel[1]"),
        ("funnel-of", "funnel[2].of"),
        ("funnel-source", "funnel[2]"),
        ("funnel-incidence", "funnel"),
        ("funnel-order", "funnel[3]"),
        ("funnel-order", "funnel[3].count"),
        ("orphan-threshold", "orphan[0].people"),
    ]
    assert told.json["error"]["problems"][0]["next_step"] == "did you mean 'stage'?"
    alone = tmp_path / "own.toml"
    alone.write_text(BAD, encoding="utf-8")
    same = equipoise("feasibility", "north", "--funnel", alone, "--json")
    assert [(p["code"], p["where"]) for p in same.json["error"]["problems"]] == problems


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("share = -0.1", "out-of-range"),
        ("share = 0", "out-of-range"),
        ("share = nan", "out-of-range"),
        ("mean = 0.5", "funnel-beta"),
        ("share = 0.5\nsd = 0.1", "funnel-beta"),
        ("mean = 0.5\ninterval = [0.6, 0.9]", "funnel-beta"),
        ("mean = 0.5\ninterval = [0.9, 0.1]", "funnel-beta"),
        ("mean = 0.5\ninterval = [0.49999999, 0.50000001]", "funnel-beta"),
        ("mean = 1\nsd = 0.1", "out-of-range"),
        ("beta = [0, 1]", "out-of-range"),
        ("of = [1, 0]", "out-of-range"),
        ("of = [-1, 5]", "out-of-range"),
        ("", "funnel-amount"),
        ("share = 0.5\ncount = 3", "funnel-amount"),
        ("count = 5000", "funnel-order"),
        ('share = 0.5\nregion = "US"', "funnel-region"),
        ("count = 5\nrelaxed = 0.5", "funnel-relaxed"),
        ('share = 0.5\nrelaxed_to = "x"', "funnel-relaxed"),
        ("share = true", "wrong-type"),
        ('share = "0.5"', "wrong-type"),
        ("shares = 0.5", "unknown-key"),
    ],
)
def test_each_entry_that_cannot_be(equipoise: Any, tmp_path: Path, entry: str, code: str) -> None:
    path = tmp_path / "funnel.toml"
    path.write_text(f'{FUNNEL}[[funnel]]\nstep = "eligible"\nsource = "x"\n{entry}\n', encoding="utf-8")
    told = equipoise("feasibility", "north", "--funnel", path, "--json")
    assert told.status == 2
    assert code in [p["code"] for p in told.json["error"]["problems"]]
