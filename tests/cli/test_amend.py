"""A file that was changed: every order is refused, `verify` says it, and `amend` says what changed and records it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from equipoise.files.bundled import find_trial

BY = ("--by", "dm")
#: NORTH leaves its dose to phase I, which had declared 112 mg/m2.
FROM_PHASE1, AMENDED = 'dose = "from phase I"', "dose = 90  # amended"


class Trial:
    """NORTH in a folder of its own with a log: two open sites and a patient randomised at each."""

    def __init__(self, equipoise: Any, folder: Path, secret: Path) -> None:
        self.call, self.folder, self.secret = equipoise, folder, secret
        self.file, self.log = folder / "trial.toml", folder / "log.jsonl"
        shutil.copy(find_trial("north"), self.file)

    def __call__(self, verb: str, *options: object, status: int = 0) -> Any:
        found = self.call("conduct", verb, self.file, "--log", self.log, *options)
        assert found.status == status, found.out + found.err
        return found

    def change(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new, 1))


@pytest.fixture
def north_(equipoise: Any, tmp_path: Path, sealed: Callable[..., Path]) -> Trial:
    folder = tmp_path / "north"
    folder.mkdir()
    t = Trial(equipoise, folder, sealed("north"))
    t("open", "--secret", t.secret, *BY)
    for patient, site in (("P1", "S01"), ("P2", "S02")):
        t("activate", "--site", site, "--on", "2012-04-02", *BY)
        t("screen", "--patient", patient, "--site", site, "--on", "2012-05-10", *BY)
        t("enrol", "--patient", patient, "--on", "2012-05-10", "--factor", "ecog=0-1", "--factor", "ldh=normal", *BY)
    return t


ORDERS: list[tuple[object, ...]] = [
    ("activate", "--site", "S03", "--on", "2012-05-11"),
    ("screen", "--patient", "P3", "--site", "S01", "--on", "2012-05-11"),
    ("randomise", "--patient", "P1", "--on", "2012-05-11"),
    ("contact", "--patient", "P1", "--on", "2012-05-11"),
    ("adverse-event", "--patient", "P1", "--on", "2012-05-11", "--term", "nausea", "--grade", 2),
    ("pause", "--on", "2012-05-11"),
    ("correct", "--event", 4, "--on", "2012-05-09", "--why", "typing error"),
    ("void", "--event", 5, "--why", "never"),
    ("approve", "--site", "S01", "--on", "2012-05-11"),
]  # fmt: skip


@pytest.mark.parametrize("order", ORDERS, ids=[str(o[0]) for o in ORDERS])
def test_every_order_is_refused_under_a_changed_file(north_: Trial, order: tuple[object, ...]) -> None:
    verb, *options = order
    before = north_.log.read_bytes()
    north_.change(FROM_PHASE1, AMENDED)
    north_.change("[3, 6]", "[9]")
    seed = ("--secret", north_.secret) if verb == "randomise" else ()
    refused = north_(str(verb), *options, *seed, *BY, "--json", status=2)
    (problem,) = refused.json["error"]["problems"]
    assert problem["code"] == "definition-changed"
    assert "arms.IMGN901.regimen.IMGN901.dose: 112 → 90" in problem["given"]
    assert "randomisation.block_sizes: [3, 6] → [9]" in problem["given"]
    assert "conduct amend" in problem["next_step"]
    assert north_.log.read_bytes() == before


def test_looks_are_not_recorded_under_a_changed_file(north_: Trial) -> None:
    north_.change("n = 80\n", "n = 81\n")
    before = north_.log.read_bytes()
    found = north_.call(
        "decide", north_.file, "--log", north_.log, "--safety", "--cutoff", "2012-06-01", "--record", *BY, "--json"
    )
    assert (found.status, found.json["error"]["problems"][0]["code"]) == (2, "definition-changed")
    assert north_.log.read_bytes() == before


def test_verify_says_that_the_file_was_changed(north_: Trial) -> None:
    north_.change(FROM_PHASE1, AMENDED)
    told = north_("verify", status=2).err
    assert "112 → 90" in told
    north_.change(AMENDED, FROM_PHASE1)
    north_.file.write_text("# a comment changes nothing\n" + north_.file.read_text())
    assert "chain whole" in north_("verify").out


def test_amend_says_what_changed_and_the_log_goes_on(north_: Trial) -> None:
    north_.change(FROM_PHASE1, AMENDED)
    lines = len(north_.log.read_text().splitlines())
    shown = north_("amend", "--on", "2012-07-16", "--why", "neuropathy", "--dry-run", *BY)
    assert "112 → 90" in shown.out
    assert "Nothing is recorded" in shown.out
    assert len(north_.log.read_text().splitlines()) == lines
    asked = ("amend", "--on", "2012-07-16", "--why", "neuropathy", "--key", "k1", *BY, "--json")
    done = north_(*asked).json
    assert north_(*asked).json["hash"] == done["hash"]  # ordered again under its key: the first answer again
    assert done["changes"] == [{"path": "arms.IMGN901.regimen.IMGN901.dose", "old": 112.0, "new": 90.0}]
    assert json.loads(done["event"]["data"]["definition"])["arms"][0]["regimen"][0]["dose"] == 90
    assert done["event"]["why"] == "neuropathy"
    later = ("adverse-event", "--patient", "P1", "--on", "2012-08-01", "--term", "nausea", "--grade", 2, *BY)
    north_(*later)
    north_("verify")
    again = north_("amend", "--on", "2012-08-16", "--why", "again", *BY, status=2)
    assert "definition that is in force" in again.err
    north_.change(AMENDED, FROM_PHASE1)  # the file of before is no longer the one
    north_(*later, status=2)
    north_("amend", "--on", "2012-08-16", "--why", " ", *BY, status=2)


def test_blocks_are_not_amended_while_patients_are_randomised_unless_named(north_: Trial) -> None:
    north_("randomise", "--patient", "P1", "--on", "2012-05-11", "--secret", north_.secret, *BY)
    north_.change("[3, 6]", "[9]")
    for dry in ((), ("--dry-run",)):
        told = north_("amend", "--on", "2012-07-16", "--why", "w", *dry, *BY, status=2)
        assert "--allow blocks" in told.err
        found = north_("amend", "--on", "2012-07-16", "--why", "w", *dry, *BY, "--json", status=2).json
        problems = found["problems"] if dry else found["error"]["problems"]
        assert [p["code"] for p in problems] == ["guarded-blocks"]
    done = north_("amend", "--on", "2012-07-16", "--why", "w", "--allow", "blocks", *BY, "--json").json
    assert done["event"]["data"]["allowed"] == ["blocks"]
    north_("verify")


def test_a_site_s_day_of_approval(north_: Trial) -> None:
    north_.change(FROM_PHASE1, AMENDED)
    north_.change("[assessments]", "[amendments]\nper_site = true\n\n[assessments]")
    assert "conduct approve" in north_("amend", "--on", "2012-07-16", "--why", "neuropathy", *BY).out
    early = north_("approve", "--site", "S01", "--on", "2012-07-15", *BY, status=2)
    assert "not before the amendment" in early.err
    assert "S01 approved, 2012-08-06" in north_("approve", "--site", "S01", "--on", "2012-08-06", *BY).out
    number = len(north_.log.read_text().splitlines())
    assert north_("correct", "--event", number, "--on", "2012-08-07", "--why", "a day later", *BY)
    north_("approve", "--site", "S02", "--on", "2012-08-06", "--amendment", 3, *BY, status=2)
    north_("verify")


def test_data_are_analysed_under_the_definition_in_force_at_the_cut_off(north_: Trial) -> None:
    first = north_.call("check", north_.file, "--json").json["fingerprint"]
    north_.change(FROM_PHASE1, AMENDED)
    second = north_.call("check", north_.file, "--json").json["fingerprint"]
    asked = ("analyse", north_.file, "--log", north_.log, "--json")
    # A changed file that is not amended stands for itself, and a decision cautions of it.
    assert north_.call(*asked, "--cutoff", "2012-07-15").json["fingerprints"]["trial"] == second
    north_("amend", "--on", "2012-07-16", "--why", "neuropathy", *BY)
    # What is analysed is what was known on the day of the cut-off, when nothing had yet been recorded, or today.
    for cutoff, known_on, expected in (
        ("2012-07-15", "2030-01-01", first),
        ("2012-07-16", "2030-01-01", second),
        ("2012-07-16", "2012-07-16", second),
    ):
        found = north_.call(*asked, "--cutoff", cutoff, "--known-on", known_on)
        assert found.json["fingerprints"]["trial"] == expected
        assert "analysed under the definition in force" in found.err, found.err


def test_the_next_amendment_beside_the_file_is_put_in_force(
    equipoise: Any, tmp_path: Path, sealed: Callable[..., Path]
) -> None:
    folder = tmp_path / "north"
    shutil.copytree(find_trial("north").parent, folder)
    t = Trial(equipoise, folder, sealed("north"))
    t("open", "--secret", t.secret, *BY)
    t("activate", "--site", "S01", "--on", "2012-04-02", *BY)  # it lies there, and is not in force
    t("verify")
    assert "112 → 90" in t("amend", "--on", "2012-07-16", "--why", "neuropathy", *BY).out
    t("approve", "--site", "S01", "--on", "2012-07-24", *BY)
    t("activate", "--site", "S02", "--on", "2012-07-25", *BY)
    t("verify")
    t("amend", "--on", "2012-07-17", "--why", "again", *BY, status=2)
    # A file that is changed besides is none of these.
    t.change("0.36", "0.37")
    (folder / "amendments" / "1.toml").unlink()
    assert "rate: 0.36 → 0.37" in t("verify", status=2).err


def test_a_dose_of_a_drug_that_was_amended_away_is_still_as_allocated(north_: Trial) -> None:
    """Populations and datasets ask what was planned at the patient's site on the day of the dose, not what is planned today."""
    for patient in ("P1", "P2"):
        north_("randomise", "--patient", patient, "--on", "2012-05-11", "--secret", north_.secret, *BY)
        dose = ("--drug", "etoposide", "--cycle", 1, "--day", 1, "--dose", 100, "--unit", "mg/m2")
        north_("treat", "--patient", patient, "--on", "2012-05-12", *dose, *BY)
    for arm in (0, 1):
        text = north_.file.read_text()
        block = '[[arms.regimen]]\ndrug = "etoposide"\ndose = 100\nunit = "mg/m2"\ndays = [1, 2, 3]\ncycle_length = "21 days"\n'
        assert block in text, arm
        north_.file.write_text(
            text.replace(block, block.replace("etoposide", "topotecan").replace("[1, 2, 3]", "[1, 2, 3, 4, 5]"), 1)
        )
    north_("amend", "--on", "2012-06-01", "--why", "no etoposide to be had", *BY)
    asked = (north_.file, "--log", north_.log, "--cutoff", "2012-07-01", "--known-on", "2030-01-01")
    found = north_.call("analyse", *asked, "--json").json["populations"]["PP"]
    assert [m["because"] for m in found if "etoposide" in m["because"]] == []
    with_drug = north_.call("explain", asked[0], "--patient", "P1", *asked[1:])
    assert "not of arm" not in with_drug.out
    late = ("--drug", "etoposide", "--cycle", 2, "--day", 1, "--dose", 100, "--unit", "mg/m2")
    assert "a drug of arm" in north_("treat", "--patient", "P1", "--on", "2012-06-02", *late, *BY, status=2).err
