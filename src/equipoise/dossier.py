"""The report of a trial: which exhibits of which results make it up. At the edge: it knows every kind of result."""

from __future__ import annotations

import math
import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import PackageNotFoundError, version

from equipoise import __version__
from equipoise.analyse.analysis import (
    Analysis,
    comparisons_table,
    history_table,
    rates_table,
    response_table,
    times_table,
)
from equipoise.analyse.answers import answers_figure, answers_table, trial_answers
from equipoise.analyse.course import swimmer_figure, waterfall_figure
from equipoise.analyse.estimands import estimands_table
from equipoise.analyse.flow import flow
from equipoise.analyse.populations import populations_table
from equipoise.analyse.safety import safety_table
from equipoise.analyse.sensitivity import AS_STATED, overlay, sensitivity, side_by_side
from equipoise.analyse.survival import survival_figure
from equipoise.conduct.accrual import accrual_figure
from equipoise.decide.decide import assumptions_behind
from equipoise.decide.reading import decision_exhibits, headline
from equipoise.design.estimate import estimate, estimate_table
from equipoise.design.rate_design import RateDesign
from equipoise.files.grades import grades_table
from equipoise.report.document import Document
from equipoise.simulate.summary import Summary, summary_table
from equipoise.trial.decision import Decision, NotRipe
from equipoise.trial.design import Characteristics, Design, Quantity
from equipoise.trial.endpoint import Endpoint, Landmark, Response, TimeToEvent
from equipoise.trial.evidence import Evidence
from equipoise.trial.exhibits import Cell, Curve, Exhibit, Facts, Paragraph, Section, Table
from equipoise.trial.historical import HistoryLibrary
from equipoise.trial.named_rules import NAMED_RULES
from equipoise.trial.problem import BadInput
from equipoise.trial.snapshot import Snapshot
from equipoise.trial.trial import Trial

STATUS = "Research software, not validated for clinical use: check its numbers before patients depend on them."


#: How a design's numbers are read.
_QUANTITIES = {
    "r1": "r1: stop with this many successes or fewer",
    "n1": "n1: patients of the first stage, tested arm",
    "r": "r: reject with more successes than this",
    "n": "n: patients in all, tested arm",
    "en0": "EN(p0): patients expected under the null hypothesis",
    "pet0": "PET(p0): probability of stopping early under the null hypothesis",
    "alpha": "type I error, one-sided, attained",
    "power": "power at p1, attained",
}


@dataclass(frozen=True)
class Findings:
    """What a report is made from; parts that are not there leave their sections out."""

    trial: Trial
    design: Design[Evidence] | None
    snap: Snapshot
    analysis: Analysis
    looks: Sequence[Decision | NotRipe]
    summaries: Sequence[Summary] = ()
    exact: Sequence[Characteristics | None] = ()
    readouts: Sequence[tuple[int, date, int]] = ()
    virtual: str = ""
    library: HistoryLibrary | None = None


def trial_document(f: Findings) -> Document:
    """The whole report."""
    decisions = [d for d in f.looks if isinstance(d, Decision)]
    facts = [
        ("Trial", f.trial.id + (f" ({', '.join(f.trial.registration)})" if f.trial.registration else "")),
        ("Data cut-off", f.snap.cutoff.isoformat()),
        ("Patients", "virtual: " + f.virtual if f.virtual else "as recorded in the log"),
        ("Randomised", ", ".join(f"{f.trial.arm_by_name[a].label}: {n}" for a, n in f.analysis.randomised.items())),
    ]
    if decisions:
        facts.append(("Decision", headline(decisions[-1])))
    fingerprint = f"trial {f.trial.fingerprint[:12]}, data {f.snap.head[:12]}, equipoise {__version__}"
    return Document(
        title=f.trial.title,
        subtitle="Trial report" if not f.virtual else "Trial report on virtual patients",
        status=STATUS + (" Every patient in this report is simulated." if f.virtual else ""),
        facts=facts,
        sections=[s for s in _sections(f) if s.exhibits],
        foot=f"{f.trial.id}: {fingerprint}" + ("; virtual patients" if f.virtual else ""),
    )


def _sections(f: Findings) -> list[Section]:
    t = f.trial
    return [
        Section("decision", "Decision", _decisions(f)),
        Section("synopsis", "Synopsis of the protocol", _synopsis(t)),
        Section("design", "Design", _design(f)),
        Section("planning", "What planners needed to see", _planning(f)),
        Section("accrual", "Accrual", _accrual(f)),
        Section("flow", "Patient flow", [flow(t, f.snap), populations_table(t, f.analysis.populations)]),
        Section("efficacy", "Efficacy", _efficacy(f)),
        Section("course", "Course and response of each patient", _course(f)),
        Section("safety", "Safety", _safety(f)),
        Section("assumptions", "Assumptions and sources", _assumptions(t)),
        Section("origin", "What produced this report", _origin(f)),
    ]


def _estimates(f: Findings, look: Decision) -> list[Exhibit]:
    """Where the trial ended: the estimates that respect its stages beside the naive one."""
    if not isinstance(f.design, RateDesign) or look.action.name == "continue":
        return []
    tested = look.evidence[f.trial.tested_arms[0].name]
    return [estimate_table(estimate(f.design, look.look, tested["n"], tested["successes"]))]


def _decisions(f: Findings) -> list[Exhibit]:
    shown: list[Exhibit] = []
    for look in reversed(f.looks):
        if isinstance(look, Decision):
            shown += decision_exhibits(f.trial, look)
            shown += _estimates(f, look)
        else:
            ripe = f" It is expected to be ripe on {look.ripe_on}." if look.ripe_on else ""
            shown.append(
                Paragraph(f"Look {look.look} of {look.of_looks} is not ripe at {look.cutoff}.{ripe}", "decision")
            )
            shown += [Paragraph(text[0].upper() + text[1:] + ".") for text in look.because]
    if f.looks and assumptions_behind(f.trial):
        shown.append(
            Paragraph(
                "The decision rests on assumptions that the trial's sources do not state: see the section on them.",
                "note",
            )
        )
    return shown


def _synopsis(t: Trial) -> list[Exhibit]:
    mark = {a: " †" for entry in t.assumptions for a in entry.of}

    def marked(path: str) -> str:
        return next((m for of, m in mark.items() if path == of or path.startswith((of + ".", of + "["))), "")

    shares = ":".join(str(a.share) for a in t.arms)
    rows = [
        ("Phase", t.phase),
        ("Sponsor", t.sponsor or "–"),
        ("Population", t.population),
        ("Start", t.start.isoformat() + marked("start")),
        ("Patients", f"{t.target_enrolment}, randomised {shares}"),
    ]
    r = t.randomisation
    if r.method == "permuted blocks":
        blocks = ", ".join(str(b) for b in r.block_sizes)
        rows.append(("Randomisation", f"permuted blocks of {blocks}{marked('randomisation.block_sizes')}"))
        for factor in r.factors:
            rows.append(
                (
                    "Stratified by",
                    f"{factor.label or factor.name}: {', '.join(factor.levels)}{marked('randomisation.factors')}",
                )
            )
    if t.sites:
        rows.append(
            (
                "Sites",
                f"{len(t.sites)}, opening {t.sites[0].activation} to {max(s.activation for s in t.sites)}{marked('sites')}",
            )
        )
    if t.assessments:
        a = t.assessments
        rows.append(
            ("Tumour assessment", f"{a.criterion}, first after {a.first}, then every {a.every}{marked('assessments')}")
        )
    shown: list[Exhibit] = [Facts(rows)]
    if t.rationale:
        shown.insert(0, Paragraph(t.rationale))
    regimens: list[list[Cell]] = []
    for arm in t.arms:
        regimens.append(
            [f"{arm.label}{' (tested)' if arm.tested else ' (control)'}{marked(f'arms.{arm.name}.regimen')}"]
        )
        regimens += [[drug.drug, str(drug).removeprefix(drug.drug + " ")] for drug in arm.regimen]
    shown.append(Table("Arms and regimens", ["Drug", "Dose and schedule"], regimens, notes=_dagger(mark)))
    shown.append(
        Table(
            "Endpoints",
            ["Endpoint", "Role", "Definition"],
            [[e.label, e.role, _defined(e) + marked(f"endpoints.{e.name}")] for e in t.endpoints],
        )
    )
    estimands = estimands_table(t)
    if estimands is not None:
        shown.append(estimands)
    if t.eligibility:
        shown.append(
            Table(
                "Eligibility" + marked("eligibility"),
                ["Criterion", "Kind", "Text"],
                [[str(c.number), c.kind, c.text] for c in t.eligibility],
                notes=_dagger(mark),
            )
        )
    return shown


def _dagger(mark: dict[str, str]) -> tuple[str, ...]:
    return ("† assumed: not stated by the trial's sources.",) if mark else ()


def _defined(e: Endpoint) -> str:
    if isinstance(e, TimeToEvent):
        rules = "; ".join(f"{c.when}: at {c.at}" for c in e.censoring)
        return f"{' or '.join(e.events)} since {e.origin}. Censored, in this order: {rules}"
    if isinstance(e, Response):
        confirmed = "confirmed" if e.confirmed else "confirmation not required"
        return f"best overall response {' or '.join(e.success)}, {confirmed}; not evaluable: {e.not_evaluable}"
    assert isinstance(e, Landmark)
    return f"{e.of} at {e.landmark} (day {e.landmark.days}), window {e.window}; not evaluable: {e.not_evaluable}"


def _design(f: Findings) -> list[Exhibit]:
    if f.design is None:
        return []
    shown: list[Exhibit] = [Paragraph(f.design.describe())]
    assumed = f.trial.assumed("design")
    shown += [Paragraph(f"† Assumed ({', '.join(a.of)}): {a.because}", "note") for a in assumed]
    monitoring = f.trial.monitoring
    if monitoring is not None:
        going = {"continue": "goes on", "pause": "pauses", "cap": f"goes on for {monitoring.cap} more patients"}[
            monitoring.while_waiting
        ]
        controls = " and ".join(str(n) for n in monitoring.control_cohort)
        shown.append(
            Paragraph(
                f"The looks are on {monitoring.endpoint}, with {controls or 'no'} control patients beside. Enrolment {going} while a "
                f"look is awaited. Historical rate: {f.trial.history.rate:.0%}{' †' if f.trial.assumed('history.rate') else ''}."
                if f.trial.history
                else f"The looks are on {monitoring.endpoint}. Enrolment {going} while a look is awaited."
            )
        )
    numbers = f.design.numbers()
    rows: list[list[Cell]] = [
        [_QUANTITIES.get(k, k), f"{v:.4f}" if isinstance(v, float) else str(v)] for k, v in numbers.items()
    ]
    shown.append(
        Table(
            "The design in numbers, exact", ["Quantity", "Value"], rows, notes=tuple(getattr(f.design, "cautions", ()))
        )
    )
    curve = getattr(f.design, "curve", None)
    if curve is not None:
        figure = curve()
        points = [
            (s, e) for s, e in zip(f.summaries, f.exact, strict=True) if e is not None and s.waiting == "continue"
        ]
        if points:
            x = [float(e.truth.removeprefix("rate ")) for _, e in points]
            q = [s.characteristics.declare for s, _ in points]
            simulated = Curve(
                "Rejected, simulated (± 2 Monte-Carlo errors)", x, [v.value for v in q],
                [v.value - 2 * (v.mc_error or 0) for v in q], [v.value + 2 * (v.mc_error or 0) for v in q], points=True,
            )  # fmt: skip
            figure = replace(
                figure, curves=[*figure.curves, simulated],
                caption=figure.caption + " Points: simulated trials, with patients who cannot be evaluated.",
            )  # fmt: skip
        shown.append(figure)
    return shown


def _planning(f: Findings) -> list[Exhibit]:
    if not f.summaries:
        return []
    shown: list[Exhibit] = []
    for s in f.summaries:
        if s.waiting == "continue":
            other = next((o for o in f.summaries if o.scenario == s.scenario and o.waiting == "pause"), None)
            if other is not None:
                longer = other.duration_months.value - s.duration_months.value
                error = math.hypot(other.duration_months.mc_error or 0.0, s.duration_months.mc_error or 0.0)
                shown.append(
                    Paragraph(
                        f"{s.label}: with enrolment continued, {_mean(s.at_readout)} of {f.trial.target_enrolment} patients "
                        f"are already randomised when the interim look reads out (10 to 90 %: {s.at_readout_range[0]:.0f} to "
                        f"{s.at_readout_range[1]:.0f}). Paused, {_mean(other.at_readout)}, and the trial ends {longer:+.1f} ± "
                        f"{error:.1f} months later on average. ± is the Monte-Carlo standard error."
                    )
                )
    shown.append(summary_table(f.summaries, f.exact))
    shown.append(
        Paragraph(
            "Virtual patients go through the same randomisation, log, endpoints and decision as real ones. Progression is seen at "
            "the next scan. Who withdraws or is lost before the landmark cannot be evaluated, so fewer than planned are "
            "evaluated at the end. They were without an event when last seen, so leaving them out takes away more successes than "
            "failures. Stratified blocks also leave the arms a little off their planned sizes. That is why the simulated "
            "probabilities lie off the exact ones.",
            "note",
        )
    )
    return shown


def _mean(q: Quantity) -> str:
    return f"{q.value:.1f} ± {q.mc_error:.1f}"


def _accrual(f: Findings) -> list[Exhibit]:
    if not f.trial.sites:
        return []
    marks = {f"look {d.look}": d.cutoff for d in f.looks if isinstance(d, Decision) and d.look < d.of_looks}
    marks |= {
        f"look {look} known": day for look, day, _ in f.readouts if look < len(f.design.looks if f.design else ())
    }
    shown: list[Exhibit] = [accrual_figure(f.trial, f.snap, marks)]
    shown += [
        Paragraph(f"{n} patients were randomised when look {look} became known, on {day}.")
        for look, day, n in f.readouts
    ]
    return shown


def _sensitivity(f: Findings) -> list[Exhibit]:
    """The first primary time to progression or death under FDA's and EMA's rules; a primary landmark stands for the endpoint it reads."""
    times = [
        f.trial.time_to_event(e.of) if isinstance(e, Landmark) else e
        for e in f.trial.endpoints
        if e.role == "primary" and not isinstance(e, Response)
    ]
    endpoint = next((e for e in times if e.progression_or_death), None)
    # Without planned scans nobody can say which were missed, and a table without responses has no documented progression.
    if endpoint is None or f.trial.assessments is None or not f.snap.randomised:
        return []
    rules = (AS_STATED, *(r for r in NAMED_RULES if r != "NORTH"))
    found = sensitivity(f.trial, f.snap, endpoint, rules, [endpoint.assessor])
    note = Paragraph(
        "The named rules are in part from memory of their documents: docs/endpoints.md says which.", "note"
    )
    figures = [overlay(f.trial, f.snap, endpoint, found, arm.name) for arm in f.trial.arms]
    return [side_by_side(f.trial, found), note, *figures]


def _efficacy(f: Findings) -> list[Exhibit]:
    shown: list[Exhibit] = []
    for endpoint in f.trial.endpoints:
        if isinstance(endpoint, TimeToEvent):
            shown.append(survival_figure(f.trial, f.snap, endpoint))
    tables = [
        times_table(f.trial, f.analysis),
        rates_table(f.trial, f.analysis),
        comparisons_table(f.trial, f.analysis),
    ]
    if f.analysis.history:
        tables.append(history_table(f.trial, f.analysis))
    return [*(t for t in tables if t.rows), *_answers(f), *shown, *_sensitivity(f)]


def _answers(f: Findings) -> list[Exhibit]:
    """The tested arm against history, against its controls, against both; nothing before the first patient counts.

    A trial that names no history has no such answers. What else is wrong is said in their place.
    """
    try:
        found = trial_answers(f.trial, f.snap, (), library=f.library)
    except BadInput as bad:
        if {problem.code for problem in bad.problems} <= {"no-history", "no-patients"}:
            return []
        said = "; ".join(f"{p.where}: got {p.given}; {p.allowed}" for p in bad.problems)
        return [Paragraph(f"The three answers cannot be given. {said}.", "caution")]
    return [answers_table(found), answers_figure(found)]


def _course(f: Findings) -> list[Exhibit]:
    shown: list[Exhibit] = []
    response = next((e for e in f.trial.endpoints if isinstance(e, Response)), None)
    if response is not None:
        table = response_table(f.trial, f.analysis)
        shown += [table] if table is not None else []
        shown.append(waterfall_figure(f.trial, f.snap, response))
    # Beyond a few hundred lanes nobody can tell them apart.
    if len(f.snap.randomised) <= 300:
        shown.append(swimmer_figure(f.trial, f.snap))
    return shown


def _safety(f: Findings) -> list[Exhibit]:
    return [safety_table(f.trial, f.analysis.safety)] if any(a.any_event for a in f.analysis.safety) else []


def _assumptions(t: Trial) -> list[Exhibit]:
    shown: list[Exhibit] = []
    if t.assumptions:
        shown.append(
            Table(
                "Assumed: not stated by the trial's sources",
                ["Entries", "Why"],
                [[", ".join(a.of), a.because] for a in t.assumptions],
            )
        )
    if t.sources:
        shown.append(Table("Sources", ["Entries", "Source"], [[", ".join(s.of), s.text] for s in t.sources]))
    return shown


def _origin(f: Findings) -> list[Exhibit]:
    rows = [
        ("Equipoise", __version__),
        ("Trial definition", f"SHA-256 {f.trial.fingerprint}"),
        ("Data", f"hash chain to the cut-off, {f.snap.head}"),
        ("Events in the cut", str(len(f.snap.events))),
        ("Python", platform.python_version()),
        *((name, _version(name)) for name in ("numpy", "scipy", "survival", "matplotlib")),
    ]
    if f.virtual:
        rows.append(("Virtual patients", f.virtual))
    if f.summaries:
        rows.append(("Simulation", f"{f.summaries[0].done} trials for each row, seed {f.summaries[0].seed}"))
    return [Facts(rows), grades_table(), Paragraph(STATUS, "note")]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
