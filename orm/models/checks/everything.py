"""Checks of all models together: names that two of them share, and relations to models nobody declared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from types import MethodType
from typing import Any

from orm.checks.messages import CheckMessage, Error, Warning
from orm.checks.registry import Tags, register
from orm.db.routing import routes
from orm.models.apps import Apps, apps


@register(Tags.models)
def check_all_models(app_configs: Sequence[object] | None = None, **options: object) -> list[CheckMessage]:
    """Check every model, and that no two share a table, an index's or a constraint's name."""
    found: list[CheckMessage] = []
    tables: dict[str, list[str]] = defaultdict(list)
    indexes: dict[str, list[str]] = defaultdict(list)
    constraints: dict[str, list[str]] = defaultdict(list)
    for model in _models(app_configs):
        meta = model._meta
        if meta.managed and not meta.proxy:
            tables[meta.db_table].append(meta.label)
        if not isinstance(model.check, MethodType):
            said = f"The '{model.__name__}.check()' class method is currently overridden by {model.check!r}."
            found.append(Error(said, obj=model, id="models.E020"))
        else:
            found += model.check(**options)
        for index in meta.indexes:
            if index.name:
                indexes[index.name].append(meta.label)
        for constraint in meta.constraints:
            constraints[constraint.name].append(meta.label)
    found += _shared_tables(tables)
    found += _shared_names(indexes, "index", "models.E029", "models.E030")
    found += _shared_names(constraints, "constraint", "models.E031", "models.E032")
    return found


def _models(app_configs: Sequence[Any] | None) -> Iterable[Any]:
    if app_configs is None:
        return apps.get_models()
    return [model for config in app_configs for model in config.get_models()]


def _shared_tables(tables: dict[str, list[str]]) -> Iterable[CheckMessage]:
    for table, labels in tables.items():
        if len(labels) == 1:
            continue
        said = f"db_table '{table}' is used by multiple models: {', '.join(labels)}."
        if routes.active:
            yield Warning(
                said,
                hint=(
                    "You have configured settings.DATABASE_ROUTERS. Verify that "
                    f"{', '.join(labels)} are correctly routed to separate databases."
                ),
                obj=table,
                id="models.W035",
            )
        else:
            yield Error(said, obj=table, id="models.E028")


def _shared_names(names: dict[str, list[str]], what: str, in_one: str, among: str) -> Iterable[CheckMessage]:
    for name, labels in names.items():
        if len(labels) == 1:
            continue
        different = set(labels)
        if len(different) == 1:
            yield Error(f"{what} name '{name}' is not unique for model {labels[0]}.", id=in_one)
        else:
            listed = ", ".join(sorted(different))
            yield Error(f"{what} name '{name}' is not unique among models: {listed}.", id=among)


@register(Tags.models)
def check_lazy_references(app_configs: Sequence[object] | None = None, **options: object) -> list[CheckMessage]:
    """Check that every model somebody waits for has been declared."""
    return _check_lazy_references(apps)


def _check_lazy_references(registry: Apps, ignore: Iterable[object] | None = None) -> list[CheckMessage]:
    """What a registry still waits for, as errors; ``ignore`` are keys (app label, model name) to pass over."""
    passed_over = set(ignore or ())
    found: list[CheckMessage] = []
    for field, app_label, name in _unresolved(registry):
        if (app_label, name.lower()) in passed_over:
            continue
        missing = (
            f"app '{app_label}' doesn't provide model '{name.lower()}'."
            if app_label in registry.app_configs or registry.all_models.get(app_label)
            else f"app '{app_label}' isn't installed."
        )
        found.append(
            Error(
                f"The field {field} was declared with a lazy reference to '{app_label}.{name.lower()}', but {missing}",
                obj=field,
                id="fields.E307",
            )
        )
    return found


def _unresolved(registry: Apps) -> Iterable[tuple[object, str, str]]:
    """Yield the relations whose model, or join model, is still only a name, with the parts of that name."""
    for model in registry.get_models(include_auto_created=True):
        meta = model._meta
        for field in (*meta.local_fields, *meta.local_many_to_many):
            rel = getattr(field, "remote_field", None)
            for target in (getattr(rel, "model", None), getattr(rel, "through", None)):
                if isinstance(target, str) and target != "self":
                    app_label, _, name = target.rpartition(".")
                    yield field, app_label or meta.app_label, name
