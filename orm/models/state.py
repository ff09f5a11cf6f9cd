"""What an instance knows about its row: whether it is new, which database it is from, how it loads what is missing.

Instances read from the default database with the default fetch mode carry no state at all until somebody looks: the
class-level descriptor makes it then. That keeps hydration to one dict per row.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, NoReturn

from orm.config import DEFAULT_ALIAS
from orm.models.relations.loaded import LoadedRelations
from orm.structures.fetch_mode import FetchMode

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_DB_ALIAS = DEFAULT_ALIAS
NO_KEY = (None, "")
"""What stands in a foreign key whose instance was assigned before it was saved."""
PENDING = "_pending_relations"
"""Where an instance keeps the names of relations to instances that had no key yet when they were assigned."""


class ModelState:
    """The state of one instance.

    ``adding`` is True until the row exists; ``db`` is the alias it was read from or written to; ``fetch_mode`` says how
    unloaded values load; ``peers`` are the siblings of the same result, for the mode *peers*.
    """

    __slots__ = ("_instance", "adding", "computed", "db", "fetch_mode", "peers")
    _instance: weakref.ref[Any]
    computed: frozenset[str]
    """The attnames whose expressions were stored: ``refresh_from_db()`` reads them, as it reads no deferred field."""

    def __init__(
        self,
        adding: bool = True,
        db: str | None = None,
        fetch_mode: FetchMode = "one",
        peers: list[weakref.ref[Any]] | None = None,
    ) -> None:
        self.adding = adding
        self.db = db
        self.fetch_mode: FetchMode = fetch_mode
        self.peers = peers

    def __repr__(self) -> str:
        return f"<ModelState adding={self.adding} db={self.db!r} fetch_mode={self.fetch_mode!r}>"

    @property
    def fields_cache(self) -> LoadedRelations:
        """What the instance has loaded of its relations, by name; changing it changes the instance.

        Raises ``AttributeError`` where the state does not know its instance: only programs written for Django let it.
        """
        instance = self._instance() if hasattr(self, "_instance") else None
        if instance is None:
            raise AttributeError(
                "fields_cache: this state knows no instance. Ask field.is_cached(instance) and "
                "field.get_cached_value(instance)."
            )
        return LoadedRelations(instance)

    @fields_cache.setter
    def fields_cache(self, loaded: Mapping[str, Any]) -> None:
        cache, given = self.fields_cache, dict(loaded)
        cache.clear()
        cache.update(given)

    def __iter__(self) -> NoReturn:
        """Refuse encoders that look into an instance's ``__dict__``, as FastAPI's does without a type to go by."""
        raise TypeError(
            "an instance of a model can't be turned into JSON by itself: say what is shown of it, by the view's return "
            "type (`-> Author`, `-> list[Author]`) or by a schema (orm.contrib.pydantic.read_schema)"
        )

    def __getstate__(self) -> tuple[bool, str | None, FetchMode]:
        return (self.adding, self.db, self.fetch_mode)  # siblings are of this process and this result only

    def __setstate__(self, state: tuple[bool, str | None, FetchMode]) -> None:
        self.adding, self.db, self.fetch_mode = state
        self.peers = None


class StateDescriptor:
    """``instance._state`` for an instance that was hydrated without one: made on the first look, then kept."""

    def __get__(self, instance: Any, owner: Any) -> ModelState:
        if instance is None:
            return self  # type: ignore[return-value]  # looked up on the class: only introspection does that
        state = instance.__dict__["_state"] = ModelState(False, DEFAULT_DB_ALIAS)
        return state


class KnowingStateDescriptor(StateDescriptor):
    """The same, which every look at ``_state`` goes through, so that the state it gives knows its instance.

    The rows of a result pay nothing for it, only who looks. The reference is weak: an instance goes as soon as it did.
    """

    def __get__(self, instance: Any, owner: Any) -> ModelState:
        if instance is None:
            return self  # type: ignore[return-value]
        state: ModelState | None = instance.__dict__.get("_state")
        if state is None:
            state = super().__get__(instance, owner)
        state._instance = weakref.ref(instance)
        return state

    def __set__(self, instance: Any, state: ModelState) -> None:
        instance.__dict__["_state"] = state
