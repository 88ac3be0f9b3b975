"""Dose finding on the command line: a design's numbers and behaviour, the next dose, pathways, and bad input."""

from __future__ import annotations

from typing import Any

import pytest

from equipoise.design.dose import dose_shelf


def options(table: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for name, value in table.items():
        said = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        found += ["--" + name.replace("_", "-"), said]
    return found


@pytest.mark.parametrize("kind", dose_shelf.kinds())
def test_each_kind_has_its_command(equipoise: Any, kind: str) -> None:
    about = dose_shelf.one(kind)
    page = equipoise("design", kind, *options(dict(about.example)))
    assert page.status == 0, page.err
    found = equipoise("design", kind, *options(dict(about.example)), "--json").json
    assert found["kind"] == kind
    assert found["grade"]["grade"] in ("published", "independent", "property")
    assert "characteristics" not in found
    assert about.title.split(" (")[0].split(",")[0] in " ".join(equipoise("design", kind, "--help").out.split())


def test_boin_says_its_numbers_and_how_it_behaves(equipoise: Any) -> None:
    found = equipoise(
        "design", "boin", "--target", 0.3, "--truth", "0.05,0.15,0.3,0.45,0.6", "--accrual", 3, "--window", 1, "--json"
    ).json
    assert (round(found["lambda_e"], 4), round(found["lambda_d"], 4)) == (0.2365, 0.3585)
    row = next(r for r in found["table"] if r["n"] == 3)
    assert row == {"n": 3, "escalate_if_at_most": 0, "deescalate_if_at_least": 2, "eliminate_if_at_least": 3}
    shown = found["characteristics"]
    assert shown["method"] == "exact"
    assert shown["select_none"] + sum(shown["select"]) == pytest.approx(1)
    assert sum(shown["patients"]) == pytest.approx(shown["total_patients"])
    # Each patient costs a third of a month and each of ten cohorts a month, but for the few trials that stop early.
    assert shown["months"] == pytest.approx(20, abs=0.02)


def test_the_next_dose(equipoise: Any) -> None:
    found = equipoise("design", "next", "boin", "1NNN 2NTN", "--target", 0.3, "--doses", 5, "--json").json
    assert (found["action"], found["dose"], found["recommend"]) == ("stay", 2, 2)
    assert found["because"]
    found = equipoise(
        "design", "next", "crm", "1NNN", "--target", 0.25, "--skeleton", "0.08,0.16,0.25,0.35,0.46", "--json"
    ).json
    assert (found["action"], found["dose"], found["recommend"], len(found["ptox"])) == ("escalate", 2, 1, 5)
    page = equipoise("design", "next", "a-plus-b", "1NNT 1NNP:7", "--doses", 4)
    assert page.out.startswith("WAIT")
    assert "followed for 7 days" in " ".join(page.out.split())
    stopped = equipoise("design", "next", "a-plus-b", "1TTN", "--doses", 4, "--json").json
    assert (stopped["action"], stopped["dose"], stopped["recommend"]) == ("stop", None, None)


def test_pathways(equipoise: Any) -> None:
    found = equipoise("design", "paths", "a-plus-b", "1NNN", "--doses", 4, "--cohorts", 2, "--json").json
    root, *others = found["nodes"]
    assert (root["depth"], root["action"], root["dose"]) == (0, "escalate", 2)
    assert [w["outcomes"] for w in root["ways"]] == ["NNN", "NNT", "NTT", "TTT"]
    assert {n["state"] for n in others} == {w["to"] for n in found["nodes"] for w in n["ways"]}
    assert max(n["depth"] for n in others) == 2


@pytest.mark.parametrize(("line", "said"), [
    (("next", "boin", "1NNZ", "--target", 0.3, "--doses", 5), ["position 4"]),
    (("next", "boin", "7NNN", "--target", 0.3, "--doses", 5), ["cohort 1", "1 to 5"]),
    (("next", "boin", "1NNN", "--target", 0.3), ["--doses"]),
    (("boin", "--target", 1.3, "--start", 9), ["target", "start"]),
    (("boin", "--target", 0.8), ["p_high"]),
    (("a-plus-b", "--a", 3, "--b", 3, "--c", 2, "--d", 1, "--e", 7), ["c, d", "e "]),
    (("table", "--target", 0.3, "--rows", "3: 2/1/3,x"), ["rows, 1", "rows, 2"]),
    (("crm", "--target", 0.25, "--skeleton", "0.3,0.2"), ["skeleton, dose 2"]),
    (("boin", "--target", 0.3, "--truth", "0.1,1.2"), ["truth, dose 2"]),
    (("boin", "--target", 0.3, "--truth", "0.1,0.2", "--accrual", 3), ["--window"]),
    (("next", "boi", "1NNN"), ["boi"]),
])  # fmt: skip
def test_bad_input_names_all_that_is_wrong(equipoise: Any, line: tuple[Any, ...], said: list[str]) -> None:
    done = equipoise("design", *line)
    assert done.status == 2
    assert all(s in done.err for s in said), done.err
