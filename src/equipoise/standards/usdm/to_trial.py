"""USDM → a trial file: what USDM holds, and for all else an assumption that says *missing*."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from equipoise.standards.usdm.design import NO_LIMIT
from equipoise.standards.usdm.endpoints import endpoints_of
from equipoise.standards.usdm.kept_texts import with_kept
from equipoise.standards.usdm.read import interventional_design
from equipoise.standards.usdm.regimens import Regimens
from equipoise.standards.usdm.terms import word_of
from equipoise.standards.usdm.texts import Texts
from equipoise.standards.usdm.visits import visits_of
from equipoise.trial.m11 import HEADINGS
from equipoise.trial.part import MOST_PATIENTS

Raw = dict[str, Any]
#: Phases that a trial file does not have → the nearest that it has.
_PHASES = {"early I": "I", "IA": "I", "IB": "I", "IIA": "II", "IIB": "II", "IIIA": "III", "IIIB": "III", "II/III": "III", "I/III": "III",
           "I/II/III": "III", "IV": "III", "V": "III", "none": "II"}  # fmt: skip
_BLINDING = ("open label", "single blind", "double blind")
#: Classes of USDM of which a trial file takes nothing.
_UNHELD = (
    "BiomedicalConcept", "BiomedicalConceptCategory", "BiomedicalConceptSurrogate", "Condition", "Abbreviation",
    "StudySite", "MedicalDevice", "Characteristic", "AssignedPerson", "TransitionRule", "ScheduledDecisionInstance", "CommentAnnotation",
    "BiospecimenRetention", "ReferenceIdentifier", "ProductOrganizationRole",
)  # fmt: skip
_NO_PLACE = "USDM has no place for it"


@dataclass
class Taken:
    """A trial file's tables, and what the document has that they do not hold: (what, how many)."""

    raw: Raw
    unheld: list[tuple[str, int]] = field(default_factory=list)


def to_trial(document: Mapping[str, Any]) -> Taken:
    """The trial file that a sound document makes."""
    return _Reader(document).taken()


class _Reader:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self.study = document["study"]
        self.version = self.study["versions"][0]
        self.design = interventional_design(self.version)
        self.instances = {x["id"]: x for x in _every(self.study) if isinstance(x.get("id"), str)}
        self.texts = Texts(self.instances, self.version)
        self.missing: list[tuple[list[str], str]] = []

    def taken(self) -> Taken:
        raw: Raw = {"format": 1}
        raw["id"] = self._id()
        raw["title"] = self._title()
        raw["phase"] = self._phase()
        raw["sponsor"] = self._sponsor().get("label") or self._sponsor().get("name") or ""
        registered = [i["text"] for i in self._registered() if i.get("text")]
        raw |= {"registration": registered} if registered else {}
        raw["start"] = self._start()
        raw["target_enrolment"] = self._planned()
        population = self.design.get("population") or {}
        raw["population"] = _first(population, "description", "label", "name") or "Not stated"
        raw["rationale"] = self.texts.plain(self.design, "rationale") or self.texts.plain(self.version, "rationale")
        raw["eligibility"] = list(self._eligibility())
        arms = self._arms()
        raw["arms"] = arms
        if len(arms) > 1:
            raw["randomisation"] = self._randomisation(len(arms))
        endpoints, objectives, told = endpoints_of(self.design, self.texts)
        raw["endpoints"] = endpoints
        self.missing += told
        self.missing += [
            (
                ["design"],
                f"Missing: the decision rule, its sizes and errors. {_NO_PLACE}. `equipoise design KIND` finds one",
            ),
            (
                ["monitoring"],
                f"Missing: which endpoint decides, when looks are taken and what happens while one is awaited. {_NO_PLACE}",
            ),
            (
                ["sites"],
                f"Missing: sites, when each opens and how many patients a month it promises. {_NO_PLACE}: `[[sites]]`",
            ),
            (
                ["assessments"],
                f"Missing: by which criterion and how often tumours are assessed. {_NO_PLACE} that is read by rule",
            ),
        ]
        visits, activities, undated = visits_of(self.design)
        raw |= {"visits": visits} if visits else {}
        raw |= {"activities": activities} if activities else {}
        raw["protocol"] = self._protocol(objectives)
        raw["assumptions"] = [{"of": of, "because": because} for of, because in self.missing]
        raw["sources"] = [
            {
                "of": ["title", "arms", "population"],
                "text": f"USDM {self._identifier()}, version {self.version.get('versionIdentifier')}",
            }
        ]
        return Taken({k: v for k, v in raw.items() if v not in ("", [], {})}, list(self._unheld(undated)))

    # -- who and what ------------------------------------------------------------------------------------------------

    def _sponsor(self) -> Mapping[str, Any]:
        roles = [r for r in self.version.get("roles") or () if word_of("role", r.get("code")) == "sponsor"]
        ids = [i for r in roles for i in r.get("organizationIds") or ()]
        found = next((self.instances[i] for i in ids if i in self.instances), None)
        return found if found is not None else next(iter(self.version.get("organizations") or ()), {})

    def _identifiers(self) -> list[Mapping[str, Any]]:
        return list(self.version.get("studyIdentifiers") or ())

    def _identifier(self) -> str:
        own = self._sponsor().get("id")
        found = next((i.get("text") for i in self._identifiers() if i.get("scopeId") == own), None)
        return str(found or next((i.get("text") for i in self._identifiers()), self.study.get("name") or "study"))

    def _registered(self) -> list[Mapping[str, Any]]:
        own = self._identifier()
        return [i for i in self._identifiers() if i.get("text") != own]

    def _titles(self) -> dict[str, str]:
        return {
            word_of("title", x.get("type")): self.texts.plain(x) for x in reversed(self.version.get("titles") or ())
        }

    def _title(self) -> str:
        titles = self._titles()
        return next(
            (titles[k] for k in ("official", "scientific", "brief", "public", "acronym") if titles.get(k)),
            str(self.study.get("name") or "Not stated"),
        )

    def _id(self) -> str:
        for text in (self._titles().get("acronym"), self.study.get("name"), self._identifier()):
            slug = re.sub(r"[^a-z0-9]+", "-", str(text or "").casefold()).strip("-")[:40].strip("-")
            if re.fullmatch(r"[a-z][a-z0-9-]*", slug):
                return slug
        return "study"

    def _phase(self) -> str:
        code = (self.design.get("studyPhase") or {}).get("standardCode") or {}
        word = word_of("phase", code)
        if word in ("I", "I/II", "II", "III"):
            return word
        stands = _PHASES.get(word, "II")
        said = (
            f"the document says {code.get('decode')!r}, which a trial file does not have"
            if word
            else "the document states no phase"
        )
        self.missing.append((["phase"], f"Missing: {said}; {stands} stands in for it"))
        return stands

    def _dates(self) -> dict[str, date]:
        documents = [v for d in self.study.get("documentedBy") or () for v in d.get("versions") or ()]
        found: dict[str, date] = {}
        for holder in (*documents, self.version):
            for x in holder.get("dateValues") or ():
                day = _day(x.get("dateValue"))
                if day is not None:
                    found[word_of("date", x.get("type"))] = day
        return found

    def _start(self) -> date:
        dates = self._dates()
        if "effective" in dates:
            return dates["effective"]
        stands = min(dates.values(), default=None)
        said = (
            f"{stands}, the first date of the document, stands in for it" if stands else "2000-01-01 stands in for it"
        )
        self.missing.append((["start"], f"Missing: the day on which the trial begins. {_NO_PLACE}; {said}"))
        return stands or date(2000, 1, 1)

    def _planned(self) -> int:
        population = self.design.get("population") or {}
        holders = [population, *(population.get("cohorts") or ())]
        for key in ("plannedEnrollmentNumber", "plannedCompletionNumber"):
            numbers = [_number(h.get(key)) for h in holders]
            said = numbers[0] if numbers[0] else sum(n for n in numbers if n)
            if said:
                if key == "plannedCompletionNumber":
                    self.missing.append(
                        (
                            ["target_enrolment"],
                            "Missing: how many are to be enrolled; the number who are to complete stands in for it",
                        )
                    )
                return min(max(round(said), 1), MOST_PATIENTS)
        self.missing.append((["target_enrolment"], "Missing: how many patients are planned; 1 stands in for it"))
        return 1

    # -- population, arms ---------------------------------------------------------------------------------------------

    def _eligibility(self) -> Iterator[Raw]:
        criteria = self.design.get("eligibilityCriteria") or ()
        for kind in ("inclusion", "exclusion", ""):
            for c in criteria:
                if word_of("criterion", c.get("category")) == kind:
                    text = self.texts.plain(self.instances.get(c.get("criterionItemId") or "", {})) or _first(
                        c, "label", "name"
                    )
                    self._count = getattr(self, "_count", 0) + 1
                    yield {"number": self._count, "kind": kind or "inclusion", "text": text or "Not stated"}

    def _arms(self) -> list[Raw]:
        regimens = Regimens(self.version, self.design)
        found: list[Raw] = []
        kinds = [word_of("arm type", a.get("type")) for a in self.design["arms"]]
        tested = [k in ("experimental", "treatment") for k in kinds]
        if not any(tested):
            tested = [k not in ("placebo", "sham", "no intervention", "control") for k in kinds]
            tested = tested if any(tested) else [True] * len(kinds)
            self.missing.append(
                (
                    ["arms"],
                    "Missing: which arm is on trial: none is said to be investigational. Those without placebo are taken",
                )
            )
        for a, on_trial in zip(self.design["arms"], tested, strict=True):
            name = _name(_first(a, "name", "label") or "arm", [x["name"] for x in found], r"[^A-Za-z0-9+._-]+")
            arm: Raw = {"name": name, "label": _first(a, "label", "description", "name") or name, "tested": on_trial}
            given, why = regimens.of(a.get("id"))
            if given:
                arm["regimen"] = given
            if why:
                self.missing.append(([f"arms.{name}"], f"Missing: {why}"))
            found.append(arm)
        return found

    def _randomisation(self, arms: int) -> Raw:
        made: Raw = {"method": "permuted blocks", "block_sizes": [2 * arms]}
        word = word_of("blinding", (self.design.get("blindingSchema") or {}).get("standardCode"))
        if word in _BLINDING:
            made["blinding"] = word
        others = (
            f" Blinding is said to be {word!r}, which a trial file does not have."
            if word and word not in _BLINDING
            else ""
        )
        self.missing.append(
            (
                ["randomisation", "arms"],
                f"Missing: shares of the arms, blocks and strata. {_NO_PLACE}; equal shares stand in for them.{others}",
            )
        )
        return made

    # -- the protocol as a document -----------------------------------------------------------------------------------

    def _protocol(self, objectives: list[Raw]) -> Raw:
        population = self.design.get("population") or {}
        titles, dates, sponsor = self._titles(), self._dates(), self._sponsor()
        holders = [population, *(population.get("cohorts") or ())]
        sexes = {word_of("sex", c) for h in holders for c in h.get("plannedSex") or ()}
        sex = "all" if sexes & {"both"} or {"female", "male"} <= sexes else next(iter(sexes & {"female", "male"}), "")
        kind = word_of("organisation", sponsor.get("type"))
        made: Raw = {
            "id": self._identifier()[:100],
            "acronym": titles.get("acronym", "")[:100],
            "short_title": titles.get("brief", ""),
            "version": str(self.version.get("versionIdentifier") or "")[:40],
            "version_date": dates.get("issued"),
            "approved": dates.get("approval"),
            "sponsor_kind": kind if kind in ("company", "academic", "government", "hospital") else "",
            "sponsor_address": self._address(sponsor.get("legalAddress")),
            "indication": self._indication(),
            "age": _age(holders),
            "sex": sex,
            "healthy": population.get("includesHealthySubjects"),
            "products": Regimens(self.version, self.design).products,
            "objectives": objectives,
            "text": with_kept(self._text(), self.version, self.design),
        }
        return {k: v for k, v in made.items() if v not in (None, "", [], {})}

    @staticmethod
    def _address(said: Any) -> Raw:
        country = ((said or {}).get("country") or {}).get("code")
        if not isinstance(country, str) or not re.fullmatch(r"[A-Z]{3}", country):
            return {}
        found = {"lines": [str(x) for x in said.get("lines") or () if x][:6], "country": country}
        found |= {
            k: str(said.get(theirs) or "")
            for k, theirs in (("city", "city"), ("state", "state"), ("postal_code", "postalCode"))
        }
        return {k: v for k, v in found.items() if v}

    def _indication(self) -> Raw:
        said = next(iter(self.design.get("indications") or ()), None)
        if said is None:
            return {}
        name = _first(said, "description", "label", "name")
        code: Mapping[str, Any] = next(iter(said.get("codes") or ()), {})
        coded = {"code": code.get("code"), "system": code.get("codeSystem"), "edition": code.get("codeSystemVersion")}
        whole = all(isinstance(v, str) and v for v in coded.values())
        return {
            "name": name or "Not stated",
            **(coded if whole else {}),
            **({"rare": True} if said.get("isRareDisease") is True else {}),
        }

    def _text(self) -> dict[str, str]:
        """The texts of a document that is written by M11's template."""
        items = {x.get("id"): x for x in self.version.get("narrativeContentItems") or ()}
        found = {}
        for d in self.study.get("documentedBy") or ():
            if "M11" in str(d.get("templateName")).upper():
                for c in (c for v in d.get("versions") or () for c in v.get("contents") or ()):
                    number, text = (
                        str(c.get("sectionNumber") or "").rstrip("."),
                        self.texts.plain(items.get(c.get("contentItemId"), {})),
                    )
                    if number in HEADINGS and text:
                        found[number] = text
        return found

    def _unheld(self, undated: int) -> Iterator[tuple[str, int]]:
        counts: dict[str, int] = {}
        for x in _every(self.study):
            kind = x.get("instanceType")
            if kind in _UNHELD:
                counts[kind] = counts.get(kind, 0) + 1
        narratives = len(self.version.get("narrativeContentItems") or ()) - len(self._text())
        more = {
            "NarrativeContentItem": narratives,
            "Encounter without a day": undated,
            "ScheduleTimeline beside the main one": max(len(self.design.get("scheduleTimelines") or ()) - 1, 0),
            "StudyCohort": len((self.design.get("population") or {}).get("cohorts") or ()),
            "Indication beside the first": max(len(self.design.get("indications") or ()) - 1, 0),
            "StudyVersion beside the first": max(len(self.study.get("versions") or ()) - 1, 0),
            "StudyDesign beside the first": max(len(self.version.get("studyDesigns") or ()) - 1, 0),
        }
        yield from sorted((k, n) for k, n in (counts | more).items() if n)


def _every(value: Any) -> Iterator[Mapping[str, Any]]:
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, Mapping):
            yield one
            stack += one.values()
        elif isinstance(one, list):
            stack += one


def _first(value: Mapping[str, Any], *keys: str) -> str:
    return next((str(value[k]).strip() for k in keys if isinstance(value.get(k), str) and value[k].strip()), "")


def _name(text: str, taken: list[str], others: str) -> str:
    """A short name made of a text, that nobody has yet."""
    base = re.sub(others, "-", text).strip("-.")[:50] or "x"
    number, found = 1, base
    while found in taken:
        number += 1
        found = f"{base}-{number}"
    return found


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None


def _number(said: Any) -> float | None:
    """A quantity's number, the larger one of a range."""
    if not isinstance(said, Mapping):
        return None
    value = said.get("value", (said.get("maxValue") or {}).get("value"))
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _age(holders: list[Mapping[str, Any]]) -> Raw:
    """The ages of the population, else of all cohorts together, in years."""
    ranges = [h["plannedAge"] for h in holders if isinstance(h.get("plannedAge"), Mapping)]
    ends = [[_years(r.get(k)) for r in ranges] for k in ("minValue", "maxValue")]
    found: Raw = {}
    least = [x for x in ends[0] if x is not None]
    most = [x for x in ends[1] if x is not None]
    if least:
        found["least"] = min(least)
    if most and max(most) < NO_LIMIT:
        found["most"] = max(most)
    return found if found.get("least", 0.0) <= found.get("most", NO_LIMIT) else {}


def _years(said: Any) -> float | None:
    value = _number(said)
    unit = word_of("unit", (((said or {}).get("unit") or {}).get("standardCode"))) if isinstance(said, Mapping) else ""
    per = {"years": 1.0, "months": 12.0, "weeks": 52.18, "days": 365.25}.get(unit or "years")
    return None if value is None or per is None or not 0 <= value / per <= NO_LIMIT else round(value / per, 2)
