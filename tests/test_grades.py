"""Grades are earned: the named test exists and is marked so."""

from __future__ import annotations

import ast
import importlib

import pytest

from equipoise.files.grades import Grade, grades
from helpers import ROOT


@pytest.mark.parametrize("grade", grades(), ids=lambda g: g.method)
def test_a_grade_is_earned_by_its_test(grade: Grade) -> None:
    assert grade.grade in {"published", "independent", "property", "snapshot", "unvalidated"}
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
    for i in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:i]))
        except ImportError:
            continue
        for rest in parts[i:]:
            found = getattr(found, rest)
        return
    pytest.fail(grade.where)
