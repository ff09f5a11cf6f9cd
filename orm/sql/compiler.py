"""From a tree to text: what a node has at hand while it renders itself into one database's SQL and parameters.

Runs once for each shape and dialect, so it is written to be read. Expressions render themselves through ``compile``
with ``%s`` for each parameter; ``with_placeholders`` puts the database's own placeholders in, and ``binder`` makes the
function that turns a query's values into the parameters of a call. This module knows no kind of node: whole statements
are what ``statement_compiler`` adds, so that nodes can name the compiler without naming each other.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from orm.errors import EmptyResultSet, FullResultSet
from orm.late import late_pattern
from orm.sql.expressions import Expression
from orm.sql.generated import define
from orm.sql.nodes import Constant, Param, Rendered

if TYPE_CHECKING:
    from orm.sql.dialect import Dialect
    from orm.sql.select import Output, Select
    from orm.sql.statements import Statement

Values = Sequence[Any]


class Compiler(ABC):
    """Renders expressions for one dialect; ``StatementCompiler`` is the one that is made.

    ``lengths`` gives the length of each list slot, where the dialect writes a placeholder for each item.
    """

    lists_are_parameters = True
    """Whether the list of an IN may be sent as one parameter, on databases that unpack it in a subquery."""
    depends_on_lengths = False
    """Whether the text that was made depends on the length of a list."""
    depends_on_zone = False
    """Whether the text that was made, or what its results are read as, depends on the current time zone."""

    def __init__(self, dialect: Dialect, lengths: dict[int, int] | None = None) -> None:
        self.dialect = dialect
        self.connection = dialect
        self.lengths = lengths or {}
        self._vendor_method = f"as_{dialect.name}"

    def compile(self, node: Expression) -> Rendered:
        """Return an expression's SQL and parameters; ``as_<dialect name>`` wins over ``as_sql`` where it has one."""
        vendor = getattr(node, self._vendor_method, None)
        result: Rendered = (vendor or node.as_sql)(self, self.dialect)
        return result

    @abstractmethod
    def compile_select(self, select: Select) -> tuple[str, list[object]]:
        """Return a finished select's SQL and parameters. Raises ``EmptyResultSet`` when it could give no row."""

    def compile_statement(self, statement: Statement) -> Rendered:
        """Return an INSERT's, UPDATE's or DELETE's SQL and parameters.

        Raises ``EmptyResultSet`` when it could change no row.
        """
        return self.dialect.rewritten(statement).as_sql(self)

    def compile_outputs(self, word: str, outputs: Sequence[Output]) -> tuple[str, list[object]]:
        """Return ``word`` and a list of result columns, with their names where they have one."""
        columns: list[str] = []
        params: list[Any] = []
        for output in outputs:
            sql, found = self.compile_value(output.expression)
            columns.append(f"{sql} AS {self.dialect.quote(output.name)}" if output.name is not None else sql)
            params += found
        return word + ", ".join(columns), params

    def compile_terms(self, nodes: Iterable[Any]) -> list[Rendered]:
        """Return the SQL of what rows are ordered or grouped by, without conditions that are the same for every row."""
        found: list[Rendered] = []
        for node in nodes:
            try:
                found.append(self.compile(node))
            except (EmptyResultSet, FullResultSet):
                continue
        return found

    def compile_condition(self, node: Expression) -> Rendered:
        """Return a condition's SQL where there must be one, whatever it comes to."""
        try:
            return self.compile(node)
        except FullResultSet:
            return "1 = 1", []
        except EmptyResultSet:
            return "1 = 0", []

    def compile_value(self, node: Expression) -> Rendered:
        """Return the SQL of an expression that stands as a value.

        A condition that no row (or every row) meets is a constant there; it does not make the whole query empty.
        """
        try:
            return self.compile(node)
        except EmptyResultSet:
            default = getattr(node, "empty_result_set_value", None)
            if default is not None:
                return str(int(default)), []
            return (self.dialect.false(), []) if node.conditional else ("NULL", [])
        except FullResultSet:
            return self.dialect.true(), []

    def list_length(self, slot: int) -> int:
        """Return how many items the list in a slot has."""
        self.depends_on_lengths = True
        return self.lengths[slot]

    def quote_name_unless_alias(self, name: str) -> str:
        """Return a quoted identifier (Django's name, for custom expressions)."""
        return self.dialect.quote(name)

    quote_name = quote_name_unless_alias


_NONE_LEFT = object()
_MARK = late_pattern(r"%%|%s")


def with_placeholders(sql: str, params: Sequence[object], dialect: Dialect) -> tuple[str, tuple[Any, ...]]:
    """Return the text with the dialect's placeholders, and the parameters in their order.

    Where placeholders are numbered, the same slot with the same adapter is sent once.
    """
    ordered: list[Any] = []
    numbers: dict[Any, int] = {}
    pending = iter(params)
    numbered = dialect.capabilities.numbered_placeholders

    def replace(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        param = next(pending, _NONE_LEFT)
        if param is _NONE_LEFT:
            raise ValueError(f"An as_sql() or a template has more placeholders than parameters: {sql}")
        key = param if numbered and isinstance(param, (Param, Constant)) else None
        if key is not None and key in numbers:
            return dialect.placeholder(numbers[key])
        ordered.append(param)
        if key is not None:
            numbers[key] = len(ordered)
        return dialect.placeholder(len(ordered))

    text = _MARK.sub(replace, sql)
    if next(pending, None) is not None:
        raise ValueError(f"An as_sql() returned more parameters than placeholders: {sql}")
    return text, tuple(ordered)


def binder(params: Sequence[Any], slots: int | None) -> Callable[[Values], Values] | None:
    """Return the function that makes parameters from a query's values; None when they are the values as they are.

    ``slots`` is the number of values; some (that of ``isnull``) are part of the text and no parameter.
    """
    if slots == len(params) and all(
        isinstance(p, Param) and p.adapter is None and p.slot == i for i, p in enumerate(params)
    ):
        return None
    names: dict[str, Any] = {}
    items: list[str] = []
    plain = 0  # how many more parameters the slice that was written last has taken along
    for number, param in enumerate(params):
        if plain:
            plain -= 1
            continue
        plain = _run(params, number)
        if plain:
            items.append(f"*v[{params[number].slot}:{params[number].slot + plain + 1}]")
        elif isinstance(param, Constant):
            names[f"c{number}"] = param.adapter(param.value)
            items.append(f"c{number}")
        elif not isinstance(param, Param):  # a value that an as_sql() of the program's put among its parameters
            names[f"c{number}"] = param
            items.append(f"c{number}")
        elif param.adapter is None:
            items.append(f"v[{param.slot}]")
        else:
            names[f"a{number}"] = param.adapter
            items.append(f"None if v[{param.slot}] is None else a{number}(v[{param.slot}])")
    # The source is made of numbers alone, so nothing that a caller names can become code.
    lines = ["def bind(v):", f"    return ({', '.join(items)}{',' if len(items) == 1 else ''})"]
    bind: Callable[[Values], Values] = define("bind", lines, names, "parameters")
    return bind


def _run(params: Sequence[object], start: int) -> int:
    """Return how many parameters after that at ``start`` take the slots after its own, all of them without adapter."""
    first = params[start]
    if not isinstance(first, Param) or first.adapter is not None:
        return 0
    end = start + 1
    while end < len(params) and params[end] == Param(first.slot + end - start):
        end += 1
    return end - start - 1
