"""The site that a new database begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.config import settings
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.db.routing import routes
from orm.models.apps import apps as default_apps
from orm.serializers.loading import numbering

if TYPE_CHECKING:
    from orm.models.applications import AppConfig


FIRST_SITE = "example.com"


async def acreate_default_site(
    app_config: AppConfig, using: str = DEFAULT_DB_ALIAS, apps: Any = default_apps, **named: object
) -> None:
    """Make a site where there is none, with the key that the settings name, as Django does; for ``post_migrate``."""
    site = apps.find("sites", "site")
    if app_config.label != "sites" or site is None or not routes.allow_migrate_model(using, site):
        return
    sites = site._default_manager.using(using)
    if not await sites.aexists():
        await sites.acreate(pk=settings.site_id or 1, domain=FIRST_SITE, name=FIRST_SITE)
        database = databases[using]
        for sql in numbering([site], database.dialect):
            await database.fetch(sql, ())
