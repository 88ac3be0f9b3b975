"""Outcomes recorded by a name of their own ↔ RS: a response that no criterion of tumours defines (pCR, PET, PSA …)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from equipoise.standards.sdtm.draft import Bounds, Draft
from equipoise.standards.sdtm.notes import Notes
from equipoise.standards.sdtm.record import Record
from equipoise.trial.endpoint import Outcome
from equipoise.trial.event import Event
from equipoise.trial.partial_date import DateRule, impute
from equipoise.trial.trial import Trial

#: RSCAT of such a record.
CATEGORY = "PROTOCOL DEFINED OUTCOME"
SEEN = DateRule("first", not_before="randomisation")


def code_of(name: str) -> str:
    """RSTESTCD of an outcome: its name in capitals, letters and digits only, eight at most."""
    return "".join(c for c in name.upper() if c.isalnum())[:8]


def outcome_row(trial: Trial, event: Event, day: str) -> dict[str, Any]:
    """The record of RS that says what was recorded; ``day`` as it was recorded."""
    name, result = event.data["outcome"], event.data["result"]
    endpoint = trial.endpoint_by_name.get(name)
    label = endpoint.label if endpoint is not None else name
    return {
        "RSTESTCD": code_of(name), "RSTEST": label[:40], "RSCAT": CATEGORY, "RSORRES": result, "RSSTRESC": result,
        "RSEVAL": "INVESTIGATOR", "RSDTC": day,
    }  # fmt: skip


def outcomes(trial: Trial, records: list[Record], bounds: Bounds, notes: Notes) -> Iterator[Draft]:
    """The outcomes of a subject; one that the trial does not have, or without a day, is told of."""
    known = {code_of(e.name): e for e in trial.endpoints if isinstance(e, Outcome)}
    for r in records:
        if r.code("RSCAT") != CATEGORY:
            continue
        endpoint = known.get(r.code("RSTESTCD"))
        day = r.date("RSDTC", notes)
        if endpoint is None or day is None:
            why = "no day" if endpoint is not None else "no such outcome among the trial's endpoints"
            notes.left("RS", f"RSTESTCD {r.code('RSTESTCD')}", why, r.example)
            continue
        on = impute(day, SEEN, bounds.randomised, bounds.end(day))
        data = {"outcome": endpoint.name, "result": r.text("RSORRES")} | on.flags()
        yield Draft("outcome", on.on, data, r.source("RSORRES"))
