"""Why an act about the record is impossible: a query on what does not stand, a signature on what was not shown, a step out of order.

And why a record cannot be written while the patient is frozen, the database locked, or entry closed for a look. Words name an event by its kind, its
patient and its day, never by its number: those who may not know arms count otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256

from equipoise.conduct.overseen import Record, confirmed_in, named, state_of
from equipoise.conduct.step_rules import day_of, own_act_problems
from equipoise.trial.check import near
from equipoise.trial.event import REMOVED, Event, digests_of, is_hash
from equipoise.trial.kinds import KINDS, PATIENT_KINDS
from equipoise.trial.oversight import ON_PATIENTS, targets
from equipoise.trial.problem import Problem
from equipoise.trial.trial import Trial

#: What is recorded whatever is frozen, locked or closed: who must know an arm in an emergency is told, and what follows is recorded.
_ALWAYS = frozenset({"unblinded", "impact assessed"})
#: Kinds and their texts to which a dictionary's code may be given.
_CODED = {"adverse event": ("term", "reported"), "next therapy": ("therapy",), "died": ("cause",)}


def digest_of(events: Iterable[Event]) -> str:
    """The digest of what was shown: SHA-256 over number and digests of each event, by number. It stays the same once content is removed or withheld."""
    said = "".join(f"{e.number}:{':'.join(digests_of(e, e.texts()))};" for e in sorted(events, key=lambda e: e.number))
    return sha256(said.encode()).hexdigest()


def oversight_problems(act: Event, record: Record, trial: Trial) -> Iterator[Problem]:
    """Why an act about the record cannot be the next of the log."""
    if act.happened != act.recorded.date():
        yield Problem(
            "of-the-moment", "on", str(act.happened), f"the day on which it is recorded, {act.recorded.date()} (UTC)"
        )
    if act.kind in ON_PATIENTS:
        if record.looks.locked is not None and act.kind not in _ALWAYS:
            yield _locked(act, record.looks.locked)
            return
        if not any(True for _ in record.record_of(act.patient)) and act.kind in ("frozen", "unfrozen"):
            yield Problem("unknown-patient", "patient", repr(act.patient), "a patient of whom there is a record")
            return
        about = list(_about(act, record))
        yield from about
        if about:
            return
        yield from _ON_PATIENTS[act.kind](act, record)
    else:
        yield from own_act_problems(act, record, trial)


def closed_problems(event: Event, old: Event | None, record: Record) -> Iterator[Problem]:
    """Why nothing is written to a patient's record now. ``old``: what the event corrects, takes back or removes."""
    removes = event.kind == "redacted"
    kind, patient = (old.kind, old.patient) if old is not None else (event.kind, event.patient)
    if kind not in PATIENT_KINDS or kind in _ALWAYS:
        return
    looks = record.looks
    if not removes and looks.locked is not None:
        yield _locked(event, looks.locked)
        return
    frozen = None if removes else record.overseen_of(patient).frozen
    if frozen is not None:
        allowed = f"nothing: the record is frozen since {frozen.happened}, by {frozen.by}"
        yield Problem("frozen", patient, repr(event.kind), allowed, "a query to the data manager, who unfreezes")
    days = ([] if removes else [event.happened]) + ([old.happened] if old is not None else [])
    for look, cutoff in looks.closed_for(record.cohort_of(patient)):
        if min(days) <= cutoff:
            allowed = (
                f"what happened after {cutoff}: entry is closed for {named(look)} until the committee has recommended"
            )
            yield Problem("entry-closed", patient, f"{event.kind!r} of {min(days)}", allowed, "record it then")


def _locked(event: Event, lock: Event) -> Problem:
    allowed = f"nothing: the database is locked since {lock.happened}, by {lock.by}"
    return Problem("locked", event.patient or "order", repr(event.kind), allowed, "conduct unlock, by the sponsor")


def _about(act: Event, record: Record) -> Iterator[Problem]:
    """Events that an act is about and cannot be: none of the patient's, taken back, corrected meanwhile, removed."""
    numbers = targets(act.data)
    if act.kind in ("frozen", "unfrozen"):
        return
    if (
        not numbers
        or len(set(numbers)) < len(numbers)
        or ("events" in act.data and len(numbers) < len(act.data["events"]))
    ):
        yield Problem(
            "events", "events", str(act.data.get("events", act.data.get("event"))), "numbers of events, each once"
        )
        return
    follows = act.kind in ("query answered", "query closed", "query reopened")
    for number in numbers:
        event = record.recorded(number)
        if event is not None and event.kind == REMOVED:
            if not follows:
                yield Problem("not-standing", "event", "an event whose content was removed", "a value that stands")
            continue
        if event is None or event.patient != act.patient or event.kind not in PATIENT_KINDS:
            yield Problem(
                "unknown-event", "event", "none of this patient's", "an event of the patient's record that you see"
            )
        elif not follows and not record.stands(number):
            yield _fallen(event, record)


def _fallen(event: Event, record: Record) -> Problem:
    """That a value does not stand any more, and what became of it."""
    of = f"{event.kind!r} of {event.patient} on {event.happened}"
    later = record.successor(event.number)
    if later is None:
        return Problem("not-standing", "event", of, "a value that stands")
    what = "taken back" if later.kind == "voided" else "corrected"
    said = f"{of}, {what} on {later.happened if later.kind != 'voided' else later.recorded.date()} by {later.by}"
    step = "there is nothing left to ask about" if later.kind == "voided" else "read it as it is now"
    return Problem("not-standing", "event", said, "a value that stands", step)


def _opened(act: Event, record: Record) -> Iterator[Problem]:
    event = record.recorded(act.data["event"])
    field = act.data.get("field")
    if event is None or field is None:
        return
    known = fields_of(event)
    if field not in known:
        yield Problem(
            "unknown-field", "field", repr(field), f"a field of {event.kind!r}: {', '.join(known)}", near(field, known)
        )


def fields_of(event: Event) -> list[str]:
    """The fields of an event on which a query may be: its day, its details, and the values on a form."""
    if event.kind == "form":
        return ["happened", *event.data["values"]]
    known = [k for k in KINDS[event.kind] if k not in ("key", "date_rule", "until_date_rule")]
    more = [f"factors.{k}" for k in event.data.get("factors", {})] if event.kind == "enrolled" else []
    return ["happened", *known, *more]


def _followed(act: Event, record: Record) -> Iterator[Problem]:
    number, seen = act.data["query"], record.overseen_of(act.patient)
    turns = seen.queries.get(number)
    first = record.recorded(number)
    if turns is None and first is not None and first.patient == act.patient and confirmed_in(first):
        turns = []
    if first is not None and first.kind == REMOVED:
        return  # what was asked was removed: its turns stand
    if turns is None or first is None:
        yield Problem("unknown-query", "query", "none of this patient's", "a query that you see")
        return
    about = first.data["event"] if first.kind == "query opened" else number
    if act.data["event"] != about:
        yield Problem("another-event", "event", "another value", "the value that the query is about")
    state = state_of(turns)
    allowed = {
        "query answered": ("open",),
        "query closed": ("open", "answered"),
        "query reopened": ("closed", "answered"),
    }[act.kind]
    if state not in allowed:
        yield Problem("query-state", "query", f"a query that is {state}", f"one that is {' or '.join(allowed)}")
    if act.kind != "query answered" and record.people.kept and first.kind == "query opened":
        opened = {g.role.name for g in record.people.ever(first.by)}
        mine = {g.role.name for g in record.people.held(act.by)}
        if not opened & mine:
            yield Problem(
                "not-your-query", "query", f"by {act.by}", f"who opened it, {first.by}, or who holds the same role"
            )


def _signed(act: Event, record: Record) -> Iterator[Problem]:
    numbers = targets(act.data)
    events = [e for n in numbers if (e := record.recorded(n)) is not None]
    if record.people.kept and act.data["name"] not in {g.name for g in record.people.held(act.by)}:
        names = ", ".join(sorted({g.name for g in record.people.held(act.by)}))
        yield Problem(
            "printed-name", "name", repr(act.data["name"]), f"the name of who signs, as it was granted: {names}"
        )
    if not is_hash(act.data["digest"]) or act.data["digest"] != digest_of(events):
        yield Problem(
            "not-as-shown",
            "digest",
            "another digest",
            "that of what was shown: the record changed meanwhile",
            "read it again, then sign",
        )
    if "cutoff" in act.data:
        cutoff = day_of(act.data["cutoff"])
        if cutoff is None or cutoff > act.happened:
            yield Problem("cutoff", "cutoff", repr(act.data["cutoff"]), f"a day, YYYY-MM-DD, not after {act.happened}")
            return
        whole = {e.number for e in record.record_of(act.patient) if e.happened <= cutoff}
        if whole != set(numbers):
            more, less = len(whole - set(numbers)), len(set(numbers) - whole)
            given = ", ".join(
                filter(None, (f"{more} records left out" * (more > 0), f"{less} of later days" * (less > 0)))
            )
            yield Problem(
                "not-all", "events", given, f"all of the patient's record by {cutoff}", "read it again, then sign"
            )


def _froze(act: Event, record: Record) -> Iterator[Problem]:
    frozen = record.overseen_of(act.patient).frozen
    if (act.kind == "frozen") == (frozen is not None):
        yield Problem(
            "frozen-already" if frozen else "not-frozen",
            act.patient,
            repr(act.kind),
            f"a record that is {'not ' if frozen else ''}frozen",
        )
    if act.kind == "unfrozen" and not act.why.strip():
        yield Problem("no-reason", "why", "nothing", "why the record is opened again")


def _coded(act: Event, record: Record) -> Iterator[Problem]:
    event = record.recorded(act.data["event"])
    if event is None:
        return
    field = act.data["field"]
    values = event.data.get("values", {}) if event.kind == "form" else event.data
    texts = (
        _CODED.get(event.kind, ())
        if event.kind != "form"
        else tuple(k for k, v in values.items() if isinstance(v, str))
    )
    if field not in texts or not isinstance(values.get(field), str):
        yield Problem(
            "not-coded",
            "field",
            f"{field!r} of {event.kind!r}",
            f"a text that was recorded: {', '.join(texts) or 'none here'}",
        )


def _reviewed(act: Event, record: Record) -> Iterator[Problem]:
    event = record.recorded(act.data["event"])
    if event is not None and not (
        event.kind == "adverse event" and (event.data.get("serious") or event.data["grade"] == 5)
    ):
        yield Problem("not-serious", "event", f"{event.kind!r} on {event.happened}", "a serious adverse event")


def _impact(act: Event, record: Record) -> Iterator[Problem]:
    event = record.recorded(act.data["event"])
    if event is not None and event.kind != "unblinded":
        yield Problem("not-unblinded", "event", f"{event.kind!r} on {event.happened}", "an unblinding")
    elif act.data["event"] in record.overseen_of(act.patient).assessed:
        yield Problem("assessed-already", "event", "an unblinding whose impact is assessed", "one that waits for it")


def _none(act: Event, record: Record) -> Iterator[Problem]:
    yield from ()


_ON_PATIENTS = {
    "query opened": _opened, "query answered": _followed, "query closed": _followed, "query reopened": _followed, "verified": _none, "signed": _signed,
    "frozen": _froze, "unfrozen": _froze, "coded": _coded, "safety reviewed": _reviewed, "impact assessed": _impact,
}  # fmt: skip
