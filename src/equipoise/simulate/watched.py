"""Safety rules in a simulation: which of them the compiled simulator knows, and what they ask of virtual patients."""

from __future__ import annotations

from equipoise.analyse.counted import counts_unseen
from equipoise.decide.watch.survival import watched_endpoint
from equipoise.trial.safety import SafetyRule
from equipoise.trial.trial import Trial
from equipoise.trial.what_counts import FATAL

#: The bits of a whole number in a line.
MOST_RULES = 31


def only_deaths(rule: SafetyRule) -> bool:
    """True of a rule that needs no adverse event to be recorded: it counts deaths due to any, or watches survival."""
    if rule.on_endpoint:
        return True
    c = rule.counted
    return counts_unseen(c) and (c.fatal is True or c.grade_at_least == FATAL)


def needs_contacts(trial: Trial, rule: SafetyRule) -> bool:
    """True of a rule on survival that is censored at the last contact."""
    times = watched_endpoint(rule, trial.endpoints) if rule.on_endpoint else None
    return times is not None and any(c.at == "last contact" for c in times.censoring)
