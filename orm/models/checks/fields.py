"""Checks that a field makes of its own declaration (Django's documentation, "Field checks")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from orm.checks.messages import CheckMessage, Error, Warning
from orm.db.registry import databases as all_databases
from orm.structures.lazy import Promise

if TYPE_CHECKING:
    from orm.models.fields.base import Field

Found = Iterator[CheckMessage]


def check(field: Field, aliases: Iterable[str]) -> list[CheckMessage]:
    """What is wrong with a field's declaration; ``aliases`` are databases that must be able to hold its column."""
    return [
        *_name(field),
        *_choices(field),
        *_db_default(field),
        *_db_index(field),
        *_null_of_key(field),
        *_comment(field, aliases),
        *_validators(field),
        *_deprecation(field),
    ]


def _name(field: Field) -> Found:
    if not field.name:
        return
    if field.name.endswith("_"):
        yield Error("Field names must not end with an underscore.", obj=field, id="fields.E001")
    if "__" in field.name:
        yield Error('Field names must not contain "__".', obj=field, id="fields.E002")
    if field.name == "pk" and not getattr(field, "is_composite_key", False):
        yield Error("'pk' is a reserved word that cannot be used as a field name.", obj=field, id="fields.E003")


def _choices(field: Field) -> Found:
    choices = field.choices
    if not choices:
        return
    if isinstance(choices, str) or not isinstance(choices, Iterable):
        yield Error(
            "'choices' must be a mapping (e.g. a dictionary) or an iterable (e.g. a list or tuple).",
            obj=field,
            id="fields.E004",
        )
        return
    longest = 0
    for choice in choices:
        if not _is_choice(choice, lists_are_values=getattr(field, "base_field", None) is not None):
            yield Error(
                "'choices' must be a mapping of actual values to human readable names or an iterable containing "
                "(actual value, human readable name) tuples.",
                obj=field,
                id="fields.E005",
            )
            return
        values = [value for value, _ in choice[1]] if isinstance(choice[1], (list, tuple)) else [choice[0]]
        longest = max([longest, *(len(value) for value in values if isinstance(value, str))])
    if isinstance(field.max_length, int) and longest > field.max_length:
        yield Error(
            f"'max_length' is too small to fit the longest value in 'choices' ({longest} characters).",
            obj=field,
            id="fields.E009",
        )


def _db_default(field: Field) -> Found:
    given = field.db_default
    if not hasattr(given, "resolve_expression"):
        return
    if not getattr(given, "allowed_default", False) or getattr(given, "contains_aggregate", False):
        yield Error(f"{given} cannot be used in db_default.", obj=field, id="fields.E012")


def _db_index(field: Field) -> Found:
    if field.db_index not in (None, True, False):
        yield Error("'db_index' must be None, True or False.", obj=field, id="fields.E006")


def _null_of_key(field: Field) -> Found:
    if field.primary_key and field.null:
        yield Error(
            "Primary keys must not have null=True.",
            hint="Set null=False on the field, or remove primary_key=True argument.",
            obj=field,
            id="fields.E007",
        )


def _comment(field: Field, aliases: Iterable[str]) -> Found:
    if not getattr(field, "db_comment", None):
        return
    for alias in aliases:
        dialect = all_databases[alias].dialect
        ignores = "supports_comments" in field.model._meta.required_db_features
        if not dialect.capabilities.comments and not ignores:
            yield Warning(
                f"{dialect.display_name} does not support comments on columns (db_comment).",
                obj=field,
                id="fields.W163",
            )


def _validators(field: Field) -> Found:
    for position, validator in enumerate(field.validators):
        if not callable(validator):
            yield Error(
                "All 'validators' must be callable.",
                hint=f"validators[{position}] ({validator!r}) isn't a function or instance of a validator class.",
                obj=field,
                id="fields.E008",
            )


def _deprecation(field: Field) -> Found:
    name = type(field).__name__
    removed, deprecated = field.system_check_removed_details, field.system_check_deprecated_details
    if removed is not None:
        said = removed.get("msg", f"{name} has been removed except for support in historical migrations.")
        yield Error(said, hint=removed.get("hint"), obj=field, id=removed.get("id", "fields.EXXX"))
    elif deprecated is not None:
        said = deprecated.get("msg", f"{name} has been deprecated.")
        yield Warning(said, hint=deprecated.get("hint"), obj=field, id=deprecated.get("id", "fields.WXXX"))


def _is_choice(choice: object, in_group: bool = False, *, lists_are_values: bool = False) -> bool:
    """Whether this is a value and its label, or a group's label and its choices.

    Parameters: ``lists_are_values`` for a field whose values are lists.
    """
    if isinstance(choice, str) or not isinstance(choice, Iterable):
        return False
    pair = list(choice)
    if len(pair) != 2 or not (_is_plain(pair[0]) or (lists_are_values and isinstance(pair[0], (list, tuple)))):
        return False
    label = list(pair[1].items()) if isinstance(pair[1], Mapping) else pair[1]
    if isinstance(label, (list, tuple)) and not in_group:
        return all(_is_choice(inner, in_group=True, lists_are_values=lists_are_values) for inner in label)
    return _is_plain(label)


def _is_plain(value: object) -> bool:
    """Whether this is one value, and none of many."""
    return isinstance(value, (str, Promise)) or not isinstance(value, Iterable)


def whole_number(value: Any, least: int) -> bool:
    """Whether an option is a whole number, written as one or as its text, that is at least ``least``."""
    try:
        return not isinstance(value, bool) and int(value) >= least
    except (TypeError, ValueError):
        return False


def max_length_checks(field: Field) -> Found:
    """Check the length of a text column."""
    if field.max_length is not None and (
        not isinstance(field.max_length, int) or not whole_number(field.max_length, 1)
    ):
        yield Error("'max_length' must be a positive integer.", obj=field, id="fields.E121")


def ignored_max_length(field: Field) -> Found:
    """Check that a number has no length."""
    if field.max_length is not None:
        yield Warning(
            f"'max_length' is ignored when used with {type(field).__name__}.",
            hint="Remove 'max_length' from field",
            obj=field,
            id="fields.W122",
        )


def decimal_checks(field: Field) -> Found:
    """Check the digits of a decimal number."""
    digits, places = field.max_digits, field.decimal_places
    if places is None:
        yield Error("DecimalFields must define a 'decimal_places' attribute.", obj=field, id="fields.E130")
    elif not whole_number(places, 0):
        yield Error("'decimal_places' must be a non-negative integer.", obj=field, id="fields.E131")
    if digits is None:
        yield Error("DecimalFields must define a 'max_digits' attribute.", obj=field, id="fields.E132")
    elif not whole_number(digits, 1):
        yield Error("'max_digits' must be a positive integer.", obj=field, id="fields.E133")
    elif places is not None and whole_number(places, 0) and int(places) > int(digits):
        yield Error("'max_digits' must be greater or equal to 'decimal_places'.", obj=field, id="fields.E134")


def own_clock_checks(field: Any, fixed: bool) -> Found:
    """Check who sets a date or time; ``fixed`` says that its default is a moment near now, which no row will share."""
    given = (field.auto_now, field.auto_now_add, field.has_default())
    if sum(map(bool, given)) > 1:
        yield Error(
            "The options auto_now, auto_now_add, and default are mutually exclusive. Only one of these options may be "
            "present.",
            obj=field,
            id="fields.E160",
        )
    if fixed:
        yield Warning(
            "Fixed default value provided.",
            hint=(
                "It seems you set a fixed date / time / datetime value as default for this field. This may not be what "
                "you want. If you want to have the current date as default, use `django.utils.timezone.now`"
            ),
            obj=field,
            id="fields.W161",
        )


def shared_default_checks(field: Field, example: str) -> Found:
    """Check that a default that can be changed is not one for all instances; ``example`` is a callable and a value."""
    if field.has_default() and field.default is not None and not callable(field.default):
        yield Warning(
            f"{type(field).__name__} default should be a callable instead of an instance so that it's not shared "
            "between all field instances.",
            hint=f"Use a callable instead, e.g., use {example}.",
            obj=field,
            id="fields.E010",
        )
