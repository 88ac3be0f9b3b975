"""`equipoise qualify`: the released files and the released numbers, or it fails; the same bytes twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from equipoise.cli.qualify import _run
from equipoise.desk import qualify
from equipoise.files import installed
from equipoise.files.grades import grades
from equipoise.files.installed import Files, check_files, record_of, sha256
from equipoise.trial.problem import BadInput

CASES = [c for c in qualify.cases() if c.id in ("north-design", "trial-north", "search-simon")]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "equipoise"
    (folder / "room").mkdir(parents=True)
    (folder / "__init__.py").write_text("x = 1\n")
    (folder / "room/part.py").write_text("y = 2\n")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/x.pyc").write_bytes(b"compiled here")
    return folder


def record(folder: Path) -> dict[str, str]:
    lines = [
        f"equipoise/{p.relative_to(folder)},sha256={sha256(p.read_bytes())},6" for p in sorted(folder.rglob("*.py"))
    ]
    return record_of(
        "\n".join(
            [*lines, "equipoise/__pycache__/x.pyc,,", "other/y.py,sha256=abc,1", "equipoise-0.1.0.dist-info/RECORD,,"]
        )
    )


def test_files_as_recorded_are_sound(package: Path) -> None:
    found = check_files(package, record(package))
    assert found.sound
    assert found.same == 2


def test_an_altered_an_absent_and_an_added_file_each_fail_it(package: Path) -> None:
    said = record(package)
    (package / "room/part.py").write_text("y = 3\n")
    assert check_files(package, said).altered == ("equipoise/room/part.py",)
    (package / "room/part.py").unlink()
    assert check_files(package, said).absent == ("equipoise/room/part.py",)
    (package / "room/part.py").write_text("y = 2\n")
    (package / "room/more.py").write_text("z = 1\n")
    found = check_files(package, said)
    assert found.added == ("equipoise/room/more.py",)
    assert not found.sound


def test_a_checkout_has_no_record_and_does_not_qualify(package: Path) -> None:
    found = check_files(package, {})
    assert not found.recorded
    assert not found.sound


def sound(found: qualify.Qualified) -> qualify.Qualified:
    return replace(found, files=Files(True, 1, (), (), (), "d"))


def test_cases_give_what_was_released_and_the_same_bytes_twice(tmp_path: Path) -> None:
    stated = tmp_path / "mine.toml"
    stated.write_text('system = "validated server 7"\nby = "A. Person"\non = 2026-11-30\n')
    for name in ("a", "b"):
        found = sound(qualify.qualify(_run, stated, CASES))
        assert found.passed, [r.wrong for r in found.results]
        qualify.write(found, tmp_path / name)
    for file in ("qualification.json", "qualification.html"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    record = json.loads((tmp_path / "a/qualification.json").read_text())
    assert record["metadata"] == {"system": "validated server 7", "by": "A. Person", "on": "2026-11-30"}
    assert record["cases"][0]["grade"] or record["cases"][1]["grade"]
    assert "validated server 7" in (tmp_path / "a/qualification.html").read_text(encoding="utf-8")


def test_a_trial_of_that_name_in_the_folder_at_hand_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "north").mkdir()
    (tmp_path / "north" / "trial.toml").write_text("nothing = 1\n")
    monkeypatch.chdir(tmp_path)
    assert qualify.qualify(_run, None, [c for c in CASES if c.id == "north-design"]).results[0].passed
    assert Path.cwd() == tmp_path


def test_of_several_locked_versions_that_which_is_here_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    here = version("numpy")
    lock = f"numpy==0.1 ; python_full_version < '3.0'\nnumpy=={here} ; python_full_version >= '3.0'\nscipy==0.1\nscipy==0.2\npydantic==1.0\npydantic-core==9\n"
    monkeypatch.setattr(installed, "lock_text", lambda: lock)
    found = {x.name: x.locked for x in installed.libraries()}
    assert (found["numpy"], found["scipy"], found["pydantic"]) == (here, "0.1 or 0.2", "1.0")


def test_another_number_fails_a_case() -> None:
    def other(command: Sequence[str]) -> tuple[int, str]:
        status, printed = _run(command)
        return status, printed.replace("0.048", "0.049")

    north = [c for c in CASES if c.id == "north-design"]
    found = sound(qualify.qualify(other, None, north))
    assert not found.passed
    assert "when released" in found.results[0].wrong[0]
    failed = sound(qualify.qualify(lambda _: (1, ""), None, north))
    assert failed.results[0].wrong == ("ended with status 1",)
    assert not sound(qualify.qualify(lambda _: (0, "no json"), None, north)).passed


def test_metadata_that_is_no_list_of_names(tmp_path: Path) -> None:
    stated = tmp_path / "mine.toml"
    stated.write_text("[system]\nname = 'x'\n[other]\n")
    with pytest.raises(BadInput) as bad:
        qualify.qualify(_run, stated, [])
    assert [p.where for p in bad.value.problems] == ["system", "other"]


def test_every_case_names_a_method_that_has_a_grade_or_is_of_a_file() -> None:
    known = {g.where for g in grades()}
    cases = qualify.cases()
    assert len({c.id for c in cases}) == len(cases) > 40
    for c in cases:
        assert c.where in known or c.id.startswith(("trial-", "design-")), c.id
        assert c.expected


@pytest.mark.slow
def test_all_cases_give_what_was_released() -> None:
    found = qualify.qualify(_run)
    assert [w for r in found.results for w in r.wrong] == []
