"""Every kind on the shelf answers the protocol: conformance, by its own example and by what its table may say."""

from __future__ import annotations

import dataclasses
import importlib
from functools import cache
from typing import Any, get_type_hints

import pytest

from equipoise.design import shelf
from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.design.study.curtailed import Curtailed
from equipoise.design.study.operating_curve import operating_curve
from equipoise.files.grades import grade_of
from equipoise.files.trial_file import design_from
from equipoise.trial.decision import Verdict
from equipoise.trial.design import Design
from equipoise.trial.evidence import Evidence
from equipoise.trial.problem import BadInput

KINDS = shelf.described()
NAMES = [k.name for k in KINDS]


@cache  # in random order a fixture is built again and again
def example(name: str) -> Design[Any]:
    design, problems = design_from({"kind": name, **shelf.one(name).example})
    assert design is not None, problems
    return design


#: They take seconds to build.
SLOWLY_BUILT = {
    "case-morgan", "km-landmark", "bryant-day", "bop2", "huang-talukder-thomas", "one-sample-logrank", "thall-simon",
}  # fmt: skip


@pytest.fixture(
    scope="module",
    params=[pytest.param(n, marks=[pytest.mark.thorough] if n in SLOWLY_BUILT else []) for n in NAMES],
)
def built(request: pytest.FixtureRequest) -> tuple[shelf.Kind, Design[Any]]:
    return shelf.one(request.param), example(request.param)


def built_by(kind: shelf.Kind) -> type[Any]:
    """The class of a kind's designs."""
    return get_type_hints(importlib.import_module(kind.module).from_spec)["return"]


@pytest.fixture(scope="module", params=[k.name for k in KINDS if issubclass(built_by(k), RateDesign)])
def rate_design(request: pytest.FixtureRequest) -> RateDesign:
    design = example(request.param)
    assert isinstance(design, RateDesign)
    return design


def test_the_shelf_is_full() -> None:
    """Every family and every design that the shelf promises."""
    assert {k.family for k in KINDS} == set(shelf.FAMILIES)
    assert set(NAMES) >= {
        "a-hern", "gehan", "simon", "mander-thompson", "fleming", "chen", "bryant-day", "green-dahlberg", "englert-kieser",
        "attained", "case-morgan", "huang-talukder-thomas", "one-sample-logrank", "km-landmark", "jung", "exact-two-arm",
        "screening", "selection", "group-sequential", "lee-liu", "thall-simon", "bop2", "safety-pocock", "safety-bayes",
        "safety-sprt", "safety-imbalance", "bayes-two-endpoints", "safety-survival",
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_what_a_table_leaves_open_is_the_spec_s_default(name: str) -> None:
    """Defaults are written once, in the spec: a file, a command and a call from Python fill in the same."""
    spec, said = shelf.spec_model(name), shelf.one(name).example
    assert spec.read(said) == spec.model_validate({"kind": name, **said})


@pytest.mark.property
def test_it_answers_the_protocol(built: tuple[shelf.Kind, Design[Any]]) -> None:
    kind, design = built
    assert isinstance(design, Design)
    looks = list(design.looks)
    assert [k.number for k in looks] == list(range(1, len(looks) + 1))
    assert all(k.n >= 1 for k in looks)
    assert [k.n for k in looks] == sorted(k.n for k in looks)
    assert len(design.truths()) >= 2, "the first is the null, the last the target"
    assert "`" not in "".join([design.describe(), *getattr(design, "cautions", ())]), "plain words, without markup"
    for truth in design.truths().values():
        c = design.characteristics(truth)
        assert -1e-9 <= c.declare.value <= 1 + 1e-9
        assert -1e-9 <= c.stop_early.value <= 1 + 1e-9
        assert c.method
        assert c.truth
        if c.ends_at:
            assert len(c.ends_at) == len(looks)
            assert sum(c.ends_at) == pytest.approx(1.0, abs=1e-9)
    truths = list(design.truths().values())
    null, target = (design.characteristics(truths[k]).declare.value for k in (0, -1))
    if kind.family != "safety":
        assert null <= target + 1e-12, "the target is declared at least as often as the null"
    else:
        assert null >= target, "a safe treatment runs to the end more often"


def test_it_reads_aloud(built: tuple[shelf.Kind, Design[Any]]) -> None:
    kind, design = built
    text = design.describe()
    assert len(text) > 150
    assert text.endswith((".", ".)"))
    assert "  " not in text
    assert "nan" not in text
    assert "{" not in text
    assert "doi:10." in kind.reference or kind.name == "selection"
    assert kind.title
    assert kind.family in shelf.FAMILIES
    for value in design.numbers().values():
        assert isinstance(value, int | float | str)


def test_it_draws_its_operating_characteristics(built: tuple[shelf.Kind, Design[Any]]) -> None:
    _, design = built
    figure = operating_curve(design)
    assert figure.curves
    assert all(len(c.x) == len(c.y) > 10 for c in figure.curves)
    assert all(-1e-9 <= y <= 1 + 1e-9 for c in figure.curves for y in c.y) or figure.y_range is None


@pytest.mark.thorough
def test_it_is_a_frozen_value(built: tuple[shelf.Kind, Design[Any]]) -> None:
    kind, design = built
    assert dataclasses.is_dataclass(design)
    assert type(design).__dataclass_params__.frozen
    assert example.__wrapped__(kind.name) == design


def test_an_unknown_truth_is_bad_input(built: tuple[shelf.Kind, Design[Any]]) -> None:
    _, design = built
    with pytest.raises(BadInput, match="truth"):
        design.characteristics({"moon phase": 0.5})


def test_the_empty_table_names_what_is_missing(built: tuple[shelf.Kind, Design[Any]]) -> None:
    kind, _ = built
    design, problems = design_from({"kind": kind.name})
    required = [n for n, f in shelf.spec_model(kind.name).model_fields.items() if f.is_required() and n != "kind"]
    if required:
        assert design is None
        assert set(required) <= {p.where for p in problems}


def test_it_has_a_grade(built: tuple[shelf.Kind, Design[Any]]) -> None:
    kind, _ = built
    assert grade_of(kind.module).grade in {"published", "independent", "property", "unvalidated"}


@pytest.mark.property
def test_rate_designs_take_every_count(rate_design: RateDesign) -> None:
    """At each look each number of successes has a verdict, and more successes are never worse."""
    design = rate_design
    order = {"stop": 0, "continue": 1, "declare": 2}
    for look in [*design.looks[:2], design.looks[-1]]:
        verdicts = [design.verdict(Evidence(look.number, "T", look.n, x)) for x in range(look.n + 1)]
        assert all(isinstance(v, Verdict) and v.because for v in verdicts)
        ranks = [order[v.action.name] for v in verdicts]
        assert ranks == sorted(ranks)
    with pytest.raises(BadInput):
        design.verdict(Evidence(len(design.looks) + 1, "T", 10, 1))


@pytest.mark.property
def test_alpha_holds_at_every_lower_rate(rate_design: RateDesign) -> None:
    """The exact error at any rate up to p0 is at most that at p0, and at most alpha where the design promises it."""
    design = rate_design
    at_p0 = design.behaviour(design.p0).reject
    assert all(design.behaviour(design.p0 * k / 50).reject <= at_p0 + 1e-12 for k in range(51))
    if not design.cautions:
        assert at_p0 <= design.alpha


@pytest.mark.property
@pytest.mark.parametrize("side", ["futility", "efficacy", "both"])
def test_any_rate_design_can_be_curtailed(rate_design: RateDesign, side: Any) -> None:
    design = rate_design
    short = Curtailed(design, side)
    for p in (design.p0, design.p1):
        assert short.behaviour(p).reject == pytest.approx(design.behaviour(p).reject, abs=1e-12)
        assert short.behaviour(p).en <= design.behaviour(p).en + 1e-9


def test_an_unknown_kind_says_what_is_near() -> None:
    with pytest.raises(BadInput, match="did you mean 'simon'"):
        shelf.build("simom", {})
