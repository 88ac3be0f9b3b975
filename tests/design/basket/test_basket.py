"""Baskets: Fujikawa's exact errors, EXNEX against an MCMC of its own, pruning and pooling against plain enumeration."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from equipoise.design.basket.behaviour import MODELS, at_rates, behaviour, made
from equipoise.design.basket.cohorts import BasketCohort, joint
from equipoise.design.basket.exchangeable import Exchangeable, Prior
from equipoise.design.basket.pruned_pooled import PrunedAndPooled
from equipoise.design.basket.similarity import Similarity
from equipoise.files.log_file import write_new_log
from equipoise.files.trial_file import read_trial
from equipoise.trial.log import Log
from helpers import ROOT, Answer, moment


@pytest.mark.independent
@pytest.mark.parametrize(
    ("tau", "one", "family", "printed"),
    # R's baskexact (its own tests), to seven digits; the paper's simulation: cohorts (mean of three), family.
    [(0.0, 0.02158174, 0.03600149, (0.0203, 0.035)), (0.5, 0.03239555, 0.06315308, (0.0317, 0.063))],
)
def test_similarity_has_the_exact_errors_of_baskexact(
    tau: float, one: float, family: float, printed: tuple[float, float]
) -> None:
    """Fujikawa et al. 2020, designs (i) and (ii): three cohorts of 24, p0 0.2, certainty 0.99, epsilon 2."""
    basket = Similarity(tuple(BasketCohort(24, 0.2, 0.5) for _ in range(3)), 0.99, 2.0, tau)
    null = at_rates(basket, [0.2] * 3, 0)
    assert null.declared == pytest.approx([one] * 3, abs=5e-9 * 10)
    assert null.any_null == pytest.approx(family, abs=5e-8)
    assert (one, family) == pytest.approx(printed, abs=0.0025)


@pytest.mark.independent
def test_exnex_is_what_an_mcmc_finds() -> None:
    """The imatinib trial, ten sarcomas, priors of Neuenschwander et al. 2016; tests/fixtures/r/exnex.R."""
    said = json.loads((ROOT / "tests" / "fixtures" / "r" / "exnex.json").read_text())
    cohorts = tuple(BasketCohort(n, said["p0"], 0.5) for n in said["n"])
    basket = Exchangeable(cohorts, 0.9, Prior(**said["prior"]))
    above, mean = basket.posterior(tuple(said["x"]))
    for found, of, error in ((above, said["above"], said["above_se"]), (mean, said["mean"], said["mean_se"])):
        assert np.abs(np.array(found) - of).max() < 4 * max(error) + 3e-4


def test_exnex_ends_are_its_neighbours() -> None:
    cohorts = tuple(BasketCohort(12, 0.2, 0.4) for _ in range(2))
    apart = Exchangeable(cohorts, 0.9, Prior(weight=0.0))
    # Not exchangeable at all: a cohort's certainty does not depend on the other.
    table = apart.certainties[..., 0]
    assert np.ptp(table, axis=1).max() < 1e-12
    together = Exchangeable(cohorts, 0.9, Prior(weight=1.0, spread=0.01))
    # Exchangeable with hardly any spread: both have the same rate, as if pooled.
    assert np.abs(together.certainties[5, 1] - together.certainties[3, 3]).max() < 0.01


def enumerated(n: int, n1: int, r1: int, p0: list[float], truth: list[float], level: float) -> tuple[float, float]:
    """P(anything is declared), P(the first cohort is), cohort by cohort and count by count, in plain loops."""
    any_, first = 0.0, 0.0
    one = []
    for p in truth:
        ends: dict[tuple[int, bool], float] = {}
        for x1, x2 in product(range(n1 + 1), range(n - n1 + 1)):
            end = (x1, False) if x1 <= r1 else (x1 + x2, True)
            ends[end] = ends.get(end, 0.0) + binom.pmf(x1, n1, p) * binom.pmf(x2, n - n1, p)
        one.append(ends)
    for combination in product(*(e.items() for e in one)):
        chance = math.prod(p for _, p in combination)
        left = [i for i, ((_, alive), _) in enumerate(combination) if alive]
        if not left:
            continue
        total = sum(combination[i][0][0] for i in left)
        # all null rates are the same here: the pooled count is binomial
        if binom.sf(total - 1, n * len(left), p0[0]) <= level + 1e-12:
            any_ += chance
            first += chance * (0 in left)
    return any_, first


@pytest.mark.independent
@settings(max_examples=12, deadline=None)
@given(st.integers(4, 9), st.integers(0, 2), st.sampled_from([0.1, 0.2, 0.3]), st.sampled_from([0.025, 0.05, 0.1]))
def test_pruning_and_pooling_is_what_plain_enumeration_finds(n: int, r1: int, p0: float, alpha: float) -> None:
    cohorts = [BasketCohort(n, p0, p0 + 0.25, n // 2 + 1, r1) for _ in range(2)]
    basket = PrunedAndPooled.at(cohorts, alpha)
    for truth in ([p0, p0], [p0 + 0.25, p0]):
        found = at_rates(basket, truth, 0)
        expected = enumerated(n, n // 2 + 1, r1, [p0, p0], truth, basket.level)
        assert (found.any, found.declared[0]) == pytest.approx(expected, abs=1e-12)
    # alpha* is the largest that keeps the error.
    assert at_rates(basket, [p0, p0], 0).any_null <= alpha + 1e-12
    values = np.unique(basket.p_values)
    above = values[values > basket.level + 1e-12]
    if len(above) and above[0] < 1:
        more = PrunedAndPooled(tuple(cohorts), float(above[0]))
        assert at_rates(more, [p0, p0], 0).any_null > alpha


@pytest.mark.parametrize("model", MODELS)
def test_every_model_keeps_its_error_and_counts_each_patient_once(model: str) -> None:
    cohorts = [BasketCohort(10, 0.1, 0.4, 5, 0) for _ in range(3)]
    truths = behaviour(made(model, cohorts, 0.05))
    null = truths[0]
    assert (null.any_null if model == "pruned-and-pooled" else null.of_null) <= 0.05 + 1e-12
    assert truths[3].of_better > truths[0].of_null
    expected = sum(5 + 5 * binom.sf(0, 5, 0.4) for _ in range(3))
    assert truths[3].patients == pytest.approx(expected)
    if model == "independent":
        # nothing is lent: the family's error multiplies, and a better neighbour changes nothing
        assert null.any_null == pytest.approx(1 - (1 - null.of_null) ** 3)
        assert truths[1].of_null == pytest.approx(null.of_null)


def test_ends_of_a_cohort_are_all_there_is() -> None:
    cohort = BasketCohort(9, 0.2, 0.4, 4, 1)
    assert cohort.chances(0.3).sum() == pytest.approx(1.0)
    assert joint([cohort.chances(0.3)] * 3).sum() == pytest.approx(1.0)
    assert cohort.chances(0.3)[:2].sum() == pytest.approx(binom.cdf(1, 4, 0.3))


@pytest.mark.slow
def test_the_numbers_that_the_shelf_s_page_quotes() -> None:
    cohorts = [BasketCohort(20, 0.1, 0.3, 10, 1) for _ in range(3)]
    said = {m: behaviour(made(m, cohorts, 0.05)) for m in MODELS}
    assert [round(said[m][1].of_null, 3) for m in MODELS] == [0.038, 0.168, 0.131, 0.088]
    assert [round(said[m][3].of_better, 3) for m in MODELS] == [0.716, 0.833, 0.836, 0.804]


def test_the_command_and_the_trial_file(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    text = (ROOT / "trials" / "templates" / "basket" / "trial.toml").read_text()
    path = tmp_path / "trial.toml"
    path.write_text(text.replace('model = "exnex"', 'model = "pruned-and-pooled"'))
    assert "least responses by cohorts left" in " ".join(equipoise("basket", path).out.split())
    found = equipoise("basket", path, "--json").json
    assert [round(t["any_null"], 4) <= 0.05 for t in found[0]["behaviour"][:1]] == [True]
    path.write_text(text.replace('model = "exnex"', 'model = "exnex"\nepsilon = 2'))
    assert "basket.epsilon" in equipoise("check", path).err
    assert equipoise("basket", "merkel").status == 2
    wrong = equipoise("basket", "--p0", "0.5", "--p1", "0.4", "--model", "exnox")
    assert wrong.status == 2
    assert "'exnox'" in wrong.err


def test_the_cohorts_of_a_log_are_decided_together(tmp_path: Path, equipoise: Callable[..., Answer]) -> None:
    """Three cohorts, the second pruned at its look: what is left is pooled, by hand 6 + 9 responses of 50."""
    text = (ROOT / "trials" / "templates" / "basket" / "trial.toml").read_text()
    (tmp_path / "trial.toml").write_text(text.replace('model = "exnex"', 'model = "pruned-and-pooled"'))
    trial = read_trial(tmp_path / "trial.toml")
    design = next(iter(trial.views.values())).design
    log, start = Log(), trial.start
    known = moment(start + timedelta(days=400))
    log.append("opened", start, known, "t", data={"trial": trial.id, "fingerprint": trial.fingerprint})
    log.append("site activated", start, known, "t", site="S01")
    # Cohort → patients, and which of them respond.
    for cohort, n, responders in (("A", design.n, 6), ("B", design.n1, design.r1), ("C", design.n, 9)):
        for i in range(n):
            name, on = f"{cohort}{i:02d}", start + timedelta(days=i)
            log.append("screened", on, known, "t", patient=name, site="S01", data={"failed": [], "cohort": cohort})
            log.append(
                "enrolled", on, known, "t", patient=name, site="S01", data={"factors": {}, "cohort": cohort, "arm": "T"}
            )
            for week in (6, 12, 18):
                said = "PR" if i % 2 == 0 and i // 2 < responders else "SD"
                log.append("assessed", on + timedelta(weeks=week), known, "t", patient=name, data={"response": said})
    path = tmp_path / "log.jsonl"
    write_new_log(path, log)
    cut = start + timedelta(days=800)
    found = equipoise("basket", tmp_path, "--log", path, "--cutoff", cut, "--json")
    assert found.status == 0, found.err
    assert found.json["waiting"] == {}
    cohorts = found.json["cohorts"]
    assert {c: (v["n"], v["responses"], v["pruned"]) for c, v in cohorts.items()} == {
        "A": (design.n, 6, False), "B": (design.n1, design.r1, True), "C": (design.n, 9, False),
    }  # fmt: skip
    basket = PrunedAndPooled.at([BasketCohort(design.n, 0.1, 0.3, design.n1, design.r1)] * 3, 0.05)
    p = binom.sf(14, 2 * design.n, 0.1)
    assert {c: v["declared"] for c, v in cohorts.items()} == {
        "A": p <= basket.level,
        "B": False,
        "C": p <= basket.level,
    }
    assert "declared" in equipoise("basket", tmp_path, "--log", path, "--cutoff", cut).out
    early = equipoise("basket", tmp_path, "--log", path, "--cutoff", start + timedelta(days=60), "--json").json
    assert early["waiting"].keys() == {"A", "B", "C"}
    assert early["cohorts"] == {}
