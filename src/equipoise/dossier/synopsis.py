"""The synopsis of the protocol, with a dagger where the trial's sources do not say it."""

from __future__ import annotations

from equipoise.analyse.estimands import estimands_table
from equipoise.trial.endpoint_words import defined
from equipoise.trial.exhibits import Cell, Exhibit, Facts, Paragraph, Table
from equipoise.trial.trial import Trial


def synopsis(t: Trial) -> list[Exhibit]:
    """The protocol on a page."""
    shown: list[Exhibit] = [Paragraph(t.rationale)] if t.rationale else []
    shown += [_facts(t), _regimens(t), _endpoints(t)]
    estimands = estimands_table(t)
    if estimands is not None:
        shown.append(estimands)
    if t.eligibility:
        shown.append(_eligibility(t))
    return shown


def _dagger(t: Trial, path: str) -> str:
    """' †' where the entry, or one that it stands in, is our assumption."""
    assumed = [of for entry in t.assumptions for of in entry.of]
    return " †" if any(path == of or path.startswith((of + ".", of + "[")) for of in assumed) else ""


def _legend(t: Trial) -> tuple[str, ...]:
    return ("† assumed: not stated by the trial's sources.",) if any(a.of for a in t.assumptions) else ()


def _facts(t: Trial) -> Facts:
    shares = ":".join(str(a.share) for a in t.arms)
    rows = [
        ("Phase", t.phase),
        ("Sponsor", t.sponsor or "–"),
        ("Population", t.population),
        ("Start", t.start.isoformat() + _dagger(t, "start")),
        (
            "Patients",
            f"{t.target_enrolment}, randomised {shares}" if t.randomisation else f"{t.target_enrolment}, one arm",
        ),
    ]
    if t.phase1 is not None:
        levels = ", ".join(f"{x.label} {x}" for x in t.dose_levels)
        rows += [
            (f"Dose levels of {t.dose_levels[0].drugs}", levels + _dagger(t, "dose_levels")),
            ("Dose found by", t.phase1.finder.describe() + _dagger(t, "phase1")),
            ("Followed for DLTs", f"{t.phase1.window} from the first dose{_dagger(t, 'phase1')}"),
            ("A DLT", "; ".join(t.phase1.dlt.in_words()) + _dagger(t, "phase1.dlt")),
        ]
    r = t.randomisation
    if r is not None and r.method == "permuted blocks":
        blocks = "sizes that are sealed" if r.sealed else ", ".join(str(b) for b in r.block_sizes)
        rows.append(("Randomisation", f"permuted blocks of {blocks}{_dagger(t, 'randomisation.block_sizes')}"))
    if r is not None and r.minimises:
        how = f"minimisation, the arm that balances best with probability {r.minimised:g}"
        rows.append(("Randomisation", f"{how}{_dagger(t, 'randomisation.probability')}"))
    if r is not None and r.method != "as recorded":
        mark = _dagger(t, "randomisation.factors")
        rows += [
            ("Balanced by" if r.minimises else "Stratified by", f"{f.label or f.name}: {', '.join(f.levels)}{mark}")
            for f in r.factors
        ]
    if r is not None and r.blinding:
        rows.append(("Blinding", r.blinding + _dagger(t, "randomisation.blinding")))
    if t.sites:
        last = max(s.activation for s in t.sites)
        rows.append(("Sites", f"{len(t.sites)}, opening {t.sites[0].activation} to {last}{_dagger(t, 'sites')}"))
    if t.assessments:
        a = t.assessments
        read = f" (read by a map: {a.read_as})" if a.read_by else ""
        scans = f"{a.criterion}{read}, first after {a.first}, then every {a.every}{_dagger(t, 'assessments')}"
        rows.append(("Tumour assessment", scans))
    labels = {a.name: a.label for a in t.arms}
    rows += [(f"Safety rule {r.name}", f"{r.said(labels)}{_dagger(t, 'safety')}") for r in t.safety]
    return Facts(rows)


def _regimens(t: Trial) -> Table:
    rows: list[list[Cell]] = []
    for arm in t.arms:
        mark = _dagger(t, f"arms.{arm.name}.regimen")
        rows.append([f"{arm.label}{' (tested)' if arm.tested else ' (control)'}{mark}"])
        rows += [[drug.drug, str(drug).removeprefix(drug.drug + " ")] for drug in arm.regimen]
    found = (
        (f"In phase I the dose of {t.dose_levels[0].drugs} is that of the level assigned.",)
        if t.phase1 is not None
        else ()
    )
    return Table("Arms and regimens", ["Drug", "Dose and schedule"], rows, notes=(*_legend(t), *found))


def _endpoints(t: Trial) -> Table:
    rows = [[e.label, e.role, defined(t, e) + _dagger(t, f"endpoints.{e.name}")] for e in t.endpoints]
    return Table("Endpoints", ["Endpoint", "Role", "Definition"], rows)


def _eligibility(t: Trial) -> Table:
    title = "Eligibility" + _dagger(t, "eligibility")
    rows = [[str(c.number), c.kind, c.text] for c in t.eligibility]
    return Table(title, ["Criterion", "Kind", "Text"], rows, notes=_legend(t))
