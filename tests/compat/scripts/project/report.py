"""A report as it has been run for years: settings by module, models in an installed app, one script."""

import os
import sys
from datetime import date, datetime, timedelta
from decimal import Decimal

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.apps import apps
from django.conf import settings
from django.core.exceptions import FieldError, ObjectDoesNotExist, ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Avg, Case, Count, Exists, F, Max, Min, OuterRef, Prefetch, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Lower, Upper
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone
from library.models import Author, Book, Genre, Loan

MODELS = [apps.get_model("library", name) for name in ("Genre", "Author", "Book", "Loan")]
saved = []


@receiver(post_save, sender=Author)
def remember(sender, instance, created, **kwargs):
    saved.append((instance.name, created))


def create_tables():
    with connection.schema_editor() as editor:
        for model in MODELS:
            editor.create_model(model)


def drop_tables():
    with connection.schema_editor() as editor:
        for model in reversed(MODELS):
            editor.delete_model(model)


def fill():
    ada = Author.objects.create(name="Ada", born=date(1815, 12, 10))
    ben = Author(name="Ben")
    ben.save()
    cleo, created = Author.objects.get_or_create(name="Cleo", defaults={"active": False})
    print("created", created, Author.objects.get_or_create(name="Cleo")[1])
    fiction, science = Genre.objects.bulk_create([Genre(name="Fiction"), Genre(name="Science")])
    day = timezone.make_aware(datetime(2024, 3, 31, 12, 0))
    for number, author in enumerate([ada, ada, ben, cleo, ada], start=1):
        book = Book.objects.create(
            title=f"Volume {number}",
            author=author,
            price=Decimal("4.50") * number,
            copies=number % 3,
            published=day + timedelta(days=30 * number),
            kind=Book.Kind.AUDIO if number == 5 else Book.Kind.PAPER,
        )
        book.genres.add(fiction if number % 2 else science)
    Book.objects.get(title="Volume 1").genres.set([fiction, science])
    print("signals", saved)


def ask():
    print([str(book) for book in Book.objects.order_by("-price")])
    print(Book.objects.filter(author__name="Ada").count(), Book.available.count(), Book.available.cheap().count())
    print(list(Book.objects.filter(Q(price__gt=15) | Q(title__endswith="1")).values_list("title", flat=True).order_by("pk")))
    rows = Author.objects.annotate(n=Count("books"), most=Max("books__price")).order_by("name")
    for row in rows.values("name", "n", "most"):
        print(row["name"], row["n"], f"{row['most']:.2f}")
    found = Book.objects.aggregate(total=Sum("price"), mean=Avg("copies"), least=Min("price"))
    print(sorted(found), *(f"{found[name]:.2f}" for name in ("total", "mean", "least")))
    print([a.name for a in Author.objects.exclude(books__genres__name="Science")])
    print([a.name for a in Author.objects.filter(books__genres__name="Fiction").distinct()])
    print([g.name for g in Genre.objects.filter(books__author__born__year=1815).distinct()])
    for author in Author.objects.prefetch_related(Prefetch("books", Book.objects.order_by("-pk"))):
        print(author, [book.title for book in author.books.all()])
    for book in Book.objects.select_related("author").order_by("pk")[:2]:
        print(book.author.name, book.get_kind_display(), timezone.localtime(book.published).isoformat())
    newest = Book.objects.filter(author=OuterRef("pk")).order_by("-published")
    print(list(Author.objects.annotate(newest=Subquery(newest.values("title")[:1])).values_list("name", "newest")))
    print(Author.objects.filter(Exists(Book.objects.filter(author=OuterRef("pk"), copies=0))).count())
    size = Case(When(price__gte=15, then=Value("dear")), default=Value("cheap"))
    print(list(Book.objects.annotate(size=size).order_by("pk").values_list("size", flat=True)))
    print(list(Author.objects.annotate(low=Lower("name"), up=Upper("name")).values_list("low", "up")))
    print(Author.objects.annotate(since=Coalesce("born", Value(date(1900, 1, 1)))).get(name="Ben").since)
    print(Book.objects.latest().title, Book.objects.earliest().title, Book.objects.first().title, Book.objects.last().title)
    print(Book.objects.filter(published__date=date(2024, 4, 30)).exists(), Book.objects.none().count())
    print(sorted(Book.objects.in_bulk(field_name="id")) == list(Book.objects.order_by("id").values_list("id", flat=True)))


def change():
    print(Book.objects.filter(copies=0).update(copies=F("copies") + 5))
    book = Book.objects.get(title="Volume 2")
    book.price = F("price") + 1
    book.save(update_fields=["price"])
    book.refresh_from_db()
    print(book.price)
    print(Author.objects.update_or_create(name="Ben", defaults={"active": False})[0].active)
    try:
        with transaction.atomic():
            Book.objects.create(title="Volume 2", author=book.author, price=1)
    except IntegrityError:
        print("no second Volume 2")
    try:
        with transaction.atomic():
            Author.objects.all().delete()
            raise KeyError("never mind")
    except KeyError:
        print("still", Author.objects.count())
    done = []
    with transaction.atomic():
        transaction.on_commit(lambda: done.append("committed"))
        print(done)
    print(done)
    books = list(Book.objects.order_by("pk"))
    for book in books:
        book.copies += 1
    print(Book.objects.bulk_update(books, ["copies"]), Book.objects.aggregate(Sum("copies")))
    loan = Loan.objects.create(book=books[0])
    print(loan.days, Loan.objects.get().days == timedelta(days=14))
    try:
        books[0].delete()
    except models.ProtectedError as error:
        print("protected by", len(error.protected_objects))
    loan.delete()
    print(books[0].delete()[0])


def mistakes():
    for wrong in (
        lambda: Book.objects.filter(titel="x"),
        lambda: Book.objects.get(title="Volume 99"),
        lambda: Book.objects.get(),
        lambda: Book.objects.filter(copies="many"),
        lambda: Author(name="").full_clean(),
        lambda: Author(nom="x"),
    ):
        try:
            wrong()
        except FieldError:
            print("FieldError")
        except ObjectDoesNotExist as error:
            print(type(error).__name__)
        except ValidationError as error:
            print(error.message_dict)
        except (ValueError, TypeError, Book.MultipleObjectsReturned) as error:
            print(type(error).__name__)


def raw():
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, born FROM library_author WHERE name LIKE %s ORDER BY name", ["%e%"])
        columns = [column[0] for column in cursor.description]
        print(columns, [dict(zip(columns, row))["name"] for row in cursor.fetchall()])
        cursor.execute("UPDATE library_author SET active = %(on)s WHERE name = %(name)s", {"on": True, "name": "Ben"})
        print(cursor.rowcount)
        cursor.execute("SELECT COUNT(*) FROM library_author WHERE name LIKE 'B%'")
        print(cursor.fetchone(), cursor.fetchone())
        cursor.executemany("INSERT INTO library_genre (name) VALUES (%s)", [("Poetry",), ("Drama",)])
        cursor.execute("SELECT name FROM library_genre ORDER BY name")
        print([name for (name,) in cursor])
    print([author.name for author in Author.objects.raw("SELECT * FROM library_author WHERE id > %s ORDER BY id", [1])])
    print(connection.vendor in ("sqlite", "postgresql"), connection.alias)


def look_around():
    config = apps.get_app_config("library")
    print(settings.SHOP_NAME, getattr(settings, "NOT_THERE", None), settings.USE_TZ, settings.configured)
    print(config.verbose_name, config.is_ready, [model.__name__ for model in config.get_models()])
    print(apps.is_installed("library"), apps.get_model("library.Book") is Book)
    print(Author._meta.db_table, Author._meta.verbose_name_plural, Book._meta.get_field("title").verbose_name)
    print(Book._meta.pk.name, [field.name for field in Book._meta.fields])


def main(arguments):
    create_tables()
    try:
        for part in (look_around, fill, ask, change, mistakes, raw):
            print("--", part.__name__)
            part()
    finally:
        drop_tables()
    return 3 if arguments == ["--fail"] else 0


if __name__ == "__main__":
    print(os.path.basename(sys.argv[0]), sys.argv[1:], __name__)
    sys.exit(main(sys.argv[1:]))
