"""USDM's XHTML as plain text: paragraphs as lines, tags and references replaced by what they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

#: Elements after which a new line begins.
_BLOCKS = frozenset(("p", "div", "li", "ul", "ol", "tr", "table", "br", "h1", "h2", "h3", "h4"))
#: References in references: beyond this many a document means itself.
_DEEPEST = 8


class Texts:
    """Reads the texts of one document. ``instances``: by id; ``tags``: by dictionary, then name."""

    def __init__(self, instances: Mapping[str, Mapping[str, Any]], version: Mapping[str, Any]) -> None:
        self._instances = instances
        self._tags = {
            d.get("id"): {m.get("tag"): m.get("reference") or "" for m in d.get("parameterMaps") or ()}
            for d in version.get("dictionaries") or ()
        }

    def plain(self, holder: Mapping[str, Any], attribute: str = "text") -> str:
        """A text of an instance, without its markup."""
        return self._plain(holder.get(attribute) or "", holder.get("dictionaryId"), 0)

    def _plain(self, text: str, dictionary: Any, depth: int) -> str:
        if "<" not in text and "&" not in text:
            return _tidy(text)
        reader = _Reader(lambda tag, attrs: self._stands_for(tag, attrs, dictionary, depth))
        reader.feed(text)
        reader.close()
        return _tidy("".join(reader.parts))

    def _stands_for(self, tag: str, attrs: Mapping[str, str | None], dictionary: Any, depth: int) -> str:
        if depth >= _DEEPEST:
            return "…"
        if tag == "usdm:tag":
            name = attrs.get("name")
            return self._plain(self._tags.get(dictionary, {}).get(name, f"[{name}]"), dictionary, depth + 1)
        target = self._instances.get(attrs.get("id") or "")
        value = target.get(attrs.get("attribute") or "") if target is not None else None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return (
            self._plain(value, dictionary, depth + 1)
            if isinstance(value, str)
            else "[…]"
            if value is None
            else str(value)
        )


class _Reader(HTMLParser):
    def __init__(self, stands_for: Any) -> None:
        super().__init__(convert_charrefs=True)
        self._stands_for = stands_for
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("usdm:tag", "usdm:ref"):
            self.parts.append(self._stands_for(tag, dict(attrs)))
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data.replace("\n", " "))


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)
