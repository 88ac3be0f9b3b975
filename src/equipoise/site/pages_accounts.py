"""Accounts: made, enabled and disabled by an administrator, with links that work once. What one may do the grants say, not these."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from equipoise.conduct.authority import named
from equipoise.site import errors, live
from equipoise.site.links import link_of
from equipoise.site.listening import record
from equipoise.site.models import Account


class NewAccount(forms.Form):
    """An account of a person."""

    person = forms.CharField(
        label="User name",
        max_length=200,
        help_text="The person's name in the trial's log, for ever and letter by letter: every order bears it.",
    )
    name = forms.CharField(label="Name in full", max_length=200, required=False)
    email = forms.EmailField(label="Mail", required=False)


def _refused(request: HttpRequest) -> HttpResponse | None:
    return None if live.shown(request).may("granted") else errors.forbidden(request)


def accounts(request: HttpRequest) -> HttpResponse:
    """All accounts, and what is made or changed of them."""
    if refused := _refused(request):
        return refused
    shown, form = live.shown(request), NewAccount(request.POST or None, label_suffix="")
    if request.method == "POST" and form.is_valid():
        person = form.cleaned_data["person"]
        wrong = list(named(person, shown.people))
        if Account.objects.filter(username=person).exists():
            form.add_error("person", "There is an account of this name.")
        elif wrong:
            form.add_error("person", f"{wrong[0].allowed}.")
        else:
            account = Account.objects.make(person, form.cleaned_data["name"], form.cleaned_data["email"])
            record(request, "account made", person)
            return _link(request, account)
    roles: dict[str, list[str]] = {}
    for g in shown.people.grants:
        if g.until is None:
            where = f" ({', '.join(sorted(g.sites))})" if g.sites else ""
            roles.setdefault(g.person, []).append(g.role.name + where)
    rows = [(a, roles.get(a.username, [])) for a in Account.objects.order_by("username")]
    without = sorted(set(roles) - {a.username for a, _ in rows})
    return render(request, "site/accounts.html", {"form": form, "rows": rows, "without": without})


def _link(request: HttpRequest, account: Account) -> HttpResponse:
    address = request.build_absolute_uri(reverse("welcome", args=link_of(account)))
    return render(request, "site/link.html", {"account": account, "address": address})


def _account(number: int) -> Account:
    found = Account.objects.filter(pk=number).first()
    if found is None:
        raise Http404
    return found


@require_POST
def new_link(request: HttpRequest, number: int) -> HttpResponse:
    """A link by which a new pass phrase is chosen. Second factors stay, unless the administrator says that they are lost, and ends them."""
    if refused := _refused(request):
        return refused
    from allauth.mfa.models import Authenticator

    account = _account(number)
    lost = 0
    if request.POST.get("factors") == "end":
        lost, _ = Authenticator.objects.filter(user=account).delete()
    record(request, "link made", account.username, "second factors ended" if lost else "")
    return _link(request, account)


@require_POST
def enable(request: HttpRequest, number: int) -> HttpResponse:
    """Enable an account, or disable it: its next request is refused."""
    if refused := _refused(request):
        return refused
    account = _account(number)
    if account.pk == request.user.pk:
        messages.error(request, "Nobody disables his own account.")
        return redirect("accounts")
    account.is_active = not account.is_active
    account.save(update_fields=["is_active"])
    record(request, "account enabled" if account.is_active else "account disabled", account.username)
    return redirect("accounts")


def access(request: HttpRequest) -> HttpResponse:
    """The access chain, verified as it is shown."""
    if refused := _refused(request):
        return refused
    chain, person = live.current().access, request.GET.get("person", "")
    return render(
        request, "site/access.html", {"whole": chain.verify(), "lines": chain.lines(300, person), "person": person}
    )


urlpatterns = [
    path("accounts/", accounts, name="accounts"),
    path("accounts/<int:number>/link/", new_link, name="account_link"),
    path("accounts/<int:number>/enable/", enable, name="account_enable"),
    path("access/", access, name="access"),
]
