"""Responses from RS: which criterion's are taken, in which words, and what is said of the others."""

from __future__ import annotations

from typing import Any

import pytest

from equipoise.standards.sdtm.draft import Bounds
from equipoise.standards.sdtm.notes import Notes
from equipoise.standards.sdtm.record import Record
from equipoise.standards.sdtm.responses import Recorded
from equipoise.standards.sdtm.tumours import tumour_drafts
from equipoise.trial.protocol_parts import Assessments
from equipoise.trial.response_maps import SYNONYMS
from equipoise.trial.vocabularies.recist11 import VOCABULARY

PLAN = {"criterion": "RECIST 1.1", "first": "8 weeks", "every": "8 weeks", "follow_up_every": "12 weeks"}


def by(**said: Any) -> Recorded:
    made = Assessments.model_validate({**PLAN, **said})
    return Recorded(made.glossary, made.criterion)


def rs(word: str, category: str = "RECIST 1.1", test: str = "OVRLRESP", **more: str) -> dict[str, str]:
    return {"RSTESTCD": test, "RSCAT": category, "RSORRES": word, "RSSTRESC": word, "VISITNUM": "2", **more}


def taken(rows: list[dict[str, str]], recorded: Recorded | None = None) -> tuple[list[dict[str, Any]], Notes]:
    notes = Notes()
    records = [
        Record("RS", i, {"USUBJID": "P", "RSSEQ": str(i), "RSDTC": "2020-03-05", **r}) for i, r in enumerate(rows, 1)
    ]
    drafts = tumour_drafts({"RS": records}, Bounds(), notes, recorded)
    keep = ("response", "target", "non_target", "criterion", "new_lesion")
    return [{k: d.data[k] for k in keep if k in d.data} for d in drafts], notes


def lost(notes: Notes) -> list[str]:
    return [e.record for e in notes.unmapped() if e.endpoint]


IRECIST = by(criterion="iRECIST", map="iRECIST")
#: What RS has at one visit, how it is read, what is taken, and what is marked as lost.
CASES: dict[str, tuple[list[dict[str, str]], Recorded | None, dict[str, Any] | None, list[str]]] = {
    "the trial's": ([rs("PD")], None, {"response": "PD"}, []),
    "no category": ([rs("PD", "")], None, {"response": "PD"}, []),
    "another spelling": ([rs("PD", "RECIST V1.1")], None, {"response": "PD"}, []),
    "another name": ([rs("PD", "INV ASSESSMENT")], by(categories=("Inv assessment",)), {"response": "PD"}, []),
    "another criterion": ([rs("iUPD", "iRECIST")], None, {"response": "iUPD", "criterion": "iRECIST"}, []),
    "another, in capitals": ([rs("IUPD", "IRECIST")], None, {"response": "iUPD", "criterion": "IRECIST"}, []),
    "both, RECIST's trial": ([rs("iUPD", "iRECIST"), rs("PD")], None, {"response": "PD"}, []),
    "both, iRECIST's trial": ([rs("PD"), rs("iupd", "iRECIST")], IRECIST, {"response": "iUPD"}, []),
    "parts of the trial's, overall by the protocol": (
        [rs("NE", test="TRGRESP"), rs("NE", test="NTRGRESP"), rs("PD", "PROTOCOL DEFINED RESPONSE CRITERIA")],
        None, {"response": "", "target": "NE", "non_target": "NE"}, ["RSCAT PROTOCOL DEFINED RESPONSE CRITERIA"],
    ),
    "two others": (
        [rs("PD", "IMWG"), rs("PMD", "LUGANO 2014")], None, {"response": "PD", "criterion": "IMWG"}, [],
    ),
    "in full words": ([rs("Partial Response")], None, {"response": "PR"}, []),
    "not done": ([rs("", RSSTAT="NOT DONE")], None, {"response": "NE"}, []),
    "a word of nobody": ([rs("CHECK")], None, {"response": "CHECK"}, []),
    "a word of the sponsor": ([rs("MIXED")], by(words={"MIXED": "SD"}), {"response": "MIXED"}, []),
    "twice": ([rs("NE", RSMETHOD="CT"), rs("PR", RSMETHOD="PET")], None, {"response": "PR"}, ["OVRLRESP"]),
    "a stable non-target": ([rs("PR"), rs("SD", test="NTRGRESP")], None, {"response": "PR", "non_target": "SD"}, []),
    "a new lesion": ([rs("PD"), rs("Y", test="NEWLIND")], None, {"response": "PD", "new_lesion": True}, []),
    "perhaps a new lesion": ([rs("SD"), rs("EQUIVOCAL", test="NEWLPROG")], None, {"response": "SD", "new_lesion": False}, []),
    "before the study": ([rs("PD", "UNSPECIFIED", RSENRTPT="BEFORE", RSENTPT="SCREEN")], None, None, []),
    "after the study": ([rs("SD", "UNSPECIFIED", RSSTRTPT="AFTER")], None, None, []),
    "the best only": ([rs("PR", test="BESTRESP")], None, None, []),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_taken_of_a_time_point(name: str) -> None:
    rows, recorded, expected, marked = CASES[name]
    found, notes = taken(rows, recorded)
    assert found == ([] if expected is None else [expected])
    assert lost(notes) == marked
    if expected is None:
        assert len(notes.unmapped())


@pytest.mark.parametrize("word", SYNONYMS)
def test_a_synonym_is_a_word_of_ours(word: str) -> None:
    assert SYNONYMS[word] in VOCABULARY.order
    assert word not in VOCABULARY.order
    found, _ = taken([rs(word)])
    assert found == [{"response": SYNONYMS[word]}]


def test_a_response_without_a_day_is_a_loss() -> None:
    found, notes = taken([rs("PD", RSDTC="")])
    assert found == []
    assert lost(notes) == ["time point"]
