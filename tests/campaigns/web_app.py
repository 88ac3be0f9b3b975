"""The app as gunicorn serves it in campaigns: pass phrases are hashed quickly and, for the control, its log has no lock.

usage: gunicorn --preload 'web_app:application("FOLDER")'
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]

from equipoise.site import serving  # noqa: E402
from equipoise.site.folder import Installation  # noqa: E402
from equipoise.site.settings import settings_of  # noqa: E402

HOST = "trial.example.org"
UNLOCKED = "EQUIPOISE_CAMPAIGN_UNLOCKED"


def set_up(folder: str) -> Installation:
    """Django as the installation has it, but for two things: what is tried is the log, and not Argon2, nor who sends a right pass phrase and dies."""
    import django
    from django.conf import settings

    found = Installation.read(Path(folder))
    assert found is not None
    quick = {"PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"]}
    limits = {"ACCOUNT_RATE_LIMITS": {"login_failed": "9999/m/key"}}
    settings.configure(**{**settings_of(found, HOST), **quick, **limits})
    django.setup()
    return found


def application(folder: str) -> Any:
    """What gunicorn calls."""
    set_up(folder)
    if os.environ.get(UNLOCKED):
        from writers import _unlock

        _unlock()
    return serving.wsgi(folder, HOST)
