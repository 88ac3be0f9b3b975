"""`conduct assign`, `conduct adjudicate` and `doses`: a phase I by hand, from its first patient to the next dose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from equipoise import desk
from equipoise.analyse.data import cut
from equipoise.conduct.conduct import Refused, replay
from equipoise.files.log_file import write_new_log
from helpers import Answer, moment
from phase1_trials import FIRST, Running, day, trial

Equipoise = Callable[..., Answer]


@pytest.fixture
def running() -> Running:
    """3+3 on the second level: A to C without a DLT at the first, D with one and E pending at the second, F lost there."""
    r = Running()
    for name in "ABC":
        r.assigned(name)
    for n, cycle, of_cycle in ((1, 1, 1), (8, 1, 8), (22, 2, 1)):
        for name in "ABC":
            r.dose(n, cycle, of_cycle, name)
    for name in "DEF":
        r.assigned(name, "DL2", day(23))
    for name in "DEF":
        r.dose(23, patient=name, dose=75)
    r.order("lost", day(26), "F")
    r.dose(30, 1, 8, "D", dose=75)
    r.dose(30, 1, 8, "E", dose=75)
    r.order("adverse event", day(34), "D", term="neuropathy", grade=3, related=True)
    r.order("contact", day(35), "E")
    return r


@pytest.fixture
def log(running: Running, tmp_path: Path) -> Path:
    path = tmp_path / "phase1.log.jsonl"
    write_new_log(path, running.c.log)
    return path


def ask(equipoise: Equipoise, log: Path, on: date, *more: object) -> Any:
    answer = equipoise("doses", "phase1-example", "--log", log, "--cutoff", on, *more, "--json")
    assert answer.status == 0, answer.err
    return answer.json


def test_the_lanes_the_history_and_the_next_dose(equipoise: Equipoise, log: Path) -> None:
    found = ask(equipoise, log, day(35))
    assert found["history"] == "1NNN 2TP:12X"
    assert [(p["patient"], p["letter"], p["outcome"]) for p in found["patients"]] == [
        ("A", "N", "none"),
        ("B", "N", "none"),
        ("C", "N", "none"),
        ("D", "T", "dlt"),
        ("E", "P:12", "pending"),
        ("F", "X", "not evaluable"),
    ]
    assert found["patients"][3]["because"].startswith("A DLT: neuropathy, grade 3, on day 12 of 21 (event ")
    second = found["levels"][1]
    assert {k: second[k] for k in ("assigned", "evaluable", "dlt", "pending", "not_evaluable", "dose")} == {
        "assigned": 3, "evaluable": 1, "dlt": 1, "pending": 1, "not_evaluable": 1, "dose": 75,
    }  # fmt: skip
    # F is replaced: one more patient at the second level.
    assert (found["next"]["action"], found["next"]["label"], found["next"]["size"]) == ("stay", "DL2", 1)
    assert found["next"]["waits_for"] == [{"patient": "E", "days": 12, "until": str(day(44))}]
    assert found["recommend"] == {"dose": 1, "label": "DL1"}
    page = equipoise("doses", "phase1-example", "--log", log, "--cutoff", day(35))
    assert page.status == 0
    assert "1NNN 2TP:12X" in page.out
    assert "STAY: level 2, DL2 (IMGN901 75 mg/m2), 1 patient" in page.out
    assert "If dose finding ended now: level 1, DL1 (IMGN901 60 mg/m2)." in page.out


def test_as_known_before(equipoise: Equipoise, log: Path) -> None:
    before = ask(equipoise, log, day(21))
    assert before["history"] == "1P:7P:7P:7"
    assert (before["next"]["action"], before["next"]["dose"]) == ("wait", None)
    assert before["next"]["because"][0] == f"Waits for A at level 1, followed for 7 days, until {day(22)}."
    assert ask(equipoise, log, day(22))["next"]["action"] == "escalate"
    nobody = ask(equipoise, log, FIRST - timedelta(days=1))
    assert (nobody["history"], nobody["next"]["action"], nobody["next"]["label"]) == ("", "start", "DL1")


def test_a_committee_s_word_by_command(equipoise: Equipoise, log: Path) -> None:
    done = equipoise(
        "conduct", "adjudicate", "phase1-example", "--log", log, "--patient", "D", "--on", day(35), "--dlt", "false",
        "--reason", "of the tumour", "--by", "board", "--json",
    )  # fmt: skip
    assert done.status == 0, done.err
    found = equipoise("doses", "phase1-example", "--log", log, "--json").json
    d = found["patients"][3]
    assert (d["outcome"], d["derived"]) == ("pending", "dlt")
    assert d["adjudicated"] == done.json["event"]["number"]
    assert "of the tumour" in d["because"]
    # As known on the day before it was recorded it was a DLT.
    assert ask(equipoise, log, day(35))["patients"][3]["outcome"] == "dlt"


def test_assigned_by_command(equipoise: Equipoise, log: Path) -> None:
    def conduct(verb: str, *args: object) -> Answer:
        return equipoise("conduct", verb, "phase1-example", "--log", log, *args, "--by", "dm", "--json")

    who = ("--patient", "G", "--on", day(36))
    conduct("screen", *who, "--site", "S01")
    assert conduct("assign", *who, "--level", "DL2").json["error"]["problems"][0]["code"] == "not-enrolled"
    conduct("enrol", *who)
    wrong = conduct("assign", *who, "--level", "DL22")
    assert wrong.status == 2
    assert wrong.json["error"]["problems"][0]["next_step"] == "did you mean 'DL2'?"
    assert conduct("assign", *who, "--level", "DL2").json["event"]["data"]["level"] == "DL2"
    again = conduct("assign", *who, "--level", "DL3")
    assert (again.status, again.json["error"]["problems"][0]["code"]) == (2, "assigned-twice")
    assert equipoise("conduct", "verify", "phase1-example", "--log", log).status == 0


def unassigned(r: Running) -> None:
    r.c.screen("G", "S01", day(36), moment(day(36)), "t")
    r.c.enrol("G", day(36), moment(day(36)), "t")
    r.order("dlt adjudicated", day(40), "G", dlt=True, reason="x")


REFUSALS: list[tuple[str, Callable[[Running], object], str]] = [
    ("a second level", lambda r: r.order("assigned", day(40), "A", level="DL2"), "assigned-twice"),
    ("no level", lambda r: r.order("assigned", day(40), "A", level="DL7"), "unknown-level"),
    ("nobody", lambda r: r.order("assigned", day(40), "Z", level="DL1"), "not-screened"),
    ("a word without a reason", lambda r: r.order("dlt adjudicated", day(40), "A", dlt=True, reason=" "), "nothing-said"),
    ("a word on nobody assigned", unassigned, "not-assigned"),
    ("a level after withdrawal", lambda r: (r.order("withdrawn", day(36), "F"), r.order("assigned", day(40), "F", level="DL1")), "after-withdrawal"),
    ("an event that ends before it begins", lambda r: r.event(40, "x", 1, patient="A", until=str(day(39))), "until"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "do", "code"), REFUSALS, ids=[x[0] for x in REFUSALS])
def test_impossible_orders_are_refused(running: Running, what: str, do: Callable[[Running], object], code: str) -> None:
    with pytest.raises(Refused) as caught:
        do(running)
    assert code in {p.code for p in caught.value.problems}
    assert replay(running.trial, list(running.c.log)) == []


def test_a_level_after_its_drug_was_given_is_refused() -> None:
    r = Running()
    r.c.screen("P1", "S01", FIRST, r.now.replace(day=20), "t")
    r.now = r.now.replace(day=20)
    r.c.enrol("P1", FIRST, r.now, "t")
    r.dose(1)
    with pytest.raises(Refused, match="not after the first dose of IMGN901"):
        r.order("assigned", day(2), level="DL1")
    r.order("assigned", day(1), level="DL1")


def test_who_is_assigned_to_a_level_that_is_gone_is_named(running: Running) -> None:
    snap = cut(running.trial, running.c.log, day(35))
    gone = trial(lambda x: x["dose_levels"].pop(1))
    found = desk.doses.take(gone, snap)
    assert found.history == "1NNN"
    assert "assigned to a level that the trial file has not: D, E, F." in " ".join(found.next.cautions)


def test_a_word_after_death_is_taken(running: Running) -> None:
    running.order("died", day(40), "D")
    running.order("dlt adjudicated", day(41), "D", dlt=True, reason="of the treatment")


def test_trials_without_phase_one_say_so(equipoise: Equipoise, tmp_path: Path) -> None:
    path = tmp_path / "create.log.jsonl"
    assert equipoise("conduct", "open", "create", "--log", path, "--by", "dm").status == 0
    answer = equipoise("doses", "create", "--log", path, "--json")
    assert (answer.status, answer.json["error"]["problems"][0]["code"]) == (2, "no-phase1")


@pytest.mark.parametrize("verb", [("decide", "--look", 1, "--cutoff", "2010-12-30"), ("design", "show")])
def test_looks_say_in_words_that_they_are_not_there(equipoise: Equipoise, log: Path, verb: Any) -> None:
    first, *more = verb
    args = [first, more.pop(0), "phase1-example"] if first == "design" else [first, "phase1-example", *more]
    answer = equipoise(*args, *(["--log", log] if first == "decide" else []), "--json")
    problem = answer.json["error"]["problems"][0]
    assert (answer.status, problem["code"]) == (2, "dose-finding")
    assert "not there yet" in problem["allowed"]
    assert "equipoise doses" in problem["next_step"]


def test_check_tells_levels_and_what_is_dose_limiting(equipoise: Equipoise) -> None:
    page = equipoise("check", "phase1-example")
    assert page.status == 0
    assert "DL4 IMGN901 112" in page.out
    assert "febrile neutropenia, of grade 3 or worse, related" in page.out
    found = equipoise("check", "phase1-example", "--json").json["phase1"]
    assert (found["levels"], found["kind"], found["window_days"]) == (["DL1", "DL2", "DL3", "DL4"], "a-plus-b", 21)


def test_a_whole_dose_finding_one_patient_after_the_other() -> None:
    """Each at the dose that `doses` gives; 3+3 ends as its rule does by hand: 1 of 6 at the third level, 2 of 3 at the fourth."""
    r, on, given = Running(), FIRST, dict[str, int]()
    toxic = {("DL3", 1), ("DL4", 0), ("DL4", 2)}
    while True:
        found = desk.doses.take(r.trial, cut(r.trial, r.c.log, on, on))
        label = found.label(found.next.dose)
        if found.next.action in ("stop", "declare") or label is None:
            break
        at = given[label] = given.get(label, 0) + 1
        name, n = f"{label}-{at}", (on - FIRST).days + 1
        dose = found.trial.dose_levels[found.trial.level_numbers[label] - 1].dose
        r.assigned(name, label, on)
        r.dose(n, 1, 1, name, dose)
        r.dose(n + 7, 1, 8, name, dose)
        if (label, at - 1) in toxic:
            r.event(n + 9, "neuropathy", 3, patient=name)
        r.dose(n + 21, 2, 1, name, dose)
        on += timedelta(days=22)
    assert found.history == "1NNN 2NNN 3NTN 3NNN 4TNT"
    assert (found.next.action, label, found.next.recommend) == ("declare", "DL3", 3)
    assert found.next.cautions == ()


def test_explained(equipoise: Equipoise, log: Path) -> None:
    """`explain` says of who is assigned whether there was a DLT, with the event that says so."""
    told = equipoise("explain", "phase1-example", "--log", log, "--patient", "D", "--json").json["dlt"]
    assert (told["endpoint"], told["label"], told["result"]) == ("DLT", "at DL2", "dlt")
    assert f"(event {told['source']})" in told["because"]
    page = equipoise("explain", "phase1-example", "--log", log, "--patient", "E", "--cutoff", day(35))
    assert "at DL2: pending. Pending: followed for 12 of 21 days" in page.out
    # A lost patient's DLT status rests on the day he was lost.
    assert (
        equipoise("explain", "phase1-example", "--log", log, "--patient", "F", "--json").json["dlt"]["result"]
        == "not evaluable"
    )
