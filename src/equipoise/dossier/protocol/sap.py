"""The statistical analysis plan: estimands, sets, endpoints with their rules in order, looks, sensitivity analyses, tables to come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from equipoise import __version__
from equipoise.analyse.estimands import estimands_table
from equipoise.dossier.protocol import statistics as s
from equipoise.dossier.protocol.computed import Computed
from equipoise.trial.objectives import objectives_of
from equipoise.trial.protocol import Protocol
from equipoise.trial.trial import Trial
from equipoise.trial.written import Chapter, Grid, Piece, Said, Written


def plan(t: Trial, filed: Trial, found: Computed) -> Written:
    """The plan of a trial; ``filed``: as its file has it."""
    p = t.protocol or Protocol()
    facts = [
        ("Trial", t.title, "title"),
        ("Protocol", f"{p.id or t.id.upper()}, version {p.version or 'not stated'}", "protocol"),
        ("Sponsor", t.sponsor or "not stated", "sponsor"),
        ("Definition", filed.fingerprint, "the trial file"),
        ("Program", f"Equipoise {__version__}", "the program"),
    ]
    chapters = [c for c in _chapters(t, filed, found) if c.pieces or c.level == 1]
    foot = f"{t.id.upper()} · statistical analysis plan · definition {filed.fingerprint[:16]}"
    return Written(t.title, "Statistical analysis plan", "Sections after ICH E9 and E9(R1)", facts, chapters, foot)


def _chapters(t: Trial, filed: Trial, found: Computed) -> Iterator[Chapter]:
    yield _chapter("1", "What this plan is of", s.general(t, filed))
    yield _chapter("2", "Objectives and estimands", _estimands(t))
    yield _chapter("3", "Design, sample size and how it behaves", s.sample_size(t, found))
    yield _chapter("4", "Analysis sets", s.sets(t))
    yield Chapter("5", "Endpoints")
    for i, e in enumerate(t.endpoints, 1):
        pieces = [
            s.definition(t, e),
            Said(f"Role: {e.role}.", f"endpoints.{e.name}.role"),
            *s.handling(t, e),
            *s.missing(t, e),
            *s.method(t, e),
        ]
        yield Chapter(f"5.{i}", e.label, pieces)
    yield _chapter("6", "Looks, boundaries and decisions", s.interim(t))
    yield _chapter("7", "Multiplicity", s.multiplicity(t))
    yield _chapter(
        "8",
        "Sensitivity analyses",
        [x for e in t.endpoints for x in s.sensitivity(t, e)] or [Said("None is planned.", "endpoints")],
    )
    yield _chapter("9", "Safety", s.safety(t))
    shells: list[Piece] = [
        Said(
            "These are made by the code that will fill them, on no patients; xx stands where a number will.",
            "the program",
            "note",
        ),
        *(Grid(table, "computed: the program") for table in found.shells),
    ]
    yield Chapter("10", "Tables to come", shells if found.shells else [])
    own = (t.protocol or Protocol()).text
    more = [Said(text, f"protocol.text.{n}", "own") for n, text in own.items() if n.startswith("10")]
    yield Chapter(
        "11",
        "Text of the protocol on statistics",
        more or [Said("None beside what stands above.", "protocol.text", "note")],
    )


def _chapter(number: str, heading: str, pieces: Iterable[Piece]) -> Chapter:
    return Chapter(number, heading, list(pieces))


def _estimands(t: Trial) -> Iterator[Piece]:
    for o in objectives_of(t):
        yield Said(
            f"{o.level.capitalize()}: {o.text}.".replace("..", "."),
            "protocol.objectives" if t.protocol and t.protocol.objectives else "endpoints",
            "bullet",
        )
    table = estimands_table(t)
    if table is not None:
        yield Grid(table, "endpoints.estimand")
    else:
        yield Said("No estimand is stated in the trial file.", "endpoints", "gap")
