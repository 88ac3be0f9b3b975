"""Safety rules in a simulation: which of them the compiled simulator knows."""

from __future__ import annotations

from equipoise.analyse.counted import counts_unseen
from equipoise.decide.watch import watch_of
from equipoise.simulate.virtual_patient import NO_STOP, first_dose
from equipoise.trial.safety import EachSoMany, SafetyRule
from equipoise.trial.trial import Trial
from equipoise.trial.what_counts import FATAL

#: The bits of a whole number in a line.
_MOST_RULES = 31


def compiled(trial: Trial, rule: SafetyRule) -> bool:
    """Whether the compiled simulator knows a rule; a plan with another is for the reference.

    It knows rules that only caution, on deaths due to adverse events of any kind, after each event or monthly, whose patients are
    all watched from the same day after entry, and which never end early with an acceptable rate. It knows none on an endpoint.
    """
    if rule.on_endpoint:
        return False
    c = rule.counted
    deaths = counts_unseen(c) and (c.fatal is True or c.grade_at_least == FATAL)
    starts = {first_dose(trial, arm) if rule.of_the_treated else None for arm in rule.arms}
    certain = len(starts) == 1 and all(day is None or day < NO_STOP for day in starts)
    known = watch_of(rule).boundary(rule) is not None
    few = len(trial.safety) <= _MOST_RULES
    return rule.does == "caution" and deaths and not isinstance(rule.looks, EachSoMany) and certain and known and few
