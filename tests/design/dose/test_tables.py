"""Decision tables of dose-finding designs against the packages' and papers'."""

from __future__ import annotations

from typing import Any

import pytest

from design.dose.oracles import rows, whole, wholes
from equipoise.design.dose import dose_shelf
from equipoise.design.dose.boin import lambdas
from equipoise.design.dose.exact import DoseTruth, characteristics

_WORD = {1: "E", 0: "S", -1: "D"}


def design(kind: str, **said: Any) -> Any:
    return dose_shelf.build(kind, {"doses": 5, **said})


def as_printed(row: dict[str, str]) -> tuple[int | None, int | None, int | None]:
    return whole(row["escalate_le"]), whole(row["deescalate_ge"]), whole(row["eliminate_ge"])


def ours(found: Any, n: int) -> tuple[int | None, int | None, int | None]:
    row = found.row(n)
    return row["escalate_if_at_most"], row["deescalate_if_at_least"], row["eliminate_if_at_least"]


@pytest.mark.independent
def test_boin_lambda() -> None:
    for r in rows("boin_lambda"):
        found = lambdas(float(r["target"]), float(r["p_saf"]), float(r["p_tox"]))
        assert found == pytest.approx((float(r["lambda_e"]), float(r["lambda_d"])), abs=1e-9)


@pytest.mark.independent
def test_boin_table() -> None:
    for r in rows("boin_table"):
        found = design("boin", target=float(r["target"]), certainty=float(r["cutoff_eli"]))
        assert ours(found, int(r["n"])) == as_printed(r), r


@pytest.mark.published
def test_boin_of_zhao_table_1() -> None:
    found = design("boin", target=0.25, stay_on_1_of_3=True)
    for r in rows("zhao2024_table1"):
        assert ours(found, int(r["n"])) == as_printed(r), r


@pytest.mark.independent
def test_boin_extra_safety() -> None:
    for r in rows("boin_extrasafe"):
        found = design("boin", target=float(r["target"]), extra_safe=True, offset=float(r["offset"]), cohorts=12)
        n = int(r["n"])
        stops = [y for y in range(n + 1) if found.chooses_none(n, y)]
        assert (min(stops) if stops else None) == whole(r["stop_at_lowest_ge"]), r
        state = found.start()
        for y in range(n + 1):
            said = found.more_rules[0].asked(type(state)((n,), (y,), 1, 2), 1)
            assert (said is not None) == (y in stops), (r, y)


@pytest.mark.independent
def test_keyboard_table() -> None:
    for r in rows("keyboard_table"):
        margin = float(r["margin"])
        found = design("keyboard", target=float(r["target"]), below=margin, above=margin, eliminate_from=1)
        assert ours(found, int(r["n"])) == as_printed(r), r


@pytest.mark.independent
@pytest.mark.parametrize(
    ("oracle", "kind", "said"), [("mtpi_moves", "mtpi", {}), ("mtpi2_moves", "keyboard", {"tie": "up"})]
)
def test_moves(oracle: str, kind: str, said: dict[str, str]) -> None:
    for r in rows(oracle):
        found = design(kind, target=float(r["target"]), eliminate_from=2, **said)
        n, y = int(r["n"]), int(r["y"])
        assert _WORD[found.move(n, y)] == r["move"], r
        assert found.eliminates(n, y) == (r["dose3_admissible"] == "FALSE"), r


@pytest.mark.independent
def test_i3plus3_table() -> None:
    for r in rows("i3plus3_table"):
        found = design("i3plus3", target=float(r["target"]), below=float(r["e1"]), above=float(r["e2"]))
        n, y = int(r["n"]), int(r["y"])
        assert ("DU" if found.eliminates(n, y) else _WORD[found.move(n, y)]) == r["decision"], r


@pytest.mark.independent
def test_the_dose_that_boin_selects() -> None:
    for r in rows("boin_select_mtd"):
        n = wholes(r["n"])
        said = {"extra_safe": r["extrasafe"] == "TRUE", "bound": r["boundMTD"] == "TRUE"}
        found = design("boin", **{"target": float(r["target"]), "doses": len(n), **said})
        assert (found.choose(n, wholes(r["y"])) or 99) == int(r["mtd"]), r


@pytest.mark.property
def test_an_own_table_is_what_it_copies() -> None:
    boin = design("boin", target=0.3, cohorts=6)
    copied = []
    for n in range(3, 19, 3):
        up, down, out = ours(boin, n)
        copied.append(f"{n}: {'-' if up is None else up}/{'-' if down is None else down}/{'-' if out is None else out}")
    own = design("table", target=0.3, cohorts=6, rows=tuple(copied))
    assert not own.cautions
    for truth in ((0.05, 0.15, 0.3, 0.45, 0.6), (0.5, 0.6, 0.7, 0.8, 0.9)):
        a, b = (characteristics(d, DoseTruth(truth)) for d in (boin, own))
        assert a.select == pytest.approx(b.select, abs=1e-12)
        assert a.patients == pytest.approx(b.patients, abs=1e-12)
