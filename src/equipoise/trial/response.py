"""Response: the words in which an assessment's response is told. A criterion owns its words; nobody else lists them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from equipoise.trial.measured import Measure


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a criterion, and what follows from it.

    ``responds``: it is a response. ``progresses``: it is progression. ``readable``: it says how the disease stands; from one that
    is not readable no status follows. ``known``: a criterion has it; of a word that none has nothing follows. ``unconfirmed``: a
    progression that a later assessment may refute, or did (``analyse.settled``). ``seconded``: of a criterion by which two consecutive
    assessments count, and of both what is said less of (IMWG).
    """

    code: str
    label: str
    responds: bool = False
    progresses: bool = False
    readable: bool = True
    known: bool = True
    unconfirmed: bool = False
    seconded: bool = False


#: As which a map reads a word of progression that later assessments confirm or refute: iUPD of iRECIST.
UNCONFIRMED = "unconfirmed PD"

#: What stands where no response was recorded.
NOTHING = Word("", "No response recorded", readable=False)


class Glossary(dict[str, Word]):
    """A word that is recorded → what it means. One that is not in it stands for itself, and nothing follows from it.

    ``criteria`` are the names, as ``plain_name`` has them, of the criterion whose words these are.
    """

    criteria: frozenset[str] = frozenset()

    def __missing__(self, recorded: str) -> Word:
        return Word(recorded, recorded, readable=False, known=False)

    def of(self, data: Mapping[str, Any]) -> Word:
        """The word of an 'assessed' event; of one that was recorded by another criterion nothing follows."""
        recorded: str = data["response"]
        return self.__missing__(recorded) if recorded and self.foreign(data) else self[recorded]

    def foreign(self, data: Mapping[str, Any]) -> bool:
        """True of an assessment that was recorded by another criterion than these words are of."""
        return "criterion" in data and plain_name(data["criterion"]) not in self.criteria

    @property
    def awaits(self) -> bool:
        """True if it has a word of progression that later assessments confirm or refute."""
        return any(word.progresses and (word.unconfirmed or word.seconded) for word in self.values())

    @property
    def words(self) -> list[str]:
        """The words that may be recorded, '' left out."""
        return [word for word in self if word]


@dataclass(frozen=True)
class Vocabulary:
    """The words of a criterion, best first, those from which nothing can be read last.

    ``derived_from``: from what the criterion's responses can be derived here, by the criterion of this name in ``analyse.criteria``.
    ``also``: other names of it. ``stable``: the code of its stable disease. ``measures``: what may be measured for it beside lesions.
    ``synonyms``: words of another criterion that a site may record → the code that each counts as.
    """

    criterion: str
    words: tuple[Word, ...]
    derived_from: Literal["", "lesions", "measurements"] = ""
    also: tuple[str, ...] = ()
    stable: str = ""
    measures: tuple[Measure, ...] = ()
    synonyms: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The words' codes, best first."""
        return tuple(word.code for word in self.words)

    @cached_property
    def responses(self) -> tuple[str, ...]:
        """The codes that are responses, best first."""
        return tuple(word.code for word in self.words if word.responds)

    def derives(self, criterion: str, source: str = "lesions") -> bool:
        """True if responses by a criterion of this name follow from the lesions (the measurements) here."""
        return self.derived_from == source and self.criterion == criterion

    @cached_property
    def own(self) -> Glossary:
        """The glossary of who records in these words."""
        return self.glossary({}, (self.criterion, *self.also))

    def glossary(self, recorded: Mapping[str, str], criteria: Iterable[str]) -> Glossary:
        """The glossary of who records in other words: ``recorded`` → ours. Words that are ours need not be in it.

        ``criteria``: the names under which they record. Raises KeyError for a word of ours that is none.
        """
        by_code = {word.code: word for word in self.words}
        recorded = {**self.synonyms, **recorded}
        progressing = next((word for word in self.words if word.progresses), None)
        if progressing is not None:
            by_code[UNCONFIRMED] = replace(progressing, unconfirmed=True)
        found = Glossary({word: by_code[ours] for word, ours in recorded.items()} | {
            word.code: word for word in self.words if word.code not in recorded
        } | {"": NOTHING})  # fmt: skip
        found.criteria = frozenset(plain_name(name) for name in criteria)
        return found

    @cached_property
    def refuted(self) -> Word:
        """As what a progression counts that a later assessment refuted: stable disease."""
        return next((word for word in self.words if word.code == self.stable), NOTHING)


def plain_name(criterion: str) -> str:
    """The name of a criterion without what writers do differently: 'RECIST V1.1', 'recist version 1.1' → 'recist11'."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"\bv(?:ersion|er\.?|\.)?\s*(?=\d)", "", criterion.casefold()))
