"""The command line as processes: how they end, what they leave to each other, and that they warn of nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (["check", "north"], 0, "PFS, on ITT"),
        (["design", "simon", "--p0", 0.44, "--p1", 0.58, "--alpha", 0.05, "--power", 0.8], 0, "17/39"),
        (
            [
                "design", "bayes-two-endpoints", "--looks", "10,20", "--poor-response", 0.2, "--target-response", 0.35,
                "--acceptable-toxicity", 0.1, "--poor-toxicity", 0.3, "--futility-level", "0.95,1", "--toxicity-level", 0.95,
                "--efficacy-level", "0.95,0.9", "--not-toxic-level", 0.95, "--evidence", "look=1,n=10,responses=2,toxicities=3",
            ],
            0, "STOP (safety)",
        ),
        (
            [
                "design", "safety-survival", "--margin", 1.3, "--benefit", 0.8, "--deaths", "60,110,178",
                "--evidence", "look=2,log_hr=0.03,deaths=110",
            ],
            0, "STOP (overall survival: harm is not ruled out)",
        ),
        (["analyse", "colon"], 0, "929 patients"),
        (["simulate", "north", "--scenario", "null", "--replicates", 200], 0, "null"),
        (["--version"], 0, "equipoise"),
        (["report", "colon", "--out", "/dev/null/report"], 1, "Not a directory"),
        (["check", "nroth"], 2, "did you mean 'north'"),
        (["anlyse", "north"], 2, "Did you mean 'analyse'"),
        (["analyse", "colon", "--table", "none.csv"], 2, "none.csv"),
    ],
)  # fmt: skip
def test_how_it_ends(equipoise_process: Any, args: list[object], status: int, said: str) -> None:
    answer = equipoise_process(*args)
    assert answer.status == status, answer.err
    assert said in (answer.out if status == 0 else answer.err)
    assert "Traceback" not in answer.err


def test_one_process_goes_on_where_another_ended(equipoise_process: Any, tmp_path: Path) -> None:
    log = tmp_path / "my.log.jsonl"

    def conduct(verb: str, *args: object) -> Any:
        answer = equipoise_process("conduct", verb, "north", "--log", log, *args, env={"EQUIPOISE_BY": "dm"})
        assert answer.status == 0, answer.err
        return answer

    conduct("open")
    conduct("activate", "--site", "S01", "--on", "2012-04-02")
    assert conduct("verify", "--json").json["ok"] is True
    assert len(log.read_text().splitlines()) == 2
