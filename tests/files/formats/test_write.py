"""Datasets written: what was there comes back, other readers agree, and what a format cannot hold is refused as a whole."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.files.datasets import read_datasets
from equipoise.files.datasets_out import write_dataset
from equipoise.files.formats.ibm_float import LARGEST, SMALLEST, from_ibm, to_ibm
from equipoise.standards.dataset import Dataset, Variable
from equipoise.trial.problem import BadInput
from helpers import FIXTURES

SDTM = FIXTURES / "data" / "onco" / "sdtm"

texts = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20).map(lambda t: t.rstrip(" "))
numbers = st.one_of(
    st.just(math.nan),
    st.floats(SMALLEST, LARGEST),
    st.floats(-LARGEST, -SMALLEST),
    st.integers(-(10**9), 10**9).map(float),
)
days = st.one_of(st.just(math.nan), st.integers(-20000, 40000).map(float))


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    n = draw(st.integers(0, 30))
    kinds = draw(st.lists(st.sampled_from(["text", "integer", "float", "date"]), min_size=1, max_size=5))
    variables = [Variable("ID", "Name of the record", "text")]
    columns: dict[str, Any] = {"ID": [f"{i}" for i in range(n)]}
    for i, kind in enumerate(kinds):
        name = f"V{i}"
        variables.append(Variable(name, f"Label {i}", kind, key=i + 1))  # type: ignore[arg-type]
        values = {"text": texts, "integer": st.integers(-(2**53), 2**53).map(float), "float": numbers, "date": days}[
            kind
        ]
        drawn = draw(st.lists(values, min_size=n, max_size=n))
        columns[name] = drawn if kind == "text" else np.array(drawn, dtype=float)
    return Dataset("XX", "Anything", tuple(variables), columns)


@pytest.mark.property
@pytest.mark.parametrize("ending", ["xpt", "json", "ndjson", "dsjc", "csv", "parquet"])
@settings(max_examples=25)
@given(dataset=datasets())
def test_what_was_written_comes_back(tmp_path_factory: pytest.TempPathFactory, ending: str, dataset: Dataset) -> None:
    path = tmp_path_factory.mktemp("w") / f"xx.{ending}"
    write_dataset(dataset, path)
    own = {"XX": {v.name: v for v in dataset.variables}}
    (back,) = read_datasets(path, variables=own).values()
    assert (back.name, back.n) == (dataset.name, dataset.n)
    for v, w in zip(dataset.variables, back.variables, strict=True):
        assert w.name == v.name
        if ending != "csv":
            assert w.label == v.label
        if ending in ("json", "ndjson", "dsjc", "parquet"):
            assert (w.kind, w.key) == (v.kind, v.key)
        assert np.array_equal(dataset.columns[v.name], back.columns[v.name], equal_nan=v.kind != "text")
    first = path.read_bytes()
    write_dataset(dataset, path)
    assert path.read_bytes() == first


@pytest.mark.independent
@settings(max_examples=25)
@given(dataset=datasets())
def test_pyreadstat_reads_what_we_wrote(tmp_path_factory: pytest.TempPathFactory, dataset: Dataset) -> None:
    path = tmp_path_factory.mktemp("w") / "xx.xpt"
    write_dataset(dataset, path)
    frame, about = pyreadstat.read_xport(path, disable_datetime_conversion=True)
    assert about.column_names == [v.name for v in dataset.variables]
    assert about.column_labels == [v.label for v in dataset.variables]
    for v in dataset.variables:
        if v.kind == "text":
            assert list(frame[v.name]) == dataset.columns[v.name]
        elif dataset.n:
            assert np.allclose(
                frame[v.name].to_numpy(float), dataset.columns[v.name], rtol=1e-15, atol=0, equal_nan=True
            )


@pytest.mark.property
@given(st.lists(numbers, min_size=1, max_size=50))
def test_ibm_floats_are_exact(values: list[float]) -> None:
    given_ = np.array(values)
    assert np.array_equal(from_ibm(to_ibm(given_)), given_, equal_nan=True)


def test_special_missing_values_come_back() -> None:
    words = np.zeros((4, 8), dtype=np.uint8)
    words[:, 0] = [ord("."), ord("A"), ord("_"), ord("Z")]
    read = from_ibm(words)
    assert np.isnan(read).all()
    assert np.array_equal(to_ibm(read), words)


@pytest.mark.published
def test_ibm_examples() -> None:
    """Example words: 1, -1, 118.625 (Wikipedia's −118.625 is C276A000), 0.1 rounded from IBM's 56 bits."""
    words = to_ibm(np.array([1.0, -1.0, -118.625, 0.0]))
    assert [w.tobytes().hex() for w in words] == ["4110000000000000", "c110000000000000", "c276a00000000000", "0" * 16]


def test_all_that_cannot_be_held_is_said_and_nothing_written(tmp_path: Path) -> None:
    wrong = Dataset(
        "TOOLONGNAME", "x" * 41,
        (Variable("lower", "y" * 41), Variable("N1", kind="float"), Variable("T"), Variable("B")),
        {"lower": ["é"], "N1": np.array([math.inf]), "T": ["t" * 201], "B": ["a "]},
    )  # fmt: skip
    with pytest.raises(BadInput) as refused:
        write_dataset(wrong, tmp_path / "x.xpt")
    assert {p.code for p in refused.value.problems} == {
        "bad-name", "label-too-long", "not-ascii", "number-out-of-range", "text-too-long", "trailing-blanks"
    }  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_a_blank_last_record_would_be_lost(tmp_path: Path) -> None:
    dataset = Dataset("XX", "", (Variable("A"),), {"A": ["x", ""]})
    with pytest.raises(BadInput, match="blank"):
        write_dataset(dataset, tmp_path / "x.xpt")
    write_dataset(dataset, tmp_path / "x.json")


@pytest.mark.parametrize("name", ["dm", "rs", "suppdm"])
@pytest.mark.parametrize("ending", ["xpt", "json", "csv", "parquet"])
def test_the_fields_data_come_back(tmp_path: Path, name: str, ending: str) -> None:
    (dataset,) = read_datasets(SDTM / f"{name}.xpt").values()
    write_dataset(replace(dataset, label="Anything"), tmp_path / f"{name}.{ending}")
    own = {dataset.name: {v.name: v for v in dataset.variables}}
    (back,) = read_datasets(tmp_path / f"{name}.{ending}", variables=own).values()
    for v in dataset.variables:
        assert np.array_equal(dataset.columns[v.name], back.columns[v.name], equal_nan=v.kind != "text")


@pytest.mark.independent
def test_r_reads_what_we_wrote(tmp_path: Path) -> None:
    """The committed file is the one we write today, and R's haven saw in it what we put in (fixtures/r/haven.R)."""
    made = Dataset(
        "RR", "Read by R",
        (Variable("ID", "Identifier"), Variable("X", "Number", "float"), Variable("N", "Integer", "integer"), Variable("ADT", "Day", "date")),
        {
            "ID": ["a", "", "long enough"], "X": np.array([0.1, -1e70, math.nan]), "N": np.array([1.0, math.nan, 2.0**53]),
            "ADT": np.array([0.0, 19725.0, math.nan]),
        },
    )  # fmt: skip
    write_dataset(made, tmp_path / "rr.xpt")
    assert (tmp_path / "rr.xpt").read_bytes() == (FIXTURES / "r" / "rr.xpt").read_bytes()
    seen = json.loads((FIXTURES / "r" / "haven.json").read_text())
    assert seen["dataset_label"] == "Read by R"
    assert seen["labels"] == {v.name: v.label for v in made.variables}
    assert seen["ID"] == ["a", "", "long enough"]
    assert [float(x) for x in seen["X"][:2]] == [0.1, -1e70]
    assert seen["X"][2] == "NA"
    assert seen["N"] == ["1", "NA", "9007199254740992"]
    assert seen["ADT"] == ["1960-01-01", "2014-01-02", None]
