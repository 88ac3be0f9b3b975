"""Refusals in words of the house: nothing of pydantic's is read by anybody, and what is missing is shown as it may be written."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import trial_from
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from equipoise.trial.wording import SMALLEST

NORTH = tomllib.loads(find_trial("north").read_text())
#: What pydantic says of itself and nobody here.
THEIRS = re.compile(
    r"input should|field required|valid (dictionary|string|integer|number|tuple|list|date|boolean)|object to extract",
    re.I,
)
ODD = st.sampled_from([3, -1, 0.5, "x", "", True, [], {}, [3], {"a": 1}, ["x", 2], 10**400, "2024-13-40", None])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a file, a level deep in each array's first member."""
    found = [path] if path else []
    if isinstance(value, dict):
        for k, v in value.items():
            found += places(v, (*path, k))
    elif isinstance(value, list) and value:
        found += places(value[0], (*path, 0))
    return found


PLACES = places(NORTH)


def put(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    made = dict(value) if isinstance(value, dict) else list(value)
    made[path[0]] = put(value[path[0]], path[1:], odd)
    return made


@pytest.mark.property
@given(st.sampled_from(PLACES), ODD)
def test_no_refusal_speaks_in_pydantic_s_words(path: tuple[Any, ...], odd: Any) -> None:
    try:
        trial_from(put(NORTH, path, odd), "north")
    except BadInput as bad:
        said = " ".join(f"{p.allowed} {p.next_step}" for p in bad.problems)
        assert not THEIRS.search(said), said


def test_what_is_missing_is_shown_and_what_is_shown_is_valid() -> None:
    required = {name for name, field in Trial.model_fields.items() if field.is_required()}
    with pytest.raises(BadInput) as nothing:
        trial_from({}, "nothing")
    shown = {p.where: p.next_step.removeprefix("for instance ") for p in nothing.value.problems}
    assert required <= shown.keys()
    text = "\n".join(SMALLEST[name] for name in SMALLEST if name in shown)
    assert required <= tomllib.loads(text).keys()
    trial = trial_from(tomllib.loads(text), "smallest")
    assert trial.id == "my-trial"


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("target_enrolment = 'a'", "a whole number"), ("start = 'soon'", "a day, without quotes"), ("arms = 3", "an array, in brackets"),
        ("title = 3", "a text, in quotes"), ("arms = [3]", "a table: {"),
    ],
)  # fmt: skip
def test_each_type_has_its_words(line: str, allowed: str) -> None:
    with pytest.raises(BadInput) as bad:
        trial_from(tomllib.loads(line), "x")
    key = line.split(" ")[0]
    (problem,) = [p for p in bad.value.problems if p.where.startswith(key)]
    assert problem.allowed.startswith(allowed)
