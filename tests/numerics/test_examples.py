"""The examples in the docstrings of numerics are run."""

from __future__ import annotations

import doctest

import pytest

from equipoise.numerics.counts import proportions
from equipoise.numerics.times import one_sample, survival


@pytest.mark.parametrize("module", [survival, proportions, one_sample], ids=lambda m: m.__name__)
def test_examples_hold(module: object) -> None:
    found = doctest.testmod(module)  # type: ignore[arg-type]
    assert found.attempted > 0
    assert found.failed == 0
