"""Bad input of phase I, each through the command line: where, what was given, what is allowed; nothing hides behind another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from equipoise.files.log_file import write_new_log
from equipoise.files.toml_out import toml_text
from helpers import Answer
from parts_trials import Parts, trial, undeclared
from parts_trials import raw as north
from phase1_trials import raw

Equipoise = Callable[..., Answer]
Change = Callable[[dict[str, Any]], object]


def told(answer: Answer) -> dict[str, tuple[str, str]]:
    """Where → what was given and what is allowed; the status is that of input that is refused."""
    assert answer.status == 2, answer.out
    found = {p["where"]: (p["given"], p["allowed"]) for p in answer.json["error"]["problems"]}
    assert all(given and allowed for given, allowed in found.values()), found
    return found


def every_level_wrong(x: dict[str, Any]) -> None:
    """Out of order, without a dose, a start that is no level, a window without length, a rule that no event can meet, a target that is no probability."""
    x["dose_levels"][1]["dose"] = 50
    del x["dose_levels"][3]["dose"]
    x["phase1"] |= {"start": "DL9", "window": "0 days", "target": 1.3}
    x["phase1"]["design"] = {"kind": "boin"}
    x["phase1"]["dlt"]["rules"][0] = {"terms": ["rash"], "exceptions": ["Rash"], "grade_at_least": 3}


def test_a_file_with_everything_wrong_is_told_all_of_it(equipoise: Equipoise, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(toml_text(raw(every_level_wrong)))
    found = told(equipoise("check", file, "--json"))
    assert found.keys() >= {
        "dose_levels[1].dose", "dose_levels[3].dose", "phase1.start", "phase1.window", "phase1.target", "phase1.dlt.rules[0]",
    }  # fmt: skip
    assert found["dose_levels[1].dose"] == ("50", "more than the level before, DL1, 60 mg/m2")
    assert found["phase1.start"] == ("'DL9'", "a level: DL1, DL2, DL3, DL4")
    assert "no event can meet it" in found["phase1.dlt.rules[0]"][1]
    page = equipoise("check", file)
    assert page.status == 2
    for where in found:
        assert where in page.err


@pytest.mark.parametrize(
    ("words", "where", "says"),
    [
        (("crm", "--target", "0.25", "--skeleton", "0.1,0.3,0.2"), "skeleton", "rise"),
        (("boin", "--target", "1.2", "--doses", "4"), "target", "1"),
        (("boin", "--target", "0", "--doses", "4"), "target", "0"),
        (("keyboard", "--target", "-0.3", "--doses", "4"), "target", "0"),
        (("next", "boin", "1NNQ", "--target", "0.3", "--doses", "4"), "position 4", "'Q'"),
        (("next", "boin", "1NN 5N", "--target", "0.3", "--doses", "4"), "cohort 2", "1 to 4"),
        (("next", "a-plus-b", "NNN", "--doses", "4"), "position 1", "a level and then a letter a patient"),
        (("next", "boin", "1NP:", "--target", "0.3", "--doses", "4"), "position 3", "P:days"),
    ],
)
def test_designs_and_histories(equipoise: Equipoise, words: tuple[str, ...], where: str, says: str) -> None:
    found = told(equipoise("design", *words, "--json"))
    (place,) = [k for k in found if where in k]
    assert says in f"{place} {' '.join(found[place])}", found


def test_an_eliminated_dose_and_a_part_two_that_waits(equipoise: Equipoise, tmp_path: Path) -> None:
    def boin(x: dict[str, Any]) -> None:
        x["phase1"] |= {"design": {"kind": "boin"}, "target": 0.25}

    p = Parts(trial(undeclared, boin)).cohort("DL1", "ABC").cohort("DL2", "DEF", toxic="DEF")
    file, log = tmp_path / "north.toml", tmp_path / "log.jsonl"
    file.write_text(toml_text(north(undeclared, boin)))
    p.enrolled("G")
    write_new_log(log, p.c.log)
    on = p.day + timedelta(days=1)
    who = ("--log", log, "--patient", "G", "--on", on, "--by", "ben", "--json")
    asked = equipoise("conduct", "assign", file, "--level", "DL2", *who)
    assert told(asked)["level"] == (
        "'DL2'",
        "a level that is not eliminated; DL2 (IMGN901 75 mg/m2), DL3 (IMGN901 90 mg/m2), DL4 (IMGN901 112 mg/m2) is",
    )
    against = equipoise("conduct", "assign", file, "--level", "DL2", "--against-design", "--why", "asked", *who)
    assert [x["code"] for x in against.json["error"]["problems"]] == ["eliminated"]
    assert (
        equipoise(
            "conduct", "screen", file, "--log", log, "--patient", "H", "--site", "S01", "--on", on, "--by", "ben"
        ).status
        == 0
    )
    entered = ("--factor", "ecog=0-1", "--factor", "ldh=normal")
    assert (
        equipoise("conduct", "enrol", file, "--log", log, "--patient", "H", "--on", on, "--by", "ben", *entered).status
        == 0
    )
    waits = told(
        equipoise("conduct", "randomise", file, "--log", log, "--patient", "H", "--on", on, "--by", "ben", "--json")
    )
    assert "phase II waits for the dose of IMGN901 (mg/m2): phase I has declared none by that day" in waits["H"][1]
