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
from typing import TYPE_CHECKING, Any

from orm.db.transactions.public import atomic, in_atomic_block
from orm.errors import NotSupportedError
from orm.migrations.operation import OperationCategory
from orm.migrations.operation_blocking import Operation
from orm.migrations.operations.throttle import Throttle
from orm.migrations.steps import rows_of
from orm.records import NamedTuple

if TYPE_CHECKING:
    from orm.migrations.state import ProjectState
    from orm.models.base import AwaitableModel
    from orm.models.fields.base import Field
    from orm.models.schema_editor import AwaitableSchemaEditor
    from orm.structures.deconstruct import DeconstructedOperation

BATCH = 5_000
"""Rows of a batch, unless it is said. An UPDATE of so many takes some 20 ms: nobody waits longer for one of them, and
beside it there is little in committing, and in noting where the batch ended."""


class Progress(NamedTuple):
    """How far a backfill is: rows changed, rows there are to change (as counted at the start), and seconds it took."""

    done: int
    total: int
    seconds: float
    resumed_at: int = 0
    """How many of ``done`` an earlier run had changed."""
    waits_for: str = ""
    """What it waits for at the moment, in words."""

    @property
    def rate(self) -> float:
        """Rows in a second."""
        return (self.done - self.resumed_at) / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the end at this rate; None while there is no telling."""
        return max(0, self.total - self.done) / self.rate if self.rate else None


MAX_LAG = 10.0
"""Seconds that a replica may be behind unless a backfill says so itself."""


class Backfill(Operation):
    """Change the rows of a model, in batches.

    Parameters: ``update`` gives a value or expression for each field; ``where`` (a ``Q``) limits the rows; ``batch`` is
    how many rows are changed, and locked, at a time. The migration says ``atomic = False``. Taken back, it gives
    every row what ``reverse`` says, in the same way; without ``reverse`` it changes nothing then: what was filled
    stays. An empty ``update`` has something to do on the way back only. While others wait for its locks batches are
    smaller, with pauses; where replicas are further behind than ``max_lag`` seconds it waits for them (None: it does
    not).

    Raises ``ValueError`` for a batch below 1, a ``max_lag`` that is not above 0, and where neither ``update`` nor
    ``reverse`` names a field.
    """

    category = OperationCategory.PYTHON
    reduces_to_sql = False
    atomic = False

    def __init__(
        self,
        model_name: str,
        update: Mapping[str, object],
        *,
        where: object = None,
        batch: int = BATCH,
        reverse: Mapping[str, object] | None = None,
        max_lag: float | None = MAX_LAG,
    ) -> None:
        if not isinstance(batch, int) or batch < 1:
            raise ValueError(f"Backfill: batch is a number of rows, at least 1, not {batch!r}.")
        if max_lag is not None and max_lag <= 0:
            raise ValueError(f"Backfill: max_lag is a number of seconds above 0, or None, not {max_lag!r}.")
        if not update and not reverse:
            raise ValueError("Backfill: update names no field.")
        self.model_name = model_name
        self.update = dict(update)
        self.where = where
        self.batch = batch
        self.reverse = dict(reverse or {})
        self.max_lag = max_lag

    def deconstruct(self) -> DeconstructedOperation:
        options: dict[str, Any] = {"where": self.where} if self.where is not None else {}
        options["batch"] = self.batch
        if self.reverse:
            options["reverse"] = self.reverse
        if self.max_lag != MAX_LAG:
            options["max_lag"] = self.max_lag
        return type(self).__name__, [self.model_name, self.update], options

    def describe(self) -> str:
        back = "" if self.update else " on the way back"
        return f"Backfill {', '.join(self.update or self.reverse)} of {self.model_name}{back}"

    @property
    def migration_name_fragment(self) -> str:
        return f"backfill_{self.model_name.lower()}_{'_'.join(self.update or self.reverse)}"

    def references_model(self, name: str, app_label: str) -> bool:
        return True  # the expressions may look at any

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing: rows change, not models."""

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Give the rows what ``update`` says.

        Raises ``NotSupportedError`` inside a transaction, and for a key of several columns.
        """
        step = schema_editor.step
        await self.run(app_label, schema_editor, from_state, self.update, self.where, step, f"{step}:reverse")

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Give the rows what ``reverse`` says. Raises what ``forwards`` raises."""
        step = schema_editor.step
        await self.run(app_label, schema_editor, from_state, self.reverse, None, f"{step}:reverse", step)

    async def run(
        self,
        app_label: str,
        schema_editor: AwaitableSchemaEditor,
        state: ProjectState,
        update: Mapping[str, object],
        where: object,
        step: str,
        other_way: str,
    ) -> None:
        """Change the rows, where there is anything to change and routers let it be.

        Parameters: ``step`` is what the record of how far it came is called, and ``other_way`` that of the way here,
        which is forgotten.
        """
        records = await rows_of(schema_editor)
        await records.filter(step=other_way).adelete()
        alias = schema_editor.connection.alias
        model = state.apps.get_model(app_label, self.model_name)
        if not update or not self.allow_migrate_model(alias, model):
            return
        if in_atomic_block(alias):
            raise NotSupportedError(
                "The Backfill operation cannot be executed inside a transaction (set atomic = False on the migration): "
                "it would hold its locks on every row to the end."
            )
        if getattr(model._meta.pk, "is_composite", False):
            raise NotSupportedError(f"Backfill: {model._meta.label} has a key of several columns; use RunPython.")
        rows = model._base_manager.using(alias).order_by("pk")
        await self.fill(schema_editor, rows if where is None else rows.filter(where), update, step)

    async def fill(
        self, schema_editor: AwaitableSchemaEditor, rows: Any, update: Mapping[str, object], step: str
    ) -> None:
        """Change batch after batch, from where an earlier run came to."""
        model, alias = rows.model, schema_editor.connection.alias
        async with atomic(using=alias):
            records = await rows_of(schema_editor)
            record = await self.begun(records, rows, model, step)
        began, resumed_at = time.monotonic(), record.done

        def tell(waits_for: str = "") -> None:
            if schema_editor.progress is not None:
                seconds = time.monotonic() - began
                schema_editor.progress(Progress(record.done, record.total, seconds, resumed_at, waits_for))

        throttle = Throttle(schema_editor.database, self.batch, self.max_lag, tell)
        while not record.finished:
            begun = time.monotonic()
            async with atomic(using=alias):
                mine = await self.step(rows, records.filter(step=record.step), record, update, throttle.batch)
                if mine:
                    await throttle.look()
            if not mine:  # another deployer changed this batch, where nothing keeps him out
                known = await records.filter(step=step).afirst()
                if known is None:  # he has come to the end of the migration, where the record is forgotten
                    break
                record = known
                continue
            tell()
            if not record.finished:
                await throttle.rest(time.monotonic() - begun)
        schema_editor.rebuilt.add(model._meta.db_table)  # where keys are off meanwhile, they are checked at the end

    async def begun(self, records: Any, rows: Any, model: type[AwaitableModel], step: str) -> Any:
        """Return the record of an earlier run, or a new one that says where to end."""
        found = await records.filter(step=step).afirst()
        if found is not None:
            return found
        key = model._meta.pk
        until = await rows.reverse().values_list("pk", flat=True).afirst()
        total = await rows.acount()
        return await records.acreate(step=step, until=_told(key, until), total=total, finished=until is None)

    async def step(self, rows: Any, recorded: Any, record: Any, update: Mapping[str, object], size: int) -> bool:
        """Change one batch, and note in the record where it ends; return whether it was still to be done.

        The record is changed first, and only if it says what ``record`` does: whoever comes second with the same batch
        waits there, and changes no rows.
        """
        key = rows.model._meta.pk
        batch = rows.order_by().filter(pk__lte=_read(key, record.until))
        if record.last is not None:
            batch = batch.filter(pk__gt=_read(key, record.last))
        end = await batch.order_by("pk").values_list("pk", flat=True)[size - 1 : size].afirst()
        was = record.last
        if end is None:
            record.finished = True
        else:
            batch = batch.filter(pk__lte=end)
            record.last = _told(key, end)
            record.done += size
        claim = recorded.filter(last=was, finished=False)
        if not await claim.aupdate(last=record.last, done=record.done, finished=record.finished):
            return False
        changed = await batch.aupdate(**update)
        if end is None:
            record.done += changed
        return True


def _told(key: Field, value: object) -> str | None:
    """A key's value as text that can be read again."""
    return None if value is None else json.dumps(key.get_prep_value(value), default=str)


def _read(key: Field, text: str) -> object:
    return key.to_python(json.loads(text))
