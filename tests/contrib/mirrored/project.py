"""What a test's program begins with: a Django project on two databases, with its tables and a few rows."""

import os

import django
from django.conf import settings


class NotesElsewhere:
    """Sends the rows of Note to the other database."""

    def db_for_read(self, model, **hints):
        return "other" if model.__name__ == "Note" and model.__module__ == "library.models" else None

    db_for_write = db_for_read

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        return (db == "other") == (model_name == "note")


def database(name):
    return {
        "ENGINE": os.environ.get("TEST_ENGINE", "django.db.backends.sqlite3"),
        "NAME": os.environ.get(name, f"{name}.sqlite3"),
        "USER": os.environ.get("TEST_USER", ""),
        "PASSWORD": os.environ.get("TEST_PASSWORD", ""),
        "HOST": os.environ.get("TEST_HOST", ""),
        "PORT": os.environ.get("TEST_PORT", ""),
    }


settings.configure(
    DATABASES={"default": database("TEST_NAME"), "other": database("TEST_OTHER")},
    DATABASE_ROUTERS=[NotesElsewhere()],
    INSTALLED_APPS=["library"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command  # noqa: E402
from library.models import Author, Book, Note, Publisher  # noqa: E402

for alias in ("default", "other"):
    call_command("migrate", verbosity=0, run_syncdb=True, database=alias)

publisher = Publisher.objects.create(name="House")
ada, bob = Author.objects.create(name="Ada"), Author.objects.create(name="bob")
one = Book.objects.create(title="One", price="12.50", publisher=publisher, words=["x", "y"], cover="covers/one.png")
one.authors.add(ada, bob)
two = Book.objects.create(title="Two", kind="p")
Note.objects.create(text="kept apart")
