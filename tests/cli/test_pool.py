"""`equipoise pool` says what `equipoise analyse` says, of the field's oncology test data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpers import Answer
from onco_data import DOMAINS, ONCO

OWN = """
[[populations]]
name = "CYCLES"
label = "At least two cycles begun"
require = [{ what = "cycles", at_least = 2 }]

[[endpoints]]
name = "PFS-IR"
label = "PFS, independent"
role = "secondary"
kind = "time to event"
origin = "randomisation"
rules = "FDA documented progression"
assessor = "accepted"
population = "CYCLES"
"""


def test_pool_agrees_with_analyse_on_sdtm_and_says_what_it_left_to_it(
    equipoise: Callable[..., Answer], tmp_path: Path
) -> None:
    log, trial = tmp_path / "onco.jsonl", tmp_path / "onco.trial.toml"
    taken = equipoise("import-sdtm", *(str(ONCO / "sdtm" / name) for name in DOMAINS), "--log", str(log))
    assert taken.status == 0, taken.err
    trial.write_text(trial.read_text() + OWN)
    ours: dict[str, Any] = equipoise("pool", str(trial), "--log", str(log), "--json").json["summary"]
    theirs: dict[str, Any] = equipoise("analyse", str(trial), "--log", str(log), "--json").json
    for name, arms in ours["times"].items():
        for arm, found in arms.items():
            told = theirs["endpoints"][name]["arms"][arm]
            assert (found["n"], found["events"]) == (told["n"], told["events"])
            assert found["ci_months"] == pytest.approx(told["median_ci_months"])
    for name, members in theirs["populations"].items():
        assert ours["populations"][name] == sum(m["member"] for m in members)
    assert ours["patients"] > 5
    assert ours["times"]["PFS-IR"]
    assert ours["refused"] == {"PFS-IR": "assessor: accepted", "population CYCLES": "condition: cycles"}
