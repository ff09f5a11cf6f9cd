"""Querysets whose rows are in no table: those that a caller gives (``Rows``), and those of a function of the database.

Their columns are fields, as a model declares them, so that such a queryset is filtered, ordered, annotated, grouped and
combined as any other; it stands in ``__in``, ``Subquery``, ``Exists``, a ``CTE`` and ``join()``, and its rows can be
inserted. What this module refuses: columns that are no plain fields, rows that don't fit them, changing the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NoReturn

from orm.errors import NotSupportedError
from orm.models.apps import Apps
from orm.models.base_blocking import Model
from orm.models.composite import CompositePrimaryKey
from orm.models.fields import Field, IntegerField, JSONField, TextField
from orm.query.queryset_blocking import QuerySet
from orm.query.sources import function_rows, given_rows
from orm.sql.expressions import Value
from orm.sql.nodes import Node
from orm.sql.references import OuterRef
from orm.structures.arguments import listed

MAX_MODELS = 512
_COLUMN = re.compile(r"(?!.*__|.*_\Z|pk\Z)[^\W\d]\w*\Z")
_FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)?\Z", re.ASCII)
_models: dict[Any, type[Model]] = {}


class SourceRow(Model):
    """A row of a source, as an instance: to be read."""

    async def asave(self, *args: object, **options: object) -> NoReturn:
        """Refuse to save what is in no table."""
        raise NotSupportedError("A row of Rows() or of a function is in no table: it can't be saved")

    async def adelete(self, *args: object, **options: object) -> NoReturn:
        """Refuse to delete what is in no table."""
        raise NotSupportedError("A row of Rows() or of a function is in no table: it can't be deleted")

    class Meta:
        abstract = True
        app_label = "sources"
        apps = Apps()


def model_of(name: str, columns: Mapping[str, Field]) -> type[Model]:
    """Return the model that stands for a source with these columns; equal columns have one."""
    if not isinstance(columns, Mapping) or not columns:
        raise TypeError("A source has columns: fields by name, as in {'price': IntegerField()}")
    key: list[Any] = [name]
    for column, field in columns.items():
        if not isinstance(column, str) or not _COLUMN.match(column):
            raise ValueError(f"{column!r} can't name a column of a source: use letters, digits and single underscores")
        if not isinstance(field, Field) or field.is_relation or not field.concrete or field.primary_key:
            raise TypeError(f"The column {column} is declared by a plain field, such as IntegerField(), not {field!r}")
        _, path, args, options = field.deconstruct()
        key.append((column, path, repr(args), repr(options)))
    known = _models.get(tuple(key))
    if known is None:
        if len(_models) >= MAX_MODELS:
            _models.clear()
        known = _models[tuple(key)] = _made(name, columns)
    return known


def _made(name: str, columns: Mapping[str, Field]) -> type[Model]:
    fields: dict[str, Any] = {column: field.clone() for column, field in columns.items()}
    for place, field in enumerate(fields.values()):
        field.creation_counter = place  # in the order of the columns, whenever each field was made
    if len(fields) > 1:
        key: dict[str, Any] = {"pk": CompositePrimaryKey(*fields)}
    else:
        key = {}
        [field] = fields.values()
        field.primary_key = True
    options = {"app_label": "sources", "apps": Apps(), "db_table": name, "managed": False}
    attributes = {"__module__": __name__, "Meta": type("Meta", (), options), **fields, **key}
    metaclass: Any = type(Model)
    made: type[Model] = metaclass(name, (SourceRow,), attributes)
    return made


class Sourced(QuerySet[Any]):
    """Base of the querysets over a source."""

    def _check_change(self, what: object) -> NoReturn:
        raise NotSupportedError(f"The rows of {type(self).__name__}() are in no table: {what}() can't change them")

    async def abulk_create(self, *args: object, **options: object) -> NoReturn:
        """Refuse to insert into what is no table."""
        self._check_change("bulk_create")

    async def abulk_update(self, *args: object, **options: object) -> NoReturn:
        """Refuse to change what is no table."""
        self._check_change("bulk_update")

    async def ainsert_from(self, *args: object, **options: object) -> NoReturn:
        """Refuse to insert into what is no table."""
        self._check_change("insert_from")


class Rows(Sourced):
    """Rows that the caller gives: ``Rows({"isbn": CharField(), "price": IntegerField()}, [("1", 20), ("2", 30)])``.

    Parameters:
        columns: the type of each column by its name, as a field; ``null=True`` where it may hold None.
        rows: a tuple for each row, in the order of the columns, or a dict; any iterable of them.

    Raises ``TypeError`` and ``ValueError`` for columns that are no fields, and for rows that don't fit them.
    """

    def __init__(
        self, columns: Mapping[str, Field[Any]], rows: Iterable[Sequence[object] | Mapping[str, object]]
    ) -> None:
        super().__init__(model_of("rows", columns))
        listed("Rows()", rows, "an iterable of tuples or dicts")
        names = tuple(columns)
        lists: list[list[Any]] = [[] for _ in names]
        for row in rows:
            if isinstance(row, Mapping):
                if row.keys() != columns.keys():
                    raise ValueError(f"A row of Rows() has {', '.join(map(str, row))}, and not {', '.join(names)}")
                row = [row[name] for name in names]
            elif isinstance(row, (str, bytes)) or not isinstance(row, Sequence):
                raise TypeError(f"A row of Rows() is a tuple or a dict, not {row!r}")
            elif len(row) != len(names):
                raise ValueError(f"A row of Rows() has {len(row)} values for the columns {', '.join(names)}")
            for values, value in zip(lists, row, strict=True):
                values.append(value)
        self._shape, self._values = given_rows(self.model, lists)


class TableFunction(Sourced):
    """The rows of a function of the database. A subclass says what it is called and the columns it gives::

        class Words(TableFunction):
            function = "regexp_split_to_table"
            columns = {"word": TextField()}

        Words(Value("a b c"), Value(" ")).filter(word__gt="a")

    Parameters: ``arguments`` are the function's: a string names a field of the query around this one, as
    ``OuterRef`` does; text is given as ``Value("…")``.
    """

    function: ClassVar[str]
    columns: ClassVar[Mapping[str, Field[Any]]]

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        name = getattr(cls, "function", None)
        if not isinstance(name, str) or not _FUNCTION.match(name):
            raise ValueError(f"{cls.__name__}.function is the name of a function, not {name!r}")
        model_of("called", getattr(cls, "columns", {}))

    def __init__(self, *arguments: object) -> None:
        super().__init__(model_of("called", self.columns))
        self._shape, self._values = function_rows(self.model, self.function, [_argument(item) for item in arguments])


class GenerateSeries(TableFunction):
    """The whole numbers from ``start`` to ``stop``, which is one of them, as the column ``value``."""

    function = "generate_series"
    columns: ClassVar[Mapping[str, Field[Any]]] = {"value": IntegerField()}

    def __init__(self, start: object, stop: object, step: object = 1) -> None:
        for name, given in (("start", start), ("stop", stop), ("step", step)):
            plain = isinstance(given, (int, str)) and not isinstance(given, bool)
            if not plain and not hasattr(given, "resolve_expression"):
                raise TypeError(f"GenerateSeries({name}=…) is a whole number or an expression, not {given!r}")
        if step == 0:
            raise ValueError("GenerateSeries() takes a step other than 0")
        super().__init__(start, stop, step)


class JSONElements(TableFunction):
    """The elements of a JSON array: ``position``, counted from 0, and ``value``."""

    function = "json_elements"
    columns: ClassVar[Mapping[str, Field[Any]]] = {"position": IntegerField(), "value": JSONField(null=True)}

    def __init__(self, array: object) -> None:
        super().__init__(_document(array))


class JSONItems(TableFunction):
    """The items of a JSON object: ``key`` and ``value``."""

    function = "json_items"
    columns: ClassVar[Mapping[str, Field[Any]]] = {"key": TextField(), "value": JSONField(null=True)}

    def __init__(self, document: object) -> None:
        super().__init__(_document(document))


def _argument(value: object) -> object:
    if isinstance(value, str):
        return OuterRef(value)
    if isinstance(value, Node):
        return value
    return Value(value)


def _document(value: Any) -> Value:
    return Value(value, output_field=JSONField()) if isinstance(value, (list, dict)) else value
