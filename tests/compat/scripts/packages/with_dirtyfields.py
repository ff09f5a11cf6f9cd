"""django-dirtyfields: which fields of an instance were changed since it was loaded."""

from start import configure, make_tables, show

configure()
from dirtyfields import DirtyFieldsMixin
from django.db import models


class Note(DirtyFieldsMixin, models.Model):
    text = models.CharField(max_length=20)
    answers = models.ForeignKey("self", models.CASCADE, null=True)
    labels = models.JSONField(default=dict)


make_tables()
note = Note(text="a")
print(note.is_dirty(), sorted(note.get_dirty_fields()))
note.save()
print(note.is_dirty())
note.text = "b"
print(note.get_dirty_fields(), note.get_dirty_fields(verbose=True))
note.save_dirty_fields()
note.answers = note
print(note.is_dirty(), note.get_dirty_fields(check_relationship=True))
note.save()
note.labels["x"] = 1
print(note.get_dirty_fields())
again = Note.objects.only("text").get()
again.text = "c"
print(again.get_dirty_fields())
again.save(update_fields=["text"])
print(again.is_dirty())
show(Note)
