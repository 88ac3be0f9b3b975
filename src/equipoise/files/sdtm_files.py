"""SDTM in files → domains, a log that conduct has judged, or one subject after the other in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from heapq import merge
from itertools import chain, groupby
from pathlib import Path
from typing import Any

from equipoise.conduct.conduct import replay
from equipoise.files.datasets import ask_for_libraries, of_file
from equipoise.files.formats.piece import joined, united
from equipoise.files.sdtm_folder import Folder, Part, look, numbered, pieces, problems_of_need
from equipoise.standards.dataset import Dataset
from equipoise.standards.sdtm.draft import Bounds
from equipoise.standards.sdtm.needs import NUMBERED_FOR_NOBODY, REQUIRED, absent, needed
from equipoise.standards.sdtm.notes import Notes, Unmapped, merged
from equipoise.standards.sdtm.observed_trial import observed
from equipoise.standards.sdtm.ordered import by_place
from equipoise.standards.sdtm.record import Record, records
from equipoise.standards.sdtm.responses import Recorded
from equipoise.standards.sdtm.to_log import missing_columns, to_log
from equipoise.standards.sdtm.tumours import tumour_drafts
from equipoise.trial.dialect import FOUND_OUT, Dialect
from equipoise.trial.event import Event
from equipoise.trial.log import Log
from equipoise.trial.patient import Patient
from equipoise.trial.problem import BadInput, Missing, Problem
from equipoise.trial.response import Vocabulary
from equipoise.trial.trial import Trial
from equipoise.trial.vocabularies import OURS

_TUMOUR = ("TU", "TR", "RS", "SUPPTU")
#: What the audit cannot say without a domain.
_WITHOUT = {
    "TU": "which lesions were identified, and when, is not known",
    "TR": "nothing is derived from lesions",
    "RS": "no recorded response is compared",
}
#: Events that decide endpoints.
_DECIDING = frozenset(("randomised", "assessed", "progressed", "died", "next therapy", "outcome"))


@dataclass(frozen=True)
class Imported:
    """What came of the datasets. ``table``: that of the trial file which was made from DM, where none was given.

    ``said``: how CSVs are written, where that was found out.
    """

    trial: Trial
    log: Log
    unmapped: Unmapped
    table: dict[str, Any] | None = None
    said: Sequence[str] = ()


@dataclass(frozen=True)
class Domains:
    """The domains of a folder, whole; the files that hold none; and what is wrong with its files, each with its domain.

    ``said``: how its CSVs are written, where that was found out.
    """

    datasets: dict[str, Dataset]
    unmapped: Unmapped
    problems: list[tuple[str, Problem]]
    folder: Folder
    said: Sequence[str] = ()


def read_domains(paths: Sequence[Path], dialect: Dialect = FOUND_OUT) -> Domains:
    """All domains. What the log does not take need not be readable: it is listed. Raises BadInput for a folder without datasets."""
    folder = look(paths, dialect)
    ask_for_libraries(p.file for d, parts in folder.domains.items() if d in REQUIRED for p in parts)
    notes, found = Notes(), {}
    said: list[str] = []
    problems = [(domain, p) for domain, p in folder.twice if domain in REQUIRED]
    _list_unread(folder, notes)
    for domain, p in folder.twice:
        if domain not in REQUIRED:
            notes.left(p.where, "file", f"{p.given}, {p.allowed}", "")
    for name, parts in folder.domains.items():
        try:
            found[name] = united(name, [_whole(part, dialect, said) for part in parts])
        except (BadInput, Missing) as wrong:
            if name in REQUIRED and isinstance(wrong, BadInput):
                problems += [(name, _of_file(parts, wrong.source, p)) for p in wrong.problems]
                continue
            why = "not among the domains that the log takes, and not readable"
            if name == "TS":
                why += ": a data cut-off in it is not known"
            example = f"{wrong.problems[0]}" if isinstance(wrong, BadInput) else str(wrong)
            notes.left(name, "domain", why, " ".join(example.split()))
    return Domains(found, notes.unmapped(), problems, folder, said)


def _list_unread(folder: Folder, notes: Notes) -> None:
    for u in folder.unread:
        step = f"; {u.next_step}" if u.next_step else ""
        notes.left(u.name, "file", f"{u.why}{step}", "")


def _whole(part: Part, dialect: Dialect, said: list[str]) -> Dataset:
    return numbered(joined(pieces(part, dialect=dialect, said=said)), dialect.decimal)


def _of_file(parts: Sequence[Part], source: str, p: Problem) -> Problem:
    """A problem of a file, told with the file's name."""
    return of_file(next((part.file.name for part in parts if str(part.file) == source), parts[0].file.name), p)


def import_sdtm(
    paths: Sequence[Path],
    trial: Trial | None = None,
    recorded: datetime | None = None,
    by: str = "SDTM",
    dialect: Dialect = FOUND_OUT,
    map_name: str | None = None,
) -> Imported:
    """A log from SDTM. What is impossible in a trial (an assessment after death) is not taken but listed.

    ``map_name``: the map that ships by which a trial made from DM reads its responses. Raises BadInput with every problem of the files and of what is in them.
    """
    domains = read_domains(paths, dialect)
    datasets, problems = domains.datasets, domains.problems
    table: dict[str, Any] | None = None
    if trial is None and "DM" in datasets:
        with suppress(BadInput):  # to_log says why there is no trial
            table = observed(datasets, map_name)
            trial = Trial.model_validate(table)
    wanted = {"DM": "every endpoint"} if trial is None else needed(trial)
    if table is not None or trial is None:
        wanted |= dict.fromkeys(("TU", "TR", "RS"), "progression-free survival")
    problems += problems_of_need(domains.folder, wanted)
    if trial is not None and table is None:
        told = {domain for domain, _ in problems}
        for domain, what in absent(trial, datasets.keys() | told).items():
            allowed = f"{domain}, which {what} needs; one without a record says that there was nothing to record"
            problems.append((domain, Problem("missing-domain", domain, "no file", allowed)))
    log, unmapped = to_log(datasets, trial, recorded=recorded, by=by, told=problems)
    assert trial is not None  # to_log refuses datasets without DM
    log, impossible = possible(trial, log)
    return Imported(trial, log, merged([domains.unmapped, unmapped, impossible]), table, domains.said)


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


def patients_of(
    paths: Sequence[Path],
    notes: Notes,
    chunk: int = 50_000,
    dialect: Dialect = FOUND_OUT,
    words: Vocabulary = OURS,
) -> Iterator[Patient]:
    """Patients with their assessments, one after the other, from TU, TR and RS: memory holds one patient's records.

    Responses are read in the ``words`` of a criterion. Each file must be sorted by USUBJID. Problems of a patient's records, and files that are not read, are collected in ``notes``.
    """
    folder = look(paths, dialect)
    wrong = [p for d, p in folder.twice if d in _TUMOUR]
    wrong += [p for _, p in problems_of_need(folder, dict.fromkeys(_TUMOUR, "the audit"))]
    if not wrong and not {"TR", "RS"} & folder.domains.keys():
        given = ", ".join(folder.domains) or "nothing"
        wrong.append(Problem("missing-domain", "RS, TR", given, "RS or TR, and TU"))
    if wrong:
        raise BadInput("SDTM", wrong)
    _list_unread(folder, notes)
    for domain, what in _WITHOUT.items():
        if domain not in folder.domains:
            notes.left(domain, "domain", f"no file: {what}", "")
    read = {d: folder.domains[d] for d in _TUMOUR if d in folder.domains}
    ask_for_libraries(part.file for parts in read.values() for part in parts)
    streams = {d: _subjects(d, parts, chunk, notes, dialect) for d, parts in read.items()}
    heads = {}
    for d, stream in streams.items():
        try:
            head = next(stream, None)
        except BadInput as broken:
            wrong += [of_file(Path(broken.source).name, p) for p in broken.problems]
            continue
        if head is not None:
            heads[d] = head
    if wrong:
        raise BadInput("SDTM", wrong)
    number, recorded = 0, Recorded(words.own, words.criterion)
    while heads:
        name = min(subject for subject, _ in heads.values())
        own = {d: rows for d, (subject, rows) in heads.items() if subject == name}
        patient = Patient(name)
        before = len(notes.problems)
        for draft in sorted(tumour_drafts(own, Bounds(), notes, recorded), key=lambda d: d.on):
            number += 1
            moment = datetime(draft.on.year, draft.on.month, draft.on.day)  # noqa: DTZ001 - never recorded
            patient.add(
                Event(number, draft.kind, draft.on, moment, "SDTM", "", name, "", draft.data, None, draft.source),
                words.own,
            )
        if len(notes.problems) > before:
            notes.problems[before:] = by_place(notes.problems[before:], chain.from_iterable(own.values()))
        yield patient
        for d in own:
            head = next(streams[d], None)
            if head is None:
                del heads[d]
            else:
                heads[d] = head


def _subjects(
    domain: str, parts: Sequence[Part], chunk: int, notes: Notes, dialect: Dialect
) -> Iterator[tuple[str, list[Record]]]:
    """Subject → records, of one file after the other where a domain is split: each is sorted by itself."""
    sequence = f"{domain}SEQ"
    sources = [_sorted(domain, part, chunk, dialect, notes) for part in parts]
    for name, group in groupby(merge(*sources, key=_subject), key=_subject):
        rows = list(group)
        keys = set()
        for r in rows:
            key = r.text(sequence)
            if key and key in keys and domain in NUMBERED_FOR_NOBODY:
                notes.left(domain, sequence, "a sequence number that stands twice: both records are taken", r.example)
            elif key and key in keys:
                notes.problem("key-twice", r.where(sequence), "the same key again", "one record for each key")
            keys.add(key)
        yield name, rows


def _subject(record: Record) -> str:
    return record.subject


def _sorted(domain: str, part: Part, chunk: int, dialect: Dialect, notes: Notes) -> Iterator[Record]:
    """The records of a file, which stand in the order of their subjects."""
    row, last, checked = 0, "", Notes()
    for piece in pieces(part, chunk, dialect, notes.said):
        if row == 0 and missing_columns(domain, piece, checked):
            raise BadInput(part.file.name, checked.problems)
        for record in records(domain, numbered(piece, dialect.decimal), row):
            name = record.subject
            if name < last:
                where, given = f"{domain}.USUBJID", f"{name} after {last}"
                raise BadInput(
                    part.file.name, [Problem("not-sorted", where, given, "sorted by USUBJID", "sort the file")]
                )
            last = name
            yield record
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
