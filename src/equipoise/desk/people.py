"""The people of a trial: who may do what on a day, and a log's own export for one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from equipoise.conduct.people import Grant, People
from equipoise.desk.order import now
from equipoise.desk.reading import known_to, may_read, reader_of
from equipoise.desk.store import LogStore
from equipoise.desk.told import read_for
from equipoise.files.view_file import write_view
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Authorised:
    """A role that a person held on a day: since when, until when, by whose grant, and what still keeps his access shut."""

    person: str
    name: str
    role: str
    sites: Sequence[str]
    arms: bool
    granted_by: str
    event: int
    since: datetime
    until: datetime | None
    #: what he is asked to be trained in and is not
    untrained: Sequence[str]
    #: where the trial file asks for delegation: the orders that are delegated, by site
    delegated: dict[str, Sequence[str]] | None

    @property
    def access(self) -> str:
        """In words: whether access is open."""
        if self.untrained:
            return f"shut: not trained in {', '.join(self.untrained)}"
        if self.delegated is not None and not any(self.delegated.values()):
            return "reads; no order is delegated"
        return "open" if self.until is None else f"ended {_minute(self.until)}"


@dataclass(frozen=True)
class AuthorisedOn:
    """The authorised persons of a day (UTC)."""

    trial: str
    on: date
    persons: Sequence[Authorised]

    def table(self) -> Table:
        """One role a line."""
        rows: list[list[Cell]] = [
            [a.person, a.name, a.role, ", ".join(a.sites), _minute(a.since), a.granted_by, a.event, a.access]
            for a in self.persons
        ]
        columns = ["Person", "Name", "Role", "Sites", "Since (UTC)", "Granted by", "Event", "Access"]
        return Table(f"{self.trial}: authorised persons on {self.on}", columns, rows)


def authorised_on(trial: Trial, store: LogStore, day: date | None, person: str | None) -> AuthorisedOn:
    """Who held a role at any moment of ``day`` (today unless given), as it stood at its end. Raises BadInput in a log without people."""
    log = read_for(store, person).log
    may_read(trial, reader_of(trial, log, person), "people")
    on = day or now().date()
    people = People.of(log.known_by(on))
    if not People.of(log).kept:
        allowed = "a log that was opened with people"
        raise BadInput(
            trial.id, [Problem("no-people", "--log", str(store), allowed, "conduct open --administrator NAME")]
        )
    return AuthorisedOn(trial.id, on, [_authorised(g, people, trial) for g in people.on(on)])


def _authorised(g: Grant, people: People, trial: Trial) -> Authorised:
    asked = trial.whole.people
    delegated: dict[str, Sequence[str]] | None = None
    if asked is not None and asked.delegation and g.role.delegated:
        delegated = {s: sorted(people.tasks.get((g.person, s), frozenset()) & g.role.orders) for s in sorted(g.sites)}
    untrained = people.untrained(g.person, asked.training) if asked is not None else []
    return Authorised(
        g.person, g.name, g.role.name, sorted(g.sites), g.arms, g.by, g.number, g.since, g.until, untrained, delegated
    )


def _minute(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")


@dataclass(frozen=True)
class View:
    """A log's export for one reader: how many of its events he was given, and where."""

    trial: str
    reader: str | None
    events: int
    file: str

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return dict(vars(self))


def export_log(trial: Trial, store: LogStore, person: str | None, out: Path) -> View:
    """Write the events of a log as the reader may see them at this moment. Raises BadInput where the file is there."""
    log = known_to(trial, read_for(store, person).log, person, "record")
    write_view(out, log)
    return View(trial.id, person, len(log), str(out))
