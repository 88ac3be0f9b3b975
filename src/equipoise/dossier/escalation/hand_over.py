"""The hand-over: decisions on the dose as they were recorded, and the dose that phase II was given, by which decision."""

from __future__ import annotations

from equipoise.dossier.escalation.findings import Escalation
from equipoise.trial.event import Event
from equipoise.trial.exhibits import Cell, Exhibit, Facts, Paragraph, Table


def dose_set(f: Escalation) -> Event | None:
    """The event that set the dose of phase II; None while none is."""
    return next((e for e in reversed(list(f.snap.events)) if e.kind == "dose set"), None)


def set_in_words(f: Escalation) -> str:
    """'DL4, 112 mg/m2, set on 2011-12-01'; '' while none is set."""
    found = dose_set(f)
    if found is None:
        return ""
    d = found.data
    return f"{d['level']}, {d['dose']:g} {d['unit']}, set on {found.happened}"


def hand_over(f: Escalation) -> list[Exhibit]:
    """Nothing where no decision on the dose is recorded and none is set."""
    found, taken = dose_set(f), _taken(f)
    shown: list[Exhibit] = []
    if found is not None:
        d = found.data
        shown.append(
            Paragraph(
                f"Phase II is given {d['level']}, {d['dose']:g} {d['unit']}, as set on {found.happened}.", "decision"
            )
        )
        shown.append(
            Facts(
                [
                    ("Set by", f"{found.by}, event {found.number}" + (f", by decision {d['decision']}" if d.get("decision") else "")),
                    ("Known on", f"{d['known_on']} of what had happened by {d['cutoff']}"),
                    ("Patients", str(d["history"])),
                    ("The design said", str(d["action"])),
                    ("It recommended", str(d["recommended"]) or "no dose"),
                    *([("Why", found.why)] if found.why else []),
                ]
            )
        )  # fmt: skip
        shown += [Paragraph(f"Caution. {text}", "caution") for text in _cautions(f, found)]
    return [*shown, taken] if taken is not None else shown


def _cautions(f: Escalation, found: Event) -> list[str]:
    """Where the dose set is not what was recommended then, or would be now."""
    level, then = str(found.data["level"]), str(found.data["recommended"])
    now = f.label(int(f.next.recommend)) if f.next.recommend is not None else ""
    said = []
    if level != then:
        said.append(f"{level} was set; the design recommended {then or 'no dose'}.")
    if now != then:
        said.append(
            f"By what is known now the design recommends {now or 'no dose'}; when the dose was set it was {then or 'no dose'}."
        )
    return said


def _taken(f: Escalation) -> Table | None:
    rows: list[list[Cell]] = []
    for e in f.snap.events:
        d = e.data
        if e.kind == "decided" and d.get("part") == 1:
            rows.append(
                [
                    str(e.happened),
                    d["cutoff"],
                    d.get("history", ""),
                    d["action"],
                    d.get("level") or "none",
                    d.get("recommended") or "none",
                ]
            )
    heads = ["Recorded", "Data cut-off", "History", "Decision", "Next level", "Recommended"]
    return Table("Decisions on the dose, as recorded", heads, rows) if rows else None
