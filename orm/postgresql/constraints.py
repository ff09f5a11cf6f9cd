"""``ExclusionConstraint``: no two rows for which all of several operators hold.

    ExclusionConstraint(
        name="no_double_booking",
        expressions=[("during", RangeOperators.OVERLAPS), ("room", RangeOperators.EQUAL)],
        condition=Q(cancelled=False),
    )

Equality of plain columns in it needs the extension ``btree_gist``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orm.models.conditions import schema_sql
from orm.models.constraints import BaseConstraint, Deferrable
from orm.models.indexes import OpClass
from orm.models.meeting import meets
from orm.postgresql.ranges import RangeOperators
from orm.sql import ddl, types
from orm.sql.expressions import Expression, Value
from orm.sql.ordering import OrderBy
from orm.sql.references import F, names_in

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered
    from orm.sql.types import SQLType

__all__ = ["ExclusionConstraint"]

METHODS = ("gist", "spgist", "hash")


class ExclusionConstraint(BaseConstraint):
    """No two rows (that meet ``condition``) for which every operator holds between their expressions.

    Parameters:
        expressions: pairs of a field's name or an expression, and an operator (``RangeOperators``).
        index_type: the kind of index behind it, ``gist`` (the default), ``spgist`` or ``hash``.
        condition: a Q that limits the rows.
        deferrable: when it is checked; None: at once.
        include: names of fields whose columns the index carries along.

    Raises ``ValueError`` or ``TypeError`` for what can't be one of these.
    """

    def __init__(
        self,
        *,
        name: str,
        expressions: Sequence[tuple[Any, str]],
        index_type: str | None = None,
        condition: Any = None,
        deferrable: Deferrable | None = None,
        include: Sequence[str] | None = None,
        **options: Any,
    ) -> None:
        index_type = "gist" if index_type is None else index_type
        if not isinstance(index_type, str) or index_type.lower() not in METHODS:
            raise ValueError("Exclusion constraints only support GiST or SP-GiST indexes. Hash is the third.")
        if not expressions:
            raise ValueError("At least one expression is required to define an exclusion constraint.")
        if not all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in expressions):
            raise ValueError("The expressions must be a list of 2-tuples.")
        for _, operator in expressions:
            if operator not in set(RangeOperators):
                raise ValueError(f"{operator!r} is no operator of an exclusion constraint: see RangeOperators.")
        if condition is not None and not getattr(condition, "conditional", False):
            raise ValueError("ExclusionConstraint.condition must be a Q instance.")
        if deferrable is not None and not isinstance(deferrable, Deferrable):
            raise ValueError("ExclusionConstraint.deferrable must be a Deferrable instance.")
        if include is not None and not isinstance(include, (list, tuple)):
            raise ValueError("ExclusionConstraint.include must be a list or tuple.")
        super().__init__(name=name, **options)
        self.expressions = tuple((expression, RangeOperators(operator).value) for expression, operator in expressions)
        self.index_type = index_type.lower()
        self.condition = condition
        self.deferrable = deferrable
        self.include = tuple(include or ())

    def _parts_shown(self) -> Iterator[str]:
        yield f"index_type={self._declared[1].get('index_type') or 'GIST'!r}"
        yield f"expressions={list(self.expressions)!r}"
        yield f"name={self.name!r}"
        if self.condition is not None:
            yield f"condition={self.condition}"
        if self.deferrable is not None:
            yield f"deferrable={self.deferrable!r}"
        if self.include:
            yield f"include={self.include!r}"

    def table_clause(self, model: Any, dialect: Dialect) -> str:
        """``CONSTRAINT name EXCLUDE USING …``."""
        parts = ", ".join(
            f"{self._element(model, expression, dialect)} WITH {operator}" for expression, operator in self.expressions
        )
        clause = f"CONSTRAINT {dialect.quote(self.name)} EXCLUDE USING {self.index_type} ({parts})"
        if self.include:
            clause += f" INCLUDE ({ddl.columns_of(model, self.include, dialect)})"
        if self.condition is not None:
            clause += f" WHERE ({schema_sql(model, self.condition, dialect)})"
        if self.deferrable is not None:
            clause += f" DEFERRABLE INITIALLY {self.deferrable.name}"
        return clause

    def _element(self, model: type[AwaitableModel], expression: Expression | str, dialect: Dialect) -> str:
        if isinstance(expression, str):
            return str(dialect.quote(ddl.column_of(model, expression)))
        sql = schema_sql(model, expression, dialect)
        return sql if isinstance(expression, (F, OpClass, OrderBy)) else f"({sql})"

    async def avalidate(
        self, model: type[AwaitableModel], instance: AwaitableModel, exclude: frozenset[str], using: str
    ) -> None:
        """Ask the database for another row with which every operator holds.

        Raises ``ValidationError``.
        """
        if self.condition is not None and not await meets(self.condition, instance, using, if_open=False):
            return
        tests: list[Any] = []
        for expression, operator in self.expressions:
            row = F(expression) if isinstance(expression, str) else _indexed(expression)
            names = [name.partition("__")[0] for name in names_in(row)]
            if exclude.intersection(names):
                return
            fields = {name: model._meta.get_field(name) for name in names}
            values = {name: field.value_from_object(instance) for name, field in fields.items()}
            if any(value is None for value in values.values()):
                return  # NULL excludes nothing
            given = {name: Value(value, output_field=fields[name]) for name, value in values.items()}
            tests.append(Operation(row, operator, with_values(row, given)))
        others = model._base_manager.using(using).filter(*tests)
        if self.condition is not None:
            others = others.filter(self.condition)
        if instance.pk is not None and not instance._state.adding:
            others = others.exclude(pk=instance.pk)
        if await others.aexists():
            raise self.violation()


class Operation(Expression):
    """Whether an operator holds between two expressions."""

    conditional_kind = True

    def __init__(self, lhs: Any, operator: str, rhs: Any) -> None:
        super().__init__()
        self.lhs = lhs
        self.operator = RangeOperators(operator).value
        self.rhs = rhs

    def _infer_output_field(self) -> SQLType | None:
        return types.BOOLEAN

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, lhs_params = compiler.compile(self.lhs)
        rhs, rhs_params = compiler.compile(self.rhs)
        return f"{lhs} {self.operator} {rhs}", [*lhs_params, *rhs_params]


def _indexed(expression: Expression | str) -> object:
    """Return what an element of an index compares, without how it is sorted and which operator class it names."""
    if isinstance(expression, OrderBy):
        return _indexed(expression.expression)
    return _indexed(expression.source_expressions[0]) if isinstance(expression, OpClass) else expression


def with_values(node: Any, values: Mapping[str, object]) -> Any:
    """Return an expression with the fields it names replaced by values."""
    if isinstance(node, F):
        return values[node.name]
    return node.map(lambda child: with_values(child, values))
