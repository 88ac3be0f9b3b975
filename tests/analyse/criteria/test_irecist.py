"""iRECIST: every row of Seymour 2017, table 2, from lesions; and the public data held against it."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from equipoise import desk
from equipoise.analyse.criteria.criterion import Scan
from equipoise.analyse.criteria.irecist import Irecist
from equipoise.analyse.criteria.recist11 import Recist11
from equipoise.trial.lesion import Reading
from equipoise.trial.vocabularies.irecist import VOCABULARY
from helpers import ROOT

START = date(2020, 1, 1)


def t(size: float) -> Reading:
    return Reading("T1", "target", "measured" if size else "absent", size or None)


def nt(state: str, size: float | None = None) -> Reading:
    return Reading("N1", "non-target", state, size)  # type: ignore[arg-type]


def new(name: str, size: float | None = None) -> Reading:
    return Reading(name, "new", "unequivocal", size)


def course(*scans: list[Reading], baseline: list[Reading]) -> list[str]:
    made = [Scan(START, baseline, baseline=True)]
    made += [Scan(START + timedelta(days=56 * i), r, event=i) for i, r in enumerate(scans, 1)]
    return [p.overall for p in Irecist().read(made)]


BASE = [t(50), nt("present")]
WORSE = nt("unequivocal progression")


@pytest.mark.published
@pytest.mark.parametrize(
    ("scans", "words"),
    [
        ([[t(0), nt("absent")]], ["iCR"]),
        ([[t(0), nt("present")]], ["iPR"]),
        ([[t(30), nt("present")]], ["iPR"]),
        ([[t(50), nt("present")]], ["iSD"]),
        # Non-target disease: more of it need not be unequivocal.
        ([[t(30), WORSE], [t(30), WORSE]], ["iUPD", "iUPD"]),
        ([[t(30), nt("unequivocal progression", 20)], [t(30), nt("unequivocal progression", 22)]], ["iUPD", "iCPD"]),
        # Target disease: 5 mm more than at the iUPD.
        ([[t(60), nt("present")], [t(64.9), nt("present")]], ["iUPD", "iUPD"]),
        ([[t(60), nt("present")], [t(65), nt("present")]], ["iUPD", "iCPD"]),
        # Another kind of progression beside the first.
        ([[t(60), nt("present")], [t(60), nt("present"), new("X")]], ["iUPD", "iCPD"]),
        ([[t(60), nt("present")], [t(60), WORSE]], ["iUPD", "iCPD"]),
        # New lesions: more of them, or 5 mm more.
        ([[t(50), nt("present"), new("X")], [t(50), nt("present"), new("X")]], ["iUPD", "iUPD"]),
        ([[t(50), nt("present"), new("X")], [t(50), nt("present"), new("X"), new("Y")]], ["iUPD", "iCPD"]),
        ([[t(50), nt("present"), new("X", 10)], [t(50), nt("present"), new("X", 14)]], ["iUPD", "iUPD"]),
        ([[t(50), nt("present"), new("X", 10)], [t(50), nt("present"), new("X", 15)]], ["iUPD", "iCPD"]),
        # What comes back resets the bar; what cannot be read settles nothing.
        ([[t(60), nt("present")], [t(30), nt("present")], [t(60), nt("present")]], ["iUPD", "iPR", "iUPD"]),
        ([[t(60), nt("present")], [nt("present")], [t(65), nt("present")]], ["iUPD", "NE", "iCPD"]),
    ],
)
def test_each_row_of_the_paper_s_table(scans: list[list[Reading]], words: list[str]) -> None:
    assert course(*scans, baseline=BASE) == words


def test_without_progression_it_is_recist_in_other_words() -> None:
    made = [Scan(START, BASE, baseline=True)]
    made += [
        Scan(START + timedelta(days=56 * i), [t(s), nt("present")], event=i) for i, s in enumerate((40, 30, 34), 1)
    ]
    ours, recist = Irecist().read(made), Recist11().read(made)
    assert [p.overall for p in ours] == [VOCABULARY.synonyms[p.overall] for p in recist]
    assert [p.sum for p in ours] == [p.sum for p in recist]


def test_the_public_data_contradict_themselves_in_six_places(tmp_path: Path) -> None:
    """Recorded overall responses that do not follow from the parts recorded beside them, by table 2; each looked at by hand."""
    source = ROOT / "tests" / "fixtures" / "data" / "response" / "rs_onco_irecist.csv"
    rows = [*csv.DictReader(source.read_text().splitlines())]
    people = {
        name: [*some] for name, some in groupby(sorted(rows, key=lambda r: r["USUBJID"]), key=lambda r: r["USUBJID"])
    }
    with (tmp_path / "rs.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        for some in people.values():
            writer.writerows(some)
    found = desk.audit.run([tmp_path], "iRECIST 2017").found
    rule = "overall response from its parts"
    assert (found.patients, found.compared[rule, "investigator"], found.count(rule, "investigator")) == (26, 75, 6)
    said: dict[str, Any] = {f.patient: (f.visit, f.recorded, f.derived) for f in found.findings}
    # A new lesion is progression whatever the targets say; SD of the targets is not undone by what was not evaluated.
    assert said["01-701-1302"] == ("WEEK 6", "iSD", "iUPD")
    assert said["01-701-1097"] == ("WEEK 6", "NE", "iUPD")
    assert said["01-701-1415"] == ("WEEK 24", "NE", "iSD")
