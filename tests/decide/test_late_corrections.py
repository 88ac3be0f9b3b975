"""Nothing that can be corrected after an outcome moves who is in a look's cohort, and a decision says what was corrected."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date

import pytest

from equipoise.analyse.data import cut
from equipoise.conduct.conduct import Conduct, Refused, replay
from equipoise.decide.decide import decide
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import SimulatedTrial, run
from equipoise.trial.decision import Decision
from equipoise.trial.log import Log
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial


@pytest.fixture(scope="module")
def virtual(plan: Callable[..., Plan]) -> SimulatedTrial:
    return run(plan("target"), 0)


def look(trial: Trial, log: Log, cutoff: date) -> tuple[Decision, Snapshot]:
    snap = cut(trial, log, cutoff, log[len(log) - 1].recorded.date(), fingerprint=False)
    found = decide(trial, snap, 1)
    assert isinstance(found, Decision)
    return found, snap


def corrected(d: Decision) -> list[str]:
    return [c for c in d.cautions if c.startswith(("Corrected", "Stratification"))]


def test_days_dated_back_move_nobody_into_a_cohort(north: Trial, virtual: SimulatedTrial) -> None:
    """The attack: successes from outside the cohort are dated back before everybody in it, as typing errors."""
    cutoff = virtual.looks[0].cutoff
    before, snap = look(north, virtual.log, cutoff)
    planned = before.evidence["IMGN901"]["n"]
    c, now, moved = Conduct(north, Log(virtual.log)), virtual.log[len(virtual.log) - 1].recorded, []
    for p in snap.on_arm("IMGN901")[planned + 4 :]:
        if p.first_progression is None and p.died is None and len(moved) < 4:
            with suppress(Refused):  # a site that was not open then
                for e in (p.screened, p.enrolled, p.randomised):
                    assert e is not None
                    c.correct(e.number, now, "site", "typing error", on=date(2012, 8, 1))
                moved.append(p.name)
    assert moved
    assert replay(north, list(c.log)) == []
    after, later = look(north, c.log, cutoff)
    assert after.evidence == before.evidence
    assert [p.name for p in later.randomised] == [p.name for p in snap.randomised]
    assert not corrected(after), "none of them is in the cohort"


def test_a_correction_of_a_member_is_named_and_what_it_changed(north: Trial, virtual: SimulatedTrial) -> None:
    cutoff = virtual.looks[0].cutoff
    before, snap = look(north, virtual.log, cutoff)
    assert not corrected(before)
    planned, now = before.evidence["IMGN901"]["n"], virtual.log[len(virtual.log) - 1].recorded
    success = next(p for p in snap.on_arm("IMGN901")[:planned] if p.first_progression is None and p.died is None)
    assert success.screened is not None
    assert success.randomised is not None

    c = Conduct(north, Log(virtual.log))
    c.correct(success.screened.number, now, "site", "read wrongly", data={"failed": []})
    (said,) = corrected(look(north, c.log, cutoff)[0])
    assert f"{success.name}: screened" in said
    assert said.endswith("The cohort is the same without them. So are the counts.")

    scan = success.assessments[-1].event
    c.correct(scan.number, now, "site", "read again", data={"response": "PD"}, on=success.assessments[0].event.happened)
    after, _ = look(north, c.log, cutoff)
    (said,) = corrected(after)
    n = before.evidence["IMGN901"]["successes"]
    assert after.evidence["IMGN901"]["successes"] == n - 1
    assert f"{success.name}: screened, assessed" in said
    assert f"IMGN901 successes {n} without, {n - 1} with them" in said


def test_content_removed_since_is_told(north: Trial, virtual: SimulatedTrial) -> None:
    cutoff = virtual.looks[0].cutoff
    before, snap = look(north, virtual.log, cutoff)
    patient = snap.on_arm("IMGN901")[0]
    scan = patient.assessments[0].event
    c = Conduct(north, Log(virtual.log))
    c.redact(scan.number, virtual.log[len(virtual.log) - 1].recorded, "site", "a name was in it")
    after, _ = look(north, c.log, cutoff)
    (said,) = [text for text in after.cautions if "removed" in text]
    assert said.startswith(f"The content of event {scan.number} was removed after the cohort of this look was complete")
    assert not [text for text in before.cautions if "removed" in text]


def test_factors_corrected_after_the_draw_are_told(north: Trial, virtual: SimulatedTrial) -> None:
    cutoff = virtual.looks[0].cutoff
    _, snap = look(north, virtual.log, cutoff)
    now = virtual.log[len(virtual.log) - 1].recorded
    other = snap.randomised[-1]  # in no cohort: its stratum is told nevertheless
    assert other.enrolled is not None
    levels = {"0-1": "2", "2": "0-1"}
    c = Conduct(north, Log(virtual.log))
    e = c.correct(
        other.enrolled.number, now, "site", "wrong", factors={"ecog": levels[other.enrolled.data["factors"]["ecog"]]}
    )
    (said,) = corrected(look(north, c.log, cutoff)[0])
    assert said == (
        f"Stratification factors were corrected after the allocation: {other.name}. "
        "The stratum of the draw is no longer the patient's."
    )
    c.correct(e.number, now, "site", "right at first", factors=dict(other.enrolled.data["factors"]))
    assert not corrected(look(north, c.log, cutoff)[0])
