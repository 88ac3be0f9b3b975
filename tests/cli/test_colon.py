"""The real colon-cancer trial from its table, against R's survival on the same file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest


def number(value: Any) -> float:
    return float("nan") if value is None else float(value)


@pytest.mark.independent
def test_colon_as_in_r(r: dict[str, Any], equipoise: Any) -> None:
    answer = equipoise("analyse", "colon", "--json")
    assert answer.status == 0, answer.err
    found = answer.json
    assert sum(found["randomised"].values()) == 929
    close = {"rtol": 1e-9, "atol": 1e-12}
    for endpoint, expected in r["colon"].items():
        ours = found["endpoints"][endpoint]
        for arm, curve in expected["arms"].items():
            got = ours["arms"][arm]
            assert (got["n"], got["events"]) == (curve["n"], curve["events"])
            np.testing.assert_allclose(
                [number(v) for v in (got["median"], *got["median_ci"])],
                [number(curve[k][1]) for k in ("quantile", "quantile_lower", "quantile_upper")], **close,
            )  # fmt: skip
            at = got["landmark"]
            np.testing.assert_allclose(
                [at["survival"], *at["ci"], at["at_risk"]],
                [curve["at"], curve["at_lower"], curve["at_upper"], curve["at_risk"]], **close,
            )  # fmt: skip
        for arm, pair in expected["pairs"].items():
            got = ours["comparisons"][f"{arm} vs Obs"]
            np.testing.assert_allclose(
                [got["logrank_chi2"], got["p"], got["hr"], *got["hr_ci"]],
                [pair["logrank"]["chi2"], pair["logrank"]["p"], pair["cox"]["hr"], pair["cox"]["lower"], pair["cox"]["upper"]],
                **close,
            )  # fmt: skip
        np.testing.assert_allclose(
            [ours["all_arms"]["logrank_chi2"], ours["all_arms"]["p"]],
            [expected["all"]["chi2"], expected["all"]["p"]],
            **close,
        )
