"""Time to event of all patients at once, by the rules of the trial file. The rules, and why, are in ``analyse/endpoints.py``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

import numpy as np

from equipoise.analyse.best_overall import rule_of
from equipoise.analyse.columns.best import ResponseRows
from equipoise.analyse.columns.codes import NE, NEVER, NOTHING, PD, Codes, Days, Flags, Rows
from equipoise.analyse.columns.counted import course_of, first_response
from equipoise.analyse.columns.database import Database, NotInColumns
from equipoise.analyse.endpoints import LATE
from equipoise.trial.endpoint import Censoring, EventSource, TimeToEvent, Trigger
from equipoise.trial.protocol_parts import Assessments

_SPAN = 2**25
#: What an event or a censoring is called; 'missed assessments' and 'no baseline' are spelled out by ``Times.reason``.
REASONS: tuple[str, ...] = (
    "", "progression", "clinical progression", "death", "next therapy", "treatment ended", "response",
    "no event by the cut-off", "no baseline", "missed assessments", "withdrawal", "loss", "treatment ended early",
)  # fmt: skip
_KNOWN = {
    "events": {"progression", "documented progression", "clinical progression", "death", "next therapy",
               "treatment ended early", "response"},
    "triggers": {"next therapy", "withdrawal", "loss", "death", "progression", "clinical progression",
                 "treatment ended early", "missed assessments", "no baseline", "no event"},
    "days": {"last assessment", "last contact", "that day", "origin"},
    "origins": {"randomisation", "first dose", "first response"},
    "fields": {"name", "label", "role", "kind", "origin", "rules", "events", "censoring", "estimand", "confirmed",
               "confirmation_after", "missing_between", "stable_between", "assessor", "report_at", "population"},
    "rule fields": {"when", "at", "missed", "before"},
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Times:
    """One row a patient: has an origin or not (the rest is then empty), origin and day of event or censoring, whether it
    is an event, and why: a place in ``REASONS``. ``missed`` counts assessments; ``known``: an event of the record
    stands behind it."""

    has_origin: Flags
    origin: Days
    on: Days
    event: Flags
    code: Codes
    missed: Rows
    known: Flags

    @property
    def days(self) -> Days:
        """Time [days]."""
        return self.on - self.origin

    def reason(self, i: int) -> str:
        """Why, in the words of the reference."""
        match REASONS[self.code[i]]:
            case "no baseline":
                return "no assessment at baseline"
            case "missed assessments":
                return f"{self.missed[i]} assessments missed before the event"
            case word:
                return str(word)


def unknown_rules(endpoint: TimeToEvent) -> Iterator[str]:
    """What of an endpoint's rules this road does not know."""
    given = {
        "events": endpoint.events, "triggers": [c.when for c in endpoint.censoring],
        "days": [c.at for c in endpoint.censoring], "origins": [endpoint.origin],
        "fields": [f for f, of in type(endpoint).model_fields.items() if getattr(endpoint, f) != of.default],
        "rule fields": [
            f for c in endpoint.censoring for f, of in type(c).model_fields.items() if getattr(c, f) != of.default
        ],
    }  # fmt: skip
    for what, values in given.items():
        yield from (f"{what}: {v}" for v in dict.fromkeys(values) if v not in _KNOWN[what])


def observe(pool: Database, endpoint: TimeToEvent, schedule: Assessments | None) -> Times:
    """Every patient's time to the endpoint. Raises NotInColumns for rules that are not known here."""
    unknown = list(unknown_rules(endpoint))
    if unknown:
        raise NotInColumns("; ".join(unknown))
    return _Seen(pool, endpoint, schedule).times()


class _Seen:
    """The pool as one endpoint sees it."""

    def __init__(self, pool: Database, endpoint: TimeToEvent, schedule: Assessments | None) -> None:
        self.pool, self.endpoint, self.schedule = pool, endpoint, schedule
        self.people, self.n = pool.patients, len(pool.patients)
        p, course = self.people, course_of(pool, endpoint.assessor)
        progressive = course.where(course.response == PD)
        self.documented = np.full(self.n, NEVER, dtype=np.int32)
        np.minimum.at(self.documented, progressive.patient, progressive.day)
        self.ended_early = np.where(p.ended_early, p.treatment_ended, NEVER)
        readable = course.where(~np.isin(course.response, (PD, NE, NOTHING)))
        self.readable = readable.patient * _SPAN + readable.scan, readable
        seen = course.where(~np.isin(course.response, (NE, NOTHING)))
        self.seen = seen.patient * _SPAN + seen.scan, seen
        self.origin = p.first_dose if endpoint.origin == "first dose" else p.randomised
        if endpoint.origin == "first response":
            self.origin = self._response()

    def _response(self) -> Days:
        return first_response(self.pool, self.endpoint.assessor, rule_of(self.endpoint))

    def times(self) -> Times:
        n, has = self.n, self.origin != NEVER
        event, code = self._first_event()
        done = np.zeros(n, dtype=bool)
        on, is_event, why = event.copy(), event != NEVER, code.copy()
        missed = np.zeros(n, dtype=np.int64)
        known = event != NEVER
        for rule in self.endpoint.censoring:
            day, trigger, reason, count = self._holds(rule, event, code)
            now = trigger & ~done
            if not now.any():
                continue
            on[now] = self._censored_on(rule, day)[now]
            is_event[now], why[now], missed[now] = False, REASONS.index(reason), count[now]
            if rule.when not in ("no event", "no baseline", "missed assessments"):
                known[now] = True
            done |= now
        origin = np.where(has, self.origin, 0).astype(np.int32)
        return Times(has, origin, np.where(has, on, 0).astype(np.int32), is_event & has, why, missed, known & has)

    def _first_event(self) -> tuple[Days, Codes]:
        """The first of the endpoint's events; on one day the order of the reference."""
        p, events = self.people, self.endpoint.events
        clinical = "clinical progression" if "clinical progression" in events else "progression"
        sources: list[tuple[str, Days]] = []
        if "documented progression" in events or "progression" in events:
            sources.append(("progression", self.documented))
        if "progression" in events or "clinical progression" in events:
            sources.append((clinical, p.progressed))
        if "death" in events:
            sources.append(("death", p.died))
        if "next therapy" in events:
            sources.append(("next therapy", p.next_therapy))
        if "treatment ended early" in events:
            sources.append(("treatment ended", self.ended_early))
        if "response" in events:
            sources.append(("response", self._response()))
        day, code = np.full(self.n, NEVER, dtype=np.int32), np.zeros(self.n, dtype=np.int8)
        for name, source in sources:
            earlier = source < day
            day[earlier], code[earlier] = source[earlier], REASONS.index(name)
        return day, code

    def _holds(self, rule: Censoring, event: Days, code: Codes) -> tuple[Days, Flags, str, Rows]:
        """The trigger's day, for whom the rule holds, what it is called, and assessments missed."""
        none = np.zeros(self.n, dtype=np.int64)
        cutoff = np.full(self.n, self.pool.cutoff, dtype=np.int32)
        at_event = np.where(event == NEVER, cutoff, event).astype(np.int32)
        match rule.when:
            case "no event":
                return cutoff, event == NEVER, "no event by the cut-off", none
            case "no baseline":
                return at_event, ~self._has_baseline(), "no baseline", none
            case "missed assessments":
                missed = self._missed(event, code)
                if rule.before == "death":
                    missed[code != REASONS.index("death")] = 0
                return at_event, missed >= rule.missed, "missed assessments", missed
        day = self._trigger(rule)
        return day, (day != NEVER) & (day < event), rule.when, none

    def _trigger(self, rule: Censoring) -> Days:
        p = self.people
        match rule.when:
            case "next therapy":
                return p.next_therapy
            case "withdrawal":
                return p.withdrawn
            case "death":
                return p.died
            case "progression":
                return np.minimum(self.documented, p.progressed)
            case "clinical progression":
                return p.progressed
            case "treatment ended early":
                return self.ended_early.astype(np.int32)
            case _:
                # Who was seen again after being lost is not lost.
                again = (p.last_contact != NEVER) & (p.last_contact > p.lost)
                return np.where(again, NEVER, p.lost).astype(np.int32)

    def _has_baseline(self) -> Flags:
        seen, r = self.pool.assessments, len(self.pool.readers)
        found = np.zeros(self.n, dtype=bool)
        if self.endpoint.assessor in self.pool.readers:
            mine = seen.baseline & (seen.course % r == self.pool.readers.index(self.endpoint.assessor))
            found[seen.course[mine] // r] = True
        return found

    def _missed(self, event: Days, code: Codes) -> Rows:
        """Planned assessments missed in a row just before the event."""
        missed = np.zeros(self.n, dtype=np.int64)
        start = self.people.randomised
        if self.schedule is None:
            return missed
        first, every = self.schedule.first.days, self.schedule.every.days
        asked = (event != NEVER) & (start != NEVER) & (code != REASONS.index("next therapy"))
        last_day = _last(*self.seen, event - 1)
        last = np.where(last_day == NEVER, 0, self._visit(last_day - start))
        day = event - start
        scanned = np.isin(code, (REASONS.index("progression"), REASONS.index("response")))
        # 'progression' may have been recorded without a scan, where the rules name it so.
        scanned &= ~((code == REASONS.index("progression")) & (self.documented != event))
        late = day - LATE
        due = np.where(late <= first, 0, 1 + (late - first - 1) // every)
        found = np.where(scanned, np.maximum(self._visit(day) - last - 1, 0), np.maximum(due - last, 0))
        return np.where(asked, found, 0)

    def _visit(self, day: Days) -> Rows:
        assert self.schedule is not None
        first, every = self.schedule.first.days, self.schedule.every.days
        nearest = np.maximum(1 + np.rint((day - first) / every), 1).astype(np.int64)
        return np.where(day < first / 2, 0, nearest)

    def _censored_on(self, rule: Censoring, trigger: Days) -> Days:
        match rule.at:
            case "that day":
                day = trigger
            case "origin":
                day = self.origin
            case "last assessment":
                free_to = self.people.free_to
                day = _last(*self.readable, trigger)
                day = np.where((day == NEVER) & (free_to <= trigger), free_to, day).astype(np.int32)
            case _:
                contact = self.people.last_contact
                day = np.where(contact == NEVER, NEVER, np.minimum(contact, trigger)).astype(np.int32)
        return np.where(day == NEVER, self.origin, np.maximum(day, self.origin)).astype(np.int32)


def _last(key: Rows, course: ResponseRows, before: Days) -> Days:
    """By patient, the last day of a course that is not after ``before``; NEVER where there is none."""
    patient = np.arange(len(before), dtype=np.int64)
    if not len(key):
        return np.full(len(before), NEVER, dtype=np.int32)
    at = np.searchsorted(key, patient * _SPAN + before, side="right") - 1
    there = (at >= 0) & (course.patient[at] == patient)
    return np.where(there, course.scan[at], NEVER).astype(np.int32)


# What the types allow and this road does not know would be refused: see unknown_rules.
assert set(_KNOWN["events"]) <= set(get_args(EventSource))
assert set(_KNOWN["triggers"]) <= set(get_args(Trigger))
