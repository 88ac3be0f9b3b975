"""The numbers of docs/borrowing.md on the designs that borrow are today's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from equipoise.design import shelf
from equipoise.design.bayesian.borrowing_one_arm import BorrowingOneArm
from equipoise.design.bayesian.borrowing_survival import BorrowingSurvival
from equipoise.numerics.borrowing.hazard_rule import HazardRule
from helpers import ROOT

PAGE = " ".join((ROOT / "docs" / "borrowing.md").read_text().split())


@pytest.mark.parametrize("method", ["none", "robust-map", "map", "commensurate", "normalised-power"])
@pytest.mark.thorough
def test_what_borrowed_hazards_cost(method: str) -> None:
    about = shelf.one("borrowing-survival")
    d = shelf.build(about.name, {**about.example, "method": method})
    assert isinstance(d, BorrowingSurvival)
    n = d.numbers()
    errors = [n[k] for k in ("alpha_drift_0.8", "alpha_worst", "alpha_averaged", "power_averaged")]
    row = [method, f"{n['worth_events']:.0f}", str(n["events"]), *(f"{v:.4f}" for v in errors)]
    assert f"| {' | '.join(row)} | {n['events_without_history_as_wrong']} |" in PAGE
    medians, size = (",".join(map(str, about.example[k])) for k in ("history_median", "history_n"))
    assert f"--history-median {medians} --history-n {size}".replace(" \\", "") in PAGE.replace(" \\", "")
    if method == "robust-map":
        saved = int(n["events_without_history"]) - int(n["events"])
        assert f"saves {saved} of {n['events_without_history']} events" in PAGE
        assert f"errs in {100 * float(n['alpha_worst']):.0f} %" in PAGE
        assert f"without history, {n['events_without_history_as_wrong']} (" in PAGE


def _patients(rng: np.random.Generator, n: int, median: float, ratio: float, shape: float) -> tuple[np.ndarray, ...]:
    """Entry over 14 months, the end of the time at risk (1 % drop out a month), and the calendar month of the event."""
    size = (20_000, n)
    entry = rng.uniform(0, 14, size)
    event = median * (rng.exponential(size=size) / math.log(2) / ratio) ** (1 / shape)
    out = rng.exponential(100, size)
    return entry, np.minimum(event, out), np.where(event < out, entry + event, np.inf)


@pytest.mark.parametrize(
    ("analysed", "true", "ratio", "drift"),
    [(1.5, 1.5, 1.0, 1.0), (1.5, 1.5, 1.0, 0.8), (1.5, 1.5, 0.67, 1.0), (1.5, 1.0, 1.0, 1.0), (1.0, 1.5, 1.0, 1.0), (1.0, 1.5, 0.67, 1.0)],
)  # fmt: skip
@pytest.mark.thorough
def test_borrowed_hazards_patient_by_patient(analysed: float, true: float, ratio: float, drift: float) -> None:
    """Cut at the total of events; each trial's own split has its own boundary."""
    about = shelf.one("borrowing-survival")
    d = shelf.build(about.name, {**about.example, "shape": analysed, "events": 92})
    assert isinstance(d, BorrowingSurvival)
    rng, total = np.random.default_rng(int(1000 * (analysed + true + ratio + drift))), sum(d.events)
    arms = [_patients(rng, n, d.median, r * drift, true) for n, r in ((94, ratio), (47, 1.0))]
    month = np.partition(np.hstack([a[2] for a in arms]), total - 1, axis=1)[:, total - 1, None]
    events = [(a[2] <= month).sum(axis=1) for a in arms]
    time = [(np.clip(np.minimum(a[1], month - a[0]), 0, None) ** analysed).sum(axis=1) for a in arms]
    tested, control = (np.log(e / t) for e, t in zip(events, time, strict=True))
    declared = 0
    for split in np.unique(events[1]):
        rule = HazardRule(d.prior, int(total - split), int(split))
        same = events[1] == split
        declared += int((tested[same] <= rule.boundary(control[same], d.threshold)).sum())
    found = declared / 20_000
    error = math.sqrt(found * (1 - found) / 20_000)
    assert error < 0.0035
    assert "error at most 0.0035" in PAGE
    if analysed == true:
        assert abs(found - d.declares(ratio, drift)) < 0.012
        assert "off by less than 0.012" in PAGE
        return
    quoted = {
        (1.5, 1.0): "type I error of 0.156",
        (1.0, 1.0): "as exponential 0.007",
        (1.0, 0.67): "with a power of 0.60",
    }
    text = quoted[analysed, ratio]
    assert text in PAGE
    assert abs(found - float(text.rpartition(" ")[2])) < 4 * error + 0.005
    if ratio < 1:
        assert f"where {d.declares(ratio):.2f} is said" in PAGE


@pytest.mark.parametrize("method", ["map", "robust-map", "normalised-power", "pooled"])
@pytest.mark.thorough
def test_what_one_arm_can_show(method: str) -> None:
    about = shelf.one("borrowing-one-arm")
    d = shelf.build(about.name, {**about.example, "method": method})
    assert isinstance(d, BorrowingOneArm)
    n = d.numbers()
    names = ("alpha", "alpha_averaged", "alpha_at_97.5%", "power", "power_averaged", "power_averaged_limit")
    row = [method, f"{n['worth_patients']:.0f}", str(n["r"]), *(f"{n[k]:.4f}" for k in names)]
    assert f"| {' | '.join(row)} |" in PAGE
    x, size = (",".join(map(str, about.example[k])) for k in ("history_x", "history_n"))
    assert f"--history-x {x} --history-n {size}" in PAGE
    if method == "map":
        assert f"*More than {n['r']} of 80*" in PAGE
        assert f"more than {n['r']} of 80" in (ROOT / "docs" / "history.md").read_text()
