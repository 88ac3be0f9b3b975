"""Where a patient stands: a response and a recorded outcome, case by case on a conducted record of one arm."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from equipoise.analyse.binary import status_of
from equipoise.analyse.cohort import cohort
from equipoise.analyse.data import cut
from equipoise.conduct.conduct import Conduct, Refused
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_toml, trial_from
from equipoise.trial.endpoint import Outcome, Response
from equipoise.trial.trial import Trial
from helpers import moment

DAY0 = date(2024, 3, 4)


def merkel(**changes: Any) -> Trial:
    """The bundled trial, its ORR changed; or, with ``pcr``, a recorded outcome in its place."""
    raw = read_toml(find_trial("merkel"), "a trial")
    pcr = changes.pop("pcr", None)
    orr = {**raw["endpoints"][0], **changes}
    raw["endpoints"] = ({**pcr} if pcr else orr, *raw["endpoints"][1:])
    if pcr:
        raw["monitoring"] = {**raw["monitoring"], "endpoint": pcr["name"]}
    return trial_from(raw, "merkel")


PCR = {
    "name": "pCR", "label": "Pathological complete response", "role": "primary", "kind": "outcome", "success": ("yes",),
    "failure": ("no",), "unreadable": ("not done",), "due": "20 weeks", "window": "4 weeks", "not_evaluable": "replace",
}  # fmt: skip


def conducted(trial: Trial, record: list[tuple[int, str, dict[str, Any]]]) -> Conduct:
    """P1 enrolled on day 0, and what happened on the days after; recorded on its day."""
    c = Conduct.open(trial, moment(trial.start), "t")
    c.activate("S01", trial.start, moment(trial.start), "t")
    c.screen("P1", "S01", DAY0, moment(DAY0), "t")
    c.enrol("P1", DAY0, moment(DAY0), "t")
    for day, kind, data in record:
        on = DAY0 + timedelta(days=day)
        c.order(kind, on, moment(on), "t", patient="P1", data=data)
    return c


def scan(day: int, response: str) -> tuple[int, str, dict[str, Any]]:
    return day, "assessed", {"response": response}


def status(trial: Trial, record: list[tuple[int, str, dict[str, Any]]], day: int) -> Any:
    """The status of P1 as known on a day."""
    log = conducted(trial, [r for r in record if r[0] <= day]).log
    snap = cut(trial, log, DAY0 + timedelta(days=day))
    endpoint = trial.monitored.endpoint
    return status_of(snap.patients["P1"], endpoint, trial, snap.cutoff)


#: Scans on days 42, 84, 126, 168 …; a response by day 126 (140: two weeks late), confirmed 28 days later or more.
CASES: list[tuple[str, list[tuple[int, str, dict[str, Any]]], int, str]] = [
    ("nothing yet", [], 10, "pending"),
    ("stable, scans to come", [scan(42, "SD")], 60, "pending"),
    ("a response that waits for its confirmation", [scan(42, "PR")], 60, "pending"),
    ("confirmed", [scan(42, "PR"), scan(84, "PR")], 84, "success"),
    ("confirmed too soon is not yet", [scan(42, "PR"), scan(63, "PR")], 63, "pending"),
    ("progression before a response", [scan(42, "PD")], 42, "failure"),
    ("a response that is lost again", [scan(42, "PR"), scan(84, "PD")], 84, "failure"),
    ("stable to the last scan in time", [scan(42, "SD"), scan(84, "SD"), scan(126, "SD")], 126, "failure"),
    ("the last scan a few days early", [scan(42, "SD"), scan(84, "SD"), scan(121, "SD")], 121, "failure"),
    ("first seen at the last scan, still to confirm", [scan(42, "SD"), scan(126, "PR")], 150, "pending"),
    ("first seen at the last scan, confirmed after it", [scan(126, "PR"), scan(168, "PR")], 168, "success"),
    ("first seen too late", [scan(126, "SD"), scan(168, "PR"), scan(210, "PR")], 210, "failure"),
    ("the last scan never came, two weeks gone by", [scan(42, "SD")], 141, "failure"),
    ("the last scan may still come", [scan(42, "SD")], 140, "pending"),
    ("nothing was ever seen", [], 141, "not evaluable"),
    ("a scan nobody could read", [scan(42, "NE"), scan(84, "NE"), scan(126, "NE")], 126, "not evaluable"),
    ("died before any scan", [(30, "died", {})], 30, "not evaluable"),
    ("died after a stable scan", [scan(42, "SD"), (50, "died", {})], 50, "failure"),
    ("withdrew after a stable scan", [scan(42, "SD"), (50, "withdrawn", {})], 50, "failure"),
    ("lost, and not seen again", [scan(42, "SD"), (50, "lost", {})], 60, "failure"),
    ("lost, and seen again", [scan(42, "SD"), (50, "lost", {}), (60, "contact", {})], 60, "pending"),
    ("another treatment ends the waiting", [scan(42, "SD"), (50, "next therapy", {})], 50, "failure"),
    ("clinical progression ends it", [(50, "progressed", {"basis": "clinical"})], 50, "not evaluable"),
    ("the confirmation did not come in time", [scan(84, "PR")], 84 + 42 + 15, "failure"),
]  # fmt: skip


@pytest.mark.parametrize(("record", "day", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_response(record: list[tuple[int, str, dict[str, Any]]], day: int, expected: str) -> None:
    found = status(merkel(), record, day)
    assert (found.status, found.arm) == (expected, "DRUG")
    assert found.because
    assert (found.next_look is not None) == (expected == "pending")


def test_time_alone_settles_on_the_day_that_is_foretold() -> None:
    """On the day before ``next_look`` a patient of whom nothing more is recorded is pending, on the day itself not."""
    for record, day in (([], 10), ([scan(42, "SD")], 50), ([scan(42, "SD"), scan(126, "PR")], 130)):
        found = status(merkel(), record, day)
        while found.status == "pending":
            later = (found.next_look - DAY0).days
            assert status(merkel(), record, later - 1).status == "pending"
            found = status(merkel(), record, later)
        assert found.status in ("failure", "not evaluable")


def test_without_confirmation_a_response_counts_at_once() -> None:
    assert status(merkel(confirmed=False), [scan(42, "PR")], 42).status == "success"


def test_a_response_has_a_last_day_or_the_file_is_refused() -> None:
    from equipoise.trial.problem import BadInput

    with pytest.raises(BadInput, match=r"endpoints.ORR.within   got nothing; by when a response must be seen"):
        merkel(within=None)
    with pytest.raises(BadInput, match="the first assessment, 6 weeks, or later"):
        merkel(within="5 weeks")


OUTCOMES: list[tuple[str, list[tuple[int, str, dict[str, Any]]], int, str]] = [
    ("to come", [], 100, "pending"),
    ("a success", [(140, "outcome", {"outcome": "pCR", "result": "yes"})], 140, "success"),
    ("a failure, before it was due", [(130, "outcome", {"outcome": "pCR", "result": "no"})], 130, "failure"),
    ("not read", [(140, "outcome", {"outcome": "pCR", "result": "not done"})], 140, "not evaluable"),
    ("died before it was due", [(100, "died", {})], 100, "not evaluable"),
    ("died when it was due, the result to come", [(140, "died", {})], 150, "pending"),
    ("nothing in time", [], 169, "not evaluable"),
    ("the last day", [], 168, "pending"),
]  # fmt: skip


@pytest.mark.parametrize(("record", "day", "expected"), [c[1:] for c in OUTCOMES], ids=[c[0] for c in OUTCOMES])
def test_an_outcome_by_its_own_name(record: list[tuple[int, str, dict[str, Any]]], day: int, expected: str) -> None:
    assert status(merkel(pcr=PCR), record, day).status == expected


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"outcome": "PCR", "result": "yes"}, "one of pCR"),
        ({"outcome": "pCR", "result": "ja"}, "one of yes, no, not done"),
    ],
)
def test_words_that_the_file_does_not_know_are_refused(data: dict[str, str], words: str) -> None:
    with pytest.raises(Refused, match=words):
        conducted(merkel(pcr=PCR), [(140, "outcome", data)])
    with pytest.raises(Refused, match="the trial has no endpoint of kind 'outcome'"):
        conducted(merkel(), [(140, "outcome", data)])


def test_nobody_is_randomised_in_a_trial_of_one_arm() -> None:
    c = conducted(merkel(), [])
    with pytest.raises(Refused, match="enrolment gives the arm"):
        c.randomise("P1", DAY0, moment(DAY0), "t")
    with pytest.raises(Refused, match="nobody is randomised in this trial"):
        c.order("randomised", DAY0, moment(DAY0), "t", patient="P1", data={"arm": "DRUG", "stratum": "all"})


@pytest.mark.parametrize(("policy", "members", "passed"), [("failure", 3, 0), ("replace", 3, 1), ("exclude", 2, 1)])
def test_who_is_not_evaluable_by_the_protocol_s_policy(policy: str, members: int, passed: int) -> None:
    """Of five patients the second is not evaluable: a look on three counts him, passes him over, or leaves his place empty."""
    trial = merkel(not_evaluable=policy)
    c = Conduct.open(trial, moment(trial.start), "t")
    c.activate("S01", trial.start, moment(trial.start), "t")
    for i in range(5):
        on = DAY0 + timedelta(days=i)
        c.screen(f"P{i}", "S01", on, moment(on), "t")
        c.enrol(f"P{i}", on, moment(on), "t")
    on = DAY0 + timedelta(days=30)
    c.order("died", on, moment(on), "t", patient="P1")
    snap = cut(trial, c.log, on)
    endpoint = trial.monitored.endpoint
    assert isinstance(endpoint, Response | Outcome)
    found = cohort(snap.on_arm("DRUG"), lambda p: status_of(p, endpoint, trial, on), endpoint.not_evaluable, 3)
    assert (len(found.members), len(found.passed_over), found.filled, found.complete) == (members, passed, 3, True)
