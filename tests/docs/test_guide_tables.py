"""The mapping that docs/guide.md shows reads such tables as it says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from equipoise.analyse.data import cut
from equipoise.files.bundled import find_trial
from equipoise.files.table_file import read_table
from equipoise.files.trial_file import trial_from
from helpers import ROOT

FILES = {
    "patients.csv": "id,arm,rand_date,ps,ldh,age,sex,death,death_cause\n1,1,2013-01-10,0,normal,61,F,2013-09-01,tumour\n"
    "2,2,2013-02-01,2,raised,55,M,,\n",
    "visits.csv": "subject,visit_date,resp,sld\n1,2013-03-01,2,31.5\n1,2013-05-01,4,50\n2,2013-03-20,3,40\n",
    "ae.csv": "subject,aeterm,ctc,sae,rel,start,end\n2,Neutropenia,4,Y,Y,2013-02-20,2013-03-01\n",
    "doses.csv": "subject,given,cycle,auc\n1,2013-01-10,1,5\n2,2013-02-01,1,5\n2,2013-02-22,2,4\n",
}


def test_the_mapping_of_the_guide(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "guide.md").read_text()
    (block,) = [b for b in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if "[[table.joined]]" in b]
    raw: dict[str, Any] = tomllib.loads(find_trial("north").read_text())
    raw |= {"assumptions": [], **tomllib.loads(block)}
    raw["randomisation"] = {"method": "as recorded", "factors": raw["randomisation"]["factors"]}
    trial = trial_from(raw, "guide")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    found = read_table(trial, tmp_path / "patients.csv")
    assert list(found.notes) == ["ae.csv: no row of patient 1."]
    snap = cut(trial, found.conduct.log)
    one, two = snap.patients["1"], snap.patients["2"]
    assert (one.arm, two.arm) == ("CE", "IMGN901")
    assert one.enrolled is not None
    assert one.enrolled.data["factors"] == {"ecog": "0-1", "ldh": "normal"}
    assert [(a.response, a.sum_mm) for a in one.assessments] == [("PR", 31.5), ("PD", 50)]
    assert one.died is not None
    assert one.died.data["cause"] == "tumour"
    assert two.adverse_events[0].data["grade"] == 4
    assert [d.data["dose"] for d in two.doses] == [5, 4]
