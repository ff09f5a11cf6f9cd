"""Installed applications: packages that bring models, each with an ``AppConfig``.

A registry without a list of applications knows whatever is declared. One with a list (``populate``) imports the
applications' models, in order, and calls ``ready``. ``set_available_apps`` and ``set_installed_apps`` narrow or replace
the list for a while, which is what tests do.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from orm.bridge.collecting import collector_paused
from orm.config import settings
from orm.errors import AppRegistryNotReady, ImproperlyConfigured
from orm.late import inspect
from orm.structures.loading import import_string, module_has_submodule

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel

APPS_MODULE = "apps"
MODELS_MODULE = "models"


class AppConfig:
    """One installed application; a package's ``apps`` module may subclass it.

    ``name`` is the package, ``label`` what its models' labels begin with, ``path`` its folder.
    """

    name: str
    label: str
    verbose_name: str
    path: str
    models_module: ModuleType | None = None
    models: dict[str, type[AwaitableModel]] | None = None

    def __init__(self, app_name: str, app_module: Any) -> None:
        self.name = app_name
        self.module = app_module
        self.apps: Any = None
        if not hasattr(self, "label"):
            self.label = app_name.rpartition(".")[2]
        if not self.label.isidentifier():
            raise ImproperlyConfigured(f"The app label '{self.label}' is not a valid Python identifier.")
        if not hasattr(self, "verbose_name"):
            self.verbose_name = self.label.title()
        if not hasattr(self, "path"):
            self.path = self._path_from_module(app_module)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.label}>"

    if TYPE_CHECKING:
        default_auto_field: str | None
    else:

        @property
        def default_auto_field(self):
            """The class of implicit keys of the application's models: the setting, unless a subclass names one."""
            return settings.default_auto_field

    @property
    def _is_default_auto_field_overridden(self) -> bool:
        return type(self).default_auto_field is not AppConfig.default_auto_field

    def _path_from_module(self, module: object) -> str:
        """Return the folder of the package; raise ``ImproperlyConfigured`` where there is none, or several."""
        paths = list(getattr(module, "__path__", []))
        if len(paths) != 1:
            file = getattr(module, "__file__", None)
            paths = [os.path.dirname(file)] if file is not None else list(set(paths))
        if len(paths) > 1:
            raise ImproperlyConfigured(
                f"The app module {module!r} has multiple filesystem locations ({paths!r}); you must configure this app "
                "with an AppConfig subclass with a 'path' class attribute."
            )
        if not paths:
            raise ImproperlyConfigured(
                f"The app module {module!r} has no filesystem location, you must configure this app with an AppConfig "
                "subclass with a 'path' class attribute."
            )
        return str(paths[0])

    @classmethod
    def create(cls, entry: str) -> AppConfig:
        """Return the configuration of one entry of the list: a package, or the dotted path of a subclass.

        Raises ``ImportError`` for what is neither, ``ImproperlyConfigured`` for a class that can't be used.
        """
        config_class, name, module = None, None, None
        not_a_module: ImportError | None = None
        try:
            module = import_module(entry)
        except ImportError as error:
            if error.name is not None and not entry.startswith(error.name):
                raise  # the package is there, and lacks something
            not_a_module = error
        else:
            name = entry
            if module_has_submodule(module, APPS_MODULE):
                config_class = _declared_config(f"{entry}.{APPS_MODULE}")
        if not_a_module is not None:
            config_class = _named_config(entry, not_a_module)
        config_class = config_class or AppConfig
        if name is None or config_class is not AppConfig:
            name = getattr(config_class, "name", name)
        if name is None:
            raise ImproperlyConfigured(f"'{entry}' must supply a name attribute.")
        if name != entry or module is None:
            try:
                module = import_module(name)
            except ImportError as error:
                raise ImproperlyConfigured(
                    f"Cannot import '{name}'. Check that '{config_class.__module__}.{config_class.__qualname__}.name' "
                    "is correct."
                ) from error
        return config_class(name, module)

    def import_models(self) -> None:
        """Import the package's ``models`` module, if it has one."""
        self.models = self.apps.all_models.setdefault(self.label, {})
        if module_has_submodule(self.module, MODELS_MODULE):
            self.models_module = import_module(f"{self.name}.{MODELS_MODULE}")

    def get_model(self, model_name: str, require_ready: bool = True) -> Any:
        """Return one model by name; ``LookupError`` where the application has none of that name."""
        (self.apps.check_models_ready if require_ready else self.apps.check_apps_ready)()
        found = self.apps.find(self.label, model_name)
        if found is None:
            raise LookupError(f"App '{self.label}' doesn't have a '{model_name}' model.")
        return found

    def get_models(self, include_auto_created: bool = False, include_swapped: bool = False) -> Iterator[Any]:
        """Yield the models of this application; join models and swapped ones only when asked for."""
        self.apps.check_models_ready()
        for model in list((self.models or {}).values()):
            if model._meta.auto_created and not include_auto_created:
                continue
            if model._meta.swapped_out and not include_swapped:
                continue
            yield model

    def ready(self) -> None:
        """Called once all models are imported; for subclasses."""


def _declared_config(module_path: str) -> type[AppConfig] | None:
    """Return the AppConfig an ``apps`` module means: its only one, or the one with ``default = True``.

    Raises ``RuntimeError`` for two defaults.
    """
    candidates = [
        (name, candidate)
        for name, candidate in inspect.getmembers(import_module(module_path), inspect.isclass)
        if issubclass(candidate, AppConfig) and candidate is not AppConfig and getattr(candidate, "default", True)
    ]
    if len(candidates) > 1:
        candidates = [(name, candidate) for name, candidate in candidates if getattr(candidate, "default", False)]
        if len(candidates) > 1:
            names = ", ".join(repr(name) for name, _ in candidates)
            raise RuntimeError(f"{module_path!r} declares more than one default AppConfig: {names}.")
    return candidates[0][1] if candidates else None


def _named_config(entry: str, not_a_module: ImportError) -> type[AppConfig]:
    """Return the class that an entry which is no module names."""
    parent, _, class_name = entry.rpartition(".")
    if parent and class_name[:1].isupper():
        module = import_module(parent)
        if not hasattr(module, class_name):
            choices = [
                repr(name)
                for name, found in inspect.getmembers(module, inspect.isclass)
                if issubclass(found, AppConfig) and found is not AppConfig
            ]
            there = f" Choices are: {', '.join(choices)}." if choices else ""
            raise ImportError(f"Module '{parent}' does not contain a '{class_name}' class.{there}")
    elif not parent:
        raise not_a_module
    else:
        import_module(parent)  # its own error is clearer, where it has one
        raise not_a_module
    found: Any = import_string(entry)
    if not (isinstance(found, type) and issubclass(found, AppConfig)):
        raise ImproperlyConfigured(f"'{entry}' isn't a subclass of AppConfig.")
    return found


class Applications:
    """The list of installed applications of a registry of models."""

    all_models: dict[str, dict[str, type[AwaitableModel]]]
    app_configs: dict[str, Any]
    command_packages: tuple[str, ...] = ()
    """Packages with commands of every project, besides the library's own."""
    command_version: str | None = None
    """The version that commands show, where it is not the library's own."""

    def __init__(self) -> None:
        self.app_configs = {}
        self.apps_ready = self.models_ready = self.ready = False
        self.ready_event = threading.Event()
        """Set once everything is loaded, for threads that wait for that."""
        self.stored_app_configs: list[dict[str, Any]] = []
        self.loading = False

    def populate(
        self, installed_apps: Iterable[object] = (), passed_over: Callable[[str, Exception], bool] | None = None
    ) -> None:
        """Make the applications' configurations, import their models, and call ``ready``; once.

        Parameters: ``passed_over`` is asked about an application that can't be loaded; where it says True the
        application is left out.

        Raises what the applications raise, ``ImproperlyConfigured`` for two of one label or name, ``RuntimeError`` when
        called while it runs.
        """
        if self.ready:
            return
        if self.loading:
            raise RuntimeError("populate() isn't reentrant")
        self.loading = True
        try:
            for entry in installed_apps:
                try:
                    self._add(entry if isinstance(entry, AppConfig) else AppConfig.create(str(entry)))
                except Exception as error:
                    if passed_over is None or not passed_over(str(entry), error):
                        raise
            self._check_names()
            self.apps_ready = True
            with collector_paused:  # models stay: none of what is made here is garbage
                self._import_models(passed_over)
            self.clear_cache()
            self.models_ready = True
            for config in self.get_app_configs():
                config.ready()
            self.ready = True
            self.ready_event.set()
        finally:
            self.loading = False

    def _import_models(self, passed_over: Callable[[str, Exception], bool] | None) -> None:
        for config in list(self.app_configs.values()):
            try:
                config.import_models()
            except Exception as error:
                if passed_over is None or not passed_over(config.name, error):
                    raise
                self._leave_out(config)

    def _add(self, config: AppConfig) -> None:
        if config.label in self.app_configs:
            raise ImproperlyConfigured(f"Application labels aren't unique, duplicates: {config.label}")
        self.app_configs[config.label] = config
        config.apps = self

    def _check_names(self) -> None:
        names = [config.name for config in self.app_configs.values()]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ImproperlyConfigured(f"Application names aren't unique, duplicates: {', '.join(twice)}")

    def _leave_out(self, config: AppConfig) -> None:
        """Forget an application whose models could not be imported, and those that were declared before the error."""
        del self.app_configs[config.label]
        for model in list(self.all_models.get(config.label, {}).values()):
            self.withdraw(model)

    def withdraw(self, model: object) -> None:
        """Forget a model; given by the registry."""
        raise NotImplementedError

    # -- asking --------------------------------------------------------------------------------------------------------

    def check_apps_ready(self) -> None:
        """Raise ``AppRegistryNotReady`` while the configurations are made, or where ``apps_ready`` was taken back."""
        if not self.apps_ready and (self.loading or self.ready):
            raise AppRegistryNotReady("Apps aren't loaded yet.")

    @property
    def are_models_known(self) -> bool:
        """Whether the models are not just being imported, nor ``models_ready`` taken back."""
        return self.models_ready or not (self.loading or self.ready)

    def check_models_ready(self) -> None:
        """Raise ``AppRegistryNotReady`` while the models are imported, or where ``models_ready`` was taken back."""
        if not self.are_models_known:
            raise AppRegistryNotReady("Models aren't loaded yet.")

    def get_app_configs(self) -> Iterable[Any]:
        """Return the installed applications, in order."""
        self.check_apps_ready()
        return self.app_configs.values()

    def get_app_config(self, app_label: str) -> Any:
        """Return one application; ``LookupError`` suggests the label where a name was given."""
        self.check_apps_ready()
        try:
            return self.app_configs[app_label]
        except KeyError:
            meant = [config.label for config in self.app_configs.values() if config.name == app_label]
            hint = f" Did you mean '{meant[0]}'?" if meant else ""
            raise LookupError(f"No installed app with label '{app_label}'.{hint}") from None

    def is_installed(self, app_name: str) -> bool:
        """Return whether an application, by its package, is installed."""
        self.check_apps_ready()
        return any(config.name == app_name for config in self.app_configs.values())

    def get_containing_app_config(self, object_name: str) -> Any:
        """Return the innermost application whose package holds a dotted name, or None."""
        self.check_apps_ready()
        candidates = [
            config
            for config in self.app_configs.values()
            if object_name == config.name or object_name.startswith(f"{config.name}.")
        ]
        return max(candidates, key=lambda config: len(config.name)) if candidates else None

    @property
    def unavailable(self) -> set[str]:
        """Labels of applications that are installed, and not in the list in force."""
        stored = {label for configs in self.stored_app_configs for label in configs}
        return stored - set(self.app_configs)

    # -- other lists, for a while --------------------------------------------------------------------------------------

    def set_available_apps(self, available: Iterable[str]) -> None:
        """Narrow the list to the named packages, until ``unset_available_apps``.

        Raises ``ValueError`` for one that is not installed.
        """
        wanted = set(available)
        unknown = wanted - {config.name for config in self.app_configs.values()}
        if unknown:
            raise ValueError(
                "Available apps isn't a subset of installed apps, extra apps: " + ", ".join(sorted(unknown))
            )
        self.stored_app_configs.append(self.app_configs)
        self.app_configs = {label: config for label, config in self.app_configs.items() if config.name in wanted}
        self.clear_cache()

    def unset_available_apps(self) -> None:
        """Undo ``set_available_apps``."""
        self.app_configs = self.stored_app_configs.pop()
        self.clear_cache()

    def set_installed_apps(self, installed: Iterable[object]) -> None:
        """Replace the list, importing what is new, until ``unset_installed_apps``.

        Raises ``AppRegistryNotReady`` before the first list is complete, and what ``populate`` raises.
        """
        if not self.ready:
            raise AppRegistryNotReady("App registry isn't ready yet.")
        self.stored_app_configs.append(self.app_configs)
        self.app_configs = {}
        self.apps_ready = self.models_ready = self.loading = self.ready = False
        self.clear_cache()
        self.populate(installed)

    def unset_installed_apps(self) -> None:
        """Undo ``set_installed_apps``."""
        self.app_configs = self.stored_app_configs.pop()
        self.apps_ready = self.models_ready = self.ready = True
        self.clear_cache()

    def clear_cache(self) -> None:
        """Forget what models have found out about their relations."""
        for models in list(self.all_models.values()):
            for model in list(models.values()):
                model._meta.expire()
