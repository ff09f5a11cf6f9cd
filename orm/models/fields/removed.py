"""Fields that Django no longer has: old migrations name them, and models may not (their check says what to do)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from orm.models.fields.base import Field
from orm.models.fields.numbers import BooleanField
from orm.models.fields.text import CharField
from orm.models.fields.validators import validate_comma_separated_integer_list


class IPAddressField(Field[str]):
    """An IPv4 address, as text; now a ``GenericIPAddressField``."""

    kind = "char"
    empty_strings_allowed = False
    description = "IPv4 address"
    option_defaults: ClassVar[Mapping[str, Any]] = {"max_length": 15}
    system_check_removed_details: ClassVar[Mapping[str, str] | None] = {
        "msg": "IPAddressField has been removed except for support in historical migrations.",
        "hint": "Use GenericIPAddressField instead.",
        "id": "fields.E900",
    }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_length": 15, **options})


class CommaSeparatedIntegerField(CharField[str]):
    """Whole numbers with commas between them; now a ``CharField`` with the validator."""

    column_class = "CharField"
    description = "Comma-separated integers"
    default_validators = [validate_comma_separated_integer_list]
    system_check_removed_details: ClassVar[Mapping[str, str] | None] = {
        "msg": "CommaSeparatedIntegerField is removed except for support in historical migrations.",
        "hint": "Use CharField(validators=[validate_comma_separated_integer_list]) instead.",
        "id": "fields.E901",
    }


class NullBooleanField(BooleanField[Any]):
    """True, False or nothing; now a ``BooleanField`` with ``null=True``."""

    column_class = "BooleanField"
    description = "Boolean (Either True, False or None)"
    option_defaults: ClassVar[Mapping[str, Any]] = {"null": True, "blank": True}
    system_check_removed_details: ClassVar[Mapping[str, str] | None] = {
        "msg": "NullBooleanField is removed except for support in historical migrations.",
        "hint": "Use BooleanField(null=True, blank=True) instead.",
        "id": "fields.E903",
    }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"null": True, "blank": True, **options})
