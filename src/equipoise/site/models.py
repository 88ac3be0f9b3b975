"""Accounts: who may log in. What he may do and see the trial's log says, by the grants of the person of the same name."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone


class Accounts(BaseUserManager["Account"]):
    """All accounts."""

    def get_by_natural_key(self, username: str | None) -> Account:
        """The account of a person, by the name as the log spells it."""
        return self.get(username=username)

    def make(self, person: str, name: str = "", email: str = "", **more: Any) -> Account:
        """An account without a password: its owner chooses one by a link that works once."""
        account = self.model(username=person, name=name or person, email=self.normalize_email(email), **more)
        account.set_unusable_password()
        account.save()
        return account


class Account(AbstractBaseUser):
    """A person who may log in. ``username`` is the person's name in the log (`by`), letter by letter."""

    username: models.CharField[str, str] = models.CharField("user name", max_length=200, unique=True)
    name: models.CharField[str, str] = models.CharField("name in full", max_length=200, blank=True)
    email: models.EmailField[str, str] = models.EmailField("mail", blank=True)
    is_active: models.BooleanField[bool, bool] = models.BooleanField("enabled", default=True)
    made: models.DateTimeField[Any, Any] = models.DateTimeField(default=timezone.now)

    objects: ClassVar[Accounts] = Accounts()
    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return str(self.username)
