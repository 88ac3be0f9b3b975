"""The design: in words, in numbers, and its curve with the simulated trials on it."""

from __future__ import annotations

import re
from dataclasses import replace

from equipoise.dossier.findings import Findings
from equipoise.trial.design import Design
from equipoise.trial.evidence import Evidence
from equipoise.trial.exhibits import Curve, Exhibit, LineFigure, Paragraph, Table
from equipoise.trial.trial import Trial

#: The truth of a design of one rate, in its own words.
_RATE = re.compile(r"rate [\d.e+-]+")
#: How a design's numbers are read.
_QUANTITIES = {
    "r1": "r1: stop with this many successes or fewer",
    "n1": "n1: patients of the first stage, tested arm",
    "r": "r: reject with more successes than this",
    "n": "n: patients in all, tested arm",
    "en0": "EN(p0): patients expected under the null hypothesis",
    "pet0": "PET(p0): probability of stopping early under the null hypothesis",
    "m1": "m1: first stage, in units of the allocation",
    "alpha": "type I error, one-sided, attained",
    "power": "power, attained",
}


def design(f: Findings) -> list[Exhibit]:
    """The design; nothing for a trial without one."""
    if f.trial.design is None:
        return []
    assumed = f.trial.assumed("design")
    shown: list[Exhibit] = [
        Paragraph(f.trial.design.describe()),
        *(Paragraph(f"† Assumed ({', '.join(a.of)}): {a.because}", "note") for a in assumed),
        *_monitoring(f.trial),
        _numbers(f.trial.design),
    ]
    curve = getattr(f.trial.design, "curve", None)
    return shown if curve is None else [*shown, _with_simulated(curve(), f)]


def _monitoring(t: Trial) -> list[Exhibit]:
    """On what the looks are, and what happens while one is awaited."""
    m = t.monitoring
    if m is None:
        return []
    going = {"continue": "goes on", "pause": "pauses", "cap": f"goes on for {m.cap} more patients"}[m.while_waiting]
    beside = historical = ""
    if t.history:
        controls = " and ".join(str(n) for n in m.control_cohort)
        beside = f", with {controls or 'no'} control patients beside"
        historical = f" Historical rate: {t.history.rate:.0%}{' †' if t.assumed('history.rate') else ''}."
    looked = m.endpoint if m.toxicity is None else f"{m.endpoint} and {m.toxicity}"
    units = {look.unit for look in t.monitored.looks}
    on = f" ({', '.join(sorted(units))})" if units != {"patients"} else ""
    return [Paragraph(f"The looks are on {looked}{on}{beside}. Enrolment {going} while a look is awaited.{historical}")]


def _numbers(d: Design[Evidence]) -> Table:
    rows = [[_QUANTITIES.get(k, k), f"{v:.4f}" if isinstance(v, float) else str(v)] for k, v in d.numbers().items()]
    notes = tuple(getattr(d, "cautions", ()))
    return Table("The design in numbers", ["Quantity", "Value"], rows, notes=notes)


def _with_simulated(figure: LineFigure, f: Findings) -> LineFigure:
    """The exact curve with what simulated trials did, where enrolment went on."""
    points = [
        (s, e)
        for s, e in zip(f.summaries, f.exact, strict=True)
        if e is not None and s.waiting == "continue" and _RATE.fullmatch(e.truth)
    ]
    if not points:
        return figure
    x = [float(e.truth.removeprefix("rate ")) for _, e in points]
    q = [s.characteristics.declare for s, _ in points]
    simulated = Curve(
        "Rejected, simulated (± 2 Monte-Carlo errors)", x, [v.value for v in q],
        [v.value - 2 * (v.mc_error or 0) for v in q], [v.value + 2 * (v.mc_error or 0) for v in q], points=True,
    )  # fmt: skip
    caption = figure.caption + " Points: simulated trials, with patients who cannot be evaluated."
    return replace(figure, curves=[*figure.curves, simulated], caption=caption)
