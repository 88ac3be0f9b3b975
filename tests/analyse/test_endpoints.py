"""Endpoints on records of three to five events, made by hand: what counts, what censors, and in which order."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.analyse.cohort import cohort
from equipoise.analyse.endpoints import observe
from equipoise.analyse.landmark import landmark_status
from equipoise.analyse.response import best_response
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.endpoint import Response
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient, gather
from helpers import moment

NORTH = read_trial(find_trial("north"))
DAY = date(2012, 6, 1)
FAR = DAY + timedelta(days=2000)


def patient(*happened: tuple[int, str] | tuple[int, str, dict[str, Any]], name: str = "P1") -> Patient:
    events = [Event(1, "randomised", DAY, moment(DAY), "t", patient=name, data={"arm": "IMGN901", "stratum": "all"})]
    for i, (day, kind, *data) in enumerate(happened, 2):
        on = DAY + timedelta(days=day)
        events.append(Event(i, kind, on, moment(FAR), "t", patient=name, data=data[0] if data else {}))
    return gather(events)[name]


def seen(day: int, response: str = "SD") -> tuple[int, str, dict[str, Any]]:
    return (day, "assessed", {"response": response})


CASES = [
    ("progression", [seen(42), seen(84, "PD")], {"PFS": (84, True), "TTP": (84, True), "OS": (84, False)}),
    ("death without progression", [seen(42), (60, "died")], {"PFS": (60, True), "TTP": (60, False), "OS": (60, True)}),
    ("death after progression", [seen(42, "PD"), (300, "died")], {"PFS": (42, True), "OS": (300, True)}),
    ("next therapy before progression", [seen(42), (50, "next therapy"), seen(84, "PD")], {"PFS": (42, False)}),
    ("next therapy on the day of progression", [(84, "next therapy"), seen(84, "PD")], {"PFS": (84, True)}),
    ("withdrawal", [seen(42), (70, "withdrawn")], {"PFS": (42, False), "OS": (70, False)}),
    ("loss", [seen(42), (90, "lost")], {"PFS": (42, False), "OS": (42, False)}),
    ("lost and seen again", [seen(42), (90, "lost"), (120, "contact"), seen(126, "PD")], {"PFS": (126, True)}),
    ("not evaluable at the last scan", [seen(42), seen(84, "NE")], {"PFS": (42, False), "OS": (84, False)}),
    (
        "clinical progression",
        [seen(42), (50, "progressed", {"basis": "clinical"})],
        {"PFS": (50, True), "TTP": (50, True)},
    ),
    ("nothing after randomisation", [], {"PFS": (0, False), "OS": (0, False)}),
    ("no assessment, then death", [(200, "died")], {"PFS": (200, True)}),
]


@pytest.mark.parametrize(("what", "record", "expected"), CASES, ids=[c[0] for c in CASES])
def test_time_to_event(what: str, record: list[Any], expected: dict[str, tuple[int, bool]]) -> None:
    for name, (days, event) in expected.items():
        found = observe(patient(*record), NORTH.time_to_event(name), FAR)
        assert found is not None
        assert (found.days, found.event) == (days, event), name


STATUS = [
    ("progression on the landmark day", [seen(183, "PD")], 400, "failure"),
    ("progression the day after", [seen(184, "PD")], 400, "success"),
    ("a scan on the landmark day", [seen(183)], 183, "success"),
    ("a scan the day before", [seen(182)], 200, "pending"),
    ("a scan before, long ago", [seen(168)], 400, "not evaluable"),
    ("withdrawn before", [seen(84), (100, "withdrawn")], 110, "not evaluable"),
    ("withdrawn after a scan past the landmark", [seen(210), (220, "withdrawn")], 300, "success"),
    ("died on the landmark day", [seen(168), (183, "died")], 190, "failure"),
    ("died after the landmark, no scan since", [seen(168), (190, "died")], 200, "success"),
    ("not yet there", [seen(42)], 60, "pending"),
]


@pytest.mark.parametrize(("what", "record", "day", "status"), STATUS, ids=[c[0] for c in STATUS])
def test_landmark_status(what: str, record: list[Any], day: int, status: str) -> None:
    found = landmark_status(patient(*record), NORTH.landmark("PFS6"), NORTH, DAY + timedelta(days=day))
    assert found is not None
    assert found.status == status, found
    assert (found.expected - DAY).days == 210
    assert (found.at_latest - DAY).days == 183 + 70


def test_who_cannot_be_evaluated_gives_the_place_to_the_next() -> None:
    group = [
        patient(seen(210), name="A"),
        patient(seen(84), (90, "withdrawn"), name="B"),
        patient(seen(42, "PD"), name="C"),
    ]
    found = cohort(
        group, partial(landmark_status, endpoint=NORTH.landmark("PFS6"), trial=NORTH, cutoff=FAR), "replace", 2
    )
    assert [m.patient for m in found.members] == ["A", "C"]
    assert [m.patient for m in found.passed_over] == ["B"]
    assert (found.successes, found.complete) == (1, True)
    failing = NORTH.landmark("PFS6").model_copy(update={"not_evaluable": "failure"})
    strict = cohort(group, partial(landmark_status, endpoint=failing, trial=NORTH, cutoff=FAR), "failure", 2)
    assert [m.patient for m in strict.members] == ["A", "B"]


RESPONSES = [
    ("partial, then progression", ["PR", "PD"], "PR", False, "PR"),
    ("partial once, to be confirmed", ["PR", "SD"], "PR", True, "SD"),
    ("partial twice, to be confirmed", ["PR", "PR"], "PR", True, "PR"),
    ("complete confirmed by partial is not", ["CR", "PR"], "CR", True, "PR"),
    ("response after progression", ["PD", "PR"], "PD", False, "PD"),
    ("nothing", [], "NE", False, "NE"),
]


@pytest.mark.parametrize(("what", "codes", "plain", "confirmed", "counted"), RESPONSES, ids=[c[0] for c in RESPONSES])
def test_best_response(what: str, codes: list[str], plain: str, confirmed: bool, counted: str) -> None:
    endpoint = next(e for e in NORTH.endpoints if isinstance(e, Response))
    endpoint = endpoint.model_copy(update={"confirmed": confirmed})
    found = best_response(patient(*(seen(42 * i, c) for i, c in enumerate(codes, 1))), endpoint, FAR)
    if what.startswith("complete confirmed"):
        # the PR that follows is itself not confirmed: neither counts
        counted = "SD"
    assert found.response == counted
    assert found.success == (counted in ("CR", "PR"))


@pytest.mark.property
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["SD", "PR", "PD", "NE", "died", "withdrawn", "lost", "contact"]), st.integers(1, 400)
        ),
        max_size=8,
    )
)
def test_progression_free_survival_is_no_longer_than_survival(record: list[tuple[str, int]]) -> None:
    death = min((d for k, d in record if k == "died"), default=10_000)
    rows = [(d, k) if k in ("died", "withdrawn", "lost", "contact") else seen(d, k) for k, d in record if d <= death]
    p = patient(*rows)  # type: ignore[arg-type]
    pfs, os = (observe(p, NORTH.time_to_event(n), FAR) for n in ("PFS", "OS"))
    assert pfs is not None
    assert os is not None
    if os.event:
        assert pfs.days <= os.days
    shuffled = patient(*reversed(rows))  # type: ignore[arg-type]
    again = observe(shuffled, NORTH.time_to_event("PFS"), FAR)
    assert again is not None
    assert (again.days, again.event) == (pfs.days, pfs.event)
