"""Compressed Dataset-JSON (.dsjc): a zlib stream of NDJSON, read in pieces; what is no such stream, or not a whole one, is refused."""

from __future__ import annotations

import contextlib
import gzip
import json
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.files.datasets import iterate, read_datasets
from equipoise.files.datasets_out import write_dataset
from equipoise.files.formats import deflated
from equipoise.trial.problem import BadInput

N = 500
HEAD = {
    "datasetJSONCreationDateTime": "2026-01-01T00:00:00", "datasetJSONVersion": "1.1.0", "itemGroupOID": "IG.DM", "records": N,
    "name": "DM", "label": "Demographics",
    "columns": [{"itemOID": f"IT.DM.{name}", "name": name, "label": name, "dataType": kind} for name, kind in (("USUBJID", "string"), ("AGE", "integer"))],
}  # fmt: skip
LINES = "\n".join([json.dumps(HEAD), *(json.dumps([f"P{i} é", i], ensure_ascii=False) for i in range(N))]).encode()
WHOLE = zlib.compress(LINES, 9)


def codes(path: Path, content: bytes) -> set[str]:
    path.write_bytes(content)
    with pytest.raises(BadInput) as refused:
        read_datasets(path)
    return {p.code for p in refused.value.problems}


@pytest.mark.parametrize("read", [1, 7, 1 << 16])
def test_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: int) -> None:
    monkeypatch.setattr(deflated, "_READ", read)
    path = tmp_path / "DM.DSJC"
    path.write_bytes(WHOLE)
    found = list(iterate(path, 200))
    assert [p.n for p in found] == [200, 200, 100]
    assert (found[2].columns["USUBJID"][-1], found[2].columns["AGE"][-1]) == ("P499 é", 499)


def test_what_we_write_is_one_zlib_stream_of_ndjson(tmp_path: Path) -> None:
    (tmp_path / "dm.dsjc").write_bytes(WHOLE)
    (dataset,) = read_datasets(tmp_path / "dm.dsjc").values()
    write_dataset(dataset, tmp_path / "dm.ndjson")
    write_dataset(dataset, tmp_path / "again.dsjc")
    assert zlib.decompress((tmp_path / "again.dsjc").read_bytes()) == (tmp_path / "dm.ndjson").read_bytes()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "truncated"),
        (LINES, "not-zlib"),
        (gzip.compress(LINES), "not-zlib"),
        (WHOLE + b"\n", "not-zlib"),
        (WHOLE + WHOLE, "not-zlib"),
        (WHOLE[:-1], "truncated"),
        (zlib.compress(LINES[:-3]), "not-json"),
        (zlib.compress(LINES.replace("é".encode(), b"\xe9")), "encoding"),
        (zlib.compress(LINES.rsplit(b"\n", 1)[0]), "wrong-count"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: bytes, code: str) -> None:
    assert codes(tmp_path / "dm.dsjc", content) == {code}


def test_empty_lines_say_nothing(tmp_path: Path) -> None:
    path = tmp_path / "dm.dsjc"
    path.write_bytes(zlib.compress(LINES + b"\n\n"))
    assert read_datasets(path)["DM"].n == N


@pytest.mark.property
@given(data=st.data())
def test_broken_bytes_never_crash_and_a_shorter_file_is_never_taken(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("x") / "dm.dsjc"
    assert codes(path, WHOLE[: data.draw(st.integers(0, len(WHOLE) - 1))]) == {"truncated"}
    content = bytearray(WHOLE)
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with contextlib.suppress(BadInput):
        assert read_datasets(path)["DM"].n == N
