"""Conditional and predictive power at a look after which the trial went on, of every design for which they can be reckoned."""

from __future__ import annotations

from typing import Any

import numpy as np

from equipoise.decide.evidence import maker_of
from equipoise.design.one_rate.rate_design import RateDesign
from equipoise.design.one_time.two_look_survival import TwoLookSurvival
from equipoise.design.randomised.exact_two_arm import ExactTwoArm
from equipoise.design.randomised.group_sequential import GroupSequentialLogRank
from equipoise.design.randomised.jung import JungTwoStage
from equipoise.design.randomised.logrank_plan import drift
from equipoise.design.study.still_to_come import still_to_come
from equipoise.design.study.still_to_come_of_two import Power, of_log_rank, of_two_rates, of_two_statistics
from equipoise.dossier.findings import Findings
from equipoise.trial.decision import Decision
from equipoise.trial.evidence import ReferenceStatistic, StatisticEvidence, TwoArmEvidence
from equipoise.trial.exhibits import Cell, Exhibit, Paragraph, Table
from equipoise.trial.said_numbers import percent

_TITLE = "What is still to come"
_SOURCE = "Conditional power: Lan & Wittes 1988, doi:10.2307/2531870; predictive power: Spiegelhalter et al. 1986, doi:10.1016/0197-2456(86)90003-6."
_NO_RECKONING = "Conditional and predictive power are not computed for a design of this kind."


def power_exhibits(f: Findings, d: Decision, design: Any) -> list[Exhibit]:
    """Of the last look taken: nothing after the last of all, or where the trial did not go on; a sentence where it cannot be reckoned."""
    if d.look >= len(design.looks) or d.action.name != "continue":
        return []
    if isinstance(design, RateDesign):
        return _of_one_rate(f, d, design)
    if not isinstance(design, GroupSequentialLogRank | JungTwoStage | ExactTwoArm | TwoLookSurvival):
        return [Paragraph(_NO_RECKONING, "note")]
    if d.cutoff != f.snap.cutoff:
        text = (
            f"Conditional and predictive power at this look are in the report of its own cut-off: --cutoff {d.cutoff}."
        )
        return [Paragraph(text, "note")]
    evidence = maker_of(f.trial).gather(f.trial, f.snap, d.look).seen().evidence
    if isinstance(design, TwoLookSurvival):
        return _of_times(d, design, evidence)
    if isinstance(design, GroupSequentialLogRank):
        return _of_log_rank(d, design, evidence)
    return _of_two_rates(d, design, evidence)


def _of_one_rate(f: Findings, d: Decision, design: RateDesign) -> list[Exhibit]:
    numbers = d.evidence[f.trial.tested_arms[0].name]
    n, x = int(numbers["n"]), int(numbers["successes"])
    if n >= design.stages.n[d.look]:
        return []
    found = still_to_come(design.stages, d.look, n, x, design.p0, design.p1)
    power = Power(found.at_p0, found.at_p1, found.at_seen, found.predictive)
    said = (
        f"the rate is p0 = {percent(design.p0, 0)}",
        f"the rate is p1 = {percent(design.p1, 0)}",
        f"the rate is as seen, {percent(x / n)}",
    )
    return [_table(power, said, "uniform prior", f"{x} successes among {n} at look {d.look}")]


def _of_log_rank(d: Decision, design: GroupSequentialLogRank, e: StatisticEvidence) -> list[Exhibit]:
    t, later, lower, upper = design.to_come(e)
    if not later or not 0 < t < later[0]:
        return []
    target = drift(design.maximum, design.hazard_ratio, design.tested, design.control)
    found = of_log_rank(e.z, t, later, lower, upper, target)
    said = ("there is no difference", f"the hazard ratio is {design.hazard_ratio:g}", "the trend is as seen")
    return [
        _table(
            found,
            said,
            "flat prior of the log hazard ratio",
            f"z = {e.z:.4f} at {e.information:g} events, look {d.look}",
        )
    ]


def _of_two_rates(d: Decision, design: JungTwoStage | ExactTwoArm, e: TwoArmEvidence) -> list[Exhibit]:
    all_x, all_y = design.tested * design.m, design.control * design.m
    more = all_x - e.n, all_y - e.control_n
    if min(more) < 0 or not e.n or not e.control_n:
        return []
    if isinstance(design, ExactTwoArm):
        rejects = design.region
    else:
        of = design.control * np.arange(all_x + 1)[:, None] - design.tested * np.arange(all_y + 1)[None, :]
        rejects = np.asarray(of >= design.c)
    found = of_two_rates(e.successes, e.n, e.control_successes, e.control_n, more, rejects, design.p0, design.p1)
    p0, p1 = percent(design.p0, 0), percent(design.p1, 0)
    seen = f"{e.successes} of {e.n} against {e.control_successes} of {e.control_n}"
    said = (f"both rates are {p0}", f"the rates are {p1} and {p0}", "the rates are as seen")
    return [_table(found, said, "uniform priors of both rates", f"{seen} at look {d.look}")]


def _of_times(d: Decision, design: TwoLookSurvival, e: ReferenceStatistic) -> list[Exhibit]:
    plan = design.attained_plan(e.information, design.plan.n)
    found = of_two_statistics(e.z, lambda ratio: design.theory(plan, ratio), design.c2, design.survival.hazard_ratio)
    said = (
        "survival is the reference's",
        f"the hazard ratio is {design.survival.hazard_ratio:g}",
        "the hazard ratio is the one that fits what was seen",
    )
    return [
        _table(
            found,
            said,
            "flat prior of the log hazard ratio",
            f"z = {e.z:.4f} with {e.information:g} enrolled, look {d.look}",
        )
    ]


def _table(p: Power, said: tuple[str, str, str], prior: str, after: str) -> Table:
    at = zip(said, (p.null, p.target, p.seen), strict=True)
    rows: list[list[Cell]] = [[f"Conditional power, if {text}", percent(value)] for text, value in at]
    rows.append([f"Predictive power, {prior}", percent(p.predictive)])
    note = f"The probability that the trial declares in the end, after {after}, through every boundary to come."
    return Table(_TITLE, ["", "Probability"], rows, notes=(note, _SOURCE))
