"""The application ``admin``, of which the log alone is here."""

from __future__ import annotations

import os

from orm.models.applications import AppConfig


class AdminLogConfig(AppConfig):
    """The log of the admin."""

    name = "orm.contrib.admin_log"
    label = "admin"
    verbose_name = "Administration"
    path = os.path.dirname(__file__)
    default_auto_field = "AutoField"
