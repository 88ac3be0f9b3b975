"""What every store of a log holds to: a file, a table of SQLite, a table of PostgreSQL. One suite over all three."""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from equipoise.conduct.conduct import Conduct
from equipoise.desk.move import move
from equipoise.desk.order import give
from equipoise.files.log_lines import lines_of
from equipoise.files.log_store import store_at
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import moment
from stores import DAY, KINDS, Place, some_log

Places = Callable[..., Place]
LATER = moment(date(2013, 1, 1))


@pytest.fixture(params=KINDS)
def here(request: pytest.FixtureRequest, place: Places) -> Place:
    return place(request.param)


def contact(log: Log, patient: str, why: str = "") -> Event:
    return Event(len(log) + 1, "contact", DAY, LATER, "t", why, patient)


def text_of(log: Log) -> bytes:
    return "".join(line for line, _ in lines_of(log)).encode()


def refused(code: str, act: Callable[[], object]) -> BadInput:
    with pytest.raises(BadInput) as caught:
        act()
    assert code in [p.code for p in caught.value.problems], caught.value
    return caught.value


# -- what is written is what is read ----------------------------------------------------------------------------------


def test_reading_gives_back_what_was_written_to_the_byte(here: Place) -> None:
    log = some_log()
    log.append("contact", DAY, LATER, "t", 'a character \0, half a hash "hash":"0", and ☃', "P9")
    here.store().create(log)
    reading = here.store().read()
    assert (reading.log, reading.log.head, reading.torn) == (log, log.head, None)
    assert here.bytes() == here.store().lines() == text_of(log)


def test_a_log_is_never_overwritten(here: Place) -> None:
    here.store().create(some_log())
    before = here.bytes()
    refused("log-exists", lambda: here.store().create(some_log(1)))
    refused("log-exists", lambda: here.store().create_lines(text_of(some_log(1))))
    assert here.bytes() == before


def test_where_nothing_is_there_is_no_log(here: Place) -> None:
    for act in (lambda: here.store().read(), lambda: here.store().append([], ""), lambda: here.store().lines()):
        assert refused("no-file", act).problems[0].next_step == "conduct open starts one"
    assert here.bytes() == b""


def test_a_log_of_another_trial_is_refused(here: Place) -> None:
    here.store().create(some_log())
    assert "a log of trial 'north'" in str(refused("another-trial", lambda: here.store("colon").read()))
    before = here.bytes()
    with pytest.raises(BadInput):
        here.store("colon").append([contact(some_log(), "P1")], some_log().head)
    assert here.bytes() == before


def test_lines_that_are_no_log_are_refused_and_leave_nothing(here: Place) -> None:
    text = text_of(some_log())
    for data in (b"", b"{}\n", text.replace(b"P1", b"P7"), b"\xff\n"):
        with pytest.raises(BadInput):
            here.store().create_lines(data)
        assert here.bytes() == b""
    refused("another-trial", lambda: here.store("colon").create_lines(text))
    assert here.bytes() == b""


# -- all that was judged by the log that is there, or nothing ----------------------------------------------------------


def test_appended_events_follow_each_other(here: Place) -> None:
    log = some_log()
    here.store().create(log)
    for patients in (["A"], ["B", "C"], []):
        head = log.head
        events = [log.add(contact(log, p)) for p in patients]
        assert here.store().append(events, head) is None
    assert here.store().read().log == log
    assert here.bytes() == text_of(log)


def test_what_was_judged_by_an_older_log_is_not_written(here: Place) -> None:
    log = some_log()
    store = here.store()
    store.create(log)
    event, old = contact(log, "A"), log.head
    store.append([event], old)
    before = here.bytes()
    refused("log-has-grown", lambda: store.append([event], old))
    refused("log-has-grown", lambda: here.store().append([event], "f" * 64))
    assert here.bytes() == before


def test_of_several_events_all_are_written_or_none(here: Place) -> None:
    log = some_log()
    here.store().create(log)
    before, head = here.bytes(), log.head
    good = contact(log, "A")
    bad = (
        replace(good, number=good.number + 1, data={"size": math.nan}),
        replace(good, number=good.number + 1, by="\ud800"),
    )
    for event in bad:
        with pytest.raises((BadInput, ValueError)):
            here.store().append([good, event], head)
        assert here.bytes() == before
    here.store().append([good], head)  # and the store goes on
    assert len(here.store().read().log) == len(log) + 1


def test_a_refused_order_writes_nothing(here: Place, running: Conduct) -> None:
    here.store().create(running.log)
    before = here.bytes()
    with pytest.raises(BadInput):
        give(running.trial, here.store(), lambda c, now: c.order("died", date(2011, 1, 1), now, "t", patient="P1"))
    assert here.bytes() == before


# -- one writer at a time ----------------------------------------------------------------------------------------------


def _try(address: str, timeout: float, end: Connection) -> None:
    """Another process: append to the log as it reads it, and say how that went."""
    store = store_at(address, "north", timeout)
    log = store.read().log
    try:
        store.append([contact(log, "B")], log.head)
        end.send("done")
    except BadInput as bad:
        end.send(bad.problems[0].code)


def elsewhere(here: Place, timeout: float) -> str:
    context = multiprocessing.get_context("spawn")
    mine, other = context.Pipe()
    process = context.Process(target=_try, args=(here.address, timeout, other))
    process.start()
    said = mine.recv() if mine.poll(60) else "no answer"
    process.join()
    return str(said)


@pytest.mark.process
def test_who_holds_the_log_excludes_others_and_nobody_from_reading(here: Place) -> None:
    log = some_log()
    here.store().create(log)
    store = here.store()
    with store.held():
        assert store.read().log == log
        assert elsewhere(here, 0.3) == "locked"  # it has read the log meanwhile
        assert here.store().read().log == log
        store.append([log.add(contact(log, "A"))], some_log().head)
    assert elsewhere(here, 30.0) == "done"
    assert [e.patient for e in here.store().read().log][-2:] == ["A", "B"]


@pytest.mark.process
def test_what_is_written_is_not_read_before_it_lasts(here: Place) -> None:
    """Read over and over while somebody writes: each reading is whole, and none is older than the one before."""
    here.store().create(some_log(0))
    context = multiprocessing.get_context("spawn")
    writer = context.Process(target=_write, args=(here.address, "W", 25))
    writer.start()
    lengths = [1]
    while writer.is_alive() or lengths[-1] < 26:
        lengths.append(len(here.store().read().log))
        assert lengths[-1] >= lengths[-2]
    writer.join()
    assert lengths[-1] == 26


def _write(address: str, name: str, count: int) -> None:
    store = store_at(address, "north")
    for i in range(count):
        with store.held():
            log = store.read().log
            store.append([contact(log, f"{name}{i}")], log.head)


@pytest.mark.process
def test_two_writers_lose_nothing(here: Place) -> None:
    here.store().create(some_log(0))
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(here.address, name, 12)) for name in "AB"]
    for w in writers:
        w.start()
    for w in writers:
        w.join()
    assert {e.patient for e in here.store().read().log if e.patient} == {f"{n}{i}" for n in "AB" for i in range(12)}


def test_after_an_append_a_hold_goes_on_only_while_nobody_was_quicker(here: Place) -> None:
    log = some_log()
    here.store().create(log)
    store = here.store()
    with store.held():
        for patient in "AB":
            head = log.head
            store.append([log.add(contact(log, patient))], head)
    assert here.store().read().log == log


def test_what_ends_in_a_hold_ends_it(here: Place) -> None:
    log = some_log()
    here.store().create(log)
    with suppress(KeyError), here.store().held():
        raise KeyError
    here.store(timeout=1.0).append([log.add(contact(log, "A"))], some_log().head)
    assert here.store().read().log == log


# -- what was changed behind the store's back ---------------------------------------------------------------------------


def _changed(here: Place, change: Callable[[list[str]], list[str]]) -> None:
    """Change the lines as nobody may: the file edited, the table with its triggers off."""
    lines = change(here.bytes().decode().splitlines())
    if here.kind == "file":
        Path(here.address).write_text("".join(f"{line}\n" for line in lines))
        return
    before = here.bytes().decode().splitlines()
    for number, line in enumerate(before, 1):
        if number > len(lines) or lines[number - 1] == "":
            here.unguarded("DELETE FROM event WHERE number = ?", number)
        elif lines[number - 1] != line:
            here.unguarded("UPDATE event SET line = ? WHERE number = ?", lines[number - 1], number)


@pytest.mark.parametrize(
    ("change", "place_of_it"),
    [
        (lambda lines: [*lines[:2], lines[2].replace("P1", "P7"), *lines[3:]], 3),
        (lambda lines: [*lines[:2], lines[2].replace("{", "{ ", 1), *lines[3:]], 3),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], 2),
        (lambda lines: [*lines[:3], "{}", *lines[4:]], 4),
    ],
)
def test_a_change_in_the_middle_is_found(
    here: Place, change: Callable[[list[str]], list[str]], place_of_it: int
) -> None:
    here.store().create(some_log())
    _changed(here, change)
    for act in (here.store().read, here.store().lines):
        with pytest.raises(BadInput, match=rf"(line|row) {place_of_it}"):
            act()


def test_a_record_taken_out_is_found(here: Place) -> None:
    here.store().create(some_log())
    if here.kind == "file":
        _changed(here, lambda lines: [*lines[:2], *lines[3:]])
    else:
        here.unguarded("DELETE FROM event WHERE number = 3")
    with pytest.raises(BadInput, match=r"(line|row) 3"):
        here.store().read()


# -- a log is carried from any store to any ------------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "target"), list(product(KINDS, KINDS)))
def test_a_moved_log_is_the_same_to_the_byte_and_goes_on(
    source: str, target: str, place: Places, running: Conduct
) -> None:
    trial: Trial = running.trial
    old, new = place(source), place(target)
    old.store().create(running.log)
    before = old.bytes()
    moved = move(trial, old.store(), new.store())
    assert (moved.events, moved.hash, moved.torn_bytes) == (len(running.log), running.log.head, 0)
    assert new.bytes() == old.bytes() == before
    give(trial, new.store(), lambda c, now: c.order("contact", date(2012, 6, 1), now, "t", patient="P1"))
    assert new.bytes().startswith(before)
    assert new.bytes().count(b"\n") == len(running.log) + 1
    full = new.bytes()
    refused("log-exists", lambda: move(trial, old.store(), new.store()))
    assert new.bytes() == full
    refused("same-place", lambda: move(trial, old.store(), old.store()))


def test_nothing_is_moved_of_a_log_that_is_not_whole(here: Place, place: Places, running: Conduct) -> None:
    here.store().create(running.log)
    _changed(here, lambda lines: [*lines[:2], lines[2].replace("P1", "P7"), *lines[3:]])
    for kind in KINDS:
        target = place(kind)
        with pytest.raises(BadInput):
            move(running.trial, here.store(), target.store())
        assert target.bytes() == b""


# -- a clock of its own ----------------------------------------------------------------------------------------------------


def test_the_moment_recorded_is_the_store_s_where_it_has_a_clock(
    here: Place, running: Conduct, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.store().create(running.log)
    wrong = datetime(2099, 1, 1, tzinfo=UTC)
    monkeypatch.setattr("equipoise.desk.order.now", lambda: wrong)
    done = give(
        running.trial, here.store(), lambda c, now: c.order("contact", date(2012, 6, 1), now, "t", patient="P1")
    )
    if here.kind == "postgresql":
        assert abs(done.event.recorded - datetime.now(UTC)).total_seconds() < 60
    else:
        assert here.store().now() is None
        assert done.event.recorded == wrong


# -- content that is removed ---------------------------------------------------------------------------------------------------


def with_a_name(running: Conduct) -> tuple[Log, int]:
    """The running trial with an adverse event in which a name was written; salted, or nothing could be withheld."""
    log = Log()
    for e in (*running.log, replace(contact(running.log, "P1"), number=len(running.log) + 1, why="Erika Mustermann")):
        log.add(replace(e, salts=("ab" * 16, "cd" * 16)))
    return log, len(log)


def test_removed_content_is_gone_and_the_chain_holds(here: Place, running: Conduct) -> None:
    log, number = with_a_name(running)
    here.store().create(log)
    before, head = here.bytes(), log.head
    if here.kind == "postgresql":  # who gives orders has no right to it
        bad = refused(
            "no-right", lambda: give(running.trial, here.store(), lambda c, now: c.redact(number, now, "dm", "a name"))
        )
        assert "GRANT UPDATE (line)" in str(bad)
        assert here.bytes() == before
    owners = replace(here, address=here.owners)
    done = give(running.trial, owners.store(), lambda c, now: c.redact(number, now, "dm", "a name"))
    assert b"Mustermann" not in here.bytes()
    assert here.bytes().count(b"\n") == number + 1
    found = here.store().read().log
    assert (found.hashes()[number - 1], found.head, found[number - 1].kind) == (head, done.hash, "removed")
    if here.kind == "sqlite":
        path = Path(here.address.removeprefix("sqlite:///"))
        assert all(b"Mustermann" not in p.read_bytes() for p in path.parent.iterdir() if p.name.startswith(path.name))
    give(running.trial, here.store(), lambda c, now: c.order("contact", date(2012, 6, 1), now, "t", patient="P1"))


def test_a_redaction_that_fails_changes_nothing(here: Place, running: Conduct) -> None:
    log, number = with_a_name(running)
    here.store().create(log)
    before, owners = here.bytes(), replace(here, address=here.owners)
    event = Conduct(running.trial, Log(log), takes=False).redact(number, LATER, "dm", "a name")
    refused("log-has-grown", lambda: owners.store().redact(event, "f" * 64))
    with pytest.raises((BadInput, ValueError)):
        owners.store().redact(replace(event, number=number + 5), log.head)
    assert here.bytes() == before


def test_who_lives_takes_a_redaction_by_another_in(here: Place, running: Conduct) -> None:
    from equipoise.desk.order import salts

    log, number = with_a_name(running)
    here.store().create(log)
    trial, store = running.trial, here.store()
    living = Conduct(trial, store.read().log, None, salts, takes=False)
    give(trial, replace(here, address=here.owners).store(), lambda c, now: c.redact(number, now, "dm", "a name"))
    give(trial, store, lambda c, now: c.order("contact", date(2012, 6, 1), now, "t", patient="P1"), conduct=living)
    assert living.log[number - 1].kind == "removed"
    assert list(living.log) == list(here.store().read().log)


# -- a process that lives ----------------------------------------------------------------------------------------------------


def test_who_knows_the_log_reads_what_came_since(here: Place) -> None:
    log = some_log()
    here.store().create(log)
    store, known = here.store(), len(log)
    assert store.read().log == log
    assert len(store.read(known).log) == 0
    head = log.head
    new = [log.add(contact(log, p)) for p in "ABC"]
    here.store().append(new, head)  # somebody else does
    since = store.read(known)
    assert list(since.log) == new
    assert since.log.hashes() == log.hashes()[known:]
    assert (since.log.head, list(store.read(known + 3).log)) == (log.head, [])
    assert list(store.read(2).log) == list(log)[2:]  # and from anywhere else too
    for elsewhere in (here.store(), store):
        assert list(elsewhere.read(known + 2).log) == new[2:]
    refused("not-the-log", lambda: here.store().read(len(log) + 1))


def test_a_log_that_no_longer_is_the_one_that_was_read_is_not_gone_on_with(here: Place) -> None:
    log = some_log()
    here.store().create(log)
    store = here.store()
    store.read()
    other = some_log(3)
    other.add(contact(other, "X"))
    if here.kind == "file":
        Path(here.address).write_bytes(text_of(some_log(3)))
    else:
        here.unguarded("DELETE FROM event WHERE number = 5")
    refused("not-the-log", lambda: store.read(5))


def test_a_living_process_gives_its_orders_after_those_of_others(here: Place, running: Conduct) -> None:
    from equipoise.desk.order import salts

    here.store().create(running.log)
    trial, store = running.trial, here.store()
    living = Conduct(trial, store.read().log, None, salts, takes=False)
    for i in range(3):
        give(trial, here.store(), lambda c, now: c.order("contact", date(2012, 6, 1), now, "other", patient="P1"))
        done = give(
            trial, store, lambda c, now: c.order("contact", date(2012, 6, 1), now, "t", patient="P1"), conduct=living
        )
        assert (done.event.number, done.hash) == (len(running.log) + 2 * i + 2, here.store().read().log.head)
    assert living.log == here.store().read().log


def test_a_living_process_is_not_led_on_by_another_history(here: Place, place: Places, running: Conduct) -> None:
    """The table put back to an older copy on which somebody went on: as long as before, and another."""
    from equipoise.desk.order import salts

    here.store().create(running.log)
    trial, store = running.trial, here.store()
    order = lambda c, now: c.order("contact", date(2012, 6, 1), now, "t", patient="P1")  # noqa: E731
    give(trial, here.store(), order)
    living = Conduct(trial, store.read().log, None, salts, takes=False)
    other = place(here.kind)
    other.store().create(running.log)
    give(trial, other.store(), order)
    give(trial, other.store(), order)
    before = other.bytes()
    elsewhere = other.store()
    with pytest.raises(BadInput):
        give(trial, elsewhere, order, conduct=living)
    assert other.bytes() == before
