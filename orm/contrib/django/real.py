"""Django itself, as far as the mirror asks it: the one place that knows where its parts are.

It is imported by name, since a project without Django has nothing to check types against.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from orm.errors import ImproperlyConfigured

LEGACY_ORIGIN = "orm.compat.django"
"""Where the modules come from that Duotone gives programs in Django's place."""


def part(name: str) -> ModuleType:
    """Return one of Django's modules.

    Raises ``ImproperlyConfigured`` without Django, or where ``import django`` finds Duotone.
    """
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and not name.startswith(error.name):
            raise
        raise ImproperlyConfigured(
            f"orm.contrib.django mirrors the models of a Django project, and {name} can't be imported here. Without "
            "Django use orm.models, or run the project under `orm run`."
        ) from error
    if module.__spec__ is not None and module.__spec__.origin == LEGACY_ORIGIN:
        raise ImproperlyConfigured(
            "orm.contrib.django stands beside a real Django, and here `import django` finds Duotone: the project's "
            "models are Duotone's already, and need no mirror."
        )
    return module


def is_ready() -> bool:
    """Whether a real Django is in this process, and its models are loaded."""
    loaded = sys.modules.get("django.apps")
    if loaded is None or loaded.__spec__ is None or loaded.__spec__.origin == LEGACY_ORIGIN:
        return False
    return bool(loaded.apps.models_ready)


def registry() -> Any:
    """Return the registry of Django's models. Raises ``ImproperlyConfigured`` before ``django.setup()``."""
    apps: Any = part("django.apps").apps
    if not apps.models_ready:
        raise ImproperlyConfigured(
            "Django's models are not loaded yet: call django.setup() first, or mirror them where the first request "
            "comes (a view, AppConfig.ready())."
        )
    return apps


def connections() -> Any:
    """Return Django's connections by alias, those of this thread or task."""
    return part("django.db").connections


def router() -> Any:
    """Return what asks the routers of DATABASE_ROUTERS."""
    return part("django.db").router


def is_model(value: object) -> bool:
    """Whether a value is one of Django's model classes."""
    return isinstance(value, type) and issubclass(value, part("django.db.models").Model)
