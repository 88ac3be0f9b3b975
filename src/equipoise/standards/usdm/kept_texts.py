"""What a trial file has no rule for and a protocol says in words: estimands (M11 3.1) and amendments before (M11 12.3), of somebody else's document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Raw = Mapping[str, Any]
#: Where each is said, by M11's number.
ESTIMANDS, AMENDMENTS = "3.1", "12.3"


def kept(version: Raw, design: Raw) -> dict[str, str]:
    """Number of the section → text; nothing where the document has none."""
    populations = {p.get("id"): _named(p) for p in design.get("analysisPopulations") or ()}
    every = [e for o in design.get("objectives") or () for e in o.get("endpoints") or ()]
    endpoints = {e.get("id"): str(e.get("text") or _named(e)) for e in every}
    said = {
        ESTIMANDS: [" ".join(_estimand(e, populations, endpoints)) for e in design.get("estimands") or ()],
        AMENDMENTS: [" ".join(_amendment(a)) for a in version.get("amendments") or ()],
    }
    return {number: "\n".join(texts) for number, texts in said.items() if texts}


def with_kept(texts: Mapping[str, str], version: Raw, design: Raw) -> dict[str, str]:
    """A document's own texts, and after them what it says of estimands and amendments, unless they say it already."""
    found = dict(texts)
    for number, text in kept(version, design).items():
        own = found.get(number, "")
        if text not in own:
            found[number] = f"{own}\n{text}" if own else text
    return found


def _named(x: Raw) -> str:
    return str(x.get("label") or x.get("text") or x.get("description") or x.get("name") or "")


def _sentence(what: str, text: str) -> str:
    return f"{what}: {text.strip().rstrip('.')}."


def _estimand(e: Raw, populations: Mapping[Any, str], endpoints: Mapping[Any, str]) -> Iterator[str]:
    yield f"Estimand {_named(e)}."
    for what, text in (
        ("Variable", endpoints.get(e.get("variableOfInterestId"), "")),
        ("Population", populations.get(e.get("analysisPopulationId"), "")),
        ("Summary", str(e.get("populationSummary") or "")),
    ):
        if text.strip():
            yield _sentence(what, text)
    for i in e.get("intercurrentEvents") or ():
        yield _sentence(f"Intercurrent event {i.get('text') or _named(i)}", str(i.get("strategy") or "no strategy is stated"))  # fmt: skip


def _amendment(a: Raw) -> Iterator[str]:
    yield f"Amendment {a.get('number') or _named(a)}."
    if a.get("summary"):
        yield _sentence("Summary", str(a["summary"]))
    reasons = [r for r in (a.get("primaryReason"), *(a.get("secondaryReasons") or ())) if isinstance(r, Mapping)]
    words = [str(r.get("otherReason") or (r.get("code") or {}).get("decode") or "") for r in reasons]
    if any(words):
        yield _sentence("Reasons", "; ".join(w for w in words if w))
