"""TU, TR and RS of one subject → what each assessor saw at each time point, and what was recorded of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from equipoise.standards.sdtm.draft import Bounds, Draft
from equipoise.standards.sdtm.lesion_words import KINDS
from equipoise.standards.sdtm.lesions import Lesions
from equipoise.standards.sdtm.notes import Notes
from equipoise.standards.sdtm.outcomes import CATEGORY as OUTCOME
from equipoise.standards.sdtm.record import Record
from equipoise.standards.sdtm.responses import Recorded, of_this_study, read_responses
from equipoise.standards.sdtm.tumour_results import as_read, read_results
from equipoise.trial.assessment import INVESTIGATOR
from equipoise.trial.lesion import Reading, State
from equipoise.trial.partial_date import Dated, DateRule, PartialDate, impute

#: A scan whose day is not known stands on the last day it can have been.
SCAN = DateRule("last", not_after="death, withdrawal or the cut-off")


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


def tumour_drafts(
    records: Mapping[str, Sequence[Record]], bounds: Bounds, notes: Notes, recorded: Recorded | None = None
) -> Iterator[Draft]:
    """'assessed' events of one subject, and 'progressed' for symptomatic deterioration. ``bounds`` are the days known of
    the subject; ``recorded`` says how the words of responses are read, as RECIST 1.1's without it."""
    by: dict[str, dict[str, list[Record]]] = defaultdict(lambda: {"TU": [], "TR": [], "RS": []})
    for domain in ("TU", "TR", "RS"):
        for record in records.get(domain, ()):
            by[assessor_of(record)][domain].append(record)
    parts = {r.text("IDVARVAL"): r.text("QVAL") for r in records.get("SUPPTU", ()) if r.code("QNAM") == "PARTOF"}
    for assessor, own in by.items():
        yield from _Reader(assessor, own, parts, bounds, notes, recorded or Recorded()).drafts()


class _Reader:
    """One assessor's records of one subject."""

    def __init__(
        self,
        assessor: str,
        own: Mapping[str, list[Record]],
        parts: Mapping[str, str],
        bounds: Bounds,
        notes: Notes,
        recorded: Recorded,
    ) -> None:
        self.assessor, self.bounds, self.notes, self.recorded = assessor, bounds, notes, recorded
        self.rs = list(of_this_study([r for r in own["RS"] if r.code("RSCAT") != OUTCOME], notes))
        self.tr = own["TR"]
        self.tu = own["TU"]
        self.lesions = Lesions(self.tu, parts, notes)
        self.baseline_visits = self._baseline_visits()
        self.lesions.choose(lambda record: _visit(record) in self.baseline_visits)

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
            lesion.record
            for lesion in self.lesions.by_name.values()
            if lesion.kind != "new" and lesion.record is not None
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
            self.notes.left("RS", "SYMPTDTR", "no date", record.example, endpoint=True)
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
            if _visit(r) in self.baseline_visits or KINDS.get(r.code("TUSTRESC", "TUORRES")) == "new":
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
                self.notes.left(r.domain, "time point", "no date", r.example, endpoint=not baseline)
            return None
        data, source = read_responses(point.rs, self.recorded, self.notes)
        source = source or first.source(f"{first.domain}STRESC")
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
        lesions, total = self._readings(point, baseline=baseline)
        if lesions:
            data["lesions"] = [r.data() for r in lesions]
        if total is not None:
            data["sum_mm"] = total
        if not any(data.get(k) for k in ("response", "target", "non_target", "lesions", "sum_mm")):
            self.notes.left("RS", "time point", "nothing recorded that the log holds", first.example)
            return None
        return Draft("assessed", on.on, data | on.flags(), source)

    def _readings(self, point: _TimePoint, *, baseline: bool) -> tuple[list[Reading], float | None]:
        found, total = read_results(point.tr, self.lesions, self.notes, baseline=baseline)
        seen = {r.lesion for r in found}
        for tu in point.tu:
            lesion = self.lesions.by_name.get(tu.text("TULNKID"))
            if lesion is None or lesion.record is not tu or lesion.name in seen:
                continue
            # Identified and never measured: a new lesion stands by itself, a target was not evaluated.
            states: Mapping[str, State] = {"new": "unequivocal", "non-target": "present"}
            state = states.get(lesion.kind, "not evaluated")
            found.append(as_read(lesion, state, None, tu.source("TUSTRESC")))
        return found, total

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
