"""What a user may do: from the user's own permissions, and those of groups. The twin is generated.

A superuser may do everything, somebody who is not active nothing. What was read stays with the instance until it is
loaded again. The setting ``authentication_backends`` names others who know: objects with ``has_perm(user, perm, obj)``,
``get_all_permissions(user, obj)`` and the like, in either colour, one of which may say what the tables say
(``ModelBackend``). Whoever raises ``PermissionDenied`` ends the search.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orm.bridge.crossing import call
from orm.config import settings
from orm.errors import PermissionDenied
from orm.models.apps import apps
from orm.structures.loading import import_string

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel as MixedIntoModel
else:
    MixedIntoModel = object


def authorities() -> list[Any] | None:
    """Return those who know what users may do, made anew; None where only the tables do."""
    named = settings.authentication_backends
    return [import_string(path)() for path in named] if named else None


class AwaitableRights(MixedIntoModel):
    """The part of a user model that knows permissions."""

    is_active: Any
    is_superuser: Any

    async def _names_of(self, kind: str, condition: dict[str, object]) -> set[str]:
        kept = vars(self).setdefault("_rights_read", {})
        if kind not in kept:
            permissions = apps.get_model("auth.Permission")._default_manager.using(self._state.db)
            rows = permissions.all() if self.is_superuser else permissions.filter(**condition)
            pairs = rows.order_by().values_list("content_type__app_label", "codename")
            kept[kind] = {f"{label}.{codename}" async for label, codename in pairs}
        found: set[str] = kept[kind]
        return found

    def _may_nothing(self, obj: object) -> bool:
        return not self.is_active or obj is not None

    async def aread_permissions(self, kind: str, obj: object = None) -> set[str]:
        """Return what the tables say: permissions of the ``user`` in person, of the ``group``, or ``all``."""
        if self._may_nothing(obj):
            return set()
        if kind == "all":
            return {*await self.aread_permissions("user"), *await self.aread_permissions("group")}
        return await self._names_of(kind, {"user": self} if kind == "user" else {"group__user": self})

    async def _permissions(self, kind: str, obj: object) -> set[str]:
        backends = authorities()
        if backends is None:
            return await self.aread_permissions(kind, obj)
        found: set[str] = set()
        for backend in backends:
            ask = getattr(backend, f"get_{kind}_permissions", None)
            if ask is not None:
                found.update(await call(ask, self, obj))
        return found

    async def aget_user_permissions(self, obj: object = None) -> set[str]:
        """Return the permissions given in person, as ``app.codename``; of an object the tables know none."""
        return await self._permissions("user", obj)

    async def aget_group_permissions(self, obj: object = None) -> set[str]:
        """Return the permissions of the user's groups, as ``app.codename``; of an object the tables know none."""
        return await self._permissions("group", obj)

    async def aget_all_permissions(self, obj: object = None) -> set[str]:
        """Return all permissions of the user, as ``app.codename``."""
        return await self._permissions("all", obj)

    async def _granted(self, question: str, *asked: object) -> bool:
        for backend in authorities() or ():
            ask = getattr(backend, question, None)
            try:
                if ask is not None and await call(ask, self, *asked):
                    return True
            except PermissionDenied:
                return False
        return False

    async def ahas_perm(self, perm: str, obj: object = None) -> bool:
        """Return whether the user has a permission, ``app.codename``; an active superuser has all."""
        if self.is_active and self.is_superuser:
            return True
        if authorities() is None:
            return perm in await self.aread_permissions("all", obj)
        return await self._granted("has_perm", perm, obj)

    async def ahas_perms(self, perm_list: Iterable[str], obj: object = None) -> bool:
        """Return whether the user has each of several permissions.

        Raises ``ValueError`` for a text in place of the list.
        """
        if isinstance(perm_list, str) or not isinstance(perm_list, Iterable):
            raise ValueError("perm_list must be an iterable of permissions.")
        for perm in perm_list:
            if not await self.ahas_perm(perm, obj):
                return False
        return True

    async def ahas_module_perms(self, app_label: str) -> bool:
        """Return whether the user has any permission of an application."""
        if self.is_active and self.is_superuser:
            return True
        if authorities() is None:
            return any(perm.partition(".")[0] == app_label for perm in await self.aread_permissions("all"))
        return await self._granted("has_module_perms", app_label)
