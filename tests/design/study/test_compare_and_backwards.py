"""Designs side by side, designs read backwards, estimates after the stages."""

from __future__ import annotations

import pytest

from equipoise.design import shelf
from equipoise.design.one_rate.simon import SimonTwoStage, search
from equipoise.design.study.backwards import explain
from equipoise.design.study.compare import Pace, compare
from equipoise.design.study.estimate import estimate, estimate_table
from equipoise.trial.problem import BadInput

NORTH = SimonTwoStage(r1=17, n1=39, r=42, n=80, p0=0.44, p1=0.58, alpha=0.05, power=0.80)


@pytest.mark.independent
def test_the_three_rows_that_explain_north() -> None:
    """shared/north: on a grid of whole percents three sets with alpha 0.05 and power 0.80 give 39 and 80 (clinfun, lrstat)."""
    found = explain(39, 80, p0=(0.36, 0.60), errors=[(0.05, 0.80)])
    assert [(e.design.p0, e.design.p1, e.role, e.design.r1, e.design.r) for e in found] == [
        (0.38, 0.52, "minimax", 15, 37),
        (0.44, 0.58, "minimax", 17, 42),
        (0.50, 0.64, "admissible", 19, 47),
    ]


def test_explain_misses_nothing_that_the_search_finds() -> None:
    """The cheap conditions throw nothing away: each design of a search explains its own sizes."""
    for h in [(0.2, 0.35, 0.1, 0.8), (0.3, 0.45, 0.05, 0.9), (0.1, 0.25, 0.05, 0.8)]:
        for a in search(*h).admissible:
            d = a.design
            found = explain(d.n1, d.n, p0=(h[0], h[0]), delta=(0.15, 0.15), errors=[h[2:]])
            assert [(e.design.r1, e.design.r) for e in found] == [(d.r1, d.r)]


def test_explain_refuses_what_cannot_be() -> None:
    with pytest.raises(BadInput, match="smaller than the whole"):
        explain(80, 39)
    with pytest.raises(BadInput, match="smaller to the larger"):
        explain(39, 80, p0=(0.6, 0.4))


def test_months_and_those_enrolled_meanwhile() -> None:
    c = compare(0.44, 0.58, {"NORTH": NORTH}, Pace(accrual=5, wait=7)).designs[0]
    pet = NORTH.behaviour(0.44).pet
    assert c.duration is not None
    assert c.duration[0] == pytest.approx(pet * (39 / 5 + 7) + (1 - pet) * (80 / 5 + 7))
    assert c.awaiting == 35
    assert compare(0.44, 0.58, {"NORTH": NORTH}, Pace(accrual=20, wait=7)).designs[0].awaiting == 41


@pytest.mark.slow
def test_any_kinds_can_stand_side_by_side() -> None:
    designs = {
        k.name: shelf.build(k.name, {"kind": k.name, **k.example})
        for k in shelf.described()
        if k.family != "one arm, time to event"
    }
    found = compare(0.44, 0.58, designs, Pace(5, 7))
    assert len(found.table().rows) == len(found.rows()) == len(designs)
    assert all(len(r) == len(found.table().columns) for r in found.table().rows)
    assert len(found.figures()) == 2


def test_estimates_after_under_and_overrunning() -> None:
    planned, fewer = estimate(NORTH, 2, 80, 47), estimate(NORTH, 2, 78, 47)
    assert fewer.umvue > planned.umvue
    assert fewer.p < planned.p
    over = estimate(NORTH, 1, 45, 18)
    assert over.outcome.overrun == 6
    assert over.naive == 0.4
    assert "6 of them after the stop" in estimate_table(over).title


@pytest.mark.parametrize(
    ("look", "n", "x", "said"),
    [(3, 80, 40, "1 to 2"), (1, 30, 10, "39 or more"), (2, 80, 90, "from 0 to n"), (1, 39, 30, "does not end there")],
)
def test_estimates_of_what_cannot_be(look: int, n: int, x: int, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        estimate(NORTH, look, n, x)


def test_constraints_are_kept() -> None:
    free, fixed = search(0.44, 0.58, 0.05, 0.80), search(0.44, 0.58, 0.05, 0.80, n1=45)
    assert all(a.design.n1 == 45 for a in fixed.admissible)
    assert fixed.optimal.behaviour(0.44).en >= free.optimal.behaviour(0.44).en
    firm = search(0.44, 0.58, 0.05, 0.80, min_pet=0.7)
    assert all(a.design.behaviour(0.44).pet >= 0.7 for a in firm.admissible)
    short = search(0.44, 0.58, 0.05, 0.80, nmax=85)
    assert short.optimal.n <= 85
    assert not short.proved
    assert free.proved
    with pytest.raises(BadInput, match="relax the constraints"):
        search(0.44, 0.58, 0.05, 0.80, nmax=100, min_pet=0.999)
