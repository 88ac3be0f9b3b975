"""SDTM's trial design domains, from the same values as USDM and the protocol: TA, TE, TI, TS, TV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from equipoise.standards.dataset import Dataset
from equipoise.standards.metadata import arrange, expected
from equipoise.standards.usdm.terms import PACKAGE, TERMS
from equipoise.trial.endpoint_words import defined
from equipoise.trial.epochs import EPOCHS, elements, groups
from equipoise.trial.objectives import objectives_of
from equipoise.trial.protocol import Protocol
from equipoise.trial.schedule import schedule_of
from equipoise.trial.trial import Trial

Row = dict[str, object]
#: The longest text of a version 5 transport file [bytes].
_LONGEST = 200
#: Signs of sentences and formulas, which transport files cannot have, as one types them.
_IN_ASCII = str.maketrans(
    {
        "–": "-", "—": "-", "−": "-", "‑": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "…": "...", "≥": ">=", "≤": "<=", "≠": "!=", "×": "x", "·": "*", "±": "+/-",
        "→": "->", "²": "2", "³": "3", "µ": "u", "μ": "u", "°": " degrees", "½": "1/2", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "§": "section ",
        "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "θ": "theta", "λ": "lambda", "π": "pi", "φ": "phi", "₀": "0", "₁": "1", "†": "", "✓": "yes",
    }
)  # fmt: skip
#: A parameter that the trial does not say: null flavour *no information*.
_UNSAID = "NI"
_PHASES = {"I": "PHASE I TRIAL", "I/II": "PHASE I/II TRIAL", "II": "PHASE II TRIAL", "III": "PHASE III TRIAL"}
_BLINDING = {"open label": "OPEN LABEL", "single blind": "SINGLE BLIND", "double blind": "DOUBLE BLIND"}


def trial_design(t: Trial, cutoff: date | None = None) -> list[Dataset]:
    """The five domains; TI only where the trial file has criteria. ``cutoff``: of the data they go with."""
    made = {
        "TA": list(_arms(t)),
        "TE": list(_elements(t)),
        "TI": list(_criteria(t)),
        "TS": list(_summary(t, cutoff)),
        "TV": list(_visits(t)),
    }
    return [_dataset(t, domain, rows) for domain, rows in made.items() if rows]


def _dataset(t: Trial, domain: str, rows: list[Row]) -> Dataset:
    names = dict.fromkeys([*expected(domain), *(k for row in rows for k in row)])
    study = {"STUDYID": t.id.upper(), "DOMAIN": domain}
    return arrange(domain, {name: [(study | row).get(name) for row in rows] for name in names})


def _arms(t: Trial) -> Iterator[Row]:
    found = elements(t)
    branch = "Randomised to {}" if t.randomisation is not None else "Enrolled to {}"
    several = len(groups(t)) > 1
    for g in groups(t):
        for order, epoch in enumerate(EPOCHS, 1):
            e = found[g.code, epoch]
            to = branch.format(g.label) if not g.level else f"Assigned to {g.label}"
            yield {
                "ARMCD": g.code, "ARM": g.label, "TAETORD": order, "ETCD": e.code, "ELEMENT": cut(e.name), "EPOCH": epoch.upper(),
                "TABRANCH": cut(to) if several and epoch == "screening" else "", "TATRANS": "",
            }  # fmt: skip


def _elements(t: Trial) -> Iterator[Row]:
    for e in {e.code: e for e in elements(t).values()}.values():
        yield {"ETCD": e.code, "ELEMENT": cut(e.name), "TESTRL": cut(e.starts), "TEENRL": cut(e.ends)}


def _criteria(t: Trial) -> Iterator[Row]:
    version = (t.protocol or Protocol()).version or "1"
    for c in t.eligibility:
        code = f"{'IN' if c.kind == 'inclusion' else 'EX'}{c.number:02d}"
        yield {"IETESTCD": code, "IETEST": cut(c.text), "IECAT": c.kind.upper(), "TIVERS": version}


def _visits(t: Trial) -> Iterator[Row]:
    schedule = schedule_of(t)
    for v in sorted(schedule.visits, key=schedule.number):
        rule = "Informed consent is given" if v.epoch == "screening" else f"Planned study day {v.day}"
        yield {"VISITNUM": schedule.number(v), "VISIT": cut(v.name), "VISITDY": v.day, "TVSTRL": rule}


def _summary(t: Trial, cutoff: date | None) -> Iterator[Row]:
    last, number = "", 0
    for code, name, value, coded, null in _parameters(t, cutoff):
        number = number + 1 if code == last else 1
        last = code
        yield {
            "TSSEQ": number, "TSPARMCD": code, "TSPARM": name, "TSVAL": cut(value), "TSVALNF": null if not value else "", "TSVALCD": coded,
            "TSVCDREF": "CDISC CT" if coded else "", "TSVCDVER": PACKAGE if coded else "",
        }  # fmt: skip


def _parameters(t: Trial, cutoff: date | None) -> Iterator[tuple[str, str, str, str, str]]:
    """Code, name, value, its C-code, and the null flavour that stands where there is no value."""
    p = t.protocol or Protocol()
    r = t.randomisation
    every = groups(t)
    controls = [g for g in every if not g.tested]

    def of(code: str, name: str, value: str, coded: str = "", null: str = _UNSAID) -> tuple[str, str, str, str, str]:
        return code, name, value, coded, null

    def yes(code: str, name: str, said: bool | None) -> tuple[str, str, str, str, str]:
        return of(
            code,
            name,
            "" if said is None else "Y" if said else "N",
            "" if said is None else "C49488" if said else "C49487",
        )

    yield yes("ADAPT", "Adaptive Design", None if t.design is None and t.phase1 is None else t.phase1 is not None)
    yield yes("ADDON", "Added on to Existing Treatments", _added_on(t))
    yield of(
        "AGEMAX",
        "Planned Maximum Age of Subjects",
        _years(p.age.most if p.age else None),
        null="PINF" if p.age else _UNSAID,
    )
    yield of("AGEMIN", "Planned Minimum Age of Subjects", _years(p.age.least if p.age else None))
    if cutoff is not None:
        yield of("DCUTDESC", "Data Cutoff Description", "Data cut-off of this export")
        yield of("DCUTDTC", "Data Cutoff Date", cutoff.isoformat())
    for country in p.countries:
        yield of("FCNTRY", "Planned Country of Investigational Sites", country)
    yield yes("HLTSUBJI", "Healthy Subject Indicator", p.healthy)
    yield of("INDIC", "Trial Disease/Condition Indication", p.indication.name if p.indication else "")
    model = "single group" if len(every) == 1 else "parallel"
    yield of("INTMODEL", "Intervention Model", model.upper(), TERMS["model"][model].code)
    yield of("NARMS", "Planned Number of Arms", str(len(every)))
    for level, code in (("primary", "OBJPRIM"), ("secondary", "OBJSEC"), ("exploratory", "OBJEXP")):
        for o in (o for o in objectives_of(t) if o.level == level):
            yield of(code, f"Trial {level.capitalize()} Objective", o.text)
    for role, code in (("primary", "OUTMSPRI"), ("secondary", "OUTMSSEC"), ("exploratory", "OUTMSEXP")):
        for e in (e for e in t.endpoints if e.role == role):
            yield of(code, f"{role.capitalize()} Outcome Measure", f"{e.label}: {defined(t, e)}")
    yield of("PLANSUB", "Planned Number of Subjects", str(t.target_enrolment))
    yield yes("RANDOM", "Trial is Randomized", r is not None)
    if r is not None:
        share = sum(a.share for a in t.tested_arms) / sum(a.share for a in t.arms)
        yield of("RANDQT", "Randomization Quotient", f"{share:.4g}")
    yield from (of("REGID", "Registry Identifier", number) for number in t.registration)
    sex = {"all": "BOTH", "female": "F", "male": "M", None: ""}[p.sex]
    yield of("SEXPOP", "Sex of Participants", sex, {"BOTH": "C49636", "F": "C16576", "M": "C20197", "": ""}[sex])
    yield of("SPONSOR", "Clinical Study Sponsor", t.sponsor)
    yield of("SSTDTC", "Study Start Date", t.start.isoformat())
    yield of("STOPRULE", "Study Stop Rules", "" if t.design is None else t.design.describe())
    for rule in t.safety:
        yield of("STOPRULE", "Study Stop Rules", f"{rule.name}: {rule.said({a.name: a.label for a in t.arms})}")
    for f in t.factors:
        yield of("STRATFCT", "Stratification Factor", f.label or f.name)
    yield of("STYPE", "Study Type", "INTERVENTIONAL", TERMS["study type"]["interventional"].code)
    blinding = (r.blinding if r is not None else None) or "open label"
    yield of("TBLIND", "Trial Blinding Schema", _BLINDING[blinding], TERMS["blinding"][blinding].code)
    kind = (
        "NONE" if not controls else "PLACEBO" if _placebo(t) else "ACTIVE" if any(g.regimen for g in controls) else ""
    )
    yield of("TCNTRL", "Control Type", kind)
    yield of("TINDTP", "Trial Intent Type", "TREATMENT", TERMS["intent"]["treatment"].code)
    yield of("TITLE", "Trial Title", t.title)
    yield of("TPHASE", "Trial Phase Classification", _PHASES[t.phase], TERMS["phase"][t.phase].code)
    tested = dict.fromkeys(x.drug for g in every if g.tested for x in g.regimen)
    own = [d for d in tested if not any(x.drug == d for g in controls for x in g.regimen)]
    yield from (of("TRT", "Investigational Therapy or Treatment", drug) for drug in own or [""])
    kinds = ("efficacy", "safety", *(("dose finding",) if t.phase1 else ()))
    yield from (of("TTYPE", "Trial Type", k.upper(), TERMS["trial type"][k].code) for k in kinds)


def _added_on(t: Trial) -> bool | None:
    """True where the tested arms are given all that a control arm is, and more; None where there is nothing to compare."""
    controls = [{x.drug for x in a.regimen} for a in t.control_arms if a.regimen]
    tested = [{x.drug for x in a.regimen} for a in t.tested_arms]
    return any(c < d for c in controls for d in tested) if controls else None


def _placebo(t: Trial) -> bool:
    return any("placebo" in x.drug.casefold() for a in t.control_arms for x in a.regimen)


def _years(age: float | None) -> str:
    if age is None:
        return ""
    return f"P{age:g}Y" if float(age).is_integer() else f"P{round(age * 12)}M"


def cut(text: str) -> str:
    """A text as a transport file may have it: our signs in ASCII, 200 bytes at most, cut at a word. The protocol has the rest."""
    plain = " ".join(text.translate(_IN_ASCII).split())
    if len(plain.encode()) <= _LONGEST:
        return plain
    short = plain.encode()[: _LONGEST - 4].decode(errors="ignore")
    return short.rsplit(" ", 1)[0] + " ..." if " " in short else short
