"""Problems of domains in the order in which a person goes through them: by domain and row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from equipoise.standards.sdtm.needs import REQUIRED
from equipoise.standards.sdtm.record import Record
from equipoise.trial.problem import Problem

_ORDER = {domain: i for i, domain in enumerate(REQUIRED)}


def by_place(
    problems: Sequence[Problem], records: Iterable[Record], of_files: Sequence[tuple[str, Problem]] = ()
) -> list[Problem]:
    """Problems that ``records`` had, by domain and row; those of whole files, each with its domain, before those of their records."""
    rows = {r.where(""): r.row for r in records}
    found = [(_ORDER.get(domain, len(_ORDER)), -1, p) for domain, p in of_files]
    for p in problems:
        domain = p.where[: len(p.where) - len(p.where.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))]
        row = re.fullmatch(r"[A-Z]+ row (\d+)", p.where)
        at = int(row[1]) if row else rows.get(f"{domain}.[{p.where.partition('[')[2]}", 0)
        found.append((_ORDER.get(domain, len(_ORDER)), at, p))
    return [p for _, _, p in sorted(found, key=lambda x: x[:2])]
