"""What was recorded and is in no endpoint: said wherever an endpoint is shown, so that nobody takes silence for stability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from equipoise.trial.assessment import Assessment
from equipoise.trial.endpoint import Landmark, Response, TimeToEvent
from equipoise.trial.event import Event
from equipoise.trial.lesion import readings
from equipoise.trial.patient import Patient
from equipoise.trial.response_maps import map_of
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies import OURS

#: So many words are named; all are counted.
_NAMED = 8
#: Triggers, events and places of a time to event for which assessments matter.
_ASSESSED = frozenset(("progression", "documented progression", "response", "missed assessments", "no baseline"))


def losses(trial: Trial, events: Sequence[Event], patients: Iterable[Patient], *, lesions: bool) -> Iterator[str]:
    """In sentences; nothing where all was taken. ``lesions``: responses follow from the lesions."""
    people = list(patients)
    rests = any(rests_on_assessments(trial, name) for name in trial.endpoint_by_name)
    later = [(p.name, a) for p in people for a in p.every_assessment if not a.baseline]
    unknown = [(name, a) for name, a in later if not a.word.known]
    foreign: dict[str, list[tuple[str, Assessment]]] = {}
    for name, a in unknown:
        foreign.setdefault(str(a.event.data.get("criterion", "")) if _foreign(trial, a) else "", []).append((name, a))
    own = foreign.pop("", [])
    if own:
        yield f"not read, for the trial's criterion has no such response: {_of(len(own), 'assessment')}, {_words(own)}."
    for criterion, some in foreign.items():
        yield (
            f"recorded by {criterion} and not read, for the trial file says nothing of it: {_of(len(some), 'assessment')} "
            f"of {_of(len({name for name, _ in some}), 'patient')}, {_words(some)}. {_how(criterion)}"
        )
    if unknown and rests and not any(a.word.known and a.response for _, a in later):
        yield (
            "no assessment was taken at all: nobody is known to have responded or progressed by imaging; times to progression "
            "have none of it, and who is censored at the last assessment is censored at the start."
        )
    unsaid = [(name, a) for name, a in later if a.lesions and not a.recorded]
    if unsaid and rests and not lesions:
        yield (
            f"no response was recorded, and responses are taken as recorded: {_of(len(unsaid), 'assessment')} of "
            f"{_of(len({name for name, _ in unsaid}), 'patient')} with lesions. To have them derived, state "
            "responses = 'from lesions' under [assessments]."
        )
    if lesions:
        said = Counter(r.said for _, a in later for r in readings(a.lesions) if r.said)
        if said:
            words = ", ".join(f"{word} ({n})" for word, n in said.most_common(_NAMED))
            yield f"not evaluable, for what was recorded of a lesion is not understood: {_of(said.total(), 'reading')}, {words}."
    pending = [p.name for p in people for read in (p.assessments, *p.readers.values()) if _unsettled(read)]
    if pending:
        who = ", ".join(dict.fromkeys(pending))
        yield f"progression not yet confirmed, taken as progression until a later assessment refutes it: {who}."
    for event in events:
        if event.kind == "opened":
            yield from (f"left out when the datasets were taken in: {text}" for text in event.data.get("left_out", ()))


def rests_on_assessments(trial: Trial, name: str) -> bool:
    """True of an endpoint that responses or progression decide."""
    endpoint = trial.endpoint_by_name[name]
    if isinstance(endpoint, Landmark):
        return rests_on_assessments(trial, endpoint.of)
    if isinstance(endpoint, TimeToEvent):
        named = {*endpoint.events, *(c.when for c in endpoint.censoring)}
        return bool(named & _ASSESSED) or any(c.at == "last assessment" for c in endpoint.censoring)
    return isinstance(endpoint, Response)


def _foreign(trial: Trial, a: Assessment) -> bool:
    words = trial.assessments.glossary if trial.assessments is not None else OURS.own
    return words.foreign(a.event.data)


def _how(criterion: str) -> str:
    ships = map_of(criterion)
    read = f"map = '{ships}', which ships" if ships else "[assessments.words] of your own"
    return f"To have it read, state criterion = '{criterion}' under [assessments], with {read}."


def _unsettled(read: Sequence[Assessment]) -> bool:
    """True where the last that can be read is a progression that nothing has confirmed, and no progression is certain."""
    after = [a for a in read if not a.baseline and a.word.readable]
    return bool(after) and after[-1].word.unconfirmed and after[-1].word.progresses and not any(
        a.word.progresses and not a.word.unconfirmed for a in after
    )  # fmt: skip


def _words(some: Sequence[tuple[str, Assessment]]) -> str:
    counts = Counter(a.recorded for _, a in some)
    shown = ", ".join(f"{word} ({n})" for word, n in counts.most_common(_NAMED))
    return f"{shown}, …" if len(counts) > _NAMED else shown


def _of(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n:,} {what}s"
