"""Define-XML (1.0, 2.0, 2.1) as input: the document in a file → what it says of datasets.

The document is data from elsewhere: one with a document type declaration is refused, since entities, which may be made to grow without end or
to fetch other files, are declared there and nowhere else. Value-level metadata (ValueListDef) is not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.parsers import expat

from equipoise.files.datasets import iterate
from equipoise.files.regular import regular
from equipoise.standards.dataset import Kind, Variable
from equipoise.standards.definition import Against, DefinedDataset, Definition, Terms
from equipoise.trial.problem import BadInput, Problem

#: The largest document [bytes].
_LARGEST = 1 << 26
#: How deep a document may be nested: Define-XML itself is eight deep.
_DEPTH = 64
#: Define-XML's types of numbers; everything else travels as text, days and moments in ISO 8601 among it.
_NUMBERS: dict[str, Kind] = {"integer": "integer", "float": "float", "double": "float", "decimal": "float"}
#: How the formats of SAS begin that show a number as a day.
_DAYS = ("DATE", "YYMMDD", "E8601DA", "DDMMYY", "MMDDYY", "IS8601DA")


class _Refused(Exception):  # noqa: N818 - never leaves this file
    """A document that is not read on, and why."""


def read_define(path: Path) -> Definition:
    """The definition in a file. Raises BadInput with every problem of it."""
    try:
        root = _document(regular(path, "a define.xml", _LARGEST).read_bytes())
    except FileNotFoundError:
        raise _bad(path, "no-file", "file", "nothing there", "a define.xml") from None
    except OSError as error:
        raise _bad(path, "unreadable", "file", error.strerror or str(error), "a readable define.xml") from None
    except expat.ExpatError as error:
        given = f"{expat.errors.messages.get(error.code, str(error))}, column {error.offset + 1}"
        raise _bad(path, "not-xml", f"line {error.lineno}", given, "an XML document") from None
    except (ValueError, LookupError) as error:  # an encoding that is none, or of several bytes a character
        raise _bad(path, "not-xml", "line 1", str(error), "an XML document in UTF-8") from None
    except _Refused as refused:
        raise _bad(path, "not-taken", "file", str(refused), "a Define-XML without it") from None
    groups = list(_all(root, "ItemGroupDef"))
    if not groups:
        given = f"a document of {_local(root.tag)!r} without ItemGroupDef"
        raise _bad(path, "not-define", "file", given, "Define-XML, which defines datasets")
    return _definition(path, root, groups)


def notes_against(path: Path, files: Iterable[Path]) -> list[str]:
    """What datasets in files have that the definition at ``path`` does not, and the other way about."""
    definition, notes, known = read_define(path), [], False
    for file in files:
        defined = definition.of(file.name)
        if defined is None:
            notes.append(f"{file.name}: not defined in {path.name}.")
            continue
        known, against = True, Against(defined)
        for piece in iterate(file, variables=defined.by_column):
            against.take(piece)
        notes += against.notes()
    if not known:
        raise _bad(
            path, "not-defined", "--define", ", ".join(definition.datasets), "a document that defines one of the files"
        )
    return notes


def _document(text: bytes) -> ET.Element:
    """The document's elements. Raises ExpatError for what is no XML."""
    builder, depth = ET.TreeBuilder(), 0
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True

    def doctype(*_: object) -> None:
        raise _Refused("a document type declaration (<!DOCTYPE …>), in which entities may be declared")

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEPTH:
            raise _Refused(f"elements nested {depth} deep")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.Parse(text, True)
    return builder.close()


def _definition(path: Path, root: ET.Element, groups: list[ET.Element]) -> Definition:
    problems: list[Problem] = []
    items = {_get(i, "OID"): i for i in _all(root, "ItemDef")}
    lists = {_get(c, "OID"): _terms(c) for c in _all(root, "CodeList")}
    found: dict[str, DefinedDataset] = {}
    for group in groups:
        name = _get(group, "Name") or _get(group, "OID")
        if name in found:
            problems.append(Problem("dataset-twice", f"ItemGroupDef {name}", "again", "each dataset once"))
            continue
        variables: dict[str, Variable] = {}
        terms: dict[str, Terms] = {}
        mandatory = set()
        for ref in sorted(_in(group, "ItemRef"), key=_order):
            oid = _get(ref, "ItemOID")
            item = items.get(oid)
            where = f"{name}.{oid}"
            if item is None:
                problems.append(Problem("no-item", where, "no ItemDef of this OID", "an ItemDef for every ItemRef"))
                continue
            v = _variable(item, _get(ref, "KeySequence"), where, problems)
            variables[v.name] = v
            mandatory |= {v.name} if _get(ref, "Mandatory") == "Yes" else set()
            for use in _in(item, "CodeListRef"):
                listed = lists.get(_get(use, "CodeListOID"))
                if listed is None:
                    given = _get(use, "CodeListOID")
                    problems.append(Problem("no-codelist", f"{name}.{v.name}", given, "a CodeList of the document"))
                else:
                    terms[v.name] = listed
        found[name] = DefinedDataset(name, _described(group), _file(group), variables, terms, frozenset(mandatory))
    if problems:
        raise BadInput(str(path), problems)
    return Definition(found)


def _variable(item: ET.Element, key: str, where: str, problems: list[Problem]) -> Variable:
    kind: Kind = _NUMBERS.get(_get(item, "DataType"), "text")
    shown = _get(item, "DisplayFormat").upper()
    if kind != "text" and shown.startswith(_DAYS) and not shown.startswith("DATETIME"):
        kind = "date"
    numbers = {}
    for what, text in (("Length", _get(item, "Length")), ("KeySequence", key)):
        whole = text.isascii() and text.isdigit() and len(text) < 10
        if text and not whole:
            given = repr(text) if len(text) <= 60 else repr(text[:57] + "…")
            problems.append(Problem("not-a-number", f"{where}.{what}", given, "a whole number below 10^9"))
        numbers[what] = int(text) if whole else None
    length = numbers["Length"] if kind == "text" else None
    return Variable(_get(item, "Name"), _described(item), kind, length, key=numbers["KeySequence"])


def _terms(codelist: ET.Element) -> Terms:
    decodes = {_get(i, "CodedValue"): "" for i in _in(codelist, "EnumeratedItem")}
    for i in _in(codelist, "CodeListItem"):
        decodes[_get(i, "CodedValue")] = next((t for d in _in(i, "Decode") for t in _translated(d)), "")
    return Terms(_get(codelist, "Name") or _get(codelist, "OID"), decodes, _get(codelist, "DataType") in _NUMBERS)


def _described(element: ET.Element) -> str:
    """The label: a Description of 2.0 and later, the attribute of 1.0."""
    return next((t for d in _in(element, "Description") for t in _translated(d)), "") or _get(element, "Label")


def _translated(element: ET.Element) -> Iterator[str]:
    yield from (" ".join((t.text or "").split()) for t in _in(element, "TranslatedText"))


def _file(group: ET.Element) -> str:
    return next((_get(leaf, "href") for leaf in _in(group, "leaf")), "")


def _order(ref: ET.Element) -> float:
    text = _get(ref, "OrderNumber")
    return float(text) if text.isascii() and text.isdigit() else float("inf")


def _local(name: str) -> str:
    return name.rsplit("}", 1)[-1]


def _all(root: ET.Element, name: str) -> Iterator[ET.Element]:
    return (e for e in root.iter() if _local(e.tag) == name)


def _in(element: ET.Element, name: str) -> Iterator[ET.Element]:
    return (e for e in element if _local(e.tag) == name)


def _get(element: ET.Element, name: str) -> str:
    """An attribute, whatever its namespace: they are those of Define-XML's version; '' without it."""
    return next((v.strip() for k, v in element.attrib.items() if _local(k) == name), "")


def _bad(path: Path, code: str, where: str, given: str, allowed: str) -> BadInput:
    return BadInput(str(path), [Problem(code, where, given, allowed)])
