"""The shelf on the command line: list, one command a kind, comparison, backwards, bad input."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from equipoise.design import shelf
from equipoise.design.dose import dose_shelf
from equipoise.desk.shelf import baskets
from helpers import ROOT


def options(table: dict[str, Any]) -> list[str]:
    """A table as options of a command."""
    found: list[str] = []
    for name, value in table.items():
        flag = "--" + name.replace("_", "-")
        if isinstance(value, bool):
            found.append(flag if value else f"--no-{flag[2:]}")
        else:
            found += [flag, ",".join(map(str, value)) if isinstance(value, tuple) else str(value)]
    return found


@pytest.mark.parametrize("kind", [k.name for k in shelf.described() if k.name != "simon"])
@pytest.mark.thorough
def test_each_kind_has_its_command(equipoise: Any, kind: str) -> None:
    about = shelf.one(kind)
    page = equipoise("design", kind, *options(dict(about.example)))
    assert page.status == 0, page.err
    assert "Reference:" in page.out
    assert "Grade:" in page.out
    assert "UNVALIDATED" not in page.out
    found = equipoise("design", kind, *options(dict(about.example)), "--json").json
    assert {"kind", "design", "looks", "protocol", "at", "cautions", "reference", "grade"} <= set(found)
    assert found["grade"]["grade"] in ("published", "independent", "property")
    helped = equipoise("design", kind, "--help")
    assert helped.status == 0
    assert about.title.split(" (")[0].split(",")[0] in " ".join(helped.out.split())


def test_the_list_is_the_shelf(equipoise: Any) -> None:
    found = equipoise("design", "list", "--json").json
    assert [k["kind"] for k in found if k["kind"] != "basket"] == [*shelf.kinds(), *dose_shelf.kinds()]
    assert [k["model"] for k in found if k["kind"] == "basket"] == [m.name for m in baskets()]
    page = equipoise("design", "list").out
    assert all(k in page for k in (*shelf.kinds(), *dose_shelf.kinds()))


def test_help_lists_every_kind(equipoise: Any) -> None:
    page = equipoise("design", "--help").out
    assert all(
        k in page
        for k in (*shelf.kinds(), "compare", "explain", "estimate", "spoke", "next", "paths", *dose_shelf.kinds())
    )


@pytest.mark.thorough
def test_compare_writes_a_page_a_table_and_figures(equipoise: Any, tmp_path: Path) -> None:
    args = ["--p0", 0.44, "--p1", 0.58, "--alpha", 0.05, "--power", 0.8, "--accrual", 5, "--wait", 7, "--out", tmp_path]
    done = equipoise(
        "design",
        "compare",
        *args,
        "--design",
        "a-hern",
        "--design",
        "simon sizes=minimax",
        "--design",
        "jung allocation=2:1 alpha=0.15",
    )
    assert done.status == 0, done.err
    assert "17/39 42/80" in done.out
    assert "35" in done.out
    html = (tmp_path / "compare.html").read_text()
    assert html.count("<svg") == 2
    assert "two-stage design tests" in html
    assert "http" not in html.split("doi")[0].split("<body")[1][:200]
    rows = list(csv.DictReader((tmp_path / "compare.csv").read_text().splitlines()))
    assert [r["design"] for r in rows] == ["a-hern", "simon sizes=minimax", "jung allocation=2:1 alpha=0.15"]
    assert float(rows[1]["alpha"]) == pytest.approx(0.0486498098, abs=1e-9)
    found = equipoise("design", "compare", *args[:8], "--design", "a-hern", "--json").json
    assert found["designs"][0]["boundaries"] == "43/82"


def test_compare_says_all_that_is_wrong_at_once(equipoise: Any, tmp_path: Path) -> None:
    bad = equipoise(
        "design", "compare", "--p0", 0.58, "--p1", 0.44, "--alpha", 0.05, "--power", 0.8, "--accrual", -1, "--wait", -2, "--out", tmp_path / "x",
        "--design", "a-hern", "--design", "simom", "--design", "chen colour=red", "--json",
    )  # fmt: skip
    assert bad.status == 2
    assert {"p1", "--accrual", "--wait", "kind", "--design chen"} <= {p["where"] for p in bad.json["error"]["problems"]}
    assert not (tmp_path / "x").exists()


@pytest.mark.thorough
def test_explain_north(equipoise: Any) -> None:
    found = equipoise("design", "explain", "--n1", 39, "--n", 80, "--p0", 0.36, 0.60, "--json").json
    usual = [(e["p0"], e["p1"], e["role"]) for e in found if e["asked"]["alpha"] == 0.05]
    assert usual == [(0.38, 0.52, "minimax"), (0.44, 0.58, "minimax"), (0.50, 0.64, "admissible")]
    assert equipoise("design", "explain", "--n1", 90, "--n", 80).status == 2


def test_estimates_after_north(equipoise: Any) -> None:
    found = equipoise("design", "estimate", "north", "--look", 2, "--n", 80, "--successes", 43, "--json").json
    assert found["umvue"] == pytest.approx(0.54483327, abs=1e-8)
    assert found["p"] == pytest.approx(0.04864981, abs=1e-8)
    assert equipoise("design", "estimate", "north", "--look", 1, "--n", 39, "--successes", 30).status == 2


def test_when_a_rule_would_have_spoken_on_north_s_numbers(equipoise: Any) -> None:
    found = equipoise("design", "spoke", "--tested", 18, "--control", 3, "--n", 94, "--control-n", 47, "--json").json
    assert found["exact_p_one_sided"] == pytest.approx(0.04616, abs=1e-5)
    first = found["rules"][0]
    assert first["ever"] == pytest.approx(0.40226, abs=1e-5)
    assert first["median"] == 15


def test_a_figure_a_verdict_and_curtailment(equipoise: Any, tmp_path: Path) -> None:
    base = ["design", "a-hern", "--p0", 0.44, "--p1", 0.58, "--alpha", 0.05, "--power", 0.8]
    done = equipoise(
        *base,
        "--figure",
        tmp_path / "oc.svg",
        "--evidence",
        "look=1,n=82,successes=44",
        "--truth",
        "rate=0.5",
        "--json",
    )
    assert done.json["verdict"]["action"]["name"] == "declare"
    assert len(done.json["at"]) == 3
    assert (tmp_path / "oc.svg").read_text().startswith("<?xml")
    short = equipoise(*base, "--curtail", "both", "--json").json
    assert short["at"][0]["characteristics"]["expected_n"]["value"] < 82
    assert short["at"][0]["characteristics"]["declare"]["value"] == pytest.approx(
        done.json["at"][0]["characteristics"]["declare"]["value"]
    )
    ended = equipoise(*base, "--estimate", "look=1,n=82,successes=47", "--json").json["estimates"]
    assert ended["umvue"] == pytest.approx(47 / 82)
    assert equipoise(*base, "--estimate", "look=1,n=82").status == 2
    for wrong in ("look=1,n=82", "look=1,n=82,successes=4.5", "look=1,n=82,successes=90"):
        assert equipoise(*base, "--evidence", wrong).status == 2
    assert equipoise(*base, "--truth", "rate=2").status == 2


def test_evidence_says_what_the_looks_before_were_taken_on(equipoise: Any) -> None:
    logrank = [
        "design",
        "group-sequential",
        "--hazard-ratio",
        0.67,
        "--alpha",
        0.05,
        "--power",
        0.8,
        "--json",
        "--evidence",
    ]
    plain = equipoise(*logrank, "look=2,z=1.7,information=156").json["verdict"]
    early = equipoise(*logrank, "look=2,z=1.7,information=156,earlier=120").json["verdict"]
    assert early["distance"] < plain["distance"]
    assert "looks before: 120" in early["cautions"][0]
    two = ["design", "jung", "--p0", 0.1, "--p1", 0.3, "--alpha", 0.1, "--power", 0.8, "--json", "--evidence"]
    asked = "look=2,n=37,successes=12,control_n=39,control_successes=6"
    assert "the first look was on 17 and 19" in equipoise(*two, f"{asked},earlier=17:19").json["verdict"]["cautions"][0]
    arms = ["design", "selection", "--p0", 0.2, "--delta", 0.15, "--json", "--evidence"]
    assert equipoise(*arms, "look=1,A=12:30,B=12:40").json["verdict"]["action"]["what"] == "A selected"
    for wrong in (f"{asked},earlier=17/19", f"{asked},earlier=17:19/18:20", f"{asked},earlier=a", f"{asked},look=nan"):
        assert equipoise(*two, wrong).status == 2
    for wrong in (
        "look=2,z=1.7,information=156,earlier=120/100",
        "look=2,z=1.7,information=156,earlier=170",
        "look=2,z=1:2",
    ):
        assert equipoise(*logrank, wrong).status == 2
    assert equipoise(*arms, "look=1,A=12:30:1,B=1.5/2").status == 2
    bop2 = [
        "design",
        "bop2",
        "--p0",
        0.2,
        "--p1",
        0.4,
        "--looks",
        "10,20,30",
        "--lam",
        0.9,
        "--gamma",
        0.9,
        "--json",
        "--evidence",
    ]
    assert equipoise(*bop2, "look=2,n=18,successes=4").json["verdict"]["action"]["name"] == "stop"


@pytest.mark.parametrize(
    "args",
    [
        ["a-hern", "--p0", 0.5, "--p1", 0.4, "--alpha", 0, "--power", 0.8],
        ["simon", "--p0", 0.44, "--p1", 0.46, "--alpha", 0.05, "--power", 0.9, "--nmax", 50],
        ["screening", "--hazard-ratio", 1.3],
        [
            "one-sample-logrank",
            "--s0",
            0.4,
            "--landmark",
            6,
            "--hazard-ratio",
            0.6,
            "--rate",
            -5,
            "--alpha",
            0.05,
            "--power",
            0.8,
            "--follow-up",
            12,
        ],
        ["safety-pocock", "--theta0", 0.4, "--theta1", 0.2, "--n", 0],
        ["nonsense"],
    ],
)
def test_bad_input_is_status_two(equipoise: Any, args: list[Any]) -> None:
    done = equipoise("design", *args)
    assert done.status == 2
    assert done.err
    assert "Traceback" not in done.err


def test_a_retired_word_is_refused_by_name(equipoise: Any, tmp_path: Path) -> None:
    """On the command line and in a trial file, with what to say instead; the words that stand are taken."""
    text = (ROOT / "trials" / "kinds" / "one-sample-logrank" / "trial.toml").read_text()
    asked = [
        "--s0",
        0.44,
        "--landmark",
        6,
        "--hazard-ratio",
        0.66,
        "--rate",
        5,
        "--alpha",
        0.05,
        "--power",
        0.8,
        "--follow-up",
        12,
    ]
    typed = equipoise("design", "one-sample-logrank", *asked, "--variance", "kwak-jung")
    file = tmp_path / "trial.toml"
    file.write_text(text.replace("follow_up = 12.0", 'follow_up = 12.0\nvariance = "kwak-jung"'))
    read = equipoise("check", file)
    for done in (typed, read):
        assert done.status == 2
        assert "never Kwak & Jung's formula" in done.err
        assert "'expected-events'" in done.err
        assert "'exact' has it" in done.err
    (problem,) = equipoise("check", file, "--json").json["error"]["problems"]
    assert (problem["code"], problem["where"]) == ("retired", "design.variance")
    file.write_text(text.replace("follow_up = 12.0", 'follow_up = 12.0\nvariance = "expected-events"'))
    assert equipoise("check", file).status == 0
    unknown = equipoise("design", "one-sample-logrank", *asked, "--variance", "kwak")
    assert unknown.status == 2
    assert "is not one of" in unknown.err


def test_a_design_that_does_not_fit_the_trial_tells_all_at_once(equipoise: Any, tmp_path: Path) -> None:
    text = (ROOT / "trials" / "north" / "trial.toml").read_text()
    start, end = text.index("[design]"), text.index("[monitoring]")
    other = text[:start] + '[design]\nkind = "screening"\nhazard_ratio = 0.67\n\n' + text[end:]
    (tmp_path / "trial.toml").write_text(other.replace('while_waiting = "continue"', 'while_waiting = "pause"'))
    done = equipoise("check", tmp_path / "trial.toml")
    assert done.status == 2
    for where in (
        "monitoring.endpoint", "monitoring.control_cohort", "monitoring.while_waiting", "control_check", "design.allocation",
    ):  # fmt: skip
        assert where in done.err


@pytest.mark.parametrize(
    "design",
    [
        'kind = "mander-thompson"\np0 = 0.44\np1 = 0.58\nalpha = 0.05\npower = 0.8\n',
        'kind = "chen"\ncriterion = "minimax"\np0 = 0.44\np1 = 0.62\nalpha = 0.05\npower = 0.8\n',
    ],
)
@pytest.mark.slow
def test_a_trial_with_another_rate_design_is_checked_and_simulated(equipoise: Any, tmp_path: Path, design: str) -> None:
    """Any rate design of the shelf can be a trial's own: three looks, or an early declaration."""
    text = (ROOT / "trials" / "north" / "trial.toml").read_text()
    start, end = text.index("[design]"), text.index("[monitoring]")
    looks = 3 if "chen" in design else 2
    rest = text[end:].replace("control_cohort = [20, 40]", f"control_cohort = {[10, 20, 40][-looks:]}")
    for name in ("n1", "n", "r1", "r"):
        rest = rest.replace(f'"design.{name}", ', "")
    folder = tmp_path / "mine"
    (folder / "scenarios").mkdir(parents=True)
    (folder / "trial.toml").write_text(text[:start] + "[design]\n" + design + "\n" + rest)
    for file in (ROOT / "trials" / "north" / "scenarios").glob("*.toml"):
        (folder / "scenarios" / file.name).write_text(file.read_text())
    checked = equipoise("check", folder)
    assert checked.status == 0, checked.err
    done = equipoise("simulate", folder, "--scenario", "target", "--replicates", 3, "--seed", 1, "--json")
    assert done.status == 0, done.err


def test_the_validation_page_is_today_s(equipoise: Any) -> None:
    assert equipoise("validation", "--markdown").out == (ROOT / "docs" / "validation.md").read_text()
    found = equipoise("validation", "--json").json
    assert set(found["designs"]) == set(shelf.kinds())
    assert "UNVALIDATED: none" in equipoise("validation").out


def test_numbers_that_are_counted_are_asked_for_as_whole_ones(equipoise: Any) -> None:
    said = (
        "--p0",
        "0.2",
        "--p1",
        "0.4",
        "--alpha",
        "0.05",
        "--power",
        "0.8",
        "--sizes",
        "15,30",
        "--low",
        "2.5",
        "--high",
        "7,9",
    )
    page = equipoise("design", "fleming", *said)
    assert page.status == 2
    assert "write whole numbers with commas between them, such as 2,5" in " ".join(page.err.split())
