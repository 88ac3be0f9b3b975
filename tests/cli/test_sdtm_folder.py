"""Folders of SDTM as people have them: files that are not read are named, and what is wrong is told at once, in order."""

from __future__ import annotations

import csv
import gzip
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from equipoise.files.datasets import read_datasets
from equipoise.files.datasets_out import write_dataset
from helpers import FIXTURES, Answer, recorded

FIELD = FIXTURES / "field"
Run = Callable[..., Answer]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder whose tr.txt is not read, with that file named as a CSV."""
    path = tmp_path / "in"
    shutil.copytree(FIELD / "g_unread_ending", path)
    (path / "tr.txt").rename(path / "tr.csv")
    return path


def taken(
    equipoise: Run, *data: Path, log: Path, more: tuple[str, ...] = ()
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The answer, and the events of the log without their numbers and clocks."""
    done = equipoise("import-sdtm", *data, "--log", log, *more, "--json")
    assert done.status == 0, done.err or done.out
    events = recorded(log)
    return done.json, [{k: e[k] for k in ("kind", "happened", "patient", "data", "source") if k in e} for e in events]


def refused(equipoise: Run, *data: Path, log: Path, more: tuple[str, ...] = ()) -> list[dict[str, str]]:
    done = equipoise("import-sdtm", *data, "--log", log, *more, "--json")
    assert done.status == 2, done.out
    assert not log.exists()
    return done.json["error"]["problems"]


def left(answer: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {(u["domain"], u["record"]): u["why"] for u in answer["unmapped"]}


def test_a_partial_date_of_death_takes_no_scan_away(equipoise: Run, tmp_path: Path) -> None:
    log = tmp_path / "x.log.jsonl"
    answer, _ = taken(equipoise, FIELD / "c_partial_death", log=log)
    assert not [k for k in left(answer) if k[1] == "assessed"]
    told = equipoise("explain", answer["trial"], "--log", log, "--patient", "FT5-001", "--json").json
    pfs, overall = ({e["endpoint"]: e for e in told["endpoints"]}[name] for name in ("PFS", "OS"))
    assert (pfs["result"], pfs["because"]) == ("event on 2021-05-20, day 137 since randomisation", "progression")
    assert overall["result"] == "event on 2021-05-20, day 137 since randomisation"
    assert "recorded as 2021-05, which stands for 2021-05-20" in overall["because"]
    page = equipoise("explain", answer["trial"], "--log", log, "--patient", "FT5-001")
    assert "recorded as 2021-05, which stands for 2021-05-20" in " ".join(page.out.split())


def test_forms_of_dates(equipoise: Run, tmp_path: Path) -> None:
    log = tmp_path / "x.log.jsonl"
    answer, _ = taken(equipoise, FIELD / "i_iso_forms", log=log)
    (note,) = [u for u in answer["unmapped"] if "without a year" in u["why"]]
    assert (note["count"], note["examples"]) == (1, ["FT3-004, RSSEQ=1: --04-26"])
    told = equipoise("explain", answer["trial"], "--log", log, "--patient", "FT3-003", "--json").json
    last = told["time_points"][-1]
    assert (last["on"], "2021-04-20/2021-04-26" in last["because"]) == ("2021-04-26", True)


def test_a_domain_that_the_log_does_not_take_never_stops_the_import(equipoise: Run, tmp_path: Path) -> None:
    answer, _ = taken(equipoise, FIELD / "e_cp1252", log=tmp_path / "x.log.jsonl")
    assert "not readable" in left(answer)["TS", "domain"]
    (note,) = [u for u in answer["unmapped"] if u["domain"] == "TS"]
    assert "--encoding windows-1252" in note["examples"][0]
    answer, _ = taken(equipoise, FIELD / "e_cp1252", log=tmp_path / "y.log.jsonl", more=("--encoding", "windows-1252"))
    assert left(answer)["TS", "domain"] == "not among the domains that the log takes"
    (problem,) = refused(
        equipoise, FIELD / "e_cp1252", log=tmp_path / "z.log.jsonl", more=("--encoding", "windos-1252")
    )
    assert (problem["code"], problem["where"]) == ("bad-value", "--encoding")


@pytest.mark.parametrize("encoding", ["windos-1252", "base64"])
@pytest.mark.parametrize(
    "command", [("import-sdtm", "DATA", "--log", "LOG"), ("audit-response", "DATA"), ("define", "DATA"), ("convert", "FILE", "OUT")], ids=lambda c: c[0]
)  # fmt: skip
def test_a_misspelt_encoding_is_a_problem_of_every_command(
    equipoise: Run, tmp_path: Path, command: tuple[str, ...], encoding: str
) -> None:
    data = shutil.copytree(FIELD / "e_cp1252", tmp_path / "in")
    paths = {"DATA": data, "LOG": tmp_path / "l.jsonl", "FILE": data / "ts.xpt", "OUT": tmp_path / "ts.json"}
    done = equipoise(*(paths.get(c, c) for c in command), "--encoding", encoding, "--json")
    assert done.status == 2
    assert [p["code"] for p in done.json["error"]["problems"]] == ["bad-value"]


def test_an_encoding_where_it_matters(equipoise: Run, folder: Path, tmp_path: Path) -> None:
    text = (folder / "dm.csv").read_text().replace("Arm A", "Arm Ä")
    (folder / "dm.csv").write_bytes(text.encode("windows-1252"))
    (problem,) = refused(equipoise, folder, log=tmp_path / "x.log.jsonl")
    assert (problem["code"], problem["where"].split(":")[0]) == ("encoding", "dm.csv")
    assert "--encoding windows-1252" in problem["next_step"]
    answer, _ = taken(equipoise, folder, log=tmp_path / "x.log.jsonl", more=("--encoding", "windows-1252"))
    assert 'label = "Arm Ä"' in Path(answer["trial"]).read_text()


@pytest.mark.parametrize(
    "name",
    [
        "tr.txt",
        "TR.TXT",
        "tr.sas7bdat",
        "tr.xlsx",
        "tr.zip",
        "tr.csv.gz",
        "tr",
        "tr1.txt",
        "tr.tsv",
        "tr.sav",
        "tr.RData",
    ],
)
def test_a_needed_domain_in_a_file_that_is_not_read_is_a_problem(
    equipoise: Run, folder: Path, tmp_path: Path, name: str
) -> None:
    (folder / "tr.csv").rename(folder / name)
    (problem,) = refused(equipoise, folder, log=tmp_path / "x.log.jsonl")
    assert (problem["code"], problem["where"]) == ("not-read", name)
    assert "TR" in problem["given"]
    done = equipoise("audit-response", folder, "--json")
    assert done.status == 2
    assert [p["where"] for p in done.json["error"]["problems"]] == [name]
    others = [p for p in folder.iterdir() if p.name != name]
    answer, _ = taken(equipoise, *others, log=tmp_path / "x.log.jsonl")  # named one by one, it goes without
    assert answer["patients"] == 2


@pytest.mark.parametrize(
    "name", ["tr_v2.csv", "tr (1).csv", "TR-final.CSV", "tr_v2.txt", "more/tr.csv", "more/tr_2.xlsx"]
)
def test_a_needed_domain_under_a_longer_name_or_in_a_folder_is_a_problem(
    equipoise: Run, folder: Path, tmp_path: Path, name: str
) -> None:
    (folder / "more").mkdir()
    (folder / "tr.csv").rename(folder / name)
    (problem,) = refused(equipoise, folder, log=tmp_path / "x.log.jsonl")
    assert (problem["code"], problem["where"]) == ("not-read", name)


def test_a_folder_in_the_folder_that_is_named_too_is_read(equipoise: Run, folder: Path, tmp_path: Path) -> None:
    before = taken(equipoise, folder, log=tmp_path / "a.log.jsonl")
    (folder / "more").mkdir()
    (folder / "tr.csv").rename(folder / "more" / "tr.csv")
    after = taken(equipoise, folder, folder / "more", log=tmp_path / "b.log.jsonl")
    assert after[1] == before[1]
    assert left(after[0]) == left(before[0])


def test_a_folder_in_utf_16(equipoise: Run, folder: Path, tmp_path: Path) -> None:
    _, before = taken(equipoise, folder, log=tmp_path / "a.log.jsonl")
    more = ("--encoding", "utf-16")
    problems = refused(equipoise, folder, log=tmp_path / "b.log.jsonl", more=more)
    assert any("--encoding utf-8 reads it" in p["next_step"] for p in problems)
    for file in folder.glob("*.csv"):
        file.write_text(file.read_text(), encoding="utf-16")
    assert taken(equipoise, folder, log=tmp_path / "b.log.jsonl", more=more)[1] == before


@pytest.mark.parametrize("domain", ["TU", "TR", "RS"])
def test_an_audit_says_which_domain_it_goes_without(equipoise: Run, folder: Path, domain: str) -> None:
    (folder / f"{domain.lower()}.csv").unlink()
    done = equipoise("audit-response", folder, "--json")
    assert done.status == 0, done.err
    assert [u["domain"] for u in done.json["unmapped"] if u["why"].startswith("no file: ")] == [domain]


def test_lesions_without_a_response_are_told_of_where_responses_are_as_recorded(
    equipoise: Run, folder: Path, tmp_path: Path
) -> None:
    (folder / "rs.csv").unlink()
    answer, _ = taken(equipoise, folder, log=tmp_path / "a.log.jsonl")
    (loss,) = answer["losses"]
    assert loss.startswith("no response was recorded, and responses are taken as recorded: ")
    found = equipoise("analyse", answer["trial"], "--log", tmp_path / "a.log.jsonl", "--json").json
    assert found["losses"] == [loss]
    trial = Path(answer["trial"])
    stated = 'criterion = "RECIST 1.1"\nresponses = "from lesions"\nfirst = "8 weeks"\nevery = "8 weeks"\nfollow_up_every = "8 weeks"'
    trial.write_text(f"{trial.read_text()}\n[assessments]\n{stated}\n")
    assert equipoise("analyse", trial, "--log", tmp_path / "a.log.jsonl", "--json").json["losses"] == []


def test_every_file_that_is_not_read_is_named(equipoise: Run, folder: Path, tmp_path: Path) -> None:
    _, before = taken(equipoise, folder, log=tmp_path / "a.log.jsonl")
    for name in ("lb.txt", "notes.pdf", "define.xml", "ae.sas7bdat", "rs_recist.csv", ".hidden", "adsl.csv", "README"):
        (folder / name).write_text("USUBJID\nx\n")
    (folder / "split").mkdir()
    (folder / "vs.csv.gz").write_bytes(gzip.compress(b"x"))
    answer, after = taken(equipoise, folder, log=tmp_path / "b.log.jsonl")
    assert after == before
    told = {u["domain"] for u in answer["unmapped"] if u["record"] == "file"}
    assert told == {
        "lb.txt",
        "notes.pdf",
        "define.xml",
        "ae.sas7bdat",
        "rs_recist.csv",
        "adsl.csv",
        "README",
        "split/",
        "vs.csv.gz",
    }
    page = equipoise("import-sdtm", folder, "--log", tmp_path / "c.log.jsonl")
    assert "ae.sas7bdat" in page.out
    done = equipoise("audit-response", folder, "--json")
    assert {u["domain"] for u in done.json["unmapped"] if u["record"] == "file"} == told
    defined = equipoise("define", folder, "--study", "FT1", "--json")
    assert {"lb.txt", "notes.pdf", "split"} <= set(defined.json["not_read"])


def test_split_domains_endings_in_capitals_and_a_library_in_one_file(
    equipoise: Run, folder: Path, tmp_path: Path
) -> None:
    _, whole = taken(equipoise, folder, log=tmp_path / "a.log.jsonl")
    rows = (folder / "tr.csv").read_text().splitlines(keepends=True)
    (folder / "tr1.csv").write_text("".join(rows[:2]))
    (folder / "tr2.csv").write_text("".join([rows[0], *rows[2:]]))
    (folder / "tr.csv").unlink()
    (folder / "dm.csv").rename(folder / "DM.CSV")
    (folder / "lb1.csv").write_text("STUDYID,DOMAIN,USUBJID\nFT1,LB,FT1-005\n")
    (folder / "tr99.csv").write_text("STUDYID,DOMAIN,USUBJID\nFT1,XX,FT1-005\n")  # no part of TR by its records
    answer, split = taken(equipoise, folder, log=tmp_path / "b.log.jsonl")
    assert split == whole
    assert left(answer)["LB", "domain"] == "not among the domains that the log takes"
    assert ("tr99.csv", "file") in left(answer)
    audited = [equipoise("audit-response", folder, "--json").json["time_points"] for _ in range(1)]
    library = b""
    for name in ("DM", "DS", "EX", "RS", "TU"):
        write_dataset(
            read_datasets(folder / f"{'DM.CSV' if name == 'DM' else name.lower() + '.csv'}")[name], tmp_path / "one.xpt"
        )
        content = (tmp_path / "one.xpt").read_bytes()
        library += content if not library else content[240:]
    one = tmp_path / "one"
    one.mkdir()
    (one / "study.xpt").write_bytes(library)
    for part in ("tr1.csv", "tr2.csv"):
        shutil.copy(folder / part, one)
    assert taken(equipoise, one, log=tmp_path / "c.log.jsonl")[1] == whole
    assert [equipoise("audit-response", one, "--json").json["time_points"]] == audited


def test_two_files_of_one_domain_are_a_problem(equipoise: Run, folder: Path, tmp_path: Path) -> None:
    write_dataset(read_datasets(folder / "rs.csv")["RS"], folder / "rs.xpt")
    (problem,) = refused(equipoise, folder, log=tmp_path / "x.log.jsonl")
    assert (problem["code"], problem["given"]) == ("domain-twice", "RS again")
    (folder / "rs.xpt").unlink()
    for name in ("lb.csv", "lb.json"):  # a domain that the log does not take
        (folder / name).write_text("USUBJID,LBSEQ\nx,1\n")
    (folder / "ts.csv").write_text("STUDYID,TSPARMCD,TSVAL\nFT1,DCUTDTC,soon\n")
    answer, _ = taken(equipoise, folder, log=tmp_path / "x.log.jsonl")
    assert left(answer)["lb.json", "file"] == "LB again, once: lb.csv has it"
    assert left(answer)["TS", "DCUTDTC"] == "no date: the data cut-off is not known"


def change(path: Path, row: int, **values: str) -> None:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows[row] |= values
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_all_problems_of_a_folder_come_at_once_each_once_in_order(equipoise: Run, folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "rs.csv", folder / "rs.json")  # a second RS, no JSON at that
    change(folder / "dm.csv", 0, RFICDTC="20-12-2020")
    change(folder / "dm.csv", 1, ARMCD="C", ARM="C", AGE="old")
    change(folder / "ex.csv", 0, EXSTDTC="soon")
    change(folder / "ex.csv", 1, EXDOSE="much", EXENDTC="2021-02-30")
    change(folder / "tr.csv", 0, TRDTC="2021-13")
    change(folder / "tr.csv", 1, TRSTRESN="big")
    (folder / "tu.csv").write_bytes((folder / "tu.csv").read_bytes().replace(b"LUNG", b"LUNG\xff"))
    places = [(p["code"], p["where"]) for p in refused(equipoise, folder, log=tmp_path / "x.log.jsonl")]
    expected = [
        ("not-a-date", "DM.RFICDTC[FT1-005, row 1]"),
        ("not-a-number", "DM.AGE[FT1-006, row 2]"),
        ("not-a-date", "EX.EXSTDTC[FT1-005, EXSEQ=1]"),
        ("not-a-number", "EX.EXDOSE[FT1-006, EXSEQ=1]"),
        ("not-a-date", "EX.EXENDTC[FT1-006, EXSEQ=1]"),
        ("encoding", "tu.csv: line 2"),
        ("not-a-date", "TR.TRDTC[FT1-005, TRSEQ=1]"),
        ("not-a-number", "TR.TRSTRESN[FT1-005, TRSEQ=2]"),
        ("domain-twice", "rs.json"),
    ]
    assert len(places) == len(set(places))
    assert places == expected


def test_all_problems_of_the_files_of_an_audit_and_of_a_folder_to_define_come_at_once(
    equipoise: Run, folder: Path
) -> None:
    change(folder / "tr.csv", 0, TRSTRESN="big")
    change(folder / "tr.csv", 1, TRDTC="soon")
    change(folder / "rs.csv", 0, RSDTC="later")
    done = equipoise("audit-response", folder, "--json")
    assert [p["where"] for p in done.json["error"]["problems"]] == [
        "TR.TRSTRESN[FT1-005, TRSEQ=1]", "TR.TRDTC[FT1-005, TRSEQ=2]", "RS.RSDTC[FT1-005, RSSEQ=1]",
    ]  # fmt: skip
    (folder / "tu.csv").write_text("USUBJID,TULNKID\nFT1-005,T01\n")
    (folder / "rs.csv").write_bytes(b"USUBJID\n\xff\n")
    done = equipoise("audit-response", folder, "--json")
    assert [(p["code"], p["where"].split(":")[0]) for p in done.json["error"]["problems"]] == [
        ("missing-column", "tu.csv"),
        ("encoding", "rs.csv"),
    ]
    (folder / "dm.csv").write_text("USUBJID,USUBJID\n")
    done = equipoise("define", folder, "--json")
    assert [p["where"].split(":")[0] for p in done.json["error"]["problems"]] == ["dm.csv", "rs.csv", "tr.csv"]


def test_a_file_of_another_domain_than_its_name_says_is_a_problem(equipoise: Run, folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "tu.csv", folder / "ae.csv")
    problems = refused(equipoise, folder, log=tmp_path / "x.log.jsonl")
    assert "wrong-domain" in {p["code"] for p in problems}


def test_an_absent_domain_that_an_endpoint_needs_is_a_problem_and_an_empty_one_is_none(
    equipoise: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "dm.csv").write_text("USUBJID,ARMCD,DMDTC\nP1,Scrnfail,2012-05-01\n")
    (folder / "ds.csv").write_text("USUBJID,DSDECOD,DSSTDTC\nP1,SCREEN FAILURE,2012-05-02\n")
    log = tmp_path / "x.log.jsonl"
    problems = refused(equipoise, folder, log=log, more=("--trial", "north"))
    assert [(p["code"], p["where"]) for p in problems] == [("missing-domain", "AE"), ("missing-domain", "RS")]
    assert "endpoint PFS" in problems[1]["allowed"]
    (folder / "ae.csv").write_text("USUBJID,AETERM,AESTDTC\n")
    (folder / "rs.csv").write_text("USUBJID,RSTESTCD,RSSTRESC,RSDTC\n")
    taken(equipoise, folder, log=log, more=("--trial", "north"))
    out = tmp_path / "out"  # what goes out of a log without assessments comes in again
    assert equipoise("export", "north", "--log", log, "--as", "sdtm", "--format", "csv", "--out", out).status == 0
    taken(equipoise, out, log=tmp_path / "y.log.jsonl", more=("--trial", "north"))


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (["import-sdtm", FIELD / "c_partial_death", "--log", "OUT/c.log.jsonl"], 0, "1 patients, 8 events"),
        (["import-sdtm", FIELD / "e_cp1252", "--log", "OUT/e.log.jsonl"], 0, "windows-1252 reads it as"),
        (["import-sdtm", FIELD / "e_cp1252", "--log", "OUT/f.log.jsonl", "--encoding", "cp-1225"], 2, "Invalid value for '--encoding'"),
        (["import-sdtm", FIELD / "g_unread_ending", "--log", "OUT/g.log.jsonl"], 2, "tr.txt   got TR: files ending '.txt' are not read"),
        (["import-sdtm", FIELD / "i_iso_forms", "--log", "OUT/i.log.jsonl"], 0, "a date without a year"),
        (["convert", FIELD / "j_dm_v8.xpt", "OUT/dm.json"], 0, "DM, 2 records of 17 variables."),
        (["convert", FIELD / "j_dm_v8.xpt", "OUT/dm.dsjc", "--encoding", "no such"], 2, "Invalid value for '--encoding'"),
    ],
)  # fmt: skip
def test_as_people_call_it(equipoise_process: Run, tmp_path: Path, args: list[Any], status: int, said: str) -> None:
    done = equipoise_process(*(str(a).replace("OUT", str(tmp_path)) for a in args))
    assert done.status == status, done.err
    assert said in " ".join((done.out + done.err).split()) or said in done.out + done.err
    assert "Traceback" not in done.err
