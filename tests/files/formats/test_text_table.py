"""Text tables as people bring them: separators, encodings, decimal commas, comments, quotes: found out and said, or one clear problem."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.files.datasets import iterate, read_datasets
from equipoise.files.formats.decimals import Decimals
from equipoise.files.formats.text_table import opened
from equipoise.trial.dialect import ENCODINGS, Dialect, encoding_named, separator_named
from equipoise.trial.problem import BadInput, Problem
from helpers import FIXTURES, Answer

FIELD = FIXTURES / "field"
TRIAL = FIELD / "table_trial.toml"
BASE = (FIELD / "base.csv").read_text()


def table(
    path: Path, dialect: Dialect = Dialect(), wanted: tuple[str, ...] = ()
) -> tuple[list[str], list[list[str]], list[str]]:
    with opened(path, dialect, wanted) as found:
        rows = [r.cells for r in found.filled]
        return found.header, rows, found.notes


def problem(path: Path, dialect: Dialect = Dialect()) -> Problem:
    with pytest.raises(BadInput) as caught:
        table(path, dialect)
    (found,) = caught.value.problems
    return found


#: The same table of forty patients, written otherwise: what, the bytes, and what is said of it.
WRITTEN: list[tuple[str, bytes, str]] = [
    ("semicolons", BASE.replace(",", ";").encode(), "columns are separated by semicolons"),
    ("tabs", BASE.replace(",", "\t").encode(), "columns are separated by tabs"),
    ("bars", BASE.replace(",", "|").encode(), "columns are separated by bars"),
    ("a BOM", b"\xef\xbb\xbf" + BASE.encode(), ""),
    ("UTF-16 as Excel's Unicode text", BASE.replace(",", "\t").encode("utf-16"), "read as UTF-16"),
    ("UTF-16, big end first", b"\xfe\xff" + BASE.encode("utf-16-be"), "read as UTF-16"),
    ("UTF-16 without a mark", BASE.encode("utf-16-le"), "read as UTF-16-LE"),
    ("UTF-32", BASE.encode("utf-32"), "read as UTF-32"),
    ("Windows' ends of lines", BASE.replace("\n", "\r\n").encode(), ""),
    ("an old Mac's ends of lines", BASE.replace("\n", "\r").encode(), ""),
    ("no end of the last line", BASE.rstrip("\n").encode(), ""),
    ("comments before the header", b"# exported by me, today\n#\n" + BASE.encode(), "2 lines before the header begin with '#'"),
    ("Excel's sep=", b"sep=;\r\n" + BASE.replace(",", ";").encode(), "columns are separated by semicolons"),
    ("blank lines", ("\n\n" + BASE.replace("P10", "\nP10") + "\n\n").encode(), ""),
    ("rows of separators only, as Excel leaves them", (BASE + ",,,\n,,,\n").encode(), "2 rows without any value left out"),
    ("separators at the ends", BASE.replace("\n", ",\n").encode(), "rows end in separators"),
    ("separators at the ends of rows", BASE.replace("\n", ",\n").replace(",\n", "\n", 1).encode(), "rows end in separators"),
    ("blanks in the header and the cells", BASE.replace(",", " , ").encode(), ""),
    ("all quoted", "".join(",".join(f'"{c}"' for c in line.split(",")) + "\n" for line in BASE.splitlines()).encode(), ""),
    ("decimal commas", BASE.replace(",", ";").replace(";0\n", ",0;0\n").replace(";1\n", ",0;1\n").encode(), "a decimal comma"),
    ("a column of names with commas", "".join(f'{line},{"note" if i == 0 else chr(34) + "a, b; c" + chr(34)}\n' for i, line in enumerate(BASE.splitlines())).encode(), ""),
    ("line breaks within quotes", "".join(f'{line},{"note" if i == 0 else chr(34) + "a" + chr(10) + "# b" + chr(34)}\n' for i, line in enumerate(BASE.splitlines())).encode(), ""),
]  # fmt: skip


@pytest.mark.parametrize(("what", "content", "said"), WRITTEN, ids=[w[0] for w in WRITTEN])
def test_the_same_patients_however_written(
    equipoise: Callable[..., Answer], tmp_path: Path, what: str, content: bytes, said: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    answer = equipoise("analyse", TRIAL, "--table", path, "--json")
    assert answer.status == 0, answer.err
    arms = answer.json["endpoints"]["OS"]["arms"]
    assert sum(a["events"] for a in arms.values()) == 29
    assert sum(a["n"] for a in arms.values()) == 40
    assert said in answer.err
    assert bool(said) == ("Note: t.csv" in answer.err)


LATIN = BASE.replace("id,arm", "id,arm").replace("P05", "Müller").replace("P06", "Nuñez")


def test_windows_1252_is_offered_and_read(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(LATIN.encode("windows-1252"))
    answer = equipoise("analyse", TRIAL, "--table", path)
    assert answer.status == 2
    assert "line 6" in answer.err
    assert "--encoding windows-1252 reads it as 'Müller," in answer.err
    stated = equipoise("analyse", TRIAL, "--table", path, "--encoding", "windows-1252", "--json")
    assert stated.status == 0
    assert "Note" not in stated.err


MISSPELT = ["utf9", "windows1252x", "latin one", "base64", "rot13", "undefined", "idna", "", "\0"]


@pytest.mark.parametrize("name", MISSPELT)
def test_a_misspelt_encoding_names_the_known_ones(name: str) -> None:
    with pytest.raises(ValueError, match="windows-1252"):
        encoding_named(name)


def test_the_known_ones_are_known() -> None:
    assert [encoding_named(e) for e in ENCODINGS] == list(ENCODINGS)


def test_a_misspelt_encoding_on_every_reader(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(BASE)
    for command in (
        ["analyse", TRIAL, "--table", path],
        ["conduct", "import", TRIAL, "--log", tmp_path / "log", "--table", path, "--by", "x"],
        ["history", "reconstruct", path],
        ["history", "curves", path, path, "--grid", "1"],
        ["convert", path, tmp_path / "t.json"],
    ):
        answer = equipoise(*command, "--encoding", "utf9", "--separator", "ab")
        assert answer.status == 2
        assert "did you mean 'utf-8'?" in answer.err
        assert "semicolon" in answer.err


def test_a_misspelt_encoding_of_a_transport_file() -> None:
    with pytest.raises(BadInput) as caught:
        list(iterate(FIXTURES / "data" / "onco" / "sdtm" / "dm.xpt", encoding="utf9"))
    assert caught.value.problems[0].code == "unknown-encoding"


def test_the_trial_file_states_how_its_table_is_written(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"% a\n" + LATIN.replace(",", "^").encode("windows-1252"))
    stated = 'encoding = "windows-1252"\nseparator = "^"\ncomment = "%"\nrandomised_on'
    (tmp_path / "trial.toml").write_text(
        TRIAL.read_text().replace("randomised_on", stated).replace("base.csv", "t.csv")
    )
    answer = equipoise("analyse", tmp_path, "--json")
    assert (answer.status, answer.err) == (0, "")
    wrong = 'encoding = "utf9"\nseparator = "ab"\ndecimal = ";"\nrandomised_on'
    (tmp_path / "trial.toml").write_text(TRIAL.read_text().replace("randomised_on", wrong))
    refused = equipoise("analyse", tmp_path)
    assert refused.status == 2
    assert [f"table.{name}" in refused.err for name in ("encoding", "separator", "decimal")] == [True] * 3


NO_TEXT: list[tuple[bytes, str]] = [
    (b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0", "workbook"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(20), "workbook"), (b"\x1f\x8b\x08\0", "compressed"),
    (b"PAR1\x15\0", "Parquet"), (b"HEADER RECORD*******LIBRARY", "transport"), (b"<!DOCTYPE html><html>", "web page"), (bytes(200), "no text"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "what"), NO_TEXT, ids=[w for _, w in NO_TEXT])
def test_what_is_no_text_is_named(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    found = problem(path)
    assert (found.code, what in found.given) == ("not-text", True)


BROKEN = [
    ("a quote that is not closed", b'a,b\n"1,2\n3,4\n', Dialect(), "unreadable"),
    ("a quote within a cell", b'a,b\n"1"x,2\n', Dialect(), "unreadable"),
    ("not ASCII", "a,b\né,2\n".encode(), Dialect(encoding="ascii"), "encoding"),
    ("no Windows-1252", b"a,b\n\x81,2\n", Dialect(encoding="windows-1252"), "encoding"),
    ("half a character", b"a,b\n\xc3", Dialect(), "encoding"),
    ("an odd byte of UTF-16", b"\xff\xfea\0,\0b\0\n\0\x31", Dialect(), "encoding"),
]


@pytest.mark.parametrize(("what", "content", "dialect", "code"), BROKEN, ids=[b[0] for b in BROKEN])
def test_what_cannot_be_read_is_one_problem(
    tmp_path: Path, what: str, content: bytes, dialect: Dialect, code: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    assert problem(path, dialect).code == code


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    assert problem(tmp_path / "none.csv").code == "no-file"
    assert problem(tmp_path).code == "unreadable"


def test_a_row_is_named_by_the_line_on_which_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('# c\na,b\n\n1,"x\ny"\n2,z\n')
    with opened(path) as found:
        assert [r.line for r in found] == [4, 6]


def test_comments_between_rows_are_stated(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('a,b\n%c\n1,2\n%d,e\n3,"\n%4"\n')
    assert table(path, Dialect(comment="%"))[1] == [["1", "2"], ["3", "\n%4"]]


def test_ragged_rows_of_one_width_are_one_problem(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    """R's write.table: the names of rows stand under no header."""
    path = tmp_path / "t.csv"
    path.write_text("".join(line if i == 0 else f"{i},{line}" for i, line in enumerate(BASE.splitlines(keepends=True))))
    answer = equipoise("analyse", TRIAL, "--table", path)
    assert answer.status == 2
    assert "1 problem\n" in answer.err
    assert "rows 2 to 41 (40 rows)" in answer.err
    assert "names of rows" in answer.err


@pytest.mark.property
@given(
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    st.lists(
        st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)] * 3),
        min_size=1,
        max_size=6,
    ),
)
def test_what_was_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, separator: str, encoding: str, rows: list[tuple[str, str, str]]
) -> None:
    """Any cells, quotes, separators and line breaks within them, in every dialect that is found out."""
    path = tmp_path_factory.mktemp("t") / "t.csv"
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows([("id", "arm", "a long name"), *rows])
    path.write_bytes(text.getvalue().encode(encoding))
    header, found, _ = table(path, wanted=("id", "arm"))
    assert header == ["id", "arm", "a long name"]
    assert [tuple(r) for r in found] == [r for r in rows if any(c.strip() for c in r)]


def test_a_dataset_with_semicolons_and_decimal_commas(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    path = tmp_path / "vs.csv"
    path.write_text("USUBJID;VSSEQ;VSSTRESN\n01;1;36,5\n02;1;\n")
    with pytest.raises(BadInput) as caught:
        read_datasets(path)
    (found,) = caught.value.problems
    assert (found.code, found.next_step) == (
        "not-a-number",
        "--decimal , if the comma is the decimal mark",
    )
    answer = equipoise("convert", path, tmp_path / "vs.json", "--decimal", ",")
    assert answer.status == 0
    assert "Note: vs.csv: columns are separated by semicolons." in answer.err
    assert read_datasets(tmp_path / "vs.json")["VS"].columns["VSSTRESN"][0] == 36.5
    path.write_text("USUBJID;VSSEQ;VSSTRESN\n01;1;36,5\n02;1;36.5\n03;1;1,234,567\n")
    with pytest.raises(BadInput) as caught:
        read_datasets(path, dialect=Dialect(decimal=","))
    assert [p.where for p in caught.value.problems] == ["line 3.VSSTRESN", "line 4.VSSTRESN"]


def test_curves_and_times_with_semicolons_and_commas(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    """What R's write.csv2 writes: the same answer as with points."""
    points = [(0, 1.0), (2, 0.8), (4, 0.55), (6, 0.3), (8, 0.2)]
    (tmp_path / "p.csv").write_text("time,survival\n" + "".join(f"{t},{s}\n" for t, s in points))
    (tmp_path / "c.csv").write_text(
        '"time";"survival"\n' + "".join(f"{t};{s}".replace(".", ",") + "\n" for t, s in points)
    )
    one, two = (equipoise("history", "reconstruct", tmp_path / f"{f}.csv", "--n", "50", "--json") for f in "pc")
    assert one.json == {**two.json, "report": one.json["report"]}
    assert "numbers have a decimal comma" in two.err
    (tmp_path / "x.csv").write_text("time\tevent\n1,5\t1\n2\tNA\nx\t2\n")
    bad = equipoise("history", "curves", tmp_path / "x.csv", tmp_path / "none.csv", "--grid", "1,2")
    assert [word in bad.err for word in ("row 3.event", "row 4.time", "none.csv")] == [True] * 3


NUMBERS = [
    # cells, separator, stated: read as, and found out
    (["1.5", "2"], ",", None, [1.5, 2.0], False),
    (["1,5", "2"], ";", None, [1.5, 2.0], True),
    (["1,5", "2.5"], ";", None, [None, 2.5], False),
    (["1,234", "2,345"], ";", None, [None, None], False),
    (["1,234", "2,5"], "\t", None, [1.234, 2.5], True),
    (["0,234", "0,345"], ";", None, [0.234, 0.345], True),
    (["1,234"], ";", ",", [1.234], False),
    (["1.234"], ";", ",", [None], False),
    (["1,5"], ",", None, [None], False),
    (["1 000", "1_000", "nan", "inf", "1e999", "0x10", "١"], ",", None, [None] * 7, False),
    (["+1", "-2", ".5", "3.", "1e2", "1E-1"], ",", None, [1.0, -2.0, 0.5, 3.0, 100.0, 0.1], False),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "separator", "stated", "values", "out"), NUMBERS)
def test_decimal_marks(
    cells: list[str], separator: str, stated: str | None, values: list[float | None], out: bool
) -> None:
    found = Decimals.of(cells, separator, stated)
    assert [found.read(c) for c in cells] == values
    assert found.found is out
    if None in values and any("," in c or (stated and "." in c) for c in cells):
        assert all(found.hint(c) for c, v in zip(cells, values, strict=True) if v is None)


@pytest.mark.parametrize(
    ("text", "sign"), [("comma", ","), ("Semicolon", ";"), ("tab", "\t"), (r"\t", "\t"), ("|", "|"), ("^", "^")]
)
def test_separators_by_name(text: str, sign: str) -> None:
    assert separator_named(text) == sign


@pytest.mark.parametrize("text", ["", "ab", "a", "1", '"', "\n", ".", "semi"])
def test_what_is_no_separator(text: str) -> None:
    with pytest.raises(ValueError, match="semicolon"):
        separator_named(text)
