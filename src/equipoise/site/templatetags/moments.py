"""Moments on pages: UTC, and beside it the time that it was at the site."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django import template

from equipoise.site.shown import Shown

register = template.Library()


@register.simple_tag(takes_context=True)
def moment(context: template.Context, at: datetime, site: str = "", seconds: bool = False) -> str:
    """A moment as '2026-11-21 07:08 UTC (08:08 CET)'; without a site, or where its zone is not stated, UTC alone."""
    form = "%H:%M:%S" if seconds else "%H:%M"
    there = at.astimezone(UTC)
    said = f"{there:%Y-%m-%d {form}} UTC"
    shown: Shown | None = context.get("shown")
    place = shown.trial.site_by_name.get(site) if shown is not None and site else None
    if place is None or not place.timezone:
        return said
    local = at.astimezone(ZoneInfo(place.timezone))
    day = "" if local.date() == there.date() else "%Y-%m-%d "
    return f"{said} ({local:{day}{form} %Z})"
