"""What the protocol's dose modifications say of a patient's next dose, by his recorded adverse events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from equipoise.trial.dose_modification import DoseModification, Occurred, Ruling, ruling
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial


def ruling_on(trial: Trial, patient: Patient, drug: str, day: date) -> Ruling:
    """What the definition in force at his site says of a dose of a drug on a day."""
    rules = trial.at(patient.site, day).dose_modifications
    return ruling(rules, drug, day.toordinal(), occurred(patient)) if rules else Ruling()


def occurred(patient: Patient) -> Iterator[Occurred]:
    """His adverse events, days as ordinals."""
    for e in patient.adverse_events:
        said = e.data.get("until")
        yield Occurred(e.happened.toordinal(), date.fromisoformat(said).toordinal() if said else None, e.data)


def in_words(by: tuple[DoseModification, int]) -> str:
    """The rule and the event's day: '[[dose_modifications]] neuropathy-3, after an event on 2012-06-01'."""
    rule, day = by
    return f"{rule.name}, after the event of {date.fromordinal(day)}: {rule}"


def says(drug: str, found: Ruling) -> str:
    """What is to be done, in a sentence without its end; '' where nothing is modified."""
    if found.stopped is not None:
        return f"no more {drug} by {in_words(found.stopped)}"
    if found.held is not None:
        return f"{drug} is held by {in_words(found.held)}"
    return f"{100 * found.share:g} % of the plan by {in_words(found.reduced)}" if found.reduced is not None else ""
