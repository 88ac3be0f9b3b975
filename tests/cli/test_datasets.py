"""`convert` and `define`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from equipoise.files.datasets import read_datasets
from helpers import FIXTURES, Answer

SDTM = FIXTURES / "data" / "onco" / "sdtm"


def test_convert_there_and_back(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    there = equipoise("convert", SDTM / "suppdm.xpt", tmp_path / "suppdm.json", "--json")
    assert there.status == 0, there.err
    assert there.json["records"] == 598
    assert there.json["lost"] == []
    back = equipoise("convert", tmp_path / "suppdm.json", tmp_path / "suppdm.xpt")
    assert back.status == 0, back.err
    assert "Lost: which numbers are integers" in back.out
    before, after = (read_datasets(p)["SUPPDM"] for p in (SDTM / "suppdm.xpt", tmp_path / "suppdm.xpt"))
    assert all(before.columns[k] == after.columns[k] for k in before.columns)
    assert after.variables[0].label == "Study Identifier"


def test_a_bad_file_ends_with_2_and_writes_nothing(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    (tmp_path / "dm.csv").write_text("usubjid,AGE\n" + "x" * 201 + ",61\n")
    answer = equipoise("convert", tmp_path / "dm.csv", tmp_path / "dm.xpt", "--json")
    assert answer.status == 2
    assert {p["code"] for p in answer.json["error"]["problems"]} == {"bad-name", "text-too-long"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dm.csv"]
    assert equipoise("convert", tmp_path / "none.xpt", tmp_path / "x.json").status == 2
    assert equipoise("convert", tmp_path / "dm.csv", tmp_path / "dm.sas7bdat").status == 2


@pytest.mark.property
def test_define_for_a_folder(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    for name in ("dm", "ds", "ex"):
        shutil.copy(SDTM / f"{name}.xpt", tmp_path)
    answer = equipoise("define", tmp_path, "--json")
    assert answer.status == 0, answer.err
    assert answer.json["datasets"] == ["DM", "DS", "EX"]
    document = etree.parse(str(tmp_path / "define.xml"))
    hrefs = document.xpath("//@*[local-name()='href']")
    assert sorted(map(str, hrefs)) == ["dm.xpt", "ds.xpt", "ex.xpt"]
    assert equipoise("define", tmp_path / "nothing").status == 2
