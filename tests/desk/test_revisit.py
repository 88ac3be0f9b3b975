"""Past assignments judged again: with nothing late none differs; what is late shows from the first assignment after its day on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise import desk
from equipoise.analyse.data import cut
from equipoise.dossier.escalation.revisited import Revisited, in_a_sentence
from equipoise.files.log_file import write_new_log
from helpers import Answer
from phase1_trials import Running, day, trial

DESIGNS: dict[str, tuple[dict[str, Any], float | None]] = {
    "3+3": ({"kind": "a-plus-b"}, None),
    "boin": ({"kind": "boin"}, 0.25),
    "rolling six": ({"kind": "rolling-six"}, None),
    "tite-crm": ({"kind": "crm", "skeleton": [0.08, 0.16, 0.25, 0.35], "tite": "linear"}, 0.25),
}


def of(name: str) -> Any:
    design, target = DESIGNS[name]

    def change(raw: dict[str, Any]) -> None:
        raw["phase1"]["design"] = design
        if target is not None:
            raw["phase1"]["target"] = target
        if name == "rolling six":
            del raw["phase1"]["cohort"]

    return trial(change)


def conducted(
    name: str, patients: list[tuple[int, int, int | None]], late: tuple[int, int, int] | None = None
) -> Running:
    """Patients by day of assignment, level, and day of the window of a neuropathy of grade 3; on each day what happened comes before who is assigned.
    Whom the rules let be assigned to nothing, for the dose is eliminated, is left out.

    ``late``: the place of a patient, the day of his window on which a neuropathy began, and the day (of all) on which it was recorded.
    """
    r = Running(of(name))
    on_level: set[str] = set()

    def assign(p: str, at: int, level: int) -> None:
        if r.assigned_anyway(p, f"DL{level}", day(at)):
            on_level.add(p)

    def of_who_is(p: str, act: Callable[[], object]) -> Callable[[], object]:
        return lambda: act() if p in on_level else None

    acts: list[tuple[int, int, Callable[[], object]]] = []
    for k, (at, level, toxic) in enumerate(patients):
        p = f"P{k}"
        acts.append((at, 1, lambda p=p, at=at, level=level: assign(p, at, level)))  # type: ignore[misc]
        dose = (60, 75, 90, 112)[level - 1]
        for n, cycle, of_cycle in ((0, 1, 1), (7, 1, 8), (21, 2, 1)):
            order = 2 if n == 0 else 0
            acts.append(
                (at + n, order, of_who_is(p, lambda p=p, n=at + n, c=cycle, o=of_cycle, d=dose: r.dose(n, c, o, p, d)))
            )  # type: ignore[misc]
        if toxic is not None:
            acts.append(
                (at + toxic - 1, 0, of_who_is(p, lambda p=p, n=at + toxic - 1: r.event(n, "neuropathy", 3, patient=p)))
            )  # type: ignore[misc]
    if late is not None:
        who, began, recorded = late
        n = patients[who][0] + began - 1
        acts.append((recorded, 3, of_who_is(f"P{who}", lambda: r.event(n, "neuropathy", 3, day(recorded), f"P{who}"))))
    for _, _, act in sorted(acts, key=lambda a: a[:2]):
        act()
    return r


def past(r: Running, on: int = 400, known: int | None = None) -> list[Revisited]:
    snap = cut(r.trial, r.c.log, day(on), day(known or on))
    return desk.revisit.revisit(r.c.log, desk.doses.take(r.trial, snap))


#: Days between assignments, steps of the level (kept within 1 to 4), and whether and when there was a DLT.
PATIENTS = st.lists(
    st.tuples(st.integers(0, 14), st.sampled_from((0, 0, 0, 1, -1)), st.one_of(st.none(), st.integers(2, 21))),
    min_size=1,
    max_size=8,
)


def placed(drawn: list[tuple[int, int, int | None]]) -> list[tuple[int, int, int | None]]:
    at, level, found = 1, 1, []
    for gap, step, toxic in drawn:
        at, level = at + gap, min(max(level + step, 1), 4)
        found.append((at, level, toxic))
    return found


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(DESIGNS)), PATIENTS)
def test_with_nothing_late_nothing_differs(name: str, drawn: list[tuple[int, int, int | None]]) -> None:
    r = conducted(name, placed(drawn))
    found = past(r)
    assert found
    assert not any(x.differs or x.known_otherwise for x in found)
    assert in_a_sentence(found).startswith("Nothing that was recorded late")


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(DESIGNS)), PATIENTS, st.data())
def test_a_late_dlt_shows_from_the_first_assignment_after_its_day(
    name: str, drawn: list[tuple[int, int, int | None]], data: Any
) -> None:
    patients = placed(drawn)
    who = data.draw(st.integers(0, len(patients) - 1))
    began = data.draw(st.integers(1, 21))
    at, level, _ = patients[who]
    patients[who] = at, level, None
    recorded = data.draw(st.integers(at + began - 1, at + 120))
    r = conducted(name, patients, (who, began, recorded))
    found = past(r)
    assigned = {x.patient for x in found}
    for x in found:
        k = int(x.patient[1:])
        # Unknown then, and had happened: by its day he was already assigned, and it was not yet recorded.
        affected = f"P{who}" in assigned and k > who and at + began - 1 <= patients[k][0] <= recorded
        assert x.known_otherwise == affected, (k, x)
        assert not x.differs or affected


def test_what_would_have_been() -> None:
    """3+3: the fourth patient went up after 1NNN; it was 1NTN."""
    r = conducted("3+3", [(1, 1, None), (1, 1, None), (1, 1, None), (30, 2, None), (60, 2, None)], (1, 15, 50))
    found = past(r)
    assert [x.differs for x in found] == [False, False, False, True, False]
    fourth = found[3]
    assert (fourth.then.history, str(fourth.then)) == ("1NNN", "escalate DL2")
    assert (fourth.now.history, str(fourth.now)) == ("1NTN", "stay DL1")
    assert (fourth.cohort, fourth.opens, fourth.as_said) == (2, True, True)
    assert found[4].then.history.startswith("1NTN")
    assert in_a_sentence(found) == (
        "By what is known now 1 of 5 assignments would have been decided otherwise: first that of P3 on 2010-12-09 "
        "(escalate DL2 then, stay DL1 now)."
    )
    # On a day before the report nothing of it was known.
    assert not any(x.differs for x in past(r, on=40))


def test_an_upgraded_event() -> None:
    """Grade 2 was put right as grade 3 after the next had been assigned; taken back, nothing differs."""
    r = conducted("3+3", [(1, 1, None), (1, 1, None), (1, 1, None), (30, 2, None)])
    e = r.event(12, "neuropathy", 2, known=day(60), patient="P1")
    assert not any(x.known_otherwise for x in past(r))
    recorded = datetime.combine(day(70), datetime.min.time(), UTC)
    up = r.c.correct(e.number, recorded, "t", "seen again", data={"term": "neuropathy", "grade": 3})
    assert [x.differs for x in past(r)] == [False, False, False, True]
    assert not any(x.differs for x in past(r, on=65))
    r.c.correct(up.number, recorded, "t", "not so", data={"term": "neuropathy", "grade": 2})
    assert not any(x.differs for x in past(r))


def test_a_committee_s_later_word_that_there_was_none() -> None:
    """P1 had a DLT; three more were assigned to the first dose; then the board said that it was none."""
    r = conducted("3+3", [(1, 1, None), (1, 1, 12), (1, 1, None), (30, 1, None)])
    assert not any(x.differs for x in past(r))
    r.order("dlt adjudicated", day(70), "P1", dlt=False, reason="of the tumour")
    found = past(r)
    assert [(str(x.then), str(x.now)) for x in found if x.differs] == [("stay DL1", "escalate DL2")]
    # What was known on the day of the word's eve is what was known then.
    assert not any(x.differs for x in past(r, on=69))


def test_a_committee_s_later_word_that_there_was_one_counts_from_its_day() -> None:
    r = conducted("3+3", [(1, 1, None), (1, 1, None), (1, 1, None), (30, 2, None), (80, 2, None)])
    r.order("dlt adjudicated", day(85), "P1", dlt=True, reason="a fall, of neuropathy")
    assert not any(x.known_otherwise for x in past(r))


def test_who_was_assigned_and_recorded_late() -> None:
    """An assignment of day 3 that was recorded on day 9: of who was assigned on day 5, an earlier patient is known now."""
    r = Running(of("3+3"))
    r.assigned("A", "DL1", day(1))
    on = datetime.combine(day(3), datetime.min.time(), UTC)
    r.c.screen("B", "S01", day(3), on, "t")
    r.c.enrol("B", day(3), on, "t")
    r.assigned("C", "DL1", day(5))
    r.order("assigned", day(3), "B", known=day(9), level="DL1")
    found = past(r)
    assert [x.patient for x in found] == ["A", "B", "C"]
    assert [x.known_otherwise for x in found] == [False, False, True]
    assert (found[2].then.history, found[2].now.history) == ("1P:0", "1P:0P:0")


def test_by_command(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    r = Running()
    for name in "ABC":
        r.assigned(name)
    for n, cycle, of_cycle in ((1, 1, 1), (8, 1, 8), (22, 2, 1)):
        for name in "ABC":
            r.dose(n, cycle, of_cycle, name)
    r.assigned("D", "DL2", day(24))
    r.event(15, "neuropathy", 3, day(40), "B", related=True)
    path = tmp_path / "log.jsonl"
    write_new_log(path, r.c.log)
    found = equipoise("doses", "phase1-example", "--log", path, "--revisit", "--json")
    assert found.status == 0, found.err
    assert [(x["patient"], x["differs"]) for x in found.json["past"]] == [
        ("A", False),
        ("B", False),
        ("C", False),
        ("D", True),
    ]
    assert found.json["past"][3]["now"]["label"] == "DL1"
    page = equipoise("doses", "phase1-example", "--log", path, "--revisit")
    assert page.status == 0
    assert "another decision" in page.out
    assert "1 of 4 assignments would have been decided otherwise" in " ".join(page.out.split())
    assert "past" not in equipoise("doses", "phase1-example", "--log", path, "--json").json
    nobody = equipoise("doses", "phase1-example", "--log", path, "--cutoff", "2010-11-05", "--revisit", "--json")
    assert nobody.json["past"] == []


@pytest.mark.parametrize("name", sorted(DESIGNS))
def test_each_is_what_doses_said_that_day(name: str) -> None:
    """The verdict then is that of `doses` with the log as it stood, before the assignment was in it."""
    r = conducted(name, [(1, 1, None), (2, 1, 10), (3, 1, None), (30, 2, None), (33, 2, None)], (0, 20, 31))
    for x in past(r):
        short = type(r.c.log)(e for e in r.c.log if e.number < x.event)
        said = desk.doses.take(r.trial, cut(r.trial, short, x.on, x.on))
        assert (x.then.history, x.then.action, x.then.label) == (
            said.history,
            said.next.action,
            said.label(said.next.dose),
        )
