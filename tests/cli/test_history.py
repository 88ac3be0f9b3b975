"""`equipoise history`: each page, its JSON, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from equipoise.numerics.times.survival import kaplan_meier
from helpers import FIXTURES


def test_show_check_and_pool(equipoise: Any, tmp_path: Path) -> None:
    page = equipoise("history", "show", "ed-sclc")
    assert page.status == 0, page.err
    assert "from memory, unverified" in page.out
    assert "Lara-2009-EP" in page.out
    found = equipoise("history", "check", "ed-sclc", "--json").json
    assert found["ok"] is True
    assert found["arms"] == 24
    args = [
        "history",
        "pool",
        "ed-sclc",
        "--endpoint",
        "PFS",
        "--endpoint",
        "TTP",
        "--at",
        "6 months",
        "--treatment",
        "platinum-etoposide",
        "--until",
        2012,
    ]
    page = equipoise(*args, "--shape", 1.5, "--figure", tmp_path / "forest.svg")
    assert page.status == 0, page.err
    assert "I² = " in page.out
    assert (tmp_path / "forest.svg").read_text().startswith("<?xml")
    found = equipoise(*args, "--json").json
    assert found["rate"] == pytest.approx(0.4678, abs=1e-4)
    assert len(found["predictions"]) == 3


def test_what_is_refused(equipoise: Any, tmp_path: Path) -> None:
    twice = equipoise(
        "history", "pool", "ed-sclc", "--at", "6 months", "--arm", "Foster-2015", "--arm", "Lara-2009-EP", "--json"
    )
    assert twice.status == 2
    assert twice.json["error"]["problems"][0]["code"] == "counted-twice"
    assert equipoise("history", "pool", "ed-sclc").status == 2
    bad = equipoise("history", "pool", "ed-sclc", "--at", "six months", "--shape", 0, "--json").json
    assert {p["where"] for p in bad["error"]["problems"]} == {"--at", "--shape"}
    curve, risk = tmp_path / "curve.csv", tmp_path / "risk.csv"
    curve.write_text("time,survival\n0,1\n3,0.4\n6,0.7\n9,0.2\n")
    risk.write_text("time,at_risk\n0,50\n3,60\n6,20\n")
    found = equipoise(
        "history",
        "reconstruct",
        curve,
        "--at-risk",
        risk,
        "--events",
        70,
        "--n",
        40,
        "--out",
        tmp_path / "p.csv",
        "--json",
    )
    assert found.status == 2
    assert {p["code"] for p in found.json["error"]["problems"]} == {
        "curve-rises",
        "risk-grows",
        "out-of-range",
        "n-against-risk",
    }
    assert not (tmp_path / "p.csv").exists()
    curve.write_text("time,survival\n0,100\n3,80\n6,x\n")
    found = equipoise("history", "reconstruct", curve, "--n", 10, "--json").json
    assert found["error"]["problems"][0]["code"] == "not-a-number"
    curve.write_text("time,survival\n0,100\n3,80\n")
    assert "percentage" in equipoise("history", "reconstruct", curve, "--n", 10).err
    curve.write_text("time,survival\n0,1\n3,0.5\n6,0.4\n")
    risk.write_text("time,at_risk\n0,50\n4,45\n")
    assert "no more at risk than the curve leaves" in equipoise("history", "reconstruct", curve, "--at-risk", risk).err
    assert equipoise("history", "hurdle", "colon").status == 2


@pytest.mark.thorough
def test_patients_out_of_a_curve_and_curves_pooled(equipoise: Any, tmp_path: Path) -> None:
    import csv

    with (FIXTURES / "data" / "lung.csv").open() as file:
        rows = list(csv.DictReader(file))
    written = []
    for sex in "12":
        time = np.array([float(r["time"]) / 30.4375 for r in rows if r["sex"] == sex])
        event = np.array([int(r["status"] == "2") for r in rows if r["sex"] == sex])
        km = kaplan_meier(time, event)
        at = np.linspace(0, km.last_time, 200)
        curve, risk, out = (tmp_path / f"{name}{sex}.csv" for name in ("curve", "risk", "patients"))
        curve.write_text("time,survival\n" + "".join(f"{t:.4f},{km.at(t).survival:.4f}\n" for t in at))
        ticks = np.arange(0, 24, 6)
        risk.write_text("time,at_risk\n" + "".join(f"{t},{n}\n" for t, n in zip(ticks, km.at_risk(ticks), strict=True)))
        args = ["history", "reconstruct", curve, "--at-risk", risk, "--events", int(event.sum()), "--out", out]
        found = equipoise(*args, "--json").json
        assert found["report"]["patients"] == len(time)
        assert found["report"]["median"] == pytest.approx(km.median().estimate, rel=0.03)
        assert "largest difference" in equipoise(*args).out
        written.append(out)
    page = equipoise("history", "curves", *written, "--grid", "6,12", "--figure", tmp_path / "curves.svg")
    assert page.status == 0, page.err
    assert "2 curves pooled" in page.out
    assert equipoise("history", "curves", *written, "--grid", "12,6").status == 2


@pytest.mark.thorough
def test_norths_hurdle(equipoise: Any, tmp_path: Path) -> None:
    found = equipoise("history", "hurdle", "north", "--json").json
    h = found["hurdle"]
    assert h["type_one_stated"] == pytest.approx(0.0486498, abs=1e-6)
    assert h["type_one_averaged"] == pytest.approx(0.1356, abs=1e-4)
    assert len(found["pooled"]["arms"]) == 5
    page = equipoise("history", "hurdle", "north", "--effect-sd", 0.3, "--figure", tmp_path / "forest.svg")
    assert page.status == 0, page.err
    assert "False go" in page.out
    mix = tmp_path / "mix.toml"
    rows = "".join(
        f'[[strata]]\nlevels = {{ ecog = "{e}", ldh = "{d}" }}\nrate = {r}\nn = 100\nshare = {w}\n'
        for e, d, r, w in (
            ("0-1", "normal", 0.55, 0.4),
            ("0-1", "raised", 0.4, 0.3),
            ("2", "normal", 0.35, 0.2),
            ("2", "raised", 0.2, 0.1),
        )
    )
    mix.write_text(
        'format = 1\ntitle = "mix"\nendpoint = "PFS"\nat = "6 months"\nsource = "invented"\nverified = "derived"\n'
        + rows
    )
    page = equipoise("history", "hurdle", "north", "--case-mix", mix)
    assert page.status == 0, page.err
    assert "0.430 ± 0.027" in page.out
    mix.write_text(mix.read_text().replace('"raised"', '"high"'))
    assert equipoise("history", "hurdle", "north", "--case-mix", mix).status == 2
    # a concurrent control keeps its error whatever history's doubt; one arm against history does not
    jung = equipoise("history", "hurdle", "north", "--design", "jung p0=0.44 p1=0.58 alpha=0.15 power=0.8", "--json")
    assert jung.json["hurdle"]["type_one_averaged"] < 0.15
    safety = ["--design", "safety-pocock rate=0.2 n=30 false_alarm=0.1"]
    assert equipoise("history", "hurdle", "north", *safety).status == 2
    assert "5 arms of ed-sclc" in equipoise("check", "north").out


def test_a_cell_that_cannot_be_read_hides_nothing_else(equipoise: Any, tmp_path: Path) -> None:
    """What can be read is held against the rules all the same; nothing is written."""
    curve, risk, patients, out = (tmp_path / f"{n}.csv" for n in ("curve", "risk", "patients", "out"))
    curve.write_text("time,survival\n0,1\n1,0.9\n2,0.95\n3,0.5\n3,x\n-1,0.3\n5,1.2\n")
    risk.write_text("time,at_risk\n0,50\n1,40\n2,45\n3,-1\n4,q\n")
    found = equipoise("history", "reconstruct", curve, "--at-risk", risk, "--events", "70", "--out", out, "--json")
    assert found.status == 2
    said = [(p["code"], p["where"]) for p in found.json["error"]["problems"]]
    assert said == [
        ("not-a-number", "curve.csv, row 6.survival"),
        ("not-a-number", "risk.csv, row 6.at_risk"),
        ("out-of-range", "curve.time"),
        ("out-of-range", "curve.survival"),
        ("curve-rises", "curve.survival"),
        ("risk-grows", "at_risk, row 4"),
        ("not-a-count", "at_risk, row 5"),
        ("out-of-range", "--events"),
    ]
    assert "a rise of 0.050 up to time 2" in found.out
    assert not out.exists()
    patients.write_text("time,event\n1,1\n2,2\n-3,0\nx,1\n")
    found = equipoise("history", "curves", patients, "--grid", "3,2", "--json")
    assert found.status == 2
    said = [(p["code"], p["where"]) for p in found.json["error"]["problems"]]
    assert said == [
        ("not-a-number", "patients.csv, row 5.time"),
        ("out-of-range", "patients.csv, row 3"),
        ("out-of-range", "patients.csv, row 4"),
        ("grid", "--grid"),
        ("too-few-arms", "curves"),
    ]


def test_two_curves_are_pooled_without_what_needs_three(equipoise: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    files = []
    for name in ("a", "b"):
        files.append(tmp_path / f"{name}.csv")
        files[-1].write_text("time,event\n" + "".join(f"{t:.4f},1\n" for t in rng.exponential(5, 60)))
    page = equipoise("history", "curves", *files, "--grid", "3,6", "--figure", tmp_path / "curves.svg")
    assert page.status == 0, page.err
    assert "nan" not in page.out
    assert "needs 3 arms or more" in page.out
    svg = (tmp_path / "curves.svg").read_text(encoding="utf-8")
    assert "95 % interval of the mean" in svg


def test_all_that_is_wrong_with_the_options_at_once(equipoise: Any) -> None:
    wrong = ["--tau-scale", "-1", "--shape", "0", "--json"]
    found = equipoise("history", "pool", "ed-sclc", "--at", "6 mnths", *wrong)
    assert found.status == 2
    assert [p["where"] for p in found.json["error"]["problems"]] == ["--at", "--shape", "--tau-scale"]
    found = equipoise("history", "hurdle", "north", "--p-null", "2", "--odds-ratio", "-1", "--effect-sd", "-2", *wrong)
    assert found.status == 2
    said = [p["where"] for p in found.json["error"]["problems"]]
    assert said == ["--shape", "--tau-scale", "--p-null", "--effect-sd", "--odds-ratio"]
