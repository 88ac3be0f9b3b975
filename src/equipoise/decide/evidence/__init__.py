"""The door for evidence: a design says which type it takes; here is who makes it from the data. One file a type.

A kind of design is on the road (it can be a trial file's own, simulated, conducted, decided and reported) when its
evidence has a maker.
"""

from __future__ import annotations

from collections.abc import Mapping

from equipoise.decide.evidence.arms import ArmsMaker
from equipoise.decide.evidence.exposure import ExposureMaker, ExposureOfArmsMaker
from equipoise.decide.evidence.hazard_ratio import HazardRatioMaker
from equipoise.decide.evidence.log_rank import LogRankMaker
from equipoise.decide.evidence.maker import Maker
from equipoise.decide.evidence.one_rate import OneRateMaker
from equipoise.decide.evidence.pair import PairMaker
from equipoise.decide.evidence.reference import ReferenceMaker
from equipoise.decide.evidence.two_rates import TwoRatesMaker
from equipoise.trial.evidence import (
    ArmsEvidence,
    Evidence,
    ExposureEvidence,
    HazardRatioEvidence,
    PairEvidence,
    ReferenceStatistic,
    StatisticEvidence,
    ToxicityEvidence,
    TwoArmEvidence,
    TwoArmExposureEvidence,
)
from equipoise.trial.trial import Trial

MAKERS: Mapping[type, Maker] = {
    Evidence: OneRateMaker(),
    ToxicityEvidence: OneRateMaker(),
    PairEvidence: PairMaker(),
    TwoArmEvidence: TwoRatesMaker(),
    ArmsEvidence: ArmsMaker(),
    StatisticEvidence: LogRankMaker(),
    HazardRatioEvidence: HazardRatioMaker(),
    ReferenceStatistic: ReferenceMaker(),
    ExposureEvidence: ExposureMaker(),
    TwoArmExposureEvidence: ExposureOfArmsMaker(),
}


def maker_of(trial: Trial) -> Maker:
    """Who makes what the trial's design takes. The trial file's doorway refuses a design whose evidence has no maker."""
    return MAKERS[trial.monitored.design.takes]
