"""Links that work once: by one an account's owner chooses a pass phrase."""

from __future__ import annotations

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from equipoise.site.models import Account

_TOKENS = PasswordResetTokenGenerator()


def link_of(account: Account) -> tuple[str, str]:
    """The two parts of an account's link. It ends with the first pass phrase that is chosen by it, or after three days."""
    return urlsafe_base64_encode(str(account.pk).encode()), _TOKENS.make_token(account)


def account_of(who: str, token: str) -> Account | None:
    """The account that a link is for; None of one that is over, was used, or is nobody's."""
    try:
        key = urlsafe_base64_decode(who).decode()
        account = Account.objects.filter(pk=int(key), is_active=True).first()
    except (ValueError, OverflowError, UnicodeDecodeError):
        return None
    return account if account is not None and _TOKENS.check_token(account, token) else None
