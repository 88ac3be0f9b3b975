"""Whole trials of each kind of design a second: compiled where it is, by the reference loop, and their ratio; rpact beside log-rank.

Each is the example trial of its kind (trials/kinds) under its design's own null and target: sites, enrolment, blocks, the log or its
like, looks when they are ripe, decisions. Processor time of one process, in the same run, turn about; the median of the rounds. rpact's
getSimulationSurvival draws the times of the group-sequential example alone: no sites, no scans, no log. Where R or rpact is not at
hand it is skipped aloud. With --safety: each kind that is compiled with a safety rule beside it, against itself without, in patients who
have adverse events and may die of them.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import time
from statistics import median
from typing import Any

from equipoise.design import shelf
from equipoise.files.bundled import find_trial
from equipoise.files.trial_file import read_toml, read_trial, trial_from
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import Engine, Kernel, simulate
from equipoise.simulate.scenario import AdverseEventTruth
from equipoise.trial.trial import Trial

RPACT = """
suppressPackageStartupMessages(library(rpact))
design <- getDesignGroupSequential(kMax = 2, alpha = 0.05, typeOfDesign = "asOF", informationRates = c(0.5, 1))
once <- function(n) getSimulationSurvival(design, directionUpper = FALSE, hazardRatio = 0.67, lambda2 = log(2) / 5.5,
  plannedEvents = c(93, 186), maxNumberOfSubjects = 234, allocation1 = 2, allocation2 = 1, accrualTime = c(0, 20),
  maxNumberOfIterations = n, seed = 1)
invisible(once(100))
t <- proc.time()
invisible(once(%d))
cat(sum((proc.time() - t)[1:2]) / %d * 1e6)
"""


#: Rules on the tested arm, by what they are; those on two arms are left out where there is one.
ONE = {"rule": {"kind": "safety-pocock", "theta0": 0.2, "theta1": 0.4, "n": 30, "phi": 0.05}, "within": "90 days"}
TWO = {"rule": {"kind": "safety-imbalance", "n": 40, "control_n": 40, "events": 12, "false_alarm": 0.05}}
DEATHS, SEVERE = {"counts": {"fatal": True}}, {"counts": {"terms": ["infection"], "grade_at_least": 3}}
RULES = {
    "deaths, caution": ONE | DEATHS | {"does": "caution"},
    "deaths, stop": ONE | DEATHS | {"does": "stop"},
    "deaths, pause": ONE | DEATHS | {"does": "pause", "review": "3 weeks"},
    "severe infections, caution": ONE | SEVERE | {"does": "caution"},
    "severe infections each 6 patients, stop": ONE | SEVERE | {"does": "stop", "looks": {"each": 6}},
    "severe infections monthly, pause": ONE | SEVERE | {"does": "pause", "review": "3 weeks", "looks": "monthly"},
    "imbalance of deaths, caution": TWO | DEATHS | {"does": "caution"},
    "survival, caution": {"rule": {"kind": "safety-survival", "margin": 1.3, "benefit": 0.8, "deaths": [20, 40]}, "does": "caution"},
}  # fmt: skip
EVENTS = (
    AdverseEventTruth(term="infection", probability=0.3, severe=0.6, fatal=0.1),
    AdverseEventTruth(term="rash", probability=0.5, severe=0.1),
)


def beside(kind: str, rule: dict[str, Any] | None) -> Trial | None:
    """The example of a kind with a safety rule; None where it has no second arm that the rule asks for."""
    raw = read_toml(find_trial(f"kinds/{kind}"), "a trial file")
    arms = [a["name"] for a in raw["arms"]]
    raw["safety"] = []
    if rule is not None:
        two = rule["rule"]["kind"] in ("safety-imbalance", "safety-survival")
        if two and len(arms) != 2:
            return None
        said = {"name": "watched", "label": "Harm", **rule} | ({"between": arms} if two else {"arm": arms[0]})
        if rule["rule"]["kind"] == "safety-survival":
            at = [{"when": w, "at": "that day"} for w in ("withdrawal", "loss", "no event")]
            of = {
                "name": "death",
                "label": "Overall survival",
                "role": "secondary",
                "kind": "time to event",
                "events": ["death"],
            }
            raw["endpoints"] = [
                *raw["endpoints"],
                of | {"origin": "randomisation", "report_at": "6 months", "censoring": at},
            ]
            shares = ":".join(str(a.get("share", 1)) for a in raw["arms"])
            said |= {"endpoint": "death", "rule": rule["rule"] | {"allocation": shares}}
        raw["safety"] = [said]
    return trial_from(raw, kind)


def with_rules(kinds: list[str], replicates: int, rounds: int) -> None:
    """The processor time of each kind with a rule beside it, over that without."""
    print("kind: without a rule [microseconds a trial, one core]; ratio with each rule")
    for kind in kinds:
        bare = beside(kind, None)
        assert bare is not None
        truth = own_scenarios(bare)[-1]
        arms = {n: t.model_copy(update={"adverse_events": EVENTS}) for n, t in truth.arms.items()}
        plans = {}
        for name, rule in {"without": None, **RULES}.items():
            trial = beside(kind, rule)
            if trial is not None:
                plans[name] = Plan.of(trial, truth.model_copy(update={"arms": arms}), 1)
        if not all(plan.usual for plan in plans.values()):
            print(f"{kind:24} reference only")
            continue
        kernels = {name: Kernel(plan) for name, plan in plans.items()}
        took: dict[str, list[float]] = {name: [] for name in kernels}
        for _ in range(rounds + 1):
            for name, kernel in kernels.items():
                start = time.process_time()
                kernel.lines(0, replicates)
                took[name].append((time.process_time() - start) / replicates * 1e6)
        # The first round asks the rule; the others are the simulator's own, and the best of them the least disturbed.
        without = min(took.pop("without")[1:])
        print(f"{kind:24} {without:8.1f}")
        for name, found in took.items():
            print(f"    {name:40} {min(found[1:]) / without:5.2f}", flush=True)


def microseconds(plan: Plan, n: int, engine: Engine) -> float:
    """Processor time a trial."""
    start = time.process_time()
    for _ in simulate(plan, n, 1, engine=engine):
        pass
    return (time.process_time() - start) / n * 1e6


def rpact(n: int) -> float | None:
    """The same of rpact; None where it is not at hand."""
    if shutil.which("Rscript") is None:
        return None
    done = subprocess.run(["Rscript", "-e", RPACT % (n, n)], capture_output=True, text=True, check=False)
    return float(done.stdout) if done.returncode == 0 else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=shelf.kinds())
    parser.add_argument("--replicates", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--safety", action="store_true", help="each compiled kind with safety rules beside it")
    args = parser.parse_args()
    if args.safety:
        with_rules(args.kinds, args.replicates // 5, args.rounds)
        return
    print("kind, truth: compiled and reference [microseconds a trial, one core], ratio")
    for kind in args.kinds:
        trial = read_trial(find_trial(f"kinds/{kind}"))
        for scenario in (own_scenarios(trial)[0], own_scenarios(trial)[-1]):
            plan = Plan.of(trial, scenario, 1)
            microseconds(plan, 2, "reference")
            if plan.usual:
                microseconds(plan, 100, "compiled")
            fast, slow = [], []
            for _ in range(args.rounds):
                slow.append(microseconds(plan, 20, "reference"))
                if plan.usual:
                    fast.append(microseconds(plan, args.replicates, "compiled"))
            told = f"{median(fast):10.1f} {median(slow):10.0f}  {median(slow) / median(fast):8,.0f}" if fast else (
                f"{'-':>10} {median(slow):10.0f}  reference only"
            )  # fmt: skip
            print(f"{kind:24} {scenario.id:14} {told}", flush=True)
    there = rpact(2000)
    print("rpact: not at hand, skipped" if there is None else f"rpact, group-sequential, times alone: {there:.1f}")


if __name__ == "__main__":
    main()
