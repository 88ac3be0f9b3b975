"""Maps that ship: the words of criteria that are not built here, and as which words of RECIST 1.1 each of them counts.

A map is an agreement, not a criterion: it says what a word counts as where endpoints speak of response and progression. Codes are those of
CDISC's lists ONCRSR and ONCRSCAT; the table is in ``docs/endpoints.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from equipoise.trial.response import UNCONFIRMED, plain_name
from equipoise.trial.vocabularies.recist11 import CR, NE, NED, NON_CR_NON_PD, PD, PR, SD, VOCABULARY


@dataclass(frozen=True)
class ResponseMap:
    """Words as they are recorded → words of RECIST 1.1, the names of the criterion in datasets, and where it is from."""

    words: Mapping[str, str]
    criteria: tuple[str, ...]
    source: str


#: Name in the trial file → the map.
MAPS: Mapping[str, ResponseMap] = {
    "iRECIST": ResponseMap(
        {"iCR": CR, "iPR": PR, "iSD": SD, "iUPD": UNCONFIRMED, "iCPD": PD, "NON-iCR/NON-iUPD": NON_CR_NON_PD},
        ("iRECIST", "iRECIST 2017"),
        "Seymour et al. 2017, doi:10.1016/S1470-2045(17)30074-8",
    ),
    "IMWG": ResponseMap(
        {"sCR": CR, "IMMUNOPHENOTYPIC CR": CR, "MOLECULAR CR": CR, "VGPR": PR, "MR": SD},
        (
            "IMWG", "IMWG 2006", "IMWG 2011", "IMWG 2014", "IMWG 2016", "KUMAR IMWG 2016", "RAJKUMAR MYELOMA 2011",
            "DURIE MULTIPLE MYELOMA 2006", "PALUMBO MULTIPLE MYELOMA 2009", "PALUMBO IMWG 2009",
        ),
        "Kumar et al. 2016, doi:10.1016/S1470-2045(16)30206-6",
    ),
    "Lugano": ResponseMap(
        {
            "CMR": CR, "PMR": PR, "NMR": SD, "SMD": SD, "PMD": PD, "CR-CT": CR, "PR-CT": PR, "SD-CT": SD, "PD-CT": PD,
            "CAR": CR, "PAR": PR, "SAD": SD, "PAD": PD,
        },
        ("Lugano", "LUGANO 2014", "LUGANO CLASSIFICATION", "CHESON LUGANO 2014"),
        "Cheson et al. 2014, doi:10.1200/JCO.2013.54.8800",
    ),
    "PCWG3": ResponseMap(
        {"PDu": UNCONFIRMED, "NON-PD": SD},
        ("PCWG3", "PCWG 3", "PCWG SCHER PROSTATE CANCER 2016"),
        "Scher et al. 2016, doi:10.1200/JCO.2015.64.2702",
    ),
    "RANO": ResponseMap(
        {"MR": SD, "PSEUDOPROGRESSION": SD, "PSEUDORESPONSE": SD, "PDu": UNCONFIRMED},
        ("RANO", "RANO 2010", "RANO ELLINGSON 2017", "mRANO", "RANO 2.0", "IRANO", "IRANO 2015"),
        "Wen et al. 2010, doi:10.1200/JCO.2009.26.3541; confirmation: Okada et al. 2015, doi:10.1016/S1470-2045(15)00088-1",
    ),
    "iwCLL": ResponseMap(
        {"CRi": CR, "nPR": PR, "PR WITH LYMPHOCYTOSIS": PR, "PR-L": PR, "PRL": PR, "NR": SD},
        ("iwCLL", "IWCLL 2008", "IWCLL 2018", "IWC HALLEK CLL 2008", "IWC HALLEK CLL 2018"),
        "Hallek et al. 2018, doi:10.1182/blood-2017-09-806398",
    ),
    "RECIST 1.0": ResponseMap({}, ("RECIST 1.0", "RECIST 2000"), "Therasse et al. 2000, doi:10.1093/jnci/92.3.205"),
    "mRECIST": ResponseMap(
        {},
        ("mRECIST", "MRECIST LENCIONI LIVER CANCER 2010", "MRECIST BYRNE MESOTHELIOMA 2004", "MRECIST ARMATO MESOTHELIOMA 2018"),
        "Lencioni and Llovet 2010, doi:10.1055/s-0030-1247132",
    ),
}  # fmt: skip
#: What datasets call the words of RECIST 1.1 (the synonyms of CDISC's list, and what older forms had), in capitals.
SYNONYMS: Mapping[str, str] = {
    "COMPLETE RESPONSE": CR, "COMPLETE REMISSION": CR, "PARTIAL RESPONSE": PR, "PARTIAL REMISSION": PR,
    "STABLE DISEASE": SD, "STABLE": SD, "NC": SD, "NO CHANGE": SD, "PROGRESSIVE DISEASE": PD, "DISEASE PROGRESSION": PD,
    "PROGRESSION": PD, "NOT EVALUABLE": NE, "NOT ASSESSABLE": NE, "INEVALUABLE": NE, "UNEVALUABLE": NE, "NON-EVALUABLE": NE,
    "NOT ALL EVALUATED": NE, "NOT DONE": NE, "UNKNOWN": NE, "UNK": NE, "U": NE,
    "NO EVIDENCE OF DISEASE": NED, "NON CR/NON PD": NON_CR_NON_PD, "NON-CR/ NON-PD": NON_CR_NON_PD,
    "NONCR/NONPD": NON_CR_NON_PD, "NN": NON_CR_NON_PD, "NON-CR / NON-PD": NON_CR_NON_PD,
    "NON-CR, NON-PD": NON_CR_NON_PD, "IR/SD": NON_CR_NON_PD, "IRSD": NON_CR_NON_PD,
    "INCOMPLETE RESPONSE/STABLE DISEASE": NON_CR_NON_PD,
    "NON COMPLETE RESPONSE/NON PROGRESSIVE DISEASE": NON_CR_NON_PD,
    "NON-COMPLETE RESPONSE/NON-PROGRESSIVE DISEASE": NON_CR_NON_PD,
}  # fmt: skip


def map_of(criterion: str) -> str:
    """The map that ships for a criterion by one of its names; '' without one."""
    plain = plain_name(criterion)
    return next((name for name, m in MAPS.items() if plain in map(plain_name, (name, *m.criteria))), "")


def same_criterion(criterion: str) -> tuple[str, ...]:
    """The names that mean the same criterion as this one, itself among them."""
    known = (VOCABULARY.criterion, *VOCABULARY.also)
    if plain_name(criterion) in map(plain_name, known):
        return (criterion, *known)
    found = map_of(criterion)
    return (criterion, *MAPS[found].criteria) if found else (criterion,)
