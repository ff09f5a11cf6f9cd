"""The application ``auth``: makes permissions after each migration."""

from __future__ import annotations

import os

from orm.contrib.auth.permissions import acreate_permissions
from orm.models.applications import AppConfig
from orm.models.signals import post_migrate


class AuthConfig(AppConfig):
    """Users, groups and permissions."""

    name = "orm.contrib.auth"
    label = "auth"
    verbose_name = "Authentication and Authorization"
    path = os.path.dirname(__file__)
    default_auto_field = "AutoField"

    def ready(self) -> None:
        """Have permissions made after migrations."""
        post_migrate.connect(acreate_permissions, dispatch_uid="orm.contrib.auth.permissions")
