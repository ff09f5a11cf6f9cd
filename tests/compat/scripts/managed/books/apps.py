from importlib import import_module

from django.apps import AppConfig


class BooksConfig(AppConfig):
    name = "books"
    label = "library"
    default_auto_field = "django.db.models.AutoField"

    def ready(self):
        import_module("books.signals")
