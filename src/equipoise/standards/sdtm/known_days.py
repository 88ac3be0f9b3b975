"""What a subject's records say of the days on which the subject was alive, and of the day of death."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

from equipoise.standards.dataset import Dataset
from equipoise.standards.sdtm.draft import Bounds, Draft
from equipoise.standards.sdtm.notes import Notes
from equipoise.standards.sdtm.record import Record
from equipoise.trial.partial_date import DateRule, PartialDate, impute

Records = Mapping[str, Sequence[Record]]

#: A death whose day is not known: the first possible day, which makes survival no longer than it can have been.
DEATH = DateRule("first", not_before="the last record of the patient", not_after="the cut-off")
#: The dates of records that show a subject who lives.
_SEEN: Mapping[str, tuple[str, ...]] = {
    "DM": ("RFICDTC", "DMDTC", "RFSTDTC", "RFXSTDTC", "RFXENDTC", "RFENDTC", "RFPENDTC"), "DS": ("DSSTDTC",), "EX": ("EXSTDTC", "EXENDTC"),
    "AE": ("AESTDTC", "AEENDTC"), "TU": ("TUDTC",), "TR": ("TRDTC",), "RS": ("RSDTC",), "SV": ("SVSTDTC", "SVENDTC"),
    "SS": ("SSDTC",), "PC": ("PCDTC",), "CM": ("CMSTDTC", "CMENDTC"),
}  # fmt: skip
_OF_DEATH = re.compile(r"\b(?:DEATH|DEAD|DIED|DECEASED)\b")
#: Those of what a subject does not do after a withdrawal.
_ATTENDED = ("EXSTDTC", "PCDTC", "TUDTC", "TRDTC", "RSDTC")


def supplement(records: Records, domain: str = "SUPPDM") -> dict[str, tuple[str, str]]:
    """QNAM → (QLABEL, QVAL)."""
    return {r.code("QNAM"): (r.text("QLABEL"), r.text("QVAL")) for r in records.get(domain, ())}


def cut_offs(datasets: Mapping[str, Dataset], recorded: date | None, notes: Notes) -> tuple[date, ...]:
    """Days after which nothing was recorded: the data cut-off that TS states, and the day on which the data came in."""
    found = [recorded] if recorded is not None else []
    ts = datasets.get("TS")
    if ts is not None:
        for row, values in enumerate(ts.rows(), 1):
            record = Record("TS", row, values)
            if record.code("TSPARMCD") != "DCUTDTC":
                continue
            day = record.date("TSVAL", Notes())
            if day is not None:
                found.append(day.last)
            else:
                notes.left("TS", "DCUTDTC", "no date: the data cut-off is not known", repr(record.text("TSVAL")))
    return tuple(found)


def of_treatment(r: Record) -> bool:
    """True where a disposition speaks of the treatment, not of the subject's time in the study."""
    return "TREATMENT" in f"{r.code('DSSCAT')} {r.code('EPOCH') if not r.code('DSSCAT') else ''}"


def is_death(r: Record) -> bool:
    """True where a disposition says that the subject died."""
    return r.code("DSDECOD", "DSTERM") == "DEATH" and not of_treatment(r) and r.code("DSCAT") != "PROTOCOL MILESTONE"


def speaks_of_death(r: Record) -> bool:
    """True of a disposition in whose words somebody died, whether or not it is the term for it."""
    return bool(_OF_DEATH.search(f"{r.code('DSDECOD')} {r.code('DSTERM')}"))


def is_later_therapy(r: Record) -> bool:
    """True where a medication is an anti-cancer therapy after the trial's."""
    words = f"{r.code('CMCAT')} {r.code('CMSCAT')}"
    return "SUBSEQUENT" in words or ("CANCER" in words and "PRIOR" not in words)


def _shows_alive(r: Record) -> bool:
    match r.domain:
        case "DS":
            return not is_death(r)
        case "SS":
            return r.code("SSSTRESC", "SSORRES") == "ALIVE"
    return True


def _dates(rows: Sequence[Record], *variables: str) -> Iterator[PartialDate]:
    for r in rows:
        for variable in variables:
            day = r.date(variable, Notes())
            if day is not None:
                yield day


def known_days(records: Records, cutoff: tuple[date, ...]) -> Bounds:
    """What the dates of a subject's records say, before any of them is imputed."""
    seen: dict[str, list[date]] = {}
    for domain, variables in _SEEN.items():
        rows = [r for r in records.get(domain, ()) if _shows_alive(r)]
        for variable in variables:
            seen[variable] = [d.first for d in _dates(rows, variable)]
    later = [r for r in records.get("CM", ()) if is_later_therapy(r)]
    therapies = [d.first for d in _dates(later, "CMSTDTC")]
    return Bounds(
        seen=tuple(chain.from_iterable(seen.values())),
        doses=(*seen["EXSTDTC"], *seen["EXENDTC"]),
        attended=(*chain.from_iterable(seen[name] for name in _ATTENDED), *therapies),
        until=cutoff,
    )


@dataclass(frozen=True, slots=True)
class _Word:
    """One record's word of when the subject died."""

    day: PartialDate
    record: Record
    variable: str


@dataclass(frozen=True, slots=True)
class Said:
    """What the records say of a death: the one whose word stands, and the days that others which agree with it allow."""

    day: PartialDate
    source: str
    low: tuple[date, ...]
    high: tuple[date, ...]


def _fatal(r: Record) -> bool:
    """True where an adverse event is said to have ended in death."""
    return r.code("AEOUT") == "FATAL" or r.code("AESDTH") == "Y"


def _words(records: Records, notes: Notes) -> Iterator[_Word]:
    """DM's word, then DS's, then that of fatal adverse events."""
    rows = [
        *((r, "DTHDTC") for r in records["DM"]),
        *((r, "DSSTDTC") for r in records.get("DS", ()) if is_death(r)),
        *((r, "AEENDTC") for r in records.get("AE", ()) if _fatal(r)),
    ]
    for record, variable in rows:
        day = record.date(variable, notes)
        if day is not None:
            yield _Word(day, record, variable)


def death_said(records: Records, notes: Notes) -> Said | None:
    """The subject's death by DM, else by DS. A record that knows more of the day than DM, and agrees with it, says the day.

    Records that disagree are told of: what DM says stands, else what DS says first.
    """
    dm = records["DM"][0]
    said = list(_words(records, notes))
    flag = dm.code("DTHFL")
    if not said or said[0].variable == "AEENDTC":
        if flag == "Y" or dm.text("DTHDTC"):
            notes.left("DM", "DTHFL", "death without a date", dm.example, endpoint=True)
        for r in records.get("AE", ()):
            if _fatal(r) or r.text("AETOXGR") == "5":
                why = "no date of death in DM or DS: the subject counts as alive"
                notes.left("AE", "fatal event", why, r.example, endpoint=True)
        for r in records.get("DS", ()):
            term = r.code("DSDECOD", "DSTERM")
            if of_treatment(r) and term == "DEATH":
                why = "treatment ended by death, and no date of death in DM or DS"
                notes.left("DS", "DEATH", why, r.example, endpoint=True)
            elif speaks_of_death(r) and not is_death(r):
                why = "speaks of a death, and is not the term DEATH: the subject counts as alive"
                notes.left("DS", term, why, r.example, endpoint=True)
        return None
    first = said[0]
    if "DTHFL" in dm.values and flag != "Y":
        why = f"DTHFL is not Y, and {first.record.domain}.{first.variable} has a date of death: the date stands"
        notes.left("DM", "DTHFL", why, dm.example)
    if first.variable != "DTHDTC" and "DTHDTC" in dm.values:
        notes.left("DM", "DTHDTC", "no date of death, and DS says that the subject died: DS stands", dm.example)
    agreed = [one for one in said if one.day.first <= first.day.last and first.day.first <= one.day.last]
    for one in said:
        if one not in agreed:
            why = f"another day of death than {first.record.domain}.{first.variable}, which stands"
            days = f"{one.record.example}: {one.day.text}, {first.day.text}"
            notes.left(one.record.domain, one.variable, why, days, endpoint=True)
    chosen = min(agreed, key=lambda one: one.day.last - one.day.first)
    found_dead = []
    for r in records.get("SS", ()):
        day = r.date("SSDTC", notes) if r.code("SSSTRESC", "SSORRES") == "DEAD" else None
        if day is not None:
            found_dead.append(day.last)
        if day is not None and day.last < chosen.day.first:
            why = f"dead before the day of death in {chosen.record.domain}.{chosen.variable}, which stands"
            notes.left("SS", "SURVSTAT DEAD", why, f"{r.example}: {day.text}, {chosen.day.text}")
    # Where two months or intervals overlap, each bounds the other.
    low = tuple(one.day.first for one in agreed)
    high = (*found_dead, *(one.day.last for one in agreed))
    return Said(chosen.day, chosen.record.source(chosen.variable), low, high)


def died(records: Records, said: Said, bounds: Bounds) -> Draft:
    """The event of a death."""
    low, high = said.day.last_before((*bounds.seen, *said.low)), said.day.first_after((*bounds.until, *said.high))
    on = impute(said.day, DEATH, low, high)
    cause = supplement(records).get("DTHCAUS", ("", ""))[1]
    return Draft("died", on.on, ({"cause": cause} if cause else {}) | on.flags(), said.source)


def vague(records: Records, said: Said | None) -> bool:
    """True where the day of a death or of a disposition is imputed: it depends on those of other events."""
    ends = _dates(records.get("DS", ()), "DSSTDTC")
    return (said is not None and not said.day.complete) or any(not d.complete for d in ends)
