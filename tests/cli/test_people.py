"""People at the command line: a log opened with them, from the first grant to who may read what; and what a refusal tells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from equipoise.files.log_file import LogFile
from people_log import PEOPLE, SITES, log
from sealed import secret_file, secret_of

DAY = "2013-07-20"


class Run:
    """NORTH in one log."""

    def __init__(self, call: Any, folder: Path) -> None:
        self.call, self.log = call, folder / "log.jsonl"

    def order(self, verb: str, by: str, *args: object, code: str = "") -> Any:
        answer = self.call("conduct", verb, "north", "--log", self.log, "--by", by, *args, "--json")
        assert answer.status == (2 if code else 0), answer.out + answer.err
        if code:
            assert [p["code"] for p in answer.json["error"]["problems"]] == [code]
        return answer

    def read(self, *args: object, by: str | None = None) -> Any:
        verb, *rest = args
        return self.call(*str(verb).split(), "north", "--log", self.log, *rest, *(("--as", by) if by else ()))


@pytest.fixture
def run(equipoise: Any, tmp_path: Path) -> Run:
    return Run(equipoise, tmp_path / "log")


@pytest.fixture
def written(run: Run) -> Run:
    run.log.parent.mkdir()
    LogFile(run.log, "north").create(log())
    return run


def test_from_the_opening_to_the_first_patient(run: Run, tmp_path: Path) -> None:
    secret = secret_file(tmp_path / "secret", secret_of("north"))
    run.order("open", "ben", "--administrator", "ada", "--secret", secret)
    run.order("activate", "ben", "--site", "S01", "--on", DAY, code="no-role")
    run.order("grant", "ada", "--person", "ada", "--role", "sponsor", "--on", DAY, code="own-grant")
    for person, role, sites in (("sam", "sponsor", ""), ("ivy", "investigator", "S01"), ("kim", "committee", "")):
        run.order(
            "grant", "ada", "--person", person, "--role", role, "--sites", sites, "--name", f"Dr {person}", "--on", DAY
        )
    run.order("activate", "ivy", "--site", "S01", "--on", DAY, code="not-your-order")
    run.order("activate", "sam", "--site", "S01", "--on", DAY)
    run.order("screen", "ivy", "--patient", "S01-001", "--site", "S01", "--on", DAY)
    run.order("enrol", "ivy", "--patient", "S01-001", "--on", DAY, "--factor", "ecog=2", "--factor", "ldh=normal")
    told = run.order("randomise", "ivy", "--patient", "S01-001", "--on", DAY, "--secret", secret)
    assert told.json["event"]["data"]["arm"] in ("CE", "IMGN901")
    assert run.read("conduct verify", by="sam").status == 0
    listed = run.read("conduct people", "--json", by="sam").json["persons"]
    assert [(p["person"], p["name"], p["role"], p["sites"], p["access"]) for p in listed] == [
        ("ada", "ada", "administrator", [], "open"),
        ("sam", "Dr sam", "sponsor", [], "open"),
        ("ivy", "Dr ivy", "investigator", ["S01"], "open"),
        ("kim", "Dr kim", "committee", [], "open"),
    ]
    run.order("revoke", "ada", "--person", "ivy", "--role", "investigator", "--on", DAY)
    run.order("contact", "ivy", "--patient", "S01-001", "--on", DAY, code="no-role")
    assert run.read("conduct as-known-on", DAY, by="ivy").status == 2
    assert "ended" in run.read("conduct people", by="sam").out


def test_a_log_with_people_asks_who_reads_and_one_without_asks_nobody(
    written: Run, equipoise: Any, tmp_path: Path
) -> None:
    nobody = written.read("conduct as-known-on", DAY, "--json")
    assert [p["code"] for p in nobody.json["error"]["problems"]] == ["no-reader"]
    assert (
        written.call(
            "conduct", "as-known-on", "north", "--log", written.log, DAY, env={"EQUIPOISE_AS": PEOPLE["sponsor"]}
        ).status
        == 0
    )
    other = Run(equipoise, tmp_path / "other")
    other.order("open", "ben")
    assert other.read("conduct as-known-on", DAY).status == 0
    for verb, args in (("conduct as-known-on", [DAY]), ("analyse", []), ("conduct verify", []), ("conduct people", [])):
        answer = other.read(verb, *args, "--json", by="ben")
        assert [p["code"] for p in answer.json["error"]["problems"]] == ["no-people"], verb
    other.order("grant", "ben", "--person", "ada", "--role", "sponsor", "--on", DAY, code="no-people")


def test_who_records_a_look_is_the_reader_of_it(written: Run) -> None:
    look = ("--look", "1", "--cutoff", "2013-07-05", "--record", "--by")
    assert "is not ripe" in written.read("decide", *look, PEOPLE["committee"]).out
    assert "--as   got sponsor-1, sponsor" in written.read("decide", *look, PEOPLE["sponsor"]).err


def test_a_refusal_tells_its_giver_what_he_may_know_and_no_more(written: Run) -> None:
    dead = next(e.patient for e in log() if e.kind == "died" and e.patient.startswith(SITES[0]))
    dose = (
        "--patient",
        dead,
        "--on",
        DAY,
        "--drug",
        "carboplatin",
        "--cycle",
        2,
        "--day",
        1,
        "--dose",
        5,
        "--unit",
        "AUC",
    )
    # The pharmacist sees doses and no deaths; the investigator sees both.
    written.order("treat", "pharmacist-1", *dose, code="not-told")
    written.order("treat", "investigator-1", *dose, code="after-death")
    assert "died" not in written.order("treat", "pharmacist-1", *dose, code="not-told").out
    # A number that another site has used: it is taken, and nothing more is said of whom it is.
    taken = ("--patient", f"{SITES[1]}-001", "--site", SITES[0], "--on", DAY)
    assert "screened already" not in written.order("screen", "coordinator-1", *taken, code="not-told").out
    # Another site's patient, and one whom nobody knows, read the same.
    for verb, args in (
        ("randomise", ()),
        ("unblind", ("--reason", "emergency")),
        ("contact", ()),
        ("enrol", ("--factor", "ecog=2", "--factor", "ldh=normal")),
    ):
        answers = [
            written.order(
                verb, "investigator-1", "--patient", p, "--on", DAY, *args, code="not-your-patient"
            ).out.replace(p, "P")
            for p in (f"{SITES[1]}-013", "nobody")
        ]
        assert answers[0] == answers[1]
    # Of another site's event not even its kind is told.
    for kind in ("enrolled", "assessed"):
        number = next(e.number for e in log() if e.kind == kind and e.patient.startswith(SITES[1]))
        args = ("--event", number, "--factor", "ecog=2", "--why", "because")
        written.order("correct", "investigator-1", *args, code="not-your-event")


def test_an_inspector_sees_arms_by_a_recorded_grant_only(written: Run) -> None:
    assert written.read("analyse", by="inspector-1").status == 2
    written.order("grant", "ada", "--person", "inspector-1", "--role", "inspector", "--arms", "true", "--on", DAY)
    assert written.read("analyse", by="inspector-1").status == 0


@pytest.mark.parametrize("who", ["coordinator-1", "monitor-1", "pharmacist-1", "committee-1"])
def test_a_copy_for_who_knows_the_arms_of_whom_he_sees_verifies_by_itself(
    who: str, written: Run, tmp_path: Path
) -> None:
    out = tmp_path / "copy.jsonl"
    told = written.read("conduct export", "--out", out, "--json", by=who)
    assert told.json["verifies"] is True
    copy = Run(written.call, tmp_path)
    copy.log = out
    verified = copy.read("conduct verify", "--json", by=who)
    assert verified.status == 0, verified.err
    assert (verified.json["events"], verified.json["hash"]) == (len(log()), log().head)
    shown = [line for line in out.read_text().splitlines() if '"open":{' in line]
    assert len(shown) == told.json["events"]
    if who != "committee-1":
        assert not [line for line in shown if f'"patient":"{SITES[1]}' in line]
        assert "11 of 20" not in out.read_text()
        assert copy.read("explain", "--patient", f"{SITES[0]}-000", by=who).status == 2, (
            "nothing is analysed by a part of a log"
        )


def test_who_may_have_content_removed(written: Run) -> None:
    number = next(e.number for e in log() if e.kind == "adverse event" and e.patient.startswith(SITES[0]))
    other = next(e.number for e in log() if e.kind == "adverse event" and e.patient.startswith(SITES[1]))
    for who, event, code in (
        ("investigator-1", other, "not-your-event"),
        ("ada", number, "not-your-event"),
        ("data-manager-1", number, "not-your-event"),
        ("ada", 3, "access-stands"),
        ("investigator-1", 13, "not-your-event"),
    ):
        written.order("redact", who, "--event", event, "--why", "a name", code=code)
    written.order("redact", "investigator-1", "--event", number, "--why", "a name")
    assert written.read("conduct verify", by="investigator-1").status == 0
    assert written.read("conduct as-known-on", DAY, by="data-manager-1").status == 0


def test_a_reader_s_copy_of_the_log(written: Run, tmp_path: Path) -> None:
    out = tmp_path / "view.jsonl"
    assert written.read("conduct export", "--out", out, by="data-manager-1").status == 0
    text = out.read_text()
    assert "masked" in text
    # But for the trial's definition, which names all arms and tells of nobody which is his.
    text = re.sub(r'"definition":"(?:[^"\\]|\\.)*"', "", text)
    assert not [word for word in ("IMGN901", '"CE"', "salts", "hash") if word in text]
    again = written.read("conduct export", "--out", out, "--json", by="data-manager-1")
    assert [p["code"] for p in again.json["error"]["problems"]] == ["file-exists"]
    assert "IMGN901" in out.read_text(), "it was not overwritten"


def test_as_a_process(equipoise_process: Any, tmp_path: Path) -> None:
    LogFile(tmp_path / "log.jsonl", "north").create(log())
    line = ("conduct", "as-known-on", "north", "--log", tmp_path / "log.jsonl", DAY)
    assert equipoise_process(*line).status == 2
    page = equipoise_process(*line, env={"EQUIPOISE_AS": "sponsor-1"})
    assert page.status == 0, page.err
    assert "Arms masked" in page.out
