"""Instances of USDM's classes: what is not said is left out, and ids are counted by class in the order in which they are made."""

from __future__ import annotations

import itertools
from collections import Counter
from html import escape
from typing import Any

from equipoise.standards.usdm.terms import PACKAGE, SYSTEM, TERMS

#: An instance as its JSON has it.
Instance = dict[str, Any]
#: Texts of USDM that may hold templates are XHTML.
#: What is written as null: the rule engines take one that is absent for one that was forgotten.
_NULL = frozenset(("unit", "sourcing", "previousId", "nextId", "defaultConditionId"))
#: Lists that the schema requires, and that rules look for, were they empty.
_REQUIRED = frozenset(("characteristics", "plannedSex", "eligibilityCriteria", "studyIdentifiers", "titles"))
_XHTML = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


def xhtml(text: str) -> str:
    """A text as USDM's XHTML: a paragraph a line, where there are several."""
    lines = [escape(line.strip(), quote=False) for line in text.strip().splitlines() if line.strip()]
    inside = lines[0] if len(lines) == 1 else "".join(f"<p>{line}</p>" for line in lines)
    return _XHTML.format(inside)


class Maker:
    """Makes instances. The order of the calls is the order of the ids, so that the same trial gives the same bytes."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def __call__(self, kind: str, **values: Any) -> Instance:
        """An instance of a class. None and empty lists are left out: USDM's schema reads what is absent as these."""
        self._counts[kind] += 1
        said = {k: v for k, v in values.items() if k in _NULL or (v is not None and (v != [] or k in _REQUIRED))}
        return {"id": f"{kind}_{self._counts[kind]}", **said, "instanceType": kind}

    def named(self, kind: str, name: str, label: str = "", **values: Any) -> Instance:
        """An instance with name, label and description; names are kept unique by the caller."""
        described = values.pop("description", None) or label or name
        return self(kind, name=name, label=label or name, description=described, **values)

    def code(self, codelist: str, word: str) -> Instance:
        """A code of CDISC's."""
        term = TERMS[codelist][word]
        return self("Code", code=term.code, codeSystem=SYSTEM, codeSystemVersion=PACKAGE, decode=term.decode)

    def other_code(self, code: str, system: str, version: str, decode: str) -> Instance:
        """A code of another dictionary."""
        return self("Code", code=code, codeSystem=system, codeSystemVersion=version, decode=decode)

    def alias(self, codelist: str, word: str) -> Instance:
        """A code that may have aliases."""
        return self("AliasCode", standardCode=self.code(codelist, word))

    def alias_of(self, code: Instance) -> Instance:
        """The same of a code that is made already."""
        return self("AliasCode", standardCode=code)

    def quantity(self, value: float, unit: str | None = None) -> Instance:
        """A number with its unit."""
        return self("Quantity", value=value, unit=None if unit is None else self.alias("unit", unit))


def chained(instances: list[Instance]) -> list[Instance]:
    """The instances with the ids of those before and after them; null at the ends."""
    for instance in instances:
        instance["previousId"] = instance["nextId"] = None
    for before, after in itertools.pairwise(instances):
        before["nextId"], after["previousId"] = after["id"], before["id"]
    return instances
