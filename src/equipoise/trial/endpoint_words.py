"""An endpoint's definition in one sentence: synopsis, protocol and USDM say the same."""

from __future__ import annotations

from equipoise.trial.endpoint import Endpoint, Outcome, Response, TimeToEvent, Toxicity
from equipoise.trial.trial import Trial


def defined(t: Trial, e: Endpoint) -> str:
    """What is an event or a success, since when, what censors and in what order."""
    if isinstance(e, TimeToEvent):
        rules = "; ".join(f"{c.when}: at {c.at}" for c in e.censoring)
        said = "enrolment" if e.origin == "randomisation" and t.randomisation is None else e.origin
        return f"{' or '.join(e.events)} since {said}. Censored, in this order: {rules}"
    if isinstance(e, Response):
        confirmed = "confirmed" if e.confirmed else "confirmation not required"
        seen = f", first seen within {e.within}" if e.within else ""
        return f"best overall response {' or '.join(e.success)}{seen}, {confirmed}; not evaluable: {e.not_evaluable}"
    if isinstance(e, Outcome):
        return (
            f"{' or '.join(e.success)} among those with {' or '.join((*e.success, *e.failure))}, due after {e.due}, window {e.window}; "
            f"not evaluable: {e.not_evaluable}"
        )
    if isinstance(e, Toxicity):
        return f"{e.counts}, within {e.within} of {e.origin}, window {e.window}; not evaluable: {e.not_evaluable}"
    return f"{e.of} at {e.landmark} (day {e.landmark.days}), window {e.window}; not evaluable: {e.not_evaluable}"
