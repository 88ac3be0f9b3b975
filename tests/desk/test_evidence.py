"""Evidence as it is said: counts are whole in every kind, events are no shares, and each kind's help has its own names."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, get_args, get_type_hints

import pytest

from equipoise.design import shelf
from equipoise.desk.evidence import EXAMPLES, evidence_for, help_for
from equipoise.trial.evidence import ReferenceStatistic, StatisticEvidence
from equipoise.trial.problem import BadInput, Problem
from said_designs import Said

EXAMPLES_OF_KINDS = [pytest.param(k, Said(k), id=k) for k in shelf.kinds()]
#: Numbers that are no counts, besides those that are: what a look is said to be on must be whole.
NOT_COUNTED = {"z", "time", "control_time", "log_hr"}
SOUND: dict[str, Any] = {
    "look": 1.0, "n": 20.0, "successes": 4.0, "control_n": 20.0, "control_successes": 4.0, "responses": 5.0, "toxicities": 2.0,
    "z": 0.5, "information": 40.0, "events": 20.0, "time": 100.0, "control_events": 20.0, "control_time": 90.0, "log_hr": 0.1,
    "deaths": 60.0, "A": 4.0, "B": 5.0,
}  # fmt: skip


@pytest.fixture
def design(request: pytest.FixtureRequest) -> Any:
    """A kind's example, built."""
    return request.param.built()


def sound(design: Any) -> dict[str, Any]:
    """Evidence of the first look with every name that must be said."""
    fields = [
        f
        for f in dataclasses.fields(design.takes)
        if f.name not in ("arm", "earlier", "earlier_n", "earlier_successes")
    ]
    names = [f.name for f in fields if f.name not in ("outcome",) and f.default is dataclasses.MISSING]
    if "outcome" in get_type_hints(design.takes):
        return {"look": 1.0, "A": 4.0, "B": 5.0}
    return {k: SOUND[k] for k in names}


def problems(design: Any, said: dict[str, Any]) -> tuple[Problem, ...]:
    try:
        evidence_for(design, said)
    except BadInput as bad:
        return bad.problems
    return ()


@pytest.mark.parametrize(("kind", "design"), EXAMPLES_OF_KINDS, indirect=["design"])
def test_every_count_of_every_kind_is_whole(kind: str, design: Any) -> None:
    said = sound(design)
    assert not problems(design, said)
    for name in said.keys() - NOT_COUNTED:
        for value in (said[name] + 0.5, 0.4625, float("nan"), float("inf")):
            found = problems(design, {**said, name: value})
            assert [(p.code, p.where) for p in found] == [("not-a-count", f"--evidence {name}")], (name, value)
    if "earlier" in get_type_hints(design.takes):
        (of, *_) = get_args(get_type_hints(design.takes)["earlier"])
        pair = len(get_args(of)) == 2
        for value in (((10.5, 3.0),) if pair else 10.5, ((10.0, 3.2), (12.0, 4.0)) if pair else (10.0, 12.5)):
            found = problems(design, {**said, "earlier": value})
            assert [(p.code, p.where) for p in found] == [("not-a-count", "--evidence earlier")], value


@pytest.mark.parametrize(
    ("kind", "design"),
    [p for p in EXAMPLES_OF_KINDS if p.values[1].takes <= {StatisticEvidence, ReferenceStatistic}],
    indirect=["design"],
)
def test_information_is_counted_and_a_share_is_said_as_one(kind: str, design: Any) -> None:
    (problem,) = problems(design, {"look": 1.0, "z": 3.0, "information": 0.4625})
    unit = "events" if design.takes is StatisticEvidence else "patients enrolled"
    assert unit in problem.allowed
    assert ("share=0.4625" in problem.next_step) == (unit == "events")
    shared = {"look": 1.0, "z": 3.0, "share": 0.4625}
    if unit != "events":
        assert {p.where for p in problems(design, shared)} == {"--evidence share", "--evidence information"}
        return
    planned = float(getattr(design, "maximum", design.looks[-1].n))
    assert evidence_for(design, shared).information == pytest.approx(0.4625 * planned)
    assert [p.code for p in problems(design, {**shared, "information": 80.0})] == ["stated-twice"]
    for share in (0.0, -1.0, 3.0, (0.2, 0.3)):
        assert [p.code for p in problems(design, {**shared, "share": share})] == ["not-a-share"]


def test_shares_of_earlier_looks_are_the_same_as_their_events() -> None:
    table = {"hazard_ratio": 0.7, "alpha": 0.025, "power": 0.8, "sizes": "stated", "events": (100.0, 200.0, 300.0)}
    design: Any = shelf.build("group-sequential", table)
    by_share = evidence_for(design, {"look": 3.0, "z": 1.9, "share": 1.0, "earlier": (0.25, 0.6)})
    by_events = evidence_for(design, {"look": 3.0, "z": 1.9, "information": 300.0, "earlier": (75.0, 180.0)})
    assert design.verdict(by_share) == design.verdict(by_events)
    plan = evidence_for(design, {"look": 2.0, "z": 1.9, "share": 2 / 3})
    assert not design.verdict(plan).cautions, "the planned share is the plan"


@pytest.mark.parametrize(("kind", "design"), EXAMPLES_OF_KINDS, indirect=["design"])
def test_the_help_of_each_kind_has_its_own_names(kind: str, design: Any) -> None:
    types = shelf.one(kind).takes
    said = help_for(types)
    for wanted in types:
        names = {f.name for f in dataclasses.fields(wanted)} - {"arm", "outcome"}
        example = EXAMPLES[wanted].split(" ")[0]
        used = {p.split("=")[0] for p in example.split(",") if "=" in p}
        assert example in said
        assert used <= names | {"A", "B"}, "no name that the kind does not take"
        for f in dataclasses.fields(wanted):
            if f.default is dataclasses.MISSING and f.name not in ("arm", "outcome", "n"):
                assert re.search(rf"\b{f.name}=", example), f.name


@pytest.mark.parametrize(("kind", "design"), EXAMPLES_OF_KINDS, indirect=["design"])
def test_a_verdict_on_any_counts_is_a_verdict_or_bad_input(kind: str, design: Any) -> None:
    """Numbers that fall, looks that are not there, nobody at all: never anything else."""
    base = sound(design)
    for look in (0.0, 1.0, float(len(design.looks)), float(len(design.looks) + 1)):
        for name in base.keys() - {"look"}:
            for value in (0.0, 1.0, base[name], -1.0):
                try:
                    design.verdict(evidence_for(design, {**base, "look": look, name: value}))
                except BadInput:
                    continue
