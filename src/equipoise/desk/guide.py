"""Ask the documentation: its topics, a page, or a section of one."""

from __future__ import annotations

from equipoise.files.shipped_docs import Topic, topics
from equipoise.trial.check import near
from equipoise.trial.problem import BadInput, Problem


def pages() -> list[Topic]:
    """Every page."""
    return list(topics().values())


def page(topic: str, section: str = "") -> str:
    """A page's text, or one section's. Raises BadInput, naming what there is."""
    found = topics()
    if topic not in found:
        allowed = f"one of {', '.join(found)}"
        raise BadInput("guide", [Problem("no-topic", "TOPIC", repr(topic), allowed, near(topic, list(found)))])
    if not section:
        return found[topic].text
    text = found[topic].section(section)
    if text is None:
        allowed = f"words of a heading: {'; '.join(found[topic].sections) or 'this page has none'}"
        raise BadInput("guide", [Problem("no-section", "SECTION", repr(section), allowed)])
    return text
