"""Response: the words in which an assessment's response is told. A criterion owns its words; nobody else lists them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a criterion, and what follows from it.

    ``responds``: it is a response. ``progresses``: it is progression. ``readable``: it says how the disease stands; from one that
    is not readable no status follows. ``known``: a criterion has it; of a word that none has nothing follows.
    """

    code: str
    label: str
    responds: bool = False
    progresses: bool = False
    readable: bool = True
    known: bool = True


#: What stands where no response was recorded.
NOTHING = Word("", "No response recorded", readable=False)


class Glossary(dict[str, Word]):
    """A word that is recorded → what it means. One that is not in it stands for itself, and nothing follows from it."""

    def __missing__(self, recorded: str) -> Word:
        return Word(recorded, recorded, readable=False, known=False)

    @property
    def words(self) -> list[str]:
        """The words that may be recorded, '' left out."""
        return [word for word in self if word]


@dataclass(frozen=True)
class Vocabulary:
    """The words of a criterion, best first, those from which nothing can be read last.

    ``from_lesions``: the criterion's responses can be derived here, by the criterion of this name in ``analyse.criteria``.
    """

    criterion: str
    words: tuple[Word, ...]
    from_lesions: bool = False

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The words' codes, best first."""
        return tuple(word.code for word in self.words)

    @cached_property
    def responses(self) -> tuple[str, ...]:
        """The codes that are responses, best first."""
        return tuple(word.code for word in self.words if word.responds)

    def derives(self, criterion: str) -> bool:
        """True if responses by a criterion of this name follow from the lesions here."""
        return self.from_lesions and self.criterion == criterion

    @cached_property
    def own(self) -> Glossary:
        """The glossary of who records in these words."""
        return self.glossary({})

    def glossary(self, recorded: Mapping[str, str]) -> Glossary:
        """The glossary of who records in other words: ``recorded`` → ours. Words that are ours need not be in it.

        Raises KeyError for a word of ours that is none.
        """
        by_code = {word.code: word for word in self.words}
        return Glossary({word: by_code[ours] for word, ours in recorded.items()} | {
            code: word for code, word in by_code.items() if code not in recorded
        } | {"": NOTHING})  # fmt: skip
