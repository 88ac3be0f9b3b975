"""A simulated trial takes each look on the first day on which ``decide`` calls it ripe: the loop skips days, and misses none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from equipoise.analyse.data import cut
from equipoise.decide.decide import decide
from equipoise.simulate.run import run
from equipoise.trial.decision import NotRipe
from equipoise.trial.problem import BadInput
from variants import plans


@pytest.mark.property
@pytest.mark.parametrize("contacts", [False, True])
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_day_before_a_look_it_was_not_ripe(data: st.DataObject, contacts: bool) -> None:
    """``contacts``: of trials in which a dose or an adverse event says that somebody was alive, and settles a status."""
    try:
        plan = data.draw(plans())
        assume(not contacts or (plan.contacts and plan.trial.safety))
        done = [run(plan, r) for r in range(2)]
    except BadInput:
        assume(False)
    for trial in done:
        free_from = plan.trial.start
        for taken in trial.looks:
            before, look = taken.cutoff - timedelta(days=1), taken.decision.look
            if before >= free_from and look == 1 + sum(t.decision.look < look for t in trial.looks):
                found = decide(
                    plan.trial, cut(plan.trial, trial.log, before, fingerprint=False), look, ends_anyway=True
                )
                assert isinstance(found, NotRipe), (trial.replicate, look, before)
            free_from = taken.readout
