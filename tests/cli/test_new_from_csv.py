"""`equipoise new --from-csv`: a draft that is checked and analysed as it is, each guess marked; and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from equipoise.files.column_guess import guessed, read_columns
from helpers import ROOT, Answer

Equipoise = Callable[..., Answer]
TABLE = ROOT / "trials" / "templates" / "table-of-patients" / "patients.csv"


def test_a_table_becomes_a_trial_that_is_analysed_as_the_one_written_by_hand(
    tmp_path: Path, equipoise: Equipoise
) -> None:
    said = equipoise("new", "mine", "--from-csv", TABLE, cwd=tmp_path)
    assert said.status == 0, said.err
    text = (tmp_path / "mine" / "trial.toml").read_text()
    assert text.count("# guess") >= 14
    assert "# Not placed" not in text
    assert equipoise("check", "mine", cwd=tmp_path).status == 0
    ours = equipoise("analyse", "mine", "--json", cwd=tmp_path).json["endpoints"]
    hand = equipoise("analyse", TABLE.parent, "--json").json["endpoints"]
    assert [(a["n"], a["events"], a["median"]) for a in ours["OS"]["arms"].values()] == [
        (a["n"], a["events"], a["median"]) for a in hand["OS"]["arms"].values()
    ]
    assert ours["PFS"]["arms"].keys() == hand["PFS"]["arms"].keys()


@pytest.mark.parametrize(
    ("text", "patient", "arm", "died", "left"),
    [
        ("SUBJID;TRT;AGE;OS_MONTHS;DEAD\nA1;Drug X;61;3.5;1\nA2;Placebo;70;12;0\nA3;Drug X;55;7;1\n", "SUBJID", "TRT", ("OS_MONTHS", "DEAD", "1", "0"), ["AGE"]),
        ("id,arm,time,status\nP01,B,248,1\nP02,A,562,0\nP03,A,100,1\n", "id", "arm", ("time", "status", "1", "0"), []),
        ("id\ttime\tstatus\n1\t10\t2\n2\t20\t1\n3\t40\t2\n", "id", "", ("time", "status", "2", "1"), []),
        ("id,time,died\n1,10,TRUE\n2,20,FALSE\n3,40,TRUE\n", "id", "", ("time", "died", "TRUE", "FALSE"), []),
    ],
)  # fmt: skip
def test_what_is_guessed(
    text: str, patient: str, arm: str, died: tuple[str, ...], left: list[str], tmp_path: Path, equipoise: Equipoise
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    found = guessed(read_columns(path))
    assert (found.patient, found.arm, found.died, found.left) == (patient, arm, died, left)
    done = equipoise("new", "mine", "--from-csv", path, cwd=tmp_path)
    assert done.status == 0, done.err
    shown = equipoise("analyse", "mine", "--json", cwd=tmp_path)
    assert shown.status == 0, shown.err
    events = sum(a["events"] for a in shown.json["endpoints"]["OS"]["arms"].values())
    assert events == sum(line.split(read_columns(path).separator)[-1] == died[2] for line in text.splitlines())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no-header"), ("1,2\n3,4\n", "no-header"), ("a,a\n1,2\n", "no-header"), ("id,time\n", "no-rows"), ("x,y\n1,1\n1,1\n", "no-patient"),
    ],
)  # fmt: skip
def test_a_table_of_which_nothing_can_be_made_is_refused(
    text: str, code: str, tmp_path: Path, equipoise: Equipoise
) -> None:
    (tmp_path / "t.csv").write_text(text)
    wrong = equipoise("new", "Mine", "--from-csv", "t.csv", "--kind", "simon", "--p0", "0.2", "--json", cwd=tmp_path)
    assert wrong.status == 2
    codes = [p["code"] for p in json.loads(wrong.out)["error"]["problems"]]
    assert code in codes
    assert {"name", "usage"} <= set(codes)
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]
    assert "not there" in equipoise("new", "mine", "--from-csv", "none.csv", cwd=tmp_path).err
