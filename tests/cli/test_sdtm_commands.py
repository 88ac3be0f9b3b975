"""`equipoise import-sdtm`, `audit-response` and `export --as sdtm` as a person uses them, on a few subjects of the test data.

All subjects go through the same functions in tests/analyse/criteria/test_audit_on_data.py and tests/standards.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from equipoise.analyse.criteria import CRITERIA
from equipoise.analyse.criteria.audit import audit
from equipoise.files.datasets import read_datasets
from equipoise.files.datasets_out import write_dataset
from equipoise.files.sdtm_files import patients_of
from equipoise.standards.sdtm.notes import Notes
from helpers import FIXTURES, Answer

SDTM = FIXTURES / "data" / "onco" / "sdtm"
#: Those of the CSV files with responses by RECIST, and some whose response was read three times.
RECIST = sorted({r["USUBJID"] for r in csv.DictReader((SDTM / "rs_recist.csv").read_text().splitlines())})
READ = ["01-701-1015", "01-701-1028", "01-701-1034", "01-701-1097"]


def some(path: Path, subjects: list[str], to: Path) -> Path:
    """The records of some subjects."""
    (data,) = read_datasets(path).values()
    keep = np.flatnonzero(np.isin(data.text("USUBJID"), subjects))
    columns = {k: [c[i] for i in keep] if isinstance(c, list) else np.asarray(c)[keep] for k, c in data.columns.items()}
    to.parent.mkdir(parents=True, exist_ok=True)
    write_dataset(replace(data, columns=columns), to)
    return to


@pytest.fixture(scope="module")
def imported(equipoise: Callable[..., Answer], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Answer]:
    """A trial file and a log that came of SDTM."""
    folder = tmp_path_factory.mktemp("imported")
    files = [some(SDTM / f"{d}.xpt", RECIST, folder / "in" / f"{d}.xpt") for d in ("dm", "ds", "ex")]
    files += [SDTM / f"{d}_recist.csv" for d in ("tu", "tr", "rs")]
    log = folder / "onco.log.jsonl"
    done = equipoise("import-sdtm", *files, "--log", log, "--json")
    assert done.status == 0, done.err
    return Path(done.json["trial"]), log, done


@pytest.fixture(scope="module")
def read_thrice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdtm")
    for d in ("tu", "tr", "rs"):
        some(SDTM / f"{d}.xpt", READ, folder / f"{d}.xpt")
    return folder


@pytest.fixture(scope="module")
def analysed(equipoise: Callable[..., Answer], imported: tuple[Path, Path, Answer]) -> Answer:
    trial, log, _ = imported
    found = equipoise("analyse", trial, "--log", log, "--json")
    assert found.status == 0, found.err
    return found


def test_sdtm_goes_the_same_road(
    equipoise: Callable[..., Answer], imported: tuple[Path, Path, Answer], analysed: Answer
) -> None:
    trial, log, done = imported
    assert done.json["patients"] == len(RECIST)
    assert ("EX", "EXROUTE") in [(u["domain"], u["record"]) for u in done.json["unmapped"]]
    (dm,) = read_datasets(SDTM / "dm.xpt").values()
    arms = Counter(a for a, s in zip(dm.text("ARMCD"), dm.text("USUBJID"), strict=True) if s in RECIST)
    shown = {name: arm["n"] for name, arm in analysed.json["endpoints"]["PFS"]["arms"].items()}
    assert shown == {name: arms[name] for name in shown}
    assert sum(shown.values()) == sum(n for name, n in arms.items() if name != "Scrnfail")
    assert equipoise("conduct", "verify", trial, "--log", log).status == 0


def test_the_audit_s_page_json_and_csv_agree(
    equipoise: Callable[..., Answer], read_thrice: Path, tmp_path: Path
) -> None:
    out = tmp_path / "cases.csv"
    done = equipoise("audit-response", read_thrice, "--json", "--csv", out)
    assert done.status == 0, done.err
    found = audit(patients_of([read_thrice], Notes()), CRITERIA["RECIST 1.1"])
    counts = {a: c["findings"] for a, c in done.json["counts"]["target response"].items()}
    assert counts == {a: found.count("target response", a) for a in found.time_points}
    assert sum(counts.values()) > 0
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(done.json["findings"]) == len(found.findings)
    page = equipoise("audit-response", read_thrice, "--patient", "01-701-1015")
    assert page.status == 0
    assert "55 mm above the nadir (0 mm on 2014-03-26)" in " ".join(page.out.split())


def test_bad_data_write_nothing(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    shutil.copy(SDTM / "rs_recist.csv", bad / "rs.csv")
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


def test_a_log_goes_out_as_sdtm_and_comes_back(
    equipoise: Callable[..., Answer], imported: tuple[Path, Path, Answer], analysed: Answer, tmp_path: Path
) -> None:
    trial, log, _ = imported
    out, again = tmp_path / "sdtm", tmp_path / "log.jsonl"
    done = equipoise("export", trial, "--log", log, "--as", "sdtm", "--format", "xpt", "--out", out, "--json")
    assert done.status == 0, done.err
    written = {d["name"]: d["records"] for d in done.json["datasets"]}
    assert written["DM"] == len(RECIST)
    # define.xml names each dataset and its file, and defines every variable that a dataset refers to.
    root = ElementTree.parse(out / "define.xml").getroot()
    ns = {"o": "http://www.cdisc.org/ns/odm/v1.3", "d": "http://www.cdisc.org/ns/def/v2.1"}
    groups = {g.get("Name"): g for g in root.iterfind(".//o:ItemGroupDef", ns)}
    assert groups.keys() == written.keys()
    assert all(g.find("d:leaf/d:title", ns) is not None for g in groups.values())
    assert {p.name for p in out.iterdir()} == {f"{name.lower()}.xpt" for name in written} | {"define.xml"}
    defined = {i.get("OID") for i in root.iterfind(".//o:ItemDef", ns)}
    for name, data in read_datasets(out).items():
        refs = [r.get("ItemOID") for r in groups[name].iterfind("o:ItemRef", ns)]
        assert len(refs) == len(data.variables)
        assert set(refs) <= defined
    back = equipoise("import-sdtm", out, "--trial", trial, "--log", again, "--json")
    assert back.status == 0, back.err
    found = equipoise("analyse", trial, "--log", again, "--json")
    assert found.json["endpoints"] == analysed.json["endpoints"]


def test_sdtm_with_semicolons_and_decimal_commas(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    """As a spreadsheet of many countries saves it: the audit is the same, and how the files are written is said."""
    for name in ("rs_recist", "tr_recist", "tu_recist"):
        rows = list(csv.reader((SDTM / f"{name}.csv").read_text().splitlines()))
        numbers = {i for i, column in enumerate(rows[0]) if column.endswith(("STRESN", "SEQ", "VISITNUM"))}
        text = io.StringIO()
        cells = [[c.replace(".", ",") if i in numbers else c for i, c in enumerate(row)] for row in rows]
        csv.writer(text, delimiter=";", lineterminator="\n").writerows(cells)
        (tmp_path / f"{name}.csv").write_text(text.getvalue())
    names = ("rs_recist.csv", "tr_recist.csv", "tu_recist.csv")
    one = equipoise("audit-response", *(SDTM / n for n in names), "--json")
    two = equipoise("audit-response", *(tmp_path / n for n in names), "--decimal", ",", "--json")
    assert one.status == two.status == 0
    assert one.json == two.json
    assert two.err.count("columns are separated by semicolons") == 3
    others = [SDTM / n for n in ("dm.xpt", "ds.xpt", "ex.xpt", "ae.xpt")]
    taken = equipoise("import-sdtm", *others, *(tmp_path / n for n in names), "--log", tmp_path / "l", "--decimal", ",")
    assert taken.status == 0
    assert taken.err.count("columns are separated by semicolons") == 3
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "rs.csv").write_bytes((tmp_path / "rs_recist.csv").read_bytes())
    assert "separated by semicolons" in equipoise("define", folder).err
    for command in (["audit-response", folder], ["define", folder], ["import-sdtm", folder, "--log", tmp_path / "m"]):
        wrong = equipoise(*command, "--encoding", "utf9", "--decimal", ";")
        assert (wrong.status, wrong.err.count("Error: ")) == (2, 2)
