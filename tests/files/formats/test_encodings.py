"""Encodings: what is not in UTF-8 says where, and how windows-1252 reads it; a name that is none is a problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from equipoise.files.datasets import read_datasets
from equipoise.files.formats.encodings import checked
from equipoise.trial.problem import BadInput, Problem
from helpers import FIXTURES

TS = FIXTURES / "field" / "e_cp1252" / "ts.xpt"


def refused(path: Path, encoding: str | None = None) -> Problem:
    with pytest.raises(BadInput) as caught:
        read_datasets(path, encoding=encoding)
    (problem,) = caught.value.problems
    return problem


def test_windows_1252_is_offered_where_the_bytes_say_so(tmp_path: Path) -> None:
    found = refused(TS)
    assert (found.code, found.where) == ("encoding", "TS.TSVAL, record 1")
    assert "--encoding windows-1252 reads it as 'Alzheimer’s Disease'" in found.next_step
    assert list(read_datasets(TS, encoding="windows-1252")["TS"].columns["TSVAL"]) == ["Alzheimer’s Disease"]
    path = tmp_path / "ts.csv"
    path.write_bytes("STUDYID,TSVAL\nS,Alzheimer’s Disease\n".encode("windows-1252"))
    assert "windows-1252 reads it as" in refused(path).next_step
    assert read_datasets(path, encoding="cp1252")["TS"].columns["TSVAL"] == ["Alzheimer’s Disease"]
    path.write_bytes(b"STUDYID,TSVAL\nS,Alzheimer\x81s\n")  # no letter of windows-1252
    assert "windows" not in refused(path).next_step


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / "ts.csv"
    path.write_bytes("\ufeffSTUDYID,TSVAL\nS,é\n".encode())
    for encoding in (None, "utf-8", "UTF8", "utf-8-sig"):
        assert [v.name for v in read_datasets(path, encoding=encoding)["TS"].variables] == ["STUDYID", "TSVAL"]


@pytest.mark.parametrize(
    "name", ["windos-1252", "", "utf 9", "base64", "rot13", "utf-16", "undefined", "idna", "a\0b", "hex"]
)
def test_a_name_that_is_no_encoding_of_texts_is_a_problem(name: str) -> None:
    with pytest.raises(BadInput) as caught:
        checked(name)
    assert [p.code for p in caught.value.problems] == ["unknown-encoding"]
    assert refused(TS, name).code == "unknown-encoding"


def test_a_misspelt_encoding_has_the_one_that_was_meant() -> None:
    with pytest.raises(BadInput) as caught:
        checked("windos-1252")
    assert "did you mean 'windows-1252'?" in caught.value.problems[0].allowed
