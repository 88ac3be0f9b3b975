"""What the safety rules say, read aloud: a headline, sentences, a table, and each boundary against the path so far."""

from __future__ import annotations

from collections.abc import Sequence

from equipoise.decide.safety import SafetyRuling
from equipoise.trial.exhibits import Cell, Curve, Exhibit, LineFigure, Mark, Paragraph, Table
from equipoise.trial.trial import Trial

Numbers = Sequence[float]


def headline(r: SafetyRuling) -> str:
    """'Safety rule toxic-death, data cut-off 2013-08-08: SPEAKS (caution)'."""
    does = f" ({r.rule.does})" if r.speaks else ""
    return f"Safety rule {r.rule.name}, data cut-off {r.cutoff}: {r.says.upper()}{does}"


def lines(trial: Trial, r: SafetyRuling) -> list[str]:
    """The rule, its counts, its boundary, how far it is and what it does, in sentences."""
    labels = {a.name: a.label for a in trial.arms}
    c, found = r.reading.counts, [r.rule.said(labels)]
    still = f", {c['followed']} still followed" if "followed" in c else ""
    found.append(
        f"{c['watched']} watched, {c['events']} {'deaths' if r.rule.on_endpoint else 'with the event'}{still}."
    )
    found += list(r.reading.because)
    if r.reading.distance is not None:
        found.append(f"Distance to the boundary: {r.reading.distance:.4g} {r.reading.unit}.")
    found += [f"Caution. {text}" for text in r.reading.cautions]
    if c["beyond_planned"]:
        found.append(
            f"{c['beyond_planned']} beyond the {c['planned']} for which the rule was made are not held against it."
        )
    found.append(
        f"A look at it is due, {r.rule.when_in_words}." if not r.due else f"Looked at {r.rule.when_in_words}: {r.due}."
    )
    return found


def rules_table(trial: Trial, rulings: Sequence[SafetyRuling]) -> Table:
    """All rules under each other."""
    rows: list[list[Cell]] = []
    for r in rulings:
        c = r.reading.counts
        arms = " against ".join(trial.arm_by_name[a].label for a in r.rule.arms)
        rows.append(
            [
                r.rule.name, r.rule.label, arms, c["watched"], c["events"], r.reading.seen_in_words, r.reading.needed_in_words,
                f"{r.reading.distance:.4g}" if r.reading.distance is not None else "–", r.says, r.rule.does,
            ]
        )  # fmt: skip
    return Table(
        "Safety rules beside the design",
        ["Rule", "What counts", "Arm", "Watched", "With the event", "At the rule's look", "Speaks at", "Distance", "Says", "Does"],
        rows,
        notes=(
            "At the rule's look: events among the first so many patients, in the order in which they came under watch (a rule between arms: "
            "in the tested arm among the first so many events; a rule on overall survival: the observed hazard ratio at the deaths that have come). "
            "Distance: how many more would make it speak there, or by how much the log hazard ratio is below the threshold; 0 or less where it speaks.",
        ),
    )  # fmt: skip


def boundary_figure(r: SafetyRuling) -> LineFigure:
    """The path of the events so far against the boundary."""
    x_label, y_label = r.reading.axes
    at, least = zip(*r.reading.boundary, strict=True) if r.reading.boundary else ((), ())
    seen, events = zip(*r.reading.path, strict=True) if r.reading.path else ((), ())
    marks = []
    if r.speaks:
        c = r.reading.counts
        marks.append(Mark(f"speaks: {r.reading.seen_in_words}", x=float(c["at"])))
    return LineFigure(
        f"Safety rule {r.rule.name}: {r.rule.label}",
        x_label,
        y_label,
        _of_counts(at, least, seen, events) if not r.rule.on_endpoint else _of_ratios(at, least, seen, events),
        marks,
        caption=f"{r.rule.design.describe()} Here: {r.rule.said({a: a for a in r.rule.arms})}",
    )  # fmt: skip


def _of_counts(at: Numbers, least: Numbers, seen: Numbers, events: Numbers) -> list[Curve]:
    """A boundary in whole numbers, and the events so far: steps."""
    return [
        Curve("Boundary: the rule speaks at this many", list(at), list(least), steps=len(at) > 1, points=len(at) == 1),
        Curve("So far", list(seen), list(events), steps=True),
    ]


def _of_ratios(at: Numbers, least: Numbers, seen: Numbers, ratios: Numbers) -> list[Curve]:
    """The rule's threshold at each number of deaths, and the observed hazard ratio at those that have come."""
    drawn = [Curve("Threshold: the rule speaks from this hazard ratio on", list(at), list(least), points=True)]
    return [*drawn, Curve("Observed hazard ratio", list(seen), list(ratios), points=True)] if seen else drawn


def exhibits(trial: Trial, rulings: Sequence[SafetyRuling]) -> list[Exhibit]:
    """The table of all rules, and of each its sentences and its figure."""
    if not rulings:
        return []
    shown: list[Exhibit] = [rules_table(trial, rulings)]
    for r in rulings:
        shown.append(Paragraph(headline(r), "caution" if r.speaks else "plain"))
        shown += [Paragraph(text) for text in lines(trial, r)]
        shown.append(boundary_figure(r))
    return shown
