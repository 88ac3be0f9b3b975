"""The people of a trial: who may do what on a day, and a log's own export for one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from equipoise.conduct.people import Grant, People
from equipoise.conduct.visibility import parts_shown, seen
from equipoise.desk.order import now
from equipoise.desk.reading import may_read, reader_of
from equipoise.desk.store import LogStore
from equipoise.desk.told import read_for
from equipoise.files.copy_file import lines_of_view, write_copy
from equipoise.files.log_lines import withhold
from equipoise.trial.event import Event
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.kinds import PEOPLE_KINDS
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial
from equipoise.trial.withheld import refuse_withheld


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
    if not People.of(log).kept:
        allowed = "a log that was opened with people"
        raise BadInput(
            trial.id, [Problem("no-people", "--log", str(store), allowed, "conduct open --administrator NAME")]
        )
    return authorised_by(trial, log, day or now().date())


def authorised_by(trial: Trial, log: Log, on: date) -> AuthorisedOn:
    """The same of a log that is at hand, whose reader may see it: only what is recorded of people is gone through."""
    people = People.of(e for e in log.known_by(on) if e.kind == "opened" or e.kind in PEOPLE_KINDS)
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
class Copy:
    """A log's copy for one reader: how many of its events he was given at least a part of, where, and whether it verifies by itself.

    ``verifies``: its lines are the log's own, with what he may not see withheld, and its chain is the log's.
    """

    trial: str
    reader: str | None
    events: int
    verifies: bool
    file: str


def export_log(trial: Trial, store: LogStore, person: str | None, out: Path) -> Copy:
    """Write the log as the reader may see it at this moment. Raises BadInput where the file is there, or a line cannot be withheld in part.

    Where the place of what is withheld would tell an arm, it is a copy of the events that he may see, numbered anew, and no chain.
    """
    log = read_for(store, person).log
    refuse_withheld(log, str(store))
    reader = reader_of(trial, log, person)
    may_read(trial, reader, "record")
    if reader is not None and reader.renumbers:
        view = seen(log, reader)
        write_copy(out, lines_of_view(view))
        return Copy(trial.id, person, len(view), False, str(out))

    def show(event: Event) -> tuple[str, ...]:
        return ("open", "guarded") if reader is None else parts_shown(event, reader)

    write_copy(out, withhold(log, show))
    return Copy(trial.id, person, sum(bool(show(e)) for e in log), True, str(out))
