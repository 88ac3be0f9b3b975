"""Asked again who one is: by pass phrase or passkey, before what nobody takes back."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError
from django.http import HttpRequest

#: A passkey that was shown on purpose counts for so long, and for one act [s].
LATELY = 120


def by_passkey(request: HttpRequest) -> bool:
    """True where who is logged in has just shown a passkey for the act at hand."""
    used = float(request.session.get("confirmed", 0.0))
    shown = [
        r["at"]
        for r in get_authentication_records(request, request.user)
        if r.get("method") == "mfa" and r.get("type") == "webauthn" and r.get("reauthenticated")
    ]
    return bool(shown) and shown[-1] > used and time.time() - shown[-1] < LATELY


def has_passkey(request: HttpRequest) -> bool:
    """True of who has added one."""
    return bool(is_mfa_enabled(request.user, types=[Authenticator.Type.WEBAUTHN]))


def is_really(request: HttpRequest, passphrase: str) -> str:
    """'' where it is who is logged in; else what to say. Wrong pass phrases are counted and recorded as those of a log-in."""
    user: Any = request.user
    if by_passkey(request):
        request.session["confirmed"] = time.time()
        return ""
    try:
        right = bool(passphrase) and get_adapter().reauthenticate(user, passphrase)
    except ValidationError:
        return "Too many wrong pass phrases. Wait some minutes, then try again."
    if not right:
        return "This is not your pass phrase."
    record_authentication(request, user, method="password", reauthenticated=True)
    return ""
