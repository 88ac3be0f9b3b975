"""A trial as DM shows it: the arms that were allocated, as often as they were. To be edited by who knows the protocol."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from equipoise.standards.dataset import Dataset
from equipoise.standards.sdtm.notes import Notes
from equipoise.standards.sdtm.record import Record
from equipoise.standards.sdtm.subject import assigned
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial

_CONTROL = ("placebo", "pbo", "control", "standard", "observation", "best supportive")


def arm_codes(trial: Trial) -> dict[str, str]:
    """Words for an arm, in small letters → its name: the name and the label."""
    return {arm.label.casefold(): arm.name for arm in trial.arms} | {
        arm.name.casefold(): arm.name for arm in trial.arms
    }


def observed(datasets: Mapping[str, Dataset]) -> dict[str, Any]:
    """The table of a trial file: arms by ARMCD, their shares as observed, plain PFS and OS; no PFS without a domain of assessments."""
    dm = datasets["DM"]
    arms: Counter[tuple[str, str]] = Counter()
    days, study = [], ""
    for row, values in enumerate(dm.rows(), 1):
        record = Record("DM", row, values)
        study = study or record.text("STUDYID")
        for name in ("RFICDTC", "DMDTC", "RFSTDTC"):
            date = record.date(name, Notes())
            if date is not None:
                days.append(date.first)
        if assigned(record):
            arms[_name(record.text("ARMCD")), record.text("ARM") or record.text("ARMCD")] += 1
    if not arms or not days:
        raise BadInput(
            "DM", [Problem("no-arms", "DM.ARMCD", "no subject on an arm with a date", "subjects with ARMCD")]
        )
    assessed = bool({"RS", "TR"} & datasets.keys())
    pfs = {
        "name": "PFS", "label": "Progression-free survival", "role": "primary", "kind": "time to event",
        "origin": "randomisation", "events": ("progression", "death"),
        "censoring": ({"when": "no event", "at": "last assessment"},),
    }  # fmt: skip
    survival = {
        "name": "OS", "label": "Overall survival", "role": "secondary" if assessed else "primary", "kind": "time to event",
        "origin": "randomisation", "events": ("death",),
        "censoring": ({"when": "no event", "at": "last contact"},),
    }  # fmt: skip
    return {
        "format": 1,
        "id": re.sub(r"[^a-z0-9-]", "-", study.casefold()).lstrip("-0123456789") or "imported",
        "title": f"{study or 'A trial'}, as its SDTM shows it",
        "phase": "II",
        "start": min(days),
        "target_enrolment": sum(arms.values()),
        "population": "As randomised; see the protocol",
        "arms": tuple(
            {
                "name": code,
                "label": label,
                "tested": not any(word in label.casefold() for word in _CONTROL),
                "share": n,
            }
            for (code, label), n in sorted(arms.items())
        ),
        "randomisation": {"method": "as recorded"},
        "endpoints": (*([pfs] if assessed else []), survival),
        "assumptions": (
            {"of": ("phase", "population", "endpoints"), "because": "SDTM does not say; edit from the protocol."},
            {"of": ("arms",), "because": "Shares are the numbers allocated, not the plan; a control arm was guessed from its label."},
        ),
    }  # fmt: skip


def observed_trial(datasets: Mapping[str, Dataset]) -> Trial:
    """The same as a value."""
    return Trial.model_validate(observed(datasets))


def _name(code: str) -> str:
    return re.sub(r"[^A-Za-z0-9+._-]", "_", code)
