"""All events of one subject, each on a day that contradicts none of the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from equipoise.standards.sdtm.baseline import read_back
from equipoise.standards.sdtm.concentrations import parameters_disagree, samples
from equipoise.standards.sdtm.draft import Bounds, Draft
from equipoise.standards.sdtm.known_days import Records, death_said, died, known_days, supplement, vague
from equipoise.standards.sdtm.notes import Notes
from equipoise.standards.sdtm.outcomes import outcomes
from equipoise.standards.sdtm.responses import recorded_by
from equipoise.standards.sdtm.subject import dispositions, entered, screened, therapies, visits
from equipoise.standards.sdtm.treatment import adverse_events, doses, editions, exposure_disagrees
from equipoise.standards.sdtm.tumours import tumour_drafts
from equipoise.trial.partial_date import PartialDate
from equipoise.trial.trial import Trial

#: Kinds whose imputed day is the last possible one: it says nothing of how long the subject lived.
_LAST = ("assessed", "progressed")
_ATTENDED = ("treated", "sampled", "next therapy", *_LAST)


def course(
    records: Records, trial: Trial, arm: str | None, cutoff: tuple[date, ...], notes: Notes, level: str | None = None
) -> list[Draft]:
    """The events of a subject whom DM has. ``cutoff``: days after which nothing was recorded; ``level``: of somebody of phase I."""
    bounds = replace(known_days(records, cutoff), came=trial.first_day)
    said = death_said(records, notes)
    if said is not None:
        bounds = replace(bounds, until=(*bounds.until, said.day.last))
    if vague(records, said):
        # An imputed death or withdrawal is not before the days on which other partial dates come to stand.
        bounds = _with(bounds, _events(records, trial, arm, bounds, Notes(), level))
        bounds = _with(bounds, dispositions(records, bounds, Notes()))
    dead = [] if said is None else [died(records, said, bounds)]
    bounds = replace(bounds, died=dead[0].on if dead else None, until=(*bounds.until, *(d.on for d in dead)))
    return dead + _events(records, trial, arm, bounds, notes, level)


def _with(bounds: Bounds, drafts: Iterable[Draft]) -> Bounds:
    """The bounds with the first possible days of events, and of their ends."""
    taken = list(drafts)
    entry = next((d.on for d in taken if d.data.get("arm") or d.kind == "assigned"), date.min)
    first: list[tuple[str, date]] = []
    for d in taken:
        if d.kind in _LAST and "dated" in d.data:
            on = _first(d.data["dated"], date.min if d.data.get("baseline") else entry)
        else:
            on = d.on
        end = _first(d.data.get("until_dated", ""), d.on)
        first += [(d.kind, day) for day in (on, end) if day is not None]
    return replace(
        bounds,
        seen=(*bounds.seen, *(on for _, on in first)),
        doses=(*bounds.doses, *(on for kind, on in first if kind == "treated")),
        attended=(*bounds.attended, *(on for kind, on in first if kind in _ATTENDED)),
    )


def _first(text: str, not_before: date) -> date | None:
    """The first possible day of a partial date from another day on; None where there is none."""
    partial = PartialDate.parse(text) if text else None
    days = partial.possible(not_before, partial.last) if partial is not None else []
    return days[0] if days else None


def _events(
    records: Records, trial: Trial, arm: str | None, bounds: Bounds, notes: Notes, level: str | None
) -> list[Draft]:
    """All but the death."""
    dm = records["DM"][0]
    first = list(screened(dm, records, bounds, notes))
    bounds = replace(bounds, came=min((d.on for d in first), default=bounds.came))
    factors = [f.name for f in trial.factors]
    randomises = trial.randomisation is not None
    start = list(
        entered(
            dm,
            records,
            arm,
            factors,
            bounds,
            notes,
            randomises=randomises,
            level=level,
            baseline=read_back(trial, supplement(records)),
        )
    )
    bounds = replace(bounds, randomised=next((d.on for d in start if d.data.get("arm") or d.kind == "assigned"), None))
    ends = list(dispositions(records, bounds, notes))
    bounds = replace(bounds, left=tuple(d.on for d in ends if d.kind == "withdrawn"))
    exposure_disagrees(dm, records.get("EX", ()), notes)
    given = list(doses(records.get("EX", ()), bounds, dm.date("RFXENDTC", notes), notes))
    bounds = replace(bounds, first_dose=min((d.on for d in given), default=None))
    measured = list(samples(trial, records.get("PC", ()), given, notes))
    parameters_disagree(trial, dm.subject, records.get("PP", ()), [*given, *measured], notes)
    stated = trial.adverse_events.version if trial.adverse_events is not None else None
    graded_by = {k: v for k, v in editions(records.get("SUPPAE", ()), notes).items() if v != stated}
    drafts = [
        *first,
        *start,
        *given,
        *measured,
        *adverse_events(records.get("AE", ()), bounds, notes, graded_by),
        *tumour_drafts(records, bounds, notes, recorded_by(trial)),
        *outcomes(trial, list(records.get("RS", ())), bounds, notes),
        *therapies(records, bounds, notes),
        *ends,
    ]
    days = {d.on for d in drafts} | ({bounds.died} if bounds.died is not None else set())
    return [*drafts, *visits(records, days, bounds, notes)]
