"""Which files hold which domains of SDTM, and which files of a folder nobody reads: all are accounted for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.files.datasets import READERS, dataset_names, iterate
from equipoise.files.formats.encodings import checked
from equipoise.files.formats.piece import CHUNK, Commas, Numbers
from equipoise.standards.dataset import Dataset, Variable
from equipoise.standards.metadata import guess
from equipoise.standards.sdtm.needs import REQUIRED
from equipoise.trial.dialect import FOUND_OUT, Dialect
from equipoise.trial.problem import BadInput, Missing, Problem

#: Endings of files that hold no data, whatever they are called.
_DOCUMENTS = frozenset((
    ".pdf", ".doc", ".docx", ".rtf", ".odt", ".ppt", ".pptx", ".htm", ".html", ".md", ".rst", ".xsl", ".xslt", ".xsd", ".css", ".js",
    ".png", ".jpg", ".jpeg", ".svg", ".sas", ".r", ".rmd", ".qmd", ".py", ".sql", ".log", ".lst", ".toml", ".yaml", ".yml", ".md5",
    ".sha256",
))  # fmt: skip
#: What to do about data in a form that is not read.
_OTHER_FORMS = {
    ".sas7bdat": "write it as a transport file (.xpt) or Dataset-JSON",
    ".xlsx": "save the sheet as CSV",
    ".xls": "save the sheet as CSV",
    ".txt": "where it is a CSV, name it .csv",
    ".tsv": "save it as CSV",
    ".zip": "unpack it",
    ".gz": "unpack it",
    ".7z": "unpack it",
    ".tar": "unpack it",
    ".rds": "write it as a transport file (.xpt) or CSV",
    ".xml": "write it as Dataset-JSON or CSV",
}
#: Part of a split domain (SDTMIG 4.1.7): its code, and up to two characters.
_SPLIT = re.compile(r"((?:SUPP)?[A-Z]{2})[A-Z0-9]{1,2}")


@dataclass(frozen=True)
class Part:
    """One dataset of a file; ``member`` where the file holds several."""

    file: Path
    member: str = ""


@dataclass(frozen=True)
class Unread:
    """A file or folder that is not read, why, and the domain that it may hold ('' if none)."""

    name: str
    why: str
    domain: str = ""
    next_step: str = ""


@dataclass
class Folder:
    """Domain → the datasets that make it up; what is not read; domains that two files hold."""

    domains: dict[str, list[Part]] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)
    twice: list[tuple[str, Problem]] = field(default_factory=list)
    _whole: dict[str, Path] = field(default_factory=dict)

    def lacks(self, domain: str) -> Unread | None:
        """The file that may hold a domain which no file that is read holds."""
        return None if domain in self.domains else next((u for u in self.unread if u.domain == domain), None)

    def add(self, domain: str, part: Part, whole: bool) -> None:
        """Another dataset of a domain: the ``whole`` of it, which no other file can be, or a part of a split one."""
        if whole and domain in self._whole:
            other = self._whole[domain].name
            found = Problem("domain-twice", part.file.name, f"{domain} again", f"once: {other} has it")
            self.twice.append((domain, found))
            return
        if whole:
            self._whole[domain] = part.file
        self.domains.setdefault(domain, []).append(part)


def look(paths: Sequence[Path], dialect: Dialect = FOUND_OUT) -> Folder:
    """What is in these folders and files. Raises BadInput for a folder without any dataset, and for an encoding that is none.

    In a folder a file counts by its whole name (rs.xpt is RS, rs_recist.csv is none), and hidden ones do not count; a file that is
    named counts by what stands before the first '_'. A transport file of several datasets counts by their names.
    """
    found = Folder()
    if dialect.encoding is not None:
        checked(dialect.encoding, ascii_compatible=False)
    named = {path.resolve() for path in paths}
    for path in paths:
        if not path.is_dir():
            _take(found, path, path.name.split(".")[0].split("_")[0].upper(), dialect)
            continue
        inside = [p for p in sorted(path.iterdir()) if not p.name.startswith(".")]
        if not any(p.suffix.lower() in READERS for p in inside):
            given = f"no datasets in it: {', '.join(p.name for p in inside[:5]) or 'nothing'}"
            raise BadInput(str(path), [Problem("no-data", "folder", given, f"files ending {', '.join(READERS)}")])
        for file in inside:
            name = file.name.split(".")[0].upper()
            if file.is_dir():
                found.unread += [] if file.resolve() in named else _of_folder(file)
            elif file.suffix.lower() in READERS:
                _take(found, file, file.stem.upper(), dialect)
            else:
                ending = file.suffix.lower()
                why = f"files ending {ending!r} are not read" if ending else "a file without an ending is not read"
                domain = "" if ending in _DOCUMENTS else _domain(name)[0] or _alike(name)
                step = _OTHER_FORMS.get(ending, "") if domain else ""
                found.unread.append(Unread(file.name, why, domain, step))
    return found


def _of_folder(folder: Path) -> Iterator[Unread]:
    """A folder in the folder, and the files in it that may hold what is needed."""
    why = "a folder in the folder"
    yield Unread(f"{folder.name}/", why, "", "name it too, to have it read")
    for file in sorted(folder.iterdir()):
        domain = _alike(file.name.split(".")[0].upper())
        if domain and file.suffix.lower() not in _DOCUMENTS:
            yield Unread(f"{folder.name}/{file.name}", f"in {why}", domain, f"name {folder.name} too, to have it read")


def _alike(name: str) -> str:
    """The domain that a file may hold by what its name begins with: RS of 'RS_RECIST', 'RS (1)'; '' if none."""
    domain = _domain(re.split(r"[^A-Z0-9]", name)[0])[0]
    return domain if domain in REQUIRED else ""


def _take(found: Folder, file: Path, name: str, dialect: Dialect) -> None:
    """Count a file that is read: as the domain of its name, or as those of its datasets where they are several."""
    try:
        names = dataset_names(file, dialect.encoding)
    except (BadInput, Missing):
        names = []  # told of when it is read
    several = len(names) > 1
    for member in names if several else [""]:
        domain, split = _domain(member.upper() or name)
        part = Part(file, member)
        if domain and split and not _says(part, domain, dialect):
            domain = ""
        if domain:
            found.add(domain, part, not split)
        else:
            shown = f"{file.name}, {member}" if several else file.name
            step = "name the file itself to have it read"
            found.unread.append(Unread(shown, "no domain by its name", "" if member else _alike(name), step))


def _domain(name: str) -> tuple[str, bool]:
    """The domain of a name, and whether it is a part of it; '' for a name that is none."""
    if name in REQUIRED or re.fullmatch(r"[A-Z]{2}|SUPP[A-Z]{2}", name):
        return name, False
    split = _SPLIT.fullmatch(name)
    return (split[1], True) if split is not None else ("", False)


def _says(part: Part, domain: str, dialect: Dialect) -> bool:
    """True where the records themselves are of this domain; a file that cannot be read is told of when it is."""
    try:
        first = next(pieces(part, dialect=dialect))
    except (BadInput, Missing):
        return True
    own = first.text("RDOMAIN" if domain.startswith("SUPP") else "DOMAIN")
    return {text.strip().upper() for text in own} <= {domain.removeprefix("SUPP")} and bool(own)


class _Texts(dict[str, Variable]):
    """Every variable of a CSV as a text."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> Variable:
        return Variable(name)

    def __bool__(self) -> bool:
        return True

    def get(self, name: str, default: Any = None) -> Variable:
        return self[name]


def pieces(
    part: Part, chunk: int = CHUNK, dialect: Dialect = FOUND_OUT, said: list[str] | None = None
) -> Iterator[Dataset]:
    """A dataset in pieces; the columns of a CSV are texts (see ``numbered``). ``said`` takes how a CSV is written, where it was found out."""
    texts = _Texts() if part.file.suffix.lower() == ".csv" else None
    for piece in iterate(part.file, chunk, dialect=dialect, variables=texts, notes=said):
        if part.member in ("", piece.name):
            yield piece


def numbered(piece: Dataset, decimal: str | None = None) -> Dataset:
    """Texts of variables that hold numbers as numbers. Where a cell is none the column stays one of texts: who reads the record tells
    of it, with all else that is wrong."""
    variables, columns = list(piece.variables), dict(piece.columns)
    for i, v in enumerate(variables):
        told, table = guess(piece.name, v.name), Commas() if decimal == "," else Numbers()
        if told.kind == "text" or v.kind != "text":
            continue
        table[""] = table["."] = np.nan
        try:
            columns[v.name] = np.array([table[cell.strip()] for cell in columns[v.name]], dtype=np.float64)
            variables[i] = told
        except ValueError:
            columns[v.name] = [_plain(_with_point(cell) if decimal == "," else cell) for cell in columns[v.name]]
    return replace(piece, variables=tuple(variables), columns=columns)


def _plain(cell: str) -> str:
    """A number as other records have it; anything else as it is."""
    try:
        return f"{Numbers()[cell.strip()]:.17g}"
    except ValueError:
        return "" if cell.strip() == "." else cell


def problems_of_need(folder: Folder, needed: dict[str, str]) -> Iterator[tuple[str, Problem]]:
    """Domain → problem, of domains that something needs and that stand in a file which is not read. ``needed``: by what."""
    for domain, by in needed.items():
        unread = folder.lacks(domain)
        if unread is not None:
            step = "; or name the files that are to be read one by one, to go without it"
            yield (
                domain,
                Problem("not-read", unread.name, f"{domain}: {unread.why}", f"{domain}, which {by} needs, in a file that is read",
                        (unread.next_step or "save it as CSV") + step),
            )  # fmt: skip


def _with_point(cell: str) -> str:
    """A number with a decimal comma as others are written; one with a point stays none."""
    return (
        f"{cell} (a point, where the decimal mark is a comma)"
        if "." in cell.strip()[:-1]
        else cell.replace(",", ".", 1)
    )
