"""The way in: a link that works once, by which an account's owner chooses a pass phrase."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.usersessions.views import list_usersessions
from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from equipoise.site import errors, live
from equipoise.site.links import account_of
from equipoise.site.listening import address_of
from equipoise.site.settings import PASSPHRASE


class ChoosePassphrase(SetPasswordForm):  # type: ignore[type-arg]
    """A pass phrase, twice."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        first, second = self.fields["new_password1"], self.fields["new_password2"]
        first.label, second.label = "Pass phrase", "Once more"
        first.help_text = (
            f"At least {PASSPHRASE} characters: some words that you remember, or what a password manager makes. "
            "Blanks and every letter are allowed; it need not be changed from time to time."
        )


def welcome(request: HttpRequest, who: str, token: str) -> HttpResponse:
    """Choose a pass phrase. A link that is over, or was used, is told like one that there never was."""
    account = account_of(who, token)
    if account is None:
        text = "It works once, for three days. Ask an administrator of your trial for a new one."
        return errors.page(request, 404, "This link is over", text)
    form = ChoosePassphrase(account, request.POST or None, label_suffix="")
    if request.method == "POST" and form.is_valid():
        form.save()
        name = str(account.get_username())
        live.current().access.add("chose a pass phrase", name, name, address_of(request), "by a link")
        messages.success(request, "Your pass phrase is set. Log in with it; a second factor comes next.")
        return redirect("account_login")
    return render(request, "site/welcome.html", {"form": form, "account": account})


def sessions(request: HttpRequest) -> HttpResponse:
    """One's sessions; who ends the others has said of late who he is."""
    view = list_usersessions if request.method != "POST" else reauthentication_required(list_usersessions)
    answer: HttpResponse = view(request)
    return answer


def no_sign_up(request: HttpRequest) -> HttpResponse:
    """Nobody signs up, and no mail opens a way in."""
    text = "An administrator of the trial makes accounts, and gives a link that works once, also where a pass phrase was forgotten."
    return errors.page(request, 404, "Accounts are given", text)
