"""The site app, as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class SiteApp(AppConfig):
    """Accounts, and what is recorded of them."""

    name = "equipoise.site"
    label = "equipoise_site"
    verbose_name = "Equipoise"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to log-ins, failures and changes of factors."""
        from equipoise.site import listening

        listening.begin()
