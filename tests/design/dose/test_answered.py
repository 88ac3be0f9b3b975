"""Exact months to the last answer: by hand for one patient and two, and as simulated trials have them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from equipoise.design.dose import dose_shelf
from equipoise.design.dose.answered import months_to_the_last_answer, wait
from equipoise.design.dose.behaviour import behaviour
from equipoise.design.dose.exact import DoseTruth
from equipoise.design.dose.simulated import Calendar, simulate


def test_a_wait_by_hand() -> None:
    assert wait(3, 0.0, Calendar(3, 1)) == pytest.approx(1, abs=1e-6)  # nobody has a DLT: the last one's window
    assert wait(1, 1.0, Calendar(3, 1)) == pytest.approx(0.5, abs=1e-6)  # a DLT, uniform in the window
    # Two, both with a DLT: max(U, V - gap), of which P(<= t) = t (1 - e^{-a(1-t)})/a ... summed.
    a, n = 3.0, 20_000
    t = [(k + 0.5) / n for k in range(n)]
    at_most = [x * (x + (1 - math.exp(-a * (1 - x))) / a) for x in t]
    assert wait(2, 1.0, Calendar(a, 1)) == pytest.approx(sum(1 - p for p in at_most) / n, abs=1e-5)


@pytest.mark.independent
@pytest.mark.parametrize(
    ("kind", "said"), [("boin", {"target": 0.3, "cohorts": 4}), ("a-plus-b", {}), ("boin", {"target": 0.3, "cohort": 2, "cohorts": 5})]
)  # fmt: skip
def test_months_are_what_simulated_trials_take(kind: str, said: dict[str, Any]) -> None:
    design, truth = dose_shelf.build(kind, {"doses": 3, **said}), DoseTruth((0.1, 0.3, 0.5))
    calendar = Calendar(4, 0.9, late=0.7)
    found = months_to_the_last_answer(design, behaviour(design, truth), calendar)
    assert found is not None
    s = simulate(design, truth, 400, 1, calendar)
    assert s.months is not None
    assert s.months_error is not None
    assert s.turned_away is not None
    assert abs(found[0] - s.months) < 4 * s.months_error
    assert found[1] == pytest.approx(s.turned_away, rel=0.1)


def test_a_design_that_decides_meanwhile_has_none() -> None:
    design = dose_shelf.build("rolling-six", {"doses": 3})
    truth = DoseTruth((0.1, 0.3, 0.5))
    c = simulate(design, truth, 5, 1, Calendar(4, 1))
    assert months_to_the_last_answer(design, c, Calendar(4, 1)) is None
