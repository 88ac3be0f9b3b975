"""docs/conformance.md is what docs/conformance.json holds, and no finding of CORE stands there without a verdict."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT / "conformance")])
    import core_report

    return core_report


@pytest.fixture
def found() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((ROOT / "docs/conformance.json").read_text(encoding="utf-8"))
    return read


@pytest.mark.snapshot
def test_the_page_is_the_record(report: Any, found: dict[str, Any]) -> None:
    assert (ROOT / "docs/conformance.md").read_text(encoding="utf-8") == report.page(found)


def test_no_finding_is_without_a_verdict(report: Any, found: dict[str, Any]) -> None:
    assert report.open_findings(found) == []
    for one in found["sets"].values():
        assert one["rules"]["not executed"] == 0
        assert one["rules"]["passed"] > 200
        for f in one["findings"]:
            assert f["verdict"] in ("false", "of the data")
            assert f["why"]


def test_a_verdict_is_of_a_finding_that_is_there(report: Any, found: dict[str, Any]) -> None:
    """A verdict that no finding needs any more goes."""
    there = {(f["rule"], f["dataset"]) for one in found["sets"].values() for f in one["findings"]}
    for v in report.verdicts():
        assert any(v["rule"] == rule and v.get("dataset", dataset) == dataset for rule, dataset in there), v


def test_what_nobody_judged_is_told(report: Any) -> None:
    rules = [{"core_id": "CORE-9", "cdisc_rule_id": "", "fda_rule_id": "FB9", "status": "ISSUE REPORTED"}]
    issue = {"core_id": "CORE-9", "dataset": "DM", "issues": 2, "message": "wrong | so"}
    one = report.summary(
        {"Rules_Report": rules, "Issue_Summary": [issue], "Dataset_Details": []}, "a set", report.verdicts()
    )
    assert one["findings"][0]["verdict"] == report.OPEN
    assert report.open_findings({"sets": {"a set": one}}) == ["a set: CORE-9 DM (2): wrong | so"]
    assert "wrong \\| so" in report.page({"sets": {"a set": one}})
