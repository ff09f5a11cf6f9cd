"""What type checkers see: few signatures say ``Any``; and no file is long."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, Source, sources

MOST = 2.8
"""How often ``Any`` stands in signatures, in 100 lines of all text."""


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


@pytest.mark.parametrize("source", shipped(), ids=lambda source: source.module)
def test_no_file_is_long(source: Source) -> None:
    if not Path(source.path).name.endswith("_blocking.py"):
        assert len((ROOT / source.path).read_text(encoding="utf-8").splitlines()) <= 600, "split it by purpose"
