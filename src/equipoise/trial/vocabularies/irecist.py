"""The words of iRECIST: Seymour et al. 2017, Lancet Oncol 18:e143-e152, doi:10.1016/S1470-2045(17)30074-8.

A site that records in the words of RECIST 1.1 is understood: its PD is an iUPD, until the next assessment says more.
"""

from __future__ import annotations

from equipoise.trial.response import Vocabulary, Word
from equipoise.trial.vocabularies import recist11
from equipoise.trial.vocabularies.recist11 import NE, NED

ICR, IPR, ISD, IUPD, ICPD = "iCR", "iPR", "iSD", "iUPD", "iCPD"
NON_ICR_NON_IUPD = "NON-iCR/NON-iUPD"

VOCABULARY = Vocabulary(
    "iRECIST 2017",
    (
        Word(ICR, "Immune complete response", responds=True),
        Word(IPR, "Immune partial response", responds=True),
        Word(NED, "No evidence of disease"),
        Word(ISD, "Immune stable disease"),
        Word(NON_ICR_NON_IUPD, "Neither complete response nor progression (no measurable disease)"),
        Word(ICPD, "Progression, confirmed", progresses=True),
        Word(IUPD, "Progression, not yet confirmed", progresses=True, unconfirmed=True),
        Word(NE, "Not evaluable", readable=False),
    ),
    derived_from="lesions",
    also=("iRECIST",),
    stable=ISD,
    synonyms={
        recist11.CR: ICR, recist11.PR: IPR, recist11.SD: ISD, recist11.PD: IUPD,
        recist11.NON_CR_NON_PD: NON_ICR_NON_IUPD,
    },
)  # fmt: skip
