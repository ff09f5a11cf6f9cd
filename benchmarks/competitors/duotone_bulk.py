"""Duotone's part of the workloads about many rows: several levels, computed columns, bulk writes, cold queries."""

from __future__ import annotations

from itertools import count as numbers

import orm
from benchmarks.competitors.duotone_models import Author, Book, Note, Root
from benchmarks.data import note
from benchmarks.workloads import CHANGED_ROWS, COPIED_ROWS, GATHERED_ROWS, MANY_ROWS
from orm.models import Avg, Case, Count, F, Max, Q, QuerySet, Value, When, Window
from orm.models.functions import Lower, RowNumber

COLUMNS = ["title", "body", "stars", "pinned"]
CHANGED = ["title", "body", "stars"]

unused = numbers()


def annotated() -> QuerySet[Author]:
    """Authors, each with how many books there are of it."""
    return Author.objects.filter(id__lte=MANY_ROWS).annotate(written=Count("books"))


def grouped() -> QuerySet[Author]:
    """Groups of authors, with three aggregates."""
    first = Author.objects.filter(id__lte=MANY_ROWS)
    return first.values("joined").annotate(n=Count("id"), oldest=Max("age"), mean=Avg("score"))


def windowed() -> QuerySet[Author]:
    """Authors, each with its place among those like it."""
    place = Window(RowNumber(), partition_by="active", order_by="-score")
    return Author.objects.filter(id__lte=MANY_ROWS).annotate(place=place)


def ten_steps(number: int, name: str) -> QuerySet[Book]:
    """A query of ten steps; ``name`` is one of its annotations."""
    return (
        Book.objects.annotate(**{name: F("pages") * 2 + number})
        .filter(author__age__gt=number, in_print=True)
        .exclude(title__startswith="x")
        .annotate(size=Case(When(pages__gt=number, then=Value("thick")), default=Value("thin")))
        .filter(Q(pages__lt=900) | Q(author__active=True))
        .alias(low=Lower("title"))
        .filter(low__contains="a")
        .select_related("author")
        .order_by("-pages", "low")
        .filter(published__year__gte=1990)[:10]
    )


class Bulk:
    """What both colours share."""

    bulk_notes: list[Note]
    bulk_rows: list[tuple[object, ...]]

    def prepare_bulk(self, workload: str) -> None:
        """Make ready what is given."""
        if workload == "copy_in":
            if not hasattr(self, "bulk_rows"):
                self.bulk_rows = [tuple(note(number)) for number in range(COPIED_ROWS)]
        elif workload in ("bulk_update", "update_conflicts"):
            changed = [note(number) for number in range(1, CHANGED_ROWS + 1)]
            self.bulk_notes = [
                Note(pk=key, title=one.title, body=one.body, stars=one.stars + 1, pinned=one.pinned)
                for key, one in enumerate(changed, 1)
            ]
        elif workload == "batch":
            self.bulk_notes = [Note(**note(number)._asdict()) for number in range(GATHERED_ROWS)]


class BlockingBulk(Bulk):
    """The twins."""

    def prefetch_deep(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            for root in Root.objects.prefetch_related("branches__leaves"):
                seen += sum(len(branch.leaves.all()) for branch in root.branches.all())
        return seen

    def annotated(self, count: int) -> int:
        return sum(len(annotated()) for _ in range(count))

    def grouped(self, count: int) -> int:
        return sum(len(grouped()) for _ in range(count))

    def windowed(self, count: int) -> int:
        return sum(len(windowed()) for _ in range(count))

    def bulk_update(self, count: int) -> int:
        return Note.objects.bulk_update(self.bulk_notes, CHANGED)

    def update_conflicts(self, count: int) -> int:
        made = Note.objects.bulk_create(
            self.bulk_notes, update_conflicts=True, update_fields=CHANGED, unique_fields=["id"]
        )
        return len(made)

    def copy_in(self, count: int) -> int:
        return Note.objects.copy_in(self.bulk_rows, fields=COLUMNS)

    def batch(self, count: int) -> int:
        with orm.batch():
            for one in self.bulk_notes:
                one.save()
        return sum(one.pk is not None for one in self.bulk_notes)

    def compile_ten(self, count: int) -> int:
        for number in range(count):
            ten_steps(number, "double").query.statement()
        return count

    def compile_cold(self, count: int) -> int:
        for number in range(count):
            ten_steps(number, f"double_{next(unused)}").query.statement()
        return count


class AsyncBulk(Bulk):
    """The awaitable forms."""

    async def prefetch_deep(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            for root in await Root.objects.prefetch_related("branches__leaves"):
                seen += sum([len(await branch.leaves.all()) for branch in await root.branches.all()])
        return seen

    async def annotated(self, count: int) -> int:
        return sum([len(await annotated()) for _ in range(count)])

    async def grouped(self, count: int) -> int:
        return sum([len(await grouped()) for _ in range(count)])

    async def windowed(self, count: int) -> int:
        return sum([len(await windowed()) for _ in range(count)])

    async def bulk_update(self, count: int) -> int:
        return await Note.objects.abulk_update(self.bulk_notes, CHANGED)

    async def update_conflicts(self, count: int) -> int:
        made = await Note.objects.abulk_create(
            self.bulk_notes, update_conflicts=True, update_fields=CHANGED, unique_fields=["id"]
        )
        return len(made)

    async def copy_in(self, count: int) -> int:
        return await Note.objects.acopy_in(self.bulk_rows, fields=COLUMNS)

    async def batch(self, count: int) -> int:
        async with orm.batch():
            for one in self.bulk_notes:
                await one.asave()
        return sum(one.pk is not None for one in self.bulk_notes)
