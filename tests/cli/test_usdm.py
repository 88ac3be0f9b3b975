"""`equipoise usdm`: out, in, and what is refused in words with nothing half-written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_trial
from equipoise.files.usdm_file import LARGEST
from helpers import Answer
from usdm_cases import document

Equipoise = Callable[..., Answer]


def put(folder: Path, value: Any) -> Path:
    path = folder / "study.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def test_out_and_in_gives_the_same_trial_and_the_same_bytes(equipoise: Equipoise, tmp_path: Path) -> None:
    out = equipoise("usdm", "export", "north", "--out", tmp_path / "n.json", "--json")
    assert json.loads(out.out)["not_said"] == []
    taken = json.loads(equipoise("usdm", "import", tmp_path / "n.json", "--out", tmp_path / "n", "--json").out)
    assert taken["from"] == "extension"
    assert sorted(p.name for p in (tmp_path / "n").iterdir()) == ["protocol.toml", "trial.toml"]
    assert read_trial(tmp_path / "n/trial.toml") == read_trial(find_trial("north"))
    equipoise("usdm", "export", tmp_path / "n", "--out", tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "n.json").read_bytes()


def test_a_document_that_was_changed_tells_two_stories(equipoise: Equipoise, tmp_path: Path) -> None:
    equipoise("usdm", "export", "merkel", "--out", tmp_path / "m.json")
    changed = json.loads((tmp_path / "m.json").read_text())
    changed["study"]["versions"][0]["titles"][0]["text"] = "Another title"
    path = put(tmp_path, changed)
    refused = equipoise("usdm", "import", path, "--out", tmp_path / "x", "--json")
    assert refused.status == 2
    assert json.loads(refused.out)["error"]["problems"][0]["code"] == "two-stories"
    assert not (tmp_path / "x").exists()
    for way, title in (("usdm", "Another title"), ("extension", read_trial(find_trial("merkel")).title)):
        equipoise("usdm", "import", path, "--out", tmp_path / way, "--from", way)
        assert read_trial(tmp_path / way / "trial.toml").title == title


def test_a_public_study_becomes_a_trial_file_that_says_what_is_missing(equipoise: Equipoise, tmp_path: Path) -> None:
    path = put(tmp_path, document("cdisc_pilot"))
    said = equipoise("usdm", "import", path, "--out", tmp_path / "lzzt")
    assert said.status == 0
    assert "design: the decision rule" in said.out
    assert "NarrativeContentItem" in said.out
    checked = equipoise("check", tmp_path / "lzzt")
    assert checked.status == 0
    assert "Missing: the decision rule" in " ".join(checked.out.split())
    lacking = equipoise("design", "show", tmp_path / "lzzt")
    assert lacking.status == 2
    assert "Missing: the decision rule" in lacking.err
    again = equipoise("usdm", "import", path, "--out", tmp_path / "lzzt")
    assert again.status == 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no json", "not-json"), ("[]", "not-usdm"), ('{"study": {}, "usdmVersion": "4.0.0"}', "no-version"), ("[" * 200_000, "too-deep"),
        ('{"study": NaN}', "not-json"), ('{"study": {"versions": []}, "usdmVersion": "3.0.0"}', "other-version"),
    ],
)  # fmt: skip
def test_what_is_no_study_is_refused(equipoise: Equipoise, tmp_path: Path, text: str, code: str) -> None:
    found = equipoise("usdm", "import", put(tmp_path, text), "--out", tmp_path / "x", "--json")
    assert found.status == 2
    assert json.loads(found.out)["error"]["problems"][0]["code"] == code
    assert not (tmp_path / "x").exists()


def test_a_file_of_a_hundred_megabytes_is_not_read(equipoise: Equipoise, tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(2 * LARGEST)
    found = equipoise("usdm", "import", path, "--out", tmp_path / "x", "--json")
    assert found.status == 2
    assert json.loads(found.out)["error"]["problems"][0]["code"] == "too-large"


def test_an_observational_study_is_refused_politely(equipoise: Equipoise, tmp_path: Path) -> None:
    found = equipoise("usdm", "import", put(tmp_path, document("observational")), "--out", tmp_path / "x")
    assert found.status == 2
    assert "nothing is wrong with the file" in found.err
    assert not (tmp_path / "x").exists()
