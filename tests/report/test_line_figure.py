"""The key of a figure of curves stays within the page, however long its names are; a hue is a colour."""

from __future__ import annotations

import re

from equipoise.report.figures.draw import svg_file
from equipoise.trial.exhibits import Curve, LineFigure


def drawn(word: str, *hues: int | None) -> str:
    curves = [Curve(f"{word} {i}", [0, 1], [0, 1], dashed=i % 2 == 0, hue=h) for i, h in enumerate(hues)]
    return svg_file(LineFigure("T", "x", "y", curves), "t")


def columns(svg: str, word: str) -> int:
    """Columns of the key: the places at which the names begin."""
    return len(set(re.findall(rf'<text [^>]*\bx="([\d.-]+)"[^>]*>{word} \d</text>', svg)))


def test_long_names_in_the_key_are_not_cut() -> None:
    long = "40 controls, a method whose name is long"
    assert columns(drawn("arm", None, None, None, None), "arm") == 3
    assert columns(drawn(long, None, None, None, None), long) == 2
    assert columns(drawn("w" * 60, None, None, None, None), "w" * 60) == 1


def test_curves_of_one_hue_share_a_colour() -> None:
    def lines(svg: str) -> list[str]:
        return [s for s in re.findall(r'style="([^"]*)"', svg) if "stroke-width: 1.8" in s]

    assert len({re.search(r"stroke: (#\w+)", s)[1] for s in lines(drawn("a", 0, 0, 1, 1))}) == 2  # type: ignore[index]
    assert len({re.search(r"stroke: (#\w+)", s)[1] for s in lines(drawn("a", None, None, None, None))}) == 4  # type: ignore[index]
