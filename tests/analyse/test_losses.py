"""What no endpoint is of is said wherever an endpoint is shown."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from equipoise.files.bundled import find_trial
from equipoise.files.log_file import write_new_log
from equipoise.trial.log import Log
from equipoise.trial.response_maps import MAPS, map_of, same_criterion
from equipoise.trial.vocabularies.recist11 import VOCABULARY
from helpers import FIXTURES, Answer, moment, recorded

Run = Callable[..., Answer]
FIELD = FIXTURES / "field"


def taken(
    equipoise: Run, tmp_path: Path, *more: str, data: tuple[Path, ...] = (FIELD / "k_irecist",)
) -> tuple[Path, Path]:
    log = tmp_path / "k.log.jsonl"
    done = equipoise("import-sdtm", *data, "--log", log, *more, "--json")
    assert done.status == 0, done.err or done.out
    return tmp_path / "k.trial.toml", log


def test_without_a_map_the_table_of_times_says_that_no_assessment_was_taken(equipoise: Run, tmp_path: Path) -> None:
    trial, log = taken(equipoise, tmp_path)
    page = equipoise("analyse", trial, "--log", log)
    text = " ".join(page.out.split())
    assert "recorded by iRECIST and not read" in text
    assert "5 assessments of 2 patients, iUPD (2), iCPD (2), iSD (1)" in text
    assert "no assessment was taken at all" in text
    assert "map = 'iRECIST'" in text
    found = equipoise("analyse", trial, "--log", log, "--json").json
    assert len(found["losses"]) == 2
    assert all(a["events"] == 0 for a in found["endpoints"]["PFS"]["arms"].values())
    report = equipoise("report", trial, "--log", log, "--out", tmp_path / "r")
    assert report.status == 0, report.err
    assert "recorded by iRECIST and not read" in (tmp_path / "r" / "report.html").read_text()
    told = equipoise("explain", trial, "--log", log, "--patient", "FT9-001").out
    assert "Recorded iUPD by iRECIST, of which the trial file says nothing" in " ".join(told.split())


def test_with_a_map_both_progress_on_the_day_of_the_first_iupd(equipoise: Run, tmp_path: Path) -> None:
    trial, log = taken(equipoise, tmp_path, "--map", "iRECIST")
    days = {}
    for name in ("FT9-000", "FT9-001"):
        told = equipoise("explain", trial, "--log", log, "--patient", name, "--json").json
        days[name] = next(e["result"] for e in told["endpoints"] if e["endpoint"] == "PFS")
    assert days["FT9-000"].startswith("event on 2013-08-")
    assert days["FT9-001"] == "event on 2013-09-06, day 42 since randomisation"
    assert equipoise("analyse", trial, "--log", log, "--json").json["losses"] == []


def test_the_map_may_be_stated_after_the_data_came_in(equipoise: Run, tmp_path: Path) -> None:
    trial, log = taken(equipoise, tmp_path)
    stated = '[assessments]\ncriterion = "iRECIST"\nmap = "iRECIST"\nfirst = "6 weeks"\nevery = "6 weeks"\nfollow_up_every = "12 weeks"\n'
    trial.write_text(f"{trial.read_text()}\n{stated}")
    found = equipoise("analyse", trial, "--log", log, "--json").json
    assert found["losses"] == []
    assert sum(a["events"] for a in found["endpoints"]["PFS"]["arms"].values()) == 2


def test_a_look_says_it_too(equipoise: Run, tmp_path: Path) -> None:
    """NORTH's first look on data of which nothing is read: why it is not ripe, and what is not in the data."""
    start = date(2012, 6, 1)
    log = Log()
    log.append("opened", start, moment(start), "t", data={"trial": "north", "fingerprint": "0" * 64})
    log.append("enrolled", start, moment(start), "t", patient="P", data={"factors": {"ecog": "0-1", "ldh": "normal"}})
    log.append("randomised", start, moment(start), "t", patient="P", data={"arm": "IMGN901", "stratum": "all"})
    later = start + timedelta(days=42)
    log.append(
        "assessed",
        later,
        moment(later),
        "t",
        patient="P",
        data={"response": "iUPD", "criterion": "iRECIST"},
        source="RS",
    )
    path = tmp_path / "n.jsonl"
    write_new_log(path, log)
    found = equipoise("decide", find_trial("north"), "--log", path, "--look", "1", "--cutoff", "2012-09-01")
    assert "recorded by iRECIST and not read" in " ".join((found.out + found.err).split())


def test_what_was_left_out_of_the_log_and_may_matter_stays_in_it(equipoise: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for file in (FIELD / "a_split_merge").iterdir():
        text = file.read_text()
        if file.name == "rs.csv":
            text = text.replace("WEEK 24,2021-06-21", "WEEK 24,").replace(",4,WEEK 24,\n", ",4,WEEK 24,\n")
        if file.name == "tr.csv":
            text = text.replace("WEEK 24,2021-06-21", "WEEK 24,")
        (folder / file.name).write_text(text)
    trial, log = taken(equipoise, tmp_path, data=(folder,))
    opened = recorded(log)[0]
    assert any("no date" in text for text in opened["data"]["left_out"])
    page = equipoise("analyse", trial, "--log", log)
    assert "left out when the datasets were taken in: RS time point, no date" in " ".join(page.out.split())


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        (("--map", "iRECST"), ["unknown-map"]),
        (("--map", "iRECST", "--trial", "north"), ["unknown-map", "map-and-trial"]),
    ],
)
def test_a_map_that_is_none(equipoise: Run, tmp_path: Path, given: tuple[str, ...], codes: list[str]) -> None:
    done = equipoise("import-sdtm", FIELD / "k_irecist", "--log", tmp_path / "x.jsonl", *given, "--json")
    assert done.status == 2
    assert [p["code"] for p in done.json["error"]["problems"]] == codes


@pytest.mark.parametrize("name", MAPS)
def test_a_map_s_words_are_ours_and_its_names_lead_to_it(name: str) -> None:
    found = MAPS[name]
    made = VOCABULARY.glossary(found.words, found.criteria)
    assert all(made[word].known for word in found.words)
    assert not set(found.words) & set(VOCABULARY.order)
    assert [map_of(c) for c in found.criteria] == [name] * len(found.criteria)
    assert set(found.criteria) <= set(same_criterion(name))


@pytest.mark.parametrize(
    "name",
    ["RECIST 1.1", "RECIST V1.1", "RECIST1.1", "Recist version 1.1", "RECIST (1.1)", "RECIST VER. 1.1", "recist-1.1"],
)
def test_spellings_of_a_criterion_are_one(name: str) -> None:
    assert not VOCABULARY.own.foreign({"criterion": name})
    assert VOCABULARY.own.foreign({"criterion": "RECIST 1.0"})
    assert VOCABULARY.own.foreign({"criterion": "iRECIST"})


RESPONSES = {"irecist": "iRECIST", "imwg": "IMWG", "lymphoma": "Lugano"}
PROGRESSIVE = ("PD", "iCPD", "iUPD", "PMD", "PAD")
SETTLES_NOTHING = ("iUPD", "NE")


def naive_progressions(path: Path, subjects: set[str]) -> int:
    """Subjects with a progression that nothing refutes, by plain loops: the first record of a visit that says something."""
    courses: dict[str, dict[str, str]] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["RSTESTCD"] == "OVRLRESP" and row["USUBJID"] in subjects and row["RSSTRESC"] not in ("NA", ""):
                visits = courses.setdefault(row["USUBJID"], {})
                if visits.get(row["VISITNUM"], "NE") in ("NE", "ND"):
                    visits[row["VISITNUM"]] = row["RSSTRESC"]
    found = 0
    for visits in courses.values():
        words = [visits[v] for v in sorted(visits, key=float)]
        for i, word in enumerate(words):
            later = [w for w in words[i + 1 :] if w not in SETTLES_NOTHING]
            if word in PROGRESSIVE and not (word == "iUPD" and later and later[0] != "iCPD"):
                found += 1
                break
    return found


@pytest.mark.parametrize("name", RESPONSES)
def test_the_field_s_responses_by_other_criteria_go_through(equipoise: Run, tmp_path: Path, name: str) -> None:
    onco = FIXTURES / "data" / "onco" / "sdtm"
    rs = FIXTURES / "data" / "response" / f"rs_onco_{name}.csv"
    data = (*(onco / f"{d}.xpt" for d in ("dm", "ds", "ex")), rs)
    trial, log = taken(equipoise, tmp_path, "--map", RESPONSES[name], data=data)
    found = equipoise("analyse", trial, "--log", log, "--json").json
    randomised = {e["patient"] for e in recorded(log) if e["kind"] == "randomised"}
    expected = naive_progressions(rs, randomised)
    assert expected > 3
    assert sum(a["events"] for a in found["endpoints"]["PFS"]["arms"].values()) == expected
    assert not [text for text in found["losses"] if "not read" in text]
