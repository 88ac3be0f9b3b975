"""`equipoise protocol`: M11's sections and the analysis plan, tied to the trial file, with gaps and no filler; the same bytes each time."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from equipoise.files.bundled import bundled_trials, find_trial
from equipoise.files.trial_file import read_trial
from equipoise.trial.m11 import HEADINGS, OPTIONAL
from equipoise.trial.places import paths
from helpers import Answer

docx = pytest.importorskip("docx")
Equipoise = Callable[..., Answer]


def texts(path: Path) -> str:
    """All that a reader of the Word file reads."""
    word = docx.Document(io.BytesIO(path.read_bytes()))
    cells = [c.text for t in word.tables for r in t.rows for c in r.cells]
    return "\n".join([*(p.text for p in word.paragraphs), *cells])


def test_north_by_m11(equipoise: Equipoise, tmp_path: Path) -> None:
    out = tmp_path / "north.docx"
    said = equipoise("protocol", "north", "--out", out, "--json").json
    text = texts(out)
    assert "ICH M11, Step 4 (19 November 2025)" in text
    for number, heading in HEADINGS.items():
        if number not in OPTIONAL:
            assert f"{number} {heading}" in text, number
    trial = read_trial(find_trial("north"))
    for c in trial.eligibility:
        assert c.text in text
    assert "0.0486" in text  # computed, by the design itself
    assert "0.8008" in text
    assert "blocks of" not in text  # their sizes are not for sites
    assert "peripheral neuropathy is expected" in text  # text of one's own
    assert "2.2.2" in said["gaps"]
    assert "2.2.1" not in said["gaps"]
    again = tmp_path / "again.docx"
    equipoise("protocol", "north", "--out", again)
    assert again.read_bytes() == out.read_bytes()


def test_every_piece_is_tied_to_an_entry_of_the_file_and_to_a_bookmark(equipoise: Equipoise, tmp_path: Path) -> None:
    import tomllib

    out = tmp_path / "north.docx"
    trace = equipoise("protocol", "north", "--out", out, "--json").json["trace"]
    known = set(paths(tomllib.loads(find_trial("north").read_text())))
    known |= set(paths(tomllib.loads((find_trial("north").parent / "protocol.toml").read_text())))
    free = ("–", "the trial file", "the program", "populations", "adverse_events", "visits, activities")
    for piece in trace:
        for of in piece["of"].removeprefix("computed: ").removeprefix("sources: ").split(", "):
            head = of.split(".")[0].split("[")[0]
            assert (
                of in known or of in free or head in {k.split(".")[0].split("[")[0] for k in known} | {"randomisation"}
            ), piece
    xml = docx.Document(io.BytesIO(out.read_bytes())).element.xml
    marks = set(re.findall(r'w:name="(s[\d_]+)"', xml))
    assert {p["mark"] for p in trace} == marks
    assert len(trace) == len(marks)


@pytest.mark.thorough
@pytest.mark.parametrize("name", bundled_trials())
def test_every_trial_has_its_documents(name: str, equipoise: Equipoise, tmp_path: Path) -> None:
    for kind in ("m11", "sap"):
        for form in ("docx", "html"):
            out = tmp_path / f"{kind}.{form}"
            said = equipoise("protocol", name, "--document", kind, "--format", form, "--out", out, "--json")
            assert said.status == 0, said.err
            assert out.stat().st_size > 2000
            assert said.json["trace"]


def test_the_plan_has_censoring_in_order_looks_and_shells(equipoise: Equipoise, tmp_path: Path) -> None:
    out = tmp_path / "sap.html"
    equipoise("protocol", "north", "--document", "sap", "--format", "html", "--out", out)
    text = out.read_text(encoding="utf-8")
    trial = read_trial(find_trial("north"))
    rules = [c.when for c in trial.time_to_event("PFS").censoring]
    assert rules == ["next therapy", "withdrawal", "loss", "no event"]
    at = text.index("Censoring of Progression-free survival")
    order = [
        text.index(w, at)
        for w in (
            "another anticancer therapy",
            "consent is withdrawn",
            "lost to follow-up",
            "no event by the data cut-off",
        )
    ]
    assert order == sorted(order)
    assert "stop with at most 17" in text
    assert "14.2.1 Time-to-event endpoints by arm" in text
    assert ">xx<" in text
    assert 'data-of="endpoints.PFS.censoring"' in text


def test_text_of_one_s_own_is_escaped_and_unknown_sections_refused(equipoise: Equipoise, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "trial.toml").write_text(find_trial("merkel").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "protocol.toml").write_text('[protocol.text]\n"2.1" = "A <b>bold</b> & plain reason"\n', encoding="utf-8")
    out = tmp_path / "m.html"
    assert equipoise("protocol", folder, "--format", "html", "--out", out).status == 0
    assert "A &lt;b&gt;bold&lt;/b&gt; &amp; plain reason" in out.read_text(encoding="utf-8")
    (folder / "protocol.toml").write_text(
        '[protocol.text]\n"99.1" = "x"\n[protocol]\nversion = 3\n[[activities]]\nname = "CT"\nat = ["V9"]\n',
        encoding="utf-8",
    )
    refused = equipoise("protocol", folder, "--format", "html", "--out", tmp_path / "no.html", "--json")
    assert refused.status == 2
    (folder / "protocol.toml").write_text(
        '[protocol.text]\n"99.1" = "x"\n[[activities]]\nname = "CT"\nat = ["V9"]\n', encoding="utf-8"
    )
    refused = equipoise("protocol", folder, "--format", "html", "--out", tmp_path / "no.html", "--json")
    codes = [p["code"] for p in json.loads(refused.out)["error"]["problems"]]
    assert codes == ["unknown-section", "unknown-visit"]
    assert not (tmp_path / "no.html").exists()


def test_what_is_missing_is_asked_for_at_once(equipoise: Equipoise) -> None:
    found = equipoise("protocol", "--json")
    assert found.status == 2
    assert [p["where"] for p in json.loads(found.out)["error"]["problems"]] == ["TRIAL", "--out"]
    assert equipoise("protocol", "--sections").out.count("\n") >= len(HEADINGS)
