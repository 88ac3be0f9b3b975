"""A scenario written as a file reads as the same scenario: each that ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from equipoise.files.bundled import trials_folder
from equipoise.files.scenario_file import read_scenario
from equipoise.files.scenario_out import scenario_text

SHIPPED = sorted(trials_folder().glob("**/scenarios/*.toml"))


@pytest.mark.parametrize("path", SHIPPED, ids=[f"{p.parent.parent.name}-{p.stem}" for p in SHIPPED])
def test_a_scenario_reads_as_it_was_written(path: Path, tmp_path: Path) -> None:
    scenario = read_scenario(path)
    out = tmp_path / "out.toml"
    out.write_text(scenario_text(scenario), encoding="utf-8")
    assert read_scenario(out) == scenario
