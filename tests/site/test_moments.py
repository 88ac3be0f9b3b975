"""Each moment on a patient's pages: UTC, and the time at his site beside it; and no word of a template that a translator would not be given."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.template import Context

from helpers import ROOT

TEMPLATES = sorted((ROOT / "src/equipoise/site/templates").rglob("*.html"))
#: What is no word of ours, in any language.
_NAMES = {"Equipoise", "UTC", "mm"}
_BLOCKS = re.compile(r"\{% blocktranslate.*?\{% endblocktranslate %\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>|&\w+;", re.DOTALL)
_IN_TAGS = re.compile(r'(?:aria-label|title|alt|placeholder)="([^"{]*[A-Za-z]{2}[^"{]*)"')


@pytest.mark.parametrize(
    ("zone", "at", "said"),
    [
        ("Europe/Berlin", datetime(2013, 7, 1, 12, 5, tzinfo=UTC), "2013-07-01 12:05 UTC (14:05 CEST)"),
        ("Australia/Sydney", datetime(2013, 7, 1, 20, 0, tzinfo=UTC), "2013-07-01 20:00 UTC (2013-07-02 06:00 AEST)"),
        (None, datetime(2013, 7, 1, 12, 5, tzinfo=UTC), "2013-07-01 12:05 UTC"),
    ],
)
def test_a_moment_is_said_in_both(zone: str | None, at: datetime, said: str) -> None:
    from equipoise.site.templatetags.moments import moment

    trial = SimpleNamespace(site_by_name={"S01": SimpleNamespace(timezone=zone)})
    context = Context({"shown": SimpleNamespace(trial=trial)})
    assert moment(context, at, "S01") == said
    assert moment(context, at) == f"{at:%Y-%m-%d %H:%M} UTC"
    assert moment(Context(), at, "S01", seconds=True) == f"{at:%Y-%m-%d %H:%M:%S} UTC"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.name)
def test_every_word_of_a_template_is_ready_to_be_translated(template: Path) -> None:
    text = template.read_text()
    bare = set(re.findall(r"[A-Za-z]{2,}", _BLOCKS.sub(" ", text))) - _NAMES
    assert bare == set()
    assert _IN_TAGS.findall(_BLOCKS.sub(lambda m: m[0] if m[0].startswith("<") else " ", text)) == []


def test_no_moment_of_a_patient_s_pages_is_told_in_utc_alone() -> None:
    """Which go through ``moment``: by hand UTC stands only where no patient, and so no site, is at hand."""
    by_hand = {t.name for t in TEMPLATES if "|utc" in t.read_text()}
    assert by_hand == {"history.html", "saved.html", "people.html", "access.html", "usersession_list.html"}
