"""Signed notes and checkpoints: read as they are written, refused in words otherwise, and the same bytes as Go's."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.files.signing import Signer, is_true, make_keys, read_signer, read_trusted
from equipoise.files.witness_folder import read_file
from equipoise.trial.checkpoint import Checkpoint, code, read_checkpoint, told
from equipoise.trial.problem import BadInput
from equipoise.trial.signed_note import Note, Signature, VerifierKey, read_note, read_verifier_key

HEAD = "0123456789abcdef" * 4
POINT = Checkpoint("north", 317, HEAD, datetime(2026, 11, 30, 9, 30, 5, tzinfo=UTC))
#: The example of Go's package golang.org/x/mod/sumdb/note (its documentation), public and private half: an oracle, no secret.
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNED = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"


def key_file(folder: Path, text: str = PRIVATE, mode: int = 0o600) -> Path:
    path = folder / "a.key"
    path.write_text(text + "\n")
    path.chmod(mode)
    return path


@pytest.mark.independent
def test_our_signature_is_the_one_that_go_makes(tmp_path: Path) -> None:
    signer = read_signer(key_file(tmp_path))
    assert str(signer.key) == PUBLIC
    assert str(signer.sign(TEXT)) == f"{TEXT}\n{SIGNED}"
    note, key = read_note(f"{TEXT}\n{SIGNED}".encode()), read_verifier_key(PUBLIC)
    assert [is_true(note, s, key) for s in note.by(key)] == [True]
    changed = replace(note, text=TEXT.replace("answer", "question"))
    assert not is_true(changed, changed.signatures[0], key)


def test_a_checkpoint_is_four_lines_that_anybody_can_read() -> None:
    assert (
        POINT.text == "equipoise/north\n317\nASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze8=\ntime 2026-11-30T09:30:05Z\n"
    )
    assert read_checkpoint(POINT.text) == POINT
    assert read_checkpoint(POINT.text + "a line of a later version\n") == POINT


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("equipoise/", "", "log of 'north'"),
        ("north", "No rth", "log of"),
        ("\n317\n", "\n0\n", "number '0'"),
        ("\n317\n", "\n0317\n", "number '0317'"),
        ("\n317\n", "\n٣١٧\n", "number"),
        ("\n317\n", "\n" + "9" * 5000 + "\n", "number '9999"),
        ("ASNF", "ASN F", "not base64"),
        ("N7wEjRWeJq83vASNFZ4mrze8=", "N7w==", "not base64 as it is written|not base64|a hash of"),
        ("mrze8=", "mrze9=", "not base64 as it is written"),
        ("time ", "at ", "a time such as"),
        ("-11-30T", "-02-31T", "a time such as"),
        ("09:30:05Z", "09:30:05+00:00", "a time such as"),
        ("time 2026-11-30T09:30:05Z\n", "", "fewer than four lines"),
        ("\n317\n", "\n\n317\n", "an empty one"),
    ],
)
def test_what_is_no_checkpoint_is_said(old: str, new: str, said: str) -> None:
    assert old in POINT.text
    with pytest.raises(ValueError, match=said):
        read_checkpoint(POINT.text.replace(old, new))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no signature"),
        (b"text\n", "no signature"),
        (TEXT.encode(), "no signature"),
        (f"{TEXT}\n{SIGNED}".encode()[:-1], "no signature"),
        (f"{TEXT}\n{SIGNED}".encode() + b"\xff", "not UTF-8"),
        (f"{TEXT}\r\n\r\n{SIGNED}".encode(), "a control character"),
        (f"{TEXT}\n{SIGNED}{'x' * 100_000}".encode(), "bytes; a note has"),
        (f"{TEXT}\n{SIGNED}".replace("—", "-").encode(), "that is no signature"),
        (f"{TEXT}\n{SIGNED}".replace("PeterNeumann", "Peter+Neumann").encode(), "that is no signature"),
        (f"{TEXT}\n— PeterNeumann x08=\n".encode(), "a signature of 2 bytes"),
        (f"{TEXT}\n— PeterNeumann !\n".encode(), "not base64"),
    ],
)
def test_what_is_no_note_is_said(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_note(data)


@pytest.mark.parametrize(
    "line",
    ["", "a", "a+b", "+c74f20a3+ARpc", PUBLIC.replace("c74f20a3", "c74f20a4"), PUBLIC[:-4], PUBLIC.replace("+AR", "+BR"), "a b+1+AA=="],
)  # fmt: skip
def test_what_is_no_key_is_said(line: str) -> None:
    with pytest.raises(ValueError, match=r"not |no Ed25519|number is"):
        read_verifier_key(line)
    with pytest.raises(BadInput, match="--trust"):
        read_trusted(line)


def test_signatures_of_others_under_a_note_are_kept_and_not_taken_for_ours() -> None:
    key = read_verifier_key(PUBLIC)
    other = Signature("PeterNeumann", b"\0\0\0\0", b"x" * 64)
    note = read_note(str(Note(TEXT, [other])).encode())
    assert note == Note(TEXT, [other])
    assert note.by(key) == []


def test_a_made_key_is_its_owners_and_never_overwritten(tmp_path: Path) -> None:
    secret, public, key = make_keys(tmp_path / "k", "trials.example.org")
    assert os.name != "posix" or secret.stat().st_mode & 0o777 == 0o600
    assert read_trusted(str(public)) == read_trusted(str(key)) == read_signer(secret).key == key
    before = secret.read_bytes()
    with pytest.raises(BadInput, match="never overwritten"):
        make_keys(tmp_path / "k", "trials.example.org")
    assert secret.read_bytes() == before
    for name in ("", "two words", "a+b", "a\nb"):
        with pytest.raises(BadInput, match="--name"):
            make_keys(tmp_path / "other", name)
    assert not (tmp_path / "other").exists()
    assert "AYEK" not in repr(Signer(key, b"\x81\x0a" * 16))


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(BadInput, match="others can read"):
        read_signer(key_file(tmp_path, mode=mode))


@pytest.mark.parametrize(
    "text",
    ["", "hello", PUBLIC, PRIVATE[:-3], PRIVATE.replace("c74f", "c74e"), PRIVATE.replace("Peter", "P ter"), "\x00"],
)
def test_a_false_key_is_refused_without_telling_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput) as bad:
        read_signer(key_file(tmp_path, text))
    assert "AYEKFALV" not in str(bad.value)
    with pytest.raises(BadInput, match="no file"):
        read_signer(tmp_path)


def note_or_sentence(data: bytes) -> Note | str:
    try:
        return read_note(data)
    except ValueError as error:
        return str(error) or pytest.fail("refused without a word")


@pytest.mark.property
@given(st.binary(max_size=400))
def test_any_bytes_are_a_note_or_a_sentence(data: bytes) -> None:
    note = note_or_sentence(data)
    assert isinstance(note, str) or str(note).encode() == data


GOOD = f"{POINT.text}\n{SIGNED}".encode()


@pytest.mark.property
@given(
    st.lists(
        st.tuples(st.integers(0, len(GOOD)), st.integers(0, 3), st.one_of(st.binary(max_size=4), st.sampled_from([b"\n", "—".encode(), b"+"]))),
        min_size=1, max_size=4,
    )
)  # fmt: skip
def test_a_changed_checkpoint_is_read_as_it_stands_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[int, int, bytes]]
) -> None:
    data = GOOD
    for at, drop, put in edits:
        data = data[:at] + put + data[at + drop :]
    path = tmp_path_factory.getbasetemp() / "changed.checkpoint"
    path.write_bytes(data)
    try:
        point, note = read_file(path)
    except ValueError as error:
        said = str(error)
        point = None
    assert point is not None or said
    assert point is None or (str(note).encode() == data and note.text.startswith(point.text))


@pytest.mark.property
@given(
    st.builds(
        Checkpoint,
        st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True),
        st.integers(1, 10**9),
        st.binary(min_size=32, max_size=32).map(bytes.hex),
        st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(lambda d: d.replace(microsecond=0, tzinfo=UTC)),  # noqa: DTZ001
    )
)
def test_a_checkpoint_reads_back(point: Checkpoint) -> None:
    assert read_checkpoint(point.text) == point
    by_code = told(code(point.number, point.hash), "a report")
    assert by_code.number == point.number
    assert point.hash.startswith(by_code.hash)


def test_a_head_as_people_are_told_it() -> None:
    chain = ["f" * 64, HEAD]
    for text in (HEAD, HEAD.upper(), f"2 {HEAD}", f"2:{HEAD}", "2 0123-4567-89ab-cdef", "0123-4567-89ab-cdef"):
        assert told(text, "").is_in(chain), text
    for text in (f"1 {HEAD}", f"3 {HEAD}", "e" * 64, "2 0123-4567-89ab-cdee"):
        assert not told(text, "").is_in(chain), text
    for text in ("", "2", "0123", "0123-4567-89ab-cde", "x" * 64, HEAD + "0", "-" * 70, f"x {HEAD}"):
        with pytest.raises(ValueError, match="hexadecimal"):
            told(text, "")


def test_a_key_as_a_line() -> None:
    key = VerifierKey("a.example", bytes(range(32)))
    assert read_verifier_key(str(key)) == key
