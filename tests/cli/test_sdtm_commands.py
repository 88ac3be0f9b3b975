"""`equipoise import-sdtm` and `audit-response` as a person uses them."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

from helpers import FIXTURES, Answer

SDTM = FIXTURES / "data" / "onco" / "sdtm"


def test_sdtm_goes_the_same_road(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    recist = [SDTM / f"{d}.xpt" for d in ("dm", "ds", "ex")] + [SDTM / f"{d}_recist.csv" for d in ("tu", "tr", "rs")]
    log = tmp_path / "onco.log.jsonl"
    done = equipoise("import-sdtm", *recist, "--log", log, "--json")
    assert done.status == 0, done.err
    assert done.json["patients"] == 152
    assert {"domain": "EX", "record": "EXROUTE"} in [
        {k: u[k] for k in ("domain", "record")} for u in done.json["unmapped"]
    ]
    trial = Path(done.json["trial"])
    found = equipoise("analyse", trial, "--log", log, "--json")
    assert found.status == 0, found.err
    arms = found.json["endpoints"]["PFS"]["arms"]
    assert {name: arm["n"] for name, arm in arms.items()} == {"Pbo": 40, "Xan_Hi": 41, "Xan_Lo": 45}
    assert equipoise("conduct", "verify", trial, "--log", log).status == 0


def test_the_audit_s_page_json_and_csv_agree(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    out = tmp_path / "cases.csv"
    done = equipoise("audit-response", SDTM, "--json", "--csv", out)
    assert done.status == 0, done.err
    counts = {a: c["findings"] for a, c in done.json["counts"]["target response"].items()}
    assert counts == {"investigator": 37, "radiologist 1": 25, "radiologist 2": 25}
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(done.json["findings"])
    page = equipoise("audit-response", SDTM, "--patient", "01-701-1015")
    assert page.status == 0
    assert "55 mm above the nadir (0 mm on 2014-03-26)" in " ".join(page.out.split())


def test_bad_data_write_nothing(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    shutil.copy(SDTM / "rs.xpt", bad)
    (bad / "ex.csv").write_text("USUBJID,EXTRT\nP1,A\n")
    log = tmp_path / "out" / "log.jsonl"
    done = equipoise("import-sdtm", bad, "--log", log, "--json")
    assert done.status == 2
    assert {p["code"] for p in done.json["error"]["problems"]} >= {"missing-domain", "missing-column"}
    assert not log.parent.exists()
    assert equipoise("audit-response", tmp_path / "none", "--json").status == 2
    assert equipoise("audit-response", SDTM, "--criterion", "WHO", "--json").status == 2


def test_an_unsorted_file_is_said(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    path = tmp_path / "rs.csv"
    path.write_text("USUBJID,RSSEQ,RSTESTCD,RSSTRESC,RSDTC\nB,1,OVRLRESP,SD,2020-01-01\nA,1,OVRLRESP,SD,2020-01-01\n")
    done = equipoise("audit-response", path, "--json")
    assert done.status == 2
    assert [p["code"] for p in done.json["error"]["problems"]] == ["not-sorted"]


def test_a_log_goes_out_as_sdtm_and_comes_back(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    done = equipoise("export", "colon", "--as", "sdtm", "--format", "xpt", "--out", tmp_path / "sdtm", "--json")
    assert done.status == 0, done.err
    assert {d["name"]: d["records"] for d in done.json["datasets"]}["DM"] == 929
    back = equipoise("import-sdtm", tmp_path / "sdtm", "--trial", "colon", "--log", tmp_path / "log.jsonl", "--json")
    assert back.status == 0, back.err
    first = equipoise("analyse", "colon", "--json").json["endpoints"]["OS"]["arms"]
    again = equipoise("analyse", "colon", "--log", tmp_path / "log.jsonl", "--json").json["endpoints"]["OS"]["arms"]
    assert first == again
