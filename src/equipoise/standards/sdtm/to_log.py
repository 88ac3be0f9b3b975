"""SDTM → the log. Each event names its record; what has no place in the log is listed, never dropped in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from itertools import chain

from equipoise.standards.dataset import Dataset
from equipoise.standards.sdtm.baseline import baseline_names
from equipoise.standards.sdtm.course import course
from equipoise.standards.sdtm.draft import Draft
from equipoise.standards.sdtm.known_days import cut_offs
from equipoise.standards.sdtm.needs import NUMBERED_FOR_NOBODY, REQUIRED
from equipoise.standards.sdtm.notes import Notes, Unmapped
from equipoise.standards.sdtm.observed_trial import arm_codes, observed_trial
from equipoise.standards.sdtm.ordered import by_place
from equipoise.standards.sdtm.record import Record, written
from equipoise.standards.sdtm.subject import assigned
from equipoise.standards.sdtm.treatment import EDITION, SERIOUS
from equipoise.trial.check import near
from equipoise.trial.hand_over import phase1_alone, phase1_arm
from equipoise.trial.log import Log
from equipoise.trial.organ_class import CODES
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial

#: Variables that the log needs not hold: identifiers, and what follows from the others.
_IMPLIED = frozenset(("STUDYID", "DOMAIN", "RDOMAIN", "USUBJID", "SUBJID", "IDVAR", "AGEU", "ARM", "ACTARM", "VISITDY"))
_IMPLIED_ENDS = ("SEQ", "DY", "TEST", "ORRES", "ORRESU", "STRESU", "LNKGRP", "GRPID", "STRESC", "STRESN", "DTC", "STAT")
_HELD = frozenset((
    "ARMCD", "ACTARMCD", "ARMNRS", "SITEID", "AGE", "SEX", "RACE", "ETHNIC", "COUNTRY", "DTHFL", "QNAM", "QVAL",
    "QLABEL", "IDVARVAL", "DSDECOD", "DSTERM", "DSCAT", "DSSCAT", "EPOCH", "EXTRT", "EXDOSE", "EXDOSU", "VISIT",
    "VISITNUM", "AETERM", "AEDECOD", "AESEV", "AETOXGR", "AESER", "AEREL", "AEBODSYS", "TULNKID", "TUTESTCD", "TULOC",
    "TUEVAL", "TUEVALID", "TRREASND", "TUACPTFL", "TRTESTCD", "TRLNKID", "TREVAL", "TREVALID", "TRACPTFL", "TRBLFL", "TRLOBXFL",
    "RSTESTCD", "RSCAT", "RSEVAL", "RSEVALID", "RSACPTFL", "RSBLFL", "RSLOBXFL", "SSTESTCD", "CMTRT", "CMCAT",
    "CMSCAT", "TULOBXFL", "ACTARMUD", "PCTESTCD", "PCSPEC", "PCLLOQ", "PCTPT", "PCTPTNUM", "PCELTM", "PCTPTREF", "PPTESTCD", "PPCAT", "PPSCAT",
    "PPSPEC", "PPANMETH", "PPTPTREF", "PPREASND", *SERIOUS,
))  # fmt: skip
_DROPPED_DATES = frozenset(("RFENDTC", "RFXENDTC", "RFPENDTC", "DSDTC", "AEDTC", "SVENDTC", "CMENDTC"))


#: Variables that are read as numbers and flags; those that end in DTC are dates.
_NUMBERS = ("AGE", "EXDOSE", "AETOXGR", "TRSTRESN", "VISITNUM")
_FLAGS = ("AESER",)


def to_log(
    datasets: Mapping[str, Dataset],
    trial: Trial | None = None,
    *,
    recorded: datetime | None = None,
    by: str = "SDTM",
    told: Sequence[tuple[str, Problem]] = (),
) -> tuple[Log, Unmapped]:
    """The events of the datasets in the order of the days on which they happened, and what was not mapped.

    Without ``trial`` one is made from DM (see ``observed_trial``). ``recorded`` is when the data came in; without it the
    last day in the data stands, so that the same data give the same log. ``told``: problems of the files of domains that were found
    before. Raises BadInput with every problem, in the order of domains and rows.
    """
    notes = Notes()
    by_subject = subjects(datasets, notes)
    if "DM" not in datasets and "DM" not in {domain for domain, _ in told}:
        notes.problem("missing-domain", "DM", f"{', '.join(datasets) or 'nothing'}", "DM says who is in the trial")
    drafts: list[tuple[str, Draft]] = []
    if "DM" in datasets and not missing_columns("DM", datasets["DM"], Notes()):
        try:
            trial = trial or observed_trial(datasets)
        except BadInput as bad:
            notes.problems.extend(bad.problems)
    else:
        trial = None
    if trial is not None:
        arms, cutoff = arm_codes(trial), cut_offs(datasets, recorded.date() if recorded is not None else None, notes)
        for name, records in by_subject.items():
            drafts.extend((name, d) for d in subject_drafts(records, trial, arms, notes, cutoff))
    else:
        _read(by_subject, notes)
    _unread(datasets, trial, notes)
    if not drafts and not notes.problems and not told:
        notes.problem("no-data", "DM", "no subject with a date", "at least one event")
    if notes.problems or told or trial is None:
        every = chain.from_iterable(rows for records in by_subject.values() for rows in records.values())
        raise BadInput("SDTM", by_place(notes.problems, every, told))
    moment = recorded or datetime.combine(max(d.on for _, d in drafts), time(0), UTC)
    first = min(d.on for _, d in drafts)
    log, left = Log(), notes.unmapped()
    phase1 = trial.in_parts and any(d.kind == "assigned" for _, d in drafts)
    log.append(
        "opened",
        min(trial.start, first),
        moment,
        by,
        "taken from SDTM",
        data={**trial.opening, **({"left_out": left.told} if left.told else {}), **({"part": 1} if phase1 else {})},
    )
    opened: dict[str, date] = {}
    for _, draft in drafts:
        if draft.site in trial.site_by_name:
            opened[draft.site] = min(draft.on, opened.get(draft.site, draft.on))
    for site, on in opened.items():
        log.append("site activated", on, moment, by, "its first patient; SDTM does not hold the activation", site=site)
    for name, d in sorted(drafts, key=lambda pair: (pair[1].on, _FIRST.get(pair[1].kind, 5))):
        log.append(d.kind, d.on, moment, by, d.why, name, d.site, d.data, source=d.source)
    return log, left


#: On one day, who comes is screened first and death is last.
_FIRST = {"screened": 0, "enrolled": 1, "randomised": 2, "assigned": 2, "treatment ended": 6, "study ended": 7, "lost": 8, "withdrawn": 8,
          "died": 9}  # fmt: skip


def subject_drafts(
    records: Mapping[str, Sequence[Record]],
    trial: Trial,
    arms: Mapping[str, str],
    notes: Notes,
    cutoff: tuple[date, ...] = (),
) -> Iterator[Draft]:
    """All events of one subject. ``cutoff``: days after which nothing was recorded."""
    if not records.get("DM"):
        for domain, rows in records.items():
            notes.left(domain, "record", "a subject that DM does not have", rows[0].example, len(rows), endpoint=True)
        return
    dm = records["DM"][0]
    arm: str | None = None
    level: str | None = None
    if assigned(dm):
        code = dm.text("ARMCD")
        arm = arms.get(code.casefold()) or arms.get(dm.text("ARM").casefold())
        levels = trial.level_numbers if trial.in_parts or phase1_alone(trial) else {}
        level = code if arm is None and code in levels else None
        if level is not None and not trial.in_parts:
            given = phase1_arm(trial)
            arm = given.name if given is not None else None
        if arm is None and level is None:
            known = [*trial.arm_by_name, *levels]
            notes.problem("unknown-arm", dm.where("ARMCD"), repr(code), f"one of {', '.join(known)}", near(code, known))
    yield from course(records, trial, arm, cutoff, notes, level)


def subjects(datasets: Mapping[str, Dataset], notes: Notes) -> dict[str, dict[str, list[Record]]]:
    """Records by subject and domain; missing columns and keys that stand twice are problems."""
    found: dict[str, dict[str, list[Record]]] = {}
    for domain, dataset in datasets.items():
        if domain not in REQUIRED:
            continue
        lacking = missing_columns(domain, dataset, notes)
        if "USUBJID" in lacking:
            continue
        seen: set[tuple[str, str]] = set()
        own, of = ("RDOMAIN", domain[4:]) if domain.startswith("SUPP") else ("DOMAIN", domain)
        for row, values in enumerate(dataset.rows(), 1):
            record = Record(domain, row, values)
            name = record.subject
            if record.code(own) not in ("", of):
                notes.problem(
                    "wrong-domain", f"{domain}.{own}", repr(record.text(own)), f"{of}, as the file's name says"
                )
            if not name:
                notes.problem("no-subject", f"{domain} row {row}", "no USUBJID", "every record has its subject")
                continue
            sequence = record.text(f"{domain}SEQ") if domain != "DM" else "DM"
            if sequence and (name, sequence) in seen and domain in NUMBERED_FOR_NOBODY:
                notes.left(
                    domain,
                    f"{domain}SEQ",
                    "a sequence number that stands twice: both records are taken",
                    record.example,
                )
            elif sequence and (name, sequence) in seen:
                notes.problem(
                    "key-twice", record.where(f"{domain}SEQ" if domain != "DM" else "USUBJID"), "the same key again",
                    "one record for each subject and sequence number",
                )  # fmt: skip
                continue
            seen.add((name, sequence))
            found.setdefault(name, {}).setdefault(domain, []).append(record)
    return found


def _read(by_subject: Mapping[str, Mapping[str, Sequence[Record]]], notes: Notes) -> None:
    """Read each value by itself, where nothing says who is in the trial: what is malformed is told of all the same."""
    for records in by_subject.values():
        for r in chain.from_iterable(records.values()):
            for name in r.values:
                if name.endswith("DTC"):
                    r.date(name, notes)
                elif name in _NUMBERS:
                    r.number(name, notes)
                elif name in _FLAGS:
                    r.flag(name, notes)


def missing_columns(domain: str, dataset: Dataset, notes: Notes) -> list[str]:
    """What a domain lacks; each is a problem."""
    lacking = [c for c in REQUIRED[domain] if not any(dataset.has(name) for name in c.split("|"))]
    for c in lacking:
        names = [v.name for v in dataset.variables]
        notes.problem("missing-column", f"{domain}.{c}", "not there", f"columns: {', '.join(names)}", near(c, names))
    return lacking


#: What says of an adverse event's organ class again what AEBODSYS says, by its name or by its code.
_OF_CLASS = ("AESOC", "AESOCCD", "AEBDSYCD")


def _follows(ae: Dataset, name: str) -> bool:
    """True where a variable says what the organ class says; AESOC stands in for an AEBODSYS that is missing."""
    codes = name.endswith("CD")
    for i, value in enumerate(ae.columns[name]):
        said = written(value)
        organ = (ae.text("AEBODSYS")[i] or ae.text("AESOC")[i]).strip()
        if said and said != (str(CODES.get(organ.casefold(), "")) if codes else organ):
            return False
    return True


def _unread(datasets: Mapping[str, Dataset], trial: Trial | None, notes: Notes) -> None:
    """Domains, variables and supplements of which nothing was taken."""
    for domain, dataset in datasets.items():
        if domain not in REQUIRED:
            notes.left(domain, "domain", "not among the domains that the log takes", "", dataset.n)
            continue
        for v in dataset.variables:
            implied = v.name in _IMPLIED or v.name.endswith(_IMPLIED_ENDS)
            if v.name in _HELD or (implied and v.name not in _DROPPED_DATES) or v.name in ("BRTHDTC",):
                continue
            if domain == "AE" and v.name in _OF_CLASS and _follows(dataset, v.name):
                continue
            n = sum(bool(str(x).strip()) and x == x for x in dataset.columns[v.name])
            if n:
                notes.left(domain, v.name, "a variable that the log does not hold", "", n)
    if "SUPPAE" in datasets:
        for name in datasets["SUPPAE"].text("QNAM"):
            if name.strip().upper() != EDITION:
                notes.left("SUPPAE", f"QNAM {name}", "a supplement that the log does not hold", "")
    if "SUPPDM" in datasets:
        known = {"STRATUM", "IEFAIL", "DTHCAUS", "PART", *(baseline_names(trial) if trial is not None else ())}
        for name, label in zip(datasets["SUPPDM"].text("QNAM"), datasets["SUPPDM"].text("QLABEL"), strict=True):
            if name not in known and "stratif" not in label.casefold():
                notes.left("SUPPDM", f"QNAM {name}", "a supplement that the log does not hold", "")
