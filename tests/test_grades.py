"""Grades are earned: the named test exists and is marked so."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from pathlib import Path

import pytest

from equipoise.files.grades import Grade, grades, grades_table
from helpers import ROOT


@pytest.mark.parametrize("grade", grades(), ids=lambda g: g.method)
def test_a_grade_is_earned_by_its_test(grade: Grade) -> None:
    assert grade.grade in {"published", "independent", "property", "snapshot", "unvalidated"}
    assert not grade.second_hand or grade.grade == "published"
    if grade.grade == "unvalidated":
        assert not grade.test
        return
    file, name = grade.test.split("::")
    tree = ast.parse((ROOT / file).read_text())
    function = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == name)
    marks = {ast.unparse(d).removeprefix("pytest.mark.").split("(")[0] for d in function.decorator_list}
    assert grade.grade in marks


@pytest.mark.parametrize("grade", grades(), ids=lambda g: g.where)
def test_what_is_graded_is_there(grade: Grade) -> None:
    parts = grade.where.split(".")
    if ".kernel." in grade.where:
        # Its modules are compiled when they are imported, which takes half a minute: their text is asked.
        spec = importlib.util.find_spec(".".join(parts[:3]))
        assert spec is not None
        assert spec.origin is not None
        module = Path(spec.origin).with_name(f"{parts[3]}.py")
        assert f"def {parts[4]}(" in module.read_text(encoding="utf-8")
        return
    for i in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:i]))
        except ImportError:
            continue
        for rest in parts[i:]:
            found = getattr(found, rest)
        return
    pytest.fail(grade.where)


def test_what_is_second_hand_is_said_wherever_a_grade_is_shown() -> None:
    """As the tables in tests/published say of themselves: read in somebody else's quotation."""
    quoted = {g.test.split("::")[1] for g in grades() if g.second_hand}
    assert {
        "test_simon_1989_as_quoted",
        "test_boundaries_as_printed",
        "test_lee_and_lius_table_1",
        "test_table_3",
    } <= quoted
    shown = {row[0]: row[1] for row in grades_table().rows}
    for g in grades():
        assert shown[g.method].endswith(", second hand") == g.second_hand
        assert (shown[g.method] == "UNVALIDATED") == (g.grade == "unvalidated")
