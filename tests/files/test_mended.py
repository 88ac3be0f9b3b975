"""Errors of several layers in one file come in one round: each that is told when it is alone is told beside the others."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from equipoise.desk import new
from equipoise.files.mended import read_through
from equipoise.files.trial_file import read_trial
from equipoise.files.trial_folder import read_folder
from equipoise.trial.problem import BadInput, Problem
from helpers import ROOT, tried

MERKEL = (ROOT / "trials" / "templates" / "merkel" / "trial.toml").read_text(encoding="utf-8")
#: What is written for what, by layer: the file's keys, an entry's type, a choice, an endpoint's own rule, a name in another part, the design.
WRONG = {
    "key": ('while_waiting = "continue"', 'while_wating = "continue"'),
    "type": ('population = "Metastatic', 'drop_out = 3\npopulation = "Metastatic'),
    "choice": ('origin = "randomisation"\nevents = ["death"]', 'origin = "randomization"\nevents = ["death"]'),
    "key inside": ("cycles = 17", "cycles = 17\ncyclez = 3"),
    "name": ('endpoint = "ORR"', 'endpoint = "ORE"'),
    "design": ("power = 0.80", "power = 0.80\npowr = 1"),
    "cross": ("target_enrolment = 43", "target_enrolment = 43\n[[arms]]\nname = 'T'\nlabel = 'again'\n"),
}


def problems(folder: Path, *keys: str) -> list[Problem]:
    text = MERKEL
    for key in keys:
        old, new = WRONG[key]
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "trial.toml").write_text(text, encoding="utf-8")
    try:
        read_folder(folder / "trial.toml")
    except BadInput as bad:
        return list(bad.problems)
    return []


@pytest.mark.parametrize("pair", tried([*combinations(WRONG, 2), tuple(WRONG)], {tuple(WRONG)}), ids=" and ".join)
def test_each_is_told_beside_the_others(pair: tuple[str, ...], tmp_path: Path) -> None:
    told = {(p.code, p.where) for p in problems(tmp_path, *pair)}
    for key in pair:
        alone = problems(tmp_path, key)
        assert alone
        if "cross" in pair and key != "cross":
            # The second arm moves the places of what stands below it: the kinds of problems are compared.
            assert {p.code for p in alone} <= {code for code, _ in told}, key
        else:
            assert {(p.code, p.where) for p in alone} <= told, key


def test_nothing_is_told_that_is_not_wrong(tmp_path: Path) -> None:
    """What a mended file brings up must stand when all that was told before is put right."""
    (told,) = (problems(tmp_path, "key", "choice", "design"),)
    assert sorted(p.where for p in told) == [
        "design.powr",
        "endpoints[2].origin",
        "monitoring.while_waiting",
        "monitoring.while_wating",
    ]


def test_a_scenario_is_held_against_a_trial_with_a_misspelling(tmp_path: Path) -> None:
    new.begin(str(tmp_path / "mine"), "merkel", {})
    place = tmp_path / "mine" / "scenarios" / "null.toml"
    place.write_text(
        place.read_text(encoding="utf-8").replace('arms."T"', 'arms."X"') + "\nwrongg = 2\n", encoding="utf-8"
    )
    wheres = [p.where for p in problems(tmp_path / "mine", "key inside")]
    assert any("cyclez" in w for w in wheres)
    assert any(w.startswith("scenarios/null.toml") and "wrongg" in w for w in wheres)
    assert "scenarios/null.toml: arms" in wheres, "the arm X is not the trial's"


def test_a_file_is_never_read_as_mended(tmp_path: Path) -> None:
    (tmp_path / "trial.toml").write_text(MERKEL.replace("cycles = 17", "cycles = 17\ncyclez = 3"), encoding="utf-8")
    with pytest.raises(BadInput, match="cyclez"):
        read_trial(tmp_path / "trial.toml")


def test_what_mending_makes_is_not_told() -> None:
    def read(table: object) -> int:
        assert isinstance(table, dict)
        if "a" not in table:
            raise BadInput("x", [Problem("missing", "a", "nothing", "required"), Problem("other", "b", "1", "2")])
        raise BadInput("x", [Problem("wrong-type", "a", "'1'", "a number")])

    found, told = read_through({"a": "1"}, read)
    assert found is None
    assert [(p.code, p.where) for p in told] == [("wrong-type", "a"), ("other", "b")]
