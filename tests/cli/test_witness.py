"""What is kept outside a log, by the command line: keys, checkpoints, receipts, reconciling, the drill, time stamps."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from equipoise.files.signing import read_signer
from equipoise.files.witness_folder import read_file, write_checkpoint
from helpers import Answer

pytest.importorskip("cryptography")
DAY = "2012-04-12"


class Site:
    """A trial that is conducted by the command line, with a witness."""

    def __init__(self, equipoise: Any, folder: Path, secret: Path) -> None:
        self.call, self.folder, self.secret = equipoise, folder, secret
        self.log, self.w, self.receipts = folder / "log.jsonl", folder / "w", folder / "receipts.jsonl"
        self.key, self.pub = folder / "key" / "signing.key", folder / "key" / "signing.pub"
        self.env = {"EQUIPOISE_BY": "dm", "EQUIPOISE_WITNESS": str(self.w), "EQUIPOISE_SIGNING_KEY": str(self.key),
                    "EQUIPOISE_RECEIPT": str(self.receipts)}  # fmt: skip

    def conduct(self, verb: str, *args: object, env: dict[str, str] | None = None) -> Answer:
        answer: Answer = self.call(
            "conduct", verb, "north", "--log", self.log, *args, env=self.env if env is None else env
        )
        return answer

    def enrol(self, patient: str) -> None:
        self.conduct("screen", "--patient", patient, "--site", "S01", "--on", DAY)
        done = self.conduct(
            "enrol", "--patient", patient, "--on", DAY, "--factor", "ecog=0-1", "--factor", "ldh=normal"
        )
        assert done.status == 0, done.err

    def randomise(self, patient: str, *args: object, env: dict[str, str] | None = None) -> Answer:
        return self.conduct("randomise", "--patient", patient, "--on", DAY, "--secret", self.secret, *args, env=env)

    def verify(self, *args: object) -> Answer:
        return self.conduct("verify", "--witness", self.w, "--trust", self.pub, *args)

    def cut(self, lines: int) -> None:
        kept = self.log.read_text().splitlines(keepends=True)[:-lines]
        self.log.write_text("".join(kept))

    @property
    def checkpoints(self) -> list[Path]:
        return sorted(self.w.glob("*.checkpoint"))


@pytest.fixture
def site(equipoise: Any, tmp_path: Path, sealed: Callable[..., Path]) -> Site:
    site = Site(equipoise, tmp_path, sealed("north"))
    assert equipoise("conduct", "keys", "--out", tmp_path / "key", "--name", "trials.example.org").status == 0
    site.w.mkdir()
    assert site.conduct("open", "--secret", site.secret).status == 0
    assert site.conduct("activate", "--site", "S01", "--on", "2012-04-02").status == 0
    for patient in ("P1", "P2"):
        site.enrol(patient)
        assert site.randomise(patient).status == 0
    return site


def test_orders_leave_checkpoints_and_receipts_that_tell_no_arm(site: Site) -> None:
    assert [int(p.name.split("-")[1]) for p in site.checkpoints] == [2, 6, 9]
    for path in site.checkpoints:
        point, note = read_file(path)
        assert path.name == f"north-{point.number:09d}-{point.hash[:12]}.checkpoint"
        assert [s.name for s in note.signatures] == ["trials.example.org"]
        assert note.text == point.text, "the trial, the number, the hash and the time: nothing else"
    lines = [json.loads(line) for line in site.receipts.read_text().splitlines()]
    assert [line["number"] for line in lines] == list(range(2, 10))
    assert {key for line in lines for key in line} == {"trial", "number", "hash"}
    whole = site.verify("--expect", site.receipts)
    assert "3 witnessed heads are in this log, the last that of event 9" in whole.out
    shown = site.verify("--json").json
    assert (shown["ok"], shown["events"], shown["witnessed"]) == (True, 9, 3)
    assert shown["hash"] == lines[-1]["hash"]


def test_an_order_says_its_checkpoint_in_json(site: Site) -> None:
    site.enrol("P3")
    done = site.randomise("P3", "--json").json
    assert done["checkpoint"] == str(site.checkpoints[-1])
    assert done["notes"] == []
    assert read_file(site.checkpoints[-1])[0].hash == done["hash"]
    other = site.conduct("contact", "--patient", "P3", "--on", DAY, "--json").json
    assert other["checkpoint"] is None


def test_a_cut_log_is_found_in_one_sentence_and_nobody_is_randomised(site: Site) -> None:
    shutil.copyfile(site.log, site.folder / "whole")
    site.cut(2)
    answer = site.verify()
    assert answer.status == 2
    assert "got a log cut after event 7" in answer.err
    assert "head 9 was witnessed on 20" in answer.err
    assert answer.err.startswith(f"{site.log}: 1 problem\n")
    problems = site.verify("--json").json["error"]["problems"]
    assert [p["code"] for p in problems] == ["cut-tail"]
    site.conduct("enrol", "--patient", "P2", "--on", DAY, "--factor", "ecog=0-1", "--factor", "ldh=normal")
    before = site.log.read_bytes()
    refused = site.randomise("P2")
    assert refused.status == 2
    assert "the log is not what was witnessed" in refused.err
    assert "IMGN901" not in refused.err
    assert site.log.read_bytes() == before
    shutil.copyfile(site.folder / "whole", site.log)
    assert site.verify().status == 0


def test_reconciling_is_recorded_and_the_trial_goes_on(site: Site) -> None:
    site.cut(3)
    order = ["reconcile", "--why", "disk lost; P2 entered again from the site's receipts"]
    assert site.conduct("verify").status == 2  # the environment names the witness
    nameless = site.conduct(*order, env={**site.env, "EQUIPOISE_BY": ""})
    assert nameless.status == 2
    assert site.conduct("reconcile", "--why", " ").status == 2
    contact = site.conduct("contact", "--patient", "P1", "--on", DAY)
    assert contact.status == 0
    done = site.conduct(*order)
    assert done.status == 0, done.err
    said = " ".join(done.out.split())
    assert (
        "dm reconciled the log with its witness. Lost after event 6: up to 3 events, up to head 9. Why: disk lost"
        in said
    )
    again = site.conduct(*order)
    assert again.status == 2
    assert "nothing to reconcile" in again.err
    site.enrol("P2")
    assert site.randomise("P2").status == 0
    whole = site.verify()
    assert whole.status == 0, whole.err
    assert "Why: disk lost; P2 entered again from the site's receipts" in " ".join(whole.out.split())
    event = next(json.loads(x) for x in site.log.read_text().splitlines() if '"reconciled"' in x)
    assert "reconciled" in json.dumps(event)
    number = len(site.log.read_text().splitlines()) - 3
    assert site.conduct("void", "--event", number, "--why", "x").status == 2  # it stands


def test_receipts_of_what_was_lost_are_reconciled_with_it(site: Site) -> None:
    site.conduct("contact", "--patient", "P2", "--on", DAY)  # 10: receipted, not witnessed
    site.cut(3)
    short = site.folder / "short"
    short.write_text("9 " + json.loads(site.receipts.read_text().splitlines()[7])["hash"][:20])
    assert site.verify("--expect", site.receipts).err.count("   got ") == 4
    done = site.conduct("reconcile", "--why", "disk lost", "--expect", site.receipts, "--expect", short, "--json").json
    data = done["event"]["data"]
    assert (data["number"], [h["number"] for h in data["lost"]]) == (7, [8, 9, 10])
    whole = site.verify("--expect", site.receipts)
    assert whole.status == 0, whole.err
    assert "Lost after event 7: up to 3 events, up to head 10" in " ".join(whole.out.split())
    assert site.verify("--expect", short).status == 2, "half a hash is not known to be that one"


def test_other_orders_go_on_unwitnessed_and_say_so(site: Site) -> None:
    site.cut(2)
    before = [p.name for p in site.checkpoints]
    done = site.conduct("amend", "--on", DAY, "--why", "nothing")
    assert done.status == 0, done.err
    assert "Recorded, but not witnessed: the log is not what was witnessed" in done.err
    assert [p.name for p in site.checkpoints] == before


def test_what_cannot_be_used_as_a_witness_is_said_before_anything_is_done(site: Site) -> None:
    before = site.log.read_bytes()
    site.enrol("P3")
    enrolled = site.log.read_bytes()
    assert enrolled != before
    gone = {**site.env, "EQUIPOISE_WITNESS": str(site.folder / "gone")}
    both = site.randomise("P3", "--signing-key", site.folder / "none", env=gone)
    assert both.status == 2
    assert "no folder" in both.err
    assert "--signing-key" in both.err
    keyless = {k: v for k, v in site.env.items() if k != "EQUIPOISE_SIGNING_KEY"}
    assert "conduct keys makes one" in site.randomise("P3", env=keyless).err
    site.key.chmod(0o644)
    assert os.name != "posix" or "chmod 600" in site.randomise("P3").err
    site.key.chmod(0o600)
    assert site.log.read_bytes() == enrolled
    (site.w / "a.checkpoint").write_text("half a copy")
    refused = site.randomise("P3")
    assert "a.checkpoint   got no signature" in refused.err
    assert site.log.read_bytes() == enrolled
    (site.w / "a.checkpoint").unlink()
    assert site.randomise("P3").status == 0


def test_a_witness_that_cannot_be_written_does_not_undo_the_record(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    site.enrol("P3")
    monkeypatch.setattr("equipoise.files.witness_folder.write_new", full)
    done = site.randomise("P3", "--json").json
    assert done["notes"] == ["Recorded, but not witnessed: No space left on device."]
    assert done["checkpoint"] is None
    monkeypatch.undo()
    assert site.verify("--expect", done["hash"]).status == 0


def test_a_receipt_that_cannot_be_written_does_not_undo_the_record(site: Site) -> None:
    count = len(site.log.read_text().splitlines())
    done = site.conduct("contact", "--patient", "P1", "--on", DAY, "--receipt", "/proc/no such folder/receipts.jsonl")
    assert done.status == 0
    assert "Recorded, but no receipt was written" in done.err
    assert len(site.log.read_text().splitlines()) == count + 1


def test_what_holds_no_receipts_is_refused_before_anything_is_recorded(site: Site) -> None:
    """The log itself, most of all: a line of ours in it, and no order could be given any more."""
    before = site.log.read_bytes()
    for path in (site.log, site.log / "below a file", site.key, "/dev/full"):
        done = site.conduct("contact", "--patient", "P1", "--on", DAY, "--receipt", path)
        assert done.status == 2
        assert "a file of receipts" in done.err
    assert site.log.read_bytes() == before


def test_signatures_are_checked_by_the_keys_that_are_trusted(site: Site) -> None:
    assert "Signatures of checkpoints were not checked" in site.conduct("verify", "--witness", site.w).out
    made = site.call("conduct", "keys", "--out", site.folder / "other", "--json").json
    stranger = site.conduct("verify", "--witness", site.w, "--trust", made["verifier"])
    assert stranger.status == 2
    assert stranger.err.count("with another key than those trusted") == 3
    both = site.conduct("verify", "--witness", site.w, "--trust", made["public"], "--trust", site.pub)
    assert both.status == 0, both.err
    last = site.checkpoints[-1]
    last.write_text(last.read_text().replace("time 2", "time 3", 1))
    changed = site.verify()
    assert "a false signature in the name of trials.example.org" in changed.err
    assert changed.err.count("   got ") == 1
    assert site.conduct("verify", "--witness", site.w, "--trust", "nonsense").status == 2


def test_two_heads_of_one_event_are_two_logs(site: Site) -> None:
    whole = site.log.read_bytes()
    site.cut(1)
    site.conduct("contact", "--patient", "P1", "--on", DAY)
    text = site.conduct("checkpoint", "--as-text", env={**site.env, "EQUIPOISE_WITNESS": ""})
    assert text.status == 0, text.err
    site.log.write_bytes(whole)
    (site.w / "from-a-mail.checkpoint").write_text(text.out[text.out.index("equipoise/north") :])
    answer = site.verify()
    assert answer.status == 2
    assert "two heads of event 9" in answer.err
    assert "two logs were shown" in answer.err


def test_a_checkpoint_by_hand(site: Site) -> None:
    by_day = site.conduct("checkpoint", "--witness", site.w, "--json").json
    point, _ = read_file(Path(by_day["file"]))
    assert (point.number, point.hash) == (by_day["number"], by_day["hash"])
    mail = site.conduct("checkpoint", "--as-text", env={"EQUIPOISE_SIGNING_KEY": str(site.key)})
    assert "Keep this mail" in mail.out
    (site.folder / "mail").write_text(mail.out[mail.out.index("equipoise/north") :])
    assert site.conduct("verify", "--expect", site.folder / "mail", env={}).status == 0
    site.cut(1)
    assert site.conduct("verify", "--expect", site.folder / "mail", env={}).status == 2
    signed = site.conduct("checkpoint", "--witness", site.w)
    assert signed.status == 2
    assert "the log is not what was witnessed" in signed.err
    assert site.conduct("checkpoint", env={"EQUIPOISE_SIGNING_KEY": str(site.key)}).status == 2


def test_what_is_expected_is_in_the_chain_or_named(site: Site) -> None:
    head = site.conduct("verify", "--json").json["hash"]
    for told in (head, f"9 {head}", f"9 {head[:4]}-{head[4:8]}-{head[8:12]}-{head[12:16]}"):
        assert site.conduct("verify", "--expect", told).status == 0, told
    for told in (f"8 {head}", "f" * 64):
        wrong = site.conduct("verify", "--expect", told)
        assert wrong.status == 2
        assert "is not in this log of 9 events" in wrong.err
    order = site.conduct("contact", "--patient", "P1", "--on", DAY, "--json")
    decision = site.call("analyse", "north", "--log", site.log, "--json")
    assert decision.status == 0, decision.err
    for name, text in (("order.json", order.out), ("analysis.json", decision.out), ("plain", f"\n9 {head}\n")):
        (site.folder / name).write_text(text)
    all_of_them = [x for name in ("order.json", "analysis.json", "plain") for x in ("--expect", site.folder / name)]
    assert site.conduct("verify", *all_of_them).status == 0
    site.w.rename(site.folder / "elsewhere")
    site.cut(1)
    cut = site.conduct("verify", *all_of_them, env={})
    assert cut.err.count("is not in this log") == 2, cut.err


@pytest.mark.parametrize(
    "text", ["", "\n\n", "hello", "{}", "[]", '{"hash": 3}', '{"hash": "abc"}', '{"fingerprints": {"data": ""}}', "[" * 50_000,
             '{"trial": "south", "number": 1, "hash": "' + "0" * 64 + '"}', '{"number": -1, "hash": "' + "0" * 64 + '"}',
             '{"number": "1", "hash": "' + "0" * 64 + '"}', "\ud800", "equipoise/north\n\n— a b\n"],
)  # fmt: skip
def test_a_file_without_a_receipt_is_refused_in_words(site: Site, text: str) -> None:
    (site.folder / "r").write_bytes(text.encode("utf-8", "surrogatepass"))
    answer = site.conduct("verify", "--expect", site.folder / "r")
    assert answer.status == 2
    assert "no-receipt" in site.conduct("verify", "--expect", site.folder / "r", "--json").out
    assert "Traceback" not in answer.err


def test_the_drill_ends_with_the_same_head_or_what_is_missing(site: Site) -> None:
    back_up = site.folder / "backup.jsonl"
    shutil.copyfile(site.log, back_up)

    def drill(*args: object) -> Answer:
        answer: Answer = site.call(
            "conduct", "drill", "north", "--backup", back_up, "--trust", site.pub, *args, env=site.env
        )
        return answer

    done = drill("--log", site.log)
    assert done.status == 0, done.err
    assert done.out.splitlines()[-1] == "Same head."
    assert drill("--json").json["same_head"] is True
    site.enrol("P3")
    site.randomise("P3")
    before = sorted(p.name for p in site.folder.rglob("*"))
    late = drill("--expect", site.receipts, "--log", site.log)
    assert late.status == 1
    missing = [line for line in late.out.splitlines() if line.startswith("Missing: head ")]
    assert len(missing) == 5  # a checkpoint, three receipts, the head of the log in use
    assert "Same head" not in late.out
    assert drill("--json").json["missing"][0]["number"] == 12
    assert sorted(p.name for p in site.folder.rglob("*")) == before
    alone = site.call("conduct", "drill", "north", "--backup", back_up)
    assert (
        alone.status,
        "nothing-known" in site.call("conduct", "drill", "north", "--backup", back_up, "--json").out,
    ) == (2, True)
    (site.folder / "empty").mkdir()
    assert site.call("conduct", "drill", "north", "--backup", back_up, "--witness", site.folder / "empty").status == 2
    back_up.write_text("hello")
    assert drill().status == 2
    back_up.unlink()
    assert "no-file" in drill("--json").out


def test_a_log_in_a_database_is_witnessed_drilled_and_found_rolled_back(site: Site) -> None:
    places = [f"sqlite:///{site.folder / name}" for name in ("a.db", "b.db")]
    for place in places:
        assert site.call("conduct", "prepare", place).status == 0
        moved = site.call("conduct", "move", "north", "--from", site.log, "--to", place)
        assert moved.status == 0, moved.err
    site.log = places[0]  # type: ignore[assignment]
    site.enrol("P3")
    done = site.randomise("P3", "--json").json
    assert done["checkpoint"] == str(site.checkpoints[-1])
    assert site.verify("--expect", site.receipts).status == 0
    known = ("--witness", site.w, "--trust", site.pub, "--log", site.log)
    assert site.call("conduct", "drill", "north", "--backup", places[0], *known).out.splitlines()[-1] == "Same head."
    late = site.call("conduct", "drill", "north", "--backup", places[1], *known)
    assert late.status == 1
    assert late.out.count("Missing: head 12") == 2
    site.log = places[1]  # type: ignore[assignment]
    site.enrol("P4")
    refused = site.randomise("P4")
    assert "the log is not what was witnessed" in refused.err


@pytest.mark.process
@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["conduct", "keys", "--out", "k"], "A key needs cryptography: pip install 'equipoise[sign]'"),
        (["conduct", "open", "north", "--log", "l", "--by", "dm", "--witness", "."], "--witness needs cryptography"),
        (
            ["conduct", "checkpoint", "north", "--log", "l", "--signing-key", "k", "--as-text"],
            "A checkpoint needs cryptography",
        ),
        (["conduct", "verify", "north", "--log", "l", "--trust", "k"], "--trust needs cryptography"),
    ],
)
def test_without_cryptography_it_is_said_before_any_work(tmp_path: Path, args: list[str], said: str) -> None:
    code = "import sys; sys.modules['cryptography'] = None; from equipoise.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith(said)
    assert list(tmp_path.iterdir()) == []


# -- time stamps ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """A time-stamping authority of our own: answers a request's file with a token's. Its certificate is `ca.pem` beside it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl command here: time stamps are not tried")
    folder = tmp_path_factory.mktemp("tsa")

    def call(*args: object) -> None:
        subprocess.run([openssl, *map(str, args)], check=True, capture_output=True, cwd=folder, timeout=60)

    (folder / "tsa.cnf").write_text(
        "[tsa]\ndefault_tsa = t\n[t]\nserial = ./serial\nsigner_cert = ./tsa.pem\nsigner_key = ./tsa.key\ncerts = ./ca.pem\n"
        "signer_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = secs:1\nordering = yes\n"
        "tsa_name = yes\ness_cert_id_chain = no\ness_cert_id_alg = sha256\n"
    )
    (folder / "ext").write_text("extendedKeyUsage = critical,timeStamping\n")
    (folder / "serial").write_text("01\n")
    call("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", 3, "-subj", "/CN=test CA")  # fmt: skip
    call("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=test TSA")  # fmt: skip
    call("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", 2, "-extfile", "ext", "-out", "tsa.pem")  # fmt: skip

    def answer(request: Path) -> Path:
        token = folder / f"{request.parent.parent.name}-{request.stem}.answer"
        call("ts", "-reply", "-config", "tsa.cnf", "-queryfile", request, "-out", token)
        return token

    answer.certificate = folder / "ca.pem"  # type: ignore[attr-defined]
    return answer


@pytest.mark.process
def test_a_time_stamp_is_asked_for_kept_and_checked_offline(site: Site, authority: Any) -> None:
    ca = authority.certificate
    first, last = site.checkpoints[0], site.checkpoints[-1]
    asked = site.call("conduct", "stamp", last, "--json").json
    request = Path(asked["file"])
    assert (request.suffix, asked["at"]) == (".tsq", None)
    token = authority(request)
    kept = site.call("conduct", "stamp", last, "--token", token, "--authority", ca)
    assert kept.status == 0, kept.err
    assert "stamped 20" in kept.out
    assert "1 time stamp holds" in " ".join(site.verify("--authority", ca).out.split())
    assert "1 time stamp was not checked" in " ".join(site.verify().out.split())
    of_another = site.call("conduct", "stamp", first, "--token", token, "--authority", ca)
    assert of_another.status == 2
    assert "message imprint mismatch" in of_another.err
    by_another = site.call("conduct", "stamp", last, "--token", token, "--authority", site.pub)
    assert by_another.status == 2
    point, _ = read_file(last)
    ahead = replace(point, at=point.at + timedelta(days=1))
    path = write_checkpoint(site.w, ahead, read_signer(site.key).sign(ahead.text))
    made = site.call("conduct", "stamp", path, "--json").json["file"]
    assert site.call("conduct", "stamp", path, "--token", authority(Path(made)), "--authority", ca).status == 0
    assert "the clock that recorded it was ahead" in site.verify("--authority", ca).err
    path.unlink()
    path.with_name(path.name + ".tsr").unlink()
    assert site.verify("--authority", ca).status == 0
    shutil.copyfile(token, first.with_name(first.name + ".tsr"))
    answer = site.verify("--authority", ca)
    assert answer.status == 2
    assert [p["code"] for p in site.verify("--authority", ca, "--json").json["error"]["problems"]] == ["false-stamp"]
    (site.folder / "junk").write_bytes(b"\x30\x82junk")
    for junk in (site.folder / "junk", site.folder / "none"):
        assert site.call("conduct", "stamp", last, "--token", junk, "--authority", ca).status == 2
    assert site.call("conduct", "stamp", site.log).status == 2
    assert site.call("conduct", "stamp", last, "--token", token).status == 2


def test_without_openssl_a_time_stamp_says_what_to_install(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    answer = site.call("conduct", "stamp", site.checkpoints[0])
    assert answer.status == 1
    assert "needs the command openssl" in answer.err
