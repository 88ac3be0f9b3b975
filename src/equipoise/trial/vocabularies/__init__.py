"""Vocabularies of responses, one criterion to a file: a file with a ``VOCABULARY`` is in the list."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module

from equipoise.trial.response import Vocabulary
from equipoise.trial.vocabularies.recist11 import VOCABULARY as RECIST_1_1


def _found() -> dict[str, Vocabulary]:
    listed: list[Vocabulary] = [
        import_module(f"{__name__}.{m.name}").VOCABULARY for m in pkgutil.iter_modules(__path__)
    ]
    return {v.criterion: v for v in listed}


#: Name in the trial file → the criterion's words.
VOCABULARIES: Mapping[str, Vocabulary] = _found()


def _merged() -> tuple[str, ...]:
    """The words of all criteria in one order, best first, in which those of each stand in its own."""
    after: dict[str, set[str]] = {}
    for v in VOCABULARIES.values():
        for i, code in enumerate(v.order):
            after.setdefault(code, set()).update(v.order[:i])
    found: list[str] = []
    while len(found) < len(after):
        # Of the words before which nothing is left the one that its criterion names earliest.
        ready = [c for c in after if c not in found and after[c] <= set(found)]
        assert ready, "two criteria rank the same words the other way round"
        found.append(min(ready, key=lambda c: (len(after[c]), c)))
    return tuple(found)


#: Every word of every criterion from best to worst; which respond, and which are progression.
ORDER: tuple[str, ...] = _merged()
RESPONSES = frozenset(w.code for v in VOCABULARIES.values() for w in v.words if w.responds)
PROGRESSIONS = frozenset(w.code for v in VOCABULARIES.values() for w in v.words if w.progresses)
UNREADABLE = frozenset(w.code for v in VOCABULARIES.values() for w in v.words if not w.readable)
#: In whose words a trial concludes whose criterion has none here.
OURS = RECIST_1_1
