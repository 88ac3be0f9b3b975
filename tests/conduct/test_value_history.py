"""The history of a value, and three columns where a form was read before somebody else corrected the event."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.conduct.corrections import correction_of
from equipoise.conduct.value_history import clash, history_of, line_of, merged, values_of
from equipoise.trial.log import Log

NOON = datetime(2012, 12, 31, 23, 30, tzinfo=UTC)
DAY = date(2012, 12, 1)


def log(*data: dict[str, Any], void: bool = False) -> Log:
    """A log with an event, and its corrections one after the other."""
    found = Log()
    found.append("opened", DAY, NOON, "t", data={"trial": "x", "fingerprint": "0" * 64})
    found.append("contact", DAY, NOON, "t", patient="Q")
    found.append("adverse event", DAY, NOON, "kit", patient="P", data=data[0])
    last = 3
    for i, later in enumerate(data[1:], 1):
        found.append("contact", DAY, NOON, "t", patient="Q")
        at = NOON + timedelta(minutes=i)
        last = found.add(correction_of(found, last, at, "ivy", f"reason {i}", data=later)).number
    if void:
        found.add(correction_of(found, last, NOON + timedelta(hours=1), "ivy", "never was", void=True))
    return found


def test_each_value_has_its_whole_history() -> None:
    found = log({"term": "nausea", "grade": 2}, {"grade": 3}, {"grade": 2, "serious": True}, {"serious": None})
    history = history_of(list(found), 3, "Pacific/Auckland")
    said = [(c.detail, c.old, c.new, c.by, c.why, c.kind) for c in history]
    assert said == [
        ("happened", None, DAY, "kit", "", "recorded"),
        ("term", None, "nausea", "kit", "", "recorded"),
        ("grade", None, 2, "kit", "", "recorded"),
        ("grade", 2, 3, "ivy", "reason 1", "corrected"),
        ("grade", 3, 2, "ivy", "reason 2", "corrected"),
        ("serious", None, True, "ivy", "reason 2", "corrected"),
        ("serious", True, None, "ivy", "reason 3", "corrected"),
    ]
    assert history[0].recorded == NOON
    assert (history[0].local.date(), history[0].local.hour) == (date(2013, 1, 1), 12)
    # from any event of the line the history is the same
    assert {tuple(history_of(list(found), e.number)) for e in line_of(list(found), 3)} == {
        tuple(history_of(list(found), 3))
    }


def test_what_is_taken_back_is_told() -> None:
    history = history_of(list(log({"term": "nausea", "grade": 2}, void=True)), 3)
    assert [(c.detail, c.new, c.kind, c.why) for c in history[-3:]] == [
        (d, None, "taken back", "never was") for d in ("happened", "term", "grade")
    ]


def test_three_columns() -> None:
    found = list(log({"term": "nausea", "grade": 2, "serious": False}, {"grade": 3, "serious": True}))
    assert clash(found, 5, {}) is None  # it is in force
    yours = {"happened": DAY, "term": "vomiting", "grade": 4, "serious": True}
    seen = clash(found, 3, yours)
    assert seen is not None
    assert (seen.read.number, seen.theirs.number, seen.theirs.by) == (3, 5, "ivy")
    assert {c.detail: (c.read, c.theirs, c.yours, c.who) for c in seen.columns} == {
        "happened": (DAY, DAY, DAY, "nobody"),
        "term": ("nausea", "nausea", "vomiting", "you"),
        "grade": (2, 3, 4, "both"),
        "serious": (False, True, True, "they"),
    }
    assert [c.detail for c in seen.apart] == ["grade"]
    assert merged(seen) == {"happened": DAY, "term": "vomiting", "grade": 3, "serious": True}


def test_what_was_taken_back_meanwhile() -> None:
    seen = clash(list(log({"term": "nausea", "grade": 2}, void=True)), 3, {"term": "nausea", "grade": 3})
    assert seen is not None
    assert seen.theirs.kind == "voided"
    assert {c.detail: c.theirs for c in seen.columns} == {"happened": None, "term": None, "grade": None}


_VALUES = st.fixed_dictionaries(
    {}, optional={"term": st.sampled_from("abc"), "grade": st.integers(1, 3), "serious": st.booleans()}
)


@pytest.mark.property
@settings(max_examples=150, deadline=None)
@given(st.lists(_VALUES, min_size=1, max_size=5))
def test_the_history_played_through_is_what_stands(steps: list[dict[str, Any]]) -> None:
    found = list(log(*steps))
    now: dict[str, Any] = {}
    for change in history_of(found, 3):
        assert now.get(change.detail) == change.old
        now[change.detail] = change.new
    assert {k: v for k, v in now.items() if v is not None} == values_of(line_of(found, 3)[-1])


@pytest.mark.property
@settings(max_examples=150, deadline=None)
@given(_VALUES, _VALUES, _VALUES)
def test_nothing_typed_and_nothing_of_theirs_is_lost(read: Any, theirs: Any, yours: Any) -> None:
    events = list(log(read, {k: theirs.get(k) for k in ("term", "grade", "serious")}))
    seen = clash(events, 3, {"happened": DAY, **yours})
    assert seen is not None
    for c in seen.columns:
        assert (c.read, c.theirs, c.yours) == tuple({"happened": DAY, **v}.get(c.detail) for v in (read, theirs, yours))
        changed = {"they": c.theirs != c.read, "you": c.yours != c.read}
        assert (c.who == "nobody") == (not any(changed.values()))
        assert (c.who == "both") == (all(changed.values()) and c.theirs != c.yours)
