"""What a function takes, asked of its signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

STARS: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


def _parameters(func: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters of a function; those of a bound method without the first one."""
    return list(inspect.signature(func).parameters.values())


def _plain(func: Callable[..., Any]) -> list[str]:
    return [one.name for one in _parameters(func) if one.kind not in STARS]


def get_func_args(func: Callable[..., Any]) -> list[str]:
    """Return the names of the arguments, less those with stars."""
    return _plain(func)


def get_func_full_args(func: Callable[..., Any]) -> list[tuple[Any, ...]]:
    """Return all arguments but ``self``: each its name, with its stars, and its default where it has one."""
    return [
        (STARS.get(one.kind, "") + one.name, *(() if one.default is inspect.Parameter.empty else (one.default,)))
        for one in _parameters(func)
        if one.name != "self"
    ]


def func_accepts_kwargs(func: Callable[..., Any]) -> bool:
    """Return whether any argument may be given by name (``**``)."""
    return any(one.kind is inspect.Parameter.VAR_KEYWORD for one in _parameters(func))


def func_accepts_var_args(func: Callable[..., Any]) -> bool:
    """Return whether there may be any number of arguments (``*``)."""
    return any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in _parameters(func))


def method_has_no_args(meth: Callable[..., Any]) -> bool:
    """Return whether a method takes nothing but its instance."""
    return len(_plain(meth)) == (0 if inspect.ismethod(meth) else 1)


def func_supports_parameter(func: Callable[..., Any], name: str) -> bool:
    """Return whether there is an argument of that name."""
    return any(one.name == name for one in _parameters(func))
