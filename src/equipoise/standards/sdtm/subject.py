"""DM, SUPPDM, DS, SS, SV and CM of one subject → screened, randomised, ended, withdrawn, lost, died, contact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

from equipoise.standards.sdtm.baseline import implied
from equipoise.standards.sdtm.draft import Bounds, Draft
from equipoise.standards.sdtm.known_days import Records, is_death, is_later_therapy, of_treatment, supplement
from equipoise.standards.sdtm.notes import Notes
from equipoise.standards.sdtm.record import Record
from equipoise.trial.baseline import Value
from equipoise.trial.partial_date import DateRule, PartialDate, impute

SCREENED = DateRule("first", not_before="the start of the trial")
ENTRY = DateRule("first", not_before="screening")
CONTACT = DateRule("first", not_before="randomisation")
TREATMENT_END = DateRule("first", not_before="the last dose")
THERAPY = DateRule("first", not_before="randomisation", rather_not_before="the last dose")
VISIT = DateRule("first", rather_not_before="randomisation")
GONE = DateRule("first", not_before="the last dose or assessment", rather_not_before="the last record of the patient")
#: Details of a person that the log holds: variable → name.
PERSON = {"AGE": "age", "SEX": "sex", "RACE": "race", "ETHNIC": "ethnic", "COUNTRY": "country", "BRTHDTC": "born"}
#: The term of a sex that was not recorded: DM must have one, the log need not.
SEX_NOT_RECORDED = "U"
#: The name of a therapy that was not recorded: CM must have one, the log need not.
NO_NAME = "UNKNOWN"
_NOT_ASSIGNED = ("SCRNFAIL", "NOTASSGN", "")
#: The milestone of who comes onto an arm without being randomised.
ENTERED = "ENTERED INTO TRIAL"
#: What the milestone of a dose level says, with the level's label, and after a comma how it was given where that is no cohort of the design's own.
LEVEL = "ASSIGNED TO DOSE LEVEL"
HOW = {"backfill": "BACKFILLED", "at_random": "AT RANDOM"}
_ENTERED = ("ELIGIBILITY CRITERIA MET", ENTERED)
_ENDED: Mapping[str, tuple[str, ...]] = {
    "COMPLETED": ("complet",),
    "PROGRESSIVE DISEASE": ("progress",),
    "ADVERSE EVENT": ("toxic", "adverse"),
    "DEATH": ("death", "died"),
    "PHYSICIAN DECISION": ("physician", "investigator"),
    "LOST TO FOLLOW-UP": ("lost", "contact"),
    "WITHDRAWAL BY SUBJECT": ("withdr", "consent"),
}


def disposition_term(reason: str) -> str:
    """The controlled term for a reason in words; 'OTHER' where none fits."""
    word = reason.casefold()
    return next((term for term, parts in _ENDED.items() if any(p in word for p in parts)), "OTHER")


def random_day(records: Records, notes: Notes) -> tuple[Record, str, PartialDate] | None:
    """When the subject was randomised, and the record and variable that say so: DS, else DM's reference start."""
    said = [
        (r, "DSSTDTC", day)
        for r in records.get("DS", ())
        if r.code("DSDECOD") == "RANDOMIZED" and (day := r.date("DSSTDTC", notes)) is not None
    ]
    for r, variable, day in said[1:]:
        if day != said[0][2]:
            why = "another day of randomisation than the first record has, which stands"
            notes.left("DS", variable, why, f"{r.example}: {day.text}, {said[0][2].text}")
    if said:
        return said[0]
    dm = records["DM"][0]
    day = dm.date("RFSTDTC", notes)
    return (dm, "RFSTDTC", day) if day is not None else None


def screened(dm: Record, records: Records, bounds: Bounds, notes: Notes) -> Iterator[Draft]:
    """Screening on the day of consent, or of collection of demographics."""
    extra = supplement(records)
    failed = [int(n) for n in extra.get("IEFAIL", ("", ""))[1].split(";") if n.strip().isdigit()]
    person: dict[str, Any] = {}
    said = implied(extra)
    for variable, name in PERSON.items():
        value = dm.number(variable, notes) if variable == "AGE" else dm.text(variable)
        if value not in (None, "") and variable not in said and not (variable == "SEX" and value == SEX_NOT_RECORDED):
            person[name] = value
    days = ((v, dm.date(v, notes)) for v in ("RFICDTC", "DMDTC", "RFSTDTC"))
    variable, partial = next(((v, d) for v, d in days if d is not None), ("RFSTDTC", None))
    if variable == "RFSTDTC" and not person and not failed:
        return  # nothing is known of a screening
    if partial is None:
        notes.left("DM", "screening", "no day of consent, collection or reference start", dm.example)
        return
    on = impute(partial, SCREENED, bounds.came)
    data: dict[str, Any] = {"failed": failed} | ({"subject": person} if person else {}) | on.flags()
    yield Draft("screened", on.on, data, dm.source(variable), site=dm.text("SITEID"))


def entered(
    dm: Record,
    records: Records,
    arm: str | None,
    factors: Sequence[str],
    bounds: Bounds,
    notes: Notes,
    *,
    randomises: bool,
    level: str | None = None,
    baseline: Mapping[str, Value] = MappingProxyType({}),
) -> Iterator[Draft]:
    """Enrolment and randomisation; where nobody is randomised, enrolment gives the arm. Of phase I, enrolment and the dose ``level``."""
    came = bounds.came
    extra = supplement(records)
    for r in records.get("DS", ()):
        if r.code("DSDECOD") in _ENTERED:
            partial = r.date("DSSTDTC", notes)
            if partial is None:
                notes.left("DS", r.code("DSDECOD"), "no date", r.example, endpoint=not randomises)
                continue
            on = impute(partial, ENTRY, came)
            came = max(came or on.on, on.on)
            words = r.text("DSTERM").upper()
            if level is not None and r.code("DSDECOD") == ENTERED and (arm is None or words.startswith(LEVEL)):
                how = {name: True for name, said in HOW.items() if words.endswith(f", {said}")}
                yield Draft("assigned", on.on, {"level": level, **how, **on.flags()}, r.source("DSDECOD"))
                continue
            given: dict[str, Any] = {"arm": arm} if arm is not None and not randomises else {}
            given |= {"part": 1} if extra.get("PART", ("", ""))[1] == "1" else {}
            given |= {"baseline": dict(baseline)} if baseline else {}
            levels = {f: extra[factor_name(f)][1] for f in factors if factor_name(f) in extra}
            yield Draft(
                "enrolled", on.on, {"factors": levels} | given | on.flags(), r.source("DSDECOD"), site=dm.text("SITEID")
            )
    if arm is None or not randomises:
        return
    found = random_day(records, notes)
    if found is None:
        why = "no RANDOMIZED in DS and no reference start"
        notes.left("DM", "randomisation", why, dm.example, endpoint=True)
        return
    record, variable, partial = found
    on = impute(partial, ENTRY, came)
    data: dict[str, Any] = {"arm": arm, "stratum": extra.get("STRATUM", ("", "as recorded"))[1]} | on.flags()
    if variable == "RFSTDTC":
        words = "the reference start, DM.RFSTDTC: DS has no RANDOMIZED"
        data |= {"dated": partial.text, "date_rule": f"{words}; {on.rule}" if on.rule else words}
    actual = dm.text("ACTARMCD")
    if actual and actual.upper() not in _NOT_ASSIGNED and actual != dm.text("ARMCD"):
        data["actual"] = actual
    yield Draft("randomised", on.on, data, record.source(variable))


def factor_name(factor: str) -> str:
    """The name of a stratification factor in SUPPDM."""
    return "".join(c for c in factor.upper() if c.isalnum())[:8]


def assigned(dm: Record) -> bool:
    """True unless the subject failed screening or was not assigned. Who was assigned and not treated has an arm."""
    return dm.code("ARMCD") not in _NOT_ASSIGNED and dm.code("ARMNRS") in ("", "ASSIGNED, NOT TREATED")


def dispositions(records: Records, bounds: Bounds, notes: Notes) -> Iterator[Draft]:
    """DS but for its milestones and deaths, and what SS says of who lives."""
    ended: set[str] = set()
    for r in records.get("DS", ()):
        term, category = r.code("DSDECOD", "DSTERM"), r.code("DSCAT")
        if term == "RANDOMIZED" or term in _ENTERED or category == "PROTOCOL MILESTONE":
            if term not in ("RANDOMIZED", *_ENTERED):
                notes.left("DS", term, "a milestone that the log does not hold", r.example)
            continue
        partial = r.date("DSSTDTC", notes)
        if partial is None:
            notes.left("DS", term, "no date", r.example, endpoint=is_death(r) and bounds.died is None)
            continue
        if is_death(r):
            continue
        source, words = r.source("DSDECOD"), r.text("DSTERM")
        if category == "OTHER EVENT" and term not in (*_ENDED, "OTHER"):
            on = impute(partial, CONTACT, bounds.randomised, bounds.end(partial))
            yield Draft("contact", on.on, on.flags(), source, words)
            continue
        reason = words if words and term in (disposition_term(words), "OTHER") else term
        if of_treatment(r):
            kind = "treatment ended"
            doses = (*bounds.doses, *([bounds.randomised] if bounds.randomised is not None else []))
            on = impute(partial, TREATMENT_END, partial.last_before(doses), bounds.end(partial))
        else:
            kind = {"LOST TO FOLLOW-UP": "lost", "WITHDRAWAL BY SUBJECT": "withdrawn"}.get(term, "study ended")
            here, seen = partial.last_before(bounds.attended), partial.last_before(bounds.seen)
            on = impute(partial, GONE, here, bounds.end(partial), seen)
        if kind in ended:
            notes.left("DS", term, f"a second '{kind}': the first stands", r.example)
            continue
        ended.add(kind)
        data: dict[str, Any] = {} if kind == "lost" else {"reason": reason}
        if kind == "withdrawn":
            data = {"reason": words} if words and words.upper() != term else {}
        yield Draft(kind, on.on, data | on.flags(), source, "" if reason == words else words)
    for r in records.get("SS", ()):
        status = r.code("SSSTRESC", "SSORRES")
        partial = r.date("SSDTC", notes)
        if r.code("SSTESTCD") != "SURVSTAT":
            notes.left("SS", f"SSTESTCD {r.code('SSTESTCD')}", "no test that the log holds", r.example)
        elif status == "ALIVE" and partial is not None:
            on = impute(partial, CONTACT, bounds.randomised, bounds.end(partial))
            yield Draft("contact", on.on, on.flags(), r.source("SSSTRESC"))
        elif status == "DEAD" and bounds.died is None:
            notes.left("SS", "SURVSTAT DEAD", "death without a date of death", r.example, endpoint=True)
        elif status != "DEAD":
            notes.left("SS", f"SURVSTAT {status or 'empty'}", "says neither alive nor dead, or has no date", r.example)


def visits(records: Records, days: set[date], bounds: Bounds, notes: Notes) -> Iterator[Draft]:
    """A visit is a contact where no other event of its day shows that the subject was seen."""
    for r in records.get("SV", ()):
        partial = r.date("SVSTDTC", notes)
        if partial is None:
            notes.left("SV", "visit", "no date", r.example)
        elif partial.first not in days or not partial.complete:
            on = impute(partial, VISIT, bounds.came, bounds.end(partial), bounds.randomised)
            yield Draft("contact", on.on, on.flags(), r.source("SVSTDTC"), r.text("VISIT"))


def therapies(records: Records, bounds: Bounds, notes: Notes) -> Iterator[Draft]:
    """Anti-cancer therapy after the trial's, from CM."""
    for r in records.get("CM", ()):
        if not is_later_therapy(r):
            notes.left("CM", r.code("CMCAT") or "CMCAT empty", "no anti-cancer therapy after the trial's", r.example)
            continue
        partial = r.date("CMSTDTC", notes)
        if partial is None:
            notes.left("CM", "therapy", "no date", r.example, endpoint=True)
            continue
        last_dose = partial.last_before(bounds.doses)
        on = impute(partial, THERAPY, bounds.randomised, bounds.end(partial, *bounds.left), last_dose)
        name = r.text("CMTRT")
        yield Draft(
            "next therapy",
            on.on,
            ({"therapy": name} if name not in ("", NO_NAME) else {}) | on.flags(),
            r.source("CMTRT"),
        )
