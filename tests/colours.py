"""Write a test once, as a coroutine; run it as written, and again as the blocking code a script would contain.

The blocking form is made from the test's source, by the rule the library's own twins follow: ``await x.aget()``
becomes ``x.get()``, ``async with`` becomes ``with``, ``async for`` becomes ``for``, awaiting a QuerySet becomes
``list()`` of it, awaiting anything else becomes the thing itself. So the blocking run uses the real blocking API, not
a driven coroutine. Line numbers stay, so a failure points at the test's own line in both colours.

What is rewritten: coroutines at the top of a test module (tests and what they call) and coroutines nested in them.
Left alone: methods of classes, which are user code of the colour they are written in. Refused: ``asyncio`` inside a
test that runs in both colours, because it has no blocking form; mark such a test
``@pytest.mark.only(colour="awaitable")``.
"""

from __future__ import annotations

import ast
import asyncio
import functools
import inspect
import linecache
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from _pytest.assertion.rewrite import rewrite_asserts

AWAITABLE, BLOCKING = "awaitable", "blocking"
COLOURS = (AWAITABLE, BLOCKING)
DEADLINE_SECONDS = 60

NOT_TWINS = frozenset({"add", "alias", "all", "annotate", "append", "atomic"})
"""Names that start with an ``a`` of their own."""

ITERATORS = frozenset({"aiterator", "astream"})
"""Methods that give something to walk, and are not awaited themselves."""

TESTS = Path(__file__).resolve().parent


def blocking_name(name: str) -> str:
    """The twin's name: ``aget`` gives ``get``; a name that only happens to start with *a* stays."""
    return name[1:] if name.startswith("a") and len(name) > 1 and name not in NOT_TWINS else name


def settled(value: Any) -> Any:
    """What awaiting a value gives in blocking code: the rows of a QuerySet, and anything else as it is."""
    return list(value) if hasattr(type(value), "__aiter__") else value


class Rewriter(ast.NodeTransformer):
    """Turns the tree of one coroutine into the tree of the blocking function."""

    def __init__(self, filename: str) -> None:
        self.filename = filename

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        self.generic_visit(node)
        fields = {name: value for name, value in ast.iter_fields(node) if name != "decorator_list"}
        return ast.copy_location(ast.FunctionDef(**fields, decorator_list=node.decorator_list), node)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        node.iter = self.twin(node.iter)
        self.generic_visit(node)
        return ast.copy_location(ast.For(**dict(ast.iter_fields(node))), node)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:
        for item in node.items:
            item.context_expr = self.twin(item.context_expr)
        self.generic_visit(node)
        return ast.copy_location(ast.With(**dict(ast.iter_fields(node))), node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        if node.is_async:
            node.iter = self.twin(node.iter)
            node.is_async = 0
        self.generic_visit(node)
        return node

    def visit_Await(self, node: ast.Await) -> ast.AST:
        awaited = self.twin(node.value)
        renamed = awaited is not node.value
        awaited = self.visit(awaited)
        if renamed or (isinstance(awaited, ast.Call) and isinstance(awaited.func, ast.Name)):
            return awaited
        # What comes out depends on the value: a QuerySet gives its rows, a loaded relation is itself.
        settle = ast.copy_location(ast.Name("__settled__", ast.Load()), node)
        return ast.copy_location(ast.Call(settle, [awaited], []), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        # An asynchronous iterator may be kept in a variable before it is walked.
        if isinstance(node.func, ast.Attribute) and node.func.attr in ITERATORS:
            node.func.attr = blocking_name(node.func.attr)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id in {"asyncio", "anyio"}:
            raise TypeError(
                f"{self.filename}:{node.lineno}: {node.id} has no blocking form; mark the test "
                '@pytest.mark.only(colour="awaitable")'
            )
        return node

    def twin(self, node: ast.expr) -> ast.expr:
        """The call's blocking twin, when ``node`` calls something with one; otherwise ``node`` itself."""
        if not isinstance(node, ast.Call):
            return node
        function = node.func
        if isinstance(function, ast.Attribute) and blocking_name(function.attr) != function.attr:
            renamed = ast.Attribute(function.value, blocking_name(function.attr), function.ctx)
            return ast.copy_location(ast.Call(ast.copy_location(renamed, function), node.args, node.keywords), node)
        if isinstance(function, ast.Name) and function.id in {"anext", "aiter", "aclosing"}:
            renamed_name = ast.Name(
                {"anext": "next", "aiter": "iter", "aclosing": "closing"}[function.id], function.ctx
            )
            return ast.copy_location(
                ast.Call(ast.copy_location(renamed_name, function), node.args, node.keywords), node
            )
        return node


@functools.cache
def blocking_code(filename: str) -> CodeType:
    """The blocking form of a file's top-level coroutines, compiled (their decorators left out)."""
    source = Path(filename).read_text(encoding="utf-8")
    found = [node for node in ast.parse(source, filename).body if isinstance(node, ast.AsyncFunctionDef)]
    kept: list[ast.stmt] = []
    for node in found:
        if _awaitable_only(node):
            continue
        node.decorator_list = []
        kept.append(Rewriter(filename).visit(node))
    tree = ast.fix_missing_locations(ast.Module(body=kept, type_ignores=[]))
    rewrite_asserts(tree, source.encode(), filename)
    linecache.checkcache(filename)
    return compile(tree, filename, "exec", dont_inherit=True)


def _awaitable_only(node: ast.AsyncFunctionDef) -> bool:
    """Whether a decorator says ``only(colour="awaitable")``: such a test needs no blocking form."""
    return any(
        keyword.arg == "colour" and isinstance(keyword.value, ast.Constant) and keyword.value.value == AWAITABLE
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
        for keyword in decorator.keywords
    )


@functools.cache
def blocking_namespace(filename: str) -> dict[str, Any]:
    """A copy of the module's names in which each coroutine of the tests' own is blocking."""
    module = _module_of(filename)
    namespace = dict(vars(module))
    namespace.update(__settled__=settled, closing=closing)
    for name, value in vars(module).items():
        if inspect.iscoroutinefunction(value) and isinstance(value, FunctionType):
            home = value.__code__.co_filename
            if home != filename and Path(home).is_relative_to(TESTS):
                namespace[name] = blocking_form(value)
    exec(blocking_code(filename), namespace)
    return namespace


_modules: dict[str, ModuleType] = {}


def remember(module: ModuleType) -> None:
    """Note the module a test file was imported as, so that its blocking form shares its names."""
    if module.__file__:
        _modules[module.__file__] = module


def _module_of(filename: str) -> ModuleType:
    if filename not in _modules:
        for module in list(sys.modules.values()):
            if getattr(module, "__file__", None) == filename:
                remember(module)
    return _modules[filename]


def blocking_form(function: Callable[..., Any]) -> Callable[..., Any]:
    """The blocking form of a coroutine function at the top of a test module."""
    form: Callable[..., Any] = blocking_namespace(function.__code__.co_filename)[function.__name__]
    return form


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """Fail, instead of hanging, a test that waits for something that never comes."""

    def expire(*_: object) -> None:
        raise TimeoutError(f"the test took more than {seconds} seconds")

    previous = signal.signal(signal.SIGALRM, expire)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def run(function: Callable[..., Any], colour: str, arguments: dict[str, Any]) -> None:
    """Run a test's coroutine function in one colour."""
    with deadline(DEADLINE_SECONDS):
        if colour == AWAITABLE:
            asyncio.run(function(**arguments))
        else:
            blocking_form(function)(**arguments)


def coloured(function: Callable[..., Any]) -> Callable[..., None]:
    """Wrap a coroutine test so that pytest gives it a ``database`` and runs it in that database's colour."""
    signature = inspect.signature(function)
    wants_database = "database" in signature.parameters

    @functools.wraps(function)
    def test(**arguments: Any) -> None:
        database = arguments["database"]
        if not wants_database:
            del arguments["database"]
        run(function, database.colour, arguments)

    if not wants_database:
        extra = inspect.Parameter("database", inspect.Parameter.KEYWORD_ONLY)
        signature = signature.replace(parameters=[*signature.parameters.values(), extra])
    test.__signature__ = signature  # type: ignore[attr-defined]
    return test
