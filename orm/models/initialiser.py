"""The function that fills a new instance from constructor arguments, generated once for each model.

Python's own argument binding does the work a loop over fields would do. Names of fields are the only text from outside
that gets into the source, and the metaclass lets only Python names through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orm.errors import FieldError
from orm.late import difflib
from orm.models.options import Options
from orm.models.state import ModelState
from orm.sql.generated import define


class Missing:
    """Stands for an argument that was not given."""

    def __repr__(self) -> str:
        return "<not given>"


class Deferred:
    """Stands for a value that was not read; ``from_db`` passes it for columns the query left out."""

    def __repr__(self) -> str:
        return "<Deferred field>"


MISSING = Missing()
DEFERRED = Deferred()


def make_initialiser(model: type[Any]) -> Callable[..., None]:
    """Write and compile the initialiser of ``model``: ``initialise(instance, *values, **named)``."""
    meta: Options = model._meta
    own_setattr = vars_of(model, "__setattr__") is not object.__setattr__
    scope: dict[str, Any] = {"ModelState": ModelState, "MISSING": MISSING, "_take_extra_": take_extra}
    positional: list[str] = []
    keywords: list[str] = []
    body = ["_held_ = _self_.__dict__", "_held_['_state'] = ModelState()"]
    relations: list[str] = []
    seen: dict[str, Any] = {}
    for number, field in enumerate(meta.concrete_fields):
        if seen.setdefault(field.attname, field) is not field:
            other = seen[field.attname]
            raise FieldError(
                f"The field '{other.name}' from parent model '{other.model._meta.label_lower}' clashes with the field "
                f"'{field.name}' from parent model '{field.model._meta.label_lower}' in {meta.label}."
            )
        attname = field.attname
        plain = not own_setattr and not hasattr(type(vars_of(model, attname)), "__set__")
        target = f"_held_[{attname!r}]" if plain else f"_self_.{attname}"
        computed = callable(field.default)
        default = f"_default{number}_"
        scope[default] = field.default if computed else field.get_default()
        value = f"({default}() if {attname} is MISSING else {attname})" if computed else attname
        if field.is_relation and field.name != attname:
            keywords.append(f"{field.name}=MISSING")
            given = f"({default}{'()' if computed else ''} if {attname} is MISSING else {attname})"
            positional.append(f"{attname}=MISSING")
            body.append(f"if {field.name} is MISSING: {target} = {given}")
            relations.append(f"if {field.name} is not MISSING: _self_.{field.name} = {field.name}")
        elif field.generated:  # an instance that was not saved has no such value
            positional.append(f"{attname}=MISSING")
            body.append(f"if {attname} is not MISSING: {target} = {attname}")
        else:
            positional.append(f"{attname}=MISSING" if computed else f"{attname}={default}")
            body.append(f"{target} = {value}")
    body += relations
    body.append("if pk is not MISSING: _self_.pk = pk")
    body.append("if _extra_: _take_extra_(_self_, _extra_)")
    signature = ", ".join(["_self_", *positional, "*", *keywords, "pk=MISSING", "**_extra_"])
    lines = [f"def initialise({signature}):", *[f"    {line}" for line in body]]
    initialise = define("initialise", lines, scope, f"initialiser of {meta.label}")
    initialise.__name__ = initialise.__qualname__ = meta.object_name
    return initialise


def refuse_twice(meta: Options, count: int, named: dict[str, Any]) -> None:
    """Raise ``TypeError`` for a field whose value is given by its place, as the first ``count`` are, and by name."""
    for field in meta.concrete_fields[:count]:
        if field.name in named or field.attname in named:
            raise TypeError(f"{meta.object_name}() got both positional and keyword arguments for field {field.name!r}.")


def vars_of(model: type[Any], name: str) -> Any:
    """What the class (or a parent) holds under ``name``, without asking descriptors."""
    return next((vars(cls)[name] for cls in model.__mro__ if name in vars(cls)), None)


def take_extra(instance: Any, extra: dict[str, Any]) -> None:
    """Set properties given to the constructor; refuse what is neither field nor property.

    Raises: TypeError with the nearest names.
    """
    meta: Options = type(instance)._meta
    for name, value in extra.items():
        if name in meta.property_names or name in meta.virtual_names:
            setattr(instance, name, value)
            continue
        if any(field.name == name for field in meta.many_to_many):
            raise TypeError(
                f"{meta.object_name}() can't set the many-to-many relation {name!r}, which needs a saved row; "
                f"save first, then call {name}.set() or await {name}.aset()."
            )
        unknown = ", ".join(repr(each) for each in extra if each not in meta.property_names | meta.virtual_names)
        known = [*meta.fields_map, *meta.property_names]
        near = difflib.get_close_matches(name, known, n=2)
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else f" It has {', '.join(sorted(known))}."
        raise TypeError(f"{meta.object_name}() got unexpected keyword arguments: {unknown}.{hint}")
