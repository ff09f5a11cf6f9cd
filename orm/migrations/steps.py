"""How far a migration without a transaction came, so that a run after a kill goes on where it was.

Each operation's end is recorded; where it can run in a transaction, in the same one as itself. What it can't promise:
a function or SQL of one's own that is killed half way, outside a transaction, runs again from its beginning.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from orm.db.transactions.public import atomic
from orm.models.apps import Apps
from orm.models.base_blocking import Model
from orm.models.fields import BigIntegerField, BooleanField, CharField, TextField

if TYPE_CHECKING:
    from orm.db.database import AwaitableDatabase
    from orm.migrations.migration import AwaitableMigration
    from orm.migrations.operation import AwaitableOperation
    from orm.migrations.state import ProjectState
    from orm.models.schema_editor import AwaitableSchemaEditor

TABLE = "orm_backfills"
Numbered = tuple[int, Any]


@cache
def progress_model() -> Any:
    """The model of the table that says how far each operation came."""
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


async def rows_of(schema_editor: AwaitableSchemaEditor) -> Any:
    """Return the rows that say how far each operation came, whose table is made where it is not there yet."""
    kind = progress_model()
    reader = schema_editor.database.backend.introspection
    if reader is None or not await reader.columns(schema_editor.database.fetch, TABLE):
        await schema_editor.acreate_model(kind)
    return kind._base_manager.using(schema_editor.connection.alias)


class Steps:
    """The records of one migration, forwards or backwards, of those operations that ended or have been begun."""

    def __init__(
        self,
        schema_editor: AwaitableSchemaEditor,
        migration: AwaitableMigration,
        others_did: Callable[[], Awaitable[bool]],
        *,
        backwards: bool,
    ) -> None:
        self.editor, self.migration, self.others_did = schema_editor, migration, others_did
        self.way = "back" if backwards else "done"

    def key(self, place: int) -> str:
        """What an operation's record is called."""
        return f"{self.migration}:{place}:{self.way}"

    async def finished(self, numbered: Sequence[Numbered]) -> bool:
        """Whether all of these ended in an earlier run, or in another deployer's. One whose words have changed since
        then did not.
        """
        rows = await rows_of(self.editor)
        keys = {self.key(place): operation.describe() for place, operation in numbered}
        found = {one.step: one.last async for one in rows.filter(step__in=list(keys), finished=True)}
        return found == keys or await self.others_did()

    async def begin(self, numbered: Sequence[Numbered]) -> bool:
        """Record that operations without a transaction begin; return whether an earlier run had begun them."""
        async with atomic(using=self.editor.connection.alias):
            return await self._begin(await rows_of(self.editor), numbered)

    async def _begin(self, rows: Any, numbered: Sequence[Numbered]) -> bool:
        known = {one.step async for one in rows.filter(step__in=[self.key(place) for place, _ in numbered])}
        for place, operation in numbered:
            if self.key(place) not in known:
                await rows.acreate(step=self.key(place), last=operation.describe())
        return bool(known)

    async def end(self, numbered: Sequence[Numbered]) -> None:
        """Record that operations ended."""
        rows = await rows_of(self.editor)
        for place, operation in numbered:
            said = {"last": operation.describe(), "finished": True}
            await rows.aupdate_or_create(step=self.key(place), defaults=said)


async def forget(migration: AwaitableMigration, database: AwaitableDatabase) -> None:
    """Forget how far a migration came, once it is recorded as applied or as taken back."""
    reader = database.backend.introspection
    if reader is not None and await reader.columns(database.fetch, TABLE):
        await progress_model()._base_manager.using(database.alias).filter(step__startswith=f"{migration}:").adelete()


def pieces(app_label: str, operations: Sequence[AwaitableOperation], state: ProjectState) -> Iterator[list[Numbered]]:
    """Give the operations in the pieces that are one transaction each: one, or several up to where no foreign key
    waits for a table that comes later.
    """
    known, waiting, piece = set(state.models), set[tuple[str, str]](), list[Numbered]()
    for numbered in enumerate(operations, start=1):
        operation = numbered[1]
        if piece and not operation.transactional:
            yield piece
            piece, waiting = [], set()
        piece.append(numbered)
        name = getattr(operation, "name_lower", None)
        waiting.update(_targets(app_label, operation))
        known |= {(app_label, name)} if name else set()
        waiting -= known
        if not waiting or not operation.transactional:
            yield piece
            piece, waiting = [], set()
    if piece:
        yield piece


def _targets(app_label: str, operation: Any) -> Iterator[tuple[str, str]]:
    """The models of its own app that an operation's new columns refer to."""
    named = dict(getattr(operation, "fields", None) or {})
    if hasattr(operation, "field"):
        named["field"] = operation.field
    for field in named.values():
        if getattr(field, "is_relation", False) and isinstance(field.remote_field.model, str):
            label = field.remote_field.model.lower()
            if label != "self" and label.rpartition(".")[0] in ("", app_label):
                yield app_label, label.rpartition(".")[2]
