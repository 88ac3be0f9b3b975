"""What is printed of a boundary and what the verdict applies are one list: every entry at which the rule acts, of every kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from equipoise.design import shelf
from equipoise.design.boundary_in_words import steps
from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.design.safety.safety_imbalance import ImbalanceRule
from equipoise.design.safety.safety_rule import SafetyRule
from equipoise.trial.decision import Continue, Declare, Stop
from equipoise.trial.evidence import (
    Evidence,
    PairEvidence,
    ReferenceStatistic,
    StatisticEvidence,
    ToxicityEvidence,
    TwoArmEvidence,
)
from said_designs import Said

KINDS = shelf.kinds()
#: Variants that act at the first patients, where every patient must respond, besides the kind's example.
MORE: dict[str, list[dict[str, Any]]] = {
    "thall-simon": [{"nmin": 1, "cohort": 1}, {"nmin": 1, "cohort": 1, "p0": 0.1, "p1": 0.3, "p_high": 0.9}],
    "lee-liu": [{"nmin": 1, "cohort": 1, "nmax": 20, "theta_l": 0.05, "theta_t": 0.9, "theta_u": 0.95}],
    "safety-bayes": [{"first": 1, "cohort": 1}],
    "safety-pocock": [{"first": 1, "cohort": 1, "phi": 0.2}],
    "safety-sprt": [{"first": 1, "cohort": 1, "lower": True}],
    "a-hern": [{"p0": 0.05, "p1": 0.5, "alpha": 0.1}, {"p0": 0.01, "p1": 0.6}],
    "fleming": [{"sizes": (2, 4, 6, 8, 10, 20, 30)}],
    "bop2": [{"looks": (1, 2, 3, 20, 40)}],
}
#: Boundaries of these are no list of counts or of z: the verdict's own words say what was needed.
BY_WORDS = {
    "exact-two-arm", "borrowing-rate", "borrowing-survival", "selection", "gehan", "safety-survival", "englert-kieser",
}  # fmt: skip


def designs() -> Iterator[Any]:
    for kind in KINDS:
        for i, change in enumerate(({}, *MORE.get(kind, ()))):
            said = Said(kind, tuple(change.items()))
            yield pytest.param(kind, said, id=f"{kind}-{i}")
            if said.is_a(RateDesign):
                for side in ("futility", "efficacy", "both"):
                    yield pytest.param(kind, replace(said, side=side), id=f"{kind}-{i}-curtailed-{side}")


DESIGNS = list(designs())
OF_STATISTICS = {StatisticEvidence, ReferenceStatistic}


@pytest.fixture
def design(request: pytest.FixtureRequest) -> Any:
    """A design as it was said, built."""
    return request.param.built()


def at_each_look(printed: str, sizes: list[int]) -> list[int | None]:
    """'0/9, 1/18' as a number at each look."""
    said = dict(reversed(e.split("/")) for e in printed.split(", ")) if printed != "none" else {}
    found, now = [], None
    for n in sizes:
        if str(n) in said:
            now = None if said[str(n)] == "–" else int(said[str(n)])
        found.append(now)
    return found


@pytest.mark.parametrize(("kind", "design"), [p for p in DESIGNS if p.values[1].is_rate], indirect=["design"])
def test_one_rate(kind: str, design: RateDesign) -> None:
    numbers, sizes = design.numbers(), [look.n for look in design.looks]
    if "futility" in numbers:
        low, high = (at_each_look(str(numbers[k]), sizes[:-1]) for k in ("futility", "efficacy"))
    elif kind == "simon" and "r1" in numbers:
        assert numbers["n1"] == sizes[0]
        low, high = [int(numbers["r1"])], [None]
    else:
        low, high = (
            [
                None if (v := str(numbers.get(f"{name}{k}", "none"))) == "none" else int(v.split("/")[0])
                for k in range(1, len(sizes))
            ]
            for name in ("futility", "efficacy")
        )
    low, high = [*low, int(numbers["r"])], [*high, int(numbers["r"])]
    for k, (n, a, b, said) in enumerate(zip(sizes, low, high, design.by_look, strict=True), 1):
        applied = [design.verdict(Evidence(k, "tested", n, x)).action for x in range(n + 1)]
        stops = [x for x, action in enumerate(applied) if isinstance(action, Stop)]
        declares = [x for x, action in enumerate(applied) if isinstance(action, Declare)]
        assert stops == list(range(0 if a is None else a + 1)), "futility, as printed"
        assert declares == list(range(n + 1 if b is None else b + 1, n + 1)), "efficacy, as printed"
        assert (said.look, said.n) == (k, n)
        assert said.stops_at_most == (max(stops) if stops else None)
        assert said.declares_at_least == (min(declares) if declares else None)


@pytest.mark.parametrize(("kind", "design"), [p for p in DESIGNS if p.values[1].is_a(SafetyRule)], indirect=["design"])
def test_safety(kind: str, design: SafetyRule) -> None:
    numbers, sizes = design.numbers(), [look.n for look in design.looks]
    least: dict[int, int] = {}
    for b, first, last in re.findall(r"(\d+) of (\d+)(?:-(\d+))?", str(numbers["boundary"])):
        least |= {n: int(b) for n in sizes if int(first) <= n <= int(last or first)}
    accepts = at_each_look(str(numbers.get("acceptable", "none")), sizes[:-1])
    for k, (n, said) in enumerate(zip(sizes, design.by_look, strict=True), 1):
        applied = [design.verdict(ToxicityEvidence(k, "tested", n, x)).action for x in range(n + 1)]
        stops = [x for x, action in enumerate(applied) if isinstance(action, Stop)]
        accepted = [x for x, action in enumerate(applied) if isinstance(action, Declare)]
        assert (min(stops) if stops else None) == least.get(n) == said.stops_at_least
        assert (max(accepted) if accepted else None) == said.accepts_at_most
        if k < len(sizes):
            assert said.accepts_at_most == accepts[k - 1]


@pytest.mark.parametrize(
    ("kind", "design"), [p for p in DESIGNS if p.values[1].is_a(ImbalanceRule)], indirect=["design"]
)
def test_safety_of_two_arms(kind: str, design: ImbalanceRule) -> None:
    said = str(design.numbers()["boundary"])
    least: dict[int, int] = {}
    for b, first, last in re.findall(r"(\d+) of (\d+)(?:-(\d+))?", said):
        least |= {d: int(b) for d in design.sizes if int(first) <= d <= int(last or first)}
    assert [(e.n, e.stops_at_least) for e in design.by_look] == [(d, least.get(d)) for d in design.sizes]
    for e in design.by_look:
        for x in range(e.n + 1):
            found = design.verdict(TwoArmEvidence(e.look, design.n, x, design.control_n, e.n - x))
            assert isinstance(found.action, Stop) == (e.stops_at_least is not None and x >= e.stops_at_least)


@pytest.mark.parametrize(("kind", "design"), [p for p in DESIGNS if p.values[0] == "bop2"], indirect=["design"])
def test_bop2(kind: str, design: Any) -> None:
    said = str(design.numbers()["boundaries"])
    low = {int(n): int(b) for b, n in re.findall(r"(\d+)/(\d+)", said)}
    for look in design.looks:
        for x in range(look.n + 1):
            stopped = isinstance(design.verdict(Evidence(look.number, "tested", look.n, x)).action, Stop)
            assert stopped == (x <= low.get(look.n, -1)), (look, x, said)


@pytest.mark.parametrize(
    ("kind", "design"), [p for p in DESIGNS if p.values[0] == "bayes-two-endpoints"], indirect=["design"]
)
def test_two_endpoints(kind: str, design: Any) -> None:
    numbers = design.numbers()
    declare_r, declare_t, toxic, futile = (
        {int(n): int(b) for b, n in re.findall(r"(\d+)/(\d+)", str(numbers[k]))}
        for k in (
            "declare_with_responses_of_at_least", "declare_with_toxicities_of_at_most", "stop_with_toxicities_of_at_least",
            "stop_with_responses_of_at_most",
        )
    )  # fmt: skip
    for look in design.looks[:-1]:
        n = look.n
        for r in range(n + 1):
            for t in range(0, n + 1, 3):
                action = design.verdict(PairEvidence(look.number, n, r, t)).action
                declares = r >= declare_r.get(n, n + 1) and t <= declare_t.get(n, -1)
                stops = not declares and (t >= toxic.get(n, n + 1) or r <= futile.get(n, -1))
                assert (isinstance(action, Declare), isinstance(action, Stop)) == (declares, stops), (n, r, t)


@pytest.mark.parametrize(("kind", "design"), [p for p in DESIGNS if p.values[0] == "bryant-day"], indirect=["design"])
def test_bryant_day(kind: str, design: Any) -> None:
    c = design.numbers()
    for look, (n, responses, tolerated) in enumerate(
        ((c["n1"], c["c_r1"], c["c_t1"]), (c["n"], c["c_r"], c["c_t"])), 1
    ):
        for r in range(n + 1):
            for t in range(n + 1):
                passes = r > responses and t <= tolerated
                assert isinstance(design.verdict(PairEvidence(look, n, r, t)).action, Stop) != passes


@pytest.mark.parametrize(("kind", "design"), [p for p in DESIGNS if p.values[0] == "jung"], indirect=["design"])
def test_jung(kind: str, design: Any) -> None:
    c = design.numbers()
    needed = [int(a) for a in re.findall(r"D ≥ (-?\d+)", str(c["boundaries"]))]
    for look, d in zip(design.looks, needed, strict=True):
        for x in range(0, look.n + 1, 5):
            for y in range(0, look.control_n + 1, 5):
                difference = design.control * x - design.tested * y
                action = design.verdict(TwoArmEvidence(look.number, look.n, x, look.control_n, y)).action
                assert isinstance(action, Stop) != (difference >= d)


@pytest.mark.parametrize(
    ("kind", "design"),
    [p for p in DESIGNS if p.values[1].takes <= OF_STATISTICS],
    indirect=["design"],
)
def test_statistics(kind: str, design: Any) -> None:
    c = design.numbers()
    for look in design.looks:
        last = look.number == len(design.looks)
        upper = c.get(f"upper_z_{look.number}", c.get("critical_z"))
        lower = c.get(f"lower_z_{look.number}")
        if design.takes is ReferenceStatistic:
            lower, upper = (None, c["c"]) if last else (c["c1"], None)
        for bound in filter(None, (lower, upper)):
            for z in (bound - 1e-6, bound + 1e-6):
                action = design.verdict(design.takes(look.number, z, look.n)).action
                declares = upper is not None and z > upper
                stops = not declares and (last or (lower is not None and z < lower))
                expected = Declare if declares else Stop if stops else Continue
                assert isinstance(action, expected), (look, z, c)


def test_every_kind_is_asked_above() -> None:
    asked = {
        p.values[0]
        for p in DESIGNS
        if p.values[1].is_rate or p.values[1].is_a(SafetyRule, ImbalanceRule) or p.values[1].takes <= OF_STATISTICS
    }
    assert asked | {"bop2", "bayes-two-endpoints", "bryant-day", "jung"} | BY_WORDS == set(KINDS)


def test_an_entry_that_acts_no_more_is_said() -> None:
    assert steps([(2, 1, True), (3, 1, True), (4, 4, False), (5, 2, True)]) == "1/2, –/4, 2/5"
    assert steps([(3, 3, False), (4, 3, True)]) == "3/4"
    assert steps([(3, 3, False)]) == "none"
