"""The one-sample log-rank test against R's survdiff with an offset."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from equipoise.numerics.one_sample import one_sample_logrank


@pytest.mark.independent
@pytest.mark.parametrize("name", ["lung", "veteran", "tied"])
def test_one_sample_as_in_r(r: dict[str, Any], name: str) -> None:
    s = r["samples"][name]
    found = one_sample_logrank(s["time"], s["status"], s["one_sample"]["hazard"])
    assert found.observed == s["one_sample"]["observed"]
    np.testing.assert_allclose(found.expected, s["one_sample"]["expected"], rtol=1e-9)
    np.testing.assert_allclose(found.z**2, s["one_sample"]["chi2"], rtol=1e-9)


def test_fewer_events_than_history_is_negative_and_small_p() -> None:
    found = one_sample_logrank([10.0] * 20, [1] * 2 + [0] * 18, [0.5] * 20)
    assert found.z < 0
    assert found.p_one_sided < 0.01
    assert found.smr_ci[0] < found.smr < found.smr_ci[1]


def test_negative_hazards_are_refused() -> None:
    with pytest.raises(ValueError, match="cumulative_hazard"):
        one_sample_logrank([1.0], [1], [-0.1])
