"""``NamedTuple`` as ``typing`` has it, for the library's own records, made in a fraction of the time.

``typing`` compiles every annotation that is a text, and ``collections`` a function for every class, whether it ever
makes an instance or not: a tenth of the time of a script of a few queries, which imports forty of them. Here
annotations stay texts, and the function is made for the first instance. What this module refuses: a field without a
default behind one that has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:
    from collections import _tuplegetter

    class RecordType(type):
        """Makes a class of records from the annotations in its body."""

        def __new__(metacls, name, bases, namespace):
            if tuple in bases or NamedTuple not in bases:  # the root itself, or what inherits the fields of a record
                return super().__new__(metacls, name, bases, namespace)
            fields = tuple(namespace.get("__annotations__", ()))
            defaults = {field: namespace[field] for field in fields if field in namespace}
            if tuple(defaults) != fields[len(fields) - len(defaults) :]:
                raise TypeError(f"{name}: a field without a default can't follow one that has one.")
            getters = {field: _tuplegetter(place, "") for place, field in enumerate(fields)}
            own = {"__slots__": (), "__match_args__": fields, "_fields": fields, "_field_defaults": defaults}
            return super().__new__(metacls, name, bases, {**namespace, **getters, **own})

    class NamedTuple(tuple, metaclass=RecordType):
        """A tuple whose items have names; its class lists them as annotations."""

        __slots__ = ()

        def __new__(cls, *args, **named):
            home = next(base for base in cls.__mro__ if "_fields" in vars(base))
            given = "".join(f"{field}, " for field in home._fields)
            text = f"lambda _cls, {given}: _new(_cls, ({given}))"
            # Compiled apart: eval() of a text makes Python forget that a Ctrl-C ends the program, and its status is 1.
            made = eval(compile(text, "<record>", "eval"), {"_new": tuple.__new__})
            made.__name__, made.__qualname__ = "__new__", f"{home.__qualname__}.__new__"
            made.__defaults__ = tuple(home._field_defaults.values())
            home.__new__ = staticmethod(made)
            return home.__new__(cls, *args, **named)

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _replace(self, /, **changes):
            return type(self)(**{**self._asdict(), **changes})

        __replace__ = _replace

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"

        def __getnewargs__(self):
            return tuple(self)
