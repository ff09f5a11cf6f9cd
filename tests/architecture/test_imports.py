"""What ``from orm import models`` costs: nothing it does not need."""

from __future__ import annotations

import ast
import copy
import importlib
import pickle
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from orm.late import late_made, late_module, late_pattern
from orm.records import NamedTuple
from tests.architecture.sources import Source, sources

DEAR = ["asyncio", "inspect", "dataclasses", "importlib.metadata", "tomllib", "hashlib", "sqlite3", "psycopg", "uuid"]
QUERYING = ["orm.query", "orm.sql.expressions", "orm.db.registry", "orm.bridge.portal", "orm.models.managers"]
"""Where what a query needs, and a declaration does not, begins."""
OTHERS = ["asyncio", "aiosqlite", "psycopg", "asyncpg", "orm_sqlite.awaitable", "orm_postgresql", "orm_mysql"]


DECLARATIONS = """
import sys
from orm import models

class A(models.Model):
    name = models.CharField(max_length=9)
    class Meta:
        app_label = "x"

class B(models.Model):
    a = models.ForeignKey(A, on_delete=models.CASCADE, null=True, limit_choices_to={"name": "a"})
    made = models.DateTimeField(auto_now_add=True)
    class Meta:
        app_label = "x"
        ordering = ["made"]
"""


def printed_by(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    return done.stdout.strip()


def test_declaring_models_imports_nothing_dear() -> None:
    code = f"{DECLARATIONS}\nprint([name for name in {DEAR + QUERYING!r} if name in sys.modules])"
    assert printed_by(code) == "[]"


def test_a_program_with_a_loop_does_not_stop_it_for_the_imports_of_the_first_query() -> None:
    code = f"import asyncio, orm\n{DECLARATIONS}\norm.configure('postgresql://nowhere/db')"
    code += f"\nprint([name for name in {[*QUERYING, 'orm_postgresql']!r} if name not in sys.modules])"
    assert printed_by(code) == "[]"


def test_a_field_knows_its_lookups_before_anything_was_asked() -> None:
    code = f"{DECLARATIONS}\nprint(A._meta.get_field('name').get_lookup('icontains').__name__)"
    code += "\nprint(B._meta.get_field('made').get_transform('year').__name__)"
    assert printed_by(code).split() == ["Icontains", "ExtractYear"]


def test_a_model_shows_what_its_manager_has_before_anything_was_asked() -> None:
    code = f"{DECLARATIONS}\nprint('filter' in dir(A.objects), A.objects.model is A, B._default_manager is B.objects)"
    assert printed_by(code) == "True True True"


def packages_with_late_names() -> list[Source]:
    return [
        source for source in sources() if "_HOMES" in {n.id for n in ast.walk(source.tree) if isinstance(n, ast.Name)}
    ]


@pytest.mark.parametrize("source", packages_with_late_names(), ids=lambda source: source.module)
def test_type_checkers_and_programs_import_a_name_from_the_same_module(source: Source) -> None:
    shown = {
        alias.name: node.module
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and node.module not in ("__future__", "typing", "orm.late")
        for alias in node.names
    }
    package = importlib.import_module(source.module)
    public = {name: getattr(package, name) for name in package.__all__}
    assert set(public) <= set(dir(package))
    for name, home in shown.items():
        assert name in public
        assert public[name] is getattr(importlib.import_module(str(home)), name)


def test_a_blocking_script_on_sqlite_imports_nothing_of_the_other_colour_or_database(tmp_path: Path) -> None:
    code = (
        "import sys, orm; from orm import models\n"
        "class A(models.Model):\n    name = models.CharField(max_length=9)\n    class Meta:\n        app_label = 'x'\n"
        f"orm.configure('sqlite:///{tmp_path / 'a.db'}')\n"
        "orm.create_tables()\n"
        "with orm.atomic():\n    A.objects.create(name='a').save()\n"
        "assert [a.name for a in A.objects.filter(name__contains='a')] == ['a'] and A.objects.get(pk=1).delete()[0]\n"
        f"print([name for name in {OTHERS!r} if name in sys.modules])"
    )
    assert printed_by(code) == "[]"


def test_functions_are_imported_when_a_path_names_one(tmp_path: Path) -> None:
    code = (
        "import sys, orm; from orm import models\n"
        "class A(models.Model):\n    name = models.CharField(max_length=9)\n    at = models.DateField(null=True)\n"
        "    class Meta:\n        app_label = 'x'\n"
        f"orm.configure('sqlite:///{tmp_path / 'a.db'}')\n"
        "orm.create_tables()\n"
        "known = lambda: 'orm.sql.functions.moments' in sys.modules\n"
        "A.objects.create(name='a')\n"
        "print(len(A.objects.filter(name__contains='a', at=None)), known())\n"
        "print(len(A.objects.filter(at__year=2024)), known())"
    )
    assert printed_by(code).split() == ["1", "False", "0", "True"]


def test_a_late_module_gives_the_modules_attributes() -> None:
    late = late_module("string")
    assert "digits" not in vars(late)
    assert late.digits == "0123456789"
    assert "digits" in vars(late)
    with pytest.raises(AttributeError):
        late.nothing


def test_an_object_made_late_is_made_when_something_is_asked_of_it() -> None:
    late = late_made("string", "Formatter")
    assert "format" not in vars(late)
    assert late.format("{}", 1) == "1"
    assert "format" in vars(late)
    with pytest.raises(AttributeError):
        late.nothing


def test_a_script_imports_no_part_of_querysets_that_it_does_not_ask_for(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("create table x_a (id integer primary key, name text)")
    unasked = ["orm.query.copied_rows", "orm.query.merge", "orm.query.prefetch", "orm.query.raw", "orm.sql.json"]
    unasked += ["orm_sqlite.introspection"]
    code = (
        "import sys, orm; from orm import models\n"
        "class A(models.Model):\n    name = models.CharField(max_length=9)\n    class Meta:\n        app_label = 'x'\n"
        f"orm.configure('sqlite:///{tmp_path / 'a.db'}')\n"
        "A.objects.get_or_create(name='a')\n"
        "assert [a.name for a in A.objects.filter(name__contains='a').order_by('-id')[:3]] == ['a']\n"
        f"print([name for name in {unasked!r} if name in sys.modules])"
    )
    assert printed_by(code) == "[]"


class Place(NamedTuple):
    street: str
    number: int = 1


class Home(Place):
    pass


def test_a_record_is_what_typing_makes() -> None:
    place = Place("Main", number=2)
    assert place == ("Main", 2) and Place("Main") == ("Main", 1) and Home("Main").number == 1
    assert repr(place) == "Place(street='Main', number=2)"
    assert place._replace(number=3)._asdict() == {"street": "Main", "number": 3}
    assert Place._make(["Main", 4]).number == 4
    assert Place._fields == ("street", "number") and Place._field_defaults == {"number": 1}
    assert pickle.loads(pickle.dumps(place)) == copy.copy(place) == place
    assert not hasattr(place, "__dict__")


@pytest.mark.parametrize("given", [(), ("Main", 1, 2)])
def test_a_record_refuses_what_it_has_no_field_for(given: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match=r"Place\.__new__\(\)"):
        Place(*given)


def test_a_record_refuses_a_field_without_a_default_behind_one_that_has_one() -> None:
    with pytest.raises(TypeError, match="default"):
        exec(
            "class Wrong(NamedTuple):\n    street: str = ''\n    number: int\n",
            {"NamedTuple": NamedTuple, "__name__": __name__},
        )


def test_a_late_pattern_is_compiled_when_it_is_used() -> None:
    pattern = late_pattern(r"(\d+)", re.ASCII)
    assert "search" not in vars(pattern) and pattern.pattern == r"(\d+)"
    found = pattern.search("a 12")
    assert found is not None and found[1] == "12"
    assert "search" in vars(pattern)


def test_the_version_is_told_without_what_commands_are_made_of() -> None:
    code = "import sys; from orm.cli.command import main; main(['--version'])\n"
    code += "print([name for name in ('click', 'orm.migrations') if name in sys.modules])"
    told = printed_by(code)
    assert told.startswith("duotone, version ") and told.endswith("[]")
