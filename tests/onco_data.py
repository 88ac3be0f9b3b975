"""The field's oncology test data as a log: what ADaM is derived from in these tests.

A plain rendering of DM, DS, EX, AE and the `_recist` domains, for these tests only: one event a record, each naming it. Partial days of
assessments become the last possible day, those of adverse events the first.
"""

from __future__ import annotations

import calendar
import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from equipoise.trial.log import Log
from helpers import FIXTURES

ONCO = FIXTURES / "data" / "onco"
RECORDED = datetime(2026, 11, 25, tzinfo=UTC)


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV, or a transport file by way of pandas, as texts."""
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            return list(csv.DictReader(file))
    import pandas as pd

    frame = pd.read_sas(path, format="xport", encoding="utf-8")
    return [
        {
            k: "" if v is None or v != v else str(int(v)) if isinstance(v, float) and v == int(v) else str(v)
            for k, v in r.items()
        }
        for r in frame.to_dict("records")
    ]


def day(text: str, take: str) -> tuple[date | None, dict[str, str]]:
    """The day, and what says that it was imputed; no day for less than a month."""
    text = text[:10]
    if len(text) == 10:
        return date.fromisoformat(text), {}
    if len(text) == 7:
        year, month = int(text[:4]), int(text[5:])
        on = date(year, month, calendar.monthrange(year, month)[1] if take == "last" else 1)
        return on, {"dated": text, "date_rule": f"{take} possible day"}
    if len(text) == 4 and take == "first":
        return date(int(text), 1, 1), {"dated": text, "date_rule": "first possible day"}
    return None, {}


def onco_log() -> Log:
    """The whole log."""
    found: list[tuple[str, date, str, dict[str, Any], str]] = []
    sdtm = ONCO / "sdtm"
    arms = {r["USUBJID"]: r["ARMCD"] for r in rows(sdtm / "dm.xpt")}
    for r in rows(sdtm / "dm.xpt"):
        on, _ = day(r["DMDTC"], "first")
        assert on is not None
        found.append((r["USUBJID"], on, "screened", {"failed": []}, "DM.DMDTC[row]"))
        died, flags = day(r["DTHDTC"], "first")
        if died is not None:
            found.append((r["USUBJID"], died, "died", flags, "DM.DTHDTC[row]"))
    for r in rows(sdtm / "ds.xpt"):
        on, _ = day(r["DSSTDTC"], "first")
        assert on is not None
        source = f"DS.DSSTDTC[DSSEQ={r['DSSEQ']}]"
        if r["DSDECOD"] == "RANDOMIZED":
            found.append((r["USUBJID"], on, "randomised", {"arm": arms[r["USUBJID"]], "stratum": ""}, source))
        elif r["DSCAT"] == "OTHER EVENT":
            found.append((r["USUBJID"], on, "contact", {"visit": r["DSDECOD"]}, source))
    for r in rows(sdtm / "ex.xpt"):
        on, _ = day(r["EXSTDTC"], "first")
        assert on is not None
        data = {"drug": r["EXTRT"], "cycle": 1, "day": 1, "dose": 0.0, "unit": r["EXDOSU"]}
        if r["EXENDTC"]:
            data["until"] = r["EXENDTC"][:10]
        found.append((r["USUBJID"], on, "treated", data, f"EX.EXSTDTC[EXSEQ={r['EXSEQ']}]"))
    for r in rows(sdtm / "ae.xpt"):
        on, flags = day(r["AESTDTC"], "first")
        ended, _ = day(r["AEENDTC"], "first")
        if on is not None:
            data = {"term": r["AETERM"], "grade": {"MILD": 1, "MODERATE": 2, "SEVERE": 3}.get(r["AESEV"], 1), **flags}
            data |= {"until": ended.isoformat()} if ended else {}
            found.append((r["USUBJID"], on, "adverse event", data, f"AE.AESTDTC[AESEQ={r['AESEQ']}]"))
    found += _assessed(rows(sdtm / "rs_recist.csv"), rows(sdtm / "tr_recist.csv"), rows(sdtm / "tu_recist.csv"))
    return log_of(found)


def _assessed(
    rs: Sequence[dict[str, str]], tr: Sequence[dict[str, str]], tu: Sequence[dict[str, str]]
) -> list[tuple[str, date, str, dict[str, Any], str]]:
    found: list[tuple[str, date, str, dict[str, Any], str]] = []
    for r in rs:
        on, flags = day(r["RSDTC"], "last")
        if r["RSTESTCD"] == "OVRLRESP" and on is not None:
            data = {"response": r["RSSTRESC"], "assessor": _assessor(r["RSEVAL"], r["RSEVALID"]), "visit": r["VISIT"]}
            found.append((r["USUBJID"], on, "assessed", data | flags, f"RS.RSSTRESC[RSSEQ={r['RSSEQ']}]"))
    baseline: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    measured: dict[tuple[str, str], date] = {}
    for r in tr:
        on, _ = day(r["TRDTC"], "first")
        if r["VISIT"] == "SCREENING" and on is not None:
            measured[r["USUBJID"], _assessor(r["TREVAL"], r["TREVALID"])] = on
    for r in tu:
        who = r["USUBJID"], _assessor(r["TUEVAL"], r["TUEVALID"])
        if r["VISIT"] == "SCREENING":
            target = r["TUSTRESC"] == "TARGET"
            lesion = {"lesion": r["TULNKID"], "kind": "target" if target else "non-target"}
            baseline[who].append({**lesion, "state": "not evaluated" if target else "present"})
    for (patient, assessor), lesions in baseline.items():
        data = {"response": "", "assessor": assessor, "visit": "SCREENING", "baseline": True, "lesions": lesions}
        found.append((patient, measured[patient, assessor], "assessed", data, "TU.TUSTRESC[row]"))
    return found


def _assessor(evaluator: str, identifier: str) -> str:
    return "investigator" if evaluator == "INVESTIGATOR" else identifier


def log_of(events: Iterable[tuple[str, date, str, dict[str, Any], str]]) -> Log:
    """Events as a log that was recorded on one day."""
    log = Log()
    for patient, on, kind, data, source in events:
        log.append(kind, on, RECORDED, "test", patient=patient, data=data, source=source)
    return log
