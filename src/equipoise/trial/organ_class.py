"""The system organ classes of MedDRA, by which CTCAE too orders its terms: all 27 of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

#: MedDRA's system organ classes, as it spells them (since version 19.0, which added 'Product issues').
ORGAN_CLASSES = (
    "Blood and lymphatic system disorders",
    "Cardiac disorders",
    "Congenital, familial and genetic disorders",
    "Ear and labyrinth disorders",
    "Endocrine disorders",
    "Eye disorders",
    "Gastrointestinal disorders",
    "General disorders and administration site conditions",
    "Hepatobiliary disorders",
    "Immune system disorders",
    "Infections and infestations",
    "Injury, poisoning and procedural complications",
    "Investigations",
    "Metabolism and nutrition disorders",
    "Musculoskeletal and connective tissue disorders",
    "Neoplasms benign, malignant and unspecified (incl cysts and polyps)",
    "Nervous system disorders",
    "Pregnancy, puerperium and perinatal conditions",
    "Product issues",
    "Psychiatric disorders",
    "Renal and urinary disorders",
    "Reproductive system and breast disorders",
    "Respiratory, thoracic and mediastinal disorders",
    "Skin and subcutaneous tissue disorders",
    "Social circumstances",
    "Surgical and medical procedures",
    "Vascular disorders",
)


def _a_class(name: str) -> str:
    """A system organ class. What a file writes is kept as written only where it is MedDRA's spelling."""
    if name not in ORGAN_CLASSES:
        raise ValueError(f"a system organ class of MedDRA, spelled as it does: {'; '.join(ORGAN_CLASSES)}")
    return name


OrganClass = Annotated[str, AfterValidator(_a_class), WithJsonSchema({"type": "string", "enum": list(ORGAN_CLASSES)})]
