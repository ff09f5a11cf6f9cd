"""Reads the modules that have blocking twins: what they define and import, and what in them is to be twinned.

Only the syntax tree is read; nothing is imported. What this module leaves to ``generate``: everything that is written.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orm.bridge.guard import AWAITABLE_PREFIX

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class GenerateError(Exception):
    """A source module can't have twins; the message names the file, the line and the reason."""


@dataclass
class Source:
    """A parsed module: where its names come from, and what in it has twins."""

    path: Path
    module: str
    text: str
    tree: ast.Module
    imports: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    defined: dict[str, ast.stmt] = field(default_factory=dict)

    @classmethod
    def parse(cls, path: Path, module: str) -> Source:
        """Read ``path``; ``module`` is its dotted name."""
        text = path.read_text()
        source = cls(path, module, text, ast.parse(text, str(path)))
        for statement in flat(source.tree.body):
            source.note(statement)
        return source

    def note(self, statement: ast.stmt) -> None:
        """Remember the names a top-level statement binds."""
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                name = alias.asname or alias.name.partition(".")[0]
                self.imports.setdefault(name, (alias.name if alias.asname else name, None))
        elif isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                self.imports.setdefault(alias.asname or alias.name, (self.origin(statement), alias.name))
        elif isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            self.defined.setdefault(statement.name, statement)
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    self.defined.setdefault(target.id, statement)
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            self.defined.setdefault(statement.target.id, statement)

    def origin(self, statement: ast.ImportFrom) -> str:
        """Return the absolute name of the module a ``from`` import reads."""
        if not statement.level:
            return statement.module or ""
        package = self.module.split(".")[: -statement.level]
        return ".".join([*package, *([statement.module] if statement.module else [])])

    @property
    def classes(self) -> list[ast.ClassDef]:
        """The classes that have twins, in order."""
        return [
            node
            for node in self.tree.body
            if isinstance(node, ast.ClassDef) and re.match(rf"{AWAITABLE_PREFIX}[A-Z]", node.name)
        ]

    @property
    def functions(self) -> list[FunctionNode]:
        """The module-level functions named by ``TWINS`` (each overload of them too), in order."""
        names = constant_names(self.tree.body, "TWINS")
        functions = [node for node in self.tree.body if isinstance(node, FunctionNode) and node.name in names]
        if missing := set(names) - {node.name for node in functions}:
            raise GenerateError(f"{self.path}: TWINS names {sorted(missing)}, and no such function is defined here.")
        return functions

    def code(self, node: ast.expr) -> str:
        """Return an expression as it is written in the source; one that spans lines is written anew."""
        segment = ast.get_source_segment(self.text, node)
        if segment is None or "\n" in segment:
            segment = double_quotes(ast.unparse(node))
        return segment

    def is_type_variable(self, name: str) -> bool:
        """Whether a module-level name is (or looks imported as) a type variable."""
        statement = self.defined.get(name)
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            made_by = statement.value.func
            return ast.unparse(made_by).rpartition(".")[2] in ("TypeVar", "ParamSpec", "TypeVarTuple")
        return False


def flat(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield top-level statements and those under a top-level ``if`` or ``try``."""
    for statement in body:
        yield statement
        if isinstance(statement, (ast.If, ast.Try)):
            yield from flat([*statement.body, *statement.orelse])


def constant_names(body: Iterable[ast.stmt], name: str) -> tuple[str, ...]:
    """Return the strings of a ``NAME = ("a", "b")`` among the statements, or nothing."""
    for statement in body:
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value and name in targets_of(statement):
            return tuple(ast.literal_eval(statement.value))
    return ()


def double_quotes(code: str) -> str:
    """Write the simple string literals of unparsed code with double quotes, as the formatter does."""
    return re.sub(r"'([^'\"\\]*)'", r'"\1"', code)


def targets_of(statement: ast.stmt) -> Iterator[str]:
    """Yield the plain names a statement in a class body assigns."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    for target in targets:
        if isinstance(target, ast.Name):
            yield target.id
