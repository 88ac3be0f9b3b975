"""The system organ classes of MedDRA, by which CTCAE too orders its terms: all 27 of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

#: MedDRA's system organ classes, as it spells them (since version 19.0, which added 'Product issues'), and their codes.
_CLASSES = {
    "Blood and lymphatic system disorders": 10005329,
    "Cardiac disorders": 10007541,
    "Congenital, familial and genetic disorders": 10010331,
    "Ear and labyrinth disorders": 10013993,
    "Endocrine disorders": 10014698,
    "Eye disorders": 10015919,
    "Gastrointestinal disorders": 10017947,
    "General disorders and administration site conditions": 10018065,
    "Hepatobiliary disorders": 10019805,
    "Immune system disorders": 10021428,
    "Infections and infestations": 10021881,
    "Injury, poisoning and procedural complications": 10022117,
    "Investigations": 10022891,
    "Metabolism and nutrition disorders": 10027433,
    "Musculoskeletal and connective tissue disorders": 10028395,
    "Neoplasms benign, malignant and unspecified (incl cysts and polyps)": 10029104,
    "Nervous system disorders": 10029205,
    "Pregnancy, puerperium and perinatal conditions": 10036585,
    "Product issues": 10077536,
    "Psychiatric disorders": 10037175,
    "Renal and urinary disorders": 10038359,
    "Reproductive system and breast disorders": 10038604,
    "Respiratory, thoracic and mediastinal disorders": 10038738,
    "Skin and subcutaneous tissue disorders": 10040785,
    "Social circumstances": 10041244,
    "Surgical and medical procedures": 10042613,
    "Vascular disorders": 10047065,
}
ORGAN_CLASSES = tuple(_CLASSES)
#: Class in small letters → its code.
CODES = {name.casefold(): code for name, code in _CLASSES.items()}


def _a_class(name: str) -> str:
    """A system organ class. What a file writes is kept as written only where it is MedDRA's spelling."""
    if name not in ORGAN_CLASSES:
        raise ValueError(f"a system organ class of MedDRA, spelled as it does: {'; '.join(ORGAN_CLASSES)}")
    return name


OrganClass = Annotated[str, AfterValidator(_a_class), WithJsonSchema({"type": "string", "enum": list(ORGAN_CLASSES)})]
