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
#: In whose words a trial concludes whose criterion has none here.
OURS = RECIST_1_1
