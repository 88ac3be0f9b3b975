"""Random safety rules for a trial file, and what random truths need for them to have something to see."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

#: What a rule may count, of the adverse events that EVENTS and the toxicity may bring.
COUNTS: tuple[dict[str, Any], ...] = (
    {"fatal": True}, {"grade_at_least": 5, "serious": True}, {"fatal": True, "terms": ["infection"]}, {"grade_at_least": 3},
    {"terms": ["infection", "rash"]}, {"serious": True}, {"grade_at_least": 2, "fatal": False}, {"serious": False, "related": True},
    {"grade_at_least": 4, "terms": ["Neutropenia", "infection"]}, {"organ_class": "Infections and infestations"}, {"related": False},
)  # fmt: skip
#: Rules on one arm's rate, small; some may end early with an acceptable rate.
RATES: tuple[dict[str, Any], ...] = (
    {"kind": "safety-pocock", "phi": 0.3},
    {"kind": "safety-pocock", "phi": 0.2, "first": 4, "cohort": 5},
    {"kind": "safety-bayes", "phi": 0.2, "first": 3, "cohort": 2},
    {"kind": "safety-sprt", "alpha": 0.2, "power": 0.7, "cohort": 3},
    {"kind": "safety-sprt", "alpha": 0.1, "power": 0.8, "lower": True},
)
#: Adverse events of an arm.
EVENTS: tuple[tuple[dict[str, Any], ...], ...] = (
    (),
    ({"term": "infection", "probability": 0.5, "severe": 0.5, "fatal": 0.3},),
    (
        {"term": "neutropenia", "probability": 0.6, "severe": 0.75}, {"term": "fatigue", "probability": 0.5, "severe": 0.12, "fatal": 0.0},
        {"term": "infection", "probability": 0.34, "severe": 0.6, "fatal": 0.2}, {"term": "stroke", "probability": 0.1, "severe": 1.0, "fatal": 0.5},
    ),
)  # fmt: skip
TOXICITY: dict[str, Any] = {
    "name": "rash-3", "label": "Dose-limiting toxicity", "role": "secondary", "kind": "toxicity", "counts": {"terms": ["rash"], "grade_at_least": 3},
    "within": "40 days", "window": "2 weeks", "not_evaluable": "replace",
}  # fmt: skip


def survival(name: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    """An endpoint of overall survival."""
    return {
        "name": name, "label": name, "role": "secondary", "kind": "time to event", "origin": "randomisation", "events": ["death"],
        "report_at": "6 months", "censoring": rules,
    }  # fmt: skip


@st.composite
def rules(draw: st.DrawFn, raw: dict[str, Any], most: int = 3) -> list[dict[str, Any]]:
    """Safety rules for a file with these arms, up to so many; a rule on survival brings an endpoint with it."""
    arms, found = raw["arms"], []
    names = [a["name"] for a in arms]
    for i in range(draw(st.integers(0, most))):
        said: dict[str, Any] = {
            "rule": draw(st.sampled_from(RATES)) | {"theta0": 0.1, "theta1": 0.4, "n": draw(st.sampled_from((6, 20)))},
            "arm": draw(st.sampled_from(names)),
        }
        way = draw(st.integers(0, 3)) if len(arms) > 1 else 0
        if way == 1:
            events = {"n": 8, "control_n": 6, "events": 6, "first": draw(st.sampled_from((1, 3))), "false_alarm": 0.3}
            method = draw(st.sampled_from(("pocock", "sprt", "bayes")))
            said = {"rule": {"kind": "safety-imbalance", "method": method, **events}, "between": names[:2]}
        does = draw(st.sampled_from(("caution", "pause", "stop")))
        said |= {"name": f"rule-{i}", "label": "Harm", "does": does}
        if does == "pause":
            said["review"] = draw(st.sampled_from(("1 day", "3 weeks", "4 months")))
        if way == 2:
            at = draw(st.sampled_from(("last assessment", "last contact", "that day")))
            endpoint = survival(f"OS-{i}", [{"when": w, "at": at} for w in ("withdrawal", "loss", "no event")])
            raw["endpoints"] = [*raw["endpoints"], endpoint]
            ratio = f"{arms[0].get('share', 1)}:{arms[1].get('share', 1)}"
            deaths = draw(st.sampled_from(([5, 10], [8], [3, 6, 12, 30])))
            rule = {"kind": "safety-survival", "margin": 1.3, "benefit": 0.8, "deaths": deaths, "allocation": ratio}
            found.append({k: v for k, v in said.items() if k != "arm"} | {"rule": rule, "between": names[:2], "endpoint": f"OS-{i}"})  # fmt: skip
            continue
        ends = said["rule"].get("lower", False)
        windows = [{"within": "60 days"}, {"within": "20 days"}, *([] if ends else [{}])]
        found.append(
            said
            | {
                "counts": copy.deepcopy(draw(st.sampled_from(COUNTS))),
                "among": draw(st.sampled_from(("treated", "randomised"))),
                "looks": draw(st.sampled_from(("each event", "monthly", {"each": 1}, {"each": 4}))),
                **draw(st.sampled_from(windows)),
            }
        )
    return found


@st.composite
def later_treatment(draw: st.DrawFn, raw: dict[str, Any]) -> None:
    """The arms are treated as they were or later, so that some are off study before their first dose; or one of them was not."""
    for arm in raw["arms"]:
        regimen = arm.setdefault(
            "regimen", [{"drug": "X", "dose": 1, "unit": "mg", "days": [1], "cycle_length": "21 days", "cycles": 4}]
        )
        later = draw(st.sampled_from((0, 0, 1, 4, 30)))
        for drug in regimen:
            drug["days"] = [d + later for d in drug["days"]]
            if later > 4:
                drug["cycle_length"] = "42 days"
        if draw(st.integers(0, 5)) == 0:
            # Days that count from the first dose need one on every arm.
            arm.pop("regimen")
            for e in raw["endpoints"]:
                if e["kind"] == "toxicity":
                    e["origin"] = "randomisation"


@st.composite
def harms(draw: st.DrawFn, *, toxicity: bool) -> dict[str, Any]:
    """What an arm's truth says of adverse events and of treatment. ``toxicity``: the trial has TOXICITY."""
    found = {
        "adverse_events": copy.deepcopy(draw(st.sampled_from(EVENTS))),
        "stops_for_toxicity": draw(st.sampled_from((0.0, 0.6))),
        "cycles_delayed": draw(st.sampled_from((0.0, 0.5))),
    }
    if toxicity:
        found |= {
            "toxicities": {"rash-3": draw(st.sampled_from((0.0, 0.4)))},
            "toxicity_odds_ratio": draw(st.sampled_from((None, 0.2, 5.0))),
        }
    return {k: v for k, v in found.items() if v is not None}
