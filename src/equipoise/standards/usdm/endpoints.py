"""Objectives and endpoints: USDM holds their words and no rule. Endpoints that oncology defines alike are recognised by their words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from equipoise.standards.usdm.terms import word_of
from equipoise.standards.usdm.texts import Texts
from equipoise.trial.vocabularies.recist11 import VOCABULARY as RECIST

_RULE = "what is an event or a success, what censors and when it is due. USDM holds an endpoint's words and no rule"
#: Words of an endpoint → its name and the entries by which a trial file defines it.
_KNOWN: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (r"progression[- ]free survival|\bPFS\b", "PFS", {
        "kind": "time to event", "origin": "randomisation", "events": ["progression", "death"],
        "censoring": [{"when": "no event", "at": "last assessment"}]}),
    (r"time to (disease )?progression|\bTTP\b", "TTP", {
        "kind": "time to event", "origin": "randomisation", "events": ["progression"],
        "censoring": [{"when": "death", "at": "that day"}, {"when": "no event", "at": "last assessment"}]}),
    (r"overall survival|\bOS\b", "OS", {
        "kind": "time to event", "origin": "randomisation", "events": ["death"],
        "censoring": [{"when": "no event", "at": "last contact"}]}),
    (r"(objective|overall|tumou?r) response|response rate|\bORR\b", "ORR", {
        "kind": "response", "success": list(RECIST.responses), "confirmed": False, "not_evaluable": "failure"}),
)  # fmt: skip
_OTHER = {
    "kind": "outcome", "success": ["yes"], "failure": ["no"], "due": "1 day", "window": "0 days", "not_evaluable": "failure",
}  # fmt: skip


def endpoints_of(
    design: Mapping[str, Any], texts: Texts
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[tuple[list[str], str]]]:
    """Endpoints, objectives with their endpoints' names, and what is missing."""
    endpoints: list[dict[str, Any]] = []
    objectives: list[dict[str, Any]] = []
    missing: list[tuple[list[str], str]] = []
    recognised: list[str] = []
    for o in design.get("objectives") or ():
        names = []
        for e in o.get("endpoints") or ():
            made, known = _endpoint(e, texts, [x["name"] for x in endpoints])
            endpoints.append(made)
            names.append(made["name"])
            recognised += [made["name"]] if known else []
        level = word_of("objective level", o.get("level"))
        objectives.append(
            {
                "level": level or "secondary",
                "text": texts.plain(o) or str(o.get("name") or "Not stated"),
                "endpoints": names,
            }
        )
    if not endpoints:
        endpoints.append({"name": "PRIMARY", "label": "Not stated", "role": "primary", **_OTHER})
        missing.append(
            (["endpoints"], "Missing: the document has no endpoint; one that is recorded as yes or no stands in for it")
        )
    if not any(e["role"] == "primary" for e in endpoints):
        endpoints[0]["role"] = "primary"
        missing.append(
            ([f"endpoints.{endpoints[0]['name']}"], "Missing: none is said to be primary; the first is taken")
        )
    plain = [f"endpoints.{e['name']}" for e in endpoints if e["name"] not in recognised and e["label"] != "Not stated"]
    if recognised:
        missing.append(([f"endpoints.{n}" for n in recognised], f"Missing: {_RULE}. The usual ones stand in for them"))
    if plain:
        missing.append((plain, f"Missing: {_RULE}. A result that is recorded as yes or no stands in for each"))
    return endpoints, [{k: v for k, v in o.items() if v} for o in objectives], missing


def _endpoint(e: Mapping[str, Any], texts: Texts, taken: list[str]) -> tuple[dict[str, Any], bool]:
    text = texts.plain(e) or str(e.get("label") or e.get("name") or "Not stated")
    role = word_of("endpoint level", e.get("level")) or "secondary"
    for pattern, name, rule in _KNOWN:
        if re.search(pattern, text, re.IGNORECASE) and name not in taken:
            return {"name": name, "label": text, "role": role, **rule}, True
    base = re.sub(r"[^A-Za-z0-9_-]+", "-", str(e.get("name") or "endpoint")).strip("-")[:50] or "endpoint"
    number, name = 1, base
    while name in taken or name in [n for _, n, _ in _KNOWN]:
        number += 1
        name = f"{base}-{number}"
    return {"name": name, "label": text, "role": role, **_OTHER}, False
