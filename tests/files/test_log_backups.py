"""Back-ups as docs/stores.md has them: what is put back is the log, to the byte, and what guarded it guards it again."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from equipoise.files.log_address import address_of
from equipoise.files.log_store import prepare
from equipoise.trial.event import Event
from equipoise.trial.problem import BadInput
from postgres import APPLICATION, OWNER, Server, binaries
from stores import DAY, Place, moment, some_log


def the_same_and_guarded(old: Place, new: Place) -> None:
    log = some_log()
    assert new.bytes() == old.bytes() != b""
    with pytest.raises(Exception, match=r"nothing is (changed|taken out)"):
        new.execute("DELETE FROM event", owner=new.kind == "postgresql")
    new.store().append([Event(6, "contact", DAY, moment(DAY), "t", patient="P9")], log.head)
    assert len(new.store().read().log) == 6


@pytest.mark.parametrize("way", ["backup", "vacuum into"])
def test_sqlite_s_own_back_up(way: str, place: Callable[..., Place], tmp_path: Path) -> None:
    here = place("sqlite")
    here.store().create(some_log())
    copy = tmp_path / "copy.db"
    with here.store().held(), closing(sqlite3.connect(here.address.removeprefix("sqlite:///"))) as connection:
        if way == "backup":  # while somebody holds the log
            with closing(sqlite3.connect(copy)) as other:
                connection.backup(other)
        else:
            connection.execute("VACUUM INTO ?", [str(copy)])
    the_same_and_guarded(here, replace(here, address=f"sqlite:///{copy}"))


@pytest.mark.process
def test_pg_dump_and_back(place: Callable[..., Place], postgres: Server) -> None:
    here, there = place("postgresql"), place("postgresql", prepared=False)
    here.store().create(some_log())
    found = binaries()
    assert found is not None
    dumped = subprocess.run([found / "pg_dump", here.owners], capture_output=True, check=True).stdout
    subprocess.run(
        [found / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", there.owners],
        input=dumped,
        capture_output=True,
        check=True,
    )
    the_same_and_guarded(here, there)


def test_a_lent_database_holds_nothing_of_who_had_it_before(place: Callable[..., Place], postgres: Server) -> None:
    """Else what is put back into it finds functions, and what is asked of it the rights, of another test."""
    for _ in range(2):
        name = postgres.database()
        prepare(address_of(postgres.url(name, OWNER)), APPLICATION)
        postgres.give_back(name)
    new = place("postgresql", prepared=False)
    assert new.execute("SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace") == [(0,)]
    assert new.execute("SELECT to_regclass('public.event')") == [(None,)]


def test_a_copied_file(place: Callable[..., Place], tmp_path: Path) -> None:
    """Copied in the middle of a line: all but that line."""
    here = place("file")
    here.store().create(some_log())
    copy = replace(here, address=str(tmp_path / "copy.jsonl"))
    Path(copy.address).write_bytes(here.bytes()[:-40])
    reading = copy.store().read()
    assert (len(reading.log), reading.torn is not None) == (4, True)
    Path(copy.address).write_bytes(here.bytes())
    assert copy.store().read().log == some_log()


def test_a_file_of_sqlite_copied_without_what_is_beside_it_is_older_or_nothing(
    place: Callable[..., Place], tmp_path: Path
) -> None:
    """Why not to copy it while somebody writes: what is in the write-ahead log is missing."""
    here = place("sqlite")
    here.store().create(some_log(0))
    path = Path(here.address.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as reader:  # who reads keeps the write-ahead log from being taken in
        reader.execute("SELECT count(*) FROM event").fetchone()
        here.store().append([Event(2, "contact", DAY, moment(DAY), "t", patient="P9")], some_log(0).head)
        copy = tmp_path / "copy.db"
        copy.write_bytes(path.read_bytes())
    try:
        found = len(replace(here, address=f"sqlite:///{copy}").store().read().log)
    except BadInput:
        found = 0
    assert found < 2
    assert len(here.store().read().log) == 2
