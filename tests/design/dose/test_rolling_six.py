"""Rolling six against its published table, and in calendar time."""

from __future__ import annotations

from typing import Any

import pytest

from design.dose.oracles import rows
from equipoise.design.dose import dose_shelf
from equipoise.design.dose.conformance import faults_of
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


#: IQ rolling 6 (JAMA Netw Open 2020;3:e204787, table 2), its thirty rows: on the dose, answered, DLTs, decision.
IQ = """
0-5 0 0 same | 6 0 0 hold | 1-5 1 0 same | 6 1 0 same | 7 1 0 hold | 2-5 2 0 same | 6-7 2 0 same | 8 2 0 hold | 3 3 0 escalate | 4-5 3 0 escalate
6 3 0 escalate | 7-8 3 0 escalate | 4 4 0 escalate | 5 4 0 escalate | 6-8 4 0 escalate | 5 5 0 escalate | 6 5 0 escalate | 7-8 5 0 escalate
1-5 1-5 1 same | 6 1-3 1 hold | 6 4 1 same | 6 5 1 same | 7 4 1 hold | 7 5 1 same | 6-8 6-8 1 escalate | 2-8 2-6 2 de-escalate | 7 7 2 declare
8 7 2 hold | 8 8 2 declare | 3-8 3-8 3 de-escalate
"""


@pytest.mark.published
def test_the_published_table_of_iq_rolling_six() -> None:
    by = {(r["on"], r["answered"], r["dlt"]): r["decision"] for r in design(convention="iq").decisions()}
    compared = set()
    for row in IQ.replace("\n", "|").split("|"):
        if not row.strip():
            continue
        total, evaluable, dlt, word = row.split()
        for on in span(total):
            for answered in span(evaluable):
                key = (on, answered, int(dlt))
                if 0 < on >= answered >= key[2]:
                    assert by[key] == word, (row, key)
                    compared.add(key)
    # Rows that the paper leaves out as rare.
    rest = {key: by[key] for key in set(by) - compared}
    held = {
        (7, 0, 0),
        (8, 0, 0),
        (8, 1, 0),
        (7, 1, 1),
        (7, 2, 1),
        (7, 3, 1),
        (8, 1, 1),
        (8, 2, 1),
        (8, 3, 1),
        (8, 4, 1),
        (8, 5, 1),
    }
    assert {k for k, word in rest.items() if word == "hold"} == held
    assert {k for k, word in rest.items() if word == "escalate"} == {
        (6, 6, 0),
        (7, 6, 0),
        (7, 7, 0),
        (8, 6, 0),
        (8, 7, 0),
        (8, 8, 0),
    }
    assert len(rest) == len(held) + 6


def test_iq_waits_less_and_conforms() -> None:
    said = {
        "1NNNP:3": ("escalate", 2), "1NNP:1P:1P:1P:1": ("stay", 1), "1NNP:1P:1P:1P:1P:1P:1": ("wait", None), "1TTNNNNN": ("declare", 1),
        "1TTNNNNNP:3": ("wait", None), "1TTNNNN": ("stop", None), "1NNN 2TTNNNNN": ("declare", 2), "1NNN 2TTT 1NNN": ("declare", 1),
    }  # fmt: skip
    for text, expected in said.items():
        found = answer(design(convention="iq"), read_outcomes(text), window=28)
        assert (found.action, found.dose) == expected, text
    assert faults_of(design(convention="iq", doses=3), 3_000) == []
    truth, calendar = DoseTruth((0.05, 0.1, 0.15, 0.2, 0.3)), Calendar(6, 2)
    ours, iq = (simulate(design(convention=c), truth, 200, 3, calendar) for c in ("skolnik", "iq"))
    assert iq.turned_away is not None
    assert ours.turned_away is not None
    assert iq.turned_away < ours.turned_away
