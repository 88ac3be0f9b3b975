"""The report of phase I: what it must say, for four designs, with pending, replaced, adjudicated and late patients; in a browser, for all readers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from equipoise import desk
from equipoise.analyse.data import cut
from equipoise.desk.data import Data
from equipoise.dossier.document import trial_document
from equipoise.dossier.escalation.findings import Escalation
from equipoise.dossier.escalation.flow import level_flow
from equipoise.dossier.escalation.hand_over import hand_over
from equipoise.dossier.escalation.lanes import course_figure, escalation_figure
from equipoise.dossier.escalation.paths import paths_figure
from equipoise.dossier.escalation.standing import decision_grid, doses_table, others_table, toxicities_table
from equipoise.dossier.findings import Findings
from equipoise.files.log_file import write_new_log
from equipoise.report.page import Rendered, render
from equipoise.trial.event import Event
from equipoise.trial.exhibits import Paragraph
from helpers import Answer
from phase1_trials import Running, day, trial

pytestmark = pytest.mark.thorough

CHROMIUM = Path("/usr/bin/chromium")
DESIGNS: dict[str, dict[str, Any]] = {
    "3+3": {"kind": "a-plus-b", "top": "a+b"},
    "boin": {"kind": "boin", "cohorts": 8},
    "tite-crm": {"kind": "crm", "skeleton": [0.08, 0.16, 0.25, 0.35], "tite": "linear"},
    "blrm": {"kind": "blrm", "reference": 90},
}
DOSES = (60, 75, 90, 112)
#: Patient, level, day of assignment, and what is otherwise: a DLT (term, grade, day of the window), lost, seen last, adjudicated.
COURSE: list[tuple[str, int, int, dict[str, Any]]] = [
    ("P01", 1, 1, {}), ("P02", 1, 4, {}), ("P03", 1, 9, {}),
    ("P04", 2, 31, {}), ("P05", 2, 35, {"lost": 6}), ("P06", 2, 38, {}), ("P07", 2, 42, {}),
    ("P08", 3, 70, {"toxic": ("neuropathy", 3, 12)}), ("P09", 3, 73, {}), ("P10", 3, 77, {}),
    ("P11", 3, 101, {"toxic": ("hypertension", 3, 6), "word": 8}), ("P12", 3, 104, {}), ("P13", 3, 110, {}),
    ("P14", 4, 140, {"toxic": ("neuropathy", 3, 14)}), ("P15", 4, 143, {}), ("P16", 4, 150, {"given": 8}),
]  # fmt: skip


def conducted(design: str, late: bool = False) -> Running:
    """``late``: a neuropathy of P02, on day 15 of his window, is recorded on day 60."""

    def change(raw: dict[str, Any]) -> None:
        raw["phase1"]["design"] = DESIGNS[design]
        if design in ("boin", "tite-crm"):
            raw["phase1"]["target"] = 0.25

    r = Running(trial(change))
    acts: list[tuple[int, int, Callable[[], object]]] = []
    for p, level, at, other in COURSE:
        acts.append((at, 1, lambda p=p, at=at, level=level: r.assigned_anyway(p, f"DL{level}", day(at))))  # type: ignore[misc]
        for n, cycle, of in ((0, 1, 1), (7, 1, 8), (21, 2, 1)):
            if n < other.get("lost", 99) and n < other.get("given", 99):
                acts.append(
                    (at + n, 2, lambda p=p, n=at + n, c=cycle, o=of, lev=level: r.dose(n, c, o, p, DOSES[lev - 1]))
                )  # type: ignore[misc]
        if "lost" in other:
            acts.append((at + other["lost"], 3, lambda p=p, n=at + other["lost"]: r.order("lost", day(n), p)))  # type: ignore[misc]
        if "toxic" in other:
            term, grade, n = other["toxic"]
            acts.append((at + n - 1, 0, lambda p=p, n=at + n - 1, t=term, g=grade: r.event(n, t, g, patient=p)))  # type: ignore[misc]
        if "word" in other:
            acts.append(
                (
                    at + other["word"],
                    0,
                    lambda p=p, n=at + other["word"]: r.order(
                        "dlt adjudicated", day(n), p, dlt=False, reason="known before"
                    ),
                )
            )  # type: ignore[misc]
    if late:
        acts.append((60, 0, lambda: r.event(18, "neuropathy", 3, day(60), "P02")))
    for n, _, act in sorted(acts, key=lambda a: a[:2]):
        if n <= 165:
            act()
    return r


def escalation(r: Running) -> Escalation:
    found = desk.report.escalation(r.trial, Data(r.c.log, cut(r.trial, r.c.log), None, r.trial))
    assert found is not None
    return found


def page_of(r: Running) -> Rendered:
    data = Data(r.c.log, cut(r.trial, r.c.log), None, r.trial)
    found = desk.report.findings("phase1-example", r.trial, data)
    assert isinstance(found, Findings)
    return render(trial_document(found))


@pytest.fixture(scope="module", params=sorted(DESIGNS))
def running(request: pytest.FixtureRequest) -> Running:
    return conducted(request.param)


@pytest.fixture(scope="module")
def rendered(running: Running) -> Rendered:
    return page_of(running)


def test_every_patient_is_in_a_lane_in_the_order_of_assignment(running: Running) -> None:
    f = escalation(running)
    figure = escalation_figure(f)
    lanes = [(lane.patient, lane.letter) for c in figure.cohorts for lane in c.lanes]
    assert lanes == [(p.patient, p.letter) for p in f.patients]
    assert [p for p, *_ in COURSE] == [p for p, _ in lanes]
    by = {lane.patient: lane for c in figure.cohorts for lane in c.lanes}
    assert (by["P08"].letter, by["P08"].dlt_day, by["P08"].note) == ("T", 12, "neuropathy 3, day 12")
    assert (by["P05"].letter, by["P05"].note) == ("X", "replaced: lost, day 7")
    assert (by["P11"].letter, by["P11"].note) == ("N", "no DLT, adjudicated: it was derived as one")
    assert (by["P16"].letter, list(by["P16"].doses)) == ("P", [1, 8])
    assert by["P16"].note == f"7 of 21 days, until {day(171)}"
    assert list(by["P01"].doses) == [1, 8]
    assert all(c.before for c in figure.cohorts)
    assert figure.cohorts[1].before.startswith(f"{day(31)}, known 1NNN: escalate to DL2")
    assert figure.after.startswith(f"{f.snap.cutoff}, the cut-off: {f.said[0]}")
    assert len(course_figure(f).points) == len(COURSE)


def test_the_decisions_are_as_known_on_their_day() -> None:
    """P08's DLT kept three more at the dose; P11's was none by the board's word of the day before P13 came."""
    f = escalation(conducted("3+3"))
    before = {c.heading: c.before for c in escalation_figure(f).cohorts}
    fourth = next(text for heading, text in before.items() if heading.startswith("Cohort 4"))
    assert "known 1NNN 2NXNN 3TNN: stay at DL3, 3 patients. 1 of 3 at dose 3" in fourth
    p13 = next(r for r in f.past if r.patient == "P13")
    assert p13.then.history.endswith("3TNN 3P:8P:0") or p13.then.history.endswith("3TNN 3P:7P:0"), p13.then.history
    assert str(p13.then) == str(p13.now) == "stay DL3"


def test_a_dlt_each_with_its_sentence(running: Running) -> None:
    f = escalation(running)
    rows = {str(r[0]): r for r in toxicities_table(f).rows}
    assert set(rows) == {"P08, DL3", "P11, DL3", "P14, DL4"}
    assert rows["P08, DL3"][1:4] == ["a DLT", 12, "no"]
    assert str(rows["P08, DL3"][4]).startswith("A DLT: neuropathy, grade 3, on day 12 of 21 (event ")
    assert rows["P11, DL3"][1] == "no DLT"
    assert "known before" in str(rows["P11, DL3"][4])
    others = others_table(f)
    assert others is not None
    assert [r[0] for r in others.rows] == ["P05, DL2", "P16, DL4"]


def test_where_each_dose_stands() -> None:
    tables = {name: doses_table(escalation(conducted(name))) for name in DESIGNS}
    for table in tables.values():
        assert [r[3] for r in table.rows] == ["0/3", "0/3", "1/6", "1/2"]
    assert tables["3+3"].columns[-1] == "Observed rate (95 % CI)"
    assert [r[6] for r in tables["3+3"].rows][2] == "0.17 (0.00\u00a0to\u00a00.64)"  # R: binom.test(1, 6)
    assert [r[7:] for r in tables["boin"].rows][2] == ["0.250 (0.04\u00a0to\u00a00.58)", "0.445"]
    assert tables["tite-crm"].columns[-1] == "Design's estimate"
    assert tables["blrm"].columns[-1] == "P(rate > 0.33)"


def test_the_cells_are_marked_in_which_the_doses_stand() -> None:
    grid = decision_grid(escalation(conducted("boin")))
    assert grid is not None
    assert [(n, y, label, now) for n, y, label, now in grid.marks] == [
        (3, 0, "DL1", False), (3, 0, "DL2", False), (6, 1, "DL3", False), (2, 1, "DL4", True),
    ]  # fmt: skip
    # BOIN at 0.25: 1 of 3 is above λd = 0.298, 1 of 6 below λe = 0.197, 2 of 9 between.
    assert (grid.cells[3, 1], grid.cells[6, 1], grid.cells[9, 2], grid.cells[3, 3]) == ("D", "E", "S", "X")
    small = decision_grid(escalation(conducted("3+3")))
    assert small is not None
    assert dict(small.cells) == {(3, 0): "E", (3, 1): "S", (3, 2): "X", (6, 0): "E", (6, 1): "E", (6, 2): "X"}
    assert decision_grid(escalation(conducted("tite-crm"))) is None


def test_the_way_from_here_begins_with_who_is_still_to_answer(running: Running) -> None:
    figure = paths_figure(escalation(running))
    assert figure is not None
    assert (figure.nodes[0].heading, figure.nodes[0].line) == ("1 to come", "at DL4")
    assert [label for a, _, label in figure.ways if a == 0] in (["0", "1"], ["0–1"])
    assert all(figure.nodes[a].depth + 1 == figure.nodes[b].depth for a, b, _ in figure.ways)
    reached = {0} | {b for _, b, _ in figure.ways}
    assert reached == set(range(len(figure.nodes)))


def test_flow_and_exposure_are_by_dose_level(running: Running, rendered: Rendered) -> None:
    f = escalation(running)
    flow = level_flow(f)
    assert [(a.label, a.boxes[0].n, a.boxes[2].n) for a in flow.arms] == [
        ("DL1, 60 mg/m2", 3, 3), ("DL2, 75 mg/m2", 4, 3), ("DL3, 90 mg/m2", 6, 6), ("DL4, 112 mg/m2", 3, 2),
    ]  # fmt: skip
    assert "Exposure by dose level" in rendered.html
    assert "Exposure by arm" not in rendered.html
    assert "Adverse events by dose level" in rendered.html
    assert "Adverse events by arm" not in rendered.html


def test_it_says_what_must_be_said(running: Running, rendered: Rendered) -> None:
    f, text = escalation(running), rendered.html
    for needed in (
        f.said[0], f.said[1], "Dose-limiting toxicities, each with its reason", "Where each dose stands", "The way from here", "What was known then, and now",
        "Delivered dose of IMGN901 by patient", "Why treatment ended", "DL1: 3, DL2: 4, DL3: 6, DL4: 3",
    ):  # fmt: skip
        assert needed in text, needed
    assert "`" not in text


def test_every_figure_is_told_in_words(rendered: Rendered) -> None:
    told = re.findall(r"<svg[^>]*>\s*<title[^>]*>([^<]*)</title><desc[^>]*>([^<]*)</desc>", rendered.html)
    assert len(told) == rendered.html.count("<svg")
    labels = [f"{title}. {said}" for title, said in told]
    lanes = next(x for x in labels if x.startswith("The escalation, patient by patient"))
    for said in ("P08 T, neuropathy 3, day 12", "P05 X, replaced: lost, day 7", "known 1NNN: escalate to DL2"):
        assert said in lanes
    assert any(x.startswith("The course of the escalation. P01 at DL1") for x in labels)
    assert any(x.startswith("The way from here. Now: 1 to come") for x in labels)


def test_a_late_report_is_a_caution_on_the_first_page() -> None:
    r = conducted("3+3", late=True)
    html = page_of(r).html
    assert "Caution. By what is known now" in html
    assert "P04 on 2010-12-10 (escalate DL2 then, stay DL1 now)" in html
    assert "By what is known now it would be another decision, see below." in html
    assert "Caution. By what is known now" not in page_of(conducted("tite-crm")).html.split('id="escalation"')[0]


def test_before_anybody_is_assigned(tmp_path: Path, equipoise: Callable[..., Answer]) -> None:
    path = tmp_path / "log.jsonl"
    write_new_log(path, Running().c.log)
    done = equipoise("report", "phase1-example", "--log", path, "--out", tmp_path / "out", "--json")
    assert done.status == 0, done.err
    html = (tmp_path / "out" / "report.html").read_text()
    assert "START: level 1, DL1 (IMGN901 60 mg/m2), 3 patients" in html
    assert "nobody yet" in html


def test_the_dose_that_phase_two_is_given() -> None:
    """What was set, by which decision; a caution where it is not what was recommended, or would be now."""
    f = escalation(conducted("3+3"))
    assert hand_over(f) == []
    said = {"cutoff": str(day(150)), "known_on": str(day(150)), "history": "1NNN 2NXNN 3TNN 3NNN", "action": "declare"}
    given = {
        "level": "DL3",
        "dose": 90,
        "unit": "mg/m2",
        "recommended": "DL3",
        "definition": "x",
        "head": "y",
        "decision": 300,
        **said,
    }
    at = f.snap.events[-1].recorded

    def told(*events: Event) -> list[Any]:
        return hand_over(replace(f, snap=replace(f.snap, events=[*f.snap.events, *events])))

    decided = Event(
        300, "decided", day(151), at, "board", data={"part": 1, "level": None, "recommended": "DL3", **said}
    )
    dose_set = Event(301, "dose set", day(152), at, "board", "as recommended", data=given)
    paragraph, facts, table = told(decided, dose_set)
    assert paragraph.text == f"Phase II is given DL3, 90 mg/m2, as set on {day(152)}."
    assert ("Set by", "board, event 301, by decision 300") in facts.rows
    assert [list(r) for r in table.rows] == [[str(day(151)), str(day(150)), said["history"], "declare", "none", "DL3"]]
    other = told(replace(dose_set, data={**given, "level": "DL4", "recommended": "DL2"}))
    assert [e.text for e in other if isinstance(e, Paragraph)][1:] == [
        "Caution. DL4 was set; the design recommended DL2.",
        "Caution. By what is known now the design recommends DL3; when the dose was set it was DL2.",
    ]


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed: the report was not opened in a browser")
def test_in_a_browser(running: Running, rendered: Rendered, tmp_path: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    page_file = tmp_path / "report.html"
    page_file.write_text(rendered.html)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(offline=True).new_page()
        complaints: list[str] = []
        page.on("console", lambda m: complaints.append(m.text))
        page.on("pageerror", lambda e: complaints.append(str(e)))
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(page_file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        for svg in page.locator("figure svg").all():
            assert svg.get_attribute("aria-labelledby")
        assert complaints == []
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        browser.close()
