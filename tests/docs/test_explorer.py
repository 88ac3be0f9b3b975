"""The explorer's arithmetic in Chromium, against the designs themselves: the same sizes, boundaries and probabilities."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from browsing import CHROMIUM, FLAGS
from equipoise.design.shelf import build
from equipoise.trial.design import Characteristics
from helpers import ROOT

pytestmark = [
    pytest.mark.browser, pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed: the explorer was not opened in a browser"),
]  # fmt: skip
SETS = [
    (0.2, 0.4, 0.05, 0.8),
    (0.05, 0.2, 0.05, 0.8),
    (0.1, 0.3, 0.1, 0.9),
    (0.3, 0.5, 0.05, 0.9),
    (0.44, 0.58, 0.05, 0.8),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    path: Path = tmp_path_factory.mktemp("site") / "explorer.html"
    sys.path.insert(0, str(ROOT / "docs_site"))
    try:
        from build import explorer  # type: ignore[import-not-found]
    finally:
        sys.path.pop(0)
    path.write_text(explorer(), encoding="utf-8")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        opened = browser.new_context(offline=True).new_page()
        asked: list[str] = []
        opened.on("request", lambda r: asked.append(r.url))
        opened.goto(path.as_uri())
        yield opened
        assert [u for u in asked if not u.startswith("file:")] == []
        browser.close()


@pytest.mark.parametrize("sizes", ["optimal", "minimax"])
@pytest.mark.parametrize(("p0", "p1", "alpha", "power"), SETS)
def test_simon_s_designs_are_those_of_the_shelf(page, sizes, p0, p1, alpha, power) -> None:  # type: ignore[no-untyped-def]
    ours = build("simon", {"sizes": sizes, "p0": p0, "p1": p1, "alpha": alpha, "power": power})
    theirs = page.evaluate("([a, b, c, d]) => simon(a, b, c, d, 200)", [p0, p1, alpha, power])[sizes]
    assert (theirs["n1"], theirs["r1"], theirs["n"], theirs["r"]) == (ours.n1, ours.r1, ours.n, ours.r)  # type: ignore[attr-defined]
    for truth in ours.truths().values():
        exact: Characteristics = ours.characteristics(truth)
        found = page.evaluate("([d, p]) => behaviour(d, p)", [theirs, next(iter(truth.values()))])
        assert found["declare"] == pytest.approx(exact.declare.value, abs=1e-11)


@pytest.mark.parametrize(("p0", "p1", "alpha", "power"), [SETS[0], SETS[2], (0.35, 0.65, 0.07, 0.85)])
def test_two_arms_by_fisher_are_those_of_the_shelf(page, p0, p1, alpha, power) -> None:  # type: ignore[no-untyped-def]
    ours = build("exact-two-arm", {"method": "fisher", "p0": p0, "p1": p1, "alpha": alpha, "power": power})
    theirs = page.evaluate("([a, b, c, d]) => fisher(a, b, c, d, 250)", [p0, p1, alpha, power])
    assert theirs["each"] == ours.looks[-1].n
    for tested, control in ((p0, p0), (p1, p0), (0.9, 0.4)):
        exact = ours.characteristics({"tested": tested, "control": control}).declare.value
        found = page.evaluate(
            "([a, b, n, p, q]) => twoArmsReject({each: n, least: fisherRegion(n, a)}, p, q)",
            [alpha, power, theirs["each"], tested, control],
        )
        assert found == pytest.approx(exact, abs=1e-11)


def test_the_page_shows_what_it_computed_and_says_what_is_wrong(page) -> None:  # type: ignore[no-untyped-def]
    page.fill("#p1", "0.4")
    rows = page.locator("#rows tr").all_inner_texts()
    assert [r.split("\t")[0] for r in rows] == ["one stage", "optimal", "minimax", "two arms, Fisher"]
    assert rows[1].split("\t")[1:3] == ["3 / 13", "12 / 43"]
    assert "equipoise design compare --p0 0.2 --p1 0.4" in page.inner_text("#command")
    assert "exact type I error is 0.0496" in page.inner_text("#protocol")
    assert rows[3].split("\t")[2] == "73 + 73"
    assert "at these values: p0 0.2, p1 0.4, alpha 0.05, power 0.8" in page.inner_text("#grid")
    kinds = page.locator("#kinds tr").all_inner_texts()
    assert len(kinds) == 18
    (jung,) = (k.split("\t") for k in kinds if k.startswith("13. jung"))
    assert jung[1:3] == ["46, 148", "D ≥ 2 at 23+23, D ≥ 8 at 74+74"]
    page.fill("#accrual", "4")
    page.fill("#wait", "2")
    (jung,) = (k.split("\t") for k in page.locator("#kinds tr").all_inner_texts() if k.startswith("13. jung"))
    assert jung[8:] == ["39.0", "13.5", "8"], "148 / 4 + 2; 46 / 4 + 2; 4 a month for 2 months"
    page.get_by_role("button", name="13. jung").click()
    assert "Jung" in page.inner_text("#chosen") or "jung" in page.inner_text("#chosen")
    assert page.inner_text("#kind-command") == "equipoise design jung --p0 0.2 --p1 0.4 --alpha 0.05 --power 0.8"
    assert page.locator("#all-curves polyline").count() >= 14
    page.fill("#p1", "0.43")
    assert "Not your values: the nearest of the grid, p0 0.2, p1 0.4" in page.inner_text("#grid")
    page.fill("#p1", "0.2")
    assert page.locator("#kinds tr").count() == 0
    assert "at least 0.1 above p0" in page.inner_text("#problems")
    assert page.locator("#rows tr").count() == 0
    page.fill("#p1", "0.4")
