"""The explorer's table is what today's code finds: the grid whole, and points of it made anew."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from helpers import ROOT, Answer

#: Kinds that are found within a second.
QUICK = {
    "a-hern",
    "simon",
    "mander-thompson",
    "fleming",
    "green-dahlberg",
    "gehan",
    "thall-simon",
    "screening",
    "group-sequential",
    "selection",
}


@pytest.fixture(scope="module")
def maker() -> Iterator[Any]:
    sys.path.insert(0, str(ROOT / "docs_site"))
    try:
        import make_explorer_table  # type: ignore[import-not-found]

        yield make_explorer_table
    finally:
        sys.path.pop(0)


@pytest.fixture(scope="module")
def table(maker: Any) -> Any:
    return json.loads(maker.TABLE.read_text(encoding="utf-8"))


def test_it_has_every_point_with_every_kind(maker: Any, table: Any) -> None:
    assert [tuple(p["at"]) for p in table["points"]] == maker.grid()
    assert table["curve"] == maker.CURVE
    for point in table["points"]:
        kinds = [d["kind"] for d in point["designs"]]
        assert len(kinds) == 18
        assert set(kinds) == set(table["kinds"])
        for d in point["designs"]:
            assert d["command"].startswith(f"equipoise design {d['kind']} ")
            if "none" in d:
                assert "minutes" in d["none"] or "no n up to" in d["none"] or "nmax" in d["none"] or d["none"], d
                continue
            assert d["looks"] == sorted(d["looks"])
            if d["curve"] is not None:
                assert d["curve"] == sorted(d["curve"]), "the better the rate the more is declared"
            calibrated = d["kind"] not in ("fleming", "green-dahlberg", "gehan", "thall-simon", "selection")
            if calibrated:
                assert d["declare"][0] <= 10_000 * point["at"][2] + 1
                assert d["declare"][1] >= 10_000 * point["at"][3] - 1 or d["kind"] == "bop2", (point["at"], d["kind"])


def held(maker: Any, table: Any, at: tuple[float, ...], kinds: set[str] | None) -> None:
    (point,) = (p for p in table["points"] if tuple(p["at"]) == at)
    for (kind, options), there in zip(maker.asked(at), point["designs"], strict=True):
        assert there["kind"] == kind
        if (kinds is None or kind in kinds) and "minutes" not in there.get("none", ""):
            assert json.loads(json.dumps(maker.entry(kind, options, at))) == there, (at, kind)


@pytest.mark.parametrize("at", [(0.5, 0.8, 0.1, 0.8)])
def test_a_point_made_anew(maker: Any, table: Any, at: tuple[float, ...]) -> None:
    held(maker, table, at, QUICK)


@pytest.mark.slow
def test_points_made_anew_whole(maker: Any, table: Any) -> None:
    held(maker, table, (0.1, 0.4, 0.1, 0.8), None)
    held(maker, table, (0.3, 0.5, 0.05, 0.9), QUICK)


def test_a_command_of_the_table_makes_what_stands_beside_it(table: Any, equipoise: Callable[..., Answer]) -> None:
    (point,) = (p for p in table["points"] if p["at"] == [0.2, 0.4, 0.05, 0.8])
    for d in point["designs"]:
        if d["kind"] in ("a-hern", "fleming", "gehan", "thall-simon", "selection", "screening"):
            done = equipoise(*shlex.split(d["command"])[1:])
            assert done.status == 0, done.err
            assert " ".join(d["protocol"].split())[:60] in " ".join(done.out.split()), (d["command"], done.out)
