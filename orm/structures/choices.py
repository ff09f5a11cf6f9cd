"""Choices in every form a field takes, as one: a list of pairs, where a group is a pair of its name and its pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice, zip_longest
from typing import Any

from orm.structures.lazy import Promise


class BaseChoiceIterator:
    """Choices made anew whenever they are looked at; a subclass gives ``__iter__``."""

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError("BaseChoiceIterator subclasses must implement __iter__().")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Iterable):
            return NotImplemented
        absent = object()
        return all(ours == theirs for ours, theirs in zip_longest(self, other, fillvalue=absent))

    __hash__ = None  # type: ignore[assignment]

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice) or index < 0:
            return list(self)[index]
        try:
            return next(islice(self, index, index + 1))
        except StopIteration:
            raise IndexError("index out of range") from None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class BlankChoiceIterator(BaseChoiceIterator):
    """Choices with an empty one before them, unless they have one."""

    def __init__(self, choices: Any, blank_choice: Any) -> None:
        self.choices = choices
        self.blank_choice = blank_choice

    def __iter__(self) -> Iterator[Any]:
        choices, flat = list(self.choices), flatten_choices(self.choices)
        if not any(value in ("", None) for value, _ in flat):
            yield from self.blank_choice
        yield from choices


class CallableChoiceIterator(BaseChoiceIterator):
    """Choices that a function gives, called whenever they are looked at."""

    def __init__(self, func: Callable[[], object]) -> None:
        self.func = func

    def __iter__(self) -> Iterator[Any]:
        yield from normalize_choices(self.func())


def flatten_choices(choices: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the pairs of value and label, those of groups too."""
    for value_or_group, label_or_nested in choices or ():
        if isinstance(label_or_nested, (list, tuple)):
            yield from label_or_nested
        else:
            yield value_or_group, label_or_nested


def normalize_choices(value: object, *, depth: int = 0) -> Any:
    """Return choices as a list of pairs; a function as something that is iterated later; anything else as it is.

    Parameters: ``depth`` counts the groups around ``value``; pairs may be in one group, not in a group of a group.
    """
    if depth == 0 and isinstance(value, type) and isinstance(of_class := getattr(value, "choices", None), list):
        value = of_class
    if isinstance(value, (BaseChoiceIterator, Promise, bytes, str)):
        return value
    if depth > 1:
        return list(value) if isinstance(value, Iterator) else value
    if isinstance(value, Mapping):
        value = value.items()
    elif callable(value) and not isinstance(value, Iterable):
        return CallableChoiceIterator(value) if depth == 0 else value
    elif not isinstance(value, Iterable):
        return value
    value = list(value) if isinstance(value, Iterator) else value
    if any(isinstance(pair, (str, bytes, Promise)) for pair in value):
        return value
    try:
        return [(key, _nested(label, depth)) for key, label in value]
    except (TypeError, ValueError):
        return value  # not of pairs: whoever asked says what is wrong


def _nested(label: object, depth: int) -> object:
    if isinstance(label, (str, bytes, Promise)) or not (isinstance(label, Iterable) or callable(label)):
        return label
    if callable(label) and not isinstance(label, Iterable):
        if depth > 0:
            return label
        label = label()
    return normalize_choices(label, depth=depth + 1)
