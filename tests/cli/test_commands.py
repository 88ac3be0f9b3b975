"""The command line as people use it: from the first order to the report, and with bad input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpers import ROOT, recorded


def test_design_simon_as_documented(equipoise: Any) -> None:
    found = equipoise("design", "simon", "--p0", 0.44, "--p1", 0.58, "--alpha", 0.05, "--power", 0.80, "--json").json
    assert {k: found["minimax"][k] for k in ("r1", "n1", "r", "n")} == {"r1": 17, "n1": 39, "r": 42, "n": 80}
    assert set(found) == {"optimal", "minimax", "admissible", "searched_to", "proved"}
    assert set(found["optimal"]) == {"r1", "n1", "r", "n", "en0", "pet0", "alpha", "power"}


def test_check_and_schema(equipoise: Any, tmp_path: Path) -> None:
    page = equipoise("check", "north")
    assert page.status == 0
    assert "PFS, on ITT: next therapy: hypothetical; death: composite" in page.out
    found = equipoise("check", "north", "--json").json
    assert found["ok"] is True
    assert found["estimands"]["PFS"] == {"next therapy": "hypothetical", "death": "composite"}
    assert equipoise("schema").json["$schema"].startswith("https://json-schema.org")
    assert equipoise("schema", "--out", tmp_path / "s.json", "--json").json["written"].endswith("s.json")
    assert equipoise("design", "show", "north", "--rate", 0.5).status == 0


@pytest.mark.parametrize("kind", ["trial", "scenario", "grid", "amendment", "drug"])
def test_the_schemas_in_the_repository_are_today_s(equipoise: Any, kind: str) -> None:
    assert equipoise("schema", "--of", kind).out == (ROOT / "trials" / f"{kind}.schema.json").read_text()


@pytest.fixture
def seed(sealed: Callable[..., Path]) -> Path:
    return sealed("north")


@pytest.mark.thorough
def test_a_trial_by_hand(equipoise: Any, tmp_path: Path, seed: Path) -> None:
    log = tmp_path / "my.log.jsonl"

    def conduct(verb: str, *args: object, ok: bool = True) -> Any:
        answer = equipoise("conduct", verb, "north", "--log", log, *args, env={"EQUIPOISE_BY": "dm"})
        assert (answer.status == 0) == ok, answer.err
        return answer

    conduct("open", "--secret", seed)
    conduct("activate", "--site", "S01", "--on", "2012-04-02")
    conduct("screen", "--patient", "P1", "--site", "S01", "--on", "2012-04-10")
    conduct("screen", "--patient", "P2", "--site", "S01", "--on", "2012-04-10", "--failed", "2,5")
    conduct("enrol", "--patient", "P1", "--on", "2012-04-11", "--factor", "ecog=0-1", "--factor", "ldh=normal")
    assert "criterion 2, 5" in conduct("enrol", "--patient", "P2", "--on", "2012-04-11", ok=False).err
    assert "secret" in conduct("randomise", "--patient", "P1", "--on", "2012-04-11", ok=False).err
    arm = conduct("randomise", "--patient", "P1", "--on", "2012-04-11", "--secret", seed, "--json").json["event"][
        "data"
    ]["arm"]
    assert arm in ("IMGN901", "CE")
    dose = ["--drug", "carboplatin", "--cycle", 1, "--day", 1, "--dose", 5, "--unit", "AUC"]
    assert "not randomised" in conduct("treat", "--patient", "P1", "--on", "2012-04-10", *dose, ok=False).err
    conduct("treat", "--patient", "P1", "--on", "2012-04-12", *dose)
    conduct("assess", "--patient", "P1", "--on", "2012-05-23", "--response", "PR", "--sum-mm", 48)
    conduct(
        "adverse-event",
        "--patient",
        "P1",
        "--on",
        "2012-05-01",
        "--term",
        "neutropenia",
        "--grade",
        3,
        "--serious",
        "true",
    )
    number = conduct("progression", "--patient", "P1", "--on", "2012-07-01", "--basis", "clinical", "--json").json[
        "event"
    ]["number"]
    conduct("correct", "--event", number, "--on", "2012-07-03", "--why", "typing error")
    conduct("next-therapy", "--patient", "P1", "--on", "2012-07-10", "--therapy", "topotecan")
    conduct("contact", "--patient", "P1", "--on", "2012-09-01")
    conduct("death", "--patient", "P1", "--on", "2012-10-01", "--cause", "disease")
    assert "died on 2012-10-01" in conduct("contact", "--patient", "P1", "--on", "2012-11-01", ok=False).err
    assert (
        "second"
        in conduct("randomise", "--patient", "P1", "--on", "2012-04-11", "--secret", seed, "--json", ok=False).out
    )
    assert conduct("verify", "--json").json["ok"] is True
    assert conduct("as-known-on", "2012-05-01", "--json").json["events"] == 0  # all was recorded today
    late = equipoise("analyse", "north", "--log", log, "--cutoff", "2012-12-31", "--known-on", "2100-01-01", "--json")
    found = late.json["endpoints"]["PFS"]["arms"][arm]
    assert (found["n"], found["events"], found["median"]) == (1, 1, 83.0)
    assert "a seed for tests" not in log.read_text()
    report = equipoise(
        "report", "north", "--log", log, "--cutoff", "2012-12-31", "--known-on", "2100-01-01", "--out", tmp_path / "r"
    )
    assert report.status == 0, report.err
    assert "is not ripe" in (tmp_path / "r" / "report.html").read_text()


def test_a_look_that_is_not_ripe_ends_with_2(equipoise: Any, tmp_path: Path) -> None:
    log = tmp_path / "l.jsonl"
    equipoise("conduct", "open", "north", "--log", log, "--by", "t")
    before = log.read_bytes()
    answer = equipoise("decide", "north", "--log", log, "--look", 1, "--cutoff", "2100-01-01", "--json")
    assert answer.status == 2
    assert answer.json["ripe"] is False
    assert answer.json["ripe_on"] is None
    assert "not ripe" in equipoise("decide", "north", "--log", log, "--look", 1, "--cutoff", "2100-01-01").out
    assert log.read_bytes() == before


def test_bad_input_ends_with_2_and_writes_nothing(equipoise: Any, tmp_path: Path) -> None:
    empty, torn = tmp_path / "empty.jsonl", tmp_path / "torn.jsonl"
    empty.write_bytes(b"")
    torn.write_bytes(b'{"number"')
    other = tmp_path / "other.jsonl"
    assert (
        equipoise(
            "conduct", "import", "colon", "--log", other, "--table", ROOT / "trials/colon/colon.csv", "--by", "t"
        ).status
        == 0
    )
    broken = tmp_path / "broken.jsonl"
    lines = other.read_text().splitlines(keepends=True)
    broken.write_text("".join([*lines[:5], lines[5].replace("randomised", "enrolled"), *lines[6:]]))
    bad_trial = tmp_path / "bad.toml"
    bad_trial.write_text(
        (ROOT / "trials/north/trial.toml").read_text().replace("p1 = 0.58", "p1 = 0.40").replace("n1 = 39", "n1 = 90")
    )
    csv = tmp_path / "t.csv"
    csv.write_text("id,rx,time\n1,Obs,-4\n")
    before = sorted(p.name for p in tmp_path.iterdir())
    wrong = {
        ("check", bad_trial): ["design.p1", "must exceed p0 = 0.44", "design.n1", "smaller than the whole"],
        ("check", "nroth"): ["did you mean 'north'"],
        ("analyse", "north", "--log", empty): ["an empty file"],
        ("analyse", "north", "--log", torn): ["torn line"],
        ("analyse", "north", "--log", other): ["a log of trial 'colon'"],
        ("conduct", "verify", "colon", "--log", broken): ["line 6"],
        ("analyse", "colon", "--table", csv): ["column status", "column etype"],
        ("analyse", "north"): ["a log, or a table"],
        ("simulate", "north", "--scenario", "nul"): ["did you mean 'null'"],
        ("simulate", "colon"): ["a [design] in the trial file"],
        ("design", "simon", "--p0", 0.5, "--p1", 0.4, "--alpha", 2, "--power", 0.8): ["alpha", "must exceed p0"],
        ("decide", "north", "--log", tmp_path / "none", "--look", 1, "--cutoff", "2013-01-01"): ["nothing there"],
        ("decide", "north", "--log", empty, "--look", 1, "--cutoff", "01/02/2013"): ["YYYY-MM-DD"],
        ("report", "colon", "--table", csv, "--out", tmp_path / "out"): ["column status"],
        ("anlyse", "north"): ["Did you mean 'analyse'"],
    }
    for args, said in wrong.items():
        answer = equipoise(*args)
        assert answer.status == 2, (args, answer.err)
        for text in said:
            assert text in answer.err, (args, answer.err)
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    found = equipoise("check", bad_trial, "--json")
    assert found.status == 2
    assert {p["code"] for p in found.json["error"]["problems"]} >= {"p1-not-above-p0", "n1-not-below-n"}


def test_analyse_speaks_to_people(equipoise: Any) -> None:
    answer = equipoise("analyse", "colon")
    for text in ("Overall survival", "Log-rank chi²", "929 patients", "Research software"):
        assert text in answer.out


@pytest.mark.process
def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "from equipoise.cli.main import main; main()",
        "simulate",
        "north",
        "--scenario",
        "null",
        "--replicates",
        "50000000",
        "--workers",
        "2",
        "--out",
        str(tmp_path),
        "--json",
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=ROOT
    )
    # Until the first trials are kept: a loaded machine may take minutes to compile the kernel.
    part = tmp_path / "null-continue-seed2012.jsonl.part"  # no name that says it is whole
    deadline = time.monotonic() + 280
    while not (part.exists() and part.stat().st_size) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1, err
    found = json.loads(out)
    assert found["interrupted"] is True
    done = found["summaries"][0]["done"]
    assert 0 < done < 50_000_000
    assert found["unfinished"] == {"file": str(part), "replicates": done, "asked": 50_000_000}
    kept = part.read_text().splitlines()
    assert len(kept) == done
    assert [json.loads(line)["replicate"] for line in kept] == list(range(done))


@pytest.mark.slow
def test_demo(equipoise: Any, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    answer = equipoise("demo", "--out", one, "--replicates", 6, "--workers", 2)
    assert answer.status == 0, answer.err
    assert "r1 = 17, n1 = 39, r = 42, n = 80" in answer.out
    assert "Look 1 of 2" in answer.out
    assert "Look 2 of 2" in answer.out
    again = equipoise("demo", "--out", two, "--replicates", 6, "--workers", 1, "--json")
    assert again.json["chain"]
    names = sorted(p.relative_to(one).as_posix() for p in one.rglob("*") if p.is_file())
    assert {
        "report.html",
        "north.log.jsonl",
        "analysis.json",
        "design.json",
        "simulation.json",
        "decision-look-1.json",
    } <= set(names)
    for name in names:
        if not name.endswith(".lock"):
            assert (one / name).read_bytes() == (two / name).read_bytes(), name
    log = one / "north.log.jsonl"
    assert equipoise("conduct", "verify", "north", "--log", log).status == 0
    look = json.loads((one / "decision-look-1.json").read_text())
    decided = equipoise("decide", "north", "--log", log, "--look", 1, "--cutoff", look["cutoff"], "--json")
    assert decided.json == look
    report = equipoise("report", "north", "--log", log, "--out", tmp_path / "again")
    assert report.status == 0, report.err
    page = (tmp_path / "again" / "report.html").read_text()
    assert f"Look 1 of 2, data cut-off {look['cutoff']}" in page


@pytest.mark.thorough
def test_a_decision_is_recorded(equipoise: Any, tmp_path: Path) -> None:
    equipoise("demo", "--out", tmp_path, "--replicates", 2, "--workers", 1)
    log = tmp_path / "north.log.jsonl"
    cutoff = json.loads((tmp_path / "decision-look-2.json").read_text())["cutoff"]
    lines = len(log.read_text().splitlines())
    args = ["decide", "north", "--log", log, "--look", 2, "--cutoff", cutoff, "--record"]
    assert equipoise(*args).status == 2  # nobody's name is given
    given = equipoise(*args, "--by", "dm", "--json").json
    assert given["recorded"]["number"] == lines + 1
    assert given["recorded"]["hash"] == equipoise("conduct", "verify", "north", "--log", log, "--json").json["hash"]
    events = recorded(log)
    assert len(events) == lines + 1
    assert events[-1]["data"]["look"] == 2
    assert events[-1]["by"] == "dm"
    decision = tmp_path / "decision-look-2.json"
    head = json.loads(decision.read_text())["fingerprints"]["data"]
    assert events[-1]["data"]["head"] == head, "the record says on which data the decision rests"
    assert equipoise("conduct", "verify", "north", "--log", log, "--expect", decision).status == 0
    log.write_text("".join(log.read_text().splitlines(keepends=True)[: lines // 2]))
    cut = equipoise("conduct", "verify", "north", "--log", log, "--expect", decision)
    assert cut.status == 2
    assert f"head {head[:12]}…, told by decision-look-2.json; is not in this log" in cut.err
