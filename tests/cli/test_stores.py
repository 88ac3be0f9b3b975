"""What a log says does not depend on where it is kept; and what is taken in goes into any store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from equipoise.desk.order import salted
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from helpers import Answer, tried
from stores import DATABASES, Place


@pytest.mark.thorough
@pytest.mark.parametrize("kind", tried(DATABASES, {"sqlite"}))
def test_every_reader_says_the_same_of_a_table_as_of_a_file(
    kind: str, place: Callable[..., Place], plan: Callable[..., Plan], equipoise: Callable[..., Answer]
) -> None:
    log = salted(run(plan(), 0, detail=True).log)
    file, table = place("file"), place(kind)
    file.store().create(log)
    moved = equipoise("conduct", "move", "north", "--from", file.address, "--to", table.address, "--json")
    assert moved.json == {
        "source": file.address, "target": table.address, "trial": "north", "events": len(log), "hash": log.head, "torn_bytes": 0,
    }  # fmt: skip
    for command, options in (
        (["conduct", "verify"], []),
        (["conduct", "as-known-on"], ["2013-06-01"]),
        (["decide"], ["--look", "1", "--cutoff", "2016-01-01"]),
        (["analyse"], []),
    ):
        said = [equipoise(*command, "north", *options, "--log", where.address, "--json") for where in (file, table)]
        assert [a.status for a in said] == [0, 0], (command, said[0].err)
        assert said[0].out == said[1].out.replace(table.address, file.address), command
    for where in (file, table):
        recorded = equipoise(
            "decide",
            "north",
            "--log",
            where.address,
            "--look",
            "1",
            "--cutoff",
            "2016-01-01",
            "--record",
            "--by",
            "dmc",
        )
        assert recorded.status == 0, recorded.err
        assert equipoise("conduct", "verify", "north", "--log", where.address, "--json").json["events"] == len(log) + 1


@pytest.mark.parametrize("kind", DATABASES)
def test_sdtm_is_taken_into_a_table(
    kind: str, place: Callable[..., Place], equipoise: Callable[..., Answer], tmp_path: Path
) -> None:
    rows = "STUDYID,DOMAIN,USUBJID,SUBJID,RFSTDTC,SITEID,AGE,SEX,ARMCD,ARM,ACTARMCD,ACTARM\n"
    rows += "S,DM,S-1,1,2013-01-10,01,60,M,A,Arm A,A,Arm A\n"
    (tmp_path / "dm.csv").write_text(rows)
    here = place(kind)
    taken = equipoise("import-sdtm", "dm.csv", "--log", here.address, "--json", cwd=tmp_path)
    assert taken.status == 0, taken.err + taken.out
    assert (taken.json["log"], taken.json["patients"]) == (here.address, 1)
    made = Path(taken.json["trial"])
    assert (tmp_path / made).exists()
    assert equipoise("conduct", "verify", tmp_path / made, "--log", here.address).status == 0
