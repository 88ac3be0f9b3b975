"""What the ADaMIG and the OCCDS ask of any dataset, on random trials: CORE has no rule for ADaM (docs/conformance.md)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.standards.adam.build import to_adam
from equipoise.standards.adam.written import KEYS
from equipoise.standards.dataset import Dataset
from equipoise.standards.metadata import domain
from equipoise.standards.sdtm.from_log import to_sdtm
from equipoise.trial.log import Log
from equipoise.trial.snapshot import Snapshot, snapshot
from equipoise.trial.trial import Trial
from random_logs import logs

Row = dict[str, Any]
Export = dict[str, list[Row]]
Rule = Callable[[Export, Export], Iterator[str]]
RULES: dict[str, Rule] = {}
BDS = ("ADRS", "ADTR", "ADTTE")


def rule(check: Rule) -> Rule:
    RULES[check.__name__] = check
    return check


def every(data: Export, *names: str) -> Iterator[tuple[str, Row]]:
    for name in names or tuple(data):
        for row in data[name]:
            yield name, row


@rule
def required_variables_are_there(adam: Export, _: Export) -> Iterator[str]:
    for name, rows in adam.items():
        for v in domain(name).variables:  # type: ignore[union-attr]
            if rows and v.core == "Req" and v.name not in rows[0]:
                yield f"{name}.{v.name}"


@rule
def a_treatment_variable_is_there(adam: Export, _: Export) -> Iterator[str]:
    yield from (f"{name} {row['USUBJID']}" for name, row in every(adam) if row["TRT01P"] != row["ARM"])


@rule
def one_record_a_subject_and_everyone_is_in_adsl(adam: Export, sdtm: Export) -> Iterator[str]:
    subjects = [r["USUBJID"] for r in adam["ADSL"]]
    if sorted(subjects) != sorted(r["USUBJID"] for r in sdtm["DM"]) or len(set(subjects)) < len(subjects):
        yield f"{subjects}"
    yield from (f"{name} {r['USUBJID']}" for name, r in every(adam) if r["USUBJID"] not in subjects)


@rule
def keys_are_once(adam: Export, _: Export) -> Iterator[str]:
    for name, rows in adam.items():
        keys = Counter(tuple(r[k] for k in KEYS[name]) for r in rows)
        yield from (f"{name} {k}" for k, n in keys.items() if n > 1)
        sequences = Counter((r["USUBJID"], r["ASEQ"]) for r in rows if "ASEQ" in r)
        yield from (f"{name} ASEQ {k}" for k, n in sequences.items() if n > 1)


@rule
def copies_of_adsl_are_equal(adam: Export, _: Export) -> Iterator[str]:
    own = {r["USUBJID"]: r for r in adam["ADSL"]}
    for name, row in every(adam, *BDS, "ADAE"):
        for v in ("ARM", "ARMCD", "TRT01P", "TRT01A", "TRTSDT", "TRTEDT", "RANDDT"):
            if v in row and row[v] != own[row["USUBJID"]][v]:
                yield f"{name}.{v} {row[v]} {own[row['USUBJID']][v]}"


@rule
def copies_of_sdtm_are_equal(adam: Export, sdtm: Export) -> Iterator[str]:
    of = {
        "ADSL": {r["USUBJID"]: r for r in sdtm["DM"]},
        "ADAE": {(r["USUBJID"], r["AESEQ"]): r for r in sdtm.get("AE", ())},
    }
    for name, row in every(adam, "ADSL", "ADAE"):
        theirs = of[name][row["USUBJID"] if name == "ADSL" else (row["USUBJID"], row["AESEQ"])]
        for v in set(row) & set(theirs):
            if row[v] != theirs[v]:
                yield f"{name}.{v} {row[v]!r} {theirs[v]!r}"


@rule
def parameters_and_codes_are_one_to_one(adam: Export, _: Export) -> Iterator[str]:
    for name in BDS:
        pairs = {(r["PARAMCD"], r["PARAM"]) for r in adam[name]}
        if len({a for a, _ in pairs}) != len(pairs) or len({b for _, b in pairs}) != len(pairs):
            yield f"{name} {pairs}"
        yield from (f"{name} {a}" for a, _ in pairs if not re.fullmatch(r"[A-Z_][A-Z0-9_]{0,7}", a))


@rule
def values_and_their_words_are_one_to_one(adam: Export, _: Export) -> Iterator[str]:
    for name in ("ADRS",):
        pairs = {(r["PARAMCD"], r["AVAL"], r["AVALC"]) for r in adam[name] if r["AVAL"] is not None and r["AVALC"]}
        if len({p[:2] for p in pairs}) != len(pairs) or len({(p[0], p[2]) for p in pairs}) != len(pairs):
            yield f"{sorted(pairs)}"


@rule
def imputation_flags_are_of_dates(adam: Export, _: Export) -> Iterator[str]:
    for name, row in every(adam):
        for v in row:
            if v.endswith("DTF") and row[v] and (row[v] not in ("D", "M", "Y") or row[v[:-1]] is None):
                yield f"{name}.{v} {row[v]} {row[v[:-1]]}"


@rule
def study_days_are_counted_from_a_start(adam: Export, _: Export) -> Iterator[str]:
    starts = {r["USUBJID"]: r for r in adam["ADSL"]}
    for name, day, count, start in (("ADRS", "ADT", "ADY", "RANDDT"), ("ADTR", "ADT", "ADY", "RANDDT"),
                                    ("ADAE", "ASTDT", "ASTDY", "TRTSDT"), ("ADAE", "AENDT", "AENDY", "TRTSDT")):  # fmt: skip
        for row in adam[name]:
            on, first = row[day], starts[row["USUBJID"]][start]
            due = None if on is None or first is None else on - first + (on >= first)
            if row[count] != due:
                yield f"{name}.{count} {row[count]} is not {due}"


@rule
def changes_are_from_the_baseline(adam: Export, _: Export) -> Iterator[str]:
    bases = {(r["USUBJID"], r["PARAMCD"]): r["AVAL"] for r in adam["ADTR"] if r["ABLFL"] == "Y"}
    for row in adam["ADTR"]:
        base = row["BASE"]
        if base is not None and bases.get((row["USUBJID"], row["PARAMCD"])) != base:
            yield f"BASE {base} is no baseline record's"
        if row["CHG"] is not None and row["CHG"] != pytest.approx(row["AVAL"] - base):
            yield f"CHG {row['CHG']}"
        if row["PCHG"] is not None and row["PCHG"] != pytest.approx(100 * row["CHG"] / base):
            yield f"PCHG {row['PCHG']}"


@rule
def ends_are_not_before_starts(adam: Export, _: Export) -> Iterator[str]:
    for name, a, b in (("ADSL", "TRTSDT", "TRTEDT"), ("ADAE", "ASTDT", "AENDT"), ("ADTTE", "STARTDT", "ADT")):
        for row in adam[name]:
            if row[a] is not None and row[b] is not None and row[b] < row[a]:
                yield f"{name} {a} {row[a]} {b} {row[b]}"


@rule
def flags_are_yes_or_no(adam: Export, _: Export) -> Iterator[str]:
    both = ("ITTFL", "SAFFL", "PPROTFL", "RESPEVFL")
    for name, row in every(adam):
        for v in row:
            if v.endswith("FL") and row[v] not in (("Y", "N") if v in both else ("Y", "")):
                yield f"{name}.{v} {row[v]!r}"


@rule
def times_have_an_event_or_a_censoring(adam: Export, _: Export) -> Iterator[str]:
    for row in adam["ADTTE"]:
        if row["CNSR"] not in (0, 1) or bool(row["CNSDTDSC"]) != bool(row["CNSR"]) or not row["EVNTDESC"]:
            yield f"{row['CNSR']} {row['CNSDTDSC']} {row['EVNTDESC']}"


@rule
def names_and_texts_fit_a_transport_file(adam: Export, _: Export) -> Iterator[str]:
    for name, row in every(adam):
        yield from (
            f"{name}.{v}" for v, x in row.items() if len(v) > 8 or (isinstance(x, str) and len(x.encode()) > 200)
        )


def plain(d: Dataset) -> list[Row]:
    return [
        {k: None if isinstance(x, float | np.floating) and np.isnan(x) else x for k, x in r.items()} for r in d.rows()
    ]


def broken(trial: Trial, snap: Snapshot) -> dict[str, list[str]]:
    adam, sdtm = ({d.name: plain(d) for d in made(trial, snap)} for made in (to_adam, to_sdtm))
    return {name: found for name, check in RULES.items() if (found := list(check(adam, sdtm)))}


@pytest.mark.property
@settings(max_examples=30)
@given(log=logs(), seed=st.integers(0, 10**6))
def test_what_a_log_becomes_breaks_no_rule(north: Trial, log: Log, seed: int) -> None:
    if len(log):
        cutoff = Random(seed).choice(sorted({e.happened for e in log}))
        snap = snapshot(log, cutoff, max(e.recorded.date() for e in log), fingerprint=False)
        if snap.patients:
            assert broken(north, snap) == {}


def _set(name: str, **values: Any) -> Callable[[Export], None]:
    return lambda adam: [row.update(values) for row in adam[name]] and None


#: Rule → what breaks it.
BREAKS: dict[str, Callable[[Export], Any]] = {
    "required_variables_are_there": lambda adam: [row.pop("AGE") for row in adam["ADSL"]],
    "a_treatment_variable_is_there": _set("ADTR", TRT01P=""),
    "one_record_a_subject_and_everyone_is_in_adsl": lambda adam: adam["ADSL"].pop(),
    "keys_are_once": lambda adam: adam["ADRS"].append(adam["ADRS"][0]),
    "copies_of_adsl_are_equal": _set("ADAE", TRTSDT=1.0),
    "copies_of_sdtm_are_equal": _set("ADAE", AETERM="?"),
    "parameters_and_codes_are_one_to_one": _set("ADTTE", PARAM="?"),
    "values_and_their_words_are_one_to_one": _set("ADRS", PARAMCD="X", AVAL=1.0),
    "imputation_flags_are_of_dates": _set("ADAE", ASTDTF="X"),
    "study_days_are_counted_from_a_start": _set("ADAE", ASTDY=0),
    "changes_are_from_the_baseline": _set("ADTR", BASE=-1.0),
    "ends_are_not_before_starts": _set("ADTTE", ADT=0.0),
    "flags_are_yes_or_no": _set("ADSL", ITTFL=""),
    "times_have_an_event_or_a_censoring": _set("ADTTE", EVNTDESC=""),
    "names_and_texts_fit_a_transport_file": _set("ADSL", ARM="x" * 201),
}


@pytest.mark.thorough
def test_each_rule_can_fail(north: Trial, plan: Callable[..., Plan]) -> None:
    log = run(plan("target"), 0, detail=True).log
    snap = snapshot(log, max(e.recorded.date() for e in log), fingerprint=False)
    assert set(BREAKS) == set(RULES)
    sdtm = {d.name: plain(d) for d in to_sdtm(north, snap)}
    whole = to_adam(north, snap)
    for name, spoil in BREAKS.items():
        adam = {d.name: plain(d) for d in whole}
        spoil(adam)
        assert list(RULES[name](adam, sdtm)), name


@pytest.mark.property
@pytest.mark.thorough
def test_a_simulated_trial_breaks_no_rule(north: Trial, plan: Callable[..., Plan]) -> None:
    log = run(plan("target"), 0, detail=True).log
    assert broken(north, snapshot(log, max(e.recorded.date() for e in log), fingerprint=False)) == {}
