"""Whether a function of a migration uses models as they are today, not as they were where it stands."""

from __future__ import annotations

import dis
import sys
import types
from collections.abc import Iterator
from typing import Any

from orm.models.base import AwaitableModel


def uses_models(function: Any) -> bool:
    """Whether a function, one inside it, or one of its package that it calls, names a model's class.

    Names of globals, of what modules hold and of what is imported inside are looked at; nothing is imported or run.
    """
    return any(_is_model(one) for one in _named(function, set()))


def _is_model(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, AwaitableModel) and not value._meta.abstract


def _named(function: Any, seen: set[int]) -> Iterator[object]:
    """What a function names, and the functions that it calls."""
    code = getattr(function, "__code__", None)
    if code is None or id(code) in seen:
        return
    seen.add(id(code))
    known = function.__globals__
    package = str(known.get("__package__") or known.get("__name__")).partition(".")[0]
    for one in _codes(code):
        homes = [module for module in _imported(one, known) if module is not None]
        homes += [known[name] for name in one.co_names if isinstance(known.get(name), types.ModuleType)]
        for name in one.co_names:
            for value in (known.get(name), *(getattr(home, name, None) for home in homes)):
                yield value
                if isinstance(value, types.FunctionType) and value.__module__.partition(".")[0] == package:
                    yield from _named(value, seen)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for one in code.co_consts:
        if isinstance(one, types.CodeType):
            yield from _codes(one)


def _imported(code: types.CodeType, known: dict[str, Any]) -> Iterator[types.ModuleType | None]:
    """The modules that a function imports, as far as they are loaded."""
    loads: list[object] = []
    for instruction in dis.get_instructions(code):
        if instruction.opname == "LOAD_CONST":
            loads.append(instruction.argval)
        elif instruction.opname == "IMPORT_NAME":
            level = next((one for one in reversed(loads) if type(one) is int), 0)
            parts = str(known.get("__package__") or "").split(".")
            base = ".".join(parts[: len(parts) - level + 1]) if level else ""
            yield sys.modules.get(".".join(part for part in (base, instruction.argval) if part))
