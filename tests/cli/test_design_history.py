"""Designs that borrow take their history from a library or a trial file, and say which arms they took."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from equipoise.files.bundled import find_trial

CHOSEN = [
    "--endpoint", "PFS", "--endpoint", "TTP", "--treatment", "platinum-etoposide", "--until", "2012", "--shape", "1.5",
]  # fmt: skip
TAKEN = ["Niell-2005-EP", "Hanna-2006-EP", "Eckardt-2006-EP", "Lara-2009-EP", "Spigel-2011-placebo"]
ONE_ARM = ["design", "borrowing-one-arm", "--p0", "0.44", "--p1", "0.58", "--n", "80", "--n1", "39"]
TIMES = ["design", "borrowing-survival", "--hazard-ratio", "0.67", "--allocation", "2:1"]
RATES = ["design", "borrowing-rate", "--p0", "0.44", "--p1", "0.62", "--n-tested", "40", "--n-control", "20"]


def test_rates_of_a_library_are_the_counts_that_the_page_uses(equipoise: Any) -> None:
    """docs/borrowing.md writes them out: 136 of 278 and so on."""
    by_hand = equipoise(*ONE_ARM, "--history-x", "136,32,183,123,13", "--history-n", "278,90,381,290,40", "--json").json
    found = equipoise(*ONE_ARM, "--history", "ed-sclc", "--at", "6 months", *CHOSEN, "--json").json
    assert "history" not in by_hand
    assert found["design"] == by_hand["design"]
    assert [a["arm"] for a in found["history"]["arms"]] == TAKEN
    assert found["history"]["numbers"] == {"history_x": [136, 32, 183, 123, 13], "history_n": [278, 90, 381, 290, 40]}
    assert "5 arms of ed-sclc" in found["history"]["leans_on"][0]
    assert found["borrowing"] is None
    page = equipoise(*ONE_ARM, "--history", "ed-sclc", "--at", "6 months", *CHOSEN)
    assert page.status == 0, page.err
    assert "136 of 278" in page.out
    assert "Left out: Noda-2002-EP" in page.out


@pytest.mark.thorough
def test_times_of_a_library_are_its_medians(equipoise: Any) -> None:
    """Medians and n by hand, Eckardt's 25.1 weeks in months of 30.4375 days, give the same design."""
    medians = f"5.9,4.6,{25.1 * 7 / 30.4375},5.2,4.4"
    by_hand = equipoise(
        *TIMES, "--shape", "1.5", "--history-median", medians, "--history-n", "282,110,395,327,50", "--json"
    ).json
    found = equipoise(*TIMES, "--history", "ed-sclc", *CHOSEN, "--json").json
    assert found["design"].pop("boundaries") == by_hand["design"].pop("boundaries")
    assert found["design"] == pytest.approx(by_hand["design"], rel=1e-7)
    assert [a["arm"] for a in found["history"]["arms"]] == TAKEN
    of_trial = equipoise(*TIMES, "--trial", "north", "--json").json
    of_trial["design"].pop("boundaries")
    assert of_trial["design"] == found["design"]
    assert of_trial["borrowing"] == "as prespecified in the trial file"


@pytest.mark.thorough
def test_a_trial_file_says_the_arms_and_the_way_of_borrowing(equipoise: Any, tmp_path: Path) -> None:
    found = equipoise(*RATES, "--trial", "north", "--json").json
    assert [a["arm"] for a in found["history"]["arms"]] == TAKEN
    assert found["borrowing"] == "as prespecified in the trial file"
    assert "robust meta-analytic-predictive prior" in found["protocol"]
    other = equipoise(*RATES, "--trial", "north", "--weight", "0.5", "--without", "Hanna-2006-EP", "--json").json
    assert other["borrowing"].startswith("not as prespecified (a robust")
    assert [a["arm"] for a in other["history"]["arms"]] == [a for a in TAKEN if a != "Hanna-2006-EP"]
    # what is prespecified is followed, not this command's default
    text = find_trial("north").read_text(encoding="utf-8")
    stated = text.replace('method = "robust-map"\nweight = 0.2\n', 'method = "map"\n')
    assert stated != text
    mine = tmp_path / "mine" / "trial.toml"
    mine.parent.mkdir()
    mine.write_text(stated, encoding="utf-8")
    map_prior = equipoise(*RATES, "--trial", mine, "--json").json
    assert map_prior["borrowing"] == "as prespecified in the trial file"
    assert "robust" not in map_prior["protocol"]
    assert "a meta-analytic-predictive prior" in map_prior["protocol"]


def test_all_problems_of_history_and_design_at_once(equipoise: Any) -> None:
    wrong = ["design", "borrowing-one-arm", "--p0", "0.64", "--p1", "0.58", "--n", "80"]

    def said(*more: str) -> list[str]:
        found = equipoise(*wrong, *more, "--json")
        assert found.status == 2
        return [p["code"] for p in found.json["error"]["problems"]]

    assert said("--history", "nope", "--shape", "0")[:3] == ["no-library", "missing", "out-of-range"]
    assert said("--history", "ed-sclc", "--history-x", "3")[0] == "history-twice"
    assert len(said("--history", "ed-sclc", "--history-x", "3")) == 2
    assert said("--arm", "X")[0] == "no-library"
    assert said()[:2] == ["missing", "missing"]
    assert said("--history", "ed-sclc", "--at", "5 years", "--published-only")[0] == "too-few-arms"
    found = equipoise(*TIMES, "--trial", "colon", "--json")
    assert (found.status, found.json["error"]["problems"][0]["code"]) == (2, "no-history")
    found = equipoise(*TIMES, "--history", "ed-sclc", "--arm", "Foster-2015", "--arm", "Lara-2009-EP", "--json")
    assert (found.status, found.json["error"]["problems"][0]["code"]) == (2, "counted-twice")
