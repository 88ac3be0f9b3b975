"""RS of one time point of one assessor → what was recorded of the response, in its words, and by which criterion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from equipoise.standards.sdtm.notes import Notes
from equipoise.standards.sdtm.record import Record
from equipoise.trial.response import Glossary, plain_name
from equipoise.trial.response_maps import MAPS, SYNONYMS, map_of
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies import OURS
from equipoise.trial.vocabularies.recist11 import NE, PD

_NAMES: Mapping[str, str] = {"OVRLRESP": "response", "TRGRESP": "target", "NTRGRESP": "non_target"}
_NEW_LESION = ("NEWLPROG", "NEWLIND")
_NEW: Mapping[str, bool] = {
    **dict.fromkeys(("UNEQUIVOCAL", "Y", "YES", PD, "NEW", "PRESENT"), True),
    **dict.fromkeys(("EQUIVOCAL", "N", "NO", "NONE", "ABSENT"), False),
}
_UNKNOWN = (NE, "U", "UNKNOWN", "NA", "NOT EVALUABLE", "NOT DONE")


class Recorded:
    """How the words of a trial's records are read: its glossary; ``strict``: the criterion is always kept beside a response."""

    def __init__(self, glossary: Glossary = OURS.own, criterion: str = OURS.criterion, *, strict: bool = False) -> None:
        self.glossary, self.criterion, self.strict = glossary, criterion, strict
        self.folded = {word.casefold(): word for word in glossary.words}

    def own(self, category: str) -> bool:
        """True of records of the trial's criterion, or of none that is named."""
        return not category or plain_name(category) in self.glossary.criteria

    def word(self, text: str) -> str:
        """A word of the trial's criterion as its map or its list writes it; '' for one that it does not have."""
        found = self.folded.get(text.casefold()) or SYNONYMS.get(text.upper(), "")
        return found if found in self.glossary else ""

    def foreign_word(self, text: str, category: str) -> str:
        """A word of another criterion as its paper writes it, where we know the paper: iUPD for IUPD."""
        ships = map_of(category)
        written = {word.casefold(): word for word in (*MAPS[ships].words, *OURS.order)} if ships else {}
        return written.get(text.casefold(), text)


def recorded_by(trial: Trial) -> Recorded:
    """How the words of responses are read: as the trial states, in a cohort as the cohort does."""
    a = trial.assessments
    if a is None:
        return Recorded(strict=trial.divided)
    return Recorded(a.glossary, a.criterion, strict=trial.divided)


def of_this_study(records: Sequence[Record], notes: Notes) -> Iterator[Record]:
    """Without responses to a therapy before or after that of the study (RSENRTPT, RSSTRTPT)."""
    for r in records:
        if r.code("RSENRTPT") == "BEFORE" or r.code("RSSTRTPT") == "AFTER":
            notes.left(
                "RS", f"RSTESTCD {r.code('RSTESTCD')}", "of a therapy before or after that of the study", r.example
            )
        else:
            yield r


def read_responses(records: Sequence[Record], by: Recorded, notes: Notes) -> tuple[dict[str, Any], str]:
    """The data of an assessment as far as RS has it, and the source of its overall response ('' without one)."""
    data: dict[str, Any] = {"response": ""}
    source = ""
    chosen = _chosen(records, by, notes)
    category = chosen[0].text("RSCAT") if chosen else ""
    own = by.own(category)
    if chosen and category and (not own or by.strict):
        data["criterion"] = category
    said = {n: _first_that_says([r for r in chosen if r.code("RSTESTCD") == t]) for t, n in _NAMES.items()}
    for record in chosen:
        test = record.code("RSTESTCD")
        name = _NAMES.get(test)
        term = record.text("RSSTRESC") or record.text("RSORRES")
        if not term and record.code("RSSTAT") == "NOT DONE":
            term = NE
        if name is not None:
            if term.upper() in ("NA", "N/A", "NOT APPLICABLE"):
                continue
            if record is not said[name]:
                why = "a second record of one time point: the first that says something stands"
                notes.left("RS", test, why, record.example, endpoint=name == "response")
                continue
            word = by.word(term) if own else by.foreign_word(term, category)
            if not word:
                why = f"no response of {by.criterion}"
                notes.left("RS", f"{test} {term.upper() or 'empty'}", why, record.example)
                word = term if name == "response" else ""
            if word:
                data[name] = word
            if name == "response":
                source = record.source("RSSTRESC")
        elif test in _NEW_LESION:
            if term.upper() in _NEW:
                data["new_lesion"] = _NEW[term.upper()] or data.get("new_lesion", False)
            elif term.upper() not in _UNKNOWN:
                notes.left("RS", f"{test} {term.upper() or 'empty'}", "says of no new lesion", record.example)
        else:
            notes.left("RS", f"RSTESTCD {test}", "no test that the log holds", record.example)
    return data, source


def _chosen(records: Sequence[Record], by: Recorded, notes: Notes) -> list[Record]:
    """The records of one criterion: the trial's, or else the first that has an overall response. The others are listed."""
    groups: dict[str, list[Record]] = {}
    for r in records:
        category = r.text("RSCAT")
        groups.setdefault("" if by.own(category) else plain_name(category), []).append(r)
    overall = [name for name, some in groups.items() if any(r.code("RSTESTCD") == "OVRLRESP" for r in some)]
    wanted = "" if "" in groups else next(iter(overall or groups), "")
    for name, some in groups.items():
        if name == wanted:
            continue
        for r in some:
            lost = r.code("RSTESTCD") == "OVRLRESP" and wanted not in overall
            notes.left(
                "RS", f"RSCAT {r.text('RSCAT')}", f"other criteria than {by.criterion}", r.example, endpoint=lost
            )
    # Where some records name the criterion, those that name none go with it.
    return sorted(groups.get(wanted, []), key=lambda r: not r.text("RSCAT"))


def _first_that_says(records: Sequence[Record]) -> Record | None:
    """Of several records of one test the first with a result that says how the disease stands; else the first."""

    def says(r: Record) -> bool:
        return r.code("RSSTRESC", "RSORRES") not in ("", NE, "NA", "N/A", "NOT APPLICABLE", "NOT EVALUABLE", "ND")

    return next((r for r in records if says(r)), records[0] if records else None)
