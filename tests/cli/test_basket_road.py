"""A basket goes the whole road from one file: new, check, simulate, conduct, decide, report; by each model the numbers are the enumeration's."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import equipoise as eq
from equipoise.design.basket.behaviour import made, together_at
from equipoise.design.basket.cohorts import BasketCohort, End
from equipoise.design.basket.stated import said_of
from equipoise.simulate.basket import _declared
from helpers import Answer, tried

Equipoise = Callable[..., Answer]
DAY = date(2024, 1, 8)
SMALL = ("--p0", 0.1, "--p1", 0.6, "--alpha", 0.1, "--power", 0.8)


@pytest.fixture
def begun(equipoise: Equipoise, tmp_path: Path) -> Path:
    assert (
        equipoise("new", "three", "--kind", "basket", "--model", "pruned-and-pooled", *SMALL, cwd=tmp_path).status == 0
    )
    return tmp_path


@pytest.mark.slow
def test_a_new_basket_is_checked_and_simulated_beside_its_exact_errors(equipoise: Equipoise, begun: Path) -> None:
    found = equipoise("check", "three", "--json", cwd=begun).json
    assert found["basket"]["model"] == "pruned-and-pooled"
    assert "declared together (pruned-and-pooled)" in " ".join(equipoise("check", "three", cwd=begun).out.split())
    null, *_, target = found["basket"]["behaviour"]
    done = equipoise("simulate", "three", "--replicates", 800, "--json", cwd=begun).json
    assert done["together"] == []
    for one, exact in zip(done["basket"], (null, target), strict=True):
        assert one["exact"]["any"] == pytest.approx(exact["any"], abs=1e-12)
        assert (
            abs(one["any_declared"]["value"] - exact["any"])
            < 4 * (exact["any"] * (1 - exact["any"]) / 800) ** 0.5 + 0.01
        )
        for name, p in zip("ABC", exact["declared"], strict=True):
            assert abs(one["declared"][name]["value"] - p) < 4 * (p * (1 - p) / 800) ** 0.5 + 0.01
    shown = equipoise("design", "show", "three", cwd=begun).out
    assert "P(all at p1 declared)" in shown
    assert "each decided on its own" not in shown


@pytest.mark.slow
def test_from_the_first_patient_to_the_report(equipoise: Equipoise, begun: Path) -> None:
    design = eq.trial(begun / "three").definition.views["A"].design
    n1, r1, n = design.n1, design.r1, design.n

    def order(verb: str, *given: object) -> None:
        answer = equipoise("conduct", verb, "three", "--log", "log.jsonl", "--by", "site", *given, cwd=begun)
        assert answer.status == 0, answer.out + answer.err

    order("open")
    order("activate", "--site", "S01", "--on", DAY)
    # A stops at its first stage, B and C go on; C alone would not be declared by its own stages.
    comes = {"A": (n1, 0), "B": (n, n - 1), "C": (n, design.r)}
    decide = (
        "decide",
        "three",
        "--log",
        "log.jsonl",
        "--look",
        2,
        "--cutoff",
        "2025-06-01",
        "--known-on",
        "2099-01-01",
    )
    k = 0
    for cohort, (patients, responses) in comes.items():
        for i in range(patients):
            k += 1
            name, on = f"P{k:02d}", DAY + timedelta(days=k)
            order("screen", "--patient", name, "--site", "S01", "--on", on)
            order("enrol", "--patient", name, "--on", on, "--cohort", cohort)
            answers = ("PR",) if i < responses else ("SD", "SD", "SD")
            for week, word in zip((6, 12, 18), answers, strict=False):
                order("assess", "--patient", name, "--on", on + timedelta(weeks=week), "--response", word)
        if cohort == "B":
            waits = equipoise(*decide, "--json", cwd=begun).json["basket"]
            assert list(waits["waiting"]) == ["C"]
            assert waits["cohorts"] == {}
    found = equipoise(*decide, "--json", cwd=begun).json
    together = found["basket"]
    basket = made("pruned-and-pooled", [BasketCohort(n, 0.1, 0.6, n1, r1, c) for c in "ABC"], 0.05)
    ends = [End(n1, 0, alive=False), End(n, n - 1, alive=True), End(n, design.r, alive=True)]
    assert (
        [together["cohorts"][c]["declared"] for c in "ABC"]
        == list(said_of(basket, ends).declared)
        == [False, True, True]
    )
    assert together["cohorts"]["A"]["pruned"]
    assert found["cohorts"]["C"]["action"]["name"] == "stop", "by its own stages it is not"
    assert any("has" in c or "together, by [basket]" in c for c in found["cohorts"]["C"]["cautions"])
    page = " ".join(equipoise(*decide, cwd=begun).out.split())
    assert "Declared: B, C. Ended by the first stage: A." in page
    asked = equipoise("basket", "three", "--log", "log.jsonl", "--cutoff", "2025-06-01", "--json", cwd=begun).json
    assert asked["cohorts"] == together["cohorts"] or asked["waiting"], "known on the cut-off itself less may be known"
    cut = eq.log(begun / "log.jsonl", eq.trial(begun / "three")).at("2025-06-01", "2099-01-01")
    assert cut.decide(2).together.cohorts["B"] == (n, n - 1, True, True)  # type: ignore[union-attr]
    done = equipoise(
        "report",
        "three",
        "--log",
        "log.jsonl",
        "--cutoff",
        "2025-06-01",
        "--known-on",
        "2099-01-01",
        "--out",
        "r",
        cwd=begun,
    )
    assert done.status == 0, done.err
    html = re.sub(r"\s+", " ", (begun / "r" / "report.html").read_text())
    assert "Declared: B, C. Ended by the first stage: A." in html
    assert "The cohorts together: pruned-and-pooled" in html
    assert "Each cohort is decided on its own" not in html
    written = equipoise("protocol", "three", "--format", "html", "--out", "p.html", cwd=begun)
    assert written.status == 0, written.err
    assert "declared together by the model" in (begun / "p.html").read_text()


@pytest.mark.parametrize(
    "model", tried(["independent", "pruned-and-pooled", "similarity", "exnex"], {"similarity", "pruned-and-pooled"})
)
def test_a_simulated_end_is_looked_up_as_it_is_decided(model: str) -> None:
    cohorts = [BasketCohort(5, 0.1, 0.4, 3, 0, "A"), BasketCohort(6, 0.2, 0.5, 2, 0, "B")]
    basket = made(model, cohorts, 0.1)
    every = [[(c.n1, x, 0) for x in range(c.r1 + 1)] + [(c.n, x, 1) for x in range(c.r1 + 1, c.n + 1)] for c in cohorts]
    # One that ended with a patient fewer than planned, and one that a safety rule ended before its first look.
    ends = np.array([*product(*every), ((4, 2, 1), (6, 4, 1)), ((0, 0, 0), (6, 5, 1))])
    found = _declared(basket, ends)
    for row, said in zip(ends, found, strict=True):
        assert tuple(said) == said_of(basket, [End(int(n), int(x), bool(a)) for n, x, a in row]).declared
    at = together_at(basket, [0.1, 0.45])
    assert at.nulls == (0,)
    assert at.any_null == pytest.approx(at.declared[0])
    assert at.any <= sum(at.declared) + 1e-12


def test_what_a_basket_cannot_have_is_said_at_check(equipoise: Equipoise, begun: Path) -> None:
    path = begun / "three" / "trial.toml"
    text = path.read_text()
    path.write_text(
        text.replace('kind = "simon"', 'kind = "a-hern"')
        .replace("sizes =", "# sizes =")
        .replace('model = "pruned', 'tau = 0.1\nmodel = "pruned')
    )
    problems = equipoise("check", "three", "--json", cwd=begun).json["error"]["problems"]
    assert {"not-of-this-model", "no-stages"} <= {p["code"] for p in problems}


def test_the_face_has_them(equipoise: Equipoise) -> None:
    found = eq.basket(n=6, model=["similarity", "independent"])
    told = equipoise("basket", "--n", 6, "--model", "similarity", "--model", "independent", "--json").json
    for model in told:
        ours = found.behaviour[model["model"]]
        assert [list(t.declared) for t in ours] == [t["declared"] for t in model["behaviour"]]
        assert [t.any for t in ours] == [t["any"] for t in model["behaviour"]]
    assert "certainty" in found.protocol or "posterior" in found.protocol
    assert [k["model"] for k in equipoise("design", "list", "--json").json if k["kind"] == "basket"] == [
        "independent", "pruned-and-pooled", "similarity", "exnex"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("basket nowhere", ["TRIAL", "'nowhere'"]),
        ("basket merkel", ["a trial whose cohorts are decided together", "[basket] in the trial file"]),
        ("basket --p0 .4 --p1 .2 --model exnx --n1 30", ["--p1", "--n1, --r1", "did you mean 'exnex'?"]),
        ("basket --cohorts 9", ["--cohorts", "2<=x<=8"]),
        ("basket templates/basket --log none.jsonl", ["none.jsonl", "conduct open starts one"]),
        ("new mine --kind baskit", ["'baskit'", "did you mean 'basket'?"]),
        ("new mine --kind basket --model exnx --tau 2", ["--model", "did you mean 'exnex'?", "--tau"]),
        ("new mine --kind basket --p0 0.4 --p1 0.3", ["--p1"]),
        ("simulate templates/basket --scenario nix", ["'nix'"]),
        ("decide templates/basket --look 2 --log none.jsonl --cutoff 2024-01-01", ["none.jsonl"]),
        ("design show templates/basket --cohort Z", ["'Z'", "A, B, C"]),
    ],
)
def test_bad_input_of_each_command_that_knows_baskets(
    command: str, told: list[str], equipoise: Equipoise, tmp_path: Path
) -> None:
    done = equipoise(*command.split(), cwd=tmp_path)
    assert done.status == 2
    said = " ".join((done.out + done.err).split())
    for words in told:
        assert words in said, said
    assert not (tmp_path / "mine").exists()
