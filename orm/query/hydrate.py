"""Rows to objects: one function generated for exactly the columns of a plan.

It fills each instance's ``__dict__`` and converts only the columns that need it. ``__init__`` and ``from_db`` are
called only for classes that override them or whose init signals someone listens to. Names in the generated source
come from fields, which are Python identifiers; values never do.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from orm.db.registry import DEFAULT_DB_ALIAS
from orm.query.layout import ComputedType, ConvertedType, Entity, Layout
from orm.query.unreadable import refuse_unreadable
from orm.sql.generated import define
from orm.sql.select import RowForm
from orm.sql.types import prepare_decimal

if TYPE_CHECKING:
    from orm.sql.dialect import Adapter, Dialect
    from orm.sql.types import SQLType

Hydrate = Callable[[Sequence[Any]], list[Any]]

FEW = 8
"""Rows up to which instances are made one by one; more of them are made together, which takes some steps before."""

_whole = itemgetter(slice(None))


class _Source:
    """The text of a function under construction, and the objects its names stand for."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {"new": object.__new__}

    def bind(self, prefix: str, value: object) -> str:
        name = f"{prefix}{len(self.names)}"
        self.names[name] = value
        return name


def converters(layout: Layout, dialect: Dialect) -> list[Any]:
    """Return what turns each column's driver value into its canonical Python value; None where it is that already."""
    return [converter_of(kind, dialect) for kind in layout.types]


def converter_of(kind: Any, dialect: Dialect) -> object:
    """Return what turns a driver's value of a column of a layout into its Python value, or None.

    It is called with NULL only where it has the attribute ``sees_null``.
    """
    if kind is None:
        return None
    if isinstance(kind, ConvertedType):
        return _converted_by(kind, dialect)
    if isinstance(kind, ComputedType):
        if kind.sql_type.kind == "decimal":
            return reader_of(kind.sql_type, dialect, dialect.computed_decimal) or prepare_decimal
        number: Any = _number if kind.sql_type.kind != "float" else float
        hook = getattr(kind.sql_type, "from_db_value", None)
        return number if hook is None else _WithHook(number, hook, dialect)
    return reader_of(kind, dialect)


def reader_of(sql_type: SQLType, dialect: Dialect, converter: Callable[[SQLType], Adapter | None] | None = None) -> Any:
    """Return what makes the Python value of what a driver gives for a column, its field's own hook included, or None.

    It is called with NULL only where it has the attribute ``sees_null``. ``converter`` says what the dialect converts,
    where that is another than for columns of tables.
    """
    convert = (converter or dialect.converter)(sql_type)
    hook = getattr(sql_type, "from_db_value", None)
    return convert if hook is None else _WithHook(convert, hook, dialect)


def _converted_by(kind: ConvertedType, dialect: Dialect) -> Any:
    """Return what reads a column as its type says, and then as its expression does; the field's own hook comes last."""
    expression, sql_type = kind.expression, kind.sql_type
    plain = dialect.converter(sql_type) if sql_type is not None else None
    hook = getattr(sql_type, "from_db_value", None)

    def convert(value: object) -> Any:
        if plain is not None and value is not None:
            value = plain(value)
        value = expression.convert_value(value, expression, dialect)
        return value if hook is None else hook(value, expression, dialect)

    convert.sees_null = True  # type: ignore[attr-defined]
    return convert


def _number(value: Any) -> int:
    return value if type(value) is int else int(value)


class _WithHook:
    """A column whose field has a ``from_db_value`` of its own, which also sees NULL."""

    sees_null = True

    def __init__(self, convert: Any, hook: Any, dialect: Dialect) -> None:
        self.convert = convert
        self.hook = hook
        self.dialect = dialect

    def __call__(self, value: object) -> Any:
        if value is not None and self.convert is not None:
            value = self.convert(value)
        return self.hook(value, None, self.dialect)


def _value(source: _Source, convert: object, position: int, never_null: bool = False) -> str:
    if convert is None:
        return f"r{position}"
    if convert is bool:
        made = f"not not r{position}"  # a fourth of the time of the call
    else:
        made = f"{source.bind('c', convert)}(r{position})"
    if never_null or getattr(convert, "sees_null", False):
        return made
    return f"None if r{position} is None else {made}"


def hydrator(layout: Layout, dialect: Dialect, stateful: bool = False) -> Hydrate:
    """Return the function that turns rows into the results a layout describes.

    With ``stateful`` it takes a second argument, called for each instance to give its ``_state`` (for instances that
    are not of the default database in the default fetch mode).
    """
    converted = converters(layout, dialect)
    careful = _hydrator(layout, converted, stateful)
    quick = [getattr(convert, "quick", convert) for convert in converted]
    if quick == converted or (layout.entity is not None and _runs_user_code(layout.entity)):
        return careful
    return _hydrator(layout, quick, stateful, careful)


def _runs_user_code(entity: Entity) -> bool:
    return entity.model._meta.has_custom_init or any(_runs_user_code(item.entity) for item in entity.related)


def _hydrator(layout: Layout, converted: Sequence[object], stateful: bool, careful: Hydrate | None = None) -> Hydrate:
    """Return the function for these conversions.

    ``careful`` is the one for others, where these know only the ordinary form of a value.
    """
    if layout.kind is not RowForm.MODEL:
        return _plain(layout, converted, careful)
    assert layout.entity is not None
    source = _Source()
    unpack = _unpacked(len(layout.types), layout.hidden)
    extra: list[tuple[str, str]] = []
    for name, first, width in layout.annotations:
        values = [_value(source, converted[position], position) for position in range(first, first + width)]
        extra.append((name, _grouped(values, [width])[0]))
    source.lines.append(f"def hydrate(rows{', state' if stateful else ''}):")
    if not layout.entity.model._meta.has_custom_init:
        source.names |= {"repeat": repeat, "quick": quick_to_unpack}
        cls = source.bind("m", layout.entity.model)
        source.lines += [
            f"    if len(rows) > {FEW}:",
            f"        out = list(map(new, repeat({cls}, len(rows))))",
            f"        for ({unpack}), o in zip(quick(rows), out):",
        ]
        _object(source, layout.entity, converted, "o", extra, 12, stateful, made=True)
        source.lines.append("        return out")
    source.lines += ["    out = []", "    append = out.append", f"    for {unpack} in rows:"]
    _object(source, layout.entity, converted, "o", extra, 8, stateful)
    source.lines += ["        append(o)", "    return out"]
    _guard(source, layout, converted, careful)
    return _made(source, layout.entity.model.__name__)


def _guard(source: _Source, layout: Layout, converted: Sequence[object], careful: Hydrate | None) -> None:
    """Have the function do it again with care, or name the value that could not be read; costs nothing until then."""

    def explain(rows: Sequence[object], problem: Exception) -> None:
        refuse_unreadable(layout, converted, rows, problem)

    if not any(converted):
        return
    first, *rest = source.lines
    if careful is not None:
        given = first[first.index("(") : -1]
        handler = ["    except Exception:", f"        return {source.bind('careful', careful)}{given}"]
    else:
        name = source.bind("explain", explain)
        handler = ["    except Exception as problem:", f"        {name}(rows, problem)", "        raise"]
    source.lines = [first, "    try:", *(f"    {line}" for line in rest), *handler]


def _object(
    source: _Source,
    entity: Entity,
    converted: Sequence[object],
    name: str,
    extra: list[tuple[str, str]],
    indent: int,
    stateful: bool,
    made: bool = False,
) -> None:
    """Write the lines after which the variable ``name`` is the object; ``made`` says that it is one without values.

    Its ``__dict__`` is filled and not replaced by a literal: on CPython 3.11 and 3.12 that takes a sixth less for eight
    columns and a third less for thirty, as the instances of a class share the table of their names.
    """
    pad = " " * indent
    links: list[tuple[str, str]] = []
    items: list[tuple[str, str]] = []
    for number, (attribute, child, back) in enumerate(entity.related):
        variable = f"{name}_{number}"
        if child.optional:
            source.lines += [f"{pad}if r{child.key} is None:", f"{pad}    {variable} = None", f"{pad}else:"]
        _object(source, child, converted, variable, [], indent + 4 * child.optional, stateful)
        items.append((attribute, variable))
        if back is not None:
            links.append((variable, back))
    opts = entity.model._meta
    fields = {f.attname: f for f in opts.concrete_fields}
    columns = [
        (attname, _value(source, converted[position], position, not fields[attname].null and not entity.optional))
        for attname, position in entity.columns
    ]
    cls = source.bind("m", entity.model)
    # What a program overrides is called for each row; all other instances are filled past __init__ and from_db.
    if opts.has_custom_init:
        names = source.bind("n", [attname for attname, _ in columns])
        values = ", ".join(value for _, value in columns)
        db = "state().db" if stateful else repr(DEFAULT_DB_ALIAS)  # without a state of its own, it is from there
        source.lines.append(f"{pad}{name} = {cls}.from_db({db}, {names}, [{values}])")
        rest = ", ".join(f"{attribute!r}: {value}" for attribute, value in [*extra, *items])
        if rest:
            source.lines.append(f"{pad}{name}.__dict__.update({{{rest}}})")
        if stateful:
            source.lines.append(f"{pad}{name}.__dict__['_state'] = state()")
    else:
        if not made:
            source.lines.append(f"{pad}{name} = new({cls})")
        source.lines.append(f"{pad}d = {name}.__dict__")
        whole = [*columns, *extra, *items]
        if stateful:
            whole.insert(0, ("_state", "state()"))
        source.lines += [f"{pad}d[{attribute!r}] = {value}" for attribute, value in whole]
    for variable, back in links:
        source.lines.append(f"{pad}if {variable} is not None: {variable}.__dict__[{back!r}] = {name}")


def _plain(layout: Layout, converted: Sequence[object], careful: Hydrate | None) -> Hydrate:
    count = len(layout.types)
    if layout.kind is RowForm.FLAT and not layout.widths:
        source = _Source()
        value = _value(source, converted[0], 0)
        source.lines += ["def hydrate(rows):", f"    return [{value} for r0, *_ in rows]"]
        if count == 1 and not layout.hidden:
            source.lines[-1] = f"    return [{value} for r0, in rows]"
        _guard(source, layout, converted, careful)
        return _made(source, f"rows as {layout.kind}")
    if layout.kind is RowForm.TUPLE and not any(converted) and not layout.hidden and not layout.widths:
        return as_tuples
    source = _Source()
    unpack = _unpacked(count, layout.hidden)
    values = [_value(source, convert, i) for i, convert in enumerate(converted)]
    if layout.widths:
        values = _grouped(values, layout.widths)
    if not isinstance(layout.kind, RowForm):
        result = layout.kind.source(values, source.bind)
    elif layout.kind is RowForm.FLAT:
        result = values[0]
    elif layout.kind is RowForm.DICT:
        result = "{" + ", ".join(f"{name!r}: {value}" for name, value in zip(layout.names, values, strict=True)) + "}"
    else:
        result = f"({', '.join(values)},)"
        if layout.kind is RowForm.NAMED:
            row = row_class(tuple(layout.names))
            result = f"{source.bind('row', row)}._make({result})"
    source.lines += ["def hydrate(rows):", f"    return [{result} for {unpack} in rows]"]
    _guard(source, layout, converted, careful)
    return _made(source, f"rows as {layout.kind}")


def _grouped(values: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Return the values with those of one key as a tuple."""
    found, start = [], 0
    for width in widths:
        part = values[start : start + width]
        found.append(part[0] if width == 1 else f"({', '.join(part)})")
        start += width
    return found


@lru_cache(maxsize=256)
def row_class(names: tuple[str, ...]) -> Any:
    """Return the class of rows with these names: named tuples, which are pickled by their names."""
    plain: Any = namedtuple("Row", names)  # type: ignore[misc]

    class Row(plain):
        __slots__ = ()

        def __reduce__(self) -> tuple[object, ...]:
            return _row_again, (names, tuple(self))

    return Row


def _row_again(names: tuple[str, ...], values: tuple[object, ...]) -> Any:
    return row_class(names)._make(values)


def _unpacked(count: int, hidden: int) -> str:
    return ", ".join(f"r{i}" for i in range(count)) + (", *_" if hidden else ",")


def quick_to_unpack(rows: Sequence[Any]) -> Iterable[object]:
    """Return the rows as they are taken apart soonest: tuples, where a driver's own kind makes these at once."""
    first = rows[0]
    return rows if type(first) is tuple or type(first[:]) is not tuple else map(_whole, rows)


def as_tuples(rows: Sequence[Any]) -> list[object]:
    """Return the rows as tuples, whatever a driver gives."""
    if not rows or type(rows[0]) is tuple:
        return rows if type(rows) is list else list(rows)
    if type(rows[0][:]) is tuple:
        return list(map(_whole, rows))  # two thirds of the time of tuple(), for the records of some drivers
    return list(map(tuple, rows))


def _made(source: _Source, about: str) -> Hydrate:
    made: Hydrate = define("hydrate", source.lines, source.names, f"results of {about}")
    return made
