"""``full_clean`` and its parts: is what an instance holds acceptable, before the database is asked to take it.

As in Django, saving runs none of this. The checks for uniqueness query the database and can be overtaken by another
writer; constraints in the database have the last word.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orm.bridge import crossing
from orm.db.routing import routes
from orm.errors import NON_FIELD_ERRORS, ValidationError
from orm.models.conditions import CannotTell
from orm.models.indexes import OpClass
from orm.models.meeting import with_sources, with_values
from orm.models.state import DEFAULT_DB_ALIAS
from orm.sql.conditions import Q
from orm.sql.expressions import Expression
from orm.sql.lookups import Exact, IsNull
from orm.sql.ordering import OrderBy
from orm.sql.references import F, as_reference
from orm.sql.zones import current_zone

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.fields.base import Field

Errors = dict[str, list[ValidationError]]
DATE_PARTS = {"date": ("year", "month", "day"), "month": ("month",), "year": ("year",)}
"""What ``unique_for_date``, ``unique_for_month`` and ``unique_for_year`` compare of two dates."""


def clean_fields(instance: AwaitableModel, exclude: frozenset[str]) -> None:
    """Clean each field, and set the converted value on the instance."""
    errors: Errors = {}
    for field in instance._meta.concrete_fields:
        if field.name in exclude or field.attname not in instance.__dict__:
            continue
        raw = instance.__dict__[field.attname]
        if field.descriptor_class is not None:
            raw = getattr(instance, field.attname)  # a file, say, where the row holds a name
        if field.blank and raw in field.empty_values:
            continue
        # Only the database knows what an expression comes to.
        if hasattr(raw, "resolve_expression"):
            continue
        try:
            setattr(instance, field.attname, field.clean(raw, instance))
        except ValidationError as problem:
            errors[field.name] = problem.flat()
    if errors:
        raise ValidationError(errors)


async def full_clean(instance: AwaitableModel, exclude: set[str], unique: bool, constraints: bool) -> None:
    """Run every check in turn; what failed one is left out of the later ones."""
    errors: Errors = {}
    try:
        instance.clean_fields(exclude=exclude)
    except ValidationError as problem:
        problem.update_error_dict(errors)
    try:
        await validate_relations(instance, frozenset(exclude | errors.keys()))
    except ValidationError as problem:
        problem.update_error_dict(errors)
        errors = in_order_of_fields(instance, errors)
    try:
        await crossing.call(instance.clean)
    except ValidationError as problem:
        problem.update_error_dict(errors)
    steps = [instance.avalidate_unique] if unique else []
    steps += [instance.avalidate_constraints] if constraints else []
    for step in steps:
        # A value that is wrong already is asked of no database: it could not even be prepared for it.
        exclude |= errors.keys() - {NON_FIELD_ERRORS}
        try:
            await step(exclude=exclude)
        except ValidationError as problem:
            problem.update_error_dict(errors)
    if errors:
        raise ValidationError(errors)


def in_order_of_fields(instance: AwaitableModel, errors: Errors) -> Errors:
    """Return the errors in the order of the model's fields: those of foreign keys were found after all others."""
    names = [field.name for field in instance._meta.concrete_fields if field.name in errors]
    return {name: errors[name] for name in dict.fromkeys([*names, *errors])}


async def validate_relations(instance: AwaitableModel, exclude: frozenset[str]) -> None:
    """Look for the rows that foreign keys refer to, among those their ``limit_choices_to`` admits."""
    errors: Errors = {}
    for field in instance._meta.relation_fields:
        if field.name in exclude or field.attname not in instance.__dict__:
            continue
        try:
            await field.avalidate_target(instance)
        except ValidationError as problem:
            errors[field.name] = problem.flat()
    if errors:
        raise ValidationError(errors)


def alias_of(instance: AwaitableModel) -> str:
    """The database an instance is, or would be, saved on: where it must be valid."""
    if routes.active:
        return routes.to_write(type(instance), {"instance": instance})
    alias: str = instance._state.db or DEFAULT_DB_ALIAS
    return alias


def rows_besides(instance: AwaitableModel, model: type[AwaitableModel]) -> Any:
    """A QuerySet of the rows of a model (the instance's, or a parent of it) other than the instance's own."""
    queryset = model._default_manager.using(alias_of(instance))
    keys = [getattr(instance, field.attname) for field in model._meta.pk_fields]
    if not instance._state.adding and None not in keys:
        return queryset.exclude(pk=keys[0] if len(keys) == 1 else tuple(keys))
    return queryset


async def validate_unique(instance: AwaitableModel, exclude: frozenset[str]) -> None:
    """Look for another row with the same value of a unique field or group."""
    errors: Errors = {}
    for model in (type(instance), *instance._meta.all_parents):
        meta = model._meta
        groups = list(meta.unique_together)
        if meta.pk.is_composite and instance._state.adding:
            groups.append(tuple(field.name for field in meta.pk_fields))
        for group in [*groups, *((field.name,) for field in meta.table_fields if field.unique)]:
            if exclude & with_sources(group, model) or not await is_taken(instance, group, model=model):
                continue
            problem = instance.unique_error_message(model, group)
            errors.setdefault(group[0] if len(group) == 1 else NON_FIELD_ERRORS, []).append(problem)
        for field in meta.table_fields:
            for part in DATE_PARTS:
                date_name = getattr(field, f"unique_for_{part}")
                if date_name is None or exclude.intersection((field.name, date_name)):
                    continue
                if await is_taken_for(instance, field, meta.get_field(date_name), part, model):
                    problem = instance.date_error_message(part, field.name, date_name)
                    errors.setdefault(field.name, []).append(problem)
    if errors:
        raise ValidationError(errors)


async def is_taken_for(
    instance: AwaitableModel, field: Field, date_field: Any, part: str, model: type[AwaitableModel]
) -> bool:
    """Whether another row of ``model`` holds the instance's value of ``field`` on the same date, or in a month or year
    of the same number. Moments are looked at in the current time zone; where there is no date, nothing is taken.
    """
    moment = getattr(instance, date_field.attname)
    if moment is None:
        return False
    zone = current_zone()
    if zone is not None and getattr(moment, "tzinfo", None) is not None:
        moment = moment.astimezone(zone)
    same = {f"{date_field.name}__{unit}": getattr(moment, unit) for unit in DATE_PARTS[part]}
    value = getattr(instance, field.attname)
    same[f"{field.name}__isnull" if value is None else field.attname] = True if value is None else value
    return bool(await rows_besides(instance, model).filter(**same).aexists())


def date_error_message(instance: AwaitableModel, field: Field, date_field: Any, part: str) -> ValidationError:
    """What is said where ``unique_for_date``, ``_month`` or ``_year`` of ``field`` is not met."""
    return ValidationError(
        field.error_messages["unique_for_date"],
        code="unique_for_date",
        params={
            "model": instance,
            "model_name": capitalized(instance._meta.verbose_name),
            "lookup_type": part,
            "field": field.name,
            "field_label": capitalized(field.verbose_name),
            "date_field": date_field.name,
            "date_field_label": capitalized(date_field.verbose_name),
        },
    )


async def is_taken(
    instance: AwaitableModel,
    names: Iterable[str],
    condition: object = None,
    nulls_distinct: bool = True,
    model: type[AwaitableModel] | None = None,
) -> bool:
    """Whether another row holds the same values under ``names`` (and meets ``condition``).

    ``model`` is the one whose rows are looked at: the instance's own, or a parent with a table.
    """
    model = model or type(instance)
    meta = model._meta
    wanted: dict[str, Any] = {}
    generated: list[Q] = []
    for name in names:
        field = meta.pk if name == "pk" else meta.get_field(name)
        if field.generated:  # what the instance holds is of before it was changed
            try:
                generated.append(same_value(F(field.name), instance, nulls_distinct))
            except CannotTell:
                return False
            continue
        value = getattr(instance, field.attname)
        if value is None:
            if nulls_distinct:
                return False
            wanted[f"{field.name}__isnull"] = True
        # The key of a row that is there is its own: no other row has it.
        elif field in meta.pk_fields and not instance._state.adding:
            return False
        else:
            wanted[field.attname] = value
    queryset = rows_besides(instance, model).filter(*generated, **wanted)
    if condition is not None:
        queryset = queryset.filter(condition)
    return bool(await queryset.aexists())


async def computes_taken(
    instance: AwaitableModel,
    expressions: Iterable[Any],
    condition: object,
    nulls_distinct: bool,
    model: type[AwaitableModel],
) -> bool:
    """Whether another row of ``model`` (that meets ``condition``) comes to the same values of ``expressions``.

    False too where the values of the instance can't be put into an expression: the database has the last word anyway.
    """
    queryset = rows_besides(instance, model)
    for written in expressions:
        try:
            same = same_value(as_reference(unordered(written)), instance, nulls_distinct)
        except CannotTell:
            return False
        queryset = queryset.filter(same)
    if condition is not None:
        queryset = queryset.filter(condition)
    return bool(await queryset.aexists())


def same_value(expression: Any, instance: AwaitableModel, nulls_distinct: bool) -> Q:
    """The condition that an expression comes to the same in a row as in the instance.

    Raises ``CannotTell`` where the instance's values can't be put into it.
    """
    own = with_values(expression, instance)
    same = Q(Exact(expression, own))
    return same if nulls_distinct else same | Q(IsNull(expression, True), IsNull(own, True))


def unordered(expression: Expression) -> Any:
    """What is indexed, without the direction or the operator class it is indexed with."""
    while isinstance(expression, (OrderBy, OpClass)):
        expression = expression.get_source_expressions()[0]
    return expression


def unique_error(instance: AwaitableModel, model: type[AwaitableModel], names: tuple[str, ...]) -> ValidationError:
    """The error for values that are taken, with Django's parameters: its text may name any of them."""
    meta = model._meta
    name = capitalized(meta.verbose_name)
    params = {
        "model": instance,
        "model_class": model,
        "model_name": name,
        "unique_check": names,
    }
    labels = [capitalized(meta.get_field(each).verbose_name) for each in names]
    if len(names) == 1:
        text = meta.get_field(names[0]).error_messages["unique"]
        return ValidationError(text, code="unique", params={**params, "field_label": labels[0]})
    listed = f"{', '.join(labels[:-1])} and {labels[-1]}"
    text = "%(model_name)s with this %(field_labels)s already exists."
    return ValidationError(text, code="unique_together", params={**params, "field_labels": listed})


def capitalized(name: object) -> str:
    """A verbose name with its first letter in upper case, and the others as they are."""
    text = str(name)
    return text[:1].upper() + text[1:]


async def validate_constraints(instance: AwaitableModel, exclude: frozenset[str]) -> None:
    """Run each constraint's own check."""
    errors: Errors = {}
    for model in (type(instance), *instance._meta.all_parents):
        for constraint in model._meta.constraints:
            try:
                await constraint.avalidate(model, instance, exclude, alias_of(instance))
            except ValidationError as problem:
                alone = getattr(problem, "code", None) == "unique" and len(constraint.fields) == 1
                found = ValidationError({constraint.fields[0]: problem}) if alone else problem
                found.update_error_dict(errors)
    if errors:
        raise ValidationError(errors)
