"""A library that contradicts itself is refused with all its contradictions; the bundled one does not."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from equipoise.files.history_file import bundled_libraries, find_library, read_library
from equipoise.files.schemas import schema_of
from equipoise.history.library_check import counted_twice, library_cautions
from equipoise.trial.problem import BadInput
from helpers import ROOT

RAW = tomllib.loads(find_library("ed-sclc").read_text())
Change = Callable[[dict[str, dict[str, Any]]], object]


def toml(raw: dict[str, Any]) -> str:
    """Enough of TOML to write a library."""

    def value(v: Any) -> str:
        if isinstance(v, str):
            return '"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"'
        if isinstance(v, list):
            return "[" + ", ".join(map(value, v)) + "]"
        if isinstance(v, dict):
            return "{ " + ", ".join(f"{k} = {value(x)}" for k, x in v.items()) + " }"
        return str(v)

    head = [f"{k} = {value(v)}" for k, v in raw.items() if k != "arms"]
    arms = ["\n[[arms]]\n" + "\n".join(f"{k} = {value(v)}" for k, v in a.items()) for a in raw["arms"]]
    return "\n".join([*head, *arms]) + "\n"


def problems(tmp_path: Path, *changes: Change) -> dict[str, list[str]]:
    raw = copy.deepcopy(RAW)
    by_name = {a["name"]: a for a in raw["arms"]}
    for change in changes:
        change(by_name)
    path = tmp_path / "library.toml"
    path.write_text(toml(raw))
    with pytest.raises(BadInput) as caught:
        read_library(path)
    found: dict[str, list[str]] = {}
    for p in caught.value.problems:
        found.setdefault(p.code, []).append(p.where)
    return found


def change_median(arm: str, i: int, **values: str) -> Change:
    return lambda a: a[arm]["medians"][i].update(values)


def change_rate(arm: str, i: int, **values: Any) -> Change:
    return lambda a: a[arm]["rates"][i].update(values)


CASES: list[tuple[str, Change, str]] = [
    ("weeks as months", change_median("Eckardt-2006-EP", 1, value="40.3 months"), "other-unit"),
    ("days as months", change_median("Lara-2009-EP", 0, value="158 months"), "other-unit"),
    ("an interval that excludes its estimate", change_median("Foster-2011", 0, lower="5.6 months"), "interval-excludes-estimate"),
    ("a rate's interval too", change_rate("Wang-2022-placebo", 0, upper=0.5), "interval-excludes-estimate"),
    ("one limit", change_rate("Lara-2009-EP", 0, lower=0.5), "half-an-interval"),
    ("a percentage", change_rate("Lara-2009-EP", 0, rate=57.0), "out-of-range"),
    ("PFS above OS", change_median("Lara-2009-EP", 1, value="5.0 months"), "pfs-above-os"),
    ("a rate that rises", change_rate("Cheng-2024-placebo", 1, rate=0.4), "rate-rises"),
    ("a rate against its median", change_rate("Cheng-2024-placebo", 0, rate=0.6), "rate-against-median"),
    ("no n", lambda a: a["Lara-2009-EP"].pop("n"), "n-missing"),
    ("no patients", lambda a: a["Lara-2009-EP"].update(n=0), "out-of-range"),
    ("a rate of more patients", change_rate("Lara-2009-EP", 0, n=900), "out-of-range"),
    ("published before the end", lambda a: a["Sun-2016-EP"].update(published=2009), "dates-out-of-order"),
    ("one arm under two names", lambda a: a["Sun-2016-EP"].update({k: a["Kim-2019-EP"][k] for k in ("doi", "n", "regimen")}), "counted-twice"),
    ("a name twice", lambda a: a["Sun-2016-EP"].update(name="Kim-2019-EP"), "duplicate-name"),
    ("an unknown member", lambda a: a["Foster-2015"].update(contains=["Foster-2010"]), "unknown-arm"),
    ("quoted from nowhere", lambda a: a["Foster-2011"].update(seen_in=""), "no-source"),
    ("a landmark rate without a landmark", lambda a: a["Horn-2018-placebo"]["rates"][0].pop("at"), "no-landmark"),
    ("an unknown grade", lambda a: a["Sun-2016-EP"].update(verified="hearsay"), "not-a-choice"),
    ("an unknown key", lambda a: a["Sun-2016-EP"].update(median=5), "unknown-key"),
]  # fmt: skip


@pytest.mark.property
@pytest.mark.parametrize(("change", "code"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_each_contradiction_is_found(tmp_path: Path, change: Change, code: str) -> None:
    assert code in problems(tmp_path, change)


def test_all_at_once(tmp_path: Path) -> None:
    chosen = [
        c
        for c in CASES
        if c[2] in ("other-unit", "interval-excludes-estimate", "pfs-above-os", "n-missing", "rate-rises")
    ]
    # the two changes of Lara's medians exclude each other
    found = problems(tmp_path, *(c[1] for c in chosen if c[0] != "PFS above OS"))
    assert {c[2] for c in chosen if c[0] != "PFS above OS"} <= set(found)
    # a type that is wrong does not hide what is wrong between numbers
    both = problems(tmp_path, CASES[0][1], CASES[-1][1])
    assert {"other-unit", "unknown-key"} <= set(both)


def test_the_bundled_libraries_are_consistent_and_say_what_is_unverified() -> None:
    for name in bundled_libraries():
        path = find_library(name)
        library = read_library(path)
        assert library.id == name
        raw = tomllib.loads(path.read_text())
        raw["compiled"] = str(raw["compiled"])
        jsonschema.validate(raw, schema_of("history"))
        assert all(a.citation and a.published for a in library.arms)
        cautions = "\n".join(library_cautions(library))
        loose = [
            a.name
            for a in library.arms
            if "from memory: unverified" in [a.verified, *(a.grade(x) for x in (*a.medians, *a.rates))]
        ]
        assert all(n in cautions for n in loose)
    import json

    written = json.loads((ROOT / "trials" / "history.schema.json").read_text())
    assert written == json.loads(json.dumps(schema_of("history"))), "run `make schema`"
    assert schema_of("case-mix")["title"].endswith("format 1")


def test_an_interval_too_narrow_for_its_patients_is_flagged() -> None:
    """Medians known to a tenth of a month; Yilmaz' 8.09 to 9.90 of 88 patients; no others in the library."""
    library = read_library(find_library("ed-sclc"))
    flagged = [c for c in library_cautions(library) if "narrower" in c]
    assert [c.partition(":")[0] for c in flagged] == ["Yilmaz-2011-CE", "Horn-2018-placebo", "Cheng-2024-placebo"]
    assert "the interval of median PFS 5.6 months is narrower than 219 patients" in flagged[2]
    wang = library.arm_by_name["Wang-2022-placebo"]
    rates = tuple(r.model_copy(update={"lower": r.rate - 0.03, "upper": r.rate + 0.03}) for r in wang.rates[:1])
    other = library.model_copy(update={"arms": (wang.model_copy(update={"rates": rates}),)})
    assert any("the interval of OS at 12 months 0.52 is narrower" in c for c in library_cautions(other))


def test_patients_are_counted_once() -> None:
    library = read_library(find_library("ed-sclc"))
    arms = library.arm_by_name
    assert not counted_twice([arms["Lara-2009-EP"], arms["Niell-2005-EP"]])
    found = counted_twice([arms["Lara-2009-EP"], arms["Foster-2015"], arms["Foster-2011"]])
    assert [p.code for p in found] == ["counted-twice"] * 2
    with pytest.raises(BadInput, match="bundled one: ed-sclc"):
        find_library("ed-nsclc")
