"""``django.setup`` and ``django.apps``: installed applications, and the models in them.

An entry of INSTALLED_APPS is a package or the dotted path of an AppConfig. Its ``models`` module is imported, and
``ready`` is called. Applications of Django itself are not here; each is told by a warning, since a script seldom
needs the ones its settings list.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from orm.compat.django.settings import settings
from orm.errors import AppRegistryNotReady, ImproperlyConfigured
from orm.models.apps import apps as registry

OWN_APPS = "django."


class AppConfig:
    """One installed application; a package's ``apps`` module may subclass it."""

    name: str
    label: str
    verbose_name: str
    default_auto_field: str | None = None
    models_module: ModuleType | None = None

    def __init__(self, app_name: str, app_module: ModuleType | None) -> None:
        self.name = app_name
        self.module = app_module
        own_label = app_name.rpartition(".")[2]
        if getattr(self, "label", own_label) != own_label:
            raise ImproperlyConfigured(
                f"{type(self).__name__} gives {app_name} the label {self.label!r}; Duotone labels an application by "
                f"its package, {own_label!r}. Give its models Meta.app_label = {self.label!r}, and leave the label out."
            )
        self.label = own_label
        if not hasattr(self, "verbose_name"):
            self.verbose_name = own_label.title()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.label}>"

    def ready(self) -> None:
        """Called once all models are imported; for subclasses."""

    def get_models(self, include_auto_created: bool = False) -> Iterator[Any]:
        """Yield the models of this application."""
        for model in registry.get_models(include_auto_created):
            if model._meta.app_label == self.label:
                yield model

    def get_model(self, model_name: str, require_ready: bool = True) -> Any:
        """Return one model by name; ``LookupError`` names the nearest."""
        return registry.get_model(self.label, model_name, require_ready)


class LegacyApps:
    """The object scripts know as ``django.apps.apps``."""

    def __init__(self) -> None:
        self.app_configs: dict[str, AppConfig] = {}
        self.ready = self.apps_ready = self.models_ready = False

    def populate(self, installed: list[str]) -> None:
        """Import the installed applications and their models, once."""
        if self.ready:
            return
        for entry in installed:
            if entry.startswith(OWN_APPS):
                warnings.warn(
                    f"INSTALLED_APPS lists {entry}, which Duotone does not offer; what refers to its models fails.",
                    RuntimeWarning,
                    stacklevel=3,
                )
                continue
            config = app_config(entry)
            if config.label in self.app_configs:
                raise ImproperlyConfigured(f"Two entries of INSTALLED_APPS have the label {config.label!r}.")
            self.app_configs[config.label] = config
        self.apps_ready = True
        for config in self.app_configs.values():
            config.models_module = _submodule(config.name, "models")
        self.models_ready = self.ready = True
        for config in self.app_configs.values():
            config.ready()

    def check_models_ready(self) -> None:
        """Raise ``AppRegistryNotReady`` before ``django.setup()``."""
        if not self.models_ready:
            raise AppRegistryNotReady("Models of installed applications are not imported yet: call django.setup().")

    check_apps_ready = check_models_ready

    def get_app_configs(self) -> list[AppConfig]:
        """Return the installed applications."""
        return list(self.app_configs.values())

    def get_app_config(self, app_label: str) -> AppConfig:
        """Return one application; ``LookupError`` names those there are."""
        if app_label not in self.app_configs:
            known = ", ".join(sorted(self.app_configs)) or "none"
            raise LookupError(f"No installed application has the label {app_label!r}; installed: {known}.")
        return self.app_configs[app_label]

    def is_installed(self, app_name: str) -> bool:
        """Return whether an application, by its package, is installed."""
        return any(config.name == app_name for config in self.app_configs.values())

    def get_models(self, include_auto_created: bool = False) -> list[Any]:
        """Return every model declared so far."""
        return list(registry.get_models(include_auto_created))

    def get_model(self, app_label: str, model_name: str | None = None, require_ready: bool = True) -> Any:
        """Return the model called ``"app.Model"`` or ``("app", "Model")``; ``LookupError`` names the nearest."""
        return registry.get_model(app_label, model_name, require_ready)


def app_config(entry: str) -> AppConfig:
    """Return the AppConfig of one entry of INSTALLED_APPS.

    Raises ``ImproperlyConfigured`` when there is no such package or class.
    """
    try:
        module = importlib.import_module(entry)
    except ModuleNotFoundError as error:
        parent, _, class_name = entry.rpartition(".")
        if not parent or error.name not in (entry, parent):
            raise
        if error.name == parent:
            raise ImproperlyConfigured(f"INSTALLED_APPS lists {entry!r}, and there is no module {parent!r}.") from error
        config_class = getattr(importlib.import_module(parent), class_name, None)
        if not (inspect.isclass(config_class) and issubclass(config_class, AppConfig)):
            raise ImproperlyConfigured(
                f"INSTALLED_APPS lists {entry!r}, which is neither a package nor an AppConfig."
            ) from error
        return _make(config_class)
    candidates = _declared_configs(entry)
    if len(candidates) > 1:
        candidates = [each for each in candidates if getattr(each, "default", False)] or []
    return _make(candidates[0]) if candidates else AppConfig(entry, module)


def _make(config_class: type[AppConfig]) -> AppConfig:
    name = getattr(config_class, "name", None)
    if name is None:
        raise ImproperlyConfigured(f"{config_class.__module__}.{config_class.__qualname__} needs a name: its package.")
    return config_class(name, importlib.import_module(name))


def _submodule(package: str, name: str) -> ModuleType | None:
    """Import a module of a package; None where there is no such module, or where the entry is no package."""
    if not hasattr(importlib.import_module(package), "__path__"):
        return None
    full = f"{package}.{name}"
    return importlib.import_module(full) if importlib.util.find_spec(full) is not None else None


def _declared_configs(package: str) -> list[type[AppConfig]]:
    """Return the AppConfig classes that a package's ``apps`` module declares."""
    module = _submodule(package, "apps")
    if module is None:
        return []
    declared = vars(module).values()
    return [
        each
        for each in declared
        if inspect.isclass(each)
        and issubclass(each, AppConfig)
        and each is not AppConfig
        and getattr(each, "default", True)
    ]


apps = LegacyApps()


def setup(set_prefix: bool = True) -> None:
    """Read the settings and import the models of the installed applications.

    Parameters: ``set_prefix`` is about the prefix of URLs; there are no URLs here, so both values come to the same.
    """
    settings.load()
    apps.populate(installed_apps())


def installed_apps() -> list[str]:
    """Return INSTALLED_APPS as a list."""
    return [str(entry) for entry in settings.INSTALLED_APPS]
