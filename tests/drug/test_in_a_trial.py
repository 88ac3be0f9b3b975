"""[[drugs]] of a trial file: read, held against the arms, and of no weight in the fingerprint where it is not said."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from equipoise.files.bundled import find_trial, trials_folder
from equipoise.files.definition import trial_of
from equipoise.files.drug_file import find_drug, read_drug
from equipoise.files.trial_file import read_trial
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import Answer

Equipoise = Callable[..., Answer]


def stated(name: str) -> str:
    """A bundled drug's file as [[drugs]] of a trial file."""
    text = (trials_folder() / "drugs" / f"{name}.toml").read_text().replace("format = 1\n", "")
    return "\n[[drugs]]\n" + re.sub(r"(?m)^(\[+)(\w)", r"\1drugs.\2", text)


def with_drugs(folder: Path, *drugs: str, trial: str = "e2511") -> Path:
    path = folder / "trial.toml"
    path.write_text(find_trial(trial).read_text() + "".join(drugs))
    return path


@pytest.fixture
def of_an_arm() -> str:
    return read_trial(find_trial("e2511")).arms[0].regimen[0].drug


def named(text: str, name: str) -> str:
    return re.sub(r'(?m)^id = ".*"', f'id = "{name}"', text, count=1)


def test_it_is_the_drug_of_the_file(tmp_path: Path, of_an_arm: str) -> None:
    trial = read_trial(with_drugs(tmp_path, named(stated("tusamitamab-ravtansine"), of_an_arm)))
    alone = read_drug(find_drug("tusamitamab-ravtansine"))
    assert trial.drugs[0].model_dump(exclude={"id"}) == alone.model_dump(exclude={"id", "format"})


def test_what_is_not_said_is_not_in_the_definition(north: Trial, tmp_path: Path, of_an_arm: str) -> None:
    assert '"drugs"' not in north.definition
    plain = read_trial(find_trial("e2511"))
    said = read_trial(with_drugs(tmp_path, named(stated("IMGN901"), of_an_arm)))
    assert said.fingerprint != plain.fingerprint
    assert trial_of(said.definition).drugs == said.drugs


def test_all_that_is_wrong_at_once(tmp_path: Path, of_an_arm: str) -> None:
    wrong = named(stated("T-DM1"), of_an_arm + "x").replace(
        'value = 3.127\nunit = "L"', 'value = 3.127\nunit = "L/day"'
    )
    twice = named(stated("IMGN901"), of_an_arm)
    with pytest.raises(BadInput) as bad:
        read_trial(with_drugs(tmp_path, wrong, twice, twice))
    found = bad.value.problems
    assert [p.where for p in found] == ["drugs[0].parameters[1].unit", "drugs[0].id", "drugs[2].id"]
    assert repr(of_an_arm) in found[1].next_step


def test_a_clearance_of_zero_in_a_trial(tmp_path: Path, of_an_arm: str) -> None:
    wrong = named(stated("T-DM1"), of_an_arm).replace("value = 0.676", "value = 0.0")
    with pytest.raises(BadInput) as bad:
        read_trial(with_drugs(tmp_path, wrong.replace('value = 3.127\nunit = "L"', 'value = 3.127\nunit = "ml"')))
    assert [p.where for p in bad.value.problems] == ["drugs[0].parameters[0].value", "drugs[0].parameters[1].unit"]


def test_the_command_takes_it(tmp_path: Path, of_an_arm: str, equipoise: Equipoise) -> None:
    path = with_drugs(tmp_path, named(stated("T-DM1"), of_an_arm))
    told = equipoise("drug", "show", of_an_arm, "--trial", path, "--json").json
    assert told["drug"] == of_an_arm
    assert told["half_life_days"] == equipoise("drug", "show", "T-DM1", "--json").json["half_life_days"]
    assert equipoise("drug", "profile", of_an_arm, "--trial", path, "--dose", "252 mg").status == 0
    assert equipoise("drug", "compare", of_an_arm, "--trial", path, "--schedule", "1 mg every 7 days").status == 0
    wrong = equipoise("drug", "show", "none", "--trial", path, "--json")
    assert wrong.status == 2
    assert of_an_arm in wrong.json["error"]["problems"][0]["allowed"]
    assert equipoise("drug", "show", "IMGN901", "--trial", "e2511").status == 2
