"""What stands round a study design in USDM: organisations, identifiers, titles, dates, and the document with its texts."""

from __future__ import annotations

from collections import Counter

from equipoise.standards.usdm.countries import COUNTRIES
from equipoise.standards.usdm.instance import Instance, Maker, chained, xhtml
from equipoise.trial.m11 import EDITION, HEADINGS
from equipoise.trial.protocol import Address, Protocol
from equipoise.trial.trial import Trial

#: Beginning of a registration → the registry: its name and its own identifier.
REGISTRIES = {
    "NCT": ("ClinicalTrials.gov", "CT.GOV"),
    "ISRCTN": ("ISRCTN registry", "ISRCTN"),
    "EUCT": ("EU Clinical Trials Information System", "CTIS"),
    "EUDRACT": ("EU Clinical Trials Register", "EUDRACT"),
    "JRCT": ("Japan Registry of Clinical Trials", "JRCT"),
    "ACTRN": ("Australian New Zealand Clinical Trials Registry", "ANZCTR"),
    "DRKS": ("German Clinical Trials Register", "DRKS"),
    "CHICTR": ("Chinese Clinical Trial Registry", "CHICTR"),
    "UMIN": ("UMIN Clinical Trials Registry", "UMIN"),
}
#: Name of who runs a trial whose file does not say who.
NO_SPONSOR = "Sponsor not stated"


class Frame:
    """Everything of a study version but its design and its interventions."""

    def __init__(self, t: Trial, make: Maker) -> None:
        said = t.protocol or Protocol()
        self.version = said.version or "1"
        self._make = make
        sponsor = self._sponsor(t, said)
        self.organisations = [sponsor]
        identifier = make("StudyIdentifier", text=said.id or t.id.upper(), scopeId=sponsor["id"])
        self.identifiers = [identifier, *self._registered(t)]
        self.titles = [
            make("StudyTitle", text=t.title, type=make.code("title", "official")),
            make("StudyTitle", text=said.acronym or t.id.upper(), type=make.code("title", "acronym")),
        ]
        if said.short_title:
            self.titles.append(make("StudyTitle", text=said.short_title, type=make.code("title", "brief")))
        self.roles = [
            make.named("StudyRole", "Sponsor", code=make.code("role", "sponsor"), organizationIds=[sponsor["id"]])
        ]
        self._start = t.start.isoformat()
        self.dates = [self._date("Start of the trial", "effective", self._start)]
        if said.approved:
            self.dates.append(self._date("Approved by the sponsor", "approval", said.approved.isoformat()))
        self.texts: list[Instance] = []
        self.document = self._document(said)
        self.document_version_id: str = self.document["versions"][0]["id"]

    def _sponsor(self, t: Trial, said: Protocol) -> Instance:
        make, name = self._make, t.sponsor or NO_SPONSOR
        short = "".join(c for c in name.upper() if c.isalnum() or c == " ").strip().replace(" ", "-") or "SPONSOR"
        return make(
            "Organization",
            name=name,
            label=name,
            type=make.code("organisation", said.sponsor_kind or "company"),
            identifierScheme="Trial file",
            identifier=short,
            legalAddress=None if said.sponsor_address is None else self._address(said.sponsor_address),
        )

    def _address(self, a: Address) -> Instance:
        make = self._make
        text = ", ".join(x for x in (*a.lines, a.city, " ".join((a.state, a.postal_code)).strip(), a.country) if x)
        return make(
            "Address", text=text, lines=list(a.lines), city=a.city or None, state=a.state or None,
            postalCode=a.postal_code or None, country=self._country(a.country),
        )  # fmt: skip

    def _country(self, code: str) -> Instance:
        return self._make.other_code(code, "ISO 3166-1 alpha-3", "2020-08", COUNTRIES.get(code, code))

    def _registered(self, t: Trial) -> list[Instance]:
        """Each number with a registry of its own: USDM's rules know one number of an organisation."""
        make, found, seen = self._make, [], Counter[str]()
        for number in t.registration:
            name, short = next(
                (r for start, r in REGISTRIES.items() if number.upper().replace(" ", "").startswith(start)),
                ("Registry not named", "REGISTRY"),
            )
            seen[short] += 1
            again = f" ({seen[short]})" if seen[short] > 1 else ""
            registry = make(
                "Organization", name=name + again, label=name + again, type=make.code("organisation", "registry"),
                identifierScheme="Registry", identifier=f"{short}{seen[short] if again else ''}",
            )  # fmt: skip
            self.organisations.append(registry)
            found.append(make("StudyIdentifier", text=number, scopeId=registry["id"]))
        return found

    def _date(self, name: str, kind: str, day: str) -> Instance:
        make = self._make
        scope = make("GeographicScope", type=make.code("scope", "global"))
        return make.named("GovernanceDate", name, type=make.code("date", kind), dateValue=day, geographicScopes=[scope])

    def _document(self, said: Protocol) -> Instance:
        make = self._make
        contents = []
        for number, text in sorted(said.text.items(), key=lambda item: list(HEADINGS).index(item[0])):
            item = make("NarrativeContentItem", name=f"Text of {number}", text=xhtml(text))
            self.texts.append(item)
            contents.append(
                make(
                    "NarrativeContent",
                    name=f"Section {number}",
                    sectionNumber=number,
                    sectionTitle=HEADINGS[number],
                    displaySectionNumber=True,
                    displaySectionTitle=True,
                    contentItemId=item["id"],
                )
            )
        issued = said.version_date
        version = make(
            "StudyDefinitionDocumentVersion",
            version=self.version,
            status=make.code("status", "final" if said.approved else "draft"),
            dateValues=[
                self._date("Date of the version", "issued", issued.isoformat())
                if issued
                else self._date("Protocol in effect", "effective", self._start)
            ],
            contents=chained(contents),
        )
        return make.named(
            "StudyDefinitionDocument",
            "Protocol",
            language=make.other_code("en", "ISO 639-1", "2002", "English"),
            type=make.code("document", "protocol"),
            templateName=EDITION if contents else "Trial file",
            versions=[version],
        )
