"""How the record stands with those who look over it: queries and their age, what is verified, which signatures hold, what changed since a moment.

Projections of a log, or of what a reader sees of it; each is made from the events alone and holds no state of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Literal

from equipoise.conduct.overseen import confirmed_in, state_of
from equipoise.conduct.value_history import Change, history_of
from equipoise.trial.event import REMOVED, Event
from equipoise.trial.kinds import PATIENT_KINDS
from equipoise.trial.log import in_force
from equipoise.trial.oversight import OVERSIGHT, targets

#: A record that is so many days younger than what it tells of is late.
LATE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Query:
    """A question about a value. ``state`` 'lapsed': the value was taken back or removed, and nothing is asked any more.

    ``number``: of the event that opened it or, ``by_check``, of the record whose soft check was confirmed. ``about``: the value as it stands now,
    or last stood. ``age`` and ``waited`` are whole days: since it was opened, to its closing or now, and since its last turn.
    """

    number: int
    patient: str
    about: Event
    field: str
    text: str
    by: str
    opened: datetime
    state: Literal["open", "answered", "closed", "lapsed"]
    turns: tuple[Event, ...]
    age: int
    waited: int
    by_check: bool
    changed: bool

    @property
    def waits_for(self) -> str:
        """Who has the next word: 'site', 'who asked', or nobody ('')."""
        return {"open": "site", "answered": "who asked"}.get(self.state, "")


def queries(events: Sequence[Event], now: datetime) -> list[Query]:
    """All queries of a log, the oldest first."""
    line = Line(events)
    turns: dict[int, list[Event]] = {}
    for e in events:
        if e.kind in ("query answered", "query closed", "query reopened"):
            turns.setdefault(e.data["query"], []).append(e)
    found = []
    for e in events:
        if e.kind == "query opened":
            about, texts, field = e.data["event"], [e.data["text"]], str(e.data.get("field", ""))
        elif e.kind in PATIENT_KINDS and confirmed_in(e) and (e.corrects is None or line.first(e.number) is None):
            about, texts, field = e.number, confirmed_in(e), ""
        else:
            continue
        last = line.last(about)
        if last is None:
            continue
        said = turns.get(e.number, [])
        state: Literal["open", "answered", "closed", "lapsed"] = state_of(said)
        by_check = e.kind != "query opened"
        if state != "closed" and (
            last.kind in ("voided", REMOVED) or (by_check and last.number != e.number and not confirmed_in(last))
        ):
            state = "lapsed"
        ended = {"closed": said[-1].recorded if said else now, "lapsed": last.recorded}.get(state, now)
        value = line.value(about)
        if value is None:
            continue
        found.append(
            Query(
                e.number, e.patient, value, field, "; ".join(texts), e.by, e.recorded, state, tuple(said), (ended - e.recorded).days,
                (now - (said[-1].recorded if said else e.recorded)).days, by_check, last.number != about,
            )
        )  # fmt: skip
    return found


class Line:
    """Which event took the place of which."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._by_number = {e.number: e for e in events}
        self._after = {e.corrects: e for e in events if e.corrects is not None}

    def last(self, number: int) -> Event | None:
        """What stands in the place of an event: it, its last correction, or the voiding."""
        event = self._by_number.get(number)
        while event is not None and event.number in self._after:
            event = self._after[event.number]
        return event

    def value(self, number: int) -> Event | None:
        """The value as it stands or, once it is taken back, as it last stood."""
        event = self._by_number.get(number)
        while event is not None and event.number in self._after and self._after[event.number].kind != "voided":
            event = self._after[event.number]
        return event if event is not None and event.kind != REMOVED else None

    def first(self, number: int) -> Event | None:
        """What an event corrects, where that is seen."""
        event = self._by_number.get(number)
        return self._by_number.get(event.corrects) if event is not None and event.corrects is not None else None

    def why_not(self, number: int) -> str:
        """Why an event does not stand any more, in words; '' where it does."""
        event, after = self._by_number.get(number), self._after.get(number)
        if event is None or event.kind == REMOVED:
            return "its content was removed"
        if after is None:
            return ""
        what = "taken back" if after.kind == "voided" else "corrected"
        return f"{event.kind} of {event.happened} was {what} by {after.by} on {after.recorded:%Y-%m-%d}" + (
            f": {after.why}" if after.why else ""
        )


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a value was compared with its source. ``state`` 'fallen': it was, and changed since (``why``)."""

    event: Event
    state: Literal["verified", "fallen", "not yet"]
    by: str = ""
    at: datetime | None = None
    why: str = ""


def verification(events: Sequence[Event], patient: str = "") -> list[Verification]:
    """Of each value that stands, whether it is verified."""
    line, done = Line(events), {}
    for e in events:
        if e.kind == "verified":
            done.update(dict.fromkeys(targets(e.data), e))
    found = []
    for e in in_force(events):
        if e.kind not in PATIENT_KINDS or patient not in ("", e.patient):
            continue
        act = done.get(e.number)
        if act is not None:
            found.append(Verification(e, "verified", act.by, act.recorded))
            continue
        before, why = e, ""
        while (was := line.first(before.number)) is not None:
            why, before = why or line.why_not(was.number), was
            if was.number in done:
                act = done[was.number]
                break
        found.append(
            Verification(e, "fallen", act.by, act.recorded, why) if act is not None else Verification(e, "not yet")
        )
    return found


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature, and whether it holds. ``fallen``: the reasons why it does not, each in words."""

    act: Event
    fallen: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """True while nothing that was signed changed."""
        return not self.fallen


def signatures(events: Sequence[Event], patient: str = "") -> list[Signature]:
    """The signatures of a log, each as it stands now."""
    line = Line(events)
    standing = [e for e in in_force(events) if e.kind in PATIENT_KINDS]
    found = []
    for act in events:
        if act.kind != "signed" or patient not in ("", act.patient):
            continue
        signed = targets(act.data)
        fallen = [w for n in signed if (w := line.why_not(n))]
        cutoff = act.data.get("cutoff")
        if cutoff is not None:
            # A correction of what was signed is told already.
            of_signed = {last.number for n in signed if (last := line.last(n)) is not None}
            fallen += [
                f"{e.kind} of {e.happened} was recorded by {e.by} on {e.recorded:%Y-%m-%d}"
                for e in standing
                if e.patient == act.patient
                and e.number > act.number
                and e.number not in of_signed
                and e.happened.isoformat() <= cutoff
            ]
        found.append(Signature(act, tuple(fallen)))
    return found


@dataclass(frozen=True, slots=True)
class Endorsement:
    """What an investigator signed of a patient at a cut-off: 'signed', 'fallen' (and why), or 'missing'."""

    patient: str
    site: str
    cutoff: date
    state: Literal["signed", "fallen", "missing"]
    by: str = ""
    why: tuple[str, ...] = ()


def endorsements(events: Sequence[Event], cutoff: date) -> list[Endorsement]:
    """Of each patient with a record by a cut-off, whether an investigator endorsed it."""
    site: dict[str, str] = {}
    for e in in_force(events):
        if e.kind in PATIENT_KINDS and e.happened <= cutoff:
            site.setdefault(e.patient, e.site)
    of: dict[str, list[Signature]] = {}
    for s in signatures(events):
        if s.act.data.get("cutoff") == cutoff.isoformat():
            of.setdefault(s.act.patient, []).append(s)
    found = []
    for name in sorted(site):
        last = next((s for s in reversed(of.get(name, []))), None)
        held = next((s for s in reversed(of.get(name, [])) if s.holds), None)
        if held is not None:
            found.append(Endorsement(name, site[name], cutoff, "signed", held.act.by))
        elif last is not None:
            found.append(Endorsement(name, site[name], cutoff, "fallen", last.act.by, last.fallen))
        else:
            found.append(Endorsement(name, site[name], cutoff, "missing"))
    return found


def cutoffs(events: Iterable[Event]) -> list[date]:
    """The days at which the trial was cut off for a look, the last first."""
    found = {date.fromisoformat(e.data["cutoff"]) for e in events if e.kind == "cut off"}
    return sorted(found, reverse=True)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit trail: a change of one value, or an act. ``late`` [days]: recorded so long after the day that it tells of, beyond ``LATE``."""

    event: Event
    kind: str
    patient: str
    change: Change | None
    late: int

    @property
    def field(self) -> str:
        """The detail that changed; '' of an act."""
        return self.change.detail if self.change is not None else ""

    @property
    def what(self) -> str:
        """'recorded', 'corrected', 'taken back', 'removed', or 'act'."""
        return self.change.kind if self.change is not None else "act"


def trail(events: Sequence[Event], zones: Mapping[str, str | None] | None = None, after: int = 0) -> Iterator[Entry]:
    """The audit trail in the order of recording: each change of each value with old and new, who, when and why; and each act.

    ``after``: from the event that comes after this number; what stands before it is what it changed.
    """
    own = {e.number: e for e in events}
    sites: dict[str, str] = {}
    lines: dict[int, int] = {}
    members: dict[int, list[Event]] = {}
    for e in events:
        if e.patient and e.site:
            sites.setdefault(e.patient, e.site)
        first = lines[e.number] = lines.get(e.corrects, e.corrects) if e.corrects is not None else e.number
        members.setdefault(first, []).append(e)
    for e in events:
        if e.number <= after:
            continue
        late = (e.recorded.date() - e.happened).days if e.kind in PATIENT_KINDS else 0
        late = late if timedelta(days=late) > LATE else 0
        if e.kind in OVERSIGHT or not e.patient:
            yield Entry(e, e.kind, e.patient, None, 0)
            continue
        first = lines[e.number]
        zone = (zones or {}).get(sites.get(e.patient, ""))
        kind = own[first].kind if first in own else e.kind
        for change in history_of(members[first], e.number, zone):
            if change.number == e.number:
                yield Entry(e, kind, e.patient, change, late)


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the audit trail is asked for; '' asks for all. ``what``: as ``Entry.what``, or 'late'."""

    person: str = ""
    patient: str = ""
    kind: str = ""
    field: str = ""
    what: str = ""
    since: date | None = None
    until: date | None = None

    def keeps(self, entry: Entry) -> bool:
        """True of an entry that is asked for."""
        day = entry.event.recorded.date()
        return (
            self.person in ("", entry.event.by)
            and self.patient in ("", entry.patient)
            and self.kind in ("", entry.kind)
            and self.field in ("", entry.field)
            and (self.what in ("", entry.what) or (self.what == "late" and entry.late > 0))
            and (self.since is None or self.since <= day)
            and (self.until is None or day <= self.until)
        )

    def __str__(self) -> str:
        """In words, as a review records its scope."""
        said = [f"{f.name} {v}" for f in fields(self) if (v := getattr(self, f.name))]
        return ", ".join(said) or "all of the audit trail"


def last_visit(events: Iterable[Event], person: str) -> datetime | None:
    """When a monitor last verified, queried or reviewed anything before today: what changed since is what he has not seen."""
    acts = [
        e.recorded
        for e in events
        if e.by == person and e.kind in ("verified", "reviewed", "query opened", "query closed")
    ]
    if not acts:
        return None
    days = sorted({a.date() for a in acts})
    # A visit is a day: while one goes on, what counts is the one before.
    return max(a for a in acts if a.date() == days[-1])
