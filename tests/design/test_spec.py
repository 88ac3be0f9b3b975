"""What a design may be told, for every kind, from its own fields: ranges, nonsense, misspelt names, rules between entries."""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import NoneType
from typing import Any, get_args

import annotated_types
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipoise.design import shelf
from equipoise.design.spec import Entries, rules
from equipoise.trial.design import Design
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.validate import validate_parts

NAMES = shelf.kinds()


def fields(kind: str) -> dict[str, Any]:
    return {k: f for k, f in shelf.spec_model(kind).model_fields.items() if k != "kind"}


def types_of(field: Any) -> set[Any]:
    return {field.annotation, *get_args(field.annotation)}


def problems_of(kind: str, **changes: Any) -> tuple[Problem, ...]:
    try:
        shelf.spec_model(kind).read({**shelf.one(kind).example, **changes})
    except BadInput as bad:
        return bad.problems
    return ()


def bounds() -> Iterator[Any]:
    """Each bound of each number: the kind, the entry, a value just outside and one just inside."""
    for kind in NAMES:
        for name, field in fields(kind).items():
            whole = int in types_of(field)

            def next_to(bound: float, towards: float, whole: bool = whole) -> float:
                return bound + int(math.copysign(1, towards)) if whole else math.nextafter(bound, towards)

            for rule in field.metadata:
                match rule:
                    case annotated_types.Gt(gt=bound):
                        outside, inside = bound, next_to(bound, math.inf)  # type: ignore[arg-type]
                    case annotated_types.Ge(ge=bound):
                        outside, inside = next_to(bound, -math.inf), bound  # type: ignore[arg-type]
                    case annotated_types.Lt(lt=bound):
                        outside, inside = bound, next_to(bound, -math.inf)  # type: ignore[arg-type]
                    case annotated_types.Le(le=bound):
                        outside, inside = next_to(bound, math.inf), bound  # type: ignore[arg-type]
                    case _:
                        continue
                yield pytest.param(kind, name, outside, inside, id=f"{kind}-{name}-{rule}")


@pytest.mark.parametrize(("kind", "name", "outside", "inside"), list(bounds()))
def test_a_range_ends_where_its_field_says(kind: str, name: str, outside: float, inside: float) -> None:
    said = [p.code for p in problems_of(kind, **{name: outside}) if p.where == name]
    assert said == ["out-of-range"], "told once"
    _, own = validate_parts(shelf.spec_model(kind), {"kind": kind, **shelf.one(kind).example, name: inside})
    assert own == []


#: What the kinds call an error that they keep. A level that is no error, as of Gehan's upper limit, is not among them.
ERRORS = {
    "alpha",
    "alpha_r",
    "alpha_t",
    "beta",
    "phi",
    "false_alarm",
    "false_reassurance",
    "first_level",
    "final_level",
}


@pytest.mark.parametrize("kind", NAMES)
def test_errors_of_half_and_powers_below_half_are_refused_by_all_alike(kind: str) -> None:
    """A test that errs as often as a coin is none: one rule, in ``spec.Error`` and ``spec.Power``, with one message."""
    asked = {**dict.fromkeys(ERRORS, 0.6), "power": 0.2}
    for name in asked.keys() & fields(kind).keys():
        (problem,) = [p for p in problems_of(kind, **{name: asked[name]}) if p.where == name]
        limits = "must be below 0.5" if name in ERRORS else "must be at least 0.5"
        assert (problem.code, limits in problem.allowed) == ("out-of-range", True), problem


@pytest.mark.parametrize("kind", NAMES)
def test_every_number_has_a_range(kind: str) -> None:
    """Of every number the least is stated, so that no count is negative and no rate above 1 by oversight."""
    for name, field in fields(kind).items():
        if types_of(field) & {int, float} and bool not in types_of(field):
            low = [r for r in field.metadata if isinstance(r, annotated_types.Gt | annotated_types.Ge)]
            inner = get_args(get_args(field.annotation)[0]) if get_args(field.annotation) else ()
            assert low or inner, name


@pytest.mark.parametrize("kind", NAMES)
def test_what_is_no_value_is_refused_at_its_place(kind: str) -> None:
    for name, field in fields(kind).items():
        nonsense = [math.nan, math.inf, -math.inf, {}, object()]
        nonsense += [] if NoneType in types_of(field) else [None]
        nonsense += [] if bool in types_of(field) else [True]
        nonsense += [] if str in types_of(field) else ["many"]
        for value in nonsense:
            said = [p for p in problems_of(kind, **{name: value}) if p.where == name]
            assert len(said) == 1, (name, value, said)


@pytest.mark.parametrize("kind", NAMES)
def test_nonsense_everywhere_is_told_of_every_entry(kind: str) -> None:
    example = shelf.one(kind).example
    for nonsense in (-300.5, math.nan, ()):
        assert {p.where for p in problems_of(kind, **dict.fromkeys(example, nonsense))} >= set(example)


@pytest.mark.parametrize("kind", NAMES)
def test_a_misspelt_entry_names_the_nearest(kind: str) -> None:
    for name in fields(kind):
        (problem,) = problems_of(kind, **{f"{name}z": 1})
        assert (problem.code, problem.where) == ("unknown-key", f"{name}z")
        if len(name) > 1:  # of one letter there is too little to go by
            assert problem.next_step == f"did you mean {name!r}?"


@pytest.mark.parametrize("kind", NAMES)
def test_a_rule_reads_only_what_it_is_about(kind: str) -> None:
    """So it is right to ask it where nothing but its own entries is sound."""
    spec = shelf.spec_model(kind)
    whole = spec.read(shelf.one(kind).example)
    for rule, entries in rules(spec).items():
        assert set(entries) <= set(spec.model_fields), rule
        part = spec.model_construct()
        part.__dict__.clear()
        part.__dict__.update({k: getattr(whole, k) for k in entries})
        assert list(getattr(part, rule)()) == [], rule


def test_a_bad_entry_hides_no_problem_between_the_others() -> None:
    told = problems_of("simon", sizes="stated", p1=0.4, alpha="x", power=0.8, n1=50, n=40, r1=-1, r=45)
    assert {p.where for p in told} == {"p1", "alpha", "n1", "r1", "r"}
    assert len(told) == 5


#: What an entry may be given at random: some of it sound, much of it not.
NUMBERS = st.sampled_from(
    [0, 1, 2, 3, 5, 10, 20, 0.05, 0.1, 0.3, 0.5, 0.8, 0.95, 1.0, 2.5, 1e-9, -1, math.nan, math.inf]
)
ODD = st.sampled_from([None, True, "many", "2:1", {}])
LISTS = st.lists(NUMBERS, max_size=3).map(tuple)


@st.composite
def tables(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """The example with some entries changed, left out or added."""
    table: dict[str, Any] = dict(shelf.one(kind).example)
    if "nmax" in fields(kind):
        table["nmax"] = 20  # a search that finds nothing soon
    for name in draw(st.sets(st.sampled_from(sorted(fields(kind))), min_size=1, max_size=4)):
        choices = get_args(fields(kind)[name].annotation)
        words = st.sampled_from(choices) if choices and all(isinstance(c, str) for c in choices) else NUMBERS
        table[name] = draw(st.one_of(words, words, NUMBERS, LISTS, ODD))
    return table


@pytest.mark.property
@pytest.mark.parametrize("kind", NAMES)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_table_is_a_design_or_bad_input(kind: str, data: st.DataObject) -> None:
    table = data.draw(tables(kind))
    try:
        design: Design[Any] | None = shelf.build(kind, table)
        problems: tuple[Problem, ...] = ()
    except BadInput as bad:
        design, problems = None, bad.problems
    assert isinstance(design, Design) or problems
    assert len(set(problems)) == len(problems), "each problem once"


def test_a_table_may_leave_out_its_kind_but_not_state_another() -> None:
    spec: type[Entries] = shelf.spec_model("gehan")
    assert spec.read({"p1": 0.2}) == spec.read({"kind": "gehan", "p1": 0.2})
    with pytest.raises(BadInput, match="kind"):
        spec.read({"kind": "simon", "p1": 0.2})
