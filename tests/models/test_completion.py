"""What jedi, and so IPython and Jupyter, completes in a session: queries and instances of a model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import orm
from orm import models

jedi = pytest.importorskip("jedi", reason="jedi is not installed (it comes with IPython)")


class Painter(models.Model):
    name = models.CharField(max_length=10)

    class Meta:
        app_label = "completion"


class Picture(models.Model):
    painter = models.ForeignKey(Painter, models.CASCADE, related_name="pictures")

    class Meta:
        app_label = "completion"


@pytest.fixture(autouse=True)
def configured() -> Iterator[None]:
    orm.configure("sqlite://:memory:?name=completion")
    yield
    orm.databases["default"].terminate()


def completed(code: str) -> set[str]:
    painter = Painter(pk=1, name="Artemisia")
    session = {"Painter": Painter, "painter": painter, "found": Painter.objects.filter(name="x")}
    return {one.name for one in jedi.Interpreter(code, [session]).complete()}


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("Painter.objects.", {"filter", "get", "aget", "create", "acreate", "annotate"}),
        ("Painter.objects.filter(name='x').", {"filter", "first", "afirst", "order_by", "aupdate"}),
        ("found.", {"filter", "count", "acount"}),
        ("painter.", {"name", "pk", "save", "asave", "delete", "pictures", "arefresh_from_db"}),
        ("painter.name.", {"upper", "startswith"}),
        ("painter.pictures.", {"add", "aadd", "filter", "create", "acreate"}),
    ],
)
def test_a_session_completes(code: str, names: set[str]) -> None:
    assert names <= completed(code)
