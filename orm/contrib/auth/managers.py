"""Managers of users, groups and permissions. The twins are generated; import them from ``managers_blocking``."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from orm.models.managers import BaseManager
from orm.security.crypto import get_random_string
from orm.security.passwords import make_password

if TYPE_CHECKING:
    from orm.contrib.auth.models import Group, Permission

EASY_TO_READ = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters and digits that are not taken for one another."""


class AwaitableAccounts(BaseManager[Any]):
    """What a manager of users knows beside a manager's own methods."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return an address with its domain in lower case."""
        name, at, domain = (email or "").strip().rpartition("@")
        return f"{name}@{domain.lower()}" if at else email or ""

    def make_random_password(self, length: int = 10, allowed_chars: str = EASY_TO_READ) -> str:
        """Return a password of random characters, without those easily confused."""
        return get_random_string(length, allowed_chars)

    async def aget_by_natural_key(self, username: str | None) -> Any:
        """Return the user of a name. Raises the model's ``DoesNotExist``."""
        return await self.aget(**{self.model.USERNAME_FIELD: username})


class AwaitableUsers(AwaitableAccounts):
    """The manager of models that inherit ``AbstractUser``: makes users and superusers."""

    use_in_migrations = True

    def _unsaved(self, username: str, email: str | None, password: str | None, given: dict[str, Any]) -> Any:
        if not username:
            raise ValueError("The given username must be set")
        user = self.model(username=unicodedata.normalize("NFKC", username), email=self.normalize_email(email), **given)
        user.password = make_password(password)
        return user

    async def acreate_user(
        self, username: str, email: str | None = None, password: str | None = None, **extra_fields: Any
    ) -> Any:
        """Save and return a new user; without a password, one that nobody can log in as.

        Raises ``ValueError`` for an empty name.
        """
        given = {"is_staff": False, "is_superuser": False, **extra_fields}
        user = self._unsaved(username, email, password, given)
        await user.asave(using=self._db)
        return user

    async def acreate_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **extra_fields: Any
    ) -> Any:
        """Save and return a new user who may do everything.

        Raises ``ValueError`` for an empty name, or where ``is_staff`` or ``is_superuser`` is given as False.
        """
        given = {"is_staff": True, "is_superuser": True, **extra_fields}
        for flag in ("is_staff", "is_superuser"):
            if given[flag] is not True:
                raise ValueError(f"Superuser must have {flag}=True.")
        user = self._unsaved(username, email, password, given)
        await user.asave(using=self._db)
        return user


class AwaitableGroups(BaseManager["Group"]):
    """The manager of groups."""

    use_in_migrations = True

    async def aget_by_natural_key(self, name: str) -> Group:
        """Return the group of a name. Raises ``Group.DoesNotExist``."""
        row: Group = await self.aget(name=name)
        return row


class AwaitablePermissions(BaseManager["Permission"]):
    """The manager of permissions."""

    use_in_migrations = True

    async def aget_by_natural_key(self, codename: str, app_label: str, model: str) -> Permission:
        """Return one permission of a model. Raises ``Permission.DoesNotExist``."""
        of_model = {"content_type__app_label": app_label, "content_type__model": model}
        row: Permission = await self.aget(codename=codename, **of_model)
        return row
