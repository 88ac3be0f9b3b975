"""SAS transport files of version 8: as pyreadstat reads and writes them, and as the technical note describes them; broken ones say so."""

from __future__ import annotations

import contextlib
import shutil
import string
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.files.datasets import iterate, read_datasets
from equipoise.files.datasets_out import write_dataset
from equipoise.files.formats.piece import joined
from equipoise.standards.dataset import Dataset
from equipoise.trial.problem import BadInput
from helpers import FIXTURES

FIELD = FIXTURES / "field"
NAMES = st.text(string.ascii_letters + "_", min_size=1, max_size=32)
#: What a transport file can hold: no blank at an end, no control character.
TEXTS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc", "Zs")), max_size=260
)
NUMBERS = st.integers(-(2**40), 2**40).map(float) | st.just(0.25) | st.just(float("nan"))


@st.composite
def frames(draw: st.DrawFn) -> tuple[pd.DataFrame, list[str]]:
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique_by=str.upper))
    n = draw(st.integers(1, 6))
    columns = {}
    for name in names:
        values = draw(st.lists(draw(st.sampled_from([TEXTS, NUMBERS])), min_size=n, max_size=n))
        columns[name] = values
    labels = [draw(st.text("aB é", max_size=120)).strip() for _ in names]
    return pd.DataFrame(columns), labels


@pytest.mark.independent
@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(frames())
def test_what_pyreadstat_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, drawn: tuple[pd.DataFrame, list[str]]
) -> None:
    frame, labels = drawn
    path = tmp_path_factory.mktemp("x") / "made.xpt"
    pyreadstat.write_xport(frame, path, column_labels=labels, table_name="A_DATASET_WITH_A_LONG_NAME")
    (found,) = read_datasets(path).values()
    assert (found.name, found.n) == ("A_DATASET_WITH_A_LONG_NAME", len(frame))
    assert [(v.name, v.label) for v in found.variables] == list(zip(frame.columns, labels, strict=True))
    for v in found.variables:
        if v.kind == "text":
            assert list(found.columns[v.name]) == list(frame[v.name])
        else:
            assert np.array_equal(found.columns[v.name], frame[v.name].to_numpy(float), equal_nan=True)


def record(text: str) -> bytes:
    return text.encode().ljust(80)


def header(name: str, rest: str) -> bytes:
    return record(f"HEADER RECORD*******{name:<8}HEADER RECORD!!!!!!!{rest}")


def made(
    name: str,
    columns: Sequence[tuple[str, str, str]],
    rows: Sequence[Sequence[str]],
    labels: str = "",
    count: str | None = None,
) -> bytes:
    """A member as SAS's technical note TS-140 for version 8 describes it; ``columns`` are names, labels and formats; texts only.

    ``labels``: 'LABELV8', 'LABELV9' or nothing.
    """
    widths = [max([1, *(len(row[i].encode()) for row in rows)]) for i in range(len(columns))]
    found = header("MEMBV8", "0" * 17 + "1600000000140") + header("DSCPTV8", "0" * 30)
    found += f"SAS     {name:<32}SASDATA 9.4     X64_10PR29NOV26:10:00:00".encode()
    found += record(f"{'29NOV26:10:00:00':<32}{'What it is':<40}")
    found += header("NAMSTV8", f"0000{len(columns):06}" + "0" * 20)
    at, block, long = 0, b"", b""
    for i, ((column, label, form), width) in enumerate(zip(columns, widths, strict=True), 1):
        block += struct.pack(">hhhh8s40s8shhh2s8shhl", 2, 0, width, i, column[:8].encode().ljust(8), label.encode()[:40].ljust(40),
                             form[:8].encode().ljust(8), 0, 0, 0, b"", b" " * 8, 0, 0, at)  # fmt: skip
        block += column.encode().ljust(32) + struct.pack(">HHH", len(label.encode()), len(form), 0) + bytes(14)
        words = (column.encode(), label.encode(), form.encode(), b"")[: 2 if labels == "LABELV8" else 4]
        long += struct.pack(">H", i) + b"".join(struct.pack(">H", len(w)) for w in words) + b"".join(words)
        at += width
    found += block + b" " * (-len(block) % 80)
    if labels:
        found += header(labels, f"{len(columns):<30}") + long + b" " * (-len(long) % 80)
    found += header("OBSV8", f"{len(rows):>15}" if count is None else count)
    data = b"".join(text.encode().ljust(width) for row in rows for text, width in zip(row, widths, strict=True))
    return found + data + b" " * (-len(data) % 80)


LIBRARY = (
    header("LIBV8", "0" * 30)
    + record("SAS     SAS     SASLIB  9.4     X64_10PR" + " " * 24 + "29NOV26:10:00:00")
    + record("29NOV26:10:00:00")
)
COLUMNS = [("A_NAME_OF_MORE_THAN_8", "é" * 60, "$A_LONG_FORMAT_NAME"), ("B", "short", "")]
ROWS = [["x" * 300, "1"], ["", ""], ["z", "2"], ["", ""]]


@pytest.mark.parametrize("labels", ["LABELV8", "LABELV9"])
def test_labels_in_full_and_as_many_records_as_it_says(tmp_path: Path, labels: str) -> None:
    """Blank records at the end are records: version 8 says how many there are."""
    path = tmp_path / "x.xpt"
    path.write_bytes(LIBRARY + made("FIRST", COLUMNS, ROWS, labels) + made("SECOND", COLUMNS[1:], [["a"], [""]]))
    first, second = read_datasets(path).values()
    assert [(v.name, v.label) for v in first.variables] == [(n, label) for n, label, _ in COLUMNS]
    assert list(zip(*first.columns.values(), strict=True)) == [tuple(row) for row in ROWS]
    assert (first.label, second.name, list(second.columns["B"])) == ("What it is", "SECOND", ["a", ""])
    again = joined(piece for piece in iterate(path, 3) if piece.name == "FIRST")
    assert again.columns == first.columns


def test_a_writer_that_does_not_count_is_read_as_version_5_is(tmp_path: Path) -> None:
    path = tmp_path / "x.xpt"
    path.write_bytes(LIBRARY + made("X", COLUMNS, ROWS, "LABELV8", "0" * 30))
    (found,) = read_datasets(path).values()
    assert found.n == 4  # records of 301 bytes: no filling is as long
    path.write_bytes(LIBRARY + made("X", COLUMNS[1:], [["a"], [""]], count="0" * 30))
    assert read_datasets(path)["X"].n == 1
    path.write_bytes(LIBRARY + made("X", COLUMNS[1:], [], count=f"{0:>15}"))
    assert read_datasets(path)["X"].n == 0


WHOLE = LIBRARY + made("X", COLUMNS, ROWS, "LABELV9")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda b: b[:-1], "truncated"),
        (lambda b: b[:-320], "truncated"),  # a whole record less: version 5 could not tell
        (lambda b: b + b" " * 80, "wrong-count"),
        (lambda b: b[: b.index(b"LABELV9") + 100] + b" " * (-(b.index(b"LABELV9") + 100) % 80), "truncated"),
        (lambda b: b.replace(b"OBSV8 ", b"OBS   "), "bad-header"),
        (lambda b: b.replace(b"LABELV9", b"LABELVX"), "bad-header"),
        (lambda b: b.replace(b"\x00\x01\x00\x15\x00\x78", b"\x00\x02\x00\x15\x00\x78"), "bad-header"),
        (lambda b: b.replace("é".encode() * 60, b"\xe9" * 120), "encoding"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, change: object, code: str) -> None:
    path = tmp_path / "x.xpt"
    path.write_bytes(change(WHOLE))  # type: ignore[operator]
    with pytest.raises(BadInput) as refused:
        read_datasets(path)
    assert code in {p.code for p in refused.value.problems}


@pytest.mark.property
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_broken_bytes_never_crash_and_a_shorter_file_is_never_taken(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("x") / "broken.xpt"
    path.write_bytes(WHOLE[: data.draw(st.integers(0, len(WHOLE) - 80))])
    with pytest.raises(BadInput):
        read_datasets(path)
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    found: dict[str, Dataset] = {}
    with contextlib.suppress(BadInput):
        found = read_datasets(path)
    assert all(len(c) == d.n for d in found.values() for c in d.columns.values())


@pytest.mark.independent
def test_the_file_that_pyreadstat_wrote_by_default(tmp_path: Path) -> None:
    path = shutil.copy(FIELD / "j_dm_v8.xpt", tmp_path / "dm.xpt")
    frame, about = pyreadstat.read_xport(path)
    (found,) = read_datasets(Path(path)).values()
    assert (found.name, found.n, len(found.variables)) == (about.table_name, *frame.shape) == ("DM", 2, 17)
    assert all(list(found.columns[c]) == list(frame[c]) for c in frame)
    write_dataset(found, tmp_path / "again.xpt")
    assert list(read_datasets(tmp_path / "again.xpt")["DM"].columns["USUBJID"]) == ["FT5-001", "FT5-002"]
