"""`equipoise export`: files that others open, all or none, and agreement shown by the command."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pyreadstat
import pytest

from equipoise.files.datasets import read_datasets
from equipoise.numerics.times import survival as km
from helpers import FIXTURES, Answer


@pytest.fixture(scope="module")
def colon_files(equipoise: Callable[..., Answer], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("adam")
    for ending in ("xpt", "json"):
        done = equipoise("export", "colon", "--as", "adam", "--format", ending, "--out", out / ending, "--json")
        assert done.status == 0, done.err
        assert [d["records"] for d in done.json["datasets"]] == [929, 11609, 2787, 0, 0]
    return {ending: out / ending for ending in ("xpt", "json")}


@pytest.mark.independent
@pytest.mark.thorough
def test_pyreadstat_opens_them(colon_files: dict[str, Path]) -> None:
    frame, meta = pyreadstat.read_xport(colon_files["xpt"] / "adtte.xpt")
    assert len(frame) == 2787
    assert meta.column_names_to_labels["CNSDTDSC"] == "Censor Date Description"
    first = frame[(frame.USUBJID == "1") & (frame.PARAMCD == "OS")].iloc[0]
    # The first patient of `colon`: died on day 1521 (Lev+5FU).
    assert (first.AVAL, first.CNSR, first.EVNTDESC, first.ARMCD) == (1521, 0, "Death", "Lev+5FU")
    assert (first.SRCDOM, first.SRCVAR) == ("LOG", "NUMBER")
    adsl, _ = pyreadstat.read_xport(colon_files["xpt"] / "adsl.xpt")
    assert adsl.RANDDT.iloc[0] == date(1984, 3, 1)


@pytest.mark.independent
def test_both_formats_hold_the_same_and_give_the_analysis(
    equipoise: Callable[..., Answer], colon_files: dict[str, Path]
) -> None:
    analysis = equipoise("analyse", "colon", "--json").json["endpoints"]
    for ending, where in colon_files.items():
        found = read_datasets([p for p in where.iterdir() if p.suffix == f".{ending}"])
        define = (where / "define.xml").read_text()
        assert f"adtte.{ending}" in define
        assert "Censor Date Description" in define
        assert set(found) == {"ADSL", "ADRS", "ADTTE", "ADTR", "ADAE"}
        adtte = found["ADTTE"]
        arm, code = np.array(adtte.text("ARMCD")), np.array(adtte.text("PARAMCD"))
        days, event = np.asarray(adtte.columns["AVAL"]), np.asarray(adtte.columns["CNSR"]) == 0
        for name in ("OS", "RFS", "TTR"):
            shown = analysis[name]["comparisons"]["Lev+5FU vs Obs"]
            here = (code == name) & np.isin(arm, ["Lev+5FU", "Obs"])
            test = km.logrank(days[here], event[here], (arm[here] == "Lev+5FU").astype(np.int64))
            assert test.chi2 == pytest.approx(shown["logrank_chi2"], rel=1e-12), ending
            own = (code == name) & (arm == "Obs")
            median = km.kaplan_meier(days[own], event[own]).median().estimate
            theirs = analysis[name]["arms"]["Obs"]["median"]
            assert median == theirs or (np.isnan(median) and theirs is None)


@pytest.mark.snapshot
@pytest.mark.thorough
def test_the_same_data_give_the_same_bytes(
    equipoise: Callable[..., Answer], colon_files: dict[str, Path], tmp_path: Path
) -> None:
    equipoise("export", "colon", "--as", "adam", "--format", "xpt", "--out", tmp_path / "again")
    for name in ("adsl.xpt", "adtte.xpt"):
        assert (tmp_path / "again" / name).read_bytes() == (colon_files["xpt"] / name).read_bytes()


def test_bad_input_writes_nothing(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    done = equipoise("export", "colon", "--log", tmp_path / "none", "--as", "adam", "--out", tmp_path / "x")
    assert done.status == 2
    assert not (tmp_path / "x").exists()
    done = equipoise("export", "colon", "--as", "adam", "--out", tmp_path / "x", "--against", tmp_path)
    assert done.status == 2
    assert not (tmp_path / "x").exists()


def test_what_r_writes_is_read(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    """NA where admiral's CSV is empty, semicolons, UTF-16: the comparison is the same."""
    log, trial = tmp_path / "onco.jsonl", tmp_path / "onco.trial.toml"
    sdtm = FIXTURES / "data" / "onco" / "sdtm"
    names = ("dm.xpt", "ds.xpt", "ex.xpt", "ae.xpt", "rs_recist.csv", "tr_recist.csv", "tu_recist.csv")
    assert equipoise("import-sdtm", *(sdtm / n for n in names), "--log", log).status == 0
    adam = FIXTURES / "data" / "onco" / "adam"
    (tmp_path / "r").mkdir()
    for name in ("adrs_onco.csv", "adtte_onco.csv"):
        with (adam / name).open(newline="") as file:
            rows = [[c or "NA" for c in row] for row in csv.reader(file)]
        with (tmp_path / "r" / name).open("w", newline="", encoding="utf-16") as file:
            csv.writer(file, delimiter=";").writerows(rows)
    options = ("--log", log, "--as", "adam", "--rules", "admiral", "--json", "--format", "csv")
    one, two = (
        equipoise("export", trial, *options, "--out", tmp_path / out, "--against", against)
        for out, against in (("x", adam), ("y", tmp_path / "r"))
    )
    assert one.json["agreement"] == two.json["agreement"]
    assert two.json["agreement"]["unexplained"] == 0
    assert "adrs_onco.csv: read as UTF-16" in two.err
    (tmp_path / "r" / "adrs_onco.csv").write_text("USUBJID;PARAM\na;b\n")
    (tmp_path / "r" / "adtte_onco.csv").write_text("USUBJID,PARAMCD\nNA,b\na\n")
    bad = equipoise("export", trial, *options[:-3], "--out", tmp_path / "z", "--against", tmp_path / "r")
    assert bad.status == 2
    assert [t in bad.err for t in ("adrs_onco.csv, columns", "row 2.USUBJID", "row 3")] == [True] * 3
