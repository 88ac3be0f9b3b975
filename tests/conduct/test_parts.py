"""A trial of phase I and II in one log: who is of which part, assignments by the design, and the dose that is handed over."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.analyse.data import cut
from equipoise.conduct.conduct import Conduct, Refused, replay
from equipoise.conduct.definitions import Definitions
from equipoise.decide.evidence import maker_of
from equipoise.files.bundled import find_trial
from equipoise.files.definition import trial_of
from equipoise.files.trial_file import read_trial, trial_from
from equipoise.simulate.forecast import _resumed as forecast_resumed
from equipoise.simulate.progress import entered
from equipoise.trial.event import Event
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import moment
from parts_trials import CYCLE, FIRST, Parts, trial, undeclared


def codes(do: Callable[[], object]) -> set[str]:
    with pytest.raises(Refused) as caught:
        do()
    return {p.code for p in caught.value.problems}


def faults(p: Parts) -> list[Any]:
    return replay(p.trial, list(p.c.log), trial_of)


def imgn901(p: Parts, on: date) -> float | None:
    return next(t.dose for t in p.c.definitions.at("", on).arm_by_name["IMGN901"].regimen if t.drug == "IMGN901")


def test_phase_one_and_two_in_one_log() -> None:
    p = Parts().to_the_top()
    found = p.found()
    assert (found.history, found.next.action, found.next.recommend) == ("1NNN 2NNN 3NNN 4NNN 4NNN", "declare", 4)
    later = p.day + timedelta(days=30)
    assert imgn901(p, later) is None
    p.enrolled("first", None, None, ecog="0-1", ldh="normal")
    assert codes(lambda: p.c.randomise("first", p.day, p.now, "t")) == {"dose-not-set"}
    event = p.set()
    assert event.data["recommended"] == event.data["level"] == "DL4"
    assert (event.data["dose"], event.data["unit"], event.data["history"]) == (112, "mg/m2", found.history)
    assert event.data["definition"] == p.trial.fingerprint
    assert event.data["head"] == p.c.log.hash_at(event.number - 1)
    assert imgn901(p, p.day - timedelta(days=1)) is None
    assert imgn901(p, later) == 112
    assert p.c.definitions.at("", later).fingerprint == p.trial.fingerprint
    p.c.randomise("first", p.day, p.now, "t")
    assert faults(p) == []
    # Set the day after, as somebody writes into the log: found again.
    late = [replace(e, happened=p.day + timedelta(days=1)) if e.kind == "dose set" else e for e in p.c.log]
    assert {x.code for _, x in replay(p.trial, late, trial_of)} >= {"dose-not-set"}


def test_a_log_of_phase_two_alone_begins_at_the_dose_that_was_declared_before() -> None:
    c = Conduct.open(trial(), moment(trial().start), "t")
    assert next(t.dose for t in c.definitions.at("", trial().start).arms[0].regimen if t.drug == "IMGN901") == 112
    c.activate("S01", trial().start, moment(trial().start), "t")
    c.screen("P1", "S01", trial().start, moment(trial().start), "t")
    assert codes(lambda: c.enrol("P1", trial().start, moment(trial().start), "t", part=1)) == {"phase1-over"}
    assert codes(lambda: c.set_dose("DL4", trial().start, moment(trial().start), "t")) == {"phase1-over"}


def test_a_file_that_declares_nothing_waits_from_the_first() -> None:
    p = Parts(trial(undeclared), part=None)
    p.enrolled("first", None, None, ecog="0-1", ldh="normal")
    assert codes(lambda: p.c.randomise("first", p.day, p.now, "t")) == {"dose-not-set"}
    assert faults(p) == []


PARTS: list[tuple[str, Callable[[Parts], object], set[str]]] = [
    ("a part that there is not", lambda p: p.enrolled("X", part=3), {"unknown-part", "unknown-level"}),
    ("phase II without its factors", lambda p: p.enrolled("X", part=None), {"unknown-level"}),
    ("randomised of phase I", lambda p: p.enrolled("X").order("randomised", p.day, "X", arm="CE", stratum="s"), {"of-phase1", "dose-not-set"}),
    ("treated before a level", lambda p: p.enrolled("X").dose("X", p.day, 1, 1, 60), {"not-assigned"}),
    ("a level in phase II", lambda p: p.enrolled("X", None, 2, ecog="2", ldh="normal").order("assigned", p.day, "X", level="DL1"), {"not-of-phase1"}),
    ("a unit of no dose", lambda p: p.cohort("DL1", "AB").order("treated", p.day, "A", drug="IMGN901", cycle=2, day=8, dose=60, unit="mg"), {"unit"}),
    ("a drug of phase II's control alone", lambda p: p.cohort("DL1", "AB").order("treated", p.day, "A", drug="other", cycle=2, day=8), {"drug-not-in-arm"}),
]  # fmt: skip


@pytest.mark.parametrize(("what", "do", "code"), PARTS, ids=[x[0] for x in PARTS])
def test_each_patient_is_of_one_part(what: str, do: Callable[[Parts], object], code: set[str]) -> None:
    p = Parts()
    assert code <= codes(lambda: do(p))
    assert faults(p) == []


def next_at(p: Parts, level: str, why: str = "", on: date | None = None, **more: Any) -> Event:
    p.enrolled("next", on)
    return p.order("assigned", on or p.day, "next", why, level=level, **more)


def waiting(p: Parts) -> Parts:
    """Three at the first level, none of whom is answered."""
    p.cohort("DL1", "ABC")
    p.day -= timedelta(days=10)
    return p


ASSIGNED: list[tuple[str, Callable[[Parts], Parts], str, str]] = [
    ("higher than the start", lambda p: p, "DL2", "higher-than-given"),
    ("lower than given", lambda p: p.cohort("DL1", "ABC").cohort("DL2", "DEF"), "DL2", "lower-than-given"),
    ("two at once", lambda p: p.cohort("DL1", "ABC"), "DL3", "higher-than-given"),
    ("a cohort that is full", waiting, "DL1", "waits"),
    ("an eliminated dose", lambda p: p.cohort("DL1", "ABC").cohort("DL2", "DEF", "DE"), "DL2", "eliminated"),
    ("after the end without a dose", lambda p: p.cohort("DL1", "ABC", "AB"), "DL1", "eliminated"),
    ("after the declaration", lambda p: p.to_the_top(), "DL4", "dose-finding-over"),
]


@pytest.mark.parametrize(("what", "before", "level", "code"), ASSIGNED, ids=[x[0] for x in ASSIGNED])
def test_an_assignment_against_the_design(what: str, before: Callable[[Parts], Parts], level: str, code: str) -> None:
    p = before(Parts())
    assert codes(lambda: next_at(p, level)) == {code}
    if code == "eliminated":
        assert codes(lambda: p.order("assigned", p.day, "next", "meant", level=level, against_design=True)) == {code}
        return
    assert codes(lambda: p.order("assigned", p.day, "next", level=level, against_design=True)) == {"no-reason"}
    event = p.order("assigned", p.day, "next", "the board", level=level, against_design=True)
    assert faults(p) == []
    # The same without the word, as somebody writes into the log: found again, with the same reason.
    silent = [replace(e, data={"level": level}) if e.number == event.number else e for e in p.c.log]
    assert {(e.number, x.code) for e, x in replay(p.trial, silent, trial_of)} == {(event.number, code)}


def test_who_is_waited_for_and_until_when_is_said() -> None:
    p = waiting(Parts())
    with pytest.raises(Refused) as caught:
        next_at(p, "DL1")
    said = caught.value.problems[0].allowed
    assert "the cohort is full (1P:" in said
    until = FIRST + timedelta(days=21)
    assert all(f"{name} at level 1" in said for name in "ABC")
    assert f"until {until}" in said


def test_by_the_design_needs_no_override() -> None:
    assert codes(lambda: next_at(Parts(), "DL1", "x", against_design=True)) == {"not-against"}


def test_a_correction_of_an_assignment_is_judged_where_it_stood() -> None:
    p = Parts().cohort("DL1", "ABC").cohort("DL2", "DEF")
    first = next(e.number for e in p.c.log if e.kind == "assigned" and e.patient == "D")
    with pytest.raises(Refused) as caught:
        p.c.correct(first, p.now, "t", "read wrongly", data={"level": "DL3"})
    assert "higher-than-given" in {x.code for x in caught.value.problems}


def test_later_knowledge_changes_nothing_of_an_assignment() -> None:
    """Two toxicities of the first cohort are reported when the second level is given already."""
    p = Parts().cohort("DL1", "ABC").cohort("DL2", "DEF")
    for name in "AB":
        p.order("adverse event", p.day - timedelta(days=40), name, term="neuropathy", grade=3, related=True)
    assert p.found().history.startswith("1TTN")
    assert faults(p) == []


def test_what_was_removed_since_is_no_reason_against_an_assignment() -> None:
    p = Parts().cohort("DL1", "ABC", "A").cohort("DL1", "DEF")
    toxic = next(e for e in p.c.log if e.kind == "adverse event")
    p.c.redact(toxic.number, p.now, "t", "a name stood in it")
    assert faults(p) == []


SET: list[tuple[str, Callable[[Parts], object], str]] = [
    ("no level", lambda p: p.set("DL9"), "unknown-level"),
    ("another than the recommended", lambda p: p.set("DL3"), "no-reason"),
    ("before the design has declared", lambda p: Parts.set(Parts().cohort("DL1", "ABC"), "DL1"), "no-reason"),
    ("after no patient", lambda p: Parts.set(Parts(), "DL1"), "no-reason"),
    ("an eliminated one", lambda p: Parts.set(Parts().cohort("DL1", "ABC").cohort("DL2", "DEF", "DE"), "DL2", why="x"), "eliminated"),
    ("set twice", lambda p: (p.set(), p.set()), "dose-set-twice"),
    ("of no phase I", lambda p: Conduct.open(read_trial(find_trial("create")), moment(p.day), "t").set_dose("DL1", p.day, moment(p.day), "t"), "no-phase1"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "do", "code"), SET, ids=[x[0] for x in SET])
def test_a_dose_that_cannot_be_set(what: str, do: Callable[[Parts], object], code: str) -> None:
    p = Parts().to_the_top()
    assert codes(lambda: do(p)) == {code}


def test_another_dose_with_a_reason() -> None:
    p = Parts().to_the_top()
    event = p.set("DL3", why="neuropathy in later cycles")
    assert (event.data["level"], event.data["recommended"]) == ("DL3", "DL4")
    assert imgn901(p, p.day) == 90
    assert faults(p) == []


BOUND = ("history", "action", "recommended", "head", "definition", "dose")


@pytest.mark.parametrize("name", BOUND)
def test_the_hand_over_is_bound_to_what_was_known(name: str) -> None:
    p = Parts().to_the_top()
    event = p.set()
    wrong: Any = 90 if name == "dose" else "stay" if name == "action" else "DL3" if name == "recommended" else "ab" * 32
    said = [replace(e, data={**e.data, name: wrong}, why="x") if e.number == event.number else e for e in p.c.log]
    found = [(e.number, x.code, x.where) for e, x in replay(p.trial, said, trial_of)]
    assert found == [(event.number, "not-the-level" if name == "dose" else "not-what-was-known", name)]


def test_later_knowledge_changes_nothing_of_the_dose_that_was_set() -> None:
    p = Parts().to_the_top()
    p.set()
    p.order("adverse event", p.day - timedelta(days=8), "4A", term="neuropathy", grade=3, related=True)
    p.order("adverse event", p.day - timedelta(days=8), "4B", term="neuropathy", grade=3, related=True)
    assert p.found().next.recommend != 4
    assert faults(p) == []


def test_the_decision_that_recommended_it_is_named() -> None:
    p = Parts().to_the_top()
    decided = p.c.decide_dose(p.day, moment(p.day), "t", p.day)
    assert (decided.data["action"], decided.data["level"], decided.data["recommended"]) == ("declare", "DL4", "DL4")
    assert p.set().data["decision"] == decided.number
    assert faults(p) == []
    wrong = [replace(e, data={**e.data, "level": "DL2"}) if e.number == decided.number else e for e in p.c.log]
    assert {(e.number, x.code) for e, x in replay(p.trial, wrong, trial_of)} >= {(decided.number, "not-what-was-known")}


def test_a_dose_that_was_set_is_changed_by_an_amendment() -> None:
    p = Parts().to_the_top()
    p.set()
    amended = trial(lambda x: x["arms"][0]["regimen"][0].update(dose=90))
    on = p.day + timedelta(days=10)
    later = Conduct(amended, p.c.log, read=trial_of)
    data = {"fingerprint": amended.fingerprint, "definition": amended.definition}
    later.order("amended", on, moment(on), "t", "neuropathy", data=data)
    known = Definitions.of(amended, later.log, trial_of)
    dose = [next(t.dose for t in known.at("", d).arms[0].regimen if t.drug == "IMGN901") for d in (p.day, on)]
    assert dose == [112, 90]
    assert replay(amended, list(later.log), trial_of) == []


def test_a_copy_goes_on_apart() -> None:
    p = Parts().to_the_top()
    other = p.c.copy()
    p.set()
    assert other.standing.doses == []
    assert imgn901(p, p.day) == 112
    assert next(t.dose for t in other.definitions.at("", p.day).arms[0].regimen if t.drug == "IMGN901") is None


def test_a_masked_trial_is_handed_a_dose_for_both_arms() -> None:
    """E2511 from 60 mg on: nine without a DLT, and 100 mg is declared; the placebo is given like it, so that codes still tell nothing."""
    e2511 = read_trial(find_trial("e2511"))
    p = Parts(e2511)
    for k, label in enumerate(("V60", "V100", "V100")):
        on, amount = p.day, next(x.dose for x in e2511.dose_levels if x.label == label)
        for name in (f"{k}{x}" for x in "ABC"):
            p.enrolled(name)
            p.order("assigned", on, name, level=label)
            for cycle in (1, 2):
                first = on + timedelta(days=21 * (cycle - 1))
                for n in range(1, 8 if cycle == 1 else 2):
                    data = {
                        "drug": "veliparib",
                        "cycle": cycle,
                        "day": n,
                        "dose": amount,
                        "unit": "mg",
                        "times_a_day": 2,
                    }
                    p.order("treated", first + timedelta(days=n - 1), name, **data)
        p.day = on + timedelta(days=30)
    found = p.found()
    assert (found.history, found.next.action, found.next.recommend) == ("2NNN 3NNN 3NNN", "declare", 3)
    p.set("V100")
    given = {t.drug: t.dose for a in p.c.definitions.at("", p.day).arms for t in a.regimen}
    assert given["veliparib"] == given["placebo"] == 100
    p.enrolled("first", None, None, sex="male", ldh="normal")
    event = p.c.randomise("first", p.day, p.now, "t")
    assert "code" in event.data
    p.order("treated", p.day, "first", drug="masked", cycle=1, day=1, dose=100, unit="mg", times_a_day=2)
    assert faults(p) == []


def one_arm(*, counts: bool) -> Trial:
    """The myeloma trial, whose one arm gets what a phase I of its own finds: three and three among two doses."""

    def change(x: dict[str, Any]) -> None:
        x["phase"] = "I/II"
        x["dose_levels"] = [{"label": f"M{d}", "drug": "study treatment", "dose": d, "unit": "dose"} for d in (1, 2)]
        x["phase1"] = {
            "design": {"kind": "a-plus-b", "top": "a+b"}, "window": "28 days", "dlt": {"rules": [{"grade_at_least": 3}]},
            **({"counts_for_phase2": True} if counts else {}),
        }  # fmt: skip
        x["arms"][0]["regimen"][0]["dose"] = "from phase I"

    found = tomllib.loads(find_trial("myeloma").read_text())
    change(found)
    return trial_from(found, "myeloma")


@pytest.mark.parametrize("counts", [True, False])
def test_who_counts_for_phase_two_is_the_first_of_its_looks(counts: bool) -> None:
    """Three at the first dose and six at the second, which is set: these six, and who comes after, in the order of the log."""
    of = one_arm(counts=counts)
    p = Parts(of, None)
    for k, label in enumerate(("M1", "M2", "M2")):
        for name in (f"{k}{x}" for x in "CAB"):
            p.enrolled(name)
            p.order("assigned", p.day, name, level=label)
        for name in (f"{k}{x}" for x in "CAB"):
            p.order("treated", p.day, name, drug="study treatment", cycle=1, day=1, dose=float(label[1]), unit="dose")
        p.day += timedelta(days=28)
        for name in (f"{k}{x}" for x in "CAB"):
            p.order("contact", p.day, name)
    p.enrolled("later", None, 1)
    assert codes(lambda: p.enrolled("early", None, None)) == {"dose-not-set"}
    assert cut(of, p.c.log, p.day).randomised == []
    p.set("M2")
    p.c.enrol("early", p.day, p.now, "t")
    snap = cut(p.c.definitions.at("", p.day), p.c.log, p.day)
    expected = ["1C", "1A", "1B", "2C", "2A", "2B"] if counts else []
    assert [q.name for q in snap.on_arm("TX")] == [*expected, "early"]
    (arm,) = maker_of(of).gather(of, snap, 1).arms.values()
    assert arm.members == len(expected) + 1
    resumed = forecast_resumed(p.c.definitions.at("", p.day), snap)
    assert [e.patient for e in entered(resumed)] == [*expected, "early"]
    # The day before, when no dose was set, nobody of phase I was of phase II.
    assert cut(of, p.c.log, p.day - timedelta(days=1)).randomised == []
    assert faults(p) == []
    # A day that is put right later moves nobody.
    number = next(e.number for e in p.c.log if e.kind == "assigned" and e.patient == "1C")
    p.c.correct(number, p.now, "t", "of the day before", on=next(e for e in p.c.log if e.number == number).happened)
    assert [q.name for q in cut(of, p.c.log, p.day).on_arm("TX")] == [*expected, "early"]


def test_who_was_not_randomised_counts_for_no_comparison() -> None:
    with pytest.raises(BadInput, match="was not randomised"):
        trial(lambda x: x["phase1"].update(counts_for_phase2=True))


@pytest.mark.property
@pytest.mark.thorough
@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["DL1", "DL2", "DL3", "DL4"]), st.booleans(), st.booleans(), st.booleans()),
        min_size=2, max_size=7,
    )
)  # fmt: skip
def test_what_an_order_is_refused_for_is_what_verify_finds(steps: list[tuple[str, bool, bool, bool]]) -> None:
    """Patients come one by one to any level, some have a DLT, some are reported late: order and log are judged alike."""
    p = Parts()
    late: list[tuple[str, date]] = []
    for k, (label, toxic, known, meant) in enumerate(steps):
        name, on = f"S{k}", p.day
        p.enrolled(name)
        event = Event(len(p.c.log) + 1, "assigned", on, p.now, "t", "why", name, data={"level": label})
        against = {x.code for x in p.c.judge(event)}
        written = [*p.c.log, event]
        assert {x.code for e, x in replay(p.trial, written, trial_of) if e.number == event.number} == against
        flagged = {"against_design": True} if against and meant else {}
        refused: set[str] = set()
        try:
            p.order("assigned", on, name, "why", level=label, **flagged)
        except Refused as caught:
            refused = {x.code for x in caught.problems}
        if refused:
            assert refused == against if not flagged else "eliminated" in refused
            continue
        assert not against or flagged
        amount = next(x.dose for x in p.trial.dose_levels if x.label == label)
        for days, cycle, of_cycle in ((0, 1, 1), (7, 1, 8), (21, 2, 1)):
            p.dose(name, on + timedelta(days=days), cycle, of_cycle, amount)
            if toxic and known and of_cycle == 8:
                on_day = on + timedelta(days=9)
                p.order("adverse event", on_day, name, term="neuropathy", grade=3, related=True)
        late += [(name, on + timedelta(days=9))] if toxic and not known else []
        p.day = on + timedelta(days=CYCLE)
    for name, on in late:
        p.order("adverse event", on, name, term="neuropathy", grade=3, related=True)
    assert faults(p) == []
