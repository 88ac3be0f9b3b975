"""`sensitivity` and `explain`: the real colon trial, and a small log whose responses come from lesions."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from equipoise.files.bundled import find_trial
from equipoise.files.log_file import write_new_log
from equipoise.trial.log import Log
from helpers import Answer, moment

DAY = date(2012, 6, 1)


def lesion(size: float) -> list[dict[str, Any]]:
    return [{"lesion": "T1", "kind": "target", "state": "measured", "size": size}]


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, Path]:
    """NORTH with responses from lesions, and a log of two patients: one recorded as PR who progressed from the nadir."""
    raw = find_trial("north").read_text()
    trial = tmp_path / "small.toml"
    changed = raw.replace('responses = "as recorded"', 'responses = "from lesions"')
    assert changed != raw
    trial.write_text(changed)
    log = Log()
    log.append("opened", DAY, moment(DAY), "t", data={"trial": "north", "fingerprint": "0" * 64})
    rows: list[tuple[str, int, str, dict[str, Any]]] = [
        ("A", 0, "randomised", {"arm": "IMGN901", "stratum": "all"}),
        ("A", 0, "assessed", {"response": "NE", "baseline": True, "lesions": lesion(40.0)}),
        ("A", 42, "assessed", {"response": "SD", "lesions": lesion(20.0)}),
        ("A", 84, "assessed", {"response": "PR", "lesions": lesion(26.0)}),
        ("B", 0, "randomised", {"arm": "CE", "stratum": "all"}),
        ("B", 0, "assessed", {"response": "NE", "baseline": True, "lesions": lesion(40.0)}),
        ("B", 42, "assessed", {"response": "SD", "lesions": lesion(38.0)}),
        ("B", 50, "next therapy", {}),
        ("B", 84, "assessed", {"response": "PD", "lesions": lesion(60.0)}),
    ]
    for patient, day, kind, data in rows:
        on = DAY + timedelta(days=day)
        log.append(kind, on, moment(DAY + timedelta(days=100)), "t", patient=patient, data=data)
    path = tmp_path / "small.log.jsonl"
    write_new_log(path, log)
    return trial, path


def test_sensitivity_of_a_small_log(equipoise: Callable[..., Answer], small: tuple[Path, Path], tmp_path: Path) -> None:
    trial, log = small
    figure = tmp_path / "pfs.svg"
    answer = equipoise("sensitivity", trial, "--log", log, "--json", "--figure", figure)
    assert answer.status == 0, answer.err
    found = answer.json
    names = ["as stated", "FDA documented progression", "FDA investigator claims", "EMA"]
    assert [u["rules"] for u in found["under"]] == names
    # The next therapy of B censors under all but EMA's rules; A progresses from the nadir under all.
    events = [{p: o["event"] for p, o in u["observed"].items()} for u in found["under"]]
    assert events == [{"A": True, "B": False}] * 3 + [{"A": True, "B": True}]
    assert [(c["patient"], c["rules"], c["days"], c["first_days"]) for c in found["changes"]] == [
        ("B", "EMA, investigator", 84, 42)
    ]
    assert figure.read_text().count("<svg") == 1
    page = equipoise("sensitivity", trial, "--log", log, "--rules", "as stated", "--rules", "EMA")
    assert page.status == 0, page.err
    assert "Progression-free survival under 2 sets of rules" in page.out
    assert "event on day 84: progression" in page.out


def test_explain_of_a_small_log(equipoise: Callable[..., Answer], small: tuple[Path, Path]) -> None:
    trial, log = small
    page = equipoise("explain", trial, "--log", log, "--patient", "A")
    assert page.status == 0, page.err
    words = " ".join(page.out.split())
    assert "recorded PR, derived PD" in words
    assert "6 mm (30.0 %) above the nadir (20 mm on 2012-07-13)" in words
    assert "PFS: event on 2012-08-24, day 84 since randomisation. Progression. [event 5]" in words
    answer = equipoise("explain", trial, "--log", log, "--patient", "A", "--json")
    assert answer.status == 0, answer.err
    pfs = next(o for o in answer.json["endpoints"] if o["endpoint"] == "PFS")
    assert (pfs["source"], pfs["because"]) == (5, "progression")
    assert answer.json["populations"]["PFS6-evaluable"]["source"] == 5


@pytest.mark.thorough
def test_the_colon_trial(equipoise: Callable[..., Answer]) -> None:
    answer = equipoise("sensitivity", "colon", "--endpoint", "RFS", "--rules", "as stated", "--rules", "EMA", "--json")
    assert answer.status == 0, answer.err
    stated, ema = answer.json["under"]
    analysed = equipoise("analyse", "colon", "--json").json["endpoints"]["RFS"]
    # what only `analyse` adds
    beyond = dict.fromkeys(("restricted_mean", "incidence", "subgroups"))
    assert stated["result"] == analysed | beyond
    assert sum(len(u["observed"]) for u in (stated, ema)) == 2 * 929
    told = equipoise("explain", "colon", "--patient", next(iter(stated["observed"])))
    assert told.status == 0, told.err
    assert "Endpoints:" in told.out
    assert "row" in told.out


def test_bad_input_ends_with_2_and_says_everything(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    figure = tmp_path / "none.svg"
    answer = equipoise(
        "sensitivity",
        "colon",
        "--endpoint",
        "RFX",
        "--rules",
        "EMEA",
        "--rules",
        "FDA",
        "--arm",
        "Obz",
        "--figure",
        figure,
        "--json",
    )
    assert answer.status == 2
    problems = json.loads(answer.out)["error"]["problems"]
    assert [p["code"] for p in problems] == ["unknown-rules", "unknown-rules", "unknown-endpoint", "unknown-arm"]
    assert "RFS" in json.dumps(problems[2])
    assert not figure.exists()
    answer = equipoise("explain", "colon", "--patient", "nobody", "--json")
    assert answer.status == 2
    assert answer.json["error"]["problems"][0]["code"] == "unknown-patient"
