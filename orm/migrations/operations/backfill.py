"""``Backfill``: gives rows that exist their values a batch at a time, each in a transaction of its own.

Batches go along the primary key, up to the highest key there was at the start, so that steady inserts don't keep it
from ending. How far it came is written in the same transaction as the batch itself: after a kill it goes on with the
next row, and none is changed twice. What it refuses: running inside one transaction, where it would hold every lock to
the end, and keys of several columns.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from orm.db.transactions.public import atomic, in_atomic_block
from orm.errors import NotSupportedError
from orm.migrations.operation import OperationCategory
from orm.migrations.operation_blocking import Operation
from orm.models.apps import Apps
from orm.models.base_blocking import Model
from orm.models.fields import BigIntegerField, BooleanField, CharField, TextField

if TYPE_CHECKING:
    from orm.migrations.state import ProjectState

TABLE = "orm_backfills"


@dataclass(frozen=True)
class Progress:
    """How far a backfill is: rows changed, rows there are to change (as counted at the start), and seconds it took."""

    done: int
    total: int
    seconds: float
    resumed_at: int = 0
    """How many of ``done`` an earlier run had changed."""

    @property
    def rate(self) -> float:
        """Rows in a second."""
        return (self.done - self.resumed_at) / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the end at this rate; None while there is no telling."""
        return max(0, self.total - self.done) / self.rate if self.rate else None


@cache
def progress_model() -> Any:
    """The model of the table that says how far each backfill came."""
    options = type("Meta", (), {"app_label": "migrations", "apps": Apps(), "db_table": TABLE})
    declare: Any = type(Model)
    fields = {
        "step": CharField(max_length=255, primary_key=True),
        "last": TextField(null=True),
        "until": TextField(null=True),
        "done": BigIntegerField(default=0),
        "total": BigIntegerField(default=0),
        "finished": BooleanField(default=False),
    }
    return declare("Backfill", (Model,), {"__module__": __name__, "Meta": options, **fields})


async def forget(migration: Any, alias: str) -> None:
    """Forget how far a migration's backfills came, once it is recorded as applied."""
    if any(isinstance(operation, Backfill) for operation in migration.operations):
        await progress_model()._base_manager.using(alias).filter(step__startswith=f"{migration}:").adelete()


class Backfill(Operation):
    """Change the rows of a model, in batches.

    Parameters: ``update`` gives a value or expression for each field; ``where`` (a ``Q``) limits the rows; ``batch`` is
    how many rows are changed, and locked, at a time. The migration says ``atomic = False``. Taken back, it changes
    nothing: what was filled stays.

    Raises: ValueError for a batch below 1 or an empty ``update``.
    """

    category = OperationCategory.PYTHON
    reduces_to_sql = False
    atomic = False

    def __init__(self, model_name: str, update: Mapping[str, Any], *, where: Any = None, batch: int = 1000) -> None:
        if not isinstance(batch, int) or batch < 1:
            raise ValueError(f"Backfill: batch is a number of rows, at least 1, not {batch!r}.")
        if not update:
            raise ValueError("Backfill: update names no field.")
        self.model_name = model_name
        self.update = dict(update)
        self.where = where
        self.batch = batch

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        options: dict[str, Any] = {"where": self.where} if self.where is not None else {}
        return type(self).__name__, [self.model_name, self.update], {**options, "batch": self.batch}

    def describe(self) -> str:
        return f"Backfill {', '.join(self.update)} of {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"backfill_{self.model_name.lower()}_{'_'.join(self.update)}"

    def references_model(self, name: str, app_label: str) -> bool:
        return True  # the expressions may look at any

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing: rows change, not models."""

    async def forwards(
        self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Raises: NotSupportedError inside a transaction, and for a key of several columns."""
        alias = schema_editor.connection.alias
        model = from_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(alias, model):
            return
        if in_atomic_block(alias):
            raise NotSupportedError(
                "The Backfill operation cannot be executed inside a transaction (set atomic = False on the migration): "
                "it would hold its locks on every row to the end."
            )
        if getattr(model._meta.pk, "is_composite", False):
            raise NotSupportedError(f"Backfill: {model._meta.label} has a key of several columns; use RunPython.")
        await self.fill(schema_editor, model, alias)

    async def backwards(
        self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Forget how far it came; the rows stay as they are."""
        records = await self.records(schema_editor)
        await records.filter(step=schema_editor.step).adelete()

    async def records(self, schema_editor: Any) -> Any:
        """Return the rows that say how far each backfill came, whose table is made where it is not there yet."""
        kind = progress_model()
        reader = schema_editor.database.backend.introspection
        if reader is None or not await reader.columns(schema_editor.database.fetch, TABLE):
            await schema_editor.acreate_model(kind)
        return kind._base_manager.using(schema_editor.connection.alias)

    async def fill(self, schema_editor: Any, model: Any, alias: str) -> None:
        """Change batch after batch, from where an earlier run came to."""
        rows = model._base_manager.using(alias).order_by("pk")
        if self.where is not None:
            rows = rows.filter(self.where)
        records = await self.records(schema_editor)
        record = await self.begun(records, rows, model, schema_editor.step)
        began, resumed_at = time.monotonic(), record.done
        while not record.finished:
            async with atomic(using=alias):
                await self.step(rows, record, model)
                await record.asave(using=alias)
            if schema_editor.progress is not None:
                seconds = time.monotonic() - began
                schema_editor.progress(Progress(record.done, record.total, seconds, resumed_at))
        schema_editor.rebuilt.add(model._meta.db_table)  # where keys are off meanwhile, they are checked at the end

    async def begun(self, records: Any, rows: Any, model: Any, step: str) -> Any:
        """Return the record of an earlier run, or a new one that says where to end."""
        found = await records.filter(step=step).afirst()
        if found is not None:
            return found
        key = model._meta.pk
        until = await rows.reverse().values_list("pk", flat=True).afirst()
        total = await rows.acount()
        return await records.acreate(step=step, until=_told(key, until), total=total, finished=until is None)

    async def step(self, rows: Any, record: Any, model: Any) -> None:
        """Change one batch, and note in the record where it ended."""
        key = model._meta.pk
        left = rows.filter(pk__lte=_read(key, record.until))
        if record.last is not None:
            left = left.filter(pk__gt=_read(key, record.last))
        end = await left.values_list("pk", flat=True)[self.batch - 1 : self.batch].afirst()
        batch = left.order_by() if end is None else left.filter(pk__lte=end).order_by()
        record.done += await batch.aupdate(**self.update)
        record.finished = end is None
        record.last = record.last if end is None else _told(key, end)


def _told(key: Any, value: Any) -> str | None:
    """A key's value as text that can be read again."""
    return None if value is None else json.dumps(key.get_prep_value(value), default=str)


def _read(key: Any, text: str) -> Any:
    return key.to_python(json.loads(text))
