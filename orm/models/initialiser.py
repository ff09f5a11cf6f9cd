"""The functions that fill a new instance from constructor arguments, generated once for each model.

Python's own argument binding does the work a loop over fields would do. ``initialise`` is called by the model's
``__init__``, by ``create()`` and the like; ``__init__`` itself gives way to a generated one where nothing but values by
name is to be dealt with, since passing arguments on takes as long as all the rest. Names of fields are the only text
from outside that gets into the source, and the metaclass lets only Python names through.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from orm.errors import FieldError, advised
from orm.models.fetching import has_setter, vars_of
from orm.models.options import Options
from orm.models.signals import post_init, pre_init
from orm.models.state import ModelState
from orm.sql.generated import define
from orm.structures.arguments import listed_names
from orm.text.spelling import did_you_mean

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel


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


def read_values(model: type[AwaitableModel], field_names: Sequence[str], values: Sequence[object]) -> list[object]:
    """Return a value for each column of ``model``: of those that were not read, what says so.

    Raises ``ValueError`` where there is not one value for each name, ``FieldError`` for a name that no column has.
    """
    names = listed_names("from_db(field_names=…)", field_names)
    if len(names) != len(values):
        raise ValueError(f"from_db() takes a value for each name, not {len(values)} for {len(names)}.")
    read = dict(zip(names, values, strict=True))
    found = [read.pop(field.attname, DEFERRED) for field in model._meta.concrete_fields]
    if read:
        raise FieldError(f"{model.__name__} has no column that is called {', '.join(map(repr, read))}.")
    return found


def make_initialiser(model: type[AwaitableModel]) -> Callable[..., None]:
    """Write and compile the initialiser of ``model``: ``initialise(instance, *values, **named)``."""
    positional, keywords, body, scope = _parts(model)
    if "pk=MISSING" not in positional:  # as long as no field has that name, which checks refuse
        keywords.append("pk=MISSING")
    signature = ", ".join(["_self_", *positional, *(["*", *keywords] if keywords else []), "**_extra_"])
    return _defined(model, "initialise", signature, body, scope)


def make_constructor(model: type[AwaitableModel], general: Callable[..., None]) -> Callable[..., None]:
    """Write and compile an ``__init__`` for instances of exactly this model, made of values by name.

    Any other call goes on to ``general``: values by their place, instances of a class that inherits from the model, and
    everything while somebody listens to ``pre_init`` or ``post_init``.
    """
    positional, keywords, body, scope = _parts(model)
    names = list(dict.fromkeys(each.removesuffix("=MISSING") for each in [*positional, *keywords, "pk=MISSING"]))
    scope |= {"_model_": model, "_general_": general, "_before_": pre_init, "_after_": post_init}
    given = ", ".join(f"({name!r}, {name})" for name in names)
    further = [
        "if _args_ or _self_.__class__ is not _model_ or _before_.receivers or _after_.receivers:",
        f"    _given_ = {{name: value for name, value in ({given}) if value is not MISSING}}",
        "    return _general_(_self_, *_args_, **_given_, **_extra_)",
    ]
    signature = ", ".join(["_self_", "*_args_", *[f"{name}=MISSING" for name in names], "**_extra_"])
    constructor = _defined(model, "__init__", signature, [*further, *body], scope)
    constructor.__doc__ = general.__doc__
    constructor.stands_for = general  # type: ignore[attr-defined]
    return constructor


def _defined(
    model: type[AwaitableModel], name: str, signature: str, body: list[str], scope: dict[str, object]
) -> Callable[..., None]:
    lines = [f"def {name}({signature}):", *[f"    {line}" for line in body]]
    made = define(name, lines, scope, f"{name} of {model._meta.label}")
    made.__name__ = made.__qualname__ = model._meta.object_name
    return made


def _parts(model: type[AwaitableModel]) -> tuple[list[str], list[str], list[str], dict[str, Any]]:
    """Return the parameters that may be given by place and those that may not, the lines that use them, and what names
    in these stand for."""
    meta: Options = model._meta
    own_setattr = vars_of(model, "__setattr__") is not object.__setattr__
    scope: dict[str, Any] = {"ModelState": ModelState, "_take_extra_": take_extra}
    scope |= {"MISSING": MISSING, "DEFERRED": DEFERRED}
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
        plain = not own_setattr and not has_setter(model, attname)
        target = f"_held_[{attname!r}]" if plain else f"_self_.{attname}"
        asked = _is_asked(field)
        computed = asked or callable(field.default)
        default = f"_default{number}_"
        # A default that is no function is prepared here, once for all instances.
        scope[default] = field.get_default if asked else field.default if computed else field.get_default()
        given = f"({default}{'()' if computed else ''} if {attname} is MISSING else {attname})"
        positional.append(f"{attname}=MISSING")
        if field.is_relation and field.name != attname:
            keywords.append(f"{field.name}=MISSING")
            unless = "" if plain else f" and {attname} is not DEFERRED"
            body.append(f"if {field.name} is MISSING{unless}: {target} = {given}")
            relations += [
                f"if {field.name} is not MISSING:",
                f"    _self_.{field.name} = {field.name}",
                f"    if {attname} is not MISSING: _self_.{attname} = {attname}",  # of the two it says more
            ]
        elif field.generated:  # an instance that was not saved has no such value
            unless = "" if plain else f" and {attname} is not DEFERRED"
            body.append(f"if {attname} is not MISSING{unless}: {target} = {attname}")
        else:
            body.append(f"{target} = {given}" if plain else f"if {attname} is not DEFERRED: {target} = {given}")
    # After the columns, since a relation that is given sets its column.
    body += relations
    if "pk" not in seen:
        body.append("if pk is not MISSING: _self_.pk = pk")
    body.append("if _extra_: _take_extra_(_self_, _extra_)")
    return positional, keywords, body, scope


def _is_asked(field: Any) -> bool:
    """Whether a field is asked for the default of each instance: an application's class may compute it in a way of its
    own, and a relation's function may give an instance, of which the key is wanted."""
    of_library = type(field).get_default.__module__.startswith("orm.")
    return not of_library or (field.is_relation and callable(field.default))


def refuse_twice(meta: Options, count: int, named: dict[str, object]) -> None:
    """Raise ``TypeError`` for a field whose value is given by its place, as the first ``count`` are, and by name."""
    for field in meta.concrete_fields[:count]:
        if field.name in named or field.attname in named:
            raise TypeError(f"{meta.object_name}() got both positional and keyword arguments for field {field.name!r}.")


def take_extra(instance: AwaitableModel, extra: dict[str, object]) -> None:
    """Set properties given to the constructor; refuse what is neither field nor property.

    Raises ``TypeError`` with the nearest names.
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
        hint = did_you_mean(name, known, 2) or f" It has {', '.join(sorted(known))}."
        raise advised(TypeError, f"{meta.object_name}() got unexpected keyword arguments: {unknown}", f".{hint}")
