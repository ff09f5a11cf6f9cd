"""Rows that are copied in: from tuples, mappings or instances to what the driver sends, by a function generated once.

What a row does not give gets what a new instance would have: the field's default, the moment of ``auto_now``. What this
module refuses: a row that is not like the first one (of its kind, with its fields), and a value that the field refuses;
either is a ``BadRow`` that names the row's number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orm.errors import BadRow, DatabaseError, DataError, FieldError, InterfaceError, OperationalError, UnsendableText
from orm.query.insert_instances import without_defaults
from orm.query.instance_rows import Columns, Computed, Prepared, columns_of, prepared_lines, row_maker
from orm.query.shape import root
from orm.sql.generated import define
from orm.structures.arguments import listed_names
from orm.text.spelling import did_you_mean_of

if TYPE_CHECKING:
    from orm.query.instance_rows import RowMaker
    from orm.sql.described import ModelClass, ModelField
    from orm.sql.dialect import Dialect

LONGEST = 80
"""Characters of a row that an error shows."""


# -- one row -----------------------------------------------------------------------------------------------------------


class Rows:
    """How the rows of one call become parameters: ``columns`` are what is written, ``make`` is called for each."""

    __slots__ = ("columns", "dialect", "given", "keys", "kind", "make", "model")

    def __init__(
        self,
        model: ModelClass,
        kind: str,
        given: Sequence[Any],
        keys: Sequence[str] | None,
        columns: Columns,
        make: RowMaker,
        dialect: Dialect,
    ) -> None:
        self.model = model
        self.kind = kind
        self.given = given
        self.keys = keys
        self.columns = columns
        self.make = make
        self.dialect = dialect

    def bad(self, rows: Sequence[object], before: int) -> DataError | None:
        """Return the error for the first of these rows that can't be one; ``before`` is how many came before them.

        It is a ``BadRow``, or an ``UnsendableText`` where a text is none in UTF-8, which drivers say of no row.
        """
        for number, row in enumerate(rows, start=before + 1):
            try:
                _encode_texts(self.make(row))
            except Exception as problem:  # also what a user's own field raises
                kind = UnsendableText if isinstance(problem, UnicodeError) else BadRow
                error = kind(f"Row {number:,} of {self.model._meta.label}: {self._reason(row, problem)}")
                error.row = number
                error.__cause__ = problem
                return error
        return None

    def _reason(self, row: object, problem: Exception) -> str:
        """Say what is wrong with a row that could not be made."""
        found = kind_of(row, self.model)
        if found != self.kind:
            return f"it is {SHOWN[found]} ({shown(row)}), and the first row is {SHOWN[self.kind]}"
        if isinstance(problem, Computed):
            return "expressions can't be copied; bulk_create() writes them"
        if isinstance(problem, _Misfit):
            return str(problem)
        return f"{self._refusing(row)}{problem or type(problem).__name__}"

    def _refusing(self, row: Any) -> str:
        """Name the field that refuses its value, where its own error does not."""
        for number, field in enumerate(self.given):
            key = self.keys[number] if self.keys else field.attname
            try:
                value = (
                    row[key] if self.kind == "mapping" else row[number] if self.kind == "tuple" else getattr(row, key)
                )
                _encode_texts([Prepared(field, self.dialect)(value)])
            except Exception as problem:
                return "" if str(field) in str(problem) else f"{field}: "
        return ""


def _encode_texts(values: Iterable[object]) -> None:
    """Raise ``UnicodeEncodeError`` where a text among the values, or in a list of them, is none in UTF-8."""
    for value in values:
        if isinstance(value, str):
            value.encode()
        elif isinstance(value, (list, tuple)):
            _encode_texts(value)


def shown(value: object) -> str:
    """Return what something looks like, cut where that is long."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


class _Misfit(Exception):
    """A row has other fields than the first one."""


SHOWN = {"instance": "an instance", "mapping": "a mapping", "tuple": "a tuple or list", "other": "no row"}


def kind_of(row: Any, model: Any) -> str:
    """Return what a row is: an instance of the model, a mapping, a tuple or list, or other."""
    if isinstance(row, model._meta.concrete_model):
        return "instance"
    if isinstance(row, Mapping):
        return "mapping"
    return "tuple" if isinstance(row, (tuple, list)) else "other"


def rows_like(model: Any, first: object, names: Sequence[str] | None, dialect: Dialect) -> Rows:
    """Return how rows like the first one become parameters.

    Parameters: ``names`` are the fields that each row gives, or None: of a mapping its own keys; of an instance all,
    without a key that it does not have; of a tuple all in the model's order but keys that the database counts.

    Raises ``FieldError`` for what is no column of the model's table, ``TypeError`` for a first row that is none.
    """
    kind = kind_of(first, model)
    if kind == "other":
        error = BadRow(
            f"Row 1 of {model._meta.label}: a row is a tuple, a list, a mapping or an instance of {model.__name__}, "
            f"not {shown(first)}"
        )
        error.row = 1
        raise error
    given = fields_given(model, kind, first, names)
    key = ("copied", kind, given, None if kind == "instance" else _keys(kind, first, names, given), dialect)
    made: Rows = root(model).compiled(key, _rows, model, kind, given, key[3], dialect)
    return made


def _keys(kind: str, first: Any, names: Sequence[str] | None, given: Sequence[Any]) -> tuple[str, ...]:
    """Return what a mapping calls its fields."""
    if names is not None:
        return tuple(names)
    return tuple(first) if kind == "mapping" else tuple(field.name for field in given)


def fields_given(model: ModelClass, kind: str, first: Any, names: Sequence[str] | None) -> tuple[Any, ...]:
    """Return the fields that each row gives. Raises ``FieldError``, ``TypeError``, ``ValueError``."""
    plan = model._meta.write_plan
    names = None if names is None else listed_names("copy_in(fields=…)", names)
    if names is None and kind == "instance":
        columns = plan.without_auto if plan.composite or first.__dict__.get(plan.key_attname) is None else plan.all
        return without_defaults(model, first, columns).fields
    if names is None and kind == "tuple":
        return tuple(plan.without_auto.fields)
    wanted = tuple(first if names is None else names)
    known = {name: field for field in plan.all.fields for name in (field.attname, field.name)}
    known["pk"] = model._meta.pk
    for name in wanted:
        if not isinstance(name, str):
            raise TypeError(f"fields are names of {model.__name__}'s fields, not {name!r}")
        if name not in known or known[name] not in plan.all.fields:
            raise FieldError(
                f"{model._meta.label} has no column {name!r} that rows can be copied into."
                + did_you_mean_of(name, [field.name for field in plan.all.fields])
            )
    fields = tuple(known[name] for name in wanted)
    if len(set(fields)) < len(fields):
        twice = next(field for field in fields if fields.count(field) > 1)
        raise ValueError(f"{twice} is named twice among the fields to be copied")
    if not fields:
        raise ValueError("copy_in() needs at least one field")
    return fields


def _rows(
    model: ModelClass, kind: str, given: tuple[object, ...], keys: tuple[str, ...] | None, dialect: Dialect
) -> Rows:
    """Generate the function that makes rows."""
    if kind == "instance":
        whole = _checked_instance(model, row_maker(given, dialect, True))
        return Rows(model, kind, given, None, columns_of(model, given), whole, dialect)
    assert keys is not None
    filled = [field for field in model._meta.write_plan.without_auto.fields if field not in given and _is_filled(field)]
    for field in filled:
        made_by_itself = field.has_default() or (field.has_pre_save and not field.is_relation)
        if not made_by_itself and not field.null and field.get_default() is None:
            raise TypeError(f"copy_in() needs a value for {field}, which may not be NULL and has no default")
    names: dict[str, Any] = {"misfit": _misfit, "keys": keys, "Blank": _Blank}
    holders = ", ".join(f"x{number}" for number in range(len(given)))
    lines = ["def row(r):"]
    if kind == "tuple":
        names["kinds"] = (tuple, list)
        lines += ["    if type(r) is not tuple and not isinstance(r, kinds): misfit(r, keys)", "    try:"]
        lines += [f"        {holders}, = r", "    except ValueError: misfit(r, keys)"]
    else:
        lines += [f"    if len(r) != {len(given)}: misfit(r, keys)", "    try:"]
        lines += [f"        {holders}, = {', '.join(f'r[{key!r}]' for key in keys)},"]
        lines += ["    except KeyError: misfit(r, keys)"]
    for number, field in enumerate(given):
        lines += prepared_lines(number, field, dialect, names)
    for number, field in enumerate(filled, start=len(given)):
        lines.append(f"    x{number} = {_filling(number, field, dialect, names)}")
    lines.append(f"    return ({' '.join(f'x{number},' for number in range(len(given) + len(filled)))})")
    make: RowMaker = define("row", lines, names, f"rows copied to {model.__name__}")
    return Rows(model, kind, given, keys, columns_of(model, (*given, *filled)), make, dialect)


def _checked_instance(model: Any, make: RowMaker) -> RowMaker:
    concrete = model._meta.concrete_model

    def row(instance: Any) -> tuple[Any, ...]:
        if not isinstance(instance, concrete):
            raise TypeError(f"not an instance of {model.__name__}")
        return make(instance)

    return row


def _is_filled(field: ModelField) -> bool:
    """Whether a column that rows do not give is written: one that the database fills in itself is not."""
    return not field.has_db_default


class _Blank:
    """Stands for the instance whose field makes its own value."""


def _filling(number: int, field: Any, dialect: Dialect, names: dict[str, object]) -> str:
    """Return the text that makes the value of a column which rows do not give."""
    prepared = names[f"p{number}"] = Prepared(field, dialect)
    if field.has_pre_save and not field.is_relation:
        names[f"h{number}"] = field.pre_save
        if not hasattr(field, "auto_now"):
            raise NotImplementedError(
                f"{field} makes its value from the instance when that is saved: give it among the fields, or copy "
                "instances"
            )
        return f"p{number}(h{number}(Blank(), True))"
    if field.has_default() and callable(field.default):
        names[f"d{number}"] = field.get_default
        return f"p{number}(d{number}())"
    names[f"d{number}"] = prepared(field.get_default())
    return f"d{number}"


def _misfit(row: Any, keys: Sequence[str]) -> None:
    """Raise for a row with other fields than these."""
    if isinstance(row, Mapping):
        lacking = [key for key in keys if key not in row]
        more = [key for key in row if key not in keys]
        said = [f"it lacks {', '.join(map(repr, lacking))}"] if lacking else []
        said += [f"{', '.join(map(repr, more))} is not among its fields"] if more else []
        raise _Misfit(f"{' and '.join(said)} (they are {', '.join(keys)})")
    raise _Misfit(f"it has {len(row)} values for {len(keys)} fields ({', '.join(keys)}): {shown(row)}")


def numbered(error: DatabaseError, model: ModelClass, before: int) -> DatabaseError:
    """Return the database's error with the number of the row it is about, of which ``before`` have been copied."""
    assert error.row is not None
    number = before + error.row
    names = [field.name for field in model._meta.concrete_fields if field.column == error.column]
    where = f"Row {number:,} of {model._meta.label}" + "".join(f", field {name}" for name in names)
    told = type(error)(f"{where}: {error}")
    vars(told).update(vars(error), row=number)
    return told


def is_about_rows(error: BaseException) -> bool:
    """Whether an error may come from a row's values, and not from the session or the caller."""
    return isinstance(error, Exception) and not isinstance(error, (OperationalError, InterfaceError))


Progress = Callable[[int], Any]

__all__ = ["Progress", "Rows", "is_about_rows", "numbered", "rows_like"]
