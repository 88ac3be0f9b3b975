"""Dataset-JSON and CSV: windows of any size, and broken files that are refused in words."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.files.datasets import iterate, read_datasets
from equipoise.files.datasets_out import write_dataset
from equipoise.files.formats import dataset_json_read
from equipoise.standards.dataset import Dataset, Variable
from equipoise.trial.problem import BadInput

HEAD: dict[str, Any] = {
    "datasetJSONCreationDateTime": "2026-01-01T00:00:00", "datasetJSONVersion": "1.1.0", "itemGroupOID": "IG.DM", "records": 2,
    "name": "DM", "label": "Demographics",
    "columns": [
        {"itemOID": "IT.DM.USUBJID", "name": "USUBJID", "label": "Subject", "dataType": "string", "length": 3},
        {"itemOID": "IT.DM.AGE", "name": "AGE", "label": "Age", "dataType": "integer"},
        {"itemOID": "IT.DM.ADT", "name": "ADT", "label": "Day", "dataType": "date", "targetDataType": "integer"},
        {"itemOID": "IT.DM.W", "name": "W", "label": "Weight", "dataType": "decimal", "targetDataType": "decimal"},
    ],
    "rows": [["a", 61, "1960-01-02", "80.5"], ["b", None, None, None]],
}  # fmt: skip


def changed(**changes: Any) -> str:
    return json.dumps({**HEAD, **changes})


def column(**changes: Any) -> str:
    return changed(columns=[{**HEAD["columns"][0], **changes}, *HEAD["columns"][1:]])


def codes(path: Path, text: str | bytes) -> set[str]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(BadInput) as refused:
        read_datasets(path)
    return {p.code for p in refused.value.problems}


@pytest.mark.parametrize("first", ["columns first", "rows first"])
@pytest.mark.parametrize("window", [1, 7, 1 << 20])
def test_read_through_a_window_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, window: int
) -> None:
    monkeypatch.setattr(dataset_json_read, "_WINDOW", window)
    head = (
        dict(HEAD)
        if first == "columns first"
        else {"rows": HEAD["rows"], **{k: v for k, v in HEAD.items() if k != "rows"}}
    )
    (tmp_path / "dm.json").write_text(json.dumps(head, indent=1))
    pieces = list(iterate(tmp_path / "dm.json", 1))
    assert [p.n for p in pieces] == [1, 1]
    assert [v.kind for v in pieces[0].variables] == ["text", "integer", "date", "float"]
    assert [pieces[0].columns[k][0] for k in ("USUBJID", "AGE", "ADT", "W")] == ["a", 61, 1, 80.5]
    assert np.isnan(pieces[1].columns["AGE"][0])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not-json"),
        ("[]", "not-json"),
        (changed()[:-1], "not-json"),
        (changed()[:-30], "not-json"),
        (changed() + "{}", "not-json"),
        (changed().replace('"records": 2', '"records": 2, "records": 2'), "not-json"),
        (changed().replace("61", "NaN"), "not-json"),
        ("[" * 100_000, "not-json"),
        (changed().replace('"rows": [', '"rows": [' + "[" * 100_000), "not-json"),
        (changed().replace("61", "6" * 5000), "not-json"),
        (changed().replace("61", "1e999"), "wrong-type"),
        (changed().replace("61", "61.5"), "wrong-type"),
        (changed().replace("61", '"61"'), "wrong-type"),
        (changed().replace("61", "true"), "wrong-type"),
        (changed().replace("1960-01-02", "1960-02-30"), "wrong-type"),
        (changed().replace("80.5", "nan"), "wrong-type"),
        (changed(rows=[["a", 1, None, None], ["b", 1, None]]), "ragged-row"),
        (changed(rows=[["a", 1, None, None], {"USUBJID": "b"}]), "ragged-row"),
        (changed(records=3), "wrong-count"),
        (changed(records=True), "wrong-type"),
        (changed(datasetJSONVersion="1.0.0"), "dataset-json-version"),
        (column(dataType="boolean"), "unknown-type"),
        (column(dataType="money"), "unknown-type"),
        (column(name="AGE"), "variable-twice"),
        (column(name=""), "no-name"),
        (column(length=0), "out-of-range"),
        (column(label=None), "wrong-type"),
        (changed(columns=[]), "missing"),
        (changed().encode().replace(b'"a"', b'"\xe9"'), "encoding"),
    ],
)
def test_a_broken_dataset_json_says_what_is_wrong(tmp_path: Path, text: str | bytes, code: str) -> None:
    assert code in codes(tmp_path / "dm.json", text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty-file"),
        ("USUBJID,USUBJID\na,b\n", "variable-twice"),
        ("USUBJID,\na,b\n", "no-name"),
        ("USUBJID,AGE\na,61\nb\n", "ragged-row"),
        ("USUBJID,AGE\na,61,1\n", "ragged-row"),
        ("USUBJID,AGE\na,sixty\n", "not-a-number"),
        ("USUBJID,AGE\na,nan\n", "not-a-number"),
        ("USUBJID,AGE\na,1_0\n", "not-a-number"),
        ("USUBJID,AGE\na,1e999\n", "not-a-number"),
        ('USUBJID,AGE\n"a,61\n', "unreadable"),
        ("USUBJID,AGE\n\0,61\n", "control-character"),
        (b"USUBJID,AGE\n\xe9,61\n", "encoding"),
    ],
)
def test_a_broken_csv_says_what_is_wrong(tmp_path: Path, text: str | bytes, code: str) -> None:
    assert code in codes(tmp_path / "dm.csv", text)


def test_a_day_of_adam_is_a_day(tmp_path: Path) -> None:
    (tmp_path / "adtte.csv").write_text("USUBJID,ADT,AVAL\n01,1960-01-02,3\n02,,\n")
    read = read_datasets(tmp_path / "adtte.csv")["ADTTE"]
    assert read.columns["USUBJID"] == ["01", "02"]
    assert read.columns["ADT"][0] == 1
    assert codes(tmp_path / "adtte.csv", "USUBJID,ADT\n01,02JAN1960\n") == {"not-a-date"}


@pytest.mark.property
@pytest.mark.parametrize("ending", ["json", "ndjson", "csv"])
@given(data=st.data())
def test_changed_bytes_never_crash(tmp_path_factory: pytest.TempPathFactory, ending: str, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("x")
    dataset = Dataset(
        "DM",
        "Demographics",
        (Variable("USUBJID"), Variable("AGE", kind="float")),
        {"USUBJID": ["a", "b"], "AGE": np.array([61.0, np.nan])},
    )
    path = folder / f"dm.{ending}"
    write_dataset(dataset, path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(
            st.one_of(st.integers(0, 255), st.sampled_from(b'{}[],":0e'))
        )
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    found: dict[str, Dataset] = {}
    with contextlib.suppress(BadInput):
        found = read_datasets(path)
    assert all(len(c) == d.n for d in found.values() for c in d.columns.values())
