"""Plans that run one after the other: what is wrong with any is told of all at once, an interrupt keeps what is done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from equipoise.desk.interrupt import unbroken
from equipoise.files.log_lines import lines_of
from equipoise.files.write import write_text
from equipoise.trial.log import Log
from equipoise.trial.problem import BadInput, Problem

P = TypeVar("P")
R = TypeVar("R")
S = TypeVar("S")


def told_together(source: str, refused: Sequence[tuple[str, BadInput]]) -> None:
    """Raise BadInput with what is wrong with the scenarios that were refused, by their names; of one alone as it is."""
    if len(refused) == 1:
        raise refused[0][1]
    if refused:
        problems = [
            Problem(p.code, f"scenario {scenario}: {p.where}", p.given, p.allowed, p.next_step)
            for scenario, bad in refused
            for p in bad.problems
        ]
        raise BadInput(f"scenarios of {source}", problems)


@dataclass(frozen=True)
class Ran(Generic[S]):
    """``whole`` is False after an interrupt, and the last that ran is then shorter than asked."""

    summaries: Sequence[S]
    written: Sequence[Path]
    whole: bool


def run_plans(
    plans: Iterable[P],
    rows_of: Callable[[P], Iterable[Sequence[R]]],
    summarise: Callable[[P, Sequence[R]], S],
    keep: Callable[[P, Sequence[R]], Sequence[Path]],
    watch: Callable[[P], Callable[[int], object]],
) -> Ran[S]:
    """Run every plan. ``keep`` writes what came of one, and says where."""
    summaries: list[S] = []
    written: list[Path] = []
    whole = True
    for plan in plans:
        done, rows = watch(plan), list[R]()
        try:
            for found in rows_of(plan):
                with unbroken():
                    rows.extend(found)
                done(len(rows))
        except KeyboardInterrupt:
            whole = False
        if rows:
            summaries.append(summarise(plan, rows))
            written += keep(plan, rows)
        if not whole:
            break
    return Ran(summaries, written, whole)


def kept(out: Path, stem: str, rows: Sequence[Any], first: Callable[[], Log], *, whole: bool) -> list[Path]:
    """A line a replicate, in a file whose name says so if not all are there; and the log of the first."""
    lines, log = out / f"{stem}.jsonl{'' if whole else '.part'}", out / f"{stem}-first-log.jsonl"
    write_text(lines, "".join(json.dumps(r.as_json(), separators=(",", ":")) + "\n" for r in rows))
    write_text(log, "".join(line for line, _ in lines_of(first())))
    return [lines, log]
