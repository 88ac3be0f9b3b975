"""Campaigns on the log, by force: kills at random points, and many writers at once; small here, at their length in `make test-slow`.

Each runs as a process of its own, which forks. `python tests/campaigns/kills.py file 1000` and `writers.py` print the same figures.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from postgres import why_not
from stores import KINDS

HERE = Path(__file__).parent


def campaign(script: str, kind: str, *arguments: object) -> dict[str, Any]:
    if kind in ("postgresql", "postmaster") and (reason := why_not()):
        pytest.skip(reason)
    done = subprocess.run(
        [sys.executable, str(HERE / script), kind, *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=1500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    print(done.stdout, done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def nothing_is_lost(found: dict[str, Any], kills: int) -> None:
    assert found["kills"] >= kills
    assert found["acknowledged"] > kills / 4  # or the kills fell on nothing
    assert (found["lost"], found["unsound"], found["stuck"]) == (0, 0, 0)


@pytest.mark.process
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_acknowledged_is_lost_by_a_kill(kind: str) -> None:
    nothing_is_lost(campaign("kills.py", kind, 20), 20)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_acknowledged_is_lost_by_a_thousand_kills(kind: str) -> None:
    nothing_is_lost(campaign("kills.py", kind, 1000), 1000)


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_the_server_is_killed() -> None:
    nothing_is_lost(campaign("kills.py", "postmaster", 20), 20)


def each_allocation_is_the_next_of_its_list(found: dict[str, Any]) -> None:
    assert found["faults"] == []
    assert found["acknowledged"] == found["writers"] * found["orders"]
    assert (found["refused"], found["lost"], found["off_the_list"]) == (0, 0, 0)
    assert found["randomised"] > found["acknowledged"] / 6
    assert found["corrected"] > 0


@pytest.mark.process
@pytest.mark.parametrize("kind", KINDS)
def test_writers_at_once(kind: str) -> None:
    each_allocation_is_the_next_of_its_list(campaign("writers.py", kind, 4, 15))


@pytest.mark.process
@pytest.mark.parametrize("kind", KINDS)
def test_without_the_lock_the_same_fails(kind: str) -> None:
    """The control: the harness sees what the lock is for. A file breaks; a table refuses what would break it, so orders are lost to it."""
    found = campaign("writers.py", kind, 4, 15, "--no-lock")
    with pytest.raises(AssertionError):
        each_allocation_is_the_next_of_its_list(found)
    assert found["refused"] > 0
    assert bool(found["faults"]) == (kind == "file")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_sixteen_writers_of_a_hundred_orders_each(kind: str) -> None:
    each_allocation_is_the_next_of_its_list(campaign("writers.py", kind, 16, 100))
