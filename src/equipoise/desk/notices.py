"""Notices: what people are told by mail. Composed from one event; a kind and a number, never data: what it is about stands behind the log-in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from equipoise.conduct.definitions import Definitions
from equipoise.conduct.overseen import Looks
from equipoise.conduct.people import People
from equipoise.conduct.visibility import Reader, visible
from equipoise.desk import ripe
from equipoise.desk.reading import shown_to
from equipoise.files.definition import trial_of
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.trial import Trial


@dataclass(frozen=True)
class Notice:
    """Somebody is told that something waits. ``page``: the app's page where it is; ``event``: the log's number, which is not in the mail."""

    person: str
    subject: str
    page: str
    event: int


_SITE = frozenset({"coordinator", "investigator"})
_ASKS = frozenset({"monitor", "data manager", "medical monitor"})
#: Kind of event → the subject, the page, and the roles that are told, where they see it.
_TOLD: Mapping[str, tuple[str, str, frozenset[str]]] = {
    "query opened": ("A query waits for an answer", "queries/", _SITE),
    "query reopened": ("A query was opened again", "queries/", _SITE),
    "query answered": ("A query was answered", "queries/", _ASKS),
    "unblinded": ("A patient was unblinded", "", frozenset({"sponsor", "investigator", "medical monitor"})),
    "cut off": ("A look was cut off", "looks/", frozenset({"data manager", "investigator"})),
    "entry closed": ("Entry is closed for a look", "looks/", frozenset({"committee", "coordinator", "investigator"})),
    "recommended": ("The committee has recommended", "looks/", frozenset({"sponsor"})),
    "locked": ("The database is locked", "", frozenset({"data manager", "coordinator", "investigator", "monitor"})),
    "amended": ("The trial was amended", "", frozenset({"sponsor", "investigator", "monitor", "data manager"})),
}
_SERIOUS = ("A serious adverse event was recorded", "", frozenset({"medical monitor", "investigator", "monitor"}))


def notices(trial: Trial, log: Log, after: int) -> Iterator[Notice]:
    """What events later than number ``after`` tell people who hold a role now, the event's author excepted; nobody of what he does not see."""
    people = People.of(log)
    if not people.kept:
        return
    trials = Definitions.of(trial, log, trial_of).trials
    readers = {p: Reader.of(p, people, *trials) for p in sorted({g.person for g in people.grants if g.until is None})}
    opened = {e.number: e.by for e in log if e.kind == "query opened"}
    for event in log:
        if event.number <= after:
            continue
        for subject, page, roles in _of(event):
            for person, reader in readers.items():
                mine = {g.role.name for g in reader.grants}
                if person == event.by or not mine & roles or visible(event, reader) is None:
                    continue
                if event.kind == "query answered" and opened.get(event.data["query"], person) != person:
                    continue  # who asked is told
                yield Notice(person, subject, page, event.number)


def ripened(trial: Trial, log: Log, today: date) -> Iterator[Notice]:
    """Who may know whether a look is ripe is told once that it is, before it is cut off: by the ratio of the arms where he may not know them.

    ``event``: minus the look's number, for no event says it; of a trial with cohorts nobody is told, its page says it.
    """
    people = People.of(log)
    if not people.kept or trial.divided or trial.design is None:
        return
    trials, begun = Definitions.of(trial, log, trial_of).trials, Looks()
    for event in log:
        if not event.patient:
            begun.take(event)
    decided = {e.data.get("look") for e in log if e.kind == "decided"}
    coming = next(
        (k.number for k in trial.design.looks if ("", k.number) not in begun.steps and k.number not in decided), None
    )
    if coming is None:
        return
    for person in sorted({g.person for g in people.grants if g.until is None}):
        reader = Reader.of(person, people, *trials)
        if "forecast" not in reader.views or not {g.role.name for g in reader.grants} & {"sponsor", "committee"}:
            continue
        if ripe.in_words(trial, shown_to(reader, log), coming, "", today, reader).startswith("ripe"):
            yield Notice(person, "A look is ripe", "looks/", -coming)


def _of(event: Event) -> Iterable[tuple[str, str, frozenset[str]]]:
    if event.kind == "adverse event" and event.data.get("serious") is True and event.corrects is None:
        return [_SERIOUS]
    told = _TOLD.get(event.kind)
    return [told] if told is not None else []
