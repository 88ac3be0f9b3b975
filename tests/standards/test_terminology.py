"""Controlled terms: lists that hold together, and what we write and read held against them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from equipoise.files.datasets import read_datasets
from equipoise.simulate.plan import Plan
from equipoise.simulate.run import run
from equipoise.standards import adam_variables, sdtm_variables
from equipoise.standards.adam.build import to_adam
from equipoise.standards.adam.written import KEYS, WRITTEN, names
from equipoise.standards.dataset import Dataset
from equipoise.standards.metadata import arrange, described, domain
from equipoise.standards.terminology import LISTS, TERMS, codelist, strangers
from equipoise.trial.snapshot import snapshot
from helpers import FIXTURES

NAMES = [line.split("|")[0].strip() for line in LISTS.strip().splitlines()]
#: Lists that are not CDISC's.
ELSEWHERE = {"ISO3166"}


@pytest.mark.parametrize("name", NAMES)
def test_a_list_is_well_formed(name: str) -> None:
    found = codelist(name)
    assert found is not None
    assert re.fullmatch(r"C\d+", found.code)
    assert found.terms
    for term, code in found.terms.items():
        assert re.fullmatch(r"(C\d+|-)", code)
        assert term == term.strip() != ""
    assert not found.closed or found.complete


def test_each_list_is_once_and_has_its_own_code() -> None:
    assert sorted(NAMES) == sorted(TERMS)
    assert len({codelist(n).code for n in NAMES}) == len(NAMES)  # type: ignore[union-attr]
    assert codelist("NOTHING") is None


@pytest.mark.parametrize(
    "pair", [("TUTESTCD", "TUTEST"), ("TRTESTCD", "TRTEST"), ("ONCRTSCD", "ONCRTS"), ("SSTESTCD", "SSTEST")]
)
def test_short_names_and_names_of_tests_are_the_same_concepts(pair: tuple[str, str]) -> None:
    short, long = (codelist(n) for n in pair)
    assert short is not None
    assert long is not None
    assert sorted(short.terms.values()) == sorted(long.terms.values())
    assert all(len(t) <= 8 for t in short.terms)
    assert all(len(t) <= 40 for t in long.terms)


@pytest.mark.parametrize("name", [*sdtm_variables.DOMAINS, *adam_variables.DATASETS])
def test_every_codelist_that_a_variable_names_is_held(name: str) -> None:
    named = {v.codelist for v in domain(name).variables} - {""} - ELSEWHERE  # type: ignore[union-attr]
    assert {n for n in named if codelist(n) is None} == set()


def test_a_disposition_is_an_end_or_a_milestone() -> None:
    joined = codelist("DSDECOD")
    assert joined is not None
    assert {"DEATH", "RANDOMIZED"} <= set(joined.terms)
    assert strangers(arrange("DS", {"DSDECOD": ["DEATH", "RANDOMIZED", "WENT HOME"]})) == {"DSDECOD": ["WENT HOME"]}


def test_words_of_tumour_state_are_held_against_their_list_and_sizes_are_not() -> None:
    made = arrange("TR", {"TRTESTCD": ["LDIAM", "TUMSTATE", "TUMSTATE"], "TRSTRESC": ["12", "MERGED", "PRESENT"]})
    assert strangers(made) == {"TRSTRESC": ["MERGED"]}


def test_of_the_field_s_test_data_only_places_are_strangers() -> None:
    """LOC holds over a thousand places; we keep none but an example."""
    found = {
        f"{d.name}.{v}": terms
        for d in read_datasets(FIXTURES / "data" / "onco" / "sdtm").values()
        if d.name.endswith("_RECIST")
        for v, terms in strangers(described(d)).items()
    }
    assert found.keys() <= {"TU_RECIST.TULOC"}


@pytest.fixture(scope="module")
def written(plan: Callable[..., Plan]) -> list[Dataset]:
    log = run(plan(), 0, detail=True).log
    snap = snapshot(log, max(e.recorded.date() for e in log), fingerprint=False)
    return list(to_adam(plan().trial, snap))


@pytest.mark.snapshot
def test_what_we_write_as_adam_is_in_the_lists(written: list[Dataset]) -> None:
    assert {d.name: strangers(d) for d in written if strangers(d)} == {}


@pytest.mark.parametrize("pair", [("ADSL", "DM"), ("ADAE", "AE")])
def test_copies_of_sdtm_keep_its_labels_and_kinds(pair: tuple[str, str]) -> None:
    ours, theirs = ({v.name: (v.label, v.kind) for v in domain(n).variables} for n in pair)  # type: ignore[union-attr]
    both = set(ours) & set(theirs)
    assert len(both) >= 12
    assert {n: ours[n] for n in both} == {n: theirs[n] for n in both}


def test_what_is_copied_is_what_the_source_has(written: list[Dataset]) -> None:
    copies = {(d.name, v.name): v.method for d in written for v in d.variables if v.origin == "Predecessor"}
    assert copies["ADRS", "RANDDT"] == "ADSL.RANDDT"
    assert copies["ADAE", "AESEQ"] == "AE.AESEQ"
    for (_, name), source in copies.items():
        other, of = source.split(".")
        assert of == name
        assert any(v.name == name for v in domain(other).variables), source  # type: ignore[union-attr]


def test_no_variable_is_in_two_tables_of_ours() -> None:
    """One place says what a variable is: what is written is a list of names, each known to the table, each once."""
    for name in WRITTEN:
        known = {v.name for v in domain(name).variables}  # type: ignore[union-attr]
        assert set(names(name)) <= known
        assert len(set(names(name))) == len(names(name))
        assert set(KEYS[name]) <= set(names(name))
