"""One 'assessed' event as records of TU, TR and RS."""

from __future__ import annotations

from typing import Any

from equipoise.standards.sdtm.days import ON, Rows
from equipoise.trial.assessment import INVESTIGATOR
from equipoise.trial.event import Event
from equipoise.trial.lesion import Reading, readings

_TERMS = {"unequivocal progression": "UNEQUIVOCAL", "merged": "TUMOR MERGED"}
#: How a lesion is identified: as one, as a fragment of one, or as what several became.
_TESTS = {"TUMIDENT": "Tumor Identification", "TUSPLIT": "Tumor Split", "TUMERGE": "Tumor Merged"}
_RESPONSES = (
    ("response", "OVRLRESP", "Overall Response"),
    ("target", "TRGRESP", "Target Response"),
    ("non_target", "NTRGRESP", "Non-target Response"),
)


def assessment_rows(event: Event, rows: Rows, criterion: str) -> None:
    """Add the records of one time point of one assessor, as they were recorded by a criterion: that of the trial, or its own."""
    data = event.data
    criterion = str(data.get("criterion", criterion))
    day = str(data.get("dated") or event.happened.isoformat())
    assessor = data.get("assessor", INVESTIGATOR)

    def put(domain: str, **values: Any) -> dict[str, Any]:
        independent = assessor != INVESTIGATOR
        common = {
            f"{domain}EVAL": "INDEPENDENT ASSESSOR" if independent else "INVESTIGATOR",
            f"{domain}EVALID": assessor.upper() if independent and assessor != "independent" else "",
            f"{domain}ACPTFL": "Y" if data.get("accepted") else "",
            "VISIT": data.get("visit"),
            "VISITNUM": data.get("visit_number"),
            f"{domain}DTC": day,
            ON: event.happened,
        }
        if data.get("baseline") and domain != "TU":
            common[f"{domain}LOBXFL"] = "Y"
        row = {k: v for k, v in (common | values).items() if v not in (None, "")}
        rows.setdefault(domain, []).append(row)
        return row

    for name, code, label in _RESPONSES:
        if data.get(name):
            put("RS", RSTESTCD=code, RSTEST=label, RSCAT=criterion, RSORRES=data[name], RSSTRESC=data[name])
    if data.get("new_lesion") is not None:
        word = "UNEQUIVOCAL" if data["new_lesion"] else "EQUIVOCAL"
        put("RS", RSTESTCD="NEWLPROG", RSTEST="New Lesion Progression", RSCAT=criterion, RSORRES=word, RSSTRESC=word)
    seen = readings(data.get("lesions", ()))
    became = {r.part_of for r in seen if r.state == "merged"}
    for reading in seen:
        _identify(reading, rows, put, assessor, made=reading.lesion in became and not data.get("baseline"))
        _result(reading, put)
    if data.get("sum_mm") is not None:
        put("TR", TRGRPID="TARGET", TRTESTCD="SUMDIAM", TRTEST="Sum of Diameter", **_size(data["sum_mm"]))


def _identify(reading: Reading, rows: Rows, put: Any, assessor: str, *, made: bool) -> None:
    """TU at the first time point at which an assessor names a lesion; what it is part of stands in SUPPTU. ``made``: others became it."""
    reader = "" if assessor in (INVESTIGATOR, "independent") else assessor.upper()
    evaluator = "INVESTIGATOR" if assessor == INVESTIGATOR else "INDEPENDENT ASSESSOR"
    own = next(
        (
            (i, r)
            for i, r in enumerate(rows.get("TU", ()), 1)
            if (r["TULNKID"], r["TUEVAL"], r.get("TUEVALID", "")) == (reading.lesion, evaluator, reader)
        ),
        None,
    )
    if own is None:
        kind = reading.kind.upper()
        place = reading.organ or ("LYMPH NODE" if reading.node else "")
        fragment = bool(reading.part_of) and reading.state != "merged"
        test = "TUSPLIT" if fragment else "TUMERGE" if made else "TUMIDENT"
        group = reading.part_of if fragment else ""
        put(
            "TU", TUGRPID=group, TULNKID=reading.lesion, TUTESTCD=test, TUTEST=_TESTS[test], TUORRES=kind, TUSTRESC=kind, TULOC=place,
        )  # fmt: skip
    sequence = own[0] if own else len(rows["TU"])
    known = {r["IDVARVAL"] for r in rows.get("SUPPTU", ())}
    if reading.part_of and str(sequence) not in known:
        rows.setdefault("SUPPTU", []).append(
            {"RDOMAIN": "TU", "IDVAR": "TUSEQ", "IDVARVAL": str(sequence), "QNAM": "PARTOF", "QLABEL": "Lesion It Is Part Of",
             "QVAL": reading.part_of, "QORIG": "Collected"}
        )  # fmt: skip


def _result(reading: Reading, put: Any) -> None:
    common = {"TRLNKID": reading.lesion, "TRGRPID": reading.kind.upper()}
    state = {"TRTESTCD": "TUMSTATE", "TRTEST": "Tumor State"}
    if reading.kind == "target" and reading.state != "merged":
        size = (
            {"TRTESTCD": "LPERP", "TRTEST": "Longest Perpendicular"}
            if reading.node
            else {"TRTESTCD": "LDIAM", "TRTEST": "Longest Diameter"}
        )
        if reading.state == "not evaluated" and reading.said:
            put("TR", **common, **size, TRORRES=reading.said, TRSTRESC=reading.said)
        elif reading.state == "not evaluated":
            put("TR", **common, **size, TRSTAT="NOT DONE")
        elif reading.state == "too small":
            words = "TOO SMALL TO MEASURE"
            numbers = _size(reading.size) if reading.size is not None else {"TRSTRESC": words}
            put("TR", **common, **size, **(numbers | {"TRORRES": words}))
        else:
            put("TR", **common, **size, **_size(reading.size or 0.0))
    elif reading.state == "not evaluated" and reading.said:
        put("TR", **common, **state, TRORRES=reading.said, TRSTRESC=reading.said)
    elif reading.state == "not evaluated":
        put("TR", **common, **state, TRSTAT="NOT DONE")
    else:
        word = _TERMS.get(reading.state, reading.state.upper())
        # Of a fragment SUPPTU says what it is part of: what it grew into stands in the words of the result.
        grew = reading.state == "merged" and reading.part_of
        put("TR", **common, **state, TRORRES=f"MERGED WITH {reading.part_of}" if grew else word, TRSTRESC=word)


def _size(size: float) -> dict[str, Any]:
    text = f"{size:g}" if float(f"{size:g}") == size else repr(float(size))
    return {"TRORRES": text, "TRORRESU": "mm", "TRSTRESC": text, "TRSTRESN": float(size), "TRSTRESU": "mm"}
