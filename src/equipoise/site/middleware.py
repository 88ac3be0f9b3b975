"""What stands around every page: nothing is stored, sessions end, a second factor is asked for, refusals are told."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse

from equipoise.site import drafts, errors, live
from equipoise.site.listening import address_of
from equipoise.site.settings import IDLE, LONGEST, MOST_BYTES, READ_AWAY
from equipoise.trial.problem import BadInput

Next = Callable[[HttpRequest], HttpResponseBase]
#: A page that asks by itself keeps no session alive.
_ASKS_BY_ITSELF = frozenset({"mark"})
#: Pages are read, and forms are sent.
_METHODS = ("GET", "HEAD", "POST")
#: The session's time is written no oftener than this [s].
_EVERY = 30
#: Where one may be without a second factor: where one is added, and out.
_WITHOUT = frozenset({"account_logout", "account_reauthenticate"})


class _Middleware:
    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response


class NoStore(_Middleware):
    """No page is kept by a browser or a proxy."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Add the header to what Django answers; static files have their own."""
        response = self.get_response(request)
        if not request.path.startswith(str(settings.STATIC_URL)):
            response["Cache-Control"] = "no-store"
            if request.path == str(reverse("account_logout")) and request.method == "POST":
                response["Clear-Site-Data"] = '"cache", "storage"'
        response["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        return response


class Bounded(_Middleware):
    """A request that is too long is refused, and nothing is made of it."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Look at what it says of its own length, to which the server holds it; and at what it wants done."""
        if request.method not in _METHODS:
            return errors.not_allowed(request)
        said = str(request.META.get("CONTENT_LENGTH") or "0")
        if said.isdecimal() and int(said) > MOST_BYTES:
            if int(said) <= READ_AWAY:
                while request.read(1 << 16):  # a browser that is still sending would show no answer
                    pass
            return errors.too_large(request)
        return self.get_response(request)


class SessionEnds(_Middleware):
    """A session ends after 30 minutes without a request, and after twelve hours whatever happens."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """End it where its time is over, and say so."""
        if not request.user.is_authenticated:
            return self.get_response(request)
        now, session = time.time(), request.session
        began, seen = session.setdefault("began", now), session.setdefault("seen", now)
        if now - seen > IDLE or now - began > LONGEST:
            person, long = str(request.user.get_username()), now - began > LONGEST
            live.current().access.add("timed out", person, person, address_of(request), "12 hours" if long else "idle")
            back = request.get_full_path() if request.method == "GET" else drafts.rescued(request, person)
            logout(request)
            if request.headers.get("HX-Request"):  # said where one types, not in place of it
                return render(request, "patient/ended.html", {"back": back or "/"})
            messages.info(request, "Your session has ended. Log in again; you come back to the same page.")
            return redirect_to_login(back or "/")
        if now - seen > _EVERY and _name_of(request) not in _ASKS_BY_ITSELF:
            session["seen"] = now
        return self.get_response(request)


class SecondFactor(_Middleware):
    """Who has no second factor yet adds one before anything else; a demo's people need none."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Lead to where one is added."""
        if request.user.is_authenticated and not settings.EQUIPOISE_DEMO:
            from allauth.mfa.utils import is_mfa_enabled

            name = _name_of(request)
            if not (name in _WITHOUT or name.startswith("mfa_")) and not is_mfa_enabled(request.user):
                return redirect("mfa_index")
        return self.get_response(request)


class Refusals(_Middleware):
    """What is refused to a reader is told on a page, by the words of the command line."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Go on; a form that comes back because the store gave no answer says so to machines too."""
        response = self.get_response(request)
        if getattr(request, "equipoise_unanswered", False) and response.status_code == 200:
            response.status_code = 503
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A page for a refusal; anything else is a fault, and told without its trace."""
        return errors.refused(request, error) if isinstance(error, BadInput) else None


def _name_of(request: HttpRequest) -> str:
    """The name of the address that is asked for; '' of one that there is not."""
    try:
        return resolve(request.path_info).url_name or ""
    except Resolver404:
        return ""
