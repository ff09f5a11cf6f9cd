"""Managers of users, groups and permissions. The twins are generated; import them from ``managers_blocking``."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from orm.models.apps import apps
from orm.models.managers import BaseManager
from orm.security.crypto import get_random_string
from orm.security.passwords import make_password
from orm.sql.conditions import Q
from orm.sql.references import OuterRef
from orm.sql.subqueries import Exists

if TYPE_CHECKING:
    from orm.contrib.auth.models import Group, Permission
    from orm.query.queryset_blocking import QuerySet

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
"""The one backend of permissions, by the name that programs give."""

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

    def _unsaved(self, username: str, email: str | None, password: str | None, given: dict[str, object]) -> Any:
        if not username:
            raise ValueError("The given username must be set")
        user = self.model(username=unicodedata.normalize("NFKC", username), email=self.normalize_email(email), **given)
        user.password = make_password(password)
        return user

    async def acreate_user(
        self, username: str, email: str | None = None, password: str | None = None, **extra_fields: object
    ) -> Any:
        """Save and return a new user; without a password, one that nobody can log in as.

        Raises ``ValueError`` for an empty name.
        """
        given = {"is_staff": False, "is_superuser": False, **extra_fields}
        user = self._unsaved(username, email, password, given)
        await user.asave(using=self._db)
        return user

    async def acreate_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **extra_fields: object
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

    def with_perm(
        self,
        perm: Permission | str,
        is_active: bool | None = True,
        include_superusers: bool = True,
        backend: str | None = None,
        obj: object = None,
    ) -> QuerySet[Any]:
        """Return the users who have a permission, in person or by a group.

        Parameters:
            perm: the permission, or its name as ``app.codename``.
            is_active: whether they are active; None for either.
            include_superusers: whether those count who may do everything.
            backend: the backend that knows permissions; there is one.
            obj: of an object nobody has permissions.

        Raises ``TypeError`` or ``ValueError`` for what names no permission, and ``NotImplementedError`` for another
        backend.
        """
        if backend not in (None, MODEL_BACKEND):
            raise NotImplementedError(f"Permissions are known to {MODEL_BACKEND} only, and not to {backend!r}.")
        if obj is not None:
            nobody: QuerySet[Any] = self.none()
            return nobody
        has = Q(Exists(_permissions_like(perm).filter(Q(group__user=OuterRef("pk")) | Q(user=OuterRef("pk")))))
        found: QuerySet[Any] = self.filter(has | Q(is_superuser=True) if include_superusers else has)
        return found if is_active is None else found.filter(is_active=is_active)


def _permissions_like(perm: Permission | str) -> QuerySet[Any]:
    permissions: QuerySet[Any] = apps.get_model("auth.Permission")._default_manager.order_by()
    if not isinstance(perm, str):
        if not isinstance(perm, permissions.model):
            raise TypeError("The `perm` argument must be a string or a permission instance.")
        return permissions.filter(pk=perm.pk)
    label, dot, codename = perm.partition(".")
    if not dot or "." in codename:
        raise ValueError("Permission name should be in the form app_label.permission_codename.")
    return permissions.filter(content_type__app_label=label, codename=codename)


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
