"""Pass phrases that are no secret though they are long: one piece over and over, and what this program says itself."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError

from equipoise.site.settings import PASSPHRASE
from equipoise.site.words import DEMO_PASSPHRASE

#: What anybody would try first here: the program's name, and what the app is about. The trial's own name goes with them.
OWN_WORDS = frozenset(
    {
        "equipoise", "trial", "study", "patient", "randomise", "randomize", "coordinator", "investigator", "pharmacist", "monitor", "manager",
        "sponsor", "committee", "administrator", "inspector", "password", "passphrase", "pass", "phrase", "the", "and", "of", "my",
    }
)  # fmt: skip
#: So many letters are left at the least once those words are taken away.
_LEFT = 8
_AGAIN = re.compile(r"(.{1,9}?)\1+(.{0,8})")


class NotKnown:
    """A validator of Django's: asks for no kinds of letters, only that nobody knows it already."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError for what is known."""
        said = password.casefold().strip()
        if said == DEMO_PASSPHRASE:
            raise ValidationError("This is the demonstration's, which everybody knows.", code="known")
        words = re.findall(r"[^\W\d_]+", said)
        if sum(len(w) for w in words if w.rstrip("s") not in {*OWN_WORDS, _trial()}) < min(_LEFT, len("".join(words))):
            raise ValidationError("This is made of words that anybody would try first here.", code="known")
        found = _AGAIN.fullmatch(said)
        if found is not None and found[1].startswith(found[2][: len(found[1])]) and len(found[2]) < len(found[1]):
            raise ValidationError("This is one piece over and over: it is too common.", code="known")

    def get_help_text(self) -> str:
        """In words."""
        return f"At least {PASSPHRASE} characters that are not one piece over and over."


def _trial() -> str:
    from equipoise.site import live

    try:
        return live.current().trial_id.casefold()
    except RuntimeError:  # nothing is served yet
        return ""
