"""A problem with what was given: where, what was given, what is allowed, and the next step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

#: A person is shown this many problems; machines get all.
_SHOWN = 30


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input. ``code`` is stable: scripts may rely on it."""

    code: str
    where: str
    given: str
    allowed: str
    next_step: str = ""

    def __str__(self) -> str:
        text = f"{self.where}   got {self.given}; {self.allowed}"
        return f"{text} ({self.next_step})" if self.next_step else text


def near(word: str, allowed: Sequence[str]) -> str:
    """A next step that names the nearest allowed word, or nothing. A number is no misspelling: 2 is not meant for 1, nor -1."""
    if word.lstrip("+-").replace(".", "", 1).isdecimal():
        return ""
    match = get_close_matches(word, [a for a in allowed if a != word], n=1)
    return f"did you mean {match[0]!r}?" if match else ""


class BadInput(Exception):  # noqa: N818 - reads as what it is, in the users' words
    """Every problem found in one input, at once. The command line ends with exit status 2."""

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__(str(self))

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{_seen(self.source)}: {count} problem{'' if count == 1 else 's'}"
        shown = self.problems[:_SHOWN]
        width = max((len(p.where) for p in shown), default=0)
        lines = []
        for p in shown:
            lines.append(f"  {p.where:<{width}}   got {p.given}; {p.allowed}")
            if p.next_step:
                lines.append(f"  {'':<{width}}   → {p.next_step}")
        if count > len(shown):
            lines.append(f"  … and {count - len(shown)} more (--json lists all)")
        return "\n".join([head, *lines])


def _seen(text: str) -> str:
    """A text that was given, with what nobody sees of it told by its number: it could turn the line round, or steer a terminal."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class Missing(Exception):  # noqa: N818
    """An optional library is not installed. The message says what to install."""
