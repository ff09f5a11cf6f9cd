"""Docstrings have one form: what is raised is a sentence, with the names of exceptions as code."""

from __future__ import annotations

import ast
import itertools
import re

from orm.config import KNOWN
from tests.architecture.sources import Source
from tests.architecture.test_types import shipped

OTHER_FORMS = re.compile(r"^\s*(Raises|Returns|Yields|Args|:raises \w+|:param \w+|:return):", re.MULTILINE)
BARE = re.compile(r"\bRaises (the model's )?[A-Z]\w+")


def docstrings(source: Source) -> list[str]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [ast.get_docstring(node) or "" for node in ast.walk(source.tree) if isinstance(node, documented)]


def test_what_is_raised_is_a_sentence() -> None:
    wrong = [
        f"{source.path}: {text.splitlines()[0]}"
        for source in shipped()
        for text in docstrings(source)
        if OTHER_FORMS.search(text) or BARE.search(text)
    ]
    assert not wrong, "write: Raises ``ValueError`` for …\n" + "\n".join(wrong)


def test_every_setting_has_a_type_and_a_sentence() -> None:
    tree = next(source.tree for source in shipped() if source.module == "orm.config")
    [body] = [node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings"]
    described = [
        node.target.id
        for node, following in itertools.pairwise(body)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(following, ast.Expr)
    ]
    assert sorted(described) == sorted(KNOWN)
