"""What becomes of accounts goes into the access chain, whoever's code it was that did it."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.contrib import messages
from django.contrib.auth import signals as auth
from django.http import HttpRequest

from equipoise.site import live


def record(request: HttpRequest | None, what: str, person: str, detail: str = "") -> None:
    """Add a line of ``person``; by whom, where somebody else was logged in."""
    user = getattr(request, "user", None)
    by = str(user.get_username()) if user is not None and user.is_authenticated else ""
    live.current().access.add(what, person, by or person, address_of(request), detail)


def address_of(request: HttpRequest | None) -> str:
    """From where a request comes, by the proxies that are trusted."""
    if request is None:
        return ""
    from allauth.account.adapter import get_adapter

    try:
        return str(get_adapter().get_client_ip(request))
    except Exception:  # no address: a test, a socket
        return ""


def begin() -> None:
    """Connect the signals."""
    auth.user_logged_in.connect(_logged_in, dispatch_uid="access")
    auth.user_logged_out.connect(_logged_out, dispatch_uid="access")
    auth.user_login_failed.connect(_failed, dispatch_uid="access")
    account.password_changed.connect(_password, dispatch_uid="access")
    mfa.authenticator_added.connect(_added, dispatch_uid="access")
    mfa.authenticator_removed.connect(_removed, dispatch_uid="access")
    mfa.authenticator_reset.connect(_reset, dispatch_uid="access")
    mfa.authentication_failed.connect(_factor_failed, dispatch_uid="access")


def _logged_in(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    record(request, "logged in", user.get_username())
    if hasattr(request, "_messages"):
        _announce(request, user)


def _announce(request: HttpRequest, user: Any) -> None:
    """Say that the account is in use elsewhere: two persons cannot use one unseen."""
    from allauth.usersessions.models import UserSession

    key = request.session.session_key
    others = [s for s in UserSession.objects.purge_and_list(user) if s.session_key != key]
    if others:
        text = (
            f"You are logged in elsewhere too, since {others[-1].created_at:%Y-%m-%d %H:%M} UTC. See Sessions, below."
        )
        messages.warning(request, text)


def _logged_out(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    if user is not None:
        record(request, "logged out", user.get_username())


def _failed(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    record(request, "failed to log in", str(credentials.get("username", "")))


def _password(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    record(request, "changed the pass phrase", user.get_username())


def _added(sender: Any, request: HttpRequest, user: Any, authenticator: Any, **_: Any) -> None:
    record(request, "added a second factor", user.get_username(), str(authenticator.type))


def _removed(sender: Any, request: HttpRequest, user: Any, authenticator: Any, **_: Any) -> None:
    record(request, "removed a second factor", user.get_username(), str(authenticator.type))


def _reset(sender: Any, request: HttpRequest, user: Any, authenticator: Any, **_: Any) -> None:
    record(request, "made new recovery codes", user.get_username(), str(authenticator.type))


def _factor_failed(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    record(request, "failed at the second factor", user.get_username())
