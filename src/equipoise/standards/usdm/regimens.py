"""Administrations as lines of a regimen, where USDM says enough: a dose with its unit, how often, and in which arm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from equipoise.standards.usdm.terms import word_of
from equipoise.trial.part import MOST_TIMES, MOST_WORTH

#: How often → length of a cycle [days], times a day.
_CYCLES = {
    "QD": (1, 1), "BID": (1, 2), "TID": (1, 3), "QID": (1, 4), "QOD": (2, 1), "once": (1, 1),
    **{f"every {n} weeks": (7 * n, 1) for n in (2, 3, 4, 5, 6)},
}  # fmt: skip
_PER_DAY = {"days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}


class Regimens:
    """What the arms are given, through cells, elements and interventions. ``products``: routes by drug."""

    def __init__(self, version: Mapping[str, Any], design: Mapping[str, Any]) -> None:
        self._interventions = {i.get("id"): i for i in version.get("studyInterventions") or ()}
        self._elements = {e.get("id"): e for e in design.get("elements") or ()}
        self._cells = list(design.get("studyCells") or ())
        self._given = [i for a in design["arms"] for i in self._of_arm(a.get("id"))]

    @property
    def products(self) -> list[dict[str, Any]]:
        """The interventions, each with its route: those that some regimen has or, where no regimen has any, all of them."""
        tied = [
            k
            for k in dict.fromkeys(self._given)
            if any(_line(self._interventions[k], a) for a in self._interventions[k].get("administrations") or ())
        ]
        found: list[dict[str, Any]] = []
        for i in (self._interventions[k] for k in tied or self._interventions):
            routes = [
                word_of("route", (a.get("route") or {}).get("standardCode")) for a in i.get("administrations") or ()
            ]
            route = next((r for r in routes if r), "")
            if (route or not tied) and _drug(i) not in [x["drug"] for x in found]:
                found.append({"drug": _drug(i), **({"route": route} if route else {})})
        return found

    def of(self, arm: Any) -> tuple[list[dict[str, Any]], str]:
        """The regimen of an arm, and what of it is missing, in words."""
        lines: list[dict[str, Any]] = []
        left: list[str] = []
        guessed = False
        for key in self._of_arm(arm):
            i = self._interventions[key]
            administrations = list(i.get("administrations") or ())
            found = [x for x in (_line(i, a) for a in administrations) if x]
            if not found or len(found) < len(administrations):
                left.append(_drug(i))
            lines += found
            guessed = guessed or any("cycles" not in x for x in found)
        for x in lines:
            x.setdefault("cycles", 1)
        if not lines:
            said = (
                f"what is given is not tied to the arm ({', '.join(left)} has no dose with a unit that we read)"
                if left
                else "no intervention is tied to the arm"
            )
            return [], f"the regimen: {said}"
        why = [f"dose or schedule of {', '.join(left)}"] if left else []
        why += ["how long treatment lasts; one cycle stands in for it"] if guessed else []
        return lines, "; ".join(why)

    def _of_arm(self, arm: Any) -> list[Any]:
        cells = [c for c in self._cells if c.get("armId") == arm]
        elements = [self._elements[e] for c in cells for e in c.get("elementIds") or () if e in self._elements]
        ids = [i for e in elements for i in e.get("studyInterventionIds") or () if i in self._interventions]
        return list(dict.fromkeys(ids))


def _line(intervention: Mapping[str, Any], a: Mapping[str, Any]) -> dict[str, Any] | None:
    """A line of a regimen; None where the dose, its unit or the frequency is not one that a trial file has."""
    dose = a.get("dose") or {}
    value, unit = dose.get("value"), word_of("unit", (dose.get("unit") or {}).get("standardCode"))
    often = word_of("frequency", (a.get("frequency") or {}).get("standardCode"))
    if (
        not isinstance(value, int | float)
        or isinstance(value, bool)
        or not 0 < value <= MOST_WORTH
        or not unit
        or often not in _CYCLES
    ):
        return None
    length, times = _CYCLES[often]
    kind = word_of("kind of intervention", intervention.get("type"))
    found: dict[str, Any] = {
        "drug": _drug(intervention),
        "dose": float(value),
        "unit": unit,
        "days": [1],
        "cycle_length": f"{length} day{'s' if length > 1 else ''}",
    }
    found |= {"kind": kind} if kind in ("device", "procedure", "radiotherapy") else {}
    found |= {"times_a_day": times} if times > 1 else {}
    if often == "once":
        found["cycles"] = 1
    else:
        quantity = (a.get("duration") or {}).get("quantity") or {}
        per = _PER_DAY.get(word_of("unit", (quantity.get("unit") or {}).get("standardCode")))
        if per is not None and isinstance(quantity.get("value"), int | float) and quantity["value"] > 0:
            found["cycles"] = min(max(round(quantity["value"] * per / length), 1), MOST_TIMES)
    return found


def _drug(intervention: Mapping[str, Any]) -> str:
    return next(
        (str(intervention[k]).strip() for k in ("label", "name") if str(intervention.get(k) or "").strip()), "not named"
    )
