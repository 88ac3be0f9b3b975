"""Properties of RECIST and of endpoints that no record may break."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.analyse.criteria import CRITERIA
from equipoise.analyse.criteria.criterion import Scan
from equipoise.trial.lesion import Reading

RECIST = CRITERIA["RECIST 1.1"]
DAY = date(2012, 6, 1)
#: From best to worst.
ORDER = ("CR", "PR", "SD", "PD")
SIZES = st.lists(st.lists(st.integers(0, 60), min_size=2, max_size=2), min_size=1, max_size=5)


def scans(sizes: list[list[int]]) -> list[Scan]:
    return [
        Scan(
            DAY + timedelta(days=42 * i),
            [Reading(f"T{k}", "target", "measured", float(s)) for k, s in enumerate(row)],
            baseline=i == 0,
        )
        for i, row in enumerate([[30, 20], *sizes])
    ]


@pytest.mark.property
@given(SIZES, st.integers(0, 1), st.integers(1, 30))
def test_shrinking_a_lesion_at_the_last_scan_never_worsens_target_response(
    sizes: list[list[int]], lesion: int, less: int
) -> None:
    smaller = [list(row) for row in sizes]
    smaller[-1][lesion] = max(smaller[-1][lesion] - less, 0)
    before, after = (RECIST.read(scans(s))[-1].target for s in (sizes, smaller))
    assert ORDER.index(after) <= ORDER.index(before)


@pytest.mark.property
@given(SIZES, st.data())
def test_an_unequivocal_new_lesion_is_progression_at_that_scan(sizes: list[list[int]], data: st.DataObject) -> None:
    read = scans(sizes)
    i = data.draw(st.integers(1, len(read) - 1))
    read[i] = Scan(read[i].on, [*read[i].readings, Reading("N1", "new", "unequivocal")])
    assert RECIST.read(read)[i - 1].overall == "PD"
    shuffled = data.draw(st.permutations(read))
    assert RECIST.read(shuffled) == RECIST.read(read)


#: Eisenhauer et al. 2009, table 1 (target disease) and table 2 (non-target only): target, non-target, new, overall.
TABLES = [
    ("CR", "CR", False, "CR"), ("CR", "NON-CR/NON-PD", False, "PR"), ("CR", "NE", False, "PR"),
    *(("PR", n, False, "PR") for n in ("CR", "NON-CR/NON-PD", "NE")),
    *(("SD", n, False, "SD") for n in ("CR", "NON-CR/NON-PD", "NE")),
    *(("NE", n, False, "NE") for n in ("CR", "NON-CR/NON-PD", "NE")),
    *(("PD", n, new, "PD") for n in ("CR", "NON-CR/NON-PD", "NE", "PD") for new in (True, False)),
    *((t, "PD", new, "PD") for t in ("CR", "PR", "SD", "NE", "PD") for new in (True, False)),
    *((t, n, True, "PD") for t in ("CR", "PR", "SD", "NE", "PD") for n in ("CR", "NON-CR/NON-PD", "NE", "PD")),
    ("", "CR", False, "CR"), ("", "NON-CR/NON-PD", False, "NON-CR/NON-PD"), ("", "NE", False, "NE"),
    ("", "PD", False, "PD"), ("", "PD", True, "PD"), *(("", n, True, "PD") for n in ("CR", "NON-CR/NON-PD", "NE")),
]  # fmt: skip


@pytest.mark.published
@pytest.mark.parametrize(("target", "other", "new", "overall"), TABLES)
def test_overall_response_by_tables_1_and_2(target: str, other: str, new: bool, overall: str) -> None:
    assert RECIST.overall(target, other, new) == overall
