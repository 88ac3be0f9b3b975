"""Pages of errors: what happened, what to do; no trace, and nothing of what was refused."""

from __future__ import annotations

import logging
import sys

from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string

from equipoise.site.settings import POLICY
from equipoise.trial.problem import BadInput

#: Refusals that speak of who asks.
_OF_THE_READER = {"no-role", "not-trained", "not-your-page", "no-people", "no-reader"}
#: The store gave no answer in time: whether an order was recorded is seen once it is given again, under the same key.
UNANSWERED = frozenset({"locked", "no-connection", "may-be-recorded"})
_LOG = logging.getLogger("django.equipoise")


def page(request: HttpRequest, status: int, title: str, text: str, problems: object = ()) -> HttpResponse:
    """A page that says what happened."""
    context = {"title": title, "text": text, "problems": problems, "plain": True}
    try:
        return render(request, "site/error.html", context, status=status)
    except DatabaseError:  # of accounts: not even who asks is known
        return HttpResponse(render_to_string("site/error.html", context), status=status)


def unanswered(request: HttpRequest) -> HttpResponse:
    """503: a database gives no answer."""
    text = (
        "The database gives no answer. Wait a moment and load this page again, or send your form once more: what was recorded already "
        "is not recorded twice."
    )
    return page(request, 503, "No answer just now", text)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400; of a session that ended, or could not be kept, while the request was under way, what became of it."""
    if isinstance(exception, SessionInterrupted):
        return unanswered(request) if _gone(exception) else redirect("account_login")
    return page(request, 400, "This could not be read", "What your browser sent cannot be read. Nothing was recorded.")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: a role that has not this page or order. That it was asked for is recorded."""
    from equipoise.site import listening

    if request.user.is_authenticated:
        asked = request.resolver_match.url_name if request.resolver_match is not None else ""
        listening.record(request, "refused", str(request.user.get_username()), str(asked or ""))
    return page(request, 403, "Not for you", "None of your roles has this page or this order. Nothing was recorded.")


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403, for a form that is not of this session."""
    text = (
        "The form was not made in this session, or the session has ended meanwhile. Nothing was recorded. "
        "Go back, load the page again, and send it once more."
    )
    return page(request, 403, "The form is too old", text)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: also for what there is and is not shown."""
    return page(request, 404, "Nothing here", "There is no such page, or none that you may see.")


def not_allowed(request: HttpRequest) -> HttpResponse:
    """405."""
    return page(
        request, 405, "Not so", "Pages of this app are read, and forms are sent; nothing else is done with them."
    )


_TOO_LARGE = "Too large", "No page of this app takes files, or so much text. Nothing was recorded."


def too_large(request: HttpRequest) -> HttpResponse:
    """413."""
    return page(request, 413, *_TOO_LARGE)


def too_large_unread() -> HttpResponse:
    """413 to a request of which nothing was read: not whose it is either."""
    said = {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "; ".join(f"{name} {' '.join(where)}" for name, where in POLICY.items()),
    }
    title, text = _TOO_LARGE
    return HttpResponse(render_to_string("site/error.html", {"title": title, "text": text}), status=413, headers=said)


def failed(request: HttpRequest) -> HttpResponse:
    """500; 503 where a database is gone."""
    if _gone(sys.exc_info()[1]):
        return unanswered(request)
    text = "A fault of ours. Whether your last order was recorded the record says: look there before you give it again."
    return page(request, 500, "Something failed", text)


def refused(request: HttpRequest, bad: BadInput) -> HttpResponse:
    """What a reader was refused."""
    if any(p.code in UNANSWERED for p in bad.problems):
        _LOG.error("no answer of the log: %s", "; ".join(p.given for p in bad.problems))
        return unanswered(request)
    own = any(p.code in _OF_THE_READER for p in bad.problems)
    title = "No access yet" if own else "The trial's log cannot be used"
    return page(request, 403 if own else 503, title, "", bad.problems)


def _gone(error: BaseException | None) -> bool:
    """True where the fault is a database that does not answer, however it was wrapped."""
    while error is not None:
        if isinstance(error, OperationalError | InterfaceError):
            return True
        error = error.__cause__ or error.__context__
    return False
