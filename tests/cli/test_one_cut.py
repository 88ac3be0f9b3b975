"""Every command that reads a log speaks of the same data: those that the trial file states."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from equipoise.analyse.data import cut
from equipoise.files.log_file import read_log, write_new_log
from equipoise.files.trial_file import read_trial
from equipoise.trial.log import Log
from helpers import Answer
from lesion_log import CUTOFF, GROUPS, lesion_log, lesion_trial


@pytest.fixture
def data(tmp_path: Path) -> tuple[Path, Path]:
    return lesion_trial(tmp_path), lesion_log(tmp_path)


@pytest.mark.thorough
def test_answers_analyse_decide_and_export_tell_one_story(
    equipoise: Callable[..., Answer], data: tuple[Path, Path], tmp_path: Path
) -> None:
    trial, log = data
    at = ("--log", log, "--cutoff", CUTOFF)
    n, grow = GROUPS["IMGN901"]
    answered = equipoise("answers", trial, *at, "--json")
    assert answered.status == 0, answered.err
    rate = answered.json["questions"][0]["answers"]
    assert rate[0]["estimate"] == pytest.approx((n - grow) / n - 0.44)
    assert not any(a["better"] for a in rate)
    analysed = equipoise("analyse", trial, *at, "--json").json["endpoints"]["PFS6"]["arms"]["IMGN901"]
    assert (analysed["successes"], analysed["n"]) == (n - grow, n)
    # The look is of the first 39 tested patients, of whom the 20 that grow are the first.
    decided = equipoise("decide", trial, *at, "--look", 1, "--json").json
    assert decided["evidence"]["IMGN901"]["successes"] == 39 - grow
    out = tmp_path / "adam"
    assert equipoise("export", trial, *at, "--as", "adam", "--format", "csv", "--out", out).status == 0
    events = Counter(r["ARMCD"] for r in _rows(out / "adtte.csv") if r["PARAMCD"] == "PFS" and r["CNSR"] == "0")
    assert dict(events) == {arm: grown for arm, (_, grown) in GROUPS.items()}
    told = Counter(r["DRVDESC"] for r in _rows(out / "adrs.csv") if r["PARAMCD"] == "OVR")
    assert told["as recorded"] == 6
    assert told["derived from the lesions; recorded PD"] == 5 * GROUPS["CE"][1]
    page = tmp_path / "page"
    assert equipoise("report", trial, *at, "--out", page).status == 0
    assert f"{n - grow}/{n}" in (page / "report.html").read_text()


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


COMMANDS: dict[str, tuple[str, ...]] = {
    "analyse": ("analyse",),
    "answers": ("answers",),
    "decide": ("decide", "--look", "1"),
    "sensitivity": ("sensitivity",),
    "pool": ("pool",),
    "forecast": ("forecast", "--look", "1"),
}


@pytest.mark.property
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.thorough
def test_deriving_is_recording_what_follows(
    equipoise: Callable[..., Answer], data: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    """A command on derived responses says what it says on a log in which they were recorded."""
    trial, log = data
    folder = tmp_path / "recorded"
    folder.mkdir()
    found = cut(read_trial(trial), read_log(log, "north").log, CUTOFF, CUTOFF.replace(year=CUTOFF.year + 1))
    says = {a.number: a.response for p in found.patients.values() for a in p.every_assessment}
    written = Log(
        replace(e, data={**e.data, "response": says[e.number]}) if e.number in says else e
        for e in read_log(log, "north").log
    )
    write_new_log(folder / "log.jsonl", written)
    as_recorded = lesion_trial(folder, responses="as recorded")
    command, *options = COMMANDS[name]
    one, other = (
        equipoise(command, t, "--log", at, "--cutoff", CUTOFF, *options, "--json")
        for t, at in ((trial, log), (as_recorded, folder / "log.jsonl"))
    )
    assert one.status == 0, one.err
    assert _plain(one.json) == _plain(other.json)


def test_the_hurdle_is_weighted_by_who_is_in_the_one_cut(
    equipoise: Callable[..., Answer], data: tuple[Path, Path], tmp_path: Path
) -> None:
    trial, log = data
    mix = tmp_path / "mix.toml"
    mix.write_text(
        'format = 1\ntitle = "mix"\nendpoint = "PFS"\nat = "6 months"\nsource = "invented"\nverified = "derived"\n'
        + "".join(
            f'[[strata]]\nlevels = {{ ecog = "{e}", ldh = "{d}" }}\nrate = {r}\nn = 100\n'
            for e, d, r in (("0-1", "normal", 0.5), ("0-1", "raised", 0.4), ("2", "normal", 0.3), ("2", "raised", 0.2))
        )
    )
    found = equipoise("history", "hurdle", trial, "--case-mix", mix, "--log", log, "--json")
    assert found.status == 0, found.err
    assert found.json["standardised"]["rate"] == pytest.approx(0.45)
    # Without a cut-off it is the last day of the log: nothing is left out, and the rest is said as by every command.
    assert [line for line in found.err.splitlines() if line.startswith("Note")] == [
        f"Note: {note}" for note in cut(read_trial(trial), read_log(log, "north").log).notes
    ]


def _plain(found: Any) -> Any:
    """Without what names the file and the log, and what only a derivation has."""
    if isinstance(found, dict):
        left_out = ("fingerprints", "cautions", "derived", "time_points")
        return {k: _plain(v) for k, v in found.items() if k not in left_out}
    return [_plain(v) for v in found] if isinstance(found, list) else found


def test_what_is_left_out_is_said_once_and_at_the_edge(
    equipoise: Callable[..., Answer], data: tuple[Path, Path]
) -> None:
    trial, log = data
    for command in (("answers",), ("analyse",), ("pool",)):
        notes = [
            line
            for line in equipoise(*command, trial, "--log", log, "--cutoff", CUTOFF).err.splitlines()
            if line.startswith("Note")
        ]
        assert [n.rsplit(": ", 1)[1] for n in notes] == ["1 event.", "6 assessments."]
    known = cut(read_trial(trial), read_log(log, "north").log)
    assert [n.rsplit(": ", 1)[1] for n in known.notes] == ["6 assessments."]
