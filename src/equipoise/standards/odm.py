"""A log as CDISC ODM-XML 1.3.2, with an AuditRecord on each value and a Signature on each signed record.

A transactional file (CDISC, ODM 1.3.2, 2013): each event is a form's transaction, 'Insert' where it was recorded, 'Update' where it corrects and 'Remove'
where it takes back. What is written is what the events at hand say: the file for a reader is made from what he sees.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from equipoise.trial.event import Event
from equipoise.trial.kinds import KINDS, PATIENT_KINDS
from equipoise.trial.trial import Trial

_NS = "http://www.cdisc.org/ns/odm/v1.3"
#: Details that are no value of the patient's.
_NOT_SHOWN = frozenset({"key", "definition"})
_DAY = "happened"
#: The one visit of a log: an event knows its day, and forms their visit.
_VISIT = "SE.log"


def odm(trial: Trial, events: Iterable[Event], people: Mapping[str, str], created: datetime) -> str:
    """The events as ODM-XML. ``people``: person → the name in full, as it was granted."""
    known = list(events)
    written = [e for e in known if e.patient and (e.kind in PATIENT_KINDS or e.kind in ("signed", "voided"))]
    sites = {e.patient: e.site for e in reversed(written) if e.site}
    kinds = sorted({e.kind for e in written if e.kind != "voided"})
    root = ET.Element("ODM", {
        "xmlns": _NS, "ODMVersion": "1.3.2", "FileType": "Transactional", "FileOID": f"{trial.id}.{created:%Y%m%dT%H%M%S}",
        "CreationDateTime": _moment(created), "SourceSystem": "Equipoise", "Originator": trial.sponsor or "Equipoise",
    })  # fmt: skip
    _study(root, trial, kinds, written)
    by = sorted({e.by for e in written})
    _admin(
        root,
        trial,
        by,
        people,
        sorted({*sites.values()}),
        sorted({str(e.data["meaning"]) for e in written if e.kind == "signed"}),
        created,
    )
    data = ET.SubElement(root, "ClinicalData", {"StudyOID": trial.id, "MetaDataVersionOID": _version(trial)})
    by_number = {e.number: e for e in known}
    for patient in dict.fromkeys(e.patient for e in written):
        subject = ET.SubElement(data, "SubjectData", {"SubjectKey": patient})
        site = sites.get(patient, "")
        if site:
            ET.SubElement(subject, "SiteRef", {"LocationOID": f"L.{site}"})
        visit = ET.SubElement(subject, "StudyEventData", {"StudyEventOID": _VISIT})
        for event in written:
            if event.patient == patient:
                _form(visit, event, by_number, site)
    ET.indent(root)
    return "<?xml version='1.0' encoding='UTF-8'?>\n" + ET.tostring(root, encoding="unicode") + "\n"


def _study(root: ET.Element, trial: Trial, kinds: Sequence[str], events: Sequence[Event]) -> None:
    study = ET.SubElement(root, "Study", {"OID": trial.id})
    names = ET.SubElement(study, "GlobalVariables")
    for tag, text in (
        ("StudyName", trial.id.upper()),
        ("StudyDescription", trial.title),
        ("ProtocolName", trial.id.upper()),
    ):
        ET.SubElement(names, tag).text = text
    version = ET.SubElement(
        study, "MetaDataVersion", {"OID": _version(trial), "Name": f"Definition {trial.fingerprint[:12]}"}
    )
    ET.SubElement(ET.SubElement(version, "Protocol"), "StudyEventRef", {"StudyEventOID": _VISIT, "Mandatory": "No"})
    visit = ET.SubElement(version, "StudyEventDef", {"OID": _VISIT, "Name": "Log", "Repeating": "No", "Type": "Common"})
    for kind in kinds:
        ET.SubElement(visit, "FormRef", {"FormOID": _oid("F", kind), "Mandatory": "No"})
    for kind in kinds:
        form = ET.SubElement(version, "FormDef", {"OID": _oid("F", kind), "Name": kind, "Repeating": "Yes"})
        ET.SubElement(form, "ItemGroupRef", {"ItemGroupOID": _oid("IG", kind), "Mandatory": "No"})
    items = {kind: _items_of(kind, events) for kind in kinds}
    for kind in kinds:
        group = ET.SubElement(version, "ItemGroupDef", {"OID": _oid("IG", kind), "Name": kind, "Repeating": "No"})
        for name in items[kind]:
            ET.SubElement(group, "ItemRef", {"ItemOID": _oid("I", kind, name), "Mandatory": "No"})
    for kind in kinds:
        for name in items[kind]:
            day = {"DataType": "date"} if name == _DAY else {"DataType": "text", "Length": "4000"}
            ET.SubElement(version, "ItemDef", {"OID": _oid("I", kind, name), "Name": name.replace("_", " "), **day})


def _items_of(kind: str, events: Sequence[Event]) -> list[str]:
    """The items of a kind: its details, and on forms of the trial file's own what was recorded."""
    own = (
        sorted({f"{e.data['form']}.{v}" for e in events if e.kind == "form" for v in e.data["values"]})
        if kind == "form"
        else []
    )
    return [_DAY, *(k for k in KINDS[kind] if k not in _NOT_SHOWN and not (kind == "form" and k == "values")), *own]


def _admin(
    root: ET.Element, trial: Trial, by: Sequence[str], people: Mapping[str, str], sites: Sequence[str], meanings: Sequence[str], created: datetime
) -> None:  # fmt: skip
    admin = ET.SubElement(root, "AdminData", {"StudyOID": trial.id})
    for person in by:
        user = ET.SubElement(admin, "User", {"OID": f"U.{person}"})
        ET.SubElement(user, "LoginName").text = person
        ET.SubElement(user, "FullName").text = people.get(person, person)
    labels = {s.name: s.label for s in trial.sites}
    for site in [*sites, ""]:
        name = labels.get(site) or site or "Where the trial is run"
        place = ET.SubElement(
            admin,
            "Location",
            {"OID": f"L.{site or 'trial'}", "Name": name, "LocationType": "Site" if site else "Sponsor"},
        )
        ET.SubElement(
            place,
            "MetaDataVersionRef",
            {"StudyOID": trial.id, "MetaDataVersionOID": _version(trial), "EffectiveDate": f"{created:%Y-%m-%d}"},
        )
    for i, meaning in enumerate(meanings, 1):
        signed = ET.SubElement(admin, "SignatureDef", {"OID": f"S.{i}", "Methodology": "Electronic"})
        ET.SubElement(signed, "Meaning").text = meaning
        ET.SubElement(signed, "LegalReason").text = "Signed in the trial's system by who showed again who he is"
    admin.set("StudyOID", trial.id)
    root.set("Description", "; ".join(f"S.{i}: {m}" for i, m in enumerate(meanings, 1)) or "No record is signed")


def _form(visit: ET.Element, event: Event, by_number: Mapping[int, Event], site: str) -> None:
    first = _first(event, by_number)
    kind = first.kind
    if event.kind == "voided" and (kind not in PATIENT_KINDS):
        return
    what = "Remove" if event.kind == "voided" else "Update" if first is not event else "Insert"
    form = ET.SubElement(
        visit, "FormData", {"FormOID": _oid("F", kind), "FormRepeatKey": str(first.number), "TransactionType": what}
    )
    _audit(form, "AuditRecord", event, site)
    if event.kind == "signed":
        signature = ET.SubElement(form, "Signature", {"ID": f"SIG.{event.number}"})
        _who(signature, event, site)
        meanings = sorted({str(e.data["meaning"]) for e in by_number.values() if e.kind == "signed" and e.patient})
        ET.SubElement(
            signature, "SignatureRef", {"SignatureOID": f"S.{meanings.index(str(event.data['meaning'])) + 1}"}
        )
        ET.SubElement(signature, "DateTimeStamp").text = _moment(event.recorded)
    group = ET.SubElement(form, "ItemGroupData", {"ItemGroupOID": _oid("IG", kind), "TransactionType": what})
    if event.kind == "voided":
        return
    for name, value in values(event).items():
        said = {"ItemOID": _oid("I", kind, name), "TransactionType": what, "Value": value}
        item = ET.SubElement(group, "ItemData", said)
        _audit(item, "AuditRecord", event, site)


def values(event: Event) -> dict[str, str]:
    """What an event says, item by item, as texts."""
    own = {f"{event.data['form']}.{k}": v for k, v in event.data["values"].items()} if event.kind == "form" else {}
    said = {k: v for k, v in event.data.items() if k not in _NOT_SHOWN and not (event.kind == "form" and k == "values")}
    return {_DAY: event.happened.isoformat(), **{k: _text(v) for k, v in {**said, **own}.items()}}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _audit(parent: ET.Element, tag: str, event: Event, site: str) -> None:
    audit = ET.SubElement(parent, tag)
    _who(audit, event, site)
    ET.SubElement(audit, "DateTimeStamp").text = _moment(event.recorded)
    if event.why:
        ET.SubElement(audit, "ReasonForChange").text = event.why
    ET.SubElement(audit, "SourceID").text = f"event {event.number}"


def _who(parent: ET.Element, event: Event, site: str) -> None:
    ET.SubElement(parent, "UserRef", {"UserOID": f"U.{event.by}"})
    ET.SubElement(parent, "LocationRef", {"LocationOID": f"L.{site or 'trial'}"})


def _first(event: Event, by_number: Mapping[int, Event]) -> Event:
    while event.corrects is not None and event.corrects in by_number:
        event = by_number[event.corrects]
    return event


def _oid(*parts: str) -> str:
    return ".".join(p.replace(" ", "_") for p in parts)


def _version(trial: Trial) -> str:
    return f"MDV.{trial.fingerprint[:12]}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
