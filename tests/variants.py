"""Random trials and truths: variants of NORTH that share nothing but its shape."""

from __future__ import annotations

import copy
import tomllib
from typing import Any

import numpy as np
from hypothesis import strategies as st

from equipoise.files.bundled import find_scenario, find_trial
from equipoise.files.trial_file import design_from, read_toml, trial_from
from equipoise.simulate.plan import Plan
from equipoise.simulate.scenario import Scenario
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial
from equipoise.trial.validate import validate_parts
from random_rules import TOXICITY, harms, later_treatment, rules

NORTH: dict[str, Any] = tomllib.loads(find_trial("north").read_text())
TRUTH: dict[str, Any] = read_toml(find_scenario(find_trial("north"), "target"), "a scenario")
_RULES = ("last assessment", "last contact", "that day")


def scenario(**changes: Any) -> Scenario:
    """NORTH's target scenario, changed: ``arms__CE__median_os="9 months"``; None takes an entry away."""
    raw = copy.deepcopy(TRUTH)
    for path, value in changes.items():
        place = raw
        *head, last = path.split("__")
        for step in head:
            place = place[step]
        if value is None:
            place.pop(last)
        else:
            place[last] = value
    return read_truth(raw)


@st.composite
def first_events(draw: st.DrawFn, rated: bool) -> dict[str, Any]:
    """One way of saying what is true of an arm's first events and of death after them."""
    way = draw(st.sampled_from(("rate", "median", "tau", "pieces") if rated else ("median", "tau", "pieces")))
    if way == "pieces":
        hazard = st.floats(0.005, 0.3)
        ends = draw(st.sampled_from(((), ("2 months",), ("2 months", "5 months"))))

        def pieces() -> list[dict[str, Any]]:
            return [{"until": e, "per_month": draw(hazard)} for e in ends] + [{"per_month": draw(hazard)}]

        return {"hazards": {"progression": pieces(), "death_before": pieces(), "death_after": pieces()}}
    found: dict[str, Any] = {
        "median_os": f"{draw(st.integers(11, 20))} months",
        "shape": draw(st.sampled_from((1.0, 1.4))),
    }
    if way == "rate":
        found |= {"observed_rate": draw(st.floats(0.35, 0.6)), "death_first": draw(st.floats(0.0, 0.3))}
    elif way == "median":
        found |= {"median_pfs": f"{draw(st.integers(3, 8))} months", "death_first": draw(st.floats(0.0, 0.3))}
        found["cured"] = draw(st.sampled_from((0.0, 0.1)))
        found["shape_after"] = draw(st.sampled_from((1.0, 0.8)))
    else:
        found |= {"median_pfs": "5.5 months", "median_os": "9.6 months", "tau": 0.58, "death_first": 0.12, "shape": 1.0}
    return found


#: Designs on one rate, small; each is drawn as often as another.
DESIGNS: dict[str, list[dict[str, Any]]] = {
    "simon": [
        {"sizes": "stated", "n1": n1, "n": n, "r1": r1, "r": r1 + n // 4, "p0": 0.3, "p1": 0.5, "alpha": 0.4, "power": 0.5}
        for n1, n in ((6, 14), (10, 18), (12, 24)) for r1 in (1, n1 // 2)
    ],
    "a-hern": [{"p0": 0.3, "p1": 0.6, "alpha": 0.1, "power": 0.8}],
    "chen": [{"criterion": "minimax", "p0": 0.2, "p1": 0.5, "alpha": 0.1, "power": 0.8}],
    "fleming": [{"p0": 0.3, "p1": 0.6, "alpha": 0.1, "power": 0.7, "sizes": s} for s in ((8, 16), (6, 12, 18))],
    "gehan": [{"p1": 0.3, "beta": 0.1, "se": 0.11}, {"p1": 0.4, "beta": 0.05, "se": 0.12, "sized_for": "observed"}],
    "mander-thompson": [{"p0": 0.2, "p1": 0.6, "alpha": 0.1, "power": 0.8}],
    "green-dahlberg": [{"p0": 0.3, "p1": 0.6, "alpha": 0.1, "power": 0.8, "n1": 8, "n": 17}],
    "attained": [
        {"p0": 0.3, "p1": 0.6, "alpha": 0.3, "power": 0.5, "r1": 2, "n1": 8, "r": 6, "n": 16, "attained_n1": 9, "attained_n": 18}
    ],
    "englert-kieser": [
        {"p0": 0.3, "p1": 0.6, "alpha": 0.3, "power": 0.5, "r1": 2, "n1": 8, "r": 6, "n": 16, "attained_n": n} for n in (14, 19)
    ],
    "lee-liu": [{"p0": 0.3, "p1": 0.6, "alpha": 0.2, "power": 0.6, "nmax": 16}],
    "thall-simon": [{"p0": 0.3, "p1": 0.5, "nmax": 20, "nmin": 5, "cohort": 3, "standard_n": 50.0, "delta": 0.1}],
    "borrowing-one-arm": [{"p0": 0.3, "p1": 0.6, "history_x": (12, 9), "history_n": (40, 35), "n": 20, "n1": 9}],
    "bop2": [{"endpoint": "response", "p0": 0.3, "p1": 0.6, "alpha": 0.2, "looks": (6, 10, 16)}],
}  # fmt: skip
#: What a look is on: a time read at a landmark, by its name; a response; an outcome recorded by its own name.
ENDPOINTS = ("PFS", "OS", "TTP", "ORR", "pCR")
POLICIES = ("replace", "failure", "exclude")
#: Those that test nothing: no comparison at their own alpha can take over.
UNTESTED = ("gehan", "englert-kieser")


@st.composite
def plans(draw: st.DrawFn, endpoint: str | None = None, policy: str | None = None) -> Plan:
    """A plan of a random trial, with a random design, under a random truth; its ``endpoint`` (one of ENDPOINTS) and the
    ``policy`` for who cannot be evaluated may be given.
    """
    raw, truth = copy.deepcopy(NORTH), copy.deepcopy(TRUTH)
    raw["assumptions"], raw["sources"] = [], []
    shares = _arms(draw, raw, truth)
    total = sum(shares)
    kind = draw(st.sampled_from(sorted(DESIGNS)))
    raw["design"] = {"kind": kind, **draw(st.sampled_from(DESIGNS[kind]))}
    design, problems = design_from(raw["design"])
    assert design is not None, problems
    looks = [look.n for look in design.looks]
    raw["target_enrolment"] = int(looks[-1] * total / shares[0]) + draw(st.integers(0, 12))
    monitoring = raw["monitoring"]
    monitoring.pop("control_cohort")
    if len(shares) > 1 and draw(st.integers(0, 2)) > 0:
        monitoring["control_cohort"] = [max(1, k * shares[1] // shares[0] - 2) for k in looks]
    if draw(st.integers(0, 4)) == 0:
        monitoring["not_before"] = [f"{6 * (i + 1)} months" for i in range(len(looks))]
    monitoring["readout_delay"] = draw(st.sampled_from(("0 days", "3 days", "4 weeks", "8 weeks")))
    monitoring["final_follow_up"] = draw(st.sampled_from(("1 month", "8 months")))
    every = draw(st.integers(3, 12))
    raw["assessments"].update(first=f"{every + draw(st.integers(0, 2))} weeks", every=f"{every} weeks")
    rated = _endpoint(
        draw, raw, endpoint or draw(st.sampled_from(ENDPOINTS)), policy or draw(st.sampled_from(POLICIES))
    )
    _history(draw, raw, kind)
    toxicity = draw(st.booleans())
    if toxicity:
        raw["endpoints"] = [*raw["endpoints"], dict(TOXICITY)]
    draw(later_treatment(raw))
    raw["safety"] = draw(rules(raw))
    truth.update(
        screening_failure=draw(st.sampled_from((0.0, 0.3))),
        withdrawal_per_year=draw(st.sampled_from((0.0, 0.05, 0.6))),
        loss_per_year=draw(st.sampled_from((0.0, 0.02, 0.5))),
        reporting_delay=draw(st.sampled_from(("0 days", "5 days", "60 days"))),
        visits={"jitter": f"{draw(st.integers(0, 7))} days", "missed": draw(st.sampled_from((0.0, 0.1, 0.4)))},
        accrual={
            "pace": draw(st.floats(0.5, 3.0)),
            "ramp_up": draw(st.sampled_from(("0 days", "3 months"))),
            "varies": draw(st.sampled_from((0.0, 0.5, 1.5))),
            "opens_late": draw(st.sampled_from(("0 days", "1 month"))),
        },
    )
    names_of = [a["name"] for a in raw["arms"]]
    outcomes = [e["name"] for e in raw["endpoints"] if e["kind"] == "outcome"]
    truth["arms"] = {}
    for i, name in enumerate(names_of):
        arm: dict[str, Any] = {
            "response": draw(st.sampled_from((0.3, 0.6))),
            "first_scan_response": draw(st.sampled_from((0.2, 0.7))),
            "outcomes": {n: 0.5 if n == "other" else draw(st.sampled_from((0.3, 0.6))) for n in outcomes},
            **draw(harms(toxicity=toxicity)),
        }
        if i > 0 and draw(st.booleans()):
            ratio: Any = draw(st.floats(0.5, 2.0))
            if draw(st.booleans()):
                ratio = ({"until": "3 months", "ratio": 1.0}, {"ratio": ratio})
            arm |= {"like": names_of[0], "hazard_ratio": ratio}
        else:
            arm |= draw(first_events(rated))
        truth["arms"][name] = arm
    trial = trial_from(raw, "variant")
    scenario = read_truth(truth)
    waiting = draw(st.sampled_from(("continue", "pause", "cap")))
    cap = draw(st.integers(0, 8)) if waiting == "cap" else None
    return Plan.of(trial, scenario, draw(st.integers(0, 99)), waiting, cap)  # type: ignore[arg-type]


def _arms(draw: st.DrawFn, raw: dict[str, Any], truth: dict[str, Any]) -> tuple[int, ...]:
    """One arm to three, randomised in strata or, of one arm, not at all; returns the arms' shares."""
    arms = draw(st.sampled_from((1, 2, 3)))
    shares: tuple[int, ...] = draw(st.sampled_from(((1, 1), (2, 1)))) if arms > 1 else (1,)
    raw["arms"] = raw["arms"][:arms]
    if arms == 3:
        raw["arms"].append({**raw["arms"][1], "name": "B", "label": "B"})
        shares = (2, 1, 1)
    for arm, share in zip(raw["arms"], shares, strict=True):
        arm["share"] = share
    total = sum(shares)
    truth["factors"], truth["prognosis"] = {}, {}
    if arms == 1 and draw(st.booleans()):
        raw.pop("randomisation")
        return shares
    raw["randomisation"] = {
        "method": "permuted blocks",
        "block_sizes": [max(b, 2) for b in draw(st.sampled_from(([total], [total, 3 * total])))],
    }
    names = draw(st.sampled_from(((), ("a",), ("a", "b"), ("a", "b", "c", "d"))))
    if names:
        raw["randomisation"]["factors"] = [{"name": n, "levels": ["x", "y", "z"][: 2 + (n == "b")]} for n in names]
        truth["factors"] = {names[0]: (0.7, 0.3)}
        if draw(st.booleans()):
            truth["prognosis"] = {names[0]: (1.0, draw(st.floats(0.5, 2.0)))}
    return shares


def _endpoint(draw: st.DrawFn, raw: dict[str, Any], kind: str, not_evaluable: str) -> bool:
    """The monitored endpoint: a landmark, censored somehow, a response, or an outcome by its own name. True if a scenario may state
    its rate as scans show it."""
    endpoints = {e["name"]: e for e in raw["endpoints"]}
    policy = {"not_evaluable": not_evaluable}
    if kind == "ORR":
        every = int(raw["assessments"]["every"].split()[0])
        raw["monitoring"]["endpoint"] = "ORR"
        endpoints["ORR"].update(
            policy,
            success=draw(st.sampled_from((["CR", "PR"], ["CR"], ["CR", "PR", "SD"], ["SD"]))),
            confirmed=draw(st.booleans()),
            confirmation_after=draw(st.sampled_from(("4 weeks", "1 day", "12 weeks"))),
            within=f"{draw(st.integers(every + 2, 40))} weeks",
            window=f"{draw(st.integers(0, 8))} weeks",
            **draw(st.sampled_from(({}, {"stable_from": "10 weeks"}))),
        )
        return False
    if kind == "pCR":
        raw["monitoring"]["endpoint"] = "pCR"
        results = {"role": "secondary", "kind": "outcome", "success": ["yes"], "failure": ["no"]}
        raw["endpoints"] = [
            *raw["endpoints"],
            {"name": "other", "label": "Another", **results, "due": "3 months", "window": "1 week", "not_evaluable": "failure"},
            {
                "name": "pCR", "label": "Complete response", **results, **policy,
                "due": f"{draw(st.integers(0, 12))} months", "window": f"{draw(st.integers(0, 60))} days",
            },
        ]  # fmt: skip
        return False
    rules = [{"when": "no event", "at": draw(st.sampled_from(_RULES))}]
    for when in ("loss", "withdrawal", *(("death",) if kind == "TTP" else ())):
        # Death is an event or it censors: one must be said.
        if when == "death" or draw(st.integers(0, 3)) > 0:
            rules.insert(0, {"when": when, "at": draw(st.sampled_from(_RULES))})
    endpoints[kind]["censoring"] = rules
    endpoints[kind].pop("estimand", None)  # it speaks of the rules that stood there
    documented = kind == "PFS" and draw(st.booleans())
    if documented:
        endpoints[kind]["events"] = ["documented progression", "clinical progression", "death"]
    endpoints["PFS6"].update(
        of=kind, landmark=f"{draw(st.integers(2, 12))} months", window=f"{draw(st.integers(1, 14))} weeks", **policy
    )
    return kind == "PFS" and not documented


def _history(draw: st.DrawFn, raw: dict[str, Any], design: str) -> None:
    """No check of the control arm, or one of any method with any consequence."""
    check = {"alpha": draw(st.sampled_from((0.05, 0.2, 0.5)))}
    if not raw["monitoring"].get("control_cohort") or draw(st.integers(0, 3)) == 0:
        raw.pop("history")
        raw.pop("control_check")
        return
    curves = [
        {"endpoint": e, "median": f"{m} months", "source": "made up"} for e, m in (("PFS", 5), ("TTP", 6), ("OS", 9))
    ]
    raw["history"] = {
        "label": "made up",
        "rate": draw(st.sampled_from((0.3, 0.5))),
        "source": "made up",
        "curves": curves,
    }
    methods: tuple[dict[str, Any], ...] = (
        {"method": "exact binomial"}, {"method": "prior predictive", "worth": 50.0},
        {"method": "Bayesian discrepancy", "worth": 50.0, "margin": 0.1},
        *(({"method": "one-sample log-rank"},) * 2 if raw["monitoring"]["endpoint"] == "PFS6" else ()),
    )  # fmt: skip
    check |= draw(st.sampled_from(methods))
    more = () if design in UNTESTED else ("randomised comparison", "re-estimate the hurdle")
    check["on_caution"] = draw(st.sampled_from(("note", "stop", *more)))
    if check["on_caution"] == "re-estimate the hurdle":
        check.setdefault("worth", 30.0)
    raw["control_check"] = check


def read_truth(raw: dict[str, Any]) -> Scenario:
    """A scenario from plain values, arrays as tuples."""
    raw = tuples(raw)
    _, problems = validate_parts(Scenario, raw)
    if problems:
        raise BadInput("variant", problems)
    return Scenario.model_validate(raw)


def tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: tuples(v) for k, v in value.items()}
    return tuple(tuples(v) for v in value) if isinstance(value, list | tuple) else value


def other_trial(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A variant of NORTH, and of its truth, by name."""
    raw, truth = copy.deepcopy(NORTH), copy.deepcopy(TRUTH)
    raw["assumptions"], raw["sources"] = [], []
    match name:
        case "one arm, computed design, no history":
            raw["arms"] = raw["arms"][:1]
            raw["arms"][0]["share"] = 1
            raw["target_enrolment"] = 40
            raw["design"] = {"kind": "simon", "sizes": "optimal", "p0": 0.40, "p1": 0.65, "alpha": 0.10, "power": 0.80}
            raw["monitoring"].pop("control_cohort")
            raw.pop("control_check")
            raw.pop("history")
            truth["arms"].pop("CE")
        case "not evaluable is failure, pause":
            raw["endpoints"][1]["not_evaluable"] = "failure"
            raw["monitoring"]["while_waiting"] = "pause"
        case "equal arms without strata, survival at a year":
            raw["arms"][0]["share"] = 1
            raw["randomisation"] = {"method": "permuted blocks", "block_sizes": [2, 4]}
            raw["monitoring"].update(endpoint="OS12", control_cohort=[15, 30])
            raw["endpoints"][2]["not_evaluable"] = "replace"
            raw["design"] = {"kind": "simon", "sizes": "minimax", "p0": 0.40, "p1": 0.65, "alpha": 0.10, "power": 0.90}
            raw["target_enrolment"] = 60
            truth["factors"] = {}
            for arm in truth["arms"].values():
                arm.pop("observed_rate")
                arm["median_pfs"] = "6 months"
    return raw, truth


def otherwise_paced(trial: Trial, seed: int) -> Trial:
    """The trial with sites as a forecast thinks that they may be."""
    rng = np.random.default_rng(seed)
    sites = tuple(s.model_copy(update={"rate": float(rng.gamma(4) / 4 * s.rate)}) for s in trial.sites)
    return trial.model_copy(update={"sites": sites})
