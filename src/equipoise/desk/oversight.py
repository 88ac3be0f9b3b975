"""Acts about the record: queries, verification, signatures, freezes, codes, looks step by step. Each is an order like any other.

Whoever gives one names events by the numbers under which he sees them: for who may not know arms these are not the log's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from equipoise.conduct.conduct import Conduct, Refused
from equipoise.conduct.oversight_rules import digest_of
from equipoise.conduct.visibility import Reader, numbers_shown, visible
from equipoise.trial.event import Event
from equipoise.trial.problem import Problem

Order = Callable[[Conduct, datetime], Event]


@dataclass(frozen=True)
class Shown:
    """What a signature would be of: the events by the log's numbers, and their digest."""

    patient: str
    cutoff: date | None
    events: tuple[int, ...]
    digest: str


def numbers(conduct: Conduct, by: str, given: Iterable[int]) -> list[int]:
    """The log's numbers of the patients' events that ``by`` means. Raises Refused for one that he does not see, as for one that there is not."""
    wanted = list(given)
    reader = Reader.of(by, conduct.people, *conduct.definitions.trials) if conduct.people.kept else None
    if reader is not None and reader.renumbers:
        by_shown = numbers_shown(conduct.log, reader)
        found = [at if (at := by_shown.get(n)) is not None and conduct.log[at - 1].patient else None for n in wanted]
    else:
        found = [n if _is_seen(conduct, reader, n) else None for n in wanted]
    if any(n is None for n in found):
        raise Refused(
            "event",
            [
                Problem("unknown-event", "event", str(n), "an event that you see")
                for n, at in zip(wanted, found, strict=True)
                if at is None
            ],
        )
    return [n for n in found if n is not None]


def _is_seen(conduct: Conduct, reader: Reader | None, number: int) -> bool:
    if not 1 <= number <= len(conduct.log):
        return False
    event = conduct.log[number - 1]  # a blank, where it is judged again by what the reader sees
    return bool(event.patient) and (reader is None or visible(event, reader) is not None)


def on(by: str, kind: str, number: int, why: str = "", key: str = "", **said: object) -> Order:
    """An act about one event of a patient's record."""

    def order(conduct: Conduct, now: datetime) -> Event:
        conduct.refuse_who_may_not_there(kind, now, by)
        (at,) = numbers(conduct, by, [number])
        patient = conduct.log[at - 1].patient
        data = {k: v for k, v in said.items() if v is not None}
        return conduct.order(kind, now.date(), now, by, why, patient, data={"event": at, **data}, key=key)

    return order


def turn(by: str, kind: str, query: int, text: str | None, why: str = "", key: str = "") -> Order:
    """A query's next turn: answered, closed or reopened. ``query``: its number, or that of the record whose check was confirmed."""

    def order(conduct: Conduct, now: datetime) -> Event:
        conduct.refuse_who_may_not_there(kind, now, by)
        (at,) = numbers(conduct, by, [query])
        first = conduct.log[at - 1]
        about = first.data["event"] if first.kind == "query opened" else at
        data = {"query": at, "event": about, **({"text": text} if text else {})}
        return conduct.order(kind, now.date(), now, by, why, first.patient, data=data, key=key)

    return order


def verify(by: str, events: Sequence[int], text: str | None = None, why: str = "", key: str = "") -> Order:
    """Compared with the source: events of one patient."""

    def order(conduct: Conduct, now: datetime) -> Event:
        conduct.refuse_who_may_not_there("verified", now, by)
        at = numbers(conduct, by, events)
        patient = conduct.log[at[0] - 1].patient if at else ""
        data = {"events": at, **({"text": text} if text else {})}
        return conduct.order("verified", now.date(), now, by, why, patient, data=data, key=key)

    return order


def to_sign(conduct: Conduct, patient: str, cutoff: date | None = None, events: Sequence[int] | None = None) -> Shown:
    """What a signature of a patient's record would be of: all that stands by ``cutoff``, or these events."""
    found = [e for e in conduct.record_of(patient) if cutoff is None or e.happened <= cutoff]
    if events is not None:
        found = [e for e in found if e.number in events]
    found.sort(key=lambda e: e.number)
    return Shown(patient, cutoff, tuple(e.number for e in found), digest_of(found))


def sign(
    by: str,
    patient: str,
    meaning: str,
    cutoff: date | None = None,
    events: Sequence[int] | None = None,
    digest: str | None = None,
    why: str = "",
    key: str = "",
) -> Order:
    """Sign what was shown: all of a patient's record by ``cutoff``, or these events. ``digest``: of what was shown; without it what stands now is signed."""

    def order(conduct: Conduct, now: datetime) -> Event:
        conduct.refuse_who_may_not_there("signed", now, by)
        found = to_sign(conduct, patient, cutoff, events)
        data: dict[str, object] = {
            "meaning": meaning, "name": name_of(conduct, by), "events": list(events if events is not None else found.events),
            "digest": digest or found.digest,
        }  # fmt: skip
        if cutoff is not None:
            data["cutoff"] = cutoff.isoformat()
        return conduct.order("signed", now.date(), now, by, why, patient, data=data, key=key)

    return order


def name_of(conduct: Conduct, by: str) -> str:
    """The printed name of who signs: as it was granted, or as he is called."""
    return next((g.name for g in conduct.people.held(by)), by)


def act(by: str, kind: str, patient: str = "", why: str = "", key: str = "", **said: object) -> Order:
    """An act about a patient's record as a whole, or of the trial's own, of this moment."""

    def order(conduct: Conduct, now: datetime) -> Event:
        data = {k: v for k, v in said.items() if v is not None}
        if kind == "exported":
            data["head"] = conduct.log.head
        return conduct.order(kind, now.date(), now, by, why, patient, data=data, key=key)

    return order
