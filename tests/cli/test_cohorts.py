"""CREATE from its file to a decision in each of two cohorts: six tumours, one log, nothing pooled."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from helpers import recorded

NAMES = ["ALCL", "IMT", "PRCC", "ASPS", "CCS", "ARMS"]
DAY = date(2012, 10, 1)


@pytest.mark.published
def test_check_and_design_show_the_published_numbers_and_the_family_s_error(equipoise: Any) -> None:
    found = equipoise("check", "create", "--json").json
    assert list(found["cohorts"]) == NAMES
    for cohort in found["cohorts"].values():
        n = cohort["design"]
        assert (n["r1"], n["n1"], n["r"], n["n"]) == (1, 12, 5, 35)
        assert (n["alpha"], n["power"]) == (pytest.approx(0.0977, abs=5e-5), pytest.approx(0.9014, abs=5e-5))
    family = found["family"]
    assert family["any_declared_all_null"] == pytest.approx(0.4604, abs=5e-5)
    # The table of oracles has 0.9014^6 = 0.5364, of the power as rounded; of the power itself it is 0.5366.
    assert family["all_declared_all_target"] == pytest.approx(0.5364, abs=3e-4)
    assert len(family["errors"]) == 7
    page = equipoise("design", "show", "create").out
    assert "0.4604" in page
    assert "The cohorts together, exact" in page
    one = equipoise("design", "show", "create", "--cohort", "IMT", "--json").json
    assert equipoise("design", "show", "create", "--json").json["cohorts"]["IMT"] == one


def test_300_replicates_of_each_scenario(equipoise: Any, tmp_path: Path) -> None:
    command = ("simulate", "create", "--replicates", 300, "--json")
    answer = equipoise(*command, "--out", tmp_path)
    found = answer.json
    assert list(found["cohorts"]) == NAMES
    for together, (name, exact) in zip(
        found["together"], [("any_declared", 0.4604), ("all_declared", 0.5366)], strict=True
    ):
        assert together["replicates"] == 300
        assert together["exact"][name] == pytest.approx(exact, abs=1e-4)
        for column in ("any_declared", "all_declared", "all_stopped_early"):
            q = together[column]
            p = together["exact"][column]
            assert abs(q["value"] - p) < 3.5 * (p * (1 - p) / 300) ** 0.5 + 0.02, "a few cannot be evaluated"
        assert sum(q["value"] for q in together["number"]) == pytest.approx(1)
    # A trial's replicate is the same replicate of each cohort: the lines that were kept add up to what was said.
    lines = {n: [json.loads(x) for x in next(tmp_path.glob(f"{n}-null-*")).read_text().splitlines()] for n in NAMES}
    declared = [any(lines[n][i]["declared"] for n in NAMES) for i in range(300)]
    assert found["together"][0]["any_declared"]["value"] == sum(declared) / 300
    columns = {tuple(line["look_day"] for line in lines[n]) for n in NAMES}
    assert len(columns) == len(NAMES), "each cohort has streams of its own"
    assert equipoise(*command, "--workers", 2).out == equipoise(*command, "--workers", 1).out
    alone = equipoise("simulate", "create", "--cohort", "CCS", "--replicates", 300, "--json").json
    assert alone["summaries"] == found["cohorts"]["CCS"]["summaries"]
    table = equipoise("simulate", "create", "--replicates", 20).out
    assert "The cohorts together, simulated beside exact" in table


class Site:
    """A site that gives orders on the command line; each refusal is shown to who asks for it."""

    def __init__(self, equipoise: Any, log: Path) -> None:
        self.equipoise, self.log, self.n = equipoise, log, 0

    def order(self, verb: str, *given: object, status: int = 0) -> str:
        answer = self.equipoise("conduct", verb, "create", "--log", self.log, "--by", "site", *given)
        assert answer.status == status, answer.out + answer.err
        return str(answer.out + answer.err)

    def patient(self, cohort: str, day: int, marker: str, words: tuple[str, ...]) -> str:
        self.n += 1
        name, on = f"P{self.n:03d}", DAY + timedelta(days=day)
        self.order("screen", "--patient", name, "--site", "S01", "--on", on)
        known = ("--factor", f"marker={marker}") if marker else ()
        self.order("enrol", "--patient", name, "--on", on, "--cohort", cohort, *known)
        for weeks, word in zip((6, 12, 18, 24), words, strict=False):
            self.order("assess", "--patient", name, "--on", on + timedelta(weeks=weeks), "--response", word)
        return name


def test_two_cohorts_of_one_log_to_their_decisions(equipoise: Any, tmp_path: Path) -> None:
    site = Site(equipoise, tmp_path / "log.jsonl")
    site.order("open")
    site.order("activate", "--site", "S01", "--on", DAY)
    site.order("screen", "--patient", "X", "--site", "S01", "--on", DAY)
    assert "got none; a cohort of create: ALCL, IMT" in site.order("enrol", "--patient", "X", "--on", DAY, status=2)
    wrong = ("enrol", "--patient", "X", "--on", DAY, "--cohort", "INT", "--factor", "marker=alterd")
    refused = site.order(*wrong, status=2)
    assert "did you mean 'IMT'?" in refused
    assert "one of altered, not altered" in refused, "all problems at once"
    # Beside those who count: one without the alteration, and one of whom it is not known. Both were recorded first.
    site.patient("ALCL", 5, "not altered", ("CMR", "CMR"))
    unknown = site.patient("ALCL", 6, "", ("CMR", "CMR"))
    for i in range(12):
        site.patient("IMT", 10 + i, "altered", ("PR", "PR") if i < 2 else ("SD",) * 4)
        site.patient("ALCL", 10 + i, "altered", ("PMR", "PMR") if i < 1 else ("NMR",) * 4)
    assert "unknown" not in site.order("assess", "--patient", unknown, "--on", "2013-05-01", "--response", "CMR")
    assert "got 'PMR'; one of CR, PR" in site.order(
        "assess", "--patient", "P003", "--on", "2013-07-01", "--response", "PMR", status=2
    )
    # One cohort pauses; the others enrol.
    site.order("pause", "--on", "2012-11-10", "--cohort", "IMT")
    site.order("screen", "--patient", "Y", "--site", "S01", "--on", "2012-11-20")
    enrol = ("enrol", "--patient", "Y", "--on", "2012-11-20", "--factor", "marker=altered", "--cohort")
    assert "enrolment is paused" in site.order(*enrol, "IMT", status=2)
    site.order(*enrol, "ASPS")
    # A pause of the whole trial ends for all, but not for the cohort that paused on its own.
    site.order("pause", "--on", "2012-12-01")
    site.order("screen", "--patient", "Z", "--site", "S01", "--on", "2012-12-02")
    later = ("enrol", "--patient", "Z", "--factor", "marker=altered", "--on")
    assert "enrolment is paused" in site.order(*later, "2012-12-02", "--cohort", "PRCC", status=2)
    site.order("resume", "--on", "2012-12-03")
    assert "enrolment is paused" in site.order(*later, "2012-12-04", "--cohort", "IMT", status=2)
    site.order(*later, "2012-12-04", "--cohort", "PRCC")
    assert equipoise("conduct", "verify", "create", "--log", site.log).status == 0

    ask = ("decide", "create", "--log", site.log, "--look", 1, "--cutoff", "2013-12-01", "--known-on", "2099-01-01")
    each = equipoise(*ask, "--json")
    assert each.status == 0
    of = each.json["cohorts"]
    assert {n: d["ripe"] for n, d in of.items()} == {n: n in ("ALCL", "IMT") for n in NAMES}
    # 2 of 12 go on and 1 of 12 do not: those beside, who responded, are in no count.
    assert (of["IMT"]["action"]["name"], of["IMT"]["evidence"]["CRZ"]["successes"]) == ("continue", 2)
    assert (of["ALCL"]["action"]["name"], of["ALCL"]["evidence"]["CRZ"]["successes"]) == ("stop", 1)
    assert of["ALCL"]["evidence"]["CRZ"]["not_in_the_cohort"] == 0
    page = equipoise(*ask)
    assert "in cohort ALCL they do not count (marker = altered): 1 patient" in page.err
    alone = equipoise(*ask, "--cohort", "IMT", "--json").json
    assert alone == of["IMT"]
    assert equipoise(*ask, "--record", "--by", "dmc").status == 2, "a decision is recorded of one cohort"
    early = ("decide", "create", "--log", site.log, "--look", 1, "--cutoff", "2013-01-01", "--known-on", "2099-01-01")
    assert equipoise(*early).status == 2, "none is ripe"
    for cohort in ("IMT", "ALCL"):
        assert equipoise(*ask, "--cohort", cohort, "--record", "--by", "dmc").status == 0
    events = recorded(site.log)
    assert [e["data"]["cohort"] for e in events if e["kind"] == "decided"] == ["IMT", "ALCL"]

    # The late marker is a correction, and changes whose look it is on.
    number = next(e["number"] for e in events if e["kind"] == "enrolled" and e["patient"] == unknown)
    site.order("correct", "--event", number, "--factor", "marker=altered", "--why", "central laboratory")
    now = equipoise(*ask, "--cohort", "ALCL", "--json").json
    assert now["evidence"]["CRZ"]["successes"] == 2
    assert now["action"]["name"] == "continue"
    assert any(unknown in said and "The cohort is another" in said for said in now["cautions"])

    known = equipoise("conduct", "as-known-on", "create", "--log", site.log, "2098-01-01", "--json").json
    assert known["cohorts"]["IMT"]["CRZ"]["randomised"] == 12
    assert known["arms"]["CRZ"]["randomised"] == 28
    options = ("--log", site.log, "--cutoff", "2013-12-01", "--known-on", "2099-01-01")
    assert equipoise("report", "create", *options, "--out", tmp_path / "r").status == 0
    html = (tmp_path / "r" / "report.html").read_text()
    for text in (
        "IMT: decision",
        "ALCL: decision",
        "ARMS: decision",
        "ALCL: patients beside those who count",
        "0.4604",
    ):
        assert text in html, text
    assert "Look 1 of 2, data cut-off 2013-12-01: CONTINUE" in html
    assert equipoise("report", "create", *options, "--cohort", "IMT", "--out", tmp_path / "one").status == 0
    assert equipoise("analyse", "create", "--cohort", "IMT", *options, "--json").json["randomised"] == {"CRZ": 12}
    told = equipoise("explain", "create", *options, "--patient", "P003", "--json").json
    assert told["time_points"][0]["used"] == "PR"


@pytest.mark.parametrize(
    "command",
    [
        ("analyse", "create", "--log", "L"),
        ("pool", "create", "--log", "L"),
        ("sensitivity", "create", "--log", "L"),
        ("export", "create", "--log", "L", "--as", "sdtm", "--out", "O"),
        ("forecast", "create", "--log", "L", "--look", 1),
        ("answers", "create", "--log", "L"),
        ("control-check", "create"),
        ("design", "estimate", "create", "--look", 1, "--n", 12, "--successes", 1),
        ("demo", "create", "--out", "O"),
        ("simulate", "create", "--page", "P"),
    ],
    ids=lambda c: " ".join(map(str, c[:2])),
)
def test_what_cannot_treat_cohorts_says_so_with_the_next_step(equipoise: Any, command: tuple[object, ...]) -> None:
    answer = equipoise(*command)
    assert answer.status == 2
    assert "--cohort NAME" in answer.err
    assert "ALCL, IMT" in answer.err


def test_a_cohort_that_there_is_not(equipoise: Any) -> None:
    for command in (("design", "show", "create", "--cohort", "INT"), ("design", "show", "north", "--cohort", "IMT")):
        answer = equipoise(*command)
        assert answer.status == 2
        assert "cohort" in answer.err


@pytest.mark.slow
def test_the_demo_of_one_cohort_s_log_is_the_whole_trial_s_log(equipoise: Any, tmp_path: Path) -> None:
    """What was simulated of a cohort could have been conducted in the trial."""
    assert equipoise("demo", "create", "--cohort", "ALCL", "--replicates", 4, "--out", tmp_path).status == 0
    log = tmp_path / "create.log.jsonl"
    assert equipoise("conduct", "verify", "create", "--log", log).status == 0
    events = recorded(log)
    enrolled = [e for e in events if e["kind"] == "enrolled"]
    assert {e["data"]["cohort"] for e in enrolled} == {"ALCL"}
    assert {e["data"]["factors"]["marker"] for e in enrolled} == {"altered"}
