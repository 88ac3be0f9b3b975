"""EffTox's posterior against the official program and importance sampling; MATCHPOINT's pathways; its rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from design.dose.oracles import reals, rows
from equipoise.design.dose import dose_shelf
from equipoise.design.dose.dose_design import End, Give, Seen
from equipoise.design.dose.efftox_model import EfftoxModel
from equipoise.design.dose.history import answer, take_in
from equipoise.trial.dose_outcomes import read_outcomes
from equipoise.trial.problem import BadInput

THALL = {
    "levels": (1, 2, 4, 6.6, 10), "phi_t": 0.30, "phi_e": 0.50, "p_t": 0.1, "p_e": 0.1, "eff0": 0.5, "tox1": 0.65, "eff_star": 0.7,
    "tox_star": 0.25, "mu_t": (-7.9593, 3.5487), "beta_t": (1.5482, 3.5018), "mu_e": (0.7367, 2.5423), "beta_e1": (3.4181, 2.4406),
    "beta_e2": (0, 0.2), "psi": (0, 1), "cohorts": 13,
}  # fmt: skip


def matchpoint(**said: Any) -> Any:
    return dose_shelf.build("efftox", {**dose_shelf.one("efftox").example, "cohorts": 10, **said})


def state_of(design: Any, text: str) -> Any:
    return take_in(design, read_outcomes(text)).state


def next_of(design: Any, text: str) -> int:
    action = design.verdict(state_of(design, text)).action
    return -1 if isinstance(action, End) else int(action.dose)


@pytest.mark.published
def test_posteriors_of_the_official_program() -> None:
    design: Any = dose_shelf.build("efftox", THALL)
    for r in rows("efftox_thall2014"):
        state = state_of(design, r["outcomes"])
        found = {"ptox": design.ptox(state), **design.posterior(state)}
        for mine, theirs in (("peff", "peff"), ("ptox", "ptox"), ("utility", "utility"), ("p_works", "works"), ("p_safe", "safe")):  # fmt: skip
            if r[theirs] != "NA":
                # Of 3 of 25 numbers after a single patient its runs differ by more: by 0.02.
                assert found[mine] == pytest.approx(reals(r[theirs]), abs=0.02), (r["outcomes"], mine)
        if r["next_dose"] != "NA":
            assert next_of(design, r["outcomes"]) == int(r["next_dose"])


@pytest.mark.published
@pytest.mark.independent
def test_pathways_that_matchpoint_printed() -> None:
    design = matchpoint()
    assert next_of(design, "3TTT") == 2
    for r in rows("efftox_matchpoint_paths"):
        assert next_of(design, f"3TTT {r['cohort']}") == int(r["next_dose"]), r


@pytest.mark.independent
def test_the_posterior_that_another_package_tests() -> None:
    """MATCHPOINT's first cohort in clintrials' tests; tolerance theirs. At the certainty of 0.05 there the dose stays."""
    design = matchpoint(p_e=0.05)
    state = state_of(design, "3NTT")
    found = design.posterior(state)
    assert found["peff"] == pytest.approx((0.11, 0.10, 0.16, 0.25), abs=0.01)
    assert design.ptox(state) == pytest.approx((0.06, 0.12, 0.52, 0.80), abs=0.02)
    assert found["utility"] == pytest.approx((-0.49, -0.50, -0.57, -0.67), abs=0.01)
    assert found["p_works"] == pytest.approx((0.08, 0.04, 0.06, 0.20), abs=0.01)
    assert found["p_safe"] == pytest.approx((0.95, 0.92, 0.33, 0.07), abs=0.02)
    assert (next_of(design, "3NTT"), next_of(matchpoint(p_e=0.03), "3NTT")) == (3, 2)


@pytest.mark.independent
def test_posteriors_by_importance_sampling() -> None:
    """Another road to the same numbers: every one within five standard errors, of which the largest is 2e-4, and all of them as errors would fall."""
    off: list[float] = []
    for r in rows("efftox_posterior"):
        design: Any = dose_shelf.build("efftox", THALL) if r["set"] == "thall2014" else matchpoint()
        state = state_of(design, r["outcomes"])
        more = design.posterior(state)
        for mine, name in ((more["peff"], "peff"), (design.ptox(state), "ptox"), (more["p_works"], "works"), (more["p_safe"], "safe")):  # fmt: skip
            error = np.array(reals(r[f"se_{name}"]))
            assert error.max() < 2.5e-4
            off += list((np.array(mine) - reals(r[name])) / np.maximum(error, 2e-6))
    assert max(map(abs, off)) < 5
    assert np.sqrt(np.mean(np.square(off))) < 1.5


@pytest.mark.independent
def test_the_whole_posterior_by_a_plain_grid() -> None:
    """Six nested sums, for priors that are narrow enough for them."""
    means, sds = (-1.0, 0.8, 0.3, 0.5, 0.1, 0.6), (0.5, 0.4, 0.5, 0.4, 0.2, 0.8)
    model = EfftoxModel((1.0, 2.0, 4.0), *[(m, s) for m, s in zip(means, sds, strict=True)])  # type: ignore[arg-type]
    counts = [(1, 0, 2), (0, 1, 1), (1, 2, 0), (0, 1, 2)]
    found = model.fit(*counts, 0.4, 0.5)
    steps = (11, 11, 11, 11, 7, 7)
    p = [np.linspace(m - 4.5 * s, m + 4.5 * s, k) for m, s, k in zip(means, sds, steps, strict=True)]
    grid = np.meshgrid(*p, indexing="ij", sparse=True)
    log_w: Any = sum(-((g - m) ** 2) / (2 * s * s) for g, m, s in zip(grid, means, sds, strict=True))
    rates = []
    for d, x in enumerate(np.log([1, 2, 4]) - np.log(2)):
        t, e = (1 / (1 + np.exp(-z)) for z in (grid[0] + grid[1] * x, grid[2] + grid[3] * x + grid[4] * x * x))
        tie = t * (1 - t) * e * (1 - e) * np.tanh(grid[5] / 2)
        for k, cell in enumerate(((1 - t) * (1 - e) + tie, t * (1 - e) - tie, (1 - t) * e - tie, t * e + tie)):
            log_w = log_w + counts[k][d] * np.log(cell)
        rates.append((e, t))
    w = np.exp(log_w - log_w.max())
    w /= w.sum()
    assert found.response == pytest.approx([float((w * e).sum()) for e, _ in rates], abs=2e-5)
    assert found.dlt == pytest.approx([float((w * t).sum()) for _, t in rates], abs=2e-5)


def test_the_contour_passes_through_its_points() -> None:
    design = matchpoint()
    for point in ((0.40, 0.0), (1.0, 0.70), (0.50, 0.40)):
        assert design.utility(*point) == pytest.approx(0, abs=1e-9)
    assert design.utility(1, 0) == 1
    assert design.utility(0.6, 0.2) > design.utility(0.5, 0.2) > design.utility(0.5, 0.3)


def test_conventions() -> None:
    """Dose 1 is best after 3NTT, and two below the only one given."""
    stay, free = matchpoint(p_e=0.05), matchpoint(p_e=0.05, skip="down")
    assert (next_of(stay, "3NTT"), next_of(free, "3NTT")) == (3, 1)
    assert stay.verdict(state_of(stay, "3NTT")).bound == ("skipping",)
    # Nobody at dose 4 was given; it is safe enough, and not thought to work.
    strict, loose = (matchpoint(untried=u, p_e=0.6) for u in ("both", "toxicity"))
    assert (next_of(strict, "3NNNNNN"), next_of(loose, "3NNNNNN")) == (-1, 4)
    assert matchpoint(n_stop=3, p_e=0.05).verdict(state_of(stay, "3NTT")).action == End(
        "enough at the dose", declares=True
    )
    up = matchpoint(skip="either", start=1)
    assert next_of(up, "1NNN") > 2
    assert next_of(matchpoint(start=1), "1NNN") == 2


def test_the_dose_named_was_given_and_is_acceptable() -> None:
    design = matchpoint()
    state = state_of(design, "3NEE 3EEN")
    best = design.verdict(state).action
    assert isinstance(best, Give)
    assert design.recommend(state) == 3
    toxic = state_of(design, "3TTT 2TTT")
    assert (design.recommend(toxic), design.verdict(toxic).action) == (0, End("no acceptable dose", declares=False))
    assert design.recommend(design.start()) == 0
    last = matchpoint(cohorts=1)
    assert last.verdict(state_of(last, "3NEE")).action == End("enough patients", declares=True)
    assert last.verdict(last.step(last.start(), 3, Seen(0))).action == Give(3, 3)


def test_what_is_answered_says_what_the_model_knows() -> None:
    found = answer(matchpoint(), read_outcomes("3NEB"))
    assert found.posterior is not None
    assert set(found.posterior) == {"peff", "p_safe", "p_works", "utility"}
    assert found.ptox is not None


def test_what_it_may_not_be() -> None:
    with pytest.raises(BadInput) as bad:
        matchpoint(levels=(7.5, 7.5, -3), start=4, eff_star=0.3, tox_star=0.8, mu_t=(1.0,), psi=(0.0, 0.0))
    assert {p.where for p in bad.value.problems} == {
        "levels, 2",
        "levels, 3",
        "start",
        "eff_star",
        "tox_star",
        "mu_t",
        "psi",
    }
