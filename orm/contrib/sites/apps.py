"""The application ``sites``: makes the first site after the first migration."""

from __future__ import annotations

import os

from orm.contrib.sites.default import acreate_default_site
from orm.models.applications import AppConfig
from orm.models.signals import post_migrate


class SitesConfig(AppConfig):
    """The table of sites."""

    name = "orm.contrib.sites"
    label = "sites"
    verbose_name = "Sites"
    path = os.path.dirname(__file__)
    default_auto_field = "AutoField"

    def ready(self) -> None:
        """Have the first site made after migrations."""
        post_migrate.connect(acreate_default_site, dispatch_uid="orm.contrib.sites.default")
