"""What must hold of the assessments of a trial file: every word that may be recorded is understood, every word that counts can come about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from equipoise.trial.endpoint import Response
from equipoise.trial.problem import Problem, near
from equipoise.trial.protocol_parts import Assessments
from equipoise.trial.response import UNCONFIRMED
from equipoise.trial.response_maps import MAPS, map_of
from equipoise.trial.vocabularies import OURS, VOCABULARIES


def check_assessments(parts: Mapping[str, Any], _raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Whether every word that may be recorded is understood, and every word that counts can come about."""
    a: Assessments | None = parts.get("assessments")
    ours = a.vocabulary if a is not None else OURS
    if a is not None:
        known = VOCABULARIES.get(a.criterion)
        if a.map is not None and a.map not in MAPS:
            yield Problem(
                "unknown-map", "assessments.map", repr(a.map), f"one of {', '.join(MAPS)}", near(a.map, list(MAPS))
            )
        if known is None and not a.words and a.map is None:
            yield Problem(
                "no-words", "assessments.criterion", f"{a.criterion!r} without `words`",
                f"{' or '.join(VOCABULARIES)}; any other with [assessments.words], which says as which word of {ours.criterion} each counts",
                _suggested(a.criterion),
            )  # fmt: skip
        source = a.responses.removeprefix("from ")
        if a.map in (None, *MAPS) and a.responses != "as recorded" and not ours.derives(a.criterion, source):
            can = " or ".join(v.criterion for v in VOCABULARIES.values() if v.derived_from == source)
            yield Problem(
                "cannot-derive", "assessments.responses", f"'{a.responses}' by {a.criterion!r}",
                f"a criterion whose responses follow from {source} here: {can}", "or responses = 'as recorded'",
            )  # fmt: skip
        for word, code in a.words.items():
            where = f"assessments.words.{word}"
            if code not in (*ours.order, UNCONFIRMED):
                allowed = f"a word of {ours.criterion}: {', '.join(ours.order)}; or '{UNCONFIRMED}'"
                yield Problem("unknown-response", where, repr(code), allowed, near(code, [*ours.order, UNCONFIRMED]))
            elif not word.strip() or word != word.strip():
                yield Problem("no-word", where, repr(word), "a word without blanks around it")
            elif word in ours.order and word != code:
                yield Problem("own-word", where, repr(code), f"a word of {ours.criterion} stands for itself")
    for i, endpoint in enumerate(parts.get("endpoints") or ()):
        for word in endpoint.success if isinstance(endpoint, Response) else ():
            if word not in ours.order:
                yield Problem(
                    "unknown-response", f"endpoints[{i}].success", repr(word), f"a word of {ours.criterion}: {', '.join(ours.order)}",
                    "what sites record in other words is mapped in [assessments.words]",
                )  # fmt: skip


def _suggested(criterion: str) -> str:
    """The map that ships for a criterion, or what a map of one's own looks like."""
    found = map_of(criterion)
    if found:
        return f"map = '{found}' reads its words"
    return near(criterion, list(VOCABULARIES)) or "for example: [assessments.words] sCR = 'CR'"
