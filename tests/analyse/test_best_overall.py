"""Best overall response: RECIST 1.1's table 3 row by row; duration of response, time to response, disease control by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from equipoise.analyse.best_overall import Assessed, BestRule, best_overall
from equipoise.analyse.endpoints import observe
from equipoise.analyse.response import best_response
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.duration import Duration
from equipoise.trial.endpoint import Response, TimeToEvent
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient, gather
from helpers import moment

DAY = date(2012, 6, 1)
FAR = DAY + timedelta(days=900)
#: Confirmation four weeks on; stable disease counts from day 84 on.
RULE = BestRule(confirm_after=28, stable_from=84)

#: Eisenhauer et al. 2009, table 3, typed in from memory (as quoted: tests/published/test_recist.py): overall response at the first and at the next time point; best overall response where the
#: least duration of stable disease is met, and where it is not. CR then PR has three outcomes in the table (footnote a): without a
#: change of the recorded CR it is SD or PD.
TABLE_3 = [
    ("CR", "CR", "CR", "CR"),
    ("CR", "PR", "SD", "PD"),
    ("CR", "SD", "SD", "PD"),
    ("CR", "PD", "SD", "PD"),
    ("CR", "NE", "SD", "NE"),
    ("PR", "CR", "PR", "PR"),
    ("PR", "PR", "PR", "PR"),
    # The table says SD here with no condition; the text asks for the least duration of any SD, so it is tried only where that is met.
    ("PR", "SD", "SD", None),
    ("PR", "PD", "SD", "PD"),
    ("PR", "NE", "SD", "NE"),
    ("NE", "NE", "NE", "NE"),
]


def course(*codes: str, first: int) -> list[Assessed]:
    return [Assessed(DAY + timedelta(days=first + 28 * i), code) for i, code in enumerate(codes)]


@pytest.mark.property
@pytest.mark.parametrize(("first", "second", "met", "not_met"), TABLE_3)
def test_table_3_row_by_row(first: str, second: str, met: str, not_met: str | None) -> None:
    assert best_overall(course(first, second, first=84), DAY, RULE).response == met
    if not_met is not None:
        assert best_overall(course(first, second, first=42), DAY, RULE).response == not_met


def test_a_complete_response_that_is_put_right_is_partial() -> None:
    """Footnote a's third way: the first was no CR, and two PR after it confirm each other."""
    assert best_overall(course("CR", "PR", "PR", first=28), DAY, RULE).response == "PR"
    found = best_overall(course("CR", "SD", first=42), DAY, RULE)
    assert (found.response, found.on) == ("PD", DAY + timedelta(days=70))
    assert "disease again after CR" in found.because
    # Stable disease that is late enough is SD, whatever came before it.
    assert best_overall(course("CR", "NE", "SD", first=42), DAY, RULE).response == "SD"


NORTH = read_trial(find_trial("north"))


def seen(day: int, response: str) -> tuple[int, str, dict[str, Any]]:
    return (day, "assessed", {"response": response})


def patient(*happened: tuple[int, str, dict[str, Any]]) -> Patient:
    rows: list[tuple[int, str, dict[str, Any]]] = [(0, "randomised", {"arm": "CE", "stratum": "all"}), *happened]
    return gather(
        Event(i, kind, DAY + timedelta(days=day), moment(FAR), "t", patient="P", data=data)
        for i, (day, kind, data) in enumerate(rows, 1)
    )["P"]


END = tuple({"when": when, "at": "last assessment"} for when in ("next therapy", "no event"))


def endpoint(**given: Any) -> TimeToEvent:
    return TimeToEvent.model_validate(
        {"name": "X", "label": "X", "role": "secondary", "kind": "time to event", "censoring": END, **given}
    )


#: Record → (days, event) of the duration of any response, of a confirmed one, and of the time to response; None: not at risk.
COURSES: list[tuple[str, list[Any], Any, Any, Any]] = [
    ("PR, then PD", [seen(42, "PR"), seen(84, "PD")], (42, True), None, (42, True)),
    ("confirmed, then PD", [seen(42, "PR"), seen(84, "CR"), seen(168, "PD")], (126, True), (126, True), (42, True)),
    ("confirmed later", [seen(42, "PR"), seen(56, "SD"), seen(84, "PR"), seen(126, "PR"), (200, "died", {})],
     (158, True), (116, True), (42, True)),
    ("still responding", [seen(42, "PR"), seen(84, "PR"), seen(126, "SD")], (84, False), (84, False), (42, True)),
    ("next therapy", [seen(42, "PR"), seen(84, "PR"), (90, "next therapy", {}), seen(126, "PD")],
     (42, False), (42, False), (42, True)),
    ("never", [seen(42, "SD"), seen(84, "PD")], None, None, (42, False)),
    ("PR after PD", [seen(42, "PD"), seen(84, "PR")], None, None, (84, False)),
    ("NE between", [seen(42, "PR"), seen(84, "NE"), seen(126, "PR"), seen(168, "PD")], (126, True), (126, True), (42, True)),
]  # fmt: skip


@pytest.mark.parametrize(("what", "record", "any_", "confirmed", "until"), COURSES, ids=[c[0] for c in COURSES])
def test_duration_of_response_and_time_to_it(
    what: str, record: list[Any], any_: Any, confirmed: Any, until: Any
) -> None:
    lasting = {"origin": "first response", "events": ("progression", "death")}
    for given, expected in (
        (endpoint(**lasting), any_),
        (endpoint(**lasting, confirmed=True), confirmed),
        (endpoint(origin="randomisation", events=("response",)), until),
    ):
        found = observe(patient(*record), given, FAR, NORTH.assessments)
        assert (None if found is None else (found.days, found.event)) == expected, given


#: Record → in disease control with SD counting from 8 weeks on: the response that counts, and success.
CONTROL = [
    ("stable at 8 weeks", [seen(56, "SD")], "SD", True),
    ("stable, a day too early", [seen(55, "SD")], "NE", False),
    ("early, then later", [seen(42, "SD"), seen(84, "SD"), seen(126, "PD")], "SD", True),
    ("early, then progression", [seen(42, "SD"), seen(84, "PD")], "PD", False),
    ("a response counts at once", [seen(42, "PR"), seen(84, "PD")], "PR", True),
    ("stable only after a next therapy", [(50, "next therapy", {}), seen(84, "SD")], "NE", False),
    ("nothing", [], "NE", False),
]


@pytest.mark.parametrize(("what", "record", "response", "success"), CONTROL, ids=[c[0] for c in CONTROL])
def test_disease_control(what: str, record: list[Any], response: str, success: bool) -> None:
    control = Response(
        name="DCR", label="Disease control", role="secondary", kind="response", success=("CR", "PR", "SD"), confirmed=False,
        stable_from=Duration(56.0, "8 weeks"), not_evaluable="failure",
    )  # fmt: skip
    found = best_response(patient(*record), control, FAR)
    assert (found.response, found.success) == (response, success)
