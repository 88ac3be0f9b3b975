"""Patients of phase I beside those of phase II: in the flow, in SDTM and ADaM, and in no population of phase II."""

from __future__ import annotations

from typing import Any

import pytest

from equipoise.analyse.data import cut
from equipoise.analyse.flow import flow
from equipoise.analyse.populations import memberships
from equipoise.analyse.safety import safety
from equipoise.conduct.conduct import replay
from equipoise.files.definition import trial_of
from equipoise.standards.adam.build import to_adam
from equipoise.standards.dataset import Dataset
from equipoise.standards.sdtm.from_log import to_sdtm
from equipoise.standards.sdtm.to_log import to_log
from equipoise.trial.snapshot import Snapshot
from parts_trials import Parts


@pytest.fixture(scope="module")
def parts() -> Parts:
    """Fifteen of phase I, one more without a level, and two of phase II, one of them treated."""
    p = Parts().to_the_top()
    p.set()
    p.enrolled("waits")
    for name in ("one", "two"):
        p.enrolled(name, None, None, ecog="0-1", ldh="normal")
        p.c.randomise(name, p.day, p.now, "t")
    p.order("treated", p.day, "one", drug="carboplatin", cycle=1, day=1, dose=5, unit="AUC")
    return p


@pytest.fixture(scope="module")
def snap(parts: Parts) -> Snapshot:
    return cut(parts.c.definitions.at("", parts.day), parts.c.log, parts.day)


def rows(datasets: list[Dataset], name: str) -> dict[str, dict[str, Any]]:
    found = next(d for d in datasets if d.name == name)
    return {str(r["USUBJID"]): r for r in found.rows()}


def test_no_patient_of_phase_one_is_in_phase_two(parts: Parts, snap: Snapshot) -> None:
    assert [p.name for p in snap.randomised] == ["one", "two"]
    for name in parts.trial.population_by_name:
        assert {m.patient for m in memberships(parts.trial, snap, name)} == {"one", "two"}
    assert sum(a.treated for a in safety(parts.trial, snap)) == 1


def test_the_flow_has_phase_one_beside_the_trunk(parts: Parts, snap: Snapshot) -> None:
    found = flow(parts.trial, snap)
    side = {b.heading: (b.n, list(b.lines)) for b in found.side}
    assert side["In phase I"] == (16, ["DL1: 3", "DL2: 3", "DL3: 3", "DL4: 6", "no level: 1"])
    assert "Eligible, not randomised" not in side
    assert [(b.heading, b.n) for b in found.trunk] == [("Screened", 18), ("Randomised", 2)]


def test_a_dose_level_is_the_arm_of_who_is_of_phase_one(parts: Parts, snap: Snapshot) -> None:
    dm = rows(to_sdtm(parts.trial, snap), "DM")
    assert {k: dm["0A"][k] for k in ("ARMCD", "ARM", "ACTARMCD", "ARMNRS")} == {
        "ARMCD": "DL1", "ARM": "IMGN901 60 mg/m2", "ACTARMCD": "DL1", "ARMNRS": "",
    }  # fmt: skip
    assert (dm["waits"]["ARMCD"], dm["waits"]["ARMNRS"]) == ("", "NOT ASSIGNED")
    assert dm["one"]["ARMCD"] in ("IMGN901", "CE")
    adsl = rows(to_adam(parts.trial, snap), "ADSL")
    assert (adsl["4C"]["TRT01P"], adsl["4C"]["TRT01A"]) == ("IMGN901 112 mg/m2", "IMGN901 112 mg/m2")
    assert {adsl["4C"][f] for f in ("ITTFL", "SAFFL", "PPROTFL")} == {"N"}
    assert adsl["one"]["ITTFL"] == "Y"


def test_sdtm_is_read_back(parts: Parts, snap: Snapshot) -> None:
    datasets = {d.name: d for d in to_sdtm(parts.trial, snap)}
    log = to_log(datasets, parts.trial)[0]
    again = cut(parts.trial, log)
    assert {n: p.assigned.data["level"] for n, p in again.patients.items() if p.assigned is not None} == {
        n: p.assigned.data["level"] for n, p in snap.patients.items() if p.assigned is not None
    }
    assert [p.name for p in again.randomised] == ["one", "two"]
    assert all(again.patients[n].of_phase1 == p.of_phase1 for n, p in snap.patients.items())
    assert replay(parts.trial, list(log), trial_of) == []
