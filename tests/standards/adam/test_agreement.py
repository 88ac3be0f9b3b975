"""Every parameter of admiral's ADRS and ADTTE, cell by cell, for all subjects of the field's test data."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from adam_cases import DOCS
from equipoise.standards.adam.agreement import Agreement, compare
from equipoise.standards.adam.build import by_admiral
from equipoise.trial.snapshot import snapshot
from onco_data import ONCO, onco_log, rows


@pytest.fixture(scope="module")
def agreement() -> Agreement:
    snap = snapshot(onco_log(), date(2026, 11, 25), fingerprint=False)
    return compare(by_admiral(snap), rows(ONCO / "adam" / "adrs_onco.csv"), rows(ONCO / "adam" / "adtte_onco.csv"))


@pytest.mark.independent
def test_all_of_admirals_parameters(agreement: Agreement) -> None:
    assert agreement.patients == 152
    assert sum(agreement.records.values()) == 1841 + 255
    assert agreement.unexplained == []
    # What differs is what the docs say, and no more.
    assert Counter((d.parameter, d.variable) for d in agreement.differences) == {("MDIS", "RANDDT"): 126}


@pytest.mark.independent
def test_docs_show_the_table(agreement: Agreement) -> None:
    text = DOCS.read_text()
    for row in agreement.table().rows:
        assert "| " + " | ".join(str(c) for c in row) + " |" in text
