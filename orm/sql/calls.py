"""Function calls, the expressions users most often add to, and the wrapper that says a type by hand."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from orm.late import inspect, late_pattern
from orm.sql import types
from orm.sql.expressions import Expression, Value
from orm.sql.nodes import made_of_allowed, structure_of
from orm.sql.one_type import as_said
from orm.sql.references import F, as_reference
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered
    from orm.sql.resolving import Resolver
    from orm.structures.deconstruct import Deconstructed

_TEMPLATE_NAME = late_pattern(r"%\((\w+)\)s")
_FUNCTION_NAME = late_pattern(r"[^\W\d][\w$]*(\.[^\W\d][\w$]*)*\Z")


def real_type(sources: Iterable[Any]) -> SQLType:
    """Return the type of a result that is seldom a whole number: a decimal where one source is, else a float."""
    fields = [source.output_field_or_none for source in sources]
    return types.DECIMAL if any(field is not None and field.kind == "decimal" for field in fields) else types.FLOAT


class _WrittenSignature:
    """``__signature__`` of a class: that of its ``__init__``, which a ``__new__`` that takes anything would hide."""

    def __get__(self, instance: object, owner: type) -> Any:
        signature = inspect.signature(owner.__init__)  # type: ignore[misc]
        return signature.replace(parameters=list(signature.parameters.values())[1:])


class Func(Expression):
    """A function call; subclasses set ``function`` (and ``template``, ``arity``) or extend ``as_sql``.

    Parameters: strings name fields, other plain values are bound; ``extra`` may hold ``function``, ``template``,
    ``arg_joiner`` and the names in the template, which become SQL as they are: they are the programmer's, never a
    user's. Raises ``TypeError`` for any other keyword.
    """

    takes_extra: ClassVar[bool] = False
    """Whether keywords besides the template's are taken; a subclass with an ``as_sql`` or ``as_<vendor>`` of its own,
    which may read them, takes any unless it says False itself."""

    takes_keys = False
    allowed_default = property(made_of_allowed)

    __slots__ = ("_made_with",)
    """The arguments of an instance whose class has an ``__init__`` of its own, for ``deconstruct()``. In a slot and not
    in the ``__dict__``, which is what ``structure()`` reads."""

    _made_with: tuple[tuple[Any, ...], dict[str, Any]]
    __signature__ = _WrittenSignature()

    function: str | None = None
    template = "%(function)s(%(expressions)s)"
    arg_joiner = ", "
    arity: int | None = None

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        if "__init__" in vars(cls) and "__new__" not in vars(cls):
            # Here and not as a method, which would cost every other function a quarter of its making (0.95 to 1.2 µs).
            # setattr(), since type checkers would take an assignment for the __new__ of all of them.
            setattr(cls, "__new__", _remembering(vars(cls)["__init__"]))  # noqa: B010

    def __init__(self, *expressions: object, output_field: SQLType | None = None, **extra: object) -> None:
        if self.arity is not None and len(expressions) != self.arity:
            plural = "argument" if self.arity == 1 else "arguments"
            raise TypeError(f"{type(self).__name__!r} takes exactly {self.arity} {plural} ({len(expressions)} given)")
        if extra:
            self._check_extra(extra)
        super().__init__(output_field)
        self.source_expressions: list[Any] = [_argument(item) for item in expressions]
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

    def get_source_expressions(self) -> list[Any]:
        return self.source_expressions

    def set_source_expressions(self, expressions: list[object]) -> None:
        """Replace the arguments (Django's name; for overriders working on a copy)."""
        self.source_expressions = expressions

    def structure(self, values: list[object]) -> Hashable:
        sources = [item.structure(values) for item in self.source_expressions]
        if not self.extra and len(self.__dict__) == 2:
            return (type(self), *sources)
        others = [(n, structure_of(v, values)) for n, v in self.__dict__.items() if n != "source_expressions"]
        return (type(self), *sources, *others)

    def as_sql(self, compiler: Compiler, connection: Dialect, **extra_context: Any) -> Rendered:
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

    def arguments_with_kinds(self, compiler: Compiler) -> tuple[list[tuple[str, str | None]], list[object]]:
        """Return the SQL and the kind of each argument, where that is known, and the parameters of all."""
        given: list[tuple[str, str | None]] = []
        params: list[object] = []
        for item in self.source_expressions:
            sql, found = compiler.compile(item)
            field = item.output_field_or_none
            given.append((sql, field.kind if field is not None else None))
            params += found
        return given, params

    def deconstruct(self) -> Deconstructed:
        made_with = getattr(self, "_made_with", None)
        if made_with is not None:
            return self._path, made_with[0], dict(made_with[1])
        options = dict(self.extra)
        if self._output_field is not None:
            options["output_field"] = self._output_field
        return self._path, tuple(map(written, self.source_expressions)), options

    def _repr_options(self) -> dict[str, object]:
        """Return what stands in the representation besides the arguments."""
        return {}

    def __repr__(self) -> str:
        options = {**self._repr_options(), **self.extra}
        shown = [*map(repr, self.source_expressions), *(f"{name}={value}" for name, value in options.items())]
        return f"{type(self).__name__}({', '.join(shown)})"


def _remembering(init: Callable[..., None]) -> Callable[..., Func]:
    """Return the ``__new__`` of a class with this ``__init__``: its instances know what they were made with."""

    def __new__(cls: type[Func], *args: object, **options: object) -> Func:
        self: Func = object.__new__(cls)
        self._made_with = (args, options)
        return self

    vars(__new__)["__wrapped__"] = init  # so that its parameters are shown for those of the class
    return __new__


_LEAST, _MOST = types.INTEGER_RANGES["integer"]


def _argument(item: object) -> object:
    """Return an argument as an expression.

    A plain whole number is an ``integer``, as it would be if it were written in SQL: PostgreSQL finds no ``LEFT(text,
    bigint)``.
    """
    number = item.value if type(item) is Value and item._output_field is None else item
    small = type(number) is int and _LEAST <= number <= _MOST
    return Value(number, output_field=types.INTEGER) if small else as_reference(item)


def written(item: object) -> Any:
    """Return an argument as most people write it: ``"name"`` for ``F("name")``, ``Value(3)`` for a typed one."""
    if type(item) is Value and item._output_field is types.INTEGER:
        return Value(item.value)
    return item.name if type(item) is F else item


def render_template(template: str, data: dict[str, object]) -> str:
    """Return a Func template filled in; percent signs the parts have doubled for the compiler stay doubled."""
    return template.replace("%%", "%%%%") % data if "%%" in template else template % data


class DatabaseDefault(Expression):
    """What an unsaved instance holds for a column whose DEFAULT the database computes; saving puts the value there."""

    def __init__(self, expression: Any, output_field: SQLType | None = None) -> None:
        super().__init__(output_field)
        self.expression = expression

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Expression:
        resolved: Expression = self.expression.resolve_expression(query, allow_joins, reuse, summarize, for_save)
        return resolved


class ExpressionWrapper(Expression):
    """An expression whose type is given by hand."""

    allowed_default = property(made_of_allowed)

    def __init__(self, expression: Any, output_field: SQLType) -> None:
        super().__init__(output_field)
        if not hasattr(expression, "resolve_expression"):
            raise TypeError(f"ExpressionWrapper() takes an expression, not {expression!r}: Value(…) holds a value")
        self.expression = expression

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.expression})"

    def with_values_bound(self, query: Resolver) -> Self:
        """Return this with what is inside bound with the type that it was given."""
        made = super().with_values_bound(query)
        if made._output_field is not None:
            made.expression = as_said(made.expression, made._output_field)
        return made

    def group_by_columns(self) -> Iterable[Expression]:
        inside = list(self.expression.group_by_columns())
        # A condition is grouped by its value, though it may be one that no column decides.
        return [self] if inside == [self.expression] or self.expression.conditional_kind else inside

    def as_sql(self, compiler: Compiler, connection: Dialect) -> tuple[str, Sequence[Any]]:
        result: tuple[str, Sequence[Any]] = compiler.compile_value(self.expression)
        return result
