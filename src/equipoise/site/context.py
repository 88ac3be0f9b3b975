"""What every page says: software, trial definition, who is logged in, and what he may do."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from equipoise import __version__
from equipoise.site import live
from equipoise.site.navigation import links_of
from equipoise.trial.problem import BadInput


def of_each_page(request: HttpRequest) -> dict[str, Any]:
    """Software and definition by version, as R32 of the demands asks; links by role."""
    said: dict[str, Any] = {"version": __version__, "demo": settings.EQUIPOISE_DEMO}
    if getattr(request, "equipoise_unanswered", False):
        said["unanswered"] = True
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return said
    try:
        shown = live.shown(request)
    except BadInput:
        return said
    return {
        **said,
        "shown": shown,
        "trial": shown.trial,
        "definition": shown.trial.fingerprint[:8],
        "links": links_of(shown),
    }
