"""Futures of patients who may yet have a toxicity: as often as is taken to be true, less often the more of the time is over."""

from __future__ import annotations

import numpy as np
import pytest

from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_toml, trial_from
from equipoise.simulate.futures import NEW, Known, ToToxicity, Truth
from equipoise.trial.endpoint import Toxicity
from toxicity_trials import DLT, pair

N = 4000


@pytest.mark.parametrize(("known", "share"), [(NEW, 0.3), (Known(age=14), 0.3 * 0.5 / 0.85), (Known(age=28), 0.0)])
def test_the_share_with_the_toxicity(known: Known, share: float) -> None:
    trial = pair()
    endpoint = trial.monitored.toxicity
    assert isinstance(endpoint, Toxicity)
    truth = Truth({"T": 0.3}, 1e-9, 0.001)
    makes = ToToxicity(endpoint, trial, truth, [0, 3], np.random.default_rng(1))
    lives = [makes.life(known, "T") for _ in range(N)]
    last = [life.happenings[-1] for life in lives]
    assert sum(h.kind == "adverse event" for h in last) / N == pytest.approx(share, abs=4 * (0.25 / N) ** 0.5)
    assert all(known.age < h.day <= 28 for h in last if h.kind == "adverse event")
    assert all(h.day >= 28 for h in last if h.kind == "contact")


def test_who_is_not_treated_yet_gets_a_first_dose_where_the_days_count_from_it() -> None:
    raw = read_toml(find_trial("kinds/bryant-day"), "a trial")
    drug = {"drug": "x", "dose": 1, "unit": "mg", "days": (1,), "cycle_length": "21 days", "cycles": 4}
    raw["arms"] = ({**raw["arms"][0], "regimen": (drug,)},)
    raw["endpoints"] = (raw["endpoints"][0], DLT)
    trial = trial_from(raw, "dosed")
    endpoint = trial.monitored.toxicity
    assert isinstance(endpoint, Toxicity)
    makes = ToToxicity(endpoint, trial, Truth({"T": 0.3}, 1e-9, 0.001), [0], np.random.default_rng(1))
    assert makes.life(NEW, "T").happenings[0].kind == "treated"
    assert makes.life(Known(age=3, dosed=True), "T").happenings[0].kind != "treated"
