"""docs/what-can-be-said.md answers for every item of seven trials, by keys that exist and that the bundled files use."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from equipoise.files.bundled import bundled_trials, find_trial
from helpers import FIXTURES, ROOT

PAGE = (ROOT / "docs" / "what-can-be-said.md").read_text()
SCHEMA = json.loads((ROOT / "trials" / "trial.schema.json").read_text())
ITEMS = list(csv.DictReader((FIXTURES / "ten" / "items.csv").read_text().splitlines()))
#: trial → its rows: item, answer, where
ROWS = {
    section.split(":")[0]: [tuple(c.strip() for c in r.strip("|").split(" | ")) for r in section.splitlines() if r[:2] == "| "][1:]
    for section in PAGE.split("\n## ")[1:]
}  # fmt: skip
PHASE_ONE = {"sshht", "matchpoint"}
KEY = re.compile(r"`(\[?[a-z_0-9]+(?:\.[a-z_0-9]+)*\]?)`")


def in_schema(at: Any, path: list[str]) -> bool:
    """Whether the schema knows this path, in any of the forms that an entry may have."""
    if not isinstance(at, Mapping):
        return False
    if "$ref" in at:
        return in_schema(SCHEMA["$defs"][at["$ref"].split("/")[-1]], path)
    forms = [*at.get("anyOf", ()), *at.get("oneOf", ()), *([at["items"]] if "items" in at else ())]
    if not path or any(in_schema(f, path) for f in forms):
        return True
    known = at.get("properties", {})
    return path[0] in known and in_schema(known[path[0]], path[1:])


def in_file(at: Any, path: list[str]) -> bool:
    """Whether a trial file says this, in any of its entries of that name."""
    if isinstance(at, list):
        return any(in_file(one, path) for one in at)
    return not path or (isinstance(at, Mapping) and path[0] in at and in_file(at[path[0]], path[1:]))


def named(where: str) -> Iterator[tuple[list[str], bool]]:
    """The keys of a row, and whether the row says that they are left out of the file."""
    for key in KEY.findall(where):
        yield key.strip("[]").split("."), key.startswith("[")


def test_every_item_has_its_row_in_order() -> None:
    for trial, rows in ROWS.items():
        assert [r[0] for r in rows] == [i["item"] for i in ITEMS if i["trial"] == trial]
    assert sum(map(len, ROWS.values())) == len(ITEMS)
    assert {r[1] for rows in ROWS.values() for r in rows} == {"yes", "partly", "no"}


@pytest.mark.parametrize("trial", ROWS)
def test_what_can_be_said_is_said_by_keys_that_exist_and_are_used(trial: str) -> None:
    file = tomllib.loads(find_trial(trial).read_text()) if trial in bundled_trials() else None
    for item, today, where in ROWS[trial]:
        keys = list(named(where))
        assert keys or today == "no" or "no key is needed" in where, item
        for path, left_out in keys:
            assert in_schema(SCHEMA, path), (item, path)
            if file is not None and "not in the bundled file" not in where:
                assert in_file(file, path) != left_out, (item, path)
        if today == "no":
            assert where.startswith("nearest: "), item


def test_keys_that_do_not_exist_are_found() -> None:
    assert not in_schema(SCHEMA, ["dose_finding"])
    assert not in_schema(SCHEMA, ["design", "skeleton"])
    assert not in_file({"arms": [{"name": "A"}]}, ["arms", "regimen"])


def test_the_counts_are_of_the_rows() -> None:
    yes = {t: sum(r[1] == "yes" for r in rows) for t, rows in ROWS.items()}
    first = Counter(i["trial"] for i in ITEMS if i["expressible"] == "yes")
    for trial, rows in ROWS.items():
        section = next(s for s in PAGE.split("\n## ")[1:] if s.startswith(trial))
        assert f"\n{yes[trial]} of {len(rows)} (0.1.0 at first: {first[trial]}).\n" in section
    two = [set(ROWS) - PHASE_ONE, PHASE_ONE, set(ROWS)]
    for line, trials in zip(re.findall(r"^\| (?:five of|two of|all \|).*", PAGE, flags=re.MULTILINE), two, strict=True):
        n = sum(len(ROWS[t]) for t in trials)
        counts = [sum(of[t] for t in trials) for of in (yes, first)]
        assert line.split(" | ")[1:] == [
            str(n),
            *[f"{c} ({100 * c / n:.0f} %)" + end for c, end in zip(counts, ("", " |"), strict=True)],
        ]


def test_help_and_readme_name_every_bundled_trial(equipoise: Any) -> None:
    text = equipoise("--help").out
    listed = re.search(r"bundled trial \(([^;]*);", " ".join(text.split()))
    assert listed is not None
    assert sorted(listed[1].split(", ")) == bundled_trials()
    readme = (ROOT / "README.md").read_text()
    assert all(f"`{t}`" in readme or f"trials/{t}/" in readme for t in bundled_trials())
