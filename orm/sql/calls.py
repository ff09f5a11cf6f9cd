"""Function calls, the expressions users most often add to, and the wrapper that says a type by hand."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from orm.sql.expressions import Expression
from orm.sql.nodes import structure_of
from orm.sql.references import F, as_reference
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect

_TEMPLATE_NAME = re.compile(r"%\((\w+)\)s")
_FUNCTION_NAME = re.compile(r"[^\W\d][\w$]*(\.[^\W\d][\w$]*)*\Z")


class Func(Expression):
    """A function call. Subclasses set ``function`` (and ``template``, ``arity``, ``output_field``) or extend
    ``as_sql``.

    Parameters: strings name fields, other plain values are bound; ``extra`` may hold ``function``, ``template``,
    ``arg_joiner`` and the names in the template, which become SQL as they are: they are the programmer's, never a
    user's. Raises ``TypeError`` for any other keyword.
    """

    takes_extra: ClassVar[bool] = False
    """Whether keywords besides the template's are taken; a subclass with an ``as_sql`` or ``as_<vendor>`` of its own,
    which may read them, takes any unless it says False itself."""

    takes_keys: ClassVar[bool] = False
    """Whether an argument may be a key made of several columns."""

    function: str | None = None
    template = "%(function)s(%(expressions)s)"
    arg_joiner = ", "
    arity: int | None = None

    def __init__(self, *expressions: Any, output_field: SQLType | None = None, **extra: Any) -> None:
        if self.arity is not None and len(expressions) != self.arity:
            plural = "argument" if self.arity == 1 else "arguments"
            raise TypeError(f"{type(self).__name__!r} takes exactly {self.arity} {plural} ({len(expressions)} given)")
        if extra:
            self._check_extra(extra)
        super().__init__(output_field)
        self.source_expressions: list[Any] = [as_reference(item) for item in expressions]
        self.extra = extra

    def _check_extra(self, extra: dict[str, Any]) -> None:
        function = extra.get("function")
        if function is not None and not (isinstance(function, str) and _FUNCTION_NAME.match(function)):
            raise ValueError(f"function={function!r} is no name of a function")
        template = extra.get("template") or self.template
        known = {"function", "template", "arg_joiner", *_TEMPLATE_NAME.findall(template)}
        unknown = [name for name in extra if name not in known]
        if unknown and not self._reads_extra():
            raise TypeError(
                f"{type(self).__name__}() got an unexpected keyword argument {unknown[0]!r}: no parameter and no name "
                "in its template"
            )

    @classmethod
    def _reads_extra(cls) -> bool:
        for base in cls.__mro__:
            if "takes_extra" in vars(base):
                return bool(vars(base)["takes_extra"])
            if any(name.startswith("as_") for name in vars(base)):
                return True
        return False

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        """As any expression's. Raises ``ValueError`` for a key made of several columns as an argument."""
        resolved = super().resolve_expression(query, allow_joins, reuse, summarize, for_save)
        if not self.takes_keys and any(getattr(part, "is_key_of_several", False) for part in resolved.children()):
            raise ValueError(f"{type(self).__name__} expression does not support composite primary keys.")
        return resolved

    def get_source_expressions(self) -> list[Any]:
        return self.source_expressions

    def set_source_expressions(self, expressions: list[Any]) -> None:
        """Replace the arguments (Django's name; for overriders working on a copy)."""
        self.source_expressions = expressions

    def structure(self, values: list[Any]) -> Hashable:
        sources = [item.structure(values) for item in self.source_expressions]
        if not self.extra and len(self.__dict__) == 2:
            return (type(self), *sources)
        others = [(n, structure_of(v, values)) for n, v in self.__dict__.items() if n != "source_expressions"]
        return (type(self), *sources, *others)

    def as_sql(self, compiler: Compiler, connection: Dialect, **extra_context: Any) -> tuple[str, Sequence[Any]]:
        """Return the call. ``extra_context`` may hold ``function``, ``template``, ``arg_joiner`` and template names."""
        parts: list[str] = []
        params: list[Any] = []
        for argument in self.source_expressions:
            sql, argument_params = compiler.compile_value(argument)
            parts.append(sql)
            params.extend(argument_params)
        data = {**self.extra, **extra_context}
        name = data.get("function") or self.function
        data["function"] = connection.function_name(name) if name else name
        data["expressions"] = data["field"] = (data.get("arg_joiner") or self.arg_joiner).join(parts)
        return render_template(data.get("template") or self.template, data), params

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        options = dict(self.extra)
        if self._output_field is not None:
            options["output_field"] = self._output_field
        args = (item.name if type(item) is F else item for item in self.source_expressions)  # as most are written
        return self._path, tuple(args), options

    def _repr_options(self) -> dict[str, Any]:
        """Return what stands in the representation besides the arguments."""
        return {}

    def __repr__(self) -> str:
        options = {**self._repr_options(), **self.extra}
        shown = [*map(repr, self.source_expressions), *(f"{name}={value}" for name, value in options.items())]
        return f"{type(self).__name__}({', '.join(shown)})"


def render_template(template: str, data: dict[str, Any]) -> str:
    """Return a Func template filled in; percent signs the parts have doubled for the compiler stay doubled."""
    return template.replace("%%", "%%%%") % data if "%%" in template else template % data


class DatabaseDefault(Expression):
    """What an unsaved instance holds for a column whose DEFAULT the database computes; saving puts the value there."""

    def __init__(self, expression: Any, output_field: SQLType | None = None) -> None:
        super().__init__(output_field)
        self.expression = expression

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        return self.expression.resolve_expression(query, allow_joins, reuse, summarize, for_save)


class ExpressionWrapper(Expression):
    """An expression with its type said by hand."""

    def __init__(self, expression: Any, output_field: SQLType) -> None:
        super().__init__(output_field)
        if not hasattr(expression, "resolve_expression"):
            raise TypeError(f"ExpressionWrapper() takes an expression, not {expression!r}: Value(…) holds a value")
        self.expression = expression

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.expression})"

    def as_sql(self, compiler: Compiler, connection: Dialect) -> tuple[str, Sequence[Any]]:
        result: tuple[str, Sequence[Any]] = compiler.compile_value(self.expression)
        return result
