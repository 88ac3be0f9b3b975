"""The words of the IMWG's response criteria in multiple myeloma, and what is measured for them: Kumar et al. 2016.

Lancet Oncol 17:e328-e346, table 4, doi:10.1016/S1470-2045(16)30206-6. All but stable disease need a second assessment.
"""

from __future__ import annotations

from equipoise.trial.measured import Measure
from equipoise.trial.response import Vocabulary, Word
from equipoise.trial.vocabularies.recist11 import CR, NE, PD, PR, SD

SCR, VGPR, MR = "sCR", "VGPR", "MR"

SERUM, URINE, KAPPA, LAMBDA = "serum_m", "urine_m", "kappa", "lambda"
SERUM_FIXATION, URINE_FIXATION = "serum_immunofixation", "urine_immunofixation"
MARROW, CLONAL, PLASMACYTOMA, CIRCULATING = "marrow_plasma_cells", "marrow_clonal_cells", "plasmacytoma", "circulating"
NEGATIVE, POSITIVE, ABSENT, PRESENT = "negative", "positive", "absent", "present"

_FOUND = (NEGATIVE, POSITIVE)
VOCABULARY = Vocabulary(
    "IMWG 2016",
    (
        Word(SCR, "Stringent complete response", responds=True, seconded=True),
        Word(CR, "Complete response", responds=True, seconded=True),
        Word(VGPR, "Very good partial response", responds=True, seconded=True),
        Word(PR, "Partial response", responds=True, seconded=True),
        Word(MR, "Minimal response", seconded=True),
        Word(SD, "Stable disease", seconded=True),
        Word(PD, "Progressive disease", progresses=True, seconded=True),
        Word(NE, "Not evaluable", readable=False, seconded=True),
    ),
    derived_from="measurements",
    also=(
        "IMWG", "IMWG 2006", "IMWG 2011", "IMWG 2014", "KUMAR IMWG 2016", "RAJKUMAR MYELOMA 2011",
        "DURIE MULTIPLE MYELOMA 2006", "PALUMBO MULTIPLE MYELOMA 2009", "PALUMBO IMWG 2009",
    ),
    stable=SD,
    measures=(
        Measure(SERUM, "Serum M-protein", "g/dL", most=20),
        Measure(URINE, "Urine M-protein", "mg/24 h", most=100_000),
        Measure(KAPPA, "Free kappa light chains in serum", "mg/L", most=1_000_000),
        Measure(LAMBDA, "Free lambda light chains in serum", "mg/L", most=1_000_000),
        Measure(SERUM_FIXATION, "Immunofixation of serum", words=_FOUND),
        Measure(URINE_FIXATION, "Immunofixation of urine", words=_FOUND),
        Measure(MARROW, "Plasma cells in the marrow", "%", most=100),
        Measure(CLONAL, "Clonal plasma cells in the marrow", words=(ABSENT, PRESENT)),
        Measure(PLASMACYTOMA, "Soft tissue plasmacytomas, sum of the products of diameters", "mm2", most=1_000_000),
        Measure(CIRCULATING, "Circulating plasma cells", "per uL", most=1_000_000),
    ),
)  # fmt: skip
