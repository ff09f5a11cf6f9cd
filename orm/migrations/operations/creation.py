"""What a model's creation comes to with a later change of a field, index or constraint taken in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orm.migrations.operations.constraints import AddConstraint, AlterConstraint, RemoveConstraint
from orm.migrations.operations.fields import AddField, AlterField, RemoveField, RenameField
from orm.migrations.operations.indexes import AddIndex, RemoveIndex, RenameIndex

if TYPE_CHECKING:
    from orm.migrations.operation import AwaitableOperation
    from orm.models.indexes import Index

Fields = list[tuple[str, Any]]
Options = dict[str, Any]
TOGETHER = ("unique_together", "index_together")


def take_field(
    fields: Fields, options: Mapping[str, Any], operation: AwaitableOperation
) -> tuple[Fields, Options | None]:
    """Fields and options after an operation on a field; the options are None where it is no such operation."""
    changed = dict(options)
    if isinstance(operation, AddField):
        return [*fields, (operation.name, operation.field)], changed
    if isinstance(operation, AlterField):
        return [(name, operation.field if name == operation.name else field) for name, field in fields], changed
    if isinstance(operation, RemoveField):
        for option in TOGETHER:
            groups = changed.pop(option, None)
            if groups:
                left = {tuple(name for name in group if name.lower() != operation.name_lower) for group in groups} - {
                    ()
                }
                if left:
                    changed[option] = left
        if changed.get("order_with_respect_to") == operation.name_lower:
            del changed["order_with_respect_to"]
        return [(name, field) for name, field in fields if name.lower() != operation.name_lower], changed
    if isinstance(operation, RenameField):
        for option in TOGETHER:
            if changed.get(option):
                changed[option] = {
                    tuple(operation.new_name if name == operation.old_name else name for name in group)
                    for group in changed[option]
                }
        if changed.get("order_with_respect_to") == operation.old_name:
            changed["order_with_respect_to"] = operation.new_name
        renamed = [(operation.new_name if name == operation.old_name else name, field) for name, field in fields]
        return renamed, changed
    return fields, None


def take_rule(options: Mapping[str, Any], operation: AwaitableOperation) -> Options | None:
    """Options after an operation on an index or constraint; None where it is no such operation."""
    if isinstance(operation, RenameIndex) and not operation.old_name:
        return None
    option = getattr(operation, "option_name", None)
    if option not in ("indexes", "constraints"):
        return None
    have = list(options.get(option, []))
    if isinstance(operation, AddIndex):
        have.append(operation.index)
    elif isinstance(operation, AddConstraint):
        have.append(operation.constraint)
    elif isinstance(operation, (RemoveIndex, RemoveConstraint)):
        have = [one for one in have if one.name != operation.name]
    elif isinstance(operation, AlterConstraint):
        have = [operation.constraint if one.name == operation.name else one for one in have]
    elif isinstance(operation, RenameIndex):
        have = [_renamed(one, operation) for one in have]
    return {**options, option: have}


def _renamed(index: Index, operation: RenameIndex) -> object:
    if index.name != operation.old_name:
        return index
    renamed = index.clone()
    renamed.name = operation.new_name
    return renamed
