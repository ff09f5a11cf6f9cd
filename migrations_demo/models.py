"""The catalogue's models: what is known of an installed package, from its metadata down to its functions.

    Person ─┐                     ┌─ Requirement ─→ Distribution (the one required, when it is installed)
            ├─ M2M ─ Distribution ┤
Classifier ─┘                     └─ Version ── File ── Module ── Function

Table names are spelt out, because the legacy script (``report.py``) declares its own models for the same tables.
Annotations without a value tell type checkers of reverse relations, and of what queries annotate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm import models

if TYPE_CHECKING:
    from orm.models.relations import RelatedManager


class Person(models.Model):
    """Somebody named in a package's metadata as author or maintainer."""

    name = models.CharField(max_length=200)
    email = models.CharField(max_length=254, default="")

    class Meta:
        app_label = "catalogue"
        db_table = "catalogue_person"
        verbose_name_plural = "people"
        ordering = ["name", "email"]
        unique_together = [("name", "email")]

    def __str__(self) -> str:
        return self.name or self.email


class Classifier(models.Model):
    """A trove classifier such as ``Framework :: AsyncIO``; ``topic`` is its first part."""

    text = models.CharField(max_length=300, unique=True)
    topic = models.CharField(max_length=100, db_index=True)

    class Meta:
        app_label = "catalogue"
        db_table = "catalogue_classifier"
        ordering = ["text"]

    def __str__(self) -> str:
        return self.text


class Distribution(models.Model):
    """A package as the index knows it; ``slug`` is its normalised name, ``views`` counts how often it was opened."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=200, unique=True)
    summary = models.TextField(default="")
    license = models.CharField(max_length=200, default="")
    home_page = models.CharField(max_length=500, default="")
    views = models.IntegerField(default=0)
    authors = models.ManyToManyField(Person, related_name="distributions")
    classifiers = models.ManyToManyField(Classifier, related_name="distributions")
    file_count: int | None

    class Meta:
        app_label = "catalogue"
        db_table = "catalogue_distribution"
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """One installed version of a distribution; a machine may hold several, in different places."""

    distribution = models.ForeignKey(Distribution, on_delete=models.CASCADE, related_name="versions")
    number = models.CharField(max_length=100)
    requires_python = models.CharField(max_length=100, default="")
    location = models.CharField(max_length=1000)
    installed_at = models.DateTimeField(null=True)
    requirements: RelatedManager[Requirement]
    file_count: int
    size: int | None

    class Meta:
        app_label = "catalogue"
        db_table = "catalogue_version"
        ordering = ["distribution_id", "number"]
        unique_together = [("distribution", "number", "location")]
        get_latest_by = "installed_at"

    def __str__(self) -> str:
        return self.number


class Requirement(models.Model):
    """What a version asks for; ``target`` is null when nothing of that name is installed."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="requirements")
    target = models.ForeignKey(Distribution, on_delete=models.SET_NULL, null=True, related_name="required_by")
    name = models.CharField(max_length=200)
    specifier = models.CharField(max_length=300, default="")
    marker = models.CharField(max_length=500, default="")
    extra = models.CharField(max_length=100, default="")

    class Meta:
        app_label = "catalogue"
        db_table = "catalogue_requirement"
        ordering = ["extra", "name"]

    def __str__(self) -> str:
        return f"{self.name} {self.specifier}".strip()


class File(models.Model):
    """A file that a version installed; ``digest`` is the SHA-256 its RECORD states."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=1000)
    suffix = models.CharField(max_length=50, default="")
    size = models.BigIntegerField(null=True)
    digest = models.BinaryField(null=True)

    class Meta:
        app_label = "catalogue"
        db_table = "catalogue_file"
        ordering = ["path"]

    def __str__(self) -> str:
        return self.path


class Module(models.Model):
    """A Python source file that was read; ``problem`` says why its functions are missing, if they are."""

    file = models.OneToOneField(File, on_delete=models.CASCADE, related_name="module")
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="modules")
    name = models.CharField(max_length=500, db_index=True)
    lines = models.IntegerField(default=0)
    summary = models.TextField(default="")
    problem = models.CharField(max_length=300, default="")

    class Meta:
        app_label = "catalogue"
        db_table = "catalogue_module"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Function(models.Model):
    """A function or method, where it stands, how many lines it has, and the first line of its docstring."""

    module = models.ForeignKey(Module, on_delete=models.CASCADE, related_name="functions")
    name = models.CharField(max_length=200, db_index=True)
    qualname = models.CharField(max_length=500)
    line = models.IntegerField()
    end_line = models.IntegerField()
    line_count = models.IntegerField(null=True)
    arguments = models.IntegerField(default=0)
    is_async = models.BooleanField(default=False)
    is_method = models.BooleanField(default=False)
    decorators = models.JSONField(default=list)
    summary = models.TextField(default="")

    class Meta:
        app_label = "catalogue"
        db_table = "catalogue_function"
        ordering = ["module_id", "line"]
        indexes = [models.Index(fields=["-line_count"], name="catalogue_longest_function")]

    def __str__(self) -> str:
        return self.qualname


class ReportRun(models.Model):
    """A run of the legacy script: it writes the row, the async front page shows it."""

    ran_at = models.DateTimeField()
    title = models.CharField(max_length=200)
    packages = models.IntegerField()
    functions = models.IntegerField()
    mean_length = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        app_label = "catalogue"
        db_table = "catalogue_reportrun"
        ordering = ["-ran_at"]
        get_latest_by = "ran_at"

    def __str__(self) -> str:
        return self.title


MODELS: tuple[type[models.Model], ...] = (
    Person,
    Classifier,
    Distribution,
    Version,
    Requirement,
    File,
    Module,
    Function,
    ReportRun,
)
"""Every model, each after those it refers to."""
