"""Transport files read: as pyreadstat reads them; broken ones say so."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.files.datasets import iterate, read_datasets
from equipoise.files.formats.piece import joined
from equipoise.standards.dataset import Dataset
from equipoise.trial.problem import BadInput
from helpers import FIXTURES

SDTM = FIXTURES / "data" / "onco" / "sdtm"
FILES = sorted(SDTM.glob("*.xpt"))


@pytest.mark.independent
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
@pytest.mark.thorough
def test_every_value_as_pyreadstat_reads_it(path: Path) -> None:
    frame, about = pyreadstat.read_xport(path)
    (ours,) = read_datasets(path).values()
    assert (ours.name, ours.n) == (about.table_name, len(frame))
    assert [v.name for v in ours.variables] == about.column_names
    for v in ours.variables:
        if v.kind == "text":
            assert list(frame[v.name]) == list(ours.columns[v.name])
        else:
            assert np.array_equal(frame[v.name].to_numpy(float), ours.columns[v.name], equal_nan=True)


@pytest.mark.property
@pytest.mark.parametrize("chunk", [1, 7, 152, 1000])
def test_pieces_join_to_the_whole(chunk: int) -> None:
    whole = read_datasets(SDTM / "dm.xpt")["DM"]
    again = joined(iterate(SDTM / "dm.xpt", chunk))
    for v in whole.variables:
        assert np.array_equal(whole.columns[v.name], again.columns[v.name], equal_nan=v.kind != "text")


@pytest.mark.property
@given(data=st.data())
def test_broken_bytes_never_crash(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Any byte of the header changed, or the file cut anywhere: read, or refused in words."""
    content = bytearray((SDTM / "suppdm.xpt").read_bytes()[:4000])
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    path = tmp_path_factory.mktemp("x") / "broken.xpt"
    path.write_bytes(content)
    found: dict[str, Dataset] = {}
    with contextlib.suppress(BadInput):
        found = read_datasets(path)
    assert all(len(c) == d.n for d in found.values() for c in d.columns.values())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda b: b[:-1], "truncated"),
        (lambda b: b[: len(b) - 800], "truncated"),
        (lambda b: b"**COMPRESSED** **COMPRESSED**" + b[29:], "not-xport"),
        (lambda b: b"", "not-xport"),
        (lambda b: b.replace(b"USUBJID ", b"STUDYID ", 1), "variable-twice"),
        (lambda b: b.replace(b"PLACEBO", b"PLACEB\xe9").replace(b"Placebo", b"Placeb\xe9"), "encoding"),
        (lambda b: b.replace(b"Placebo", b"Place\0o"), "encoding"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, change: object, code: str) -> None:
    path = tmp_path / "dm.xpt"
    path.write_bytes(change((SDTM / "dm.xpt").read_bytes()))  # type: ignore[operator]
    with pytest.raises(BadInput) as refused:
        read_datasets(path)
    assert code in {p.code for p in refused.value.problems}
