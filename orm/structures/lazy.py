"""Values that are made when they are first looked at, and properties of classes."""

from __future__ import annotations

import copy
import functools
import itertools
import operator
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar, cast

__all__ = [
    "LazyObject",
    "Promise",
    "SimpleLazyObject",
    "cached_property",
    "classproperty",
    "empty",
    "keep_lazy",
    "keep_lazy_text",
    "lazy",
    "lazystr",
    "new_method_proxy",
    "partition",
    "unpickle_lazyobject",
]

F = TypeVar("F", bound=Callable[..., Any])

empty = object()
"""What a lazy object holds before it was looked at."""


class classproperty:
    """A read-only property of a class and of its instances."""

    def __init__(self, method: Callable[[Any], Any] | None = None) -> None:
        self.fget = method

    def __get__(self, instance: Any, cls: type | None = None) -> Any:
        assert self.fget is not None
        return self.fget(cls)

    def getter(self, method: Callable[[Any], Any]) -> classproperty:
        """Use another function to get the value."""
        self.fget = method
        return self


class Promise:
    """The base of everything ``lazy`` makes, so that it can be told from a finished value."""


class _Deferred(Promise):
    """A call that is made each time its value is looked at."""

    def __init__(self, function: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, Any]) -> None:
        self._function = function
        self._args = args
        self._kwargs = kwargs

    def _result(self) -> Any:
        return self._function(*self._args, **self._kwargs)

    def __str__(self) -> str:
        return str(self._result())

    def __repr__(self) -> str:
        return repr(self._result())

    def __eq__(self, other: object) -> bool:
        return bool(self._result() == (other._result() if isinstance(other, _Deferred) else other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __lt__(self, other: object) -> bool:
        return bool(self._result() < (other._result() if isinstance(other, _Deferred) else other))

    def __gt__(self, other: object) -> bool:
        return bool(self._result() > (other._result() if isinstance(other, _Deferred) else other))

    def __le__(self, other: object) -> bool:
        return not self > other

    def __ge__(self, other: object) -> bool:
        return not self < other

    def __hash__(self) -> int:
        return hash(self._result())

    def __format__(self, form: str) -> str:
        return format(self._result(), form)

    def __add__(self, other: object) -> Any:
        return self._result() + other

    def __radd__(self, other: object) -> Any:
        return other + self._result()

    def __mod__(self, other: object) -> Any:
        return self._result() % other

    def __mul__(self, other: object) -> Any:
        return self._result() * other

    def __copy__(self) -> _Deferred:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> _Deferred:
        memo[id(self)] = self
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self._function, self._args, self._kwargs, self._kinds)

    _kinds: tuple[type, ...] = ()


def made(value: object) -> object:
    """Return what a lazy value stands for now; any other value as it is."""
    return value._result() if isinstance(value, _Deferred) else value


_OWN = {
    *vars(_Deferred), "__class__", "__new__", "__init__", "__getattribute__", "__setattr__", "__delattr__", "__dict__",
    "__init_subclass__", "__subclasshook__", "__reduce_ex__", "__getstate__", "__doc__", "__module__", "__sizeof__",
    "__dir__", "__slots__", "__weakref__", "__getnewargs__", "__class_getitem__",
}  # fmt: skip


def _method(name: str) -> Callable[..., Any]:
    def call(self: _Deferred, *args: object, **kwargs: object) -> Any:
        return getattr(self._result(), name)(*args, **kwargs)

    call.__name__ = name
    return call


@functools.lru_cache(maxsize=128)
def _deferred_class(kinds: tuple[type, ...]) -> type[_Deferred]:
    names = {name for kind in kinds for base in kind.__mro__ for name in vars(base)} - _OWN
    return type("LazyValue", (_Deferred,), {"_kinds": kinds, **{name: _method(name) for name in sorted(names)}})


def _again(
    function: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object], kinds: tuple[type, ...]
) -> object:
    return _deferred_class(kinds)(function, args, kwargs)


def lazy(func: Callable[..., object], *resultclasses: type) -> Callable[..., Any]:
    """Return a function whose calls wait until their value is looked at; it has the methods of ``resultclasses``."""
    made = _deferred_class(resultclasses)

    @functools.wraps(func)
    def defer(*args: object, **kwargs: object) -> Any:
        return made(func, args, kwargs)

    return defer


def lazystr(text: object) -> Any:
    """Return a text that is made when it is looked at."""
    return lazy(str, str)(text)


def keep_lazy(*resultclasses: type) -> Callable[[F], F]:
    """Decorate a function so that it waits, too, where one of its arguments is lazy.

    Raises ``TypeError`` where no class is named.
    """
    if not resultclasses:
        raise TypeError("You must pass at least one argument to keep_lazy().")

    def decorate(func: F) -> F:
        waiting = lazy(func, *resultclasses)

        @functools.wraps(func)
        def call(*args: object, **kwargs: object) -> Any:
            late = any(isinstance(each, Promise) for each in itertools.chain(args, kwargs.values()))
            return (waiting if late else func)(*args, **kwargs)

        return cast("F", call)

    return decorate


def keep_lazy_text(func: F) -> F:
    """``keep_lazy`` for functions that return text."""
    return keep_lazy(str)(func)


def new_method_proxy(func: Callable[..., object]) -> Callable[..., Any]:
    """Return a method that calls ``func`` on what a lazy object stands for."""

    def inner(self: LazyObject, *args: object) -> Any:
        if self._wrapped is empty:
            self._setup()
        return func(self._wrapped, *args)

    return inner


class LazyObject:
    """Stands for an object that ``_setup`` of a subclass makes at the first look."""

    _wrapped: Any = None

    def __init__(self) -> None:
        self._wrapped = empty

    def _setup(self) -> None:
        raise NotImplementedError("subclasses of LazyObject must provide a _setup() method")

    def __getattr__(self, name: str) -> Any:
        if self._wrapped is empty:
            self._setup()
        return getattr(self._wrapped, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name == "_wrapped":
            self.__dict__["_wrapped"] = value
            return
        if self._wrapped is empty:
            self._setup()
        setattr(self._wrapped, name, value)

    def __delattr__(self, name: str) -> None:
        if name == "_wrapped":
            raise TypeError("can't delete _wrapped.")
        if self._wrapped is empty:
            self._setup()
        delattr(self._wrapped, name)

    def __reduce__(self) -> tuple[Any, ...]:
        if self._wrapped is empty:
            self._setup()
        return unpickle_lazyobject, (self._wrapped,)

    def __copy__(self) -> Any:
        return type(self)() if self._wrapped is empty else copy.copy(self._wrapped)

    def __deepcopy__(self, memo: dict[int, object]) -> Any:
        if self._wrapped is empty:
            made = type(self)()
            memo[id(self)] = made
            return made
        return copy.deepcopy(self._wrapped, memo)

    __class__ = property(new_method_proxy(operator.attrgetter("__class__")))  # pyright: ignore[reportIncompatibleMethodOverride]
    __bytes__ = new_method_proxy(bytes)
    __str__ = new_method_proxy(str)
    __bool__ = new_method_proxy(bool)
    __dir__ = new_method_proxy(dir)
    __eq__ = new_method_proxy(operator.eq)
    __ne__ = new_method_proxy(operator.ne)
    __lt__ = new_method_proxy(operator.lt)
    __gt__ = new_method_proxy(operator.gt)
    __hash__ = new_method_proxy(hash)
    __getitem__ = new_method_proxy(operator.getitem)
    __setitem__ = new_method_proxy(operator.setitem)
    __delitem__ = new_method_proxy(operator.delitem)
    __iter__ = new_method_proxy(iter)
    __len__ = new_method_proxy(len)
    __contains__ = new_method_proxy(operator.contains)


def stands_for(lazy: LazyObject) -> Any:
    """Return the object that a lazy one stands for, made now if it was not before."""
    _, (wrapped,) = lazy.__reduce__()
    return wrapped


def unpickle_lazyobject(wrapped: object) -> Any:
    """Return what a pickled lazy object stood for."""
    return wrapped


class SimpleLazyObject(LazyObject):
    """A lazy object made by a function."""

    def __init__(self, func: Callable[[], object]) -> None:
        self.__dict__["_setupfunc"] = func
        super().__init__()

    def _setup(self) -> None:
        self._wrapped = self.__dict__["_setupfunc"]()

    def __repr__(self) -> str:
        shown = self.__dict__["_setupfunc"] if self._wrapped is empty else self._wrapped
        return f"<{type(self).__name__}: {shown!r}>"

    def __copy__(self) -> Any:
        if self._wrapped is empty:
            return SimpleLazyObject(self.__dict__["_setupfunc"])
        return copy.copy(self._wrapped)

    def __deepcopy__(self, memo: dict[int, object]) -> Any:
        if self._wrapped is empty:
            made = SimpleLazyObject(self.__dict__["_setupfunc"])
            memo[id(self)] = made
            return made
        return copy.deepcopy(self._wrapped, memo)

    __add__ = new_method_proxy(operator.add)
    __radd__ = new_method_proxy(lambda value, other: other + value)


def partition(predicate: Callable[[Any], bool], values: Any) -> tuple[list[Any], list[Any]]:
    """Return the values that fail a predicate, and those that meet it."""
    parts: tuple[list[Any], list[Any]] = ([], [])
    for value in values:
        parts[bool(predicate(value))].append(value)
    return parts
