"""A cell that declares a model is run again, in IPython's own shell: the new class is the one everywhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("IPython", reason="IPython is not installed")

SESSION = '''
import warnings

from IPython.core.interactiveshell import InteractiveShell

warnings.simplefilter("error", RuntimeWarning)
shell = InteractiveShell.instance()

AUTHOR = """
class Author(models.Model):
    name = models.CharField(max_length=10)
    mentor = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="pupils")

    @property
    def loud(self):
        return self.name.upper() + MARK
"""


def run(cell):
    done = shell.run_cell(cell)
    done.raise_error()
    return done.result


run("""
import orm
from orm import models

orm.configure("sqlite://:memory:", allow_blocking=True)
MARK = "?"
""")
run(AUTHOR)
run("""
class Book(models.Model):
    title = models.CharField(max_length=10)
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")
    readers = models.ManyToManyField(Author, related_name="read")

class Desk(models.Model):
    author = models.OneToOneField(Author, on_delete=models.CASCADE, related_name="desk")

orm.create_tables()
ada = Author.objects.create(name="Ada")
book = Book.objects.create(author=ada, title="Notes")
book.readers.add(ada)
Desk.objects.create(author=ada)
old = Author
list(Book.objects.filter(author__name="Ada"))
""")
run(AUTHOR.replace("MARK", "'!'"))

for expression, expected in {
    "Author is old": False,
    "Book.objects.get().author.loud": "ADA!",
    "Book.objects.select_related('author').get().author.loud": "ADA!",
    "Book.objects.prefetch_related('readers').get().readers.all()[0].loud": "ADA!",
    "Desk.objects.get().author.loud": "ADA!",
    "Author.objects.get().desk.pk": 1,
    "[one.title for one in Author.objects.get().books.all()]": ["Notes"],
    "[one.title for one in Author.objects.get().read.all()]": ["Notes"],
    "Author.objects.filter(books__title='Notes', read__title='Notes', desk__pk=1).count()": 1,
    "Book.objects.filter(author__name='Ada', readers__name='Ada').count()": 1,
    "Book(author=Author.objects.get()).author.loud": "ADA!",
    "(await (await Book.objects.aget()).author).loud": "ADA!",
    "Author.objects.create(name='Ben', mentor=Author.objects.get()).mentor.loud": "ADA!",
    "sorted(Author.objects.filter(name='Ada').delete()[1].items())": [
        ("main.Author", 2), ("main.Book", 1), ("main.Book_readers", 1), ("main.Desk", 1),
    ],
}.items():
    found = run(expression)
    assert found == expected, (expression, found)

told = "Author was declared again after this instance was made: get the instance anew"
for statement in (
    "Book(author=ada)",
    "Book.objects.create(author=Author.objects.create(name='Cid'), title='New').readers.add(ada)",
    "Author.objects.get().pupils.add(ada)",
):
    try:
        run(statement)
    except (ValueError, TypeError) as error:
        assert told in str(error), error
    else:
        raise AssertionError(statement)
'''


def test_a_cell_that_is_run_again_replaces_its_model_everywhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SESSION],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        env={"PATH": "", "HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path / "ipython")},
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
