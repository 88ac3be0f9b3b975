"""Samples ↔ PC, event for event; PP computed from them, and PP of others told of where it differs; the terms and Define-XML."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.analyse.noncompartmental import noncompartmental
from equipoise.conduct.conduct import Conduct
from equipoise.files.sdtm_files import possible
from equipoise.standards.define_xml import define_xml
from equipoise.standards.metadata import described, domain
from equipoise.standards.sdtm.concentrations import DERIVED, PARAMETERS, code_of
from equipoise.standards.sdtm.from_log import from_log
from equipoise.standards.sdtm.to_log import to_log
from equipoise.standards.terminology import codelist, strangers
from sampled import DOSED, NOW, sample, sampled_north, take, treated_conduct


def some() -> tuple[Conduct, str]:
    c, (name, *_) = treated_conduct()
    take(c, name, 0, None, at="08:45", dose_at="09:00")
    for hours in (1, 4, 24, 48, 96):
        take(c, name, hours, round(50 * math.exp(-0.03 * hours), 3), **({"at": f"{9 + hours % 24:02d}:10", "dose_at": "09:00"} if hours < 30 else {}))  # fmt: skip
    take(c, name, 168, None)
    return c, name


def taken(events: Any) -> list[Any]:
    return sorted((e.patient, e.happened, sorted(e.data.items())) for e in events if e.kind == "sampled")


def test_what_is_written() -> None:
    c, name = some()
    pc = from_log(sampled_north(), c.log)["PC"]
    rows = [r for r in pc.rows() if r["USUBJID"] == name]
    before, first = rows[0], rows[1]
    assert (before["PCORRES"], before["PCTPT"], before["PCELTM"], before["PCDTC"]) == ("<0.1", "PREDOSE", "PT0H", "2012-06-04T08:45")  # fmt: skip
    assert math.isnan(before["PCSTRESN"])
    assert before["PCLLOQ"] == 0.1
    assert (first["PCTESTCD"], first["PCTEST"], first["PCSPEC"], first["PCSTRESU"]) == ("CONJUGAT", "conjugate", "PLASMA", "ug/mL")  # fmt: skip
    assert (first["PCTPTREF"], first["PCRFTDTC"], first["PCDY"], first["EPOCH"]) == ("IMGN901 CYCLE 1 DAY 1", "2012-06-04T09:00", 1, "TREATMENT")  # fmt: skip
    assert rows[3]["PCDY"] == 2


def test_pp_is_what_the_samples_give() -> None:
    """Against the rule called by hand with the times that passed."""
    c, _ = some()
    pp = {r["PPTESTCD"]: r for r in from_log(sampled_north(), c.log)["PP"].rows()}
    t = [0.0, 1 + 1 / 6, 4 + 1 / 6, 24 + 1 / 6, 48.0, 96.0, 168.0]
    values = [None, *(round(50 * math.exp(-0.03 * h), 3) for h in (1, 4, 24, 48, 96)), None]
    own = noncompartmental(t, values)
    assert pp["CMAX"]["PPSTRESN"] == pytest.approx(own.cmax, rel=1e-5)
    assert pp["TMAX"]["PPSTRESN"] == pytest.approx(own.tmax, rel=1e-5)
    assert pp["AUCLST"]["PPSTRESN"] == pytest.approx(own.area_last, rel=1e-5)
    assert pp["AUCIFO"]["PPSTRESN"] == pytest.approx(own.area_for_ever, rel=1e-5)
    assert pp["LAMZHL"]["PPSTRESU"] == "h"
    assert "CLO" not in pp  # of a dose in mg/m2 there is no clearance in L/h
    assert pp["AUCLST"]["PPANMETH"] == "LINEAR UP LOG DOWN METHOD"
    assert {r["PPCAT"] for r in pp.values()} == {"conjugate"}


def test_there_and_back() -> None:
    c, _ = some()
    back, left = to_log(from_log(sampled_north(), c.log), sampled_north())
    kept, impossible = possible(sampled_north(), back)
    assert taken(kept) == taken(c.log)
    assert not [x for x in (*left.entries, *impossible.entries) if x.domain in ("PC", "PP")]


_VALUES = st.one_of(st.none(), st.integers(10, 9999).map(lambda n: n / 100))


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.sampled_from([0.0, 0.5, 1.0, 2.25, 24.0, 96.0, 168.0]), _VALUES, min_size=1), st.booleans())
def test_whatever_was_measured_comes_back(values: dict[float, float | None], clocks: bool) -> None:
    c, (name, *_) = treated_conduct(4)
    for hours, value in values.items():
        day = DOSED + timedelta(days=int(hours // 24))
        at = {"at": "08:59" if hours == 0 else "11:45", "dose_at": "09:00"} if clocks else {}
        c.order("sampled", day, NOW, "t", patient=name, data=sample(hours, value, **at))
    back, left = to_log(from_log(sampled_north(), c.log), sampled_north())
    assert taken(back) == taken(c.log)
    assert not [x for x in left.entries if x.domain in ("PC", "PP")]


def test_pp_of_others_that_differs_is_told_of() -> None:
    c, _ = some()
    sets = from_log(sampled_north(), c.log)
    pp = sets["PP"]
    at = list(pp.columns["PPTESTCD"]).index("AUCLST")
    wrong = np.array(pp.columns["PPSTRESN"], float)
    wrong[at] *= 1.05
    sets["PP"] = replace(pp, columns={**pp.columns, "PPSTRESN": wrong})
    _, left = to_log(sets, sampled_north())
    told = [x for x in left.entries if x.domain == "PP"]
    assert [(x.record, x.why) for x in told] == [("PPTESTCD AUCLST", "another value than the samples give, which stands")]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [("PCELTM", "", "no planned time"), ("PCTPTREF", "", "no dose that it is after"), ("PCDTC", "2012-06", "no day"), ("PCSTRESC", "", "no result")],
)  # fmt: skip
def test_what_cannot_be_placed_is_told_of(column: str, value: str, why: str) -> None:
    c, _ = some()
    sets = from_log(sampled_north(), c.log)
    pc = sets["PC"]
    columns = {k: list(v) for k, v in pc.columns.items()}
    for name in (column, *{"PCELTM": ["PCTPT"], "PCTPTREF": ["VISIT"], "PCSTRESC": ["PCORRES"]}.get(column, [])):
        columns[name][1] = value
    if column == "PCSTRESC":
        columns["PCSTRESN"][1] = math.nan
    sets["PC"] = replace(pc, columns=columns)
    back, left = to_log(sets, sampled_north())
    assert len(taken(back)) == len(taken(c.log)) - 1
    assert why in [x.why for x in left.entries if x.domain == "PC"]


def test_terms_codes_and_define_xml() -> None:
    c, _ = some()
    sets = from_log(sampled_north(), c.log)
    assert strangers(sets["PC"]) == {}
    assert strangers(sets["PP"]) == {}
    codes, names = codelist("PKPARMCD"), codelist("PKPARM")
    assert codes is not None
    assert names is not None
    for code, name in PARAMETERS.items():
        assert codes.terms[code] == names.terms[name]  # one concept, short and long
    for name in ("PC", "PP"):
        known = domain(name)
        assert known is not None
        assert {v.name for v in sets[name].variables} <= {v.name for v in known.variables}
    text = define_xml([described(d) for d in sets.values()], "NORTH", created=NOW).decode()
    assert DERIVED in text
    assert "PC.PCLLOQ" in text


def test_codes_of_analytes() -> None:
    assert [code_of(a) for a in ("DM1", "total antibody", "1-hydroxy", "conjugate")] == ["DM1", "TOTALANT", "A1HYDROX", "CONJUGAT"]  # fmt: skip
