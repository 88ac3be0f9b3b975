"""The protocol by ICH M11: what the trial file says stands in its section; what nobody has written is a marked gap, never filler."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain

from equipoise import __version__
from equipoise.analyse.estimands import stated, strategies
from equipoise.dossier.protocol import statistics as s
from equipoise.dossier.protocol.computed import Computed, decided
from equipoise.dossier.protocol.m11_summary import overall, primary_and_secondary, schedule, schema
from equipoise.trial.endpoint import Landmark, Response, TimeToEvent, Toxicity
from equipoise.trial.epochs import groups
from equipoise.trial.exhibits import Table
from equipoise.trial.m11 import EDITION, HEADINGS, OPTIONAL
from equipoise.trial.objectives import objectives_of
from equipoise.trial.protocol import Protocol
from equipoise.trial.trial import Trial
from equipoise.trial.written import Chapter, Grid, Piece, Said, Written

Writer = Callable[[Trial], Iterable[Piece]]


def protocol(t: Trial, filed: Trial, found: Computed) -> Written:
    """The protocol of a trial; ``filed``: as its file has it."""
    chapters: list[Chapter] = []
    own = (t.protocol or Protocol()).text
    writers: dict[str, Writer] = {
        **_WRITERS,
        "10.1": lambda trial: s.general(trial, filed),
        "10.11": lambda trial: s.sample_size(trial, found),
    }
    made: dict[str, list[Piece]] = {}
    for number in HEADINGS:
        pieces = list(writers[number](t)) if number in writers else []
        made[number] = pieces + ([Said(own[number], f"protocol.text.{number}", "own")] if number in own else [])
    more = {**_objectives(t), **_analyses(t)}
    for number, heading in HEADINGS.items():
        below = list(more.get(number, ()))
        inner = [n for n in HEADINGS if n.startswith(f"{number}.") and (made[n] or n not in OPTIONAL)]
        pieces = made[number]
        if not pieces and not inner and not below:
            if number in OPTIONAL:
                continue
            pieces = [_gap(number)]
        chapters += [Chapter(number, heading, pieces), *below]
    return Written(t.title, "Clinical trial protocol", EDITION, _title_page(t, filed), chapters, _foot(t, filed))


def _gap(number: str) -> Said:
    return Said(f'Nobody has written this section. Text of your own: [protocol.text], "{number}" = …', "–", "gap")


def _foot(t: Trial, filed: Trial) -> str:
    version = (t.protocol or Protocol()).version
    return f"{t.id.upper()}{f' · version {version}' if version else ''} · definition {filed.fingerprint[:16]} · made by Equipoise {__version__}"


def _title_page(t: Trial, filed: Trial) -> list[tuple[str, str, str]]:
    """M11's rows; what is not stated says so."""
    p = t.protocol or Protocol()
    none = "not stated"
    where = (
        ", ".join(
            x
            for x in (
                *p.sponsor_address.lines,
                p.sponsor_address.city,
                p.sponsor_address.state,
                p.sponsor_address.country,
            )
            if x
        )
        if p.sponsor_address
        else none
    )
    tested = dict.fromkeys(x.drug for g in groups(t) if g.tested for x in g.regimen)
    return [
        ("Full title", t.title, "title"),
        ("Trial acronym", p.acronym or none, "protocol.acronym"),
        ("Sponsor protocol identifier", p.id or t.id.upper(), "protocol.id" if p.id else "id"),
        ("Version number", p.version or none, "protocol.version"),
        ("Version date", p.version_date.isoformat() if p.version_date else none, "protocol.version_date"),
        ("Product(s) on trial", ", ".join(tested) or none, "arms"),
        ("Trial phase", t.phase, "phase"),
        ("Short title", p.short_title or none, "protocol.short_title"),
        ("Sponsor name", t.sponsor or none, "sponsor"),
        ("Sponsor address", where, "protocol.sponsor_address"),
        ("Registrations", ", ".join(t.registration) or none, "registration"),
        ("Sponsor approval", p.approved.isoformat() if p.approved else none, "protocol.approved"),
        ("Definition", filed.fingerprint, "the trial file"),
    ]


# -- 2 to 4: why and how ------------------------------------------------------------------------------------------------


def _purpose(t: Trial) -> Iterator[Piece]:
    if t.rationale.strip():
        yield Said(t.rationale.strip(), "rationale")


def _objectives(t: Trial) -> Mapping[str, list[Chapter]]:
    found: dict[str, list[Chapter]] = {"3.1": [], "3.2": [], "3.3": []}
    by_name = {e.name: x for e, x in stated(t)}
    for o in objectives_of(t):
        under = {"primary": "3.1", "secondary": "3.2", "exploratory": "3.3"}[o.level]
        at = "protocol.objectives" if t.protocol and o in t.protocol.objectives else "endpoints"
        pieces: list[Piece] = [Said(o.text if o.text.endswith(".") else f"{o.text}.", at)]
        for name in o.endpoints:
            e = t.endpoint_by_name[name]
            pieces.append(s.definition(t, e))
            if name in by_name:
                rows = [
                    ["Population", t.population_by_name[e.population].label],
                    [
                        "Treatment",
                        " against ".join(
                            " or ".join(a.label for a in arms) for arms in (t.tested_arms, t.control_arms) if arms
                        ),
                    ],
                    ["Variable", e.label],
                    ["Intercurrent events and strategies", strategies(by_name[name])],
                    [
                        "Population-level summary",
                        "share of patients" if isinstance(e, Landmark) else by_name[name].summary or "not stated",
                    ],
                ]
                pieces.append(
                    Grid(
                        Table(f"Estimand of {e.label}", ["Attribute", "This trial"], rows), f"endpoints.{name}.estimand"
                    )
                )
        number = f"{under}.{len(found[under]) + 1}"
        found[under].append(Chapter(number, f"{o.level.capitalize()} objective {len(found[under]) + 1}", pieces))
    if not found["3.3"]:
        del found["3.3"]
    return found


def _description(t: Trial) -> Iterator[Piece]:
    shares = ":".join(str(a.share) for a in t.arms)
    how = f"randomised {shares}" if t.randomisation is not None else "in one arm" if len(t.arms) == 1 else "enrolled"
    yield Said(
        f"A trial of phase {t.phase} with {t.target_enrolment} patients, {how}: {', '.join(a.label for a in t.arms)}.",
        "arms, target_enrolment",
    )
    if t.phase1 is not None:
        yield Said(t.phase1.finder.describe(), "phase1")
        yield Said(f"Dose levels: {', '.join(f'{x.label} {x.drug} {x}' for x in t.dose_levels)}.", "dose_levels")
        yield Said(
            f"Followed for dose-limiting toxicities for {t.phase1.window} from the first dose. Dose-limiting: {'; '.join(t.phase1.dlt.in_words())}.",
            "phase1.dlt",
        )
    for name, view in decided(t).items():
        if view.design is not None:
            yield Said(
                (f"Cohort {name}: " if name else "") + view.design.describe(),
                f"cohorts.{name}.design" if name else "design",
            )
    for c in t.cohorts:
        yield Said(
            f"{c.title}: {c.population or t.population}; {c.target_enrolment} patients.", f"cohorts.{c.name}", "bullet"
        )


def _control(t: Trial) -> Iterator[Piece]:
    if t.history is not None:
        yield Said(
            f"Compared with historical controls: {t.history.label}, rate {t.history.rate:g} ({t.history.source}).",
            "history",
        )
    if t.control_check is not None:
        yield Said(
            f"The concurrent controls are checked against history by {t.control_check.method}; a caution is raised below {t.control_check.alpha:g}. On a caution: {t.control_check.on_caution}.",
            "control_check",
        )


def _stopping(t: Trial) -> Iterator[Piece]:
    for name, view in decided(t).items():
        if view.design is not None:
            looks = list(view.design.looks)
            some = f"{len(looks)} looks" if len(looks) != 1 else "one analysis"
            yield Said(
                (f"Cohort {name}: " if name else "")
                + f"{some} by the design (10.9); the trial may stop at each but the last.",
                f"cohorts.{name}.design" if name else "design",
            )
    for rule in t.safety:
        yield Said(
            f"Safety rule {rule.name}: {rule.said({a.name: a.label for a in t.arms})} {rule.design.describe()}",
            f"safety.{rule.name}",
        )


def _start_and_end(t: Trial) -> Iterator[Piece]:
    yield Said(f"The trial begins on {t.start}.", "start")
    if t.monitoring is not None:
        yield Said(
            f"The final analysis is made when patients have been followed for at least {t.monitoring.final_follow_up} after the last one was {t.entered}.",
            "monitoring.final_follow_up",
        )


# -- 5 to 8: patients, treatment, assessments -----------------------------------------------------------------------------


def _criteria(kind: str) -> Writer:
    def write(t: Trial) -> Iterator[Piece]:
        for c in (c for c in t.eligibility if c.kind == kind):
            yield Said(f"{c.number}. {c.text}", f"eligibility[{t.eligibility.index(c)}]", "bullet")

    return write


def _interventions(t: Trial) -> Iterator[Piece]:
    said = {p.drug: p for p in (t.protocol.products if t.protocol else ())}
    rows = []
    for g in groups(t):
        for x in g.regimen:
            product = said.get(x.drug)
            rows.append(
                [
                    g.label,
                    x.drug,
                    str(x).removeprefix(f"{x.drug} "),
                    product.route.lower() if product and product.route else "not stated",
                    x.kind,
                ]
            )
    if rows:
        yield Grid(
            Table("Interventions by arm", ["Arm", "Given", "Dose and schedule", "Route", "Kind"], rows),
            "arms.regimen, protocol.products",
        )


def _administration(t: Trial) -> Iterator[Piece]:
    windows = {x.drug: x.window for a in t.arms for x in a.regimen if x.window is not None}
    for a in t.arms:
        for i, x in enumerate(a.regimen):
            yield Said(f"{a.label}: {x}.", f"arms.{a.name}.regimen[{i}]", "bullet")
    for drug, window in windows.items():
        yield Said(f"A dose of {drug} may be given {window} early or late.", "arms.regimen")


def _assignment(t: Trial) -> Iterator[Piece]:
    if t.phase1 is not None:
        yield Said("In dose finding each patient is assigned to a dose level by the rule of 4.1.", "phase1")
    if t.randomisation is None and len(t.arms) == 1:
        yield Said("All patients are given the same treatment; nobody is randomised.", "arms")
    if t.randomisation is not None:
        yield Said(
            f"Patients are randomised to {', '.join(a.label for a in t.arms)} in the ratio {':'.join(str(a.share) for a in t.arms)}.",
            "arms.share",
        )


def _randomisation(t: Trial) -> Iterator[Piece]:
    r = t.randomisation
    if r is None:
        return
    if r.minimises:
        yield Said(
            f"By minimisation over {', '.join(f.label or f.name for f in r.factors)}: the arm that balances best is given with probability {r.minimised:g}.",
            "randomisation",
        )
    elif r.method == "permuted blocks":
        within = (
            f" within strata of {', '.join(f'{f.label or f.name} ({chr(44).join(f.levels)})' for f in r.factors)}"
            if r.factors
            else ""
        )
        yield Said(
            f"By permuted blocks whose size varies at random{within}. The sizes stand in a document that sites do not see (ICH E9, 2.3.2).",
            "randomisation",
        )
    else:
        yield Said("Allocation is as it was recorded.", "randomisation")


def _blinding(t: Trial) -> Iterator[Piece]:
    r = t.randomisation
    if r is not None and r.masked:
        yield Said(
            f"The trial is {r.blinding}. The log tells a code in place of the arm; who may see the arm is said by roles, and each unmasking is an event of the log.",
            "randomisation.blinding",
        )


def _criteria_of(trigger: str, words: str) -> Writer:
    def write(t: Trial) -> Iterator[Piece]:
        for e in t.endpoints:
            if isinstance(e, TimeToEvent):
                for c in e.censoring:
                    if c.when == trigger:
                        yield Said(
                            f"For {e.label}, {words} censored at: {c.at}.", f"endpoints.{e.name}.censoring", "bullet"
                        )

    return write


def _efficacy(t: Trial) -> Iterator[Piece]:
    a = t.assessments
    if a is not None:
        how = (
            "derived from the lesions of each assessment by the criterion"
            if a.responses == "from lesions"
            else "as the assessor states them"
        )
        yield Said(
            f"Tumours are assessed by {a.criterion}: first after {a.first}, then every {a.every} until progression; then survival is asked for every {a.follow_up_every}. Responses are {how}.",
            "assessments",
        )
        if a.window is not None:
            yield Said(f"An assessment may come {a.window} early or late.", "assessments.window")
        if a.read_by:
            yield Said(f"Words that sites record are read as: {a.read_as}.", "assessments.words")
    for e in t.endpoints:
        if not isinstance(e, Toxicity | TimeToEvent | Landmark | Response):
            yield s.definition(t, e)


def _safety_assessments(t: Trial) -> Iterator[Piece]:
    if t.adverse_events is not None:
        yield Said(f"Adverse events are graded by CTCAE {t.adverse_events.version}.", "adverse_events")
    for e in (e for e in t.endpoints if isinstance(e, Toxicity)):
        yield s.definition(t, e)


# -- 10 to 14 -------------------------------------------------------------------------------------------------------------


def _analyses(t: Trial) -> Mapping[str, list[Chapter]]:
    found: dict[str, list[Chapter]] = {}
    for role, under in (("primary", "10.4"), ("secondary", "10.5")):
        own = s.roles(t, role)
        for i, e in enumerate(own, 1):
            at = f"{under}.{i}"
            kind = role.capitalize()
            parts = [
                Chapter(at, f"{kind} objective: {e.label}"),
                Chapter(f"{at}.1", "Statistical Analysis Method", list(s.method(t, e))),
                Chapter(f"{at}.2", f"Handling of Data in Relation to {kind} Estimand(s)", list(s.handling(t, e))),
                Chapter(
                    f"{at}.3", f"Handling of Missing Data in Relation to {kind} Estimand(s)", list(s.missing(t, e))
                ),
                Chapter(f"{at}.4", "Sensitivity Analysis", list(s.sensitivity(t, e))),
            ]
            found.setdefault(under, []).extend(c for c in parts if c.pieces or c.level == 3)
    return found


def _exploratory(t: Trial) -> Iterator[Piece]:
    for e in s.roles(t, "exploratory"):
        yield from chain([s.definition(t, e)], s.method(t, e))


def _glossary(t: Trial) -> Iterator[Piece]:
    rows = [[e.name, e.label] for e in t.endpoints if e.name != e.label]
    rows += [[n, p.label] for n, p in t.population_by_name.items()]
    known = {
        "CTCAE": "Common Terminology Criteria for Adverse Events",
        "RECIST": "Response Evaluation Criteria in Solid Tumours",
        "ICH": "International Council for Harmonisation",
    }
    rows += [[k, v] for k, v in known.items()]
    yield Grid(Table("Abbreviations", ["Short", "Meaning"], sorted(rows)), "endpoints, populations")


def _references(t: Trial) -> Iterator[Piece]:
    for source in t.sources:
        yield Said(source.text, f"sources: {', '.join(source.of)}", "bullet")


_WRITERS: Mapping[str, Writer] = {
    "1.1.1": primary_and_secondary, "1.1.2": overall, "1.2": schema, "1.3": schedule, "2.1": _purpose,
    "4.1": _description, "4.2.3": _control, "4.3": _stopping, "4.4": _start_and_end,
    "5.1": lambda t: [Said(f"{t.population}.".replace("..", "."), "population")], "5.2": _criteria("inclusion"), "5.3": _criteria("exclusion"),
    "6": _interventions, "6.3": _administration, "6.7.1": _assignment, "6.7.2": _randomisation, "6.7.3": _blinding,
    "7.1.1": _criteria_of("treatment ended early", "who ends study treatment early is"), "7.2": _criteria_of("withdrawal", "who withdraws consent is"),
    "7.3": _criteria_of("loss", "who is lost to follow-up is"), "8.3": _efficacy, "8.4": _safety_assessments,
    "10.2": s.sets, "10.6": _exploratory, "10.7": s.safety, "10.9": s.interim, "10.10": s.multiplicity,
    "13": _glossary, "14": _references,
}  # fmt: skip
