"""Sizes, depths, lengths of time and counts that no trial has are refused in words, wherever they stand."""

from __future__ import annotations

import json
import os
import tomllib
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from equipoise.design import shelf
from equipoise.files.datasets import iterate, read_datasets
from equipoise.files.define_file import read_define
from equipoise.files.grid_file import Grid
from equipoise.files.history_file import read_library
from equipoise.files.scenario_file import read_scenario
from equipoise.files.toml_file import read_toml, toml_of
from equipoise.files.trial_file import read_trial, trial_from
from equipoise.history.library import HistoryLibrary
from equipoise.history.standardise import CaseMix
from equipoise.simulate.scenario import Scenario
from equipoise.trial.part import MOST_IN_BLOCK, MOST_PATIENTS
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from helpers import ROOT

NORTH = ROOT / "trials" / "north" / "trial.toml"

#: What a table's cells may hold, which are no numbers of ours; shares that the library's own rules judge, in better words; the seed.
FREE = {
    "TableMapping.no_event", "TableRule.when", "TableRule.data", "TableRule.words", "JoinedTable.no_event", "ArmTruth.hazard_ratio",
    "PublishedRate.rate", "PublishedRate.lower", "PublishedRate.upper", "Stratum.rate", "MixStratum.rate", "MixStratum.share", "Grid.seed",
    "Phase1Truth.waiting_list",
}  # fmt: skip


def _endless(node: Any, path: str, defs: dict[str, Any], seen: set[str]) -> Iterator[str]:
    """Numbers of a schema that have no largest value."""
    if not isinstance(node, dict):
        return
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        if name not in seen:
            seen.add(name)
            yield from _endless(defs[name], name, defs, seen)
        return
    if node.get("type") in ("integer", "number") and not {"enum", "const", "maximum", "exclusiveMaximum"} & set(node):
        yield path
    for key, inner in node.get("properties", {}).items():
        yield from _endless(inner, f"{path}.{key}", defs, seen)
    for key in ("items", "additionalProperties"):
        yield from _endless(node.get(key), path, defs, seen)
    for key in ("anyOf", "allOf", "oneOf", "prefixItems"):
        for inner in node.get(key, ()):
            yield from _endless(inner, path, defs, seen)


@pytest.mark.parametrize(
    "model",
    [Trial, Scenario, Grid, HistoryLibrary, CaseMix, *map(shelf.spec_model, shelf.kinds())],
    ids=lambda m: m.__module__,
)
def test_every_number_has_a_largest_value(model: Any) -> None:
    schema = model.model_json_schema()
    assert set(_endless(schema, model.__name__, schema.get("$defs", {}), set())) <= FREE


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x = " + "[" * 100_000 + "]" * 100_000, "too-deep"), ("x = " + "{a=" * 2000 + "1" + "}" * 2000, "too-deep"),
        (".".join("a" * 5000) + " = 1", "too-deep"), ("[" + ".".join("a" * 400_000) + "]", "too-deep"),
        ("x = " + "[" * 40 + "]" * 40, "too-deep"), ("x = " + "9" * 5000, "not-toml"), ("x = 0x" + "f" * 5000, "out-of-range"),
        ("x = " + "9" * 400, "out-of-range"), ("[a]\nb = [[1, 99999999999999999999]]", "out-of-range"),
        ("x = [" + "1," * 6000 + "]", "too-large"), ("x = 'a", "not-toml"), ('x = "\\ud800"', "not-toml"),
    ],
)  # fmt: skip
def test_toml_is_read_in_bounds(text: str, code: str) -> None:
    with pytest.raises(BadInput) as bad:
        toml_of(text, "x")
    assert [p.code for p in bad.value.problems] == [code]
    assert len(str(bad.value)) < 400


def test_a_key_of_many_parts_in_a_sentence_is_no_key() -> None:
    assert toml_of("x = 'see a.b.c.d of e.f'", "x") == {"x": "see a.b.c.d of e.f"}
    assert toml_of("x = '" + "a" * 500_000 + "'", "x")


@pytest.mark.parametrize(
    "read", [read_trial, read_scenario, read_library, read_define, lambda p: read_toml(p, "x"), lambda p: [*iterate(p)]]
)
def test_pipes_devices_and_large_files_are_not_read(read: Callable[[Path], object], tmp_path: Path) -> None:
    pipe, large = tmp_path / "pipe.toml", tmp_path / "large.toml"
    os.mkfifo(pipe)
    with large.open("wb") as file:
        file.truncate(1 << 30)
    for path in (pipe, Path("/dev/zero"), large, tmp_path, tmp_path / "none.toml", Path("a\0b.toml")):
        with pytest.raises(BadInput):
            read(path)


_HUGE = [
    ("target_enrolment", 10**9), ("target_enrolment", MOST_PATIENTS + 1), ("randomisation.block_sizes", [300_000_000]),
    ("randomisation.block_sizes", [3 * MOST_IN_BLOCK]), ("monitoring.control_cohort", [20, 1_000_000_000]), ("monitoring.readout_delay", "8000 years"),
    ("monitoring.readout_delay", "100000000000 years"), ("monitoring.readout_delay", "9" * 400 + " days"), ("assessments.every", "0 days"),
    ("assessments.every", "0.4 days"), ("assessments.first", "0 weeks"), ("assessments.follow_up_every", "0 days"), ("design.n", 10**9),
    ("design.p0", 10**400), ("design.alpha", float("nan")), ("design.alpha", float("inf")), ("id", "x" * 300), ("history.rate", 1e300),
    ("randomisation.factors", [{"name": f"f{i}", "levels": [str(k) for k in range(10)]} for i in range(5)]),
]  # fmt: skip


@pytest.mark.parametrize(("where", "value"), _HUGE, ids=str)
def test_impossible_numbers_are_problems_of_the_file(where: str, value: Any) -> None:
    raw = tomllib.loads(NORTH.read_text())
    *tables, key = where.split(".")
    here = raw
    for table in tables:
        here = here[table]
    here[key] = value
    with pytest.raises(BadInput) as bad:
        trial_from(raw, "x")
    assert any(p.where.startswith(where) for p in bad.value.problems), str(bad.value)


def test_stated_sizes_have_a_largest_n() -> None:
    stated = {
        "p0": 0.1,
        "p1": 0.3,
        "alpha": 0.05,
        "power": 0.8,
        "sizes": "stated",
        "n1": 10,
        "r1": 1,
        "r": 9,
        "n": 10**6,
    }
    with pytest.raises(BadInput) as bad:
        shelf.build("simon", stated)
    assert [p.where for p in bad.value.problems] == ["n"]


def test_commands_refuse_them_too(equipoise: Any) -> None:
    simon = ["design", "simon", "--p0", "0.1", "--p1", "0.3", "--alpha", "0.05", "--power", "0.8"]
    for more in (
        ["--nmax", "1000000000"], ["--nmax", "9" * 400], ["--evidence", "look=2,n=1000000000,successes=3"],
        ["--p0", "nan"], ["--p1", "1e400"],
    ):  # fmt: skip
        answer = equipoise(*simon, *more)
        assert answer.status == 2, (more, answer.out, answer.err)
    assert equipoise("design", "estimate", "north", "--look", 2, "--n", 10**9, "--successes", 3).status == 2


HEAD = {
    "datasetJSONCreationDateTime": "2020-01-01T00:00:00", "datasetJSONVersion": "1.1.0", "itemGroupOID": "IG.DM", "records": 1, "name": "DM",
    "label": "L", "columns": [{"itemOID": "IT.A", "name": "A", "label": "a", "dataType": "string"}],
}  # fmt: skip


@pytest.mark.parametrize("ending", ["json", "ndjson", "dsjc"])
def test_small_files_that_ask_for_much_are_refused(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"dm.{ending}"
    row = ["x" * 30_000_000]
    if ending == "json":
        path.write_text(json.dumps({**HEAD, "rows": [row]}))
    else:
        text = "\n".join([json.dumps(HEAD), json.dumps(row)]).encode()
        path.write_bytes(zlib.compress(text) if ending == "dsjc" else text)
    with pytest.raises(BadInput):
        read_datasets(path)


@pytest.mark.parametrize("where", ["value", "name", "label", "column"])
def test_half_a_character_is_no_text(where: str, tmp_path: Path) -> None:
    head, row = json.loads(json.dumps(HEAD)), ["x"]
    half = "a\ud800"
    if where == "value":
        row = [half]
    elif where == "column":
        head["columns"][0]["name"] = half
    else:
        head[where] = half
    path = tmp_path / "dm.json"
    path.write_text(json.dumps({**head, "rows": [row]}))
    with pytest.raises(BadInput):
        read_datasets(path)


def _parquet(path: Path, texts: Any, **about: Any) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    field = pa.field("A", texts.type, metadata={k: v for k, v in about.items() if k != "table"})
    pq.write_table(pa.table([texts], schema=pa.schema([field], metadata=about.get("table"))), path, compression="zstd")


@pytest.mark.slow
def test_parquet_that_asks_for_much_or_says_nonsense_is_refused(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    path = tmp_path / "dm.parquet"
    _parquet(path, pa.array(["x" * 40_000_000]))
    assert path.stat().st_size < 50_000
    with pytest.raises(BadInput, match=r"too-long|at most"):
        read_datasets(path)
    _parquet(path, pa.array(["a" * 30_000, ""]).take(pa.array([0] * 50_000)))
    with pytest.raises(BadInput, match="at most"):
        read_datasets(path)
    _parquet(path, pa.nulls(60_000_000, pa.string()))
    with pytest.raises(BadInput, match="at most"):
        read_datasets(path)
    for said in (
        b"no JSON",
        b"[1]",
        b"1",
        b"\xff\xfe",
        b'{"name": 3}',
        b'{"name": "A", "kind": "odd"}',
        b"[" * 100_000,
        b'{"name": "A", "length": -1}',
    ):
        _parquet(path, pa.array(["x"]), variable=said)
        with pytest.raises(BadInput):
            read_datasets(path)
    _parquet(path, pa.array(["x"]), table={"dataset": b"\xff"})
    with pytest.raises(BadInput):
        read_datasets(path)


@pytest.mark.parametrize("encoding", ["shift_jis", "no-such", "utf-7", "idna"])
def test_a_definition_in_an_odd_encoding_is_refused(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "define.xml"
    path.write_text(f'<?xml version="1.0" encoding="{encoding}"?><ODM/>')
    with pytest.raises(BadInput):
        read_define(path)


def test_a_line_that_does_not_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dm.csv"
    path.write_text("A,B\n" + "x," * (1 << 23) + "\n")
    with pytest.raises(BadInput):
        read_datasets(path)


@pytest.mark.parametrize("waiting", [-1, 10**12])
def test_a_waiting_list_is_a_number_of_people(waiting: int, tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    text = (ROOT / "trials/phase1-example/scenarios/late-neuropathy.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("waiting_list")]
    at = lines.index("[phase1]")
    path.write_text("\n".join([*lines[: at + 1], f"waiting_list = {waiting}", *lines[at + 1 :]]), encoding="utf-8")
    with pytest.raises(BadInput) as bad:
        read_scenario(path)
    assert [(p.where, p.allowed) for p in bad.value.problems] == [("phase1.waiting_list", "0 to 100000, or 'everyone'")]
