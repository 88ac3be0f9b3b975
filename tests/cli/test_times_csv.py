"""`equipoise analyse --csv`: the curves of a table without a trial file, as R has them; and what is refused."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from equipoise.desk.times_csv import Asked, curves, event_named
from equipoise.trial.dialect import Dialect
from equipoise.trial.problem import BadInput
from helpers import Answer

Equipoise = Callable[..., Answer]


def written(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]], separator: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=separator).writerows([header, *rows])
    return path


@pytest.fixture
def lung(r: dict[str, Any], tmp_path: Path) -> Path:
    """R's lung: status 1 censored, 2 dead; sex 1, 2."""
    d = r["samples"]["lung"]
    rows = [(t, s + 1, g + 1) for t, s, g in zip(d["time"], d["status"], d["treated"], strict=True)]
    return written(tmp_path / "lung.csv", ("time", "status", "sex"), rows)


@pytest.mark.independent
def test_the_curves_of_lung_are_those_of_r(lung: Path, r: dict[str, Any], equipoise: Equipoise) -> None:
    told = equipoise("analyse", "--csv", lung, "--time", "time", "--event", "status=2", "--arm", "sex", "--json").json
    one, expected = told["endpoints"]["T"]["comparisons"]["A2 vs A1"], r["samples"]["lung"]
    assert one["logrank_chi2"] == pytest.approx(expected["logrank"]["chi2"], rel=1e-12)
    assert one["hr"] == pytest.approx(expected["cox"]["hr"], rel=1e-9)
    assert told["arms"] == {"A1": "1", "A2": "2"}


def test_one_arm_needs_no_column(lung: Path, equipoise: Equipoise) -> None:
    told = equipoise("analyse", "--csv", lung, "--time", "time", "--event", "status=2")
    assert told.status == 0
    assert "All" in told.out
    assert "Comparisons" not in told.out


def test_the_reference_is_the_arm_that_is_named(lung: Path) -> None:
    asked = Asked(lung, "time", ("status", ("2",)), "sex", reference="2")
    found = curves(asked)
    assert [a.label for a in found.trial.arms] == ["2", "1"]
    assert [a.tested for a in found.trial.arms] == [False, True]


def test_several_values_may_be_the_event_and_words_too(tmp_path: Path) -> None:
    rows = [("a", 10, "dead"), ("b", 20, "relapse"), ("a", 30, "alive"), ("b", 40, "alive")]
    path = written(tmp_path / "x.csv", ("arm", "days", "state"), rows)
    found = curves(Asked(path, "days", event_named("state=dead,relapse"), "arm"))
    assert [row[2] for row in next(iter(found.tables())).rows if len(row) > 2 and row[2] is not None][-2:] in (
        ["1", "1"],
        [1, 1],
    )


def test_a_semicolon_and_a_decimal_comma(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv", ("m", "s"), [("1,5", 1), ("3,0", 0), ("2,25", 1)], ";")
    found = curves(Asked(path, "m", ("s", ("1",)), unit="months", dialect=Dialect()))
    told = found.as_json()["endpoints"]["T"]["arms"]["ALL"]
    # 1.5, 2.25 and 3 months are days 46, 68 and 91; half are gone after the second
    assert (told["n"], told["events"], told["median"]) == (3, 2, 68)


def test_problems_name_the_lines_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("t,s\n10,1\n\n20,\nlong,0\n30,0\n")
    with pytest.raises(BadInput) as bad:
        curves(Asked(path, "t", ("s", ("1",))))
    assert [p.where.split(".")[0] for p in bad.value.problems] == ["row 4", "row 5"]


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (["--time", "tim", "--event", "status=3", "--arm", "sax"], ["--time", "--arm"]),
        (["--time", "time", "--event", "status=3", "--arm", "time"], ["--event", "--arm"]),
        (["--time", "time", "--event", "status=2", "--arm", "sex", "--reference", "3"], ["--reference"]),
        (["--time", "time", "--event", "status=2", "--reference", "3"], ["--reference"]),
        (["--event", "status", "--cutoff", "2020-01-01"], ["--csv", "--time", "--event"]),
        (["north"], ["TRIAL", "--time", "--event"]),
    ],
)
def test_all_that_is_wrong_is_told(words: list[str], where: list[str], lung: Path, equipoise: Equipoise) -> None:
    wrong = equipoise("analyse", "--csv", lung, *words, "--json")
    assert wrong.status == 2
    assert [p["where"] for p in wrong.json["error"]["problems"]] == where


def test_options_of_a_csv_need_one(equipoise: Equipoise) -> None:
    wrong = equipoise("analyse", "--time", "t", "--json")
    assert [p["where"] for p in wrong.json["error"]["problems"]] == ["TRIAL", "--time"]


def test_the_page_has_the_curves(lung: Path, tmp_path: Path, equipoise: Equipoise) -> None:
    page = tmp_path / "lung.html"
    done = equipoise("analyse", "--csv", lung, "--time", "time", "--event", "status=2", "--arm", "sex", "--at", "365 days", "--page", page)  # fmt: skip
    assert done.status == 0
    text = page.read_text()
    assert "<svg" in text
    assert "randomised" not in text.lower().replace("since randomisation", "")
