"""Small tables of responses as patients, and where the docs are."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from equipoise.standards.adam.response import ResponseRecord, response_records
from equipoise.standards.adam.rules import ADMIRAL
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.patient import Patient, gather
from helpers import ROOT
from onco_data import log_of

DOCS = ROOT / "docs" / "adam.md"
START = date(2014, 1, 1)


def case(*responses: tuple[int, str], **days: int) -> Log:
    """A patient randomised on day 0, with responses on days after; ``died`` or ``next`` may name a day."""
    events: list[tuple[str, date, str, dict[str, Any], str]] = [
        ("P", START, "randomised", {"arm": "A", "stratum": ""}, "")
    ]
    for i, (on, response) in enumerate(responses, 1):
        data = {"response": response, "visit": f"D{on}"}
        events.append(("P", START + timedelta(on), "assessed", data, f"RS.RSSTRESC[RSSEQ={i}]"))
    if "died" in days:
        events.append(("P", START + timedelta(days["died"]), "died", {}, ""))
    if "contact" in days:
        events.append(("P", START + timedelta(days["contact"]), "contact", {"visit": "FINAL LAB VISIT"}, ""))
    return log_of(events)


def patient(log: Log | list[Event]) -> Patient:
    return gather(list(log))["P"]


def derived(log: Log, code: str) -> ResponseRecord:
    """The record of one parameter by admiral's rules."""
    return next(r for r in response_records(patient(log), "investigator", ADMIRAL) if r.parameter.code == code)


def said(log: Log, code: str) -> tuple[str, int | None]:
    """A parameter's value and day."""
    r = derived(log, code)
    return r.text, (r.on - START).days if r.on else None
