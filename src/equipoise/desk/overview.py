"""How the record stands with those who look over it, as one reader may see it: a table for the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from equipoise.conduct.conduct import Conduct
from equipoise.conduct.overseen import Looks, named
from equipoise.conduct.watched_over import endorsements, queries, signatures, trail, verification
from equipoise.desk.order import now
from equipoise.desk.oversight import to_sign
from equipoise.desk.reading import may_read, reader_of, shown_to
from equipoise.desk.store import LogStore
from equipoise.desk.told import read_for
from equipoise.files.definition import trial_of
from equipoise.trial.event import Event
from equipoise.trial.exhibits import Cell, Table
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.role import View
from equipoise.trial.trial import Trial
from equipoise.trial.withheld import refuse_withheld


@dataclass(frozen=True)
class Overview:
    """What was asked for: rows of a table."""

    trial: str
    of: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def table(self) -> Table:
        """As a page."""
        return Table(f"{self.trial}: {self.of}", list(self.columns), [list(r) for r in self.rows])


def listed(
    trial: Trial, store: LogStore, reader: str | None, of: str, patient: str = "", cutoff: date | None = None
) -> Overview:
    """One of the tables, by name (``TABLES``). Raises BadInput for who may not have it, and for endorsements without a cut-off."""
    log = read_for(store, reader).log
    who = reader_of(trial, log, reader)
    may_read(trial, who, VIEW_OF.get(of, "record"))
    refuse_withheld(log, trial.id)
    if of in ("endorsements",) and cutoff is None:
        raise BadInput(trial.id, [Problem("missing", "--cutoff", "nothing", "the day of the cut-off, YYYY-MM-DD")])
    events = list(shown_to(who, log))
    if of == "to-sign":
        seen = [e for e in events if e.patient == patient]
        if not seen:
            raise BadInput(trial.id, [Problem("unknown-patient", "--patient", repr(patient), "a patient whom you see")])
        sign = to_sign(Conduct(trial, log, takes=False, read=trial_of), patient, cutoff)
        if who is not None and who.masked:
            raise BadInput(trial.id, [Problem("not-your-page", "--of", "to-sign", "who signs: an investigator")])
        return Overview(
            trial.id,
            of,
            ["Patient", "Cut-off", "Events", "Digest"],
            [[patient, _day(cutoff), ",".join(map(str, sign.events)), sign.digest]],
        )
    columns, rows = TABLES[of](events, patient, cutoff)
    return Overview(trial.id, of, columns, rows)


_Made = tuple[list[str], list[list[Cell]]]


def _queries(events: Sequence[Event], patient: str, cutoff: date | None) -> _Made:
    rows: list[list[Cell]] = [
        [q.number, q.patient, q.about.kind, q.field, q.text, q.by, q.state, q.age, q.waited, q.waits_for]
        for q in queries(events, now()) if patient in ("", q.patient)
    ]  # fmt: skip
    return ["Query", "Patient", "Of", "Field", "Text", "By", "State", "Age, days", "Waits, days", "For"], rows


def _verification(events: Sequence[Event], patient: str, cutoff: date | None) -> _Made:
    rows: list[list[Cell]] = [
        [v.event.number, v.event.patient, v.event.kind, v.event.happened.isoformat(), v.state, v.by, _moment(v.at), v.why] for v in verification(events, patient)
    ]  # fmt: skip
    return ["Event", "Patient", "Of", "Day", "State", "By", "At", "Why not"], rows


def _signatures(events: Sequence[Event], patient: str, cutoff: date | None) -> _Made:
    rows: list[list[Cell]] = [
        [s.act.number, s.act.patient, s.act.data["name"], _moment(s.act.recorded), s.act.data["meaning"], s.act.data.get("cutoff", ""),
         "holds" if s.holds else "fallen", "; ".join(s.fallen), s.act.data["digest"][:12]]
        for s in signatures(events, patient)
    ]  # fmt: skip
    return ["Event", "Patient", "Name", "Signed (UTC)", "Meaning", "Cut-off", "State", "Why", "Digest"], rows


def _endorsements(events: Sequence[Event], patient: str, cutoff: date | None) -> _Made:
    assert cutoff is not None, "asked for"
    rows: list[list[Cell]] = [
        [e.site, e.patient, e.state, e.by, "; ".join(e.why)] for e in endorsements(events, cutoff) if patient in ("", e.patient)
    ]  # fmt: skip
    return ["Site", "Patient", "Endorsed", "By", "Why not"], rows


def _looks(events: Sequence[Event], patient: str, cutoff: date | None) -> _Made:
    looks = Looks()
    for e in events:
        looks.take(e)
    rows: list[list[Cell]] = [
        [named(look), steps[0].data["cutoff"], ", ".join(e.kind for e in steps), looks.next_of(look) or "ended"] for look, steps in looks.steps.items()
    ]  # fmt: skip
    return ["Look", "Cut-off", "Steps taken", "Next"], rows


def _trail(events: Sequence[Event], patient: str, cutoff: date | None) -> _Made:
    rows: list[list[Cell]] = [
        [t.event.number, t.patient, t.kind, t.field, t.what, _said(t.change.old if t.change else None), _said(t.change.new if t.change else None),
         t.event.by, _moment(t.event.recorded), t.event.why, t.late or ""]
        for t in trail(events) if patient in ("", t.patient)
    ]  # fmt: skip
    return ["Event", "Patient", "Of", "Field", "What", "Was", "Became", "By", "When (UTC)", "Why", "Late, days"], rows


#: Name → how the table is made.
TABLES: dict[str, Callable[[Sequence[Event], str, date | None], _Made]] = {
    "queries": _queries, "verification": _verification, "signatures": _signatures, "endorsements": _endorsements, "looks": _looks, "trail": _trail,
}  # fmt: skip
#: Those that are no page of single patients' records.
VIEW_OF: dict[str, View] = {"looks": "counts"}


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if at is not None else ""


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else ""


def _said(value: Any) -> str:
    return "" if value is None else str(value)
