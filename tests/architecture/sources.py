"""The library's source files, parsed once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LATE = {"LateLogger": "logging", "late_module": "importlib", "signals": "_signal", "urls": "urllib.parse"}
"""What the names of ``orm.late`` stand for, where it is not the module of that name."""

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Source:
    """One file: its path from the root of the repository, its dotted name and its tree."""

    path: str
    module: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """``query`` for ``orm.query.shape``; ``orm`` for the package itself."""
        parts = self.module.split(".")
        return parts[1] if len(parts) > 1 else "orm"


@cache
def sources(folder: str = "orm") -> tuple[Source, ...]:
    """Every Python file under a folder of the repository."""
    found = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        relative = path.relative_to(ROOT / folder).with_suffix("")
        parts = [folder.rpartition("/")[2], *relative.parts]
        name = ".".join(part for part in parts if part != "__init__")
        found.append(Source(str(path.relative_to(ROOT)), name, ast.parse(path.read_text(encoding="utf-8"))))
    return tuple(found)


def at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree without what stands under ``if TYPE_CHECKING:``."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for other in child.orelse:
                yield other
                yield from at_run_time(other)
            continue
        yield child
        yield from at_run_time(child)


def imported_modules(source: Source) -> Iterator[tuple[int, str]]:
    """Yield the line and dotted name of each module that is imported when the program runs."""
    for node in at_run_time(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source.path}:{node.lineno}: relative import"
            yield node.lineno, node.module or ""
            if node.module == "orm.late":  # what stands in for a module is that module
                for alias in node.names:
                    yield node.lineno, LATE.get(alias.name, alias.name)
            if node.module == "orm":
                for alias in node.names:
                    yield node.lineno, f"orm.{alias.name}"
        elif source.module != "orm.late":
            for name in late_names_in(node):
                yield node.lineno, name


def late_names_in(node: ast.AST) -> Iterator[str]:
    """Yield the modules that a statement names for ``orm.late`` to import when they are needed."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "late_module":
        yield ast.literal_eval(node.args[0])
    elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_HOMES":
        yield from ast.literal_eval(node.value).values()
