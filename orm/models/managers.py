"""Managers: ``Author.objects``, the way from a model to its queries.

A manager has every public method of its QuerySet class, in both colours. They are not copied and not wrapped: the
first use of ``Author.objects.get`` binds the method of one immutable root QuerySet and keeps it in the manager's own
``__dict__``, so every later use is the QuerySet's method itself. A manager that overrides ``get_queryset`` is asked for
its QuerySet at each call. Managers belong to classes: instances and abstract models have none to use.
"""

# pyright: reportIncompatibleMethodOverride=false
from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Iterator
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, Self, TypeVar, cast, overload

from orm.altering import keep_mark
from orm.bridge.crossing import is_async
from orm.bridge.overrides import awaitable_from, blocking_from, definition_of, is_generated, pairs_of
from orm.errors import advised
from orm.query.queryset_blocking import QuerySet
from orm.structures.public_names import public_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orm.checks.messages import CheckMessage
    from orm.models.base import AwaitableModel
    from orm.structures.fetch_mode import FetchMode

M = TypeVar("M", bound="AwaitableModel")
S = TypeVar("S")

# Public methods of a QuerySet that make no sense on a manager, or would do harm by a slip of the hand.
QUERYSET_ONLY = frozenset(
    {"as_manager", "delete", "adelete", "fetch_all", "afetch_all", "query_structure", "embedded", "in_its_order"}
)

_counter = itertools.count()


class ProxiedMethod:
    """A QuerySet's method on a manager class.

    Reading it from a manager gives the method bound to the manager's root QuerySet; where the manager overrides
    ``get_queryset``, a function that calls that first, each time.
    """

    __slots__ = ("_asking", "function", "name")

    def __init__(self, name: str, function: object) -> None:
        self.name = name
        self.function = function
        self._asking: FunctionType | None = None

    def __get__(self, manager: Any, owner: Any) -> Any:
        if manager is None:
            return self.function
        cls = type(manager)
        if cls.get_queryset is not BaseManager.get_queryset:
            return MethodType(self._asking or self._ask(), manager)
        method = getattr(manager._root, self.name)
        # Kept for next time; not when super() asks on behalf of an override, which would be hidden by it.
        if _find(cls, self.name) is self:
            manager.__dict__[self.name] = method
        return method

    def _ask(self) -> FunctionType:
        """Make the function that asks a manager for its QuerySet: few managers need one, and few of their methods."""
        name = self.name
        function: Any = self.function

        def asking(manager: Any, *args: object, **kwargs: object) -> Any:
            return getattr(manager.get_queryset(), name)(*args, **kwargs)

        async def asking_async(manager: Any, *args: object, **kwargs: object) -> Any:
            return await asking(manager, *args, **kwargs)

        made = self._asking = cast(
            "FunctionType", functools.wraps(function)(asking_async if is_async(function) else asking)
        )
        return made


def _find(cls: type, name: str) -> object:
    """Return what a class or its bases hold under a name, without binding it; None when nothing does."""
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)


def _proxied_names(queryset_class: type) -> Iterator[tuple[str, Any]]:
    """Yield the methods a manager takes over, as (name, function)."""
    for name in dir(queryset_class):
        function = getattr(queryset_class, name)
        only = getattr(function, "queryset_only", None)
        if only or (only is None and (name.startswith("_") or name in QUERYSET_ONLY)) or not callable(function):
            continue
        if not isinstance(function, type):
            yield name, function


def own_state(manager: object) -> dict[str, object]:
    """Return a manager's attributes without what was bound or cached on the way: what a copy starts with."""
    cls = type(manager)
    return {
        name: value
        for name, value in manager.__dict__.items()
        if name != "_root" and not isinstance(_find(cls, name), ProxiedMethod)
    }


def complete_manager(cls: type[Any]) -> None:
    """Install the missing form of every pair of QuerySet methods of which a manager class overrides only one."""
    queryset_class = cls._queryset_class
    for generated in filter(is_generated, queryset_class.__mro__):
        for awaitable, blocking in pairs_of(generated):
            for name in (awaitable, blocking):
                keep_mark(vars(cls).get(name), getattr(queryset_class, name))
            at_awaitable, async_form = definition_of(cls, awaitable)
            at_blocking, blocking_form = definition_of(cls, blocking)
            if at_awaitable < at_blocking and isinstance(async_form, FunctionType):
                setattr(cls, blocking, blocking_from(async_form, getattr(queryset_class, blocking)))
            elif at_blocking < at_awaitable and isinstance(blocking_form, FunctionType):
                setattr(cls, awaitable, awaitable_from(blocking_form, getattr(queryset_class, awaitable)))


class BaseManager(Generic[M]):
    """What every manager is, without the QuerySet's methods; ``from_queryset`` adds those."""

    creation_counter: int
    auto_created: ClassVar[bool] = False
    use_in_migrations: ClassVar[bool] = False
    """Whether migrations carry this manager into their historical models."""
    _queryset_class: ClassVar[type[Any]] = QuerySet

    model: type[M] = None  # type: ignore[assignment]  # until it is declared in a model's class body
    name: str | None
    _db: str | None
    _hints: dict[str, Any] | None
    _constructor_args: tuple[tuple[Any, ...], dict[str, Any]]
    _built_with_asmanager: bool = False
    _inherited: bool = False
    """Whether a parent of the model declares it."""

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        self = super().__new__(cls)
        self._constructor_args = (args, kwargs)
        self.creation_counter = next(_counter)
        self.name = None
        self._db = None
        self._hints = {}
        return self

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if not is_generated(cls):
            complete_manager(cls)

    def __repr__(self) -> str:
        model = self.__dict__.get("model")
        return f"<{type(self).__name__} of {model._meta.label if model else 'no model'}>"

    def __str__(self) -> str:
        model = self.__dict__.get("model")
        return f"{model._meta.label}.{self.name}" if model else repr(self)

    def check(self, **options: object) -> list[CheckMessage]:
        """What is wrong with the manager; one of your own may say something here."""
        return []

    def __copy__(self) -> Self:
        twin = type(self).__new__(type(self))
        twin.__dict__.update(own_state(self))
        return twin

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BaseManager):
            return NotImplemented
        return (type(self), self._constructor_args) == (type(other), other._constructor_args)

    def __hash__(self) -> int:
        return id(self)

    def again(self) -> Self:
        """Return a new manager made as this one was, belonging to no model."""
        args, options = self._constructor_args
        made = type(self)(*args, **options)
        made._built_with_asmanager = self._built_with_asmanager
        return made

    def deconstruct(self) -> tuple[bool, str | None, str | None, tuple[Any, ...] | None, dict[str, Any] | None]:
        """Return what makes the manager again: whether ``as_manager()`` of a QuerySet does, the import path of the
        manager's class or of that QuerySet's, and the arguments; these are None for ``as_manager()``, which has none.

        Raises ``ValueError`` where the class can't be imported by its name.
        """
        if self._built_with_asmanager:
            queryset = self._queryset_class
            return True, None, f"{queryset.__module__}.{queryset.__name__}", None, None
        cls = type(self)
        if not hasattr(sys.modules.get(cls.__module__), cls.__name__):
            raise ValueError(
                f"Could not find manager {cls.__name__} in {cls.__module__}.\nPlease note that you need to inherit "
                "from managers you dynamically generated with 'from_queryset()'."
            )
        args, options = self._constructor_args
        return False, public_path(cls), None, args, options

    @classmethod
    def from_queryset(cls, queryset_class: type[Any], class_name: str | None = None) -> type[Any]:
        """Return a manager class with the public methods of ``queryset_class``, whose querysets are of that class.

        A private method is taken over when it has ``queryset_only = False``; a public one is left out when it has
        ``queryset_only = True``.
        """
        methods = {
            name: ProxiedMethod(name, function)
            for name, function in _proxied_names(queryset_class)
            if not _overridden(cls, name)
        }
        return type(
            class_name or f"{cls.__name__}From{queryset_class.__name__}",
            (cls,),
            {
                "__module__": cls.__module__,
                "__doc__": cls.__doc__,
                "__class_getitem__": classmethod(lambda own, model: own),  # Manager["Book"], for type checkers
                "_queryset_class": queryset_class,
                **methods,
            },
        )

    def contribute_to_class(self, cls: type[Any], name: str) -> None:
        """Become the manager ``name`` of a model."""
        self.name = self.name or name
        self.model = cls
        guarded = cls._meta.abstract or cls._meta.swappable
        setattr(cls, name, GuardedManagerDescriptor(self) if guarded else ManagerDescriptor(self))
        cls._meta.add_manager(self, self._inherited)

    def copy_for(self, cls: type[AwaitableModel]) -> Self:
        """Give a model that inherits this manager one of its own, and return it; declaration order is kept."""
        twin = self.__copy__()
        twin.creation_counter = self.creation_counter
        twin._inherited = True
        twin.contribute_to_class(cls, str(self.name))
        return twin

    def db_manager(self, using: str | None = None, hints: dict[str, Any] | None = None) -> Self:
        """Return this manager for the database called ``using``."""
        twin = self.__copy__()
        twin._db = using or self._db
        twin._hints = hints or self._hints
        return twin

    @property
    def db(self) -> str:
        """The alias of the database this manager reads."""
        alias: str = self.get_queryset().db
        return alias

    def get_queryset(self) -> QuerySet[M]:
        """Return a new QuerySet of all rows. Override it to change what the manager shows."""
        if self.model is None:
            raise AttributeError(f"This {type(self).__name__} belongs to no model; declare it in a model's class body.")
        queryset: QuerySet[M] = self._queryset_class(model=self.model, using=self._db, hints=self._hints)
        return queryset

    # There is no __await__ that says so too: templates of Jinja await whatever has one.
    if not TYPE_CHECKING:  # to type checkers a manager can't be iterated, which is the truth

        def __iter__(self) -> NoReturn:
            raise TypeError(self._no_query("for ... in {}"))

        def __aiter__(self) -> NoReturn:
            raise TypeError(self._no_query("async for ... in {}"))

    def _no_query(self, use: str) -> str:
        name = self._written()
        return f"{name} is a manager and not a query: write `{use.format(f'{name}.all()')}`."

    def _written(self) -> str:
        """How a program writes this manager, as far as that is known."""
        return f"{self.model.__name__}.{self.name}"

    def __getattr__(self, name: str) -> Any:
        if name == "_root":  # the one immutable QuerySet whose methods are bound; made at first need
            root = self.__dict__["_root"] = self.get_queryset()
            return root
        if isinstance(_find(type(self), name), ProxiedMethod):
            # get_queryset() raised an AttributeError, which brought Python here: let it be seen.
            return getattr(self.get_queryset(), name)
        if name.startswith("__") or name not in QUERYSET_ONLY:
            # With the name and the object, Python proposes names where it prints the error, and only there.
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        raise AttributeError(
            f"A manager has no {name}(), so that a slip can't empty a table; write .all().{name}()."
            if name in ("delete", "adelete")
            else f"A manager has no {name}(); write .all().{name}()."
        )


def _overridden(cls: type, name: str) -> bool:
    """Whether a manager class has an attribute of its own that a QuerySet's method must not hide."""
    found = _find(cls, name)
    return found is not None and not isinstance(found, ProxiedMethod)


class ManagerDescriptor:
    """What a model class holds under the manager's name."""

    __slots__ = ("manager",)

    def __init__(self, manager: BaseManager[Any]) -> None:
        self.manager = manager

    def __get__(self, instance: AwaitableModel | None, owner: Any) -> Any:
        if instance is None:
            return self.manager
        name = type(instance).__name__
        raise advised(
            AttributeError,
            f"Manager isn't accessible via {name} instances",
            f": it belongs to the class, as {name}.{self.manager.name}.",
        )


class GuardedManagerDescriptor(ManagerDescriptor):
    """The manager of a model that has no rows of its own: an abstract one, or one that is swapped for another."""

    __slots__ = ()

    def __get__(self, instance: AwaitableModel | None, owner: Any) -> Any:
        refusal = owner._meta.has_no_rows
        if refusal:
            raise AttributeError(refusal)
        return super().__get__(instance, owner)


if not TYPE_CHECKING:
    Manager = BaseManager.from_queryset(QuerySet, "Manager")
    Manager.__module__ = __name__
    Manager.__doc__ = "The manager every model has as ``objects`` unless it declares another."

if TYPE_CHECKING:  # after what runs, since the last definition of a name is what jedi takes
    MYPY = False  # which mypy takes for True, and no other checker does

    class ManagerOf:
        """How type checkers see ``Author.objects``: a manager of Author, unless Author declares its own.

        mypy compares what instances would get with what a model declares in its place: Any goes with all of that.
        """

        if MYPY:

            @overload
            def __get__(self, instance: None, owner: type[M]) -> Manager[M]: ...
            @overload
            def __get__(self, instance: object, owner: object) -> Any: ...
            def __get__(self, instance: object, owner: Any) -> Any: ...  # pyright: ignore[reportRedeclaration]
        else:

            def __get__(self, instance: None, owner: type[M]) -> Manager[M]:
                raise NotImplementedError("Known to type checkers only.")

    class Manager(QuerySet[M], BaseManager[M], ManagerOf):
        """The manager every model has as ``objects`` unless it declares another."""

        def __get__(self: S, instance: None, owner: Any) -> S:  # type: ignore[override]
            raise NotImplementedError("Known to type checkers only.")

        # A queryset's chain gives its own class; a manager's gives querysets.
        def all(self) -> QuerySet[M]: ...  # type: ignore[override]
        def none(self) -> QuerySet[M]: ...  # type: ignore[override]
        def filter(self, *args: object, **kwargs: object) -> QuerySet[M]: ...  # type: ignore[override]
        def exclude(self, *args: object, **kwargs: object) -> QuerySet[M]: ...  # type: ignore[override]
        def distinct(self, *field_names: str) -> QuerySet[M]: ...  # type: ignore[override]
        def union(self, *other_qs: object, all: bool = False) -> QuerySet[M]: ...  # type: ignore[override]
        def intersection(self, *other_qs: object) -> QuerySet[M]: ...  # type: ignore[override]
        def difference(self, *other_qs: object) -> QuerySet[M]: ...  # type: ignore[override]
        def order_by(self, *field_names: object) -> QuerySet[M]: ...  # type: ignore[override]
        def reverse(self) -> QuerySet[M]: ...  # type: ignore[override]
        def annotate(self, *args: object, **kwargs: object) -> QuerySet[M]: ...  # type: ignore[override]
        def alias(self, *args: object, **kwargs: object) -> QuerySet[M]: ...  # type: ignore[override]
        def select_related(self, *fields: object) -> QuerySet[M]: ...  # type: ignore[override]
        def prefetch_related(self, *lookups: object) -> QuerySet[M]: ...  # type: ignore[override]
        def only(self, *fields: str) -> QuerySet[M]: ...  # type: ignore[override]
        def defer(self, *fields: object) -> QuerySet[M]: ...  # type: ignore[override]
        def using(self, alias: str | None) -> QuerySet[M]: ...  # type: ignore[override]
        def fetch_mode(self, mode: FetchMode) -> QuerySet[M]: ...  # type: ignore[override]
        def select_for_update(  # type: ignore[override]
            self, nowait: bool = False, skip_locked: bool = False, of: Sequence[str] = (), no_key: bool = False
        ) -> QuerySet[M]: ...


def manager_from_queryset(queryset_class: type) -> Any:
    """Return a manager of ``queryset_class``: what ``QuerySet.as_manager()`` gives."""
    manager = Manager.from_queryset(queryset_class)()
    manager._built_with_asmanager = True
    return manager
