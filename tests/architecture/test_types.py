"""What type checkers see: few signatures say ``Any``, and circles of modules that know each other do not grow."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, Source, sources

MOST = 2.8
"""How often ``Any`` stands in signatures, in 100 lines of all text."""

CIRCLES = {"orm.sql": 46, "orm.models": 82, "orm.query": 20, "orm.db": 14}
"""How many modules of a room may know each other in a circle, for type checkers: a file that is split counts twice."""


def signatures(source: Source) -> Iterator[ast.expr]:
    """Every annotation of a parameter or a result."""
    for node in ast.walk(source.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            given = node.args
            for argument in (*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg):
                if argument is not None and argument.annotation is not None:
                    yield argument.annotation
            if node.returns is not None:
                yield node.returns


def shipped() -> list[Source]:
    folders = ["orm", *(f"backends/{folder.name}" for folder in sorted((ROOT / "backends").glob("orm_*")))]
    return [source for folder in folders for source in sources(folder)]


def test_few_signatures_say_any() -> None:
    files = shipped()
    lines = sum(len((ROOT / source.path).read_text(encoding="utf-8").splitlines()) for source in files)
    said = [
        name
        for source in files
        for annotation in signatures(source)
        for name in ast.walk(annotation)
        if isinstance(name, ast.Name) and name.id == "Any"
    ]
    assert 100 * len(said) / lines <= MOST, f"{len(said)} in {lines} lines: name the type, or say object"


def known_by(room: str) -> dict[str, set[str]]:
    """The modules of a room, each with those it imports, for type checkers too."""
    modules = {source.module: source for source in sources() if f"{source.module}.".startswith(f"{room}.")}
    known: dict[str, set[str]] = {}
    for name, source in modules.items():
        found = set[str]()
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ImportFrom):
                parts = {f"{node.module}.{alias.name}" for alias in node.names} & modules.keys()
                found |= parts or {node.module or ""} & modules.keys()
        known[name] = found - {name}
    return known


@pytest.mark.parametrize("room", CIRCLES)
def test_circles_do_not_grow(room: str) -> None:
    known = known_by(room)
    reached: dict[str, set[str]] = {}
    for name in known:
        todo, seen = [name], set[str]()
        while todo:
            for other in known[todo.pop()] - seen:
                seen.add(other)
                todo.append(other)
        reached[name] = seen
    largest = max(len({other for other in seen if name in reached[other]}) for name, seen in reached.items())
    assert largest <= CIRCLES[room]


@pytest.mark.parametrize("source", shipped(), ids=lambda source: source.module)
def test_no_file_is_long(source: Source) -> None:
    if not Path(source.path).name.endswith("_blocking.py"):
        assert len((ROOT / source.path).read_text(encoding="utf-8").splitlines()) <= 650, "split it by purpose"
