"""A finished table in which death competes with the event: what R's cmprsk says of it, and a caution beside Kaplan–Meier."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers import FIXTURES, Answer

TRIAL = FIXTURES / "tables" / "competing_trial.toml"


@pytest.mark.independent
def test_the_incidence_is_that_of_cmprsk(equipoise: Callable[..., Answer]) -> None:
    """Source: ``fixtures/r/competing_table.R``."""
    r = json.loads((FIXTURES / "r" / "competing_table.json").read_text())
    said = equipoise("analyse", TRIAL, "--json").json
    found = said["endpoints"]["TTP"]["incidence"]
    for arm, incidence in r["incidence"].items():
        assert found["arms"][arm]["day"] == 365
        assert found["arms"][arm]["incidence"] == pytest.approx(incidence, rel=1e-12)
    assert found["comparisons"]["B vs A"]["chi2"] == pytest.approx(r["gray"]["chi2"], rel=1e-12)
    assert found["comparisons"]["B vs A"]["p"] == pytest.approx(r["gray"]["p"], rel=1e-10)
    assert "One minus Kaplan–Meier then overstates" in said["cautions"]["TTP"]


def test_a_caution_stands_wherever_kaplan_meier_does(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    """In the table of times, in that of the incidence, and under the curves of the report."""
    page = " ".join(equipoise("analyse", TRIAL).out.split())
    assert "28.3% (17.6 to 40.0), day 365" in page
    assert "25.0% (14.9 to 36.4), day 365" in page
    assert "2.506 (unstratified)" in page
    table, rest = page.split("Cumulative incidence where another event competes")
    assert "death censors, though it precludes the event. One minus Kaplan–Meier then overstates" in table
    assert "overstates how many come to have the event" in rest
    assert equipoise("report", TRIAL, "--out", tmp_path / "page").status == 0
    assert "One minus Kaplan–Meier then overstates" in (tmp_path / "page" / "report.html").read_text()


def test_a_zero_beside_a_one_needs_another_rule_that_speaks(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    """`pstat = 0` is no progression, for `death` says how the patient was last seen; a row of which nothing is said is a problem."""
    text = TRIAL.read_text()
    first = text.index("[[table.rules]]")
    second = text.index("[[table.rules]]", first + 1)
    (tmp_path / "trial.toml").write_text(text[:second])
    table = FIXTURES / "tables" / "competing.csv"
    found = equipoise("analyse", tmp_path / "trial.toml", "--table", table, "--json")
    (problem,) = found.json["error"]["problems"]
    assert (problem["code"], problem["given"]) == ("unknown-value", "'0'")
    (tmp_path / "odd.csv").write_text(table.read_text().replace("\n1,B,8.2,0,", "\n1,B,8.2,2,"))
    found = equipoise("analyse", TRIAL, "--table", tmp_path / "odd.csv", "--json")
    (problem,) = found.json["error"]["problems"]
    assert (problem["code"], problem["where"]) == ("unknown-value", "row 2.pstat")
