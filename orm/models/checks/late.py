"""The checks of fields, imported at the first check: a program that declares models and asks for none needs none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.late import late_module

if TYPE_CHECKING:
    from orm.models.checks import fields as field_checks
    from orm.models.checks import relations as relation_checks
else:
    field_checks = late_module("orm.models.checks.fields")
    relation_checks = late_module("orm.models.checks.relations")

__all__ = ["field_checks", "relation_checks"]
