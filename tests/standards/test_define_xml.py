"""Define-XML: valid by the schema of Define-XML 2.1 (as odmlib carries it), links resolve, bytes are the same."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import odmlib
import pytest
from lxml import etree

from equipoise.files.datasets import read_datasets
from equipoise.standards.adam.written import dataset
from equipoise.standards.dataset import Dataset
from equipoise.standards.define_xml import define_xml
from equipoise.standards.metadata import arrange, described
from helpers import FIXTURES

CREATED = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001
SCHEMA = Path(odmlib.__file__).parent / "schemas" / "define" / "2.1" / "define2-1-0.xsd"


@pytest.fixture(scope="module")
def datasets() -> list[Dataset]:
    sdtm = [described(d) for d in read_datasets(FIXTURES / "data" / "onco" / "sdtm").values() if "_" not in d.name]
    adsl = read_datasets(FIXTURES / "data" / "onco" / "adam" / "adsl.csv")["ADSL"]
    adae = dataset("ADAE", [{"STUDYID": "S", "USUBJID": "1", "AESEQ": 1, "AETERM": "rash", "ATOXGR": 2, "ATOXGRN": 2}])
    return [*sdtm, adsl, adae, arrange("ADTTE", {"USUBJID": ["1"], "PARAMCD": ["PFS"], "AVAL": [1.25], "CNSR": [0]})]


@pytest.mark.independent
def test_valid_by_the_schema(datasets: list[Dataset]) -> None:
    schema = etree.XMLSchema(etree.parse(str(SCHEMA)))
    document = etree.fromstring(define_xml(datasets, "CDISCPILOT01", created=CREATED))
    schema.assertValid(document)


@pytest.mark.property
def test_links_resolve_and_each_name_is_once(datasets: list[Dataset]) -> None:
    document = etree.fromstring(define_xml(datasets, "A study", created=CREATED))
    named = [e.get("OID") or e.get("ID") for e in document.iter() if e.get("OID") or e.get("ID")]
    assert len(set(named)) == len(named)
    links = {
        value
        for e in document.iter()
        for key, value in e.attrib.items()
        if str(key).split("}")[-1] in ("ItemOID", "CodeListOID", "MethodOID", "StandardOID", "ArchiveLocationID")
    }
    assert links
    assert links <= set(named)
    items = [n for n in named if n and n.startswith("IT.")]
    assert len(items) == sum(len(d.variables) for d in datasets)


def test_a_copy_names_what_it_copies_and_has_no_method(datasets: list[Dataset]) -> None:
    document = etree.fromstring(define_xml(datasets, "S", created=CREATED))
    origin = document.xpath("//*[@OID='IT.ADAE.AESEQ']/*[local-name()='Origin']")[0]
    assert origin.get("Type") == "Predecessor"
    assert "".join(origin.itertext()).strip() == "AE.AESEQ"
    assert not document.xpath("//*[@ItemOID='IT.ADAE.AESEQ']/@MethodOID")
    assert document.xpath("//*[@ItemOID='IT.ADAE.ATOXGR']/@MethodOID") == ["MT.ADAE.ATOXGR"]


def test_the_same_bytes_whatever_the_order(datasets: list[Dataset]) -> None:
    assert define_xml(datasets, "S", created=CREATED) == define_xml(datasets[::-1], "S", created=CREATED)


def test_terms_are_those_of_the_data(datasets: list[Dataset]) -> None:
    document = etree.fromstring(define_xml(datasets, "S", created=CREATED))
    terms = document.xpath("//*[local-name()='CodeList'][@OID='CL.SEX']/*/@CodedValue")
    assert terms == ["F", "M"]


def test_codelists_carry_their_name_and_the_codes_of_nci(datasets: list[Dataset]) -> None:
    document = etree.fromstring(define_xml(datasets, "S", created=CREATED))
    [sex] = document.xpath("//*[local-name()='CodeList'][@OID='CL.SEX']")
    assert sex.get("Name") == "Sex"
    assert sex.xpath("./*[local-name()='Alias']/@Name") == ["C66731"]
    assert sex.xpath("./*[@CodedValue='F']/*/@Name") == ["C16576"]
    [race] = document.xpath("//*[local-name()='CodeList'][@OID='CL.RACE']")
    assert set(race.xpath("./*/*/@Context")) == {"nci:ExtCodeID"}


def test_a_term_of_the_sponsor_is_marked_where_the_whole_list_is_known() -> None:
    status = arrange("SS", {"USUBJID": ["1", "2"], "SSSTRESC": ["ALIVE", "ABROAD"]})
    document = etree.fromstring(define_xml([status], "S", created=CREATED))
    [marked] = document.xpath("//*[@*[local-name()='ExtendedValue']='Yes']")
    assert marked.get("CodedValue") == "ABROAD"


def test_a_required_variable_with_gaps_is_not_said_to_be_mandatory() -> None:
    subjects = arrange("ADSL", {"USUBJID": ["1", "2"], "SEX": ["F", "M"], "AGE": [61, None]})
    document = etree.fromstring(define_xml([subjects], "S", created=CREATED))
    mandatory = {
        e.get("ItemOID"): e.get("Mandatory") for e in document.iter() if isinstance(e.tag, str) and e.get("ItemOID")
    }
    assert mandatory["IT.ADSL.SEX"] == "Yes"
    assert mandatory["IT.ADSL.AGE"] == "No"
