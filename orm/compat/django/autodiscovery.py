"""``autodiscover_modules``: import a module of every installed application that has it."""

from __future__ import annotations

from orm.models.apps import apps
from orm.structures.loading import import_submodules


def autodiscover_modules(*args: str, register_to: object = None) -> None:
    """Import the named modules of each installed application."""
    import_submodules([config.name for config in apps.get_app_configs()], *args, register_to=register_to)
