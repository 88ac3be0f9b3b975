"""EffTox's posteriors of many histories at once against each history's own; pathways are the same with them as without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from equipoise.design.dose import dose_shelf, efftox
from equipoise.design.dose.dose_design import Seen
from equipoise.design.dose.efftox_many import MOST_PATIENTS, History, ManyFits
from equipoise.design.dose.efftox_model import EfftoxModel
from equipoise.design.dose.exact import results
from equipoise.design.dose.paths import pathways

MATCHPOINT = dict(dose_shelf.one("efftox").example)
#: Thall and others 2014; with an association that is not about 0, so that odd powers count.
THALL = EfftoxModel(
    (1, 2, 4, 6.6, 10), (-7.9593, 3.5487), (1.5482, 3.5018), (0.7367, 2.5423), (3.4181, 2.4406), (0, 0.2), (0.8, 1)
)


def histories(doses: int, seed: int) -> list[History]:
    rng = np.random.default_rng(seed)
    found = []
    for cohorts in range(1, 5):
        cells = np.zeros((doses, 4), int)
        for _ in range(cohorts):
            cells[rng.integers(doses)] += rng.multinomial(3, rng.dirichlet((1, 1, 1, 1)))
        found.append(tuple((a, b, c, d) for a, b, c, d in cells.tolist()))
    return found


@pytest.mark.independent
@pytest.mark.parametrize("which", ["matchpoint", "thall"])
def test_many_at_once_are_those_of_each(which: str) -> None:
    design: Any = dose_shelf.build("efftox", MATCHPOINT)
    model = design.model if which == "matchpoint" else THALL
    asked = histories(len(model.levels), 7)
    found = ManyFits(model, 0.35, 0.5).known(asked)
    for history, mine in zip(asked, found, strict=True):
        own = model.fit(*zip(*history, strict=True), 0.35, 0.5)
        assert mine[0] == pytest.approx(own.response, abs=2e-5)
        assert mine[1] == pytest.approx(own.dlt, abs=2e-5)
        assert mine[2] == pytest.approx(own.works, abs=1e-4)
        assert mine[3] == pytest.approx(own.safe, abs=1e-4)


def test_pathways_are_the_same_foreseen_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {**MATCHPOINT, "cohorts": 10}
    one: Any = dose_shelf.build("efftox", said)
    foreseen = pathways(one, one.start(), 1)
    assert len(one._fits) >= 15
    monkeypatch.setattr(efftox, "_FEW", 1000)
    other: Any = dose_shelf.build("efftox", said)
    for a, b in zip(foreseen, pathways(other, other.start(), 1), strict=True):
        assert (a.state, a.verdict.action, a.verdict.bound, a.recommend, a.ways) == (
            b.state,
            b.verdict.action,
            b.verdict.bound,
            b.recommend,
            b.ways,
        )


def test_what_is_decided_by_a_hair_is_left_to_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    one: Any = dose_shelf.build("efftox", {**MATCHPOINT, "cohorts": 10})
    first = [one.step(one.start(), 3, seen) for seen, _ in results(3, of_response=True)]
    monkeypatch.setattr(efftox, "_HAIR", 1.0)
    one.foresee(first)
    assert not one._fits
    monkeypatch.setattr(efftox, "_HAIR", 1e-4)
    one.foresee(first)
    assert len(one._fits) > 10
    known = dict(one._fits)
    one.foresee(first)
    assert one._fits == known


def test_what_is_too_many_patients_is_left_to_the_model() -> None:
    one: Any = dose_shelf.build("efftox", {**MATCHPOINT, "cohorts": 10})
    state = one.start()
    for _ in range(MOST_PATIENTS // 3 + 1):
        state = one.step(state, 3, Seen(1, 1, 1, 0))
    one.foresee([one.step(state, 3, seen) for seen, _ in results(3, of_response=True)])
    assert not one._fits
