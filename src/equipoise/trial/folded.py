"""Numbers and names as a reader may take them: two that could be taken for one are folded into the same text."""

from __future__ import annotations

import unicodedata

#: Letters of other scripts that look like those of ours, small as casefold leaves them.
_ALIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u051b\u051d\u04bb\u043a\u043c\u0442\u0432\u043d\u0437"
    "\u03b1\u03b5\u03bf\u03c1\u03c5\u03c7\u03b9\u03ba\u03bd\u03c4\u03b2\u03b7\u03bc\u03b6\u03b3",
    "aeopcyxijsdqwhkmtbh3aeopyxikntbhmzy",
)
#: Letters that are read as digits, and signs that stand for the dash. Of the small letters: who writes I for 1 may be copied as i.
_AS_READ = str.maketrans("oil|._", "0111--")


def folded(number: str) -> str:
    """What two numbers have in common that a reader could take for one: without case, blanks, kinds of dash and look-alikes (1 and l, 0 and O).

    Done until nothing changes: a look-alike may be put together with an accent that stands by itself.
    """
    before = ""
    while number != before:
        before, number = number, _folded_once(number)
    return number


def _folded_once(number: str) -> str:
    text = "".join(
        "-" if unicodedata.category(c) == "Pd" else c
        for c in unicodedata.normalize("NFKC", number)
        if unicodedata.category(c)[0] not in "ZC"
    )
    return unicodedata.normalize("NFKC", text.casefold()).translate(_ALIKE).translate(_AS_READ)
