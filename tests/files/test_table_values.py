"""Values of a table that its mapping does not know: a problem by rows, column and value, never a patient without an event."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.analyse.analysis import Analysis, analyse
from equipoise.analyse.survival import SurvivalResult
from equipoise.conduct.conduct import Conduct
from equipoise.files.table_file import log_from_table
from equipoise.files.table_problems import rows_in_words
from equipoise.files.trial_file import trial_from
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.snapshot import snapshot
from equipoise.trial.trial import Trial
from helpers import FIXTURES, Answer, moment

FIELD = FIXTURES / "field"
BASE = list(csv.DictReader((FIELD / "base.csv").read_text().splitlines()))


def field_trial(**table: Any) -> Trial:
    raw = tomllib.loads((FIELD / "table_trial.toml").read_text())
    raw["table"] = {**raw["table"], **table}
    return trial_from(raw, "field")


def rules(*when: tuple[str, dict[str, Any]], **clock: str) -> list[dict[str, Any]]:
    return [{"event": event, "when": w, **(clock or {"time": "time"})} for event, w in when]


def written(tmp_path: Path, rows: Sequence[dict[str, str]]) -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path = tmp_path / "t.csv"
    path.write_text(text.getvalue())
    return path


def coded(code: Callable[[str], str], column: str = "status") -> list[dict[str, str]]:
    return [{**row, column: code(row[column])} for row in BASE]


def problems_of(trial: Trial, path: Path) -> tuple[Problem, ...]:
    with pytest.raises(BadInput) as caught:
        log_from_table(trial, path)
    return caught.value.problems


def analysed(trial: Trial, path: Path) -> Analysis:
    log = log_from_table(trial, path).log
    return analyse(trial, snapshot(log, max(e.happened for e in log)))


def overall(found: Analysis) -> tuple[int, float]:
    result = found.endpoints["OS"]
    assert isinstance(result, SurvivalResult)
    return sum(a.events for a in result.arms.values()), next(iter(result.comparisons.values())).hr


def test_the_base_as_it_is() -> None:
    events, hr = overall(analysed(field_trial(), FIELD / "base.csv"))
    assert (events, round(hr, 2)) == (29, 1.48)


CODED: list[tuple[str, Callable[[str], str], dict[str, int]]] = [
    ("1 and 2", lambda s: str(int(s) + 1), {"'2'": 29}),
    ("TRUE and FALSE", lambda s: "TRUE" if s == "1" else "FALSE", {"'TRUE'": 29, "'FALSE'": 11}),
    ("all empty", lambda s: "", {"nothing": 40}),
    ("NA where censored", lambda s: s if s == "1" else "NA", {"'NA'": 11}),
    ("words", lambda s: "Dead" if s == "1" else "alive", {"'Dead'": 29, "'alive'": 11}),
    ("underscores are no number", lambda s: s if s == "0" else "0_1", {"'0_1'": 29}),
    ("infinity is no number", lambda s: s if s == "0" else "inf", {"'inf'": 29}),
]


@pytest.mark.parametrize(("what", "code", "wrong"), CODED, ids=[c[0] for c in CODED])
def test_another_code_is_a_problem(
    tmp_path: Path, what: str, code: Callable[[str], str], wrong: dict[str, int]
) -> None:
    rows = coded(code)
    found = problems_of(field_trial(), written(tmp_path, rows))
    assert {p.given: p.code for p in found} == dict.fromkeys(wrong, "unknown-value")
    for p in found:
        mine = [n for n, row in enumerate(rows, 2) if row["status"] == p.given.strip("'").replace("nothing", "")]
        assert len(mine) == wrong[p.given]
        assert p.where == f"{rows_in_words(mine)}.status"
        assert "1, 0" in p.allowed
        assert p.next_step


def test_the_same_people_by_rules_that_know_their_code(tmp_path: Path) -> None:
    logical = field_trial(rules=rules(("died", {"status": True}), ("contact", {"status": False})))
    for yes, no in (("TRUE", "FALSE"), ("true", "false"), ("T", "F"), ("True", "False")):
        rows = coded(lambda s, yes=yes, no=no: yes if s == "1" else no)  # type: ignore[misc]
        assert overall(analysed(logical, written(tmp_path, rows)))[0] == 29
    words = field_trial(rules=rules(("died", {"status": "dead"}), ("contact", {"status": "alive"})))
    events, hr = overall(analysed(words, written(tmp_path, coded(lambda s: "dead" if s == "1" else "alive"))))
    assert (events, round(hr, 2)) == (29, 1.48)


def test_one_empty_cell_is_named_with_its_row(tmp_path: Path) -> None:
    rows = [dict(r) for r in BASE]
    rows[4]["status"] = ""
    (found,) = problems_of(field_trial(), written(tmp_path, rows))
    assert (found.code, found.where, found.given) == ("unknown-value", "row 6.status", "nothing")
    excused = field_trial(no_event={"status": [""]})
    assert overall(analysed(excused, written(tmp_path, rows)))[0] == 29


def test_the_nearest_value_is_offered(tmp_path: Path) -> None:
    trial = field_trial(rules=rules(("died", {"status": "dead"}), ("contact", {"status": "alive"})))
    found = problems_of(trial, written(tmp_path, coded(lambda s: "Dead" if s == "1" else "alife")))
    assert {p.given: p.next_step for p in found} == {
        "'Dead'": "did you mean 'dead'?",
        "'alife'": "did you mean 'alive'?",
    }


def test_what_makes_no_event_is_stated(tmp_path: Path) -> None:
    """A table of several parameters, of which one is mapped: the others are named, not left in silence."""
    rows = [{**r, "PARAMCD": p, "CNSR": c} for r in BASE for p, c in (("OS", str(1 - int(r["status"]))), ("PFS", "7"))]
    mapped = rules(("died", {"PARAMCD": "OS", "CNSR": 0}), ("contact", {"PARAMCD": "OS", "CNSR": 1}))
    path = written(tmp_path, rows)
    of_pfs, of_its_code = problems_of(field_trial(rules=mapped), path)
    assert (of_pfs.code, of_pfs.given, of_its_code.given) == ("unknown-value", "'PFS'", "'7'")
    assert "no_event = { PARAMCD = ['PFS'] }" in of_pfs.next_step
    stated = field_trial(rules=mapped, no_event={"PARAMCD": ["PFS"]})
    assert overall(analysed(stated, path))[0] == 29  # what CNSR 7 is in a row of PFS nobody asks


def test_values_known_one_by_one_and_not_together(tmp_path: Path) -> None:
    rows = [{**r, "kind": "os" if i else "pfs"} for i, r in enumerate(BASE)]
    mapped = rules(
        ("died", {"kind": "os", "status": 1}),
        ("contact", {"kind": "os", "status": 0}),
        ("withdrawn", {"kind": "pfs", "status": 0}),
    )
    (found,) = problems_of(field_trial(rules=mapped), written(tmp_path, rows))
    assert (found.code, found.where, found.given) == ("no-rule", "row 2", "kind pfs, status 1")
    assert "kind os, status 1" in found.allowed


def test_a_rule_that_asks_nothing_does_not_hide_a_strange_value(tmp_path: Path) -> None:
    """The dead coded 2 were alive by the rule without `when`."""
    trial = field_trial(rules=[*rules(("died", {"status": 1})), {"event": "contact", "time": "time"}])
    (found,) = problems_of(trial, written(tmp_path, coded(lambda s: "2" if s == "1" else "NA")))[:1]
    assert (found.code, found.given) == ("unknown-value", "'2'")


def test_an_event_without_its_day(tmp_path: Path) -> None:
    rows = [{"id": "a", "arm": "A", "status": "1", "death": ""}, {"id": "b", "arm": "B", "status": "0", "death": "NA"}]
    asked = field_trial(rules=[{"event": "died", "when": {"status": 1}, "day": "death"}], no_event={"status": [0]})
    (found,) = problems_of(asked, written(tmp_path, rows))
    assert (found.code, found.where) == ("missing-value", "row 2.death")
    free = field_trial(rules=[{"event": "died", "day": "death"}])
    assert len(log_from_table(free, written(tmp_path, rows)).patients) == 2  # an empty day of death is a patient alive


ARMS = [("an arm unknown", "C", "unknown-arm"), ("no arm", "", "unknown-arm"), ("other case", "a", "unknown-arm")]


@pytest.mark.parametrize(("what", "word", "code"), ARMS, ids=[a[0] for a in ARMS])
def test_arms(tmp_path: Path, what: str, word: str, code: str) -> None:
    (found,) = problems_of(field_trial(), written(tmp_path, coded(lambda a: word if a == "A" else a, "arm")))
    assert (found.code, "(20 rows).arm" in found.where) == (code, True)


def test_all_of_a_file_in_one_wave_in_the_order_of_rows(tmp_path: Path) -> None:
    """Cells, columns, ragged rows and what cannot happen in a trial come together; the cell read by two rules once."""
    text = "id,arm,time,status\nP1,A,-1,1\nP2,X,10,1\nP3,A,ten,0\nP4,A,10\n,B,5,0\nP6,B,1e9,1\nP7,B,10,7\nP1,A,5,1\nP9,A,3,1\n"
    path = tmp_path / "t.csv"
    path.write_text(text)
    twice = [*rules(("died", {"status": 1}), ("contact", {"status": 0})), {"event": "contact", "time": "time"}]
    found = problems_of(field_trial(rules=twice), path)
    assert [(p.code, p.where) for p in found] == [
        ("negative-time", "row 2.time"),
        ("unknown-arm", "row 3.arm"),
        ("not-a-time", "row 4.time"),
        ("ragged-row", "row 5"),
        ("no-patient", "row 6.id"),
        ("not-a-time", "row 7.time"),
        ("unknown-value", "row 8.status"),
    ]


def test_what_follows_a_refused_randomisation_is_not_said_again(tmp_path: Path) -> None:
    trial = field_trial(randomised_on=None, randomised="rand")
    path = tmp_path / "t.csv"
    path.write_text("id,arm,rand,time,status\na,A,2009-01-01,10,1\nb,A,2010-02-01,10,1\nc,B,2010-02-30,x,1\n")
    found = problems_of(trial, path)
    assert [(p.code, p.where) for p in found] == [
        ("before-start", "row 2, on"),
        ("not-a-date", "row 4.rand"),
        ("not-a-time", "row 4.time"),
    ]


@pytest.mark.property
@given(
    st.lists(st.sampled_from(["0", "1", " 1 ", "1.0", "2", "", "NA", "dead", "TRUE", "-1"]), min_size=1, max_size=12),
    st.booleans(),
)
def test_every_row_makes_an_event_or_a_problem(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str], any_contact: bool
) -> None:
    """No patient of a table with a day and a status is taken without an event."""
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_text("id,arm,time,status\n" + "".join(f"P{i},A,{i + 1},{c}\n" for i, c in enumerate(cells)))
    more = [{"event": "withdrawn", "time": "time"}] if any_contact else []
    trial = field_trial(rules=[*rules(("died", {"status": 1}), ("contact", {"status": 0})), *more])
    strange = {i for i, c in enumerate(cells, 2) if c.strip() not in ("0", "1", "1.0")}
    if strange:
        found = problems_of(trial, path)
        assert {p.code for p in found} == {"unknown-value"}
        assert len(found) == len({c.strip() for c in cells} - {"0", "1", "1.0"})
        return
    log = log_from_table(trial, path).log
    assert sum(e.kind == "died" for e in log) == sum(c.strip() in ("1", "1.0") for c in cells)
    assert {e.patient for e in log if e.kind in ("died", "contact")} == {f"P{i}" for i in range(len(cells))}


@pytest.mark.property
@given(st.sets(st.integers(2, 60), min_size=1))
def test_rows_in_words_lose_no_row(rows: set[int]) -> None:
    text = rows_in_words(sorted(rows))
    if "…" in text:
        assert text.endswith(f"({len(rows)} rows)")
        return
    named: set[int] = set()
    for part in text.removeprefix("rows ").removeprefix("row ").split(" (")[0].split(", "):
        low, _, high = part.partition(" to ")
        named |= set(range(int(low), int(high or low) + 1))
    assert named == rows


@pytest.mark.independent
def test_lung_as_in_r(tmp_path: Path) -> None:
    """R: coxph(Surv(time, status) ~ sex, lung) says 0.588; status is coded 1 and 2. As R's write.csv writes it, names of rows first."""
    lines = (FIXTURES / "data" / "lung.csv").read_text().splitlines()
    path = tmp_path / "lung.csv"
    path.write_text("\n".join(['"",' + lines[0], *(f'"{i}",{line}' for i, line in enumerate(lines[1:], 1))]) + "\n")
    sexes = {"patient": "", "arm": "sex", "arms": {"1": "A", "2": "B"}}
    by_two = field_trial(**sexes, rules=rules(("died", {"status": 2}), ("contact", {"status": 1})))
    events, hr = overall(analysed(by_two, path))
    assert (events, round(hr, 3)) == (165, 0.588)
    (found,) = problems_of(field_trial(**sexes), path)
    assert (found.code, found.given, "(165 rows).status" in found.where) == ("unknown-value", "'2'", True)


def test_the_command_line(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    path = written(tmp_path, coded(lambda s: "TRUE" if s == "1" else "FALSE"))
    answer = equipoise("analyse", FIELD / "table_trial.toml", "--table", path)
    assert answer.status == 2
    assert "rows 2, 4 to 5" in answer.err
    assert "when = { status = true }" in answer.err
    assert equipoise("analyse", FIELD / "table_trial.toml", "--table", FIELD / "base.csv").status == 0


def test_no_events_at_all_is_said_wherever_it_is_shown(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    path = written(tmp_path, coded(lambda s: "0"))
    trial = FIELD / "table_trial.toml"
    said = "no events: all 40 patients are censored"
    page = equipoise("analyse", trial, "--table", path)
    assert page.status == 0
    assert said in " ".join(page.out.split())
    assert "events in one arm only" not in page.out
    assert said in equipoise("analyse", trial, "--table", path, "--json").json["cautions"]["OS"]


FOLLOWED = [
    ("all on day 0", lambda i: "0", "0", "nobody is followed beyond day 0"),
    ("all on one day", lambda i: "30", "0", "on the same day, day 30"),
    ("some on day 0", lambda i: "0" if i < 3 else "30", "0", "3 of 40 patients are censored on day 0"),
    ("deaths on day 0", lambda i: "0" if i < 3 else "30", "1", "3 of the events stand on day 0"),
]


@pytest.mark.parametrize(("what", "time", "status", "said"), FOLLOWED, ids=[f[0] for f in FOLLOWED])
def test_follow_up_that_says_nothing(
    tmp_path: Path, what: str, time: Callable[[int], str], status: str, said: str
) -> None:
    rows = [{**r, "time": time(i), "status": status} for i, r in enumerate(BASE)]
    assert said in analysed(field_trial(), written(tmp_path, rows)).cautions["OS"]


def test_nothing_is_cautioned_where_nothing_is_odd() -> None:
    assert "OS" not in analysed(field_trial(), FIELD / "base.csv").cautions


def test_nobody() -> None:
    trial = field_trial()
    empty = Conduct.open(trial, moment(trial.start), "test").log
    said = analyse(trial, snapshot(empty, trial.start)).cautions["OS"]
    assert said == "Overall survival: nobody counts for it yet."


DATED = [
    ("dates_odd.csv", {"row 2.rand": "01/02/2010", "row 2.scan": "19.04.2010", "row 2.death": "2010-3-23", "row 3.rand": "2010-01", "row 3.death": "40238", "row 3.last": "2010-W10-3", "row 4.scan": "2010-02-30", "row 4.last": "UNK", "row 5.scan": "2009-12-31", "row 5.last": "3010-01-01"}),
    ("dates_year_3010.csv", {"row 2.death": "2010-W20-3", "row 3.last": "3010-01-01"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "cells"), DATED, ids=[d[0] for d in DATED])
def test_every_bad_day_of_every_row_at_once(equipoise: Callable[..., Answer], name: str, cells: dict[str, str]) -> None:
    """What can be read in one way (12MAR2010, 20100301, a time of day) is read; all else is named, in the order of rows and columns."""
    answer = equipoise("analyse", FIELD / "dates_trial.toml", "--table", FIELD / name, "--json")
    assert answer.status == 2
    assert {p["where"]: p["given"].strip("'") for p in answer.json["error"]["problems"]} == cells
    assert [p["where"] for p in answer.json["error"]["problems"]] == list(cells)


def dated_trial(**table: Any) -> Trial:
    return field_trial(
        randomised_on=None, randomised="rand", rules=[{"event": "died", "day": "death"}, {"event": "contact", "day": "last"}], **table
    )  # fmt: skip


def one_patient(tmp_path: Path, *cells: str) -> Path:
    path = tmp_path / "t.csv"
    path.write_text("id,arm,rand,death,last\n" + ",".join(("P1", "A", *cells)) + "\n")
    return path


def test_days_by_a_stated_format(tmp_path: Path) -> None:
    log = log_from_table(
        dated_trial(date_format="DD/MM/YYYY"), one_patient(tmp_path, "01/02/2010", "03/04/2011", "")
    ).log
    assert [str(e.happened) for e in log if e.patient] == ["2010-02-01", "2011-04-03"]
    by_column = dated_trial(date_format={"death": "D-MON-YY"}, century_from=1950)
    log = log_from_table(by_column, one_patient(tmp_path, "2010-02-01", "3-Apr-11", "NA")).log
    assert [str(e.happened) for e in log if e.patient] == ["2010-02-01", "2011-04-03"]
    (found,) = problems_of(dated_trial(date_format="DD/MM/YYYY"), one_patient(tmp_path, "01/02/2010", "2011-04-03", ""))
    assert (found.code, found.where, found.allowed) == ("not-a-date", "row 2.death", "a day as DD/MM/YYYY")


@pytest.mark.parametrize(("take", "day"), [("first", "2010-05-20"), ("middle", "2010-05-25"), ("last", "2010-05-31")])
def test_a_partial_date_by_a_stated_rule_and_never_before_randomisation(tmp_path: Path, take: str, day: str) -> None:
    path = one_patient(tmp_path, "2010-05-20", "2010-05", "")
    assert [p.code for p in problems_of(dated_trial(), path)] == ["not-a-date"]
    (died,) = (e for e in log_from_table(dated_trial(partial_dates=take), path).log if e.kind == "died")
    assert str(died.happened) == day
    assert died.data == {"dated": "2010-05", "date_rule": f"{take} possible day, not before randomisation"}


def test_a_partial_day_of_randomisation_is_refused(tmp_path: Path) -> None:
    (found,) = problems_of(dated_trial(partial_dates="first"), one_patient(tmp_path, "2010-05", "2010-06-01", ""))
    assert (found.code, found.where) == ("not-a-date", "row 2.rand")


WRONG = [
    ({"date_format": "DD/MM"}, "date_format"),
    ({"date_format": {"dead": "DD/MM/YYYY"}}, "date_format.dead"),
    ({"date_format": "DD/MM/YY"}, "century_from"),
    ({"no_event": {"stat": [0]}}, "no_event.stat"),
]


@pytest.mark.parametrize(("table", "said"), WRONG, ids=[w[1] for w in WRONG])
def test_what_a_mapping_cannot_say(table: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as caught:
        dated_trial(**table)
    assert said in str(caught.value)


def test_a_mapping_that_says_nothing_new_keeps_its_fingerprint() -> None:
    assert field_trial().fingerprint == "4677924b7f679dc3013fe819ff8eb2dede30bccdf0baad69250e994b603bb90d"
    assert field_trial(no_event={"status": [9]}).fingerprint != field_trial().fingerprint
