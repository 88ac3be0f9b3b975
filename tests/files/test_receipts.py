"""Whatever is given as a receipt, a key or a folder is read or refused in words."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.desk.witness import witness_of
from equipoise.files.receipts import add_receipt, read_expected
from equipoise.files.signing import read_signer, read_trusted
from equipoise.files.witness_folder import read_folder
from equipoise.files.write_new import write_new
from equipoise.trial.checkpoint import Expected
from equipoise.trial.problem import BadInput

HEAD = "0123456789abcdef" * 4
_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(HEAD)
_names = st.sampled_from(["trial", "hash", "number", "event", "fingerprints", "data", "x"])
_values = st.recursive(_scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=4))


def heads_or_sentence(path: Path) -> list[Expected] | str:
    try:
        return read_expected(str(path), "north")
    except BadInput as bad:
        return str(bad)


@pytest.mark.property
@given(_values)
def test_any_json_tells_heads_or_is_refused_in_words(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(value))
    found = heads_or_sentence(path)
    assert found
    assert isinstance(found, str) or all(e.hash == HEAD for e in found)


@pytest.mark.property
@given(st.binary(max_size=200))
def test_any_bytes_are_receipts_keys_and_checkpoints_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    path = folder / "a.checkpoint"
    path.write_bytes(data)
    path.chmod(0o600)
    assert heads_or_sentence(path)
    found = read_folder(folder, "north")
    assert len(found.problems) + len(found.witnessed) <= 1
    for read in (lambda: read_signer(path), lambda: read_trusted(str(path))):
        with pytest.raises(BadInput):
            read()


def test_receipts_are_added_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "new" / "receipts"
    for number in (1, 2):
        add_receipt(path, "north", number, HEAD)
    assert [(e.number, e.hash) for e in read_expected(str(path), "north")] == [(1, HEAD), (2, HEAD)]
    with pytest.raises(BadInput, match="not of south") as bad:
        read_expected(str(path), "south")
    assert len(bad.value.problems) == 2, "every line that tells none"


def test_writers_of_one_name_leave_one_whole_file_and_nothing_else(tmp_path: Path) -> None:
    pieces = [bytes([65 + i]) * 200_000 for i in range(8)]

    def write(piece: bytes) -> bool:
        try:
            write_new(tmp_path / "one", piece)
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(write, pieces))
    assert sum(done) == 1
    assert (tmp_path / "one").read_bytes() == pieces[done.index(True)]
    assert [p.name for p in tmp_path.iterdir()] == ["one"]


def test_what_is_no_file_is_no_receipt_and_no_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "a.checkpoint").mkdir()
    (found,) = read_folder(tmp_path, "north").problems
    assert (found.where, found.given) == ("a.checkpoint", "no file")
    for given_ in (str(tmp_path), "\0", "x" * 5000, ""):
        with pytest.raises(BadInput, match="--expect"):
            read_expected(given_, "north")
    with pytest.raises(BadInput, match="is it mounted"):
        read_folder(tmp_path / "none", "north")


def test_receipts_are_added_to_receipts_and_to_nothing_else(tmp_path: Path) -> None:
    """A log, a key or a trial file would be spoilt by a line of ours; a pipe would hold the log's lock for ever."""
    pipe, log, mine = tmp_path / "pipe", tmp_path / "log.jsonl", tmp_path / "receipts.jsonl"
    os.mkfifo(pipe)
    log.write_text('{"hash":"a","open":{}}\n')
    others = {name: tmp_path / name for name in ("signing.key", "trial.toml", "list.json")}
    for name, path in others.items():
        path.write_text({"list.json": "[1]"}.get(name, "id = 'north'") + "\n")
    for path in (pipe, tmp_path, log, Path("/dev/full"), *others.values()):
        before = path.read_bytes() if path.is_file() else None
        with pytest.raises(BadInput, match="a file of receipts"):
            add_receipt(path, "north", 1, "a" * 64)
        with pytest.raises(BadInput, match="a file of receipts"):
            witness_of(None, None, path)
        assert before is None or path.read_bytes() == before
    for number in (1, 2):
        add_receipt(mine, "north", number, "a" * 64)
    assert witness_of(None, None, mine) is not None
    assert [e.number for e in read_expected(str(mine), "north")] == [1, 2]
