"""What of a drug is shown: its parameters with their sources, what is assumed, the protocol's paragraph, profiles as tables and figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from equipoise.drug.disposition import macro
from equipoise.drug.patients import typical
from equipoise.drug.profile import Profile, band
from equipoise.trial.drug import Drug, Effect, Parameter
from equipoise.trial.exhibits import Curve, LineFigure, Table

CONCENTRATION, AREA, RATIO = "ug/mL", "ug·day/mL", "payloads per antibody"
_MOST_DRAWN = 600


def half_life_days(drug: Drug) -> float:
    """Terminal half-life of the antibody's disposition in the reference patient [days]; a chain's loss of payload is not in it."""
    return float(macro(*typical(drug).disposition()).half_life()[0])


def parameters_table(drug: Drug) -> Table:
    """Typical values with unit, spread, range and source."""
    rows = [[p.name, f"{p.value:g} {p.unit}", _spread(p), _range(p), p.said()] for p in drug.parameters]
    note = (
        "Spread between patients is log-normal: cv is its coefficient of variation, sd the deviation of the logarithm."
    )
    return Table("Typical parameters", ("parameter", "value", "spread", "known to lie in", "source"), rows, (note,))


def _spread(p: Parameter) -> str:
    return f"cv {p.cv:.1%}" if p.cv else f"sd {p.sd_log:g}" if p.sd_log else "none known"


def _range(p: Parameter) -> str:
    return f"{p.range[0]:g} to {p.range[1]:g}" if p.range else ""


def effects_table(drug: Drug) -> Table:
    """Which covariate moves which parameter, and how."""
    unit = {c.name: (c.reference, c.unit) for c in drug.covariates}
    rows = [[e.parameter, _formula(e, *unit[e.covariate]), e.said()] for e in drug.effects]
    return Table("Covariates", ("parameter", "times", "source"), rows)


def _formula(e: Effect, reference: float, unit: str) -> str:
    if e.form == "power":
        return f"({e.covariate} / {reference:g} {unit})^{e.coefficient:g}"
    since = f" - {reference:g}" if reference else ""
    return f"exp({e.coefficient:g} x ({e.covariate}{since})) in {unit}"


def assumptions(drug: Drug) -> list[str]:
    """All that is assumed, a sentence each, then what must be known to read the numbers."""
    return [*_assumed(drug), *(n.text for n in drug.notes)]


def _assumed(drug: Drug) -> Iterator[str]:
    if drug.infusion.assumed:
        yield f"Infusion of {drug.infusion.hours:g} h: {drug.infusion.assumed}."
    for p in drug.parameters:
        if p.assumed:
            yield f"{p.name} = {p.value:g} {p.unit}: {p.assumed}."
    for c in drug.covariates:
        if c.assumed:
            yield f"{c.name}, reference {c.reference:g} {c.unit}: {c.assumed}."
    for e in drug.effects:
        if e.assumed:
            yield f"{e.covariate} on {e.parameter}: {e.assumed}."
    for r in drug.correlations:
        if r.assumed:
            yield f"Correlation of {' and '.join(r.between)}, {r.value:g}: {r.assumed}."


def paragraph(drug: Drug) -> str:
    """The paragraph for a protocol (M11, 8.5): which model, whose, and what it is for."""
    number = {1: "one compartment", 2: "two compartments", 3: "three compartments"}[drug.compartments]
    chain = (
        f", for drug-to-antibody ratios 0 to {len(drug.chain.batch) - 1} with loss of one payload at a time,"
        if drug.chain
        else ""
    )
    sources = sorted({_short(x.source) for x in (*drug.parameters, *drug.effects) if x.source})
    said = f"as published ({'; '.join(sources)})" if sources else "derived by us, with nothing published as a model"
    return (
        f"Concentrations of {drug.names[0] if drug.names else drug.id} ({drug.analyte}) in simulated patients follow a linear model of {number}{chain} {said}. "
        f"The terminal half-life in the reference patient is {half_life_days(drug):.2f} days. "
        "The model is an assumption of the simulation with its sources; it is not estimated from this trial's data, and no relation of exposure "
        "to effect or toxicity follows from it."
    )


def _short(source: str) -> str:
    return source.split(": ")[0]


def cycles_table(found: Profile) -> Table:
    """Largest concentration, trough and area by cycle; of a population the median and the 90 % band."""
    columns = ("cycle", f"Cmax [{CONCENTRATION}]", f"trough [{CONCENTRATION}]", f"AUC [{AREA}]")
    bands = [band(x) for x in (found.cmax, found.trough, found.area)]
    rows: list[list[str | int]] = []
    for c in range(found.cycles):
        cells = [number(float(b.median[c])) for b in bands]
        if found.patients.n > 1:
            cells = [f"{m} ({number(float(b.lower[c]))} to {number(float(b.upper[c]))})" for m, b in zip(cells, bands, strict=True)]  # fmt: skip
        rows.append([c + 1, *cells])
    who = "Reference patient" if found.patients.n == 1 else f"{found.patients.n:,} virtual patients, median (90 % band)"
    return Table(f"{found.patients.drug.id}, {found.schedule}: {who}", columns, rows)


def number(x: float) -> str:
    """Three figures; what is below a ten-millionth is nothing that anybody measures."""
    return f"{x:.3g}" if x >= 1e-7 or x == 0 else "< 1e-7"


def curve(found: Profile, label: str) -> Curve:
    """The concentration over time, with its band for a population."""
    every = max(1, -(-found.times.size // _MOST_DRAWN))
    keep = np.unique(np.concatenate([np.arange(0, found.times.size, every), _peaks(found)]))
    t, values = found.times[keep], found.concentrations[:, keep]
    if found.patients.n == 1:
        return Curve(label, t.tolist(), values[0].tolist())
    b = band(values)
    return Curve(label, t.tolist(), b.median.tolist(), b.lower.tolist(), b.upper.tolist())


def _peaks(found: Profile) -> NDArray[np.intp]:
    """Of the times, those just before each dose and just after each infusion, which no thinning may leave out."""
    start = found.schedule.starts(found.cycles)
    after = np.searchsorted(found.times, start + found.patients.drug.infusion.hours / 24.0)
    kept: NDArray[np.intp] = np.minimum(
        np.concatenate([np.searchsorted(found.times, start), after]), found.times.size - 1
    )
    return kept


def figure(profiles: Sequence[Profile], title: str) -> LineFigure:
    """Concentrations of one or several schedules on one axis."""
    band_said = " Band: 90 % of patients." if any(p.patients.n > 1 for p in profiles) else ""
    return LineFigure(
        title, "days", f"{profiles[0].patients.drug.analyte} [{CONCENTRATION}]",
        [replace(curve(p, str(p.schedule)), dashed=i % 2 == 1) for i, p in enumerate(profiles)], caption=f"Simulated; an assumption with a source.{band_said}",
    )  # fmt: skip
