"""The door to a log for whoever reads: what he may see of it, and which pages he may have at all.

Every page is made from the log that this door gives out, so a page that is not written yet is behind it too: what the reader may not see is
not in memory when the page is made. A page that says by default that it stands by arm is for the committee's room only.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from equipoise.conduct.people import People
from equipoise.conduct.visibility import Reader, role_names, seen
from equipoise.desk.order import unmask
from equipoise.trial.check import near
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.role import ROLES, View
from equipoise.trial.trial import Trial

_PAGES: dict[View, str] = {
    "record": "records of single patients",
    "explained": "what follows from single patients' records",
    "counts": "counts of patients",
    "forecast": "forecasts of looks",
    "by arm": "pages that stand by arm, or speak of a look: the committee's room",
    "people": "the people of the trial",
}


def reader_of(trial: Trial, log: Log, person: str | None) -> Reader | None:
    """Who reads, as he stands at the end of the log; None where the log was opened without people, and its operator sees all.

    Raises BadInput for nobody in a log with people, for who holds no role in it, and for somebody in a log without people.
    """
    people = People.of(log)
    if not people.kept:
        if person is not None:
            allowed = "nobody: this log was opened without people, and its one operator sees all of it"
            raise BadInput(trial.id, [Problem("no-people", "--as", repr(person), allowed)])
        return None
    if not person:
        allowed = "a person who holds a role: this log was opened with people"
        raise BadInput(trial.id, [Problem("no-reader", "--as", "nothing", allowed, "--as PERSON, or EQUIPOISE_AS")])
    reader = Reader.of(person, people, trial)
    if not reader.grants:
        step = near(person, sorted({g.person for g in people.grants if g.until is None}))
        raise BadInput(
            trial.id, [Problem("no-role", "--as", repr(person), "a person who holds a role in this log now", step)]
        )
    asked = trial.whole.people
    untrained = people.untrained(person, asked.training) if asked is not None else []
    if untrained and reader.views != {"people"}:
        allowed = f"somebody trained in {', '.join(asked.training if asked else ())}"
        given = f"{person}, not trained in {', '.join(untrained)}"
        raise BadInput(trial.id, [Problem("not-trained", "--as", given, allowed, "conduct train")])
    return reader


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


def known_to(trial: Trial, log: Log, person: str | None, view: View = "by arm", unblind: Path | None = None) -> Log:
    """The log as the reader may see it for a page of this kind, the arms of a masked log read where he may know them."""
    reader = reader_of(trial, log, person)
    may_read(trial, reader, view)
    if reader is None or reader.whole:
        return unmask(trial, log, unblind)
    if unblind is not None:
        given = f"{reader.person}, {role_names(reader)}"
        raise BadInput(trial.id, [Problem("not-your-page", "--unblind", given, "somebody who may know all arms")])
    found = seen(log, reader)
    return dealt(trial, found) if view == "forecast" else found


def dealt(trial: Trial, log: Log) -> Log:
    """A log whose arms are masked, with arms dealt by their shares within each stratum, and looks that said: go on.

    What is foreseen from it follows from the ratio, and from nothing that is kept in the committee's room.
    """
    given: dict[tuple[str, str], list[str]] = {}
    arm_of: dict[str, str] = {}
    cohort_of = {e.patient: str(e.data.get("cohort", "")) for e in log if e.kind == "enrolled"}
