"""A trial as DM shows it: the arms that were allocated, as often as they were. To be edited by who knows the protocol."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from statistics import median
from typing import Any

from equipoise.standards.dataset import Dataset
from equipoise.standards.sdtm.notes import Notes
from equipoise.standards.sdtm.record import Record
from equipoise.standards.sdtm.subject import assigned
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.response import plain_name
from equipoise.trial.response_maps import MAPS
from equipoise.trial.trial import Trial

#: Days between assessments where RS shows none.
_EVERY = 56
_CONTROL = ("placebo", "pbo", "control", "standard", "observation", "best supportive")


def arm_codes(trial: Trial) -> dict[str, str]:
    """Words for an arm, in small letters → its name: the name and the label."""
    return {arm.label.casefold(): arm.name for arm in trial.arms} | {
        arm.name.casefold(): arm.name for arm in trial.arms
    }


def observed(datasets: Mapping[str, Dataset], map_name: str | None = None) -> dict[str, Any]:
    """The table of a trial file: arms by ARMCD, their shares as observed, plain PFS and OS; no PFS without a domain of assessments.

    With a map that ships (see ``trial.response_maps``) responses are by the criterion that RS names, read by it.
    """
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
    mapped: dict[str, Any] = {}
    assumed: tuple[dict[str, Any], ...] = ()
    if map_name is not None:
        mapped = {"assessments": assessments_observed(datasets, map_name)}
        because = "First and every: as RS shows them. The follow-up was not looked for. The map was named when SDTM was taken in."
        assumed = ({"of": ("assessments",), "because": because},)
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
        **mapped,
        "endpoints": (*([pfs] if assessed else []), survival),
        "assumptions": (
            {"of": ("phase", "population", "endpoints"), "because": "SDTM does not say; edit from the protocol."},
            {"of": ("arms",), "because": "Shares are the numbers allocated, not the plan; a control arm was guessed from its label."},
            *assumed,
        ),
    }  # fmt: skip


def observed_trial(datasets: Mapping[str, Dataset], map_name: str | None = None) -> Trial:
    """The same as a value."""
    return Trial.model_validate(observed(datasets, map_name))


def assessments_observed(datasets: Mapping[str, Dataset], map_name: str) -> dict[str, Any]:
    """How responses are assessed: by the category of RS that is of the map (the map's name without one), as often as RS has them."""
    own = {plain_name(name) for name in (map_name, *MAPS[map_name].criteria)}
    rs = datasets.get("RS")
    rows = [Record("RS", i, values) for i, values in enumerate(rs.rows(), 1)] if rs is not None else []
    overall = [r for r in rows if r.code("RSTESTCD") == "OVRLRESP"]
    found = Counter(c for r in overall if (c := r.text("RSCAT")) and plain_name(c) in own)
    criterion = found.most_common(1)[0][0] if found else map_name
    starts = {r.subject: d for i, v in enumerate(datasets["DM"].rows(), 1)
              if (r := Record("DM", i, v)) and (d := r.date("RFSTDTC", Notes())) is not None and d.complete}  # fmt: skip
    days: dict[str, set[int]] = {}
    for r in overall:
        on = r.date("RSDTC", Notes())
        if on is not None and on.complete and r.subject in starts:
            day = (on.first - starts[r.subject].first).days
            if day > 0:
                days.setdefault(r.subject, set()).add(day)
    first = [min(some) for some in days.values()]
    gaps = [b - a for some in days.values() for a, b in pairwise(sorted(some))]
    every = round(median(gaps)) if gaps else _EVERY
    return {
        "criterion": criterion,
        "map": map_name,
        "responses": "as recorded",
        "first": f"{round(median(first)) if first else every} days",
        "every": f"{every} days",
        "follow_up_every": "84 days",
    }


def _name(code: str) -> str:
    return re.sub(r"[^A-Za-z0-9+._-]", "_", code)
