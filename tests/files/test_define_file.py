"""Define-XML as input: what we write is read back, others' versions are read, and what is no definition is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from equipoise.files.datasets import read_datasets
from equipoise.files.datasets_out import write_dataset
from equipoise.files.define_file import read_define
from equipoise.standards.dataset import Dataset, Variable
from equipoise.standards.define_xml import define_xml
from equipoise.standards.definition import Terms
from equipoise.standards.metadata import described
from equipoise.trial.problem import BadInput
from helpers import FIXTURES, Answer

CREATED = datetime(2026, 1, 2)  # noqa: DTZ001
SDTM = FIXTURES / "data" / "onco" / "sdtm"


def defined(folder: Path, *datasets: Dataset) -> Path:
    path = folder / "define.xml"
    path.write_bytes(
        define_xml(datasets, "S", created=CREATED, files={d.name: f"{d.name.lower()}.csv" for d in datasets})
    )
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Of every dataset its label, and of every variable label, kind and terms; the length is that of the longest value or more."""
    datasets = [described(d) for d in read_datasets(SDTM).values() if "_" not in d.name]
    found = read_define(defined(tmp_path, *datasets))
    assert list(found.datasets) == sorted(d.name for d in datasets)
    for d in datasets:
        own = found.of(f"{d.name.lower()}.csv")
        assert own is not None
        assert own.label == d.label
        assert list(own.variables) == [v.name for v in d.variables]
        for v in d.variables:
            read = own.variables[v.name]
            whole = v.kind == "float" and all(x != x or x == int(x) for x in d.columns[v.name])
            assert (read.label, read.key) == (v.label or v.name, v.key)
            assert read.kind == ("integer" if whole else v.kind)
            used = set(d.text(v.name)) - {""} if v.kind == "text" else set()
            if v.codelist and used:
                terms = own.terms[v.name]
                # ISO's countries are a list outside the document: it has no terms, and any value is one.
                assert used <= set(terms.decodes) or (v.codelist == "ISO3166" and not terms.decodes)
                assert all(terms.has(x) for x in used)


def test_a_dataset_goes_through_csv_and_comes_back(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    """CSV has no place for labels, types and lengths: the definition has."""
    variables = (
        Variable("SITE", "Our own site", "text", 12), Variable("VISITS", "Number of visits", "integer"), Variable("SIZE", "Size", "float"),
        Variable("BORNDT", "Born", "date"),
    )  # fmt: skip
    before = Dataset(
        "OWN",
        "Our own",
        variables,
        {"SITE": ["007", ""], "VISITS": [3.0, float("nan")], "SIZE": [1.5, 2.0], "BORNDT": [0.0, 366.0]},
    )
    write_dataset(before, tmp_path / "own.csv")
    define = defined(tmp_path, before)
    done = equipoise("convert", tmp_path / "own.csv", tmp_path / "own.json", "--define", define, "--json")
    assert done.status == 0, done.err
    assert done.json["notes"] == []
    after = read_datasets(tmp_path / "own.json")["OWN"]
    assert after.label == "Our own"
    assert [(v.name, v.label, v.kind) for v in after.variables] == [(v.name, v.label, v.kind) for v in variables]
    assert after.variables[0].length == 12
    assert after.columns["SITE"] == ["007", ""]
    assert list(after.columns["BORNDT"]) == [0.0, 366.0]
    # Without it a column that no standard knows is a text, and has no label.
    equipoise("convert", tmp_path / "own.csv", tmp_path / "bare.json")
    bare = read_datasets(tmp_path / "bare.json")["OWN"]
    assert {(v.label, v.kind) for v in bare.variables} == {("", "text")}


HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
OLD = (
    HEAD
    + """<ODM xmlns="http://www.cdisc.org/ns/odm/v1.2" xmlns:def="http://www.cdisc.org/ns/def/v1.0" xmlns:xlink="http://www.w3.org/1999/xlink">
<Study OID="S"><MetaDataVersion OID="M" Name="M">
<ItemGroupDef OID="AE" Name="AE" Repeating="Yes" def:Label="Adverse Events" def:ArchiveLocationID="L">
<ItemRef ItemOID="AE.AESER" OrderNumber="2" Mandatory="Yes"/><ItemRef ItemOID="AE.AESEQ" OrderNumber="1" Mandatory="No"/>
<def:leaf ID="L" xlink:href="../data/ae_final.csv"><def:title>ae</def:title></def:leaf></ItemGroupDef>
<ItemDef OID="AE.AESER" Name="AESER" DataType="text" Length="1" def:Label="Serious"><CodeListRef CodeListOID="CL.NY"/></ItemDef>
<ItemDef OID="AE.AESEQ" Name="AESEQ" DataType="integer" Length="8" def:Label="Sequence"/>
<CodeList OID="CL.NY" Name="No Yes" DataType="text">
<CodeListItem CodedValue="N"><Decode><TranslatedText>No</TranslatedText></Decode></CodeListItem>
<CodeListItem CodedValue="Y"><Decode><TranslatedText>Yes</TranslatedText></Decode></CodeListItem></CodeList>
</MetaDataVersion></Study></ODM>
"""
)


def test_an_older_version_is_read(tmp_path: Path) -> None:
    (tmp_path / "define.xml").write_text(OLD)
    own = read_define(tmp_path / "define.xml").of("AE_FINAL.csv")
    assert own is not None
    assert (own.name, own.label, list(own.variables), own.mandatory) == (
        "AE",
        "Adverse Events",
        ["AESEQ", "AESER"],
        {"AESER"},
    )
    assert own.variables["AESEQ"] == Variable("AESEQ", "Sequence", "integer")
    assert own.terms["AESER"] == Terms("No Yes", {"N": "No", "Y": "Yes"})


BOMB = HEAD + '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><ODM>&b;</ODM>'
THEFT = HEAD + '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/hostname">]><ODM>&a;</ODM>'
REFUSED = [
    ("entities that grow", BOMB, "not-taken", "file"),
    ("entities that fetch", THEFT, "not-taken", "file"),
    ("a type elsewhere", HEAD + '<!DOCTYPE ODM SYSTEM "http://example.org/odm.dtd"><ODM/>', "not-taken", "file"),
    ("very deep", HEAD + "<a>" * 5000 + "</a>" * 5000, "not-taken", "file"),
    ("no XML", "USUBJID,AGE\n", "not-xml", "line 1"),
    ("cut off", OLD[: len(OLD) // 2], "not-xml", "line 6"),
    ("other XML", HEAD + "<html/>", "not-define", "file"),
    ("nothing", "", "not-xml", "line 1"),
    ("an item that is not there", OLD.replace('<ItemDef OID="AE.AESEQ"', '<ItemDef OID="X"'), "no-item", "AE.AE.AESEQ"),
    ("a codelist that is not there", OLD.replace('<CodeList OID="CL.NY"', '<CodeList OID="X"'), "no-codelist", "AE.AESER"),
    ("a length in words", OLD.replace('Length="1"', 'Length="one"'), "not-a-number", "AE.AE.AESER.Length"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "code", "where"), REFUSED, ids=[r[0] for r in REFUSED])
def test_what_is_refused(tmp_path: Path, what: str, text: str, code: str, where: str) -> None:
    (tmp_path / "define.xml").write_text(text)
    with pytest.raises(BadInput) as caught:
        read_define(tmp_path / "define.xml")
    assert [(p.code, p.where) for p in caught.value.problems] == [(code, where)]


def test_values_outside_a_codelist_are_said(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    (tmp_path / "define.xml").write_text(OLD)
    (tmp_path / "ae_final.csv").write_text("AESEQ,AESER,MORE\n1,N,x\n2,Yes,x\n3,Yes,x\n4,U,x\n5,,x\n")
    done = equipoise(
        "convert", tmp_path / "ae_final.csv", tmp_path / "ae.xpt", "--define", tmp_path / "define.xml", "--json"
    )
    assert done.status == 0, done.err
    assert done.json["notes"] == [
        "AE.AESER: 'Yes' is not in its codelist No Yes (N, Y); records 2, 3. Did you mean 'Y'?",
        "AE.AESER: 'U' is not in its codelist No Yes (N, Y); record 4.",
        "AE.AESER: values of up to 3 bytes; its length is defined as 1.",
        "AE: not defined: MORE.",
    ]
    assert read_datasets(tmp_path / "ae.xpt")["AE"].columns["AESER"] == ["N", "Yes", "Yes", "U", ""]
    (tmp_path / "ae_final.csv").write_text("AESEQ,AESER\n1,N\ntwo,N\n1.5.2,N\n")
    bad = equipoise(
        "convert", tmp_path / "ae_final.csv", tmp_path / "b.xpt", "--define", tmp_path / "define.xml", "--json"
    )
    assert [p["where"] for p in bad.json["error"]["problems"]] == ["line 3.AESEQ", "line 4.AESEQ"]
    (tmp_path / "dm.csv").write_text("USUBJID\n1\n")
    other = equipoise(
        "convert", tmp_path / "dm.csv", tmp_path / "dm.xpt", "--define", tmp_path / "define.xml", "--json"
    )
    assert (other.status, other.json["error"]["problems"][0]["code"]) == (2, "not-defined")


def test_sdtm_is_held_against_its_definition(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    (tmp_path / "dm.csv").write_text(
        "STUDYID,USUBJID,ARMCD,ARM,RFSTDTC,SEX\nS,1,A,A,2020-01-01,F\nS,2,A,A,2020-01-02,X\n"
    )
    dm = described(read_datasets(tmp_path / "dm.csv")["DM"])
    known = replace(dm, columns={**dm.columns, "SEX": ["F", "M"]})
    define = defined(tmp_path, known)
    taken = equipoise("import-sdtm", tmp_path / "dm.csv", "--log", tmp_path / "log.jsonl", "--define", define, "--json")
    assert taken.status == 0, taken.err
    assert taken.json["notes"] == ["DM.SEX: 'X' is not in its codelist Sex (F, M); record 2."]


def test_a_table_is_held_against_its_definition(equipoise: Callable[..., Answer], tmp_path: Path) -> None:
    trial = FIXTURES / "tables" / "table_trial.toml"
    rows = (FIXTURES / "tables" / "base.csv").read_text()
    table = tmp_path / "base.csv"
    table.write_text(rows)
    text = (
        OLD.replace("AE.AESER", "B.arm").replace("AE.AESEQ", "B.time").replace("AESER", "arm").replace("AESEQ", "time")
    )
    text = (
        text.replace("ae_final", "base")
        .replace('CodedValue="N"', 'CodedValue="A"')
        .replace('CodedValue="Y"', 'CodedValue="B"')
    )
    (tmp_path / "define.xml").write_text(text)
    asked = ("analyse", trial, "--table", table, "--define", tmp_path / "define.xml", "--json")
    assert equipoise(*asked).status == 0
    table.write_text(rows.replace("P02,A,562", "P02,C,562").replace("P03,B,383", "P03,No,x"))
    bad = equipoise(*asked)
    assert bad.status == 2
    found = [(p["where"], p["code"]) for p in bad.json["error"]["problems"]]
    assert ("row 3.arm", "not-in-codelist") in found
    assert ("row 4.arm", "not-in-codelist") in found
    assert ("row 4.time", "not-a-number") in found
    assert len(found) == len(
        {where for where, _ in found}
    )  # a cell that the mapping does not know either is told of once
    table.write_text(rows.replace("P02,A,562", "P02,A,562.5"))
    assert [p["where"] for p in equipoise(*asked).json["error"]["problems"]] == ["row 3.time"]
    table.rename(tmp_path / "other.csv")
    other = equipoise(
        "analyse", trial, "--table", tmp_path / "other.csv", "--define", tmp_path / "define.xml", "--json"
    )
    assert "not-defined" in [p["code"] for p in other.json["error"]["problems"]]
