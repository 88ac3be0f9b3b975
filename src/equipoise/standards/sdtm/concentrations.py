"""Samples of a drug's concentration ↔ PC; what is read off them → PP, and PP of others held against what the samples give.

A sample's dose is named in PCTPTREF ('IMGN901 CYCLE 1 DAY 1'). Clock times stand in PCDTC and, of the dose's start, in PCRFTDTC.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from equipoise.analyse.concentrations import Measured, of_patient
from equipoise.standards.sdtm.draft import Draft
from equipoise.standards.sdtm.notes import Notes
from equipoise.standards.sdtm.record import Record
from equipoise.trial.event import Event
from equipoise.trial.patient import Patient
from equipoise.trial.trial import Trial

#: PPTESTCD → PPTEST.
PARAMETERS = {
    "CMAX": "Max Conc", "TMAX": "Time of CMAX Observation", "TLST": "Time of Last Nonzero Conc", "AUCLST": "AUC to Last Nonzero Conc",
    "AUCIFO": "AUC Infinity Obs", "AUCPEO": "AUC %Extrapolation Obs", "LAMZHL": "Half-Life Lambda z", "R2ADJ": "R Squared Adjusted",
    "LAMZNPT": "Number of Points for Lambda z", "CLO": "Total CL Obs",
}  # fmt: skip
METHOD = "LINEAR UP LOG DOWN METHOD"
#: How PP is derived, for Define-XML.
DERIVED = (
    "Non-compartmental, by profile: area by the linear trapezoid where concentrations rise and the logarithmic where they fall; terminal slope by least squares "
    "of the logarithms of the last three or more samples with the largest adjusted R2. Actual times where both clocks are recorded, else planned ones."
)
_OF_DOSE = re.compile(r"(?:(?P<drug>.*?)\s+)?CYCLE (?P<cycle>\d+) DAY (?P<day>\d+)")
_ELAPSED = re.compile(
    r"(?P<sign>-?)P(?:(?P<d>[\d.]+)D)?(?:T(?:(?P<h>[\d.]+)H)?(?:(?P<m>[\d.]+)M)?(?:(?P<s>[\d.]+)S)?)?"
)
_POINT = re.compile(r"([\d.]+) ?(H|HR|HRS|HOUR|HOURS|MIN)\b.*")
_CLOCK = re.compile(r"T(\d\d:\d\d)")
_BELOW = ("BLQ", "BQL", "BLOQ", "LLOQ", "BLOD")


def code_of(analyte: str) -> str:
    """PCTESTCD of an analyte: its letters and digits in capitals, eight at most, a letter first."""
    found = "".join(c for c in analyte.upper() if c.isascii() and c.isalnum())
    return (found if found[:1].isalpha() else f"A{found}")[:8]


def reference(drug: str, cycle: int, day: int) -> str:
    """PCTPTREF of a dose."""
    return f"{drug} CYCLE {cycle} DAY {day}"


def sample_rows(patient: Patient) -> Iterator[dict[str, Any]]:
    """The records of PC, each with the day on which the sample counts ('on')."""
    given = {(e.data["drug"], e.data["cycle"], e.data["day"]): e.happened for e in patient.doses}
    for e in patient.samples:
        d = e.data
        value, below, limit, unit = d.get("concentration"), d.get("below_limit"), d.get("limit"), d.get("unit")
        if not below and not isinstance(value, (int, float)):
            continue  # masked
        text = (f"<{limit:g}" if limit is not None else "BLQ") if below else repr(value)
        dosed = given.get((d["drug"], d["cycle"], d["day"]))
        yield {
            "PCTESTCD": code_of(d["analyte"]), "PCTEST": d["analyte"][:40], "PCORRES": text, "PCORRESU": unit, "PCSTRESC": text,
            "PCSTRESN": float(value) if isinstance(value, (int, float)) and not below else None, "PCSTRESU": unit, "PCSPEC": str(d.get("specimen", "")).upper(), "PCLLOQ": limit,
            "VISIT": f"CYCLE {d['cycle']} DAY {d['day']}", "VISITNUM": 1000.0 + d["cycle"] + d["day"] / 1000, "PCDTC": _clocked(e.happened.isoformat(), d.get("at")),
            "PCTPT": "PREDOSE" if d["hours"] == 0 else f"{d['hours']:g} H POSTDOSE", "PCTPTNUM": float(d["hours"]), "PCELTM": f"PT{d['hours']:g}H",
            "PCTPTREF": reference(d["drug"], d["cycle"], d["day"]), "PCRFTDTC": _clocked(dosed.isoformat(), d.get("dose_at")) if dosed else "", "on": e.happened,
        }  # fmt: skip


def _clocked(day: str, clock: Any) -> str:
    return f"{day}T{clock}" if clock else day


def parameter_rows(trial: Trial, patient: Patient) -> Iterator[dict[str, Any]]:
    """The records of PP: what is read off each profile, or that nothing is, and why."""
    for m in of_patient(trial, patient):
        start = {
            "PPCAT": m.analyte[:40], "PPSCAT": "NON-COMPARTMENTAL", "PPSPEC": m.specimen.upper(), "PPTPTREF": reference(m.drug, m.cycle, m.day),
            "PPRFTDTC": m.dosed_on.isoformat() if m.dosed_on is not None else "", "on": m.dosed_on,
        }  # fmt: skip
        if m.found is None:
            yield start | {"PPTESTCD": "AUCLST", "PPTEST": PARAMETERS["AUCLST"], "PPSTAT": "NOT DONE", "PPREASND": m.why.upper()[:200]}  # fmt: skip
        for code, (value, unit) in values_of(m).items():
            number = float(f"{value:.6g}")
            text = f"{number:g}"
            yield start | {
                "PPTESTCD": code, "PPTEST": PARAMETERS[code], "PPORRES": text, "PPORRESU": unit, "PPSTRESC": text, "PPSTRESN": number, "PPSTRESU": unit,
                "PPANMETH": METHOD if code in ("AUCLST", "AUCIFO", "CLO") else "",
            }  # fmt: skip


def values_of(m: Measured) -> dict[str, tuple[float, str]]:
    """PPTESTCD → value and unit of one profile."""
    f = m.found
    if f is None:
        return {}
    area = f"h*{m.unit}"
    found: dict[str, tuple[float | None, str]] = {
        "CMAX": (f.cmax, m.unit), "TMAX": (f.tmax, "h"), "TLST": (f.last, "h"), "AUCLST": (f.area_last, area),
        "AUCIFO": (m.area_for_ever, area), "AUCPEO": (100 * f.extrapolated if m.area_for_ever is not None and f.extrapolated is not None else None, "%"),
        "LAMZHL": (f.half_life, "h"), "R2ADJ": (f.adjusted_r2, ""), "LAMZNPT": (float(f.samples) if f.samples else None, ""),
        "CLO": (m.clearance[0] if m.clearance is not None and m.clearance[1] == "L/h" else None, "L/h"),
    }  # fmt: skip
    return {code: (value, unit) for code, (value, unit) in found.items() if value is not None}


def samples(trial: Trial, records: Sequence[Record], given: Sequence[Draft], notes: Notes) -> Iterator[Draft]:  # fmt: skip
    """PC → 'sampled'. A record without a day, a result or a planned time, or whose drug nobody can tell, is told of."""
    drugs = list(dict.fromkeys(d.data["drug"] for d in given))
    for r in records:
        day, analyte = r.date("PCDTC", notes), r.text("PCTEST") or r.text("PCTESTCD")
        result, hours, of = _result(r, notes), _hours(r), _dose_of(r)
        drug = of.get("drug") or _drug(trial, analyte, r, drugs)
        lacks = [
            what for what, missing in (
                ("no day", day is None or not day.complete), ("no result", result is None), ("no planned time", hours is None),
                ("no drug that it is of", not drug), ("no dose that it is after", "cycle" not in of),
            ) if missing
        ]  # fmt: skip
        if lacks or day is None or result is None or hours is None:
            notes.left("PC", f"PCTESTCD {r.code('PCTESTCD')}", ", ".join(lacks), r.example)
            continue
        data: dict[str, Any] = {"drug": drug, "analyte": analyte, "cycle": int(of["cycle"]), "day": int(of["day"]), "hours": hours}  # fmt: skip
        if r.text("PCSPEC"):
            data["specimen"] = _worded(trial, analyte, r.text("PCSPEC"))
        data |= result
        if r.text("PCSTRESU") or r.text("PCORRESU"):
            data["unit"] = r.text("PCSTRESU") or r.text("PCORRESU")
        for name, variable in (("at", "PCDTC"), ("dose_at", "PCRFTDTC")):
            clock = _CLOCK.search(r.text(variable))
            if clock:
                data[name] = clock[1]
        yield Draft("sampled", day.first, data, r.source("PCSTRESC"))


def _worded(trial: Trial, analyte: str, specimen: str) -> str:
    """The specimen as the trial file writes it, or in lower case."""
    stated = {p.specimen for p in trial.samples if p.analyte.casefold() == analyte.casefold()}
    return next((s for s in stated if s.casefold() == specimen.casefold()), specimen.lower())


def _drug(trial: Trial, analyte: str, r: Record, drugs: Sequence[str]) -> str:
    stated = list(dict.fromkeys(p.drug for p in trial.samples if p.analyte.casefold() == analyte.casefold()))
    by_category = [d for d in drugs if d.casefold() == r.text("PCCAT").casefold()]
    for found in (stated, by_category, list(drugs)):
        if len(found) == 1:
            return found[0]
    return ""


def _dose_of(r: Record) -> Mapping[str, str]:
    for variable in ("PCTPTREF", "VISIT"):
        found = _OF_DOSE.fullmatch(r.text(variable)) or _OF_DOSE.fullmatch(r.code(variable))
        if found:
            return {k: v for k, v in found.groupdict().items() if v}
    return {}


def _hours(r: Record) -> float | None:
    """Planned hours after the dose: PCELTM, else PCTPT; what is planned before the dose is 0."""
    found = _ELAPSED.fullmatch(r.text("PCELTM"))
    if found and any(found[k] for k in "dhms"):
        hours = sum(float(found[k] or 0) * f for k, f in (("d", 24.0), ("h", 1.0), ("m", 1 / 60), ("s", 1 / 3600)))
        return 0.0 if found["sign"] else round(hours, 6)
    point = r.code("PCTPT")
    if point.replace("-", "").replace(" ", "").startswith("PREDOSE"):
        return 0.0
    said = _POINT.fullmatch(point)
    return None if said is None else round(float(said[1]) / (60 if said[2] == "MIN" else 1), 6)


def _result(r: Record, notes: Notes) -> dict[str, Any] | None:
    """The concentration, or that it is below the limit; None where neither is said."""
    text, limit = r.code("PCSTRESC", "PCORRES"), r.number("PCLLOQ", notes)
    said: dict[str, Any] = {} if limit is None else {"limit": limit}
    if text.startswith("<") or text in _BELOW:
        under = text.lstrip("< ")
        if limit is None and _number(under) is not None:
            said["limit"] = _number(under)
        return {"below_limit": True} | said
    value = r.number("PCSTRESN", notes)
    value = _number(text) if value is None else value
    return None if value is None else {"concentration": value} | said


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def parameters_disagree(trial: Trial, name: str, records: Sequence[Record], drafts: Sequence[Draft], notes: Notes) -> None:  # fmt: skip
    """Tell of each parameter of PP that the samples do not give by our rule, to three digits. PP is not kept: it is computed again."""
    if not records:
        return
    patient, moment = Patient(name), datetime.combine(max((d.on for d in drafts), default=date.min), time(0), UTC)  # fmt: skip
    for i, d in enumerate(sorted((d for d in drafts if d.kind in ("treated", "sampled")), key=lambda d: d.on), 1):
        patient.add(Event(i, d.kind, d.on, moment, "SDTM", patient=name, data=d.data, source=d.source))
    ours = {
        (m.analyte.casefold(), m.cycle, m.day, code): value
        for m in of_patient(trial, patient) for code, (value, _) in values_of(m).items()
    }  # fmt: skip
    for r in records:
        said, of = r.number("PPSTRESN", notes), _OF_DOSE.fullmatch(r.text("PPTPTREF"))
        if said is None:
            continue
        key = (r.text("PPCAT").casefold(), int(of["cycle"]), int(of["day"]), r.code("PPTESTCD")) if of else None
        value = ours.get(key) if key is not None else None
        if value is None:
            notes.left("PP", f"PPTESTCD {r.code('PPTESTCD')}", "a parameter that is not computed from the samples here", r.example)  # fmt: skip
        elif not math.isclose(value, said, rel_tol=1e-3, abs_tol=1e-9):
            notes.left("PP", f"PPTESTCD {r.code('PPTESTCD')}", "another value than the samples give, which stands", f"{r.example}: {said:g}, {value:g}")  # fmt: skip
