"""BOIN for two drugs against R's, and its own conventions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, minimize

from design.dose.oracles import rows, wholes
from equipoise.design.dose import dose_shelf
from equipoise.design.dose.counts import Counts
from equipoise.design.dose.dose_design import End, Seen
from equipoise.design.dose.history import answer
from equipoise.design.dose.isotonic_grid import grid_rates
from equipoise.trial.dose_outcomes import read_outcomes
from equipoise.trial.problem import BadInput


def design(first: int, second: int, **said: Any) -> Any:
    return dose_shelf.build(
        "boin-combination", {"target": 0.3, "first": first, "second": second, "cohorts": 100, **said}
    )


def state_of(r: dict[str, str], at: int = 1) -> Counts:
    n = wholes(r["n_by_row"])
    return Counts(n, wholes(r["y_by_row"]), at, len(n) + 1, 1)


@pytest.mark.independent
def test_the_next_combination_of_r() -> None:
    found = rows("boin_comb_next")
    assert len(found) > 140
    elsewhere = 0
    for r in found:
        for tie in ("first", "second"):
            ours = design(int(r["rows"]), int(r["cols"]), tie=tie)
            action = ours.verdict(state_of(r, ours.number(wholes(r["current"])))).action
            stop = "NA" in r["nxt"]
            if ours.too_toxic(state_of(r), (1, 1)) and wholes(r["current"]) != (1, 1):
                # The package asks (1, 1) only where it is the current one; its own trials had ended before.
                assert action == End("too toxic", declares=False)
                elsewhere += 1
                continue
            assert isinstance(action, End) == stop, r
            if not isinstance(action, End):
                assert ours.cell(action.dose) == wholes(r["nxt"]), r
    assert elsewhere == 2  # one row, by either tie


@pytest.mark.independent
def test_the_combination_that_r_names() -> None:
    found = rows("boin_comb_select")
    assert len(found) > 90
    for r in found:
        ours = design(int(r["rows"]), int(r["cols"]), selection="row and column")
        chosen = ours.recommend(state_of(r))
        assert (ours.cell(chosen) if chosen else None) == (None if "99" in r["mtd"] else wholes(r["mtd"])), r


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3), st.integers(1, 3), st.data())
def test_monotone_estimates_are_the_closest_ones(first: int, second: int, data: Any) -> None:
    """The same minimum as a general optimiser finds under the same constraints."""
    cells = first * second
    n = data.draw(st.lists(st.integers(0, 9), min_size=cells, max_size=cells))
    y = [data.draw(st.integers(0, m)) for m in n]
    found = np.array(grid_rates(tuple(n), tuple(y), (first, second)))
    grid = found.reshape(first, second)
    assert (np.diff(grid, axis=0) >= -1e-12).all()
    assert (np.diff(grid, axis=1) >= -1e-12).all()
    w, p = np.array(n) + 0.1, (np.array(y) + 0.05) / (np.array(n) + 0.1)
    steps = [
        (a, b) for a in range(cells) for b in range(cells) if b in ((a + 1) if (a + 1) % second else -1, a + second)
    ]
    if steps:
        rows_ = np.zeros((len(steps), cells))
        for k, (a, b) in enumerate(steps):
            rows_[k, a], rows_[k, b] = -1, 1
        best = minimize(
            lambda x: float(w @ (x - p) ** 2), np.full(cells, p.mean()), jac=lambda x: 2 * w * (x - p), method="SLSQP",
            constraints=LinearConstraint(rows_, 0), options={"ftol": 1e-14, "maxiter": 500},
        )  # fmt: skip
        assert float(w @ (found - p) ** 2) <= best.fun + 1e-6


def test_what_is_eliminated_at_the_end_is_a_convention() -> None:
    text = "1.1NNN 1.2TTT 2.1NNN 2.2NNN 2.3NTN"
    safe, package = (design(2, 3, selection=s) for s in ("block", "row and column"))
    assert answer(safe, read_outcomes(text)).recommend == "2.1"
    assert answer(package, read_outcomes(text)).recommend == "2.3"
    assert package.cautions
    assert not safe.cautions


def test_in_the_notation() -> None:
    ours = design(2, 3)
    found = answer(ours, read_outcomes("1.1NNN"))
    assert (found.action, found.dose, found.recommend) == ("escalate", "2.1", "1.1")
    assert answer(design(2, 3, tie="second"), read_outcomes("1.1NNN")).dose == "1.2"
    assert answer(ours, read_outcomes("1.1TTT")).action == "stop"
    assert answer(ours, read_outcomes("1.1NNN 2.1TTT")).dose == "1.1"
    with pytest.raises(BadInput) as bad:
        answer(ours, read_outcomes("1.1NNN 3.1NNN 1.4N"))
    assert [p.where for p in bad.value.problems] == ["cohort 2", "cohort 3"]
    with pytest.raises(BadInput) as bad:
        answer(ours, read_outcomes("1NNN"))
    assert [p.where for p in bad.value.problems] == ["cohort 1"]
    warned = answer(ours, read_outcomes("1.1NNN 1.2TTT 2.2NNN"))
    assert any("eliminated" in c for c in warned.cautions)
    state = ours.step(ours.start(), 1, Seen(0, 3))
    assert ours.gone(state) == (1, 2, 3, 4, 5, 6)
