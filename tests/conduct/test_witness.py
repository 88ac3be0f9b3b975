"""A chain against witnessed heads: what is not in it is found, however it came; what is in it raises no alarm."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from equipoise.conduct.shape import shape_problems
from equipoise.conduct.witness import Witnessed, compare, head_problems, is_due, reconciled, reconciliation
from equipoise.trial.checkpoint import Checkpoint
from equipoise.trial.event import GENESIS, Event
from equipoise.trial.log import Log

DAY = date(2012, 4, 2)
NOW = datetime(2012, 4, 2, 9, tzinfo=UTC)


def log_of(texts: str, *more: tuple[str, dict[str, Any]]) -> Log:
    """A log with an event a letter; what the letter is stands in it."""
    log = Log()
    for letter in texts:
        log.append("contact", DAY, NOW + timedelta(minutes=len(log)), letter)
    for kind, data in more:
        log.append(kind, DAY, NOW + timedelta(minutes=len(log)), "dm", "the server burnt down", data=data)
    return log


def heads(log: Log, *numbers: int) -> list[Witnessed]:
    """The heads of a log at some of its events, as they were witnessed then."""
    found = [Checkpoint("t", n, log.hashes()[n - 1], log[n - 1].recorded) for n in numbers]
    return [Witnessed(c, f"{c.number}-{c.hash[:4]}") for c in found]


def codes(log: Log, witnessed: Sequence[Witnessed]) -> list[str]:
    return [p.code for p in compare(log, log.hashes(), witnessed).problems]


WHOLE = log_of("abcdefgh")


@pytest.mark.parametrize(
    ("log", "witnessed", "expected"),
    [
        (WHOLE, heads(WHOLE, 1, 5, 8), []),
        (WHOLE, [], []),
        (log_of("abcde"), heads(WHOLE, 1, 5), []),
        (log_of("abcde"), heads(WHOLE, 5, 8), ["cut-tail"]),
        (log_of("abcdeXYZ"), heads(WHOLE, 5), []),
        (log_of("abcdeXYZ"), heads(WHOLE, 5, 7), ["rewritten"]),
        (log_of("abXde"), heads(WHOLE, 2, 5, 8), ["cut-tail", "rewritten"]),
        (WHOLE, heads(WHOLE, 5) + heads(log_of("abcdX"), 5), ["split-view"]),
        (log_of("abc"), heads(WHOLE, 5) + heads(log_of("abcdX"), 5), ["cut-tail", "split-view"]),
        (WHOLE, heads(WHOLE, 5) + heads(log_of("abcdXY"), 5, 6), ["split-view", "rewritten"]),
    ],
)
def test_each_way_in_which_a_log_is_not_what_was_witnessed(
    log: Log, witnessed: list[Witnessed], expected: list[str]
) -> None:
    assert codes(log, witnessed) == expected


def test_the_sentence_of_a_cut_names_both_numbers_and_the_day() -> None:
    (problem,) = compare(log_of("abcde"), log_of("abcde").hashes(), heads(WHOLE, 5, 6, 8)).problems
    assert str(problem).startswith(
        "witness   got a log cut after event 5, or an older copy of it; head 8 was witnessed on 2012-04-02 09:07 UTC"
    )
    assert "and 1 more" in str(problem)
    (problem,) = compare(log_of("abXdefgh"), log_of("abXdefgh").hashes(), heads(WHOLE, 2, 4, 5)).problems
    assert "rewritten after event 2" in problem.given
    assert WHOLE.hashes()[3][:12] in problem.allowed


def test_what_is_reconciled_is_lost_and_no_longer_a_problem_and_nothing_else_is() -> None:
    witnessed = heads(WHOLE, 3, 6, 8)
    back_up = log_of("abcd")
    data = reconciliation(back_up.hashes(), compare(back_up, back_up.hashes(), witnessed))
    assert data["number"] == 3
    assert data["hash"] == WHOLE.hashes()[2]
    assert [h["number"] for h in data["lost"]] == [6, 8]
    assert not list(shape_problems("reconciled", data))
    log = log_of("abcd", ("reconciled", data))
    assert codes(log, witnessed) == []
    assert not list(head_problems(log, log.hashes()))
    said = reconciled(log[4])
    assert "Lost after event 3: up to 5 events, up to head 8. Why: the server burnt down" in said
    # the log goes on, is witnessed, and is cut again: what was reconciled hides nothing of that
    log.append("contact", DAY, NOW + timedelta(hours=1), "y")
    log.append("contact", DAY, NOW + timedelta(hours=1), "z")
    again = log_of("abcd", ("reconciled", data))
    assert codes(again, [*witnessed, *heads(log, 6, 7)]) == ["cut-tail"]
    other = log_of("abcX", ("reconciled", data))
    other.append("contact", DAY, NOW + timedelta(hours=1), "y")
    assert codes(other, [*witnessed, *heads(log, 6)]) == ["rewritten"]


def test_a_log_of_which_no_head_is_known_is_reconciled_from_its_beginning() -> None:
    other = log_of("xy")
    data = reconciliation(other.hashes(), compare(other, other.hashes(), heads(WHOLE, 1, 8)))
    assert (data["number"], data["hash"]) == (0, GENESIS)
    log = log_of("xy", ("reconciled", data))
    assert codes(log, heads(WHOLE, 1, 8)) == []
    assert not list(head_problems(log, log.hashes()))
    assert "Lost from the beginning: up to 8 events" in reconciled(log[2])


@pytest.mark.parametrize(
    "lost", [[7], [{}], [{"number": 1}], [{"number": 0, "hash": GENESIS}], [{"number": True, "hash": GENESIS}],
             [{"number": 1, "hash": "F" * 64}], [{"number": 1, "hash": GENESIS, "more": 1}]],
)  # fmt: skip
def test_a_reconciliation_of_another_shape_is_refused(lost: list[Any]) -> None:
    assert list(shape_problems("reconciled", {"number": 1, "hash": GENESIS, "lost": lost}))


@pytest.mark.parametrize("kind", ["decided", "safety look"])
def test_a_decision_rests_on_a_head_before_it(kind: str) -> None:
    for head, right in ((WHOLE.hashes()[2], True), (WHOLE.hashes()[7], True), (log_of("X").head, False), ("", False)):
        log = log_of("abcdefgh", (kind, {"head": head}))
        assert (not list(head_problems(log, log.hashes()))) is right, head
    log = log_of("abcdefgh", (kind, {}))  # recorded before heads were
    assert not list(head_problems(log, log.hashes()))
    log.append("contact", DAY, NOW + timedelta(hours=1), "z")
    late = log_of("abcdefgh", (kind, {"head": log.head}))
    assert [e.number for e, _ in head_problems(late, late.hashes())] == [9]


def test_a_false_reconciliation_is_found() -> None:
    for number, digits in ((3, WHOLE.hashes()[3]), (-1, WHOLE.hashes()[2]), (9, GENESIS), (0, WHOLE.head)):
        log = log_of("abcdefgh", ("reconciled", {"number": number, "hash": digits, "lost": []}))
        assert [p.code for _, p in head_problems(log, log.hashes())] == ["head-not-in-chain"]


def test_heads_are_due_after_what_must_not_be_undone_and_once_a_day() -> None:
    def event(kind: str, hour: int) -> Event:
        return Event(1, kind, DAY, NOW + timedelta(hours=hour), "dm")

    assert is_due(event("randomised", 1), event("contact", 0))
    assert is_due(event("decided", 1), event("contact", 0))
    assert not is_due(event("contact", 1), event("contact", 0))
    assert is_due(event("contact", 15), event("contact", 14))  # another day, UTC
    assert is_due(event("opened", 0), None)


@pytest.mark.property
@given(st.data())
def test_whatever_is_done_to_a_log_a_head_that_it_lost_is_found(data: st.DataObject) -> None:
    texts = data.draw(st.text("abc", min_size=1, max_size=12))
    was = log_of(texts)
    seen = data.draw(st.sets(st.integers(1, len(texts)), min_size=1))
    witnessed = heads(was, *sorted(seen))
    keep = data.draw(st.integers(0, len(texts)))
    now = log_of(texts[:keep] + data.draw(st.text("abcX", max_size=5)))
    assume(len(now))
    same = 0
    while same < min(len(was), len(now)) and was[same] == now[same]:
        same += 1
    found = compare(now, now.hashes(), witnessed)
    assert {w.checkpoint.number for w in found.lost} == {n for n in seen if n > same}
    assert bool(found.problems) == any(n > same for n in seen)
    assert found.agreed == sum(n <= same for n in seen)
