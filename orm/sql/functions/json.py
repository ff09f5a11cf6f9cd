"""Functions that make JSON: lists and objects of values."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from orm.sql import types
from orm.sql.calls import Func
from orm.sql.expressions import Value
from orm.sql.nodes import Rendered
from orm.sql.references import as_reference
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect


class _MakesJSON(Func):
    takes_extra: ClassVar[bool] = False

    def _infer_output_field(self) -> SQLType | None:
        return types.JSON


class JSONArray(_MakesJSON):
    """A JSON list of values: ``JSONArray("name", F("age") * 2)``."""

    takes_extra: ClassVar[bool] = False

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        items, params = self.arguments_with_kinds(compiler)
        return connection.json_array(items), params


class JSONObject(_MakesJSON):
    """A JSON object: ``JSONObject(name="name", twice=F("age") * 2)``. Its keys are bound values."""

    def __init__(self, **fields: object) -> None:
        items = [part for name, value in fields.items() for part in (Value(name), as_reference(value))]
        super().__init__(*items)

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        items, params = self.arguments_with_kinds(compiler)
        return connection.json_object(items), params


__all__ = ["JSONArray", "JSONObject"]
