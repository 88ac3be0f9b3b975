"""A report for each of its readers: what each may see, what each is refused, and the same bytes in every format."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from equipoise.analyse.analysis import analyse
from equipoise.analyse.data import cut
from equipoise.analyse.masked_arms import letters, masked_snapshot, masked_trial
from equipoise.analyse.survival import SurvivalResult
from equipoise.desk import report
from equipoise.desk.data import Data
from equipoise.dossier.committee import CONFIDENTIAL, closed_document
from equipoise.dossier.committee_open import open_document
from equipoise.dossier.document import trial_document
from equipoise.dossier.findings import Findings
from equipoise.dossier.results import results_json
from equipoise.report.csv_tables import to_csv
from equipoise.report.document import Document
from equipoise.report.numbered import numbered
from equipoise.report.page import render
from equipoise.simulate.run import run
from equipoise.trial.event import Event
from equipoise.trial.exhibits import Facts, Paragraph, Section, Table
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from helpers import tried

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def conducted(plan: Any) -> tuple[Any, Any]:
    p = plan("target")
    return p.trial, run(p, 0, detail=True)


def at(trial: Any, log: Log, cutoff: Any) -> Findings:
    snap = cut(trial, log, cutoff)
    return report.findings("north", trial, Data(log, snap, None, trial))


@pytest.fixture(scope="module")
def interim(conducted: Any) -> Findings:
    trial, virtual = conducted
    return at(trial, virtual.log, virtual.looks[0].cutoff)


@pytest.fixture(scope="module")
def final(conducted: Any) -> Findings:
    trial, virtual = conducted
    return at(trial, virtual.log, virtual.looks[-1].cutoff)


def words(document: Document) -> str:
    """All that stands in a document, figures among it, without its title."""
    found = render(replace(document, title="T")).html
    return re.sub(r"<style>.*?</style>", "", found, flags=re.DOTALL)


def small(*exhibits: Any, banner: str = "") -> Document:
    return Document("Title", "Kind", "Status", [("a", "b")], [Section("one", "One", exhibits)], "foot", banner=banner)


def test_the_plain_page_stands_first_and_says_what_decides(final: Findings) -> None:
    document = trial_document(final)
    assert document.sections[0].name == "plain"
    (facts,) = document.sections[0].exhibits
    assert isinstance(facts, Facts)
    said = dict(facts.rows)
    look = final.looks[-1]
    tested = look.evidence["IMGN901"]  # type: ignore[union-attr]
    assert f"{tested['successes']} of {tested['n']}" in said["What was found"]
    assert "at least 43 were needed" in said["What was found"]
    assert (
        "secondary endpoint in the trial file; the primary one is Progression-free survival" in said["How sure it is"]
    )
    assert "p0" not in " ".join(said.values())


def test_only_the_methods_that_were_used_are_in_the_table(final: Findings) -> None:
    origin = next(s for s in trial_document(final).sections if s.name == "origin")
    table = next(e for e in origin.exhibits if isinstance(e, Table))
    named = [str(r[0]) for r in table.rows]
    assert any("Simon" in n for n in named)
    assert any("Kaplan" in n for n in named)
    assert not [n for n in named if "BOP2" in n or "IBM" in n or "Define-XML" in n or "BOIN" in n]
    assert "did not use" in table.notes[0]


# -- a committee --------------------------------------------------------------------------------------------------------


def test_closed_names_no_arm_and_is_confidential(interim: Findings) -> None:
    to = letters(interim.trial, interim.snap)
    assert sorted(to.values()) == ["A", "B"]
    document = closed_document(interim, to)
    said = words(document)
    for arm in interim.trial.arms:
        assert arm.label not in said
        assert not re.search(rf"(?<!\w){arm.name}(?!\w)", said)
    assert "mg/m2" not in said
    assert "Arm A" in said
    assert CONFIDENTIAL in said
    # on each page in print
    assert f'@top-left {{ content: "{CONFIDENTIAL}"' in render(document).html
    names = [s.name for s in document.sections]
    assert names.index("look") < names.index("safety") < names.index("efficacy") < names.index("recommendation")
    assert "Hazard ratio" not in said.replace("Hazard ratios and p-values between arms are left out", "")
    assert "Conditional power" in said
    assert "Predictive power" in said


def test_masked_arms_have_the_same_numbers(interim: Findings) -> None:
    to = letters(interim.trial, interim.snap)
    masked = analyse(masked_trial(interim.trial, to), masked_snapshot(interim.snap, to))
    for name, result in interim.analysis.endpoints.items():
        for arm, letter in to.items():
            ours, theirs = result.arms[arm], masked.endpoints[name].arms[letter]
            assert json.dumps(repr(ours)) == json.dumps(repr(theirs))
    assert {to[a.arm]: a.by_term for a in interim.analysis.safety} == {a.arm: a.by_term for a in masked.safety}
    one = interim.analysis.endpoints["PFS"]
    assert isinstance(one, SurvivalResult)


def swapped(log: Log) -> Log:
    """The log with every patient on the other arm."""
    other = {"IMGN901": "CE", "CE": "IMGN901"}

    def of(e: Event) -> Event:
        return replace(e, data={**e.data, "arm": other[e.data["arm"]]}) if "arm" in e.data else e

    return Log(of(e) for e in log)


def test_open_depends_on_no_arm(conducted: Any, final: Findings) -> None:
    trial, virtual = conducted
    ours = render(open_document(final.trial, final.snap))
    other = at(trial, swapped(virtual.log), final.snap.cutoff)
    assert other.snap.on_arm("CE") != final.snap.on_arm("CE")
    theirs = render(open_document(other.trial, other.snap))
    assert ours.html == theirs.html
    assert ours.figures == theirs.figures
    assert "by arm" not in ours.html.replace("Nothing here stands by arm", "")
    for arm in trial.arms:
        assert arm.label not in words(open_document(final.trial, final.snap))


@pytest.mark.parametrize("audience", ["committee-closed", "committee-open"])
def test_before_its_look_is_ripe_a_committee_gets_none(conducted: Any, tmp_path: Path, audience: Any) -> None:
    trial, virtual = conducted
    early = at(trial, virtual.log, virtual.looks[0].cutoff.replace(year=virtual.looks[0].cutoff.year - 1))
    out = tmp_path / "out"
    with pytest.raises(BadInput) as bad:
        report.write(early, out, report.Wanted(audience, key=tmp_path / "key.txt"))
    assert [p.code for p in bad.value.problems] == ["not-ripe"]
    assert not out.exists()
    assert not (tmp_path / "key.txt").exists()
    if audience == "committee-open":
        assert "IMGN901" not in bad.value.problems[0].given


def test_the_key_is_apart(interim: Findings, tmp_path: Path) -> None:
    key = tmp_path / "elsewhere" / "key.txt"
    written = report.write(interim, tmp_path / "out", report.Wanted("committee-closed", only="masks", key=key))
    assert key in written
    to = letters(interim.trial, interim.snap)
    for name, letter in to.items():
        assert f"{letter} = {interim.trial.arm_by_name[name].label} ({name})" in key.read_text()
    assert not [p for p in (tmp_path / "out").rglob("*") if p.is_file() and "IMGN901 +" in p.read_text()]


# -- the study report ---------------------------------------------------------------------------------------------------


def test_study_report_tables_are_numbered_and_say_their_source(final: Findings) -> None:
    parts = numbered(report.document_of(final, "study-report"))
    tables = [i for p in parts if p.section.name != "origin" for i in p.items if isinstance(i.value, Table)]
    numbers = [i.number for i in tables]
    assert len(set(numbers)) == len(numbers)
    assert {"14.1.1", "14.1.4", "14.2.1", "14.3.1.1", "14.3.2.1", "16.2.1", "16.2.7"} <= set(numbers)
    for item in tables:
        assert re.search(
            r"Population: .+\. Source: .+\. Data cut-off \S+\. Program: equipoise \d", item.value.notes[-1]
        )  # type: ignore[union-attr]


def test_results_are_one_record_a_number_and_those_of_the_analysis(final: Findings) -> None:
    found = json.loads(results_json(final))
    records = found["results"]
    assert len({r["resultId"] for r in records}) == len(records)
    keys = [(r["analysisId"], r["statistic"], *sorted(r["groups"].items())) for r in records]
    assert len(set(keys)) == len(keys)
    label = {a.name: a.label for a in final.trial.arms}
    pfs = final.analysis.endpoints["PFS"]
    assert isinstance(pfs, SurvivalResult)
    of = {k: r["rawValue"] for k, r in zip(keys, records, strict=True)}
    for name, a in pfs.arms.items():
        assert of["PFS", "median_months", ("arm", label[name])] == a.median_months
    (c,) = pfs.comparisons.values()
    assert of["PFS", "hr", ("arm", label[c.tested]), ("reference", label[c.control])] == c.hr
    assert found["dataHash"] == final.snap.head


# -- formats ------------------------------------------------------------------------------------------------------------


def test_csv_has_every_row_under_its_group(final: Findings) -> None:
    parts = numbered(small(Table("T", ["", "n, of 3"], [["Sex"], ["F", '1 "x"'], ["M", 2], ["Stage"], ["IV", None]])))
    (text,) = to_csv(parts).values()
    assert list(csv.reader(io.StringIO(text))) == [
        ["Group", "", "n, of 3"], ["Sex", "F", '1 "x"'], ["Sex", "M", "2"], ["Stage", "IV", ""],
    ]  # fmt: skip


@pytest.mark.parametrize("form", tried(["docx", "pdf", "rtf", "html"], {"docx"}))
def test_the_same_bytes_each_time(interim: Findings, tmp_path: Path, form: Any) -> None:
    pytest.importorskip("docx")
    pytest.importorskip("rtflite")
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError):
        pytest.skip("WeasyPrint, or Pango, is not on this machine")
    wanted = report.Wanted("physician", form, csv=True, figures="png", only="safety")
    first, second = (report.write(interim, tmp_path / k, wanted) for k in "ab")
    assert [p.name for p in first] == [p.name for p in second]
    for a, b in zip(first, second, strict=True):
        assert a.read_bytes() == b.read_bytes(), a.name
    kinds = {p.suffix for p in first}
    assert {f".{form}", ".csv", ".png"} <= kinds
    picture = next(p for p in first if p.suffix == ".png").read_bytes()
    # 300 dots an inch, as PNG says it: 11811 a metre
    assert picture[picture.index(b"pHYs") + 4 :][:4] == (11811).to_bytes(4, "big")


def test_word_has_real_tables_whose_heads_repeat_and_figures_with_words(interim: Findings, tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    report.write(interim, tmp_path, report.Wanted("committee-closed", "docx", only="safety"))
    word = docx.Document(str(tmp_path / "report.docx"))
    assert CONFIDENTIAL in word.sections[0].header.paragraphs[0].text
    captions = [p.text for p in word.paragraphs if p.style.name == "Caption"]
    tables = [c for c in captions if c.startswith("Table")]
    # The title page's facts are a table too.
    assert len(word.tables) == len(tables) + 1
    for made in word.tables[1:]:
        assert made.rows[0]._tr.xpath("./w:trPr/w:tblHeader")
    with zipfile.ZipFile(tmp_path / "report.docx") as archive:
        text = archive.read("word/document.xml").decode()
    described = re.findall(r'descr="([^"]+)"', text)
    assert len(described) == sum(c.startswith("Figure") for c in captions) > 0


def test_what_a_text_says_is_no_order_to_a_reader_of_rtf() -> None:
    pytest.importorskip("rtflite")
    from equipoise.report.rtf import to_rtf

    document = small(Table("T {x}", ["a", "b"], [["\\b rash }", "≥ 3 €"]], notes=("n",)), banner="CONFIDENTIAL")
    (text,) = to_rtf(document, numbered(document)).values()
    assert "\\\\b rash \\}" in text
    assert "T \\{x\\}" in text
    assert "CONFIDENTIAL" in text
    assert text.isascii()
    plain = re.sub(r"\\\\|\\[{}]", "", text)
    assert plain.count("{") == plain.count("}")


@pytest.mark.slow
def test_a_section_alone_keeps_its_numbers_and_an_unknown_one_is_refused(interim: Findings, tmp_path: Path) -> None:
    whole = numbered(trial_document(interim))
    last = next(p for p in whole if p.section.name == "safety")
    report.write(interim, tmp_path / "a", report.Wanted(only="safety"))
    html = (tmp_path / "a" / "report.html").read_text()
    for item in last.items:
        if item.number:
            assert f"{item.kind.capitalize()} {item.number}." in html
    with pytest.raises(BadInput) as bad:
        report.write(interim, tmp_path / "b", report.Wanted(only="saftey"))
    assert bad.value.problems[0].code == "unknown-section"
    assert not (tmp_path / "b").exists()


def test_percent_is_said_one_way() -> None:
    html = render(
        small(Table("Rate (95 % CI)", ["a"], [["33 %"]], notes=("at 5\u00a0%",)), Paragraph("20 % more"))
    ).html
    assert not re.search(r"\d[\s\u00a0]%", html)
