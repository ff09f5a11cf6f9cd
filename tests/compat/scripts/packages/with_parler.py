"""django-parler: a book with a title in two languages."""

from start import configure, make_tables

configure(
    "parler",
    LANGUAGE_CODE="en",
    LANGUAGES=[("en", "English"), ("nl", "Dutch")],
    PARLER_LANGUAGES={
        None: ({"code": "en"}, {"code": "nl"}),
        "default": {"fallbacks": ["en"], "hide_untranslated": False},
    },
)
from django.db import models
from parler.models import TranslatableModel, TranslatedFields
from django.utils.translation import activate, override


class Book(TranslatableModel):
    isbn = models.CharField(max_length=9)
    translations = TranslatedFields(
        title=models.CharField(max_length=50), meta={"unique_together": [("language_code", "title")]}
    )

    def __str__(self):
        return self.title


make_tables()
activate("en")
b = Book.objects.create(isbn="1", title="Cheese")
b.set_current_language("nl")
b.title = "Kaas"
b.save()
print(
    b.title,
    Book.objects.language("en").get(pk=b.pk).title,
    Book.objects.language("nl").get(pk=b.pk).title,
    sorted(b.get_available_languages()),
    Book.objects.translated("en", title="Cheese").count(),
    Book.objects.filter(translations__title="Kaas").count(),
)
with override("nl"):
    print(Book.objects.get(pk=b.pk).title, b.safe_translation_getter("title", language_code="en"))
print(
    b.has_translation("fr"),
    Book.objects.prefetch_related("translations")[0].translations.count(),
    Book._parler_meta.root_model.__name__,
)
print(b.delete()[0])
