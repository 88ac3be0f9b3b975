"""The index beside a log: what it spares, what it holds, what is found by it and what only ``verify`` finds."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from equipoise.conduct.conduct import Conduct, Refused, replay
from equipoise.conduct.register import of_patient
from equipoise.desk.opening import load_at_hand
from equipoise.desk.order import give, salted, salts
from equipoise.files import log_register
from equipoise.files.log_index import BUCKETS, SIZE, BrokenIndex, make, opened
from equipoise.files.log_register import last_definition, register_of
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import moment
from random_orders import begin, minimised
from stores import KINDS, Place

DAY = date(2012, 6, 1)


def contact(patient: str) -> Callable[[Conduct, datetime], Event]:
    return lambda c, now: c.order("contact", DAY, now, "t", "seen", patient=patient)


@pytest.fixture(params=KINDS)
def here(
    request: pytest.FixtureRequest, place: Callable[[str], Place], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Place:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return place(request.param)


def filled(here: Place, trial: Trial, patients: int = 60) -> Any:
    """A log of patients with ten events each, and an index beside it."""
    log = Conduct.open(trial, moment(date(2012, 4, 1)), "t").log
    log.append("site activated", date(2012, 4, 2), moment(date(2012, 4, 2)), "t", site="S01")
    now = moment(date(2012, 7, 1))
    for i in range(patients):
        who = f"S01-{i:03d}"
        log.append("screened", DAY, now, "t", "", who, "S01", {"failed": []})
        log.append("enrolled", DAY, now, "t", "", who, "S01", {"factors": {"ecog": "0-1", "ldh": "normal"}})
        log.append(
            "randomised",
            DAY,
            now,
            "t",
            "",
            who,
            "",
            {"arm": ("IMGN901", "IMGN901", "CE")[i % 3], "stratum": "ecog=0-1 / ldh=normal"},
        )
        for _ in range(7):
            log.append("contact", DAY, now, "t", "a conversation", who)
    store: Any = here.store(trial.id)
    store.create(salted(log))
    give(trial, store, contact("S01-000"))
    assert store.index()[0].exists()
    return store


def test_an_order_reads_the_lines_that_it_asks_for_and_no_others(
    here: Place, north: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(here, north)
    alone: Any = here.store("north")
    fetched: list[int] = []
    fetch = alone.fetch

    def counted(wanted: Any) -> list[bytes]:
        fetched.extend(number for number, _ in wanted)
        return fetch(wanted)  # type: ignore[no-any-return]

    def never(*_: Any) -> None:
        raise AssertionError("the whole log is read")

    monkeypatch.setattr(alone, "fetch", counted)
    monkeypatch.setattr(alone, "read", never)
    done = give(north, alone, contact("S01-031"))
    give(north, alone, lambda c, now: c.screen("", "S01", DAY, now, "t"))
    give(north, alone, lambda c, now: c.correct(20, now, "t", "typing error", void=True))
    with pytest.raises(Refused, match="screened already"):
        give(north, alone, lambda c, now: c.screen("S01-001", "S01", DAY, now, "t"))
    assert len(set(fetched)) < 60
    log = store.read().log
    assert (len(log), log.hashes()[done.event.number - 1]) == (606, done.hash)
    assert log[604].patient == "S01-060"
    assert replay(north, list(log)) == []


def test_an_order_of_the_trial_s_own_reads_what_it_may_touch(here: Place, north: Trial) -> None:
    """Looks, pauses, sites, definitions and the corrections of these: what was recorded since the day that they are of."""
    filled(here, north)
    amended = north.model_copy(update={"title": "as it is called since"})
    new = {"fingerprint": amended.fingerprint, "definition": amended.definition}
    look = {"look": 1, "action": "continue", "cutoff": "2012-06-01", "known_on": "2012-06-01"}

    def ruled(c: Conduct, now: datetime) -> list[Event]:
        ahead = c.fork(None)
        ahead.takes = True
        rule = north.safety[0]
        data = {
            "rule": rule.name,
            "speaks": True,
            "does": rule.does,
            "events": 3,
            "watched": 9,
            "cutoff": "2012-06-01",
            "known_on": "2012-06-01",
        }
        return [
            ahead.order("safety look", now.date(), now, "t", "3 of 9", data=data),
            ahead.order("enrolment paused", now.date(), now, "t"),
        ]

    orders: list[Callable[[Conduct, datetime], Any]] = [
        ruled,
        lambda c, now: c.order("enrolment resumed", now.date(), now, "t"),
        lambda c, now: c.correct(len(c.log), now, "t", "was not", void=True),
        lambda c, now: c.order("decided", now.date(), now, "t", data=look),
        lambda c, now: c.activate("S02", now.date(), now, "t"),
        lambda c, now: c.correct(len(c.log), now, "t", "earlier", on=date(2012, 6, 1)),
        lambda c, now: c.order("amended", now.date(), now, "t", "a title", data=new),
        lambda c, now: c.order("enrolment closed", now.date(), now, "t"),
    ]
    trial = north
    for order in orders:
        alone: Any = here.store("north")
        read = alone.read
        alone.read = lambda after=0, head="", read=read: (
            read(after, head) if after else pytest.fail("the whole log is read")
        )
        amends = trial is north and order is orders[6]
        trial = amended if amends else trial
        give(trial, alone, order, amends=amends)
    log = here.store("north").read().log
    assert [e.kind for e in log][-9:] == [
        "safety look", "enrolment paused", "enrolment resumed", "voided", "decided", "site activated", "site activated", "amended",
        "enrolment closed",
    ]  # fmt: skip


def test_a_minimised_arm_follows_from_counts_that_are_those_of_the_whole_log(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where levels were corrected since; and counts that are not those of the log make no index."""
    monkeypatch.setattr(log_register, "WORTH", 0)
    trial, by_secret, _ = minimised()
    store: Any = here.store("north")
    store.create(salted(begin(trial, by_secret)))
    day = date(2016, 6, 1)
    for i in range(8):
        levels = {"ecog": ("0-1", "2")[i % 2], "ldh": ("normal", "raised")[i // 2 % 2]}
        who = give(trial, here.store("north"), lambda c, now: c.screen("", "S01", day, now, "t")).event.patient
        give(trial, here.store("north"), lambda c, now, p=who, f=levels: c.enrol(p, day, now, "t", f))  # type: ignore[misc]
        order: Any = lambda c, now, p=who: c.randomise(p, day, now, "t")  # noqa: E731
        alone: Any = here.store("north")
        expected = order(Conduct(trial, alone.read().log, by_secret, takes=False), datetime.now(UTC)).data
        monkeypatch.setattr(alone, "read", lambda *_: pytest.fail("the whole log is read"))
        assert give(trial, alone, order, by_secret).event.data == expected
        enrolled = next(e.number for e in store.read().log if e.kind == "enrolled")
        levels = {"ecog": ("0-1", "2")[i % 2]}
        if i == 3:
            give(
                trial,
                here.store("north"),
                lambda c, now, n=enrolled: c.correct(n, now, "t", "other", factors={"ecog": "2"}),
            )  # type: ignore[misc]
    log = store.read().log
    wrong = Conduct(trial, log, by_secret)
    wrong.patients.popitem()
    store.index()[0].unlink()
    with store.held():
        log_register.make_register(store, trial, log, wrong)
        assert not store.index()[0].exists()


def test_a_line_that_was_changed_is_found_by_the_next_order_that_asks_for_it(here: Place, north: Trial) -> None:
    filled(here, north)
    if here.kind == "file":  # there by any order: the file's times tell
        path = Path(here.address)
        times = path.stat().st_mtime_ns
        path.write_bytes(path.read_bytes().replace(b"S01-059", b"S01-058", 1))
        os.utime(path, ns=(times, times))
        asked = "S01-000"
    else:
        change = "UPDATE event SET line = replace(line, 'S01-059', 'S01-058') WHERE number = 600"
        here.unguarded(change)
        asked = "S01-059"
    with pytest.raises(BadInput, match="changed after it was written"):
        give(north, here.store("north"), contact(asked))


def test_a_forged_index_is_found_by_verify_which_does_not_use_it(here: Place, north: Trial) -> None:
    """What is promised, and no more: who may write beside the log can have an order go through that is impossible."""
    store = filled(here, north)
    died = give(north, store, lambda c, now: c.order("died", DAY, now, "t", patient="S01-007")).event
    late: Callable[[Conduct, datetime], Event] = lambda c, now: c.order(  # noqa: E731
        "contact", date(2012, 6, 5), now, "t", patient="S01-007"
    )
    with pytest.raises(Refused, match="died on"):
        give(north, here.store("north"), late)
    with opened(store.index()[0]) as index:
        numbers = [n for n in index.look(of_patient("S01-007")) if n != died.number]
        index.write({of_patient("S01-007"): numbers}, {k: v for k, v in index.header.items() if k != "salt"})
    give(north, here.store("north"), late)
    assert [p.code for _, p in replay(north, list(store.read().log))] == ["after-death"]


def test_an_index_counts_only_where_nobody_may_write_it_who_may_not_write_the_log(here: Place, north: Trial) -> None:
    """Else who can do nothing but put files into the folder could have an impossible order go through."""
    store = filled(here, north)
    index, log = store.index()

    def known() -> bool:
        with store.held(), register_of(store, north) as register:
            return register is not None

    assert known()
    mode = index.stat().st_mode
    index.chmod(mode | 0o022)
    assert not known()
    index.chmod(mode)
    if os.geteuid() == 0:
        os.chown(index, 4321, -1)
        assert not known()
        if log is not None:  # who owns the log may write it
            os.chown(index, 0, -1)
            os.chown(log, 4321, -1)
            assert here.kind == "sqlite" or not known()  # the system's own time of the file has changed
        os.chown(index, 0, -1)
    give(north, here.store("north"), contact("S01-000"))
    assert known()


def test_an_index_that_is_another_logs_or_behind_or_ahead_is_not_taken(here: Place, north: Trial, place: Any) -> None:
    store = filled(here, north)
    other = place(here.kind)
    stores: Any = filled(other, north, 70)
    ours, theirs = store.index()[0], stores.index()[0]
    data = ours.read_bytes()
    ours.write_bytes(theirs.read_bytes())
    with store.held(), register_of(store, north) as register:
        assert register is None
    ours.write_bytes(data)
    with store.held(), register_of(store, north.model_copy(update={"title": "another"})) as register:
        assert register is None
    log = store.read().log
    store.append([Event(len(log) + 1, "contact", DAY, moment(date(2030, 1, 1)), "t", patient="S01-000")], log.head)
    alone: Any = here.store("north")
    with alone.held(), register_of(alone, north) as register:  # behind: a table is read on, a file as a whole
        assert (register.number if register is not None else None) == (None if here.kind == "file" else len(log) + 1)


def test_the_index_says_nothing_of_the_log_and_has_its_rights(here: Place, north: Trial) -> None:
    store = filled(here, north)
    index, log = store.index()
    assert not [t for t in (b"S01-0", b"contact", b"conversation", b"ecog") if t in index.read_bytes()]
    assert index.stat().st_mode == (log.stat().st_mode if log is not None else 0o100600)


def test_what_was_removed_leaves_no_trace_in_the_index(here: Place, north: Trial) -> None:
    store = filled(here, north)
    if here.kind == "postgresql":
        here.execute("GRANT UPDATE (line) ON public.event TO site", owner=True)
    give(north, here.store("north"), lambda c, now: c.redact(12, now, "t", "a name"))
    assert not store.index()[0].exists()
    for _ in range(2):
        give(north, here.store("north"), contact("S01-000"))
    assert store.index()[0].exists()
    with store.held(), register_of(store, north) as register:
        assert register is not None
        assert [e.kind for e in register.events([604, 12])] == ["redacted", "removed"]


def test_a_short_log_has_none_and_what_stands_in_its_place_is_left(
    place: Callable[[str], Place], north: Trial, running: Conduct
) -> None:
    here = place("file")
    store: Any = here.store("north")
    store.create(running.log)
    give(north, store, contact("P1"))
    index = store.index()[0]
    assert not index.exists()
    assert last_definition(store) is None
    index.mkdir()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(log_register, "WORTH", 0)
        give(north, store, contact("P1"))
    assert index.is_dir()
    assert len(store.read().log) == len(running.log) + 2


def test_the_index_says_which_trial_file_goes_with_the_log(
    here: Place, north: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(here, north)
    assert last_definition(store) == north.fingerprint
    if here.kind != "postgresql":
        monkeypatch.setattr(type(store), "read", lambda *_: pytest.fail("the whole log is read"))
        from equipoise.files.log_address import address_of

        assert load_at_hand("north", address_of(here.address), None).fingerprint == north.fingerprint


def test_every_byte_of_an_index_is_held_by_a_digest(tmp_path: Path) -> None:
    """A bucket that is lost, one that is kept from before, a root or a header that was changed: none is taken for what was written."""
    path = tmp_path / "index"
    make(path, {f"key {i}": i for i in range(200)}, {"number": 200})
    with opened(path) as index:
        assert [index.look(f"key {i}") for i in range(201)] == [*range(200), None]
        assert index.write({"key 0": "new", "another": [1]}, {"number": 201})
        first = index._connection
        parts = first.execute("SELECT id, body FROM part").fetchall()
        assert len(parts) < 300 < BUCKETS
    for number, body in parts:
        with opened(path) as index:
            changed = bytes([body[0] ^ 1]) + body[1:]
            index._connection.execute("UPDATE part SET body = ? WHERE id = ?", (changed, number))
        with pytest.raises(BrokenIndex), opened(path) as index:
            [index.look(f"key {i}") for i in range(200)] + [index.look("another")]
        with opened_raw(path) as connection:
            connection.execute("DELETE FROM part WHERE id = ?", (number,))
        with pytest.raises(BrokenIndex), opened(path) as index:
            [index.look(f"key {i}") for i in range(200)] + [index.look("another")]
        with opened_raw(path) as connection:
            connection.execute("INSERT INTO part VALUES (?, ?)", (number, body))
    with opened(path) as index:
        assert (index.look("key 0"), index.look("another"), len(index._root)) == ("new", [1], BUCKETS * SIZE)


def opened_raw(path: Path) -> Any:
    import sqlite3
    from contextlib import closing

    return closing(sqlite3.connect(path, isolation_level=None))


def test_two_who_write_at_once_do_not_mix_their_buckets(tmp_path: Path) -> None:
    path = tmp_path / "index"
    make(path, {"a": 1}, {"number": 1})
    with opened(path) as one, opened(path) as other:
        assert one.write({"b": 2}, {"number": 2})
        assert not other.write({"c": 3}, {"number": 2})
    with opened(path) as index:
        assert (index.look("a"), index.look("b"), index.look("c")) == (1, 2, None)


def test_an_excerpt_is_no_log_of_its_own(here: Place, north: Trial) -> None:
    """What is not looked up by name raises, and is never empty by mistake."""
    from equipoise.conduct.excerpt import Excerpt
    from equipoise.conduct.register import WholeNeeded

    store = filled(here, north)
    with store.held(), register_of(store, north) as register:
        assert register is not None
        c = Excerpt(north, register, None, lambda: ("", ""))
        asks: list[Callable[[], Any]] = [
            lambda: list(c.log), lambda: list(c.log.hashes()), lambda: c.log.hashes()[-1], lambda: max(c.log.hashes()), lambda: c.log.hashes()[:2], lambda: c.log.known_by(DAY), lambda: c.log[-1], lambda: Log(c.log),
            lambda: c.patients.values(), lambda: len(c.patients), lambda: dict(c.patients), lambda: {**c.patients},
            lambda: bool(c.patients), lambda: c.copy(), lambda: dict(c.allocated),
            lambda: c.take(c.log[0]), lambda: c._rebuild(), lambda: c.log.head == c.log._hashes[-1],
            lambda: c.fork(None).take(c.log[1]), lambda: c.fork(None).take(c.log[601]), lambda: c.log.add(c.log[0]), lambda: c.log.remove(c.log[0]),
        ]  # fmt: skip
        for ask in asks:
            with pytest.raises(WholeNeeded):
                ask()
        assert c.log.head == c.log.hash_at(len(c.log)) == store.read().log.head


def test_a_witness_is_asked_by_the_index_too(
    here: Place, north: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from equipoise.conduct.randomisation import PermutedBlocks
    from equipoise.desk.witness import Witness, make_keys
    from equipoise.files.signing import read_signer
    from equipoise.files.witness_folder import write_checkpoint
    from equipoise.trial.checkpoint import Checkpoint

    store = filled(here, north)
    signer = read_signer(Path(make_keys(tmp_path / "keys", "site").secret))
    folder = tmp_path / "witness"
    folder.mkdir()
    witness = Witness(folder, signer, tmp_path / "receipts")
    blocks = PermutedBlocks(north, "a secret for tests only")
    levels = {"ecog": "2", "ldh": "normal"}
    for _ in range(2):
        who = give(north, here.store("north"), lambda c, now: c.screen("", "S01", DAY, now, "t")).event.patient
        give(north, here.store("north"), lambda c, now, p=who: c.enrol(p, DAY, now, "t", levels))  # type: ignore[misc]

    def randomise(patient: str, *, whole: bool = True) -> Any:
        alone: Any = here.store("north")
        if not whole:
            monkeypatch.setattr(alone, "read", lambda *_: pytest.fail("the whole log is read"))
        return give(north, alone, lambda c, now: c.randomise(patient, DAY, now, "t"), blocks, witness=witness)

    done = randomise("S01-060", whole=False)
    assert [p.name for p in folder.iterdir()] == [Path(done.checkpoint).name]
    assert done.hash[:8] in done.checkpoint
    lost = Checkpoint("north", 900, "ab" * 32, moment(date(2020, 1, 1)))
    write_checkpoint(folder, lost, signer.sign(lost.text))
    with pytest.raises(BadInput, match="not what was witnessed"):
        randomise("S01-061")
    other = give(north, here.store("north"), contact("S01-000"), witness=witness)
    assert (other.checkpoint, other.notes) == (None, [])  # not the first of its day: not due
    look = {"look": 1, "action": "continue", "cutoff": "2012-06-01", "known_on": "2012-06-01"}
    due = give(
        north, here.store("north"), lambda c, now: c.order("decided", now.date(), now, "t", data=look), witness=witness
    )
    assert (due.checkpoint, len(due.notes), "not what was witnessed" in due.notes[0]) == (None, 1, True)
    data = {"number": 600, "hash": store.read().log.hashes()[599], "lost": [{"number": 900, "hash": "ab" * 32}]}
    give(north, here.store("north"), lambda c, now: c.order("reconciled", now.date(), now, "t", "a copy", data=data))
    assert randomise("S01-061").checkpoint is not None
    assert len((tmp_path / "receipts").read_text().splitlines()) == 4


def test_a_process_that_lives_and_orders_given_alone_take_turns(
    here: Place, north: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The living one carries the index of a file on; that of a table is read on from where it ends."""
    filled(here, north)
    own: Any = here.store("north")
    living = Conduct(north, own.read().log, None, salts, takes=False)
    for i in range(3):
        give(north, own, contact(f"S01-00{i}"), conduct=living)
        alone: Any = here.store("north")
        read = alone.read

        def onward(after: int = 0, head: str = "", read: Any = read) -> Any:
            assert after, "the whole log is read"
            assert here.kind != "file"
            return read(after, head)

        monkeypatch.setattr(alone, "read", onward)
        give(north, alone, lambda c, now: c.screen("", "S01", DAY, now, "t"))
    log = here.store("north").read().log
    assert [e.patient for e in log][-6:] == ["S01-000", "S01-060", "S01-001", "S01-061", "S01-002", "S01-062"]
    give(north, own, contact("S01-003"), conduct=living)
    assert len(living.log) == len(log) + 1
    assert replay(north, list(living.log)) == []
