"""The report: the same bytes each time, nothing from the network, everything escaped, and fit to be printed."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from equipoise.analyse.analysis import analyse
from equipoise.decide.decide import decide
from equipoise.dossier.document import trial_document
from equipoise.dossier.findings import Findings
from equipoise.files.bundled import find_trial
from equipoise.files.history_file import library_of
from equipoise.files.table_file import log_from_table
from equipoise.report.document import Document
from equipoise.report.figures.draw import draw
from equipoise.report.page import Rendered, render
from equipoise.simulate.run import run
from equipoise.trial.checkpoint import told
from equipoise.trial.exhibits import (
    FlowFigure,
    ForestFigure,
    ForestRow,
    LineFigure,
    Paragraph,
    Section,
    SurvivalArm,
    SurvivalFigure,
    SwimmerFigure,
    Table,
    WaterfallFigure,
)
from equipoise.trial.log import Log
from equipoise.trial.snapshot import snapshot

pytestmark = pytest.mark.thorough

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def findings(plan: Any) -> Findings:
    p = plan("target")
    virtual = run(p, 0, detail=True)
    snap = snapshot(virtual.log, virtual.looks[-1].cutoff)
    looks = [decide(p.trial, snapshot(virtual.log, t.cutoff), t.decision.look) for t in virtual.looks]
    return Findings(p.trial, snap, analyse(p.trial, snap), looks, virtual="scenario 'target'")


@pytest.fixture(scope="module")
def north_report(findings: Findings) -> Rendered:
    return render(trial_document(findings))


def test_the_same_findings_give_the_same_bytes(findings: Findings, north_report: Rendered) -> None:
    again = render(trial_document(findings))
    assert again.html == north_report.html
    assert again.figures == north_report.figures


def test_its_foot_names_the_data_by_a_code_that_can_be_checked(findings: Findings, north_report: Rendered) -> None:
    snap = findings.snap
    foot = re.search(r"<footer><p>(.*?)</p>", north_report.html)
    assert foot is not None
    given = re.search(r"data (\d+ [0-9a-f-]+),", foot[1])
    assert given is not None
    head = told(given[1], "the report")
    assert head.number == snap.number == snap.known[-1].number > 1
    assert len(head.hash) == 16
    assert snap.head.startswith(head.hash)


def test_nothing_comes_from_the_network(north_report: Rendered) -> None:
    html = north_report.html
    assert not re.findall(r'(?:src|href)="(?!#)[^"]+"', html.replace("xlink:href", "href"))
    assert "@import" not in html
    assert "<script" not in html
    for url in re.findall(r"url\(([^)]+)\)", html):
        assert url.startswith("#")


def test_ids_are_its_own_and_contents_lead_somewhere(north_report: Rendered) -> None:
    ids = re.findall(r'\bid="([^"]+)"', north_report.html)
    assert len(ids) == len(set(ids))
    for target in re.findall(r'<a href="#([^"]+)"', north_report.html):
        assert target in ids


def test_tags_are_closed(north_report: Rendered) -> None:
    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.stack: list[str] = []

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            if tag not in {"meta", "br"}:
                self.stack.append(tag)

        def handle_startendtag(self, tag: str, attrs: Any) -> None:
            """A tag closed in itself leaves the stack as it was."""

        def handle_endtag(self, tag: str) -> None:
            assert self.stack.pop() == tag

    reader = Reader()
    reader.feed(north_report.html)
    assert reader.stack == []


def test_it_says_what_must_be_said(north_report: Rendered) -> None:
    text = north_report.html
    for needed in (
        "Research software", "Every patient in this report is simulated", "UNVALIDATED", "Assumed", "SHA-256",
        "Beside the decision, and no part of it", "Progression-free survival", "r = 4", "†", "Estimands",
        "next therapy: hypothetical; death: composite", "Progression-free survival under 4 sets of rules",
    ):  # fmt: skip
        assert needed in text


def sample(*exhibits: Any) -> str:
    return render(
        Document("<b>Zz</b>", "sub", "status", [("a", "<i>")], [Section("s", "<S>", exhibits)], 'foot "x"')
    ).html


def test_no_markup_stands_in_the_text(north_report: Rendered, colon_report: Rendered) -> None:
    """A result says plain words; how they look is the renderer's."""
    for report in (north_report, colon_report):
        assert "`" not in report.html


def test_text_is_escaped() -> None:
    html = sample(
        Paragraph("<script>alert(1)</script>"), Table("<t>", ["x", "<c>"], [["<group>"], ["a", "<d>"]], ["<n>"])
    )
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "&lt;d&gt;" in html
    assert "<b>Zz" not in html


def test_what_is_empty_says_so() -> None:
    none = SurvivalArm("nobody", [0.0], [1.0], [1.0], [1.0], [], [0, 0])
    html = sample(
        LineFigure("l", "x", "y", []), SurvivalFigure("s", "x", "y", [none], [0.0, 1.0]), SwimmerFigure("w", "x", []),
        WaterfallFigure("f", "y", []), FlowFigure("c", [], [], []), Table("t", ["a", "b"], []),
    )  # fmt: skip
    assert html.count("<svg") == 5
    assert "No data yet" in html


def test_a_trial_before_its_first_patient(north: Any, north_design: Any) -> None:
    snap = snapshot(Log(), north.start)
    looks = [decide(north, snap, 1)]
    html = render(trial_document(Findings(north, snap, analyse(north, snap), looks))).html
    assert "is not ripe" in html


@pytest.fixture(scope="module")
def colon_report(colon: Any) -> Rendered:
    log = log_from_table(colon, find_trial("colon").parent / "colon.csv").log
    snap = snapshot(log, max(e.happened for e in log))
    return render(trial_document(Findings(colon, snap, analyse(colon, snap), [])))


def test_three_arms_of_real_patients(colon_report: Rendered) -> None:
    assert "Levamisole + fluorouracil" in colon_report.html
    assert 'id="design"' not in colon_report.html
    assert "simulated" not in colon_report.html.split("<main>")[0]


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed: the report was not opened in a browser")
@pytest.mark.parametrize("which", ["north_report", "colon_report"])
def test_in_a_browser(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    page_file = tmp_path / "report.html"
    page_file.write_text(request.getfixturevalue(which).html)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        context = browser.new_context(offline=True)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda m: complaints.append(m.text))
        page.on("pageerror", lambda e: complaints.append(str(e)))
        asked: list[str] = []
        page.on("request", lambda r: asked.append(r.url))
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(page_file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("h1").count() == 1
        for svg in page.locator("figure svg").all():
            box = svg.bounding_box()
            assert box is not None
            assert box["width"] > 100
            assert svg.get_attribute("aria-labelledby")
            assert svg.locator("title").first.text_content()
            assert svg.locator("desc").first.text_content()
            assert svg.locator("text").count() > 0
        pdf = page.pdf(prefer_css_page_size=True)
        assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") > 5 or len(pdf) > 50_000
        assert complaints == []
        assert all(url.startswith("file:") for url in asked)
        browser.close()


def test_the_third_answer_borrows_from_the_trials_library(findings: Findings) -> None:
    found = trial_document(replace(findings, library=library_of(findings.trial, "north")))
    efficacy = next(s for s in found.sections if s.name == "efficacy").exhibits
    table = next(e for e in efficacy if isinstance(e, Table) and "three answers" in e.title)
    assert "both combined (5 historical arms)" in [row[0] for row in table.rows]
    figure = next(e for e in efficacy if isinstance(e, ForestFigure))
    assert [r.label.removeprefix("Against ") for r in figure.rows] == [row[0] for row in table.rows]
    assert figure.mark == (0.0, "no effect")
    assert all(r.lower < r.estimate < r.upper for r in figure.rows)
    ratios = replace(figure, scale="ratio", rows=[ForestRow("a", "b", 0.8, 0.5, 1.3)], mark=(1.0, "no effect"))
    assert draw(ratios, "x").startswith("<svg")


def test_shades_of_a_map_begin_at_0() -> None:
    """0.568 and 0.569 are alike to the eye: the shade tells the number, not its place among the others."""
    from equipoise.report.figures.heat import _dark, draw_heat
    from equipoise.trial.exhibits import HeatFigure

    svg = draw_heat(HeatFigure("t", "", "", ["a", "b"], ["r"], [[0.568, 0.569]], [["", ""]], "u", top=1.0), "h")
    scale = [t for t in ("0.0", "0.5", "1.0") if f">{t}</text>" in svg]
    assert "0.0" in scale
    assert "1.0" in scale
    assert _dark((0.03, 0.28, 0.48))
    assert not _dark((0.965, 0.975, 0.99))
    assert not _dark((0.5, 0.63, 0.74))
