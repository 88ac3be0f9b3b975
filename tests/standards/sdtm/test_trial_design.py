"""SDTM's trial design: the same arms, visits and criteria as the trial and its USDM have, within what transport files hold."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from equipoise.files.bundled import bundled_trials, find_trial
from equipoise.files.protocol_file import documented
from equipoise.files.trial_file import read_trial
from equipoise.standards.dataset import Dataset
from equipoise.standards.sdtm.trial_design import cut, trial_design
from equipoise.standards.usdm.export import to_usdm
from equipoise.trial.trial import Trial

CUTOFF = date(2013, 9, 30)


def rows(d: Dataset) -> list[dict[str, Any]]:
    return [{v.name: d.columns[v.name][i] for v in d.variables} for i in range(d.n)]


def made(trial: Trial) -> dict[str, list[dict[str, Any]]]:
    return {d.name: rows(d) for d in trial_design(trial, CUTOFF)}


@pytest.mark.thorough
@pytest.mark.parametrize("name", bundled_trials())
def test_every_trial_s_design_is_that_of_its_usdm(name: str) -> None:
    trial = read_trial(find_trial(name))
    found = made(trial)
    design = to_usdm(trial)["study"]["versions"][0]["studyDesigns"][0]
    assert list(dict.fromkeys(r["ARMCD"] for r in found["TA"])) == [a["name"] for a in design["arms"]]
    assert (
        {r["ETCD"] for r in found["TA"]} == {r["ETCD"] for r in found["TE"]} == {e["name"] for e in design["elements"]}
    )
    assert len(found["TA"]) == len(design["studyCells"])
    assert {r["VISIT"] for r in found["TV"]} == {e["name"] for e in design["encounters"]}
    assert len(found.get("TI", [])) == len(trial.eligibility)
    numbers = [r["VISITNUM"] for r in found["TV"]]
    assert numbers == sorted(set(numbers))
    for domain in found.values():
        for row in domain:
            assert all(len(v.encode()) <= 200 for v in row.values() if isinstance(v, str))
            # What a transport file can have: signs in our own sentences and in a protocol's are typed.
            assert all(v.isascii() for v in row.values() if isinstance(v, str)), row
            assert len(row.get("ETCD", "")) <= 8
    keys = [(r["TSPARMCD"], r["TSSEQ"]) for r in found["TS"]]
    assert len(keys) == len(set(keys))
    assert all(bool(r["TSVAL"]) != bool(r["TSVALNF"]) for r in found["TS"])
    assert all(len(r["TSPARMCD"]) <= 8 and len(r["TSPARM"]) <= 40 for r in found["TS"])


def test_north_with_what_its_protocol_says_beside() -> None:
    path = find_trial("north")
    shown = documented(read_trial(path), path).shown
    summary = {r["TSPARMCD"]: r["TSVAL"] for r in made(shown)["TS"]}
    assert summary["AGEMIN"] == "P18Y"
    assert summary["SEXPOP"] == "BOTH"
    assert summary["PLANSUB"] == "120"
    assert summary["RANDQT"] == "0.6667"
    assert summary["TPHASE"] == "PHASE I/II TRIAL"
    assert summary["ADDON"] == "Y"
    assert summary["TRT"] == "IMGN901"
    assert summary["DCUTDTC"] == "2013-09-30"
    assert [r["TSVALNF"] for r in made(shown)["TS"] if r["TSPARMCD"] == "AGEMAX"] == ["PINF"]


def test_signs_are_typed() -> None:
    assert cut("ECOG ≤ 2 – “well”…") == 'ECOG <= 2 - "well"...'


def test_long_texts_are_cut_at_a_word() -> None:
    assert cut("a short text\non two lines") == "a short text on two lines"
    long = cut("über " * 100)
    assert len(long.encode()) <= 200
    assert long.endswith("über ...")
    assert len(cut("ü" * 300).encode()) <= 200
