"""The door for safety rules beside a design: a rule of the shelf says which evidence it takes; here is who makes it. One file a type.

A kind joins when its evidence has a watch: it can then be a trial file's [[safety]], asked of real data, simulated and reported.
"""

from __future__ import annotations

from collections.abc import Mapping

from equipoise.decide.watch.imbalance import ImbalanceWatch
from equipoise.decide.watch.survival import SurvivalWatch
from equipoise.decide.watch.toxicity import ToxicityWatch
from equipoise.decide.watch.watch import Watch
from equipoise.trial.evidence import HazardRatioEvidence, ToxicityEvidence, TwoArmEvidence
from equipoise.trial.safety import SafetyRule

WATCHES: Mapping[type, Watch] = {
    ToxicityEvidence: ToxicityWatch(),
    TwoArmEvidence: ImbalanceWatch(),
    HazardRatioEvidence: SurvivalWatch(),
}


def watch_of(rule: SafetyRule) -> Watch:
    """Who makes what the rule takes. The trial file's doorway refuses a rule whose evidence has no watch."""
    return WATCHES[rule.design.takes]
