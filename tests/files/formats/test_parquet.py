"""Parquet: bytes changed or cut off are read or refused in words."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.files.datasets import read_datasets
from equipoise.files.datasets_out import write_dataset
from equipoise.standards.dataset import Dataset, Variable
from equipoise.trial.problem import BadInput


@pytest.mark.property
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_broken_bytes_never_crash(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    variables = (Variable("USUBJID", "Subject"), Variable("AGE", "Age", "integer"), Variable("ADT", "Day", "date"))
    columns = {"USUBJID": ["a", "é"], "AGE": np.array([61.0, np.nan]), "ADT": np.array([0.0, 1.0])}
    path = tmp_path_factory.mktemp("x") / "dm.parquet"
    write_dataset(Dataset("DM", "Demographics", variables, columns), path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    with contextlib.suppress(BadInput):
        (found,) = read_datasets(path).values()
        assert all(len(c) == found.n for c in found.columns.values())


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({b"variable": b"{"}, "bad-header"),
        ({b"variable": b'{"name": "USUBJID", "kind": "float"}'}, "bad-header"),
        ({b"variable": b'{"name": "AGE"}'}, "bad-header"),
        ({b"variable": b"[1]"}, "bad-header"),
        ({b"label": b"\xff"}, "bad-header"),
    ],
)
def test_metadata_that_contradict_the_columns_are_a_problem(
    tmp_path: Path, metadata: dict[bytes, bytes], code: str
) -> None:
    schema = pa.schema([pa.field("USUBJID", pa.string(), metadata=metadata)])
    pq.write_table(pa.table({"USUBJID": ["a"]}, schema=schema), tmp_path / "dm.parquet")
    with pytest.raises(BadInput) as refused:
        read_datasets(tmp_path / "dm.parquet")
    assert {p.code for p in refused.value.problems} == {code}
