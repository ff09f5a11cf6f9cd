"""From an instance to the parameters of its row: one function generated for exactly the columns that are written.

Names in the generated source are those of fields, which are Python identifiers; values never are part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from orm.query.shape import root
from orm.records import NamedTuple
from orm.sql.combinable import Combinable
from orm.sql.fitting import Fitting
from orm.sql.generated import define
from orm.sql.types import INTEGER_KINDS

if TYPE_CHECKING:
    from orm.query.insert_instances import OneRow
    from orm.query.update_instances import OneUpdate
    from orm.sql.described import ModelClass, ModelField
    from orm.sql.dialect import Adapter, Dialect

RowMaker = Callable[[Any], tuple[Any, ...]]


class Computed(Exception):
    """A value to be written is an expression, which the prepared statement has no place for."""


class Columns:
    """The fields of one table that a statement writes, as one object: what was compiled for them is found by it.

    ``inserts`` and ``updates`` are that for one row, by dialect: to find it by the model, the columns and the dialect
    takes as long as to make the parameters. Each keeps the number of the epoch it was compiled in, and is not used in
    another one.
    """

    __slots__ = ("attnames", "fields", "inserts", "names", "updates")

    def __init__(self, fields: Sequence[Any]) -> None:
        self.fields = tuple(fields)
        self.inserts: dict[Dialect, OneRow] = {}
        self.updates: dict[Dialect, OneUpdate] = {}
        self.attnames = frozenset(field.attname for field in fields)
        self.names = frozenset(name for field in fields for name in (field.name, field.attname))

    def __repr__(self) -> str:
        return f"<columns {', '.join(field.column for field in self.fields)}>"


def columns_of(model: ModelClass, fields: tuple[object, ...]) -> Columns:
    """Return the columns of these fields of a model: one object for equal fields."""
    found: Columns = root(model).compiled(("columns", fields), Columns, fields)
    return found


class Prepared:
    """Prepares and adapts one value of a field, whatever its type. Raises ``Computed`` for an expression."""

    __slots__ = ("adapter", "prepare")

    def __init__(self, field: ModelField, dialect: Dialect) -> None:
        self.prepare = field.store_preparer(dialect)
        self.adapter: Adapter | None = (
            Fitting(field, dialect) if field.kind in INTEGER_KINDS else dialect.adapter(field)
        )

    def __call__(self, value: object) -> object:
        if isinstance(value, Combinable):
            raise Computed
        value = self.prepare(value)
        return value if value is None or self.adapter is None else self.adapter(value)


def row_maker(fields: Sequence[Any], dialect: Dialect, adding: bool, as_held: bool = False) -> RowMaker:
    """Return a function generated for these fields that turns an instance into the parameters of its row.

    ``adding`` tells the fields an INSERT; ``as_held`` writes what the instance holds, also of a field that makes its
    own value when an instance is saved (``auto_now``). The function raises ``Computed`` when a value is an expression.
    """
    lines = ["def row(o):", "    d = o.__dict__"]
    names: dict[str, Any] = {}
    columns = [_column(number, field, dialect, adding, as_held, names) for number, field in enumerate(fields)]
    for held, together in groupby(columns, lambda column: column.held is not None):
        run = list(together)
        if held:
            lines += _read_together(run)
        for column in run:
            lines += column.prepared if held else [column.read, *column.prepared]
    lines.append(f"    return ({' '.join(f'x{n},' for n in range(len(fields)))})")
    made: RowMaker = define("row", lines, names, "rows of " + (str(fields[0].model.__name__) if fields else "nothing"))
    return made


class _Column(NamedTuple):
    """The lines that make one parameter ``x<number>``.

    ``held`` takes what the instance holds, and raises ``KeyError`` where it holds nothing; None for a field that has to
    be asked. ``read`` takes it from wherever it is. ``prepared`` makes a parameter of it.
    """

    held: str | None
    read: str
    prepared: list[str]


def _read_together(columns: Sequence[_Column]) -> list[str]:
    """Return the lines that read neighbouring columns: to look whether each is held takes a fourth of a wide row.

    What is not held is read outside of ``except``, as that may be a query.
    """
    quick = [f"        {column.held}" for column in columns]
    careful = [f"    {column.read}" for column in columns]
    return ["    whole = True", "    try:", *quick, "    except KeyError: whole = False", "    if not whole:", *careful]


def _column(
    number: int, field: Any, dialect: Dialect, adding: bool, as_held: bool, names: dict[str, object]
) -> _Column:
    """Return how one parameter is made. A value of the common type needs no call."""
    prepared = Prepared(field, dialect)
    names[f"p{number}"] = prepared
    held_only = as_held and not field.is_relation
    names[f"h{number}"] = field.value_from_object if held_only else field.pre_save
    hook = f"h{number}(o)" if held_only else f"h{number}(o, {adding})"
    name, prepare = field.attname, f"x{number} = p{number}(x{number})"
    asked = field.has_pre_save and not held_only
    held = None if asked else f"x{number} = d[{name!r}]"
    read = f"    x{number} = " + (hook if asked else f"d[{name!r}] if {name!r} in d else {hook}")
    target = field.target_field if field.is_relation else field
    if not (target.plain_prepare and field.stores_prepared):
        return _Column(held, read, [f"    {prepare}"])
    if not field.is_relation:
        prepare = f"x{number} = None if x{number} is None else p{number}(x{number})"
    else:
        prepare = f"x{number} = p{number}({hook})"
        # A primary key that is there needs no look at the related instance.
        held = f"x{number} = d.get({name!r})" if target.primary_key else None
        read = f"    {held or f'x{number} = {hook}'}"
    return _Column(held, read, _plain_lines(number, target, prepared, prepare, dialect, names))


def prepared_lines(number: int, field: Any, dialect: Dialect, names: dict[str, Any]) -> list[str]:
    """Return the lines that prepare and adapt a value ``x<number>`` that was given by itself, outside an instance."""
    prepared = names[f"p{number}"] = Prepared(field, dialect)
    target = field.target_field if field.is_relation else field
    prepare = f"x{number} = None if x{number} is None else p{number}(x{number})"
    if not (target.plain_prepare and field.stores_prepared):
        return [f"    {prepare}" if field.is_relation else f"    x{number} = p{number}(x{number})"]
    return _plain_lines(number, target, prepared, prepare, dialect, names)


def _plain_lines(
    number: int, target: Any, prepared: Prepared, prepare: str, dialect: Dialect, names: dict[str, object]
) -> list[str]:
    """Return the lines after which ``x<number>`` is a parameter. A value of the common type needs no call."""
    names[f"t{number}"] = target.exact_type
    lines = [f"    if type(x{number}) is not t{number}: {prepare}"]
    if isinstance(prepared.adapter, Fitting):
        names[f"f{number}"] = prepared.adapter.refuse
        least, most = prepared.adapter.least, prepared.adapter.most
        lines.append(f"    elif not {least} <= x{number} <= {most}: f{number}(x{number})")
    adapter = dialect.adapter(target)
    if adapter is not None:
        names[f"a{number}"] = adapter
        refused = getattr(adapter, "refuses", None)
        if adapter is int and target.exact_type is bool:
            lines.append(f"    else: x{number} = +x{number}")  # the number, in a fourth of the time of the call
        elif refused is None:
            lines.append(f"    else: x{number} = a{number}(x{number})")
        else:
            found = f"{refused!r} in x{number}" if type(refused) is str else f"x{number} != x{number}"
            lines.append(f"    elif {found}: x{number} = a{number}(x{number})")
    return lines


def give_parent_key(parent: Any, link: ModelField, held: dict[str, Any]) -> None:
    """Give an instance, which has but the link to a parent's row, that row's key, too; ``parent`` is its write plan."""
    if held.get(parent.key_attname) is None and held.get(link.attname) is not None:
        held[parent.key_attname] = held[link.attname]
