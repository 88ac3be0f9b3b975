"""What is shown of historical controls: the library's table, the forest plot, the hurdle."""

from __future__ import annotations

from collections.abc import Mapping

from scipy.special import expit

from equipoise.history.hurdle import Hurdle
from equipoise.history.library import GRADES, UNVERIFIED, HistoricalArm, HistoryLibrary, Number, Verified
from equipoise.history.pooling import PooledRates
from equipoise.history.standardise import Standardised
from equipoise.trial.exhibits import Cell, ForestFigure, ForestRow, Table

_Z95 = 1.959963984540054
#: A grade as a mark in a table.
MARKS: Mapping[Verified, str] = dict(zip(GRADES, ("", "", " q", " d", " ?"), strict=True))


def library_table(library: HistoryLibrary) -> Table:
    """Every arm with its numbers; a mark behind what is quoted (q), derived (d) or unverified (?)."""
    rows: list[list[Cell]] = []
    for a in sorted(library.arms, key=lambda a: (a.published, a.name)):
        before = next((m for e in ("PFS", "TTP", "FFS") for m in a.medians if m.endpoint == e), None)
        after = next((m for m in a.medians if m.endpoint == "OS"), None)
        rows.append([
            a.name, a.trial, a.treatment, "" if a.n is None else f"{a.n}{MARKS[a.n_grade]}",
            "" if before is None else f"{_of(a, before.endpoint, 'PFS')}{_median(a, before)}", "" if after is None else _median(a, after),
            _rate(a, "PFS", 183), _rate(a, "OS", 365), _rate(a, "response", None), a.verified,
        ])  # fmt: skip
    grades = [a.grade(x) for a in library.arms for x in (*a.medians, *a.rates)]
    count = ", ".join(f"{grades.count(g)} {g}" for g in GRADES if g in grades)
    return Table(
        f"{library.title} ({library.id}): {len(library.arms)} arms",
        ["Arm", "Trial", "Treatment", "n", "PFS or TTP", "OS", "PFS 6 mo", "OS 12 mo", "Response", "Verified"],
        rows,
        [f"Medians in months of 30.4375 days unless marked. Numbers: {count}. q quoted elsewhere, d derived, ? from memory, unverified."],
    )  # fmt: skip


def _of(arm: HistoricalArm, endpoint: str, usual: str) -> str:
    return "" if endpoint == usual else f"{endpoint} "


def _median(arm: HistoricalArm, m: Number) -> str:
    value, lower, upper = (getattr(m, k) for k in ("value", "lower", "upper"))
    limits = f" ({lower.months:.1f}–{upper.months:.1f})" if lower is not None else ""
    return f"{value.months:.1f}{limits}{MARKS[arm.grade(m)]}"


def _rate(arm: HistoricalArm, endpoint: str, day: int | None) -> str:
    for r in arm.rates:
        if r.endpoint == endpoint and (r.at.days if r.at is not None else None) == day:
            return f"{r.rate:.1%}{MARKS[arm.grade(r)]}".replace("%", " %")
    return ""


def pooled_tables(p: PooledRates) -> list[Table]:
    """The arms taken and left out, the pooled mean, and the predictions."""
    w = [1 / (a.variance + p.pooled.tau2) for a in p.arms]
    rows: list[list[Cell]] = [
        [
            a.arm,
            a.n,
            f"{a.rate:.3f}",
            f"{a.lower:.3f}–{a.upper:.3f}",
            f"{x / sum(w):.1%}".replace("%", " %"),
            a.how,
            a.verified,
        ]
        for a, x in zip(p.arms, w, strict=True)
    ]
    arms = Table(
        f"{p.what}: {p.of_arms}", ["Arm", "n", "Rate", "95 % interval", "Weight", "From", "Verified"], rows,
        [f"Left out: {'; '.join(f'{o.arm} ({o.why})' for o in p.left_out)}."] if p.left_out else [],
    )  # fmt: skip
    f = p.pooled
    mean = f"Mean of the trials ({f.method}, {f.interval_method})" if f.k > 1 else "The one arm (exact binomial)"
    shown: list[list[Cell]] = [[mean, f"{p.rate:.3f}", f"{p.lower:.3f}–{p.upper:.3f}"]]
    if p.binomial is not None:
        b = p.binomial
        rate, low, high = (float(expit(b.mean + z * b.se)) for z in (0.0, -_Z95, _Z95))
        shown.append(["Mean of the trials (binomial counts, ML, normal)", f"{rate:.3f}", f"{low:.3f}–{high:.3f}"])
    named = [(f"Next trial ({x.method})", x) for x in p.predictions]
    named += [(f"Next trial, {name}", x) for name, x in p.sensitivity]
    shown += [[name, f"{x.median:.3f}", f"{x.lower:.3f}–{x.upper:.3f}"] for name, x in named]
    notes = [
        *(
            [
                f"Between trials: τ = {f.tau2**0.5:.3f} on logits, I² = {f.i2:.0%}, Q = {f.q:.2f} on {f.k - 1} degrees, p {_p(f.p_q)} "
                "(chi-squared).".replace("%", " %")
            ]
            if f.k > 1
            else []
        ),
        *(f"Caution. {c}" for c in p.cautions),
    ]
    return [arms, Table("Pooled", ["", "Rate", "95 % interval"], shown, notes)]


def arms_behind(p: PooledRates, library: HistoryLibrary) -> Table:
    """The arms behind a historical rate: what was published, what it became, how it was verified, and where it stands."""
    w = [1 / (a.variance + p.pooled.tau2) for a in p.arms]
    rows: list[list[Cell]] = []
    for a, x in zip(p.arms, w, strict=True):
        of = library.arm_by_name[a.arm]
        doi = f" doi:{of.doi}" if of.doi else ""
        rows.append([
            f"{of.trial} ({of.published})", f"{a.n}{MARKS[of.n_grade]}", a.how, f"{a.rate:.1%} ({a.lower:.1%} to {a.upper:.1%})".replace("%", "\u00a0%"),
            f"{x / sum(w):.0%}".replace("%", "\u00a0%"), a.verified, f"{of.citation}{doi}",
        ])  # fmt: skip
    left = [f"Left out of {library.id}: {'; '.join(f'{o.arm} ({o.why})' for o in p.left_out)}."] if p.left_out else []
    return Table(
        f"The arms behind the historical rate: {p.what}", ["Trial", "n", "From", "Rate (95\u00a0% interval)", "Weight", "Verified", "Source"],
        rows, [f"Library {library.id}, looked through on {library.compiled}. n: q quoted elsewhere, d derived, ? unverified.", *left],
    )  # fmt: skip


def hurdle_in_words(p: PooledRates, rate: float, h: Hurdle | None) -> str:
    """The hurdle as a sentence: the mean, the prediction for the next control arm, and what that does to the design's error."""
    next_one = p.predictions[0]

    def percent(x: float) -> str:
        return f"{100 * x:.1f} %"

    text = (
        f"The historical rate of {percent(rate)} is the trial's decision. {p.of_arms} {p.have} {percent(p.rate)} "
        f"({percent(p.lower)} to {percent(p.upper)}) for {p.what}. The next trial's control rate is predicted at {percent(next_one.median)}, "
        f"95 % prediction interval {percent(next_one.lower)} to {percent(next_one.upper)}."
    )
    if h is None:
        return text
    if h.p0_exceeded is not None:
        text += f" It exceeds p0 = {h.p0:g} with probability {h.p0_exceeded:.2f}."
    text += (
        f" The design's type I error is {h.type_one_stated:.4f} at p0, and {h.type_one_averaged:.4f} averaged over that prediction; its "
        f"power {h.power_stated:.4f}, and {h.power_averaged:.4f}."
    )
    k = h.calibrated
    if k is not None and k.r != k.planned_r:
        text += (
            f" To keep that average within alpha, more than {k.r} successes would be needed in place of more than {k.planned_r}; the averaged "
            f"power would be {k.power:.4f}."
        )
    return text


def _p(p: float) -> str:
    return f"= {p:.3f}" if p >= 0.001 else "< 0.001"


def forest(p: PooledRates, hurdle: float | None = None) -> ForestFigure:
    """The forest plot: arms with their intervals, the mean as a diamond, the next trial's interval as a bar."""
    w = [1 / (a.variance + p.pooled.tau2) for a in p.arms]
    rows = [
        ForestRow(
            f"{a.trial} ({a.published})", f"n = {a.n}", a.rate, a.lower, a.upper, x / sum(w), hollow=a.converted,
            doubtful=a.verified == UNVERIFIED,
        )
        for a, x in zip(p.arms, w, strict=True)
    ]  # fmt: skip
    bayes = p.predictions[0]
    summary = [
        ForestRow(
            "Mean of the trials" if len(p.arms) > 1 else "The one arm",
            f"{p.pooled.method}, {p.pooled.interval_method}" if len(p.arms) > 1 else "exact binomial",
            p.rate,
            p.lower,
            p.upper,
            kind="mean",
        ),
        ForestRow("Next trial", "95 % prediction", bayes.median, bayes.lower, bayes.upper, kind="prediction"),
    ]
    changed = any(a.converted for a in p.arms)
    return ForestFigure(
        f"{p.what}: historical controls", f"{p.what}", [*rows, *summary], None if hurdle is None else (hurdle, f"p0 = {hurdle:g}"),
        "Squares: published rates, as large as their weight."
        + (" Hollow: medians converted under a stated shape." if changed else "")
        + (f" I² = {p.pooled.i2:.0%}, τ = {p.pooled.tau2**0.5:.2f} on logits.".replace("%", " %") if len(p.arms) > 1 else ""),
    )  # fmt: skip


def hurdle_tables(h: Hurdle, mixed: Standardised | None = None) -> list[Table]:
    """What the design does when its p0 is uncertain."""
    c = h.control
    where = [
        ["Next control rate: median (95 % interval)", f"{c.median:.3f} ({c.lower:.3f}–{c.upper:.3f})"],
        *([f"… exceeded with probability {1 - float(p):.2f}", f"{v:.3f}"] for p, v in h.p0_at.items()),
    ]
    if h.p0_exceeded is not None:
        where.insert(1, [f"P(control rate > p0 = {h.p0:g})", f"{h.p0_exceeded:.3f}"])
    if mixed is not None:
        where.append(
            ["Re-weighted to this trial's patients (crude)", f"{mixed.rate:.3f} ± {mixed.se:.3f} ({mixed.crude:.3f})"]
        )
    errors: list[list[Cell]] = [
        ["Type I error: no effect", *_triple(h.type_one_stated, h.type_one_averaged, h.type_one_range)],
        [f"Power: odds ratio {h.odds_ratio:.2f}", *_triple(h.power_stated, h.power_averaged, h.power_range)],
    ]
    a = h.assurance
    go: list[list[Cell]] = [
        ["Declares (assurance)", f"{a.success:.4f}"],
        ["False go: declares, and the true effect is 0 or less", f"{a.false_go:.4f}"],
        ["True go: declares, and the true effect is above 0", f"{a.true_go:.4f}"],
        ["P(effect ≤ 0, having declared)", f"{a.false_given_go:.4f}"],
    ]
    notes = []
    if h.calibrated is not None:
        k = h.calibrated
        same = "already" if k.r == k.planned_r else f"r = {k.r} instead of {k.planned_r}"
        notes.append(
            f"To keep alpha averaged over history the last boundary is {same}: averaged type I error {k.type_one:.4f}, averaged "
            f"power {k.power:.4f}."
        )
    return [
        Table("The control rate that history allows", ["Quantity", "Value"], [list(r) for r in where], [h.control.method]),
        Table("Errors of the design", ["", "At its own p0", "Averaged over history", "At the ends of the 95 % interval"], errors, notes),
        Table(f"Assurance: {a.effect}", ["", "Probability"], go, [f"Method: {h.method}."]),
    ]  # fmt: skip


def _triple(stated: float, averaged: float, ends: tuple[float, float]) -> list[str]:
    return [f"{stated:.4f}", f"{averaged:.4f}", f"{ends[0]:.4f} to {ends[1]:.4f}"]
