"""ADTTE by the trial file: the very times that ``analyse`` uses, each with what decided it and from where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from equipoise.analyse.endpoints import Observed
from equipoise.analyse.survival import observations
from equipoise.standards.adam.source import NOTHING, in_short, source
from equipoise.standards.adam.subjects import imputed
from equipoise.trial.endpoint import TimeToEvent
from equipoise.trial.event import Event
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

#: What a day of censoring is called in CNSDTDSC, by the rule's word for it.
_DAYS = {
    "last assessment": "Last assessment without progression",
    "last contact": "Last contact",
    "that day": "Day of what censors",
    "origin": "Origin: nothing was seen after it",
}


def parameter_codes(trial: Trial) -> dict[str, str]:
    """Time-to-event endpoint → PARAMCD: its name in capitals, at most eight letters and digits, told apart by a number."""
    found: dict[str, str] = {}
    for endpoint in trial.endpoints:
        if isinstance(endpoint, TimeToEvent):
            plain = re.sub(r"[^A-Z0-9]", "", endpoint.name.upper())
            plain = plain if plain[:1].isalpha() else f"T{plain}"
            code, n = plain[:8], 2
            while code in found.values():
                code, n = f"{plain[: 8 - len(str(n))]}{n}", n + 1
            found[endpoint.name] = code
    return found


def time_rows(trial: Trial, snap: Snapshot) -> list[dict[str, Any]]:
    """ADTTE's records, by patient and parameter."""
    events = {e.number: e for e in snap.events}
    rows = [row for e in trial.endpoints if isinstance(e, TimeToEvent) for row in _of(trial, snap, e, events)]
    rows.sort(key=lambda r: (r["USUBJID"], r["PARAMCD"]))
    sequence: dict[str, int] = {}
    for row in rows:
        row["ASEQ"] = sequence[row["USUBJID"]] = sequence.get(row["USUBJID"], 0) + 1
    return rows


def _of(trial: Trial, snap: Snapshot, endpoint: TimeToEvent, events: dict[int, Event]) -> Iterator[dict[str, Any]]:
    code = parameter_codes(trial)[endpoint.name]
    for arm, group in observations(trial, snap, endpoint).items():
        for o in group:
            came = source(o.source, o.record) if o.source is not None else NOTHING
            decided = events.get(o.source) if o.source is not None else None
            yield {
                "STUDYID": trial.id.upper(), "USUBJID": o.patient, "ARM": trial.arm_by_name[arm].label, "ARMCD": arm,
                "TRT01P": trial.arm_by_name[arm].label,
                "PARAMCD": code, "PARAM": endpoint.label, "STARTDT": o.origin, "ADT": o.on,
                "ADTF": imputed(decided) if decided is not None and decided.happened == o.on else "",
                "AVAL": o.days, "AVALU": "DAYS", "CNSR": 0 if o.event else 1,
                "EVNTDESC": _sentence(o.reason), "CNSDTDSC": "" if o.event else censored_at(o, endpoint),
                **came.columns, "DRVDESC": in_short(_why(o, decided)),
            }  # fmt: skip


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def censored_at(o: Observed, endpoint: TimeToEvent) -> str:
    """What the day of censoring is, by the rule that applied."""
    if o.on == o.origin:
        return _DAYS["origin"]
    at = {rule.when: rule.at for rule in endpoint.censoring}
    if o.reason in at:
        return _DAYS[at[o.reason]]
    if o.reason.startswith("no event"):
        return _DAYS[at["no event"]]
    return _DAYS[at["missed assessments"]] if "missed" in o.reason else _DAYS["origin"]


def _why(o: Observed, decided: Event | None) -> str:
    """In words: what happened when, and on which day the patient is counted."""
    told = f"{o.reason} on {decided.happened}" if decided is not None else o.reason
    return told if o.event else f"{told}; censored on {o.on}"
