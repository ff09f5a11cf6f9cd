"""``loaddata``: fixtures into a database, all or nothing.

Objects are written as they are, many in one statement as long as they are of one model. Those that somebody listens
to, or that others may look up by a natural key, are written one by one, as they come. Foreign keys are checked when
all are in.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orm.db.integrity_blocking import check_references
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.db.routing import routes
from orm.db.transactions.public import atomic
from orm.errors import IntegrityError
from orm.migrations import sources
from orm.serializers import files, registry
from orm.serializers.batches_blocking import Batch
from orm.serializers.selection import excluded

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.sql.dialect import Dialect


@dataclass
class Loaded:
    """How much was found and loaded."""

    objects: int = 0
    loaded: int = 0
    fixtures: int = 0


@dataclass
class Load:
    """What is loaded, and how.

    Parameters: ``ignorenonexistent`` passes over fields and models that do not exist; ``app_label`` looks into this
    app's fixtures only; ``exclude`` are apps and models to leave out; ``format`` is needed for standard input (``-``);
    ``tell`` is called with a level and a sentence.
    """

    using: str = DEFAULT_DB_ALIAS
    ignorenonexistent: bool = False
    app_label: str | None = None
    exclude: Sequence[str] = ()
    format: str | None = None
    tell: Any = None
    progress: Any = None
    _models: set[Any] = field(default_factory=set, init=False)

    def load(self, *labels: str) -> Loaded:
        """Load fixtures by name or path.

        Raises ``FixtureError`` where one can't be found; ``DeserializationError`` and ``DatabaseError``, which name the
        fixture and the object. Nothing is loaded then.
        """
        sources.import_models()
        if not labels:
            raise files.FixtureError(
                "No database fixture specified. Please provide the path of at least one fixture in the command line."
            )
        left_out = excluded(self.exclude)
        found = [one for label in labels for one in self._find(label)]
        done = Loaded()
        with atomic(using=self.using):
            waiting: list[Any] = []
            for fixture in found:
                self._load_one(fixture, left_out, done, waiting)
            for one in waiting:
                one.save_deferred_fields(using=self.using)
            self._settle()
        return done

    def _find(self, label: str) -> list[files.Fixture]:
        found = files.find(label, self.using, self.app_label, self.format)
        for fixture in found:
            files.check_format(fixture.format)
        return found

    def _load_one(
        self, fixture: files.Fixture, left_out: tuple[set[Any], set[str]], done: Loaded, waiting: list[Any]
    ) -> None:
        self._say(2, f"Installing {fixture.format} fixture '{fixture.name}' from {fixture.path}.")
        done.fixtures += 1
        before = done.objects
        batch = Batch(self.using)
        try:
            with fixture.open() as stream:
                for one in registry.deserialize(
                    fixture.format,
                    stream,
                    using=self.using,
                    ignorenonexistent=self.ignorenonexistent,
                    handle_forward_references=True,
                ):
                    done.objects += 1
                    model = type(one.object)
                    if not self._wanted(model, left_out):
                        continue
                    done.loaded += 1
                    batch.add(one)
                    if one.deferred_fields:
                        waiting.append(one)
                    if self.progress is not None and done.loaded % 1000 == 0:
                        self.progress(done.loaded)
                batch.flush()
        except Exception as error:
            if isinstance(error, files.FixtureError):
                raise
            error.args = (f"Problem installing fixture '{fixture.path}': {error}",)
            raise
        if done.objects == before:
            message = f"No fixture data found for '{fixture.name}'. (File format may be invalid.)"
            warnings.warn(message, RuntimeWarning, stacklevel=5)

    def _wanted(self, model: type[AwaitableModel], left_out: tuple[set[object], set[str]]) -> bool:
        """Whether objects of a model are loaded; found out once for each."""
        if model in self._models:
            return True
        out = model in left_out[0] or model._meta.app_label in left_out[1]
        if out or not routes.allow_migrate_model(self.using, model):
            return False
        self._models.add(model)
        return True

    def _settle(self) -> None:
        """Check the foreign keys, and let the database number on after the rows there are."""
        tables = sorted({model._meta.db_table for model in self._models})
        try:
            check_references(tables, self.using)
        except IntegrityError as error:
            error.args = (f"Problem installing fixtures: {error}",)
            raise
        renumber(self._models, self.using)

    def _say(self, level: int, text: str) -> None:
        if self.tell is not None:
            self.tell(level, text)


def renumber(models: Iterable[type[AwaitableModel]], using: str) -> None:
    """Let the database number new rows of some models on after those there are, where it does not do so by itself."""
    database = databases[using]
    with database.connection() as connection:
        for sql in numbering(models, database.dialect):
            connection.fetch(sql)


def numbering(models: Iterable[type[AwaitableModel]], dialect: Dialect) -> list[str]:
    """Return the queries that do so, as they are run."""
    found = []
    for model in models:
        meta = model._meta
        for one in meta.table_fields:
            if one.auto:
                found += dialect.number_on(dialect.quote(meta.db_table), dialect.quote(one.column))
    return [sql.replace("%%", "%") for sql in found]
