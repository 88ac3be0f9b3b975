"""Rolling six against its published table, and in calendar time."""

from __future__ import annotations

from typing import Any

import pytest

from design.dose.oracles import rows
from equipoise.design.dose import dose_shelf
from equipoise.design.dose.exact import DoseTruth, characteristics
from equipoise.design.dose.history import answer
from equipoise.design.dose.simulated import Calendar, simulate
from equipoise.trial.dose_outcomes import read_outcomes


def design(**said: Any) -> Any:
    return dose_shelf.build("rolling-six", {"doses": 5, **said})


def span(text: str) -> range:
    low, _, high = text.partition("-")
    return range(7) if text == "any" else range(int(low), int(high or low) + 1)


@pytest.mark.published
def test_the_published_table() -> None:
    by = {(r["on"], r["answered"], r["dlt"]): r["decision"] for r in design().decisions()}
    compared = set()
    for r in rows("rolling_six"):
        word = (
            r["rolling_six" if "rolling_six" in r else "rolling_6"].split(" (")[0].replace("deescalate", "de-escalate")
        )
        for on in span(r["total"]):
            for answered in span(r["evaluable"]):
                key = (on, answered, int(r["dlt"]))
                if on == 0 or answered > on or key[2] > answered or key[2] > 2:
                    continue  # nobody is on the dose, or these cannot be
                assert by[key] == word, (r, key)
                compared.add(key)
    # Two cells the table does not print: six on the dose, two or six of them answered.
    assert compared == set(by) - {(6, 2, 0), (6, 6, 0)}
    assert (by[6, 2, 0], by[6, 6, 0]) == ("hold", "escalate")


def test_in_the_notation() -> None:
    said = {
        "1NNN": ("escalate", 2), "1NNNP:3": ("stay", 1), "1NNP:1P:1": ("stay", 1), "1NNNNNP:3": ("escalate", 2), "1NNNNP:9P:3": ("wait", None),
        "1NNTNNN": ("escalate", 2), "1TNT": ("stop", None), "1NNN 2TTP:3": ("de-escalate", 1), "1NNN 2TT 1NNN": ("declare", 1),
        "1NNN 2TTP:3 1NNN": ("wait", None), "1NNN 2TT 1NNT": ("declare", 1), "1NNN 2TT 1NTT": ("stop", None), "1NNN 2TT 1NP:3N": ("wait", None),
    }  # fmt: skip
    for text, expected in said.items():
        found = answer(design(), read_outcomes(text), window=28)
        assert (found.action, found.dose) == expected, text
    few = design(mtd_needs=3)
    assert answer(few, read_outcomes("1NNN 2TT")).action == "declare"
    top = design(doses=1)
    assert (answer(top, read_outcomes("1NNNNN")).action, answer(top, read_outcomes("1NNNNNT")).action) == (
        "stay",
        "declare",
    )


@pytest.mark.property
def test_who_comes_slowly_meets_three_plus_one_by_one() -> None:
    """Where all are answered before the next comes, the exact numbers of the states hold; and quicker accrual takes fewer months."""
    truth = DoseTruth((0.05, 0.15, 0.30, 0.45, 0.60))
    exact = characteristics(design(), truth)
    slow = simulate(design(), truth, 1500, 3, Calendar(0.001, 0.01))
    for found, p in zip((*slow.select, slow.select_none), (*exact.select, exact.select_none), strict=True):
        assert abs(found - p) <= 4 * (max(p * (1 - p), 1e-3) / 1500) ** 0.5
    fast = simulate(design(), truth, 100, 3, Calendar(4, 1))
    three = simulate(dose_shelf.build("a-plus-b", {"doses": 5, "deescalate": True}), truth, 100, 3, Calendar(4, 1))
    assert fast.months is not None
    assert three.months is not None
    assert fast.months < three.months
