"""What an operation that was detected waits for, and how operations are put in order and into migrations."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from orm.config import settings
from orm.migrations import operations as ops
from orm.migrations.references import ModelKey
from orm.records import NamedTuple

if TYPE_CHECKING:
    from orm.migrations.operation import AwaitableOperation

SETTING = "__setting__"


class Kind(enum.Enum):
    """What has to have happened to a model or field."""

    CREATE = enum.auto()
    REMOVE = enum.auto()
    ALTER = enum.auto()
    REMOVE_ORDER_WRT = enum.auto()
    ALTER_FOO_TOGETHER = enum.auto()
    STAY = enum.auto()
    """Nothing: it is there from before, and the migrations that made it have to come first."""


class Dependency(NamedTuple):
    """A model (or field of it), and what has to have happened to it. The app ``SETTING`` has the setting's name as its
    model.
    """

    app_label: str
    model_name: str
    field_name: str | None
    kind: Kind

    @property
    def model_name_lower(self) -> str:
        """The model's name, as it is a key."""
        return self.model_name.lower()


class Detected(NamedTuple):
    """An operation and what it waits for."""

    operation: Any
    dependencies: tuple[Dependency, ...]


def resolved(dependency: Dependency) -> tuple[Dependency, bool]:
    """The dependency with a setting's model in place of the setting, and whether there was one."""
    if dependency.app_label != SETTING:
        return dependency, False
    label = str(settings.swapped_models.get(dependency.model_name, dependency.model_name))
    app_label, _, name = label.partition(".")
    return Dependency(app_label, name.lower(), dependency.field_name, dependency.kind), True


def fulfils(operation: AwaitableOperation, dependency: Dependency) -> bool:
    """Whether an operation is what a dependency waits for."""
    model, field, kind = dependency.model_name_lower, dependency.field_name, dependency.kind
    on_field = getattr(operation, "model_name_lower", None) == model
    if kind is Kind.CREATE:
        if field is None:
            return (isinstance(operation, ops.CreateModel) and operation.name_lower == model) or (
                isinstance(operation, ops.RenameModel) and operation.new_name_lower == model
            )
        if isinstance(operation, ops.CreateModel):
            return operation.name_lower == model and any(field == name for name, _ in operation.fields)
        return isinstance(operation, ops.AddField) and on_field and operation.name == field
    if kind is Kind.REMOVE:
        if field is None:
            return isinstance(operation, ops.DeleteModel) and operation.name_lower == model
        return isinstance(operation, ops.RemoveField) and on_field and operation.name == field
    if kind is Kind.ALTER:
        return isinstance(operation, ops.AlterField) and on_field and operation.name == field
    if kind is Kind.REMOVE_ORDER_WRT:
        return (
            isinstance(operation, ops.AlterOrderWithRespectTo)
            and operation.name_lower == model
            and (operation.order_with_respect_to or "").lower() != str(field).lower()
        )
    return (
        kind is Kind.ALTER_FOO_TOGETHER
        and isinstance(operation, (ops.AlterUniqueTogether, ops.AlterIndexTogether))
        and operation.name_lower == model
    )


def in_order(detected: list[Detected], app_label: str) -> list[Detected]:
    """The operations of an app so that each comes after those of the same app that it waits for; otherwise as given.

    Raises ``ValueError`` for operations that wait for each other in a circle.
    """
    waits: dict[int, set[int]] = {}
    for place, one in enumerate(detected):
        wanted = [resolved(dependency)[0] for dependency in one.dependencies]
        waits[place] = {
            other
            for dependency in wanted
            if dependency.app_label == app_label
            for other, candidate in enumerate(detected)
            if other != place and fulfils(candidate.operation, dependency) and not _before_anyway(candidate, one)
        }
    # An operation comes as soon as the last one that it waits for has come, as in Django: in a circle of relations the
    # optimizer's result depends on it.
    sorter = TopologicalSorter[int]()
    for place, needs in waits.items():
        sorter.add(place, *sorted(needs))
    try:
        ordered = list(sorter.static_order())
    except CycleError as error:
        names = ", ".join(detected[place].operation.describe() for place in error.args[1][1:])
        raise ValueError(f"Cyclic dependency between operations of {app_label}: {names}") from None
    return [detected[place] for place in ordered]


def _before_anyway(candidate: Detected, one: Detected) -> bool:
    """Whether a rename is found before what waits for it, as all are but creations: those are put before it."""
    return isinstance(candidate.operation, ops.RenameModel) and not isinstance(one.operation, ops.CreateModel)


def fulfilled_elsewhere(dependency: Dependency, app_label: str, generated: Mapping[str, Iterable[Detected]]) -> bool:
    """Whether no other app still has an operation to come that the dependency waits for."""
    if dependency.app_label == app_label:
        return True
    return not any(fulfils(one.operation, dependency) for one in generated.get(dependency.app_label, ()))


def of_relation(key: ModelKey, kind: Kind = Kind.CREATE) -> Dependency:
    """A dependency on a whole model."""
    return Dependency(key[0], key[1], None, kind)
