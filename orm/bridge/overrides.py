"""Completes pairs: a class that overrides only ``save``, or only ``asave``, gets the other form, running that override.

Twins call the awaitable form of their own class, not of the instance's, so an override reached through ``super()``
never comes back to itself: it runs exactly once from both forms. What this module leaves alone: classes that override
both, generated classes, and attributes that are not plain functions.
"""

from __future__ import annotations

import functools
from types import FunctionType
from typing import TYPE_CHECKING, Any

from orm.altering import keep_mark
from orm.bridge.drive import run_on_loop_thread
from orm.bridge.guard import policy, refusal, running_loop
from orm.late import late_module

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from orm.bridge import crossing, portal
else:
    crossing = late_module("orm.bridge.crossing")
    portal = late_module("orm.bridge.portal")

GENERATED_SUFFIX = "_blocking"
END = object()
MADE_FOR = "_made_for"
"""The attribute of an installed form that holds the one it runs."""

ASYNC_GENERATOR = 0x200  # a flag of code objects, as inspect has it, which is dear to import

known_pairs: dict[type, tuple[tuple[str, str], ...]] = {}


def pairs_of(generated: type) -> tuple[tuple[str, str], ...]:
    """Return the (awaitable, blocking) names of a generated class's own twins."""
    pairs = known_pairs.get(generated)
    if pairs is None:
        pairs = known_pairs[generated] = tuple(
            ("a" + name, name)
            for name, value in vars(generated).items()
            if isinstance(value, FunctionType) and isinstance(getattr(generated, "a" + name, None), FunctionType)
        )
    return pairs


def gives_items(function: Any) -> bool:
    """Whether a function is an asynchronous generator, or says that it gives one."""
    if function.__code__.co_flags & ASYNC_GENERATOR:
        return True
    return str(function.__annotations__.get("return", "")).startswith(("AsyncGenerator", "AsyncIterator"))


def is_generated(cls: type) -> bool:
    """Whether a class was written by the generator."""
    return cls.__module__.endswith(GENERATED_SUFFIX)


@functools.cache
def names_of_pairs(generated: type) -> frozenset[str]:
    """Return every name of the pairs that a generated class and those above it have."""
    above = [base for base in generated.__mro__ if is_generated(base)]
    return frozenset(name for base in above for pair in pairs_of(base) for name in pair)


def name_methods_after(cls: type) -> None:
    """Name the methods that a class has of its parts after it: errors say ``QuerySet.filter()``, which users wrote."""
    for part in cls.__mro__:
        for name, method in vars(part).items():
            if isinstance(method, FunctionType) and method.__qualname__ == f"{part.__qualname__}.{name}":
                method.__qualname__ = f"{cls.__qualname__}.{name}"


def complete(cls: type) -> None:
    """Install in ``cls`` the missing form of every pair of which it, or a mixin of it, overrides only one.

    To be called when the class is created (by a metaclass or ``__init_subclass__``), and once more before anything
    depends on its forms: a method may have been replaced meanwhile.
    """
    if is_generated(cls):
        return
    base = cls.__bases__[0]
    if len(cls.__bases__) == 1 and is_generated(base) and names_of_pairs(base).isdisjoint(vars(cls)):
        return  # as most do: only what they have themselves counts
    seen: set[str] = set()
    for base in cls.__mro__:
        if not is_generated(base):
            continue
        pairs = [pair for pair in pairs_of(base) if pair[1] not in seen]
        seen.update(blocking for _, blocking in pairs)
        if overrides_any(cls, base):
            for awaitable, blocking in pairs:
                for name in (awaitable, blocking):
                    keep_mark(vars(cls).get(name), getattr(base, name))
                complete_pair(cls, awaitable, blocking)


def overrides_any(cls: type, generated: type) -> bool:
    """Whether ``cls``, or what it inherits besides a generated class, has a form of any of that class's pairs."""
    names = {name for pair in pairs_of(generated) for name in pair}
    return any(not names.isdisjoint(vars(base)) for base in cls.__mro__ if base not in generated.__mro__)


def complete_pair(cls: type, awaitable: str, blocking: str) -> None:
    """Install one missing form: whichever of the two is overridden nearer in the MRO wins."""
    at_awaitable, async_form = definition_of(cls, awaitable)
    at_blocking, blocking_form = definition_of(cls, blocking)
    if not isinstance(async_form, FunctionType) or not isinstance(blocking_form, FunctionType):
        return
    if at_awaitable == at_blocking:  # one may have been made for the other, which was replaced since
        from_blocking = getattr(async_form, MADE_FOR, blocking_form) is not blocking_form
        from_awaitable = getattr(blocking_form, MADE_FOR, async_form) is not async_form
    else:
        from_blocking = at_blocking < at_awaitable and not is_generated(cls.__mro__[at_blocking])
        from_awaitable = at_awaitable < at_blocking
    if from_blocking:
        made = awaitable_from(blocking_form, async_form)
        setattr(made, MADE_FOR, blocking_form)
        setattr(cls, awaitable, made)
    elif from_awaitable:
        made = blocking_from(async_form, blocking_form)
        setattr(made, MADE_FOR, async_form)
        setattr(cls, blocking, made)


def definition_of(cls: type, name: str) -> tuple[int, Any]:
    """Return where in the MRO a name is defined, and what it is there."""
    for position, base in enumerate(cls.__mro__):
        if name in vars(base):
            return position, vars(base)[name]
    return len(cls.__mro__), None


def blocking_from(override: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """Make the blocking form of an awaitable override: it runs on the portal, since it may await anything."""
    if gives_items(override):

        @functools.wraps(original)
        def iterator(self: object, *args: object, **kwargs: object) -> Iterator[Any]:
            source = override(self, *args, **kwargs)
            if running_loop() is not None and not policy.allow_blocking:
                raise refusal(source)
            return portal_items(source)

        return iterator

    @functools.wraps(original)
    def form(self: object, *args: object, **kwargs: object) -> Any:
        coroutine = override(self, *args, **kwargs)
        if running_loop() is None:
            return portal.run(coroutine)
        if not policy.allow_blocking:
            return run_on_loop_thread(coroutine)
        return portal.wait_in_helper(portal.run, coroutine)

    return form


def awaitable_from(override: Callable[..., Any], original: Callable[..., object]) -> Callable[..., Any]:
    """Make the awaitable form of a blocking override: a plain call in blocking code, a worker thread in async code."""
    if gives_items(original):

        @functools.wraps(original)
        async def aiterator(self: object, *args: object, **kwargs: object) -> AsyncIterator[Any]:
            items = iter(await crossing.in_thread(functools.partial(override, self, *args, **kwargs)))
            while (item := await crossing.in_thread(next, items, END)) is not END:
                yield item

        return aiterator

    @functools.wraps(original)
    async def form(self: object, *args: object, **kwargs: object) -> Any:
        if running_loop() is None:
            return override(self, *args, **kwargs)
        return await crossing.in_thread(functools.partial(override, self, *args, **kwargs))

    return form


def portal_items(source: Any) -> Iterator[object]:
    """Yield the items of an asynchronous generator that lives on the portal."""
    try:
        while (item := portal.run(next_or_end(source))) is not END:
            yield item
    finally:
        portal.run(source.aclose())


async def next_or_end(source: Any) -> Any:
    """Return the next item of an asynchronous iterator, or ``END``."""
    try:
        return await source.__anext__()
    except StopAsyncIteration:
        return END
