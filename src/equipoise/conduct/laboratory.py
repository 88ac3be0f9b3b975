"""CTCAE's grade of a laboratory value, where the edition's rule is of numbers and limits of normal alone.

CTCAE v3.0 (2003), v4.03 (2010), v5.0 (2017), v6.0 (2025) of the US National Cancer Institute. Where an edition asks for the patient's own baseline (v5.0 and v6.0, of
liver tests and creatinine whose baseline was abnormal) no grade is given by this rule: the investigator grades. Grade 4 of haemoglobin from v4.0 on is a
judgement ("life-threatening consequences"), and is not given either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from equipoise.trial.own_form import NormalRange


@dataclass(frozen=True)
class _Low:
    """Grades of a value that is too low: grade 1 below the lower limit of normal, then below each cut [in ``unit``]; None for no grade by number."""

    units: Mapping[str, float]
    cuts: Sequence[float | None]


@dataclass(frozen=True)
class _High:
    """Grades of a value that is too high: grade 1 above the upper limit of normal, then above so many times it."""

    times: Mapping[int, Sequence[float]]


#: Unit → by what a value is multiplied to be in the rule's own.
_CELLS = {"10^9/L": 1.0, "10^3/uL": 1.0, "/mm3": 0.001, "/uL": 0.001}
_GRAMS = {"g/dL": 1.0, "g/L": 0.1}
_LOW = {
    "neutrophils": _Low(_CELLS, (1.5, 1.0, 0.5)),
    "platelets": _Low(_CELLS, (75.0, 50.0, 25.0)),
    "haemoglobin": _Low(_GRAMS, (10.0, 8.0, None)),
}
#: Grade 4 of haemoglobin is a number in v3.0: below 6.5 g/dL.
_LOW_V3 = {**_LOW, "haemoglobin": _Low(_GRAMS, (10.0, 8.0, 6.5))}
_LIVER = {3: (2.5, 5.0, 20.0), 4: (3.0, 5.0, 20.0), 5: (3.0, 5.0, 20.0), 6: (3.0, 5.0, 20.0)}
_HIGH = {
    "alt": _High(_LIVER),
    "ast": _High(_LIVER),
    "bilirubin": _High(dict.fromkeys((3, 4, 5, 6), (1.5, 3.0, 10.0))),
    "creatinine": _High(dict.fromkeys((3, 4, 5, 6), (1.5, 3.0, 6.0))),
}
#: From these editions on the rule of tests that are too high is another where the baseline was abnormal.
_ASKS_BASELINE = 5


def grade(
    test: str, value: float, unit: str, normal: NormalRange | None, edition: int, baseline: float | None = None
) -> int | None:
    """The grade, 0 for none; None where the rule needs what is not there: a limit of normal, a known unit, a normal baseline.

    ``baseline``: the patient's own value before treatment, in the same unit; None where it is not known.
    """
    if test in _LOW:
        low = (_LOW_V3 if edition == 3 else _LOW)[test]
        factor = low.units.get(unit)
        if factor is None or normal is None or normal.low is None:
            return None
        if value >= normal.low:
            return 0
        scaled = value * factor
        return 1 + sum(cut is not None and scaled < cut for cut in low.cuts)
    high = _HIGH[test]
    if normal is None or normal.high is None or edition not in high.times:
        return None
    if edition >= _ASKS_BASELINE and (baseline is None or baseline > normal.high):
        return None
    if value <= normal.high:
        return 0
    cuts = high.times[edition]
    assert all(a < b for a, b in pairwise(cuts)), "cuts rise"
    return 1 + sum(value > times * normal.high for times in cuts)
