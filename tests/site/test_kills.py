"""Through the web, on a real server of several processes: many at once, and kill -9 of a process, and of PostgreSQL, at random moments.

`python tests/campaigns/web.py KIND KILLS PEOPLE SEED` prints the same figures.
"""

from __future__ import annotations

from typing import Any

import pytest

from campaign import campaign

pytestmark = [pytest.mark.slow, pytest.mark.process]


def nothing_is_wrong(found: dict[str, Any]) -> None:
    assert found["faults"] == []
    assert (found["refused"], found["lost"], found["twice"], found["off_the_list"]) == (0, 0, 0, 0)


@pytest.mark.parametrize(("kind", "kills", "people"), [("sqlite", 490, 16), ("postgresql", 490, 8), ("server", 20, 8)])
def test_nothing_acknowledged_is_lost_by_a_thousand_kills(kind: str, kills: int, people: int) -> None:
    found = campaign("web.py", kind, kills, people, 17)
    nothing_is_wrong(found)
    assert found["kills"] >= kills
    assert found["given_again"] > kills / 4  # or the kills fell on nobody's request
    assert found["acknowledged"] > kills / 40  # how many depends on how busy the computer is


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_sixteen_at_once(kind: str) -> None:
    found = campaign("web.py", kind, 0, 16, "--orders", 6)
    nothing_is_wrong(found)
    assert (found["acknowledged"], found["given_again"]) == (16 * 6, 0)
    assert found["randomised"] == 16
    assert found["corrected"] > 0


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_without_the_lock_the_same_fails(kind: str) -> None:
    """The control: the harness sees what the lock is for. A table refuses what would break the chain, so orders are lost to it."""
    found = campaign("web.py", kind, 0, 8, "--orders", 6, "--no-lock")
    assert found["refused"] > 0
    with pytest.raises(AssertionError):
        nothing_is_wrong(found)
