"""docs/asvs.md: the tests that it names are there, and each row stands in one table."""

from __future__ import annotations

import re

from helpers import ROOT

PAGE = (ROOT / "docs" / "asvs.md").read_text()


def test_the_tests_that_it_names_are_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 30
    written = {
        name
        for path in (ROOT / "tests" / "site").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }
    assert named <= written, named - written


def rows() -> dict[str, list[str]]:
    """The rows of each table."""
    return {
        section.partition("\n")[0]: [
            r
            for line in section.splitlines()
            if line.startswith("| ")
            for r in re.findall(r"\d+\.\d+\.\d+", line.split("|")[1])
        ]
        for section in PAGE.split("\n## ")[1:]
    }


def test_every_row_of_levels_1_and_2_stands_once() -> None:
    asked = [
        x.split()[0] for x in (ROOT / "tests" / "fixtures" / "asvs-5.0.0.txt").read_text().splitlines() if x[0] != "#"
    ]
    assert len(asked) == 210
    assert sorted(r for of in rows().values() for r in of) == sorted(asked)


def test_the_counts_are_those_of_the_tables() -> None:
    found = rows()
    counts = [len(found[name]) for name in ("By test", "By procedure", "Nothing of the kind", "Not so")]
    said = "{} are held by a test, {} by procedure, {} are of what the app has not, and {} it does not hold to."
    assert said.format(*counts) in PAGE
