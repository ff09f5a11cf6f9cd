"""The rows of ``Permission`` that models bring: add, change, delete and view, and those of ``Meta.permissions``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.contrib.contenttypes.apps import models_then
from orm.db.registry import DEFAULT_DB_ALIAS
from orm.db.routing import routes
from orm.models.apps import apps as default_apps

if TYPE_CHECKING:
    from orm.models.apps import Apps
    from orm.models.options import Options


def permissions_of(meta: Options) -> list[tuple[str, str]]:
    """Return codename and name of each permission a model brings."""
    usual = [
        (f"{action}_{meta.model_name}", f"Can {action} {meta.verbose_name}") for action in meta.default_permissions
    ]
    return [*usual, *((codename, name) for codename, name in meta.permissions)]


async def acreate_permissions(
    app_config: Any, using: str = DEFAULT_DB_ALIAS, apps: Apps = default_apps, **named: object
) -> None:
    """Make the permissions that an application's models bring and the table lacks; a receiver of ``post_migrate``."""
    permission = apps.find("auth", "permission")
    content_type = apps.find("contenttypes", "contenttype")
    if permission is None or content_type is None or not routes.allow_migrate_model(using, permission):
        return
    types = content_type._default_manager.using(using)
    rows = permission._default_manager.using(using)
    missing = []
    for model in models_then(app_config, apps):
        meta = model._meta
        kind, _ = await types.aget_or_create(app_label=meta.app_label, model=meta.model_name)
        there = {codename async for codename in rows.filter(content_type=kind).values_list("codename", flat=True)}
        missing += [
            permission(content_type=kind, codename=codename, name=name)
            for codename, name in permissions_of(meta)
            if codename not in there
        ]
    if missing:
        await rows.abulk_create(missing)
