"""What ``from orm import models`` costs: nothing it does not need; and the stand-in for dataclasses that helps."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from dataclasses import dataclass, field, fields, replace

import pytest

from orm.late import LateModule

DEAR = ["asyncio", "inspect", "dataclasses", "importlib.metadata", "tomllib", "hashlib", "sqlite3", "psycopg"]


def test_declaring_models_imports_nothing_dear() -> None:
    code = (
        "import sys; from orm import models\n"
        "class A(models.Model):\n    name = models.CharField(max_length=9)\n    class Meta:\n        app_label = 'x'\n"
        f"print([name for name in {DEAR!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout.strip() == "[]"


def test_a_late_module_gives_the_modules_attributes() -> None:
    late = LateModule("string")
    assert "digits" not in vars(late)
    assert late.digits == "0123456789"
    assert "digits" in vars(late)
    with pytest.raises(AttributeError):
        late.nothing


@dataclass(frozen=True)
class Point:
    """A frozen record."""

    x: int
    y: int = 0
    label: str = field(default="", repr=False)


@dataclass(frozen=True)
class Point3(Point):
    """A record that inherits fields."""

    z: int = 0


@dataclass(slots=True, eq=False)
class Bag:
    """A mutable record with slots."""

    things: list[int] = field(default_factory=list)


def test_records() -> None:
    assert Point(1) == Point(1, 0) != Point(1, 2)
    assert hash(Point(1)) == hash(Point(x=1, y=0))
    assert Point(1) != Point3(1)
    assert repr(Point3(1, label="a")) == "Point3(x=1, y=0, z=0)"
    assert replace(Point(1, 2), y=3) == Point(1, 3)
    assert [one.name for one in fields(Point3)] == ["x", "y", "label", "z"]
    with pytest.raises(AttributeError, match="frozen"):
        Point(1).x = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]
    assert copy.copy(Point(1)) == pickle.loads(pickle.dumps(Point(1))) == Point(1)
    bag = Bag()
    bag.things.append(1)
    assert Bag().things == [] and bag != Bag()
    assert not hasattr(bag, "__dict__")
