"""Carry a log from one store to another, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass

from equipoise.desk.reading import may_read, reader_of
from equipoise.desk.store import LogStore
from equipoise.desk.told import read_for
from equipoise.files.log_address import Address
from equipoise.files.log_store import prepare as prepare_table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Moved:
    """A log that was carried to another place and verified there. ``torn_bytes``: of an unfinished last record, which stays behind."""

    source: str
    target: str
    trial: str
    events: int
    hash: str
    torn_bytes: int


def move(trial: Trial, source: LogStore, target: LogStore, person: str | None = None) -> Moved:
    """Carry the log into an empty place, where it is read again: the same bytes, or BadInput.

    ``person``: who moves it, in a log with people: who keeps it. Nobody writes meanwhile. The old log stays as it is, and is for whoever moved it to put away: two logs of one trial part.
    """
    if str(source) == str(target):
        problem = Problem("same-place", "--to", str(target), "another place than --from")
        raise BadInput("move", [problem])
    with source.held():
        reading = read_for(source, person)
        may_read(trial, reader_of(trial, reading.log, person), "keeping")
        data = source.lines()
        target.create_lines(data)
        if target.lines() != data:
            problem = Problem(
                "not-equal", "--to", "other bytes than those that were written", "the same", "the old log stands"
            )
            raise BadInput(str(target), [problem])
    return Moved(str(source), str(target), trial.id, len(reading.log), reading.log.head, len(reading.torn or b""))


@dataclass(frozen=True)
class Prepared:
    """A database that can hold logs. ``grant``: the statement that lets an application's user read and add; '' where there are no users."""

    database: str
    grant: str
    granted_to: str


def prepare(address: Address, role: str = "") -> Prepared:
    """Make the table of logs in a database, with its triggers, where it is not there; ``role`` is given the right to read and to add."""
    return Prepared(str(address), prepare_table(address, role), role)
