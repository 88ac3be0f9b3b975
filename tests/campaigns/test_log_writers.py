"""Sixteen who give mixed orders at once: each allocation is the next of its list. Without the lock it is not.

Small here, at its length in `make test-slow`; `python tests/campaigns/writers.py STORE WRITERS ORDERS [--no-lock]` prints the same figures.
"""

from __future__ import annotations

from typing import Any

import pytest

from campaign import campaign
from helpers import tried
from stores import KINDS


def each_allocation_is_the_next_of_its_list(found: dict[str, Any]) -> None:
    assert found["faults"] == []
    assert found["acknowledged"] == found["writers"] * found["orders"]
    assert (found["refused"], found["lost"], found["off_the_list"]) == (0, 0, 0)
    assert found["randomised"] > found["acknowledged"] / 6
    assert found["corrected"] > 0


@pytest.mark.process
@pytest.mark.parametrize("kind", tried(KINDS, {"postgresql"}))
def test_writers_at_once(kind: str) -> None:
    each_allocation_is_the_next_of_its_list(campaign("writers.py", kind, 4, 15))


@pytest.mark.process
@pytest.mark.parametrize("kind", tried(KINDS, {"file"}))
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
