"""A USDM document held against what an import needs: version, kind of study, shapes, ids and references, all problems at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from equipoise.standards.usdm.terms import word_of
from equipoise.trial.problem import Problem

#: What an import reads, by its shape. ``name``, ``label`` and their like are texts everywhere.
_LISTS = frozenset(
    [
        "versions",
        "documentedBy",
        "studyDesigns",
        "studyIdentifiers",
        "titles",
        "organizations",
        "roles",
        "studyInterventions",
        "eligibilityCriterionItems",
        "dictionaries",
        "parameterMaps",
        "dateValues",
        "contents",
        "narrativeContentItems",
        "administrableProducts",
        "arms",
        "epochs",
        "elements",
        "studyCells",
        "objectives",
        "endpoints",
        "estimands",
        "indications",
        "codes",
        "eligibilityCriteria",
        "encounters",
        "activities",
        "scheduleTimelines",
        "timings",
        "instances",
        "characteristics",
        "administrations",
        "cohorts",
        "plannedSex",
        "activityIds",
        "elementIds",
        "studyInterventionIds",
        "organizationIds",
        "amendments",
        "childIds",
    ]
)
_OBJECTS = frozenset(
    [
        "population",
        "studyPhase",
        "blindingSchema",
        "model",
        "plannedAge",
        "standardCode",
        "legalAddress",
        "category",
        "level",
        "role",
        "minValue",
        "maxValue",
    ]
)
_TEXTS = frozenset(
    [
        "name",
        "label",
        "description",
        "text",
        "identifier",
        "instanceType",
        "valueLabel",
        "windowLower",
        "windowUpper",
        "dateValue",
        "sectionNumber",
    ]
)
#: Keys that end as references do and are none.
_NO_REFERENCE = frozenset(("id", "valueId"))
#: Problems of one kind that are told one by one.
_TOLD = 25
_VERSION = "4.0"


def problems_of(document: Any) -> list[Problem]:
    """All that is wrong with a document. One that passes can be read without looking where one steps."""
    if not isinstance(document, Mapping) or not isinstance(document.get("study"), Mapping):
        return [
            Problem(
                "not-usdm", "study", "no object of that name", "a USDM document: an object with study and usdmVersion"
            )
        ]
    found = [*_version(document.get("usdmVersion"))]
    shapes = list(_shapes(document["study"], "study"))
    found += _some(shapes)
    if shapes:
        return found
    found += _design(document["study"])
    ids: Counter[str] = Counter()
    used: list[tuple[str, str]] = []
    for where, value in _objects(document["study"], "study"):
        if isinstance(value.get("id"), str):
            ids[value["id"]] += 1
        used += _references(value, where)
    twice = [
        Problem("duplicate-id", "id", f"{name!r} {n} times", "each id once in a document")
        for name, n in ids.items()
        if n > 1
    ]
    dangling = [
        Problem("dangling", where, repr(to), "the id of an instance of this document")
        for where, to in used
        if to not in ids
    ]
    return [*found, *_some(twice), *_some(dangling)]


def _some(problems: list[Problem]) -> list[Problem]:
    """The first of many, and how many more there are."""
    if len(problems) <= _TOLD:
        return problems
    last = problems[_TOLD]
    return [*problems[:_TOLD], Problem(last.code, "…", f"{len(problems) - _TOLD} more of this kind", last.allowed)]


def _version(said: Any) -> Iterator[Problem]:
    if not isinstance(said, str) or not (said == _VERSION or said.startswith(f"{_VERSION}.")):
        yield Problem(
            "other-version", "usdmVersion", "nothing" if said is None else repr(said)[:40], f"USDM {_VERSION}: 4.0.0",
            "convert it first: CDISC's DDF-RA describes the changes between versions" if isinstance(said, str) else "",
        )  # fmt: skip


def _shapes(value: Any, where: str) -> Iterator[Problem]:
    """Where a list, an object or a text should stand, and something else does."""
    stack = [(value, where)]
    while stack:
        one, at = stack.pop()
        if isinstance(one, list):
            stack += [(x, f"{at}[{i}]") for i, x in reversed(list(enumerate(one)))]
            continue
        if not isinstance(one, Mapping):
            continue
        inner = []
        for key, x in one.items():
            place = f"{at}.{key}"
            if x is None:
                continue
            if key in _LISTS and not isinstance(x, list):
                yield Problem("wrong-type", place, _shown(x), "a list")
            elif key in _LISTS and not all(isinstance(m, str if key.endswith("Ids") else Mapping) for m in x):
                yield Problem(
                    "wrong-type", place, _shown(x), "a list of ids" if key.endswith("Ids") else "a list of objects"
                )
            elif key in _OBJECTS and not isinstance(x, Mapping):
                yield Problem("wrong-type", place, _shown(x), "an object")
            elif key in _TEXTS and not isinstance(x, str):
                yield Problem("wrong-type", place, _shown(x), "a text")
            else:
                inner.append((x, place))
        stack += reversed(inner)


def _shown(x: Any) -> str:
    return "an object" if isinstance(x, dict) else "a list" if isinstance(x, list) else repr(x)[:40]


def _objects(value: Any, where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    stack = [(value, where)]
    while stack:
        one, at = stack.pop()
        if isinstance(one, Mapping):
            yield at, one
            stack += [(x, f"{at}.{k}") for k, x in reversed(list(one.items()))]
        elif isinstance(one, list):
            stack += [(x, f"{at}[{i}]") for i, x in reversed(list(enumerate(one)))]


def _references(value: Mapping[str, Any], where: str) -> Iterator[tuple[str, str]]:
    for key, x in value.items():
        if key.endswith("Id") and key not in _NO_REFERENCE and isinstance(x, str) and x:
            yield f"{where}.{key}", x
        elif key.endswith("Ids") and isinstance(x, list):
            yield from ((f"{where}.{key}[{i}]", to) for i, to in enumerate(x) if isinstance(to, str))


def _design(study: Mapping[str, Any]) -> Iterator[Problem]:
    versions = study.get("versions") or ()
    if not versions:
        yield Problem("no-version", "study.versions", "none", "a study version with a study design")
        return
    designs = versions[0].get("studyDesigns") or ()
    if not designs:
        yield Problem("no-design", "study.versions[0].studyDesigns", "none", "an interventional study design")
        return
    if not any(_interventional(d) for d in designs):
        kind = designs[0].get("instanceType") or "no kind"
        yield Problem(
            "not-interventional", "study.versions[0].studyDesigns[0]", f"{kind}: {designs[0].get('label') or designs[0].get('name') or ''}".rstrip(": "),
            "an interventional study: an observational one assigns nobody to a treatment, so that there is no trial to plan, simulate or decide",
            "nothing is wrong with the file; Equipoise plans trials only",
        )  # fmt: skip
        return
    design = next(d for d in designs if _interventional(d))
    if not design.get("arms"):
        yield Problem("no-arm", "study.versions[0].studyDesigns[0].arms", "none", "an arm at least")


def _interventional(design: Mapping[str, Any]) -> bool:
    if design.get("instanceType") == "ObservationalStudyDesign":
        return False
    return word_of("study type", design.get("studyType")) in ("", "interventional", "expanded access")


def interventional_design(version: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first interventional design of a version."""
    return next(d for d in version["studyDesigns"] if _interventional(d))
