"""Modules do not need each other in a circle when the program runs; those that name each other's types stay few."""

from __future__ import annotations

import ast
from collections.abc import Mapping

import pytest

from tests.architecture.sources import Source, at_run_time, imported_modules, sources

NAMED = {"orm.sql": 27, "orm.models": 72, "orm.query": 15, "orm.db": 11}
"""How many modules of a room may name each other's types in a circle. A field names its model's class and a model its
fields'; the figure has room for a file or two that is split."""

NEEDED = {
    # Arithmetic on the base class of what has a value makes expressions, which are subclasses of it, and so does asc().
    ("orm.sql.combinable", "orm.sql.expressions"),
    ("orm.sql.combinable", "orm.sql.ordering"),
    # A field of a program's own may say by name whose column it has, and its base class looks among all of them.
    ("orm.models.fields.column_types", "orm.models.fields"),
    # Whether an instance meets the condition of a constraint may be for the database to say, by a query of a model's.
    ("orm.models.meeting", "orm.models.judging"),
}
"""Imports that close a circle, with the reason: without them there is none when the program runs."""

Graph = Mapping[str, set[str]]


def imported(source: Source, modules: Mapping[str, Source], *, types: bool) -> set[str]:
    """The modules among ``modules`` that a file imports, now or late; with ``types``, for type checkers too."""
    found = set[str]()
    packages = set[str]()
    for node in ast.walk(source.tree) if types else at_run_time(source.tree):
        if isinstance(node, ast.ImportFrom):
            parts = {f"{node.module}.{alias.name}" for alias in node.names} & modules.keys()
            packages |= {node.module or ""} if parts else set()
            found |= parts or {node.module or ""} & modules.keys()
    if not types:
        found |= {module for _, module in imported_modules(source) if module not in packages} & modules.keys()
    return found - {source.module}


def graph_of(room: str, *, types: bool) -> Graph:
    modules = {source.module: source for source in sources() if f"{source.module}.".startswith(f"{room}.")}
    return {name: imported(source, modules, types=types) for name, source in modules.items()}


def reached_from(start: str, graph: Graph) -> set[str]:
    todo, seen = [start], set[str]()
    while todo:
        for other in graph[todo.pop()] - seen:
            seen.add(other)
            todo.append(other)
    return seen


def circles_of(graph: Graph) -> set[frozenset[str]]:
    """Every largest set of modules each of which reaches all others."""
    reached = {name: reached_from(name, graph) for name in graph}
    return {frozenset(o for o in seen if name in reached[o]) for name, seen in reached.items() if name in seen}


def test_no_modules_need_each_other_in_a_circle_when_the_program_runs() -> None:
    graph = graph_of("orm", types=False)
    for module, other in NEEDED:
        graph[module].remove(other)
    assert circles_of(graph) == set()


@pytest.mark.parametrize("room", NAMED)
def test_circles_of_types_do_not_grow(room: str) -> None:
    assert max(map(len, circles_of(graph_of(room, types=True)))) <= NAMED[room]


def test_an_import_for_type_checkers_alone_is_none_when_the_program_runs() -> None:
    modules = {source.module: source for source in sources()}
    assert "orm.sql.dialect" in imported(modules["orm.sql.compiler"], modules, types=True)
    assert "orm.sql.dialect" not in imported(modules["orm.sql.compiler"], modules, types=False)


def test_a_late_import_is_one_when_the_program_runs() -> None:
    modules = {source.module: source for source in sources()}
    assert "orm.sql.expressions" in imported(modules["orm.sql.combinable"], modules, types=False)
