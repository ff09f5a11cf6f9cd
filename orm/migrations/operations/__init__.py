"""Every operation a migration can be made of."""

from __future__ import annotations

from orm.migrations.operation import OperationCategory
from orm.migrations.operation_blocking import Operation
from orm.migrations.operations.backfill import Backfill
from orm.migrations.operations.beside_writers import BesideWriters
from orm.migrations.operations.constraints import AddConstraint, AlterConstraint, RemoveConstraint
from orm.migrations.operations.fields import AddField, AlterField, RemoveField, RenameField
from orm.migrations.operations.indexes import AddIndex, RemoveIndex, RenameIndex
from orm.migrations.operations.models import (
    AlterIndexTogether,
    AlterModelManagers,
    AlterModelOptions,
    AlterModelTable,
    AlterModelTableComment,
    AlterOrderWithRespectTo,
    AlterUniqueTogether,
    CreateModel,
    DeleteModel,
    RenameModel,
)
from orm.migrations.operations.objects import (
    AddPartition,
    CreatePartitionedModel,
    CreatePolicy,
    CreateTrigger,
    CreateView,
    EnableRowSecurity,
    RemovePartition,
    RemovePolicy,
    RemoveTrigger,
    RemoveView,
)
from orm.migrations.operations.special import RunPython, RunSQL, SeparateDatabaseAndState

__all__ = [
    "AddConstraint",
    "AddField",
    "AddIndex",
    "AddPartition",
    "AlterConstraint",
    "AlterField",
    "AlterIndexTogether",
    "AlterModelManagers",
    "AlterModelOptions",
    "AlterModelTable",
    "AlterModelTableComment",
    "AlterOrderWithRespectTo",
    "AlterUniqueTogether",
    "Backfill",
    "BesideWriters",
    "CreateModel",
    "CreatePartitionedModel",
    "CreatePolicy",
    "CreateTrigger",
    "CreateView",
    "DeleteModel",
    "EnableRowSecurity",
    "Operation",
    "OperationCategory",
    "RemoveConstraint",
    "RemoveField",
    "RemoveIndex",
    "RemovePartition",
    "RemovePolicy",
    "RemoveTrigger",
    "RemoveView",
    "RenameField",
    "RenameIndex",
    "RenameModel",
    "RunPython",
    "RunSQL",
    "SeparateDatabaseAndState",
]
