"""The explorer's arithmetic in Chromium, against the designs themselves: the same sizes, boundaries and probabilities."""

from __future__ import annotations

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
    text = (ROOT / "docs_site" / "explorer.html").read_text()
    path: Path = tmp_path_factory.mktemp("site") / "explorer.html"
    path.write_text(text.replace("/*SCRIPT*/", (ROOT / "docs_site" / "explorer.js").read_text()))
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


def test_the_page_shows_what_it_computed_and_says_what_is_wrong(page) -> None:  # type: ignore[no-untyped-def]
    page.fill("#p1", "0.4")
    rows = page.locator("#rows tr").all_inner_texts()
    assert [r.split("\t")[0] for r in rows] == ["one stage", "optimal", "minimax"]
    assert rows[1].split("\t")[1:3] == ["3 / 13", "12 / 43"]
    assert "equipoise design compare --p0 0.2 --p1 0.4" in page.inner_text("#command")
    assert "exact type I error is 0.0496" in page.inner_text("#protocol")
    page.fill("#p1", "0.2")
    assert "at least 0.1 above p0" in page.inner_text("#problems")
    assert page.locator("#rows tr").count() == 0
    page.fill("#p1", "0.4")
