"""What type checkers make of managers with methods of one's own. Never run, as ``models.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, assert_type

from orm import models


class ReportQuerySet(models.QuerySet["Report"]):
    def recent(self) -> Self:
        return self.order_by("-id")

    def size(self) -> int:
        return self.count()


class Report(models.Model):
    title = models.CharField(max_length=100)
    objects = ReportQuerySet.as_manager()


class NoteManager(models.Manager["Note"]):
    def titled(self, title: str) -> Note:
        return self.create(title=title)


class Note(models.Model):
    title = models.CharField(max_length=100)
    objects = NoteManager()
    all_notes = models.Manager["Note"]()


class LetterQuerySet(models.QuerySet["Letter"]):
    def unread(self) -> Self:
        return self.filter(read=False)


class Letters(models.Manager["Letter"]):
    def write(self, text: str) -> Letter:
        return self.create(text=text)


if TYPE_CHECKING:

    class LetterManager(LetterQuerySet, Letters): ...
else:
    LetterManager = Letters.from_queryset(LetterQuerySet)


class Letter(models.Model):
    text = models.CharField(max_length=100)
    read = models.BooleanField(default=False)
    objects = LetterManager()


def querysets_methods_on_the_model() -> None:
    assert_type(Report.objects, ReportQuerySet)
    assert_type(Report.objects.recent(), ReportQuerySet)
    assert_type(Report.objects.filter(title="a").recent().first(), Report | None)
    assert_type(Report.objects.recent().size(), int)


def managers_methods_on_the_model() -> None:
    assert_type(Note.objects, NoteManager)
    assert_type(Note.objects.titled("a"), Note)
    assert_type(Note.all_notes.get(pk=1), Note)


async def methods_of_a_manager_and_of_a_queryset() -> None:
    assert_type(Letter.objects.write("a"), Letter)
    assert_type(Letter.objects.unread().first(), Letter | None)
    assert_type(Letter.objects.filter(read=True).get(), Letter)
    assert_type(await Letter.objects.aget(pk=1), Letter)
    assert_type([letter.text async for letter in Letter.objects.all()], list[str])
    assert_type(Letter.objects.unread().unread().filter(read=True).get(), Letter)
