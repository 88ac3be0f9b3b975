"""The exported check of a dose-finding design, asked of every convention and modifier of the shelf at a small size."""

from __future__ import annotations

from typing import Any

import pytest

from equipoise.design.dose import dose_shelf
from equipoise.design.dose.boin12 import Boin12
from equipoise.design.dose.conformance import faults_of
from equipoise.design.dose.dose_design import Seen

SMALL = {"target": 0.3, "doses": 3, "cohorts": 3}
CRM = {"target": 0.25, "skeleton": (0.1, 0.25, 0.4), "cohorts": 3}
BLRM = {"levels": (60.0, 90.0, 112.0), "reference": 90.0, "cohorts": 2}
BOIN12 = {"phi_t": 0.35, "phi_e": 0.25, "doses": 2, "cohorts": 2}
FOUR = {"expansion": {"n": 4}}
OPEN = {"backfill": {"cap": 6, "needs_response": False}}
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("a-plus-b", {"doses": 3, "deescalate": True}),
    ("rolling-six", {"doses": 3, "convention": "iq"}),
    ("boin", {**SMALL, "tite": "imputation"}),
    ("boin", {**SMALL, "tite": "ess"}),
    ("boin", {**SMALL, "n_stop": 6, "n_stop_reading": "reached"}),
    ("boin", {**SMALL, "extra_safe": True}),
    ("keyboard", {**SMALL, "tie": "up"}),
    ("crm", {**CRM, "model": "logistic"}),
    ("crm", {**CRM, "prior": "exponential"}),
    ("crm", {**CRM, "method": "likelihood"}),
    ("crm", {**CRM, "tite": "adaptive"}),
    ("crm", {**CRM, "no_skip": "no", "coherent": "no"}),
    ("crm", {**CRM, "stop_if_above": 0.25}),
    ("blrm", {**BLRM, "choice": "highest"}),
    ("boin12", {**BOIN12, "inadmissible": "last branch", "choose": "next"}),
    ("boin12", {**BOIN12, "u2": 30}),
    ("boin", {**SMALL, **FOUR}),
    ("boin", {**SMALL, **OPEN}),
    ("boin", {**SMALL, "backfill": {"cap": 6}}),
    ("boin", {**SMALL, **OPEN, **FOUR}),
    ("keyboard", {**SMALL, **OPEN}),
    ("a-plus-b", {"doses": 3, **FOUR}),
    ("rolling-six", {"doses": 3, **FOUR}),
    ("crm", {**CRM, **FOUR}),
    ("blrm", {**BLRM, **FOUR}),
    ("boin12", {**BOIN12, **FOUR}),
    ("boin-combination", {"target": 0.3, "first": 2, "second": 2, "cohorts": 2, **FOUR}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "said"), ASKED, ids=lambda x: x if isinstance(x, str) else "")
def test_each_conforms(kind: str, said: dict[str, Any]) -> None:
    assert faults_of(dose_shelf.build(kind, said), 2_000) == []


def test_outcomes_that_are_called_alike_lead_to_one_state() -> None:
    class Careless(Boin12):
        def alike(self, seen: Seen) -> Seen:
            return Seen(seen.n - seen.dlt, seen.dlt)

    design = Careless(phi_t=0.35, phi_e=0.25, doses=1, cohorts=1)
    assert faults_of(design) == ["alike() takes for one what leads to two states"]
    assert faults_of(Boin12(phi_t=0.35, phi_e=0.25, doses=1, cohorts=1)) == []
