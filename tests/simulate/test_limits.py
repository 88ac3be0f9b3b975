"""The ends of what can be said: each length of time in a bundled trial at its extremes is read or refused in words."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from equipoise.files.bundled import find_trial
from equipoise.files.scenario_file import read_scenario
from equipoise.files.trial_file import read_trial
from equipoise.files.trial_folder import read_folder
from equipoise.simulate.truth import calibrated
from equipoise.trial.duration import Duration
from equipoise.trial.problem import BadInput


def folder(tmp_path: Path, trial: str, file: str, key: str, value: str) -> Path:
    """A copy of a bundled trial in which each entry ``key`` of one file says ``value``."""
    copy = tmp_path / trial
    shutil.copytree(find_trial(trial).parent, copy)
    path = copy / file
    text, n = re.subn(rf'(?m)^{key} = "[^"]*"', f'{key} = "{value}"', path.read_text(encoding="utf-8"))
    assert n, f"{file} says no {key}"
    path.write_text(text, encoding="utf-8")
    return copy / "trial.toml"


def test_more_controls_than_the_trial_has(tmp_path: Path) -> None:
    copy = tmp_path / "north"
    shutil.copytree(find_trial("north").parent, copy)
    path = copy / "trial.toml"
    text = path.read_text(encoding="utf-8")
    assert "control_cohort = [20, 40]" in text
    path.write_text(text.replace("control_cohort = [20, 40]", "control_cohort = [20, 100_000]"), encoding="utf-8")
    with pytest.raises(BadInput, match="fewer than the trial's 120 patients"):
        read_folder(path)


@pytest.mark.parametrize(
    ("trial", "file", "key", "value", "where", "allowed"),
    [
        ("north", "trial.toml", "every", "0 days", "assessments.every", "at least one day"),
        ("merkel", "trial.toml", "first", "0 days", "assessments.first", "at least one day"),
        ("north", "trial.toml", "landmark", "0 days", "landmark", "at least one day"),
        ("north", "trial.toml", "landmark", "61 months", "endpoints.PFS6", "less than the 5 years"),
        ("north", "trial.toml", "landmark", "10 years", "endpoints.PFS6", "less than the 5 years"),
        ("merkel", "trial.toml", "within", "101 years", "within", "at most 100 years"),
        ("myeloma", "scenarios/null.toml", "median_pfs", "0 days", "median_pfs", "at least one day"),
        ("north", "scenarios/null.toml", "median_os", "0 days", "median_os", "at least one day"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(
    tmp_path: Path, trial: str, file: str, key: str, value: str, where: str, allowed: str
) -> None:
    with pytest.raises(BadInput) as refused:
        read_folder(folder(tmp_path, trial, file, key, value))
    assert any(where in p.where and allowed in p.allowed for p in refused.value.problems), str(refused.value)


def test_a_median_may_lie_beyond_what_is_followed(tmp_path: Path) -> None:
    """Around the five years for which patients are followed nothing jumps: survival then passes one half."""
    trial = read_trial(find_trial("create")).cohort("IMT")
    scenario = read_scenario(find_trial("create").parent / "scenarios" / "null.toml")
    alive = []
    for median in ("1826 days", "1824 days", "40 years"):
        truth = scenario.arms["CRZ"].model_copy(update={"median_os": Duration.parse(median)})
        course = calibrated(trial, scenario.model_copy(update={"arms": {"CRZ": truth}}))["CRZ"]
        alive.append(float(course.alive[-1]))
    assert alive[0] > 0.5 > alive[1]
    assert alive[0] - alive[1] < 0.001
    # One in ten dies first; the others progress and then hardly die in five years.
    assert 0.7 < alive[2] < 0.9
    assert read_folder(folder(tmp_path, "create", "scenarios/null.toml", "median_os", "40 years")).scenarios
