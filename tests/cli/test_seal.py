"""The secret at the command line: made, kept apart, bound to the log; and the attacks that it ends."""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from equipoise.conduct.randomisation import PermutedBlocks
from equipoise.conduct.secret import Secret, read_secrets
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from sealed import secret_file, secret_of

Sealed = Callable[..., Path]


class Run:
    """One trial, conducted into one log in a folder of its own."""

    def __init__(self, call: Any, trial: object, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.call, self.trial, self.log = call, trial, folder / "my.log.jsonl"

    def order(self, verb: str, *args: object) -> Any:
        return self.call("conduct", verb, self.trial, "--log", self.log, *args, env={"EQUIPOISE_BY": "dm"})

    def __call__(self, verb: str, *args: object) -> Any:
        answer = self.order(verb, *args)
        assert answer.status == 0, answer.err
        return answer

    def refused(self, verb: str, *args: object) -> list[str]:
        before = self.log.read_bytes() if self.log.exists() else b""
        answer = self.order(verb, *args, "--json")
        assert answer.status == 2, answer.out
        assert (self.log.read_bytes() if self.log.exists() else b"") == before
        assert "IMGN901" not in answer.out + answer.err
        return [p["code"] for p in answer.json["error"]["problems"]]

    def enrolled(self, *patients: str) -> None:
        for patient in patients:
            self("screen", "--patient", patient, "--site", "S01", "--on", "2012-05-01")
            self("enrol", "--patient", patient, "--on", "2012-05-01", "--factor", "ecog=0-1", "--factor", "ldh=normal")

    def begun(self, secret: Path | None = None) -> Run:
        self("open", *(("--secret", secret) if secret else ()))
        self("activate", "--site", "S01", "--on", "2012-04-02")
        return self


@pytest.fixture
def north(equipoise: Any, tmp_path: Path) -> Run:
    return Run(equipoise, "north", tmp_path / "north")


def asked(patient: str, secret: Path) -> tuple[object, ...]:
    return ("--patient", patient, "--on", "2012-05-02", "--secret", secret)


def test_a_secret_is_made_for_its_owner_alone(equipoise: Any, tmp_path: Path) -> None:
    out = tmp_path / "keys" / "north.secret"
    made = equipoise("conduct", "seal", "north", "--out", out, "--json")
    assert made.status == 0, made.err
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    (secret,) = read_secrets(out.read_text(), "x")
    assert made.json["commitment"] == secret.commitment
    assert len(secret.secret) == 32
    assert secret.secret.hex() not in made.out
    assert "9.7% of the 120 arms" in made.json["warning"]
    again = equipoise("conduct", "seal", "north", "--out", out, "--json")
    assert (again.status, again.json["error"]["problems"][0]["code"]) == (2, "secret-there")
    assert read_secrets(out.read_text(), "x") == [secret]
    page = equipoise("conduct", "seal", "north", "--out", tmp_path / "keys" / "b.secret")
    assert "Warning: Blocks of 3, 6 are stated" in page.out
    assert equipoise("conduct", "seal", "merkel", "--out", tmp_path / "m").status == 2
    assert not (tmp_path / "m").exists()


def test_whoever_gives_the_order_chooses_no_arm(north: Run, sealed: Sealed) -> None:
    """F1: secrets are tried until the next arm is CE, for each of six patients. Six of six before; now none is taken."""
    trial = read_trial(find_trial("north"))
    north.begun(sealed("north"))
    north.enrolled(*[f"P{i}" for i in range(6)])
    for i in range(6):
        wanted = next(k for k in itertools.count(2) if PermutedBlocks(trial, secret_of("north", k)).arm("ecog=0-1 / ldh=normal", i) == "CE")  # fmt: skip
        assert north.refused("randomise", *asked(f"P{i}", sealed("north", wanted))) == ["another-secret"]
    arms = [
        north("randomise", *asked(f"P{i}", sealed("north")), "--json").json["event"]["data"]["arm"] for i in range(6)
    ]
    lists = PermutedBlocks(trial, secret_of("north"))
    assert arms == [lists.arm("ecog=0-1 / ldh=normal", i) for i in range(6)]


def test_nobody_is_randomised_before_a_commitment_stands(north: Run, sealed: Sealed) -> None:
    north.begun()
    north.enrolled("P1")
    assert north.refused("randomise", *asked("P1", sealed("north"))) == ["not-committed"]
    assert north.refused("reseal", "--secret", sealed("north"), "--why", "x") == ["not-committed"]
    assert "committed to the secret" in north("commit", "--secret", sealed("north")).out
    assert north.refused("commit", "--secret", sealed("north", 2)) == ["committed-already"]
    assert north("randomise", *asked("P1", sealed("north"))).status == 0
    verified = north("verify", "--json").json
    assert verified["allocations"][0].startswith("1 allocation: each stratum")


def test_another_secret_with_a_reason(north: Run, sealed: Sealed, tmp_path_factory: pytest.TempPathFactory) -> None:
    first, second = sealed("north"), sealed("north", 2)
    north.begun(first)
    north.enrolled("P1", "P2")
    north("randomise", *asked("P1", first))
    assert north.order("reseal", "--secret", second).status == 2  # --why is asked for
    assert north.refused("reseal", "--secret", second, "--why", " ") == ["no-reason"]
    north("reseal", "--secret", second, "--why", "the first was on a stolen laptop")
    assert north.refused("randomise", *asked("P2", first)) == ["another-secret"]
    both = secret_file(tmp_path_factory.mktemp("both") / "both.secret", secret_of("north"), secret_of("north", 2))
    north("randomise", *asked("P2", both))
    assert "stolen laptop" in north("verify").out
    assert "Every allocation was made again from the secret (2)" in " ".join(
        north("verify", "--secret", both).out.split()
    )
    assert "1 allocation could not be made again" in " ".join(north("verify", "--secret", second).out.split())


def test_every_allocation_is_made_again(north: Run, sealed: Sealed) -> None:
    north.begun(sealed("north"))
    patients = [f"P{i}" for i in range(9)]
    north.enrolled(*patients)
    for patient in patients:
        north("randomise", *asked(patient, sealed("north")))
    said = north("verify", "--secret", sealed("north"), "--json").json["allocations"]
    assert said[0] == "9 allocations: each stratum is that of the patient's factors at that moment."
    assert said[1] == "The arms of each stratum can come from whole blocks of 3, 6."
    assert said[-1] == "Every allocation was made again from the secret (9), and is as it was recorded."
    other = north.order("verify", "--secret", sealed("north", 2), "--json")
    assert other.status == 2
    assert {p["code"] for p in other.json["error"]["problems"]} == {"another-secret"}


OLD = ("northnorthnorth1", "1111111111111111", "a seed for tests, long enough", "5f2b7c1d9e8a4b6c" * 4)


@pytest.mark.parametrize("text", OLD)
def test_a_secret_of_the_old_kind_is_not_accepted(north: Run, sealed: Sealed, tmp_path: Path, text: str) -> None:
    old = tmp_path / "old.seed"
    old.write_text(text)
    old.chmod(0o600)
    north.begun(sealed("north"))
    north.enrolled("P1")
    for verb, args in (
        ("randomise", asked("P1", old)),
        ("randomise", ("--patient", "P1", "--on", "2012-05-02", "--seed-file", old)),
        ("verify", ("--secret", old)),
        ("reseal", ("--secret", old, "--why", "x")),
    ):
        answer = north.order(verb, *args, "--json")
        (problem,) = answer.json["error"]["problems"]
        assert (answer.status, problem["code"]) == (2, "not-sealed"), verb
        assert "conduct seal" in problem["next_step"]
        assert text not in answer.out


def test_where_a_secret_may_not_lie(north: Run, sealed: Sealed, tmp_path: Path, equipoise: Any) -> None:
    """In the log's folder, below it, by a link from there and by a link into it; in the trial's folder; open to others; of another trial."""
    good = sealed("north")
    north.begun(good)
    north.enrolled("P1")
    folder = north.log.parent
    beside = secret_file(folder / "north.secret", secret_of("north"))
    (folder / "keys").mkdir()
    below = secret_file(folder / "keys" / "north.secret", secret_of("north"))
    link_there, link_here = folder / "link.secret", tmp_path / "away.secret"
    link_there.symlink_to(good)
    link_here.symlink_to(beside)
    for path in (beside, below, link_there, link_here):
        assert north.refused("randomise", *asked("P1", path)) == ["secret-place"], path
    good.chmod(0o640)
    assert north.refused("randomise", *asked("P1", good)) == ["secret-open"]
    good.chmod(0o600)
    assert north.refused("randomise", *asked("P1", sealed("e2511"))) == ["another-trial"]
    assert north.refused("randomise", *asked("P1", tmp_path / "nothing")) == ["no-secret"]
    assert north.refused("randomise", *asked("P1", tmp_path)) == ["no-secret"]
    os.mkfifo(tmp_path / "pipe")
    assert north.refused("randomise", *asked("P1", tmp_path / "pipe")) == ["no-secret"]
    in_trial = find_trial("north").parent / "of-a-test.secret"
    answer = equipoise("conduct", "seal", "north", "--out", in_trial, "--json")
    assert (answer.status, answer.json["error"]["problems"][0]["code"]) == (2, "secret-place")
    assert not in_trial.exists()
    worst = secret_file(folder / "worst.secret", secret_of("e2511"))
    worst.chmod(0o644)
    assert north.refused("randomise", *asked("P1", worst)) == ["secret-place", "secret-open"]
    assert north("randomise", *asked("P1", good)).status == 0


def test_the_environment_may_name_it(north: Run, sealed: Sealed) -> None:
    north.begun(sealed("north"))
    north.enrolled("P1")
    answer = north.call(
        "conduct", "randomise", "north", "--log", north.log, "--patient", "P1", "--on", "2012-05-02", "--by", "dm",
        env={"EQUIPOISE_SECRET_FILE": str(sealed("north"))},
    )  # fmt: skip
    assert answer.status == 0, answer.err


@pytest.fixture
def hidden(tmp_path: Path) -> Path:
    """NORTH, its block sizes sealed."""
    folder = tmp_path / "hidden"
    folder.mkdir()
    text = find_trial("north").read_text().replace("block_sizes = [3, 6]", 'block_sizes = "sealed"')
    (folder / "trial.toml").write_text(text)
    (folder / "scenarios").mkdir()
    for path in (find_trial("north").parent / "scenarios").glob("*.toml"):
        (folder / "scenarios" / path.name).write_text(path.read_text())
    return folder / "trial.toml"


def test_sealed_block_sizes(
    equipoise: Any, hidden: Path, tmp_path_factory: pytest.TempPathFactory, sealed: Sealed
) -> None:
    keys = tmp_path_factory.mktemp("keys")
    for blocks, code in (((), "no-blocks"), (("--blocks", "3,7"), "block-size"), (("--blocks", "6,6"), "duplicate-size")):  # fmt: skip
        answer = equipoise("conduct", "seal", hidden, "--out", keys / "x", *blocks, "--json")
        assert (answer.status, answer.json["error"]["problems"][0]["code"]) == (2, code)
    stated = equipoise("conduct", "seal", "north", "--out", keys / "x", "--blocks", "6,9", "--json")
    assert stated.json["error"]["problems"][0]["code"] == "two-block-sizes"
    made = equipoise("conduct", "seal", hidden, "--out", keys / "hidden.secret", "--blocks", "9,15", "--json")
    assert made.json["warning"] is None
    run = Run(equipoise, hidden, tmp_path_factory.mktemp("log"))
    run.begun(keys / "hidden.secret")
    patients = [f"P{i}" for i in range(10)]
    run.enrolled(*patients)
    for patient in patients:
        run("randomise", *asked(patient, keys / "hidden.secret"))
    assert run.refused("reseal", "--secret", sealed("north"), "--why", "x") == ["no-blocks"]
    assert "sizes are sealed" in run("verify").out
    shown = run("verify", "--secret", keys / "hidden.secret").out
    assert "Blocks of 9, 15, sealed until now." in shown
    other = secret_file(keys / "other.secret", secret_of("north", 3, (9, 15)))
    run("reseal", "--secret", other, "--why", "the first was copied by a stranger")
    written = equipoise("report", hidden, "--log", run.log, "--out", run.log.parent / "report")
    assert written.status == 0, written.err
    report = (run.log.parent / "report" / "report.html").read_text()
    assert "permuted blocks of sizes that are sealed" in report
    assert "changed on" in report.split("copied by a stranger")[0][-300:]
    for page in (report, run.log.read_text(), run("verify").out, equipoise("check", hidden, "--json").out, made.out):
        assert not [said for said in ("9, 15", "9 and 15", "[9,15]", "blocks: 9", "blocks of 9") if said in page]
    assert "Blocks of 6 and 9 are assumed" in " ".join(equipoise("check", hidden).out.split())
    foreseen = equipoise("randomisation", hidden, "--replicates", 20, "--json").json
    assert foreseen["foretold"] is None
    assert "Blocks of 6 and 9 are assumed" in foreseen["assumed"]
    simulated = equipoise(
        "simulate", hidden, "--scenario", "target", "--replicates", 2, "--engine", "reference", "--json"
    )
    assert "Blocks of 6 and 9 are assumed" in simulated.json["assumed"]


def test_the_commitment_covers_the_sizes(
    equipoise: Any, hidden: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    keys = tmp_path_factory.mktemp("keys")
    one, other = secret_of("north", 1, (6, 9)), secret_of("north", 1, (3, 6))
    assert one.commitment != other.commitment
    run = Run(equipoise, hidden, tmp_path / "log")
    run.begun(secret_file(keys / "a", one))
    run.enrolled("P1")
    assert run.refused("randomise", *asked("P1", secret_file(keys / "b", other))) == ["another-secret"]


def test_fingerprints_of_files_that_state_sizes_are_what_they_were(hidden: Path) -> None:
    assert read_trial(find_trial("north")).fingerprint.startswith("7d0c6afa4fa7cdeb")
    assert read_trial(hidden).fingerprint != read_trial(find_trial("north")).fingerprint
    dumped = read_trial(hidden).randomisation
    assert dumped is not None
    assert dumped.model_dump()["block_sizes"] == "sealed"
    assert type(dumped).model_validate(dumped.model_dump()) == dumped


@pytest.mark.parametrize("wrong", ['"seald"', "[]", "true", '["sealed"]', "[3, 7]"])
def test_what_block_sizes_may_not_be(equipoise: Any, hidden: Path, wrong: str) -> None:
    hidden.write_text(hidden.read_text().replace('block_sizes = "sealed"', f"block_sizes = {wrong}"))
    answer = equipoise("check", hidden, "--json")
    assert answer.status == 2
    assert {p["where"].split("[")[0] for p in answer.json["error"]["problems"]} == {"randomisation.block_sizes"}


def words() -> list[str]:
    """What people choose when a program asks for a secret: words, the trial, its number, repeated or filled up."""
    some = ["north", "North", "NORTH", "imgn901", "IMGN901", "nct01237678", "secret", "seed", "allocation", "randomisation", "password", "trial", "oncology", "equipoise", "changeme", "qwerty", "12345678"]  # fmt: skip
    tails = ["", *map(str, range(100)), *map(str, range(1990, 2031)), "!", "123", "123456", "_", "-"]
    found = [w * times + t for w in some for t in tails for times in (1, 2, 3, 4)]
    found += [a + sep + b + t for a, b in itertools.product(some, some) for sep in ("", "-", " ") for t in tails]
    found += [c * n for c in "0123456789abcdefghijklmnopqrstuvwxyz" for n in range(16, 33)]
    return list(dict.fromkeys(found))


@pytest.mark.slow
def test_a_dictionary_finds_nothing() -> None:
    """F7: every candidate as the 32 bytes (as it is, filled up, hashed), against the arms of 40 patients; before, one in 302,123 fitted."""
    import hashlib

    trial, strata = read_trial(find_trial("north")), ["ecog=0-1 / ldh=normal", "ecog=2 / ldh=normal"]
    lists = PermutedBlocks(trial, secret_of("north"))
    known = {s: [lists.arm(s, i) for i in range(20)] for s in strata}
    fits = tried = 0
    for word in words():
        text = word.encode()
        for key in (hashlib.sha256(text).digest(), text.ljust(32, b"\0")[:32]):
            tried += 1
            blocks = PermutedBlocks(trial, Secret("north", b"", key))
            fits += all(blocks.arm(s, i) == arm for s in strata for i, arm in enumerate(known[s]))
    assert tried > 200_000
    assert fits == 0
    right = PermutedBlocks(trial, Secret("north", b"", secret_of("north").secret))
    assert all(right.arm(s, i) == arm for s in strata for i, arm in enumerate(known[s]))
