"""Arms behind letters: a trial and its data in which the arms are called A, B …, for a reader who compares them without their names.

Which letter stands for which arm follows from the log's first event, its moment among it: the same in every report of one log, and not to be told from the trial file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from string import ascii_uppercase

from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


def letters(trial: Trial, snap: Snapshot) -> dict[str, str]:
    """Arm → letter."""
    first = snap.known[0] if snap.known else None
    salt = "" if first is None else f"{first.recorded.isoformat()}{first.data.get('fingerprint', '')}"
    order = sorted((sha256(f"{salt}|{a.name}".encode()).hexdigest(), a.name) for a in trial.arms)
    return {name: _letter(i) for i, (_, name) in enumerate(order)}


def _letter(i: int) -> str:
    return ascii_uppercase[i] if i < 26 else f"{ascii_uppercase[i // 26 - 1]}{ascii_uppercase[i % 26]}"


def masked_trial(trial: Trial, to: Mapping[str, str]) -> Trial:
    """The trial with letters for arms, in their order. The first letter stands where a tested arm does, so that arms are compared and nobody sees which is on trial."""
    arms = sorted(
        (a.model_copy(update={"name": to[a.name], "label": f"Arm {to[a.name]}", "share": a.share}) for a in trial.arms),
        key=lambda a: a.name,
    )
    arms = [a.model_copy(update={"tested": i == 0 or len(arms) == 1}) for i, a in enumerate(arms)]
    rules = tuple(
        r.model_copy(
            update={
                "arm": to.get(r.arm, r.arm) if r.arm is not None else None,
                "between": tuple(to.get(a, a) for a in r.between) if r.between is not None else None,
            }
        )
        for r in trial.safety
    )
    made = trial.model_copy(update={"arms": tuple(arms), "safety": rules, "history": None})
    if trial.amended:
        made = made.as_amended(lambda site, day: masked_trial(_plain(trial.at(site, day)), to))
    return made


def _plain(trial: Trial) -> Trial:
    """An edition by itself: it is asked for its own arms only."""
    return trial.model_copy(update={"safety": ()})


def masked_snapshot(snap: Snapshot, to: Mapping[str, str]) -> Snapshot:
    """The data with letters for arms. Doses keep their drugs: no page of masked arms tells them."""
    return replace(snap, patients={name: _masked(p, to) for name, p in snap.patients.items()})


def _masked(p: Patient, to: Mapping[str, str]) -> Patient:
    if p.randomised is None:
        return p
    found = p.copy()
    found.randomised = _with(p.randomised, to)
    if found.enrolled is p.enrolled and p.enrolled is not None and "arm" in p.enrolled.data:
        found.enrolled = _with(p.enrolled, to)
    return found


def _with(event: Event, to: Mapping[str, str]) -> Event:
    arm = event.data.get("arm")
    return event if arm not in to else replace(event, data={**event.data, "arm": to[str(arm)]})
