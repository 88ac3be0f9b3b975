"""`equipoise pool` says what `equipoise analyse` says, of the field's oncology test data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpers import Answer
from onco_data import ONCO

OWN = """
[assessments]
criterion = "RECIST 1.1"
responses = "from lesions"
first = "6 weeks"
every = "6 weeks"
follow_up_every = "12 weeks"

[[endpoints]]
name = "ORR"
label = "Confirmed response"
role = "secondary"
kind = "response"
success = ["CR", "PR"]
confirmed = true
not_evaluable = "failure"
population = "RESP"

[[endpoints]]
name = "PFS-FDA"
label = "PFS, FDA"
role = "secondary"
kind = "time to event"
origin = "randomisation"
rules = "FDA investigator claims"

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


@pytest.mark.thorough
def test_pool_agrees_with_analyse_on_sdtm_and_says_what_it_left_to_it(
    equipoise: Callable[..., Answer], tmp_path: Path
) -> None:
    log, trial = tmp_path / "onco.jsonl", tmp_path / "onco.trial.toml"
    domains = [str(ONCO / "sdtm" / f"{name}.xpt") for name in ("dm", "ds", "ex", "tu", "tr", "rs")]
    taken = equipoise("import-sdtm", *domains, "--log", str(log))
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
    for name, arms in ours["best"].items():
        for arm, counts in arms.items():
            told = theirs["endpoints"][name]["arms"][arm]
            assert counts == told["by_category"]
    assert ours["patients"] > 5
    assert set(ours["times"]) == {"PFS", "OS", "PFS-FDA", "PFS-IR"}
    assert set(ours["best"]) == {"ORR"}
    assert ours["refused"] == {"PFS-IR": "assessor: accepted", "population CYCLES": "condition: cycles"}
