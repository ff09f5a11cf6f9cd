"""``dataclass`` without the price of ``dataclasses``: as much of it as the library uses.

The standard module imports ``inspect`` (and with it the parser and the disassembler) and compiles up to seven functions
for each class; together that was a fifth of the time of ``import orm``. Here one function is compiled for each class,
and the others are shared. Type checkers see the real thing. What it leaves out: ordering, ``InitVar``, ``kw_only``,
``__match_args__``, hashing of mutable records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass, field, fields, replace
else:
    MISSING = object()

    class field:
        """A field of a record: its name, its default, and whether ``repr()`` shows it."""

        def __init__(self, *, default=MISSING, default_factory=MISSING, repr=True):
            self.name = ""
            self.default = default
            self.default_factory = default_factory
            self.repr = repr

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True):
        """Give a class its ``__init__``, ``__repr__`` and, unless told otherwise, ``__eq__`` and ``__hash__``."""
        if cls is None:
            return lambda cls: make(cls, frozen, slots, eq)
        return make(cls, frozen, slots, eq)

    def make(cls, frozen, slots, eq):
        """Turn the annotated attributes of ``cls``, and those of records it inherits, into a record's."""
        known = dict(getattr(cls, "__record_fields__", {}))
        for name, annotation in vars(cls).get("__annotations__", {}).items():
            if annotation.startswith("ClassVar"):
                continue
            default = vars(cls).get(name, MISSING)
            one = default if isinstance(default, field) else field(default=default)
            one.name = name
            known[name] = one
            if one.default is not MISSING and not slots:
                setattr(cls, name, one.default)
            elif name in vars(cls):
                delattr(cls, name)
        if slots:
            body = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
            cls = type(cls)(cls.__name__, cls.__bases__, {**body, "__slots__": tuple(cls.__annotations__)})
        cls.__record_fields__ = known
        cls.__init__ = initialiser(cls, known.values(), frozen)
        cls.__repr__ = show
        if eq:
            cls.__eq__ = same
            cls.__hash__ = digest if frozen else None
        if frozen:
            cls.__setattr__ = cls.__delattr__ = refuse
            cls.__getstate__, cls.__setstate__ = state_of, take_state
        return cls

    def initialiser(cls, known, frozen):
        """Compile ``__init__``; the names in its text are those of the class body."""
        scope = {"MISSING": MISSING, "put": object.__setattr__}
        arguments, lines = [], []
        for one in known:
            value = one.name
            if one.default_factory is not MISSING:
                scope[f"make_{one.name}"] = one.default_factory
                arguments.append(f"{one.name}=MISSING")
                value = f"make_{one.name}() if {one.name} is MISSING else {one.name}"
            elif one.default is not MISSING:
                scope[f"default_{one.name}"] = one.default
                arguments.append(f"{one.name}=default_{one.name}")
            else:
                arguments.append(one.name)
            lines.append(f"put(self, {one.name!r}, {value})" if frozen else f"self.{one.name} = {value}")
        if hasattr(cls, "__post_init__"):
            lines.append("self.__post_init__()")
        source = f"def __init__(self, {', '.join(arguments)}):\n    " + "\n    ".join(lines or ["pass"])
        exec(compile(source, f"<record {cls.__name__}>", "exec"), scope)  # noqa: S102 - made of names in class bodies
        made = scope["__init__"]
        made.__qualname__ = f"{cls.__qualname__}.__init__"
        return made

    def fields(record):
        """The fields of a record or its class, in order."""
        return tuple(record.__record_fields__.values())

    def replace(record, /, **changes):
        """A record like this one but for some values."""
        return type(record)(**{name: getattr(record, name) for name in record.__record_fields__} | changes)

    def values_of(record):
        """The values of all fields."""
        return tuple([getattr(record, name) for name in record.__record_fields__])

    def show(self):
        """The call that would make this record."""
        shown = [f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr]
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def same(self, other):
        """Whether the other is of this class and has the same values."""
        if type(other) is not type(self):
            return NotImplemented
        return self is other or values_of(self) == values_of(other)

    def digest(self):
        """Equal records have equal hashes."""
        return hash(values_of(self))

    def refuse(self, name, value=None):
        """A frozen record does not change."""
        raise AttributeError(f"{type(self).__name__} is frozen: {name!r} can't be changed; use replace().")

    def state_of(self):
        """The values, for pickle and copy."""
        return values_of(self)

    def take_state(self, values):
        """Restore the values of a copy."""
        for name, value in zip(self.__record_fields__, values, strict=True):
            object.__setattr__(self, name, value)


__all__ = ["dataclass", "field", "fields", "replace"]
