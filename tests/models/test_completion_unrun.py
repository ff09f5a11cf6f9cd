"""What editors complete where the program does not run, with jedi and with pyright's language server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.models.language_server import LanguageServer

Completed = Callable[[str], "set[str]"]

PROGRAM = """
from __future__ import annotations
from typing import Self
from orm import models
from orm.models.relations import RelatedManager

class Author(models.Model):
    name = models.CharField(max_length=100)
    books: RelatedManager[Book]

class Book(models.Model):
    title = models.CharField(max_length=100)
    author = models.ForeignKey(Author, on_delete=models.CASCADE)
    tags = models.ManyToManyField("Tag")

class NoteManager(models.Manager["Note"]):
    def short(self) -> models.QuerySet[Note]:
        return self.filter(text="")

class Note(models.Model):
    text = models.TextField()
    objects = NoteManager()

class PageQuerySet(models.QuerySet["Page"]):
    def long(self) -> Self:
        return self.filter(lines__gt=60)

class Page(models.Model):
    lines = models.IntegerField()
    objects = PageQuerySet.as_manager()
"""
QUERIES = {"filter", "first", "afirst", "order_by", "aupdate"}
AN_AUTHOR = {"name", "books", "save", "asave"}


@pytest.fixture(scope="module")
def pyright(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    server = LanguageServer(tmp_path_factory.mktemp("pyright"))
    yield server
    server.close()


def by_jedi(line: str) -> set[str]:
    jedi = pytest.importorskip("jedi", reason="jedi is not installed (it comes with IPython)")
    return {one.name for one in jedi.Script(f"{PROGRAM}\n{line}").complete()}


@pytest.fixture(params=["jedi", "pyright"])
def completed(request: pytest.FixtureRequest, pyright: LanguageServer) -> Completed:
    return by_jedi if request.param == "jedi" else lambda line: pyright.completed(f"{PROGRAM}\n{line}")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Author.objects.", QUERIES | {"create", "aget", "abulk_create"}),
        ("Author.objects.filter(name='x').", QUERIES),
        ("Author.objects.filter(name='x').exclude(pk=1).order_by('name').", QUERIES),
        ("Author.objects.annotate(n=models.Count('books')).values('name').", QUERIES),
        ("Author.objects.select_related('x').values_list('name').", QUERIES),
        ("Author.objects.get(pk=1).", AN_AUTHOR),
        ("Author.objects.filter(pk=1).order_by('name').first().", AN_AUTHOR),
        ("Author.objects.get_or_create(name='x')[0].", AN_AUTHOR),
        ("Author.objects.annotate(n=models.Count('books')).get().", AN_AUTHOR),
        ("for one in Author.objects.order_by('name')[:10]:\n    one.", AN_AUTHOR),
        ("async def main():\n    one = await Author.objects.aget(pk=1)\n    one.", AN_AUTHOR),
        (
            "async def main():\n    async for one in Author.objects.filter(pk=1).order_by('name'):\n        one.",
            AN_AUTHOR,
        ),
        ("async def main():\n    for one in await Author.objects.filter(pk=1):\n        one.", AN_AUTHOR),
        ("Author.objects.get(pk=1).books.", QUERIES | {"add", "aadd", "create", "acreate"}),
        ("Author.objects.get(pk=1).books.filter(title='x').first().", {"title", "asave"}),
        ("Book.objects.get(pk=1).tags.", QUERIES | {"add", "aset", "remove", "aclear"}),
        ("Note.objects.", QUERIES | {"short"}),
        ("Note.objects.short().first().", {"text", "asave"}),
        ("Page.objects.", QUERIES | {"long"}),
        ("Page.objects.long().filter(pk=1).long().", QUERIES | {"long"}),
        ("Page.objects.filter(pk=1).long().first().", {"lines", "asave"}),
        ("Author(name='x').", AN_AUTHOR),
        ("models.", {"Model", "CharField", "ForeignKey", "Count", "Q"}),
    ],
)
def test_an_editor_completes(line: str, names: set[str], completed: Completed) -> None:
    assert names <= completed(line)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Author.objects.get(pk=1).name.", {"upper", "startswith"}),
        ("Book.objects.get(pk=1).author.", AN_AUTHOR),
        ("async def main():\n    (await (await Book.objects.aget(pk=1)).author).", AN_AUTHOR),
    ],
)
def test_pyright_knows_the_value_of_a_field(line: str, names: set[str], pyright: LanguageServer) -> None:
    """And jedi does not: it takes no notice of which overload a constructor was called by."""
    assert names <= pyright.completed(f"{PROGRAM}\n{line}")
