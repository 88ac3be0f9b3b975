"""The words of responses: one vocabulary a criterion, and a map for words that sites record by another."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from equipoise.analyse.analysis import analyse, response_table
from equipoise.analyse.columns.codes import RESPONSES, response_code
from equipoise.analyse.criteria import CRITERIA
from equipoise.analyse.data import cut
from equipoise.conduct.conduct import Conduct, Refused
from equipoise.files.bundled import find_trial
from equipoise.files.log_file import write_new_log
from equipoise.files.trial_file import read_trial
from equipoise.standards.adam.build import to_adam
from equipoise.standards.sdtm.from_log import from_log
from equipoise.trial.endpoint import Response
from equipoise.trial.problem import BadInput
from equipoise.trial.response import Vocabulary, Word
from equipoise.trial.vocabularies import OURS, VOCABULARIES, recist11
from helpers import ROOT, Answer, moment

NORTH = find_trial("north").read_text()
IMWG = 'criterion = "IMWG 2014"'
MAP = '\n[assessments.words]\nsCR = "CR"\nVGPR = "PR"\nMR = "SD"\n'


def file_of(folder: Path, criterion: str = IMWG, words: str = MAP, *changes: tuple[str, str]) -> Path:
    """NORTH, assessed by another criterion."""
    text = NORTH
    for old, new in (('criterion = "RECIST 1.1"', criterion), *changes):
        assert old in text
        text = text.replace(old, new)
    at = text.index("\n[[endpoints]]")
    path = folder / "myeloma.toml"
    path.write_text(text[:at] + words + text[at:])
    return path


def problems_of(path: Path) -> dict[str, tuple[str, str]]:
    with pytest.raises(BadInput) as found:
        read_trial(path)
    return {p.where: (p.code, f"{p.allowed} {p.next_step}") for p in found.value.problems}


def running(path: Path) -> Conduct:
    """One patient on study, of whom other words are recorded."""
    trial = read_trial(path)
    site, start = trial.sites[0], trial.sites[0].activation
    now = moment(start + timedelta(days=400))
    conduct = Conduct.open(trial, now, "t")
    conduct.activate(site.name, start, now, "t")
    conduct.screen("P", site.name, start, now, "t")
    conduct.enrol("P", start, now, "t", {f.name: f.levels[0] for f in trial.randomisation.factors})
    conduct.order("randomised", start, now, "t", patient="P", data={"arm": "CE", "stratum": "all"})
    for day, word in ((42, "MR"), (84, "VGPR"), (126, "sCR"), (168, "NE"), (210, "PD")):
        on = start + timedelta(days=day)
        conduct.order("assessed", on, now, "t", patient="P", data={"response": word})
    return conduct


def test_words_of_another_criterion_are_recorded_and_read_by_the_map(
    tmp_path: Path, equipoise: Callable[..., Answer]
) -> None:
    path = file_of(tmp_path)
    conduct, trial = running(path), read_trial(path)
    words = [("MR", "SD"), ("VGPR", "PR"), ("sCR", "CR"), ("NE", "NE"), ("PD", "PD")]
    assert [(a.recorded, a.response) for a in conduct.patients["P"].assessments] == words
    snap = cut(trial, conduct.log)
    assert [(a.recorded, a.response) for a in snap.patients["P"].assessments] == words
    assert snap.notes == ()
    table = response_table(trial, analyse(trial, snap))
    assert table is not None
    assert ["Complete response", "0", "1 (100%)"] in [list(row) for row in table.rows]
    assert "Recorded by IMWG 2014, read by the trial file's map (sCR as CR, VGPR as PR, MR as SD)" in table.notes[0]
    # SDTM has what was recorded, ADaM what is concluded, and says what was recorded.
    rs = from_log(trial, conduct.log)["RS"]
    assert [*rs.columns["RSORRES"]] == [word for word, _ in words]
    assert set(rs.columns["RSCAT"]) == {"IMWG 2014"}
    adrs = next(d for d in to_adam(trial, snap) if d.name == "ADRS")
    rows = [r for r in adrs.rows() if r["PARAMCD"] == "OVR"]
    assert [(r["AVALC"], r["DRVDESC"]) for r in rows][2:4] == [("CR", "recorded sCR"), ("NE", "as recorded")]
    assert {r["PARCAT3"] for r in rows} == {"IMWG 2014 read as RECIST 1.1"}
    log = tmp_path / "log.jsonl"
    write_new_log(log, conduct.log)
    page = " ".join(equipoise("explain", path, "--log", log, "--patient", "P").out.split())
    assert "sCR, read as CR. Recorded sCR, read as CR by the trial file's map." in page
    listed = equipoise("conduct", "as-known-on", path, "--log", log, snap.cutoff, "--patient", "P").out
    assert "response sCR" in listed
    refused = equipoise("pool", path, "--log", log, "--derive")
    assert (refused.status, "cannot-derive" in refused.err or "follow from lesions" in refused.err) == (2, True)


def test_only_known_words_are_recorded(tmp_path: Path) -> None:
    conduct = running(file_of(tmp_path))
    on = conduct.log[len(conduct.log) - 1].happened
    for word, hint in (("VGPRs", "'VGPR'"), ("stringent", "[assessments.words]")):
        with pytest.raises(Refused) as refused:
            conduct.order("assessed", on, moment(on + timedelta(days=400)), "t", patient="P", data={"response": word})
        (problem,) = refused.value.problems
        assert problem.code == "unknown-response"
        assert problem.allowed == "one of sCR, VGPR, MR, CR, PR, NED, SD, NON-CR/NON-PD, PD, NE"
        assert hint in problem.next_step


def test_what_is_wrong_with_a_map_is_said_at_once(tmp_path: Path) -> None:
    lesions = ('responses = "as recorded"', 'responses = "from lesions"')
    assert problems_of(file_of(tmp_path, words="")).keys() == {"assessments.criterion"}
    assert (
        "did you mean 'RECIST 1.1'?"
        in problems_of(file_of(tmp_path, 'criterion = "RECIST1.1"', ""))["assessments.criterion"][1]
    )
    wrong = '\n[assessments.words]\nsCR = "sCR"\nPR = "SD"\n" MR" = "SD"\n'
    found = problems_of(file_of(tmp_path, IMWG, wrong, lesions, ('success = ["CR", "PR"]', 'success = ["sCR", "PR"]')))
    assert {where: code for where, (code, _) in found.items()} == {
        "assessments.responses": "cannot-derive",
        "assessments.words.sCR": "unknown-response",
        "assessments.words.PR": "own-word",
        "assessments.words. MR": "no-word",
        "endpoints[5].success": "unknown-response",
    }
    assert "[assessments.words]" in found["endpoints[5].success"][1]
    assert "RECIST 1.1" in found["assessments.responses"][1]
    # The trial's own words may be stated, and sites of a RECIST trial may have words of their own.
    assert read_trial(file_of(tmp_path, IMWG, '\n[assessments.words]\nCR = "CR"\n')).assessments is not None
    own = read_trial(file_of(tmp_path, 'criterion = "RECIST 1.1"', '\n[assessments.words]\nuCR = "SD"\n', lesions))
    assert own.assessments is not None
    assert own.assessments.glossary["uCR"].code == "SD"


def test_a_map_is_part_of_the_definition_and_its_absence_is_not(tmp_path: Path) -> None:
    north = read_trial(find_trial("north"))
    # A file without a map says what it said before there were maps.
    assert "words" not in north.model_dump(mode="json")["assessments"]
    one = read_trial(file_of(tmp_path)).fingerprint
    assert one not in (north.fingerprint, read_trial(file_of(tmp_path, words=MAP.replace("SD", "PD"))).fingerprint)


def test_a_map_that_ships_is_named_in_one_word(tmp_path: Path) -> None:
    plan = read_trial(file_of(tmp_path, 'criterion = "IMWG 2014"\nmap = "IMWG"', "")).assessments
    assert plan is not None
    assert (plan.glossary["sCR"].code, plan.glossary["VGPR"].code, plan.glossary["MR"].code) == ("CR", "PR", "SD")
    assert "VGPR as PR" in plan.read_as
    more = read_trial(
        file_of(tmp_path, 'criterion = "IMWG 2014"\nmap = "IMWG"', '\n[assessments.words]\nMR = "PR"\n')
    ).assessments
    assert more is not None
    assert (more.glossary["MR"].code, more.glossary["sCR"].code) == ("PR", "CR")
    irecist = read_trial(file_of(tmp_path, 'criterion = "iRECIST"\nmap = "iRECIST"', "")).assessments
    assert irecist is not None
    assert irecist.glossary["iUPD"].unconfirmed
    assert irecist.glossary["iUPD"].progresses
    bad = problems_of(file_of(tmp_path, 'criterion = "IMWG 2014"\nmap = "IMWF"', ""))
    assert bad["assessments.map"][0] == "unknown-map"
    assert "IMWG" in bad["assessments.map"][1]
    none = problems_of(file_of(tmp_path, 'criterion = "iRECIST"', ""))
    assert "map = 'iRECIST'" in none["assessments.criterion"][1]
    lesions = ('responses = "as recorded"', 'responses = "from lesions"')
    cannot = problems_of(file_of(tmp_path, 'criterion = "iRECIST"\nmap = "iRECIST"', "", lesions))
    assert cannot["assessments.responses"][0] == "cannot-derive"


def test_one_vocabulary_is_behind_all_that_speaks_of_responses() -> None:
    assert {v.criterion for v in VOCABULARIES.values() if v.derived_from} == set(CRITERIA)
    assert set(OURS.order) == {"CR", "PR", "NED", "SD", "NON-CR/NON-PD", "PD", "NE"}
    assert ("", *OURS.order) == RESPONSES
    assert [response_code(word) for word in ("", "ND", OURS.order[0])] == [0, 0, 1]
    assert [w.code for w in OURS.words if w.progresses] == ["PD"]
    assert [w.code for w in OURS.words if not w.readable] == ["NE"]
    assert OURS.responses == ("CR", "PR")


#: Who may spell a word out: the vocabulary, and what is no response of a patient: a state of SDTM, a parameter's name.
MAY_SPELL = {
    "trial/vocabularies/recist11.py",
    "trial/vocabularies/imwg.py",
    "standards/sdtm/lesion_words.py",
    "standards/adam/rules.py",
}


def test_nobody_else_lists_the_words() -> None:
    source = ROOT / "src" / "equipoise"
    words = set(OURS.order)
    for path in sorted(source.rglob("*.py")):
        where = path.relative_to(source).as_posix()
        if where in MAY_SPELL:
            continue
        spelt = [n.value for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Constant)]
        assert not words & {w for w in spelt if isinstance(w, str)}, where


def test_the_next_criterion_is_one_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    toy = Vocabulary("Toy 1", (Word("better", "Better", responds=True), Word("worse", "Worse", progresses=True)))
    monkeypatch.setitem(VOCABULARIES, "Toy 1", toy)  # type: ignore[arg-type]
    found = problems_of(file_of(tmp_path, 'criterion = "Toy 1"', ""))
    assert found.keys() == {"endpoints[5].success"}  # CR and PR are no words of Toy 1
    success = ('success = ["CR", "PR"]', 'success = ["better"]')
    trial = read_trial(file_of(tmp_path, 'criterion = "Toy 1"', "", success))
    assert trial.assessments is not None
    assert trial.assessments.glossary.words == ["better", "worse"]
    orr: Any = next(e for e in trial.endpoints if isinstance(e, Response)).model_dump()
    with pytest.raises(ValidationError, match=r"a response of RECIST 1\.1"):
        Response.model_validate(orr | {"success": ("best",)})


def test_recists_words_are_those_of_its_tables() -> None:
    """CR, PR, SD and PD are of table 1, Non-CR/Non-PD and NE of tables 1 and 2; NED is ours, for nothing to measure."""
    assert recist11.VOCABULARY.words[0].label == "Complete response"
    assert recist11.VOCABULARY.words[-1].label == "Not evaluable"
