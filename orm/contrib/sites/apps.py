"""The application ``sites``."""

from __future__ import annotations

import os

from orm.models.applications import AppConfig


class SitesConfig(AppConfig):
    """The table of sites."""

    name = "orm.contrib.sites"
    label = "sites"
    verbose_name = "Sites"
    path = os.path.dirname(__file__)
    default_auto_field = "AutoField"
