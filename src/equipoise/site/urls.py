"""All addresses. No patient's number, no site and no arm stands in one."""

from __future__ import annotations

from allauth.account import views as account
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path

from equipoise.site import errors, pages_entry

urlpatterns = [
    path("", include("equipoise.site.pages_home")),
    path("", include("equipoise.site.pages_screening")),
    path("", include("equipoise.site.pages_randomise")),
    path("", include("equipoise.site.pages_patient")),
    path("", include("equipoise.site.pages_due")),
    path("", include("equipoise.site.pages_record")),
    path("", include("equipoise.site.pages_people")),
    path("", include("equipoise.site.pages_queries")),
    path("", include("equipoise.site.pages_verify")),
    path("", include("equipoise.site.pages_sign")),
    path("", include("equipoise.site.pages_sign_many")),
    path("", include("equipoise.site.pages_looks")),
    path("", include("equipoise.site.pages_room")),
    path("", include("equipoise.site.pages_safety")),
    path("", include("equipoise.site.pages_data")),
    path("", include("equipoise.site.pages_exports")),
    path("", include("equipoise.site.pages_accounts")),
    path("", include("equipoise.site.pages_sites")),
    path("", include("equipoise.site.pages_keeping")),
    path("welcome/<str:who>/<str:token>/", login_not_required(pages_entry.welcome), name="welcome"),
    path("account/login/", account.login, name="account_login"),
    path("account/logout/", account.logout, name="account_logout"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/signup/", login_not_required(pages_entry.no_sign_up), name="account_signup"),
    path("account/reset/", login_not_required(pages_entry.no_sign_up), name="account_reset_password"),
    path("account/again/", account.reauthenticate, name="account_reauthenticate"),
    path("account/pass-phrase/", account.password_change, name="account_change_password"),
    path("account/factors/", include("allauth.mfa.urls")),
    path("account/sessions/", pages_entry.sessions, name="usersessions_list"),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.failed
