"""A replicate in a line: what a simulated trial leaves behind, the same from the reference and from the kernel.

Whole numbers only, so that sums over replicates are exact and the same in any order: log hazard ratios count in
millionths, and so on. Days count from the trial's start.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from equipoise.decide.decide import UNRULED
from equipoise.decide.ruling import CODES
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import SimulatedTrial, run
from equipoise.simulate.truth import rate_shown
from equipoise.trial.evidence import ArmsEvidence

#: Whole numbers of a replicate, by column. status: 0 it ended, 4 so too, but the
#: design refused the evidence of its last look: counted as one that shows nothing.
#: action: 1 stop, 2 declare. successes … control_evaluable: the last look's
#: cohorts; of a look on events or on patients enrolled, patients with an event and patients. cohort_full … readout_day: of the first look; at_readout counts the randomised, on_study_at_readout those of
#: them without progression seen, death or leaving. exposure_days: days on study of all patients of the tested arm.
#: full_day: when the first look's cohort was enrolled; enrolment_day: of the last randomisation. safety_looks: at all safety rules beside the
#: design; safety_spoke: a bit for each rule that spoke, in the file's order; safety_day: when the first of them did, -1 if none;
#: safety_events: the events that they saw. Where a safety rule stopped the trial before its first look, that day stands for the look's. safety_stopped: one stopped the trial.
INTEGERS = (
    "status", "looks", "action", "successes", "evaluable", "control_successes", "control_evaluable", "randomised",
    "tested", "cohort_full", "at_cutoff", "at_readout", "on_study_at_readout", "look_day", "readout_day", "duration",
    "control_caution", "exposure_days", "events", "control_events", "full_day", "enrolment_day",
    "safety_looks", "safety_spoke", "safety_day", "safety_events", "safety_stopped",
)  # fmt: skip
#: The status of a trial whose last look was refused.
UNRULED_LOOK = 4
#: What only the reference tells, 0 from the kernel, which serves no such trial. selected: the arm that a selection design chooses, from 1
#: in the file's order; 0 for none.
REFERENCE_ONLY = ("selected",)
#: Real numbers: the randomised comparison at the last look, all NaN without one.
REAL_COLUMNS = ("log_hr", "log_hr_se", "logrank_chi2")
#: What a line says of a number that is not there.
NONE = np.iinfo(np.int64).min
#: The numbers that may not be there.
SOMETIMES = ("log_hr", "log_hr_se", "safety_day")
#: Log hazard ratios and rates are kept in millionths.
MILLIONTHS = 1_000_000

Lines = Mapping[str, NDArray[np.int64]]


def reference_row(plan: Plan, replicate: int) -> tuple[list[int], list[float]]:
    """The line of a replicate by the reference loop: whole numbers and real ones. Raises BadInput as ``run``."""
    result = run(plan, replicate)
    start, tested = plan.trial.start, plan.trial.tested_arms[0].name
    end = (result.ended - start).days
    last = result.looks[-1].decision if result.looks else None
    evidence = _counts(last.evidence.get(tested) if last is not None else None)
    control = plan.trial.control_arms[0].name if plan.trial.control_arms else ""
    beside = _counts(last.evidence.get(control) if last is not None else None)
    found = last.beside if last is not None else {}
    check, comparison = (found.get(k) for k in ("control arm against history", "randomised comparison"))
    at_look = _first_look(result, start)
    readout = at_look.readout
    whole = [
        UNRULED_LOOK if last is not None and last.action == UNRULED else 0,
        last.look if last is not None else 0,
        CODES["stop" if result.stopped or last is None else last.action.name],
        *evidence,
        *beside,
        result.randomised,
        result.tested,
        at_look.cohort_full,
        at_look.at_cutoff,
        at_look.at_readout,
        sum(day + off > readout for _, day, off in result.courses[: at_look.at_readout]),
        at_look.cutoff,
        readout,
        end,
        int(bool(check and check["disagrees"])),
        sum(max(min(off, end - day), 0) for arm, day, off in result.courses if arm == tested),
        *_events(comparison),
        at_look.full,
        max((day for _, day, _ in result.courses), default=0),
        *_safety(result, plan),
        int(result.stopped),
        _selected(result, plan),
    ]
    if comparison is None or "hr" not in comparison:
        return whole, [math.nan] * 3
    hr = comparison["hr"]
    log_hr = math.log(hr) if hr > 0 else -math.inf if hr == 0 else math.nan
    return whole, [log_hr, comparison["log_hr_se"], comparison["logrank_chi2"]]


class _FirstLook(NamedTuple):
    """How many were randomised when the first look's cohort was full, when it was cut and when it was known; and these days."""

    cohort_full: int
    at_cutoff: int
    at_readout: int
    full: int
    cutoff: int
    readout: int


def _first_look(result: SimulatedTrial, start: date) -> _FirstLook:
    """Of a trial that a safety rule stopped before: the day of the stop, and all who were randomised by then."""
    if not result.looks:
        end = (result.ended - start).days
        return _FirstLook(result.randomised, result.randomised, result.randomised, end, end, end)
    look = result.looks[0]
    days = ((day - start).days for day in (look.full_on, look.cutoff, look.readout))
    return _FirstLook(look.randomised_at_cohort_full, look.randomised_at_cutoff, look.randomised_at_readout, *days)


def _safety(result: SimulatedTrial, plan: Plan) -> tuple[int, int, int, int]:
    """The looks at safety rules in numbers; events: each rule's last look has them all."""
    spoke = [look for look in result.safety if look.speaks]
    bits = sum(1 << rule for rule in {look.rule for look in spoke})
    events = {look.rule: look.events for look in result.safety}
    first = (min(look.on for look in spoke) - plan.trial.start).days if spoke else -1
    return len(result.safety), bits, first, sum(events.values())


def _selected(result: SimulatedTrial, plan: Plan) -> int:
    last = result.looks[-1].decision if result.looks else None
    if plan.design.takes is not ArmsEvidence or last is None or last.action.name != "declare":
        return 0
    rates = {arm: n["rate"] for arm, n in last.evidence.items()}
    return 1 + [a.name for a in plan.trial.arms].index(max(rates, key=lambda arm: rates[arm]))


def _counts(numbers: Mapping[str, Any] | None) -> tuple[int, int]:
    """Successes (of a look on events: patients with one) and patients of an arm at a look; 0 of 0 for one that has none."""
    if numbers is None:
        return 0, 0
    return numbers["successes" if "successes" in numbers else "events"], numbers["n"]


def _events(comparison: Mapping[str, Any] | None) -> tuple[int, int]:
    if comparison is None or "events" not in comparison:
        return 0, 0
    tested, control = comparison["events"].values()
    return tested, control


def spoke(rule: str) -> str:
    """The column that says whether a safety rule spoke."""
    return f"spoke_{rule}"


def as_lines(whole: NDArray[np.int64], real: NDArray[np.float64], plan: Plan) -> Lines:
    """Columns by name, with what follows from them, shape (n,) each.

    estimate: the last look's rate of the tested arm. favours_tested: the hazard ratio is below 1. significant: the
    two-sided log-rank test is below 5 %. spared: patients who were never randomised because the trial stopped early.
    """
    # A column's numbers side by side: they are gone through many times.
    found: dict[str, NDArray[np.int64]] = dict(zip(INTEGERS, np.ascontiguousarray(whole.T), strict=False))
    for i, name in enumerate(REFERENCE_ONLY, len(INTEGERS)):
        found[name] = whole[:, i] if i < whole.shape[1] else np.zeros(len(whole), dtype=np.int64)
    log_hr, se, chi2 = real.T
    found["safety_day"] = np.where(found["safety_day"] < 0, NONE, found["safety_day"])
    for name, values in zip(SOMETIMES[:2], (log_hr, se), strict=True):
        finite = np.isfinite(values)
        found[name] = np.where(finite, np.rint(np.where(finite, values, 0) * MILLIONTHS), NONE).astype(np.int64)
    n = np.maximum(found["evaluable"], 1)
    found["estimate"] = np.rint(found["successes"] * MILLIONTHS / n).astype(np.int64)
    with np.errstate(invalid="ignore"):
        favours = log_hr < 0
        significant = chi2 > 3.841458820694124
    declared = found["action"] == CODES["declare"]
    early = found["looks"] < len(plan.design.looks)
    compared = ~np.isnan(log_hr)
    yes: dict[str, Any] = {
        "declared": declared,
        "stopped_early": early,
        "compared": compared,
        "declared_against": declared & compared & ~favours,
        "stopped_against": ~declared & compared & favours & significant,
        "unruled": found["status"] == UNRULED_LOOK,
        "safety_speaks": found["safety_spoke"] > 0,
        "selected_best": found["selected"] == 1 + _best(plan),
    }
    yes |= {spoke(rule.name): (found["safety_spoke"] >> i) & 1 for i, rule in enumerate(plan.trial.safety)}
    found |= {name: value.astype(np.int64) for name, value in yes.items()}
    found["spared"] = np.where(early, plan.trial.target_enrolment - found["randomised"], 0)
    return found


def _best(plan: Plan) -> int:
    """The place of the tested arm with the highest rate by the scenario, the first of several; -2 where there is no selection."""
    if plan.design.takes is not ArmsEvidence:
        return -2
    arms = [a.name for a in plan.trial.arms]
    rates = {
        a.name: rate_shown(a.name, plan.courses[a.name], plan.trial, plan.scenario) for a in plan.trial.tested_arms
    }
    return arms.index(max(rates, key=lambda arm: rates[arm] or 0.0))
