"""What a user may do: from the user's own permissions, and those of groups. The twin is generated.

A superuser may do everything, somebody who is not active nothing. What was read stays with the instance until it is
loaded again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orm.models.apps import apps

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel as MixedIntoModel
else:
    MixedIntoModel = object


class AwaitableRights(MixedIntoModel):
    """The part of a user model that knows permissions."""

    is_active: Any
    is_superuser: Any

    async def _names_of(self, kind: str, condition: dict[str, Any]) -> set[str]:
        kept = vars(self).setdefault("_rights_read", {})
        if kind not in kept:
            permissions = apps.get_model("auth.Permission")._default_manager.using(self._state.db)
            rows = permissions.all() if self.is_superuser else permissions.filter(**condition)
            pairs = rows.order_by().values_list("content_type__app_label", "codename")
            kept[kind] = {f"{label}.{codename}" async for label, codename in pairs}
        found: set[str] = kept[kind]
        return found

    def _may_nothing(self, obj: Any) -> bool:
        return not self.is_active or obj is not None

    async def aget_user_permissions(self, obj: Any = None) -> set[str]:
        """Return the permissions given to the user in person, as ``app.codename``; of an object's there are none."""
        return set() if self._may_nothing(obj) else await self._names_of("user", {"user": self})

    async def aget_group_permissions(self, obj: Any = None) -> set[str]:
        """Return the permissions of the user's groups, as ``app.codename``; of an object's there are none."""
        return set() if self._may_nothing(obj) else await self._names_of("group", {"group__user": self})

    async def aget_all_permissions(self, obj: Any = None) -> set[str]:
        """Return all permissions of the user, as ``app.codename``."""
        return {*await self.aget_user_permissions(obj), *await self.aget_group_permissions(obj)}

    async def ahas_perm(self, perm: str, obj: Any = None) -> bool:
        """Return whether the user has a permission, ``app.codename``; an active superuser has all."""
        if self.is_active and self.is_superuser:
            return True
        return perm in await self.aget_all_permissions(obj)

    async def ahas_perms(self, perm_list: Iterable[str], obj: Any = None) -> bool:
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
        return any(perm.partition(".")[0] == app_label for perm in await self.aget_all_permissions())
