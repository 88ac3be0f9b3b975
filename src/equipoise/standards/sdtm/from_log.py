"""The log → SDTM: DM, DS, EX, AE, TU, TR, RS, SV, SS, CM, SUPPAE, SUPPDM, SUPPTU, with study days, epochs and sequence numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from equipoise.standards.dataset import Dataset, Variable
from equipoise.standards.metadata import arrange
from equipoise.standards.sdtm.needs import REQUIRED, absent
from equipoise.standards.sdtm.outcomes import outcome_row
from equipoise.standards.sdtm.subject import ENTERED, PERSON, disposition_term, factor_name
from equipoise.standards.sdtm.treatment import EDITION
from equipoise.standards.sdtm.tumour_rows import assessment_rows
from equipoise.standards.study_day import study_day
from equipoise.trial.arm import FREQUENCY, Treatment
from equipoise.trial.event import Event
from equipoise.trial.log import in_force
from equipoise.trial.partial_date import PartialDate
from equipoise.trial.patient import Patient, gather
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies import OURS
from equipoise.trial.vocabularies.recist11 import PD

Row = dict[str, Any]
Rows = dict[str, list[Row]]
#: Domain → the variable of a record's day, by which records are ordered and --DY is counted.
TIMES = {"DS": "DSSTDTC", "EX": "EXSTDTC", "AE": "AESTDTC", "TU": "TUDTC", "TR": "TRDTC", "RS": "RSDTC", "SS": "SSDTC",
         "CM": "CMSTDTC", "SV": "SVSTDTC"}  # fmt: skip
#: Variables beyond those that the standard's table here names.
_EXTRA = (
    Variable("TRLOBXFL", "Last Observation Before Exposure Flag", length=1, codelist="NY", core="Exp"),
    Variable("RSLOBXFL", "Last Observation Before Exposure Flag", length=1, codelist="NY", core="Perm"),
)
#: Where a row of AE keeps the edition of its grade until its sequence number is known.
_EDITION = "edition"
_PLAN = {"DM": ("USUBJID", "ARMCD"), "DS": ("DSTERM",)}


def from_log(trial: Trial, events: Iterable[Event]) -> dict[str, Dataset]:
    """Datasets by domain; one without records is left out, unless an endpoint needs it. ``events`` are put in force first."""
    rows: Rows = {}
    criterion = trial.assessments.criterion if trial.assessments else OURS.criterion
    for patient in gather(e for e in in_force(list(events)) if e.patient).values():
        own: Rows = {}
        _subject(trial, patient, own)
        _dispositions(patient, own)
        _treatment(trial, patient, own)
        for assessment in patient.every_assessment:
            assessment_rows(assessment.event, own, criterion)
        _others(patient, own)
        for outcome in patient.outcomes.values():
            _add(own, "RS", **outcome_row(trial, outcome, day_text(outcome)))
        _finish(trial, patient, own)
        for domain, some in own.items():
            rows.setdefault(domain, []).extend(some)
    found = {domain: _dataset(domain, some) for domain, some in rows.items() if some}
    for domain in absent(trial, found):
        found[domain] = _empty(domain)
    if "AE" in found and (trial.adverse_events is not None or "SUPPAE" in found):
        found["AE"] = _graded(found["AE"], trial)
    return found


def _graded(ae: Dataset, trial: Trial) -> Dataset:
    """AE with what its grade is by, as the SDTMIG asks of the metadata."""
    stated = (
        f"CTCAE {trial.adverse_events.version}"
        if trial.adverse_events is not None
        else "CTCAE, no edition stated for the trial"
    )
    comment = f"Graded by {stated}; {EDITION} in SUPPAE says the edition of each grade of which it is known."
    return replace(ae, variables=tuple(replace(v, comment=comment) if v.name == "AETOXGR" else v for v in ae.variables))


def day_text(event: Event) -> str:
    """The day as it was recorded: a partial date stays partial."""
    return str(event.data.get("dated") or event.happened.isoformat())


def _end_text(event: Event) -> str:
    """The last day as it was recorded; '' where there is none."""
    return str(event.data.get("until_dated") or event.data.get("until", ""))


def _add(rows: Rows, domain: str, **values: Any) -> Row:
    row = {k: v for k, v in values.items() if v not in (None, "")}
    rows.setdefault(domain, []).append(row)
    return row


def person(patient: Patient) -> Row:
    """What the log holds of a person, as variables of DM."""
    known: Mapping[str, Any] = patient.screened.data.get("subject", {}) if patient.screened else {}
    age = {"AGEU": "YEARS" if known.get("age") is not None else ""}
    return age | {variable: known.get(name) for variable, name in PERSON.items()}


def actual_arm(trial: Trial, patient: Patient) -> Row:
    """ACTARMCD and ACTARM: the planned arm, unless the randomisation says which other arm was followed."""
    code = str(patient.randomised.data.get("actual", patient.arm)) if patient.randomised else ""
    known = trial.arm_by_name.get(code)
    return {"ACTARMCD": code, "ACTARM": known.label if known else code}


def _subject(trial: Trial, patient: Patient, rows: Rows) -> None:
    screened, randomised, died = patient.screened, patient.randomised, patient.died
    first = patient.doses[0].happened if patient.doses else None
    start = first or (randomised.happened if randomised else None)
    last = max((_end(e) for e in patient.doses), default=None)
    arm = trial.arm_by_name[patient.arm] if patient.arm else None
    unassigned = "SCREEN FAILURE" if patient.failed_criteria else "NOT ASSIGNED"
    _add(
        rows, "DM", SUBJID=patient.name, SITEID=patient.site, RFSTDTC=_iso(start), RFXSTDTC=_iso(first), RFXENDTC=_iso(last),
        DMDTC=day_text(screened) if screened else "", DTHDTC=day_text(died) if died else "", DTHFL="Y" if died else "",
        ARMCD=patient.arm, ARM=arm.label if arm else "", **actual_arm(trial, patient), ARMNRS="" if arm else unassigned,
        **person(patient),
    )  # fmt: skip

    def extra(name: str, label: str, value: str) -> None:
        _add(rows, "SUPPDM", RDOMAIN="DM", QNAM=name, QLABEL=label, QVAL=value, QORIG="Assigned")

    if patient.enrolled is not None:
        for factor, level in patient.enrolled.data["factors"].items():
            extra(factor_name(factor), f"Stratification factor {factor}"[:40], level)
    if randomised is not None and "stratum" in randomised.data:
        extra("STRATUM", "Stratum of the Randomisation", randomised.data["stratum"])
    if patient.failed_criteria:
        extra("IEFAIL", "Eligibility Criteria Not Met", ";".join(map(str, patient.failed_criteria)))
    if died is not None and died.data.get("cause"):
        extra("DTHCAUS", "Cause of Death", died.data["cause"])


def _dispositions(patient: Patient, rows: Rows) -> None:
    def put(event: Event | None, term: str, words: str, category: str, scope: str = "") -> None:
        if event is not None:
            _add(rows, "DS", DSTERM=words, DSDECOD=term, DSCAT=category, DSSCAT=scope, DSSTDTC=day_text(event))

    milestone, ending = "PROTOCOL MILESTONE", "DISPOSITION EVENT"
    if patient.randomised is patient.enrolled:  # nobody is randomised in this trial: enrolment gives the arm
        put(patient.enrolled, ENTERED, ENTERED, milestone)
    else:
        put(patient.enrolled, "ELIGIBILITY CRITERIA MET", "ELIGIBILITY CRITERIA MET", milestone)
        put(patient.randomised, "RANDOMIZED", "RANDOMIZED", milestone)
    if (ended := patient.treatment_ended) is not None:
        put(ended, disposition_term(ended.data["reason"]), ended.data["reason"], ending, "STUDY TREATMENT")
    study = "STUDY PARTICIPATION"
    if (ended := patient.study_ended) is not None:
        term = disposition_term(ended.data["reason"])
        term = "OTHER" if term in ("DEATH", "LOST TO FOLLOW-UP", "WITHDRAWAL BY SUBJECT") else term
        put(ended, term, ended.data["reason"], ending, study)
    if (gone := patient.withdrawn) is not None:
        word = "WITHDRAWAL BY SUBJECT"
        put(gone, word, gone.data.get("reason") or word, ending, study)
    put(patient.lost, "LOST TO FOLLOW-UP", "LOST TO FOLLOW-UP", ending, study)
    put(patient.died, "DEATH", "DEATH", ending, study)


def adverse_events(patient: Patient) -> list[Event]:
    """A patient's adverse events in the order of AESEQ: by the day as it was recorded."""
    return sorted(patient.adverse_events, key=day_text)


def _frequency(data: Mapping[str, Any], planned: Treatment | None) -> str:
    """As it was given on that day where that is not once; else as it is planned: every other day, or nothing."""
    times = data.get("times_a_day")
    if times is not None:
        return FREQUENCY.get(times, "")
    return planned.frequency if planned is not None and planned.times_a_day == 1 else ""


def _treatment(trial: Trial, patient: Patient, rows: Rows) -> None:
    arm = trial.arm_by_name.get(patient.arm)
    planned = {t.drug: t for t in arm.regimen} if arm is not None else {}
    for e in patient.doses:
        d = e.data
        visit = f"CYCLE {d['cycle']} DAY {d['day']}"
        _add(rows, "EX", EXTRT=d["drug"], EXDOSE=d.get("dose"), EXDOSU=d.get("unit"), EXDOSFRQ=_frequency(d, planned.get(d["drug"])), VISIT=visit,
             VISITNUM=1000.0 + d["cycle"] + d["day"] / 1000, EXSTDTC=day_text(e), EXENDTC=_end_text(e) or e.happened.isoformat())  # fmt: skip
    for e in adverse_events(patient):
        d = e.data
        related = _yes(d.get("related"))
        serious = _yes(d.get("serious"))
        row = _add(rows, "AE", AETERM=d.get("reported", d["term"]), AEDECOD=d["term"], AEBODSYS=d.get("organ_class"),
             AESEV=d.get("severity"), AESER=serious, AEREL=d.get("causality", related), AETOXGR=str(d["grade"]),
             AESTDTC=day_text(e), AEENDTC=_end_text(e))  # fmt: skip
        row[_EDITION] = d.get("ctcae", trial.adverse_events.version if trial.adverse_events is not None else None)


def _others(patient: Patient, rows: Rows) -> None:
    for e in patient.contacts:
        _add(
            rows,
            "SS",
            SSTESTCD="SURVSTAT",
            SSTEST="Survival Status",
            SSORRES="ALIVE",
            SSSTRESC="ALIVE",
            SSDTC=day_text(e),
        )
    for e in patient.progressed:
        _add(rows, "RS", RSTESTCD="SYMPTDTR", RSTEST="Symptomatic Deterioration", RSCAT="PROTOCOL DEFINED RESPONSE CRITERIA",
             RSORRES=e.data["basis"], RSSTRESC=PD, RSEVAL="INVESTIGATOR", RSDTC=day_text(e))  # fmt: skip
    for e in [patient.next_therapy] if patient.next_therapy else []:
        _add(rows, "CM", CMTRT=e.data.get("therapy"), CMCAT="SUBSEQUENT ANTI-CANCER THERAPY", CMSTDTC=day_text(e))
    seen: set[float] = set()
    for domain in ("TR", "RS", "EX"):
        for row in rows.get(domain, ()):
            number = row.get("VISITNUM")
            if number is not None and number not in seen:
                seen.add(number)
                day = row[TIMES[domain]]
                _add(rows, "SV", VISITNUM=number, VISIT=row.get("VISIT"), SVSTDTC=day, SVENDTC=day)


def _finish(trial: Trial, patient: Patient, rows: Rows) -> None:
    """What every record has: study, domain, subject, sequence, study day, epoch."""
    start = rows["DM"][0].get("RFSTDTC", "")
    randomised = patient.randomised.happened if patient.randomised else None
    ended = patient.treatment_ended.happened if patient.treatment_ended else None
    for domain, some in rows.items():
        time = TIMES.get(domain, "")
        if time and domain != "TU":  # supplements of TU name its sequence numbers
            some.sort(key=lambda r: str(r.get(time, "")))
        for sequence, row in enumerate(some, 1):
            row |= {"STUDYID": trial.id.upper(), "USUBJID": patient.name}
            if not domain.startswith("SUPP"):
                row["DOMAIN"] = domain
            if not time:
                continue
            if domain != "SV":
                row[f"{domain}SEQ"] = sequence
            on = _known(row.get(time, ""))
            if on is None:
                continue
            if start:
                row[f"{time.removesuffix('DTC')}DY"] = study_day(on, date.fromisoformat(start))
            if domain not in ("SS",):
                epoch = "TREATMENT" if randomised is not None and on >= randomised else "SCREENING"
                row["EPOCH"] = "FOLLOW-UP" if ended is not None and on > ended else epoch
            last = _known(row.get(f"{domain}ENDTC", ""))
            if last is not None and start:
                row[f"{domain}ENDY"] = study_day(last, date.fromisoformat(start))
    for row in rows.get("AE", ()):
        edition = row.pop(_EDITION)
        if edition is not None:
            _add(rows, "SUPPAE", STUDYID=row["STUDYID"], USUBJID=row["USUBJID"], RDOMAIN="AE", IDVAR="AESEQ", IDVARVAL=str(row["AESEQ"]),
                 QNAM=EDITION, QLABEL="Edition of CTCAE of the Grade", QVAL=str(edition), QORIG="Collected")  # fmt: skip


def _dataset(domain: str, some: list[Row]) -> Dataset:
    names = dict.fromkeys(k for row in some for k in row)
    for name in _PLAN.get(domain, ()):
        names.setdefault(name)
    columns = {name: [row.get(name) for row in some] for name in names}
    return arrange(domain, columns, extra=[v for v in _EXTRA if v.name in columns])


def _empty(domain: str) -> Dataset:
    """A domain of which nothing was recorded, with the variables that it must have."""
    names = [name.split("|")[0] for name in REQUIRED[domain]]
    return arrange(domain, {name: [] for name in names}, extra=_EXTRA)


def _yes(value: bool | None) -> str:
    return "" if value is None else "Y" if value else "N"


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _end(dose: Event) -> date:
    until = dose.data.get("until")
    return date.fromisoformat(until) if until else dose.happened


def _known(text: str) -> date | None:
    if not text:
        return None
    partial = PartialDate.parse(text)
    return partial.first if partial.complete else None


def to_sdtm(trial: Trial, snap: Snapshot) -> list[Dataset]:
    """The datasets of what was known at a cut-off: who is known to have been followed beyond it was alive on it (SS)."""
    return list(from_log(trial, [*snap.events, *_followed(snap)]).values())


def _followed(snap: Snapshot) -> Iterator[Event]:
    """Contacts on the day of the cut-off that stand for what is known of the days after, which has not happened yet."""
    moment = datetime.combine(snap.known_on, time(0), UTC)
    number = max((e.number for e in snap.events), default=0)
    for i, p in enumerate(p for p in snap.patients.values() if p.followed_to is not None):
        if p.randomised is not None and not any(e.happened == snap.cutoff for e in p.contacts):
            yield Event(number + 1 + i, "contact", snap.cutoff, moment, "cut-off", patient=p.name)
