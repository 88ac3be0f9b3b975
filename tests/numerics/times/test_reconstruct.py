"""Curves of known patients, digitised as from a picture and rebuilt: what comes back, and how near."""

from __future__ import annotations

import csv
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.numerics.times.reconstruct import monotone, reconstruct
from equipoise.numerics.times.survival import cox, kaplan_meier
from helpers import FIXTURES

MONTH = 30.4375
#: file, rows, column of event, value of event, groups, months between numbers at risk, landmarks (months)
KNOWN = {
    "lung": (lambda _: True, "status", "2", "sex", 3, (6, 12)),
    "veteran": (lambda _: True, "status", "1", "trt", 3, (3, 6)),
    "colon": (lambda r: r["etype"] == "1", "status", "1", "rx", 12, (12, 36)),
}
Arm = tuple[Any, Any]


def arms(name: str) -> dict[str, Arm]:
    keep, column, value, group, _, _ = KNOWN[name]
    with (FIXTURES / "data" / f"{name}.csv").open() as file:
        rows = [r for r in csv.DictReader(file) if keep(r)]
    return {
        g: (
            np.array([float(r["time"]) / MONTH for r in rows if r[group] == g]),
            np.array([int(r[column] == value) for r in rows if r[group] == g]),
        )
        for g in sorted({r[group] for r in rows})
    }


def digitised(arm: Arm, rng: np.random.Generator, points: int = 300) -> tuple[Any, Any]:
    """Read at even steps off a picture of 600 × 400 pixels, each reading off by about one pixel."""
    km = kaplan_meier(*arm)
    t = np.linspace(0, km.last_time, points)
    s = np.array([km.at(x).survival for x in t])
    across = np.round(t / km.last_time * 600 + rng.normal(0, 1, points)) / 600 * km.last_time
    return np.clip(across, 0, None), np.clip(np.round(s * 400 + rng.normal(0, 1, points)) / 400, 0, 1)


def rebuilt(arm: Arm, every: float, rng: np.random.Generator, *, risk: bool, events: bool) -> Any:
    m = monotone(*digitised(arm, rng))
    km = kaplan_meier(*arm)
    ticks = np.arange(0, km.last_time, every)
    return reconstruct(
        m.time, m.survival, len(arm[0]), ticks if risk else None, km.at_risk(ticks) if risk else None,
        int(arm[1].sum()) if events else None, along=True,
    )  # fmt: skip


@pytest.mark.independent
@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("events", [True, False])
def test_known_patients_come_back(name: str, events: bool) -> None:
    """With numbers at risk: medians within 9 % (where the curve is flat a pixel moves them far), numbers at risk within 2, landmark rates within 0.04, events within 5 %, hazard ratios within 4 %."""
    *_, every, landmarks = KNOWN[name]
    known = arms(name)
    rng = np.random.default_rng(2012)
    found = {g: rebuilt(a, every, rng, risk=True, events=events) for g, a in known.items()}
    for g, (time, event) in known.items():
        r = found[g]
        before, after = kaplan_meier(time, event), kaplan_meier(r.time, r.event)
        assert len(r.time) == len(time)
        assert abs(r.events - event.sum()) <= max(2, 0.05 * event.sum())
        ticks = np.arange(0, before.last_time, every)
        assert np.abs(before.at_risk(ticks) - r.at_risk).max() <= 2
        assert r.max_error < 0.03
        if not np.isnan(before.median().estimate):
            assert after.median().estimate == pytest.approx(before.median().estimate, rel=0.09)
        for at in landmarks:
            assert after.at(at).survival == pytest.approx(before.at(at).survival, abs=0.04)
    first, *others = known
    for other in others:
        assert ratio(found[first].time, found[first].event, found[other].time, found[other].event) == pytest.approx(
            ratio(*known[first], *known[other]), rel=0.04
        )


@pytest.mark.independent
@pytest.mark.parametrize("name", KNOWN)
def test_without_numbers_at_risk_survival_comes_back_and_hazard_ratios_less_so(name: str) -> None:
    *_, every, landmarks = KNOWN[name]
    known = arms(name)
    rng = np.random.default_rng(9)
    for time, event in known.values():
        by_events = rebuilt((time, event), every, rng, risk=False, events=True)
        assert by_events.events == event.sum()
        bare = rebuilt((time, event), every, rng, risk=False, events=False)
        assert bare.events >= event.sum() - 2  # nobody is taken as censored before the end
        for at in landmarks:
            truth = kaplan_meier(time, event).at(at).survival
            assert kaplan_meier(bare.time, bare.event).at(at).survival == pytest.approx(truth, abs=0.05)


def ratio(t0: Any, e0: Any, t1: Any, e1: Any) -> float:
    group = np.repeat([0, 1], [len(t0), len(t1)])
    return cox(np.concatenate([t0, t1]), np.concatenate([e0, e1]), group).hr


@pytest.mark.property
@given(
    st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=3, max_size=60),
    st.integers(3, 20),
)
def test_an_exact_curve_gives_its_own_steps(patients: list[tuple[int, bool]], every: int) -> None:
    time = np.array([float(t) for t, _ in patients])
    event = np.array([int(e) for _, e in patients])
    km = kaplan_meier(time, event)
    ticks = np.arange(0, km.last_time + 1, every).astype(float)
    r = reconstruct(km.time, km.survival, len(time), ticks, km.at_risk(ticks), int(event.sum()))
    assert len(r.time) == len(time)
    assert (np.diff(r.time) >= 0).all()
    assert set(r.event.tolist()) <= {0, 1}
    assert r.events == r.event.sum()
    if event.all():  # nobody censored: all of it comes back
        assert sorted(r.time.tolist()) == sorted(time.tolist())
        assert r.max_error < 1e-9


@pytest.mark.property
@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 1)), min_size=2, max_size=60))
def test_a_made_monotone_curve_falls(points: list[tuple[float, float]]) -> None:
    t, s = np.array(points).T
    m = monotone(t, s)
    assert (np.diff(m.survival) <= 1e-12).all()
    assert (np.diff(m.time) >= 0).all()
    assert m.largest_move <= m.largest_rise + 1e-9


def test_what_cannot_be_rebuilt() -> None:
    fall = ([0, 1, 2], [1, 0.8, 0.5])
    for bad, word in (
        (lambda: reconstruct([0, 1], [0.5, 0.8], 10), "fall"),
        (lambda: reconstruct(*fall, 10, [0, 1], [10, 12]), "grow"),
        (lambda: reconstruct(*fall, 10, [1, 2], [10, 9]), "begin"),
        (lambda: reconstruct(*fall, 10, events=11), "events"),
        (lambda: reconstruct([1, 0], [1, 1], 10), "order"),
    ):
        with pytest.raises(ValueError, match=word):
            bad()
