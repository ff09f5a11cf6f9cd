"""Enumerations for ``choices=``: ``TextChoices``, ``IntegerChoices``, and the forms a list of choices may take.

A member is its value (``Suit.HEARTS == "H"``), with a ``label``; the class has ``choices``, ``labels``, ``values`` and
``names``. A label is the last item of a tuple, or made from the member's name.
"""

from __future__ import annotations

import datetime
import enum
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from orm.structures.choices import BaseChoiceIterator, normalize_choices
from orm.structures.lazy import Promise

if TYPE_CHECKING:
    import decimal
else:
    from orm.late import decimal

ChoicesArgument: TypeAlias = (
    "Iterable[tuple[Any, Any]] | Mapping[Any, Any] | type[enum.Enum] | Callable[[], Iterable[tuple[Any, Any]]]"
)


class ChoicesType(enum.EnumMeta):
    """Metaclass that takes the labels off the members and offers them as lists."""

    def __new__(
        metacls, classname: str, bases: tuple[type, ...], classdict: Any, **options: Any
    ) -> ChoicesType:  # the type enum gives its metaclass's argument is private
        labels: list[str] = []
        for key in classdict._member_names:
            value = classdict[key]
            if isinstance(value, (list, tuple)) and len(value) > 1 and isinstance(value[-1], (str, Promise)):
                *rest, label = value
                value = rest[0] if len(rest) == 1 else tuple(rest)
            else:
                label = key.replace("_", " ").title()
            labels.append(label)
            dict.__setitem__(classdict, key, value)
        cls = super().__new__(metacls, classname, bases, classdict, **options)
        members: list[Any] = list(cls.__members__.values())
        for member, label in zip(members, labels, strict=True):
            member._label_ = label
        enum.unique(cls)  # type: ignore[type-var]
        return cls

    def __contains__(cls, member: object) -> bool:
        if not isinstance(member, enum.Enum):
            return member in [value for value, _ in cls.choices]
        return super().__contains__(member)

    @property
    def names(cls) -> list[str]:
        """Member names, ``__empty__`` first where the class has one."""
        empty = ["__empty__"] if hasattr(cls, "__empty__") else []
        return empty + list(cls.__members__)

    @property
    def choices(cls) -> list[tuple[Any, str]]:
        """Pairs of value and label, as ``choices=`` takes them."""
        members: list[Any] = list(cls.__members__.values())
        empty = [(None, getattr(cls, "__empty__"))] if hasattr(cls, "__empty__") else []  # noqa: B009
        return empty + [(member.value, member.label) for member in members]

    @property
    def labels(cls) -> list[str]:
        """Labels, in order."""
        return [label for _, label in cls.choices]

    @property
    def values(cls) -> list[Any]:
        """Values, in order."""
        return [value for value, _ in cls.choices]


class Choices(enum.Enum, metaclass=ChoicesType):
    """Base of enumerations that serve as choices; mix in the values' type (``class Day(date, Choices)``)."""

    _label_: str

    @property
    def label(self) -> str:
        """What a person reads."""
        return self._label_

    do_not_call_in_templates = enum.nonmember(True)
    """What templates of Django look for: that they take a class of choices as it is, and don't call it."""

    def __str__(self) -> str:
        return str(self.value)

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}.{self._name_}"


class IntegerChoices(int, Choices):
    """Choices whose values are whole numbers."""


class TextChoices(str, Choices):
    """Choices whose values are strings; ``enum.auto()`` gives the member's name."""

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[object]) -> str:
        return name


def declared_choices(choices: object) -> Any:
    """Return what ``choices=`` was given as a list of pairs; a function as something that is iterated whenever needed.

    A pair whose second item is a list is a group. What is no choices at all stays as it is.
    """
    if isinstance(choices, enum.EnumMeta) and not isinstance(choices, ChoicesType):
        choices = [(member.value, member.name) for member in choices]  # type: ignore[var-annotated]
    return normalize_choices(choices)


def refuse_wrong_choices(choices: object) -> None:
    """Raise ``TypeError`` for choices that are no pairs of value and label; those of a function are not looked at."""
    if isinstance(choices, (BaseChoiceIterator, enum.EnumMeta, Mapping)) or callable(choices):
        return
    if isinstance(choices, (str, bytes)) or not isinstance(choices, Iterable):
        raise TypeError(f"choices must be pairs of value and label, not {choices!r}.")
    for pair in choices:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise TypeError(f"choices must be pairs of value and label; {pair!r} is not a pair.")
        if isinstance(pair[1], list):
            refuse_wrong_choices(pair[1])


class HasChoices(Protocol):
    """A field, as far as its choices are concerned."""

    name: str

    @property
    def attname(self) -> str: ...
    @property
    def flatchoices(self) -> list[tuple[Any, Any]]: ...


def display_method(field: HasChoices) -> Callable[[Any], Any]:
    """Return the method ``get_<name>_display`` of a field with choices."""

    def display(self: object) -> Any:
        value = getattr(self, field.attname)
        shown = value if value is None or isinstance(value, _shown_as_they_are()) else str(value)
        return next((str(label) for known, label in field.flatchoices if known == value), shown)

    display.__name__ = display.__qualname__ = f"get_{field.name}_display"
    display.__doc__ = f"The label of ``{field.name}`` among its choices; a value that is none of them as it is."
    return display


def _shown_as_they_are() -> tuple[type, ...]:
    """The types of values that stay as they are where no choice gives a label; any other becomes its text."""
    return (int, float, decimal.Decimal, datetime.date, datetime.time)
