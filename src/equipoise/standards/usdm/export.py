"""The trial → USDM 4.0: what USDM can hold in plain USDM, and the whole definition in one extension attribute."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from equipoise import __version__
from equipoise.standards.usdm.design import study_design
from equipoise.standards.usdm.instance import Instance, Maker, xhtml
from equipoise.standards.usdm.interventions import Interventions
from equipoise.standards.usdm.study import Frame
from equipoise.trial.trial import Trial

_NONE: Mapping[str, Any] = MappingProxyType({})
VERSION = "4.0.0"
#: The one extension attribute: the definition, its fingerprint, and a digest of all else in the file.
EXTENSION = "https://equipoise.example/usdm/trial-definition"


def to_usdm(
    t: Trial, filed: Trial | None = None, beside: Mapping[str, Any] = _NONE, *, plain: bool = False
) -> Instance:
    """The whole document.

    ``filed``: the trial as its file has it, where ``t`` has more from ``beside``, the tables of protocol.toml. ``plain``: without our
    extension, for who should not see the rules that USDM has no place for (sizes of blocks among them).
    """
    filed = filed if filed is not None else t
    make = Maker()
    frame = Frame(t, make)
    interventions = Interventions(t, make)
    items = [
        make.named("EligibilityCriterionItem", f"{c.kind.capitalize()} {c.number}", text=xhtml(c.text))
        for c in t.eligibility
    ]
    design = study_design(t, make, interventions, items, frame.document_version_id)
    version = make(
        "StudyVersion",
        versionIdentifier=frame.version,
        rationale=f"As the trial file defines it, fingerprint {filed.fingerprint[:16]}",
        documentVersionIds=[frame.document_version_id],
        dateValues=frame.dates,
        studyIdentifiers=frame.identifiers,
        studyDesigns=[design],
        titles=frame.titles,
        eligibilityCriterionItems=items,
        narrativeContentItems=frame.texts,
        organizations=frame.organisations,
        roles=frame.roles,
        studyInterventions=interventions.made,
        administrableProducts=interventions.products,
    )
    for role in frame.roles:
        role["appliesToIds"] = [version["id"]]
    study: Instance = {
        "id": None,
        "name": t.id.upper(),
        "label": t.title,
        "description": t.title,
        "versions": [version],
        "documentedBy": [frame.document],
        "instanceType": "Study",
    }
    document = {"study": study, "usdmVersion": VERSION, "systemName": "Equipoise", "systemVersion": __version__}
    if not plain:
        said: dict[str, Any] = {
            "definition": filed.definition,
            "fingerprint": filed.fingerprint,
            "rest": digest(document),
        }
        said |= {"beside": dict(beside)} if beside else {}
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        study["extensionAttributes"] = [make("ExtensionAttribute", url=EXTENSION, valueString=text)]
    return document


def digest(document: Instance) -> str:
    """SHA-256 of the document without our extension, and without what is null or empty: tools write these as they like."""
    text = json.dumps(_bare(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        inner = {k: _bare(v) for k, v in value.items() if k != "extensionAttributes"}
        kept = [e for e in value.get("extensionAttributes") or () if not _ours(e)]
        inner |= {"extensionAttributes": _bare(kept)} if kept else {}
        return {k: v for k, v in inner.items() if v not in (None, [], {}, "")}
    if isinstance(value, list):
        return [_bare(v) for v in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _ours(extension: Any) -> bool:
    return isinstance(extension, dict) and extension.get("url") == EXTENSION


def our_extension(study: Instance) -> Iterator[str]:
    """What our extension attribute holds; nothing where there is none."""
    for extension in study.get("extensionAttributes") or ():
        if _ours(extension) and isinstance(extension.get("valueString"), str):
            yield extension["valueString"]
