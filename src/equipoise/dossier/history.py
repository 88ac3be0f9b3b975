"""Historical controls: what the trial file takes from them, the arms behind it, and the hurdle with its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence

from equipoise.dossier.findings import Findings
from equipoise.history.exhibits import arms_behind, forest, hurdle_in_words, hurdle_tables
from equipoise.history.hurdle import Hurdle, hurdle
from equipoise.history.pooling import PooledRates, pool_library, prediction_of
from equipoise.history.provenance import choice_of
from equipoise.history.three_answers import prespecified_text
from equipoise.trial.exhibits import Exhibit, Facts, Paragraph
from equipoise.trial.problem import BadInput, Problem


def history(f: Findings) -> list[Exhibit]:
    """What is stated; with a library, its arms, their forest plot and what the design does when p0 is uncertain."""
    t = f.trial
    if t.history is None:
        return []
    mark = " †" if t.assumed("history.rate") else ""
    rows = [("Controls", t.history.label), ("Historical rate", f"{t.history.rate:g}{mark}. {t.history.source}")]
    rows += [(f"Curve of {c.endpoint}", f"exponential, median {c.median}. {c.source}") for c in t.history.curves]
    shown: list[Exhibit] = [Facts(rows)]
    borrowing = prespecified_text(t, f.library)
    if borrowing:
        shown.append(Paragraph(borrowing + (" †" if t.assumed("history.borrowing") else "")))
    shown += [Paragraph(f"† Assumed ({', '.join(a.of)}): {a.because}", "note") for a in t.assumed("history")]
    if f.library is None or t.history.library is None or t.monitoring is None:
        return shown
    try:
        pooled = pool_library(f.library, choice_of(t))
    except BadInput as bad:
        return [*shown, _refused("The arms cannot be pooled", bad.problems)]
    said = _hurdle(f, pooled)
    found = said if isinstance(said, Hurdle) else None
    return [
        *shown, Paragraph(hurdle_in_words(pooled, t.history.rate, found)), *(Paragraph(c, "caution") for c in pooled.cautions),
        arms_behind(pooled, f.library), forest(pooled, found.p0 if found is not None else None),
        *(hurdle_tables(said) if isinstance(said, Hurdle) else said),
    ]  # fmt: skip


def _hurdle(f: Findings, pooled: PooledRates) -> Hurdle | list[Exhibit]:
    """The design against what history allows; why not, for designs that are not of one arm's rate or two."""
    if f.trial.design is None:
        return []
    try:
        return hurdle(f.trial.design, prediction_of(list(pooled.arms)))
    except BadInput as bad:
        return [_refused("This design has no hurdle to be uncertain of", bad.problems)]


def _refused(what: str, problems: Sequence[Problem]) -> Paragraph:
    return Paragraph(f"{what}. {'; '.join(f'{p.where}: got {p.given}; {p.allowed}' for p in problems)}.", "caution")
