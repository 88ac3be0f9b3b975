"""Safety rules beside the design, compiled: the processor time of a trial with a rule over that without.

Without is said in both ways: the same scenario without the rule, where adverse events that no rule counts are not drawn; and without both,
where nobody has an adverse event at all. Each kind's example under its design's own target, in patients who have adverse events and may die of them;
NORTH in its scenario 'toxic', with nine kinds of them. Processor time of one process, turn about in the same run; the least of the rounds.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

from equipoise.design import shelf
from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.scenario_file import read_scenario
from equipoise.files.trial_file import read_toml, trial_from
from equipoise.simulate.own_truth import own_scenarios
from equipoise.simulate.plan import Plan
from equipoise.simulate.replicates import Kernel
from equipoise.simulate.scenario import AdverseEventTruth, Scenario
from equipoise.trial.problem import BadInput

#: Rules on the tested arm, by what they are; those on two arms are left out where there is one.
ONE = {"rule": {"kind": "safety-pocock", "theta0": 0.2, "theta1": 0.4, "n": 30, "phi": 0.05}, "within": "90 days"}
TWO = {"rule": {"kind": "safety-imbalance", "n": 40, "control_n": 40, "events": 12, "false_alarm": 0.05}}
HARM = {"rule": {"kind": "safety-survival", "margin": 1.3, "benefit": 0.8, "deaths": [20, 40]}}
DEATHS, SEVERE = {"counts": {"fatal": True}}, {"counts": {"terms": ["infection"], "grade_at_least": 3}}
ANY, SERIOUS = {"counts": {"grade_at_least": 3}}, {"counts": {"serious": True}}
PAUSE = {"does": "pause", "review": "3 weeks"}
RULES = {
    "deaths, caution": ONE | DEATHS | {"does": "caution"},
    "deaths, stop": ONE | DEATHS | {"does": "stop"},
    "deaths, pause": ONE | DEATHS | PAUSE,
    "severe infections, caution": ONE | SEVERE | {"does": "caution"},
    "severe infections each 6 patients, stop": ONE | SEVERE | {"does": "stop", "looks": {"each": 6}},
    "severe infections monthly, pause": ONE | SEVERE | PAUSE | {"looks": "monthly"},
    "any of grade 3 or worse, caution": ONE | ANY | {"does": "caution"},
    "any serious one, pause": ONE | SERIOUS | PAUSE,
    "imbalance of deaths, caution": TWO | DEATHS | {"does": "caution"},
    "imbalance of deaths, pause": TWO | DEATHS | PAUSE,
    "survival, caution": HARM | {"does": "caution"},
    "survival, pause": HARM | PAUSE,
}  # fmt: skip
EVENTS = (
    AdverseEventTruth(term="infection", probability=0.3, severe=0.6, fatal=0.1),
    AdverseEventTruth(term="rash", probability=0.5, severe=0.1),
)
AT = [{"when": w, "at": "that day"} for w in ("withdrawal", "loss", "no event")]
SURVIVAL = {
    "name": "death", "label": "Overall survival", "role": "secondary", "kind": "time to event", "events": ["death"],
    "origin": "randomisation", "report_at": "6 months", "censoring": AT,
}  # fmt: skip


def with_rule(name: str, rule: dict[str, Any] | None) -> Any:
    """The file's trial with this safety rule alone; None where it has no second arm that the rule asks for."""
    raw = read_toml(find_trial(name), "a trial file")
    arms = [a["name"] for a in raw["arms"]]
    raw["assumptions"] = [a for a in raw.get("assumptions", []) if "safety" not in a["of"]]
    raw["safety"] = []
    if rule is not None:
        two = rule["rule"]["kind"] in ("safety-imbalance", "safety-survival")
        if two and len(arms) != 2:
            return None
        said = {"name": "watched", "label": "Harm", **rule} | ({"between": arms} if two else {"arm": arms[0]})
        if rule["rule"]["kind"] == "safety-survival":
            raw["endpoints"] = [*raw["endpoints"], SURVIVAL]
            shares = ":".join(str(a.get("share", 1)) for a in raw["arms"])
            said |= {"endpoint": "death", "rule": rule["rule"] | {"allocation": shares}}
        raw["safety"] = [said]
    return trial_from(raw, name)


def truth_of(name: str, trial: Any, *, events: bool) -> Scenario:
    """What is true, with or without adverse events."""
    if name == "north":
        truth, given = read_scenario(find_scenario(find_trial(name), "toxic")), None
    else:
        truth, given = own_scenarios(trial)[-1], EVENTS
    arms = {
        n: t.model_copy(update={"adverse_events": (t.adverse_events if given is None else given) if events else ()})
        for n, t in truth.arms.items()
    }
    return truth.model_copy(update={"arms": arms})


def plans_of(name: str) -> dict[str, Plan]:
    """The trial without adverse events and rule, without a rule, and with each rule."""
    bare = with_rule(name, None)
    found = {
        "neither": Plan.of(bare, truth_of(name, bare, events=False), 1),
        "no rule": Plan.of(bare, truth_of(name, bare, events=True), 1),
    }
    for rule, said in RULES.items():
        try:
            trial = with_rule(name, said)
        except BadInput:
            continue  # the trial's patients cannot have what the rule counts
        if trial is not None:
            found[rule] = Plan.of(trial, truth_of(name, trial, events=True), 1)
    return found


def microseconds(plans: dict[str, Plan], replicates: int, rounds: int) -> dict[str, float]:
    """Processor time a trial of each plan: the least of the rounds."""
    kernels = {name: Kernel(plan) for name, plan in plans.items()}
    took: dict[str, list[float]] = {name: [] for name in kernels}
    for kernel in kernels.values():
        kernel.lines(0, replicates // 10)  # asks the rule; from then on the time is the simulator's own
    for _ in range(rounds):
        for name, kernel in kernels.items():
            start = time.process_time()
            kernel.lines(0, replicates)
            took[name].append((time.process_time() - start) / replicates * 1e6)
    return {name: min(found) for name, found in took.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trials", nargs="*", default=["north", *(f"kinds/{kind}" for kind in shelf.kinds())])
    parser.add_argument("--replicates", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    print(f"{'microseconds a trial, one core; over no rule; over neither rule nor adverse events':70}")
    worst = (0.0, 0.0)
    for name in args.trials:
        plans = plans_of(name)
        if not all(plan.usual for plan in plans.values()):
            print(f"{name}: by the reference only")
            continue
        took = microseconds(plans, args.replicates, args.rounds)
        print(name)
        for plan, time_of in took.items():
            over = (time_of / took["no rule"], time_of / took["neither"])
            print(f"    {plan:42} {time_of:8.1f} {over[0]:6.2f} {over[1]:6.2f}", flush=True)
            worst = (max(worst[0], over[0]), max(worst[1], over[1]))
    print(f"at most {worst[0]:.2f} times no rule, {worst[1]:.2f} times neither")


if __name__ == "__main__":
    main()
