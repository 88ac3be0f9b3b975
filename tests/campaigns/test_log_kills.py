"""Kill -9 whoever gives orders, and PostgreSQL's server, at random points: what was acknowledged is there.

Small here, at its length in `make test-slow`; `python tests/campaigns/kills.py STORE KILLS` prints the same figures.
"""

from __future__ import annotations

from typing import Any

import pytest

from campaign import campaign
from helpers import tried
from stores import KINDS


def nothing_is_lost(found: dict[str, Any], kills: int) -> None:
    assert found["kills"] >= kills
    assert found["acknowledged"] > kills / 4  # or the kills fell on nothing
    assert (found["lost"], found["unsound"], found["stuck"]) == (0, 0, 0)


@pytest.mark.process
@pytest.mark.parametrize("kind", tried(KINDS, {"sqlite"}))
def test_nothing_acknowledged_is_lost_by_a_kill(kind: str) -> None:
    nothing_is_lost(campaign("kills.py", kind, 20), 20)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_acknowledged_is_lost_by_a_thousand_kills(kind: str) -> None:
    nothing_is_lost(campaign("kills.py", kind, 1000), 1000)


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_the_server_is_killed() -> None:
    nothing_is_lost(campaign("kills.py", "postmaster", 20), 20)
