"""What a table of a database refuses by itself, whoever asks; and what its users may do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from equipoise.files.log_address import address_of
from equipoise.files.log_lines import line_of, lines_of
from equipoise.files.log_store import prepare
from equipoise.trial.event import GENESIS, Event, digests_of
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from postgres import APPLICATION
from stores import DATABASES, DAY, Place, moment, some_log

INSERT = "INSERT INTO event (chain, number, line, hash) VALUES (?, ?, ?, ?)"


@pytest.fixture(params=DATABASES)
def table(request: pytest.FixtureRequest, place: Callable[..., Place]) -> Place:
    """A table with NORTH's log of five events in it."""
    here = place(request.param)
    here.store().create(some_log())
    return here


def following(log: Log, number: int | None = None, previous: str | None = None) -> tuple[str, int, str, str]:
    """A row of an event that would follow, or that says it does."""
    event = Event(
        len(log) + 1 if number is None else number,
        "contact",
        DAY,
        moment(DAY),
        "t",
        patient="P9",
        site="S01",
        salts=("ab" * 16, ""),
    )
    line, digest = line_of(event, previous or log.head)
    return "north", event.number, line.removesuffix("\n"), digest


def refused_by_the_table(here: Place, said: str, statement: str, *given: object, owner: bool = False) -> None:
    before = here.bytes()
    with pytest.raises(Exception, match=said) as caught:
        here.execute(statement, *given, owner=owner)
    assert "IntegrityError" in str(type(caught.value).__mro__) or "Privilege" in str(type(caught.value)), caught.value
    assert here.bytes() == before


def test_the_next_event_is_taken(table: Place) -> None:
    table.execute(INSERT, *following(some_log()))
    assert table.store().read().log[5].patient == "P9"


@pytest.mark.parametrize(
    ("said", "row"),
    [
        ("a gap", lambda log: following(log, 7)),
        ("a gap", lambda log: following(log, 5)),
        ("a gap", lambda log: following(log, 0)),
        ("a gap", lambda log: following(log, -1)),
        ("a fork", lambda log: following(log, previous=log.hashes()[-2])),
        ("a fork", lambda log: following(log, previous=GENESIS)),
        ("the hash is not", lambda log: (*following(log)[:3], "f" * 64)),
        ("a gap", lambda log: ("another chain", *following(log)[1:])),
        ("another event", lambda log: ("another chain", 1, *following(log, 1)[2:])),
        ("another event", lambda log: ("north", 6, *following(log, 7)[2:])),
    ],
)
def test_a_gap_a_fork_and_another_hash_are_refused(
    table: Place, said: str, row: Callable[[Log], tuple[str, int, str, str]]
) -> None:
    refused_by_the_table(table, said, INSERT, *row(some_log()))


@pytest.mark.parametrize("verb", ["INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"])
def test_no_way_of_inserting_in_sqlite_replaces_a_row(place: Callable[..., Place], verb: str) -> None:
    here = place("sqlite")
    here.store().create(some_log())
    row = following(some_log(), 5, some_log().hashes()[3])
    refused_by_the_table(here, "a gap", f"{verb} INTO event (chain, number, line, hash) VALUES (?, ?, ?, ?)", *row)


@pytest.mark.parametrize(
    ("statement", "in_sqlite"),
    [
        ("UPDATE event SET line = line WHERE number = 2", True),
        ("UPDATE event SET hash = 'x'", True),
        ("UPDATE event SET chain = 'y'", True),
        ("DELETE FROM event", True),
        ("DELETE FROM event WHERE number = 5", True),
        ("DELETE FROM event WHERE number = 99", False),
        ("TRUNCATE event", False),
        (
            INSERT.replace("?", "'north', 5, '{}', 'y'", 1).replace(", ?", "")
            + " ON CONFLICT (chain, number) DO UPDATE SET line = 'z'",
            True,
        ),
    ],
)
def test_nothing_is_changed_or_taken_out_even_by_the_owner(table: Place, statement: str, in_sqlite: bool) -> None:
    if table.kind == "sqlite" and not in_sqlite:
        pytest.skip("SQLite has no such statement, or fires no trigger where no row is touched")
    said = "nothing is (changed|taken)|a gap"
    refused_by_the_table(table, f"{said}|permission denied", statement)
    if table.kind == "postgresql":
        refused_by_the_table(table, said, statement, owner=True)


def test_a_line_may_give_way_to_its_digests_and_to_nothing_else(table: Place) -> None:
    """A redaction hides what was said, and can say nothing else; who gives orders has no right to it."""
    log = some_log()
    hashes = [GENESIS, *log.hashes()]
    update, owner = "UPDATE event SET line = ? WHERE number = ?", table.kind == "postgresql"

    def removed(number: int, of: int | None = None) -> str:
        event = log[(of or number) - 1]
        gone = replace(event, withheld=digests_of(event, event.texts()))
        return line_of(gone, hashes[number - 1])[0].strip()

    for line in (
        removed(3, of=4),
        removed(3).replace("open_digest", "open"),
        removed(4),
        "{}",
        table.bytes().decode().split("\n")[3],
    ):
        refused_by_the_table(table, "nothing is changed", update, line, 3, owner=owner)
    if owner:
        refused_by_the_table(table, "permission denied", update, removed(3), 3)
        wrong = removed(3).replace('"open_digest":"', '"open_digest":"00', 1)
        refused_by_the_table(
            table,
            "nothing is changed",
            update,
            wrong[: wrong.index("00") + 64] + wrong[wrong.index("00") + 66 :],
            3,
            owner=True,
        )
    table.execute(update, removed(3), 3, owner=owner)
    assert table.store().read().log.head == log.head
    assert table.execute("SELECT kind, patient, site, recorded FROM event WHERE number = 3") == [
        (None, None, None, None)
    ]
    refused_by_the_table(table, "nothing is changed", update, log_line(log, 3), 3, owner=owner)  # it does not come back


def log_line(log: Log, number: int) -> str:
    return [line for line, _ in lines_of(log)][number - 1].strip()


# -- PostgreSQL: what the line says, and who may ------------------------------------------------------------------------


@pytest.fixture
def server(place: Callable[..., Place]) -> Place:
    here = place("postgresql")
    here.store().create(some_log())
    return here


def test_postgresql_knows_the_hash_that_a_line_should_have(server: Place) -> None:
    """Content that was changed with its hash left, or stated anew but not computed: whatever part, in both forms of a line."""
    chain, number, line, digest = following(some_log())
    for a, b in (("P9", "P8"), ('"salts":["ab', '"salts":["cd'), ('"site":"S01"', '"site":"S02"')):
        assert a in line
        refused_by_the_table(server, "the hash is not", INSERT, chain, number, line.replace(a, b), digest)
    secret = replace(
        Event(6, "randomised", DAY, moment(DAY), "t", patient="P9", data={"arm": "CE", "stratum": "all"}),
        salts=("ab" * 16, "cd" * 16),
    )
    line, digest = line_of(secret, some_log().head)
    refused_by_the_table(server, "the hash is not", INSERT, chain, 6, line.replace('"CE"', '"IM"').strip(), digest)
    server.execute(INSERT, chain, 6, line.strip(), digest)
    first = replace(secret, number=7, form=1)
    line, digest = line_of(first, digest)
    refused_by_the_table(server, "the hash is not", INSERT, chain, 7, line.replace('"CE"', '"IM"').strip(), digest)
    server.execute(INSERT, chain, 7, line.strip(), digest)
    with pytest.raises(BadInput, match="first form"):  # what the table does not know, reading does
        server.store().read()


def test_parts_that_are_withheld_are_taken_by_their_digest(server: Place) -> None:
    """A redacted log can be carried: PostgreSQL holds the chain of what is left."""
    log = some_log()
    event = Event(6, "randomised", DAY, moment(DAY), "t", patient="P9", data={"arm": "CE", "stratum": "all"})
    event = replace(event, salts=("ab" * 16, "cd" * 16))
    whole = digests_of(event, event.texts())
    shown = replace(event, data={"stratum": "all"}, withheld=("", whole[1]))
    nothing = replace(event, withheld=whole)
    assert len({line_of(e, log.head)[1] for e in (event, shown, nothing)}) == 1
    for less in (shown, nothing):
        line, digest = line_of(less, log.head)
        refused_by_the_table(
            server, "the hash is not", INSERT, "north", 6, line.replace(whole[1], "0" * 64).strip(), digest
        )
        found = server.execute("SELECT event_hash(?)", line.strip())
        assert found == [(digest,)]


def test_the_index_columns_say_what_the_line_says(table: Place) -> None:
    log = some_log()
    chain, number, line, digest = following(log)
    if table.kind == "postgresql":
        columns = (
            "INSERT INTO event (chain, number, line, hash, kind, patient, site) VALUES (?, ?, ?, ?, 'a', 'b', 'c')"
        )
        table.execute(columns, chain, number, line, digest)
    else:
        with pytest.raises(sqlite3.OperationalError, match="generated column"):
            table.execute(
                "INSERT INTO event (chain, number, line, hash, kind) VALUES (?, ?, ?, ?, 'a')", *following(log)
            )
        table.execute(INSERT, chain, number, line, digest)
    found = table.execute("SELECT kind, patient, site, recorded FROM event ORDER BY number")
    assert [row[:3] for row in found] == [*((e.kind, e.patient, e.site) for e in log), ("contact", "P9", "S01")]
    assert [str(row[3])[:10] for row in found] == [*(str(e.recorded.date()) for e in log), str(DAY)]


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE event DISABLE TRIGGER ALL", "DROP TABLE event", "DROP TRIGGER event_never ON event", "CREATE TABLE public.x (a int)",
        "CREATE OR REPLACE FUNCTION public.event_never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
        "SET session_replication_role = replica", "TRUNCATE event", "UPDATE event SET line = ''", "DELETE FROM event",
    ],
)  # fmt: skip
def test_the_application_s_user_may_read_and_add_and_no_more(server: Place, statement: str) -> None:
    before = server.bytes()
    with pytest.raises(Exception, match=r"permission denied|must be owner"):
        server.execute(statement)
    assert server.bytes() == before


def test_a_table_of_the_same_name_in_a_session_s_own_schema_deceives_no_trigger(server: Place) -> None:
    import psycopg

    row = following(some_log(), 1, GENESIS)
    with psycopg.connect(server.address) as connection:
        connection.execute("CREATE TEMP TABLE event (chain text, number bigint, line text, hash text)")
        connection.execute("SET search_path = pg_temp, public")
        with pytest.raises(psycopg.errors.IntegrityError, match="a gap"):
            connection.execute("INSERT INTO public.event (chain, number, line, hash) VALUES (%s, %s, %s, %s)", row)


def test_who_may_not_read_is_told_who_can_give_the_right(place: Callable[..., Place]) -> None:
    here = place("postgresql", prepared=False)
    with pytest.raises(BadInput, match="its owner makes it: equipoise conduct prepare"):
        here.store().create(some_log())
    assert "GRANT SELECT, INSERT ON public.event TO ROLE" in prepare(address_of(here.owners))
    with pytest.raises(BadInput, match="GRANT SELECT, INSERT"):
        here.store().read()
    prepare(address_of(here.owners), APPLICATION)
    here.store().create(some_log())
    before = here.bytes()
    prepare(address_of(here.owners), APPLICATION)  # again: nothing is lost
    assert here.bytes() == before
    with pytest.raises(BadInput, match=r"must be owner|permission denied"):
        prepare(address_of(here.address))
    with pytest.raises(BadInput, match="does not exist"):
        prepare(address_of(here.owners), "nobody; DROP TABLE event")


def test_an_order_is_refused_where_the_table_s_triggers_are_gone(table: Place) -> None:
    log = some_log()
    event = Event(6, "contact", DAY, moment(DAY), "t", patient="P9")
    for trigger in ("event_next", "event_never" if table.kind == "postgresql" else "event_no_delete"):
        if table.kind == "postgresql":
            table.execute(f"ALTER TABLE event DISABLE TRIGGER {trigger}", owner=True)
        else:
            table.execute(f"DROP TRIGGER {trigger}")
        before = table.bytes()
        with pytest.raises(BadInput, match=f"a table without {trigger}"):
            table.store().append([event], log.head)
        assert table.bytes() == before
        assert len(table.store().read().log) == 5  # it is still read, and verified
        prepare(address_of(table.owners))
    table.store().append([event], log.head)


def test_an_order_is_refused_where_a_trigger_does_something_else(table: Place) -> None:
    log = some_log()
    event = Event(6, "contact", DAY, moment(DAY), "t", patient="P9")
    if table.kind == "postgresql":
        body = "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
        name = "event_never"
        table.execute(f"CREATE OR REPLACE FUNCTION public.{name}() {body}", owner=True)
    else:
        name = "event_no_update"
        table.execute(f"DROP TRIGGER {name}")
        table.execute(f"CREATE TRIGGER {name} BEFORE UPDATE ON event BEGIN SELECT 1; END")
    before = table.bytes()
    with pytest.raises(BadInput, match=f"a table without {name}"):
        table.store().append([event], log.head)
    assert table.bytes() == before
    prepare(address_of(table.owners))
    table.store().append([event], log.head)


# -- stores that fail in the middle --------------------------------------------------------------------------------------


def test_a_connection_that_is_cut_between_adding_and_lasting_leaves_nothing(
    server: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from equipoise.files import log_postgresql

    log = some_log()
    event = Event(6, "contact", DAY, moment(DAY), "t", patient="P9")
    before = server.bytes()
    add = log_postgresql._Session.insert

    def cut(self: log_postgresql._Session, *given: object) -> None:
        add(self, *given)  # type: ignore[arg-type]
        pid = self._connection.info.backend_pid
        server.execute("SELECT pg_terminate_backend(?)", pid)

    monkeypatch.setattr(log_postgresql._Session, "insert", cut)
    with pytest.raises(BadInput, match="no answer to the commit") as caught:
        server.store().append([event], log.head)
    assert caught.value.problems[0].code == "may-be-recorded"
    monkeypatch.undo()
    assert server.bytes() == before
    server.store().append([event], log.head)
    assert len(server.store().read().log) == 6


def test_a_full_disk_leaves_nothing(place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch) -> None:
    from equipoise.files import log_sqlite

    here, log = place("sqlite"), some_log()
    here.store().create(log)
    before, connect = here.bytes(), log_sqlite._connect

    def small(*given: object) -> sqlite3.Connection:
        connection = connect(*given)  # type: ignore[arg-type]
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr(log_sqlite, "_connect", small)
    events = [Event(6 + i, "contact", DAY, moment(DAY), "t", "x" * 3000, f"Q{i}") for i in range(9)]
    with pytest.raises(BadInput, match="full"):
        here.store().append(events, log.head)
    monkeypatch.undo()
    assert here.bytes() == before
    here.store().append(events, log.head)
    assert len(here.store().read().log) == 14


@pytest.mark.parametrize(
    "damage", [lambda d: d[: len(d) // 2], lambda d: b"\0" * 4096 + d[4096:], lambda d: b"no database at all, but text"]
)
def test_a_damaged_file_is_refused_in_words(place: Callable[..., Place], damage: Callable[[bytes], bytes]) -> None:
    here = place("sqlite")
    here.store().create(some_log(200))
    here.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = Path(here.address.removeprefix("sqlite:///"))
    path.write_bytes(damage(path.read_bytes()))
    for act in (
        lambda: here.store().read(),
        lambda: here.store().append([], GENESIS),
        lambda: here.store().create(some_log()),
    ):
        with pytest.raises(BadInput):
            act()


def test_a_file_of_sqlite_has_one_name(place: Callable[..., Place], tmp_path: Path) -> None:
    here, log = place("sqlite"), some_log()
    here.store().create(log)
    path = Path(here.address.removeprefix("sqlite:///"))
    (tmp_path / "link.db").symlink_to(path)
    linked = replace(here, address=f"sqlite:///{tmp_path}/link.db")
    linked.store().append([log.add(Event(6, "contact", DAY, moment(DAY), "t", patient="P9"))], some_log().head)
    assert here.store().read().log == linked.store().read().log == log
    (tmp_path / "hard.db").hardlink_to(path)
    for address in (here.address, f"sqlite:///{tmp_path}/hard.db"):
        with pytest.raises(BadInput, match="2 names"):
            replace(here, address=address).store().read()


def test_what_is_no_file_is_no_database(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "fifo")
    for name in ("fifo", "."):
        here = Place("sqlite", f"sqlite:///{tmp_path}/{name}", "")
        for act in (here.store().read, lambda here=here: here.store().create(some_log())):
            with pytest.raises(BadInput, match="no regular file"):
                act()


def test_logs_of_several_trials_share_a_table(table: Place) -> None:
    other = some_log(2, "colon")
    table.store("colon").create(other)
    assert table.store().read().log == some_log()
    assert table.store("colon").read().log == other
    with pytest.raises(BadInput, match="logs of 'colon', 'north'"):
        table.store(None).read()
    rows = "".join(line for line, _ in lines_of(other)).encode()
    assert table.store("colon").lines() == rows
