"""Beside a real Django: classes of this library on a project's tables, routers, instances and transactions.

Each test is a program in a process of its own, with Django from PyPI; without it they are skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.compat.packages import installed
from tests.compat.test_scripts import run, settings_of

FOLDER = Path(__file__).parent / "mirrored"
DJANGO = ["Django>=5.2,<5.3", "asgiref>=3.8", "sqlparse>=0.4"]
PRELUDE = """
import asyncio, warnings
import orm
from project import ada, bob, one, two, publisher
from library.models import *
from orm.contrib.django import *
warnings.simplefilter("always")
"""

Program = Callable[..., str]


@pytest.fixture(scope="module")
def django(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Django in it."""
    return installed(tmp_path_factory.mktemp("django"), DJANGO)


def printed(folder: Path, django: Path, program: str, **environment: str) -> str:
    """What a program prints; with everything it says to standard error."""
    (folder / "program.py").write_text(PRELUDE + program, encoding="utf-8")
    done = run(folder, "program.py", PYTHONPATH=f"{FOLDER}:{django}", **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(params=["sqlite", "postgresql"])
def program(request: pytest.FixtureRequest, tmp_path: Path, django: Path) -> Iterator[Program]:
    """Runs a program beside Django and returns what it prints."""
    if request.param == "sqlite":
        yield lambda text: printed(tmp_path, django, text)
        return
    server = request.getfixturevalue("postgresql_url")
    with servers.scratch_database(server) as url, servers.scratch_database(server) as other:
        environment = {**settings_of(url), "TEST_OTHER": settings_of(other)["TEST_NAME"]}
        yield lambda text: printed(tmp_path, django, text, **environment)


def on_postgresql(program: Program, request: pytest.FixtureRequest) -> bool:
    return "postgresql" in request.node.name


def test_mirrors_are_queried_in_both_colours(program: Program) -> None:
    said = program("""
async def main():
    books = mirror(Book).objects
    print([(book.title, book.price, book.shouted, book.get_kind_display()) async for book in books.all()])
    print(await books.filter(authors__name="Ada").values_list("title", "publisher__name"))
    print([author.name for author in await mirror("library.Author").objects.all()])
asyncio.run(main())
print(mirror(Publisher).objects.filter(books__title="One").count(), mirror(Book) is mirror("library.Book"))
print(mirror(Loud).objects.count(), sorted(mirror_all())[:3])
""")
    assert said == (
        "[('One', Decimal('12.50'), 'one', 'Novel'), ('Two', Decimal('1.00'), 'two', 'Poem')]\n"
        "[('One', 'House')]\n"
        "['Ada', 'bob']\n"
        "1 True\n"
        "2 ['library.Author', 'library.Book', 'library.Loud']\n"
    )


def test_what_a_mirror_writes_django_reads(program: Program) -> None:
    said = program("""
async def main():
    book = await mirror(Book).objects.acreate(title="Three", publisher_id=publisher.pk, words=["q"])
    await book.authors.aadd(await mirror(Author).objects.aget(name="bob"))
    eve = await mirror(Author).objects.acreate(name="Eve")
    await (await mirror(Author).objects.aget(name="bob")).friends.aadd(eve)
    await mirror(Author).objects.filter(name="Ada").adelete()
asyncio.run(main())
book = Book.objects.get(title="Three")
print(book.publisher.name, book.words, [each.name for each in book.authors.all()], book.kind, book.data)
eve = Author.objects.get(name="Eve")
print([each.name for each in Author.objects.all()], one.authors.count(), eve.friends.get().name)
""")
    assert said == "House ['q'] ['bob'] n {}\n['bob', 'Eve'] 1 bob\n"


def test_fields_of_the_projects_own_read_and_write_as_they_do(program: Program) -> None:
    said = program("""
book = mirror(Book).objects.get(title="One")
print(book.words)
book.words.append("z")
book.save()
print(Book.objects.get(title="One").words)
""")
    assert said == "['x', 'y']\n['x', 'y', 'z']\n"


def test_validators_of_django_are_asked(program: Program) -> None:
    said = program("""
try:
    mirror(Book)(title="x", price=-2).full_clean()
except orm.errors.ValidationError as error:
    print(error.message_dict["price"])
""")
    assert said == "['Ensure this value is greater than or equal to 0.']\n"


def test_rows_are_where_the_projects_routers_say(program: Program) -> None:
    said = program("""
async def main():
    await mirror(Note).objects.acreate(text="new")
    print((await mirror(Note).objects.afirst())._state.db)
asyncio.run(main())
print(sorted(Note.objects.using("other").values_list("text", flat=True)))
""")
    assert said == "other\n['kept apart', 'new']\n"


def test_djangos_own_instances_on_request(program: Program) -> None:
    said = program("""
from django.db.models.signals import post_init
made = []
post_init.connect(lambda sender, instance, **further: made.append(sender.__name__), weak=False)
async def main():
    rows = mirror(Book).objects.select_related("publisher").prefetch_related("authors").annotate(n=orm.models.Value(3))
    for book in await django_instances(rows):
        print(type(book) is Book, book.title, book.publisher and book.publisher.name, book.n, book.cover.name)
        print([(type(each) is Author, each.name) for each in book.authors.all()], book._state.db, book._state.adding)
asyncio.run(main())
print(made)
partial = django_instance(mirror(Book).objects.only("title").first())
print(sorted(partial.get_deferred_fields())[:3])
partial.price = 7
partial.save()
print(Book.objects.get(title="One").price)
""")
    assert said == (
        "True One House 3 covers/one.png\n"
        "[(True, 'Ada'), (True, 'bob')] default False\n"
        "True Two None 3 \n"
        "[] default False\n"
        "['Book', 'Publisher', 'Author', 'Author', 'Book']\n"
        "['cover', 'data', 'kind']\n"
        "7.00\n"
    )


def test_where_the_tables_differ_is_said(program: Program) -> None:
    said = program("""
print(compare())
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("ALTER TABLE library_book DROP COLUMN words")
print([str(each).partition(" (")[0] for each in asyncio.run(acompare(Book, "library.Author"))])
""")
    assert said == "[]\n['library_book.words: missing column']\n"


def test_a_transaction_that_is_not_shared_is_told_of(program: Program) -> None:
    said = program("""
from django.db import transaction
with warnings.catch_warnings(record=True) as heard:
    with transaction.atomic():
        mirror(Book).objects.count()
    with orm.atomic():
        Book.objects.count()
    mirror(Book).objects.count(), Book.objects.count()
for each in heard:
    print(each.category.__name__, str(each.message).partition(",")[0], each.filename.rpartition("/")[2])
""")
    assert said == (
        "TransactionNotShared Django has a transaction open on 'default' program.py\n"
        "TransactionNotShared orm.atomic() has a transaction open on 'default' program.py\n"
    )


def test_the_transaction_is_told_of_at_the_line_that_awaits_django(program: Program) -> None:
    said = program("""
async def main():
    async with orm.atomic():
        await Book.objects.acount()
        [each async for each in Book.objects.all()]
        await Publisher.objects.afirst()
mirror(Book)
with warnings.catch_warnings(record=True) as heard:
    asyncio.run(main())
first = main.__code__.co_firstlineno
for each in heard:
    print(each.filename.rpartition("/")[2], each.lineno - first)
""")
    assert said.splitlines()[:3] == ["program.py 2", "program.py 3", "program.py 4"]


def test_a_transaction_may_begin_before_the_first_mirror_is_made(program: Program) -> None:
    said = program("""
with orm.atomic():
    pass
async def main():
    async with orm.atomic("other"):
        print(await mirror(Publisher).objects.acount())
asyncio.run(main())
try:
    with orm.atomic("zzz"):
        pass
except orm.errors.ConnectionDoesNotExist as error:
    print(error)
""")
    assert said == "1\nThe connection 'zzz' doesn't exist. Known: default, other.\n"


def test_a_field_computed_by_arithmetic_is_mirrored(program: Program) -> None:
    assert program("""print(mirror(Book).objects.get(title="One").twice)""") == "25.00\n"


def test_what_is_djangos_is_no_part_of_a_mirrors_query_and_the_error_says_so(program: Program) -> None:
    said = program("""
from django.db.models import Count, F, Q
books, house = mirror(Book).objects, Publisher.objects.get()
for asked in (
    lambda: books.filter(publisher=house),
    lambda: books.create(publisher=house),
    lambda: books.filter(publisher__in=Publisher.objects.all()),
    lambda: books.filter(Q(title="One")),
    lambda: books.filter(price=F("price")),
    lambda: books.annotate(n=Count("authors")),
    lambda: books.order_by(F("title").asc()).first(),
    lambda: books.update(price=F("price")),
    lambda: books.contains(one),
    lambda: django_instance(house),
    lambda: mirror(mirror(Book)),
):
    try:
        print(asked())
    except (TypeError, ValueError) as error:
        print(str(error)[-75:])
""")
    assert said.splitlines() == [
        " a Publisher. It is an instance of another ORM's library.models.Publisher: give its key."[-75:],
        "of another ORM's library.models.Publisher: give its key. Raw keys go into publisher_id."[-75:],
        "The queryset given is another ORM's (django.db.models.query.QuerySet): give its values, as a list."[-75:],
        "The Q given is another ORM's (django.db.models.query_utils.Q): take that of orm.models."[-75:],
        "The F given is another ORM's (django.db.models.expressions.F): take that of orm.models."[-75:],
        "The Count given is another ORM's (django.db.models.aggregates.Count): take that of orm.models."[-75:],
        "The OrderBy given is another ORM's (django.db.models.expressions.OrderBy): take that of orm.models."[-75:],
        "The F given is another ORM's (django.db.models.expressions.F): take that of orm.models."[-75:],
        "'obj' must be a model instance.",
        "django_instance() takes an instance of a mirror, and this Publisher is Django's already."[-75:],
        "table, or its label, not <class 'library.models.Book'>, which is a mirror already."[-75:],
    ]


SHARED = """
from django.db import transaction
called = []
with shared_atomic():
    mirror(Book).objects.create(title="Three")
    print(Book.objects.filter(title="Three").count())
    Book.objects.create(title="Four")
    print(mirror(Book).objects.filter(title="Four").count())
    with orm.atomic():
        mirror(Book).objects.bulk_create([mirror(Book)(title=f"b{number}") for number in range(3)])
    orm.on_commit(lambda: called.append("orm"))
    transaction.on_commit(lambda: called.append("django"))
    print(called)
print(sorted(called), Book.objects.count())
try:
    with shared_atomic():
        mirror(Book).objects.create(title="Gone")
        Book.objects.create(title="Gone too")
        raise KeyError
except KeyError:
    print(Book.objects.filter(title__startswith="Gone").count())
with shared_atomic():
    mirror(Book).objects.create(title="Gone")
    try:
        mirror(Publisher).objects.create(name="House")
    except orm.errors.IntegrityError:
        print("refused")
print(Book.objects.filter(title="Gone").count())
"""


def test_one_transaction_for_both_on_the_same_psycopg_connection(
    program: Program, request: pytest.FixtureRequest
) -> None:
    if not on_postgresql(program, request):
        pytest.skip("psycopg is PostgreSQL's driver")
    assert program(SHARED) == "1\n1\n[]\n['django', 'orm'] 7\n0\nrefused\n0\n"


def test_a_shared_transaction_is_refused_where_it_can_not_be(program: Program, request: pytest.FixtureRequest) -> None:
    if on_postgresql(program, request):
        pytest.skip("there it can be")
    said = program("""
try:
    with shared_atomic():
        print("never")
except orm.errors.NotSupportedError as error:
    print(error)
async def main():
    with shared_atomic():
        print("never")
try:
    asyncio.run(main())
except Exception as error:
    print(type(error).__name__)
""")
    assert said.startswith(
        "shared_atomic() needs PostgreSQL, with psycopg 3 on both sides, and Django reaches 'default' through a "
        "sqlite3.Connection. "
    )
    assert said.splitlines()[1] == "SynchronousOnlyOperation"


TESTS = """
import sys, unittest
from django.test import TransactionTestCase
from django.test.utils import get_runner
from django.conf import settings
mirror(Publisher).objects.count()  # of the project's database, before there is one for tests

class Tests(TransactionTestCase):
    def test_blocking(self):
        Publisher.objects.create(name="a")
        self.assertEqual([each.name for each in mirror(Publisher).objects.all()], ["a"])

    async def test_awaitable(self):
        await mirror(Publisher).objects.acreate(name="b")
        self.assertEqual([each.name async for each in Publisher.objects.all()], ["b"])

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        orm.databases["default"].close()

settings.DATABASES["default"]["TEST"]["NAME"] = settings.DATABASES["default"]["TEST"]["NAME"] or "{name}"
runner = get_runner(settings)(verbosity=0, interactive=False)
names = runner.setup_databases(aliases={{"default"}})
cases = unittest.defaultTestLoader.loadTestsFromTestCase(Tests)
found = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(cases)
runner.teardown_databases(names)
print(found.testsRun, found.failures, found.errors, Publisher.objects.count())
"""


def test_in_djangos_tests_a_mirror_is_on_the_database_of_the_tests(
    program: Program, request: pytest.FixtureRequest
) -> None:
    name = "" if on_postgresql(program, request) else "tests.sqlite3"
    assert program(TESTS.format(name=name)).splitlines()[-1] == "2 [] [] 1"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["program.py"], "orm.contrib.django mirrors the models of a Django project, and"),
        (["-m", "orm", "run", "program.py"], "orm.contrib.django stands beside a real Django, and"),
    ],
)
def test_without_django_a_sentence_says_so(tmp_path: Path, arguments: list[str], says: str) -> None:
    (tmp_path / "program.py").write_text(
        "from orm.contrib.django import mirror\nfrom orm.errors import ImproperlyConfigured\n"
        "try:\n    mirror('a.B')\nexcept ImproperlyConfigured as error:\n    print(error)\n",
        encoding="utf-8",
    )
    done = run(tmp_path, *arguments)
    assert done.stdout.startswith(says), done.stderr


def test_a_function_that_limits_choices_is_asked_each_time(program: Program) -> None:
    said = program(
        """
Publisher.objects.create(name="Closed")
field = mirror(Book)._meta.get_field("publisher")
names = [text for _, text in field.get_choices(include_blank=False)]
print(len(names), mirror(Publisher).objects.complex_filter(field.get_limit_choices_to()).count())
print(mirror(Publisher).objects.count())
"""
    )
    first, everyone = said.splitlines()
    assert first == f"{int(everyone) - 1} {int(everyone) - 1}"
