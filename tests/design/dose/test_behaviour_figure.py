"""The figure of a dose-finding design: what it shows is what is reckoned; without a truth, the boundaries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from equipoise.design.dose import dose_shelf
from equipoise.desk import dose
from equipoise.trial.problem import BadInput
from helpers import Answer

TRUTH = (0.05, 0.15, 0.3, 0.45, 0.6)


def test_it_shows_selection_patients_and_truth() -> None:
    found = dose.ask("boin", {"target": 0.3, "doses": 5}, [TRUTH])
    selected, treated, true = found.figure().curves
    (c,) = found.behaviour
    assert list(selected.y) == list(c.select)
    assert sum(treated.y) == pytest.approx(1)
    assert tuple(true.y) == TRUTH
    assert [m.y for m in found.figure().marks] == [0.3]


def test_without_a_truth_it_shows_the_boundaries() -> None:
    found = dose.ask("boin", {"target": 0.3, "doses": 5})
    rows = found.design.numbers()["table"]
    for curve, key in zip(found.figure().curves, ("escalate_if_at_most", "deescalate_if_at_least", "eliminate_if_at_least"), strict=True):  # fmt: skip
        assert list(zip(curve.x, curve.y, strict=True)) == [(r["n"], r[key]) for r in rows if r[key] is not None]


@pytest.mark.parametrize("kind", [k.name for k in dose_shelf.described() if k.name not in ("dose-comparison",)])
def test_every_kind_has_a_figure_or_says_what_it_needs(kind: str) -> None:
    found = dose.ask(kind, {k: v for k, v in dose_shelf.one(kind).example.items() if k != "kind"})
    if found.design.numbers().get("table"):
        assert found.figure().curves
    else:
        with pytest.raises(BadInput, match="--truth"):
            found.figure()


def test_it_is_written(tmp_path: Path, equipoise: Callable[..., Answer]) -> None:
    path = tmp_path / "boin.svg"
    done = equipoise("design", "boin", "--target", 0.3, "--truth", ",".join(map(str, TRUTH)), "--figure", path)
    assert done.status == 0
    assert path.read_text().lstrip().startswith("<?xml")
    wrong = equipoise("design", "crm", "--target", 0.25, "--skeleton", "0.1,0.2,0.3", "--figure", path, "--json")
    assert wrong.status == 2
