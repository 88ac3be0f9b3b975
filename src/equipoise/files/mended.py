"""What lies behind an error: a file is read again without its misspelt and unsound entries, so that layers that build on them are told of too.

What was mended is never used: it only lets problems be found that would come up in the next round. A problem at a place that was mended,
or that its mending makes, is not told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, TypeVar

from equipoise.trial.problem import BadInput, Problem

T = TypeVar("T")
#: Problems of an entry alone: it is left out, or the word put in that was meant.
_OWN = {"unknown-key", "not-a-choice", "retired", "wrong-type", "out-of-range", "not-allowed"}
#: A misspelt name of something else in the file, mended where a near one is known.
_NAMES = re.compile(r"unknown-|not-a-choice")
_MEANT = re.compile(r"did you mean '([^']+)'\?")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
#: Rounds after which what is left is left.
_ROUNDS = 6


def read_through(raw: Mapping[str, Any], read: Callable[[Mapping[str, Any]], T]) -> tuple[T | None, list[Problem]]:
    """What ``read`` makes of the table, mended where it is not sound, and the problems of all layers; None where it cannot be mended.

    Where there are no problems the table was read as it is.
    """
    found: list[Problem] = []
    touched: list[str] = []
    now = raw
    for _ in range(_ROUNDS):
        try:
            return read(now), found
        except BadInput as bad:
            # Told once: of a mended table the same problem may name another entry.
            told = {(p.code, p.where) for p in found}
            new = [p for p in bad.problems if (p.code, p.where) not in told and not _made_by(p, touched)]
            known = list(bad.problems)
        found.extend(new)
        mended, places = _mended(now, known)
        if mended is None:
            return None, found
        now, touched = mended, [*touched, *places]
    return None, found


def _made_by(p: Problem, touched: Sequence[str]) -> bool:
    """True of a problem at a place that was mended, in it, of what it stands in, or of who names it (an assumption of an entry left out)."""
    return any(
        t in p.given
        or p.where == t
        or p.where.startswith((f"{t}.", f"{t}["))
        or t.startswith((f"{p.where}.", f"{p.where}["))
        for t in touched
    )


def _mended(raw: Mapping[str, Any], problems: Sequence[Problem]) -> tuple[Mapping[str, Any] | None, list[str]]:
    """The table without what is wrong in an entry alone, and where it was changed; None where nothing can be."""
    table, places = deepcopy(_lists(raw)), []
    for p in problems:
        meant = _MEANT.search(p.next_step)
        if p.code not in _OWN and not (meant and _NAMES.match(p.code)):
            continue
        steps = [name or int(number) for name, number in _STEP.findall(p.where)]
        at: Any = table
        try:
            for step in steps[:-1]:
                at = at[step]
            last = steps[-1]
            if p.code == "unknown-key" and meant and meant[1] not in at:
                at[meant[1]] = at.pop(last)
                places.append(p.where)
            elif p.code != "unknown-key" and meant and isinstance(at[last], str):
                at[last] = meant[1]
                places.append(p.where)
            elif not isinstance(last, int):
                del at[last]
                places.append(p.where)
        except (KeyError, IndexError, TypeError):
            continue
    return (table, places) if places else (None, [])


def _lists(value: Any) -> Any:
    """Arrays as lists, which can be changed."""
    if isinstance(value, Mapping):
        return {k: _lists(v) for k, v in value.items()}
    return [_lists(v) for v in value] if isinstance(value, list | tuple) else value
