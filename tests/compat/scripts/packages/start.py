"""What the programs beside this file begin with: settings for the applications they use, and tables for their models."""

from __future__ import annotations

import os
from typing import Any

import django
from django.apps import AppConfig
from django.conf import settings


class ProgramConfig(AppConfig):
    """The program, as an application."""

    name = "__main__"
    label = "program"


def configure(*applications: str, **further: Any) -> None:
    """Set up a project of these applications and of the program itself."""
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": os.environ.get("TEST_ENGINE", "django.db.backends.sqlite3"),
                "NAME": os.environ.get("TEST_NAME", ":memory:"),
                "USER": os.environ.get("TEST_USER", ""),
                "PASSWORD": os.environ.get("TEST_PASSWORD", ""),
                "HOST": os.environ.get("TEST_HOST", ""),
                "PORT": os.environ.get("TEST_PORT", ""),
            }
        },
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", *applications, "start.ProgramConfig"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        **further,
    )
    django.setup()


def make_tables() -> None:
    """Migrate the applications, and make the tables of the program's own models."""
    from django.apps import apps
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        for model in apps.get_app_config("program").get_models():
            editor.create_model(model)


def show(*models: Any) -> None:
    """Print every row of these models, by key."""
    for model in models:
        names = [field.attname for field in model._meta.concrete_fields]
        for row in model._base_manager.order_by("pk").values_list(*names):
            print(f"{model.__name__}: {dict(zip(names, row, strict=True))}")
