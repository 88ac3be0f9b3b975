"""The door to a log for whoever reads: what he may see of it, and which pages he may have at all.

Every page is made from the log that this door gives out, so a page that is not written yet is behind it too: what the reader may not see is
not in memory when the page is made. A page that says by default that it stands by arm is for the committee's room only.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from equipoise.conduct.definitions import Definitions
from equipoise.conduct.people import People
from equipoise.conduct.visibility import Reader, role_names, seen, visible
from equipoise.desk.order import unmask
from equipoise.files.definition import trial_of
from equipoise.files.secret_file import Apart
from equipoise.trial.check import near
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.role import ROLES, View
from equipoise.trial.trial import Trial
from equipoise.trial.withheld import refuse_withheld

_PAGES: dict[View, str] = {
    "record": "records of single patients",
    "explained": "what follows from single patients' records",
    "counts": "counts of patients",
    "forecast": "forecasts of looks",
    "by arm": "pages that stand by arm, or speak of a look: the committee's room",
    "people": "the people of the trial",
    "keeping": "keeping of the log as a whole",
}


def reader_of(trial: Trial, log: Log, person: str | None, by: str | None = None) -> Reader | None:
    """Who reads, as he stands at the end of the log; None where the log was opened without people, and its operator sees all.

    ``by`` is who gives an order with what he reads: the reader, where none is named and the log has people.

    Raises BadInput for nobody in a log with people, for who holds no role in it, and for somebody in a log without people.
    """
    people = People.of(log)
    if not people.kept:
        if person is not None:
            allowed = "nobody: this log was opened without people, and its one operator sees all of it"
            raise BadInput(trial.id, [Problem("no-people", "--as", repr(person), allowed)])
        return None
    person = person or by
    if not person:
        allowed = "a person who holds a role: this log was opened with people"
        raise BadInput(trial.id, [Problem("no-reader", "--as", "nothing", allowed, "--as PERSON, or EQUIPOISE_AS")])
    return reader_by(trial, people, Definitions.of(trial, log, trial_of), person)


def reader_by(trial: Trial, people: People, definitions: Definitions, person: str) -> Reader:
    """Who reads a log with people, by what is known of it already. Raises BadInput for who holds no role in it, or is not trained for it."""
    reader = Reader.of(person, people, *definitions.trials)
    if not reader.grants:
        step = near(person, sorted({g.person for g in people.grants if g.until is None}))
        raise BadInput(
            trial.id, [Problem("no-role", "--as", repr(person), "a person who holds a role in this log now", step)]
        )
    asked = definitions.trial_of(definitions.last).whole.people if definitions.last is not None else None
    untrained = people.untrained(person, asked.training) if asked is not None else []
    # An administrator records training, his own too: he reads who may do what before he is trained.
    if untrained and not reader.views <= {"people", "keeping"}:
        allowed = f"somebody trained in {', '.join(asked.training if asked else ())}"
        given = f"{person}, not trained in {', '.join(untrained)}"
        raise BadInput(trial.id, [Problem("not-trained", "--as", given, allowed, "conduct train")])
    return reader


def no_reader(trial: Trial, person: str | None) -> None:
    """Raise BadInput where a reader is named for data that are no log: they know of no people, and are all in his hands."""
    if person is not None:
        allowed = "nobody: people are kept in a log"
        raise BadInput(trial.id, [Problem("no-people", "--as", repr(person), allowed)])


def may_read(trial: Trial, reader: Reader | None, view: View) -> None:
    """Raise BadInput where the reader's roles do not have this page."""
    if reader is None or view in reader.views:
        return
    roles = ", ".join(r.name for r in ROLES if view in r.views)
    own = "; ".join(_PAGES[v] for v in _PAGES if v in reader.views)
    raise BadInput(
        trial.id,
        [Problem("not-your-page", "--as", f"{reader.person}, {role_names(reader)}: no {_PAGES[view]}", roles, f"yours: {own}")],
    )  # fmt: skip


def known_to(
    trial: Trial,
    log: Log,
    person: str | None,
    view: View = "by arm",
    unblind: Path | None = None,
    by: str | None = None,
    apart: Apart | None = None,
) -> Log:
    """The log as the reader may see it for a page of this kind, the arms of a masked log read where he may know them.

    ``apart``: folders in which the secret that tells them may not lie.
    """
    reader = reader_of(trial, log, person, by)
    may_read(trial, reader, view)
    refuse_withheld(log, trial.id)
    if reader is None or reader.whole:
        return unmask(trial, log, unblind, apart)
    if unblind is not None:
        given = f"{reader.person}, {role_names(reader)}"
        raise BadInput(trial.id, [Problem("not-your-page", "--unblind", given, "somebody who may know all arms")])
    found = seen(log, reader)
    if view == "explained":
        return unmask(trial, found, None)  # nothing follows from a record whose arm is a code
    return dealt(trial, found) if view == "forecast" else found


def shown_to(reader: Reader | None, log: Log) -> Log:
    """The log as the reader may see it, for a page that tells no arms apart."""
    return log if reader is None or reader.whole else seen(log, reader)


def as_shown(reader: Reader | None, event: Event) -> Event | None:
    """An event as the reader may see it, under the log's own number; None where he may not know of it."""
    return event if reader is None else visible(event, reader)


def knows_all_of(reader: Reader | None, event: Event) -> bool:
    """True of a reader who sees an event, and all that its patient's record says: what is wrong with it tells him nothing new."""
    if reader is None or reader.whole:
        return True
    return not reader.masked and visible(event, reader) == event and reader.sees_all_of(event)


def dealt(trial: Trial, log: Log) -> Log:
    """A log whose arms are masked, with arms dealt by their shares within each stratum, and looks that said: go on.

    What is foreseen from it follows from the ratio, and from nothing that is kept in the committee's room.
    """
    given: dict[tuple[str, str], list[str]] = {}
    arm_of: dict[str, str] = {}
    cohort_of = {e.patient: str(e.data.get("cohort", "")) for e in log if e.kind == "enrolled"}

    def as_dealt(event: Event) -> Event:
        if event.kind == "decided" and "look" in event.data:
            return replace(event, data={**event.data, "action": "continue"})
        if event.kind != "randomised" or trial.randomisation is None:
            return event
        if event.patient not in arm_of:
            cohort = cohort_of.get(event.patient, "")
            arms = (trial.whole.cohort(cohort) if cohort in trial.whole.cohort_names else trial.whole).arms
            so_far = given.setdefault((cohort, str(event.data["stratum"])), [])
            so_far.append(min(arms, key=lambda a: (so_far.count(a.name) / a.share, -a.share, a.name)).name)
            arm_of[event.patient] = so_far[-1]
        data = {k: v for k, v in event.data.items() if k not in ("code", "actual")}
        return replace(event, data={**data, "arm": arm_of[event.patient]})

    return log.reread(as_dealt(e) for e in log)
