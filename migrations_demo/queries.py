"""The questions that the pages ask, as awaitable queries; each returns what one page or one part of it shows.

No HTTP here and no text: ``app.py`` decides how an answer looks.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from migrations_demo.models import (
    Classifier,
    Distribution,
    File,
    Function,
    Module,
    Person,
    ReportRun,
    Requirement,
    Version,
)
from orm.models import Avg, Count, Exists, F, Max, OuterRef, Prefetch, Q, Subquery, Sum

PAGE = 20
"""Search results on a page."""

LISTED_FILES = 40
"""Files shown on a package's own page; the rest is one click away."""

COUNTED = (Distribution, Version, Person, Classifier, Requirement, File, Module, Function)


@dataclass(frozen=True)
class SearchResult:
    """One page of packages, how many there are in all, and the functions whose name begins like the search."""

    text: str
    page: int
    total: int
    packages: list[Distribution]
    functions: list[Function]

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True)
class PackageDetails:
    """Everything that a package's page shows."""

    distribution: Distribution
    versions: list[Version]
    dependants: list[Distribution]
    files: list[File]
    file_count: int


async def count_rows() -> dict[str, int]:
    """Rows by model, every table asked at the same time."""
    counts = await asyncio.gather(*(model.objects.acount() for model in COUNTED))
    return {str(model._meta.verbose_name_plural): count for model, count in zip(COUNTED, counts, strict=True)}


async def most_required(limit: int = 10) -> list[Distribution]:
    """Packages that most others need, each with ``dependants``; what only an extra needs does not count."""
    return await (
        Distribution.objects.filter(required_by__extra="")
        .annotate(dependants=Count("required_by__version__distribution", distinct=True))
        .order_by("-dependants", "slug")[:limit]
    )


async def most_viewed(limit: int = 10) -> list[Distribution]:
    """Packages whose page was opened most often."""
    return await Distribution.objects.filter(views__gt=0).order_by("-views", "slug")[:limit]


async def latest_report() -> ReportRun | None:
    """What the legacy script wrote last, or None when it never ran."""
    return await ReportRun.objects.order_by("-ran_at", "-pk").afirst()


async def search(text: str, page: int = 1) -> SearchResult:
    """Packages whose name, summary or author holds ``text``, the closest names first."""
    written = Person.objects.filter(distributions=OuterRef("pk"), name__icontains=text)
    found = Distribution.objects.filter(Q(name__icontains=text) | Q(summary__icontains=text) | Exists(written))
    files = File.objects.filter(version__distribution=OuterRef("pk")).order_by().values("version__distribution")
    start = (page - 1) * PAGE
    total, packages, functions = await asyncio.gather(
        found.acount(),
        found.annotate(file_count=Subquery(files.annotate(count=Count("pk")).values("count")))
        .order_by("-views", "slug")[start : start + PAGE]
        .afetch_all(),
        Function.objects.filter(name__istartswith=text)
        .select_related("module__version__distribution")
        .order_by("name", "pk")[:PAGE]
        .afetch_all(),
    )
    return SearchResult(text, page, total, packages, functions)


async def open_package(slug: str) -> PackageDetails:
    """One package with its versions, people, files and dependants; counts the visit.

    Raises:
        Distribution.DoesNotExist: nothing of that name is installed.
    """
    distribution = await Distribution.objects.prefetch_related("authors", "classifiers").aget(slug=slug)
    listed = File.objects.filter(version__distribution=distribution)
    versions, dependants, files, file_count, _ = await asyncio.gather(
        Version.objects.filter(distribution=distribution)
        .annotate(file_count=Count("files"), size=Sum("files__size"))
        .prefetch_related(Prefetch("requirements", queryset=Requirement.objects.select_related("target")))
        .order_by("number", "location")
        .afetch_all(),
        Distribution.objects.filter(versions__requirements__target=distribution).distinct().afetch_all(),
        listed.exclude(path__contains="-info/")
        .annotate(module_pk=F("module__pk"))
        .order_by("path")[:LISTED_FILES]
        .afetch_all(),
        listed.acount(),
        Distribution.objects.filter(pk=distribution.pk).aupdate(views=F("views") + 1),
    )
    return PackageDetails(distribution, versions, dependants, files, file_count)


async def open_module(pk: int) -> dict[str, Any]:
    """A module, what it belongs to, and its functions.

    Raises:
        Module.DoesNotExist: there is none with that key.
    """
    module = await Module.objects.aget(pk=pk)
    version = await module.version  # unloaded relations in async code: just add await
    distribution = await version.distribution
    functions = await Function.objects.filter(module=module).order_by("line", "pk")
    return {"module": module, "version": version, "distribution": distribution, "functions": functions}


async def statistics() -> dict[str, Any]:
    """Figures over the whole catalogue, all asked at the same time."""
    length = F("end_line") - F("line") + 1
    functions = "versions__modules__functions"
    names = ("functions", "topics", "suffixes", "asyncs", "longest", "people")
    answers = await asyncio.gather(
        Function.objects.aaggregate(
            count=Count("pk"),
            asyncs=Count("pk", filter=Q(is_async=True)),
            methods=Count("pk", filter=Q(is_method=True)),
            documented=Count("pk", filter=~Q(summary="")),
            mean=Avg(length),
            longest=Max(length),
        ),
        Classifier.objects.values("topic")
        .annotate(packages=Count("distributions", distinct=True), labels=Count("pk", distinct=True))
        .order_by("-packages", "topic")[:10]
        .afetch_all(),
        File.objects.values("suffix")
        .annotate(files=Count("pk"), size=Sum("size"))
        .order_by("-files", "suffix")[:10]
        .afetch_all(),
        Distribution.objects.annotate(
            functions=Count(functions), asyncs=Count(functions, filter=Q(versions__modules__functions__is_async=True))
        )
        .filter(asyncs__gte=5)
        .order_by("-asyncs", "slug")[:10]
        .afetch_all(),
        Function.objects.annotate(length=length)
        .select_related("module__version__distribution")
        .order_by("-length", "pk")[:10]
        .afetch_all(),
        Person.objects.annotate(packages=Count("distributions"))
        .filter(packages__gte=2)
        .order_by("-packages", "name", "email")[:10]
        .afetch_all(),
    )
    return dict(zip(names, answers, strict=True))
