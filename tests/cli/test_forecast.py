"""`equipoise forecast` on the log of a simulated trial."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from equipoise.files.log_file import write_new_log
from equipoise.simulate.run import run


@pytest.fixture(scope="module")
def log(plan: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("forecast") / "north.log.jsonl"
    write_new_log(path, run(plan(seed=5), 3).log)
    return path


@pytest.mark.thorough
def test_a_page_json_and_a_figure(equipoise: Any, log: Path, tmp_path: Path) -> None:
    args = ["forecast", "north", "--log", log, "--look", 1, "--cutoff", "2013-01-01", "--draws", 100]
    page = equipoise(*args, "--figure", tmp_path / "fan.svg")
    assert page.status == 0, page.err
    assert "Look ripe" in page.out
    assert "2013-08" in page.out
    assert "MC error" in page.out
    assert (tmp_path / "fan.svg").read_text().startswith("<?xml")
    found = equipoise(*args, "--json").json
    assert found["ripe_already"] is False
    assert found["randomised_today"] > 50
    assert set(found["ripe"]) == {"quantiles", "mc_error"}
    assert set(found["ripe"]["quantiles"]) == {
        "0.1",
        "0.25",
        "0.5",
        "0.75",
        "0.9",
    }
    assert equipoise(*args, "--json").out == equipoise(*args, "--json").out


def test_ripe_already_and_bad_input(equipoise: Any, log: Path) -> None:
    base = ["forecast", "north", "--log", log, "--cutoff", "2013-12-01"]
    assert "is ripe" in equipoise(*base, "--look", 1).out
    assert equipoise(*base, "--look", 9).status == 2
    assert equipoise(*base, "--look", 2, "--draws", 3).status == 2
    assert equipoise("forecast", "north", "--log", "nowhere.jsonl", "--look", 1).status == 2
