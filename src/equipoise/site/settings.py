"""Django's settings, made from an installation: no file of settings, no secret in one, no weaker set for development."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from equipoise.files.log_address import Database, address_of
from equipoise.site.folder import Installation

HERE = Path(__file__).parent
#: A session ends after so long without a request, and after so long whatever happens [s].
IDLE, LONGEST = 30 * 60, 12 * 60 * 60
#: The least length of a pass phrase. No other rule of composition, no forced change: ASVS 6.2.
PASSPHRASE = 15
#: What a request may bring [bytes]: no page asks for a file.
MOST_BYTES = 1 << 20
#: What is longer than that and not than this is read and thrown away before it is refused, so that a browser shows the page that says why
#: [bytes]; of what is longer still nothing is read.
READ_AWAY = 64 << 20
#: A link by which an account's owner chooses a pass phrase works so long, and once [s].
LINK = 3 * 24 * 60 * 60
_NONE, _SELF = "'none'", "'self'"
POLICY = {
    "default-src": [_NONE],
    "script-src": [_SELF],
    "style-src": [_SELF],
    "img-src": [_SELF, "data:"],
    "connect-src": [_SELF],
    "form-action": [_SELF],
    "frame-ancestors": [_NONE],
    "base-uri": [_NONE],
}
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "equipoise.site.middleware.NoStore",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "equipoise.site.middleware.Bounded",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "equipoise.site.middleware.SessionEnds",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "equipoise.site.middleware.SecondFactor",
    "django_htmx.middleware.HtmxMiddleware",
    "equipoise.site.middleware.Refusals",
]


def settings_of(installation: Installation, behind_proxy: str = "", port: int = 0) -> dict[str, Any]:
    """The settings of an installation. ``behind_proxy``: the host under which a proxy serves it by https; else it is on loopback."""
    secure: dict[str, Any] = {"ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"], "ALLAUTH_TRUSTED_PROXY_COUNT": 0}
    if behind_proxy:
        secure = {
            "ALLOWED_HOSTS": [behind_proxy],
            "ALLAUTH_TRUSTED_PROXY_COUNT": 1,
            "CSRF_TRUSTED_ORIGINS": [f"https://{behind_proxy}"],
            "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
            "SECURE_SSL_REDIRECT": True,
            "SECURE_HSTS_SECONDS": 365 * 24 * 60 * 60,
            "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
            "SECURE_HSTS_PRELOAD": True,
        }
    return {
        "DEBUG": False,
        "SECRET_KEY": installation.key("django"),
        "ROOT_URLCONF": "equipoise.site.urls",
        "WSGI_APPLICATION": None,
        "EQUIPOISE_DEMO": installation.demo,
        "EQUIPOISE_FACTORS": installation.key("factors"),
        "INSTALLED_APPS": [
            "equipoise.site",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.staticfiles",
            "django.contrib.humanize",
            "allauth",
            "allauth.account",
            "allauth.mfa",
            "allauth.usersessions",
            "csp",
            "django_htmx",
        ],
        "MIDDLEWARE": MIDDLEWARE,
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [HERE / "templates"],
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                        "equipoise.site.context.of_each_page",
                    ]
                },
            }
        ],
        "DATABASES": {"default": _database(installation)},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        # Limits on log-ins, and codes that were used, are shared by all processes, and must not be pushed out by others.
        "CACHES": {
            "default": {
                "BACKEND": "django.core.cache.backends.db.DatabaseCache",
                "LOCATION": "equipoise_cache",
                "OPTIONS": {"MAX_ENTRIES": 200_000},
            }
        },
        **_accounts(),
        **_cookies(),
        **secure,
        "CONTENT_SECURITY_POLICY": {"DIRECTIVES": POLICY},
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "X_FRAME_OPTIONS": "DENY",
        "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
        "DATA_UPLOAD_MAX_MEMORY_SIZE": MOST_BYTES,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 2000,
        "DATA_UPLOAD_MAX_NUMBER_FILES": 0,
        "STATIC_URL": "/static/",
        "STATICFILES_DIRS": [HERE / "static"],
        "WHITENOISE_USE_FINDERS": True,
        "WHITENOISE_AUTOREFRESH": False,
        "USE_TZ": True,
        "TIME_ZONE": "UTC",
        "USE_I18N": True,
        "LANGUAGE_CODE": "en-gb",
        "LANGUAGES": [("en-gb", "English")],
        "LOCALE_PATHS": [HERE / "locale"],
        "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
        "LOGGING": _logging(),
    }


def _accounts() -> dict[str, Any]:
    """Who may log in, and how: nobody signs up, everybody has a second factor."""
    strong = "django.contrib.auth.password_validation"
    return {
        "AUTH_USER_MODEL": "equipoise_site.Account",
        "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.Argon2PasswordHasher"],
        "PASSWORD_RESET_TIMEOUT": LINK,
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": f"{strong}.MinimumLengthValidator", "OPTIONS": {"min_length": PASSPHRASE}},
            {"NAME": f"{strong}.CommonPasswordValidator"},
            {"NAME": "equipoise.site.passphrase.NotKnown"},
            {
                "NAME": f"{strong}.UserAttributeSimilarityValidator",
                "OPTIONS": {"user_attributes": ("username", "name", "email")},
            },
        ],
        "LOGIN_URL": "account_login",
        "LOGIN_REDIRECT_URL": "home",
        "ACCOUNT_ADAPTER": "equipoise.site.adapters.AccountAdapter",
        "ACCOUNT_LOGIN_METHODS": {"username"},
        "ACCOUNT_SIGNUP_FIELDS": ["username*", "password1*", "password2*"],
        "ACCOUNT_PRESERVE_USERNAME_CASING": True,
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_SESSION_REMEMBER": False,
        "ACCOUNT_LOGOUT_ON_GET": False,
        "ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE": False,
        "ACCOUNT_LOGOUT_REDIRECT_URL": "account_login",
        "ACCOUNT_REAUTHENTICATION_TIMEOUT": 300,
        "ACCOUNT_RATE_LIMITS": {"login": "30/m/ip", "login_failed": "20/m/ip,5/5m/key", "reauthenticate": "10/m/user"},
        "ACCOUNT_FORMS": {"login": "equipoise.site.adapters.LogIn"},
        "MFA_ADAPTER": "equipoise.site.adapters.FactorAdapter",
        "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
        "MFA_PASSKEY_LOGIN_ENABLED": True,
        "MFA_FORMS": {"add_webauthn": "equipoise.site.factors.AddPasskey"},
        "MFA_TOTP_ISSUER": "Equipoise",
        "MFA_TOTP_TOLERANCE": 1,  # a step before and after: telephones' clocks differ (RFC 6238, 5.2); used once all the same
        "MFA_WEBAUTHN_USER_VERIFICATION": "required",
        "USERSESSIONS_TRACK_ACTIVITY": False,
    }


def _cookies() -> dict[str, Any]:
    """Two cookies, of this host only, not for scripts. Browsers take Secure ones over http from localhost."""
    return {
        "SESSION_ENGINE": "django.contrib.sessions.backends.db",
        "SESSION_COOKIE_NAME": "__Host-session",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_AGE": LONGEST,
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
        "CSRF_COOKIE_NAME": "__Host-csrf",
        "CSRF_COOKIE_SECURE": True,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_AGE": None,
        "CSRF_FAILURE_VIEW": "equipoise.site.errors.forged",
        "LANGUAGE_COOKIE_NAME": "__Host-language",
        "LANGUAGE_COOKIE_SECURE": True,
        "LANGUAGE_COOKIE_HTTPONLY": True,
        "LANGUAGE_COOKIE_SAMESITE": "Lax",
    }


def _logging() -> dict[str, Any]:
    """To standard error: what failed, with its trace, for whoever runs the server; nothing of it is on a page."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
        "loggers": {"django": {"handlers": ["stderr"], "level": "ERROR", "propagate": False}},
    }


def _database(installation: Installation) -> dict[str, Any]:
    """Accounts and sessions: a file of SQLite in the folder, or a database of PostgreSQL, whose password stands in ~/.pgpass or PGPASSWORD."""
    if not installation.accounts:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": installation.folder / "accounts.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    address = address_of(installation.accounts)
    assert isinstance(address, Database), "it was looked at when the installation was made"
    parts = urlsplit(address.url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": address.password,
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "OPTIONS": dict(parse_qsl(parts.query)),  # sslmode=verify-full, for one
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
