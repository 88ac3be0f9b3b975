"""A blind trial at the command line: codes in the log, arms only with the seed file, and what is refused without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from equipoise import desk
from equipoise.files.bundled import find_trial
from equipoise.files.log_file import LogFile
from equipoise.trial.problem import BadInput
from masked_log import masked as masked_log
from masked_log import simulated

PATIENTS = {"P1": ("female", "normal"), "P2": ("female", "normal"), "P3": ("male", "normal"), "P4": ("female", "raised"), "P5": ("female", "normal"), "P6": ("male", "normal")}  # fmt: skip
UNTIL = ("--cutoff", "2014-12-31", "--known-on", "2100-01-01")


class Run:
    """One trial, conducted into one log."""

    def __init__(self, call: Any, trial: object, folder: Path, seed: Path) -> None:
        self.call, self.trial, self.log, self.seed = call, trial, folder / "my.log.jsonl", seed

    def conduct(self, verb: str, *args: object, ok: bool = True) -> Any:
        answer = self.call("conduct", verb, self.trial, "--log", self.log, *args, env={"EQUIPOISE_BY": "dm"})
        assert answer.status == (0 if ok else 2), answer.err
        return answer

    def ask(self, command: str, *args: object) -> Any:
        return self.call(command, self.trial, "--log", self.log, *args)

    def six(self) -> None:
        self.conduct("open", "--secret", self.seed)
        self.conduct("activate", "--site", "S01", "--on", "2014-01-02")
        for i, (patient, (sex, ldh)) in enumerate(PATIENTS.items(), 1):
            on = f"2014-02-0{i}"
            self.conduct("screen", "--patient", patient, "--site", "S01", "--on", on)
            self.conduct("enrol", "--patient", patient, "--on", on, "--factor", f"sex={sex}", "--factor", f"ldh={ldh}")
            self.conduct("randomise", "--patient", patient, "--on", on, "--secret", self.seed)
        for patient, days in (("P1", "2014-05-01"), ("P2", "2014-04-03"), ("P6", "2014-08-09")):
            self.conduct("assess", "--patient", patient, "--on", days, "--response", "PD")


@pytest.fixture
def seed(sealed: Callable[..., Path]) -> Path:
    return sealed("e2511")


@pytest.fixture
def another(sealed: Callable[..., Path]) -> Path:
    return sealed("e2511", 2)


@pytest.fixture
def masked(equipoise: Any, tmp_path: Path, seed: Path) -> Run:
    made = Run(equipoise, "e2511", tmp_path, seed)
    made.six()
    return made


def without_prints(found: Any) -> Any:
    return {k: v for k, v in found.items() if k != "fingerprints"}


def events_of(log: Path) -> str:
    """What was recorded, without the opening: it holds the definition, which names the arms and tells nobody's."""
    return log.read_text().partition("\n")[2]


def test_the_log_tells_no_arm_and_the_key_tells_what_an_open_twin_tells(
    masked: Run, equipoise: Any, tmp_path: Path, seed: Path
) -> None:
    text = events_of(masked.log)
    assert not [word for word in ("CEV", "CEP", "veliparib", "placebo", '"arm"') if word in text]
    folder = tmp_path / "twin"
    folder.mkdir()
    (folder / "trial.toml").write_text(
        find_trial("e2511").read_text().replace('blinding = "double blind"', 'blinding = "open label"')
    )
    twin = Run(equipoise, folder / "trial.toml", folder, seed)
    twin.six()
    assert twin.log.read_text().count('"arm":"CE') == 6
    for command, options in (("decide", ("--look", 1)), ("analyse", ()), ("explain", ("--patient", "P2"))):
        told = masked.ask(command, *options, *UNTIL, "--unblind", seed, "--json")
        open_ = twin.ask(command, *options, *UNTIL, "--json")
        assert told.status == open_.status
        assert without_prints(told.json) == without_prints(open_.json)
    assert events_of(masked.log) == text


NEEDS_AN_ARM: list[tuple[object, ...]] = [
    ("decide", "--look", 1, *UNTIL),
    ("analyse",),
    ("explain", "--patient", "P1"),
    ("sensitivity", "--endpoint", "PFS"),
    ("forecast", "--look", 1),
    ("report", "--out", "made"),
    ("pool",),
    ("export", "--as", "sdtm", "--out", "made"),
    ("export", "--as", "adam", "--out", "made"),
]


def test_what_needs_an_arm_is_refused_without_the_key(masked: Run, tmp_path: Path, another: Path) -> None:
    text = masked.log.read_text()
    for command, *options in NEEDS_AN_ARM:
        options = [tmp_path / "made" if o == "made" else o for o in options]
        for key, code, where in (((), "blinded", "--unblind"), (("--unblind", another), "another-secret", "P1")):
            answer = masked.ask(str(command), *options, *key, "--json")
            assert answer.status == 2, command
            (problem,) = answer.json["error"]["problems"]
            assert (problem["code"], problem["where"]) == (code, where), command
    assert masked.log.read_text() == text
    assert not (tmp_path / "made").exists()


def test_what_needs_no_arm_works_masked(masked: Run, seed: Path, another: Path) -> None:
    assert masked.conduct("verify", "--json").json["ok"] is True
    assert masked.conduct("verify", "--unblind", seed, "--json").json["ok"] is True
    known = masked.conduct("as-known-on", "2100-01-01", "--json").json
    assert known["arms"] == {"masked": {"randomised": 6, "died": 0, "progressed": 3, "withdrew": 0, "lost": 0}}
    assert "Arms masked" in masked.conduct("as-known-on", "2100-01-01").out
    masked.conduct("contact", "--patient", "P3", "--on", "2014-09-01")
    masked.conduct("pause", "--on", "2014-09-01")
    assert "P1" in masked.conduct("verify", "--unblind", another, ok=False).err


def test_a_decision_is_recorded_without_its_reasons(equipoise: Any, tmp_path: Path, seed: Path) -> None:
    """They would tell results by arm. What a safety look counts would too: it is not recorded in a masked log."""
    path = tmp_path / "simulated.log.jsonl"
    LogFile(path).create(masked_log())
    (look,) = simulated().looks
    asked = ("decide", "e2511", "--log", path, "--look", 1, "--cutoff", look.cutoff, "--json")
    given = equipoise(*asked, "--unblind", seed, "--record", "--by", "board")
    assert given.status == 0, given.err
    *before, last = path.read_text().splitlines()
    assert len(before) == len(simulated().log)
    assert '"kind":"decided"' in last
    assert given.json["action"]["name"] in last
    assert all(reason not in last for reason in given.json["because"])
    assert f'"head":"{given.json["fingerprints"]["data"]}"' in last  # the chain's own, though the arms were read
    assert equipoise("conduct", "verify", "e2511", "--log", path).status == 0
    assert equipoise("report", "e2511", "--log", path, "--unblind", seed, "--out", tmp_path / "r").status == 0
    found = desk.opening.load_trial("e2511")
    with pytest.raises(BadInput, match="counts by arm"):
        desk.order.give(
            found, desk.opening.log_of(found, path), lambda c, now: desk.safety.orders(c, [], now.date(), now, "dm")
        )


def test_an_emergency(masked: Run, seed: Path, tmp_path: Path) -> None:
    asked = ("--patient", "P2", "--on", "2014-04-10", "--reason", "anaphylaxis")
    assert "secret" in masked.conduct("unblind", *asked, ok=False).err
    told = masked.conduct("unblind", *asked, "--secret", seed, "--json").json
    assert told["event"]["data"] == {"reason": "anaphylaxis"}
    assert told["arm"] == masked.ask("explain", "--patient", "P2", "--unblind", seed, "--json").json["arm"]
    assert told["arm"] not in events_of(masked.log)
    noted = masked.ask("analyse", "--unblind", seed, "--json")
    assert "unblinded while the trial went on: 1 patient, P2" in noted.err


def test_an_open_trial_has_nothing_to_unblind(equipoise: Any, seed: Path) -> None:
    answer = equipoise("analyse", "colon", "--unblind", seed, "--json")
    assert (answer.status, answer.json["error"]["problems"][0]["code"]) == (2, "not-masked")


@pytest.mark.process
def test_processes_leave_codes_to_each_other(
    equipoise: Any, equipoise_process: Any, tmp_path: Path, seed: Path
) -> None:
    made, apart = (Run(call, "e2511", tmp_path, seed) for call in (equipoise, equipoise_process))
    made.conduct("open", "--secret", seed)
    made.conduct("activate", "--site", "S01", "--on", "2014-01-02")
    codes = set()
    for patient in ("P1", "P2"):
        made.conduct("screen", "--patient", patient, "--site", "S01", "--on", "2014-02-01")
        made.conduct(
            "enrol", "--patient", patient, "--on", "2014-02-01", "--factor", "sex=male", "--factor", "ldh=normal"
        )
        said = apart.conduct("randomise", "--patient", patient, "--on", "2014-02-01", "--secret", seed)
        codes.add(said.out.split("randomised: ")[1].split(",")[0])
    assert len(codes) == 2
    answer = made.ask("decide", "--look", 1, *UNTIL)
    assert answer.status == 2
    assert "holds codes, not arms" in answer.err
    told = made.ask("explain", "--patient", "P1", "--unblind", seed)
    assert told.status == 0
    assert "arm CE" in told.out
