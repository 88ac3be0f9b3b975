"""Editions of CTCAE as people use them: recorded, cautioned of, exported and taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from equipoise.analyse.data import cut
from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.log_file import read_log, write_new_log
from equipoise.files.scenario_file import read_scenario
from equipoise.files.trial_file import read_trial
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """NORTH graded by CTCAE 5, its rule on grade 3 or worse, and the log of a simulated trial."""
    folder = tmp_path_factory.mktemp("editions")
    file, log = folder / "trial.toml", folder / "log.jsonl"
    text = find_trial("north").read_text().replace("counts = { fatal = true }", "counts = { grade_at_least = 3 }", 1)
    file.write_text(text.replace("[[safety]]", '[adverse_events]\ndictionary = "CTCAE"\nversion = 5\n\n[[safety]]', 1))
    trial = read_trial(file)
    truth = read_scenario(find_scenario(find_trial("north"), "toxic"))
    write_new_log(log, run(Plan.of(trial, truth, 2012), 0, detail=True).log)
    return file, log


def test_two_editions_are_told_wherever_they_are_counted_and_come_back_from_sdtm(
    equipoise: Any, given: tuple[Path, Path], tmp_path: Path
) -> None:
    file, log = given
    trial = read_trial(file)
    people = cut(trial, read_log(log).log).on_arm("IMGN901")
    free = [p for p in people if p.doses and not any(e.data["grade"] > 2 for e in p.adverse_events)]
    for p, edition in zip(
        free,
        (("--serious", "true", "--criteria", "hospitalisation, disability"), ("--ctcae", 4), ("--ctcae", 4)),
        strict=False,
    ):
        answer = equipoise(
            "conduct", "adverse-event", file, "--log", log, "--patient", p.name, "--term", "rash", "--grade", 3,
            "--on", p.doses[0].happened, "--by", "dm", *edition,
        )  # fmt: skip
        assert answer.status == 0, answer.err
    assert ["hospitalisation", "disability"] in [e.data.get("criteria") for e in read_log(log).log]
    refused = equipoise(
        "conduct", "adverse-event", file, "--log", log, "--patient", free[0].name, "--term", "rash", "--grade", 7, "--ctcae", 2,
        "--on", free[0].doses[0].happened, "--by", "dm",
    )  # fmt: skip
    assert refused.status == 2
    assert "3 to 6" in refused.err
    assert "1 to 5" in refused.err

    said = "2 by CTCAE 4, "
    at = ("--log", log, "--cutoff", datetime.now(UTC).date() + timedelta(days=1))
    analysed = equipoise("analyse", file, *at)
    assert said in " ".join(analysed.out.split()), analysed.err
    found = equipoise("analyse", file, *at, "--json").json
    assert said in found["cautions"]["adverse events"]
    (tested,) = (a for a in found["safety"] if a["arm"] == "IMGN901")
    assert tested["editions"]["4"] == 2
    assert set(tested["editions"]) == {"4", "5"}
    asked = equipoise("decide", file, *at, "--safety")
    assert said in " ".join(asked.out.split()), asked.err
    (rule,) = equipoise("decide", file, *at, "--safety", "--json").json["rules"]
    assert any(said in c for c in rule["cautions"])
    report = equipoise("report", file, *at, "--out", tmp_path / "report")
    assert report.status == 0, report.err
    assert said in (tmp_path / "report" / "report.html").read_text()

    out = tmp_path / "sdtm"
    exported = equipoise("export", file, *at, "--as", "sdtm", "--format", "csv", "--out", out)
    assert exported.status == 0, exported.err
    define = (out / "define.xml").read_text()
    assert "Graded by CTCAE 5; AECTCAE in SUPPAE" in define
    back = tmp_path / "back.jsonl"
    taken = equipoise("import-sdtm", out, "--log", back, "--trial", file)
    assert taken.status == 0, taken.err
    for path in (log, back):
        snap = cut(trial, read_log(path).log)
        events = [e for e in snap.events if e.kind == "adverse event"]
        assert [e.data["ctcae"] for e in events if "ctcae" in e.data] == [4, 4]
