"""TU, TR and RS of one subject → what each assessor saw at each time point, and what was recorded of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from equipoise.standards.sdtm.draft import Bounds, Draft
from equipoise.standards.sdtm.notes import Notes
from equipoise.standards.sdtm.outcomes import CATEGORY as OUTCOME
from equipoise.standards.sdtm.record import Record
from equipoise.trial.assessment import INVESTIGATOR
from equipoise.trial.lesion import Kind, Reading, State
from equipoise.trial.partial_date import Dated, DateRule, PartialDate, impute
from equipoise.trial.vocabularies.recist11 import NE, VOCABULARY

#: A scan whose day is not known stands on the last day it can have been.
SCAN = DateRule("last", not_after="death, withdrawal or the cut-off")
KINDS: Mapping[str, Kind] = {"TARGET": "target", "NON-TARGET": "non-target", "NEW": "new"}
#: What a target lesion is measured by, in the order in which it counts: a node by its short axis.
_NODE, _OTHER = ("SAXIS", "LPERP", "DIAMETER", "LDIAM"), ("LDIAM", "DIAMETER")
_SIZES = frozenset(_NODE)
_SUMS = ("SUMDIAM", "SUMLDIAM")
_STATES: Mapping[tuple[str, str], State] = {
    ("target", "ABSENT"): "absent",
    ("non-target", "PRESENT"): "present",
    ("non-target", "ABSENT"): "absent",
    ("non-target", "UNEQUIVOCAL"): "unequivocal progression",
    ("non-target", "UNEQUIVOCAL PROGRESSION"): "unequivocal progression",
    ("new", "EQUIVOCAL"): "equivocal",
    ("new", "UNEQUIVOCAL"): "unequivocal",
    ("new", "PRESENT"): "unequivocal",
    ("new", "ABSENT"): "absent",
    **{(kind, term): "not evaluated" for kind in KINDS.values() for term in ("NE", "NOT EVALUABLE")},
}
_TOO_SMALL = ("TOO SMALL TO MEASURE", "TOO SMALL")


@dataclass
class _Lesion:
    """A lesion as TU has it."""

    name: str
    kind: Kind
    organ: str = ""
    node: bool = False
    part_of: str = ""
    record: Record | None = None


@dataclass
class _TimePoint:
    """The records of one assessor at one visit, or one day of it."""

    visit: str
    number: float | None
    tr: list[Record] = field(default_factory=list)
    rs: list[Record] = field(default_factory=list)
    tu: list[Record] = field(default_factory=list)


def assessor_of(record: Record) -> str:
    """'investigator', or the reader in small letters: 'radiologist 1'; an evaluator without a name is 'independent'."""
    d = record.domain
    by = record.text(f"{d}EVAL").casefold()
    if by in ("", INVESTIGATOR):
        return INVESTIGATOR
    return record.text(f"{d}EVALID").casefold() or ("independent" if by == "independent assessor" else by)


def tumour_drafts(records: Mapping[str, Sequence[Record]], bounds: Bounds, notes: Notes) -> Iterator[Draft]:
    """'assessed' events of one subject, and 'progressed' for symptomatic deterioration. ``bounds`` are the days known of
    the subject."""
    by: dict[str, dict[str, list[Record]]] = defaultdict(lambda: {"TU": [], "TR": [], "RS": []})
    for domain in ("TU", "TR", "RS"):
        for record in records.get(domain, ()):
            by[assessor_of(record)][domain].append(record)
    parts = {r.text("IDVARVAL"): r.text("QVAL") for r in records.get("SUPPTU", ()) if r.code("QNAM") == "PARTOF"}
    for assessor, own in by.items():
        yield from _Reader(assessor, own, parts, bounds, notes).drafts()


class _Reader:
    """One assessor's records of one subject."""

    def __init__(
        self,
        assessor: str,
        own: Mapping[str, list[Record]],
        parts: Mapping[str, str],
        bounds: Bounds,
        notes: Notes,
    ) -> None:
        self.assessor, self.bounds, self.notes = assessor, bounds, notes
        self.lesions: dict[str, _Lesion] = {}
        self.rs = [r for r in own["RS"] if r.code("RSCAT") != OUTCOME]
        self.tr = own["TR"]
        self.tu = own["TU"]
        for record in self.tu:
            self._identify(record, parts)
        self.baseline_visits = self._baseline_visits()

    def _identify(self, record: Record, parts: Mapping[str, str]) -> None:
        name, test = record.text("TULNKID"), record.code("TUTESTCD")
        kind = KINDS.get(record.code("TUSTRESC", "TUORRES"))
        if not name:
            self.notes.left("TU", "TULNKID", "a lesion without an identity", record.example)
        elif test in ("TUSPLIT", "TUMERGE"):
            if name in self.lesions and record.text("TUSEQ") in parts:
                self.lesions[name].part_of = parts[record.text("TUSEQ")]
        elif test not in ("", "TUMIDENT"):
            self.notes.left("TU", f"TUTESTCD {test}", "no test that the log holds", record.example)
        elif kind is None:
            term = record.code("TUSTRESC", "TUORRES")
            self.notes.left("TU", f"TUSTRESC {term}", "neither target, non-target nor new", record.example)
        elif name in self.lesions:
            self.notes.left(
                "TU", "TULNKID", "a lesion identified twice by one assessor: the first stands", record.example
            )
        else:
            organ = record.text("TULOC")
            part_of = parts.get(record.text("TUSEQ"), "")
            self.lesions[name] = _Lesion(name, kind, organ, "LYMPH NODE" in organ.upper(), part_of, record)

    def _baseline_visits(self) -> set[str]:
        """The visits at which target and non-target lesions were first identified; without TU, those flagged as baseline
        or not after the reference start."""
        found: set[str] = set()
        marked = [
            _visit(r) for r in (*self.tr, *self.rs) if "Y" in (r.code(f"{r.domain}BLFL"), r.code(f"{r.domain}LOBXFL"))
        ]
        if marked:
            return set(marked)
        chosen = [
            lesion.record for lesion in self.lesions.values() if lesion.kind != "new" and lesion.record is not None
        ]
        visits = {_visit(r): (r.number("VISITNUM", Notes()) or 0.0) for r in chosen}
        if visits and any(visits):
            first = min(visits.values())
            found = {visit for visit, number in visits.items() if number == first}
        start = self.bounds.first_dose or self.bounds.randomised
        if not found and start is not None:
            for r in self.tr:
                day = _quiet_date(r, "TRDTC")
                if day is not None and day.last <= start:
                    found.add(_visit(r))
        return found

    def drafts(self) -> Iterator[Draft]:
        for record in self.rs:
            if record.code("RSTESTCD") == "SYMPTDTR":
                yield from self._deteriorated(record)
        for point in self._time_points():
            draft = self._draft(point)
            if draft is not None:
                yield draft

    def _deteriorated(self, record: Record) -> Iterator[Draft]:
        on = self._day([record], "RSDTC")
        if on is None:
            self.notes.left("RS", "SYMPTDTR", "no date", record.example)
            return
        data = {"basis": record.text("RSORRES") or "symptomatic deterioration"} | on.flags()
        yield Draft("progressed", on.on, data, record.source("RSSTRESC"))

    def _time_points(self) -> list[_TimePoint]:
        """One for each visit; one for each day of response where a visit has several."""
        days: dict[str, set[str]] = defaultdict(set)
        for r in self.rs:
            if r.code("RSTESTCD") == "OVRLRESP" and r.text("RSDTC"):
                days[_visit(r)].add(r.text("RSDTC")[:10])
        several = {visit: on for visit, on in days.items() if len(on) > 1}
        points: dict[tuple[str, str], _TimePoint] = {}

        def point(record: Record) -> _TimePoint:
            visit, day = _visit(record), ""
            if visit in several:
                on = record.text(f"{record.domain}DTC")[:10]
                day = on if on in several[visit] else min(several[visit])
            key = (visit, day)
            if key not in points:
                number = record.number("VISITNUM", self.notes)
                points[key] = _TimePoint(record.text("VISIT"), number)
            return points[key]

        for r in self.rs:
            if r.code("RSTESTCD") != "SYMPTDTR":
                point(r).rs.append(r)
        for r in self.tr:
            point(r).tr.append(r)
        for r in self.tu:
            if _visit(r) in self.baseline_visits or r.code("TUSTRESC", "TUORRES") == "NEW":
                point(r).tu.append(r)
        return list(points.values())

    def _draft(self, point: _TimePoint) -> Draft | None:
        first = (point.rs or point.tr or point.tu)[0]
        baseline = _visit(first) in self.baseline_visits
        overall = [r for r in point.rs if r.code("RSTESTCD") == "OVRLRESP"]
        on = self._day(overall, "RSDTC") or self._day(point.rs, "RSDTC") or self._day(point.tr, "TRDTC")
        on = on or self._day(point.tu, "TUDTC")
        if on is None:
            for r in (*point.rs, *point.tr, *point.tu):
                self.notes.left(r.domain, "time point", "no date", r.example)
            return None
        data: dict[str, Any] = {"response": ""}
        source = first.source(f"{first.domain}STRESC")
        for record in point.rs:
            term, test = record.code("RSSTRESC", "RSORRES"), record.code("RSTESTCD")
            category = record.code("RSCAT")
            if category and not category.startswith(("RECIST 1.1", "RECIST1.1")):
                self.notes.left("RS", f"RSCAT {category}", "other criteria than RECIST 1.1", record.example)
                continue
            if not term and record.code("RSSTAT") == "NOT DONE":
                term = NE
            name = {"OVRLRESP": "response", "TRGRESP": "target", "NTRGRESP": "non_target"}.get(test)
            if name is not None:
                if term == "NA":
                    continue
                if term not in VOCABULARY.order:
                    self.notes.left("RS", f"{test} {term or 'empty'}", "no response of RECIST 1.1", record.example)
                elif data.get(name):
                    self.notes.left("RS", test, "a second record of one time point: the first stands", record.example)
                else:
                    data[name] = term
                if name == "response":
                    source = record.source("RSSTRESC")
            elif test in ("NEWLPROG", "NEWLIND"):
                if term in ("UNEQUIVOCAL", "Y", "PD", "EQUIVOCAL", "N"):
                    data["new_lesion"] = term in ("UNEQUIVOCAL", "Y", "PD")
                else:
                    self.notes.left("RS", f"{test} {term or 'empty'}", "says of no new lesion", record.example)
            else:
                self.notes.left("RS", f"RSTESTCD {test}", "no test that the log holds", record.example)
        if baseline:
            data["baseline"] = True
        if self.assessor != INVESTIGATOR:
            data["assessor"] = self.assessor
            if any(r.code(f"{r.domain}ACPTFL") == "Y" for r in (overall or point.rs or point.tr or point.tu)):
                data["accepted"] = True
        if point.visit:
            data["visit"] = point.visit
        if point.number is not None:
            data["visit_number"] = point.number
        lesions, total = self._readings(point, baseline)
        if lesions:
            data["lesions"] = [r.data() for r in lesions]
        if total is not None:
            data["sum_mm"] = total
        if not any(data.get(k) for k in ("response", "target", "non_target", "lesions", "sum_mm")):
            self.notes.left("RS", "time point", "nothing recorded that the log holds", first.example)
            return None
        return Draft("assessed", on.on, data | on.flags(), source)

    def _readings(self, point: _TimePoint, baseline: bool) -> tuple[list[Reading], float | None]:
        total: float | None = None
        by_lesion: dict[str, list[Record]] = {}
        for r in point.tr:
            test, name = r.code("TRTESTCD"), r.text("TRLNKID")
            if test in _SUMS:
                total = self._size(r)
            elif not name:
                self.notes.left("TR", f"TRTESTCD {test}", "belongs to no lesion", r.example)
            else:
                by_lesion.setdefault(name, []).append(r)
        found = []
        for name, records in by_lesion.items():
            lesion = self.lesions.get(name)
            if lesion is None:
                kind = KINDS.get(records[0].code("TRGRPID"))
                if kind is None:
                    self.notes.left(
                        "TR", "TRLNKID", "a lesion that TU does not identify", records[0].example, len(records)
                    )
                    continue
                lesion = self.lesions[name] = _Lesion(name, kind)
            reading = self._reading(lesion, records)
            if reading is not None:
                found.append(reading)
        seen = {r.lesion for r in found}
        for tu in point.tu:
            lesion = self.lesions.get(tu.text("TULNKID"))
            if lesion is None or lesion.record is not tu or lesion.name in seen:
                continue
            # Identified and never measured: a new lesion stands by itself, a target was not evaluated.
            states: Mapping[str, State] = {"new": "unequivocal", "non-target": "present"}
            state = states.get(lesion.kind, "not evaluated")
            found.append(self._as(lesion, state, None, tu.source("TUSTRESC")))
        return found, total

    def _reading(self, lesion: _Lesion, records: Sequence[Record]) -> Reading | None:
        tests: dict[str, Record] = {}
        for r in records:
            test = r.code("TRTESTCD")
            if test in tests:
                self.notes.left("TR", test, "a second record of one lesion and time point: the first stands", r.example)
            else:
                tests[test] = r
        order = _NODE if lesion.node else _OTHER
        measured = next((tests[t] for t in order if t in tests), None) if lesion.kind == "target" else None
        for test, r in tests.items():
            if r is not measured and test not in ("TUMSTATE", "TOOSMALL"):
                why = "not the diameter that counts" if test in _SIZES else "no test that the log holds"
                self.notes.left("TR", f"TRTESTCD {test}", why, r.example)
        small = "TOOSMALL" in tests and tests["TOOSMALL"].code("TRSTRESC", "TRORRES") == "Y"
        record = measured or tests.get("TUMSTATE") or tests.get("TOOSMALL")
        if record is None:
            return None
        term = record.code("TRSTRESC", "TRORRES")
        if record.code("TRSTAT") == "NOT DONE":
            return self._as(lesion, "not evaluated", None, record.source("TRSTAT"))
        if measured is not None:
            if small or record.code("TRORRES") in _TOO_SMALL or term in _TOO_SMALL:
                size = None if term in _TOO_SMALL else self._size(record)
                return self._as(lesion, "too small", size, record.source("TRSTRESC"))
            size = self._size(record)
            if size is None:
                return self._as(lesion, "not evaluated", None, record.source("TRSTRESC"))
            return self._as(lesion, "measured" if size else "absent", size or None, record.source("TRSTRESN"))
        if small:
            return self._as(lesion, "too small", None, record.source("TRSTRESC"))
        if term in ("TUMOR MERGED", "MERGED", "COALESCED") and lesion.kind == "target" and lesion.part_of:
            return self._as(lesion, "merged", None, record.source("TRSTRESC"))
        state = _STATES.get((lesion.kind, term))
        if state is None:
            self.notes.left("TR", f"TUMSTATE {term or 'empty'}", f"no state of a {lesion.kind} lesion", record.example)
            return None
        return self._as(lesion, state, None, record.source("TRSTRESC"))

    def _as(self, lesion: _Lesion, state: State, size: float | None, source: str) -> Reading:
        """A target chosen at baseline is part of another only from when the two grew together."""
        chosen = lesion.record is not None and _visit(lesion.record) in self.baseline_visits
        part_of = lesion.part_of if state == "merged" or not chosen else ""
        return Reading(lesion.name, lesion.kind, state, size, lesion.organ, lesion.node, part_of, source=source)

    def _size(self, record: Record) -> float | None:
        """A diameter [mm]; centimetres are taken tenfold."""
        name = "TRSTRESN" if record.text("TRSTRESN") else "TRSTRESC" if record.text("TRSTRESC") else "TRORRES"
        size = record.number(name, self.notes)
        unit = record.text("TRSTRESU" if name != "TRORRES" else "TRORRESU").casefold()
        if unit not in ("", "mm", "cm"):
            self.notes.problem("unit", record.where("TRSTRESU"), repr(unit), "mm or cm")
        size = 10 * size if size is not None and unit == "cm" else size
        if size is not None and not 0 <= size < 10_000:
            self.notes.problem("size-out-of-range", record.where(name), str(size), "millimetres, from 0 to 10,000")
            return None
        return size

    def _day(self, records: Sequence[Record], name: str) -> Dated | None:
        """The day of a time point: the last complete date of its records, else an imputed one."""
        dates = [d for r in records if (d := r.date(name, self.notes)) is not None]
        complete = [d for d in dates if d.complete]
        if complete:
            return impute(max(complete, key=lambda d: d.first), SCAN)
        if dates:
            latest = max(dates, key=lambda d: d.last)
            baseline = _visit(records[0]) in self.baseline_visits
            start = self.bounds.came if baseline else self.bounds.randomised
            return impute(latest, SCAN, start, self.bounds.scan(latest, baseline))
        return None


def _visit(record: Record) -> str:
    return record.text("VISITNUM") or record.text("VISIT") or record.text(f"{record.domain}DTC")[:10]


def _quiet_date(record: Record, name: str) -> PartialDate | None:
    return record.date(name, Notes())
