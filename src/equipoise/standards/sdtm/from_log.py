"""The log → SDTM: DM, DS, EX, AE, TU, TR, RS, PC, PP, SV, SS, CM, SUPPAE, SUPPDM, SUPPTU, with study days, epochs and sequence numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

from equipoise.standards.dataset import Dataset
from equipoise.standards.metadata import arrange, expected
from equipoise.standards.sdtm.baseline import baseline_values, demographics
from equipoise.standards.sdtm.concentrations import DERIVED, parameter_rows, sample_rows
from equipoise.standards.sdtm.days import (
    ON,
    PAIRS,
    WITH_EPOCH,
    Exposure,
    Row,
    Rows,
    day_text,
    end_text,
    epoch,
    known,
    last_contact,
    study_days,
    without_late_flags,
)
from equipoise.standards.sdtm.dispositions import dispositions, ended
from equipoise.standards.sdtm.needs import REQUIRED, absent
from equipoise.standards.sdtm.outcomes import outcome_row
from equipoise.standards.sdtm.subject import NO_NAME, PERSON, SEX_NOT_RECORDED, factor_name
from equipoise.standards.sdtm.treatment import EDITION, SERIOUS
from equipoise.standards.sdtm.trial_design import trial_design
from equipoise.standards.sdtm.tumour_rows import assessment_rows
from equipoise.trial.arm import FREQUENCY, Treatment
from equipoise.trial.event import Event
from equipoise.trial.hand_over import at_levels, given_group, phase1_arm, planned_group
from equipoise.trial.log import in_force
from equipoise.trial.organ_class import CODES
from equipoise.trial.patient import Patient, gather
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies import OURS
from equipoise.trial.vocabularies.recist11 import PD
from equipoise.trial.what_counts import FATAL

#: Domain → the variable of a record's day, by which records are ordered and --DY is counted.
TIMES = {"DS": "DSSTDTC", "EX": "EXSTDTC", "AE": "AESTDTC", "TU": "TUDTC", "TR": "TRDTC", "RS": "RSDTC", "SS": "SSDTC",
         "PC": "PCDTC", "PP": "PPRFTDTC",
         "CM": "CMSTDTC", "SV": "SVSTDTC"}  # fmt: skip
#: Where a row of AE keeps the edition of its grade until its sequence number is known.
_EDITION = "edition"
#: ARMNRS of who was treated without having been assigned to an arm.
UNPLANNED = "UNPLANNED TREATMENT"


def from_log(trial: Trial, events: Iterable[Event]) -> dict[str, Dataset]:
    """Datasets by domain; one without records is left out, unless an endpoint needs it. ``events`` are put in force first."""
    rows: Rows = {}
    criterion = trial.assessments.criterion if trial.assessments else OURS.criterion
    patients = gather(e for e in in_force(list(events)) if e.patient)
    exposed = exposure_recorded(patients.values())
    for patient in patients.values():
        own: Rows = {}
        _subject(trial, patient, own, exposed)
        own["DS"] = dispositions(patient)
        _treatment(trial, patient, own)
        for assessment in patient.every_assessment:
            assessment_rows(assessment.event, own, criterion)
        _others(patient, own)
        for domain, made in (("PC", sample_rows(patient)), ("PP", parameter_rows(trial, patient))):
            for row in made:
                _add(own, domain, **row)
        for outcome in patient.outcomes.values():
            _add(own, "RS", on=outcome.happened, **outcome_row(trial, outcome, day_text(outcome)))
        _finish(trial, patient, own)
        for domain, some in own.items():
            rows.setdefault(domain, []).extend(some)
    found = {domain: _dataset(domain, some) for domain, some in rows.items() if some}
    for domain in absent(trial, found):
        found[domain] = _empty(domain)
    if "AE" in found and (trial.adverse_events is not None or "SUPPAE" in found):
        found["AE"] = _graded(found["AE"], trial)
    if "PP" in found:
        found["PP"] = _computed(found["PP"])
    return found


def _computed(pp: Dataset) -> Dataset:
    """PP with how its values are derived."""
    own = ("PPORRES", "PPSTRESC", "PPSTRESN")
    return replace(
        pp, variables=tuple(replace(v, origin="Derived", method=DERIVED) if v.name in own else v for v in pp.variables)
    )


def _graded(ae: Dataset, trial: Trial) -> Dataset:
    """AE with what its grade is by, as the SDTMIG asks of the metadata."""
    stated = (
        f"CTCAE {trial.adverse_events.version}"
        if trial.adverse_events is not None
        else "CTCAE, no edition stated for the trial"
    )
    comment = f"Graded by {stated}; {EDITION} in SUPPAE says the edition of each grade of which it is known."
    return replace(ae, variables=tuple(replace(v, comment=comment) if v.name == "AETOXGR" else v for v in ae.variables))


def _add(rows: Rows, domain: str, **values: Any) -> Row:
    row = {k: v for k, v in values.items() if v not in (None, "")}
    rows.setdefault(domain, []).append(row)
    return row


def person(patient: Patient) -> Row:
    """What the log holds of a person, as variables of DM; a sex that was not recorded is U, as CDISC says it."""
    known_of: Mapping[str, Any] = patient.screened.data.get("subject", {}) if patient.screened else {}
    age = {"AGEU": "YEARS" if known_of.get("age") is not None else ""}
    found = {variable: known_of.get(name) for variable, name in PERSON.items()}
    return age | found | {"SEX": found["SEX"] or SEX_NOT_RECORDED}


def exposure_recorded(patients: Iterable[Patient]) -> bool:
    """True in a trial that records doses: there a patient without one was not treated, and the reference start is the first dose."""
    return any(p.doses for p in patients)


def actual_arm(trial: Trial, patient: Patient, exposed: bool) -> Row:
    """ACTARMCD and ACTARM: the planned arm, unless the randomisation says which other arm was followed; none for the untreated."""
    if at_levels(trial, patient) or patient.randomised is None:
        return dict(zip(("ACTARMCD", "ACTARM"), given_group(trial, patient), strict=True))
    planned, _ = planned_group(trial, patient)
    code = planned if patient.doses or not exposed else ""
    code = str(patient.randomised.data.get("actual", code))
    known_arm = trial.arm_by_name.get(code)
    return {"ACTARMCD": code, "ACTARM": known_arm.label if known_arm else code}


def _why_no_arm(patient: Patient, planned: str, actual: str) -> str:
    """ARMNRS: why the planned or the actual arm is null."""
    if planned:
        return "" if actual else "ASSIGNED, NOT TREATED"
    if patient.masked:
        return "MASKED"
    if patient.doses:
        return UNPLANNED
    return "SCREEN FAILURE" if patient.failed_criteria else "NOT ASSIGNED"


def _subject(trial: Trial, patient: Patient, rows: Rows, exposed: bool) -> None:
    screened, randomised, died = patient.screened, patient.randomised, patient.died
    given = Exposure.of(patient)
    start = given.first if exposed else day_text(randomised) if randomised else ""
    code, label = planned_group(trial, patient)
    actual = actual_arm(trial, patient, exposed)
    why = _why_no_arm(patient, code, actual["ACTARMCD"])
    _add(
        rows, "DM", SUBJID=patient.name, SITEID=patient.site, RFSTDTC=start, RFXSTDTC=given.first, RFXENDTC=given.last,
        DMDTC=day_text(screened) if screened else "", DTHDTC=day_text(died) if died else "", DTHFL="Y" if died else "",
        ARMCD=code, ARM=label, **actual, ARMNRS=why, ACTARMUD=", ".join(sorted({e.data["drug"] for e in patient.doses})) if why == UNPLANNED else "",
        **(person(patient) | demographics(trial, patient)),
    )  # fmt: skip

    def extra(name: str, label: str, value: str) -> None:
        _add(rows, "SUPPDM", RDOMAIN="DM", QNAM=name, QLABEL=label, QVAL=value, QORIG="Assigned")

    if patient.enrolled is not None:
        for factor, level in patient.enrolled.data["factors"].items():
            extra(factor_name(factor), f"Stratification factor {factor}"[:40], level)
    for name, b, value in baseline_values(trial, patient):
        extra(name, b.title[:40], f"{value}")
    if patient.of_phase1:
        extra("PART", "Part of the Trial", "1")
    if randomised is not None and "stratum" in randomised.data:
        extra("STRATUM", "Stratum of the Randomisation", randomised.data["stratum"])
    if patient.failed_criteria:
        extra("IEFAIL", "Eligibility Criteria Not Met", ";".join(map(str, patient.failed_criteria)))
    if died is not None and died.data.get("cause"):
        extra("DTHCAUS", "Cause of Death", died.data["cause"])


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
    for e in patient.doses:
        d = e.data
        then = trial.at(patient.site, e.happened)
        arm = phase1_arm(then) if patient.of_phase1 else then.arm_by_name.get(patient.arm)
        planned = {t.drug: t for t in arm.regimen} if arm is not None else {}
        visit = f"CYCLE {d['cycle']} DAY {d['day']}"
        _add(rows, "EX", EXTRT=d["drug"], EXDOSE=d.get("dose"), EXDOSU=d.get("unit"), EXDOSFRQ=_frequency(d, planned.get(d["drug"])), VISIT=visit,
             VISITNUM=1000.0 + d["cycle"] + d["day"] / 1000, EXSTDTC=day_text(e), EXENDTC=end_text(e) or day_text(e), on=e.happened)  # fmt: skip
    for e in adverse_events(patient):
        d = e.data
        related = _yes(d.get("related"))
        serious = _yes(d.get("serious"))
        organ = str(d.get("organ_class") or "")
        code = CODES.get(organ.casefold())
        row = _add(rows, "AE", AETERM=d.get("reported", d["term"]), AEDECOD=d["term"], AEBODSYS=organ, AEBDSYCD=code, AESOC=organ,
             AESOCCD=code, AESEV=d.get("severity"), AESER=serious, AEREL=d.get("causality", related), AETOXGR=str(d["grade"]),
             **_criteria(d), AESTDTC=day_text(e), AEENDTC=end_text(e),
             on=e.happened)  # fmt: skip
        row[_EDITION] = d.get("ctcae", trial.adverse_events.version if trial.adverse_events is not None else None)


def _criteria(data: Mapping[str, Any]) -> Row:
    """What makes an adverse event serious: as recorded, else what its grade says."""
    if "criteria" in data:
        return {v: _yes(word in data["criteria"]) for v, word in SERIOUS.items()}
    return {"AESDTH": "Y"} if data.get("serious") and data["grade"] == FATAL else {}


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
            on=e.happened,
        )
    for e in patient.progressed:
        _add(rows, "RS", RSTESTCD="SYMPTDTR", RSTEST="Symptomatic Deterioration", RSCAT="PROTOCOL DEFINED RESPONSE CRITERIA",
             RSORRES=e.data["basis"], RSSTRESC=PD, RSEVAL="INVESTIGATOR", RSDTC=day_text(e), on=e.happened)  # fmt: skip
    for e in [patient.next_therapy] if patient.next_therapy else []:
        _add(
            rows,
            "CM",
            CMTRT=e.data.get("therapy") or NO_NAME,
            CMCAT="SUBSEQUENT ANTI-CANCER THERAPY",
            CMSTDTC=day_text(e),
            on=e.happened,
        )
    seen: set[float] = set()
    for domain in ("TR", "RS", "EX"):
        for row in rows.get(domain, ()):
            number = row.get("VISITNUM")
            if number is not None and number not in seen:
                seen.add(number)
                day = row[TIMES[domain]]
                _add(rows, "SV", VISITNUM=number, VISIT=row.get("VISIT"), SVSTDTC=day, SVENDTC=day, on=row[ON])


def _finish(trial: Trial, patient: Patient, rows: Rows) -> None:
    """What every record has: study, domain, subject, sequence, study days, epoch; and the days on which DM ends."""
    dm = rows["DM"][0]
    if not dm.get("ARMNRS"):
        dm["RFENDTC"] = dm.get("RFXENDTC") or last_contact(rows)
    if ended(patient):
        dm["RFPENDTC"] = last_contact(rows)
    start, first = known(dm.get("RFSTDTC", "")), known(dm.get("RFXSTDTC", ""))
    for domain, some in rows.items():
        time = TIMES.get(domain, "")
        if time and domain != "TU":  # supplements of TU name its sequence numbers
            some.sort(key=lambda r: str(r.get(time, "")))
        without_late_flags(domain, some, first)
        for sequence, row in enumerate(some, 1):
            on = row.pop(ON, None)
            row |= {"STUDYID": trial.id.upper(), "USUBJID": patient.name}
            if not domain.startswith("SUPP"):
                row["DOMAIN"] = domain
            study_days(domain, row, start)
            if time and domain != "SV":
                row[f"{domain}SEQ"] = sequence
            if on is not None and domain in WITH_EPOCH:
                row["EPOCH"] = epoch(patient, on)
    for row in rows.get("AE", ()):
        edition = row.pop(_EDITION)
        if edition is not None:
            _add(rows, "SUPPAE", STUDYID=row["STUDYID"], USUBJID=row["USUBJID"], RDOMAIN="AE", IDVAR="AESEQ", IDVARVAL=str(row["AESEQ"]),
                 QNAM=EDITION, QLABEL="Edition of CTCAE of the Grade", QVAL=str(edition), QORIG="Collected")  # fmt: skip


def _dataset(domain: str, some: list[Row], also: Iterable[str] = ()) -> Dataset:
    """The rows with every variable that the guide expects, the study day beside every day, and some variables more."""
    names = dict.fromkeys(k for row in some for k in row)
    for name in (*expected(domain), *also):
        names.setdefault(name)
    for day, count in PAIRS:
        if f"{domain}{day}" in names:
            names.setdefault(f"{domain}{count}")
    return arrange(domain, {name: [row.get(name) for row in some] for name in names})


def _empty(domain: str) -> Dataset:
    """A domain of which nothing was recorded, with the variables that it must have."""
    return _dataset(domain, [], (name.split("|")[0] for name in REQUIRED[domain]))


def _yes(value: bool | None) -> str:
    return "" if value is None else "Y" if value else "N"


def to_sdtm(trial: Trial, snap: Snapshot) -> list[Dataset]:
    """The datasets of what was known at a cut-off, and of the trial's design. Who is known to have been followed beyond it was alive on it (SS)."""
    return [*from_log(trial, [*snap.events, *_followed(snap)]).values(), *trial_design(trial, snap.cutoff)]


def _followed(snap: Snapshot) -> Iterator[Event]:
    """Contacts on the day of the cut-off that stand for what is known of the days after, which has not happened yet."""
    moment = datetime.combine(snap.known_on, time(0), UTC)
    number = max((e.number for e in snap.events), default=0)
    for i, p in enumerate(p for p in snap.patients.values() if p.followed_to is not None):
        if p.randomised is not None and not any(e.happened == snap.cutoff for e in p.contacts):
            yield Event(number + 1 + i, "contact", snap.cutoff, moment, "cut-off", patient=p.name)
