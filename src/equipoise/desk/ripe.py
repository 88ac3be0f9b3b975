"""Whether a look is ripe, for who may not know arms: by the ratio of the arms, and told as yes or no."""

from __future__ import annotations

from datetime import date

from equipoise.analyse.data import cut
from equipoise.conduct.definitions import Definitions
from equipoise.conduct.visibility import Reader
from equipoise.decide.decide import decide
from equipoise.desk.data import defined_at
from equipoise.desk.reading import dealt
from equipoise.files.definition import trial_of
from equipoise.trial.decision import Decision
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput
from equipoise.trial.trial import Trial


def in_words(trial: Trial, seen: Log, look: int, cohort: str, cutoff: date, reader: Reader) -> str:
    """'ripe', 'not ripe' with the day by which it is at the latest, or that it cannot be said. ``seen``: the log as the reader sees it.

    Who may not know arms is told by the ratio in which they are dealt; nothing of what a look would say is in the answer.
    """
    log = dealt(trial, seen) if reader.masked else seen
    known_on = max(cutoff, log[len(log) - 1].recorded.date())
    try:
        own = defined_at(Definitions.of(trial.one(cohort), log, trial_of), log, cutoff, known_on)
        if reader.masked and not own.monitored.by_cohort:
            return "known in the committee's room only: the look is on what stands by arm"
        found = decide(own, cut(own, log, cutoff, known_on), look)
    except BadInput:
        return "cannot be said of these data"
    if isinstance(found, Decision):
        return "ripe" + (", by the ratio of the arms" if reader.masked else "")
    return "not ripe" + (f"; at the latest on {found.ripe_on}" if found.ripe_on is not None else "")
