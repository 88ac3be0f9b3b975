"""Exact behaviour by merged states: against packages that walk every path, against arrays, and against simulation by the same rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from design.dose.oracles import reals, rows
from equipoise.design.dose import dose_shelf, exact_behaviour
from equipoise.design.dose.conformance import faults_of
from equipoise.design.dose.dose_design import DoseVerdict, End, Give, Seen
from equipoise.design.dose.exact import DoseCharacteristics, DoseTruth, characteristics, ends
from equipoise.design.dose.history import answer, take_in
from equipoise.design.dose.paths import pathways
from equipoise.trial.dose_outcomes import read_outcomes
from equipoise.trial.problem import BadInput
from helpers import tried

TRUTH = (0.05, 0.15, 0.30, 0.45, 0.60)


def small(kind: str, **said: Any) -> Any:
    """The example of a kind, with few cohorts."""
    about = dose_shelf.one(kind)
    example, few = dict(about.example), 3 if about.family == "efficacy and toxicity" else 5
    if kind == "efftox":  # each state is a posterior of six parameters
        example["cohort"], few = 2, 2
    if kind == "dose-comparison":
        example |= {"n": 3, "further": 2}
    return dose_shelf.build(kind, {**example, **({"cohorts": few} if "cohorts" in example else {}), **said})


@pytest.mark.independent
@pytest.mark.parametrize("oracle", ["threeplusthree_exact_bcrm", "threeplusthree_exact_escalation"])
def test_three_plus_three(oracle: str) -> None:
    for r in rows(oracle):
        truth = reals(r["truth"])
        deescalate = r.get("design") == "with de-escalation" or r.get("allow_deescalate") == "TRUE"
        found = characteristics(
            dose_shelf.build("a-plus-b", {"doses": len(truth), "deescalate": deescalate}), DoseTruth(truth)
        )
        chosen = reals(r.get("select_none_1_to_J") or r["recommend_none_1_to_J"])
        assert (found.select_none, *found.select) == pytest.approx(chosen, abs=1e-9)
        assert found.patients == pytest.approx(reals(r["mean_n_at_dose"]), abs=1e-9)
        assert found.dlts == pytest.approx(reals(r["mean_dlt_at_dose"]), abs=1e-9)


@pytest.mark.independent
@pytest.mark.parametrize("oracle", ["boin_oc_exact", "boin_oc_exact_earlystop"])
def test_boin(oracle: str) -> None:
    """Its numbers are another enumeration's, and escalation's to 5e-11."""
    for r in rows(oracle):
        truth = reals(r["truth"])
        if int(r["cohorts"]) >= 20 and not int(r.get("n_stop", "0")):
            continue  # a million and a half states: below
        said = {
            "target": float(r["target"]),
            "doses": len(truth),
            "cohort": int(r["cohort"]),
            "cohorts": int(r["cohorts"]),
        }
        if "n_stop" in r:
            said |= {"n_stop": int(r["n_stop"]), "stay_on_1_of_3": r["stay_on_1_of_3"] == "True"}
        found = exact_behaviour.characteristics(dose_shelf.build("boin", said), DoseTruth(truth))
        assert (found.select_none, *found.select) == pytest.approx(reals(r["select_none_1_to_J"]), abs=1e-7)
        assert found.patients == pytest.approx(reals(r["mean_n_at_dose"]), abs=1e-7)
        assert found.dlts == pytest.approx(reals(r["mean_dlt_at_dose"]), abs=1e-7)


@pytest.mark.independent
@pytest.mark.slow
def test_twenty_cohorts_of_boin() -> None:
    """A million and a half states at the end; the exact numbers of another enumeration, and get.oc's simulated ones within their error."""
    (exact,) = (r for r in rows("boin_oc_exact") if int(r["cohorts"]) == 20)
    design = dose_shelf.build("boin", {"target": 0.3, "doses": 5, "cohorts": 20})
    found = exact_behaviour.characteristics(design, DoseTruth(reals(exact["truth"])))
    assert (found.select_none, *found.select) == pytest.approx(reals(exact["select_none_1_to_J"]), abs=1e-7)
    assert found.patients == pytest.approx(reals(exact["mean_n_at_dose"]), abs=1e-7)
    (simulated,) = (r for r in rows("boin_oc_simulated") if r["ncohort"] == "20")
    assert reals(simulated["truth"]) == found.truth.dlt
    as_simulated(found, simulated)


def as_simulated(found: DoseCharacteristics, r: dict[str, str]) -> None:
    """get.oc's chances within three standard errors; where fewer than five were to be expected, by an exact binomial."""
    trials = int(r["ntrial"])
    shown = [float(r["percent_none"]), *reals(r["select_percent"])]
    for p, percent in zip((found.select_none, *found.select), shown, strict=True):
        # It prints two digits of a percentage, and says that of all but those who stopped early in another way.
        times = round(percent * trials / 100)
        if p * trials < 5:
            assert binomtest(times, trials, p).pvalue > 0.001
        else:
            assert abs(times / trials - p) <= 3 * (p * (1 - p) / trials) ** 0.5 + 1e-4
    assert found.total == pytest.approx(float(r["total_n"]), abs=0.6)
    assert sum(found.dlts) == pytest.approx(float(r["total_dlt"]), abs=0.25)


@pytest.mark.independent
def test_boin_as_get_oc_simulates_it() -> None:
    compared = 0
    for r in rows("boin_oc_simulated"):
        if r["ncohort"] == "20":
            continue
        truth = reals(r["truth"])
        said = {"target": float(r["target"]), "doses": len(truth), "cohorts": int(r["ncohort"])}
        said |= {"n_stop": int(r["n_earlystop"]) if int(r["n_earlystop"]) < 100 else 0}
        said |= {"extra_safe": r["extrasafe"] == "TRUE", "bound": r["boundMTD"] == "TRUE"}
        as_simulated(exact_behaviour.characteristics(dose_shelf.build("boin", said), DoseTruth(truth)), r)
        compared += 1
    assert compared == 3


@pytest.mark.independent
def test_three_cohorts_as_escalation_walks_them() -> None:
    """Its plain designs recommend what they would give next; the design with a selection, the isotonic choice."""
    kinds = {"boin": "boin", "boin_mtd": "boin", "mtpi": "mtpi", "mtpi2": "keyboard"}
    for r in rows("exact_oc_escalation"):
        if r["design"] not in kinds:
            continue
        truth = reals(r["truth"])
        said = {"target": 0.3, "doses": 4, "cohorts": 4} | ({"tie": "up"} if r["design"] == "mtpi2" else {})
        design: Any = dose_shelf.build(kinds[r["design"]], said)
        found = [0.0] * 5
        for state, p in after_cohorts(design, truth, 3):
            action = design.verdict(state).action
            none = isinstance(action, End)
            chosen = design.recommend(state) if r["design"] == "boin_mtd" else 0 if none else action.dose
            found[0 if none else chosen] += p
        assert found == pytest.approx(reals(r["recommend_none_1_to_4"]), abs=1e-9), r["design"]


def after_cohorts(design: Any, truth: tuple[float, ...], cohorts: int) -> list[tuple[Any, float]]:
    """States after so many cohorts, or at an end before; path by path, without merging: another way to the same numbers."""
    paths = [(design.start(), 1.0)]
    for _ in range(cohorts):
        after = []
        for state, p in paths:
            action = design.verdict(state).action
            if isinstance(action, End):
                after.append((state, p))
                continue
            q = truth[action.dose - 1]
            for order in np.ndindex(*(2,) * action.size):
                y = sum(order)
                after.append(
                    (design.step(state, action.dose, Seen(action.size - y, y)), p * q**y * (1 - q) ** (action.size - y))
                )
        paths = after
    return paths


@pytest.mark.independent
@pytest.mark.parametrize(("oracle", "kind", "said"), [
    ("dose_paths_boin", "boin", {}), ("dose_paths_boin_mtd", "boin", {}), ("dose_paths_mtpi2", "keyboard", {"tie": "up"}),
])  # fmt: skip
def test_the_tree_of_pathways(oracle: str, kind: str, said: dict[str, Any]) -> None:
    """Each node of escalation's tree, found again by its outcomes in our merged one."""
    tree = {r[".node"]: r for r in rows(oracle)}
    doses = max(int(r["next_dose"]) for r in tree.values() if r["next_dose"] != "NA")
    design: Any = dose_shelf.build(kind, {"target": 0.3, "doses": max(doses, 4) + 1, "cohorts": 4, **said})
    nodes = pathways(design, design.start(), 3)

    def at(r: dict[str, str]) -> int:
        if r[".parent"] == "NA":
            return 0
        number = at(tree[r[".parent"]])
        y = r["outcomes"].count("T")
        ways = dict(nodes[number].ways)
        return ways[Seen(len(r["outcomes"]) - y, y)]

    compared = 0
    for r in tree.values():
        action = nodes[at(r)].verdict.action
        if oracle == "dose_paths_boin_mtd" and int(r[".depth"]) == 3:
            continue  # its last nodes hold the selection
        assert (None if isinstance(action, End) else action.dose) == (
            None if r["next_dose"] == "NA" else int(r["next_dose"])
        )
        compared += 1
    assert compared > 15


@pytest.mark.parametrize("kind", dose_shelf.kinds())
def test_every_kind_conforms(kind: str) -> None:
    assert faults_of(small(kind), 4_000) == []


@dataclass(frozen=True)
class _Remembers:
    """A state that knows what its equals do not: whether the last cohort had a DLT."""

    n: tuple[int, ...] = (0, 0)
    dlt: tuple[int, ...] = (0, 0)
    at: int = 0
    cohorts: int = 0
    toxic: bool = field(default=False, compare=False)


class _Forgetful:
    """Nine patients on dose 1; then the last three decide, though equal counts are one state."""

    doses, of_response = 2, False

    def start(self) -> _Remembers:
        return _Remembers()

    def step(self, state: _Remembers, dose: int, cohort: Seen) -> _Remembers:
        return _Remembers(
            (state.n[0] + cohort.n, 0), (state.dlt[0] + cohort.dlt, 0), dose, state.cohorts + 1, cohort.dlt > 0
        )

    def verdict(self, state: _Remembers) -> DoseVerdict:
        if state.n[0] < 9:
            return DoseVerdict(Give(1, 3), ())
        return DoseVerdict(End("enough patients", declares=not state.toxic), ())

    def recommend(self, state: _Remembers) -> int:
        return 1 if state.at and not state.toxic else 0


def test_equal_states_that_decide_differently_do_not_conform() -> None:
    """The exact sum takes them for one; only patients who are simulated one by one tell."""
    design: Any = _Forgetful()
    found = faults_of(design)
    assert [f.partition(" with ")[0] for f in found] == ["no dose is chosen", "dose 1 is chosen"]


# pklogit is simulated itself: its states hold exposures.
@pytest.mark.parametrize("kind", tried(dose_shelf.kinds(), set(dose_shelf.kinds()) - {"pklogit"}))
def test_exact_is_simulated(kind: str) -> None:
    design, rng = small(kind), np.random.default_rng(7)
    truth = DoseTruth((*TRUTH, 0.7)[: design.doses], (0.2,) * design.doses if design.of_response else ())
    exact = exact_behaviour.characteristics(design, truth)
    assert sum(exact.select) + exact.select_none == pytest.approx(1, abs=1e-12)
    trials, chosen = 4_000, np.zeros(design.doses + 1)
    for _ in range(trials):
        state = design.start()
        while not isinstance(action := design.verdict(state).action, End):
            n, t, e, b = rng.multinomial(action.size, truth.chances(action.dose))
            state = design.step(state, action.dose, Seen(int(n), int(t), int(e), int(b)))
        chosen[design.recommend(state)] += 1
    for found, p in zip(chosen / trials, (exact.select_none, *exact.select), strict=True):
        assert abs(found - p) <= 4 * np.sqrt(max(p * (1 - p), 1e-4) / trials)


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_arrays_are_the_reference_of_the_crm(data: Any) -> None:
    draw = data.draw
    doses = draw(st.integers(1, 5))
    skeleton = sorted(
        draw(st.lists(st.floats(0.01, 0.9), min_size=doses, max_size=doses, unique_by=lambda x: round(x, 3)))
    )
    said: dict[str, Any] = {
        "target": draw(st.sampled_from([0.1, 0.25, 1 / 3, 0.4])),
        "skeleton": tuple(skeleton),
        "cohort": draw(st.integers(1, 4)),
        "cohorts": draw(st.integers(1, 4)),
        "start": draw(st.integers(1, doses)),
        "model": draw(st.sampled_from(["empiric", "logistic"])),
        # A narrow prior, and a wide one: the grid is too coarse for one of them.
        **draw(st.sampled_from([{"variance": v} for v in (0.01, 0.2, 1.34, 4.0)] + [{"prior": "exponential"}])),
        **draw(st.sampled_from([{"no_skip": s} for s in ("last", "ever", "no")] + [{"skips": 1}])),
        "coherent": draw(st.sampled_from(["last cohort", "at the dose", "no"])),
        "recommends": draw(st.sampled_from(["given", "next"])),
        "n_stop": draw(st.sampled_from([0, 3, 6])),
        "stop_if_above": draw(st.sampled_from([None, 0.25, 0.4])),
        "certainty": draw(st.sampled_from([0.6, 0.9])),
    }
    design = dose_shelf.build("crm", said)
    assert exact_behaviour.in_arrays(design) is not None
    agree(design, tuple(draw(st.lists(st.floats(0, 1), min_size=doses, max_size=doses))))


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(
    truth=st.lists(st.floats(0, 1), min_size=2, max_size=5),
    cohort=st.integers(1, 4),
    cohorts=st.integers(1, 6),
    n_stop=st.sampled_from([0, 3, 6]),
    kind=st.sampled_from(["boin", "keyboard", "mtpi", "i3plus3"]),
    reading=st.sampled_from(["would stay", "reached"]),
)
def test_arrays_are_the_reference(
    truth: list[float], cohort: int, cohorts: int, n_stop: int, kind: str, reading: str
) -> None:
    said = {
        "target": 0.3,
        "doses": len(truth),
        "cohort": cohort,
        "cohorts": cohorts,
        "n_stop": n_stop,
        "n_stop_reading": reading,
    }
    if kind == "boin":
        said |= {"extra_safe": cohort == 3, "bound": cohorts % 2 == 0}
    design = dose_shelf.build(kind, said)
    assert exact_behaviour.in_arrays(design) is not None
    agree(design, tuple(truth))


def agree(design: Any, truth: tuple[float, ...]) -> None:
    """By arrays as state by state."""
    slow, fast = (f(design, DoseTruth(truth)) for f in (characteristics, exact_behaviour.characteristics))
    assert (fast.select_none, *fast.select) == pytest.approx((slow.select_none, *slow.select), abs=1e-12)
    assert fast.patients == pytest.approx(slow.patients, abs=1e-10)
    assert fast.dlts == pytest.approx(slow.dlts, abs=1e-10)
    assert fast.cohorts == pytest.approx(slow.cohorts, abs=1e-10)
    for why in {*fast.ends, *slow.ends}:
        assert fast.ends.get(why, 0.0) == pytest.approx(slow.ends.get(why, 0.0), abs=1e-12)


def test_a_history_is_the_fold_of_its_steps() -> None:
    design: Any = small("boin")
    told = take_in(design, read_outcomes("1NNN 2NTN 2NXP:12"))
    assert told.state.n == (3, 4, 0, 0, 0)
    assert told.state.dlt == (0, 1, 0, 0, 0)
    assert told.replaced == 1
    assert told.waiting == ("patient 3 of cohort 3 at dose 2, followed for 12 days",)
    assert answer(design, read_outcomes("1NNN 2NTN 2NXP:12")).action == "wait"
    next_one = answer(design, read_outcomes("1NNN 2TTT"))
    assert (next_one.action, next_one.dose, next_one.recommend) == ("de-escalate", 1, 1)
    assert answer(design, read_outcomes("1TTT")).action == "stop"
    assert answer(design, read_outcomes("1TTT")).recommend is None
    assert answer(design, read_outcomes("1NNN 2TTT 2NNN")).cautions == (
        "Cohort 3 was given dose 2, which is eliminated.",
    )


def test_what_a_truth_may_not_be() -> None:
    with pytest.raises(BadInput) as bad:
        characteristics(small("boin"), DoseTruth((0.1, 1.2)))
    assert [p.where for p in bad.value.problems] == ["truth", "truth, dose 2"]


def test_too_many_states_are_refused() -> None:
    with pytest.raises(BadInput, match="states at once"):
        list(ends(small("boin", cohorts=10), DoseTruth(TRUTH), most_states=100))


@pytest.mark.property
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_any_small_design_of_the_newer_kinds_conforms(data: Any) -> None:
    draw = data.draw
    few = {"cohort": draw(st.integers(1, 3)), "cohorts": draw(st.integers(1, 3))}
    target = draw(st.sampled_from([0.1, 0.25, 0.3, 0.5]))
    kind = draw(st.sampled_from(["boin12", "rolling-six", "boin-combination", "boin"]))
    if kind == "boin12":
        doses = draw(st.integers(1, 3))
        limits = {
            "phi_t": target,
            "phi_e": draw(st.sampled_from([0.2, 0.5])),
            "doses": doses,
            "start": draw(st.integers(1, doses)),
        }
        utilities = {"u2": draw(st.sampled_from([0.0, 40.0, 60.0])), "u3": draw(st.sampled_from([30.0, 60.0]))}
        rules = {
            "explore": draw(st.sampled_from([0, 2])),
            "n_star": draw(st.sampled_from([2, 6])),
            "n_stop": draw(st.sampled_from([0, 3])),
        }
        choose = {"choose": draw(st.sampled_from(["mean utility", "desirability", "next"]))}
        said = {**limits, **utilities, **rules, **choose, **few}
    elif kind == "rolling-six":
        doses = draw(st.integers(1, 4))
        said = {"doses": doses, "start": draw(st.integers(1, doses)), "mtd_needs": draw(st.integers(3, 6))}
    elif kind == "boin-combination":
        said = {
            "target": target,
            "first": draw(st.integers(1, 3)),
            "second": draw(st.integers(1, 2)),
            "tie": draw(st.sampled_from(["first", "second"])),
            **few,
        }
    else:
        tite = draw(st.sampled_from(["imputation", "ess"]))
        said = {
            "target": target,
            "doses": draw(st.integers(1, 4)),
            "tite": tite,
            "n_stop": draw(st.sampled_from([0, 4])),
            **few,
        }
    assert faults_of(dose_shelf.build(kind, said), 1_500) == []
