"""How long a response lasts, where the trial file states no such endpoint but a rate of response: by the rules of its own progression-free survival."""

from __future__ import annotations

from equipoise.trial.endpoint import Response, TimeToEvent
from equipoise.trial.trial import Trial

#: Its name in tables and files; a trial file that has an endpoint of this origin is left to it.
NAME = "DOR"


def implied_duration(trial: Trial) -> TimeToEvent | None:
    """Duration of response with the events and the censoring of the first time to progression or death, from the first response.

    None where the trial file states a duration itself, or has no rate of response, or no time to progression or death whose rules could be taken.
    """
    times = [e for e in trial.endpoints if isinstance(e, TimeToEvent)]
    if any(e.origin == "first response" for e in times) or NAME in trial.endpoint_by_name:
        return None
    response = next((e for e in trial.endpoints if isinstance(e, Response)), None)
    base = next((e for e in times if e.progression_or_death and e.origin != "first response"), None)
    if response is None or base is None:
        return None
    return base.model_copy(
        update={
            "name": NAME,
            "label": "Duration of response",
            "role": "exploratory",
            "origin": "first response",
            "confirmed": response.confirmed,
            "stratified_by": (),
            "report_at": None,
            "estimand": None,
        }
    )
