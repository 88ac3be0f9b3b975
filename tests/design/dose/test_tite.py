"""Designs that decide while patients are pending: against published thresholds, TITEgBOIN, and dfcrm."""

from __future__ import annotations

from typing import Any

import pytest

from design.dose.oracles import reals, rows, wholes
from equipoise.design.dose import dose_shelf
from equipoise.design.dose.counts import Counts
from equipoise.design.dose.dose_design import DoseVerdict, End
from equipoise.design.dose.history import answer
from equipoise.design.dose.interval import DOWN, UP
from equipoise.design.dose.meanwhile import Meanwhile, Wait, asked
from equipoise.trial.dose_outcomes import read_outcomes
from equipoise.trial.problem import BadInput


def boin(**said: Any) -> Any:
    return dose_shelf.build("boin", {"doses": 5, "cohorts": 100, **said})


def moved(design: Any, n: int, y: int, pending: int, followed: float) -> int:
    return int(design.by_rate(*design.effective(n, y, pending, followed)))


@pytest.mark.published
def test_thresholds_of_follow_up_that_are_printed() -> None:
    for r in rows("tite_boin_published"):
        design, at = boin(target=float(r["target"]), tite="imputation"), float(r["stft"])
        n, y, pending = (int(r[k]) for k in ("n", "dlt", "pending"))
        word = UP if r["decision"].startswith("escalate") else DOWN
        # Printed with two digits: within one of the last.
        more, less = moved(design, n, y, pending, at + 0.015), moved(design, n, y, pending, at - 0.015)
        assert (more == word, less == word) == (word == UP, word == DOWN), r


@pytest.mark.independent
def test_thresholds_of_follow_up() -> None:
    compared = 0
    for r in rows("tite_boin_thresholds"):
        design = boin(target=float(r["target"]), tite="imputation")
        n, y, pending = (int(r[k]) for k in ("n", "dlt", "pending"))
        assert design.suspended(n, pending) == (r["suspend"] == "yes")
        for word, key in ((UP, "escalate_at"), (DOWN, "deescalate_at")):
            at_ends = {moved(design, n, y, pending, s) == word for s in (0, pending)}
            if r[key] in ("always", "never"):
                assert at_ends == {r[key] == "always"}, r
                continue
            edge = float(r[key])
            above, below = (moved(design, n, y, pending, edge + d) == word for d in (2e-4, -2e-4))
            assert (above, below) == (word == UP, word == DOWN), r
            compared += 1
    assert compared > 50


def pending_of(r: dict[str, str]) -> tuple[Counts, Meanwhile]:
    """Total follow-up is what is told: it is shared among those who are pending."""
    n, pending, y, days = (reals(r[k]) for k in ("n", "pending", "y", "follow_up_of_pending_days"))
    window = float(r["window"])
    waiting = [(d, days[d - 1] / c / window) for d, c in enumerate(pending, 1) for _ in range(int(c))]
    answered = tuple(int(a - b) for a, b in zip(n, pending, strict=True))
    return Counts(answered, tuple(map(int, y)), int(r["current"]), len(n) + 1, 1), Meanwhile(tuple(waiting))


@pytest.mark.independent
def test_the_next_dose_by_effective_sample_size() -> None:
    compared = 0
    for r in rows("tite_boin_ess_next"):
        design = boin(target=float(r["target"]), tite="ess")
        state, known = pending_of(r)
        found = asked(design, state, known)
        if r["stop"] == "1":
            assert isinstance(found, DoseVerdict), r
            assert found.action == End("too toxic", declares=False), r
        elif r["suspend"] == "1":
            assert isinstance(found, Wait), r
        else:
            assert isinstance(found, DoseVerdict), (r, found)
            assert not isinstance(found.action, End), r
            assert found.action.dose == int(r["next_dose"]), r
        compared += 1
    assert compared > 250


def test_with_everybody_answered_each_form_is_boin() -> None:
    plain = boin(target=0.3)
    for tite in ("imputation", "ess"):
        design = boin(target=0.3, tite=tite)
        for text in ("1NNN", "1NTN", "1NNN 2NTT", "1NNN 2NNN 3TTT", "1TTT", "1XXX"):
            assert answer(design, read_outcomes(text)) == answer(plain, read_outcomes(text))


def test_nobody_evaluable_is_no_reason_to_go_higher() -> None:
    for kind in dose_shelf.kinds():
        example = dict(dose_shelf.one(kind).example)
        level = "1.1" if dose_shelf.one(kind).family == "combinations" else "1"
        found = answer(dose_shelf.build(kind, example), read_outcomes(level + "XXX"))
        if kind == "dose-comparison":  # the next dose is drawn
            assert (found.action, found.dose, found.places) == ("randomise", None, (15, 15))
            continue
        assert (found.action, str(found.dose), found.recommend) == ("stay", level, None), kind


def test_a_history_with_pending_patients() -> None:
    design = boin(target=0.3, tite="ess")
    found = answer(design, read_outcomes("1NNN 2NNP:20"), window=28)
    assert (found.action, found.dose) == ("escalate", 3)
    assert answer(design, read_outcomes("1NNN 2NP:3P:20"), window=28).action == "wait"
    lowest = answer(design, read_outcomes("1TNP:14"), window=28)
    assert lowest.action == "wait"
    assert "no lower dose" in lowest.because[0]
    assert (
        answer(boin(target=0.3, tite="ess", wait_at_lowest=False), read_outcomes("1TNP:14"), window=28).action == "stay"
    )
    # The trial has had its patients: it ends when all are known.
    full = boin(target=0.3, tite="ess", cohorts=1)
    assert answer(full, read_outcomes("1NNP:20"), window=28).action == "wait"
    assert answer(full, read_outcomes("1NNN"), window=28).action == "declare"


@pytest.mark.parametrize(("text", "window", "where"), [
    ("1NNP:20", None, ["--window"]),
    ("1NP:28P:40", 28.0, ["patient 2 of cohort 1 at dose 1, followed for 28 days", "patient 3 of cohort 1 at dose 1, followed for 40 days"]),
    ("1NT:30P:4", 28.0, ["outcomes"]),
])  # fmt: skip
def test_what_a_history_in_time_may_not_be(text: str, window: float | None, where: list[str]) -> None:
    with pytest.raises(BadInput) as bad:
        answer(boin(target=0.3, tite="ess"), read_outcomes(text), window)
    assert [p.where for p in bad.value.problems] == where


@pytest.mark.independent
def test_weights_and_estimates_of_dfcrm() -> None:
    for r in rows("titecrm_fits"):
        skeleton, window = reals(r["skeleton"]), float(r["obswin"])
        levels, tox, days = wholes(r["level"]), wholes(r["tox"]), reals(r["followup"])
        said = {"target": float(r["target"]), "skeleton": skeleton, "model": r["model"], "tite": r["scheme"]}
        design: Any = dose_shelf.build("crm", said)
        every = list(zip(levels, tox, days, strict=True))
        dlts = tuple(u / window for _, y, u in every if y)
        weights = [1.0 if y or u >= window else design.weight(u / window, dlts) for _, y, u in every]
        assert weights == pytest.approx(reals(r["weights"]), abs=1e-7), r["case"]
        answered = [(d, y) for d, y, u in every if y or u >= window]
        n, dlt = (
            tuple(sum(d == k and (w or y) for d, y in answered) for k in range(1, len(skeleton) + 1))
            for w in (True, False)
        )
        pending = tuple((d, u / window) for d, y, u in every if not (y or u >= window))
        state = Counts(n, tuple(map(int, dlt)), levels[-1], len(skeleton) + 1, len(levels))
        assert design.ptox(state, Meanwhile(pending, dlts)) == pytest.approx(reals(r["ptox"]), abs=2e-5), r["case"]
