"""Dose finding on the command line: a design's numbers and behaviour, the next dose, pathways, and bad input."""

from __future__ import annotations

from typing import Any

import pytest

from equipoise.design.dose import dose_shelf


def options(table: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for name, value in table.items():
        said = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        found += ["--" + name.replace("_", "-"), said]
    return found


@pytest.mark.parametrize("kind", dose_shelf.kinds())
def test_each_kind_has_its_command(equipoise: Any, kind: str) -> None:
    about = dose_shelf.one(kind)
    page = equipoise("design", kind, *options(dict(about.example)))
    assert page.status == 0, page.err
    found = equipoise("design", kind, *options(dict(about.example)), "--json").json
    assert found["kind"] == kind
    assert found["grade"]["grade"] in ("published", "independent", "property")
    assert "characteristics" not in found
    assert about.title.split(" (")[0].split(",")[0] in " ".join(equipoise("design", kind, "--help").out.split())


def test_boin_says_its_numbers_and_how_it_behaves(equipoise: Any) -> None:
    found = equipoise(
        "design", "boin", "--target", 0.3, "--truth", "0.05,0.15,0.3,0.45,0.6", "--accrual", 3, "--window", 1, "--json"
    ).json
    assert (round(found["lambda_e"], 4), round(found["lambda_d"], 4)) == (0.2365, 0.3585)
    row = next(r for r in found["table"] if r["n"] == 3)
    assert row == {"n": 3, "escalate_if_at_most": 0, "deescalate_if_at_least": 2, "eliminate_if_at_least": 3}
    shown = found["characteristics"]
    assert shown["method"] == "exact"
    assert shown["select_none"] + sum(shown["select"]) == pytest.approx(1)
    assert sum(shown["patients"]) == pytest.approx(shown["total_patients"])
    # Each patient costs a third of a month and each of ten cohorts a month, but for the few trials that stop early.
    assert shown["months"] == pytest.approx(20, abs=0.02)


def test_the_next_dose(equipoise: Any) -> None:
    found = equipoise("design", "next", "boin", "1NNN 2NTN", "--target", 0.3, "--doses", 5, "--json").json
    assert (found["action"], found["dose"], found["recommend"]) == ("stay", 2, 2)
    assert found["because"]
    found = equipoise(
        "design", "next", "crm", "1NNN", "--target", 0.25, "--skeleton", "0.08,0.16,0.25,0.35,0.46", "--json"
    ).json
    assert (found["action"], found["dose"], found["recommend"], len(found["ptox"])) == ("escalate", 2, 1, 5)
    page = equipoise("design", "next", "a-plus-b", "1NNT 1NNP:7", "--doses", 4)
    assert page.out.startswith("WAIT")
    assert "followed for 7 days" in " ".join(page.out.split())
    stopped = equipoise("design", "next", "a-plus-b", "1TTN", "--doses", 4, "--json").json
    assert (stopped["action"], stopped["dose"], stopped["recommend"]) == ("stop", None, None)


def test_the_next_dose_while_patients_are_pending(equipoise: Any) -> None:
    boin = ("--target", 0.3, "--doses", 5, "--tite", "ess")
    found = equipoise("design", "next", "boin", "1NNN 2NNP:20", *boin, "--window", 28, "--json").json
    assert (found["action"], found["dose"]) == ("escalate", 3)
    crm = ("--target", 0.25, "--skeleton", "0.08,0.16,0.25", "--tite", "adaptive", "--window", 28)
    found = equipoise("design", "next", "crm", "1NT:9P:3", *crm, "--json").json
    assert (found["action"], len(found["ptox"])) == ("stay", 3)
    shown = equipoise(
        "design",
        "boin",
        *boin,
        "--truth",
        "0.05,0.15,0.3,0.45,0.6",
        "--accrual",
        3,
        "--window",
        2,
        "--trials",
        40,
        "--json",
    ).json["characteristics"]
    assert (shown["method"], shown["trials"]) == ("simulated", 40)
    assert shown["months"] > 0
    assert len(shown["mc_error"]["select"]) == 5


def test_two_drugs(equipoise: Any) -> None:
    drugs = ("--target", 0.3, "--first", 2, "--second", 2)
    found = equipoise("design", "next", "boin-combination", "1.1NNN", *drugs, "--json").json
    assert (found["action"], found["dose"], found["recommend"]) == ("escalate", "2.1", "1.1")
    shown = equipoise("design", "boin-combination", *drugs, "--cohorts", 3, "--truth", "0.1,0.2,0.3,0.4", "--json").json
    assert shown["characteristics"]["method"] == "exact"
    assert sum(shown["characteristics"]["select"]) + shown["characteristics"]["select_none"] == pytest.approx(1)
    nodes = equipoise("design", "paths", "boin-combination", "1.1NNN", *drugs, "--cohorts", 1, "--json").json["nodes"]
    assert (nodes[0]["at"], nodes[0]["dose"]) == ("1.1", "2.1")


def test_pathways(equipoise: Any) -> None:
    found = equipoise("design", "paths", "a-plus-b", "1NNN", "--doses", 4, "--cohorts", 2, "--json").json
    root, *others = found["nodes"]
    assert (root["depth"], root["action"], root["dose"]) == (0, "escalate", 2)
    assert [w["outcomes"] for w in root["ways"]] == ["NNN", "NNT", "NTT", "TTT"]
    assert {n["state"] for n in others} == {w["to"] for n in found["nodes"] for w in n["ways"]}
    assert max(n["depth"] for n in others) == 2


COMPARE = (
    "compare",
    "--design",
    "boin target=0.3 cohorts=4",
    "--design",
    "boin target=0.3 cohorts=4 tite=ess",
    "--design",
    "a-plus-b",
)


def test_months_are_of_the_calendar_that_is_asked_for(equipoise: Any) -> None:
    line = (
        "design",
        "boin",
        "--target",
        0.3,
        "--cohorts",
        4,
        "--truth",
        "0.1,0.3,0.5",
        "--accrual",
        3,
        "--window",
        1,
        "--trials",
        200,
        "--json",
    )
    at_random, regular = (
        equipoise(*line, *more).json["characteristics"]
        for more in ((), ("--arrivals", "uniform", "--first-comes", "at once"))
    )
    assert (at_random["method"], regular["method"]) == ("exact", "exact")
    assert at_random["months"] == pytest.approx(8, abs=0.1)
    assert regular["months"] < 7.5


def test_designs_side_by_side(equipoise: Any) -> None:
    line = (
        "design",
        *COMPARE,
        "--truth",
        "0.1,0.3,0.5",
        "--truth",
        "0.4,0.5,0.6",
        "--accrual",
        3,
        "--window",
        1,
        "--trials",
        60,
    )
    found = equipoise(*line, "--json").json["designs"]
    assert [d["design"] for d in found] == [t for t in COMPARE if t[0] in "ab"]
    assert [[c["method"] for c in d["characteristics"]] for d in found] == [
        ["exact"] * 2,
        ["simulated"] * 2,
        ["exact"] * 2,
    ]
    # The same patients: who decides while some are pending is the quicker.
    waits, meanwhile, _ = (d["characteristics"][0]["months"] for d in found)
    assert meanwhile < waits
    alone = equipoise("design", "boin", "--target", 0.3, "--cohorts", 4, "--truth", "0.1,0.3,0.5", "--json").json
    assert found[0]["characteristics"][0]["select"] == alone["characteristics"]["select"]
    page = equipoise(*line)
    assert page.status == 0
    assert "every design meets the same patients" in " ".join(page.out.split())
    assert "--truth" in equipoise("design", "compare", "--truth", "0.1", "--help").out


@pytest.mark.parametrize(("line", "said"), [
    (("next", "boin", "1NNZ", "--target", 0.3, "--doses", 5), ["position 4"]),
    (("next", "boin", "7NNN", "--target", 0.3, "--doses", 5), ["cohort 1", "1 to 5"]),
    (("next", "boin", "1NNN", "--target", 0.3), ["--doses"]),
    (("boin", "--target", 1.3, "--start", 9), ["target", "start"]),
    (("boin", "--target", 0.8), ["p_high"]),
    (("a-plus-b", "--a", 3, "--b", 3, "--c", 2, "--d", 1, "--e", 7), ["c, d", "e "]),
    (("table", "--target", 0.3, "--rows", "3: 2/1/3,x"), ["rows, 1", "rows, 2"]),
    (("crm", "--target", 0.25, "--skeleton", "0.3,0.2"), ["skeleton, dose 2"]),
    (("boin", "--target", 0.3, "--truth", "0.1,1.2"), ["truth, dose 2"]),
    (("boin", "--target", 0.3, "--truth", "0.1,0.2", "--accrual", 3), ["--window"]),
    (("next", "boi", "1NNN"), ["boi"]),
    (("next", "boin", "1NNP:20", "--target", 0.3, "--doses", 5, "--tite", "ess"), ["--window"]),
    (("next", "crm", "1NTTP:3P:40", "--target", 0.25, "--skeleton", "0.1,0.2", "--tite", "adaptive", "--window", 28), ["40 days", "T:days"]),
    (("boin", "--target", 0.3, "--suspend", "no", "--no-wait-at-lowest"), ["suspend", "wait_at_lowest"]),
    (("crm", "--target", 0.25, "--skeleton", "0.1,0.2", "--tite", "linear", "--method", "likelihood"), ["tite"]),
    (("boin", "--target", 0.3, "--tite", "ess", "--truth", "0.1,0.2", "--behaviour", "exact"), ["--accrual, --window", "--behaviour"]),
    (("next", "boin-combination", "1NNN", "--target", 0.3, "--first", 2, "--second", 3), ["cohort 1", "2.3"]),
    (("next", "boin-combination", "3.1NNN", "--target", 0.3, "--first", 2, "--second", 3), ["1 to 2 and 1 to 3"]),
    (("boin-combination", "--target", 0.8, "--first", 0, "--second", 9), ["target", "first", "second"]),
    (("boin", "--target", 0.3, "--truth", "0.1,0.2", "--arrivals", "uniform", "--late", 0.5), ["--arrivals", "--late"]),
    (("boin", "--target", 0.3, "--truth", "0.1,0.2", "--response", "0.1,0.2"), ["--response"]),
    (COMPARE, ["--accrual, --window", "--truth"][1:]),
    ((*COMPARE, "--truth", "0.1,0.2"), ["tite=ess: --accrual, --window"]),
    (("compare", "--design", "boin target=1.3 foo=1", "--design", "crm target=0.3", "--design", "boyn", "--truth", "0.1,0.2"),
     ["foo=1", "target=1.3 foo=1: target", "crm target=0.3: skeleton", "boyn"]),
    (("compare", "--design", "boin target=0.3", "--truth", "0.1,1.2", "--window", 1), ["--accrual"]),
    (("compare", "--design", "boin target=0.3", "--design", "boin-combination target=0.3 first=2 second=2", "--truth", "0.1,1.2"),
     ["boin target=0.3: truth, dose 2", "second=2: truth "]),
    (("rolling-six", "--doses", 3, "--start", 4, "--mtd-needs", 9), ["start", "mtd_needs"]),
    (("boin12", "--phi-t", 0.8, "--phi-e", 1.2, "--u2", 120), ["phi_t", "phi_e", "u2"]),
])  # fmt: skip
def test_bad_input_names_all_that_is_wrong(equipoise: Any, line: tuple[Any, ...], said: list[str]) -> None:
    done = equipoise("design", *line)
    assert done.status == 2
    assert all(s in done.err for s in said), done.err


BOIN = ("boin", "--target", 0.3, "--truth", "0.1,0.3,0.5", "--cohorts", 4)


def test_modifiers_of_a_design(equipoise: Any) -> None:
    told = "n=6,theta0=0.2,theta1=0.45,first=3,every=3,when_stopped=no dose"
    found = equipoise("design", *BOIN, "--expansion", told, "--json").json
    assert found["expansion"]["n"] == 6
    assert found["expansion"]["boundary"]
    assert found["characteristics"]["method"] == "exact"
    assert set(found["characteristics"]["ends"]) == {"no dose to expand", "too toxic in the expansion", "expanded"}
    timed = ("--backfill", "cap=9,needs_response=false", "--accrual", 3, "--window", 1, "--trials", 100)
    found = equipoise("design", *BOIN, *timed, "--json").json
    assert sum(found["characteristics"]["backfilled"]) > 0
    page = equipoise("design", *BOIN, *timed)
    assert "were backfilled" in page.out
    history = ("1NNN 2NP:3P:3", "--target", 0.3, "--doses", 3, "--window", 28, "--backfill", "needs_response=false")
    answer = equipoise("design", "next", "boin", *history, "--json").json
    assert (answer["action"], answer["dose"], answer["size"]) == ("backfill", 1, 1)


def test_modifiers_are_compared_and_what_is_wrong_with_them_is_told(equipoise: Any) -> None:
    designs = ("--design", "boin target=0.3 cohorts=4", "--design", "boin target=0.3 cohorts=4 expansion.n=6")
    found = equipoise("design", "compare", *designs, "--truth", "0.1,0.3,0.5", "--json").json["designs"]
    alone, more = (d["characteristics"][0]["total_patients"] for d in found)
    # Six more, and where they were stopped up to six at the dose below.
    assert alone + 3 < more < alone + 12
    bad = equipoise("design", *BOIN, "--expansion", "n=0,sort=7", "--backfill", "cap=x", "--json")
    assert bad.status == 2
    wheres = {p["where"] for p in bad.json["error"]["problems"]}
    assert {"expansion.n", "expansion.sort", "backfill.cap"} <= wheres
    assert equipoise("design", *BOIN, "--expansion", "twelve").status == 2
    bad = equipoise("design", "compare", "--design", "boin target=0.3 expansion.n=0", "--truth", "0.1,0.3", "--json")
    assert "expansion.n" in bad.json["error"]["problems"][0]["where"]


def test_efftox_says_what_its_model_knows(equipoise: Any) -> None:
    about = dose_shelf.one("efftox")
    found = equipoise("design", "next", "efftox", "3NTT", *options(dict(about.example)), "--json").json
    assert (found["action"], found["dose"]) == ("de-escalate", 2)
    assert found["posterior"]["peff"] == pytest.approx([0.11, 0.10, 0.16, 0.25], abs=0.01)
    assert len(found["ptox"]) == 4


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (["boin", "--target", "1.5", "--cohorts", "-1", "--truth", ""], {"--truth", "target", "cohorts"}),
        (["boin", "--target", "x", "--cohorts", "-1"], {"--target", "cohorts"}),
        (["boin", "--truth", "0.1,0.2", "--cohort", "40", "--frob", "3"], {"--frob", "cohort", "target"}),
        (["boin", "--target", "1.5", "--truth", "0.1,2", "--accrual", "3"], {"target", "--window", "truth, dose 2"}),
        (["boin", "--target", "0.3", "--truth", "0.1,0.2", "--response", "0.1,0.2", "--late", "0.4"], {"--late", "--response"}),
        (["next", "boin", "1NQ", "--target", "1.5", "--window", "-2"], {"--window", "target", "position 3", "doses"}),
        (["next", "boin", "1NNN 9N 2NP:30 2T:0", "--target", "0.3", "--doses", "3"], {"position 17"}),
        (["next", "boin", "1NNN 9N 2NP:30", "--target", "0.3", "--doses", "3", "--tite", "ess"], {"cohort 2", "--window"}),
        (["paths", "boin", "1NQ", "--target", "1.5", "--doses", "3", "--cohorts", "99"], {"--cohorts", "target", "position 3"}),
        (["compare", "--design", "boin target=2", "--truth", "", "--trials", "-1"], {"--truth", "--trials", "boin target=2: target"}),
        (["compare", "--design", "boin target=2", "--truth", "0.1,3", "--accrual", "3"], {"--window", "boin target=2: target", "truth, dose 2"}),
        (["jung", "--p0", "1.5", "--p1", "0.3", "--alpha", "x", "--power", "0.8"], {"--alpha", "p0"}),
    ],
)  # fmt: skip
def test_what_cannot_be_read_hides_nothing_that_is_wrong_with_the_rest(equipoise: Any, words: list[str], where: set[str]) -> None:  # fmt: skip
    bad = equipoise("design", *words, "--json")
    assert bad.status == 2
    told = [p["where"] for p in bad.json["error"]["problems"]]
    assert set(told) == where
    assert len(told) == len(where)
    page = equipoise("design", *words)
    assert all(w.removeprefix("--") in page.err for w in where)
