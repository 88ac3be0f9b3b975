"""Estimands and amendments of CDISC's pilot, in words."""

from __future__ import annotations

from equipoise.standards.usdm.kept_texts import kept
from equipoise.standards.usdm.to_trial import to_trial
from usdm_cases import document


def test_the_pilots_estimand_and_amendment_stand_in_the_trial_file() -> None:
    taken = to_trial(document("cdisc_pilot"))
    texts = taken.raw["protocol"]["text"]
    assert "Temporary Treatment Interruption: Treatment Policy" in texts["3.1"]
    assert "Group mean changes from baseline in the primary efficacy parameters." in texts["3.1"]
    assert "The primary objectives of this study are" in texts["3.1"], "the document's own text stands before"
    assert texts["12.3"].endswith("Amendment 1. Summary: Updated inclusion criteria. Reasons: IRB/IEC Feedback; Fix typographical errors.")  # fmt: skip
    assert not {"Estimand", "StudyAmendment"} & {what for what, _ in taken.unheld}


def test_nothing_is_said_where_there_is_none() -> None:
    assert kept({}, {}) == {}
