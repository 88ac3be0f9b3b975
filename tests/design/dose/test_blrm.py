"""The two-parameter logistic model against other quadratures and SAS, and its design's rules."""

from __future__ import annotations

import math
from typing import Any

import pytest

from design.dose.oracles import reals, rows, wholes
from equipoise.design.dose import dose_shelf
from equipoise.design.dose.blrm_model import BlrmModel
from equipoise.design.dose.dose_design import End, Give, Seen
from equipoise.trial.problem import BadInput


def shares(model: BlrmModel, w: Any, dose: float) -> tuple[float, float, float, float]:
    under, within, excessive = (model.below(w, (dose,), cut)[0] for cut in (0.2, 0.35, 0.6))
    return under, within - under, excessive - within, 1 - excessive


@pytest.mark.independent
def test_posteriors_of_sas_and_of_another_quadrature() -> None:
    for r in rows("blrm_sas"):
        va, vb = float(r["var_alpha"]), float(r["var_logbeta"])
        means = float(r["mean_alpha"]), float(r["mean_logbeta"])
        sds = math.sqrt(va), math.sqrt(vb)
        model = BlrmModel(reals(r["dose"]), float(r["ref"]), means, sds, float(r["cov"]) / math.sqrt(va * vb))
        w, dose = model.weights(wholes(r["n"]), wholes(r["dlt"])), float(r["at_dose"])
        assert model.mean_and_sd(w, dose) == pytest.approx((float(r["q_mean"]), float(r["q_sd"])), abs=2e-4)
        found = shares(model, w, dose)
        assert found == pytest.approx(
            [float(r[f"q_{k}"]) for k in ("under", "target", "excessive", "unacceptable")], abs=2e-4
        )
        assert found[1:] == pytest.approx(
            [float(r[f"sas_{k}"]) for k in ("target", "excessive", "unacceptable")], abs=0.01
        )


@pytest.mark.independent
def test_a_correlated_prior() -> None:
    levels = (1, 2.5, 5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 250)
    model = BlrmModel(levels, 250, (2.15, 0.52), (0.84, 0.80), 0.134 / (0.84 * 0.80))
    seen = {1: (3, 0), 2.5: (4, 0), 5: (5, 0), 10: (4, 0), 25: (2, 2)}
    n = [seen.get(d, (0, 0))[0] for d in levels]
    w = model.weights(n, [seen.get(d, (0, 0))[1] for d in levels])
    for r in rows("neuenschwander2008_2par"):
        dose = float(r["dose"])
        assert model.mean_and_sd(w, dose) == pytest.approx((float(r["mean"]), float(r["sd"])), abs=2e-4)
        expected = [float(r[k]) for k in ("under_20", "target_20_35", "excessive_35_60", "unacceptable_60")]
        assert shares(model, w, dose) == pytest.approx(expected, abs=2e-4)


def design(**said: Any) -> Any:
    return dose_shelf.build("blrm", {**dose_shelf.one("blrm").example, **said})


def test_no_dose_is_given_whose_overdose_is_likely() -> None:
    found = design()
    state = found.start()
    for y in (1, 2):
        state = found.step(state, 1, Seen(3 - y, y))
    action = found.verdict(state).action
    over = found.fit(state.n, state.dlt)[2]
    if isinstance(action, Give):
        assert over[action.dose - 1] < found.overdose
    toxic = found.step(found.step(found.start(), 1, Seen(0, 3)), 1, Seen(0, 3))
    assert found.verdict(toxic).action == End("too toxic", declares=False)
    assert found.recommend(toxic) == 0


def test_steps_are_held() -> None:
    state = design().step(design().start(), 1, Seen(3))
    assert design().verdict(state).action.dose == 2
    free = design(no_skip=False, increase=2.0, choice="highest")
    # 112 is less than twice 60: without the rule on skipping it may come at once where it is no likely overdose.
    over = free.fit(state.n, state.dlt)[2]
    highest = max(d for d in range(1, 5) if over[d - 1] < 0.25)
    assert free.verdict(state).action.dose == highest
    narrow = design(no_skip=False, increase=1.3, choice="highest")
    assert narrow.verdict(state).action.dose == min(2, highest)


def test_what_it_may_not_be() -> None:
    with pytest.raises(BadInput) as bad:
        design(levels=(60.0, 60.0, 50.0), start=4, target_from=0.4, target_to=0.3)
    assert {p.where for p in bad.value.problems} == {"levels, 2", "levels, 3", "start", "target_from, target_to"}
