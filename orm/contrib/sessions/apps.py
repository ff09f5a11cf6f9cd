"""The application ``sessions``."""

from __future__ import annotations

import os

from orm.models.applications import AppConfig


class SessionsConfig(AppConfig):
    """The table of sessions."""

    name = "orm.contrib.sessions"
    label = "sessions"
    verbose_name = "Sessions"
    path = os.path.dirname(__file__)
    default_auto_field = "AutoField"
