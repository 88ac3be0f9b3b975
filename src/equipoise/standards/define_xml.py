"""Define-XML 2.1 of some datasets: what each variable is, its terms, origin and method. The same datasets give the same bytes.

Codelists hold the terms that occur in the data, with CDISC's name of the list, the package that it is of and NCI's codes where
``terminology`` has them; countries are ISO's. A variable without any value is said to have no data. Value-level metadata (ValueListDef, WhereClauseDef) is not written: parameters
share one definition of AVAL. A variable without origin or method has none in the file; none is invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from xml.etree import ElementTree as ET

import numpy as np

from equipoise.standards.dataset import Dataset, Variable
from equipoise.standards.metadata import Domain, domain
from equipoise.standards.sdtm_roles import role
from equipoise.standards.terminology import OWN, PACKAGES, codelist

ODM = "http://www.cdisc.org/ns/odm/v1.3"
DEF = "http://www.cdisc.org/ns/def/v2.1"
XLINK = "http://www.w3.org/1999/xlink"
XML = "http://www.w3.org/XML/1998/namespace"
_D = f"{{{DEF}}}"
_NCI = "nci:ExtCodeID"
#: Codelists that others keep: their dictionary, and its version.
_EXTERNAL = {"ISO3166": ("ISO 3166-1 alpha-3", "2020")}
_NO_DATA = "COM.NO_DATA"


def define_xml(
    datasets: Iterable[Dataset], study: str, *, created: datetime, files: Mapping[str, str] | None = None
) -> bytes:
    """The document. ``files``: dataset → its file, relative to the document (``dm.xpt`` for DM unless given)."""
    given = sorted(datasets, key=lambda d: d.name)
    for prefix, space in (("", ODM), ("def", DEF), ("xlink", XLINK)):
        ET.register_namespace(prefix, space)
    root = ET.Element(
        f"{{{ODM}}}ODM",
        {
            "FileOID": f"DEFINE.{_oid(study)}", "FileType": "Snapshot", "ODMVersion": "1.3.2",
            "CreationDateTime": created.isoformat(timespec="seconds"), "SourceSystem": "Equipoise", f"{_D}Context": "Other",
        },
    )  # fmt: skip
    of_study = _in(root, "Study", OID=f"ST.{_oid(study)}")
    names = _in(of_study, "GlobalVariables")
    for tag in ("StudyName", "StudyDescription", "ProtocolName"):
        _in(names, tag).text = study
    version = _in(of_study, "MetaDataVersion", OID=f"MDV.{_oid(study)}", Name=f"{study}, data definitions")
    version.set(f"{_D}DefineVersion", "2.1.0")
    known = {d.name: domain(d.name) for d in given}
    terms = _terms(given)
    _standards(version, known.values(), terms)
    for dataset in given:
        _group(version, dataset, known[dataset.name], (files or {}).get(dataset.name, f"{dataset.name.lower()}.xpt"))
    for dataset in given:
        for v in dataset.variables:
            _item(version, dataset, v)
    for name, found in sorted(terms.items()):
        _codelist(version, name, found)
    for dataset in given:
        for v in dataset.variables:
            if v.method and v.origin != "Predecessor":
                method = _in(
                    version,
                    "MethodDef",
                    OID=f"MT.{dataset.name}.{v.name}",
                    Name=f"{dataset.name}.{v.name}",
                    Type="Computation",
                )
                _described(method, v.method)
    for dataset in given:
        for v in dataset.variables:
            if v.comment:
                _described(_in(version, f"{_D}CommentDef", OID=f"COM.{dataset.name}.{v.name}"), v.comment)
    if any(_no_data(dataset, v) for dataset in given for v in dataset.variables):
        _described(_in(version, f"{_D}CommentDef", OID=_NO_DATA), "No value of this variable was collected or derived.")
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _codelist(version: ET.Element, name: str, terms: Iterable[str]) -> None:
    """The terms that occur. One that an open list of CDISC, held here in full, does not have is marked as the sponsor's own."""
    known = codelist(name)
    label = known.label if known else "Country" if name in _EXTERNAL else name
    listed = _in(version, "CodeList", OID=f"CL.{name}", Name=label, DataType="text")
    if name in _EXTERNAL:
        dictionary, edition = _EXTERNAL[name]
        _in(listed, "ExternalCodeList", Dictionary=dictionary, Version=edition)
        return
    if known is not None and known.publisher:
        listed.set(f"{_D}StandardOID", f"STD.CT.{known.publisher}")
    else:
        listed.set(f"{_D}IsNonStandard", "Yes")
    for term in terms:
        item = _in(listed, "EnumeratedItem", CodedValue=term)
        if known is None:
            continue
        code = known.terms.get(term, "")
        if code not in ("", OWN):
            _in(item, "Alias", Context=_NCI, Name=code)
        elif code == OWN or (known.complete and not known.closed):
            item.set(f"{_D}ExtendedValue", "Yes")
    if known is not None and known.code:
        _in(listed, "Alias", Context=_NCI, Name=known.code)


def _oid(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text) or "STUDY"


def _in(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, tag if tag.startswith("{") else f"{{{ODM}}}{tag}", attributes)


def _described(parent: ET.Element, text: str) -> None:
    said = _in(_in(parent, "Description"), "TranslatedText")
    said.set(f"{{{XML}}}lang", "en")
    said.text = text


def _standards(version: ET.Element, known: Iterable[Domain | None], terms: Iterable[str]) -> None:
    """The guides that the datasets follow, and the packages of the terminology that their codelists are of."""
    guides = sorted({(d.standard, d.version) for d in known if d is not None})
    sets = sorted({found.publisher for name in terms if (found := codelist(name)) is not None and found.publisher})
    if not guides and not sets:
        return
    standards = _in(version, f"{_D}Standards")
    for name, number in guides:
        _in(standards, f"{_D}Standard", OID=f"STD.{name}", Name=name, Type="IG", Version=number, Status="Final")
    for name in sets:
        _in(
            standards, f"{_D}Standard", OID=f"STD.CT.{name}", Name="CDISC/NCI", Type="CT", PublishingSet=name,
            Version=PACKAGES[name], Status="Final",
        )  # fmt: skip


def _group(version: ET.Element, dataset: Dataset, known: Domain | None, file: str) -> None:
    adam = known is not None and known.standard == "ADaMIG"
    attributes = {
        "OID": f"IG.{dataset.name}", "Name": dataset.name, "SASDatasetName": dataset.name,
        "Repeating": "No" if known and known.structure == "One record per subject" else "Yes",
        "IsReferenceData": "No", "Purpose": "Analysis" if adam else "Tabulation",
        f"{_D}Structure": known.structure if known else "One record per row", f"{_D}ArchiveLocationID": f"LF.{dataset.name}",
    }  # fmt: skip
    if known is None:
        attributes[f"{_D}IsNonStandard"] = "Yes"
    else:
        attributes[f"{_D}StandardOID"] = f"STD.{known.standard}"
        if not adam:
            attributes["Domain"] = _domain(dataset.name)
    group = _in(version, "ItemGroupDef", **attributes)
    _described(group, dataset.label or (known.label if known else dataset.name))
    for number, v in enumerate(dataset.variables, start=1):
        ref = _in(
            group,
            "ItemRef",
            ItemOID=f"IT.{dataset.name}.{v.name}",
            OrderNumber=str(number),
            Mandatory="Yes" if v.core == "Req" and _full(dataset, v) else "No",
        )
        if v.key is not None:
            ref.set("KeySequence", str(v.key))
        if known is not None and known.standard == "SDTMIG":
            ref.set("Role", role(_domain(dataset.name), v.name))
        if _no_data(dataset, v):
            ref.set(f"{_D}HasNoData", "Yes")
        if v.method and v.origin != "Predecessor":
            ref.set("MethodOID", f"MT.{dataset.name}.{v.name}")
    _in(group, f"{_D}Class", Name=known.kind if known else "ADAM OTHER" if adam else "FINDINGS")
    leaf = _in(group, f"{_D}leaf", ID=f"LF.{dataset.name}")
    leaf.set(f"{{{XLINK}}}href", file)
    _in(leaf, f"{_D}title").text = file


def _item(version: ET.Element, dataset: Dataset, v: Variable) -> None:
    item = _in(
        version, "ItemDef", OID=f"IT.{dataset.name}.{v.name}", Name=v.name, SASFieldName=v.name, **_type(dataset, v)
    )
    if v.kind == "date":
        item.set(f"{_D}DisplayFormat", "DATE9.")
    if v.comment or _no_data(dataset, v):
        item.set(f"{_D}CommentOID", f"COM.{dataset.name}.{v.name}" if v.comment else _NO_DATA)
    _described(item, v.label or v.name)
    if v.codelist and v.kind == "text" and _used(dataset, v):
        _in(item, "CodeListRef", CodeListOID=f"CL.{v.codelist}")
    if v.origin:
        origin = _in(item, f"{_D}Origin", Type=v.origin)
        if v.origin in ("Collected", "Derived", "Assigned"):
            origin.set("Source", "Investigator" if v.origin == "Collected" else "Sponsor")
        elif v.origin == "Predecessor" and v.method:
            _described(origin, v.method)


def _type(dataset: Dataset, v: Variable) -> dict[str, str]:
    column = dataset.columns[v.name]
    if v.kind == "text":
        if v.name.endswith("DTC"):
            return {"DataType": _moment(_used(dataset, v))}
        longest = max((len(t.encode()) for t in _used(dataset, v)), default=1)
        return {"DataType": "text", "Length": str(max(v.length or 1, longest))}
    known = np.asarray(column, dtype=np.float64)
    known = known[~np.isnan(known)]
    if v.kind != "float" or (known == np.floor(known)).all():
        return {"DataType": "integer", "Length": str(max((len(f"{abs(x):.0f}") for x in known.tolist()), default=8))}
    texts = [np.format_float_positional(abs(x), trim="-") for x in set(known.tolist())]
    digits = max(len(t.partition(".")[2]) for t in texts)
    return {"DataType": "float", "Length": str(max(len(t) for t in texts)), "SignificantDigits": str(digits)}


def _moment(values: set[str]) -> str:
    """ODM's word for days and times as given: partial where some lack a month or a day."""
    partial = any(len(t) < 10 for t in values)
    if any("T" in t for t in values):
        return "partialDatetime" if partial else "datetime"
    return "partialDate" if partial else "date"


def _full(dataset: Dataset, v: Variable) -> bool:
    """No record lacks the variable: the ADaMIG's 'Req' asks that it is there, not that it is never empty."""
    if v.kind == "text":
        return "" not in dataset.text(v.name)
    return not np.isnan(np.asarray(dataset.columns[v.name], dtype=np.float64)).any()


def _domain(name: str) -> str:
    """The domain that a dataset is of: SUPPAE's is AE, RS_RECIST's is RS."""
    return name.removeprefix("SUPP").split("_")[0] or name


def _no_data(dataset: Dataset, v: Variable) -> bool:
    """True where records there are, and none has a value of the variable."""
    if not dataset.n:
        return False
    if v.kind == "text":
        return not _used(dataset, v)
    return bool(np.isnan(np.asarray(dataset.columns[v.name], dtype=np.float64)).all())


def _used(dataset: Dataset, v: Variable) -> set[str]:
    return set(dataset.text(v.name)) - {""}


def _terms(datasets: list[Dataset]) -> dict[str, list[str]]:
    """Codelist → the terms of it that occur."""
    found: dict[str, set[str]] = {}
    for dataset in datasets:
        for v in dataset.variables:
            if v.codelist and v.kind == "text" and (used := _used(dataset, v)):
                found.setdefault(v.codelist, set()).update(used)
    return {name: sorted(terms) for name, terms in found.items()}
