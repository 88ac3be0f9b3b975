"""SDTM in files → domains, a log that conduct has judged, or one subject after the other in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from equipoise.conduct.conduct import replay
from equipoise.files.datasets import ask_for_libraries, files_of, iterate, read_datasets
from equipoise.standards.dataset import Dataset
from equipoise.standards.sdtm.draft import Bounds
from equipoise.standards.sdtm.notes import Notes, Unmapped, merged
from equipoise.standards.sdtm.observed_trial import observed_trial
from equipoise.standards.sdtm.record import Record, records
from equipoise.standards.sdtm.to_log import REQUIRED, missing_columns, to_log
from equipoise.standards.sdtm.tumours import tumour_drafts
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.patient import Patient
from equipoise.trial.problem import BadInput, Problem
from equipoise.trial.trial import Trial

_TUMOUR = ("TU", "TR", "RS", "SUPPTU")
#: Events that decide endpoints.
_DECIDING = frozenset(("randomised", "assessed", "progressed", "died", "next therapy", "outcome"))


@dataclass(frozen=True)
class Imported:
    """What came of the datasets."""

    trial: Trial
    log: Log
    unmapped: Unmapped


def domain_files(paths: Sequence[Path]) -> tuple[dict[str, Path], list[str]]:
    """Domain → file, and the names of files of a folder that are no domain.

    In a folder a file counts by its whole name (rs.xpt is RS, rs_recist.csv is none); a file that is named counts by what
    stands before the first '_'.
    """
    found: dict[str, Path] = {}
    others: list[str] = []
    problems: list[Problem] = []
    for path in paths:
        for file in files_of(path):
            stem = file.stem.upper()
            name = stem if path.is_dir() else stem.split("_")[0]
            if name not in REQUIRED and not (len(name) == 2 or name.startswith("SUPP")):
                others.append(file.name)
            elif name in found:
                problems.append(Problem("domain-twice", file.name, f"{name} again", f"once: {found[name].name} has it"))
            else:
                found[name] = file
    if problems:
        raise BadInput("SDTM", problems)
    return found, others


def read_domains(paths: Sequence[Path]) -> tuple[dict[str, Dataset], Unmapped]:
    """All domains, whole; files of a folder that hold none are listed."""
    files, others = domain_files(paths)
    ask_for_libraries(files.values())
    notes, found, problems = Notes(), {}, []
    for name, file in files.items():
        try:
            found[name] = next(iter(read_datasets(file).values()))
        except BadInput as bad:
            problems += [
                Problem(p.code, f"{file.name}: {p.where}", p.given, p.allowed, p.next_step) for p in bad.problems
            ]
    if problems:
        raise BadInput("SDTM", problems)
    for name in others:
        notes.left(name, "file", "no domain by its name; name the file itself to have it read", "")
    return found, notes.unmapped()


def import_sdtm(
    paths: Sequence[Path],
    trial: Trial | None = None,
    recorded: datetime | None = None,
    by: str = "SDTM",
    map_name: str | None = None,
) -> Imported:
    """A log from SDTM. What is impossible in a trial (an assessment after death) is not taken but listed. ``map_name``: the map that
    ships by which a trial made from DM reads its responses."""
    datasets, unread = read_domains(paths)
    if trial is None and "DM" in datasets:
        trial = observed_trial(datasets, map_name)
    log, unmapped = to_log(datasets, trial, recorded=recorded, by=by)
    assert trial is not None  # to_log refuses datasets without DM
    log, impossible = possible(trial, log)
    return Imported(trial, log, merged([unread, unmapped, impossible]))


def possible(trial: Trial, log: Log) -> tuple[Log, Unmapped]:
    """The log without what conduct's rules call impossible, and that as a list. Other events stay as they are."""
    notes = Notes()
    events = list(log)
    while found := {e.number: p for e, p in reversed(replay(trial, events))}:
        for e in events:
            if e.number in found:
                p = found[e.number]
                domain = e.source.split(".")[0] or "?"
                notes.left(
                    domain,
                    e.kind,
                    f"impossible in the log ({p.code}): {p.allowed}"[:160],
                    f"{e.patient}, {e.source}",
                    endpoint=e.kind in _DECIDING,
                )
        events = [e for e in events if e.number not in found]
    kept, left = Log(), notes.unmapped()
    for e in events:
        data = e.data
        if e.kind == "opened" and left.told:
            data = {**data, "left_out": [*data.get("left_out", ()), *left.told]}
        kept.append(e.kind, e.happened, e.recorded, e.by, e.why, e.patient, e.site, data, source=e.source)
    return kept, left


def patients_of(paths: Sequence[Path], notes: Notes, chunk: int = 50_000) -> Iterator[Patient]:
    """Patients with their assessments, one after the other, from TU, TR and RS: memory holds one patient's records.

    Each file must be sorted by USUBJID. Problems of a patient's records are collected in ``notes``.
    """
    files, _ = domain_files(paths)
    ask_for_libraries(files.values())
    streams = {d: _subjects(d, files[d], chunk, notes) for d in _TUMOUR if d in files}
    if not {"TR", "RS"} & set(streams):
        raise BadInput("SDTM", [Problem("missing-domain", "RS, TR", ", ".join(files) or "nothing", "RS or TR, and TU")])
    heads = {d: head for d, s in streams.items() if (head := next(s, None)) is not None}
    number = 0
    while heads:
        name = min(subject for subject, _ in heads.values())
        own = {d: rows for d, (subject, rows) in heads.items() if subject == name}
        patient = Patient(name)
        for draft in sorted(tumour_drafts(own, Bounds(), notes), key=lambda d: d.on):
            number += 1
            moment = datetime(draft.on.year, draft.on.month, draft.on.day)  # noqa: DTZ001 - never recorded
            patient.add(
                Event(number, draft.kind, draft.on, moment, "SDTM", "", name, "", draft.data, None, draft.source)
            )
        yield patient
        for d in own:
            head = next(streams[d], None)
            if head is None:
                del heads[d]
            else:
                heads[d] = head


def _subjects(domain: str, file: Path, chunk: int, notes: Notes) -> Iterator[tuple[str, list[Record]]]:
    last, sequence = "", f"{domain}SEQ"
    for name, group in groupby(_records(domain, file, chunk), key=lambda r: r.subject):
        rows = list(group)
        if name < last:
            raise BadInput(
                file.name,
                [
                    Problem(
                        "not-sorted", f"{domain}.USUBJID", f"{name} after {last}", "sorted by USUBJID", "sort the file"
                    )
                ],
            )
        keys = set()
        for r in rows:
            key = r.text(sequence)
            if key and key in keys:
                notes.problem("key-twice", r.where(sequence), "the same key again", "one record for each key")
            keys.add(key)
        last = name
        yield name, rows


def _records(domain: str, file: Path, chunk: int) -> Iterator[Record]:
    row, checked = 0, Notes()
    for piece in iterate(file, chunk):
        if row == 0 and missing_columns(domain, piece, checked):
            raise BadInput(file.name, checked.problems)
        yield from records(domain, piece, row)
        row += piece.n


def trial_toml(table: dict[str, Any]) -> str:
    """A trial file's text for the table of a trial made from DM."""
    lines = ["# Made from SDTM's DM: edit it from the protocol before you rely on it.", ""]
    lines += [f"{k} = {_toml(v)}" for k, v in table.items() if not _is_table(v)]
    for key, value in table.items():
        if isinstance(value, dict):
            lines += ["", f"[{key}]", *(f"{k} = {_toml(v)}" for k, v in value.items())]
        elif _is_table(value):
            for inner in value:
                lines += ["", f"[[{key}]]", *(f"{k} = {_toml(v)}" for k, v in inner.items())]
    return "\n".join(lines) + "\n"


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, tuple) and bool(value) and isinstance(value[0], dict))


def _toml(value: Any) -> str:
    import json

    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)
