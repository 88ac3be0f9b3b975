"""Strata of a stratified comparison: the levels of the randomisation's factors that the endpoint names."""

from __future__ import annotations

from collections.abc import Sequence

from equipoise.analyse.endpoints import Observed
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.patient import Patient
from equipoise.trial.snapshot import Snapshot

#: The level of who has none: a table or a dataset may lack it. They are a stratum of their own.
UNRECORDED = "not recorded"


def level_of(patient: Patient, factor: str) -> str:
    """The level with which a patient was enrolled."""
    factors = patient.enrolled.data["factors"] if patient.enrolled is not None else {}
    return str(factors.get(factor, UNRECORDED))


def strata_of(endpoint: TimeToEvent, observed: Sequence[Observed], snap: Snapshot) -> list[str] | None:
    """Each patient's stratum by the endpoint's factors; None where its comparisons are not stratified."""
    by = endpoint.stratified_by
    if not by:
        return None
    return [" / ".join(f"{f}={level_of(snap.patients[o.patient], f)}" for f in by) for o in observed]


def strata_in_words(endpoint: TimeToEvent, strata: Sequence[str] | None) -> str:
    """'unstratified', or by what it is stratified and how many have no level."""
    if strata is None:
        return "unstratified"
    lacking = sum(f"={UNRECORDED}" in s for s in strata)
    said = f"stratified by {', '.join(endpoint.stratified_by)}"
    return f"{said} ({lacking} without a recorded level: a stratum of their own)" if lacking else said
