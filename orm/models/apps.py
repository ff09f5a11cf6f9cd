"""The registry of models: which class answers to ``"app.Model"``, and who waits for one that is not there yet.

Models need not be in any list of installed apps: declaring the class registers it. ``lazy`` is how a relation given as
a string finds its model, whenever that is declared.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from orm import errors
from orm.models.applications import Applications
from orm.models.redeclared import INTERACTIVE, follow
from orm.text.spelling import similar

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel


class Apps(Applications):
    """A registry of models; ``apps`` is the one everybody uses, and ``Meta.apps`` puts a model in another.

    Parameters: ``installed_apps`` is a list of applications to take up at once. None leaves that to ``populate``, and
    is for ``apps`` alone: ``RuntimeError`` for any other.
    """

    historical: ClassVar[bool] = False
    """Whether its models are those of a migration's state, whose Meta may name what a later operation renames."""

    def __init__(self, installed_apps: Iterable[object] | None = ()) -> None:
        if installed_apps is None and "apps" in globals():
            raise RuntimeError("You must supply an installed_apps argument: only the common registry is filled later.")
        super().__init__()
        self.all_models = {}
        self.swappable: list[type[AwaitableModel]] = []
        """Models that a setting can put others in the place of."""
        self._waiting: dict[tuple[str, str], list[Callable[[], None]]] = {}
        if installed_apps is not None:
            self.populate(installed_apps)

    def register(self, model: type[AwaitableModel]) -> None:
        """Make ``model`` known under its label and wake whoever waits for it.

        A class of the same name and module, declared again, takes the place of the old one, on the far sides of its
        relations too: with a RuntimeWarning; at a prompt or in a notebook also in the relations of other models.

        Raises ``RuntimeError`` when another class has the label.
        """
        meta = model._meta
        models = self.all_models.setdefault(meta.app_label, {})
        known = models.get(meta.model_name)
        again = known is not None and model.__module__ == INTERACTIVE
        if known is not None:
            if (known.__module__, known.__name__) != (model.__module__, model.__name__):
                raise RuntimeError(
                    f"Conflicting '{meta.model_name}' models in application '{meta.app_label}': {known} and {model}. "
                    "Rename one, or give one another Meta.app_label."
                )
            if not again:
                warnings.warn(
                    f"Model '{meta.label_lower}' was already registered. Reloading models is not advised as it can "
                    "lead to inconsistencies, most notably with related models. Their relations still point to the "
                    "first class.",
                    RuntimeWarning,
                    stacklevel=4,
                )
            self._leave_others(known)
        models[meta.model_name] = model
        if meta.swappable:
            self.swappable.append(model)
        self._wake((meta.app_label, meta.model_name))
        if known is not None and again:
            follow(known, model)

    def unregister(self, model: type[AwaitableModel]) -> None:
        """Forget ``model``; for tests that declare models of their own."""
        models = self.all_models.get(model._meta.app_label, {})
        if models.get(model._meta.model_name) is model:
            del models[model._meta.model_name]
            self.swappable = [other for other in self.swappable if other is not model]

    def withdraw(self, model: Any) -> None:
        """Forget a model whose declaration failed half way, and what its relations have left on others."""
        self.unregister(model)
        self._leave_others(model)

    def _leave_others(self, model: Any) -> None:
        """Take away what the relations of a model, and those of its join models, have left on others."""
        for models in self.all_models.values():
            for join in [m for m in models.values() if m._meta.auto_created is model]:
                self.unregister(join)
        for other in list(self):
            meta = other._meta
            gone = [rel for rel in meta.local_related if _belongs(rel.field.model, model)]
            for rel in gone:
                meta.local_related.remove(rel)
                accessor = rel.accessor_name
                if accessor is not None and getattr(vars(other).get(accessor), "rel", None) is rel:
                    delattr(other, accessor)
            if gone:
                meta.expire()

    def get_model(self, app_label: str, model_name: str | None = None, require_ready: bool = True) -> Any:
        """The model called ``"app.Model"``, or ``("app", "Model")``; case does not matter in the model's name.

        Raises ``LookupError`` naming the nearest labels. ``require_ready`` False also accepts a registry that is still
        being filled, which for this registry makes no difference once the model's class exists.
        """
        (self.check_models_ready if require_ready else self.check_apps_ready)()
        label, name = self._split(app_label, model_name)
        if label in self.unavailable:
            raise LookupError(f"No installed app with label '{label}'.")
        return self.get_registered_model(label, name)

    def find(self, app_label: str, model_name: str) -> type[AwaitableModel] | None:
        """The model, or None."""
        return self.all_models.get(app_label, {}).get(model_name.lower())

    def get_registered_model(self, app_label: str, model_name: str) -> type[AwaitableModel]:
        """The model of a label and a name, also while models are being imported; ``LookupError`` for none."""
        model = self.find(app_label, model_name)
        if model is None:
            raise self._not_found(app_label, model_name)
        return model

    def register_model(self, app_label: str, model: type[AwaitableModel]) -> None:
        """Make a model known; called when its class is made."""
        self.register(model)

    def lazy_model_operation(self, function: Callable[..., None], *model_keys: tuple[str, str]) -> None:
        """Call ``function(*models)`` once every model of the pairs (label, lower-case name) exists."""
        self.lazy(function, *model_keys)

    def get_swappable_settings_name(self, to_string: str) -> str | None:
        """The name of the setting that a model called ``to_string`` can be swapped by, or is; None for others."""
        wanted = to_string.lower()
        for model in self.swappable:
            meta = model._meta
            if wanted in ((meta.swapped or "").lower(), meta.label_lower):
                return str(meta.swappable)
        return None

    def get_models(
        self, include_auto_created: bool = False, include_swapped: bool = False
    ) -> list[type[AwaitableModel]]:
        """Every registered model in order of declaration; join models and swapped ones only when asked for.

        Models of applications that are not available at the moment are left out.
        """
        self.check_models_ready()
        return [
            model
            for label, models in list(self.all_models.items())
            if label not in self.unavailable
            for model in models.values()
            if (include_auto_created or not model._meta.auto_created)
            and (include_swapped or not model._meta.swapped_out)
        ]

    def offers(self, model: type[AwaitableModel]) -> bool:
        """Whether a model is one of ``get_models(include_auto_created=True)``."""
        self.check_models_ready()
        meta = model._meta
        there = meta.app_label not in self.unavailable and self.find(meta.app_label, meta.model_name) is model
        return there and not meta.swapped_out

    def __iter__(self) -> Iterator[type[AwaitableModel]]:
        for models in self.all_models.values():
            yield from models.values()

    def lazy(self, callback: Callable[..., None], *labels: str | tuple[str, str] | type[AwaitableModel]) -> None:
        """Call ``callback(*models)`` once every model of ``labels`` exists; at once when all do.

        Parameters: each label is ``"app.Model"``, a pair, or a model class (which stands for itself).
        """
        keys = [label if isinstance(label, type) else self._split(label) for label in labels]

        def attempt() -> None:
            found: list[Any] = []
            for key in keys:
                model: Any = key if isinstance(key, type) else self.find(*key)
                if model is None:
                    assert not isinstance(key, type)
                    self._waiting.setdefault((key[0], key[1].lower()), []).append(attempt)
                    return
                found.append(model)
            callback(*found)

        attempt()

    def pending(self) -> list[str]:
        """Labels somebody waits for and nobody has declared."""
        return sorted(f"{app}.{name}" for app, name in self._waiting)

    def _wake(self, key: tuple[str, str]) -> None:
        for attempt in self._waiting.pop(key, ()):
            attempt()

    @staticmethod
    def _split(label: str | tuple[str, str], name: str | None = None) -> tuple[str, str]:
        if isinstance(label, tuple):
            return label
        if name is not None:
            return label, name
        app_label, dot, model_name = label.partition(".")
        if not dot or not model_name or "." in model_name:
            raise ValueError(
                f"Invalid model reference {label!r}. String model references must be of the form 'app_label.ModelName'."
            )
        return app_label, model_name

    def _not_found(self, label: str, name: str) -> LookupError:
        known = [model._meta.label for model in self]
        near = similar(f"{label}.{name}", known)
        if near and errors.advice_in_errors:
            return LookupError(f"No model {label}.{name}. Did you mean {' or '.join(near)}?")
        if label in self.app_configs:
            said, advice = f"App '{label}' doesn't have a '{name}' model", "; import the module that declares it first."
        else:
            said = f"No installed app with label '{label}'"
            advice = f", and no model {label}.{name} is declared; import its module first."
        return LookupError(f"{said}{advice}" if errors.advice_in_errors else f"{said}.")


apps = Apps(installed_apps=None)


def _tables() -> Iterator[str]:
    """The tables of all models, joining ones too; of one in a schema of its own the last part."""
    for model in apps.get_models(include_auto_created=True):
        yield model._meta.db_table.rpartition(".")[2].strip('"')


def _columns() -> Iterator[str]:
    for model in apps.get_models(include_auto_created=True):
        yield from (field.column for field in model._meta.local_fields if field.column)


errors.declared_tables, errors.declared_columns = _tables, _columns


def _belongs(owner: type[AwaitableModel], model: type[AwaitableModel]) -> bool:
    return owner is model or owner._meta.auto_created is model


def app_label_of(module: str, installed: list[str] | tuple[str, ...] = ()) -> str:
    """The app label of a model declared in ``module``.

    That is the installed app it lies in, if apps are listed; otherwise the package around its ``models`` module, or
    else the last package, or the module's own name.
    """
    inside = [app for app in installed if module == app or module.startswith(app + ".")]
    if inside:
        return max(inside, key=len).rpartition(".")[2]
    if module == "__main__":
        return "main"
    parts = module.split(".")
    if "models" in parts[1:]:
        return parts[parts.index("models", 1) - 1]
    is_package = hasattr(sys.modules.get(module), "__path__")
    return parts[-1] if is_package or len(parts) == 1 else parts[-2]
