"""What callers give as arguments, checked where it is taken: an error names the argument, what it is, and what came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any

from orm.late import late_module

if TYPE_CHECKING:
    from orm.structures import lazy
else:
    lazy = late_module("orm.structures.lazy")


def text_given(said: str, given: object) -> str:
    """Return a text, and what a lazy one stands for now. Raises ``TypeError`` for anything else: ``said`` begins it."""
    if isinstance(given, str):
        return given
    text = lazy.made(given)
    if not isinstance(text, str):
        raise TypeError(f"{said}, not {given!r}")
    return text


def check_names(what: str, names: Iterable[object]) -> list[str]:
    """Return names, which are texts. Raises ``TypeError`` for others; ``what`` is the method, or the argument."""
    return [text_given(f"{what} takes names of fields, as texts", name) for name in names]


def listed_names(what: str, given: Any) -> list[str]:
    """Return an argument that is a list of names, None being an empty one. Raises ``TypeError`` for any other."""
    return [] if given is None else check_names(what, listed(what, given, "a list of names"))


def listed(what: str, given: Any, wanted: str) -> Any:
    """Return an argument that is a list, or anything else with items but a text, as it is. Raises ``TypeError``."""
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise TypeError(f"{what} takes {wanted}, not {given!r}")
    return given


def mapped(what: str, given: Any, wanted: str) -> Mapping[Any, Any]:
    """Return an argument that is a dict, empty where it is None. Raises ``TypeError`` for any other."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(f"{what} takes {wanted}, not {given!r}")
    return given


def check_number(what: str, given: object, said: str) -> None:
    """Refuse a number of rows that is none: None is no limit. Whole numbers of other libraries (NumPy's) are numbers.

    Raises ``TypeError`` for what is no whole number, ``ValueError`` with the sentence ``said`` for one below 1.
    """
    if given is None:
        return
    if not isinstance(given, Integral) or isinstance(given, bool):
        raise TypeError(f"{what} is a whole number of rows, or None, not {given!r}")
    if given <= 0:
        raise ValueError(said)


def checked_place(what: str, given: Any, said: str) -> Any:
    """Return a number that is counted from 1.

    Raises ``TypeError`` for anything but a whole number or None, ``ValueError`` with the sentence ``said`` for None and
    numbers below 1.
    """
    if given is not None and not isinstance(given, int):
        raise TypeError(f"{what} is a whole number, not {given!r}")
    if given is None or given <= 0:
        raise ValueError(said)
    return given


def checked_alias(alias: Any) -> str | None:
    """Return the alias of a database; None is the default one. Raises ``TypeError`` for what can be none."""
    if alias is not None and not isinstance(alias, str):
        raise TypeError(f"using() takes the alias of a database, or None, not {alias!r}")
    return alias


def checked_condition(what: str, given: Any) -> Any:
    """Return a ``Q`` or an expression that is a condition; None is none. Raises ``TypeError`` for anything else."""
    if given is not None and (isinstance(given, type) or not getattr(given, "conditional", False)):
        raise TypeError(f"{what} takes a Q object or a condition, not {given!r}")
    return given


def checked_sql(what: str, given: object) -> Any:
    """Return SQL written by hand. Raises ``TypeError`` for what is no text."""
    if not isinstance(given, str):
        raise TypeError(f"{what} takes SQL as a text, not {given!r}")
    return given
