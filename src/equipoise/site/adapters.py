"""What allauth asks of us: nobody signs up; limits count by user and address; a passkey is for the host that is served."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import cache
from hashlib import sha256
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by an administrator, and their mail is never a way in."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up."""
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Failures are counted by user and address: nobody shuts out somebody else from another place."""
        who = str(credentials.get("username", "")).casefold()
        return sha256(f"{self.get_client_ip(request)}\n{who}".encode()).hexdigest()

    def send_notification_mail(self, *args: Any, **more: Any) -> None:
        """No mail: what becomes of an account stands in the access chain, and on its owner's page."""


class LogIn(LoginForm):  # type: ignore[misc]
    """User name and pass phrase; nothing is remembered beyond the session."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields.pop("remember", None)
        self.fields["login"].label = "User name"
        self.fields["password"].label = "Pass phrase"
        self.fields["password"].help_text = ""
        self.label_suffix = ""
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


_ENCRYPTED = "fernet:"


@cache
def _cipher() -> Fernet:
    return Fernet(urlsafe_b64encode(sha256(str(settings.EQUIPOISE_FACTORS).encode()).digest()))


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Who asks for a passkey: the host without its port."""
        found: dict[str, str] = super().get_public_key_credential_rp_entity()
        return {**found, "name": "Equipoise"}

    def send_notification_mail(self, *args: Any, **more: Any) -> None:
        """No mail, as for accounts."""

    def encrypt(self, text: str) -> str:
        """Secrets of apps and recovery codes, as the database holds them: under a key that stands in the folder, and not there."""
        return _ENCRYPTED + _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret; one that was kept before they were encrypted as it is."""
        if not encrypted_text.startswith(_ENCRYPTED):
            return encrypted_text
        return _cipher().decrypt(encrypted_text.removeprefix(_ENCRYPTED)).decode()

    def is_mfa_enabled(self, user: Any, types: list[str] | None = None) -> bool:
        """Whether a second factor is asked for at log-in; a demo's people have none unless they add one."""
        return bool(super().is_mfa_enabled(user, types))


def demo() -> bool:
    """True of an installation with known pass phrases."""
    return bool(settings.EQUIPOISE_DEMO)
