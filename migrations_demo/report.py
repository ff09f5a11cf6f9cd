"""Monthly catalogue report.

A plain blocking script for the Django ORM, as it has been run from cron for years:

    DATABASE_URL=postgresql://... python report.py

It brings its own models for tables that another project owns.
"""

import os
from decimal import Decimal
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings


def database_from_env():
    url = urlsplit(os.environ["DATABASE_URL"])
    if url.scheme == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": unquote(url.path[1:])}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": str(url.port or ""),
    }


settings.configure(
    USE_TZ=True,
    TIME_ZONE="UTC",
    DATABASES={"default": database_from_env()},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.core.exceptions import ObjectDoesNotExist  # noqa: E402
from django.db import models, transaction  # noqa: E402
from django.db.models import Avg, Case, Count, F, Max, Q, Sum, Value, When  # noqa: E402
from django.utils import timezone  # noqa: E402


class Distribution(models.Model):
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=200, unique=True)
    summary = models.TextField(default="")
    license = models.CharField(max_length=200, default="")
    views = models.IntegerField(default=0)

    class Meta:
        app_label = "legacy"
        managed = False
        db_table = "catalogue_distribution"
        ordering = ["slug"]

    def __str__(self):
        return self.name


class Version(models.Model):
    distribution = models.ForeignKey(Distribution, on_delete=models.CASCADE)
    number = models.CharField(max_length=100)

    class Meta:
        app_label = "legacy"
        managed = False
        db_table = "catalogue_version"


class Requirement(models.Model):
    version = models.ForeignKey(Version, on_delete=models.CASCADE)
    target = models.ForeignKey(Distribution, on_delete=models.SET_NULL, null=True)
    name = models.CharField(max_length=200)
    extra = models.CharField(max_length=100, default="")

    class Meta:
        app_label = "legacy"
        managed = False
        db_table = "catalogue_requirement"


class Module(models.Model):
    version = models.ForeignKey(Version, on_delete=models.CASCADE)
    name = models.CharField(max_length=500)
    lines = models.IntegerField(default=0)

    class Meta:
        app_label = "legacy"
        managed = False
        db_table = "catalogue_module"


class Function(models.Model):
    module = models.ForeignKey(Module, on_delete=models.CASCADE)
    name = models.CharField(max_length=200)
    qualname = models.CharField(max_length=500)
    line = models.IntegerField()
    end_line = models.IntegerField()
    arguments = models.IntegerField(default=0)
    is_async = models.BooleanField(default=False)
    summary = models.TextField(default="")

    class Meta:
        app_label = "legacy"
        managed = False
        db_table = "catalogue_function"


class ReportRun(models.Model):
    ran_at = models.DateTimeField()
    title = models.CharField(max_length=200)
    packages = models.IntegerField()
    functions = models.IntegerField()
    mean_length = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        app_label = "legacy"
        managed = False
        db_table = "catalogue_reportrun"
        get_latest_by = "ran_at"


def totals():
    figures = Function.objects.aggregate(
        count=Count("id"),
        longest=Max(F("end_line") - F("line") + 1),
        mean=Avg(F("end_line") - F("line") + 1),
    )
    packages, modules = Distribution.objects.count(), Module.objects.count()
    print(f"Packages: {packages}, modules: {modules}, functions: {figures['count']}")
    print(f"Mean length of a function: {figures['mean'] or 0:.1f} lines, longest: {figures['longest'] or 0}")
    return figures


def largest_packages():
    print("\nLargest packages by lines of Python")
    rows = (
        Module.objects.values("version__distribution__name")
        .annotate(total=Sum("lines"), modules=Count("id"))
        .filter(total__gt=0)
        .order_by("-total", "version__distribution__name")
        .values_list("version__distribution__name", "total", "modules")[:8]
    )
    for name, total, modules in rows:
        print(f"  {name:<28} {total:>9} lines in {modules:>5} modules")


def most_required():
    print("\nMost required, extras aside")
    rows = (
        Requirement.objects.filter(extra="", target__isnull=False)
        .values("target__name")
        .annotate(dependants=Count("version__distribution", distinct=True))
        .filter(dependants__gte=2)
        .order_by("-dependants", "target__name")[:8]
    )
    for row in rows:
        print(f"  {row['target__name']:<28} {row['dependants']:>3} packages")


def documentation():
    print("\nDocumented functions by size")
    size = Case(
        When(end_line__lt=F("line") + 5, then=Value("1. up to 5 lines")),
        When(end_line__lt=F("line") + 25, then=Value("2. up to 25 lines")),
        default=Value("3. more"),
        output_field=models.CharField(),
    )
    rows = (
        Function.objects.annotate(size=size)
        .values("size")
        .annotate(count=Count("id"), documented=Count("id", filter=~Q(summary="")))
        .order_by("size")
    )
    for row in rows:
        share = 100 * row["documented"] // row["count"]
        print(f"  {row['size']:<18} {row['count']:>7} functions, {share:>3} % documented")


def busy_signatures():
    print("\nMost arguments")
    functions = (
        Function.objects.select_related("module__version__distribution")
        .filter(Q(arguments__gte=10) | Q(is_async=True, arguments__gte=8))
        .exclude(name__startswith="_")
        .order_by("-arguments", "qualname", "id")[:5]
    )
    for function in functions:
        package = function.module.version.distribution
        print(f"  {function.arguments:>3}  {function.qualname} ({package}, line {function.line})")


def record(figures):
    """Write this run; a trial inside it is rolled back."""
    seen = Distribution.objects.aggregate(total=Sum("views"))["total"]
    with transaction.atomic():
        run = ReportRun.objects.create(
            ran_at=timezone.now(),
            title="Monthly catalogue report",
            packages=Distribution.objects.count(),
            functions=figures["count"],
            mean_length=round(Decimal(figures["mean"] or 0), 2),
        )
        try:
            with transaction.atomic():
                Distribution.objects.filter(views__gte=0).update(views=F("views") + 1000)
                raise ValueError("only a trial")
        except ValueError:
            pass
    assert Distribution.objects.aggregate(total=Sum("views"))["total"] == seen, "the trial was not rolled back"
    assert ReportRun.objects.latest() == run
    try:
        Distribution.objects.get(slug="no-such-package")
    except Distribution.DoesNotExist as error:
        assert isinstance(error, ObjectDoesNotExist)
    print(f"\nRecorded as run {run.pk}; packages were viewed {seen} times so far")


if __name__ == "__main__":
    figures = totals()
    largest_packages()
    most_required()
    documentation()
    busy_signatures()
    record(figures)
