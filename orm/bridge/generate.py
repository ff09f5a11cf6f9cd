"""Writes the blocking twins: ``orm/query/queryset.py`` with ``class AwaitableQuerySet`` gives ``queryset_blocking.py``.

A source module has twins when it holds a class named ``AwaitableX`` (the twin is ``X``) or a module constant
``TWINS = ("aname", ...)`` that names module-level coroutine functions (the twins are ``name``). In a class, each public
coroutine or asynchronous generator ``aname`` gives ``name`` with the same parameters and types, overloads included, and
``__aenter__``/``__aexit__``/``__aiter__`` give their plain counterparts; a name the class already has is left alone.
A coroutine that does nothing but ``await self._private(…)`` has a twin that calls the same: the coroutine in
between, and packing its keyword arguments a second time, would be a tenth of what a query costs.

    python -m orm.bridge.generate [--check] [PATH ...]

Only the syntax tree is read; nothing is imported. What it refuses: a public coroutine whose name does not begin with
``a``, since its twin would have no name of its own. ``NOT_TWINNED = ("name", ...)`` in the class leaves some out.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orm.bridge.guard import AWAITABLE_PREFIX, DUNDERS, blocking_name
from orm.bridge.twin_sources import FunctionNode, GenerateError, Source, constant_names, targets_of
from orm.records import NamedTuple

LINE_LENGTH = 120
SUFFIX = "_blocking"
KEPT_DECORATORS = ("overload", "classmethod", "staticmethod", "override", "final", "deprecated", "alters_data")
FIRST_PARTY = ("orm", "orm_sqlite", "orm_postgresql")
BUILTINS = frozenset(dir(builtins))


# -- one twin ----------------------------------------------------------------------------------------------------------


@dataclass
class Twin:
    """One blocking form, and the names its text needs."""

    text: str
    typing_nodes: list[ast.expr] = field(default_factory=list)
    runtime_nodes: list[ast.expr] = field(default_factory=list)
    bridge: str | None = None
    decorators: tuple[str, ...] = ()
    iterator: bool = False


def decorators_of(node: FunctionNode) -> list[str]:
    """Return the last parts of the names of a function's decorators."""
    names = []
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        names.append(ast.unparse(target).rpartition(".")[2])
    return names


def result_of(source: Source, node: FunctionNode) -> tuple[str, ast.expr | None, str]:
    """Return the bridge function a twin calls (``run``, ``iterate`` or ``""`` for no twin), its result node and how
    the result is wrapped."""
    returns = node.returns
    head = returns.value if isinstance(returns, ast.Subscript) else returns
    wrapper = ast.unparse(head).rpartition(".")[2] if head is not None else ""
    inner: ast.expr | None = None
    if isinstance(returns, ast.Subscript):
        inner = returns.slice
        if isinstance(inner, ast.Tuple):
            inner = inner.elts[-1] if wrapper == "Coroutine" else inner.elts[0]
    streams = wrapper in ("AsyncIterator", "AsyncGenerator")
    if isinstance(node, ast.AsyncFunctionDef) and not (streams and (is_generator(node) or is_stub(node))):
        return "run", returns, ""
    if streams:
        return "iterate", inner, "Iterator"
    if isinstance(node, ast.FunctionDef) and wrapper in ("Coroutine", "Awaitable"):
        return "run", inner, ""
    return "", None, ""


def is_generator(node: FunctionNode) -> bool:
    """Whether the function's own body yields."""
    todo: list[ast.AST] = list(node.body)
    while todo:
        item = todo.pop()
        if isinstance(item, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            todo.extend(ast.iter_child_nodes(item))
    return False


def is_stub(node: FunctionNode) -> bool:
    """Whether the body is only ``...``, as an overload's is."""
    body = node.body[-1]
    return isinstance(body, ast.Expr) and isinstance(body.value, ast.Constant) and body.value.value is ...


class PassedOn(NamedTuple):
    """A call of a private method, with positional arguments."""

    method: str
    arguments: list[ast.expr]


def private_call(node: FunctionNode) -> PassedOn | None:
    """Return the call ``self._private(…)`` that is all a coroutine awaits and does, if it is."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    if len(body) != 1 or not isinstance(body[0], (ast.Return, ast.Expr)) or not isinstance(body[0].value, ast.Await):
        return None
    call = body[0].value.value
    if not isinstance(call, ast.Call) or call.keywords or not isinstance(call.func, ast.Attribute):
        return None
    of_self = isinstance(call.func.value, ast.Name) and call.func.value.id == "self"
    return PassedOn(call.func.attr, call.args) if of_self and call.func.attr == f"_{node.name}" else None


def make_twin(
    source: Source, node: FunctionNode, owner: str | None, indent: str, *, guarded: bool = False
) -> Twin | None:
    """Write the twin of one function (``owner`` is its class), or None when it has none.

    ``guarded`` is for entering and leaving what has a method ``abandon``: see ``guarded_lines``.
    """
    name = blocking_name(node.name)
    call, result, wrapped = result_of(source, node)
    if not call:
        return None
    if name == node.name:
        raise GenerateError(
            f"{source.path}:{node.lineno}: {node.name} is awaitable and its name does not begin with `a`, so its twin "
            "would have no name. Rename it, make it private, or list it in NOT_TWINNED."
        )
    decorators = tuple(d for d in decorators_of(node) if d in KEPT_DECORATORS)
    parameters, arguments, typing_nodes, runtime_nodes = signature(source, node)
    code = source.code(result) if result is not None else "Any" if node.returns is not None else "None"
    if result is not None:
        typing_nodes.append(result)
    returns = f"{wrapped}[{code}]" if wrapped else code
    lines = [f"{indent}@{decorator_code(source, node, d)}" for d in decorators]
    stub = "overload" in decorators
    lines += definition(name, parameters, returns, indent, " ..." if stub else "")
    if not stub:
        lines += docstring(node, owner, indent + "    ", source)
        target = node.name if owner is None else f"{owner}.{node.name}"
        if owner is not None and (passed_on := private_call(node)) is not None:
            target = f"{owner}.{passed_on.method}"
            arguments = ["self", *map(source.code, passed_on.arguments)]
        if "classmethod" in decorators or (owner is not None and re.search(r"\bSelf\b", code)):
            # Where the result depends on the class, only super() lets type checkers see it.
            target, arguments = f"super().{node.name}", arguments[1:]
        value = "" if call == "run" and code == "None" else "return "
        if guarded and node.name in ("__aenter__", "__aexit__"):
            lines += guarded_lines(f"{value}{call}({target}", arguments, indent + "    ", node.name == "__aenter__")
        else:
            lines += call_lines(f"{value}{call}({target}", arguments, indent + "    ")
    return Twin("\n".join(lines), typing_nodes, runtime_nodes, None if stub else call, decorators, bool(wrapped))


def guarded_lines(call: str, arguments: list[str], indent: str, entering: bool) -> list[str]:
    """Write the call of a block's entering or leaving so that a signal's exception leaves nothing open.

    Such an exception may come when the coroutine has ended already, and then nobody will ever leave what was entered.
    An object that is open, and is wrongly entered once more, stays open.
    """
    lines = [f"{indent}fresh = not self.is_open"] if entering else []
    lines += [f"{indent}try:", *call_lines(call, arguments, indent + "    "), f"{indent}except BaseException:"]
    if entering:
        lines += [f"{indent}    if fresh:", f"{indent}        self.abandon()"]
    else:
        lines += [f"{indent}    self.abandon()"]
    return [*lines, f"{indent}    raise"]


def decorator_code(source: Source, node: FunctionNode, name: str) -> str:
    """Return a kept decorator as it is written."""
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if ast.unparse(target).rpartition(".")[2] == name:
            return source.code(decorator)
    raise GenerateError(f"{source.path}:{node.lineno}: decorator {name} not found")


def signature(source: Source, node: FunctionNode) -> tuple[list[str], list[str], list[ast.expr], list[ast.expr]]:
    """Return the parameters as written, the arguments that pass them on, annotation nodes and default nodes."""
    args = node.args
    typing_nodes: list[ast.expr] = []
    runtime_nodes: list[ast.expr] = []

    def written(arg: ast.arg, default: ast.expr | None = None, star: str = "") -> str:
        text = star + arg.arg
        if arg.annotation is not None:
            typing_nodes.append(arg.annotation)
            text += f": {source.code(arg.annotation)}"
        if default is not None:
            runtime_nodes.append(default)
            text += (" = " if arg.annotation is not None else "=") + source.code(default)
        return text

    positional = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(args.defaults))
    defaults += args.defaults
    parameters = [written(arg, default) for arg, default in zip(positional, defaults, strict=True)]
    arguments = [arg.arg for arg in positional]
    if args.posonlyargs:
        parameters.insert(len(args.posonlyargs), "/")
    if args.vararg:
        parameters.append(written(args.vararg, star="*"))
        arguments.append(f"*{args.vararg.arg}")
    elif args.kwonlyargs:
        parameters.append("*")
    for arg, keyword_default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        parameters.append(written(arg, keyword_default))
        arguments.append(f"{arg.arg}={arg.arg}")
    if args.kwarg:
        parameters.append(written(args.kwarg, star="**"))
        arguments.append(f"**{args.kwarg.arg}")
    return parameters, arguments, typing_nodes, runtime_nodes


def definition(name: str, parameters: list[str], returns: str, indent: str, tail: str) -> list[str]:
    """Write ``def name(parameters) -> returns:``, folded as the formatter folds it."""
    one = f"{indent}def {name}({', '.join(parameters)}) -> {returns}:{tail}"
    if len(one) <= LINE_LENGTH:
        return [one]
    inner = f"{indent}    {', '.join(parameters)}"
    if len(inner) <= LINE_LENGTH:
        return [f"{indent}def {name}(", inner, f"{indent}) -> {returns}:{tail}"]
    return [f"{indent}def {name}(", *(f"{indent}    {p}," for p in parameters), f"{indent}) -> {returns}:{tail}"]


def call_lines(head: str, arguments: list[str], indent: str) -> list[str]:
    """Write ``head(arguments))``, folded as the formatter folds it."""
    one = f"{indent}{head}({', '.join(arguments)}))"
    if len(one) <= LINE_LENGTH:
        return [one]
    opening, _, target = head.rpartition("(")
    inner = f"{indent}    {target}({', '.join(arguments)})"
    if len(inner) <= LINE_LENGTH:
        return [f"{indent}{opening}(", inner, f"{indent})"]
    folded = f"{indent}        {', '.join(arguments)}"
    middle = [folded] if len(folded) <= LINE_LENGTH else [f"{indent}        {argument}," for argument in arguments]
    return [f"{indent}{opening}(", f"{indent}    {target}(", *middle, f"{indent}    )", f"{indent})"]


def docstring(node: FunctionNode, owner: str | None, indent: str, source: Source) -> list[str]:
    """Write the twin's docstring: the original's first sentence, and where the awaitable form is."""
    reference = f":meth:`{node.name}`" if owner else f":func:`{source.module}.{node.name}`"
    original = ast.get_docstring(node)
    first = original.partition("\n\n")[0].splitlines() if original else []
    if not first or "\\" in "".join(first) or '"""' in "".join(first) or first[-1].endswith('"'):
        return [f'{indent}"""Blocking form of {reference}."""']
    lines = [f'{indent}"""{first[0].strip()}', *(f"{indent}{line.strip()}" for line in first[1:])]
    return [*lines, "", f"{indent}Blocking form of {reference}: same parameters, same errors.", f'{indent}"""']


# -- one class ---------------------------------------------------------------------------------------------------------


@dataclass
class Pieces:
    """What a generated module is put together from."""

    source: Source
    bodies: list[str] = field(default_factory=list)
    runtime: dict[str, set[str | None]] = field(default_factory=dict)
    typing: dict[str, set[str | None]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)

    def need(self, name: str, *, runtime: bool) -> None:
        """Make sure ``name`` of the source module is imported, for run time or for type checkers only."""
        if name in self.names:
            return
        imports = self.runtime if runtime else self.typing
        if name in self.source.imports:
            module, member = self.source.imports[name]
            if member is not None and name != member:
                imports.setdefault(module, set()).add(f"{member} as {name}")
            elif member is None and module != name:
                imports.setdefault(f"{module} as {name}", set()).add(None)
            else:
                imports.setdefault(module, set()).add(member)
        elif name in self.source.defined:
            imports.setdefault(self.source.module, set()).add(name)
        elif name not in BUILTINS:
            raise GenerateError(f"{self.source.path}: a signature uses `{name}`, which the module does not define.")

    def take(self, twin: Twin) -> None:
        """Add the imports of one twin."""
        for node in twin.typing_nodes:
            for name in names_in(node):
                self.need(name, runtime=False)
        for node in twin.runtime_nodes:
            for name in (item.id for item in ast.walk(node) if isinstance(item, ast.Name)):
                self.need(name, runtime=True)
        if twin.bridge:
            self.runtime.setdefault("orm.bridge", set()).add(twin.bridge)
        for decorator in twin.decorators:
            if decorator in self.source.imports:
                self.need(decorator, runtime=True)
        if twin.iterator:
            self.typing.setdefault("collections.abc", set()).add("Iterator")


def names_in(node: ast.AST) -> Iterator[str]:
    """Yield the names an expression reads, those inside string annotations too."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            yield from names_in(ast.parse(node.value, mode="eval").body)
        except SyntaxError:
            return  # a plain string, as in Annotated[int, "in seconds"]
    elif isinstance(node, ast.Subscript) and ast.unparse(node.value).rpartition(".")[2] == "Literal":
        yield from names_in(node.value)
    else:
        for child in ast.iter_child_nodes(node):
            yield from names_in(child)


def add_class(pieces: Pieces, node: ast.ClassDef) -> None:
    """Write the twin class of one ``AwaitableX``."""
    source = pieces.source
    name = node.name.removeprefix(AWAITABLE_PREFIX)
    variables = type_parameters(source, node)
    bases = [node.name + (f"[{', '.join(variables)}]" if variables else ""), *twin_bases(pieces, node)]
    pieces.runtime.setdefault(source.module, set()).add(node.name)
    for variable in variables:
        pieces.need(variable, runtime=True)
    taken = {item.name for item in node.body if isinstance(item, FunctionNode)}
    taken |= {target for item in node.body for target in targets_of(item)}
    skipped = constant_names(node.body, "NOT_TWINNED")
    twins: list[Twin] = []
    for item in node.body:
        if not isinstance(item, FunctionNode) or item.name in skipped or not is_public(item):
            continue
        if blocking_name(item.name) in taken and blocking_name(item.name) != item.name:
            continue
        twin = make_twin(source, item, node.name, "    ", guarded="abandon" in taken)
        if twin is not None:
            twins.append(twin)
            pieces.take(twin)
    lines = [f"class {name}({', '.join(bases)}):", *class_docstring(node)]
    if "__slots__" in {target for item in node.body for target in targets_of(item)}:
        lines += ["", "    __slots__ = ()"]
    for previous, twin in zip([None, *twins], twins, strict=False):
        joined = previous is not None and "overload" in previous.decorators and "overload" in twin.decorators
        lines += [*([] if joined else [""]), twin.text]
    pieces.names.append(name)
    pieces.bodies.append("\n".join(lines))


def class_docstring(node: ast.ClassDef) -> list[str]:
    """Write the twin class's docstring, from the first paragraph of the original's."""
    first = (ast.get_docstring(node) or "").partition("\n\n")[0].splitlines()
    closing = f"    Both forms of everything: :class:`{node.name}`'s awaitable ones, and their blocking twins."
    if not first or "\\" in "".join(first):
        return [f'    """{closing.strip()}"""']
    return [f'    """{first[0].strip()}', *(f"    {line.strip()}" for line in first[1:]), "", closing, '    """']


def is_public(node: FunctionNode) -> bool:
    """Whether a method may have a twin: public and concrete, or one of the pairs Python names itself."""
    if node.name in DUNDERS:
        return True
    decorators = decorators_of(node)
    if node.name.startswith("_") or "property" in decorators or "setter" in decorators:
        return False
    return isinstance(node, ast.AsyncFunctionDef) or (node.name.startswith("a") and not node.name.startswith("as_"))


def type_parameters(source: Source, node: ast.ClassDef) -> list[str]:
    """Return the type variables the class is generic in, in order."""
    found: list[str] = []
    for base in node.bases:
        if not isinstance(base, ast.Subscript):
            continue
        head = ast.unparse(base.value).rpartition(".")[2]
        names = [item.id for item in ast.walk(base.slice) if isinstance(item, ast.Name)]
        if head in ("Generic", "Protocol"):
            return names
        found += [name for name in names if source.is_type_variable(name) and name not in found]
    return found


def twin_bases(pieces: Pieces, node: ast.ClassDef) -> list[str]:
    """Return the blocking bases: ``AwaitableManager[M]`` among the bases gives ``Manager[M]``."""
    source = pieces.source
    bases = []
    for base in node.bases:
        head = base.value if isinstance(base, ast.Subscript) else base
        if not isinstance(head, ast.Name) or not re.match(rf"{AWAITABLE_PREFIX}[A-Z]", head.id):
            continue
        twin = head.id.removeprefix(AWAITABLE_PREFIX)
        arguments = f"[{source.code(base.slice)}]" if isinstance(base, ast.Subscript) else ""
        if isinstance(base, ast.Subscript):
            for name in names_in(base.slice):
                pieces.need(name, runtime=True)
        if head.id in source.imports:
            module = source.imports[head.id][0]
            pieces.runtime.setdefault(module + SUFFIX, set()).add(twin)
        bases.append(twin + arguments)
    return bases


# -- one module --------------------------------------------------------------------------------------------------------


def header(module: str) -> list[str]:
    """Return the lines of a generated module's docstring."""
    first, rest = (
        f'"""Blocking twins of :mod:`{module}`.',
        "Generated by ``python -m orm.bridge.generate``; do not edit.",
    )
    whole = f'{first} {rest}"""'
    return [whole] if len(whole) <= LINE_LENGTH else [first, "", rest, '"""']


def generate(source: Source) -> str | None:
    """Return the text of the blocking module of one source module, or None when it has no twins."""
    pieces = Pieces(source)
    for node in source.classes:
        add_class(pieces, node)
    for function in source.functions:
        twin = make_twin(source, function, None, "")
        if twin is None:
            raise GenerateError(f"{source.path}:{function.lineno}: {function.name} is in TWINS and is not awaitable.")
        pieces.take(twin)
        if "overload" not in twin.decorators:
            pieces.runtime.setdefault(source.module, set()).add(function.name)
            pieces.names.append(blocking_name(function.name))
        pieces.bodies.append(twin.text)
    if not pieces.bodies:
        return None
    lines = [
        *header(source.module),
        "",
        "from __future__ import annotations",
        "",
    ]
    for module, members in pieces.runtime.items():
        if module in pieces.typing:
            pieces.typing[module] -= members
    for name in pieces.names:
        pieces.typing.get(source.module, set()).discard(name)
    pieces.typing = {module: members for module, members in pieces.typing.items() if members}
    promoted = {"typing": pieces.typing.pop("typing")} if "typing" in pieces.typing else {}
    if promoted or pieces.typing:
        pieces.runtime.setdefault("typing", set()).update(promoted.get("typing", set()))
    if pieces.typing:
        pieces.runtime["typing"].add("TYPE_CHECKING")
    lines += import_lines(pieces.runtime, "")
    if pieces.typing:
        lines += ["", "if TYPE_CHECKING:", *import_lines(pieces.typing, "    ")]
    exported = sorted(pieces.names, key=export_order)
    exports = ", ".join(f'"{name}"' for name in exported)
    if len(exports) > LINE_LENGTH - 14:
        lines += ["", "__all__ = [", *(f'    "{name}",' for name in exported), "]"]
    else:
        lines += ["", f"__all__ = [{exports}]"]
    return "\n".join(lines) + "\n\n\n" + "\n\n\n".join(pieces.bodies) + "\n"


def export_order(name: str) -> tuple[int, str]:
    """Order names as the linter does in ``__all__`` and in imports: constants, classes, the rest."""
    if name.isupper() and len(name) > 1:
        return (0, name)
    return (1 if name[:1].isupper() else 2, name)


def section(module: str) -> int:
    """Return the import section of a module: standard library, others, ours."""
    root = module.partition(" ")[0].partition(".")[0]
    if root in sys.stdlib_module_names:
        return 0
    return 2 if root in FIRST_PARTY else 1


def import_lines(imports: dict[str, set[str | None]], indent: str) -> list[str]:
    """Write sorted imports, in sections separated by an empty line."""
    lines: list[str] = []
    for number in range(3):
        modules = sorted(module for module in imports if section(module) == number)
        block = [f"{indent}import {module}" for module in modules if None in imports[module]]
        for module in modules:
            members = sorted((m for m in imports[module] if m is not None), key=export_order)
            if not members:
                continue
            one = f"{indent}from {module} import {', '.join(members)}"
            if len(one) <= LINE_LENGTH:
                block.append(one)
            else:
                block += [f"{indent}from {module} import (", *(f"{indent}    {m}," for m in members), f"{indent})"]
        if block:
            lines += [*([""] if lines else []), *block]
    return lines


# -- the command -------------------------------------------------------------------------------------------------------


def module_name(path: Path) -> str:
    """Return the dotted name of a file: from the innermost folder called ``orm``, or from its outermost package."""
    folders = list(path.resolve().parents)
    roots = [number for number, folder in enumerate(folders) if folder.name == "orm"]
    if roots:
        count = roots[0] + 1
    else:
        count = next(number for number, folder in enumerate(folders) if not (folder / "__init__.py").exists())
    return ".".join([*(folder.name for folder in reversed(folders[:count])), path.stem])


def sources(paths: Iterable[Path]) -> Iterator[Source]:
    """Yield the modules under ``paths`` that may have twins."""
    for path in paths:
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        for file in files:
            if not file.stem.endswith(SUFFIX):
                yield Source.parse(file, module_name(file))


def main(argv: list[str] | None = None) -> int:
    """Write the stale blocking modules, or with ``--check`` name them and return 1."""
    parser = argparse.ArgumentParser(prog="python -m orm.bridge.generate", description="Write the blocking twins.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")
    parser.add_argument("paths", nargs="*", type=Path, help="files or folders (default: the orm package)")
    options: Any = parser.parse_args(argv)
    paths: list[Path] = options.paths or [Path(__file__).resolve().parent.parent]
    stale = []
    for source in sources(paths):
        try:
            text = generate(source)
        except GenerateError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        target = source.path.with_name(source.path.stem + SUFFIX + ".py")
        if text is None or (target.exists() and target.read_text() == text):
            continue
        stale.append(target)
        if not options.check:
            target.write_text(text)
    for target in stale:
        print(f"{'stale' if options.check else 'wrote'} {target}")
    return 1 if stale and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
