"""EX and AE of one subject → doses and adverse events."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from equipoise.standards.sdtm.draft import Bounds, Draft
from equipoise.standards.sdtm.notes import Notes
from equipoise.standards.sdtm.record import Record
from equipoise.trial.arm import FREQUENCY
from equipoise.trial.grading import EDITIONS
from equipoise.trial.partial_date import Dated, DateRule, PartialDate, impute

DOSE = DateRule("first", not_before="randomisation")
END = DateRule("last", not_before="its start", not_after="death or the cut-off")
ADVERSE = DateRule("first", not_before="screening", rather_not_before="the first dose")
_TIMES = {word: times for times, word in FREQUENCY.items() if times > 1}
_CYCLE = re.compile(r"C(?:YCLE)?\s*(\d+)[ ,]*D(?:AY)?\s*(\d+)")
#: Grade by severity where no grade was recorded (CTCAE 5.0's words for its grades 1 to 3).
GRADES = {"MILD": 1, "MODERATE": 2, "SEVERE": 3, "LIFE THREATENING": 4, "FATAL": 5}
#: The supplement of AE that says by which edition of CTCAE a grade was given.
EDITION = "AECTCAE"
_VERSION = re.compile(r"(?:CTCAE )?V?(\d)(?:\.\d+)?")
_RELATED = {"Y": True, "RELATED": True, "PROBABLE": True, "POSSIBLE": True, "DEFINITE": True, "POSSIBLY RELATED": True,
            "PROBABLY RELATED": True, "DEFINITELY RELATED": True,
            "N": False, "NONE": False, "NOT RELATED": False, "REMOTE": False, "UNLIKELY": False,
            "UNLIKELY RELATED": False}  # fmt: skip


def doses(records: Sequence[Record], bounds: Bounds, exposed: PartialDate | None, notes: Notes) -> Iterator[Draft]:
    """``exposed``: the last day of exposure, where DM says it. EX → 'treated'. Cycle and day are those of the visit's name ('CYCLE 2 DAY 8'); without them a drug's records are
    counted as its cycles, each on day 1."""
    count: Counter[str] = Counter()
    for r in records:
        drug, dose = r.text("EXTRT"), r.number("EXDOSE", notes)
        partial, end = r.date("EXSTDTC", notes), r.date("EXENDTC", notes)
        if partial is None or dose is None or not drug:
            lacks = "start date" if partial is None else "dose" if dose is None else "treatment"
            notes.left("EX", "exposure", f"no {lacks}", r.example)
            continue
        count[drug] += 1
        named = _CYCLE.search(r.code("VISIT"))
        cycle, day = (int(named[1]), int(named[2])) if named else (count[drug], 1)
        on = impute(partial, DOSE, bounds.randomised, bounds.end(partial, *bounds.left))
        data: dict[str, Any] = {"drug": drug, "cycle": cycle, "day": day, "dose": dose, "unit": r.text("EXDOSU")}
        if r.code("EXDOSFRQ") in _TIMES:
            data["times_a_day"] = _TIMES[r.code("EXDOSFRQ")]
        data |= _until(r, end, on, bounds, notes, *bounds.left, *([exposed.last] if exposed is not None else []))
        yield Draft("treated", on.on, data | on.flags(), r.source("EXDOSE"))


def exposure_disagrees(dm: Record, records: Sequence[Record], notes: Notes) -> None:
    """Tell of first and last days of exposure in DM that are not those of EX; EX stands."""
    quiet = Notes()
    began = [d for r in records if (d := r.date("EXSTDTC", quiet)) is not None]
    ended = [d for r in records if (d := r.date("EXENDTC", quiet) or r.date("EXSTDTC", quiet)) is not None]
    for variable, days, pick in (("RFXSTDTC", began, min), ("RFXENDTC", ended, max)):
        said = dm.date(variable, notes)
        if said is None or not days or not all(d.complete for d in (said, *days)):
            continue
        found = pick(d.first for d in days)
        if found != said.first:
            which = "first" if variable == "RFXSTDTC" else "last"
            notes.left(
                "DM",
                variable,
                f"another {which} day of exposure than EX, which stands",
                f"{dm.example}: {said.text}, {found}",
            )


def editions(records: Sequence[Record], notes: Notes) -> dict[str, int]:
    """AESEQ → the edition of CTCAE that a supplement of AE (SUPPAE) says of its grade: '4', '4.03', 'CTCAE 5.0'. Any other is a problem."""
    found = {}
    for r in records:
        if r.code("QNAM") != EDITION:
            continue
        said = _VERSION.fullmatch(r.code("QVAL"))
        if said is None or int(said[1]) not in EDITIONS:
            notes.problem("unknown-edition", r.where("QVAL"), r.text("QVAL"), "an edition of CTCAE, 3 to 6")
            continue
        found[r.text("IDVARVAL")] = int(said[1])
    return found


def adverse_events(
    records: Sequence[Record],
    bounds: Bounds,
    notes: Notes,
    graded_by: Mapping[str, int] | None = None,
) -> Iterator[Draft]:
    """AE → 'adverse event'. The grade is AETOXGR's, else it follows from the severity. ``graded_by``: AESEQ → its edition of CTCAE,
    where that is not the trial's own."""
    for r in records:
        term, partial = r.text("AEDECOD") or r.text("AETERM"), r.date("AESTDTC", notes)
        severity, end, serious = r.code("AESEV"), r.date("AEENDTC", notes), r.flag("AESER", notes)
        toxicity = r.number("AETOXGR", notes)
        if toxicity is not None and toxicity not in range(1, 6):
            notes.problem("grade-out-of-range", r.where("AETOXGR"), r.text("AETOXGR"), "1 to 5 (CTCAE)")
            continue
        grade = int(toxicity) if toxicity is not None else GRADES.get(severity)
        if partial is None or not term or grade is None:
            lacks = "start date" if partial is None else "term" if not term else "grade or severity"
            notes.left("AE", "adverse event", f"no {lacks}", r.example)
            continue
        last = bounds.end(partial, end.last if end is not None else None)
        on = impute(partial, ADVERSE, bounds.came, last, bounds.first_dose)
        data: dict[str, Any] = {"term": term, "grade": grade}
        edition = (graded_by or {}).get(r.text("AESEQ"))
        if edition is not None:
            data["ctcae"] = edition
        if serious is not None:
            data["serious"] = serious
        cause = r.code("AEREL")
        if cause in _RELATED:
            data["related"] = _RELATED[cause]
        if cause not in ("", "Y", "N"):
            data["causality"] = cause
        if severity:
            data["severity"] = severity
        if r.text("AEBODSYS"):
            data["organ_class"] = r.text("AEBODSYS")
        if r.text("AETERM") and r.text("AETERM") != term:
            data["reported"] = r.text("AETERM")
        data |= _until(r, end, on, bounds, notes)
        yield Draft("adverse event", on.on, data | on.flags(), r.source("AETERM"))


def _until(
    r: Record, partial: PartialDate | None, start: Dated, bounds: Bounds, notes: Notes, *others: date
) -> dict[str, str]:
    """``others``: further days after which it did not last."""
    if partial is None:
        return {}
    variable = f"{r.domain}ENDTC"
    end = impute(partial, END, start.on, bounds.end(partial, *others))
    if end.on < start.on:
        notes.left(r.domain, variable, "an end before its start", r.example)
        return {}
    if bounds.died is not None and partial.first > bounds.died:
        notes.left(r.domain, variable, "an end after the death: it stands as recorded", r.example)
    same = end.on == start.on and r.domain == "EX"  # a dose of one day ends on it
    return {} if same else {"until": end.on.isoformat()} | end.flags("until_")
