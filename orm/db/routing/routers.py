"""Which database a query goes to when it does not say: routers, in Django's form.

A router is any object with some of ``db_for_read(model, **hints)``, ``db_for_write(model, **hints)``,
``allow_relation(obj1, obj2, **hints)`` and ``allow_migrate(db, app_label, model_name=None, **hints)``; the first that
does not answer None decides. ``adb_for_read`` and ``adb_for_write``, where a router has them, are coroutines that are
asked instead wherever something can wait. What this module refuses: a read that leaves a transaction, see
:meth:`Routes.kept_in_transaction`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from orm.config import DEFAULT_ALIAS, settings
from orm.epoch import Reason, epoch
from orm.errors import ImproperlyConfigured, advised
from orm.late import inspect, late_module

if TYPE_CHECKING:
    from orm.db.transactions import public as transactions
else:
    transactions = late_module("orm.db.transactions.public")

METHODS = ("db_for_read", "db_for_write", "allow_relation", "allow_migrate", "adb_for_read", "adb_for_write")

NO_HINTS: Mapping[str, Any] = {}


class Routes:
    """The routers in force.

    Attributes:
        active: whether queries ask: there are routers, or nobody has looked at the settings yet.
        apart: whether instances may be of different databases: there are several, or routers that may know others.
    """

    def __init__(self) -> None:
        self.active = True
        self.apart = True
        self._routers: Sequence[Any] | None = None

    def forget(self) -> None:
        """Settings have changed: routers are made again at the next question."""
        self.active = self.apart = True
        self._routers = None

    def routers(self) -> Sequence[Any]:
        """Return the routers, made of the setting when they have not been."""
        return self.use(settings.database_routers) if self._routers is None else self._routers

    def use(self, given: Iterable[object]) -> Sequence[Any]:
        """Ask these routers from now on, given as the setting gives them; return them."""
        routers = self._routers = [made(item) for item in given]
        self.active = bool(routers)
        return routers

    # -- reading and writing -------------------------------------------------------------------------------------------

    def to_read(self, model: object, hints: Mapping[str, object] | None = None) -> str:
        """Return the alias to read a model's rows from, without waiting."""
        hints = hints or NO_HINTS
        alias = self._ask("db_for_read", model, hints) or settled(hints)
        return self.kept_in_transaction(alias, model, hints)

    async def for_reading(self, model: object, hints: Mapping[str, object] | None = None) -> str:
        """Return the alias to read a model's rows from."""
        hints = hints or NO_HINTS
        alias = await self._await("db_for_read", model, hints) or settled(hints)
        return self.kept_in_transaction(alias, model, hints)

    def to_write(self, model: object, hints: Mapping[str, object] | None = None) -> str:
        """Return the alias to write a model's rows to, without waiting."""
        hints = hints or NO_HINTS
        return self._ask("db_for_write", model, hints) or settled(hints)

    async def for_writing(self, using: str | None, model: object, hints: Mapping[str, object] | None = None) -> str:
        """Return the alias to write a model's rows to (``using`` if given), and tell the routers of the write."""
        hints = hints or NO_HINTS
        alias = using or await self._await("db_for_write", model, hints) or settled(hints)
        self.wrote(alias)
        return alias

    def wrote(self, alias: str) -> None:
        """Tell the routers that want to know (``wrote(alias)``) that this context is about to write."""
        for router in self.routers():
            if hasattr(router, "wrote"):
                router.wrote(alias)

    async def gave_up(self, alias: str, error: Exception) -> bool:
        """Whether a router (``gave_up(alias, error)``) says that a failed read is to be run where rows are written."""
        for router in self.routers():
            if hasattr(router, "gave_up") and await router.gave_up(alias, error):
                return True
        return False

    def kept_in_transaction(self, alias: str, model: object, hints: Mapping[str, object]) -> str:
        """Return where to read: inside a transaction on the database that a model's rows are written to, there.

        Anywhere else the rows of the transaction would be missing, without a word. The setting
        ``reads_join_transactions`` can turn this off.
        """
        if not settings.reads_join_transactions:
            return alias
        writing = self.to_write(model, hints)
        return writing if writing != alias and transactions.in_atomic_block(writing) else alias

    def _ask(self, method: str, model: object, hints: Mapping[str, object]) -> str | None:
        for router in self.routers():
            if hasattr(router, method):
                alias: str | None = getattr(router, method)(model, **hints)
                if alias:
                    return alias
        return None

    async def _await(self, method: str, model: object, hints: Mapping[str, object]) -> str | None:
        for router in self.routers():
            alias: str | None = None
            if hasattr(router, f"a{method}"):
                alias = await getattr(router, f"a{method}")(model, **hints)
            elif hasattr(router, method):
                alias = getattr(router, method)(model, **hints)
            if alias:
                return alias
        return None

    # -- relations and tables ------------------------------------------------------------------------------------------

    def allow_relation(self, one: Any, other: Any, **hints: object) -> bool:
        """Whether two instances may refer to each other; by default those of one database may."""
        for router in self.routers():
            if hasattr(router, "allow_relation"):
                allowed = router.allow_relation(one, other, **hints)
                if allowed is not None:
                    return bool(allowed)
        return bool(one._state.db == other._state.db)

    def relate(self, instance: Any, value: Any) -> None:
        """Check that ``value`` may be assigned to a relation of ``instance``, on either side of it.

        A new one of the two joins the other's database.

        Raises ``ValueError``. To be asked where ``apart`` is true.
        """
        self.apart = bool(self.routers()) or len(settings.databases) > 1
        if not self.apart:
            return
        for new, old in ((instance, value), (value, instance)):
            if new._state.db is None:
                new._state.db = self.to_write(type(new), {"instance": old})
        if not self.allow_relation(value, instance):
            raise advised(
                ValueError,
                f'Cannot assign "{value!r}": the current database router prevents this relation.',
                f" It is on database {value._state.db!r}, and {instance!r} on {instance._state.db!r}; a router's "
                "allow_relation() may allow that.",
            )

    def allow_migrate(self, alias: str, app_label: str, **hints: object) -> bool:
        """Whether tables of an app belong in a database; by default all belong everywhere."""
        for router in self.routers():
            if hasattr(router, "allow_migrate"):
                allowed = router.allow_migrate(alias, app_label, **hints)
                if allowed is not None:
                    return bool(allowed)
        return True

    def allow_migrate_model(self, alias: str, model: Any) -> bool:
        """Whether a model's table belongs in a database."""
        meta = model._meta
        return self.allow_migrate(alias, meta.app_label, model_name=meta.model_name, model=model)


def settled(hints: Mapping[str, Any]) -> str:
    """Return the alias when no router answers: that of the instance the query is about, else the default."""
    instance = hints.get("instance")
    alias: str | None = None if instance is None else instance._state.db
    return alias or DEFAULT_ALIAS


def made(item: object) -> object:
    """Return the router that an item of ``database_routers`` means: a dotted path, a class or an instance.

    Raises ``ImproperlyConfigured``.
    """
    router = item
    if isinstance(router, str):
        module, _, name = router.rpartition(".")
        try:
            router = getattr(import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise ImproperlyConfigured(f"database_routers names {item!r}, which can't be imported: {error}") from error
    if isinstance(router, type):
        router = router()
    if settings.strict_models and not any(callable(getattr(router, name, None)) for name in METHODS):
        raise ImproperlyConfigured(f"database_routers holds {item!r}, which has none of a router's methods.")
    for name in METHODS:
        awaitable = inspect.iscoroutinefunction(getattr(router, name, None))
        if awaitable != name.startswith("adb") and hasattr(router, name):
            kind, remedy = (
                ("async", "adb_for_read and adb_for_write may be") if awaitable else ("no", "write async def")
            )
            raise ImproperlyConfigured(f"{type(router).__name__}.{name} is {kind} coroutine function: {remedy}.")
    return router


routes = Routes()
epoch.listen(routes.forget, Reason.SETTINGS)
