"""Interventions: a drug each, with how each arm gives it."""

from __future__ import annotations

from equipoise.standards.usdm.instance import Instance, Maker
from equipoise.standards.usdm.terms import TERMS
from equipoise.trial.arm import Treatment
from equipoise.trial.epochs import Group, groups
from equipoise.trial.protocol import Product
from equipoise.trial.trial import Trial


class Interventions:
    """What is given in the trial. ``made``: USDM's interventions; ``of``: drug → the id of its intervention."""

    def __init__(self, t: Trial, make: Maker) -> None:
        self._make = make
        self.groups = groups(t)
        self.made: list[Instance] = []
        self.products: list[Instance] = []
        self.of: dict[str, str] = {}
        self._by_drug: dict[str, str] = {}
        self._said = {p.drug: p for p in (t.protocol.products if t.protocol is not None else ())}
        for drug in dict.fromkeys(x.drug for g in self.groups for x in g.regimen):
            having = [g for g in self.groups if any(x.drug == drug for x in g.regimen)]
            role = _role(drug, having, self.groups)
            found = make.named(
                "StudyIntervention",
                drug,
                role=make.code("role of intervention", role),
                type=make.code("kind of intervention", next(x.kind for x in having[0].regimen if x.drug == drug)),
                administrations=self._administrations(drug, having, role),
            )
            self.made.append(found)
            self.of[drug] = found["id"]

        for drug in (d for d in self._said if d not in self.of):  # named, and given in no arm that says how
            named = make.named(
                "StudyIntervention",
                drug,
                role=make.code("role of intervention", "placebo" if "placebo" in drug.casefold() else "experimental"),
                type=make.code("kind of intervention", "drug"),
            )
            self.made.append(named)
            self.of[drug] = named["id"]

    def ids(self, g_regimen: tuple[Treatment, ...]) -> list[str]:
        """The interventions of a regimen."""
        return list(dict.fromkeys(self.of[x.drug] for x in g_regimen))

    def _administrations(self, drug: str, having: list[Group], role: str) -> list[Instance]:
        by: dict[str, tuple[Treatment, list[str]]] = {}
        for g in having:
            for x in (x for x in g.regimen if x.drug == drug):
                by.setdefault(str(x), (x, []))[1].append(g.label)
        return [self._administration(drug, x, arms, i, role) for i, (x, arms) in enumerate(by.values(), 1)]

    def _administration(self, drug: str, x: Treatment, arms: list[str], number: int, role: str) -> Instance:
        make = self._make
        goes_on = x.may_continue
        duration = make(
            "Duration",
            text=f"{x.cycles} cycle{'s' if x.cycles > 1 else ''} of {x.cycle_length} at most",
            quantity=None if goes_on else make.quantity(x.cycles * x.cycle_length.days, "days"),
            durationWillVary=goes_on,
            reasonDurationWillVary="Treatment may go on while the patient benefits" if goes_on else None,
        )
        product = self._said.get(drug) or Product(drug=drug)
        dosed = x.dose is not None and x.unit in TERMS["unit"]
        route = make.alias("route", product.route) if product.route in TERMS["route"] else None
        return make.named(
            "Administration",
            f"{drug} ({number})",
            str(x),
            description=f"{x}{f', {product.route.lower()}' if product.route else ''}; in {', '.join(dict.fromkeys(arms))}",
            duration=duration,
            dose=make.quantity(x.dose, x.unit) if dosed and x.dose is not None else None,
            route=route,
            frequency=make.alias("frequency", _frequency(x)) if dosed else None,
            administrableProductId=self._product(drug, product, role) if dosed else None,
        )

    def _product(self, drug: str, said: Product, role: str) -> str:
        make = self._make
        if drug not in self._by_drug:
            form = said.form if said.form in TERMS["form"] else "UNKNOWN"
            imp = role in ("experimental", "placebo") if said.investigational is None else said.investigational
            made = make.named(
                "AdministrableProduct",
                f"Product {drug}",
                drug,
                administrableDoseForm=make.alias("form", form),
                productDesignation=make.code("designation", "IMP" if imp else "NIMP"),
                sourcing=None,
            )
            self._by_drug[drug] = made["id"]
            self.products.append(made)
        return self._by_drug[drug]


def _role(drug: str, having: list[Group], every: tuple[Group, ...]) -> str:
    if "placebo" in drug.casefold():
        return "placebo"
    if all(not g.tested for g in having):
        return "active comparator"
    if any(not g.tested for g in every) and len(having) == len(every):
        return "background"
    return "experimental"


def _frequency(x: Treatment) -> str:
    """CDISC's word for how often it is given: in a row every day, once a cycle of whole weeks, or at intervals."""
    if x.frequency:
        return x.frequency
    length = x.cycle_length.days
    if x.days == tuple(range(1, length + 1)):
        return "QD"
    if len(x.days) == 1 and x.cycles == 1 and not x.may_continue:
        return "once"
    weeks = f"every {length // 7} weeks"
    return weeks if len(x.days) == 1 and length % 7 == 0 and weeks in TERMS["frequency"] else "intermittent"
