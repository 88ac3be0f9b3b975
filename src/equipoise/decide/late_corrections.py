"""What was corrected of a look's patients once its cohort was complete: when outcomes may have been known.

A correction is right to make, and nobody can tell from the log why it was made. So a decision names whose record was changed, and says
whether its cohort and its counts are other ones than they were without. The order in which patients came cannot be moved: see
``Snapshot.randomised``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from equipoise.analyse.data import cut
from equipoise.decide.evidence import maker_of
from equipoise.decide.evidence.cohorts import Cohorts
from equipoise.decide.evidence.maker import Gathered
from equipoise.trial.event import Event
from equipoise.trial.log import Log, in_force
from equipoise.trial.snapshot import Snapshot, first_on_arm
from equipoise.trial.trial import Trial


def cautions_of_corrections(trial: Trial, snap: Snapshot, look: int, gathered: Gathered) -> list[str]:
    """The patients of a look whose records were corrected after its cohort was complete, and those whose stratum was, in words."""
    if len(snap.events) + len(snap.beyond) == len(snap.known):
        return []  # all that was known stands
    corrections = [e for e in snap.known if e.corrects is not None and e.patient]
    removed = [e for e in snap.known if e.kind == "redacted"]
    if not corrections and not removed:
        return []
    return [
        *_removed(snap, gathered, removed),
        *_after_the_cohort(trial, snap, look, gathered, corrections),
        *_factors(trial, snap),
    ]


def _after_the_cohort(
    trial: Trial, snap: Snapshot, look: int, gathered: Gathered, corrections: Sequence[Event]
) -> Iterator[str]:
    members = _members(gathered, snap)
    complete = _complete(gathered, snap)
    late = {e.number for e in corrections if e.number > complete}
    if not late:
        return
    without = cut(
        trial, Log(e for e in snap.known if e.number not in late), snap.cutoff, snap.known_on, fingerprint=False
    )
    before = maker_of(trial).gather(trial, without, look)
    then = _members(before, without)
    touched = {e.patient for e in corrections if e.number in late} & (members | then)
    if not touched:
        return
    first: dict[int, Event] = {e.number: e for e in snap.known}
    of: dict[str, list[str]] = {}
    for e in corrections:
        if e.number in late and e.patient in touched and e.corrects is not None:
            kind = first[e.corrects].kind
            of.setdefault(e.patient, []).append(f"{kind} taken back" if e.kind == "voided" else kind)
    named = "; ".join(f"{name}: {', '.join(dict.fromkeys(what))}" for name, what in of.items())
    when = (
        "after the cohort of this look was complete"
        if isinstance(gathered, Cohorts)
        else "of the patients of this look"
    )
    yield f"Corrected {when}: {named}. {_compared(members, then, gathered, before)}"


def _complete(gathered: Gathered, snap: Snapshot) -> int:
    """The number of the event by which the cohort was complete. A look that is on no cohort is on all who came, from the first day on."""
    came = first_on_arm(snap.known)
    return max((came.get(n, 0) for n in _members(gathered, snap)), default=0) if isinstance(gathered, Cohorts) else 0


def _removed(snap: Snapshot, gathered: Gathered, removed: Sequence[Event]) -> Iterator[str]:
    """Content that was removed since: nobody knows any more of whom it was."""
    late = [str(e.data["event"]) for e in removed if e.number > _complete(gathered, snap)]
    if late:
        yield (
            f"The content of event{'s' if len(late) > 1 else ''} {', '.join(late)} was removed after the cohort of this look was complete: "
            "whether it was of a patient of this look is not known any more."
        )


def _compared(now: Collection[str], then: Collection[str], gathered: Gathered, before: Gathered) -> str:
    """Whether the cohort and its numbers are those that they were without the corrections."""
    come, gone = sorted(set(now) - set(then)), sorted(set(then) - set(now))
    moved = [f"without them {', '.join(gone)} would be in it"] if gone else []
    moved += [f"{', '.join(come)} would not"] if come else []
    cohort = f"The cohort is another: {', '.join(moved)}." if moved else "The cohort is the same without them."
    with_them, without = gathered.numbers(), before.numbers()
    if with_them == without:
        return f"{cohort} So are the counts." if not moved else f"{cohort} The counts are the same."
    differs = [
        f"{name} {key.replace('_', ' ')} {_said(without.get(name, {}).get(key))} without, {_said(value)} with them"
        for name, numbers in with_them.items()
        for key, value in numbers.items()
        if isinstance(value, int | float) and value != without.get(name, {}).get(key)
    ]
    return f"{cohort} The counts differ: {'; '.join(differs) or 'see the evidence'}."


def _said(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "none" if value is None else str(value)


def _members(gathered: Gathered, snap: Snapshot) -> set[str]:
    """Who takes part in a look: those in its cohorts and those who gave their places, or all who came onto an arm."""
    if isinstance(gathered, Cohorts):
        return {s.patient for c in gathered.cohorts.values() for s in (*c.members, *c.passed_over)}
    return {p.name for p in snap.randomised}


def _factors(trial: Trial, snap: Snapshot) -> Iterator[str]:
    """Whose stratification factors are others than when they were randomised."""
    if trial.randomisation is None:
        return
    came, names = first_on_arm(snap.known), [f.name for f in trial.factors]
    corrected = {e.patient for e in snap.known if e.corrects is not None and e.kind == "enrolled"}
    changed = []
    for patient in snap.randomised:
        if patient.name not in corrected or patient.enrolled is None:
            continue
        then = [e for e in snap.known if e.patient == patient.name and e.number < came[patient.name]]
        levels: Mapping[str, str] = next((e.data["factors"] for e in in_force(then) if e.kind == "enrolled"), {})
        now = patient.enrolled.data["factors"]
        if any(levels.get(name) != now.get(name) for name in names):
            changed.append(patient.name)
    if changed:
        yield (
            f"Stratification factors were corrected after the allocation: {', '.join(changed)}. "
            "The stratum of the draw is no longer the patient's."
        )
