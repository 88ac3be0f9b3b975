"""Tumours from SDTM: CDISC's layout of lesions that split and merged, and what each word means to us."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from equipoise.analyse.criteria import CRITERIA
from equipoise.analyse.criteria.audit import audit
from equipoise.analyse.criteria.criterion import TimePoint, scans_of
from equipoise.files.sdtm_files import patients_of
from equipoise.standards.sdtm.draft import Bounds
from equipoise.standards.sdtm.lesion_words import FOLLOW, IDENTIFY, KINDS, NODE_SIZES, STATE_TESTS, SUMS, state_of
from equipoise.standards.sdtm.notes import Notes
from equipoise.standards.sdtm.record import Record
from equipoise.standards.sdtm.tumour_rows import assessment_rows
from equipoise.standards.sdtm.tumours import tumour_drafts
from equipoise.trial.event import Event
from equipoise.trial.lesion import Reading
from equipoise.trial.patient import Patient
from helpers import FIXTURES, ROOT, moment

RECIST = CRITERIA["RECIST 1.1"]
FIELD = FIXTURES / "field"


def tu(name: str, visit: int = 1, test: str = "TUMIDENT", kind: str = "TARGET", **more: str) -> dict[str, str]:
    return {
        "TULNKID": name,
        "TUTESTCD": test,
        "TUORRES": kind,
        "TUSTRESC": kind,
        "TULOC": "LUNG",
        "VISITNUM": str(visit),
        **more,
    }


def mm(name: str, visit: int, size: str, test: str = "LDIAM", **more: str) -> dict[str, str]:
    return {"TRLNKID": name, "TRTESTCD": test, "TRORRES": size, "TRSTRESC": size, "VISITNUM": str(visit), **more}


def state(name: str, visit: int, word: str, test: str = "TUMSTATE") -> dict[str, str]:
    return mm(name, visit, word, test)


def not_done(name: str, visit: int, why: str = "") -> dict[str, str]:
    return {"TRLNKID": name, "TRTESTCD": "LDIAM", "TRSTAT": "NOT DONE", "TRREASND": why, "VISITNUM": str(visit)}


def read(identified: list[dict[str, str]], results: list[dict[str, str]]) -> tuple[list[TimePoint], Notes]:
    """The time points of one subject whose visit N is in month N of 2020."""
    notes, found = Notes(), Patient("P")
    records: dict[str, list[Record]] = {}
    for domain, rows in (("TU", identified), ("TR", results)):
        for i, row in enumerate(rows, 1):
            values = {
                "USUBJID": "P",
                f"{domain}SEQ": str(i),
                f"{domain}DTC": f"2020-{int(row['VISITNUM']):02d}-05",
                **row,
            }
            records.setdefault(domain, []).append(Record(domain, i, values))
    for i, d in enumerate(sorted(tumour_drafts(records, Bounds(), notes), key=lambda d: d.on), 1):
        found.add(Event(i, d.kind, d.on, moment(d.on), "t", "", "P", "", d.data, None, d.source))
    assert not notes.problems
    return RECIST.read(scans_of(found.assessments)), notes


def told(notes: Notes) -> list[str]:
    return [e.told for e in notes.unmapped() if e.endpoint]


def test_cdisc_s_own_layout_of_split_and_merged_lesions() -> None:
    notes = Notes()
    patients = {p.name: p for p in patients_of([FIELD / "a_split_merge"], notes)}
    sums = {name: [(x.visit, x.sum, x.nadir, x.target, x.overall) for x in RECIST.read(scans_of(p.assessments))]
            for name, p in patients.items()}  # fmt: skip
    assert sums == {
        "FT1-001": [("WEEK 8", 50, 50, "SD", "SD"), ("WEEK 16", 39, 50, "SD", "SD"), ("WEEK 24", 27, 39, "PR", "PR")],
        "FT1-002": [("WEEK 8", 50, 50, "SD", "SD"), ("WEEK 16", 48, 50, "SD", "SD"), ("WEEK 24", 62, 48, "PD", "PD")],
    }
    assert not audit(patients.values(), RECIST).findings
    assert not told(notes)


TWO = [tu("T01"), tu("T02"), tu("T03")]
AT_ONE = [mm("T01", 1, "20"), mm("T02", 1, "15"), mm("T03", 1, "15")]
MERGED = tu("T02/T03", 2, "TUMERGE")
#: What is identified, what is measured at visit 2, and the sum of it; None: not evaluable, and told of.
LAYOUTS: dict[str, tuple[list[dict[str, str]], list[dict[str, str]], float | None]] = {
    "merged, the single ones not done": ([*TWO, MERGED], [mm("T01", 2, "20"), not_done("T02", 2, "TUMOR MERGED"), not_done("T03", 2, "TUMOR MERGED"), mm("T02/T03", 2, "28")], 48),
    "merged, the single ones left out": ([*TWO, MERGED], [mm("T01", 2, "20"), mm("T02/T03", 2, "28")], 48),
    "merged, the single ones 0": ([*TWO, MERGED], [mm("T01", 2, "20"), mm("T02", 2, "0"), mm("T03", 2, "0"), mm("T02/T03", 2, "28")], 48),
    "merged, by state": ([*TWO, MERGED], [mm("T01", 2, "20"), state("T02", 2, "TUMOR MERGED"), state("T03", 2, "TUMOR MERGED"), mm("T02/T03", 2, "28")], 48),
    "merged, named shortly": ([*TWO, tu("T02/03", 2, "TUMERGE")], [mm("T01", 2, "20"), mm("T02/03", 2, "28")], 48),
    "merged, in TR alone, of a reader": ([tu(f"R1-{t['TULNKID']}") for t in TWO], [mm("R1-T01", 2, "20"), mm("R1-T02/T03", 2, "28")], 48),
    "merged, in TR alone": (TWO, [mm("T01", 2, "20"), mm("T02/T03", 2, "28")], 48),
    "merged under another name": ([*TWO, tu("T04", 2, "TUMERGE")], [mm("T01", 2, "20"), not_done("T02", 2, "TUMOR MERGED"), not_done("T03", 2, "TUMOR MERGED"), mm("T04", 2, "28")], 48),
    "merged into one of them, by reason": (TWO, [mm("T01", 2, "20"), mm("T02", 2, "28"), not_done("T03", 2, "MERGED WITH T02")], 48),
    "merged into one of them, by TU": ([*TWO, tu("T02", 2, "TUMERGE")], [mm("T01", 2, "20"), mm("T02", 2, "28"), not_done("T03", 2, "TUMOR MERGED")], 48),
    "coalesced, in the word of the diameter": ([*TWO, MERGED], [mm("T01", 2, "20"), mm("T02", 2, "COALESCED"), mm("T03", 2, "COALESCED"), mm("T02/T03", 2, "28")], 48),
    "merged, into what is not said": (TWO, [mm("T01", 2, "20"), mm("T02", 2, "28"), not_done("T03", 2, "TUMOR MERGED")], None),
    "merged, and still read by itself": ([*TWO, MERGED], [mm("T01", 2, "20"), mm("T02", 2, "15"), mm("T02/T03", 2, "28")], None),
    "split": ([*TWO, tu("T03.1", 2, "TUSPLIT"), tu("T03.2", 2, "TUSPLIT")], [mm("T01", 2, "20"), mm("T02", 2, "15"), mm("T03.1", 2, "9"), mm("T03.2", 2, "10")], 54),
    "split, the whole not done": ([*TWO, tu("T03.1", 2, "TUSPLIT"), tu("T03.2", 2, "TUSPLIT")], [mm("T01", 2, "20"), mm("T02", 2, "15"), not_done("T03", 2, "TUMOR SPLIT"), mm("T03.1", 2, "9"), mm("T03.2", 2, "10")], 54),
    "split, with letters": ([*TWO, tu("T03a", 2, "TUSPLIT"), tu("T03b", 2, "TUSPLIT")], [mm("T01", 2, "20"), mm("T02", 2, "15"), mm("T03a", 2, "9"), mm("T03b", 2, "10")], 54),
    "split, in TR alone": (TWO, [mm("T01", 2, "20"), mm("T02", 2, "15"), mm("T03.1", 2, "9"), mm("T03.2", 2, "10")], 54),
    "split, by group": ([*TWO, tu("T07", 2, "TUSPLIT", TUGRPID="T03"), tu("T08", 2, "TUSPLIT", TUGRPID="T03")], [mm("T01", 2, "20"), mm("T02", 2, "15"), mm("T07", 2, "9"), mm("T08", 2, "10")], 54),
    "split, without a kind": ([*TWO, tu("T03.1", 2, "TUSPLIT", ""), tu("T03.2", 2, "TUSPLIT", "")], [mm("T01", 2, "20"), mm("T02", 2, "15"), mm("T03.1", 2, "9"), mm("T03.2", 2, "10")], 54),
    "split, the whole is their sum": ([*TWO, tu("T03.1", 2, "TUSPLIT"), tu("T03.2", 2, "TUSPLIT")], [mm("T01", 2, "20"), mm("T02", 2, "15"), mm("T03", 2, "19"), mm("T03.1", 2, "9"), mm("T03.2", 2, "10")], 54),
    "split, the whole is not their sum": ([*TWO, tu("T03.1", 2, "TUSPLIT"), tu("T03.2", 2, "TUSPLIT")], [mm("T01", 2, "20"), mm("T02", 2, "15"), mm("T03", 2, "12"), mm("T03.1", 2, "9"), mm("T03.2", 2, "10")], None),
    "split off, what is left under its name": ([*TWO, tu("T03.1", 2, "TUSPLIT")], [mm("T01", 2, "20"), mm("T02", 2, "15"), mm("T03", 2, "9"), mm("T03.1", 2, "10")], 54),
    "split, identified as tumours": ([*TWO, tu("T03.1", 2), tu("T03.2", 2)], [mm("T01", 2, "20"), mm("T02", 2, "15"), mm("T03.1", 2, "9"), mm("T03.2", 2, "10")], 54),
    "merged, identified as a tumour": ([*TWO, tu("T02/T03", 2)], [mm("T01", 2, "20"), mm("T02/T03", 2, "28")], 48),
    "a fragment of nothing": ([*TWO, tu("Z9", 2, "TUSPLIT")], [mm("T01", 2, "20"), mm("T02", 2, "15"), mm("T03", 2, "9"), mm("Z9", 2, "10")], None),
    "a word that nobody knows": (TWO, [mm("T01", 2, "20"), mm("T02", 2, "15"), mm("T03", 2, "CALCIFIED")], None),
    "resected": (TWO, [mm("T01", 2, "20"), mm("T02", 2, "15"), state("T03", 2, "RESECTED")], None),
    "present and not measured": (TWO, [mm("T01", 2, "20"), mm("T02", 2, "15"), state("T03", 2, "PRESENT")], None),
    "below the limit": (TWO, [mm("T01", 2, "20"), mm("T02", 2, "15"), mm("T03", 2, "BELOW MEASURABLE LIMIT")], 40),
    "below the limit, as a reason": (TWO, [mm("T01", 2, "20"), mm("T02", 2, "15"), not_done("T03", 2, "TOO SMALL TO MEASURE")], 40),
    "too small, standardised": (TWO, [mm("T01", 2, "20"), mm("T02", 2, "15"), mm("T03", 2, "TOO SMALL TO MEASURE", TRSTRESC="5", TRSTRESN="5", TRSTRESU="mm")], 40),
    "gone, in a word": (TWO, [mm("T01", 2, "20"), mm("T02", 2, "15"), mm("T03", 2, "ABSENT")], 35),
    "with its unit": (TWO, [mm("T01", 2, "2 cm"), mm("T02", 2, "15 mm"), mm("T03", 2, "15")], 50),
    "only its perpendicular": (TWO, [mm("T01", 2, "20"), mm("T02", 2, "15"), mm("T03", 2, "9", "LPERP")], None),
    "twice, once not done": (TWO, [mm("T01", 2, "20"), mm("T02", 2, "15"), not_done("T03", 2), mm("T03", 2, "15")], 50),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_how_a_form_may_have_it(name: str) -> None:
    identified, results, total = LAYOUTS[name]
    first = [{**r, "TRLNKID": f"R1-{r['TRLNKID']}"} for r in AT_ONE] if name.endswith("reader") else AT_ONE
    (found,), notes = read(identified, [*first, *results])
    assert found.baseline_sum == 50
    if total is None:
        assert (found.target, found.whole) == ("NE", False)
        assert told(notes), "silently not evaluable"
    else:
        assert (found.sum, found.whole) == (total, True)
        assert not told(notes)


@pytest.mark.parametrize(
    ("more", "merged"),
    [
        ([tu("T03/T04.2", 3, "TUMERGE")], [not_done("T03", 3, "TUMOR MERGED"), not_done("T04.2", 3, "TUMOR MERGED"), mm("T03/T04.2", 3, "35")]),
        ([], [mm("T03", 3, "35"), not_done("T04.2", 3, "MERGED WITH T03")]),
    ],
)  # fmt: skip
def test_a_fragment_that_grows_together_with_another_lesion(
    more: list[dict[str, str]], merged: list[dict[str, str]]
) -> None:
    identified = [tu("T03"), tu("T04"), tu("T04.1", 2, "TUSPLIT"), tu("T04.2", 2, "TUSPLIT"), *more]
    base = [mm("T03", 1, "15"), mm("T04", 1, "30"), mm("T03", 2, "15"), mm("T04.1", 2, "10"), mm("T04.2", 2, "12")]
    points, notes = read(identified, [*base, mm("T04.1", 3, "10"), *merged])
    assert [(p.target, p.sum) for p in points] == [("SD", 37), ("PD", 45)]
    assert told(notes) == []
    points, _ = read(identified, [*base, *merged])  # the other fragment was not read
    assert points[-1].target == "NE"


def test_what_a_fragment_grew_into_goes_out_in_the_words_of_the_result() -> None:
    merged = Reading("T04.2", "target", "merged", part_of="T03")
    data = {"response": "", "lesions": [merged.data()], "visit_number": 3}
    rows: dict[str, list[dict[str, Any]]] = {}
    on = date(2020, 3, 5)
    assessment_rows(Event(1, "assessed", on, moment(on), "t", "", "P", "", data), rows, "RECIST 1.1")
    (out,) = rows["TR"]
    assert (out["TRORRES"], out["TRSTRESC"]) == ("MERGED WITH T03", "TUMOR MERGED")
    identified = [tu("T03"), tu("T04"), tu("T04.1", 2, "TUSPLIT"), tu("T04.2", 2, "TUSPLIT")]
    base = [mm("T03", 1, "15"), mm("T04", 1, "30"), mm("T03", 2, "15"), mm("T04.1", 2, "10"), mm("T04.2", 2, "12")]
    back = {k: str(out[k]) for k in ("TRLNKID", "TRTESTCD", "TRORRES", "TRSTRESC")} | {"VISITNUM": "3"}
    points, _ = read(identified, [*base, mm("T03", 3, "35"), mm("T04.1", 3, "10"), back])
    assert (points[-1].target, points[-1].sum) == ("PD", 45)


def test_a_reason_and_a_state_beside_a_diameter_that_are_not_read_are_listed() -> None:
    results = [mm("T01", 1, "20"), mm("T02", 1, "20"), not_done("T01", 2, "SURGICALLY REMOVED"), mm("T02", 2, "20")]
    points, notes = read([tu("T01"), tu("T02")], [*results, state("T02", 2, "ABSENT")])
    assert points[-1].target == "NE"
    listed = [(e.record, e.why) for e in notes.unmapped()]
    assert listed == [
        ("TRREASND SURGICALLY REMOVED", "a reason of which no state follows: not evaluated"),
        ("TUMSTATE ABSENT", "beside a diameter, which counts"),
    ]


def test_what_was_not_read_later_is_not_forgotten() -> None:
    """The rows of the single lesions are optional after they merged; a fragment without a row was not evaluated."""
    identified = [*TWO, MERGED, tu("T01.1", 2, "TUSPLIT"), tu("T01.2", 2, "TUSPLIT")]
    second = [mm("T01.1", 2, "9"), mm("T01.2", 2, "9"), mm("T02/T03", 2, "28")]
    third = [mm("T01.1", 3, "9"), mm("T02/T03", 3, "20")]
    points, _ = read(
        identified, [*AT_ONE, *second, *third, mm("T01.1", 4, "9"), mm("T01.2", 4, "5"), mm("T02/T03", 4, "20")]
    )
    assert [(p.sum, p.whole, p.nadir) for p in points] == [(46, True, 50), (20, False, 46), (34, True, 46)]


#: Word → the state of a target (of which there is no size), a non-target and a new lesion; '–' is not understood.
WORDS: dict[str, tuple[str, str, str]] = {
    "PRESENT": ("–", "present", "unequivocal"),
    "ABSENT": ("absent", "absent", "absent"),
    "UNEQUIVOCAL": ("–", "unequivocal progression", "unequivocal"),
    "UNEQUIVOCAL PROGRESSION": ("–", "unequivocal progression", "unequivocal"),
    "EQUIVOCAL": ("–", "present", "equivocal"),
    "INCREASED": ("–", "present", "unequivocal"),
    "DECREASED": ("–", "present", "unequivocal"),
    "UNCHANGED": ("–", "present", "unequivocal"),
    "ENLARGEMENT": ("–", "present", "unequivocal"),
    "ENLARGEMENT FROM NADIR": ("–", "present", "unequivocal"),
    "FURTHER ENLARGEMENT": ("–", "present", "unequivocal"),
    "FURTHER ENLARGEMENT FROM NADIR": ("–", "present", "unequivocal"),
    "PATHOLOGICAL": ("–", "present", "unequivocal"),
    "NON-PATHOLOGICAL": ("–", "absent", "absent"),
    "PALPABLE": ("–", "present", "unequivocal"),
    "NONPALPABLE": ("–", "–", "–"),
    "NORMAL": ("–", "–", "–"),
    "DIFFUSELY INCREASED": ("–", "–", "–"),
    "FOCALLY INCREASED": ("–", "–", "–"),
    "TUMOR MERGED": ("merged", "merged", "merged"),
    "TOO SMALL TO MEASURE": ("too small", "present", "unequivocal"),
    "BELOW MEASURABLE LIMIT": ("too small", "present", "unequivocal"),
    "NOT EVALUABLE": ("not evaluated", "not evaluated", "not evaluated"),
    "INEVALUABLE": ("not evaluated", "not evaluated", "not evaluated"),
    "COALESCED": ("merged", "merged", "merged"),
    "CALCIFIED": ("–", "–", "–"),
    "RESECTED": ("–", "–", "–"),
    "IRRADIATED": ("–", "–", "–"),
}


@pytest.mark.parametrize("word", WORDS)
def test_what_a_word_means_is_what_the_page_says(word: str) -> None:
    kinds: tuple[Any, ...] = ("target", "non-target", "new")
    assert tuple(state_of(kind, word) or "–" for kind in kinds) == WORDS[word]
    page = (ROOT / "docs" / "tumours.md").read_text()
    assert f"| {word} | {' | '.join(WORDS[word])} |" in page


def test_every_name_that_is_read_stands_on_the_page() -> None:
    page = (ROOT / "docs" / "tumours.md").read_text()
    for names in (KINDS, NODE_SIZES, SUMS, STATE_TESTS, FOLLOW, IDENTIFY[1:]):
        assert not [n for n in names if n not in page]


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([state("N1", 2, "PATHOLOGICAL", "LNSTATE")], "NON-CR/NON-PD"),
        ([state("N1", 2, "NON-PATHOLOGICAL", "LNSTATE")], "CR"),
        ([state("N1", 2, "INCREASED")], "NON-CR/NON-PD"),
        ([state("N1", 2, "UNEQUIVOCAL")], "PD"),
        ([mm("N1", 2, "12")], "NON-CR/NON-PD"),
        ([mm("N1", 2, "0")], "CR"),
        ([state("N1", 2, "IRRADIATED")], "NE"),
        ([not_done("N1", 2, "SCAN NOT PERFORMED")], "NE"),
        ([state("N1.1", 2, "PRESENT"), state("N1.2", 2, "ABSENT")], "NON-CR/NON-PD"),
        ([state("N1.1", 2, "UNEQUIVOCAL"), state("N1.2", 2, "ABSENT")], "PD"),
    ],
)
def test_non_target_lesions(results: list[dict[str, str]], expected: str) -> None:
    (found,), notes = read([tu("N1", kind="NON-TARGET")], [state("N1", 1, "PRESENT"), *results])
    assert found.non_target == expected
    assert bool(told(notes)) == (results[0]["TRORRES"] == "IRRADIATED" if "TRORRES" in results[0] else False)


@pytest.mark.parametrize(
    ("kind", "results", "expected"),
    [
        ("NEW", [state("NEW01", 2, "EQUIVOCAL")], "equivocal"),
        ("NEW", [state("NEW01", 2, "PRESENT")], "unequivocal"),
        ("NEW TARGET", [mm("NEW01", 2, "7")], "unequivocal"),
        ("NEW NON-TARGET", [state("NEW01", 2, "UNEQUIVOCAL")], "unequivocal"),
        ("NEW", [state("NEW01", 2, "PRESENT"), state("NEW01", 2, "N", "NEWCONF")], "equivocal"),
        ("NEW", [state("NEW01", 2, "EQUIVOCAL"), state("NEW01", 2, "Y", "NEWCONF")], "unequivocal"),
        ("NEW", [mm("NEW01", 2, "7"), state("NEW01", 2, "EQUIVOCAL")], "equivocal"),
        ("NEW", [], "unequivocal"),
    ],
)
def test_new_lesions(kind: str, results: list[dict[str, str]], expected: str) -> None:
    (found,), _ = read([tu("T01"), tu("NEW01", 2, kind=kind)], [mm("T01", 1, "20"), mm("T01", 2, "20"), *results])
    assert found.new == expected


def test_a_node_is_known_by_its_place_or_by_what_it_is_identified_as() -> None:
    for identified in (tu("T01", TULOC="CERVICAL LYMPH NODE"), tu("T01", kind="TARGET NODAL", TULOC="NECK")):
        both = [mm("T01", 1, "30"), mm("T01", 1, "16", "LPERP"), mm("T01", 2, "20"), mm("T01", 2, "8", "LPERP")]
        (found,), _ = read([identified], both)
        assert (found.baseline_sum, found.sum, found.target) == (16, 8, "CR")
