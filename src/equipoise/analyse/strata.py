"""The strata in which arms are compared: the levels that patients were randomised by, of the factors an endpoint names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.patient import Patient
from equipoise.trial.snapshot import Snapshot

#: Stands for a level that the data do not hold; those without one are a stratum of their own.
NOT_RECORDED = "not recorded"


def level_of(patient: Patient, factor: str) -> str:
    """The patient's level of a factor, as recorded at enrolment."""
    recorded = patient.enrolled.data.get("factors", {}) if patient.enrolled is not None else {}
    return str(recorded.get(factor, NOT_RECORDED))


def levels_of(snap: Snapshot, factors: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Patient → the levels of ``factors``, in that order."""
    return {p.name: tuple(level_of(p, f) for f in factors) for p in snap.randomised}


def strata_of(snap: Snapshot, endpoint: TimeToEvent) -> dict[str, tuple[str, ...]]:
    """Patient → stratum, by the factors that the endpoint states; empty where it is unstratified."""
    return levels_of(snap, endpoint.stratified_by) if endpoint.stratified_by else {}


def in_words(stratified_by: Sequence[str], without: int, of: int) -> str:
    """How a comparison was stratified. ``without``: patients, of ``of``, of whom a level is not recorded."""
    if not stratified_by:
        return "unstratified"
    named = ", ".join(stratified_by)
    if without == of:
        return f"unstratified: no levels of {named} recorded"
    return f"stratified by {named}" + (f" ({without} without a recorded level apart)" if without else "")


def coded(patients: Sequence[str], strata: Mapping[str, tuple[str, ...]]) -> list[int]:
    """The stratum of each patient as a number; one for all where there are none."""
    known = {s: i for i, s in enumerate(sorted({strata.get(p, ()) for p in patients}))}
    return [known[strata.get(p, ())] for p in patients]
