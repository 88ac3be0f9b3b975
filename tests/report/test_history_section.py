"""The report's section on historical controls: the arms with their sources, the forest plot, the hurdle with its uncertainty."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from equipoise.analyse.analysis import analyse
from equipoise.design import shelf
from equipoise.dossier.document import trial_document
from equipoise.dossier.efficacy import efficacy
from equipoise.dossier.findings import Findings
from equipoise.dossier.history import history
from equipoise.files.history_file import library_of
from equipoise.history.hurdle import hurdle
from equipoise.history.pooling import pool_library, prediction_of
from equipoise.history.provenance import choice_of
from equipoise.simulate.run import run
from equipoise.trial.exhibits import Exhibit, Facts, ForestFigure, Paragraph, Table
from equipoise.trial.snapshot import snapshot


@pytest.fixture(scope="module")
def findings(plan: Any) -> Findings:
    p = plan("target")
    virtual = run(p, 0, detail=True)
    snap = snapshot(virtual.log, virtual.looks[-1].cutoff)
    return Findings(p.trial, snap, analyse(p.trial, snap), (), library=library_of(p.trial, "north"))


def texts(shown: list[Exhibit], tone: str = "plain") -> list[str]:
    return [e.text for e in shown if isinstance(e, Paragraph) and (e.tone == tone)]


@pytest.mark.thorough
def test_the_arms_and_where_they_stand(findings: Findings) -> None:
    shown = history(findings)
    table = next(e for e in shown if isinstance(e, Table))
    assert findings.library is not None
    pooled = pool_library(findings.library, choice_of(findings.trial))
    assert len(table.rows) == len(pooled.arms) == 5
    for row, a in zip(table.rows, pooled.arms, strict=True):
        of = findings.library.arm_by_name[a.arm]
        assert of.citation in str(row[-1])
        assert of.doi in str(row[-1])
        assert row[-2] == a.verified
        assert str(row[1]).startswith(str(of.n))
    assert sum(float(str(row[4]).split()[0]) for row in table.rows) == pytest.approx(100, abs=2.5)
    forest = next(e for e in shown if isinstance(e, ForestFigure))
    assert forest.mark == (0.44, "p0 = 0.44")
    assert [r.kind for r in forest.rows] == ["arm"] * 5 + ["mean", "prediction"]


def test_the_hurdle_as_a_sentence(findings: Findings) -> None:
    """Its figures are those of the hurdle itself."""
    assert findings.library is not None
    assert findings.trial.design is not None
    pooled = pool_library(findings.library, choice_of(findings.trial))
    control = prediction_of(list(pooled.arms))
    found = hurdle(findings.trial.design, control)
    sentence = next(t for t in texts(history(findings)) if "is the trial's decision" in t)
    low, high = control.quantile(0.025), control.quantile(0.975)
    assert f"95 % prediction interval {100 * low:.1f} % to {100 * high:.1f} %" in sentence
    assert f"{found.type_one_stated:.4f} at p0, and {found.type_one_averaged:.4f} averaged" in sentence
    assert found.calibrated is not None
    assert f"more than {found.calibrated.r} successes would be needed in place of more than 42" in sentence
    tables = [e.title for e in history(findings) if isinstance(e, Table)]
    assert tables[1:3] == ["The control rate that history allows", "Errors of the design"]
    assert any("prespecified: a robust" in t for t in texts(history(findings)))


@pytest.mark.thorough
def test_what_is_not_there_is_left_out_or_said(findings: Findings) -> None:
    trial = findings.trial
    bare = history(replace(findings, library=None))
    assert not [e for e in bare if isinstance(e, Table | ForestFigure)]
    assert [k for e in bare if isinstance(e, Facts) for k, _ in e.rows] == [
        "Controls", "Historical rate", "Curve of PFS", "Curve of OS",
    ]  # fmt: skip
    no_design = history(replace(findings, trial=trial.model_copy(update={"design": None})))
    assert any(isinstance(e, ForestFigure) and e.mark is None for e in no_design)
    assert not any(isinstance(e, Table) and e.title == "Errors of the design" for e in no_design)
    about = shelf.one("one-sample-logrank")
    other = history(replace(findings, trial=trial.designed(shelf.build(about.name, about.example))))
    assert any("no hurdle to be uncertain of" in t for t in texts(other, "caution"))
    assert trial.history is not None
    assert trial.history.library is not None
    lone = trial.history.model_copy(
        update={"library": trial.history.library.model_copy(update={"arms": ("Lara-2009-EP",)})}
    )
    alone = history(replace(findings, trial=trial.model_copy(update={"history": lone})))
    assert any("One arm says nothing of how much trials differ" in t for t in texts(alone, "caution"))
    unread = trial.history.model_copy(
        update={"library": trial.history.library.model_copy(update={"arms": ("Socinski-2009-CE",)})}
    )
    nobody = history(replace(findings, trial=trial.model_copy(update={"history": unread})))
    assert any("cannot be pooled" in t and "1 arm or more" in t for t in texts(nobody, "caution"))
    assert history(replace(findings, trial=trial.model_copy(update={"history": None}))) == []


def test_times_have_their_three_answers_too(findings: Findings) -> None:
    shown = efficacy(findings)
    titles = [e.title for e in shown if isinstance(e, Table)]
    for of in ("Progression-free at 6 months", "Progression-free survival", "Overall survival"):
        assert any(t.startswith(f"{of}: three answers") for t in titles), of
    assert sum("published arms as events and time at risk" in t for t in titles) == 2
    forests = [e.title for e in shown if isinstance(e, ForestFigure)]
    assert sum("in subgroups" not in t for t in forests) == 3
    assert [t for t in forests if "in subgroups" in t] == [
        "Progression-free survival in subgroups: IMGN901 + carboplatin/etoposide against Carboplatin/etoposide"
    ]
    answers = [e for e in shown if isinstance(e, Table) and "three answers" in e.title]
    assert all(t.notes[-1] == "Borrowing: as prespecified in the trial file." for t in answers)
    assert all(len(t.rows) == 3 for t in answers)
    assert "1.0000" not in [row[2] for t in answers for row in t.rows]
    names = [s.name for s in trial_document(findings).sections]
    assert names.index("history") == names.index("design") + 1
