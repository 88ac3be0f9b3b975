"""The log → SDTM → the log: nothing is lost that SDTM can hold."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.files.bundled import find_trial
from equipoise.files.table_file import log_from_table
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.standards.sdtm.from_log import from_log
from equipoise.standards.sdtm.known_days import DEATH
from equipoise.standards.sdtm.to_log import to_log
from equipoise.standards.sdtm.treatment import END
from equipoise.standards.study_day import study_day
from equipoise.standards.terminology import codelist, strangers
from equipoise.trial.log import Log, in_force
from equipoise.trial.trial import Trial
from helpers import moment

START = date(2013, 1, 10)


def content(log: Log) -> Counter[str]:
    """What happened to patients, whatever the order and the clocks."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return sorted((k, plain(v)) for k, v in value.items() if k != "source")
        if isinstance(value, list):
            return sorted(map(plain, value), key=repr)
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

    return Counter(repr((e.patient, e.kind, e.happened, plain(dict(e.data)))) for e in in_force(list(log)) if e.patient)


def after_a_round_trip(trial: Trial, log: Log) -> Counter[str]:
    return content(to_log(from_log(trial, log), trial)[0])


WORDS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ ", min_size=1, max_size=12).map(str.strip).filter(bool)
SIZES = st.integers(1, 9999).map(lambda n: n / 100)
DAYS = st.integers(0, 400)
RESPONSES = st.sampled_from(["CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE"])


@st.composite
def lesions(draw: st.DrawFn, baseline: bool) -> list[dict[str, Any]]:
    found = []
    for i in range(3):
        node = i == 0
        organ = "LYMPH NODE" if node else "LIVER"
        lesion: dict[str, Any] = {"lesion": f"T0{i}", "kind": "target", "organ": organ} | (
            {"node": True} if node else {}
        )
        states = ["measured"] if baseline else ["measured", "absent", "too small", "not evaluated", "merged"]
        state = draw(st.sampled_from(states if i == 2 else states[:4]))
        lesion["state"] = state
        if state == "measured" or (state == "too small" and draw(st.booleans())):
            lesion["size"] = draw(SIZES)
        if state == "merged":
            lesion["part_of"] = "T01"
        found.append(lesion)
    states = ["present"] if baseline else ["present", "absent", "unequivocal progression", "not evaluated"]
    found.append({"lesion": "N1", "kind": "non-target", "organ": "BONE", "state": draw(st.sampled_from(states))})
    if not baseline and draw(st.booleans()):
        state = draw(st.sampled_from(["equivocal", "unequivocal"]))
        found.append({"lesion": "NEW1", "kind": "new", "organ": "BRAIN", "state": state})
    return found


@st.composite
def logs(draw: st.DrawFn) -> Log:
    log = Log()
    now = moment(date(2020, 1, 1))

    def put(kind: str, on: int, site: str = "", /, **data: Any) -> None:
        log.append(kind, START + timedelta(days=on), now, "t", "", name, site, data)

    for p in range(draw(st.integers(1, 3))):
        name = f"P{p}"
        person = draw(st.sampled_from([{}, {"subject": {"age": 61.0, "sex": "F", "race": "WHITE"}}]))
        if draw(st.integers(0, 4)) == 0:
            put("screened", -5, "S01", failed=[2, 5], **person)
            continue
        put("screened", -5, "S01", failed=[], **person)
        put("enrolled", -2, "S01", factors={"ecog": "0-1", "ldh": "normal"})
        put("randomised", 0, arm=draw(st.sampled_from(["CE", "IMGN901"])), stratum="ecog=0-1, ldh=normal")
        for cycle in range(draw(st.integers(0, 3))):
            dose = draw(SIZES)
            put("treated", 21 * cycle, drug=draw(WORDS), cycle=cycle + 1, day=1, dose=dose, unit="mg/m2")
        for reader in draw(st.sets(st.sampled_from(["investigator", "radiologist 1", "radiologist 2", "independent"]))):
            who = {} if reader == "investigator" else {"assessor": reader}
            accepted = {"accepted": True} if who and draw(st.booleans()) else {}
            first = draw(lesions(True))
            put(
                "assessed",
                -3,
                response="",
                baseline=True,
                visit="BASELINE",
                visit_number=1.0,
                lesions=first,
                **who,
                **accepted,
            )
            for v in range(draw(st.integers(0, 3))):
                recorded = {k: draw(RESPONSES) for k in ("target", "non_target") if draw(st.booleans())}
                recorded |= {"new_lesion": draw(st.booleans())} if draw(st.booleans()) else {}
                recorded |= {"sum_mm": draw(SIZES)} if draw(st.booleans()) else {}
                put("assessed", 42 * (v + 1), response=draw(RESPONSES), visit=f"WEEK {6 * v + 6}", visit_number=v + 2.0,
                    lesions=draw(lesions(False)), **recorded, **who, **accepted)  # fmt: skip
        for _ in range(draw(st.integers(0, 2))):
            more: dict[str, Any] = {}
            if draw(st.booleans()):
                more = {"related": True, "causality": "PROBABLE", "severity": "SEVERE", "organ_class": draw(WORDS)}
            if draw(st.booleans()):
                more["serious"] = draw(st.booleans())
            if draw(st.booleans()):
                more["ctcae"] = draw(st.integers(3, 6))
            day = draw(DAYS)
            if draw(st.booleans()):
                on = START + timedelta(days=day)
                last = on.replace(day=monthrange(on.year, on.month)[1])
                more |= {"until": last.isoformat(), "until_dated": f"{on:%Y-%m}", "until_date_rule": END.name}
            put("adverse event", day, term=draw(WORDS), grade=draw(st.integers(1, 5)), **more)
        for day in draw(st.lists(DAYS, max_size=3)):
            put("contact", day)
        if draw(st.booleans()):
            put("progressed", draw(DAYS), basis=draw(WORDS))
        if draw(st.booleans()):
            put("next therapy", draw(DAYS), therapy=draw(WORDS))
        if draw(st.booleans()):
            put("treatment ended", 90, reason=draw(st.sampled_from(["toxicity", "progression", "completed", "a whim"])))
        ending = draw(st.sampled_from(["", "lost", "withdrawn", "died", "study ended"]))
        if ending == "died":
            put(
                "died", 420, **draw(st.sampled_from([{}, {"cause": "disease"}, {"dated": "2014-03", "date_rule": "x"}]))
            )
            if "dated" in log[len(log) - 1].data:
                event = log._events.pop()
                log.append(
                    "died", date(2014, 3, 1), now, "t", "", name, "", dict(event.data) | {"date_rule": DEATH.name}
                )
        elif ending == "study ended":
            put(ending, 420, reason=draw(st.sampled_from(["completed", "consent withdrawn", "sponsor's decision"])))
        elif ending:
            put(ending, 420, **({"reason": "consent withdrawn"} if ending == "withdrawn" else {}))
    return log


@pytest.mark.property
@settings(max_examples=40)
@given(log=logs())
def test_nothing_is_lost_that_sdtm_can_hold(north: Trial, log: Log) -> None:
    assert after_a_round_trip(north, log) == content(log)


@pytest.mark.property
@pytest.mark.thorough
def test_a_simulated_trial_comes_back_whole(north: Trial, plan: Callable[..., Plan]) -> None:
    log = run(plan("target"), 0, detail=True).log
    assert after_a_round_trip(north, log) == content(log)


@pytest.mark.property
@settings(max_examples=40)
@given(log=logs())
def test_every_term_is_of_the_lists_and_names_of_tests_fit_their_codes(north: Trial, log: Log) -> None:
    """Places are not held (LOC); what else is written is CDISC's, and a short name and its name are one concept."""
    for name, written in from_log(north, log).items():
        assert strangers(written).keys() <= {"TULOC"}, name
        for short, long in ((v, v.removesuffix("CD")) for v in written.columns if v.endswith("TESTCD")):
            a, b = (codelist(next(x.codelist for x in written.variables if x.name == v)) for v in (short, long))
            assert a is not None
            assert b is not None
            for code, words in zip(written.text(short), written.text(long), strict=True):
                assert a.terms[code] == b.terms[words] != ""


def test_colon_s_events_come_back(colon: Trial) -> None:
    log = log_from_table(colon, find_trial("colon").parent / "colon.csv").log
    assert not content(log) - after_a_round_trip(colon, log)


def test_there_is_no_day_zero() -> None:
    assert [study_day(START + timedelta(days=d), START) for d in (-2, -1, 0, 1)] == [-2, -1, 1, 2]
