"""Factories of factory_boy for models, in both colours: ``BookFactory.create()`` and ``await BookFactory.acreate()``.

    class BookFactory(ModelFactory[Book]):
        class Meta:
            model = Book

        title = factory.Sequence(lambda n: f"Book {n}")
        author = factory.SubFactory(AuthorFactory)

        @factory.post_generation
        async def tags(book, create, extracted, **kwargs):     # or a plain function: either is met
            await book.tags.aset(extracted or ())

factory_boy calls declarations and hooks from blocking code, so ``acreate()`` runs them in a worker thread, within the
caller's transaction; what a hook returns to be awaited is awaited on the caller's own loop, in order, once the object
and what it needs are there. What this module refuses: creating from a thread whose loop is running, as every blocking
form does. Needs factory_boy 3.3.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

try:
    from factory.base import Factory, FactoryOptions, OptionDefault
except ImportError as error:
    raise ImportError("orm.testing.factory needs factory_boy: pip install factory-boy") from error

from orm.bridge import portal
from orm.bridge.crossing import awaited, in_thread
from orm.bridge.guard import policy, refused, running_loop
from orm.db.registry import DEFAULT_DB_ALIAS
from orm.models.apps import apps

if TYPE_CHECKING:
    from orm.models import Model

M = TypeVar("M", bound="Model")

_later: ContextVar[list[Awaitable[Any]] | None] = ContextVar("orm.factory.later", default=None)
"""What hooks have returned to be awaited, where a loop waits for the objects."""


class ModelOptions(FactoryOptions):
    """What ``class Meta`` may say besides factory_boy's own options.

    ``model``: the model, or its label (``"shop.Order"``). ``database``: the alias that rows are made in.
    ``get_or_create``: names of fields; a row that has these values is taken instead of a new one.
    """

    database: str
    get_or_create: tuple[str, ...]

    def _build_default_options(self) -> list[OptionDefault]:
        return [
            *super()._build_default_options(),  # type: ignore[no-untyped-call]
            OptionDefault("database", DEFAULT_DB_ALIAS, inherit=True),  # type: ignore[no-untyped-call]
            OptionDefault("get_or_create", (), inherit=True),  # type: ignore[no-untyped-call]
        ]

    def get_model_class(self) -> Any:
        """Return the model, which may be declared after its factory."""
        if isinstance(self.model, str) and "." in self.model:
            self.model = apps.get_model(self.model)
        return self.model


class ModelFactory(Factory[M]):
    """Base of a model's factory."""

    _options_class = ModelOptions
    _meta: ModelOptions

    class Meta:  # pyright: ignore[reportIncompatibleVariableOverride]
        abstract = True

    @classmethod
    async def acreate(cls, **given: Any) -> M:
        """Create an instance and its row, and those it needs.

        Parameters:
            given: values instead of the declared ones; ``author__name`` reaches into a ``SubFactory``.
        """
        later: list[Awaitable[Any]] = []
        token = _later.set(later)
        try:
            made: M = await in_thread(partial(cls.create, **given))
        finally:
            _later.reset(token)
        for one in later:
            await one
        return made

    @classmethod
    async def acreate_batch(cls, size: int, **given: object) -> list[M]:
        """Create so many instances, one after the other. Parameters: as of :meth:`acreate`."""
        return [await cls.acreate(**given) for _ in range(size)]

    @classmethod
    def _create(cls, model_class: Any, *args: object, **values: object) -> M:
        if running_loop() is not None and not policy.allow_blocking:
            raise refused(f"{cls.__name__}.create()", f"await {cls.__name__}.acreate()")
        values = {name: _settled(value) for name, value in values.items()}
        rows = model_class._default_manager.using(cls._meta.database)
        keys = cls._meta.get_or_create
        if not keys:
            made: M = rows.create(*args, **values)
            return made
        missing = [name for name in keys if name not in values]
        if missing:
            raise TypeError(f"{cls.__name__}.Meta.get_or_create names {missing[0]!r}, of which there is no value")
        found, _ = rows.get_or_create(*args, **{name: values.pop(name) for name in keys}, defaults=values)
        return found  # type: ignore[no-any-return]

    @classmethod
    def _after_postgeneration(cls, instance: M, create: bool, results: dict[str, object] | None = None) -> None:
        for result in (results or {}).values():
            if inspect.isawaitable(result) and not hasattr(result, "_meta"):  # instances are awaitable, too
                later = _later.get()
                if later is None:
                    _settled(result)
                else:
                    later.append(result)


def _settled(value: object) -> object:
    """Return a value, or what a coroutine that a declaration has returned gives."""
    return portal.run(awaited(value)) if inspect.iscoroutine(value) else value
