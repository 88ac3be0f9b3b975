"""Clocks: what was recorded when, and that nothing is recorded before it happens where it happens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import MAXYEAR, UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from equipoise.trial.event import Event
from equipoise.trial.kinds import PEOPLE_KINDS
from equipoise.trial.partial_date import PartialDate
from equipoise.trial.problem import Problem
from equipoise.trial.trial import Trial

#: Where a new day begins first.
_FIRST = timezone(timedelta(hours=14))
#: The event from which on time starts anew.
CORRECTED = "clock corrected"
#: What is recorded before a trial starts too: people are granted access and trained, and its secret is sealed.
_BEFORE_IT_STARTS = frozenset({CORRECTED, "sealed", *PEOPLE_KINDS})


def latest_day(recorded: datetime, zone: str | None) -> date:
    """The day that it is at a moment in a time zone; without one the latest that it is anywhere (UTC+14).

    A site east of Greenwich has tomorrow's date while UTC has today's: without its zone a day of grace stands in for it.
    """
    if recorded.year >= MAXYEAR:
        return recorded.date()
    return recorded.astimezone(ZoneInfo(zone) if zone else _FIRST).date()


def day_problems(event: Event, trial: Trial, site: str = "", recorded: datetime | None = None) -> Iterator[Problem]:
    """A day before the trial, or after it was recorded: by the calendar of ``site``, where the patient is, if its time zone is stated.

    ``recorded``: when it was known at the latest, where a clock was corrected after it.
    """
    if event.happened < trial.first_day and event.kind not in _BEFORE_IT_STARTS:
        yield Problem("before-start", "on", str(event.happened), f"the trial starts on {trial.first_day}")
    recorded = recorded or event.recorded
    place = trial.site_by_name.get(event.site or site)
    zone = place.timezone if place is not None else None
    if (zone or event.happened > recorded.date()) and event.happened > latest_day(recorded, zone):
        yield Problem(
            "in-the-future",
            "on",
            str(event.happened),
            f"nothing is recorded before it happens; recorded {recorded.date()} (UTC)",
        )
    if not event.source:
        yield from _detailed_days(event, latest_day(recorded, zone))


def _detailed_days(event: Event, latest: date) -> Iterator[Problem]:
    """Days that stand among the details, as texts: written in one way only, since they are compared as they are written."""
    until = event.data.get("until")
    if until is not None:
        end = _day(until)
        if end is None or end < event.happened:
            yield Problem("until", "until", repr(until), f"a day, YYYY-MM-DD, not before {event.happened}")
        elif end > latest:
            allowed = f"nothing is recorded before it happens: not after {latest}"
            yield Problem("in-the-future", "until", until, allowed)
    for name, day in (("dated", event.happened), ("until_dated", _day(until))):
        said = event.data.get(name)
        if said is None:
            continue
        try:
            partial = PartialDate.parse(said)
            fits = day is not None and partial.first <= day <= partial.last
        except ValueError:
            fits = False
        if not fits:
            yield Problem(
                name.replace("_", "-"), name, repr(said), f"part of a date, such as 2012-05, that {day} can be"
            )


def _day(text: object) -> date | None:
    """A day as YYYY-MM-DD; None for anything else, also another way to write a day."""
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        return None
    return day if day.isoformat() == text else None


def clock_problems(event: Event, last: datetime | None) -> list[Problem]:
    """Why an event cannot be recorded now: time runs on in a log, unless its clock is corrected. ``last``: the log's last moment."""
    if event.kind == CORRECTED:
        found = []
        if not event.why.strip():
            found.append(Problem("no-reason", "why", "nothing", "what was wrong with the clock"))
        if last is None or event.recorded >= last:
            given = f"a clock at {_said(event.recorded)}"
            found.append(
                Problem("clock-right", "recorded", given, "a clock that is behind the log: nothing is to be corrected")
            )
        return found
    return [clock_backwards(event, last)] if last is not None and event.recorded < last else []


def clock_backwards(event: Event, last: datetime) -> Problem:
    """An event that was recorded before the one before it: one of two clocks is wrong, and the order cannot know which."""
    return Problem(
        "clock-backwards", "recorded", f"this clock says {_said(event.recorded)}",
        f"not before the log's last moment, {_said(last)}: one of the two is wrong",
        "put this clock right; if it was the other one: conduct clock --why TEXT, from where time starts anew",
    )  # fmt: skip


def known_at(events: Sequence[Event]) -> list[datetime]:
    """When each event was known at the latest: its own moment or, where a clock ran ahead, that from which time was started anew."""
    found: list[datetime] = []
    earliest = datetime.max.replace(tzinfo=UTC)
    for event in reversed(events):
        if event.kind == CORRECTED:
            earliest = min(earliest, event.recorded)
        found.append(min(earliest, event.recorded))
    return found[::-1]


def _said(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(sep=" ", timespec="seconds").replace("+00:00", " UTC")
