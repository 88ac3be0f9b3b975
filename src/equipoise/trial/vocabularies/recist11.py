"""The words of RECIST 1.1: Eisenhauer et al. 2009, tables 1 to 3, doi:10.1016/j.ejca.2008.10.026."""

from __future__ import annotations

from equipoise.trial.response import Vocabulary, Word

CR, PR, NED, SD, NON_CR_NON_PD, PD, NE = "CR", "PR", "NED", "SD", "NON-CR/NON-PD", "PD", "NE"

#: NED, no evidence of disease, stands where there was nothing to measure.
VOCABULARY = Vocabulary(
    "RECIST 1.1",
    (
        Word(CR, "Complete response", responds=True),
        Word(PR, "Partial response", responds=True),
        Word(NED, "No evidence of disease"),
        Word(SD, "Stable disease"),
        Word(NON_CR_NON_PD, "Neither complete response nor progression (no measurable disease)"),
        Word(PD, "Progressive disease", progresses=True),
        Word(NE, "Not evaluable", readable=False),
    ),
    derived_from="lesions",
    also=("RECIST", "RECIST 2009"),
    stable=SD,
)
