"""Values that were not loaded with their row: how reading one gets it, in either colour.

In blocking code the read loads and returns the value. On a thread whose event loop runs nothing may block, so the read
returns an ``Unloaded``, whose only use is ``await``; any other use raises and says so. One of the few places outside
the twins that may call the bridge.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, Final, NoReturn

from orm.bridge import run
from orm.bridge.guard import policy, running_loop
from orm.db.routing import routes
from orm.errors import FieldFetchBlocked, TransactionManagementError

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.fields.base import Field

FETCH_ONE: Final = "one"
"""Load what is missing for the one instance that is asked."""
FETCH_PEERS: Final = "peers"
"""Load what is missing for every instance of the same result, in one query."""
RAISE: Final = "raise"
"""Refuse to load; raise ``FieldFetchBlocked``."""


def _refuse(self: Unloaded, *args: object, **options: object) -> NoReturn:
    raise FieldFetchBlocked(object.__getattribute__(self, "_sentence"))


class Unloaded:
    """Stands for a value that is not loaded, in async code: ``await`` it, and do nothing else with it."""

    __slots__ = ("_load", "_sentence", "_what")

    def __init__(self, load: Callable[[], Coroutine[object, None, Any]], what: str) -> None:
        object.__setattr__(self, "_load", load)
        object.__setattr__(self, "_what", what)
        object.__setattr__(
            self,
            "_sentence",
            f"{what} is not loaded, and loading takes a query, which async code must await: write "
            f"`await instance.{what.rpartition('.')[2]}`, or load it with its row (select_related, prefetch_related, "
            "no defer or only).",
        )

    def __await__(self) -> Generator[object, None, Any]:
        load: Callable[[], Coroutine[object, None, Any]] = object.__getattribute__(self, "_load")
        return load().__await__()

    def __repr__(self) -> str:  # for debuggers and tracebacks, where an exception would hide the matter
        return f"<unloaded {object.__getattribute__(self, '_what')}: await it>"

    __getattr__ = __setattr__ = __delattr__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __hash__ = object.__hash__  # asyncio.gather() looks its arguments up by it
    __bool__ = __str__ = __format__ = __len__ = __iter__ = _refuse
    __contains__ = __getitem__ = __setitem__ = __delitem__ = __call__ = _refuse
    __int__ = __float__ = __index__ = __complex__ = __bytes__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __mod__ = __rmod__ = _refuse
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __neg__ = __abs__ = _refuse
    __aiter__ = __enter__ = __aenter__ = __reduce_ex__ = _refuse


def fetch(load: Callable[[], Coroutine[object, None, object]], what: str) -> Any:
    """Load now in blocking code; in async code return an ``Unloaded`` for ``load``.

    Where ``allow_blocking`` is set, as in notebooks, async code loads now, too, but what the loop itself is needed for:
    a transaction that was opened on it.

    Parameters: ``load`` makes the coroutine that gets the value; ``what`` is ``"Model.attribute"``.
    """
    if running_loop() is None:
        return run(load())
    if policy.allow_blocking:
        try:
            return run(load())
        except TransactionManagementError:  # the loop would wait for itself: an await loads it, or says what else it is
            return Unloaded(load, what)
    return Unloaded(load, what)


def check_fetch_allowed(instance: AwaitableModel, what: str) -> None:
    """Refuse to load while the instance's fetch mode is *raise*.

    Raises ``FieldFetchBlocked``.
    """
    if instance._state.fetch_mode == RAISE:
        raise FieldFetchBlocked(f"{what} is not loaded, and this result was asked for with fetch mode 'raise'.")


def unloaded_value(instance: AwaitableModel, field: Field[Any]) -> Any:
    """The value of a plain field that the instance's row was read without.

    Raises ``AttributeError`` for an instance that was never saved, ``FieldFetchBlocked`` under fetch mode *raise*.
    """
    what = f"{type(instance).__name__}.{field.attname}"
    state = instance._state
    link = instance._meta.get_ancestor_link(field.model) if field.primary_key else None
    if link is not None and link is not field:
        return getattr(instance, link.attname)  # the key of a parent's row, which the child's row refers to
    if state.adding or "pk" in (field.name, field.attname) or field.primary_key:
        raise AttributeError(f"{what} has no value on this instance.", name=field.attname, obj=instance)
    check_fetch_allowed(instance, what)
    return fetch(lambda: aload_field(instance, field), what)


def has_setter(model: type[AwaitableModel], attname: str) -> bool:
    """Whether what the class has under a field's attname sees the values that are assigned to it."""
    return hasattr(type(vars_of(model, attname)), "__set__")


def sees_values(model: type[AwaitableModel], attname: str) -> bool:
    """Whether it must see those that were read as well: it makes something of them, and not only when it is asked."""
    held = vars_of(model, attname)
    return hasattr(type(held), "__set__") and not getattr(held, "converts_late", False)


def vars_of(model: type[AwaitableModel], name: str) -> Any:
    """What the class (or a parent) holds under ``name``, without asking descriptors."""
    return next((vars(cls)[name] for cls in model.__mro__ if name in vars(cls)), None)


def siblings(instance: AwaitableModel, lacks: Callable[[Any], bool]) -> list[Any]:
    """The instance and, under fetch mode *peers*, those of the same result that still live and lack the value too."""
    state = instance._state
    if state.fetch_mode != FETCH_PEERS or not state.peers:
        return [instance]
    living = (reference() for reference in state.peers)
    return [instance, *(peer for peer in living if peer is not None and peer is not instance and lacks(peer))]


def part_of(instance: AwaitableModel, parent: type[AwaitableModel]) -> Any:
    """Return the instance of a parent with a table that a child's row holds, made of what the child has loaded."""
    held = instance.__dict__
    fields = [field.attname for field in parent._meta.concrete_fields if field.attname in held]
    made = parent.from_db(instance._state.db, fields, [held[name] for name in fields])
    made._state.adding = instance._state.adding
    return made


def rows_of(model: type[AwaitableModel], like: Any) -> Any:
    """Return the QuerySet of all rows of ``model``, on the database of an instance, or that routers name for it."""
    manager: Any = model._base_manager
    return manager.all()._set(_hints={"instance": like}) if routes.active else manager.using(like._state.db)


async def aload_field(instance: AwaitableModel, field: Field[Any]) -> Any:
    """Load a deferred value into the instance (and its peers, by fetch mode) and return it.

    Raises the model's ``DoesNotExist`` when the row is gone.
    """
    attname = field.attname
    held = instance.__dict__
    if attname in held:  # awaited twice, or a peer's load was quicker
        return held[attname]
    if instance._meta.overrides_refresh:
        await instance.arefresh_from_db(fields=[attname])
        if attname in held:
            return held[attname]
    group = siblings(instance, lambda peer: attname not in peer.__dict__)
    queryset = rows_of(type(instance), instance)
    if len(group) == 1:
        queryset = queryset.filter(pk=instance.pk)
    else:
        queryset = queryset.filter(pk__in=[peer.pk for peer in group])
    loaded = dict(await queryset.values_list("pk", attname))
    seen = sees_values(type(instance), attname)
    for peer in group:
        if peer.pk in loaded and seen:
            setattr(peer, attname, loaded[peer.pk])
        elif peer.pk in loaded:
            peer.__dict__[attname] = loaded[peer.pk]
    if attname not in held:
        raise type(instance).DoesNotExist(
            f"{type(instance).__name__} with primary key {instance.pk!r} is gone, so {attname!r} can't be loaded."
        )
    return held[attname]
