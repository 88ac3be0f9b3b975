"""The main timeline as visits and activities of a trial file: each visit with its day, counted through the timings to the anchor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from equipoise.standards.usdm.terms import word_of

_LENGTH = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_EPOCHS = {
    "screening": 0, "pre-screening": 0, "run-in": 0, "baseline": 0, "follow-up": 2, "long-term follow-up": 2,
}  # fmt: skip
_WORDS = ("screening", "treatment", "follow-up")


def days_of(length: Any) -> int | None:
    """Whole days of an ISO 8601 duration: hours and less are none, a month is 30 days. None for a text that is no duration."""
    found = _LENGTH.fullmatch(length) if isinstance(length, str) and length != "P" else None
    if found is None:
        return None
    years, months, weeks, days = (int(x or 0) for x in found.groups()[:4])
    return years * 365 + months * 30 + weeks * 7 + days


def visits_of(design: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    """Visits in the order of their days, activities, and how many encounters have no day that can be reckoned."""
    lines = design.get("scheduleTimelines") or []
    line = next((x for x in lines if x.get("mainTimeline")), lines[0] if lines else {})
    timings = {t.get("relativeFromScheduledInstanceId"): t for t in line.get("timings") or ()}
    encounters = {e["id"]: e for e in design.get("encounters") or () if isinstance(e.get("id"), str)}
    epochs = {e.get("id"): word_of("epoch", e.get("type")) or "treatment" for e in design.get("epochs") or ()}
    day: dict[str, int] = {}
    epoch: dict[str, int] = {}
    done: dict[str, list[str]] = {}
    for instance in line.get("instances") or ():
        encounter = instance.get("encounterId")
        if encounter not in encounters:
            continue
        on = _since_anchor(instance.get("id"), timings)
        if on is not None:
            day[encounter] = min(on, day.get(encounter, on))
        epoch.setdefault(encounter, _EPOCHS.get(epochs.get(instance.get("epochId"), ""), 1))
        for activity in instance.get("activityIds") or ():
            done.setdefault(activity, []).append(encounter)
    names: dict[str, str] = {}
    found = []
    reached = 0
    for key in sorted(day, key=lambda e: (day[e], epoch[e])):
        e = encounters[key]
        reached = max(reached, epoch[key])
        names[key] = _unique(str(e.get("name") or key)[:60], set(names.values()))
        visit: dict[str, Any] = {
            "name": names[key], "label": e.get("label") or "", "epoch": _WORDS[reached], "day": day[key] + 1 if day[key] >= 0 else day[key],
        }  # fmt: skip
        timing = timings.get(
            next((i.get("id") for i in line.get("instances") or () if i.get("encounterId") == key), None), {}
        )
        for word, side in (("early", "windowLower"), ("late", "windowUpper")):
            window = days_of(timing.get(side))
            if window:
                visit[word] = f"{window} day{'s' if window > 1 else ''}"
        found.append({k: v for k, v in visit.items() if v != ""})
    activities: list[dict[str, Any]] = []
    for a in design.get("activities") or ():
        at = [names[e] for e in names if e in done.get(a.get("id") or "", ())]
        if at:
            told = str(a.get("label") or a.get("name") or a.get("id"))[:190]
            activities.append({"name": _unique(told, {x["name"] for x in activities}), "at": at})
    return found, activities, len(encounters) - len(day)


def _since_anchor(instance: Any, timings: Mapping[Any, Mapping[str, Any]]) -> int | None:
    """Days from the anchor, which is day 1; None where the timings do not lead there."""
    days, seen = 0, set()
    while instance not in seen:
        seen.add(instance)
        timing = timings.get(instance)
        if timing is None:
            return None
        kind = word_of("timing", timing.get("type"))
        if kind == "fixed":
            return days
        length = days_of(timing.get("value"))
        if length is None or not kind:
            return None
        days += -length if kind == "before" else length
        instance = timing.get("relativeToScheduledInstanceId")
    return None


def _unique(name: str, taken: set[str]) -> str:
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name} ({number})"
    return found
