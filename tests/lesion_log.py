"""A small trial whose responses come from the lesions, and a log in which they are not what was recorded."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from equipoise.files.bundled import find_trial
from equipoise.files.log_file import write_new_log
from equipoise.trial.log import Log
from helpers import moment

DAY = date(2012, 6, 1)
CUTOFF = DAY + timedelta(days=500)
#: Visits until six months are past.
VISITS = tuple(range(42, 253, 42))
#: Patients by arm, and how many of them grow by 40 % at the second visit, which nobody recorded.
GROUPS = {"IMGN901": (40, 20), "CE": (20, 11)}


def lesion(size: float) -> dict[str, Any]:
    return {"lesion": "T1", "kind": "target", "state": "measured", "size": size}


def lesion_trial(folder: Path, *, responses: str = "from lesions") -> Path:
    """NORTH with responses from lesions."""
    raw = find_trial("north").read_text()
    assert 'responses = "as recorded"' in raw
    changed = raw.replace('responses = "as recorded"', f'responses = "{responses}"')
    path = folder / "lesions.toml"
    path.write_text(changed)
    return path


def lesion_log(folder: Path) -> Path:
    """Recorded is stable disease throughout; the controls that grow are recorded as PD. One patient's last scan was recorded late."""
    log = Log()
    log.append("opened", DAY, moment(DAY), "t", data={"trial": "north", "fingerprint": "0" * 64})
    for arm, (n, grow) in GROUPS.items():
        for i in range(n):
            name = f"{arm[0]}{i:02d}"
            known = moment(CUTOFF)
            factors = {"ecog": "0-1", "ldh": ("normal", "raised")[i % 2]}
            log.append("enrolled", DAY, known, "t", patient=name, data={"factors": factors})
            log.append("randomised", DAY, known, "t", patient=name, data={"arm": arm, "stratum": "all"})
            data: dict[str, Any] = {"response": "NE", "baseline": True, "sum_mm": 50.0, "lesions": [lesion(50.0)]}
            log.append("assessed", DAY, known, "t", patient=name, data=data)
            for day in VISITS:
                grown = i < grow and day >= 84
                size, said = (70.0, "PD" if arm == "CE" else "SD") if grown else (50.0, "SD")
                # The one who was never measured is taken as recorded.
                seen = {} if (arm, i) == ("CE", n - 1) else {"sum_mm": 50.0, "lesions": [lesion(size)]}
                log.append(
                    "assessed", DAY + timedelta(days=day), known, "t", patient=name, data={"response": said, **seen}
                )
            if i < grow // 3:
                log.append("died", DAY + timedelta(days=400), known, "t", patient=name)
    late = moment(CUTOFF + timedelta(days=30))
    on = DAY + timedelta(days=336)
    log.append("assessed", on, late, "t", patient="I39", data={"response": "PR", "lesions": [lesion(20.0)]})
    path = folder / "lesions.log.jsonl"
    write_new_log(path, log)
    return path
