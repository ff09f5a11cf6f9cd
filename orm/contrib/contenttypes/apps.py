"""The application ``contenttypes``: makes the rows of models after each migration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from orm.db.registry import DEFAULT_DB_ALIAS
from orm.db.routing import routes
from orm.models.applications import AppConfig
from orm.models.apps import apps as default_apps
from orm.models.signals import post_migrate

if TYPE_CHECKING:
    from orm.models.apps import Apps


async def acreate_content_types(
    app_config: Any, using: str = DEFAULT_DB_ALIAS, apps: Apps = default_apps, **named: object
) -> None:
    """Make the rows of an application's models that the table lacks; a receiver of ``post_migrate``."""
    content_type = apps.find("contenttypes", "contenttype")
    if content_type is None or not routes.allow_migrate_model(using, content_type):
        return
    rows = content_type._default_manager.using(using)
    there = {name async for name in rows.filter(app_label=app_config.label).values_list("model", flat=True)}
    missing = [
        content_type(app_label=app_config.label, model=model._meta.model_name)
        for model in models_then(app_config, apps)
        if model._meta.model_name not in there
    ]
    if missing:
        await rows.abulk_create(missing)


def models_then(app_config: Any, apps: Apps) -> list[Any]:
    """Return an application's models as they are in ``apps``, the models of a moment: those there in their order."""
    if apps is not default_apps:
        app_config = apps.app_configs.get(app_config.label)
    return [] if app_config is None else list(app_config.get_models())


class ContentTypesConfig(AppConfig):
    """Rows that refer to rows of any model."""

    name = "orm.contrib.contenttypes"
    label = "contenttypes"
    verbose_name = "Content Types"
    path = os.path.dirname(__file__)
    default_auto_field = "AutoField"

    def ready(self) -> None:
        """Have rows made after migrations."""
        post_migrate.connect(acreate_content_types, dispatch_uid="orm.contrib.contenttypes.rows")
