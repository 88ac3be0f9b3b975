"""`equipoise randomisation` as people use it, and a minimised trial on its whole road."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from equipoise.cli.main import run
from equipoise.desk.plans import plans_of
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.simulate.run import run as simulate


@pytest.fixture
def minimised(tmp_path: Path) -> Path:
    """The example of a comparison of two rates, its arms by minimisation over two factors."""
    text = find_trial("kinds/exact-two-arm").read_text(encoding="utf-8")
    before, _, after = text.partition("[randomisation]")
    _, _, rest = after.partition("\n[")
    factors = "".join(
        f'\n[[randomisation.factors]]\nname = "{name}"\nlevels = ["low", "high"]\n' for name in ("age", "stage")
    )
    path = tmp_path / "trial.toml"
    path.write_text(f'{before}[randomisation]\nmethod = "minimisation"\n{factors}\n[{rest}', encoding="utf-8")
    return path


def test_methods_beside_each_other(minimised: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["randomisation", str(minimised), "--replicates", "40"]) == 0
    page = capsys.readouterr().out
    assert "minimisation, 0.8 (this trial)" in page
    assert "each patient by himself" in page
    assert "Monte-Carlo error" in page
    assert run(["randomisation", str(minimised), "--replicates", "40", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    own, blocks, simple = found["methods"]
    assert own["certain"]["value"] == simple["certain"]["value"] == 0 < blocks["certain"]["value"]
    assert own["off"]["value"] < simple["off"]["value"]


def test_check_says_it_before_use(minimised: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(minimised)]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert "Minimisation, 0.8: in" in page
    assert "foretells" in page


@pytest.mark.parametrize(
    "args", [["merkel"], ["north", "--replicates", "3"], ["colon"], ["north", "--scenario", "nulll"]]
)
def test_what_cannot_be_foreseen(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["randomisation", *args]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_minimised_trial_is_simulated_and_keeps_its_margins(minimised: Path) -> None:
    trial = read_trial(minimised)
    plan = plans_of(str(minimised), trial, (), 5)[-1]
    assert not plan.usual
    done = simulate(plan, 0)
    arms: dict[str, int] = {}
    for event in done.log:
        if event.kind == "randomised":
            arms[event.data["arm"]] = arms.get(event.data["arm"], 0) + 1
    assert sum(arms.values()) == trial.target_enrolment
    assert max(arms.values()) - min(arms.values()) <= 6
    assert simulate(plan, 0).log.head == done.log.head


def test_help_names_it() -> None:
    from equipoise.cli.main import cli

    assert "randomisation" in CliRunner().invoke(cli, ["--help"]).output
