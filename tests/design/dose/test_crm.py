"""The CRM against dfcrm, dtpcrm, escalation and printed tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from design.dose.oracles import reals, rows, wholes
from equipoise.design.dose import crm_exact, dose_shelf, exact
from equipoise.design.dose.counts import Counts
from equipoise.design.dose.crm_model import CrmModel, closest_to, indifference, skeleton_by_interval
from equipoise.design.dose.dose_design import End, Seen
from equipoise.design.dose.exact import DoseTruth
from equipoise.design.dose.exact_behaviour import characteristics
from equipoise.design.dose.rules import Said
from equipoise.trial.problem import BadInput


def by_dose(doses: int, level: tuple[int, ...], tox: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """DLTs and patients without one, by dose."""
    dlt = [sum(t for d, t in zip(level, tox, strict=True) if d == k) for k in range(1, doses + 1)]
    none = [sum(1 - t for d, t in zip(level, tox, strict=True) if d == k) for k in range(1, doses + 1)]
    return dlt, none


@pytest.mark.independent
def test_fits() -> None:
    for r in rows("crm_fits"):
        model = CrmModel(reals(r["skeleton"]), r["model"], float(r["scale"]) ** 2 if r["scale"] else 1.34)  # type: ignore[arg-type]
        dlt, none = by_dose(len(model.skeleton), wholes(r["level"]), wholes(r["tox"]))
        if r["method"] == "bayes":
            theta, variance = model.posterior(dlt, none)
            assert theta == pytest.approx(float(r["estimate"]), abs=2e-5)
            assert variance == pytest.approx(float(r["post_var"]), abs=5e-5)
            assert model.rates(theta) == pytest.approx(reals(r["ptox"]), abs=2e-5)
        else:
            theta = model.likeliest(dlt, none)
            assert theta == pytest.approx(float(r["estimate"]), abs=1e-3)
        assert closest_to(float(r["target"]), model.rates(theta)) == int(r["mtd"]), r["case"]


@pytest.mark.independent
def test_skeletons() -> None:
    for r in rows("crm_skeletons"):
        said: Any = (
            float(r["target"]),
            float(r["halfwidth"]),
            int(r["nu"]),
            int(r["nlevel"]),
            r["model"],
            float(r["intcpt"]),
        )
        assert skeleton_by_interval(*said) == pytest.approx(reals(r["skeleton"]), abs=1e-7)


@pytest.mark.published
def test_neuenschwander_table_1() -> None:
    """Posterior means and standard deviations of 18 patients' rates, printed with three digits: the prior's 1.34 is a variance."""
    for kind in {r["skeleton_kind"] for r in rows("neuenschwander2008_table1")}:
        of_kind = [r for r in rows("neuenschwander2008_table1") if r["skeleton_kind"] == kind]
        skeleton = tuple(float(r["skeleton"]) for r in of_kind)
        doses = [float(r["dose"]) for r in of_kind]
        n = {1.0: (3, 0), 2.5: (4, 0), 5.0: (5, 0), 10.0: (4, 0), 25.0: (2, 2)}
        dlt = [n.get(d, (0, 0))[1] for d in doses]
        none = [n.get(d, (0, 0))[0] - y for d, y in zip(doses, dlt, strict=True)]
        theta, w = CrmModel(skeleton).density(dlt, none)
        for r, s in zip(of_kind, skeleton, strict=True):
            p = s ** np.exp(theta)
            mean = float(w @ p)
            assert mean == pytest.approx(float(r["qvar134_mean"]), abs=2e-5)
            assert mean == pytest.approx(float(r["pub_mean"]), abs=0.0012)
            assert float(np.sqrt(w @ (p - mean) ** 2)) == pytest.approx(float(r["qvar134_sd"]), abs=2e-5)


@pytest.mark.independent
def test_exact_behaviour() -> None:
    """Another enumeration's; and dfcrm's simulation within its error."""
    for r in rows("crm_oc_exact"):
        said = {
            "target": float(r["target"]),
            "skeleton": reals(r["skeleton"]),
            "cohort": int(r["cohort"]),
            "cohorts": int(r["cohorts"]),
        }
        found = characteristics(dose_shelf.build("crm", {**said, "recommends": "next"}), DoseTruth(reals(r["truth"])))
        assert found.select == pytest.approx(reals(r["select_1_to_J"]), abs=1e-7)
        assert found.patients == pytest.approx(reals(r["mean_n_at_dose"]), abs=1e-7)
        assert found.dlts == pytest.approx(reals(r["mean_dlt_at_dose"]), abs=1e-7)
    for r in rows("crm_oc_simulated"):
        said = {
            "target": 0.25,
            "skeleton": reals(r["skeleton"]),
            "cohort": 3,
            "cohorts": int(r["n"]) // 3,
            "recommends": "next",
        }
        found = characteristics(dose_shelf.build("crm", said), DoseTruth(reals(r["truth"])))
        for ours, theirs in zip(found.select, reals(r["select"]), strict=True):
            assert abs(ours - theirs) <= 3 * (ours * (1 - ours) / int(r["nsim"])) ** 0.5 + 5 / int(r["nsim"])


@pytest.mark.independent
def test_sensitivity() -> None:
    """dfcrm bisects to 1e-6."""
    for r in rows("crm_sensitivity"):
        found = indifference(CrmModel(reals(r["skeleton"]), r["model"]), float(r["target"]))  # type: ignore[arg-type]
        for ours, theirs in zip(zip(*found, strict=True), (r["interval_lower"], r["interval_upper"]), strict=True):
            assert [None if x is None else pytest.approx(x, abs=2e-6) for x in ours] == [
                None if x == "NA" else float(x) for x in theirs.split()
            ]


def walk(design: Any, state: Any, row: dict[str, str], size: int = 3) -> list[str]:
    """The doses that follow a row of numbers of DLTs; NA from where the trial ends."""
    found = []
    dose = int(row["D0"])
    for k in (1, 2, 3):
        if found and found[-1] == "NA":
            found.append("NA")
            continue
        y = int(row[f"T{k}"])
        state = design.step(state, dose, Seen(size - y, y))
        action = design.verdict(state).action
        found.append("NA" if isinstance(action, End) else str(action.dose))
        dose = dose if isinstance(action, End) else action.dose
    return found


@pytest.mark.independent
def test_pathways_of_dtpcrm() -> None:
    skeleton = (0.03, 0.07, 0.12, 0.20, 0.30, 0.40, 0.52)
    conventions = {"no_skip": "ever", "coherent": "at the dose", "cohorts": 20}
    design: Any = dose_shelf.build("crm", {"target": 0.2, "skeleton": skeleton, "start": 3, **conventions})
    for r in rows("dtp_viola_like"):
        assert walk(design, design.start(), r) == [r["D1"], r["D2"], r["D3"]], r
    design = dose_shelf.build("crm", {"target": 0.25, "skeleton": (0.1, 0.2, 0.3, 0.5), "n_stop": 9, **conventions})
    for r in rows("dtp_consensus"):
        assert walk(design, design.step(design.start(), 1, Seen(3)), r) == [r["D1"], r["D2"], r["D3"]], r


@dataclass(frozen=True)
class NearlyNormal:
    """escalation's rule: P(rate of dose 1 > 0.35) > 0.8, θ taken as normal with the posterior's mean and variance. A rule is a value: this one
    is none of ours."""

    crm: CrmModel

    def asked(self, state: Counts, next_dose: int) -> Said | None:
        if not state.patients:
            return None
        mean, variance = self.crm.posterior(state.dlt, [n - y for n, y in zip(state.n, state.dlt, strict=True)])
        edge = np.log(np.log(0.35) / np.log(self.crm.skeleton[0]))
        if not norm.cdf(edge, mean, variance**0.5) > 0.8:
            return None
        return Said("too toxic", "by a normal approximation", End("too toxic", declares=False))

    def in_words(self) -> str:
        return ""


ESCALATION = {"target": 0.3, "skeleton": (0.05, 0.15, 0.30, 0.45), "cohorts": 4, "coherent": "no", "recommends": "next"}


@pytest.mark.independent
def test_three_cohorts_as_escalation_walks_them() -> None:
    compared = 0
    for r in rows("exact_oc_escalation"):
        if not r["design"].startswith("crm"):
            continue
        design: Any = dose_shelf.build("crm", ESCALATION)
        if r["design"] == "crm_toxstop":
            design = replace(design, rules=(NearlyNormal(design.crm),))
        found, layer = [0.0] * 5, {design.start(): 1.0}
        for _ in range(3):
            after: dict[Any, float] = {}
            for state, p in layer.items():
                action = design.verdict(state).action
                if isinstance(action, End):
                    after[state] = after.get(state, 0.0) + p
                    continue
                q = reals(r["truth"])[action.dose - 1]
                for y in range(4):
                    to = design.step(state, action.dose, Seen(3 - y, y))
                    after[to] = after.get(to, 0.0) + p * (1, 3, 3, 1)[y] * q**y * (1 - q) ** (3 - y)
            layer = after
        for state, p in layer.items():
            action = design.verdict(state).action
            found[0 if isinstance(action, End) else action.dose] += p
        assert found == pytest.approx(reals(r["recommend_none_1_to_4"]), abs=1e-9), r["design"]
        for what, of_state in (("mean_n_at_dose", "n"), ("mean_dlt_at_dose", "dlt")):
            expected = sum(p * np.array(getattr(state, of_state)) for state, p in layer.items())
            assert expected == pytest.approx(reals(r[what]), abs=1e-9)
        compared += 1
    assert compared == 3


@pytest.mark.independent
def test_the_tree_of_escalation() -> None:
    tree = {r[".node"]: r for r in rows("dose_paths_crm")}
    design: Any = dose_shelf.build("crm", ESCALATION)

    def state_at(r: dict[str, str]) -> Any:
        if r[".parent"] == "NA":
            return design.start()
        before = tree[r[".parent"]]
        y = r["outcomes"].count("T")
        return design.step(state_at(before), int(before["next_dose"]), Seen(len(r["outcomes"]) - y, y))

    for r in tree.values():
        action = design.verdict(state_at(r)).action
        assert (None if isinstance(action, End) else str(action.dose)) == (
            None if r["next_dose"] == "NA" else r["next_dose"]
        )
    assert len(tree) == 85


@pytest.mark.parametrize(("said", "where"), [
    ({"target": 0.25, "skeleton": (0.3, 0.2, 1.2)}, {"skeleton, dose 2", "skeleton, dose 3"}),
    ({"target": 0.25}, {"skeleton, doses, prior_mtd, half_width"}),
    ({"target": 0.25, "skeleton": (0.1, 0.2), "start": 3, "half_width": 0.05}, {"skeleton", "start"}),
    ({"target": 0.25, "skeleton": (0.5, 0.99), "model": "logistic", "intercept": 2.0}, {"intercept"}),
    ({"target": 0.03, "doses": 4, "prior_mtd": 5, "half_width": 0.05}, {"prior_mtd", "half_width"}),
])  # fmt: skip
def test_what_a_crm_may_not_be(said: dict[str, Any], where: set[str]) -> None:
    with pytest.raises(BadInput) as bad:
        dose_shelf.build("crm", said)
    assert {p.where for p in bad.value.problems} == where


def test_the_logistic_model_is_told_from_sums_over_its_own_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its posteriors are narrower than the empiric model's: on a grid as coarse each of 13,000 states was asked of the design by itself."""
    asked: list[Any] = []
    own = crm_exact.CrmArrays._asked
    monkeypatch.setattr(crm_exact.CrmArrays, "_asked", lambda self, n, y: asked.append(n) or own(self, n, y))
    truth = DoseTruth((0.05, 0.15, 0.30, 0.45, 0.60))
    said = {"target": 0.25, "skeleton": (0.08, 0.16, 0.25, 0.35, 0.46), "model": "logistic"}
    found = characteristics(dose_shelf.build("crm", {**said, "cohorts": 10}), truth)
    assert not asked
    assert sum(found.select) + found.select_none == pytest.approx(1, abs=1e-12)
    few = dose_shelf.build("crm", {**said, "cohorts": 4})
    assert characteristics(few, truth).select == pytest.approx(exact.characteristics(few, truth).select, abs=1e-12)
