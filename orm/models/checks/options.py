"""Checks that a model makes of itself: its names, its fields together, and what Meta says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from orm.checks.messages import CheckMessage, Error, Warning
from orm.config import settings
from orm.db.registry import databases as all_databases
from orm.db.routing import routes
from orm.models.checks.composite import composite_key_checks
from orm.models.checks.constraints import constraint_checks, index_checks
from orm.models.checks.names import local_fields
from orm.sql.ordering import OrderBy
from orm.sql.references import F

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel

Found = Iterator[CheckMessage]


def model_checks(model: type[AwaitableModel], aliases: Iterable[str]) -> list[CheckMessage]:
    """Everything that is wrong with a model, its fields and managers included."""
    meta = model._meta
    found = [*_swappable(model), *_proxy(model), *(c for manager in meta.managers for c in manager.check())]
    if meta.swapped:
        return found
    for field in meta.local_fields:
        found += field.check(databases=aliases)
    for field in meta.local_many_to_many:
        found += field.check(from_model=model, databases=aliases)
    for field in meta.local_private_fields:
        if hasattr(field, "check"):
            found += field.check()  # which no database has a say in
    found += [*_same_relation_twice(model), *_long_names(model, aliases)]
    clashes = [*_id_field(model), *_name_clashes(model), *_model_name(model), *_properties(model), *_keys(model)]
    clashes += composite_key_checks(model)
    found += clashes
    if not clashes:
        found += _column_clashes(model)
    return [
        *found,
        *_unique_together(model),
        *index_checks(model, aliases),
        *_ordering(model),
        *constraint_checks(model, aliases),
        *_table_comment(model, aliases),
    ]


def _swappable(model: type[AwaitableModel]) -> Found:
    meta = model._meta
    if not meta.swappable:
        return
    label = settings.swapped_models.get(meta.swappable)
    if not label:
        return
    if label.count(".") != 1:
        yield Error(f"'{meta.swappable}' is not of the form 'app_label.app_name'.", id="models.E001")
        return
    app_label, _, name = label.partition(".")
    if name.lower() not in meta.apps.all_models.get(app_label, {}):
        said = f"'{meta.swappable}' references '{app_label}.{name}', which has not been installed, or is abstract."
        yield Error(said, id="models.E002")


def _proxy(model: type[AwaitableModel]) -> Found:
    meta = model._meta
    if meta.proxy and (meta.local_fields or meta.local_many_to_many):
        yield Error(f"Proxy model '{model.__name__}' contains model fields.", id="models.E017")


def _same_relation_twice(model: type[AwaitableModel]) -> Found:
    seen: list[tuple[Any, ...]] = []
    for field in model._meta.local_many_to_many:
        rel = field.remote_field
        if not hasattr(rel.through, "_meta"):
            continue
        signature = (rel.model, model, rel.through, rel.through_fields)
        if signature in seen:
            said = "The model has two identical many-to-many relations through the intermediate model "
            yield Error(f"{said}'{rel.through._meta.label}'.", obj=model, id="models.E003")
        seen.append(signature)


def _id_field(model: type[AwaitableModel]) -> Found:
    for field in model._meta.local_fields:
        if field.name == "id" and field is not model._meta.pk and not getattr(model._meta.pk, "is_composite", False):
            said = "'id' can only be used as a field name if the field also sets 'primary_key=True'."
            yield Error(said, obj=model, id="models.E004")


def _name_clashes(model: type[AwaitableModel]) -> Found:
    meta = model._meta
    used: dict[str, Any] = {}
    for parent in meta.all_parents:
        for field in (*parent._meta.local_fields, *parent._meta.local_many_to_many):
            clash = used.get(field.name) or used.get(getattr(field, "attname", None) or field.name)
            if clash is not None and clash is not field:
                yield Error(
                    f"The field '{clash.name}' from parent model '{clash.model._meta}' clashes with the field "
                    f"'{field.name}' from parent model '{field.model._meta}'.",
                    obj=model,
                    id="models.E005",
                )
            used[field.name] = used[getattr(field, "attname", None) or field.name] = field
    for parent in meta.all_parents:  # what comes to a parent from elsewhere, its children's links included
        for rel in parent._meta.related_objects:
            if rel.model is parent and rel.accessor_name:
                used.setdefault(rel.accessor_name, rel)
    for field in (*meta.local_fields, *meta.local_many_to_many):
        attname = getattr(field, "attname", None) or field.name
        clash = used.get(field.name) or used.get(attname)
        with_id = field.name == "id" and clash is not None and clash.name == "id" and clash.model is model
        if clash is not None and not with_id and clash is not field:
            yield Error(
                f"The field '{field.name}' clashes with the field '{clash.name}' from model '{clash.model._meta}'.",
                obj=model if field in meta.parents.values() else field,
                id="models.E006",
            )
        used[field.name] = used[attname] = field


def _model_name(model: type[AwaitableModel]) -> Found:
    name = model.__name__
    because = "as it collides with the query lookup syntax."
    if name.startswith("_") or name.endswith("_"):
        said = f"The model name '{name}' cannot start or end with an underscore {because}"
        yield Error(said, obj=model, id="models.E023")
    elif "__" in name:
        yield Error(f"The model name '{name}' cannot contain double underscores {because}", obj=model, id="models.E024")


def _properties(model: type[AwaitableModel]) -> Found:
    properties = model._meta.property_names
    for field in model._meta.fields:
        attname = getattr(field, "attname", None)
        if field.is_relation and attname in properties and attname is not None:
            said = f"The property '{attname}' clashes with a related field accessor."
            yield Error(said, obj=model, id="models.E025")


def _keys(model: type[AwaitableModel]) -> Found:
    if sum(1 for field in model._meta.local_fields if field.primary_key) > 1:
        said = "The model cannot have more than one field with 'primary_key=True'."
        yield Error(said, obj=model, id="models.E026")


def _column_clashes(model: type[AwaitableModel]) -> Found:
    used: set[str] = set()
    for field in model._meta.local_fields:
        if field.column and field.column in used:
            yield Error(
                f"Field '{field.name}' has column name '{field.column}' that is used by another field.",
                hint="Specify a 'db_column' for the field.",
                obj=model,
                id="models.E007",
            )
        used.add(field.column)


def _long_names(model: type[AwaitableModel], aliases: Iterable[str]) -> Found:
    allowed = [
        (all_databases[alias].dialect.capabilities.max_identifier_length, alias)
        for alias in aliases
        if routes.allow_migrate_model(alias, model)
    ]
    if not allowed:
        return
    most, alias = min(allowed)
    where = f'Maximum length is "{most}" for database "{alias}".'
    for field in model._meta.local_fields:
        if field.db_column is None and field.column and len(field.column) > most:
            yield Error(
                f'Autogenerated column name too long for field "{field.column}". {where}',
                hint="Set the column name manually using 'db_column'.",
                obj=model,
                id="models.E018",
            )
    for field in model._meta.local_many_to_many:
        through = field.remote_field.through
        if isinstance(through, str) or through is None:
            continue
        for key in through._meta.local_fields:
            if key.db_column is None and key.column and len(key.column) > most:
                yield Error(
                    f'Autogenerated column name too long for M2M field "{key.column}". {where}',
                    hint=(
                        "Use 'through' to create a separate model for M2M and then set column_name using 'db_column'."
                    ),
                    obj=model,
                    id="models.E019",
                )


# -- what Meta says ----------------------------------------------------------------------------------------------------


def _unique_together(model: type[AwaitableModel]) -> Found:
    given = model._meta.original_attrs.get("unique_together", ())
    if not isinstance(given, (list, tuple, set)):
        yield Error("'unique_together' must be a list or tuple.", obj=model, id="models.E010")
    elif not all(isinstance(group, (list, tuple)) for group in model._meta.unique_together):
        yield Error("All 'unique_together' elements must be lists or tuples.", obj=model, id="models.E011")
    else:
        for group in model._meta.unique_together:
            yield from local_fields(model, group, "unique_together")


def _ordering(model: type[AwaitableModel]) -> Found:
    meta = model._meta
    given = meta.original_attrs.get("ordering", ())
    if meta.order_with_respect_to and given:
        yield Error("'ordering' and 'order_with_respect_to' cannot be used together.", obj=model, id="models.E021")
        return
    if meta.order_with_respect_to or not given:
        return
    if not isinstance(given, (list, tuple)):
        yield Error(
            "'ordering' must be a tuple or list (even if you want to order by only one field).",
            obj=model,
            id="models.E014",
        )
        return
    for name in filter(None, map(_ordered_name, given)):
        field = meta.fields_map.get(name)
        if not _leads_somewhere(meta, name) or (field is not None and field.many_to_many):
            yield Error(
                f"'ordering' refers to the nonexistent field, related field, or lookup '{name}'.",
                obj=model,
                id="models.E015",
            )


def _ordered_name(item: object) -> str | None:
    if isinstance(item, OrderBy):
        item = item.expression
    if isinstance(item, F):
        return str(item.name)
    if not isinstance(item, str) or item == "?":
        return None
    return item.removeprefix("-")


def _leads_somewhere(meta: Any, path: str) -> bool:
    """Whether a path of names ends in a field, its raw column, a transform or a lookup."""
    field: Any = None
    parts = path.split("__")
    for position, part in enumerate(parts):
        if meta is None:
            return (field is not None and field.get_transform(part) is not None) or (
                field is not None and position == len(parts) - 1 and field.get_lookup(part) is not None
            )
        if part == "pk":
            field = meta.pk
        else:
            field = meta.fields_map.get(part) or next((rel for rel in meta.related_objects if rel.name == part), None)
        if field is None:
            return False
        related = getattr(field, "related_model", None) if getattr(field, "is_relation", False) else None
        meta = getattr(related, "_meta", None)
    return True


def _table_comment(model: type[AwaitableModel], aliases: Iterable[str]) -> Found:
    meta = model._meta
    if not meta.db_table_comment:
        return
    for alias in aliases:
        dialect = all_databases[alias].dialect
        if not dialect.capabilities.comments and "supports_comments" not in meta.required_db_features:
            yield Warning(
                f"{dialect.display_name} does not support comments on tables (db_table_comment).",
                obj=model,
                id="models.W046",
            )
