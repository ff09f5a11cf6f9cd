"""``Record``: a frozen object made of its annotations, as a frozen dataclass is.

The standard library's module would do the same and takes longer to import than all of ``orm.sql``. What this module
refuses: changing a record. ``replace`` gives another one.
"""

from __future__ import annotations

from typing import ClassVar, NoReturn, Self, dataclass_transform


@dataclass_transform(frozen_default=True, eq_default=False, kw_only_default=True)
class Record:
    """Base of frozen objects: subclasses annotate their attributes, and give those a value that may be left out.

    They are given by name. Records are compared by identity.
    """

    _names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        own = [name for name, kind in vars(cls).get("__annotations__", {}).items() if not kind.startswith("ClassVar")]
        cls._names = (*cls._names, *[name for name in own if name not in cls._names])

    def __init__(self, **given: object) -> None:
        missing = [name for name in self._names if name not in given and not hasattr(type(self), name)]
        unknown = given.keys() - self._names
        if missing or unknown:
            wrong = f"it needs {', '.join(missing)}" if missing else f"it has no {', '.join(sorted(unknown))}"
            raise TypeError(f"{type(self).__name__} is made of {', '.join(self._names)}: {wrong}")
        self.__dict__.update(given)

    def replace(self, **changes: object) -> Self:
        """Return the same with some attributes changed."""
        unknown = changes.keys() - self._names
        if unknown:
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        new.__dict__.update(changes)
        return new

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} can't be changed: make another one with replace()")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} can't be deleted")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self._names)})"
